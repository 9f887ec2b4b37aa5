"""A sealed run read back from its folder, line by line, with bounded memory.

Nothing is rendered from a run that was not finished, or whose files are not the ones that were
sealed: the files are compared with ``SHA256SUMS`` when the run is opened.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

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

SUMS = "SHA256SUMS"
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
        raise _unreadable(path, trouble) from trouble


def _fields(line: bytes, where: str) -> Fields:
    if not line.endswith(b"\n"):
        msg = f"{where} is cut off; the run is not as hashmatch wrote it"
        raise CustodyError(msg)
    try:
        return Fields(json.loads(line.decode()), where)
    except ValueError:
        msg = f"{where} is not JSON; the run is not as hashmatch wrote it"
        raise CustodyError(msg) from None


def _compared_with_sums(folder: Path) -> dict[str, str]:
    sums = folder / SUMS
    if not sums.is_file():
        msg = (
            f"run {folder.name} is not sealed ({SUMS} is missing):"
            " finish it by running the same scan again, then render the report"
        )
        raise CaseError(msg)
    digests = {name: _digest(folder / name) for name in SEALED}
    stated = _whole(sums).splitlines()
    for name, digest in digests.items():
        if f"{digest}  {name}".encode() not in stated:
            msg = f"{name} is not the file that was sealed in {SUMS}; run 'hashmatch verify'"
            raise CustodyError(msg)
    return digests


def _whole(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as trouble:
        raise _unreadable(path, trouble) from trouble


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as trouble:
        raise _unreadable(path, trouble) from trouble


def _unreadable(path: Path, trouble: OSError) -> CaseError:
    msg = f"{path.name} of run {path.parent.name} cannot be read: {trouble.strerror}"
    return CaseError(msg)
