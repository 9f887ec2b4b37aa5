"""The resume journal: how far each result file is known to be on the disk, and the tally there.

A line is added only after the result files are synced, so whatever follows the journal's last
whole line may be torn and is cut off on resume. The journal itself may end in a torn line.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.custody import canonical
from hashmatch.model.outcomes import Tally

if TYPE_CHECKING:
    from pathlib import Path

FILE = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to resume from: entries written, length of each result file, tally so far."""

    entries: int
    lengths: tuple[int, ...]
    tally: Tally


def start() -> Mark:
    """The point where nothing is written yet."""
    return Mark(0, (0, 0, 0), Tally())


def append(state: Path, point: Mark) -> None:
    """Add a point and sync it; raises ``OSError`` when the disk does not take it."""
    line = canonical.encode(
        {"entries": point.entries, "lengths": list(point.lengths), "tally": point.tally.to_json()}
    )
    with (state / FILE).open("ab") as out:
        out.write(line + b"\n")
        out.flush()
        os.fsync(out.fileno())


def last(state: Path) -> Mark:
    """Read the last whole line; :func:`start` when nothing was written down yet."""
    try:
        lines = (state / FILE).read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return start()
    for line in reversed(lines):
        try:
            fields = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            continue  # bytes that never were a line: the power went while it was written
        if fields:
            return Mark(
                fields["entries"], tuple(fields["lengths"]), Tally.from_json(fields["tally"])
            )
    return start()
