"""Compare files with lists of known files, as ``hashdeep -a`` does: nothing may be left over.

Every file ends in exactly one class, and so does every row of the lists:

* ``matched``: a row has the file's name, and all of its digests and its size agree
* ``moved``: a row agrees but has another name; of several such rows one that nothing else took,
  from each list
* ``partial``: with some row a digest agrees and another, or the size, does not
* ``new``: no row has any of the file's digests
* ``failed`` or ``skipped``: the file could not be read, or is no regular file, or would be new
  and is one of the lists

Rows are ``matched``, ``moved`` or ``partial`` with the file that took them; the others are
``missing``, or ``unchecked`` where their file could not be read or nothing of them is computed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING

from hashmatch.errors import ExitCode
from hashmatch.jobs.audit_known import comparable, key_of
from hashmatch.jobs.digest_crew import Digested, digest
from hashmatch.model.evidence import Folder
from hashmatch.model.outcomes import Failed, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.jobs.audit_known import Known
    from hashmatch.jobs.digest_places import Places
    from hashmatch.model.hashes import Algorithm


class Class(StrEnum):
    """How a file or a row ended."""

    MATCHED = "matched"
    PARTIAL = "partial"
    MOVED = "moved"
    NEW = "new"
    MISSING = "missing"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Line:
    """One file, or one row that no file took.

    ``name`` is the file's, as bytes, or the row's text. ``known`` is the name of the row that
    agrees; ``why`` says more where there is more to say. ``of`` names the list of a row that is
    left over, where there are several.
    """

    ended: Class
    name: bytes | str
    known: str | None = None
    why: str | None = None
    of: str | None = None


@dataclass(slots=True)
class Audit:
    """What an audit found. ``lines`` are the files in their order, then the rows left over."""

    lines: list[Line] = field(default_factory=list)
    files: Counter[Class] = field(default_factory=Counter)
    rows: Counter[Class] = field(default_factory=Counter)
    lost: int = 0

    @property
    def passed(self) -> bool:
        """Whether every file matched a row and every row a file."""
        return self.exit_code() is ExitCode.CLEAR

    def exit_code(self) -> ExitCode:
        """Tell in one number: 10 for differences, and 3 for what could not be compared."""
        differs = any(
            self.files[one] or self.rows[one]
            for one in (Class.PARTIAL, Class.MOVED, Class.NEW, Class.MISSING)
        )
        incomplete = self.files[Class.FAILED] or self.rows[Class.UNCHECKED] or self.lost
        base = ExitCode.HITS if differs else ExitCode.CLEAR
        return ExitCode(base + (ExitCode.INCOMPLETE if incomplete else 0))


@dataclass(slots=True)
class _Content:
    """Rows that say the same of size and digests."""

    size: int | None
    digests: dict[Algorithm, str]
    rows: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # by list
    names: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    free: Counter[int] = field(default_factory=Counter)

    def agrees(self, size: int, digests: dict[Algorithm, str]) -> bool:
        same = all(digests.get(one, value) == value for one, value in self.digests.items())
        return same and self.size in {None, size}


def audit(places: Places, known: Known, workers: int) -> Audit:
    """Digest everything and compare it."""
    return _Auditor(known).audit(places, workers)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A file that no row matches: contents that agree in all, and those that share a digest."""

    name: bytes
    full: list[_Content]
    near: list[_Content]
    is_list: bool


