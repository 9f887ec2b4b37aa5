"""Scans of backups of phones: hits tell where the phone had a file, encrypted ones are said."""

import json
import zipfile

import pytest

from tests.exfat_maker import ExfatMaker
from tests.unit.evidence.test_members_phones import REPORT
from tests.unit.test_jobs_phone_names import backup, contents, digest, manifest, properties

MEASURED = False  # other modules run the same commands

KNOWN = ("CameraRollDomain", "Media/DCIM/100APPLE/IMG_0001.JPG")
NOTES = {"original": "CameraRollDomain-Media/DCIM/100APPLE/IMG_0001.JPG"}
LOCKED = "WARNING: EV01: {}Manifest.db: this backup of a phone is encrypted"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_hits_tell_where_the_phone_had_them_and_encrypted_backups_are_said(bench):
    name = digest(*KNOWN)
    backup(bench.evidence / "open", [KNOWN])
    (bench.evidence / "open" / name[:2] / name).write_bytes(b"known")
    backup(bench.evidence / "shut", [KNOWN], encrypted=True, content=b"ciphertext" * 99)
    with zipfile.ZipFile(bench.evidence / "phone.zip", "w") as packed:
        packed.writestr("udid/Manifest.plist", properties(encrypted=True))
    with zipfile.ZipFile(bench.evidence / "phone.ufdr", "w") as packed:
        packed.writestr("files/Image/a.jpg", b"known")
        packed.writestr("report.xml", REPORT)
    before = contents(bench.evidence)
    result = bench.scan(code=13)
    assert contents(bench.evidence) == before  # and no journal of a database beside them
    assert LOCKED.format("shut/") in result.stdout
    assert "NOTE: EV01: shut/Manifest.db: not all files of this backup have" in result.stdout
    run = bench.only_run()
    hit, packed = lines(run / "hits.jsonl")
    assert hit["path"] == f"open/{name[:2]}/{name}"
    assert hit["facts"] == {"standing": "allocated", "notes": NOTES}
    assert packed["path"] == "phone.ufdr!/files/Image/a.jpg"
    assert packed["facts"]["notes"]["original"] == "/data/media/0/DCIM/ภาพ.jpg"
    assert [(one["path"], one["reason"]) for one in lines(run / "problems.jsonl")] == [
        ("phone.zip!/udid/Manifest.plist!/", "key-or-password-needed"),
        ("shut/Manifest.plist!/", "key-or-password-needed"),
    ]
    (source,) = json.loads((run / "run.json").read_bytes())["sources"]
    assert source["unchanged"]
    told = {"encrypted": False, "named": 1, "unnamed": 0, "unfit_names": 0}
    shut = {"encrypted": True, "named": 0, "names_missing": "key-or-password-needed"}
    assert source["phone_backups"] == [
        {"path": "open/Manifest.db", **told},
        {"path": "shut/Manifest.db", "unnamed": 0, "unfit_names": 0, **shut},
    ]
    for kind in ("html", "csv"):
        bench.ok("report", "CASE", "--to", kind, "--lang", "en")
    for ending in ("html", "csv"):
        written = [one.read_text("utf-8") for one in (bench.case / "reports").rglob(f"*.{ending}")]
        for name in (NOTES["original"], "/data/media/0/DCIM/ภาพ.jpg"):
            assert any(name in one for one in written)


def test_an_encrypted_backup_in_an_image_is_said_though_nothing_is_looked_into(bench):
    pytest.importorskip("pytsk3")
    maker = ExfatMaker()
    maker.file(digest(*KNOWN), b"known")
    maker.file("Manifest.db", manifest([KNOWN]))
    maker.file("Manifest.plist", properties(encrypted=True))
    (bench.evidence / "card.dd").write_bytes(maker.image())
    words = ("--case", "CASE", "--profile", "quick", "--format", "json")
    result = bench.ok("scan", bench.evidence / "card.dd", *words, code=13)
    (told,) = json.loads(result.stdout)["phone_backups"]
    assert (told["label"], told["named"], told["encrypted"]) == ("EV01", 1, True)
    (hit,) = lines(bench.only_run() / "hits.jsonl")
    assert hit["facts"]["notes"] == NOTES
    assert lines(bench.only_run() / "problems.jsonl") == []
