"""``hashmatch triage``: early hits, honest ends."""

import io
import json
import os
import signal
import subprocess

import numpy as np
import pytest
from PIL import Image

from hashmatch.commands import triage as command
from hashmatch.errors import ExitCode
from hashmatch.hashing import pictures
from hashmatch.model.hashes import Method
from hashmatch.model.hits import Frames, Near
from hashmatch.model.wanted import Effort, Wanted
from tests import clips


def triaged(bench, *words, code, form="json"):
    done = bench.ok("triage", "evidence", "--format", form, *words, code=code)
    if form == "json":
        return json.loads(done.stdout)
    return [json.loads(line) for line in done.stdout.splitlines()]


def fill(folder, count, content=b"%d"):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:04d}.txt").write_bytes(content % number)


def adds_up(summary):
    ended = ("examined", "failed", "skipped", "not_reached")
    assert summary["seen"] == sum(summary[one] for one in ended)


def test_without_a_hit_it_is_never_complete(bench):
    (bench.evidence / "a").write_bytes(b"unknown")
    text = bench.ok("triage", "evidence", code=ExitCode.INCOMPLETE).stdout
    assert "1 seen = 1 examined + 0 failed + 0 skipped + 0 not reached; 0 folders" in text
    assert "use 'hashmatch scan'" in text
    assert "INCOMPLETE (3)" in text
    assert not {"clean", "clear"} & set(text.lower().replace(".", " ").split())


def test_a_hit_with_all_examined(bench):
    name = "\u202egpj.\udcff\n"
    (bench.evidence / name).write_bytes(b"known")
    found = triaged(bench, code=ExitCode.HITS)
    (item,) = found["hits"]
    assert item["path_b64"]
    assert item["hits"][0]["claim"] == "exact-2"
    assert item["hits"][0]["set"] == "known"
    assert found["summary"]["stop"] == "everything-listed-was-read"
    text = bench.ok("triage", "evidence", code=ExitCode.HITS).stdout
    assert "‹U+202E›gpj.\\xff‹U+000A›: exact-2, illegal, set known" in text


def test_a_near_picture(bench):
    out = io.BytesIO()
    pixels = np.random.default_rng(5).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).resize((256, 256), Image.Resampling.BICUBIC).save(out, "PNG")
    (bench.evidence / "p.png").write_bytes(out.getvalue())
    fast = Wanted(effort=Effort.FAST)
    (found,) = pictures.examine(out.getvalue(), "image/png", 1 << 20, fast).hashes[:1]
    near = bytes([found.variants[0][0] ^ 7, *found.variants[0][1:]]).hex()
    (bench.root / "near.txt").write_text(near + "\n")
    words = ["--set", "near", "--kind", "illegal", "--format", "pdq"]
    bench.ok("library", "import", "near.txt", *words)
    found = triaged(bench, code=ExitCode.HITS)
    (hit,) = found["hits"][0]["hits"]
    assert (hit["claim"], hit["method"], hit["distance"], hit["threshold"]) == (
        "near",
        "pdq",
        3,
        31,
    )
    assert "near, suspected, set near, pdq distance 3 of 31" in (
        bench.ok("triage", "evidence", "--set", "near", code=ExitCode.HITS).stdout
    )


def test_the_most_promising_come_first_and_it_stops_there(bench):
    fill(bench.evidence / "Windows/System32", 300)
    fill(bench.evidence / "aaa/bbb", 300)
    for folder in ("sdcard/DCIM/Camera", "zzz"):
        (bench.evidence / folder).mkdir(parents=True)
        (bench.evidence / folder / "p.jpg").write_bytes(b"known")
    *lines, last = triaged(bench, "--stop-after", "1", form="jsonl", code=ExitCode.HITS_INCOMPLETE)
    assert [line["path"].rpartition("evidence/")[2] for line in lines] == [
        "sdcard/DCIM/Camera/p.jpg"
    ]
    summary = last["summary"]
    adds_up(summary)
    assert summary["stop"] == "enough-hits"
    assert summary["not_reached"] + summary["folders_not_listed"] > 0
    everything = triaged(bench, code=ExitCode.HITS)
    adds_up(everything["summary"])
    assert (everything["summary"]["examined"], len(everything["hits"])) == (602, 2)
    assert everything["summary"]["folders_not_listed"] == 0


