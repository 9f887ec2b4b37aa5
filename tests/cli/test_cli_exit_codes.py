"""The exit-code table, row by row, with real processes."""

import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from PIL import Image

from hashmatch.errors import ExitCode

MEASURED = False  # other modules run the same commands


def files(root):
    return sorted(p.relative_to(root) for p in root.rglob("*"))


def test_0_nothing_known(bench):
    (bench.evidence / "a").write_bytes(b"unknown")
    result = bench.scan(code=ExitCode.CLEAR)
    assert "1 seen = 1 examined + 0 failed + 0 skipped" in result.stdout
    assert "does not establish the absence" in result.stdout


def test_1_is_a_bug_and_shows_where(bare):
    broken = (
        "import hashmatch.cli as cli, hashmatch.commands.doctor as d;"
        "d.command.callback = lambda **_: 1 // 0; cli.main(['doctor'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", broken],
        capture_output=True,
        text=True,
        check=False,
        env=bare.environment(),
    )
    assert result.returncode == ExitCode.CRASH
    assert "ZeroDivisionError" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["scan", "--case", "CASE"],
        ["scan", "evidence"],
        ["scan", "nowhere", "--case", "CASE"],
        ["scan", "", "--case", "CASE"],
        ["scan", "list.txt", "--as", "e01x", "--case", "CASE"],
        ["scan", "evidence", "--case", "CASE"],
        ["scan", "stuff", "stuff", "--case", "CASE"],
        ["scan", "stuff", "--case", "CASE", "--set", "unheard-of"],
        ["scan", "stuff", "--case", "CASE", "--library", "elsewhere"],
        ["scan", "stuff", "--case", "CASE", "--threshold", "61"],
        ["no-such-command"],
        ["report", "CASE", "--to", "pdf"],
        ["library", "lookup", "f" * 64],
        ["library", "lookup", "nothex"],
        ["library", "import", "nowhere", "--set", "x", "--kind", "benign"],
        ["library", "import", "list.txt", "--set", "x", "--kind", "guess"],
        ["library", "import", "list.txt", "--set", "x"],
        ["library", "import", "list.txt", "--set", "x", "--kind", "categorized", "--type", "md5"],
    ],
    ids=" ".join,
)
def test_2_before_anything_is_touched(bench, arguments):
    bench.list_of(b"known")
    (bench.root / "stuff").mkdir()
    (bench.root / "stuff" / "x").touch()
    before = files(bench.root)
    result = bench.ok(*arguments, code=ExitCode.USAGE)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert files(bench.root) == before


def test_2_when_the_library_holds_no_set(bare):
    bare.ok("library", "init")
    bare.evidence.mkdir()
    (bare.evidence / "a").touch()
    bare.ok("case", "open", "CASE", "--reference", "R", "--agency", "A", "--operator", "O")
    result = bare.scan(code=ExitCode.USAGE)
    assert "nothing to match against" in result.stderr
    assert not list((bare.case / "runs").iterdir())


def near_set(bench):
    """A set with one perceptual hash, so that pictures are asked about."""
    path = bench.root / "near.txt"
    path.write_text("0123456789abcdef" * 4 + "\n")
    bench.ok(
        "library", "import", path, "--set", "near", "--kind", "illegal",
        "--format", "pdq",
    )  # fmt: skip


def broken_picture(bench):
    path = bench.evidence / "broken.png"
    Image.new("RGB", (64, 64), "red").save(path)
    path.write_bytes(path.read_bytes()[:50])


def test_3_something_could_not_be_compared(bench):
    near_set(bench)
    broken_picture(bench)
    result = bench.scan(code=ExitCode.INCOMPLETE)
    assert "INCOMPLETE" in result.stdout
    assert (bench.only_run() / "problems.jsonl").read_text().count("\n") == 1


def test_3_a_file_that_grows_while_it_is_read(bench):
    growing = bench.evidence / "growing"
    growing.write_bytes(b"x")
    stop = threading.Event()

    def grow():
        with growing.open("ab", buffering=0) as out:
            while not stop.is_set():
                out.write(b"x" * 100)
                time.sleep(0.0005)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        result = bench.scan(code=ExitCode.INCOMPLETE)
    finally:
        stop.set()
        thread.join()
    assert "1 seen = 0 examined + 1 failed + 0 skipped" in result.stdout
    assert "changed while it was examined" in result.stdout


def test_10_something_known(bench):
    (bench.evidence / "a").write_bytes(b"known")
    result = bench.scan(code=ExitCode.HITS)
    assert "HITS (10)" in result.stdout


def test_13_something_known_and_something_not_compared(bench):
    near_set(bench)
    broken_picture(bench)
    (bench.evidence / "a").write_bytes(b"known")
    bench.scan(code=ExitCode.HITS_INCOMPLETE)


def test_20_the_evidence_changed_since_the_run_was_interrupted(bench):
    (bench.evidence / "a").write_bytes(b"unknown")
    interrupted(bench, signal.SIGKILL)
    for big in bench.evidence.glob("big-*"):
        big.unlink()
    (bench.evidence / "b").write_bytes(b"new")
    result = bench.scan(code=ExitCode.EVIDENCE)
    assert "--new-run" in result.stderr
    bench.scan("--new-run", code=ExitCode.CLEAR)


