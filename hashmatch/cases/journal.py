"""The resume journal: how far each result file is known to be on the disk, and the tally there.

A line is added only after the result files are synced, so whatever follows the journal's last
whole line may be torn and is cut off on resume. The journal itself may end in a torn line.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from hashmatch.custody import canonical
from hashmatch.model.outcomes import Tally

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.model.records import Json

FILE = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to resume from: entries written, length of each result file, tally so far."""

    entries: int
    lengths: tuple[int, ...]
    tally: dict[str, Json]

    def restored_tally(self) -> Tally:
        """The tally as it stood at this point."""
        fields = {k: Counter(v) if isinstance(v, dict) else v for k, v in self.tally.items()}
        return Tally(**fields)  # type: ignore[arg-type]  # what asdict() took apart


START = Mark(0, (0, 0, 0), {})


def mark(entries: int, lengths: tuple[int, ...], tally: Tally) -> Mark:
    """Describe the present point of a run."""
    return Mark(entries, lengths, asdict(tally))


def append(state: Path, point: Mark) -> None:
    """Add a point and sync it; raises ``OSError`` when the disk does not take it."""
    line = canonical.encode(
        {"entries": point.entries, "lengths": list(point.lengths), "tally": point.tally}
    )
    with (state / FILE).open("ab") as out:
        out.write(line + b"\n")
        out.flush()
        os.fsync(out.fileno())


def last(state: Path) -> Mark:
    """Read the last whole line; ``START`` when nothing was written down yet."""
    try:
        lines = (state / FILE).read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return START
    for line in reversed(lines):
        try:
            fields = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            continue  # bytes that never were a line: the power went while it was written
        if fields:
            return Mark(fields["entries"], tuple(fields["lengths"]), fields["tally"])
    return START
