"""Check one sealed run: its files are those the ledger was told of, and they agree."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hashmatch.cases import journal, listing, run_writer
from hashmatch.cases.layout import RESULT_FILES, RUN_RECORD, SUMS
from hashmatch.custody import checks, lines, merkle, regular, sums
from hashmatch.errors import CustodyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.cases.layout import RunFolder
    from hashmatch.custody.checks import Check

FILES = (RUN_RECORD, *RESULT_FILES)
_STATE = {run_writer.PLAN, journal.FILE, listing.FILE}  # what a crash may leave of a sealed run
_SHARED = ("status", "roots", "exit_code")  # in the run record and in the ledger alike
_OUTCOMES = {"examined", "failed", "skipped"}


def verify_run(folder: RunFolder, end: dict[str, object]) -> list[Check]:
    """Check a run against the body of its ``run.end`` entry. Memory does not grow with the run.

    The digests are those of the ledger, so that a run that was exchanged as a whole fails too.
    """
    run = f"run {folder.run_id}"
    return [
        checks.made(f"{run} sums", lambda: _sums(folder, end)),
        checks.made(f"{run} files", lambda: _files(folder)),
        checks.made(f"{run} roots", lambda: _roots(folder, end)),
        checks.made(f"{run} counts", lambda: _counts(folder, end)),
        checks.made(f"{run} record", lambda: _record(folder, end)),
    ]


def _sums(folder: RunFolder, end: dict[str, object]) -> str:
    if sums.digest(folder.sums) != end.get("sums_sha256"):
        msg = f"{SUMS} is not the one that the ledger recorded"
        raise CustodyError(msg)
    return f"{SUMS} is the one that the ledger recorded"


def _files(folder: RunFolder) -> str:
    sums.check(folder.root, FILES)
    there = {path.name for path in folder.root.iterdir()}
    # A crash after the last entry of a run may leave its state; nothing reads it any more.
    if folder.state.name in there:
        _state(folder)
    if strays := there - {*FILES, SUMS, folder.state.name}:
        msg = f"unknown file {min(strays)} in the run's folder"
        raise CustodyError(msg)
    return f"{len(FILES)} files as listed in {SUMS}"


def _state(folder: RunFolder) -> None:
    if not regular.is_folder(folder.state):
        msg = f"{folder.state.name} in the run's folder is not a folder of its own"
        raise CustodyError(msg)
    for path in sorted(folder.state.iterdir()):
        if path.name not in _STATE or not regular.is_file(path):
            msg = f"unknown file {folder.state.name}/{path.name} in the run's folder"
            raise CustodyError(msg)


def _roots(folder: RunFolder, end: dict[str, object]) -> str:
    found = {name: merkle.root(lines.whole(folder.root / name)).hex() for name in RESULT_FILES}
    if found != end.get("roots"):
        msg = "the result files do not have the roots that the ledger recorded"
        raise CustodyError(msg)
    return f"{len(found)} result files have the roots that the ledger recorded"


def _counts(folder: RunFolder, end: dict[str, object]) -> str:
    found = _count(folder)
    if found != end.get("counts"):
        msg = "the numbers of lines are not the counts that the ledger recorded"
        raise CustodyError(msg)
    return (
        f"{found['seen']} seen = {found['examined']} examined + {found['failed']} failed "
        f"+ {found['skipped']} skipped; {found['hits']} hits"
    )


def _count(folder: RunFolder) -> dict[str, int]:
    """Count outcomes and hits side by side: both files are in the order of the walk."""
    found = Counter(seen=0, examined=0, failed=0, skipped=0, hits=0, items_with_hits=0)
    hits = lines.objects(folder.hits)
    for n, line in enumerate(lines.objects(folder.outcomes)):
        outcome, stated = line.get("outcome"), line.get("hits", 0)
        if line.get("n") != n or outcome not in _OUTCOMES or not isinstance(stated, int):
            msg = f"outcomes.jsonl line {n + 1} is not the outcome of entry {n}"
            raise CustodyError(msg)
        _take(hits, n, stated)
        found.update({"seen": 1, str(outcome): 1, "hits": stated, "items_with_hits": stated > 0})
    if next(hits, None) is not None:
        msg = "hits.jsonl has lines that belong to no outcome"
        raise CustodyError(msg)
    _check_problems(folder, found)
    return dict(found)


def _take(hits: Iterator[dict[str, object]], n: int, stated: int) -> None:
    for _ in range(stated):
        if next(hits, {}).get("n") != n:
            msg = f"outcomes.jsonl says that entry {n} has {stated} hits; hits.jsonl does not"
            raise CustodyError(msg)


def _check_problems(folder: RunFolder, found: Counter[str]) -> None:
    failed = 0
    for number, line in enumerate(lines.objects(folder.problems), start=1):
        n = line.get("n")
        if not isinstance(n, int) or not 0 <= n < found["seen"]:
            msg = f"problems.jsonl line {number} is about no entry of this run"
            raise CustodyError(msg)
        failed += line.get("problem") == "failed"
    if failed != found["failed"]:
        msg = f"problems.jsonl names {failed} failures, outcomes.jsonl {found['failed']}"
        raise CustodyError(msg)


def _record(folder: RunFolder, end: dict[str, object]) -> str:
    read = lines.objects(folder.record)
    record, more = next(read, {}), next(read, None)
    agreeing = {"run": folder.run_id, **{key: end.get(key) for key in _SHARED}}
    counts, ledger_counts = record.get("counts"), end.get("counts")
    if (
        more is not None
        or any(record.get(key) != value for key, value in agreeing.items())
        or not isinstance(counts, dict)
        or not isinstance(ledger_counts, dict)
        or any(counts.get(key) != value for key, value in ledger_counts.items())
    ):
        msg = f"{RUN_RECORD} says something else than the ledger about how the run ended"
        raise CustodyError(msg)
    return f"{RUN_RECORD} agrees with the ledger"
