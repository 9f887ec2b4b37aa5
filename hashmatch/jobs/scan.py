"""Examine sources against the installed sets and keep a sealed record of it in a case."""

from __future__ import annotations

import itertools
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch import __version__
from hashmatch.cases import casefile
from hashmatch.cases.run_writer import RunWriter
from hashmatch.errors import HashmatchError
from hashmatch.evidence import state
from hashmatch.jobs import runs, seal, tables
from hashmatch.jobs.examine import Limits
from hashmatch.jobs.open_case import ledger_of
from hashmatch.jobs.plan import Plan, algorithms_for, sources_from
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.self_test import self_test
from hashmatch.jobs.workers import Order
from hashmatch.matching.matcher import Matcher
from hashmatch.model.evidence import Folder
from hashmatch.model.outcomes import Examined, Reading
from hashmatch.model.people import Operator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from hashmatch.cases.layout import RunFolder
    from hashmatch.db.library import Library
    from hashmatch.jobs.pool import Numbered, Read
    from hashmatch.matching.near import Limits as NearLimits
    from hashmatch.model.evidence import Source
    from hashmatch.model.outcomes import Outcome, Tally
    from hashmatch.model.people import Setting
    from hashmatch.model.records import Json

SYNC_SECONDS = 2.0
"""At most this much work is done again after a kill."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asked for."""

    folders: tuple[Path, ...]
    case: Path
    sets: tuple[str, ...]
    near: NearLimits
    workers: int
    operator: str | None = None
    new_run: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; totals are from the listing made before anything is read."""

    entries_done: int
    entries_total: int
    bytes_done: int
    bytes_total: int
    bytes_before: int
    hits: int
    failed: int


@dataclass(frozen=True, slots=True)
class Result:
    """A sealed run; ``table`` as :func:`hashmatch.jobs.tables.count` gives it."""

    folder: RunFolder
    tally: Tally
    resumed: bool
    table: list[dict[str, Json]]


def scan(
    request: Request,
    library: Library,
    setting: Setting,
    show: Callable[[Progress], None],
    signing_key: Path,
) -> Result:
    """Run a scan, or go on with the one that was interrupted.

    Args:
        request: what to examine, against what, where to keep the record.
        library: the open library.
        setting: clock, chance and machine.
        show: called with the progress after each batch.
        signing_key: file of the key that signs the case's ledger.

    Raises:
        UsageError: nothing to examine or nothing to match against; evidence untouched.
        HashSetError: a set is not byte for byte the one that was installed.
        CaseError: no case, or another run in it is unfinished.
        OutputError: the case folder does not take the record; the run stays resumable.
        EvidenceError: the sources are not what they were when the run was interrupted.
    """
    case = casefile.read(request.case)
    sources = sources_from(request.folders, outputs=(request.case, library.folder))
    manifests = tuple(library.resolve(request.sets))
    operator = Operator(request.operator or case.operator, case.agency)
    answers = self_test()
    with ExitStack() as stack:
        ledger = stack.enter_context(ledger_of(request.case, setting, signing_key, operator))
        sets = tuple(stack.enter_context(library.open_set(one.version)) for one in manifests)
        for one in sets:
            one.check()
        before = tuple(state.of(source) for source in sources)
        plan = Plan(
            sources, before, manifests, algorithms_for(manifests), request.near, __version__
        )
        folder, resumed = runs.begin_or_resume(
            request.case, plan, ledger, setting, new_run=request.new_run
        )
        matcher = Matcher(sets, request.near)
        tally = _examine(request, plan, matcher, folder, show)
        after = tuple(state.of(source) for source in sources)
        _settle(tally, before, after)
        finished = seal.Finished(
            case=case,
            operator=operator,
            plan=plan,
            after=after,
            started=runs.moments(ledger, "run.start", folder.run_id)[0],
            resumed=runs.moments(ledger, "run.resume", folder.run_id),
            workers=request.workers,
            limits=request.limits,
            self_test=answers,
            tally=tally,
        )
        seal.seal(folder, finished, ledger, setting)
    return Result(folder, tally, resumed, tables.count(folder.hits))


def _settle(
    tally: Tally, before: Sequence[state.SourceState], after: Sequence[state.SourceState]
) -> None:
    """Close the account: every entry that was seen has ended in exactly one way."""
    tally.folders = sum(one.folders for one in before)
    tally.changed_source = [one.digest for one in before] != [one.digest for one in after]
    if not tally.balanced():
        msg = (
            f"{tally.seen} entries were seen but {tally.examined} examined, {tally.failed} failed "
            f"and {tally.skipped} skipped: entries were lost; please report this"
        )
        raise HashmatchError(msg)


def _examine(
    request: Request,
    plan: Plan,
    matcher: Matcher,
    folder: RunFolder,
    show: Callable[[Progress], None],
) -> Tally:
    """Bring every entry that is not written yet from the sources to the result files."""
    near, gate = matcher.compares_pictures, request.near.quality_gate
    order = Order(plan.sources, plan.algorithms, request.limits)
    with ExitStack() as stack:
        writer = stack.enter_context(RunWriter(folder, near=near, quality_gate=gate))
        pool = stack.enter_context(closing(Pool(order, request.workers)))
        meter = _Meter(plan, writer.tally.bytes, show)
        seen, written = itertools.count(), writer.entries
        entries = (entry for entry in _numbered(plan.sources) if next(seen) >= written)
        synced = time.monotonic()
        for reads in pool.read(entries):
            for source, outcome in _outcomes(reads, matcher):
                writer.write(source, outcome)
            if time.monotonic() - synced > SYNC_SECONDS:
                writer.sync()
                synced = time.monotonic()
            meter.show(writer)
        writer.sync()
        writer.tally.seen = next(seen)
        return writer.tally


def _numbered(sources: Sequence[Source]) -> Iterator[Numbered]:
    for number, source in enumerate(sources):
        for entry in source.entries():
            if not isinstance(entry, Folder):
                yield number, entry


def _outcomes(reads: list[Read], matcher: Matcher) -> Iterator[tuple[int, Outcome]]:
    hits = iter(matcher.match([r for _, _, r in reads if isinstance(r, Reading)]))
    for source, item, read in reads:
        if isinstance(read, Reading) and item is not None:
            yield source, Examined(item.path, item.size, item.modified_ns, read, next(hits))
        elif not isinstance(read, Reading):
            yield source, read


@dataclass(frozen=True, slots=True)
class _Meter:
    """Turns what was written into progress."""

    plan: Plan
    bytes_before: int
    tell: Callable[[Progress], None]

    def show(self, writer: RunWriter) -> None:
        self.tell(
            Progress(
                entries_done=writer.entries,
                entries_total=sum(one.entries for one in self.plan.before),
                bytes_done=writer.tally.bytes,
                bytes_total=sum(one.bytes for one in self.plan.before),
                bytes_before=self.bytes_before,
                hits=writer.tally.items_with_hits,
                failed=writer.tally.failed,
            )
        )
