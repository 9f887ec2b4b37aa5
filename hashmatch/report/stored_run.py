"""A sealed run read back from its folder, line by line, with bounded memory.

Nothing is rendered from a run that was not finished, or whose files are not the ones that were
sealed: the files are compared with ``SHA256SUMS`` when the run is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from hashmatch.custody import canonical, sums
from hashmatch.errors import CaseError, CustodyError
from hashmatch.report import lines, record_reading
from hashmatch.report.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from hashmatch.model.records import Json
    from hashmatch.report.lines import HitLine, OutcomeLine, ProblemLine
    from hashmatch.report.run_record import RunRecord

    Line = TypeVar("Line")

RECORD = "run.json"
OUTCOMES, HITS, PROBLEMS = "outcomes.jsonl", "hits.jsonl", "problems.jsonl"
SEALED = (RECORD, OUTCOMES, HITS, PROBLEMS)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One sealed run.

    ``sealed`` gives the SHA-256 of each file. ``plain`` is ``run.json`` as it was read, for
    machine-readable reports.
    """

    folder: Path
    sealed: Mapping[str, str]
    record: RunRecord
    plain: Mapping[str, Json]

    @classmethod
    def open(cls, folder: Path) -> StoredRun:
        """Open a sealed run.

        Raises:
            CaseError: the run is not there, not sealed, or cannot be read.
            CustodyError: a file is not the one that was sealed, or does not have our form.
        """
        sealed = _compared_with_sums(folder)
        records = list(_lines(folder / RECORD))
        if len(records) != 1:
            msg = f"{RECORD} has {len(records)} lines; exactly one was expected"
            raise CustodyError(msg)
        return cls(folder, sealed, record_reading.parse(records[0]), records[0].plain)

    def outcomes(self) -> Iterator[OutcomeLine]:
        """Yield how each entry ended, in walk order."""
        return self._read(OUTCOMES, lines.outcome)

    def hits(self) -> Iterator[HitLine]:
        """Yield each agreement of an item with a record; those of one item follow each other."""
        return self._read(HITS, lines.hit)

    def problems(self) -> Iterator[ProblemLine]:
        """Yield each entry that failed and each picture that could not be fully compared."""
        return self._read(PROBLEMS, lines.problem)

    def _read(self, name: str, parse: Callable[[Fields], Line]) -> Iterator[Line]:
        return map(parse, _lines(self.folder / name))


def _lines(path: Path) -> Iterator[Fields]:
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                yield _fields(line, f"{path.name} line {number}")
    except OSError as trouble:
        raise _unreadable(path.parent, trouble) from trouble


def _fields(line: bytes, where: str) -> Fields:
    try:
        value = canonical.decode(line.removesuffix(b"\n")) if line.endswith(b"\n") else None
    except ValueError:
        value = None
    if value is None:
        msg = f"{where} is not in canonical form; the run is not as hashmatch wrote it"
        raise CustodyError(msg)
    return Fields(cast("dict[str, Json]", value), where)


def _compared_with_sums(folder: Path) -> dict[str, str]:
    stated = folder / sums.FILE
    if not stated.is_file():
        msg = (
            f"run {folder.name} is not sealed ({sums.FILE} is missing):"
            " finish it by running the same scan again, then render the report"
        )
        raise CaseError(msg)
    try:
        sums.check(folder, SEALED)
        return dict(sums.parse(stated.read_bytes()))
    except OSError as trouble:
        raise _unreadable(folder, trouble) from trouble


def _unreadable(folder: Path, trouble: OSError) -> CaseError:
    msg = f"run {folder.name} cannot be read: {trouble.strerror}"
    return CaseError(msg)
