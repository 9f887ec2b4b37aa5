"""An installed program that unpacks RAR archives which libarchive cannot unpack.

It runs in a process of its own, which this process was given before it was confined. It sees an
archive made for it, of bare members without names and without encryption, so it needs no password;
and what it gives is taken for nothing but bytes, compared with the real archive's checksums.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HELP = "install unrar (of RARLAB) or unar for archives that libarchive cannot unpack"


class Program(Protocol):
    """A way to run the program."""

    def output(self, archive: Iterable[bytes]) -> Iterator[bytes]:
        """Give the contents of all members of an archive, one after the other, as they come.

        One archive at a time: what another one gave before ends with ``Superseded``.

        Raises:
            MemberError: it cannot be run, takes too long, ends in trouble, or the archive is
                too large for it.
        """


class Superseded(Exception):  # noqa: N818  # no error: it is begun anew
    """The program was asked for another archive in between."""


_lent: list[Program] = []


def use(program: Program | None) -> None:
    """Say what this process may use from now on."""
    _lent[:] = [] if program is None else [program]


def lent() -> Program | None:
    """What this process may use; None where there is nothing."""
    return next(iter(_lent), None)


@dataclass(slots=True)
class Pieces:
    """The members of one archive, cut from what the program gives.

    ``archive`` gives its bytes, as often as wanted. ``sizes`` are those of all members, in bytes;
    -1, not known, can stand for the last one only.
    """

    program: Program
    archive: Callable[[], Iterator[bytes]]
    sizes: list[int]
    _output: Iterator[bytes] | None = None
    _place: int = 0
    _left: memoryview = field(default=memoryview(b""), repr=False)
    _trouble: Reason | None = None
    _ends: list[int] = field(init=False, repr=False)
    _known: int = field(init=False)

    def __post_init__(self) -> None:
        self._ends = [*accumulate(self.sizes)]
        self._known = self.sizes.index(-1) if -1 in self.sizes else len(self.sizes)

    def member(self, number: int) -> Iterator[bytes]:
        """Give the content of one, by its number.

        Raises:
            MemberError: it cannot be had.
        """
        if number > self._known:
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)
        size = self.sizes[number]
        place = self._ends[number] - size
        end = self._ends[number] if size >= 0 else -1
        while end < 0 or place < end:
            try:
                block = self._block(place, end)
            except Superseded:
                self._output = None
                continue
            if not block:
                if end >= 0:
                    raise MemberError(Reason.DAMAGED_CONTAINER)
                return
            place += len(block)
            yield block

    def _block(self, place: int, end: int) -> bytes:
        """Give some bytes at a place, not beyond an end; nothing where there are no more."""
        if self._output is None or self._place > place:
            self._output, self._trouble = self.program.output(self.archive()), None
            self._place, self._left = 0, memoryview(b"")
        while True:
            passed = min(place - self._place, len(self._left))
            self._left, self._place = self._left[passed:], self._place + passed
            if self._left:
                break
            self._left = memoryview(self._more(self._output))
            if not self._left:
                return b""
        size = len(self._left) if end < 0 else min(len(self._left), end - place)
        block, self._left = bytes(self._left[:size]), self._left[size:]
        self._place += size
        return block

    def _more(self, output: Iterator[bytes]) -> bytes:
        """Give what comes next; trouble is the same for all that would come after it."""
        if self._trouble is None:
            try:
                return next(output, b"")
            except MemberError as error:
                self._trouble = error.reason
        raise MemberError(self._trouble)
