"""Look at what is most promising first, and stop early: an answer on the scene, not a scan.

Files are read, confined, decoded and compared exactly as in a scan. What differs is the order,
that it may stop before the end, and that nothing is kept. So it can say what was found, and never
that nothing is there.
"""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from hashmatch.errors import ExitCode
from hashmatch.evidence.opening import Wishes
from hashmatch.jobs import choice, set_gaps
from hashmatch.jobs.confinement.levels import Mode
from hashmatch.jobs.examine import Limits
from hashmatch.jobs.lister import Terms
from hashmatch.jobs.media import Media
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.plan import frames_for, sources_from
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.readings import outcomes
from hashmatch.jobs.triage_listing import Listing
from hashmatch.jobs.undisturbed import undisturbed
from hashmatch.jobs.verifying import Verify
from hashmatch.jobs.windows import Span
from hashmatch.jobs.workers import Order
from hashmatch.matching.matcher import Matcher
from hashmatch.model.evidence import Item
from hashmatch.model.hits import Disposition
from hashmatch.model.outcomes import Examined
from hashmatch.model.profile import ProfileName, profile
from hashmatch.model.tally import Tally
from hashmatch.model.wanted import Effort, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import FrameType

    from hashmatch.db.library import Library
    from hashmatch.jobs.windows import Numbered, Read
    from hashmatch.matching.near import Limits as NearLimits
    from hashmatch.model.evidence import Source
    from hashmatch.model.hits import Hit
    from hashmatch.model.outcomes import Outcome
    from hashmatch.model.people import Clock

_PORTION = 64
_LARGE = 16 << 20
_PATIENCE = 0.2
"""Seconds that entries wait at most for others to be listed."""

_ENDINGS = {signal.SIGALRM, signal.SIGINT, signal.SIGTERM}

_SPAN = Span(entries=_PORTION, bytes=_PORTION * _LARGE)
"""Entries are read in portions, each to its end: no hit waits for what is less promising, nor
for a large file, as those are portions of their own."""


