"""Volumes encrypted with BitLocker, from the command line: opened, scanned, found again."""

import json
import random

import pytest

from hashmatch.errors import ExitCode
from tests import bitlocker_maker as maker
from tests.fat_maker import FatMaker

pytest.importorskip("pytsk3")
pytest.importorskip("pybde")

MEASURED = False
KEY = random.Random(9).randbytes(32)


def plain():
    fat = FatMaker(12, clusters=1400)
    fat.file(b"KNOWN.TXT", b"known", fat.folder(b"DCIM"))
    fat.next = (maker.ROOM[1] >> 9) + 10
    fat.file(b"LONG.BIN", random.Random(4).randbytes(100_001))
    fat.file(b"GONE.BIN", random.Random(5).randbytes(5000), deleted=True)
    return fat.image()


def found(run):
    lines = [json.loads(line) for line in (run / "outcomes.jsonl").read_text().splitlines()]
    lines = [one for one in lines if one["outcome"] == "examined"]
    found = [(one["source"], one["path"], one["size"], one["digests"]) for one in lines]
    return [[one[1:] for one in found if one[0] == source] for source in range(3)]


def test_locked_volumes_give_what_the_open_one_gives(bench):
    """One opens by a password, which the processes stretch themselves; one by a start-up key."""
    clear = plain()
    (bench.evidence / "open.dd").write_bytes(clear)
    volume = maker.Volume((maker.by_chip(), maker.by_password()))
    (bench.evidence / "word.dd").write_bytes(volume.image(clear))
    volume = maker.Volume((maker.by_startup_key(KEY),), maker.CBC256, to_go=True)
    (bench.evidence / "key.dd").write_bytes(volume.image(clear))
    (bench.root / "words.txt").write_text(maker.PASSWORD + "\n", encoding="utf-8")
    (bench.root / "a.bek").write_bytes(maker.startup_key_file(KEY))
    secrets = ("--passwords", "words.txt", "--key-file", "a.bek")
    images = [bench.evidence / name for name in ("open.dd", "word.dd", "key.dd")]
    scanned = bench.ok("scan", *images, "--case", "CASE", *secrets, code=ExitCode.HITS)
    run = bench.only_run()
    opened, by_word, by_key = found(run)
    assert len(opened) == 3
    assert opened == by_word == by_key
    hits = [json.loads(line) for line in (run / "hits.jsonl").read_text().splitlines()]
    assert [one["path"] for one in hits] == ["DCIM/KNOWN.TXT"] * 3
    assert "!bde!fat12:" in hits[1]["locator"]
    words = ("show-info", hits[1]["locator"], "--case", "CASE", *secrets[:2], "--format", "json")
    again = bench.ok(*words)
    assert json.loads(again.stdout)["as_recorded"] is True
    kept = b"".join(path.read_bytes() for path in bench.case.rglob("*") if path.is_file())
    kept += "".join(one.stdout + one.stderr for one in (scanned, again)).encode()
    for secret in (maker.PASSWORD.encode(), KEY, KEY.hex().encode(), maker.VMK, volume.key):
        assert secret not in kept
