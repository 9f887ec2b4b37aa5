"""Scans as a user runs them: resumed after any kill, the same for any number of workers."""

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time

from PIL import Image

from hashmatch.errors import ExitCode

RESULTS = ("outcomes.jsonl", "hits.jsonl", "problems.jsonl")


def results(run):
    return {name: (run / name).read_bytes() for name in RESULTS}


def lines(run, name):
    return [json.loads(line) for line in (run / name).read_text("utf-8").splitlines()]


def many(bench, count=600, size=1 << 20):
    """Files that take some seconds to digest and no room on the disk, one of them known."""
    for number in range(count):
        with (bench.evidence / f"f{number:04d}").open("wb") as out:
            out.truncate(size + number)
    (bench.evidence / "f0050-known").write_bytes(b"known")
    picture = Image.effect_mandelbrot((200, 150), (-2, -1, 1, 1), 50)
    picture.save(bench.evidence / "f0030.png")


def another_case(bench, name):
    words = ["--reference", "R-1", "--agency", "Agency", "--operator", "Name"]
    bench.ok("case", "open", name, *words)
    return bench.root / name


# Real processes that bring what they have to the disk much more often, so that little takes long.
OFTEN = """
from hashmatch import cli
from hashmatch.jobs import scan, windows
scan.SYNC_SECONDS, windows.SPAN = -1.0, windows.Span(entries=16)
raise SystemExit(cli.main())
"""


