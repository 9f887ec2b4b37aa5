"""Reading a ledger: each line must follow from the one before, or reading stops there.

Memory does not grow with the number of lines, and a line without end is not read in full.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hashmatch.custody import entry, lines, regular
from hashmatch.custody.entry import Place
from hashmatch.custody.merkle import Tree
from hashmatch.errors import CustodyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from hashmatch.custody.entry import Entry


class MalformedLineError(CustodyError):
    """A line is not an entry: not canonical, without line end, or out of count."""


class BrokenLinkError(CustodyError):
    """A line is an entry, but not one that follows from the line before."""


class Chain:
    """What must be known of all lines so far to judge the next one.

    ``tree`` is over the lines without their line ends. ``case`` is the id that all of them bear.
    """

    def __init__(self) -> None:
        self.place = Place()
        self.tree = Tree()
        self.case = ""

    @property
    def size(self) -> int:
        """How many lines follow from each other."""
        return self.tree.size

    def follow(self, line: bytes) -> Entry:
        """Take the next line, with its line end.

        Raises:
            MalformedLineError: it is not an entry.
            BrokenLinkError: it is one that belongs elsewhere.
        """
        number = self.size + 1
        if not line.endswith(b"\n"):
            raise MalformedLineError(no_line_end(number))
        bare = line[:-1]
        try:
            found = entry.parse(bare)
        except ValueError as error:
            msg = f"ledger line {number} is not an entry: {error}"
            raise MalformedLineError(msg) from None
        self._judge(found, number)
        self.case = found.case
        self.place = Place(found.seq + 1, hashlib.sha256(bare).hexdigest(), found.at)
        self.tree.append(bare)
        return found

    def _judge(self, found: Entry, number: int) -> None:
        if found.seq != self.place.seq:
            msg = f"ledger line {number} says that it is entry {found.seq}, not {self.place.seq}"
            raise MalformedLineError(msg)
        if found.prev != self.place.prev:
            before = f"line {number - 1}" if number > 1 else "nothing, as a first line must"
            msg = f"ledger line {number} does not follow from {before}"
            raise BrokenLinkError(msg)
        if found.backwards != (found.at < self.place.at):
            msg = f"ledger line {number} says the wrong thing about its clock"
            raise BrokenLinkError(msg)
        if self.case not in {"", found.case}:
            msg = f"ledger line {number} belongs to another case"
            raise BrokenLinkError(msg)


class Walk:
    """Iterates over the entries of a stream; afterwards ``rest`` holds what has no line end.

    Bytes without a line end are no entry. Whether an interrupted append left them or somebody
    else put them there is for :mod:`hashmatch.custody.tail` to judge.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.chain = Chain()
        self.rest = b""

    def __iter__(self) -> Iterator[Entry]:
        """Yield entries.

        Raises:
            MalformedLineError, BrokenLinkError: a line does not continue the chain.
        """
        while line := self._stream.readline(lines.LONGEST):
            if not line.endswith(b"\n"):
                if len(line) == lines.LONGEST:
                    msg = f"ledger line {self.chain.size + 1} is too long"
                    raise MalformedLineError(msg)
                self.rest = line
                return
            yield self.chain.follow(line)


def read(path: Path) -> Iterator[Entry]:
    """Yield the entries of a ledger file, each checked against all before it.

    Checkpoints are not looked at: who wrote the lines and whether lines were cut off at the end
    is for :mod:`hashmatch.custody.audit` to say.

    Raises:
        MalformedLineError, BrokenLinkError: both ``CustodyError``; they name the line.
        OSError: the file cannot be read.
    """
    with regular.open_regular(path) as stream:
        walk = Walk(stream)
        yield from walk
    if walk.rest:
        raise MalformedLineError(no_line_end(walk.chain.size + 1))


def no_line_end(number: int) -> str:
    """The sentence for a line that was cut short."""
    return f"ledger line {number} has no line end"
