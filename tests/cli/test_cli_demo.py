"""The demo's exhibit through real processes: every odd name and broken file is accounted for."""

import json
import os
import pty
import subprocess

import pytest

from hashmatch.errors import ExitCode
from hashmatch.model import names
from tests.cli.conftest import Bench

MEASURED = False  # other modules measure what it runs


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    root = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "HASHMATCH_HOME": str(root / "home")}
    command = ["-m", "hashmatch", "demo", "made"]
    bench = Bench(root)
    result = subprocess.run(
        [bench.command()[0], *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env=environment,
    )
    return bench, result


def test_the_demo_runs_the_whole_chain(demo):
    _, result = demo
    assert result.returncode == ExitCode.CLEAR, result.stderr
    assert "ended as the demo knows they must" in result.stdout
    assert "report.th.html" in result.stdout
    assert "FAIL" not in result.stdout


def lines(bench, name):
    (run,) = (bench.root / "made" / "CASE" / "runs").iterdir()
    return [json.loads(line) for line in (run / name).read_bytes().splitlines()]


def everything_below(folder):
    """Every entry that is no folder, by raw path; links are entries and are not followed."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            for path in everything_below(entry.path):
                yield entry.name + b"/" + path
        else:
            yield entry.name


def test_every_entry_of_the_exhibit_is_accounted_for_once(demo):
    bench, _ = demo
    on_disk = everything_below(os.fsencode(bench.root / "made" / "exhibit"))
    outcomes = lines(bench, "outcomes.jsonl")
    assert sorted(map(names.from_json, outcomes)) == sorted(on_disk)
    assert [line["n"] for line in outcomes] == list(range(len(outcomes)))


def test_a_blank_picture_in_list_and_evidence_gives_no_near_hit_and_says_why(demo):
    bench, _ = demo
    problems = [p for p in lines(bench, "problems.jsonl") if p["path"] == "Broken/blank.png"]
    assert [(p["problem"], p["reason"]) for p in problems] == [
        ("low-quality", "too-little-structure")
    ]
    assert not [h for h in lines(bench, "hits.jsonl") if h["path"] == "Broken/blank.png"]


def test_the_demo_replaces_only_what_it_made(demo):
    bench, _ = demo
    bench.ok("demo", "made", code=ExitCode.USAGE)
    precious = bench.root / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    bench.ok("demo", "precious", "--replace", code=ExitCode.OUTPUT)
    assert (precious / "file").read_text() == "mine"
    bench.ok("demo", "made", "--replace")


def test_a_folder_that_holds_something_is_left_alone_with_and_without_replace(bare):
    mine = bare.root / "mine"
    mine.mkdir()
    (mine / "file").write_text("precious")
    refused = bare.ok("demo", "mine", code=ExitCode.USAGE)
    assert "is not empty" in refused.stderr
    assert [p.name for p in mine.iterdir()] == ["file"]
    bare.ok("demo", "mine", "--replace", code=ExitCode.OUTPUT)
    assert (mine / "file").read_text() == "precious"


def test_a_file_is_never_replaced_by_a_demo(bare):
    (bare.root / "afile").write_text("precious")
    for words in (["--replace"], []):
        refused = bare.ok("demo", "afile", *words, code=ExitCode.OUTPUT)
        assert refused.stderr.count("\n") == 1
        assert "Traceback" not in refused.stderr
    assert (bare.root / "afile").read_text() == "precious"


def test_an_interrupted_demo_can_be_replaced(bare):
    with subprocess.Popen(
        bare.command("demo", "made"),
        env=bare.environment(),
        cwd=bare.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert b"drawing" in process.stderr.readline()
        process.kill()
    bare.ok("demo", "made", code=ExitCode.USAGE)
    bare.ok("demo", "made", "--replace")


def test_progress_is_drawn_on_a_terminal(bench):
    for number in range(300):
        with (bench.evidence / f"f{number:04d}").open("wb") as out:
            out.truncate((2 << 20) + number)
    leader, follower = pty.openpty()
    with subprocess.Popen(
        bench.command("scan", "evidence", "--case", "CASE"),
        env=bench.environment(TERM="xterm"),
        cwd=bench.root,
        stdout=subprocess.DEVNULL,
        stderr=follower,
    ) as process:
        os.close(follower)
        drawn = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            drawn += part
    os.close(leader)
    assert process.returncode == ExitCode.CLEAR
    assert b"of 300 entries" in drawn
    assert b"%" in drawn
    assert b"f0001" not in drawn
