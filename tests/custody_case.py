"""A small sealed case, written here from the description of its files and by nobody else."""

import hashlib
import itertools
import json
from datetime import UTC, datetime, timedelta, timezone

from hashmatch.cases import casefile
from hashmatch.cases.layout import CaseFolder
from hashmatch.custody import checkpoint, standalone
from hashmatch.custody.ids import uuid7
from hashmatch.custody.keys import SigningKey
from hashmatch.custody.ledger import Author, Ledger
from hashmatch.model.people import Operator, Setting

START = datetime(2026, 11, 22, 8, 8, 47, 123456, timezone(timedelta(hours=7)))
OPERATOR = Operator("O", "A")
CASE_ID = uuid7(START, bytes)
RUN_ID = uuid7(START.astimezone(UTC) + timedelta(seconds=1), bytes)
NAMES = ("outcomes.jsonl", "hits.jsonl", "problems.jsonl")


def setting(clock=None):
    seconds = itertools.count()
    numbers = itertools.count(1)
    return Setting(
        clock=clock or (lambda: START + timedelta(seconds=next(seconds))),
        entropy=lambda size: next(numbers).to_bytes(size),
        host="h",
        system="s",
        home="/",
        argv=(),
        tool={"name": "hashmatch", "version": "0"},
    )


def author(key, case=CASE_ID, clock=None):
    return Author(case, key, OPERATOR, setting(clock))


def line(value):
    """Canonical for these values, without asking the code under test."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def naive_root(leaves):
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


OUTCOMES = (
    {"n": 0, "outcome": "examined", "path": "a", "source": 0, "hits": 2},
    {"n": 1, "outcome": "failed", "path": "ข", "source": 0, "stage": "open", "reason": "busy"},
    {"n": 2, "outcome": "skipped", "path": "c", "source": 0, "rule": "fifo"},
    {"n": 3, "outcome": "examined", "path": "d", "source": 0, "hits": 0},
)
HITS = ({"n": 0, "record": 1}, {"n": 0, "record": 2})
PROBLEMS = ({"n": 1, "problem": "failed"}, {"n": 3, "problem": "partial"})
COUNTS = {
    "seen": 4, "examined": 2, "failed": 1, "skipped": 1, "hits": 2, "items_with_hits": 1
}  # fmt: skip


def write_run(folder, run_id=RUN_ID, *, groups=(OUTCOMES, HITS, PROBLEMS), counts=COUNTS):
    """Write a run's files; give the body of its run.end entry."""
    root = folder.run(run_id).root
    root.mkdir()
    roots = {}
    for name, group in zip(NAMES, groups, strict=True):
        lines = [line(value) for value in group]
        (root / name).write_bytes(b"".join(lines))
        roots[name] = naive_root([one[:-1] for one in lines]).hex()
    end = {"run": run_id, "status": "complete", "roots": roots, "counts": counts, "exit_code": 13}
    record = {**end, "schema": "hashmatch.run/1", "counts": {**counts, "bytes": 7}}
    (root / "run.json").write_bytes(line(record))
    return {**end, "sums_sha256": write_sums(root)}


def write_sums(root):
    sums = "".join(
        f"{hashlib.sha256((root / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("run.json", *NAMES)
    ).encode()
    (root / "SHA256SUMS").write_bytes(sums)
    return hashlib.sha256(sums).hexdigest()


def begin(root, key, case_id=CASE_ID):
    """Write the case folder up to its ledger's first entry; give the open ledger."""
    name = checkpoint.origin_of(case_id)
    public = casefile.PublicKey(name, key.public.pem)
    case = casefile.CaseFile(case_id, "R-1", "A", "O", "2026-11-22T01:08:47.123456Z", public)
    casefile.create(root, case)
    folder = CaseFolder(root)
    ledger = Ledger.create(folder.ledger.parent, author(key, case_id))
    folder.verifier.write_bytes(standalone.source())
    body = {
        "case_file_sha256": hashlib.sha256(case.encode()).hexdigest(),
        "verifier_sha256": hashlib.sha256(standalone.source()).hexdigest(),
        "reference": "R-1", "agency": "A", "operator": "O",
    }  # fmt: skip
    ledger.append("case.open", body)
    return ledger


def add_run(root, ledger, run_id=RUN_ID, **kwargs):
    ledger.append("run.start", {"run": run_id, "sources": [], "sets": []})
    ledger.append("run.end", write_run(CaseFolder(root), run_id, **kwargs))


def add_report(root, ledger, run_id=RUN_ID, name="report.th.html", content=b"<p>"):
    folder = CaseFolder(root).reports / run_id
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    file = {"name": name, "sha256": hashlib.sha256(content).hexdigest()}
    body = {"run": run_id, "language": "th", "mask_names": False, "files": [file]}
    ledger.append("report.write", body)


def make_case(root, key):
    """A case with one run and one report."""
    with begin(root, key) as ledger:
        add_run(root, ledger)
        add_report(root, ledger)
    return CaseFolder(root)


def make_key(path, seed=b"k"):
    return SigningKey.create(path, lambda size: (seed * size)[:size])
