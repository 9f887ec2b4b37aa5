"""How far workers are confined: asked for in the environment, kept in the record."""

import json
import shutil
import sys

import pytest

from hashmatch.errors import ExitCode
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.examine import Limits

MEASURED = False  # other modules run the same commands

RESULTS = ("outcomes.jsonl", "hits.jsonl", "problems.jsonl")


@pytest.fixture
def exhibit(bench):
    shutil.copytree("fixtures/images", bench.evidence, dirs_exist_ok=True)
    (bench.evidence / "hit").write_bytes(b"known")
    return bench


def settings(bench):
    return json.loads((bench.only_run() / "run.json").read_text("utf-8"))["settings"]


def scanned(bench, **environment):
    """Scan in a case of its own; what the result files hold and what the record says."""
    bench.ok("scan", "evidence", "--case", "CASE", code=ExitCode.HITS, **environment)
    run = bench.only_run()
    found = {name: (run / name).read_bytes() for name in RESULTS}, settings(bench)
    shutil.rmtree(bench.case)
    words = ["--reference", "R-1", "--agency", "Agency", "--operator", "Name"]
    bench.ok("case", "open", "CASE", *words)
    return found


def test_result_files_are_the_same_bytes_with_and_without_confinement(exhibit):
    without, off = scanned(exhibit, HASHMATCH_CONFINE="off")
    within, auto = scanned(exhibit, HASHMATCH_CONFINE="auto")
    assert without == within
    assert off["sandbox"] == Level.PROCESSES
    assert auto["sandbox"] in set(Level)
    assert (sys.platform == "linux") == (auto["sandbox"] != Level.PROCESSES)


def test_what_a_worker_may_take_is_recorded(exhibit):
    default = scanned(exhibit)[1]
    stated = scanned(exhibit, HASHMATCH_WORKER_MEMORY="1000")[1]
    assert default["max_memory_bytes"] == Limits().memory
    assert stated["max_memory_bytes"] == 1000 << 20


@pytest.mark.parametrize("name", ["HASHMATCH_CONFINE", "HASHMATCH_WORKER_MEMORY"])
@pytest.mark.parametrize("value", ["nonsense", "-1", "63", "๙๙๙๙"])
def test_nonsense_in_the_environment_is_refused_before_anything_is_read(exhibit, name, value):
    result = exhibit.ok("scan", "evidence", "--case", "CASE", code=ExitCode.USAGE, **{name: value})
    assert name in result.stderr
    assert not list((exhibit.case / "runs").glob("*"))


def test_doctor_says_what_one_worker_could_not_do(bare):
    shown = bare.ok("doctor").stdout
    level = next(one for one in shown.splitlines() if one.startswith("workers confined by"))
    assert any(str(one) in level for one in Level)
    if str(Level.LANDLOCK) in level:
        assert "make a socket: refused" in shown
        assert "read outside the evidence: refused" in shown
    assert "ALLOWED" not in shown
    for extra in ("disk", "archives", "documents", "heif", "video", "compat"):
        assert f"\n[{extra}] " in shown
    assert "\nlibarchive " in shown


def test_doctor_says_when_confinement_is_switched_off(bare):
    shown = bare.ok("doctor", HASHMATCH_CONFINE="off").stdout
    assert "separate processes (HASHMATCH_CONFINE=off)" in shown
