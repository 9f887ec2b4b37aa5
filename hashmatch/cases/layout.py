"""Where everything lies in a case folder. Names only: nothing is read or written here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RESULT_FILES = ("outcomes.jsonl", "hits.jsonl", "problems.jsonl")
"""The deterministic files of a run: same evidence, sets and version give the same bytes."""

RUN_RECORD = "run.json"
SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run inside a case folder."""

    root: Path

    @property
    def run_id(self) -> str:
        """The folder's name is the run's id."""
        return self.root.name

    @property
    def record(self) -> Path:
        """Who, when, with what and on which sources; varies from run to run."""
        return self.root / RUN_RECORD

    @property
    def outcomes(self) -> Path:
        """One line for each entry seen."""
        return self.root / "outcomes.jsonl"

    @property
    def hits(self) -> Path:
        """One line for each agreement of an item with a record."""
        return self.root / "hits.jsonl"

    @property
    def problems(self) -> Path:
        """One line for each entry that failed and each picture that could not be compared."""
        return self.root / "problems.jsonl"

    @property
    def sums(self) -> Path:
        """``sha256sum`` lines of the four files above; present only when the run is sealed."""
        return self.root / SUMS

    @property
    def state(self) -> Path:
        """The resume journal; removed when the run is sealed."""
        return self.root / "state"


@dataclass(frozen=True, slots=True)
class CaseFolder:
    """The paths of one case."""

    root: Path

    @property
    def file(self) -> Path:
        """Identity of the case: uuid, reference, agency, public keys."""
        return self.root / "case.json"

    @property
    def ledger(self) -> Path:
        """The append-only, hash-chained custody record."""
        return self.root / "ledger" / "ledger.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Signed notes over the ledger's Merkle root."""
        return self.root / "ledger" / "checkpoints"

    @property
    def verifier(self) -> Path:
        """The verifier that needs nothing but Python; travels with the case."""
        return self.root / "ledger" / "verify_case.py"

    @property
    def runs(self) -> Path:
        """One folder for each run."""
        return self.root / "runs"

    @property
    def listing(self) -> Path:
        """Where the sources are listed before a run begins; then it moves into the run's state."""
        return self.root / "listing.new"

    @property
    def reports(self) -> Path:
        """Rendered reports, one folder for each run."""
        return self.root / "reports"

    def run(self, run_id: str) -> RunFolder:
        """The folder of one run; it need not exist."""
        return RunFolder(self.runs / run_id)
