"""Videos from the list to the report, as real processes."""

import csv
import json

import pytest

from tests import clips

MEASURED = False  # other modules run the same commands

pytest.importorskip("av")


@pytest.fixture
def listed(bench):
    """A set with one video of four seconds, one frame a half second."""
    (bench.root / "video.txt").write_text(clips.vpdq_list(frames=96))
    bench.ok("library", "import", "video.txt", "--set", "videos", "--kind", "illegal")
    return bench


def rows(run, name):
    return [json.loads(line) for line in (run / name).read_text().splitlines()]


def test_a_listed_video_is_found_with_its_coverage_and_stretch(listed):
    (listed.evidence / "part.bin").write_bytes(clips.clip("matroska", "mpeg4", 48, first=24))
    (listed.evidence / "other.mp4").write_bytes(clips.clip(seed=2))
    listed.scan("--set", "videos", code=10)
    (hit,) = rows(listed.only_run(), "hits.jsonl")
    assert (hit["path"], hit["claim"], hit["near"]["method"]) == ("part.bin", "near", "vpdq")
    frames = hit["near"]["frames"]
    assert (frames["of"], frames["matched"]) == (8, 4)  # a second is missing at either end
    assert frames["agreeing"] <= frames["asked"]
    assert 1_500 <= frames["longest_ms"] <= 2_000 and len(frames["ranges_ms"]) == 1
    record = json.loads((listed.only_run() / "run.json").read_text())
    counts = record["counts"]
    assert (counts["videos"], counts["videos_compared"]) == (2, 2)
    assert record["settings"]["video_coverage"] == 20
    assert {"av", "ffmpeg", "libavcodec"} <= record["tool"].keys()
    for form in ("html", "csv", "jsonl"):
        listed.ok("report", "CASE", "--to", form)
    page = next((listed.case / "reports").rglob("report.en.html")).read_text("utf-8")
    assert "4 of 8 frames of the record found" in page
    tables = next((listed.case / "reports").rglob("hits.csv"))
    (row,) = csv.DictReader(tables.read_text("utf-8-sig").splitlines())
    assert str(frames["matched"]) in row.values()
    assert listed.ok("verify", "CASE")


def test_without_the_decoder_every_video_is_said_not_to_be_compared(listed):
    (listed.evidence / "part.mp4").write_bytes(clips.clip())
    hidden = listed.root / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util, sys\nsys.modules['av'] = None\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: found(name) if name != 'av' else None\n"
    )
    result = listed.ok(
        "scan", "evidence", "--case", "CASE", "--set", "videos", code=3, PYTHONPATH=str(hidden)
    )
    assert "1 video" in result.stdout
    (problem,) = rows(listed.only_run(), "problems.jsonl")
    assert (problem["problem"], problem["reason"]) == ("video-not-compared", "no-video-decoder")


def test_a_listed_picture_is_found_as_a_frame(bench):
    from hashmatch.hashing.grid import Pixels
    from hashmatch.hashing.pdq import pdq

    value = pdq(Pixels(clips.frame(20))).value.hex()
    (bench.root / "stills.txt").write_text(value + "\n")
    bench.ok(
        "library", "import", "stills.txt", "--set", "stills", "--kind", "illegal", "--type", "pdq"
    )
    (bench.evidence / "film.webm").write_bytes(clips.clip("webm", "libvpx"))
    (bench.evidence / "song.m4a").write_bytes(clips.only_sound())
    bench.scan("--set", "stills", code=10)
    (hit,) = rows(bench.only_run(), "hits.jsonl")
    assert (hit["path"], hit["near"]["method"]) == ("film.webm", "pdq")
    outcomes = {one["path"]: one for one in rows(bench.only_run(), "outcomes.jsonl")}
    assert "video" not in outcomes["song.m4a"]