class Stop(StrEnum):
    """Why a triage ended."""

    END = "everything-listed-was-read"
    ENOUGH = "enough-hits"
    TIME = "time-is-over"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asked for.

    ``stop_after`` is a number of items with notable hits, ``seconds`` a time from the start;
    None for no such limit. Videos are decoded with more than the least effort only.
    """

    sources: tuple[Path, ...]
    sets: tuple[str, ...]
    near: NearLimits
    workers: int
    stop_after: int | None = None
    seconds: float | None = None
    effort: Effort = Effort.FAST
    limits: Limits = field(default_factory=Limits)
    confine: Mode = Mode.AUTO


@dataclass(frozen=True, slots=True)
class Found:
    """One item that agrees with records which are not benign."""

    source: Source
    item: Examined
    hits: tuple[Hit, ...]


@dataclass(slots=True)
class Result:
    """How far a triage came. ``folders_waiting`` were not even listed.

    ``tally.seen`` counts what was listed; what was not examined, failed or skipped of it was not
    reached. ``expired`` names sets whose publisher no longer stands behind them.
    """

    tally: Tally
    stop: Stop
    folders_waiting: int
    expired: tuple[str, ...]

    @property
    def not_reached(self) -> int:
        """Entries that were listed and not looked at."""
        tally = self.tally
        return tally.seen - tally.examined - tally.failed - tally.skipped

    def exit_code(self) -> ExitCode:
        """Tell in one number: without a hit always incomplete, since this is no examination."""
        if not (self.tally.items_with_notable_hits or self.tally.items_with_leads):
            return ExitCode.INCOMPLETE
        tally_code = self.tally.exit_code()
        whole = not self.not_reached and not self.folders_waiting
        return tally_code if whole else ExitCode.HITS_INCOMPLETE


def triage(
    request: Request, library: Library, clock: Clock, show: Callable[[Found], None]
) -> Result:
    """Examine until one of the limits is reached, Ctrl-C is pressed, or nothing is left.

    Args:
        request: what to examine, against what, for how long.
        library: the open library.
        clock: says what is recent.
        show: called at once with each item that hits.

    Raises:
        UsageError: nothing to examine or nothing to match against, or workers are not confined as
            far as was asked for; evidence untouched.
        EvidenceError: a source cannot be used.
        HashSetError: a set is not byte for byte the one that was installed.
    """
    began = time.monotonic()
    quick = profile(ProfileName.QUICK)
    wishes = Wishes(deleted=quick.deleted, carve=quick.carve)
    sources = sources_from(request.sources, outputs=(library.folder,), wishes=wishes)
    manifests = tuple(library.resolve(request.sets))
    videos = request.effort is not Effort.FAST and frames_for(manifests)
    wanted = Wanted(choice.digests_for(manifests), effort=request.effort, videos=videos)
    choice.refuse_idle(manifests, wanted)
    now = clock()
    expired = tuple(one.name for one in manifests if one.expired(now.date()))
    with ExitStack() as stack:
        sets = tuple(stack.enter_context(library.open_set(one.version)) for one in manifests)
        mode = request.confine
        order = Order(sources, wanted, request.limits, mode.target, mode.least, quick)
        pool = stack.enter_context(closing(Pool(order, request.workers, span=_SPAN)))
        terms = Terms(pool.report().level, mode.least, request.limits.memory)
        media = stack.enter_context(closing(Media(sources, terms, Verify.NONE, lambda _: None)))
        now_ns = int(now.timestamp()) * 10**9
        listing = stack.enter_context(closing(Listing(sources, now_ns, media.entries)))
        look = _Look(request, sources, Matcher(sets, request.near), show, wanted)
        gaps = set_gaps.find(sets, choice.computed(wanted))
        look.tally.uncompared_records = sum(one.records for one in gaps if one.notable)
        left = None if request.seconds is None else began + request.seconds - time.monotonic()
        stop = look.until_stopped(pool, listing, left)
    look.tally.seen = listing.seen
    return Result(look.tally, stop, listing.waiting, expired)


class _Over(BaseException):
    """The time is over; like an interruption, no handler of errors may keep it."""


@contextmanager
def _alarm(seconds: float | None) -> Iterator[None]:
    """Raise :class:`_Over` in the block after so many seconds, wherever it is."""
    if seconds is None:
        yield
        return

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise _Over

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _portions(entries: Iterable[Numbered | None], most_large: int) -> Iterator[list[Numbered]]:
    """Put entries into portions: small items, or a few large ones, or what came in some time."""
    portion: list[Numbered] = []
    before, began = False, 0.0
    for entry in entries:
        large = entry is not None and isinstance(entry[1], Item) and entry[1].size > _LARGE
        full = len(portion) >= (most_large if before else _PORTION)
        late = time.monotonic() - began > _PATIENCE
        if portion and (full or late or (entry is not None and large != before)):
            yield portion
            portion = []
        if entry is not None:
            if not portion:
                before, began = large, time.monotonic()
            portion.append(entry)
    if portion:
        yield portion


class _Look:
    """Takes results as they come."""

    def __init__(
        self,
        request: Request,
        sources: tuple[Source, ...],
        matcher: Matcher,
        show: Callable[[Found], None],
        wanted: Wanted,
    ) -> None:
        self.tally = Tally()
        self._request = request
        self._sources = sources
        self._matcher = matcher
        self._show = show
        self._videos = wanted.videos
        self._packing = Packing(wanted.algorithms)

    def until_stopped(self, pool: Pool, listing: Listing, seconds: float | None) -> Stop:
        """Go on until something ends it."""
        try:
            with _alarm(seconds):
                for portion in _portions(listing, 2 * self._request.workers):
                    for reads in pool.read(portion):
                        self._take(reads)
                        if self._enough():
                            return Stop.ENOUGH
        except _Over:
            return Stop.TIME
        except KeyboardInterrupt:
            return Stop.INTERRUPTED
        return Stop.END

    def _enough(self) -> bool:
        most = self._request.stop_after
        return most is not None and self.tally.items_with_notable_hits >= most

    def _take(self, reads: list[Read]) -> None:
        for one, found in outcomes(reads, self._packing, self._matcher):
            hits = found.hits if isinstance(found, Examined) else ()
            notable = [h for h in hits if h.disposition is not Disposition.BENIGN]
            # No ending comes between: what was shown is counted, and nothing else.
            with undisturbed(_ENDINGS) if notable else nullcontext():
                if isinstance(found, Examined) and notable:
                    self._show(Found(self._sources[one.source], found, tuple(notable)))
                self.tally.inside += one.inside
                self._count(found)
            if self._enough():
                return

    def _count(self, outcome: Outcome) -> None:
        self.tally.add(
            outcome,
            near=self._matcher.compares_pictures,
            quality_gate=self._request.near.quality_gate,
            videos=self._videos and self._matcher.compares_videos,
        )
