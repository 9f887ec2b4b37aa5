"""Which rows of a list a cleaned copy leaves out, and the copying."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.formats.csv_rows import DELIMITERS
from hashmatch.linting.rule import Level
from hashmatch.linting.rules.relations import REPEATED

if TYPE_CHECKING:
    from hashmatch.linting.finding import Sighting
    from hashmatch.linting.rule import Rule

_VALUES = "HM1"
"""Rules about single values and rows begin like this."""

SPANNING = "left in: a quote does not close on the row's first line"
DIFFERENT = "left in: the row differs from the other one in some cell"


@dataclass(slots=True)
class Removal:
    """Gathers rows while a run finds them: errors about values, and rows that stand twice.

    ``wrong`` has the rule for each row; ``later`` and ``earlier`` are the two rows of each pair.
    """

    wrong: dict[int, str] = field(default_factory=dict)
    later: set[int] = field(default_factory=set)
    earlier: set[int] = field(default_factory=set)

    def take(self, sighting: Sighting) -> None:
        """Note all rows of a sighting."""
        level = sighting.level or sighting.rule.level
        if sighting.rule is REPEATED:
            self.later.update(map(int, sighting.places))
            self.earlier.update(map(int, sighting.other))
        else:
            for place in sighting.places:
                self.note(sighting.rule, level, int(place))

    def note(self, rule: Rule, level: Level, place: int) -> None:
        """Note one row, if the finding is an error about a value."""
        if level is Level.ERROR and rule.id.startswith(_VALUES):
            self.wrong[place] = min(rule.id, self.wrong.get(place, rule.id))

    def copy(self, source: BinaryIO, target: BinaryIO) -> Counter[str]:
        """Copy all other lines byte for byte.

        A row is left out as the second of two only where both are the same to the last byte; one
        that goes on in the next line is never left out, since it would be torn apart.

        Returns:
            How many rows were left out by rule, and how many were left in and why.
        """
        counts: Counter[str] = Counter()
        seen: set[bytes] = set()
        for place, line in enumerate(source, 1):
            why = self._why(place, line, seen)
            if why is not None:
                counts[why] += 1
            if why in {None, SPANNING, DIFFERENT}:
                target.write(line)
        return counts

    def _why(self, place: int, line: bytes, seen: set[bytes]) -> str | None:
        """Say why a row is left out, or remarkably left in; None for all others."""
        if not (place in self.wrong or place in self.later or place in self.earlier):
            return None
        if place in self.earlier and place not in self.later and place not in self.wrong:
            seen.add(_print(line))
            return None
        if b'"' in line and not _closes(line):
            return SPANNING
        if place in self.wrong:
            return self.wrong[place]
        digest = _print(line)
        if digest in seen:
            return REPEATED.id
        seen.add(digest)
        return DIFFERENT


def _print(line: bytes) -> bytes:
    return hashlib.blake2b(line.rstrip(b"\r\n"), digest_size=16).digest()


def _closes(line: bytes) -> bool:
    """Tell whether no reader would look for the end of a cell in the next line."""
    text = line.decode("latin-1").rstrip("\r\n")
    return all(_splits(text, one) for one in DELIMITERS)


def _splits(text: str, delimiter: str) -> bool:
    try:
        list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True
