"""What a worker of a pool has to do: a part of a window, and how long it may take for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.evidence import disks
from hashmatch.jobs.guard import ENTERING, READING
from hashmatch.jobs.packing import weight
from hashmatch.jobs.windows import BATCH_BYTES, BATCH_NAMES
from hashmatch.jobs.workers import Task

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable

    from hashmatch.jobs.guard import Spared
    from hashmatch.jobs.packing import PackedMember, Result
    from hashmatch.jobs.windows import Window
    from hashmatch.jobs.workers import Received, Worker
    from hashmatch.model.outcomes import Reason

BYTES_PER_SECOND = 1 << 20
"""A share may take a base time and one second more for each MiB: far slower than any disk."""
_MOST_DEATHS = 12
"""So many workers may one item end before nothing of what it holds is looked into."""
DEPTH = 2
"""Shares that a worker has at once, so that it need not wait while the parent matches."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a window that one worker has, or will get.

    ``again`` is set for an item that was out with a worker that was lost; ``spared`` are steps of
    it that ended workers and are left out, see :mod:`hashmatch.jobs.guard`, ``deaths`` how many
    workers it ended. ``size`` is that of its content, ``names`` of its paths, in bytes.
    """

    window: Window
    places: tuple[int, ...]
    again: bool = False
    spared: Spared = ()
    deaths: int = 0
    size: int = field(init=False)
    names: int = field(init=False)

    def __post_init__(self) -> None:
        items = [self.window.item(at) for at in self.places]
        object.__setattr__(self, "size", sum([item.size for item in items]))
        object.__setattr__(self, "names", sum([len(item.path) for item in items]))

    @property
    def alone(self) -> bool:
        """Whether it is given to idle workers only: again, or more than a pipe or a core holds."""
        return self.again or self.large or self.names > BATCH_NAMES

    @property
    def large(self) -> bool:
        """Whether it is one item of more than a batch."""
        return len(self.places) == 1 and self.size > BATCH_BYTES

    @property
    def disk(self) -> int | None:
        """The disk that should be read at one place at a time for this share, if there is one."""
        item = self.window.item(self.places[0])
        if not self.large or item.place:  # what has a place of its own lies in an image
            return None
        return item.identity[0] if disks.turns(item.identity[0]) else None

    def task(self, *, wide: bool) -> Task:
        """Give what is sent to the worker."""
        entries = self.window.entries
        items = tuple((entries[at][0], self.window.item(at)) for at in self.places)
        return Task(items, wide, self.again, self.spared)

    def seconds(self) -> float:
        """How much longer than the base it may take, for its bytes."""
        return self.size / BYTES_PER_SECOND

    def after(self, count: int) -> Share:
        """What is left when some of it has been answered."""
        return replace(self, places=self.places[count:])

    def sparing(self, step: int, reason: Reason, *, at_once: bool = False) -> Share | None:
        """The same item without a step that ended a worker; None when there is no more to spare.

        An item that cannot even be read has failed. After many deaths its members are read up to
        the last such step only, which is said; if even that fails, nothing of what it holds is
        looked into.

        Args:
            step: where it ended.
            reason: how.
            at_once: not to wait for many deaths.
        """
        deaths = max(self.deaths, _MOST_DEATHS if at_once else 0) + 1
        spared = (*self.spared, (step, reason))
        if [one for one, _ in spared].count(READING) > 1 or deaths > _MOST_DEATHS + 2:
            return None
        if deaths == _MOST_DEATHS + 1:
            before = step if step % 2 else step - 1  # what follows the last that can be read
            spared = (*spared, (before, reason), (before, reason))
        elif deaths > _MOST_DEATHS:
            spared = (*spared, (ENTERING, reason))
        return replace(self, spared=spared, deaths=deaths)

    def again_alone(self) -> Iterable[Share]:
        """Each of its items on its own."""
        return (Share(self.window, (at,), again=True) for at in self.places)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one item: its result, its members before it, roughly how much those take."""

    result: Result
    inside: list[PackedMember]
    weight: int


@dataclass(slots=True)
class Busy:
    """A worker, its shares in their order, and until when it must say something of the first.

    ``end`` is when it must be done with the item it is at, whatever it says. ``inside`` are
    members that came of that item, ``weight`` roughly how many bytes they take, ``step`` where
    the worker is in it.
    """

    worker: Worker
    shares: deque[Share]
    deadline: float = 0.0
    end: float = 0.0
    inside: list[PackedMember] = field(default_factory=list)
    weight: int = 0
    step: int = 0

    def takes(self, share: Share) -> bool:
        """Tell whether a share can be given to it now."""
        if not self.shares:
            return True
        return len(self.shares) < DEPTH and not share.alone and not self.shares[0].alone

    def has(self, window: Window, place: int) -> bool:
        """Tell whether it is at the share of an entry, or will be."""
        return any(one.window is window and place in one.places for one in self.shares)

    def wait(self, now: float, base: float, beyond: float | None) -> None:
        """Say until when something of its first share is to be heard.

        Args:
            now: from when on.
            base: seconds for an item beyond those for its bytes.
            beyond: where an item begins: seconds for all of it, beyond those of reading it twice.
        """
        once = base + self.shares[0].seconds()
        if beyond is not None:
            self.end = now + 2 * once + beyond
        self.deadline = min(now + once, self.end)

    def got_on(self, answer: Received) -> bool:
        """Tell whether an answer says more than that the worker is there."""
        return bool(answer.results) or answer.step > self.step

    def sorted_out(self, share: Share, answer: Received) -> dict[int, Found]:
        """Give the results of a share's items, each with its members, which came before it."""
        found: dict[int, Found] = {}
        places = iter(share.places)
        self.step = answer.step
        for one in answer.results:
            if isinstance(one, tuple):
                self.inside.append(one)
                self.weight += weight(one)
            elif (at := next(places, None)) is not None:
                found[at] = Found(one, self.inside, self.weight)
                self.inside, self.weight = [], 0
        return found
