"""Render a stored run and enter the reports into the case's ledger."""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.cases.layout import CaseFolder, RunFolder
from hashmatch.custody import sums
from hashmatch.errors import CaseError, OutputError, UsageError
from hashmatch.jobs.open_case import ledger_of
from hashmatch.report.options import ReportOptions
from hashmatch.report.registry import reports
from hashmatch.report.stored_run import StoredRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hashmatch.custody.ledger import Ledger
    from hashmatch.model.people import Setting
    from hashmatch.report.registry import Report


@dataclass(frozen=True, slots=True)
class Request:
    """Which run of which case is to be rendered, and how."""

    case: Path
    formats: tuple[str, ...]
    language: str = "en"
    run_id: str | None = None
    mask_names: bool = False


def render(request: Request, setting: Setting, signing_key: Path) -> list[Path]:
    """Write the reports of a run into ``reports/<run>`` and pin them in the ledger.

    Returns:
        The files that were written.

    Raises:
        UsageError: an unknown kind of report.
        CaseError: no case, no such run, or the run is not finished.
        CustodyError: the run is not as it was sealed.
        OutputError: a file could not be written in full.
    """
    chosen = _chosen(request.formats)
    options = ReportOptions(language=request.language, mask_names=request.mask_names)
    with closing(ledger_of(request.case, setting, signing_key)) as ledger:
        run = _run(request, ledger)
        stored = StoredRun.open(run.root)
        folder = CaseFolder(request.case).reports / run.run_id
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            msg = f"the report folder {folder} cannot be made: {error.strerror}"
            raise OutputError(msg) from None
        with _all_or_none_new(folder):
            names = [name for one in chosen for name in one.write(stored, folder, options)]
        written = [folder / name for name in names]
        ledger.append(
            "report.write",
            {
                "run": run.run_id,
                "language": request.language,
                "mask_names": request.mask_names,
                "files": [{"name": path.name, "sha256": sums.digest(path)} for path in written],
            },
        )
    return written


@contextmanager
def _all_or_none_new(folder: Path) -> Iterator[None]:
    """Leave no new file in a folder where the block ends with trouble.

    A report that the ledger does not know would look as if somebody had put it there. What was
    there before stays: the same run gives the same bytes.
    """
    before = {path.name for path in folder.iterdir()}
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for path in folder.iterdir():
                if path.name not in before:
                    path.unlink()
        raise


def _chosen(names: tuple[str, ...]) -> list[Report]:
    known = reports()
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        msg = f"--to expects a comma-separated list of: {', '.join(known)}"
        raise UsageError(msg)
    return [known[name] for name in dict.fromkeys(names)]


def _run(request: Request, ledger: Ledger) -> RunFolder:
    ended = [str(e.body["run"]) for e in ledger.entries() if e.type == "run.end"]
    if request.run_id is None and not ended:
        msg = f"no finished run in {request.case}: finish one with 'hashmatch scan' first"
        raise CaseError(msg)
    run_id = request.run_id or ended[-1]
    if run_id not in ended:
        msg = f"{request.case} holds no finished run {run_id}; see 'hashmatch case show'"
        raise CaseError(msg)
    return CaseFolder(request.case).run(run_id)
