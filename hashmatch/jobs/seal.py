"""Close a run: its record, its digests, its entry in the ledger."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, cast

from hashmatch import durable
from hashmatch.cases import run_writer
from hashmatch.cases.layout import RESULT_FILES, RUN_RECORD
from hashmatch.custody import canonical, entry, sums
from hashmatch.custody.merkle import Tree
from hashmatch.errors import OutputError
from hashmatch.hashing.hashers import PDQ_DIALECT
from hashmatch.jobs import floods, phone_backups, tables
from hashmatch.jobs.expectation import expectations
from hashmatch.jobs.plan import described
from hashmatch.jobs.reopen import Reopened
from hashmatch.model import locators, names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.cases.casefile import CaseFile
    from hashmatch.cases.layout import RunFolder
    from hashmatch.custody.ledger import Ledger
    from hashmatch.evidence.protection import Protection
    from hashmatch.evidence.state import SourceState
    from hashmatch.jobs.confinement.levels import Level
    from hashmatch.jobs.medium_account import Account
    from hashmatch.jobs.phone_backups import Backup
    from hashmatch.jobs.plan import Plan
    from hashmatch.jobs.set_gaps import Gap
    from hashmatch.model.noted import Expectation, Floods
    from hashmatch.model.people import Operator, Setting
    from hashmatch.model.records import Json
    from hashmatch.model.tally import Tally

SCHEMA = "hashmatch.run/1"


@dataclass(frozen=True, slots=True)
class Finished:
    """All that is known of a run when its last entry is written.

    ``reopened`` tells how the items with hits were found again. ``media`` are the images among the
    sources, by number; ``phones`` are backups of phones; ``protections`` say of each source how it
    is kept from being written to. ``secrets`` is the number of passwords and keys that were given.
    """

    case: CaseFile
    operator: Operator
    plan: Plan
    after: tuple[SourceState, ...]
    started: str
    resumed: tuple[str, ...]
    workers: int
    sandbox: Level
    self_test: list[tuple[str, bool]]
    tally: Tally
    gaps: tuple[Gap, ...]
    reopened: Reopened = field(default_factory=Reopened)
    media: Mapping[int, Account] = field(default_factory=dict)
    phones: tuple[Backup, ...] = ()
    protections: tuple[Protection, ...] = ()
    secrets: int = 0


@dataclass(frozen=True, slots=True)
class Findings:
    """What the hits of a run come to.

    ``table`` as :func:`hashmatch.jobs.tables.count` gives it; ``floods`` are records near to very
    many files; ``chance`` says how many near agreements to expect without any cause.
    """

    table: list[dict[str, Json]]
    floods: Floods
    chance: tuple[Expectation, ...]


def seal(folder: RunFolder, run: Finished, ledger: Ledger, setting: Setting) -> Findings:
    """Write the run record and its sums and enter the end of the run into the ledger.

    May be repeated after a crash: until the ledger holds the end, the run counts as unfinished.

    Raises:
        OutputError: the disk does not take it; the run stays resumable.
    """
    roots = {name: _root(folder, name) for name in RESULT_FILES}
    found = Findings(
        tables.count(folder.hits),
        floods.find(folder.hits),
        tuple(expectations(run.plan.sets, run.tally.queries_by, run.plan.near)),
    )
    try:
        for path in (folder.record, folder.sums):
            path.unlink(missing_ok=True)
        record = canonical.encode(_record(folder, run, roots, found, setting)) + b"\n"
        durable.write_new(folder.record, record)
        sums_sha256 = sums.write(folder.root, (RUN_RECORD, *RESULT_FILES))
    except OSError as error:
        msg = f"the record of the run could not be written to {folder.root}: {error.strerror}"
        raise OutputError(msg) from None
    ledger.append("run.end", _end(folder, run, roots, sums_sha256))
    run_writer.drop_state(folder)
    return found


def _root(folder: RunFolder, name: str) -> str:
    tree = Tree()
    with (folder.root / name).open("rb") as lines:
        for line in lines:
            tree.append(line.removesuffix(b"\n"))
    return tree.root().hex()


def _end(
    folder: RunFolder, run: Finished, roots: dict[str, str], sums_sha256: str
) -> dict[str, Json]:
    tally = run.tally
    return {
        "run": folder.run_id,
        "status": "complete",
        "sums_sha256": sums_sha256,
        "roots": dict(roots),
        "counts": {
            "seen": tally.seen,
            "examined": tally.examined,
            "failed": tally.failed,
            "skipped": tally.skipped,
            "hits": tally.hits,
            "items_with_hits": tally.items_with_hits,
        },
        "exit_code": int(tally.exit_code()),
    }


def _record(
    folder: RunFolder,
    run: Finished,
    roots: dict[str, str],
    found: Findings,
    setting: Setting,
) -> dict[str, Json]:
    now = setting.clock()
    return {
        "schema": SCHEMA,
        "run": folder.run_id,
        "case": {
            "id": run.case.case_id,
            "reference": run.case.reference,
            "agency": run.case.agency,
        },
        "status": "complete",
        "operator": {"name": run.operator.name, "agency": run.operator.agency},
        "started": run.started,
        "finished": entry.instant(now),
        "utc_offset": now.isoformat()[-6:],
        "resumed": list(run.resumed),
        "argv": [names.shown(word) for word in setting.argv],
        "tool": dict(run.plan.tool),
        "host": {"name": setting.host, "system": setting.system},
        "sources": _sources(run),
        "sets": _sets(run),
        "settings": {
            "near_threshold": run.plan.near.threshold,
            "quality_gate": run.plan.near.quality_gate,
            "video_coverage": run.plan.near.video_coverage,
            "algorithms": [str(algorithm) for algorithm in run.plan.wanted.algorithms],
            "methods": [str(method) for method in run.plan.wanted.methods],
            "hashers": run.plan.named_hashers(),
            "pdq_dialect": PDQ_DIALECT,
            "near": str(run.plan.wanted.effort),
            "videos": run.plan.wanted.videos,
            "workers": run.workers,
            "max_pixels": run.plan.limits.pixels,
            "max_picture_bytes": run.plan.limits.picture_bytes,
            "max_memory_bytes": run.plan.limits.memory,
            "sandbox": str(run.sandbox),
            "profile": str(run.plan.profile.name),
            "left_out": [*run.plan.profile.left_out],
            "member_limits": dict(asdict(run.plan.profile.limits)),
            "verify": str(run.plan.verify),
            "secrets": run.secrets,
        },
        "self_test": [{"name": name, "passed": passed} for name, passed in run.self_test],
        "counts": run.tally.to_json()
        | {
            "not_compared": run.tally.not_compared,
            "videos_not_compared": run.tally.videos_not_compared,
            "table": [*found.table],
        },
        "reopened": run.reopened.to_json(),
        "floods": found.floods.to_json(),
        "chance": [one.to_json() for one in found.chance],
        "roots": dict(roots),
        "exit_code": int(run.tally.exit_code()),
    }


def _sets(run: Finished) -> list[Json]:
    """Say which sets were used, and of the kinds that were not compared, why not.

    ``uncompared`` counts the records without any compared value.
    """
    gaps = {one.set_version: one for one in run.gaps}
    return [
        one.provenance(run.plan.computed) | _gap(gaps.get(one.version)) for one in run.plan.sets
    ]


def _gap(gap: Gap | None) -> dict[str, Json]:
    if gap is None:
        return {}
    why: dict[str, Json] = {kind: str(why) for kind, why in zip(gap.kinds, gap.why, strict=True)}
    return {"why": why} | ({"uncompared": gap.records} if gap.records else {})


def _sources(run: Finished) -> list[Json]:
    states = zip(run.plan.sources, run.plan.before, run.after, strict=True)
    return [
        {
            **described(source),
            "index": index,
            "label": locators.label(index),
            "read_only": before.read_only,
            "before": before.digest,
            "after": after.digest,
            "unchanged": before.digest == after.digest,
            "entries": before.entries,
            "folders": before.folders,
            "bytes": before.bytes,
            "access_times": "kept" if before.access_times_kept else "may-have-changed",
            **_protection(run, index),
            **_medium(run, index),
            **phone_backups.per_source(run.phones, index),
        }
        for index, (source, before, after) in enumerate(states)
    ]


def _protection(run: Finished, index: int) -> dict[str, Json]:
    """How a source is kept from being written to; a device is asked itself, it has no mount."""
    if index >= len(run.protections):
        return {}
    found = run.protections[index]
    line: dict[str, Json] = {"protection": found.to_json()}
    if run.plan.sources[index].kind == "device":
        line["read_only"] = bool(found.device_read_only)
    return line


def _medium(run: Finished, index: int) -> dict[str, Json]:
    """What is known of an image, and the digests of its files."""
    account, source = run.media.get(index), run.plan.sources[index]
    if account is None:
        return {}
    segments = cast("list[dict[str, Json]]", described(source)["segments"])
    for segment, sha256 in zip(segments, account.files, strict=False):
        segment["sha256"] = sha256
    return {"segments": [*segments], "medium": account.to_json()}
