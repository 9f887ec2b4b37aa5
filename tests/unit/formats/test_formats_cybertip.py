"""CyberTipline documents: both origins of hashes, flags, and nothing about people."""

import json

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.model.records import Dropped, Loss
from tests.contract.format_contract import facts, losses, read, records

M = ("76b38aee70875b2c64d6345713694bd6", "f55084bbfd495e65926dfb3ce1a22cec")
ORIGINAL = f'<originalFileHash hashType="MD5">{M[0]}</originalFileHash>'
PERSONAL = ("192.0.2.10", "Test Person", "example.org", "51.5")


def details(inner, root="fileDetails"):
    return f"<{root}>{inner}</{root}>".encode()


def report(*files):
    return json.dumps(
        {
            "reportId": 5,
            "reportedInformation": {
                "reportedPeople": {"reportedPersons": [{"name": "Test Person"}]},
                "uploadedFiles": {"uploadedFiles": list(files)},
            },
        }
    ).encode()


def test_the_file_as_reported_and_as_held_are_two_records():
    data = details(f"<fileId>f</fileId>{ORIGINAL}<verificationHash>{M[1]}</verificationHash>")
    first, second = records("cybertip", data)
    assert [(one.fields["origin"], one.entry, one.place) for one in (first, second)] == [
        ("reported-original", "f", 1),
        ("as-held", "f", 2),
    ]
    assert [one.digests[0].hex for one in (first, second)] == list(M)


def test_files_of_an_agencys_report_are_read_whatever_the_namespace():
    data = (
        '<r:report xmlns:r="http://report.cybertip.org/leaws/icac"><r:reportId>9</r:reportId>'
        f"<r:uploadedFiles><r:uploadedFile><r:verificationHash>{M[0]}</r:verificationHash>"
        f"</r:uploadedFile><r:thing><r:verificationHash>{M[1]}</r:verificationHash>"
        f"{ORIGINAL}</r:thing></r:uploadedFiles></r:report>"
    ).encode()
    assert registry.detect(data, "x").name == "cybertip"
    found = records("cybertip", data)
    assert [one.digests[0].hex for one in found] == [M[0], M[1], M[0]]
    assert [one.entry for one in found] == ["1", "2", "3"]
    assert facts("cybertip", data)["publisher"] == "NCMEC CyberTipline, report 9"


def test_a_hash_at_an_unknown_place_inside_a_file_is_not_missed():
    inner = (
        f"<fileId>f</fileId><hashes>{ORIGINAL}<x><verificationHash>{M[1]}</verificationHash></x>"
    )
    first, second = records("cybertip", details(f"{inner}</hashes>", "report"))
    assert [one.digests[0].hex for one in (first, second)] == [M[0], M[1]]
    first, second = records("cybertip", details(f"{inner}</hashes>"))
    assert {one.entry for one in (first, second)} == {"f"}


def test_a_hash_at_an_unknown_place_of_a_json_report_is_not_missed():
    data = json.loads(report({"verificationHash": M[0]}))
    data["reportedInformation"]["supplement"] = [{"files": [{"verificationHash": M[1]}]}]
    found = records("cybertip-json", json.dumps(data).encode())
    assert [one.digests[0].hex for one in found] == list(M)
    data["reportedInformation"]["uploadedFiles"] = {"uploadedFiles": {"verificationHash": M[0]}}
    found = records("cybertip-json", json.dumps(data).encode())
    assert [one.digests[0].hex for one in found] == list(M)


def test_nothing_about_people_is_taken_over_and_what_was_left_out_is_counted():
    data = details(
        f"<fileId>f</fileId>{ORIGINAL}<locationOfFile>https://example.org/x</locationOfFile>"
        "<ipCaptureEvent><ipAddress>192.0.2.10</ipAddress></ipCaptureEvent>"
        "<deviceId><idValue>Test Person</idValue></deviceId><deviceId>b</deviceId>"
        "<details type='EXIF'><nameValuePair><name>GPS</name><value>51.5</value></nameValuePair>"
        "</details><additionalInfo>Test Person</additionalInfo>"
    )
    text = str(read("cybertip", data))
    assert not [word for word in PERSONAL if word in text]
    assert facts("cybertip", data)["left_out"] == "6 statements of the report"


def test_nothing_about_people_is_taken_over_from_json():
    one = {
        "verificationHash": M[0],
        "sourceInformation": {"sourceCaptures": [{"value": "192.0.2.10"}]},
        "additionalInformations": [{"value": "Test Person"}],
        "espMetadata": {"metadatas": ["51.5"]},
        "ncmecTags": {"groups": []},
    }
    text = str(read("cybertip-json", report(one)))
    assert not [word for word in PERSONAL if word in text]
    assert "ncmecTags" in text


def test_flags_are_what_the_provider_said():
    data = details(
        f"<fileViewedByEsp>true</fileViewedByEsp><exifViewedByEsp>false</exifViewedByEsp>"
        "<publiclyAvailable>true</publiclyAvailable><fileAnnotations><viral>true</viral>"
        "<generativeAi>true</generativeAi><liveStreaming>true</liveStreaming>"
        "<potentialMeme>true</potentialMeme><possibleSelfProduction>true</possibleSelfProduction>"
        f"</fileAnnotations>{ORIGINAL}"
    )
    (record,) = records("cybertip", data)
    assert record.flags == {
        "viewed_by_esp": True,
        "exif_viewed_by_esp": False,
        "publicly_available": True,
        "viral": True,
        "generative_ai": True,
        "live_streaming": True,
        "potential_meme": True,
    }


def test_a_flag_that_says_neither_yes_nor_no_is_a_loss():
    data = details(f"<fileViewedByEsp>perhaps</fileViewedByEsp>{ORIGINAL}")
    assert losses("cybertip", data) == [Dropped(1, Loss.BAD_VALUE, whole=False)]
    assert records("cybertip", data)[0].flags == {}


def test_an_unknown_hash_name_is_carried_with_its_value():
    data = details('<originalFileHash hashType="Mystery">abc</originalFileHash>')
    (record,) = records("cybertip", data)
    assert (record.digests, record.other) == ((), ("unknown",))
    assert record.fields["hashes"] == [{"name": "Mystery", "value": "abc"}]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("cybertip", b"<report><reportId>1</reportId></report>"),
        ("cybertip", b"<reportDoneResponse><files><fileId>1</fileId></files></reportDoneResponse>"),
        ("cybertip", details("<fileId>1</fileId><originalFileHash hashType='MD5'/>")),
        ("cybertip-json", report()),
        ("cybertip-json", report({"filename": "a"}, {"verificationHash": None}, 7)),
        ("cybertip-json", b'{"reportedInformation":{"uploadedFiles":[1]}}'),
    ],
)
def test_a_report_without_hashes_has_nothing_to_match(name, data):
    with pytest.raises(HashSetError, match="no file hashes, so that there is nothing to match"):
        read(name, data)


def test_a_file_without_hash_beside_others_is_a_loss():
    data = report({"filename": "a"}, {"verificationHash": M[0]})
    assert losses("cybertip-json", data) == [Dropped(1, Loss.NO_HASH)]
    assert [one.place for one in records("cybertip-json", data)] == [2]


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"reportedInformation":7}', b"7"])
def test_other_json_is_no_report(data):
    with pytest.raises(HashSetError, match="reportedInformation"):
        read("cybertip-json", data)


def test_a_report_of_something_else_is_not_recognised():
    assert registry.detect(b"<report><title>a</title></report>", "report.xml") is None
    with pytest.raises(HashSetError, match="outermost element"):
        read("cybertip", b"<html><body/></html>")
