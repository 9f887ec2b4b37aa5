"""Images from the command line: one tree in every form, damage of every kind, kills, no traces."""

import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import zipfile

import pytest

from hashmatch.errors import ExitCode
from tests import ewf_maker, image_makers, small_disks
from tests.fat_maker import FatMaker
from tests.volume_maker import luks1

pytest.importorskip("pytsk3")

MEASURED = False
FILES = {
    "KNOWN.TXT": b"known",
    "EMPTY.TXT": b"",
    "DCIM/LONG.BIN": random.Random(3).randbytes(5000),
    "DCIM/SUB/DEEP.TXT": b"deep down",
}
RESULTS = ("outcomes.jsonl", "hits.jsonl", "problems.jsonl")


def volume(files):
    maker, folders = FatMaker(12), {"": None}
    for name, content in files.items():
        above = ""
        *parts, last = name.split("/")
        for part in parts:
            path = f"{above}/{part}"
            if path not in folders:
                folders[path] = maker.folder(part.encode(), folders[above], clusters=4)
            above = path
        maker.file(last.encode(), content, folders[above])
    return maker.image()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def lines(run, name):
    return [json.loads(line) for line in (run / name).read_text("utf-8").splitlines()]


def record(run):
    return json.loads((run / "run.json").read_bytes())


@pytest.fixture
def untouched(bench):
    """Nothing of the evidence may change: no byte, no time, no name."""

    def state():
        return {
            path: (hashlib.sha256(path.read_bytes()).digest(), now.st_atime_ns, now.st_mtime_ns)
            for path in sorted(bench.evidence.rglob("*"))
            if path.is_file()
            for now in [path.stat()]
        }

    def begin():
        for path in bench.evidence.rglob("*"):
            os.utime(path, (1_000_000_000, 1_000_000_000))
        before.update({p: (d, 10**18, 10**18) for p, (d, *_) in state().items()})
        for path in before:  # digesting it here was a reading too
            os.utime(path, (1_000_000_000, 1_000_000_000))

    before = {}
    yield begin
    times = {p: (p.stat().st_atime_ns, p.stat().st_mtime_ns) for p in before}
    assert set(times.values()) == {(10**18, 10**18)}
    assert state().keys() == before.keys()
    assert {p: one[0] for p, one in state().items()} == {p: one[0] for p, one in before.items()}


