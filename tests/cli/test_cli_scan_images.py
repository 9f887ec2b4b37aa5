"""Scans of images from the command line: what is recorded, refused, and stays as it was."""

import hashlib
import json
import os

import pytest

from tests import ewf_maker, small_disks

pytest.importorskip("pytsk3")


@pytest.fixture
def image(bench):
    """An image with one damaged chunk and a file beside it that states another digest."""
    path = ewf_maker.write(bench.evidence / "disk.E01", small_disks.disk(), packed=False)
    raw = bytearray(path.read_bytes())
    raw[raw.index(small_disks.FILES[b"p2/OTHER.BIN"][:16])] ^= 1
    path.write_bytes(raw)
    (bench.evidence / "disk.E01.txt").write_text("MD5 checksum:    " + "0" * 32 + " : verified\n")
    return path


def test_a_damaged_image_is_scanned_as_far_as_it_goes_and_said_to_be_damaged(bench, image):
    os.utime(image, (1_000_000_000, 1_000_000_000))
    before = image.stat()
    words = bench.root / "words.txt"
    words.write_text("open sesame\n")
    result = bench.ok(
        "scan", image, "--case", "CASE", "--passwords", words, "--format", "json", code=13
    )
    after = image.stat()
    assert (before.st_mtime_ns, before.st_atime_ns) == (after.st_mtime_ns, after.st_atime_ns)
    assert sorted(p.name for p in bench.evidence.iterdir()) == ["disk.E01", "disk.E01.txt"]
    found = json.loads(result.stdout)
    assert found["items_with_hits"] == 1
    (medium,) = found["media"]
    assert (medium["label"], medium["verdict"], medium["doubtful"]) == ("EV01", "mismatch", True)
    run = bench.only_run()
    record = json.loads((run / "run.json").read_bytes())
    (source,) = record["sources"]
    assert (source["kind"], source["form"], source["label"]) == ("image", "e01", "EV01")
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    assert [(one["name"], one["sha256"]) for one in source["segments"]] == [("disk.E01", digest)]
    assert source["unchanged"]
    check = source["medium"]["check"]
    assert check["damaged_stretches"] == 1
    assert [one["why"] for one in check["damage"]] == ["checksum"]
    assert [one["result"] for one in source["medium"]["sidecars"]] == ["differ"]
    assert source["medium"]["said"]["examiner"] == "An Examiner"
    assert record["settings"]["secrets"] == 1
    assert record["settings"]["left_out"] == ["carving"]
    assert record["counts"]["media_doubtful"] == 1
    (hit,) = [json.loads(line) for line in (run / "hits.jsonl").read_text().splitlines()]
    assert hit["path"] == "p1/KNOWN.TXT"
    everything = b"".join(p.read_bytes() for p in bench.case.rglob("*") if p.is_file())
    assert b"sesame" not in everything + result.stdout.encode() + result.stderr.encode()


def test_what_cannot_be_used_ends_a_scan_before_it_begins(bench):
    odd = bench.evidence / "odd.dd"
    odd.write_bytes(b"nothing known " * 500)
    result = bench.ok("scan", odd, "--case", "CASE", code=20)
    assert "say --as raw" in result.stderr
    assert not list((bench.case / "runs").iterdir())
    words = ("--case", "CASE", "--as", "raw", "--verify", "none", "-q")
    result = bench.ok("scan", odd, *words, code=3)
    assert "its content was not verified (--verify none)" in result.stdout
    assert "EV01, medium: no file system" in result.stdout
