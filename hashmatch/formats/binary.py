"""Binary lists, read in order: numbers and bytes, never beyond the end, never more than bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NoReturn

from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from hashmatch.formats.interface import ReadOptions

_BLOCK = 1 << 16


class BinarySource:
    """A list as it is read. ``records`` counts what the reader has finished.

    Numbers are little-endian. All that is taken between two records together is at most
    ``options.maximum_record`` bytes.
    """

    def __init__(self, stream: BinaryIO, options: ReadOptions, what: str) -> None:
        self._stream = stream
        self._maximum = self._room = options.maximum_record
        self._what = what
        self.records = 0

    def take(self, size: int) -> bytes:
        """Take exactly that many bytes.

        Raises:
            HashSetError: the list ends before, or the record is too long.
        """
        self._room -= size
        if self._room < 0:
            self.refuse(f"is longer than {self._maximum} bytes")
        taken = self._stream.read(size)
        while len(taken) < size and (more := self._stream.read(size - len(taken))):
            taken += more
        if len(taken) < size:
            self.refuse("is cut off by the end of the file")
        return taken

    def number(self, size: int) -> int:
        """Take a number without sign of that many bytes."""
        return int.from_bytes(self.take(size), "little")

    def finished(self) -> None:
        """Note that a record is complete."""
        self.records += 1
        self._room = self._maximum

    def ended(self) -> bool:
        """Tell whether nothing follows; otherwise a byte is lost, so ask only to refuse."""
        return not self._stream.read(1)

    def refuse(self, found: str) -> NoReturn:
        """Refuse the list for what is wrong with the record that is being read."""
        msg = f"record {self.records + 1} {found}; expected a whole {self._what}, get it again"
        raise HashSetError(msg)


def at_most(stream: BinaryIO, longest: int, what: str) -> bytes:
    """Read a list that has to be held as a whole.

    Raises:
        HashSetError: it is longer than ``longest`` bytes.
    """
    held = bytearray()
    while block := stream.read(_BLOCK):
        held += block
        if len(held) > longest:
            msg = f"the file has more than {longest} bytes; expected {what}, check --format"
            raise HashSetError(msg)
    return bytes(held)


def text_of(value: bytes) -> str:
    """Decode a text that says nothing of its encoding: UTF-8, or else cp1252 as Windows wrote."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return value.decode(encoding)
        except UnicodeDecodeError:
            continue
    return value.decode("latin-1")
