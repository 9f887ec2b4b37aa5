"""The files in a packed stream of a 7z archive, one after another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import seven_zip_folder
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.seven_zip_folder import AES
from hashmatch.evidence.members.unpacked import BLOCK, Unpacked, checked
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.seven_zip_folder import Coder, Passwords
    from hashmatch.evidence.members.unpacked import Stretch

_TRIED = 64 << 20  # bytes that a password is tried on at first
_LEAST = 4  # bytes of which a checksum tells one password from another


@dataclass(frozen=True, slots=True)
class Part:
    """One file in a packed stream: where it begins in what is unpacked."""

    packed: PackedStream | None
    offset: int
    size: int
    crc: int

    @classmethod
    def empty(cls) -> Part:
        """A file without content."""
        return cls(None, 0, 0, -1)

    @property
    def provable(self) -> bool:
        """Whether something tells a right password from a wrong one."""
        if self.packed is None or not self.packed.encrypted:
            return True
        return self.packed.structured or (self.crc != -1 and self.size >= _LEAST)

    def blocks(self) -> Iterator[bytes]:
        """Give the content, checked."""
        content = self.packed.content(self) if self.packed else ()
        yield from checked(content, self.size, self.crc)


class PackedStream:
    """A packed stream and how far it is unpacked.

    ``encrypted`` says that it needs a password, ``structured`` that it is compressed, which what a
    wrong one gives does not fit.
    """

    def __init__(
        self, stream: BinaryIO, data: Stretch, coders: tuple[Coder, ...], keys: Passwords
    ) -> None:
        self._stream, self._data, self._coders, self._keys = stream, data, coders, keys
        methods = {one.method for one in coders}
        self.encrypted, self.structured = AES in methods, bool(methods - seven_zip_folder.SHAPELESS)
        self._word: bytes | None = None
        self._now: Unpacked | None = None

    def content(self, part: Part) -> Iterator[bytes]:
        """Unpack on to a file, from the beginning again where it lies before, and give it."""
        if self._now is None or self._now.tell() > part.offset:
            self._now = self._begun(part)
        now = self._now
        while now.tell() < part.offset:
            self._some(now, part.offset)
        end = part.offset + part.size
        while now.tell() < end:
            yield self._some(now, end)

    @staticmethod
    def _some(now: Unpacked, end: int) -> bytes:
        block = now.read(min(BLOCK, end - now.tell()))
        if not block:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        return block

    def _begun(self, part: Part) -> Unpacked:
        if self.encrypted and self._word is None:
            self._word = self._found(part)
            self._keys.prefer(self._word)
        return self._with(self._word)

    def _found(self, part: Part) -> bytes:
        """Give the password that fits, or the only one that may.

        Raises:
            MemberError: there is none, or nothing tells which of several it is.
        """
        likely = []
        for word in self._keys.words:
            reached = self._fits(word, part, _TRIED)
            if reached == part.size and part.provable:
                return word
            if reached >= 0:
                likely.append(word)
        if len(likely) > 1:
            whole = (one for one in likely if self._fits(one, part, part.size) == part.size)
            likely = list(islice(whole, 1)) if part.provable else []
        if not likely:
            raise MemberError(Reason.KEY_NEEDED)
        return likely[0]

    def _with(self, word: bytes | None) -> Unpacked:
        blocks = self._data.blocks(self._stream)
        return Unpacked(seven_zip_folder.undone(blocks, self._coders, word, self._keys))

    def _fits(self, word: bytes, part: Part, most: int) -> int:
        """Try a password on so much of a file: give how far nothing spoke against it, or -1."""
        now = self._with(word)
        try:
            while now.tell() < part.offset:
                self._some(now, part.offset)
            blocks = iter(lambda: now.read(min(BLOCK, part.offset + part.size - now.tell())), b"")
            for _ in checked(blocks, part.size, part.crc):
                if now.tell() - part.offset > most:
                    return most
        except MemberError:
            return -1
        return part.size
