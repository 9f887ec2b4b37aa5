"""Tar archives, read once from the beginning to the end: backups, phone extractions.

Each member is a header and its content. Where a header is damaged, what lies up to the next sound
one is passed over, and that is said; so is an end that nothing marks. What follows the mark of the
end is looked into as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import tar_headers
from hashmatch.evidence.members.interface import Given, Inside, LeftOut, MemberError, Trouble
from hashmatch.evidence.members.tar_content import Forward, Sparse, plain
from hashmatch.evidence.members.tar_headers import BLOCK
from hashmatch.evidence.members.unpacked import unpacked
from hashmatch.model.facts import Facts
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.tar_headers import Header
    from hashmatch.model.locators import Layer
    from hashmatch.model.secrets import Secrets

NAME = "tar"
TITLE = "Tar archive"
HELP = ""
FORWARD = True
RANK = 6  # a header with a checksum is surer than any sign, which a first name may be
_LONGEST = 16 << 20  # bytes of a name or an extended header
_RULES = {
    b"1": Rule.HARD_LINK,
    b"2": Rule.SYMLINK,
    b"3": Rule.CHARACTER_DEVICE,
    b"4": Rule.BLOCK_DEVICE,
    b"6": Rule.FIFO,
}
_FOLDER = b"5"
_ABOUT = (b"D", b"V", b"N", b"A")  # lists of names, labels, rights


def recognise(head: bytes, name: bytes) -> bool:  # noqa: ARG001  # content says it
    """Tell by the first header."""
    return tar_headers.plausible(head)


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:  # noqa: ARG001  # no passwords
    """Yield every member; see :class:`hashmatch.evidence.members.interface.Container`."""
    return _Archive(stream).members()


@dataclass(slots=True)
class _Before:
    """What the headers before a member say of it."""

    name: bytes | None = None
    fields: dict[bytes, bytes] = field(default_factory=dict)
    everywhere: dict[bytes, bytes] = field(default_factory=dict)

    def all(self) -> dict[bytes, bytes]:
        return self.everywhere | self.fields

    def forget(self) -> bool:
        """Be ready for the next member; tell whether there was something."""
        said = self.name is not None or bool(self.fields)
        self.name, self.fields = None, {}
        return said


class _Archive:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = Forward(stream)
        self._before = _Before()
        self._broken = False

    def members(self) -> Iterator[Given]:
        """Yield what every header stands for, and say at the end whether all of it was sound."""
        number = 0
        for found in self._headers():
            try:
                if self._takes(found):
                    continue
                given, following = self._given(found, number)
            except MemberError as error:
                given = Trouble(found.name, layer(NAME, found.name, n=number), error.reason)
                following = self._stream.place + _padded(found.size)
            number += 1
            self._before.forget()
            if given is not None:
                yield given
            self._stream.go(following)
        if self._broken:
            yield Trouble(b"", layer(NAME), Reason.DAMAGED_CONTAINER)

    def _headers(self) -> Iterator[Header]:
        """Give every sound header; the stream stands after it.

        What was said of a member whose own header is lost is not said of another one.
        """
        lost = ended = False
        while block := self._stream.read(BLOCK):
            if not block.strip(b"\0"):
                self._broken |= self._before.forget()
                ended = True
                continue
            found = tar_headers.header(block)
            if found is None or (lost and not found.posix):
                self._before.forget()
                lost = self._broken = True
                continue
            ended = lost = False
            yield found
        self._broken |= not ended

    def _takes(self, found: Header) -> bool:
        """Take what is said of the member that follows."""
        if found.kind not in {b"L", b"K", b"x", b"X", b"g"}:
            return False
        if found.size > _LONGEST:
            raise MemberError(Reason.LIMIT_SIZE)
        following = self._stream.place + _padded(found.size)
        data = self._stream.read(found.size)
        if found.kind == b"L":
            self._before.name = data.partition(b"\0")[0]
        elif found.kind in {b"x", b"X"}:
            self._before.fields |= tar_headers.extended(data)
        elif found.kind == b"g":
            self._before.everywhere |= tar_headers.extended(data)
        self._stream.go(following)
        return True

    def _given(self, found: Header, number: int) -> tuple[Given | None, int]:
        """Say what a header stands for, and where the next one is."""
        extra = self._before.all()
        name = extra.get(b"path", self._before.name) or found.name
        name = extra.get(b"GNU.sparse.name", name)
        size = tar_headers.decimal(extra[b"size"]) if b"size" in extra else found.size
        where = layer(NAME, name, n=number)
        here = self._stream.place
        following = here + _padded(size)
        if found.kind in _RULES:
            return LeftOut(name, where, _RULES[found.kind]), here
        if found.kind == _FOLDER:  # whatever its size; what follows it all the same is noticed
            return None, here
        if found.kind in _ABOUT and not size:
            return None, following
        if found.kind == b"M":  # the rest of a member that another file begins
            return Trouble(name, where, Reason.UNSUPPORTED_CONTAINER), following
        if found.kind in tar_headers.REGULAR and name.endswith(b"/") and not size:
            return None, following
        return self._inside(found, where, extra, size)

    def _inside(
        self, found: Header, where: Layer, extra: dict[bytes, bytes], size: int
    ) -> tuple[Given, int]:
        stream = self._stream
        sparse = Sparse.of(stream, found, extra, size)
        start = stream.place
        following = start + _padded(sparse.stored if sparse else size)
        times, modified = tar_headers.times(found, extra)

        def content() -> BinaryIO:
            return unpacked(sparse.blocks(stream, start) if sparse else plain(stream, start, size))

        whole = sparse.size if sparse else size
        given = Inside(where.path or b"", where, whole, content, modified, Facts(times=times))
        return given, following


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
