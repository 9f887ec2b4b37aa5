"""What a scan of an image met stands in its record, its summary, and reports of both languages."""

import html
import json
import re

import pytest

from hashmatch.errors import ExitCode
from hashmatch.report.html import REPORT
from hashmatch.report.options import ReportOptions
from hashmatch.report.stored_run import StoredRun
from tests import ewf_maker, small_disks

pytest.importorskip("pytsk3")

MEASURED = False
FILES = small_disks.FILES
WORDS = {
    "en": {
        "protection": "Write protection",
        "sidecar": "disk.E01.txt, line 1: md5 00000000000000000000000000000000 differ",
        "damage": "1 stretch, 4.1 kB (4,096 B)",
        "imager": "Not readable when the image was made 1 stretch, 512 B",
        "quick": ("Profile quick", "Deleted files of images and devices were not examined"),
        "deep": ("Profile deep", "Unallocated space of images and devices was searched"),
    },
    "th": {
        "protection": "การป้องกันการเขียน",
        "sidecar": "disk.E01.txt, บรรทัดที่ 1: md5 00000000000000000000000000000000 differ",
        "damage": "1 ช่วง รวม 4.1 kB (4,096 B)",
        "imager": "ส่วนที่อ่านไม่ได้ขณะทำอิมเมจ 1 ช่วง รวม 512 B",
        "quick": ("ระดับการตรวจ quick", "ไม่ได้ตรวจไฟล์ที่ถูกลบในอิมเมจและอุปกรณ์"),
        "deep": ("ระดับการตรวจ deep", "ได้ค้นหาภาพและวิดีโอจากโครงสร้าง"),
    },
}


@pytest.fixture
def image(bench):
    """An image with a damaged chunk, a sector its maker could not read, and a wrong note beside."""
    disk = small_disks.disk()
    errors = ((disk.index(FILES[b"p2/OTHER.BIN"]) // 512, 1),)
    path = ewf_maker.write(bench.evidence / "disk.E01", disk, packed=False, errors=errors)
    raw = bytearray(path.read_bytes())
    raw[raw.index(FILES[b"p1/DCIM/LONG.BIN"][-16:])] ^= 1
    path.write_bytes(raw)
    (bench.evidence / "disk.E01.txt").write_text("MD5 checksum:    " + "0" * 32 + "\n")
    return path


def scanned(bench, image, profile):
    before = {path.name for path in (bench.case / "runs").iterdir()}
    words = ("--case", "CASE", "--profile", profile)
    summary = bench.ok("scan", image, *words, code=ExitCode.HITS_INCOMPLETE).stdout
    (run,) = (path for path in (bench.case / "runs").iterdir() if path.name not in before)
    return run, json.loads((run / "run.json").read_bytes()), summary


def page(run, folder, language):
    (name,) = REPORT.write(StoredRun.open(run), folder, ReportOptions(language=language))
    text = re.sub(
        r"<wbr>|</?(?:span|bdi|code|strong)\b[^>]*>", "", (folder / name).read_text("utf-8")
    )
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", text)))


def test_damage_protection_and_notes_of_an_image_are_told_everywhere(bench, image):
    run, record, summary = scanned(bench, image, "quick")
    (source,) = record["sources"]
    assert source["protection"].keys() >= {"read_only_mount", "options"}
    medium = source["medium"]
    assert [one["result"] for one in medium["sidecars"]] == ["differ"]
    assert (medium["check"]["damaged_stretches"], medium["check"]["damaged_bytes"]) == (1, 4096)
    assert (medium["unread_by_imager"]["count"], medium["unread_by_imager"]["bytes"]) == (1, 512)
    assert medium["doubtful"]
    assert record["settings"]["left_out"] == ["deleted", "members", "carving"]
    for words in (
        "EV01: 1 stretch of 4,096 bytes cannot be read as stored",
        "EV01: 1 stretch of 512 bytes could not be read by who made it",
        "does not have the md5 noted in",
        "not looked for, as the profile says: deleted entries, what archives",
    ):
        assert words in summary, words
    for language, words in WORDS.items():
        told = page(run, bench.root, language)
        for one in (words["protection"], words["sidecar"], words["damage"], words["imager"]):
            assert one in told, (language, one)
        assert all(one in told for one in words["quick"]), language
        assert not any(one in told for one in words["deep"]), language
    in_part = [
        line["path"]
        for line in map(json.loads, (run / "problems.jsonl").read_text("utf-8").splitlines())
        if line["problem"] == "content-partial"
    ]
    assert sorted(in_part) == ["p1/DCIM/LONG.BIN", "p2/OTHER.BIN"]


def test_what_a_deep_scan_looked_for_is_told_everywhere(bench, image):
    run, record, summary = scanned(bench, image, "deep")
    assert record["settings"]["left_out"] == []
    assert record["settings"]["profile"] == "deep"
    assert "not looked for" not in summary
    assert "1 deleted" in summary
    for language, words in WORDS.items():
        told = page(run, bench.root, language)
        assert all(one in told for one in words["deep"]), language
        assert not any(one in told for one in words["quick"]), language
