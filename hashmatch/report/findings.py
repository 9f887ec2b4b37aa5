"""What the hits and problems of a run come to, gathered in one pass with bounded memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Generic, TypeVar

from hashmatch.errors import CustodyError
from hashmatch.model.hits import Claim
from hashmatch.report.lines import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.model.hits import Disposition
    from hashmatch.report.lines import HitLine, ProblemLine
    from hashmatch.report.run_record import Counts

Line = TypeVar("Line")


@dataclass(slots=True)
class Rows(Generic[Line]):
    """The first ``limit`` lines of a table, and how many more there are."""

    limit: int
    shown: list[Line] = field(default_factory=list)
    total: int = 0

    def add(self, line: Line) -> None:
        """Take one more line; it is kept when there is room and counted always."""
        self.total += 1
        if len(self.shown) < self.limit:
            self.shown.append(line)

    @property
    def more(self) -> int:
        """How many lines were counted and are not kept."""
        return self.total - len(self.shown)

    def __iter__(self) -> Iterator[Line]:
        return iter(self.shown)


@dataclass(slots=True)
class Findings:
    """Hits and problems of a run, ready for tables.

    ``strongest`` counts notable items by their strongest claim, so that its values add up to
    the number of items with notable hits and with leads; ``meanings`` counts items by each
    disposition they have, so that an item can count more than once. Leads have no meaning and
    do not count there. ``benign`` is the number of agreements with benign sets that stand in no
    table unless they are part of a conflict.
    """

    exact: Rows[HitLine]
    near: Rows[HitLine]
    leads: Rows[HitLine]
    conflicts: Rows[HitLine]
    problems: Rows[ProblemLine]
    strongest: Counter[Claim] = field(default_factory=Counter)
    meanings: Counter[Disposition] = field(default_factory=Counter)
    by_problem: Counter[Problem] = field(default_factory=Counter)
    benign: int = 0
    disagreeing: int = 0
    viewed: int = 0
    conflict_items: int = 0
    benign_items: int = 0


def gather(
    hits: Iterable[HitLine], problems: Iterable[ProblemLine], counts: Counts, limit: int
) -> Findings:
    """Sort the lines of a run into tables of at most ``limit`` rows.

    Raises:
        CustodyError: the lines do not come to what ``run.json`` counts.
    """
    found = Findings(Rows(limit), Rows(limit), Rows(limit), Rows(limit), Rows(limit))
    for _, group in groupby(hits, key=lambda hit: hit.place.n):
        _add_item(found, list(group))
    for problem in problems:
        found.problems.add(problem)
        found.by_problem[problem.problem] += 1
    _compare(found, counts)
    return found


def _add_item(found: Findings, hits: list[HitLine]) -> None:
    for hit in hits:
        _add_hit(found, hit)
    found.conflict_items += any(hit.conflict for hit in hits)
    found.meanings.update({hit.disposition for hit in hits if hit.claim is not Claim.LEAD})
    claims = {hit.claim for hit in hits if hit.notable}
    if claims:
        found.strongest[next(claim for claim in Claim if claim in claims)] += 1
    else:
        found.benign_items += 1


def _add_hit(found: Findings, hit: HitLine) -> None:
    if hit.conflict:
        found.conflicts.add(hit)
    found.disagreeing += bool(hit.disagreeing)
    found.viewed += hit.viewed
    if not hit.notable:
        found.benign += 1
    elif hit.claim is Claim.LEAD:
        found.leads.add(hit)
    elif hit.claim is Claim.NEAR:
        found.near.add(hit)
    else:
        found.exact.add(hit)


def _compare(found: Findings, counts: Counts) -> None:
    came_to = {
        "hits": found.exact.total + found.near.total + found.leads.total + found.benign,
        "items_with_hits": found.strongest.total() + found.benign_items,
        "items_with_notable_hits": found.strongest.total() - found.strongest[Claim.LEAD],
        "items_with_leads": found.strongest[Claim.LEAD],
        "conflicts": found.conflict_items,
        "failed": found.by_problem[Problem.FAILED],
        "not_compared": found.by_problem[Problem.NOT_COMPARED] + found.by_problem[Problem.PARTIAL],
        "low_quality": found.by_problem[Problem.LOW_QUALITY],
        "partial": found.by_problem[Problem.CONTENT_PARTIAL],
        "videos_not_compared": found.by_problem[Problem.VIDEO_NOT_COMPARED]
        + found.by_problem[Problem.VIDEO_PARTIAL],
        "videos_low_quality": found.by_problem[Problem.VIDEO_LOW_QUALITY],
    }
    for name, number in came_to.items():
        if number != counts[name]:
            msg = (
                f"run.json counts {counts[name]} as {name!r} and the result files hold {number};"
                " the run cannot be reported"
            )
            raise CustodyError(msg)
