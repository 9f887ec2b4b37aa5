"""What left a pool, entry by entry: items and their members alike, each with its own names.

Paths and places of an item's members are put together here, of what the listing says of the item:
a worker, which a hostile file may have taken over, cannot speak for any other item.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hashmatch.model import locators
from hashmatch.model.evidence import Item
from hashmatch.model.outcomes import Examined, Failed, Reading, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.jobs.packing import Packing
    from hashmatch.jobs.windows import Read
    from hashmatch.matching.matcher import Matcher
    from hashmatch.model.outcomes import Member, Outcome

_TOGETHER = 1024
"""Entries looked up together; an archive may give very many at once."""


@dataclass(frozen=True, slots=True)
class One:
    """One entry.

    ``item`` is there for one that was read; ``inside`` tells a member from what was listed.
    """

    source: int
    item: Item | None
    read: Reading | Failed | Skipped
    inside: bool = False


def each(reads: Iterable[Read], packing: Packing) -> Iterator[One]:
    """Yield every item, and after it its members."""
    for source, item, read, inside in reads:
        if item is None:
            yield One(source, None, read)
            continue
        if isinstance(read, Failed):
            failed = Failed(item.path, read.stage, read.reason, item.place, item.facts)
            yield One(source, None, failed)
        else:
            yield One(source, item, read)
        for packed in inside:
            yield _member(source, item, packing.member(packed))


def outcomes(
    reads: Iterable[Read], packing: Packing, matcher: Matcher
) -> Iterator[tuple[One, Outcome]]:
    """Yield how every entry ended, looked up a batch at a time."""
    entries = each(reads, packing)
    while batch := list(itertools.islice(entries, _TOGETHER)):
        readings = [one.read for one in batch if isinstance(one.read, Reading)]
        hits = iter(matcher.match(readings))
        for one in batch:
            item, read = one.item, one.read
            if not isinstance(read, Reading):
                yield one, read
            elif item is not None:
                found = (item.path, item.size, item.modified_ns, read, next(hits))
                yield one, Examined(*found, item.place, item.facts)


def _member(source: int, item: Item, member: Member) -> One:
    path = item.path + member.path
    place = item.place or locators.in_folder(item.path)
    place = f"{place}!{member.place}" if member.place else place
    if isinstance(member.read, Reading):
        found = Item(path, member.size, member.modified_ns, item.mode, (0, 0), place, member.facts)
        return One(source, found, member.read, inside=True)
    named = replace(member.read, path=path, place=place, facts=member.facts)
    return One(source, None, named, inside=True)
