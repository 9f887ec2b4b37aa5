"""The runs of a case: begin one, or find the interrupted one that a plan continues."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hashmatch.cases import journal, run_writer
from hashmatch.cases.layout import CaseFolder
from hashmatch.custody import canonical
from hashmatch.custody.ids import uuid7
from hashmatch.errors import CaseError, EvidenceError
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.plan import described
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hashmatch.cases.layout import RunFolder
    from hashmatch.custody.ledger import Ledger
    from hashmatch.jobs.plan import Plan
    from hashmatch.model.people import Setting
    from hashmatch.model.records import Json


_NAMED = {
    "left_out": "things left out",
    "secrets": "passwords or keys",
    "tool": "versions of programs",
}
"""Parts of a plan that are called otherwise, and of which nothing is shown."""


def begin_or_resume(
    case: Path, plan: Plan, ledger: Ledger, setting: Setting, sandbox: Level, *, new_run: bool
) -> tuple[RunFolder, bool]:
    """Find the interrupted run that this plan continues, or begin a new one.

    Args:
        case: the case folder.
        plan: what is to be done now.
        ledger: the case's ledger, open for writing.
        setting: clock and chance for the id of a new run.
        sandbox: what confines the workers that will read the evidence.
        new_run: give up interrupted runs instead of resuming them.

    Returns:
        The run's folder, and whether it is an interrupted run that goes on.

    Raises:
        CaseError: an interrupted run had another plan.
        CustodyError: the plan of an interrupted run is not the one that the ledger recorded.
        EvidenceError: only the evidence differs from an interrupted run's plan.
    """
    drop_leftovers(case, ledger)
    for folder, plan_sha256 in unfinished(case, ledger):
        theirs = None if new_run else run_writer.plan_of(folder)
        if theirs is not None and _sha256(theirs) != plan_sha256:
            raise journal.altered(folder, run_writer.PLAN)
        if theirs is None:
            reason = "given up for a new run" if new_run else "stopped before anything was read"
            ledger.append("run.abort", {"run": folder.run_id, "reason": reason})
            run_writer.drop_state(folder)
        elif theirs == plan.encode():
            ledger.append("run.resume", {"run": folder.run_id, "sandbox": str(sandbox)})
            return folder, True
        else:
            raise _other_plan(folder, theirs, plan)
    return _begin(case, plan, ledger, setting, sandbox), False


def drop_leftovers(case: Path, ledger: Ledger) -> None:
    """Remove the state of runs that have ended; a crash just after the end may leave it."""
    for entry in ledger.entries():
        if entry.type == "run.end":
            run_writer.drop_state(CaseFolder(case).run(str(entry.body.get("run"))))


def _begin(case: Path, plan: Plan, ledger: Ledger, setting: Setting, sandbox: Level) -> RunFolder:
    folder = CaseFolder(case).run(str(uuid7(setting.clock(), setting.entropy)))
    encoded = plan.encode()
    start: dict[str, Json] = {
        "run": folder.run_id,
        "sources": [described(source) for source in plan.sources],
        "sets": [{"name": one.name, "version": one.version} for one in plan.sets],
        "plan_sha256": _sha256(encoded),
        "sandbox": str(sandbox),
    }
    ledger.append("run.start", start)
    run_writer.begin(folder, encoded)
    return folder


def unfinished(case: Path, ledger: Ledger) -> list[tuple[RunFolder, str]]:
    """Runs that the ledger saw start and neither end nor be given up, with their plan's digest."""
    open_runs: dict[str, tuple[RunFolder, str]] = {}
    for entry in ledger.entries():
        run_id = str(entry.body.get("run"))
        if entry.type == "run.start":
            digest = str(entry.body.get("plan_sha256"))
            open_runs[run_id] = (CaseFolder(case).run(run_id), digest)
        elif entry.type in {"run.end", "run.abort"}:
            open_runs.pop(run_id, None)
    return list(open_runs.values())


def moments(ledger: Ledger, kind: str, run_id: str) -> tuple[str, ...]:
    """When the ledger noted something of this kind about a run."""
    found = (e for e in ledger.entries() if e.type == kind and e.body.get("run") == run_id)
    return tuple(entry.at for entry in found)


def sandboxes(ledger: Ledger, run_id: str) -> tuple[Level, ...]:
    """What confined the workers each time the run began or went on."""
    kinds = {"run.start", "run.resume"}
    found = (e for e in ledger.entries() if e.type in kinds and e.body.get("run") == run_id)
    # An entry of a version that did not confine says nothing.
    return tuple(Level(str(e.body.get("sandbox", Level.PROCESSES))) for e in found)


def _other_plan(folder: RunFolder, plan: bytes, wanted: Plan) -> CaseError | EvidenceError:
    theirs, ours = _without_states(plan), _without_states(wanted.encode())
    if theirs == ours:
        msg = (
            f"the evidence is not as it was when run {folder.run_id} was interrupted; "
            "find out what changed it, then start again with --new-run"
        )
        return EvidenceError(msg)
    msg = (
        f"run {folder.run_id} in this case was interrupted, and was another one"
        f" ({'; '.join(_differences(theirs, ours))}); repeat its command to resume it, or give it"
        " up with --new-run"
    )
    return CaseError(msg)


def _differences(theirs: dict[str, object], ours: dict[str, object]) -> Iterator[str]:
    """Say in what a recorded plan is another one, and what it was; never a digest of passwords."""
    for key in sorted(theirs.keys() | ours.keys()):
        was = theirs.get(key)
        if was == ours.get(key):
            continue
        if key == "sources" and isinstance(was, list):
            yield f"of {', '.join(names.shown(names.from_json(one, 'location')) for one in was)}"
        elif key in _NAMED or not isinstance(was, str | int):
            yield f"with other {_NAMED.get(key, key.replace('_', ' '))}"
        else:
            yield f"{key.replace('_', ' ')} was {names.shown(str(was))}"


def _sha256(plan: bytes) -> str:
    return hashlib.sha256(plan).hexdigest()


def _without_states(plan: bytes) -> dict[str, object]:
    """A plan, as the ledger recorded it, without the states of its sources."""
    fields = canonical.decode(plan)
    sources = fields["sources"]
    return fields | {
        "sources": [
            {key: value for key, value in one.items() if key != "before"}
            for one in (sources if isinstance(sources, list) else [])
        ]
    }
