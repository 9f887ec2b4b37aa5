"""Open every item that has a hit once more, by its locator alone, and digest it again.

A hit is worth what its locator is worth: whoever reads the report must find the same bytes there.
This is done after the last item was examined and before the run is sealed, from the result file
itself: workers are told nothing of an item but its place.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hashmatch.custody import lines
from hashmatch.errors import CustodyError
from hashmatch.evidence.within import Within, own_layers
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.readings import each
from hashmatch.jobs.shares import BYTES_PER_SECOND
from hashmatch.model import locators
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hashmatch.jobs.pool import Pool
    from hashmatch.jobs.readings import One
    from hashmatch.jobs.windows import Numbered
    from hashmatch.jobs.workers import Order
    from hashmatch.model.records import Json

MOST_NAMED = 100
"""So many items that were not found again are named; all are counted."""

_REGULAR = 0o100000  # the mode of an item of which nothing but its place is known


@dataclass(slots=True)
class Reopened:
    """How many items with hits gave the same digests again.

    ``differed`` were read and are something else; ``unreachable`` could not be read to their end.
    ``named`` are the locators of the first of both, each with a word or two on why.
    """

    items: int = 0
    agreed: int = 0
    differed: int = 0
    unreachable: int = 0
    named: list[tuple[str, str]] = field(default_factory=list)

    @property
    def missed(self) -> int:
        """Those that were not found again as they were."""
        return self.differed + self.unreachable

    def to_json(self) -> dict[str, Json]:
        """Give it as the run record has it."""
        named: list[Json] = [{"locator": where, "why": why} for where, why in self.named]
        return {
            "items": self.items,
            "agreed": self.agreed,
            "differed": self.differed,
            "unreachable": self.unreachable,
            "named": named,
        }

    def note(self, wanted: Hit, read: object) -> None:
        """Count one item by what came of it now."""
        if not isinstance(read, Reading):
            reason = getattr(read, "reason", None)
            self.unreachable += 1
            self._name(wanted, str(reason or "not found again"))
        elif wanted.sha256 == _sha256(read):
            self.agreed += 1
        else:
            self.differed += 1
            self._name(wanted, "other digests")

    def _name(self, wanted: Hit, why: str) -> None:
        if len(self.named) < MOST_NAMED:
            self.named.append((wanted.locator, why))


@dataclass(frozen=True, slots=True)
class Hit:
    """An item with hits, as the result file names it."""

    source: int
    locator: str
    sha256: str
    size: int

    @property
    def place(self) -> str:
        """The locator without the exhibit."""
        return self.locator.partition("!")[2]


@dataclass(slots=True)
class _Group:
    """Items with hits in one item of a source: that itself, members of it."""

    source: int
    outer: str
    hits: list[Hit] = field(default_factory=list)

    @property
    def walked(self) -> bool:
        """Whether all are found in one pass; a single one is gone down to by its layers."""
        return len(self.hits) > 1


def with_places(order: Order) -> Order:
    """Give an order by which items can be opened by their places alone too, after the others.

    The same sources follow once more, each as one that needs nothing but places.
    """
    limits = order.profile.limits
    again = (Within(one, order.secrets, limits) for one in order.sources)
    return replace(order, sources=(*order.sources, *again))


def reopen(pool: Pool, order: Order, hits: Path, largest: int = 0) -> Reopened:
    """Open all items with hits again and compare their digests.

    Several members of one item are found in one pass through it, by their places, if the run
    looks at members. Memory is bounded by the items under way.

    Args:
        pool: of the run, which was given an order of :func:`with_places`.
        order: the same one.
        hits: the run's file of hits, complete.
        largest: bytes of the largest item that may be there; all may take time for as many.

    Raises:
        CustodyError: the file is not as the run wrote it.
        UsageError: workers cannot be started or confined as far as the order wants.
    """
    found = Reopened()
    if next(_hits(hits), None) is None:
        return found
    under_way: deque[_Group] = deque()
    packing = Packing(order.wanted.algorithms)
    for reads in pool.read(_items(hits, order, under_way), more_bytes=largest):
        for read in reads:
            _compare(under_way.popleft(), list(each([read], packing)), found)
    return found


def _items(hits: Path, order: Order, under_way: deque[_Group]) -> Iterator[Numbered]:
    """Yield what to open, and note whom each is for."""
    first = len(order.sources) // 2
    for number, group in enumerate(_groups(hits)):
        if not 0 <= group.source < first:
            msg = f"{hits.name} names an exhibit that the run does not have"
            raise CustodyError(msg)
        under_way.append(group)
        place = group.outer if group.walked else group.hits[0].place
        name = locators.parse_place(group.outer)[-1].path or b""
        size = sum(one.size for one in group.hits)
        if place != group.outer or group.walked:
            # On the way to a member nothing is told, however large what holds it is, and the time
            # that a worker gets goes by this size. Limits go by the real one, which it finds out.
            size += order.profile.limits.seconds * BYTES_PER_SECOND
        yield first + group.source, Item(name, size, 0, _REGULAR, (0, number), place)


def _compare(group: _Group, came: list[One], found: Reopened) -> None:
    if not group.walked:
        found.items += 1
        found.note(group.hits[0], came[0].read)
        return
    places = {one.item.place if one.item else _place(one): one.read for one in reversed(came)}
    for hit in group.hits:
        found.items += 1
        found.note(hit, places.get(hit.place))


def _place(one: One) -> str:
    return getattr(one.read, "place", "")


def _groups(hits: Path) -> Iterator[_Group]:
    """Put items together that lie in the same item of a source; those follow each other."""
    group: _Group | None = None
    for one in _hits(hits):
        outer = locators.place(own_layers(_layers(one))[0])
        if group is not None and (group.source, group.outer) != (one.source, outer):
            yield group
            group = None
        group = group or _Group(one.source, outer)
        group.hits.append(one)
    if group is not None:
        yield group


def _layers(one: Hit) -> tuple[locators.Layer, ...]:
    return locators.parse_place(one.place)


def _hits(path: Path) -> Iterator[Hit]:
    """Yield the items of a file of hits, each once; its lines follow each other."""
    last = -1
    for number, line in enumerate(lines.objects(path), start=1):
        value: dict[str, Any] = line
        try:
            n = int(value["n"])
            one = Hit(
                int(value["source"]),
                str(value["locator"]),
                str(value["sha256"]),
                int(value["size"]),
            )
            _layers(one)
        except (LookupError, TypeError, ValueError):
            msg = f"{path.name} line {number} does not name an item as a run does"
            raise CustodyError(msg) from None
        if n != last:
            yield one
        last = n


def _sha256(reading: Reading) -> str:
    return next(one.hex for one in reading.digests if one.algorithm is Algorithm.SHA256)
