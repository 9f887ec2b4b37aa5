"""The listing of a run's sources, made before anything is read: the work list of the run.

Every entry that was listed gets an outcome. What is gone when its turn comes has failed as
vanished; what appears later is noticed by listing the sources again at the end. The file lies in
the run's state and holds one JSON list for each entry that is not a folder: number of the source,
what it is, facts of it, path; and for an entry that has a place, or of which more is known, these
two. Bytes of a path that are not UTF-8 are lone surrogates.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

from hashmatch.model.evidence import Folder, Item
from hashmatch.model.facts import Facts
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from hashmatch.model.evidence import Entry

FILE = "listing.jsonl"
_COUNTS = {"item": 5, "failed": 2, "skipped": 1}
_read = json.JSONDecoder().raw_decode
Listed = tuple[int, Item | Failed | Skipped]


def noter(out: BinaryIO, source: int) -> Callable[[Entry], None]:
    """Give what writes each entry of one source to a file; it raises ``OSError``."""

    def note(entry: Entry) -> None:
        if not isinstance(entry, Folder):
            out.write(line_of(source, entry))

    return note


def line_of(source: int, entry: Item | Failed | Skipped) -> bytes:
    """Give the line of one entry of a source."""
    facts = ",".join(_facts(entry))
    path = json.dumps(entry.path.decode("utf-8", "surrogateescape"))
    more = ""
    if entry.place or entry.facts is not None:
        known = entry.facts and entry.facts.to_json()
        more = f",{json.dumps(entry.place)},{json.dumps(known)}"
    return f"[{source},{facts},{path}{more}]\n".encode()


def read(path: Path, start: int = 0) -> Iterator[Listed]:
    """Yield source number and entry, in the order in which they were listed.

    Args:
        path: the file.
        start: how many entries to leave out.
    """
    with path.open("rb") as lines:
        yield from map(entry_of, itertools.islice(lines, start, None))


def entry_of(line: bytes) -> Listed:
    """Read what :func:`line_of` wrote: the number of the source, and the entry."""
    (source, kind, *facts), _ = _read(line.decode())
    count = _COUNTS.get(kind, len(facts) - 1)
    name, *more = facts[count:]
    entry = _entry(name.encode("utf-8", "surrogateescape"), kind, facts[:count])
    return source, _placed(entry, *more) if more else entry


def _placed(entry: Item | Failed | Skipped, place: str, known: Any) -> Item | Failed | Skipped:  # noqa: ANN401
    facts = None if known is None else Facts.from_json(known)
    return replace(entry, place=place, facts=facts)


def _facts(entry: Item | Failed | Skipped) -> tuple[str, ...]:
    """As JSON; the words of the model need no quoting but the marks."""
    match entry:
        case Item():
            device, inode = entry.identity
            numbers = f"{entry.size},{entry.modified_ns},{entry.mode},{device},{inode}"
            return '"item"', numbers
        case Failed():
            return '"failed"', f'"{entry.stage}"', f'"{entry.reason}"'
        case Skipped():
            return '"skipped"', f'"{entry.rule}"'
        case _:
            assert_never(entry)


def _entry(path: bytes, kind: str, facts: list[Any]) -> Item | Failed | Skipped:
    if kind == "item":
        size, modified, mode, device, inode = facts
        return Item(path, size, modified, mode, (device, inode))
    if kind == "failed":
        stage, reason = facts
        return Failed(path, Stage(stage), Reason(reason))
    if kind == "skipped":
        (rule,) = facts
        return Skipped(path, Rule(rule))
    msg = "not a line of a listing"
    raise ValueError(msg)
