"""What a case folder holds, told from its ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from hashmatch.cases import casefile
from hashmatch.cases.layout import CaseFolder
from hashmatch.custody import chain
from hashmatch.errors import CustodyError

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.custody.entry import Entry


class Run(TypedDict):
    """One run, as the ledger knows it; numbers are None until it ends."""

    run: str
    status: str
    started: str
    seen: int | None
    hits: int | None
    exit_code: int | None
    reports: int


class Case(TypedDict):
    """A case and its runs."""

    id: str
    reference: str
    agency: str
    operator: str
    created: str
    references: dict[str, str]
    entries: int
    runs: list[Run]


def show(root: Path) -> Case:
    """Read a case's file and ledger. Nothing is written and no signature is checked.

    Raises:
        CaseError: there is no case.
        CustodyError: a ledger line does not follow from the one before.
    """
    case = casefile.read(root)
    runs: dict[str, Run] = {}
    reports: set[tuple[str, str]] = set()  # a report that is made again replaces the earlier one
    entries = 0
    try:
        for one in chain.read(CaseFolder(root).ledger):
            entries += 1
            _take(one, runs, reports)
    except OSError as error:
        msg = f"the ledger of {root} cannot be read: {error.strerror}"
        raise CustodyError(msg) from None
    return Case(
        id=case.case_id,
        reference=case.reference,
        agency=case.agency,
        operator=case.operator,
        created=case.created,
        references=dict(case.references),
        entries=entries,
        runs=list(runs.values()),
    )


def _take(one: Entry, runs: dict[str, Run], reports: set[tuple[str, str]]) -> None:
    run_id = str(one.body.get("run"))
    if one.type == "run.start":
        runs[run_id] = Run(
            run=run_id,
            status="not ended",
            started=one.at,
            seen=None,
            hits=None,
            exit_code=None,
            reports=0,
        )
    elif run_id not in runs:
        return
    elif one.type == "run.end":
        runs[run_id].update(_ending(one.body))
    elif one.type == "run.abort":
        runs[run_id]["status"] = "given up"
    elif one.type == "report.write":
        reports |= {(run_id, name) for name in _names(one.body)}
        runs[run_id]["reports"] = sum(of == run_id for of, _ in reports)


def _names(body: dict[str, object]) -> set[str]:
    files = body.get("files")
    listed = files if isinstance(files, list) else []
    return {str(file.get("name")) for file in listed if isinstance(file, dict)}


def _ending(body: dict[str, object]) -> Run:
    counts = body.get("counts")
    numbers = counts if isinstance(counts, dict) else {}
    return {  # type: ignore[typeddict-item]  # the part of a run that its end decides
        "status": str(body.get("status")),
        "seen": numbers.get("seen"),
        "hits": numbers.get("hits"),
        "exit_code": body.get("exit_code"),
    }
