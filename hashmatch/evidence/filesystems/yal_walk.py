"""Going through the tree of a file system that a libyal library reads: each entry once."""

from __future__ import annotations

import stat
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hashmatch.evidence.filesystems.interface import Run
from hashmatch.evidence.filesystems.moments import utc, within
from hashmatch.evidence.folder import left_out
from hashmatch.model.evidence import Entry, Folder, Item
from hashmatch.model.facts import MOST_EXTENTS, Facts
from hashmatch.model.locators import place
from hashmatch.model.outcomes import Failed, Reason, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.model.locators import Layer

ERRORS = (OSError, RuntimeError, ValueError, TypeError, MemoryError, OverflowError, SystemError)
"""What a library raises where it cannot read something."""
DEEPEST = 1024
MOST_SIZE = 1 << 48
"""Bytes that a file may claim to have; no disk is of 256 TiB."""

TIMES = (
    ("modified", "get_modification_time_as_integer"),
    ("accessed", "get_access_time_as_integer"),
    ("changed", "get_inode_change_time_as_integer"),
    ("created", "get_creation_time_as_integer"),
)
"""What times are called here, and by the libraries."""
_SECOND = 1_000_000_000
_SPARSE = 1
_MOST_RUNS = 1 << 20


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree: its root as the library has it, and how it is named.

    ``identify`` gives the number of an entry. ``step`` makes the layer of one of that number and
    path. ``size`` of what holds it, in bytes. ``prefix`` is what all its paths begin with.
    ``packed`` tells of a file that it is not kept in its extents as it is. ``times`` are by which
    function of the library each time is got; where it gives them ``unsigned``, those before 1970
    are large numbers.
    """

    root: Any
    identify: Callable[[Any], int]
    step: Callable[[bytes, int], Layer]
    size: int
    prefix: bytes = b""
    packed: Callable[[Any], bool] = field(default=lambda _: False)
    times: tuple[tuple[str, str], ...] = TIMES
    unsigned: bool = False


@dataclass(slots=True)
class _Level:
    """A folder that is being gone through."""

    entry: Any
    path: bytes
    count: int
    at: int = 0


def entries(tree: Tree) -> Iterator[Entry]:
    """Yield every entry once: depth first, in the order in which the folders have them.

    A folder that is met again, under another name or below itself, is a failure: one of the names
    led to another folder once. What cannot be read is a failure at its path; a name that the
    library cannot give, as it is not UTF-8, is written ``$unnamed-`` and the number of the entry.
    """
    for _, entry in _walk(tree):
        yield entry


def content(tree: Tree) -> Iterator[Run]:
    """Yield the stretches that files have, as far as they can be told, in the order of the walk."""
    for node, entry in _walk(tree):
        if not isinstance(entry, Item):
            continue
        with suppress(*ERRORS):  # then they count as nobody's
            yield from (run for run, sparse in runs(node) if not sparse)


def runs(node: Any) -> Iterator[tuple[Run, bool]]:  # noqa: ANN401  # of the library
    """Yield the extents of a file in bytes of the volume, and whether each is a hole.

    Raises:
        OSError or another of :data:`ERRORS`: they cannot be read.
    """
    count = int(node.get_number_of_extents())
    if count > _MOST_RUNS:
        msg = "more extents than a file can have"
        raise ValueError(msg)
    for number in range(count):
        offset, length, flags = node.get_extent(number)
        yield Run(offset, length), bool(flags & _SPARSE)


def damage_of(node: Any, size: int, volume: int) -> Reason | None:  # noqa: ANN401
    """Say why a file of a size cannot be what its extents say, or None.

    Args:
        node: the entry.
        size: of its content.
        volume: size of what holds it.
    """
    if not 0 <= size <= MOST_SIZE:
        return Reason.DAMAGED_FILE_SYSTEM
    covered = stored = 0
    for run, sparse in runs(node):
        covered += run.length
        stored += 0 if sparse else run.length
        if not sparse and not 0 <= run.offset <= run.offset + run.length:
            return Reason.DAMAGED_FILE_SYSTEM
        if not sparse and run.offset + run.length > volume:
            return Reason.DAMAGED_MEDIUM  # it ends before
    if stored > volume:  # the same bytes over and over: nothing that is read would ever end
        return Reason.DAMAGED_FILE_SYSTEM
    return Reason.UNSUPPORTED_STORAGE if covered < size else None


def why(error: Exception) -> Reason:
    """Say why something cannot be read: the volume ends before it, or what it is in is damaged."""
    ended = isinstance(error, EOFError)
    return Reason.DAMAGED_MEDIUM if ended else Reason.DAMAGED_FILE_SYSTEM


def _walk(tree: Tree) -> Iterator[tuple[Any, Entry]]:
    """Yield every entry with what the library has of it."""
    most = tree.size // 8 + 1024
    seen: set[int] = set()
    levels: list[_Level] = []
    given = 0
    entered, entry = _enter(tree, tree.root, tree.prefix.rstrip(b"/"), "", seen)
    levels.extend(entered)
    yield tree.root, entry
    while levels:
        level = levels[-1]
        if level.at >= level.count:
            levels.pop()
            continue
        if given >= most:
            yield None, Failed(level.path, Stage.LIST, Reason.LIMIT_COUNT)
            return
        given += 1
        number, level.at = level.at, level.at + 1
        entered = []
        for node, entry, below in _visit(tree, level, number, seen, deep=len(levels) >= DEEPEST):
            entered.extend(below)
            yield node, entry
        levels.extend(entered)


def _visit(
    tree: Tree, level: _Level, number: int, seen: set[int], *, deep: bool
) -> Iterator[tuple[Any, Entry, list[_Level]]]:
    """Give one entry of a folder, and what is to be gone through next where it is a folder."""
    base = level.path + b"/" if level.path else b""
    path = base + b"$unreadable-%d" % number
    where = ""
    try:
        node = level.entry.get_sub_file_entry(number)
        identity = int(tree.identify(node))
        name, readable = _name(node, identity)
        path = base + name
        where = place((tree.step(b"/" + path.removeprefix(tree.prefix), identity),))
        mode = int(node.get_file_mode())
    except ERRORS as error:
        yield None, Failed(path, Stage.STAT, why(error), where), []
        return
    if not stat.S_ISDIR(mode):
        yield node, _plain(tree, node, path, where, mode, readable=readable), []
    elif identity in seen:
        yield node, Failed(path, Stage.LIST, Reason.DAMAGED_FILE_SYSTEM, where), []
    elif deep:
        yield node, Failed(path, Stage.LIST, Reason.LIMIT_DEPTH, where), []
    else:
        entered, entry = _enter(tree, node, path, where, seen)
        yield node, entry, entered


def _enter(
    tree: Tree,
    node: Any,  # noqa: ANN401
    path: bytes,
    where: str,
    seen: set[int],
) -> tuple[list[_Level], Entry]:
    """Begin with a folder; it is a failure where what it holds cannot be told."""
    try:
        seen.add(int(tree.identify(node)))
        count = int(node.get_number_of_sub_file_entries())
    except ERRORS as error:
        return [], Failed(path, Stage.LIST, why(error), where)
    return [_Level(node, path, count)], Folder(path)


def _name(node: Any, identity: int) -> tuple[bytes, bool]:  # noqa: ANN401
    try:
        stored = node.get_name() or b""
        name = stored if isinstance(stored, bytes) else stored.encode("utf-8", "surrogatepass")
    except ERRORS:
        name = b""
    return (name, True) if name else (b"$unnamed-%d" % identity, False)


def _plain(
    tree: Tree,
    node: Any,  # noqa: ANN401
    path: bytes,
    where: str,
    mode: int,
    *,
    readable: bool,
) -> Entry:
    """Give an entry that is no folder."""
    times, modified = _moments(node, tree)
    notes = () if readable else (("name", "not-utf-8"),)
    if not stat.S_ISREG(mode):
        return Skipped(path, left_out(mode), where, Facts(times=times, notes=notes))
    try:
        size = int(node.get_size())
        trouble = None if tree.packed(node) else damage_of(node, size, tree.size)
        stored = [run for run, sparse in runs(node) if not sparse]
    except ERRORS as error:
        return Failed(path, Stage.STAT, why(error), where, Facts(times=times))
    facts = Facts(
        times=times,
        extents=tuple((run.offset, run.length) for run in stored[:MOST_EXTENTS]),
        fragments=len(stored),
        notes=notes,
    )
    if trouble is not None:
        return Failed(path, Stage.OPEN, trouble, where, facts)
    first = stored[0].offset if stored else 0
    return Item(path, size, modified, mode & 0xFFFF, (0, first), where, facts)


def _moments(
    node: Any,  # noqa: ANN401
    tree: Tree,
) -> tuple[tuple[tuple[str, str], ...], int]:
    """Read the times, kept in nanoseconds of UTC since 1970; one that is 0 was never set."""
    times: list[tuple[str, str]] = []
    modified = 0
    for name, getter in tree.times:
        with suppress(*ERRORS):  # a time that cannot be had, or not be said in ISO 8601
            value = int(getattr(node, getter)())
            value = value - (1 << 64) if tree.unsigned and value >> 63 == 1 else value
            if name == "modified":
                modified = within(value)
            if value:
                times.append((name, utc(*divmod(value, _SECOND), 9)))
    return tuple(times), modified
