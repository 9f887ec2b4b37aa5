"""Write the result files of a run so that a kill at any moment leaves it resumable."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from hashmatch import durable
from hashmatch.cases import journal, lines
from hashmatch.cases.journal import Mark
from hashmatch.custody import canonical
from hashmatch.errors import CaseError, OutputError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from hashmatch.cases.layout import RunFolder
    from hashmatch.model.outcomes import Outcome

PLAN = "plan.json"
_BUFFER = 1 << 20  # bytes


class RunWriter:
    """Appends outcomes in their order; ``sync`` makes what was written so far resumable.

    Args:
        folder: the run's folder; created by :func:`begin`.
        near: whether pictures are compared, see :func:`hashmatch.cases.lines.problem_lines`.
        quality_gate: least quality at which a perceptual hash is compared.

    Raises:
        OutputError: anything that is not taken by the disk, from any method.
    """

    def __init__(self, folder: RunFolder, *, near: bool, quality_gate: int) -> None:
        self.folder = folder
        self._near, self._gate = near, quality_gate
        point = journal.last(folder.state)
        self.entries = point.entries
        self.tally = point.tally
        self._files: list[BinaryIO] = []
        try:
            for path, length in zip(self._paths(), point.lengths, strict=True):
                stream = path.open("ab", buffering=_BUFFER)
                self._files.append(stream)
                stream.truncate(length)
        except OSError as error:
            self.close()
            raise _refused(self.folder, error) from None

    def _paths(self) -> tuple[Path, ...]:
        return (self.folder.outcomes, self.folder.hits, self.folder.problems)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files. What was not synced counts as not written."""
        for stream in self._files:
            # A full disk refuses what is still buffered; the journal never counted on it.
            with suppress(OSError):
                stream.close()

    def write(self, source: int, outcome: Outcome) -> None:
        """Append the lines of one entry and count how it ended."""
        self.tally.add(outcome, near=self._near, quality_gate=self._gate)
        n = self.entries
        groups = (
            (lines.outcome_line(n, source, outcome),),
            lines.hit_lines(n, source, outcome),
            lines.problem_lines(n, source, outcome, near=self._near, quality_gate=self._gate),
        )
        try:
            for stream, group in zip(self._files, groups, strict=True):
                for line in group:
                    stream.write(canonical.encode(line) + b"\n")
        except OSError as error:
            raise _refused(self.folder, error) from None
        self.entries += 1

    def sync(self) -> None:
        """Bring everything to the disk, then note in the journal how far that is."""
        try:
            for stream in self._files:
                stream.flush()
                os.fsync(stream.fileno())
            lengths = tuple(stream.tell() for stream in self._files)
            journal.append(self.folder.state, Mark(self.entries, lengths, self.tally))
        except OSError as error:
            raise _refused(self.folder, error) from None


def begin(folder: RunFolder, plan: bytes) -> None:
    """Make the folder of a new run and keep its plan, so that only the same run resumes it."""
    try:
        folder.root.mkdir(mode=0o700)
        folder.state.mkdir(mode=0o700)
        durable.write_new(folder.state / PLAN, plan)
    except OSError as error:
        raise _refused(folder, error) from None


def plan_of(folder: RunFolder) -> bytes:
    """Read the plan of an unfinished run.

    Raises:
        CaseError: the run has no plan; it was damaged or stopped while it was being set up.
    """
    try:
        return (folder.state / PLAN).read_bytes()
    except OSError:
        msg = f"run {folder.run_id} has no plan and cannot be resumed; start again with --new-run"
        raise CaseError(msg) from None


def drop_state(folder: RunFolder) -> None:
    """Remove the journal of a run that is sealed or given up."""
    shutil.rmtree(folder.state, ignore_errors=True)


def _refused(folder: RunFolder, error: OSError) -> OutputError:
    msg = (
        f"the run could not be written to {folder.root}: {error.strerror}; "
        "make room or mend the permissions and run the same command again to resume"
    )
    return OutputError(msg)
