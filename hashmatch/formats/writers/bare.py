"""Write the values of one kind of hash, one a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.errors import UsageError
from hashmatch.formats.interface import TYPES
from hashmatch.formats.writers.parts import count_measures, count_rest, kinds, values_of
from hashmatch.model.hashes import Algorithm, Method

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.formats.writers.interface import About, Records, Written


@dataclass(frozen=True, slots=True)
class BareValues:
    """Writes values alone; everything else about a record is left out.

    ``headers`` gives the first line for each kind that may be written; where it is None every
    kind may, without such a line. ``upper`` writes capital letters.
    """

    name: str
    title: str
    headers: Mapping[Algorithm | Method, str] | None = None
    upper: bool = False
    reader: str = "plain"
    chosen: bool = True

    def write(self, records: Records, about: About, told: Written) -> Iterator[bytes]:
        """Write the values of the chosen kind.

        Raises:
            UsageError: no kind was chosen and the set has several, or it cannot be written here.
        """
        kind = self._kind(records, about)
        if self.headers is not None:
            yield f"{self.headers[kind]}\n".encode()
        for one in records():
            values = values_of(one.record, kind)
            if not values:
                told.left_out[f"no {kind}"] += 1
                continue
            told.records += 1
            others = len(one.record.digests) + len(one.record.perceptual) - len(values)
            if others:
                told.values[f"hashes other than {kind}"] += others
            count_rest(one.record, told)
            count_measures((v for v in one.record.perceptual if v.method is kind), told)
            text = "".join(f"{value}\n" for value in values)
            yield (text.upper() if self.upper else text).encode()

    def _kind(self, records: Records, about: About) -> Algorithm | Method:
        allowed = [*self.headers] if self.headers is not None else [*Algorithm, *Method]
        if about.algorithm is None:
            found = {kind for one in records() for kind in kinds(one.record)}.intersection(allowed)
            if len(found) == 1:
                return found.pop()
            known = ", ".join(sorted(found)) or "none that can be written so"
            msg = f"{self.title} holds one kind of hash; name it with --algorithm, of {known}"
            raise UsageError(msg)
        for kind in allowed:
            if kind == about.algorithm and kind in TYPES:
                return kind
        msg = f"--algorithm names no kind that a {self.title} holds; of {', '.join(allowed)}"
        raise UsageError(msg)
