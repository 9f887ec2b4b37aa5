"""The listing of a run's sources, made before anything is read: the work list of the run.

Every entry that was listed gets an outcome. What is gone when its turn comes has failed as
vanished; what appears later is noticed by listing the sources again at the end. The file lies in
the run's state and holds names as JSON, one line for each entry that is not a folder.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, assert_never

from hashmatch.model import names
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from hashmatch.model.evidence import Entry

FILE = "listing.jsonl"
Listed = tuple[int, Item | Failed | Skipped]


def noter(out: BinaryIO, source: int) -> Callable[[Entry], None]:
    """Give what writes each entry of one source to a file; it raises ``OSError``."""

    def note(entry: Entry) -> None:
        if not isinstance(entry, Folder):
            line = {"s": source, **names.to_json(entry.path), **_facts(entry)}
            out.write(json.dumps(line).encode() + b"\n")

    return note


def read(path: Path) -> Iterator[Listed]:
    """Yield source number and entry, in the order in which they were listed."""
    with path.open("rb") as lines:
        for text in lines:
            line = json.loads(text)
            yield line["s"], _entry(names.from_json(line), line["is"])


def _facts(entry: Item | Failed | Skipped) -> dict[str, list[object]]:
    match entry:
        case Item():
            facts = [entry.size, entry.modified_ns, entry.mode, *entry.identity]
            return {"is": ["item", *facts]}
        case Failed():
            return {"is": ["failed", entry.stage, entry.reason]}
        case Skipped():
            return {"is": ["skipped", entry.rule]}
        case _:
            assert_never(entry)


def _entry(path: bytes, facts: list[object]) -> Item | Failed | Skipped:
    match facts:
        case ["item", int(size), int(modified), int(mode), int(device), int(inode)]:
            return Item(path, size, modified, mode, (device, inode))
        case ["failed", str(stage), str(reason)]:
            return Failed(path, Stage(stage), Reason(reason))
        case ["skipped", str(rule)]:
            return Skipped(path, Rule(rule))
        case _:
            msg = "not a line of a listing"
            raise ValueError(msg)
