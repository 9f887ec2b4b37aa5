"""Count the hits of a finished run by set, category, disposition and claim."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.model.records import Json

_KEYS = ("set", "scheme", "category", "disposition", "claim")


@dataclass(slots=True)
class _Row:
    hits: int = 0
    items: int = 0
    last: int = -1
    digests: set[str] = field(default_factory=set)

    def add(self, line: dict[str, Json]) -> None:
        self.hits += 1
        if line["n"] != self.last:
            self.items += 1
            self.last = int(str(line["n"]))
            self.digests.add(str(line["sha256"]))


def count(hits: Path) -> list[dict[str, Json]]:
    """Count ``hits.jsonl``.

    Memory grows with the number of different files that hit, not with the evidence.

    Returns:
        One row for each combination, in a stable order: ``items`` counts paths, ``distinct``
        different contents by SHA-256, ``hits`` agreements with records.
    """
    rows: dict[tuple[Json, ...], _Row] = {}
    with hits.open("rb") as lines:
        for text in lines:
            line = json.loads(text)
            rows.setdefault(tuple(line[key] for key in _KEYS), _Row()).add(line)
    return [
        dict(zip(_KEYS, key, strict=True))
        | {"items": row.items, "distinct": len(row.digests), "hits": row.hits}
        for key, row in sorted(rows.items(), key=lambda pair: [str(part) for part in pair[0]])
    ]
