"""Which column of a table means what: by its header, or as the operator maps it."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError
from hashmatch.formats.hash_text import BY_TYPE, Kind, kind_named, plain_name, read_hash
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.formats.interface import ReadOptions

_HEX = frozenset(string.hexdigits)

# Other words for the roles, as plain_name gives them.
_WORDS = {
    "category": ("category", "categoryid", "categorycode", "cat"),
    "entry": ("mediaid", "imageid", "entry", "entryid", "id"),
    "size": ("size", "filesize", "mediasize", "sizebytes", "filelength"),
    "quality": ("quality", "pdqquality"),
    "algorithm": ("algorithm", "hashname", "hashtype"),
    "hash": ("hash", "hashvalue"),
}
_ROLES = {word: role for role, words in _WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Columns:
    """The meaning of the columns of one table.

    ``names`` has one name for each column, all different. ``hashes`` are columns of a known
    kind; ``named`` is the pair of a column that names the algorithm and one that holds the
    value. The others are columns by role. ``unnamed`` are columns whose header says nothing
    that is known here.
    """

    names: tuple[str, ...]
    hashes: tuple[tuple[int, Kind], ...]
    named: tuple[int, int] | None
    roles: dict[str, int]
    unnamed: tuple[int, ...]

    @property
    def described(self) -> str:
        """What was understood, for the record of the import: ``md5=MD5, category=Category``."""
        known = [(kind.name, index) for index, kind in self.hashes]
        if self.named is not None:
            known += zip(("algorithm", "hash"), self.named, strict=True)
        known += self.roles.items()
        return ", ".join(f"{role}={self.names[index]}" for role, index in known)

    def holds_hash(self, cells: Sequence[str], first: int, end: int) -> bool:
        """Tell whether one of some cells is a hash, in a column that is known to hold hashes."""
        known = [(index, kind) for index, kind in self.hashes if kind.size]
        if self.named is not None and (kind := kind_named(cells[self.named[0]])) is not None:
            known.append((self.named[1], kind))
        return any(
            not isinstance(read_hash(kind, cells[index]), Loss)
            for index, kind in known
            if first <= index < end and cells[index]
        )


def has_header(cells: Sequence[str], options: ReadOptions) -> bool:
    """Tell whether the first row names the columns instead of being a record.

    Only where every mapped hash column is given by its number can there be no header. Then the
    row is one unless a mapped cell is a hash, or so damaged that it holds no word.
    """
    numbers = _numbers(cells, options)
    if len(numbers) < len(options.columns) or not numbers:
        return True
    hashes = [
        cells[index] for role, index in numbers.items() if role in BY_TYPE and index < len(cells)
    ]
    return bool(hashes) and all(_is_word(cell) for cell in hashes)


def by_header(cells: Sequence[str], options: ReadOptions) -> Columns | None:
    """Understand the columns by their headers; None when no header names a hash."""
    hashes = named_hashes(cells)
    roles: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if role := _role(cell):
            roles.setdefault(role, index)
    algorithm, value = roles.pop("algorithm", None), roles.pop("hash", None)
    named = None
    if value is not None and algorithm is not None:
        named = (algorithm, value)
    elif value is not None and options.algorithm is not None:
        hashes.append((value, BY_TYPE[options.algorithm]))
    if not hashes and named is None:
        return None
    known = {index for index, _ in hashes} | set(roles.values()) | set(named or ())
    unnamed = tuple(index for index in range(len(cells)) if index not in known)
    return Columns(unique_names(cells), tuple(hashes), named, roles, unnamed)


def by_map(cells: Sequence[str], options: ReadOptions, *, header: bool) -> Columns:
    """Take the columns that the operator maps, and no others.

    Raises:
        HashSetError: a mapped column does not exist, or none is a hash.
    """
    roles = _numbers(cells, options)
    words = {plain_name(cell): index for index, cell in reversed(list(enumerate(cells)))}
    for role, column in options.columns.items():
        if role not in roles and plain_name(column) in words:
            roles[role] = words[plain_name(column)]
        if roles.get(role, len(cells)) >= len(cells):
            msg = f"--map {role}: the table has no such column; it has {len(cells)} columns"
            raise HashSetError(msg)
    hashes = tuple((roles.pop(role), kind) for role, kind in BY_TYPE.items() if role in roles)
    if not hashes:
        msg = f"--map names no hash column; map at least one of {', '.join(BY_TYPE)}"
        raise HashSetError(msg)
    return Columns(names_of(cells, header=header), hashes, None, roles, ())


def named_hashes(cells: Sequence[str]) -> list[tuple[int, Kind]]:
    """Give the columns whose headers name a hash."""
    return [(index, kind) for index, cell in enumerate(cells) if (kind := kind_named(cell))]


def names_of(cells: Sequence[str], *, header: bool) -> tuple[str, ...]:
    """Name the columns by the header, or by their numbers from 1."""
    if header:
        return unique_names(cells)
    return tuple(str(number + 1) for number in range(len(cells)))


def _numbers(cells: Sequence[str], options: ReadOptions) -> dict[str, int]:
    """Give the columns that are mapped by number; a header that is this number goes first."""
    headers = set(cells)
    return {
        role: int(column) - 1 if int(column) else len(cells)
        for role, column in options.columns.items()
        if column.isascii() and column.isdigit() and len(column) < 7 and column not in headers
    }


def _role(cell: str) -> str | None:
    return _ROLES.get(plain_name(cell)) if len(cell) < 64 else None


def _is_word(cell: str) -> bool:
    """Tell a column name from a hash, however damaged: ``1.2E+31`` holds no word."""
    if not cell.strip() or len(cell) > 30:
        return False
    kinds = BY_TYPE.values()
    readable = any(not isinstance(read_hash(kind, cell), Loss) for kind in kinds)
    return not readable and any(char.isalpha() and char not in _HEX for char in cell)


def unique_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Give every column a name of its own, so that no cell of a record is lost."""
    names: dict[str, None] = {}
    for number, cell in enumerate(cells, start=1):
        name = cell or str(number)
        while name in names:
            name = f"{name} ({number})"
        names[name] = None
    return tuple(names)