def interrupted(bench, how):
    """Start a scan of many bytes and end it as soon as its run has begun."""
    for number in range(12):
        with (bench.evidence / f"big-{number:02d}").open("wb") as out:
            out.truncate(256 << 20)  # a hole: no room on the disk, and long to digest
    with subprocess.Popen(
        bench.command("scan", "evidence", "--case", "CASE"),
        env=bench.interruptible(),
        cwd=bench.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while process.poll() is None and not list((bench.case / "runs").glob("*/outcomes.jsonl")):
            time.sleep(0.01)
        process.send_signal(how)
        _, errors = process.communicate(timeout=60)
    return process.returncode, errors


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_130_interrupted_and_resumable(bench, how):
    (bench.evidence / "a").write_bytes(b"known")
    code, errors = interrupted(bench, how)
    assert code == ExitCode.INTERRUPTED
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    assert bench.run("verify", "CASE").returncode == ExitCode.INCOMPLETE
    for big in bench.evidence.glob("big-*"):
        assert big.exists()


def test_21_a_list_that_loses_rows(bench):
    path = bench.root / "bad.csv"
    path.write_text("md5,name\n" + "0" * 31 + "g,a\n" + "1" * 32 + ",b\n")
    result = bench.ok(
        "library", "import", path, "--set", "bad", "--kind", "illegal", code=ExitCode.HASH_SET
    )
    assert "--accept-losses" in result.stderr
    assert "0000000" not in result.stderr
    assert "bad" not in bench.ok("library", "list").stdout


def test_21_a_library_whose_key_is_missing(bench):
    (bench.evidence / "a").touch()
    result = bench.ok(
        "scan", "evidence", "--case", "CASE", "--library-key", "nokey", code=ExitCode.HASH_SET
    )
    assert "key" in result.stderr


def test_22_an_altered_record(bench):
    (bench.evidence / "a").write_bytes(b"known")
    bench.scan(code=ExitCode.HITS)
    bench.ok("verify", "CASE")
    hits = bench.only_run() / "hits.jsonl"
    hits.write_text(hits.read_text().replace('"illegal"', '"benign"'))
    result = bench.ok("verify", "CASE", code=ExitCode.CUSTODY)
    assert "FAIL" in result.stdout


def test_23_a_folder_that_is_no_case(bench):
    (bench.evidence / "a").touch()
    (bench.root / "other").mkdir()
    for arguments in (
        ["scan", "evidence", "--case", "other"],
        ["report", "other"],
        ["verify", "other"],
        ["case", "show", "other"],
    ):
        result = bench.ok(*arguments, code=ExitCode.CASE)
        assert "hashmatch case open" in result.stderr


def test_23_a_case_is_opened_in_an_empty_folder_only(bench):
    words = ["--reference", "R", "--agency", "A", "--operator", "O"]
    bench.ok("case", "open", "CASE", *words, code=ExitCode.CASE)
    bench.ok("case", "open", "new", "--reference", "\n", *words[2:], code=ExitCode.CASE)
    assert not (bench.root / "new").exists()


def test_24_output_inside_the_evidence(bench):
    (bench.evidence / "a").touch()
    words = ["--reference", "R", "--agency", "A", "--operator", "O"]
    bench.ok("case", "open", "evidence/CASE", *words)
    before = files(bench.evidence)
    result = bench.ok("scan", "evidence", "--case", "evidence/CASE", code=ExitCode.OUTPUT)
    assert "inside the evidence" in result.stderr
    assert files(bench.evidence) == before


def limited(size):
    """What a full disk does: no file of this process grows beyond some bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def run_limited(bench, size, *arguments):
    # A measuring of coverage could not write its own file under such a limit.
    return subprocess.run(
        bench.command(*arguments),
        capture_output=True,
        check=False,
        text=True,
        env=replace(bench, measured=False).environment(),
        cwd=bench.root,
        preexec_fn=limited(size),  # no threads here
        timeout=120,
    )


def test_24_a_full_disk_during_a_scan_leaves_it_resumable(bench):
    for number in range(200):
        (bench.evidence / f"{number}").write_bytes(b"known" if number == 7 else b"%d" % number)
    full = run_limited(bench, 20_000, "scan", "evidence", "--case", "CASE")
    assert full.returncode == ExitCode.OUTPUT, full.stderr
    assert "Traceback" not in full.stderr
    assert not (bench.only_run() / "SHA256SUMS").exists()
    bench.scan(code=ExitCode.HITS)
    bench.ok("verify", "CASE")


def test_24_a_full_disk_during_a_report_leaves_no_report(bench):
    """Nor those of its files that found room: the ledger would not know them."""
    (bench.evidence / "a").write_bytes(b"known")
    bench.scan(code=ExitCode.HITS)
    bench.ok("report", "CASE", "--to", "csv")
    before = sorted((bench.case / "reports").rglob("*.*"))
    words = ["report", "CASE", "--to", "csv,jsonl,html"]
    full = run_limited(bench, 8_000, *words)
    assert full.returncode == ExitCode.OUTPUT, full.stderr
    assert sorted((bench.case / "reports").rglob("*.*")) == before
    bench.ok("verify", "CASE")


def test_24_a_full_disk_during_an_import_leaves_the_library_as_it_was(bench):
    (bench.root / "long.txt").write_text("".join(f"{n:064x}\n" for n in range(5000)))
    words = ["library", "import", "long.txt", "--set", "long", "--kind", "benign"]
    full = run_limited(bench, 50_000, *words, "--type", "sha256")
    assert full.returncode == ExitCode.OUTPUT, full.stderr
    assert "long" not in bench.ok("library", "list").stdout
    assert len(list((bench.root / "home/library/sets").iterdir())) == 1
    bench.ok(*words, "--type", "sha256")


def test_24_standard_output_is_full(bench):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        result = subprocess.run(
            bench.command("library", "list"),
            stdout=full,
            check=False,
            stderr=subprocess.PIPE,
            text=True,
            env=bench.environment(),
            cwd=bench.root,
        )
    assert result.returncode == ExitCode.OUTPUT
    assert "could not be written" in result.stderr
    assert "Traceback" not in result.stderr
