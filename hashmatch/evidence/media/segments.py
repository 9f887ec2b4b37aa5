"""The files of one image in their order, of which only some are open at a time."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError, Segment
from hashmatch.evidence.media.stored import Stored
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_OPEN = 32
"""So many segments of an image are open at once; an image may have thousands."""


class Segments:
    """Segments by number from 0. One that was closed meanwhile is opened again when needed.

    A file that was put in the place of a segment since is not read: it raises ``OSError`` as a
    segment that went away does.
    """

    def __init__(self, paths: Sequence[bytes], *, device: bool = False) -> None:
        """Open each once.

        Raises:
            MediumError: one cannot be opened.
        """
        self._device = device
        self._open: OrderedDict[int, Stored] = OrderedDict()
        self._known: list[tuple[int, ...]] = []
        self.all: tuple[Segment, ...] = ()
        found: list[Segment] = []
        try:
            for number, path in enumerate(paths):
                one = self._opened(number, path)
                self._known.append(_identity(one))
                found.append(one.segment)
        except MediumError:
            self.close()
            raise
        self.all = tuple(found)

    def stored(self, number: int) -> Stored:
        """Give a segment, open.

        Raises:
            OSError: it cannot be opened any more, or another file is in its place.
        """
        one = self._open.get(number)
        if one is not None:
            self._open.move_to_end(number)
            return one
        path = self.all[number].path
        try:
            one = self._opened(number, path)
        except MediumError as error:
            raise OSError(str(error)) from None
        if _identity(one) != self._known[number]:
            self._open.pop(number).close()
            msg = f"{names.shown(path)} is no longer the file that it was"
            raise OSError(msg)
        return one

    def read(self, number: int, offset: int, length: int) -> bytes:
        """Read of a segment; fewer bytes only where it ends.

        Raises:
            OSError: the operating system cannot read them.
        """
        return self.stored(number).read(offset, length)

    def sectors(
        self, number: int, offset: int, length: int
    ) -> tuple[bytes, list[tuple[int, int, str]]]:
        """Read of a segment past what cannot be read; see :meth:`.stored.Stored.sectors`."""
        try:
            one = self.stored(number)
        except OSError:
            return bytes(length), [(0, length, "missing")]
        return one.sectors(offset, length)

    def close(self) -> None:
        """Close all of them; a second time does nothing."""
        while self._open:
            self._open.popitem()[1].close()

    def _opened(self, number: int, path: bytes) -> Stored:
        one = Stored(path, device=self._device)
        self._open[number] = one
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return one


def _identity(one: Stored) -> tuple[int, ...]:
    status = one.status
    return status.st_dev, status.st_ino, status.st_mtime_ns, one.size
