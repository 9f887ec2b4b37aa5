"""What waits in the parent for an entry before it; and how that entry is brought on alone.

Results leave in the order of the listing. Members of many containers behind one entry that takes
long would fill the memory, so nothing else is begun where too many wait.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Collection

    from hashmatch.jobs.shares import Busy, Share
    from hashmatch.jobs.windows import Window

HELD = 256 << 20
"""Bytes of members that may wait for an entry before theirs; from then on only that one goes on."""


def is_full(pending: Collection[Window], crew: Collection[Busy]) -> bool:
    """Tell whether so much waits for the first entry that is missing that no other is begun.

    What came of that one itself does not count: it cannot get less by waiting.

    Args:
        pending: the windows under way, in their order.
        crew: all workers.
    """
    held = sum(one.weight for one in pending) + sum(one.weight for one in crew)
    if held <= HELD or not pending:
        return False
    window, place = first_missing(pending)
    return held - sum(one.weight for one in crew if one.has(window, place)) > HELD


def runs_ahead(busy: Busy, pending: Collection[Window], crew: Collection[Busy]) -> bool:
    """Tell whether a worker would only add to what waits by the next item of its share."""
    if not busy.shares or not is_full(pending, crew):
        return False
    share = busy.shares[0]
    window, place = first_missing(pending)
    return share.window is not window or share.places[0] != place


def first_missing(pending: Collection[Window]) -> tuple[Window, int]:
    """Give the window and the place of the first entry that cannot leave yet."""
    window = next(iter(pending))
    return window, window.given + window.ready()


def holding(shares: deque[Share], window: Window, place: int) -> Share | None:
    """Find the share of an entry."""
    return next((one for one in shares if one.window is window and place in one.places), None)


def alone(shares: deque[Share], share: Share, place: int) -> Share:
    """Take one entry out of a share; the others of it stay where they were."""
    at = next(at for at, one in enumerate(shares) if one is share)
    del shares[at]
    if others := tuple(one for one in share.places if one != place):
        shares.insert(at, replace(share, places=others))
    return replace(share, places=(place,))
