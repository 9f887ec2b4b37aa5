"""Whatever is wrong with an image, its run is incomplete and says of which image it is so."""

import hashlib
import json
import os
import random
import subprocess
import sys

import pytest

from hashmatch.errors import ExitCode
from tests import ewf_maker, image_makers, small_disks
from tests.fat_maker import FatMaker
from tests.volume_maker import gpt, put, record

pytest.importorskip("pytsk3")

MEASURED = False
DISK = small_disks.disk()


def lying():
    """A partition that begins within another."""
    disk = bytearray(DISK)
    first, second = small_disks.STARTS
    parts = [(0, 1, first, 500), (0, 1, second, 600), (0, 7, first + 100, 50)]
    put(disk, 0, record(*parts))
    return bytes(disk)


def loop():
    maker = FatMaker(12)
    folder = maker.folder(b"SUB")
    maker.slots[folder].append(maker.slot(b"AGAIN", [folder], 0, attributes=0x10))
    return maker.image()


def strange():
    """A partition of something that nobody knows."""
    disk = bytearray(400 * 512)
    disk[:512] = record((0, 7, 10, 100))
    disk[5120:51200] = random.Random(1).randbytes(51200 - 5120)
    return bytes(disk)


def flipped():
    raw = bytearray(ewf_maker.make(DISK, packed=False).segments[0])
    raw[raw.index(small_disks.FILES[b"p2/OTHER.BIN"][-16:])] ^= 1
    return bytes(raw)


IMAGES = {
    "lying.dd": (lying, "damaged-partition-table"),
    "loop.dd": (loop, "damaged-file-system"),
    "strange.dd": (strange, "unknown-file-system"),
    "empty.dd": (lambda: bytes(gpt(400, [])), "unknown-file-system"),
    "pieces.001": (lambda: DISK[: 700 * 512], "damaged-medium"),
    "flipped.E01": (flipped, "damaged-medium"),
}


def test_each_of_them_makes_a_run_incomplete(bench):
    for name, (made, _) in IMAGES.items():
        (bench.evidence / name).write_bytes(made())
    folder = bench.evidence / "folder"
    folder.mkdir()
    (folder / "disk.vmdk").write_bytes(image_makers.vmdk(DISK))
    names = [*IMAGES, "folder"]
    words = ("--case", "CASE", "-q")
    bench.ok(
        "scan", *(bench.evidence / name for name in names), *words, code=ExitCode.HITS_INCOMPLETE
    )
    found = {name: set() for name in names}
    lines = (bench.only_run() / "problems.jsonl").read_text("utf-8").splitlines()
    for line in map(json.loads, lines):
        if line["problem"] in {"failed", "content-partial"}:
            assert line["locator"].startswith(f"EV0{line['source'] + 1}")
            found[names[line["source"]]].add(line["reason"])
    expected = {name: reason for name, (_, reason) in IMAGES.items()}
    for name, reason in {**expected, "folder": "image-inside"}.items():
        assert reason in found[name], (name, found[name])


def test_no_command_leaves_a_trace_in_what_it_reads(bench):
    ewf_maker.write(bench.evidence / "disk.E01", DISK, chunks_per_segment=30)
    low = image_makers.qcow2(DISK)
    (bench.evidence / "low.qcow2").write_bytes(low)
    (bench.evidence / "top.qcow2").write_bytes(
        image_makers.qcow2(bytes(len(DISK)), backing=b"low.qcow2")
    )
    (bench.evidence / "disk.E01.md5").write_text(hashlib.md5(DISK).hexdigest() + "\n")
    everything = sorted(bench.evidence.iterdir())
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in everything}
    for path in [*everything, bench.evidence]:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    images = (bench.evidence / "disk.E01", bench.evidence / "top.qcow2")
    known = bench.root / "known.txt"
    found = bench.ok("hash", "evidence", "--format", "hashdeep").stdout
    known.write_text(found)
    bench.ok("audit", "-k", known, "evidence")
    bench.ok("triage", *images[:1], code=ExitCode.HITS)
    bench.ok("scan", *images, "--case", "CASE", "-q", "--profile", "deep", code=ExitCode.HITS)
    where = "EV01!mbr:p1;off=4096!fat12:/KNOWN.TXT;id=3"
    bench.ok("show-info", where, "--source", images[0])
    times = {path: path.stat() for path in [*everything, bench.evidence]}
    assert {(one.st_atime_ns, one.st_mtime_ns) for one in times.values()} == {(10**18, 10**18)}
    assert sorted(bench.evidence.iterdir()) == everything
    assert {path: hashlib.sha256(path.read_bytes()).digest() for path in everything} == before


LOST = """
import os, signal
from hashmatch import cli
from hashmatch.jobs.lister import Lister

whole = Lister._listed

def some(self, volume, after):
    if volume.prefix == b"p1/":
        os.kill(self._ready()._process.pid, signal.SIGKILL)
    return whole(self, volume, after)

Lister._listed = some
raise SystemExit(cli.main())
"""


def test_a_parser_that_ends_its_process_costs_one_volume_and_is_reported(bench):
    """As one that crashes would: its process is killed from outside, the second one too."""
    image = bench.evidence / "disk.dd"
    image.write_bytes(DISK)
    words = [sys.executable, "-c", LOST, "scan", image, "--case", "CASE"]
    done = subprocess.run(
        words,
        env=bench.environment(),
        cwd=bench.root,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == ExitCode.INCOMPLETE, done.stderr
    assert b"worker-died" in done.stdout
    run = bench.only_run()
    problems = [json.loads(line) for line in (run / "problems.jsonl").read_text().splitlines()]
    (lost,) = [one for one in problems if one["problem"] == "failed"]
    assert (lost["path"], lost["reason"]) == ("p1", "worker-died")
    outcomes = [json.loads(line) for line in (run / "outcomes.jsonl").read_text().splitlines()]
    assert "p2/OTHER.BIN" in {one["path"] for one in outcomes if one["outcome"] == "examined"}
    bench.ok("report", "CASE", "--to", "html")
    (page,) = (bench.case / "reports").rglob("*.html")
    assert "list:worker-died" in page.read_text("utf-8")
