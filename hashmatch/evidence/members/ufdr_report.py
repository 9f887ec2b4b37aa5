"""The report inside a phone extraction: what it says of each file, read as a stream.

Elements ``file`` inside ``taggedFiles``, each with its path on the phone, and among its items the
``Local Path``, which is the name of a member. Nothing is expanded: a document type is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers import expat

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import BLOCK
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_MOST_FILES = 1_000_000
_MOST_BYTES = 8 << 30
_LONGEST = 64 << 10  # characters of one text
_LONGEST_TAG = 4 << 20
_DEEPEST = 256
_LOCAL = "Local Path"
_PRESENT = frozenset(("", "intact", "no", "false"))
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_TIMES = {
    "ModifyTime": "modified",
    "AccessTime": "accessed",
    "CreationTime": "created",
    "ChangeTime": "changed",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the report says of one file.

    ``times`` are those in ISO 8601; others are among ``notes``, as they stand there.
    """

    deleted: bool
    times: tuple[tuple[str, str], ...]
    notes: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _File:
    """A file that is being read."""

    attributes: dict[str, str]
    local: str = ""
    times: dict[str, str] = field(default_factory=dict)

    def told(self) -> Told:
        deleted = self.attributes.get("deleted", "").strip().lower()
        known = {name: word for name, word in self.times.items() if _ISO.fullmatch(word)}
        said = {
            "original": self.attributes.get("path", ""),
            "extraction": self.attributes.get("extractionId", ""),
        } | {f"{name}-as-reported": self.times[name] for name in self.times.keys() - known.keys()}
        return Told(
            deleted not in _PRESENT,
            tuple(known.items()),
            tuple(sorted((name, word[:_LONGEST]) for name, word in said.items() if word)),
        )


def read(begin: bytes, stream: BinaryIO, told: MutableMapping[bytes, Told]) -> None:
    """Read a report, and add what it says by the names of members.

    Args:
        begin: its first bytes, which were read already.
        stream: the rest.
        told: is added to.

    Raises:
        MemberError: it is damaged, or not a plain one; what came before was added.
    """
    reader = _Reader(told)
    block = begin
    fed = 0
    while block:
        reader.feed(block)
        fed += len(block)
        if fed - reader.place > _LONGEST_TAG + len(block):
            raise MemberError(Reason.DAMAGED_CONTAINER)
        if fed > _MOST_BYTES:
            raise MemberError(Reason.LIMIT_SIZE)
        block = stream.read(BLOCK)
    reader.feed(b"")


class _Reader:
    def __init__(self, told: MutableMapping[bytes, Told]) -> None:
        self._told = told
        self._file: _File | None = None
        self._item = self._text = ""
        self._depth = 0
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse

    @property
    def place(self) -> int:
        """How many bytes are understood."""
        return self._parser.CurrentByteIndex

    def feed(self, block: bytes) -> None:
        try:
            self._parser.Parse(block, not block)
        except (expat.ExpatError, ValueError, LookupError):  # and encodings nobody has
            raise MemberError(Reason.DAMAGED_CONTAINER) from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse()
        if name == "file":
            self._file = _File(attributes)
        elif self._file is not None:
            self._item, self._text = attributes.get("name", name), ""
            if name == "timestamp":
                moment = attributes.get("formattedTimestamp", "")
                self._time(self._item, moment)

    def _characters(self, text: str) -> None:
        if self._item and len(self._text) < _LONGEST:
            self._text += text

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._file is None:
            return
        if name == "file":
            self._add(self._file)
            self._file = None
        elif self._item == _LOCAL:
            self._file.local = self._text.strip()[:_LONGEST]
        elif self._item:
            self._time(self._item, self._text.strip())
        self._item = self._text = ""

    def _time(self, name: str, moment: str) -> None:
        if self._file is not None and name in _TIMES and 0 < len(moment) < 64:
            self._file.times[_TIMES[name]] = moment

    def _add(self, found: _File) -> None:
        if len(self._told) >= _MOST_FILES:
            raise MemberError(Reason.LIMIT_COUNT)
        if found.local:
            name = found.local.replace("\\", "/").lstrip("/").encode("utf-8", "surrogatepass")
            self._told.setdefault(name, found.told())

    def _refuse(self, *_declared: object) -> None:
        raise MemberError(Reason.DAMAGED_CONTAINER)
