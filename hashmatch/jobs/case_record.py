"""What a ledger says about the runs and reports of its case, gathered entry by entry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.custody.entry import Entry

OPENING = "case.open"
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FILE_NAME = re.compile(r"(?!\.{1,2}$)[^/\x00]{1,255}")


class RunState(Enum):
    """How far the ledger saw a run come."""

    STARTED = auto()
    ENDED = auto()
    ABORTED = auto()


@dataclass(slots=True)
class RunEntries:
    """One run; ``body`` is that of its latest entry."""

    state: RunState
    body: dict[str, object]


@dataclass(slots=True)
class CaseRecord:
    """The sum of the entries shown to :meth:`add`.

    ``opening`` is the body of the first entry, empty unless that opened the case. ``reports``
    maps run and file name to a digest, the latest one written. ``fault`` is the first entry that
    contradicts an earlier one, in words.
    """

    opening: dict[str, object] = field(default_factory=dict)
    runs: dict[str, RunEntries] = field(default_factory=dict)
    reports: dict[tuple[str, str], object] = field(default_factory=dict)
    fault: str = ""

    def add(self, entry: Entry) -> None:
        """Take the next entry; types that are not about runs and reports are passed over."""
        match entry.type:
            case "case.open":
                self._open(entry)
            case "run.start" | "run.resume" | "run.end" | "run.abort":
                self._run(entry)
            case "report.write":
                self._report(entry)
            case _:
                pass

    def _open(self, entry: Entry) -> None:
        if entry.seq == 0:
            self.opening = entry.body
        else:
            self._wrong(entry, "opens the case again")

    def _run(self, entry: Entry) -> None:
        run_id = str(entry.body.get("run"))
        known = self.runs.get(run_id)
        if entry.type == "run.start":
            if known is not None or not _RUN_ID.fullmatch(run_id):
                self._wrong(entry, "starts a run that it cannot start")
            else:
                self.runs[run_id] = RunEntries(RunState.STARTED, entry.body)
        elif known is None or known.state is not RunState.STARTED:
            self._wrong(entry, "speaks of a run that is not under way")
        elif entry.type != "run.resume":
            ended = entry.type == "run.end"
            known.state = RunState.ENDED if ended else RunState.ABORTED
            known.body = entry.body

    def _report(self, entry: Entry) -> None:
        run_id, files = str(entry.body.get("run")), entry.body.get("files")
        known = self.runs.get(run_id)
        if known is None or known.state is not RunState.ENDED or not isinstance(files, list):
            self._wrong(entry, "speaks of a report on a run that has not ended")
            return
        for file in files:
            name = file.get("name") if isinstance(file, dict) else None
            if isinstance(name, str) and _FILE_NAME.fullmatch(name):
                self.reports[run_id, name] = file.get("sha256")
            else:
                self._wrong(entry, "names a report file that cannot be one")

    def _wrong(self, entry: Entry, what: str) -> None:
        self.fault = self.fault or f"ledger line {entry.seq + 1} {what}"
