"""Examine sources against the installed sets and keep a sealed record of it in a case."""

from __future__ import annotations

import itertools
import os
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.cases import casefile, listing
from hashmatch.cases.layout import CaseFolder
from hashmatch.cases.run_writer import RunWriter
from hashmatch.custody.keys import SigningKey
from hashmatch.errors import HashmatchError, OutputError, UsageError
from hashmatch.evidence import protection
from hashmatch.hashing import video_file
from hashmatch.jobs import (
    choice,
    disk_order,
    hasher_trial,
    phone_names,
    runs,
    seal,
    sealed_secrets,
    set_gaps,
)
from hashmatch.jobs.confinement.levels import weakest
from hashmatch.jobs.lister import Terms
from hashmatch.jobs.media import Media
from hashmatch.jobs.meter import Meter
from hashmatch.jobs.open_case import ledger_of
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.plan import Plan, frames_for, protected, sources_from
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.readings import outcomes
from hashmatch.jobs.reopen import reopen, with_places
from hashmatch.jobs.scan_request import Progress, Request, Result
from hashmatch.jobs.self_test import self_test
from hashmatch.jobs.unpacker import offered
from hashmatch.jobs.workers import Order
from hashmatch.matching.matcher import Matcher
from hashmatch.model.hashes import Method
from hashmatch.model.people import Operator
from hashmatch.model.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from hashmatch.cases.layout import RunFolder
    from hashmatch.db.library import Library
    from hashmatch.db.manifest import Manifest
    from hashmatch.evidence.protection import Protection
    from hashmatch.evidence.state import SourceState
    from hashmatch.jobs.medium_account import Account
    from hashmatch.jobs.verifying import Checking
    from hashmatch.model.evidence import Source
    from hashmatch.model.people import Setting
    from hashmatch.model.tally import Tally

__all__ = ["Progress", "Request", "Result", "scan"]

SYNC_SECONDS = 2.0
"""A kill costs at most so much finished work, and what the windows under way had found."""


