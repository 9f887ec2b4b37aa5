"""Phone extractions: reports (UFDR) and lists of iOS backups."""

import io
import plistlib
import sqlite3

import pytest

from hashmatch.evidence.members import ios_backup, registry, ufdr
from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Reason
from tests.archives import contents, inside, zip_entry, zip_of

REPORT = """<?xml version="1.0" encoding="utf-8"?><project><taggedFiles>
<file fs="data" path="/data/media/0/DCIM/ภาพ.jpg" size="3" deleted="Intact" extractionId="7">
<accessInfo><timestamp name="CreationTime">2026-01-02T03:04:05.000+07:00</timestamp>
<timestamp name="ModifyTime" formattedTimestamp="02/01/2026 03:04:05(UTC+7)"/></accessInfo>
<metadata section="File"><item name="Local Path"><![CDATA[files\\Image\\a.jpg]]></item>
<item name="MD5">00</item></metadata></file>
<file path="/gone.jpg" deleted="Deleted"><metadata><item name="Local Path">files/b.jpg</item>
</metadata></file></taggedFiles></project>""".encode()


def extraction(report=REPORT, name=b"report.xml"):
    files = [(b"files/Image/a.jpg", b"aaa"), (b"files/b.jpg", b"bbb"), (b"files/c.jpg", b"ccc")]
    files += [(name, report)] if name else []
    return zip_of([zip_entry(one, plain, plain) for one, plain in files])


def test_members_get_their_place_on_the_phone():
    made = extraction()
    assert registry.recognise(made[:4096], b"phone.ufdr") is ufdr
    assert registry.recognise(made[:4096], b"phone.zip") is not ufdr
    first, second, third, _ = inside(ufdr, made)
    assert str(first.layer) == "ufdr:files/Image/a.jpg;n=0"
    assert first.open().read() == b"aaa"
    assert dict(first.facts.notes) == {
        "original": "/data/media/0/DCIM/ภาพ.jpg",
        "extraction": "7",
        "modified-as-reported": "02/01/2026 03:04:05(UTC+7)",
    }
    assert first.facts.times == (("created", "2026-01-02T03:04:05.000+07:00"),)
    assert first.facts.standing is Standing.ALLOCATED
    assert second.facts.standing is Standing.DELETED
    assert third.facts is None


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (b"\x2d\x06\x52\x6d" + bytes(90), Reason.KEY_NEEDED),
        (REPORT[:-40], Reason.DAMAGED_CONTAINER),
        (REPORT.replace(b"<project>", b"<!DOCTYPE x><project>", 1), Reason.DAMAGED_CONTAINER),
        (b"<a>" * 400, Reason.DAMAGED_CONTAINER),
        (b"<a b='" + b"x" * (6 << 20), Reason.DAMAGED_CONTAINER),
        (b"<?xml version='1.0' encoding='nobody'?><a/>", Reason.DAMAGED_CONTAINER),
        (b"", Reason.DAMAGED_CONTAINER),
    ],
    ids=["protected", "cut", "doctype", "deep", "long", "encoding", "empty"],
)
def test_a_report_that_cannot_be_read_costs_no_member(report, reason):
    found = contents(ufdr, extraction(report))
    assert found[:3] == [
        (b"files/Image/a.jpg", b"aaa"),
        (b"files/b.jpg", b"bbb"),
        (b"files/c.jpg", b"ccc"),
    ]
    assert found[-1] == (b"", reason)


def test_a_report_that_breaks_off_counts_as_far_as_it_goes():
    first, *_ = inside(ufdr, extraction(REPORT[: REPORT.index(b"/gone.jpg")]))
    assert dict(first.facts.notes)["extraction"] == "7"


def test_an_extraction_without_a_report_is_said():
    assert contents(ufdr, extraction(name=b""))[-1] == (b"", Reason.DAMAGED_CONTAINER)
    assert contents(ufdr, extraction(name=b"Report.xml"))[-1][0] == b"Report.xml"


def manifest(rows):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE Files (fileID, domain, relativePath, flags, file)")
    database.executemany("INSERT INTO Files VALUES (?, ?, ?, ?, NULL)", rows)
    database.commit()
    content = database.serialize()
    database.close()
    return content


def names(content):
    return list(ios_backup.names(io.BytesIO(content)))


def test_the_list_of_a_backup_names_its_files():
    rows = [
        ("ab" * 20, "CameraRollDomain", "Media/DCIM/100APPLE/ภาพ.JPG", 1),
        ("cd" * 20, "HomeDomain", "Library", 2),
        ("short", "HomeDomain", "x", 1),
        (5, "HomeDomain", "x", 1),
        ("ef" * 20, "HomeDomain", None, 1),
    ]
    content = manifest(rows)
    assert names(content) == [rows[0][:3]]
    journal = content[:18] + b"\x02\x02" + content[20:]  # as phones leave it: with a journal beside
    assert names(journal) == [rows[0][:3]]


def test_lists_that_are_none_are_refused():
    damaged = bytearray(manifest([("ab" * 20, "d", "p", 1)] * 2000))
    damaged[8192:] = bytes(len(damaged) - 8192)
    for content, reason in (
        (bytes(100), Reason.KEY_NEEDED),
        (b"SQLite format 3\0" + bytes(100), Reason.DAMAGED_CONTAINER),
        (bytes(damaged), Reason.DAMAGED_CONTAINER),
    ):
        with pytest.raises(MemberError) as caught:
            names(content)
        assert caught.value.reason is reason


def test_a_query_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(ios_backup, "_SECONDS", -1.0)
    monkeypatch.setattr(ios_backup, "_STEPS", 1)
    with pytest.raises(MemberError):
        names(manifest([("ab" * 20, "d", "p", 1)] * 10))


def test_a_backup_says_whether_it_is_encrypted():
    for value in (True, False):
        assert ios_backup.encrypted(io.BytesIO(plistlib.dumps({"IsEncrypted": value}))) is value
    assert not ios_backup.encrypted(io.BytesIO(plistlib.dumps([1])))
    for content in (b"", b"bplist00" + bytes(40), b"<plist><dict><key>"):
        with pytest.raises(MemberError):
            ios_backup.encrypted(io.BytesIO(content))
