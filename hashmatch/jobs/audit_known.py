"""The known files of an audit: rows of any list that gives names and digests.

A name is text in which surrogates stand for the bytes that are not UTF-8, where a list holds such
bytes: in a column of its own, as the tables of ``hashmatch hash``, or in the name itself. Names are
compared as the importers read text, since a list may be in another encoding than names on the disk.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats import registry
from hashmatch.formats.hash_text import plain_name
from hashmatch.formats.interface import HEAD_SIZE, ReadOptions
from hashmatch.hashing.quick import QUICK
from hashmatch.jobs.lint_reading import Words, reading
from hashmatch.jobs.list_files import head_of, sources_of
from hashmatch.jobs.list_files_format import choose_format
from hashmatch.model.hashes import Algorithm, unhex
from hashmatch.model.names import from_json, from_text, to_text
from hashmatch.model.records import Dropped, HashRecord, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hashmatch.jobs.list_files import ListSource
    from hashmatch.model.records import Json

_NAMES = ("filename", "path", "filepath", "file", "name")
_LONGEST = 1 << 20  # characters of a line
_EXACT = ("hashdeep", "sums")  # formats whose programs write the bytes of names


@dataclass(frozen=True, slots=True)
class Row:
    """One known file. ``name`` is empty where the list gives none, ``size`` None likewise.

    ``of`` numbers the list.
    """

    name: str
    size: int | None
    digests: tuple[tuple[Algorithm, str], ...]
    of: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """All rows of all lists, in their order. ``lost`` counts what of the lists was not readable.

    ``lists`` are their names, ``files`` device and inode of each.
    """

    rows: tuple[Row, ...]
    lost: int
    lists: tuple[str, ...] = ()
    files: frozenset[tuple[int, int]] = frozenset()

    @property
    def algorithms(self) -> tuple[Algorithm, ...]:
        """The digests by which files can be compared; any where there is nothing to compare."""
        if not self.rows:
            return (Algorithm.SHA256,)
        carried = {algorithm for row in self.rows for algorithm, _ in row.digests}
        return tuple(one for one in QUICK if one in carried)

    @property
    def absolute(self) -> bool:
        """Whether all names are absolute paths."""
        return bool(self.rows) and all(row.name.startswith("/") for row in self.rows)


def key_of(name: bytes) -> str:
    """Give a file's name as a list would be read that holds it."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("latin-1")


def comparable(name: str) -> str:
    """Give a name as it is compared: without surrogates, and ``./a`` is ``a``."""
    if not name.isascii():
        name = key_of(from_text(name))
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return name


def read(
    paths: Sequence[Path], list_format: str | None = None, algorithm: str | None = None
) -> Known:
    """Read lists; one that lists nothing is a list of no files.

    Args:
        paths: the lists.
        list_format: their format's name; recognised where it is not stated.
        algorithm: what their values are where they say it nowhere, as in sums of 128 digits.

    Raises:
        UsageError: a list is missing, or what was stated means nothing for it.
        HashSetError: one is not recognised, holds no names, or nothing that can be compared.
    """
    words = Words(list_format, ReadOptions(algorithm=algorithm))
    rows: list[Row] = []
    lost = 0
    sources = sources_of(paths)
    for number, source in enumerate(sources):
        before = len(rows), lost
        for row in _told_of(source, words):
            if row is None:
                lost += 1
            else:
                rows.append(replace(row, of=number))
        nothing = before == (len(rows), lost)
        if not nothing and not any(row.name for row in rows[before[0] :]):
            msg = f"{source.name} holds no names of files; an audit needs them beside the digests"
            raise HashSetError(msg)
    states = [source.path.stat() for source in sources]
    known = Known(
        tuple(rows),
        lost,
        tuple("/".join((str(one.path), *(step.name for step in one.steps))) for one in sources),
        frozenset((one.st_dev, one.st_ino) for one in states),
    )
    if not known.algorithms:
        msg = f"the lists hold none of {', '.join(QUICK)}; make a list with 'hashmatch hash'"
        raise HashSetError(msg)
    return known


def _told_of(source: ListSource, words: Words) -> Iterator[Row | None]:
    """Read a list; what is wrong with it is said with its name."""
    try:
        yield from _rows(source, words)
    except (HashSetError, UsageError) as error:
        why = str(error).replace("--format", "--list-format")
        if source.name not in why:
            why = f"{source.name} cannot be used as a list of files with their digests: {why}"
        raise type(error)(why) from None


def _rows(source: ListSource, words: Words) -> Iterator[Row | None]:
    with source.opened() as opened:
        head = head_of(opened.stream, HEAD_SIZE, source.name)
    if not words.format_name and _is_own(head):
        yield from _own(source)
        return
    if _is_own_of_nothing(head):
        return
    if not words.format_name and head:
        _require_recognised(source)
    found = registry.detect(head, source.base)
    exact = (words.format_name or (found and found.name)) in _EXACT
    words = replace(words, options=replace(words.options, exact=exact))
    with reading(source, words) as open_list:
        for event in open_list.events:
            if isinstance(event, Dropped):
                yield None
            elif isinstance(event, RecordBatch):
                yield from map(_row, event.records())
            elif isinstance(event, HashRecord):
                yield _row(event)


def _require_recognised(source: ListSource) -> None:
    try:
        choose_format((source,), None)
    except HashSetError:
        msg = (
            f"{source.name} is not recognised as a list of files with their digests; state its"
            " form with --list-format (see 'hashmatch library formats')"
        )
        raise HashSetError(msg) from None


def _row(record: HashRecord) -> Row:
    digests = {one.algorithm: one.hex for one in reversed(record.digests)}
    return Row(_name(record.fields), record.size, tuple(sorted(digests.items())))


def _name(fields: Mapping[str, Json]) -> str:
    """Give the name: its exact bytes where they are there, else the text."""
    for key, value in fields.items():
        if not isinstance(value, str) or not value:
            continue
        try:
            if key == "path_hex":
                return to_text(bytes.fromhex(value))
            if key.rpartition(":")[2] == "path_b64":
                return to_text(base64.b64decode(value, validate=True))
        except (ValueError, binascii.Error):
            continue  # somebody else's column of that name
    texts = {plain_name(key): value for key, value in fields.items() if len(key) < 64}
    found = (texts.get(name) for name in _NAMES)
    return next((text for text in found if isinstance(text, str) and text), "")


def _is_own(head: bytes) -> bool:
    """Tell whether a list is JSON lines as ``hashmatch hash`` writes them."""
    try:
        first = json.loads(head.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and "path" in first and not first.keys().isdisjoint(QUICK)


def _is_own_of_nothing(head: bytes) -> bool:
    """Tell whether a list is DFXML as ``hashmatch hash`` writes it, complete and about no file."""
    own = b"<program>hashmatch</program>" in head and b"<fileobject" not in head
    return own and head.rstrip().endswith(b"</dfxml>")


def _own(source: ListSource) -> Iterator[Row | None]:
    with source.opened() as opened:
        while line := opened.stream.readline(_LONGEST):
            if not line.isspace():
                yield _own_row(line)


def _own_row(line: bytes) -> Row | None:
    try:
        fields = cast("dict[str, object]", json.loads(line))
        size = fields.get("size")
        digests = tuple(
            (one, unhex(str(fields[one])).hex()) for one in QUICK if fields.get(one) is not None
        )
        if any(len(value) != 2 * one.size for one, value in digests) or not digests:
            return None
        return Row(to_text(from_json(fields)), size if isinstance(size, int) else None, digests)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