def scan(
    request: Request,
    library: Library,
    setting: Setting,
    show: Callable[[Progress | Checking], None],
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
        UsageError: nothing to examine or nothing to match against, a hasher that was asked for
            cannot be used, or workers are not confined as far as was asked for; evidence untouched.
        HashSetError: a set is not byte for byte the one that was installed.
        CaseError: no case, or another run in it is unfinished.
        OutputError: the case folder does not take the record; the run stays resumable.
        EvidenceError: a source cannot be used, or is not what it was when the run was interrupted.
    """
    case = casefile.read(request.case)
    sources = sources_from(
        request.sources,
        outputs=_outputs(request.case, library),
        wishes=request.wishes,
        apart=(request.case,),
    )
    protections = protected(sources, allow_rw_mount=request.allow_rw_mount)
    manifests = tuple(library.resolve(request.sets))
    operator = Operator(request.operator or case.operator, case.agency)
    casefile.require_plain("operator", operator.name)
    wanted = _wanted(request, manifests)
    mode = request.confine
    computed_by = hasher_trial.implementations(wanted.methods, mode.target, request.limits.memory)
    order = with_places(
        Order(
            sources,
            wanted,
            request.limits,
            mode.target,
            mode.least,
            request.profile,
            request.secrets,
            offered(request.profile, request.limits),
        )
    )
    with ExitStack() as stack:
        pool = stack.enter_context(closing(Pool(order, request.workers)))  # they load meanwhile
        answers = self_test(wanted.algorithms)
        answers += [(name, True) for name in computed_by if name != Method.PDQ]
        media = stack.enter_context(closing(_media(request, sources, pool, show)))
        media.open()
        ledger = stack.enter_context(ledger_of(request.case, setting, signing_key, operator))
        sets = tuple(stack.enter_context(library.open_set(one.version)) for one in manifests)
        key = SigningKey.load(signing_key)
        media.check()
        before = _list(media, CaseFolder(request.case).listing)
        phones = phone_names.give(CaseFolder(request.case).listing, sources, _terms(request, pool))
        plan = Plan(
            sources=sources,
            before=before,
            sets=manifests,
            wanted=wanted,
            near=request.near,
            limits=request.limits,
            hashers=computed_by,
            tool=setting.tool
            | pool.report().tools
            | (video_file.versions() if wanted.videos else {}),
            profile=request.profile,
            verify=request.verify,
            secrets=sealed_secrets.word(request.secrets, key),
        )
        folder, resumed = runs.begin_or_resume(
            request.case, plan, ledger, setting, pool.report().level, new_run=request.new_run
        )
        CaseFolder(request.case).listing.replace(folder.state / listing.FILE)
        gaps = set_gaps.find(sets, plan.computed)
        matcher = Matcher(sets, request.near, wanted.methods)
        tally = _examine(pool, plan, matcher, folder, key, show)
        reopened = reopen(pool, order, folder.hits, max(one.bytes for one in before))
        tally.reopened_differ = reopened.missed
        tally.uncompared_records = sum(one.records for one in gaps if one.notable)
        after = media.after()
        accounts = media.accounts()
        _settle(tally, before, after, accounts.values())
        tally.backups_locked = sum(one.shut for one in phones)
        finished = seal.Finished(
            case=case,
            operator=operator,
            plan=plan,
            after=after,
            started=runs.moments(ledger, "run.start", folder.run_id)[0],
            resumed=runs.moments(ledger, "run.resume", folder.run_id),
            workers=request.workers,
            sandbox=weakest([pool.report().level, *runs.sandboxes(ledger, folder.run_id)]),
            self_test=answers,
            tally=tally,
            gaps=gaps,
            reopened=reopened,
            media=accounts,
            phones=phones,
            protections=protections,
            secrets=request.secrets.count,
        )
        found = seal.seal(folder, finished, ledger, setting)
    expired = tuple(one.name for one in manifests if one.expired(setting.clock().date()))
    more = (tuple(accounts.values()), phones, tuple(_written(sources, protections)))
    return Result(folder, tally, resumed, found, expired, gaps, *more, request.profile.left_out)


def _written(sources: Sequence[Source], found: Sequence[Protection]) -> Iterator[str]:
    """Warn of devices that are mounted for writing."""
    for source, one in zip(sources, found, strict=True):
        if source.kind == "device" and (words := protection.warning(one, source.location)):
            yield words


def _outputs(case: Path, library: Library) -> tuple[Path, ...]:
    """The folders that are written to, or that hold what must stay as it is."""
    folder = CaseFolder(case)
    return (folder.runs, folder.reports, folder.ledger.parent, library.folder)


def _wanted(request: Request, manifests: Sequence[Manifest]) -> Wanted:
    """Say which hashes are computed; some set must be able to use one."""
    wanted = Wanted(
        choice.digests_for(manifests, request.digests),
        choice.methods_for(manifests, request.hashes),
        request.effort,
        videos=request.videos and frames_for(manifests),
    )
    choice.refuse_idle(manifests, wanted)
    return wanted


def _media(
    request: Request,
    sources: Sequence[Source],
    pool: Pool,
    show: Callable[[Checking], None],
) -> Media:
    """Say how images are opened and listed: confined as the workers are."""
    return Media(sources, _terms(request, pool), request.verify, show)


def _terms(request: Request, pool: Pool) -> Terms:
    return Terms(pool.report().level, request.confine.least, request.limits.memory)


def _list(media: Media, target: Path) -> tuple[SourceState, ...]:
    """List every source before anything is read; the listing is the work list of the run."""
    try:
        target.unlink(missing_ok=True)  # of a scan that stopped here; a link must not be followed
        handle = durable.open_own(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(handle, "wb") as out:
            states = tuple(
                media.state(number, listing.noter(out, number)) for number in media.numbers
            )
        disk_order.arrange(target, media.images)
    except OSError as error:
        msg = f"the listing of the evidence could not be written to {target}: {error.strerror}"
        raise OutputError(msg) from None
    if not media.images and not any(one.entries for one in states):
        target.unlink()
        msg = "there is no file in the evidence, only folders; is the exhibit mounted there?"
        raise UsageError(msg)
    return states


def _settle(
    tally: Tally,
    before: Sequence[SourceState],
    after: Sequence[SourceState],
    media: Iterable[Account],
) -> None:
    """Close the account: every entry that was seen has ended in exactly one way.

    ``tally.seen`` has the members that came from workers; what was listed is added to it.
    """
    tally.media_doubtful = sum(one.doubtful for one in media)
    tally.folders = sum(one.folders for one in before)
    tally.seen += sum(one.entries for one in before)
    tally.changed_source = [one.digest for one in before] != [one.digest for one in after]
    if not tally.balanced():
        msg = (
            f"{tally.seen} entries were seen but {tally.examined} examined, {tally.failed} failed "
            f"and {tally.skipped} skipped: entries were lost; please report this"
        )
        raise HashmatchError(msg)


def _examine(
    pool: Pool,
    plan: Plan,
    matcher: Matcher,
    folder: RunFolder,
    key: SigningKey,
    show: Callable[[Progress], None],
) -> Tally:
    """Bring every entry that is not written yet from the listing to the result files."""
    with ExitStack() as stack:
        writer = stack.enter_context(
            RunWriter(
                folder,
                key,
                near=matcher.compares_pictures,
                quality_gate=plan.near.quality_gate,
                videos=matcher.compares_videos and plan.wanted.videos,
            )
        )
        meter = Meter(plan, writer.tally.bytes, show)
        listed = listing.read(folder.state / listing.FILE)
        synced = time.monotonic()
        packing, members = Packing(plan.wanted.algorithms), writer.tally.inside
        for reads in pool.read(itertools.islice(listed, writer.entries, None)):
            members += sum([len(inside) for *_, inside in reads])
            for one, outcome in outcomes(reads, packing, matcher):
                writer.write(one.source, outcome, inside=one.inside)
            if time.monotonic() - synced > SYNC_SECONDS:
                writer.sync()
                synced = time.monotonic()
            meter.show(writer)
        writer.sync()
        writer.tally.seen = members
        return writer.tally