def test_one_tree_is_the_same_in_every_form(bench, untouched):
    disk = volume(FILES)
    half = (len(disk) // 1024 + 1) * 512
    for name, content in FILES.items():
        path = bench.evidence / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    files = {
        "disk.dd": disk,
        "split.001": disk[:half],
        "split.002": disk[half:],
        "disk.vmdk": image_makers.vmdk(disk, packed=True),
        "disk.qcow2": image_makers.qcow2(disk),
        "disk.vhd": image_makers.vhd(disk),
        "outer.zip": zipped({"inner.zip": zipped(FILES)}),
    }
    for name, content in files.items():
        (bench.evidence / name).write_bytes(content)
    ewf_maker.write(bench.evidence / "disk.E01", disk)
    names = ["tree", "disk.E01", *(name for name in files if name != "split.002")]
    untouched()
    words = ("--case", "CASE", "-q")
    bench.ok("scan", *(bench.evidence / name for name in names), *words, code=ExitCode.HITS)
    run = bench.only_run()
    forms = [one.get("form", one["kind"]) for one in record(run)["sources"]]
    assert forms == ["folder", "e01", "raw", "split", "vmdk", "qcow2", "vhd", "file"]
    held = {name: [] for name in names}
    for one in lines(run, "outcomes.jsonl"):
        if one["outcome"] == "examined":
            path = one["path"].split("!/")[-1]
            held[names[one["source"]]].append((path, one["size"], one["digests"]))
    held["outer.zip"] = [one for one in held["outer.zip"] if not one[0].endswith(".zip")]
    expected = sorted(
        (path, len(content), hashlib.sha256(content).hexdigest()) for path, content in FILES.items()
    )
    for name, found in held.items():
        assert sorted((p, size, digests["sha256"]) for p, size, digests in found) == expected, name
        assert [one[2] for one in sorted(found)] == [one[2] for one in sorted(held["tree"])], name
    hits = lines(run, "hits.jsonl")
    assert [one["path"].split("!/")[-1] for one in hits] == ["KNOWN.TXT"] * len(names)
    assert len({one["locator"] for one in hits}) == len(names)


def test_what_is_damaged_cut_off_or_locked_is_said_of_each_image(bench, untouched):
    """All in one run; ``quick`` leaves out what is deleted, and what archives hold."""
    disk = small_disks.disk()
    (bench.evidence / "cut.dd").write_bytes(disk[: small_disks.STARTS[1] * 512 + 5000])
    whole = ewf_maker.make(disk, packed=False).segments[0]
    (bench.evidence / "cut.E01").write_bytes(whole[: len(whole) // 3])
    (bench.evidence / "locked.dd").write_bytes(luks1(volume(FILES), b"right"))
    (bench.evidence / "x.zip").write_bytes(zipped(FILES))
    (bench.root / "words.txt").write_text("wrong\n")
    untouched()
    names = ("cut.dd", "cut.E01", "locked.dd", "x.zip")
    words = ("--case", "CASE", "--profile", "quick", "--passwords", "words.txt")
    result = bench.ok(
        "scan", *(bench.evidence / name for name in names), *words, code=ExitCode.HITS_INCOMPLETE
    )
    found = record(bench.only_run())
    assert found["settings"]["left_out"] == ["deleted", "members", "carving"]
    problems = {
        (one["source"], one["reason"])
        for one in lines(bench.only_run(), "problems.jsonl")
        if one["problem"] == "failed"
    }
    assert {source for source, _ in problems} == {0, 1, 2}
    assert (2, "key-or-password-needed") in problems
    assert (1, "unknown-file-system") in problems  # where its chunks lie is told at the end
    assert "INCOMPLETE" in result.stdout
    assert "EV02: 1 stretch of " in result.stdout
    paths = {one["path"] for one in lines(bench.only_run(), "outcomes.jsonl")}
    assert not any("GONE" in path or "!/" in path for path in paths)
    (bench.root / "words.txt").write_text("wrong\nright\n")
    words = ("--case", "CASE", "--passwords", "words.txt", "-q")
    bench.ok("scan", bench.evidence / "locked.dd", *words, code=ExitCode.HITS)


def test_what_cannot_be_used_is_refused_before_anything_is_read(bench, untouched):
    first = bench.evidence / "disk.E01"
    ewf_maker.write(first, small_disks.disk(), chunks_per_segment=30)
    segments = sorted(path.name for path in bench.evidence.iterdir())
    assert len(segments) > 3
    (bench.evidence / segments[2]).unlink()
    (bench.evidence / "bogus.001").write_bytes(b"no image " * 2000)
    (bench.evidence / "disk.dd").write_bytes(small_disks.disk())
    untouched()
    result = bench.ok("scan", first, "--case", "CASE", code=ExitCode.EVIDENCE)
    assert segments[2] in result.stderr
    result = bench.ok(
        "scan", bench.evidence / "bogus.001", "--case", "CASE", code=ExitCode.EVIDENCE
    )
    assert "bogus.001 is not an image" in result.stderr
    assert not list((bench.case / "runs").iterdir())


def test_a_case_beside_an_image_is_refused(bench):
    image = bench.case / "disk.dd"
    image.write_bytes(small_disks.disk())
    before = sorted(bench.case.rglob("*"))
    result = bench.ok("scan", image, "--case", "CASE", code=ExitCode.OUTPUT)
    assert "disk.dd" in result.stderr
    assert sorted(bench.case.rglob("*")) == before


KILLED = """
import os, signal, sys
from hashmatch import cli
from hashmatch.jobs import lister, pool, scan, windows

scan.SYNC_SECONDS, windows.SPAN = -1.0, windows.Span(entries=4)
owner, name = {"listing": (lister.Lister, "entries"), "reading": (pool.Pool, "read")}[sys.argv[1]]
whole = getattr(owner, name)

def some(self, *words, **more):
    for number, one in enumerate(whole(self, *words, **more)):
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        yield one

setattr(owner, name, some)
del sys.argv[1]
raise SystemExit(cli.main())
"""


def test_a_scan_of_an_image_that_is_killed_ends_as_one_that_was_not(bench, untouched):
    files = {f"F{number}.BIN": random.Random(number).randbytes(900) for number in range(40)}
    disk = volume(FILES | {f"DCIM/{name}": content for name, content in files.items()})
    image = ewf_maker.write(bench.evidence / "disk.E01", disk)
    untouched()
    words = ["scan", image, "--case", "CASE", "-q", "--workers", "2"]
    for when in ("listing", "reading"):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, when, *words],
            env=bench.environment(),
            cwd=bench.root,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, (when, done.stderr)
        assert bool(list((bench.case / "runs").iterdir())) is (when == "reading")
    killed = bench.only_run()
    bench.ok(*words, code=ExitCode.HITS)
    assert bench.only_run() == killed
    bench.ok(*words, code=ExitCode.HITS)
    (other,) = (run for run in (bench.case / "runs").iterdir() if run != killed)
    for name in RESULTS:
        assert (killed / name).read_bytes() == (other / name).read_bytes(), name
    assert len(lines(killed, "outcomes.jsonl")) > 44