def long_work(bench):
    """Something known in a promising place, and holes that take long to digest elsewhere."""
    (bench.evidence / "DCIM").mkdir()
    (bench.evidence / "DCIM/p.jpg").write_bytes(b"known")
    for number in range(8):
        with (bench.evidence / f"big-{number}").open("wb") as out:
            out.truncate(2 << 30)


def test_the_time_is_over(bench):
    long_work(bench)
    done = bench.run("triage", "evidence", "--format", "json", "--time-budget", "2s")
    found = json.loads(done.stdout)
    assert found["summary"]["stop"] == "time-is-over"
    assert found["summary"]["not_reached"] > 0
    adds_up(found["summary"])
    expected = ExitCode.HITS_INCOMPLETE if found["hits"] else ExitCode.INCOMPLETE
    assert done.returncode == found["summary"]["exit_code"] == expected


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_tells_what_was_covered(bench, how):
    long_work(bench)
    with subprocess.Popen(
        bench.command("triage", "evidence", "--format", "jsonl"),
        env=bench.interruptible(PYTHONUNBUFFERED="1"),
        cwd=bench.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        first = json.loads(process.stdout.readline())  # as it is found, not at the end
        process.send_signal(how)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == ExitCode.HITS_INCOMPLETE
    assert first["hits"]
    summary = json.loads(rest.splitlines()[-1])["summary"]
    assert summary["stop"] == "interrupted"
    assert summary["not_reached"] > 0
    assert "Traceback" not in errors


def test_videos_are_accounted_for(bench):
    pytest.importorskip("av")
    (bench.root / "video.txt").write_text(clips.vpdq_list(frames=48))
    bench.ok("library", "import", "video.txt", "--set", "videos", "--kind", "illegal")
    (bench.evidence / "a").write_bytes(b"known")
    (bench.evidence / "damaged.mp4").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(99))
    (bench.evidence / "clip.mp4").write_bytes(clips.clip())
    found = triaged(bench, "--near", "standard", code=ExitCode.HITS_INCOMPLETE)
    (near,) = (hit["near"] for item in found["hits"] for hit in item["hits"] if hit["near"])
    assert near["frames"]["of"] == 4
    assert near["frames"]["ranges_ms"]
    found = found["summary"]
    counts = ("videos", "videos_compared", "videos_low_quality", "videos_not_compared")
    assert [found[one] for one in counts] == [2, 1, 0, 1]
    told = bench.ok("triage", "evidence", code=ExitCode.HITS_INCOMPLETE).stdout
    assert "2 videos: 0 compared" in told
    assert "2 by digests alone, as --near fast decodes no videos" in told


def test_a_line_says_which_view_agreed_and_where_in_a_video():
    near = Near(Method.PDQ, 3, 31, 100, None, "flipx", "frame-2")
    assert [*command._how(near)] == ["rendering frame-2", "variant flipx"]
    frames = Frames(4, 8, 6, 9, 2000, ((500, 2500), (7000, 7000)))
    near = Near(Method.VPDQ, 3, 31, 100, None, "identity", "video-frame", frames=frames)
    assert [*command._how(near)] == [
        *("4 of 8 frames of the record", "at 0.5-2.5 s", "at 7.0-7.0 s"),
    ]


def test_what_is_no_file_is_counted(bench):
    os.mkfifo(bench.evidence / "pipe")
    (bench.evidence / "loop").symlink_to(".")
    (bench.evidence / "a").write_bytes(b"known")
    summary = triaged(bench, code=ExitCode.HITS)["summary"]
    assert (summary["skipped"], summary["examined"]) == (2, 1)
    adds_up(summary)


@pytest.mark.parametrize(
    "words",
    [["--time-budget", "soon"], ["--time-budget", "0"], ["--stop-after", "0"], ["--set", "none"]],
    ids=" ".join,
)
def test_wrong_words(bench, words):
    (bench.evidence / "a").touch()
    assert bench.ok("triage", "evidence", *words, code=ExitCode.USAGE).stdout == ""
