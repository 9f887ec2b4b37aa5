"""The content of one entry of a zip, decrypted, unpacked and checked while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.evidence.members import methods, zip_secrets
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import Stretch, checked, exactly
from hashmatch.evidence.members.zip_entries import AES, ENCRYPTED, STRONG, UNKNOWN
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from hashmatch.evidence.members.zip_entries import Entry
    from hashmatch.evidence.members.zip_secrets import Keys

_STORED, _LZMA, _PPMD = 0, 14, 98
_MARKED_END, _PATCHED = 1 << 1, 1 << 5
_METHODS: dict[int, Callable[[Iterable[bytes], methods.Tail], Iterator[bytes]]] = {
    8: methods.inflate,
    9: lambda packed, _: methods.inflate64(packed),
    12: methods.bunzip2,
    _LZMA: lambda packed, _: methods.zip_lzma(packed),
    20: methods.unzstd,  # its number before it had 93
    93: methods.unzstd,
    95: methods.unxz,
}


@dataclass(frozen=True, slots=True)
class Packed:
    """An entry, and where its packed content lies.

    ``tail`` is told, once the content was read, where something else follows it.
    """

    stream: BinaryIO
    entry: Entry
    data: Stretch
    keys: Keys
    tail: methods.Tail = field(default_factory=methods.Tail)

    def blocks(self) -> Iterator[bytes]:
        """Give the content.

        Raises:
            MemberError: no password fits, the method is not known or its library is missing, the
                content is damaged; at the end, where length or checksum are not those stated.
        """
        entry = self.entry
        if entry.flags & (STRONG | _PATCHED):
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)
        if entry.method == AES:
            how = zip_secrets.Aes.of(entry)
            plain = how.decrypt(self.stream, self.data, self.keys)
            yield from self._unpacked(plain, how.method, more=how.more, counts=how.counts)
        elif entry.flags & ENCRYPTED:
            yield from self._traditional()
        else:
            yield from self._unpacked(self.data.blocks(self.stream), entry.method)

    def _unpacked(
        self, packed: Iterable[bytes], method: int, *, more: int = 0, counts: bool = True
    ) -> Iterator[bytes]:
        """Unpack, where so many bytes more than what is packed are stored."""
        tail = methods.Tail()
        size = self.entry.packed - more
        if method == _STORED:
            plain = iter(packed)
        elif method == _PPMD:
            plain = methods.zip_ppmd(packed, size, self.entry.size)
        elif method == _LZMA and not self.entry.flags & _MARKED_END:
            if self.entry.size == UNKNOWN:  # nothing says where it ends
                raise MemberError(Reason.DAMAGED_CONTAINER)
            plain = exactly(methods.zip_lzma(packed), self.entry.size)
        elif method in _METHODS:
            plain = _METHODS[method](packed, tail)
        else:
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)
        crc = self.entry.crc if counts else -1
        yield from checked(plain, self.entry.size, crc)
        for block in packed if method != _STORED else ():  # what authenticates it comes at its end
            tail.left |= bool(block.strip(b"\0"))
        self.tail.left |= tail.left

    def _traditional(self) -> Iterator[bytes]:
        """Unpack with the first password that gives what the checksum says."""
        words = tuple(
            self.keys.fitting(
                lambda word: zip_secrets.seems(self.stream, self.entry, self.data, word)
            )
        )
        if not words:
            raise MemberError(Reason.KEY_NEEDED)
        word = words[0] if len(words) == 1 else next(filter(self._fits, words), words[0])
        plain = zip_secrets.traditional(self.stream, self.data, word)
        try:
            yield from self._unpacked(plain, self.entry.method, more=zip_secrets.BEFORE)
        except MemberError as error:
            if error.reason not in {Reason.CHECKSUM, Reason.DAMAGED_CONTAINER}:
                raise
            raise MemberError(Reason.KEY_NEEDED) from None  # or damaged: nothing tells which

    def _fits(self, word: bytes) -> bool:
        plain = zip_secrets.traditional(self.stream, self.data, word)
        try:
            for _ in self._unpacked(plain, self.entry.method, more=zip_secrets.BEFORE):
                continue
        except MemberError:
            return False
        return True