def test_a_killed_scan_ends_as_one_that_was_never_interrupted(bench):
    many(bench, 150)
    kills = 0
    for how in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        with subprocess.Popen(
            [sys.executable, "-c", OFTEN, "scan", "evidence", "--case", "CASE", "-q"],
            env=bench.interruptible(),
            cwd=bench.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            seen = journal_size(bench)
            while process.poll() is None and journal_size(bench) == seen:
                time.sleep(0.01)
            if process.poll() is None:
                process.send_signal(how)
                kills += 1
    assert kills >= 1
    final = bench.run("scan", "evidence", "--case", "CASE")
    assert final.returncode == ExitCode.HITS, final.stderr
    whole = another_case(bench, "WHOLE")
    bench.ok("scan", "evidence", "--case", "WHOLE", "--workers", "1", code=ExitCode.HITS)
    (other,) = (whole / "runs").iterdir()
    assert results(bench.only_run()) == results(other)
    assert not (bench.only_run() / "state").exists()
    bench.ok("verify", "CASE")


def journal_size(bench):
    found = list((bench.case / "runs").glob("*/state/journal.jsonl"))
    return found[0].stat().st_size if found else 0


def test_an_interrupted_run_is_not_continued_with_other_settings(bench):
    many(bench, 1500, 2 << 20)
    with subprocess.Popen(
        bench.command("scan", "evidence", "--case", "CASE", "-q"),
        env=bench.environment(),
        cwd=bench.root,
    ) as process:
        while not list((bench.case / "runs").glob("*/outcomes.jsonl")):
            time.sleep(0.01)
        process.kill()
    result = bench.scan("--threshold", "20", code=ExitCode.CASE)
    assert "--new-run" in result.stderr
    shown = json.loads(bench.ok("case", "show", "CASE", "--format", "json").stdout)
    assert [run["status"] for run in shown["runs"]] == ["not ended"]


def test_two_commands_do_not_write_to_one_case(bench):
    many(bench, 1500, 2 << 20)
    with subprocess.Popen(
        bench.command("scan", "evidence", "--case", "CASE", "-q"),
        env=bench.environment(),
        cwd=bench.root,
        stdout=subprocess.DEVNULL,
    ) as process:
        while not list((bench.case / "runs").glob("*/outcomes.jsonl")):
            time.sleep(0.01)
        second = bench.run("scan", "evidence", "--case", "CASE")
        process.kill()
    assert second.returncode == ExitCode.CASE
    assert "another hashmatch command" in second.stderr


def test_results_do_not_depend_on_the_number_of_workers(bench):
    many(bench, 150, 1000)
    found = []
    for workers in ("1", "2", "4"):
        case = another_case(bench, f"CASE-{workers}")
        bench.ok("scan", "evidence", "--case", case, "--workers", workers, code=ExitCode.HITS)
        (run,) = (case / "runs").iterdir()
        found.append(results(run))
    assert found[0] == found[1] == found[2]


def test_nothing_of_the_evidence_changes_and_nothing_appears_beside_it(bench):
    many(bench, 20, 1000)
    (bench.evidence / "folder").mkdir()
    (bench.evidence / "folder" / "x").write_bytes(b"known")
    long_ago = 1_000_000_000_000_000_000
    for path in [bench.evidence, *bench.evidence.rglob("*")]:
        os.utime(path, ns=(long_ago, long_ago))

    def facts():
        return {
            p: (s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns, s.st_size, s.st_mode)
            for p in [bench.evidence, *bench.evidence.rglob("*")]
            for s in [p.lstat()]
        }

    before, beside = facts(), set(os.listdir(bench.root))  # noqa: PTH208
    bench.scan(code=ExitCode.HITS)
    after = facts()
    assert set(os.listdir(bench.root)) == beside  # noqa: PTH208
    assert after == before
    record = json.loads((bench.only_run() / "run.json").read_text())
    assert record["sources"][0]["unchanged"] is True


def test_what_is_written_is_for_its_owner_alone(bench):
    (bench.evidence / "a").write_bytes(b"known")
    bench.scan(code=ExitCode.HITS)
    bench.ok("report", "CASE", "--to", "html,csv,jsonl")
    open_to_others = [
        path
        for top in (bench.case, bench.root / "home")
        for path in [top, *top.rglob("*")]
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    assert open_to_others == []


def test_a_hit_is_told_with_all_that_supports_it(bench):
    (bench.evidence / "a").write_bytes(b"known")
    (bench.evidence / "b").write_bytes(b"known")
    bench.scan(code=ExitCode.HITS)
    first, second = lines(bench.only_run(), "hits.jsonl")
    assert (first["path"], second["path"]) == ("a", "b")
    assert first["claim"] == "exact-2"
    assert first["agreeing"] == ["sha256"]
    assert first["disposition"] == "illegal"
    assert first["viewed"] is False
    record = json.loads((bench.only_run() / "run.json").read_text())
    (row,) = record["counts"]["table"]
    assert (row["items"], row["distinct"], row["hits"]) == (2, 1, 2)


def test_json_output_is_json_and_nothing_else(bench):
    (bench.evidence / "a").write_bytes(b"known")
    summary = json.loads(bench.scan("--format", "json", code=ExitCode.HITS).stdout)
    assert (summary["seen"], summary["items_with_hits"], summary["exit_code"]) == (1, 1, 10)


def test_progress_is_told_in_lines_where_there_is_no_terminal(bench):
    many(bench, 400, 2 << 20)
    result = bench.run("scan", "evidence", "--case", "CASE", HASHMATCH_HEARTBEAT="0.05")
    told = [line for line in result.stderr.splitlines() if line.startswith("scanning: ")]
    assert told
    assert " of 402 entries" in told[0]
    assert " left" in told[-1]


def test_several_folders_are_one_run(bench):
    for name in ("one", "two"):
        (bench.root / name).mkdir()
        (bench.root / name / "same").write_bytes(b"known")
    bench.ok("scan", "one", "two", "--case", "CASE", code=ExitCode.HITS)
    outcomes = lines(bench.only_run(), "outcomes.jsonl")
    assert [(o["n"], o["source"], o["path"]) for o in outcomes] == [(0, 0, "same"), (1, 1, "same")]


def test_agreement_with_benign_sets_alone_is_no_hit(bench):
    (bench.evidence / "a").write_bytes(b"good")
    bench.list_of(b"good", name="good.txt")
    words = ["--set", "good", "--kind", "benign", "--type", "sha256"]
    bench.ok("library", "import", "good.txt", *words)
    bench.scan(code=ExitCode.CLEAR)
    assert len(lines(bench.only_run(), "hits.jsonl")) == 1


def test_benign_never_hides_a_notable_hit(bench):
    (bench.evidence / "a").write_bytes(b"known")
    bench.list_of(b"known", name="good.txt")
    words = ["--set", "good", "--kind", "benign", "--type", "sha256"]
    bench.ok("library", "import", "good.txt", *words)
    result = bench.scan(code=ExitCode.HITS)
    assert "1 item is benign in one set and not in another" in result.stdout
    hits = lines(bench.only_run(), "hits.jsonl")
    assert {h["disposition"] for h in hits} == {"benign", "illegal"}
    assert all(h["conflict"] for h in hits)


def test_only_the_named_sets_are_asked(bench):
    (bench.evidence / "a").write_bytes(b"known")
    bench.list_of(b"other", name="other.txt")
    words = ["--set", "other", "--kind", "illegal", "--type", "sha256"]
    bench.ok("library", "import", "other.txt", *words)
    bench.scan("--set", "other", code=ExitCode.CLEAR)
    record = json.loads((bench.only_run() / "run.json").read_text())
    assert [one["name"] for one in record["sets"]] == ["other"]


def photodna(bench, name="pdna", extra="", kind="illegal"):
    value = bytes(range(1, 145)).hex()
    path = bench.root / f"{name}.csv"
    path.write_text(f"photodna,md5\n{value},{extra}\n")
    return bench.ok("library", "import", path, "--set", name, "--kind", kind)


def test_records_that_no_scan_compares_make_it_incomplete(bench):
    told = photodna(bench)
    assert "a scan does not compare: photodna" in told.stdout + told.stderr
    (bench.evidence / "a").write_bytes(b"nothing")
    told = bench.scan(code=ExitCode.INCOMPLETE).stdout
    assert "set pdna: 1 of 1 record cannot be compared (photodna)" in told
    record = json.loads((bench.only_run() / "run.json").read_text())
    assert record["counts"]["uncompared_records"] == 1
    assert [one.get("uncompared") for one in record["sets"]] == [None, 1]
    bench.ok("report", "CASE", "--to", "html", "--lang", "en")
    (page,) = (bench.case / "reports").rglob("*.html")
    assert "1 of 1: all their values are of kinds that were not compared" in page.read_text()
    assert "1 record of a hash set holds only values" in page.read_text()
    bench.ok("verify", "CASE")
    (bench.evidence / "b").write_bytes(b"known")
    bench.scan(code=ExitCode.HITS_INCOMPLETE)


def test_a_record_with_another_hash_that_is_compared_leaves_the_scan_complete(bench):
    photodna(bench, extra=hashlib.md5(b"made up").hexdigest())
    (bench.evidence / "a").write_bytes(b"nothing")
    told = bench.scan().stdout
    assert "set pdna: values of these kinds are not compared: photodna" in told


def test_a_benign_set_that_cannot_be_compared_misses_nothing_notable(bench):
    photodna(bench, kind="benign")
    (bench.evidence / "a").write_bytes(b"nothing")
    assert "set pdna: 1 of 1 record cannot be compared" in bench.scan().stdout


def test_every_picture_is_accounted_for(bench):
    for name in ("a", "b"):
        (bench.evidence / name).write_bytes(b"\x89PNG\r\n\x1a\n" + name.encode())
    told = bench.scan().stdout
    assert "2 pictures: 0 compared" in told
    assert "2 by digests alone, as no set holds perceptual hashes of pictures" in told