class _Auditor:
    def __init__(self, known: Known) -> None:
        self._known = known
        self._algorithms = known.algorithms  # looks at every row
        self._taken: dict[int, Class] = {}
        self._found = Audit(lost=known.lost)
        self._by_digest: dict[tuple[Algorithm, str], list[_Content]] = defaultdict(list)
        self._names: set[str] = set()
        self._unread: list[tuple[str, bool]] = []
        contents: dict[object, _Content] = {}
        for number, row in enumerate(known.rows):
            name = comparable(row.name)
            self._names.add(name)
            digests = {one: value for one, value in row.digests if one in self._algorithms}
            if not digests:
                self._taken[number] = Class.UNCHECKED
                continue
            same = (row.size, *digests.items())
            if same not in contents:
                contents[same] = content = _Content(row.size, digests)
                for pair in digests.items():
                    self._by_digest[pair].append(content)
            contents[same].rows[row.of].append(number)
            contents[same].names[name].append(number)

    def audit(self, places: Places, workers: int) -> Audit:
        lines: list[Line | _Waiting] = []
        algorithms = self._algorithms
        for number, one in digest(places.sources, algorithms, places.entries(), workers):
            if isinstance(one, Folder):
                continue
            if isinstance(one, Digested):
                lines.append(self._compared(places.name(number, one.item.path), one))
            elif isinstance(one, Failed):
                name = places.name(number, one.path)
                self._unread.append((_key(name), one.stage is Stage.LIST))
                lines.append(Line(Class.FAILED, name, why=places.why(number, one)))
            else:
                # What somebody named and is no file was meant to be compared.
                ended = Class.FAILED if places.is_named(number) else Class.SKIPPED
                lines.append(Line(ended, places.name(number, one.path), why=str(one.rule)))
        # Files that moved choose before those that agree in part only.
        settled = [one if isinstance(one, Line) else self._moved(one) for one in lines]
        return self._settled([one if isinstance(one, Line) else self._rest(one) for one in settled])

    def _compared(self, name: bytes, one: Digested) -> Line | _Waiting:
        """Compare a file; what is not matched waits until all names were seen."""
        digests = dict(zip(self._algorithms, one.digests, strict=True))
        near = self._sharing(digests)
        full = [content for content in near if content.agrees(one.size, digests)]
        is_list = one.item.identity in self._known.files
        return self._matched(name, full) or _Waiting(name, full, near, is_list)

    def _moved(self, one: _Waiting) -> Line | _Waiting:
        return self._taking(Class.MOVED, one.name, one.full) if one.full else one

    def _rest(self, one: _Waiting) -> Line:
        if one.near:
            return self._taking(Class.PARTIAL, one.name, one.near)
        if one.is_list:
            return Line(Class.SKIPPED, one.name, why="a list of this audit")
        changed = _key(one.name) in self._names
        why = "a known name with other content" if changed else None
        return Line(Class.NEW, one.name, why=why)

    def _sharing(self, digests: dict[Algorithm, str]) -> list[_Content]:
        """Give the contents that share a digest, each once."""
        found: dict[int, _Content] = {}
        for pair in digests.items():
            for content in self._by_digest.get(pair, ()):
                found[id(content)] = content
        return list(found.values())

    def _matched(self, name: bytes, full: list[_Content]) -> Line | None:
        key = _key(name)
        rows = [row for content in full for row in content.names.get(key, ())]
        self._taken.update(dict.fromkeys(rows, Class.MATCHED))
        return Line(Class.MATCHED, name, self._known.rows[rows[0]].name) if rows else None

    def _taking(self, ended: Class, name: bytes, contents: list[_Content]) -> Line:
        """Let a file take a row of each list: that of its name, else one that is free, if any."""
        key = _key(name)
        own = [row for content in contents for row in content.names.get(key, ())]
        took = []
        for number in sorted({one for content in contents for one in content.rows}):
            of_list = (row for row in own if self._known.rows[row].of == number)
            free = chain(of_list, *(self._free(content, number) for content in contents))
            row = next((row for row in free if row not in self._taken), None)
            if row is not None:
                self._taken[row] = ended
                took.append(row)
        row = (took or own or next(iter(contents[0].rows.values())))[0]
        return Line(ended, name, self._known.rows[row].name)

    def _free(self, content: _Content, number: int) -> Iterator[int]:
        """Give a row that nothing took; what was looked at once is not looked at again."""
        rows = content.rows.get(number, ())
        while content.free[number] < len(rows):
            row = rows[content.free[number]]
            if row not in self._taken:
                yield row
                return
            content.free[number] += 1

    def _settled(self, lines: list[Line]) -> Audit:
        found = self._found
        found.lines = lines
        found.files.update(line.ended for line in lines)
        files = {name for name, _ in self._unread}
        folders = tuple(
            comparable(f"{name.rstrip('/')}/") for name, is_folder in self._unread if is_folder
        )
        lists = self._known.lists if len(self._known.lists) > 1 else ()
        for number, row in enumerate(self._known.rows):
            ended = self._taken.get(number)
            if ended is None:
                name = comparable(row.name)
                unread = name in files or name.startswith(folders)
                ended = Class.UNCHECKED if unread else Class.MISSING
            found.rows[ended] += 1
            if ended in {Class.MISSING, Class.UNCHECKED}:
                of = lists[row.of] if lists else None
                found.lines.append(Line(ended, row.name, of=of))
        return found


def _key(name: bytes) -> str:
    """Give a file's name as those of rows are compared."""
    return comparable(key_of(name))
