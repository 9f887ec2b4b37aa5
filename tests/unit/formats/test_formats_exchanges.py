"""Answers of the exchanges: what is withdrawn, what is carried, what is only a part."""

import json

import pytest

from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import Dropped, HashRecord, Loss, Withdrawn
from tests.contract.format_contract import facts, losses, read, records

M = "76b38aee70875b2c64d6345713694bd6"
P = "d57e01f47ebcda558c9e4aaf7e3b286d693069a309507b8bdb026bbad8620fc7"
L = "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450"


def page(key, *items, **more):
    return json.dumps({**more, key: list(items)}).encode()


def ncii(*items, **more):
    return page("hashRecords", *items, **more)


def tat(*items, **more):
    return page("results", *items, **more)


def updates(*items, **more):
    return page("data", *items, **more)


def withdrawn(name, data):
    return [event for event in read(name, data) if isinstance(event, Withdrawn)]


@pytest.mark.parametrize("status", ["Withdrawn", "Deleted", "deleted"])
def test_stopncii_takes_back_the_record_it_gave_before(status):
    one = {"signalType": "VideoMD5", "hashValue": M, "lastModtimestamp": 5}
    (record,) = records("stopncii", ncii({**one, "hashStatus": "Active"}))
    again = {**one, "hashValue": M.upper(), "hashStatus": status, "lastModtimestamp": 6}
    assert withdrawn("stopncii", ncii(again)) == [Withdrawn(1, record.entry, updated=6.0)]
    assert M not in record.entry


@pytest.mark.parametrize("status", ["Received", "Unknown", "SomethingNew", None])
def test_stopncii_keeps_every_other_status_verbatim(status):
    one = {"signalType": "ImagePDQ", "hashValue": P, "hashStatus": status}
    assert records("stopncii", ncii(one))[0].category == status


@pytest.mark.parametrize(
    ("signal", "other"),
    [("VideoTMK", "tmk"), ("Text", "text"), ("URL", "url"), ("Future", "unknown")],
)
def test_stopncii_carries_what_is_no_hash_of_a_file(signal, other):
    (record,) = records("stopncii", ncii({"signalType": signal, "hashValue": M}))
    assert (record.digests, record.perceptual, record.other) == ((), (), (other,))


def test_stopncii_losses():
    data = ncii(
        7,
        {"signalType": "ImagePDQ"},
        {"hashValue": M},
        {"signalType": "ImagePDQ", "hashValue": M},
        {"signalType": "VideoMD5", "hashValue": M, "lastModtimestamp": "x"},
        {"signalType": "a", "hashValue": M, "hashStatus": "Deleted", "lastModtimestamp": []},
    )
    assert losses("stopncii", data) == [
        Dropped(1, Loss.MALFORMED),
        Dropped(2, Loss.NO_HASH),
        Dropped(3, Loss.UNKNOWN_ALGORITHM),
        Dropped(4, Loss.WRONG_LENGTH),
        Dropped(5, Loss.BAD_VALUE, whole=False),
        Dropped(6, Loss.BAD_VALUE, whole=False),
    ]


@pytest.mark.parametrize(
    ("name", "whole", "part"),
    [
        ("stopncii", ncii(hasMoreRecords=False), ncii(hasMoreRecords=True)),
        ("stopncii", ncii(hasMoreRecords="false"), ncii(hasMoreRecords="true")),
        ("tat", tat(next=None), tat(next="https://example.org")),
        ("threat-updates", updates(paging={}), updates(paging={"next": "https://example.org"})),
        ("threat-updates", updates(paging=7), updates(paging={"next": "x"})),
    ],
)
def test_a_page_that_is_not_the_last_says_so(name, whole, part):
    assert "partial" not in facts(name, whole)
    assert facts(name, part)["partial"]


def test_tat_takes_back_by_id_or_by_digest():
    one = {"hash_digest": M, "algorithm": "MD5", "deleted": True, "updated_on": 5.5}
    assert withdrawn("tat", tat({**one, "id": 3}, one)) == [
        Withdrawn(1, "3", updated=5.5),
        Withdrawn(2, digests=(Digest.parse(Algorithm.MD5, M),), updated=5.5),
    ]
    assert losses("tat", tat({**one, "hash_digest": None})) == [Dropped(1, Loss.BAD_VALUE)]


@pytest.mark.parametrize("said", [True, "true", "True", 1, "1", "yes"])
def test_every_spelling_of_yes_is_a_deletion(said):
    one = {"id": "1", "hash_digest": M, "algorithm": "MD5", "deleted": said}
    assert withdrawn("tat", tat(one)) == [Withdrawn(1, "1")]
    update = {"id": "1", "should_delete": said, "type": "HASH_MD5", "indicator": M}
    assert withdrawn("threat-updates", updates(update)) == [Withdrawn(1, "1")]


@pytest.mark.parametrize("said", [False, "false", 0, "0", None, ""])
def test_every_spelling_of_no_keeps_the_record(said):
    assert len(records("tat", tat({"hash_digest": M, "algorithm": "MD5", "deleted": said}))) == 1
    update = {"id": "1", "should_delete": said, "type": "HASH_MD5", "indicator": M}
    address = {"id": "2", "should_delete": said, "type": "URI", "indicator": "x"}
    assert len(records("threat-updates", updates(update, address))) == 1
    assert facts("threat-updates", updates(address))["left_out"].startswith("1 ")


def test_a_deletion_that_is_not_understood_is_a_lost_value():
    one = {"hash_digest": M, "algorithm": "MD5", "deleted": "perhaps"}
    assert losses("tat", tat(one)) == [Dropped(1, Loss.BAD_VALUE, whole=False)]
    update = {"id": "1", "should_delete": 7, "type": "HASH_MD5", "indicator": M}
    assert losses("threat-updates", updates(update)) == [Dropped(1, Loss.BAD_VALUE, whole=False)]


def test_tat_values_that_are_no_hashes_are_losses():
    data = tat(
        {"hash_digest": "123abc", "algorithm": "MD5", "id": 1},
        {"hash_digest": M, "algorithm": "Future", "id": 2},
        {"hash_digest": P, "algorithm": "PDQ", "id": 3, "updated_on": "x"},
        {"algorithm": "PDQ"},
        [],
    )
    assert losses("tat", data) == [
        Dropped(1, Loss.WRONG_LENGTH),
        Dropped(3, Loss.BAD_VALUE, whole=False),
        Dropped(4, Loss.NO_HASH),
        Dropped(5, Loss.MALFORMED),
    ]
    assert [one.other for one in records("tat", data)] == [("unknown",), ()]


@pytest.mark.parametrize(
    ("kind", "value", "carried", "video"),
    [
        ("HASH_MD5", M, (), False),
        ("HASH_VIDEO_MD5", M, (), True),
        ("HASH_VIDEO_SHA256", L, (), True),
        ("HASH_PDQ", P, (), False),
        ("HASH_TMK", "x", ("tmk",), False),
        ("HASH_PDQ_OCR", P, ("pdq-ocr",), False),
        ("HASH_TEXT_TLSH", "T1", ("text-tlsh",), False),
        ("HASH_URL_MD5", M, ("url-md5",), False),
        ("HASH_FUTURE", M, ("unknown",), False),
    ],
)
def test_threat_updates_by_type(kind, value, carried, video):
    (record,) = records("threat-updates", updates({"type": kind, "indicator": value}))
    assert record.other == carried
    assert bool(record.digests or record.perceptual) is not bool(carried)
    assert (record.fields.get("media_type") == "video") is video


@pytest.mark.parametrize(
    ("statuses", "category"),
    [
        ([], None),
        (["MALICIOUS", "MALICIOUS"], "MALICIOUS"),
        (["UNKNOWN", "MALICIOUS"], "MALICIOUS"),
        (["UNKNOWN"], "UNKNOWN"),
        (["NON_MALICIOUS", "MALICIOUS"], "MALICIOUS+NON_MALICIOUS"),
        ([None, 7], "7"),
    ],
)
def test_the_status_of_threat_updates_is_what_members_agree_on(statuses, category):
    said = [{"status": status} for status in statuses]
    for descriptors in ({"data": [*said, 7]}, said):
        one = {"type": "HASH_MD5", "indicator": M, "descriptors": descriptors}
        assert records("threat-updates", updates(one))[0].category == category


def test_deleted_indicators_of_threat_updates_are_taken_back():
    data = updates(
        {"id": "1", "should_delete": True, "last_updated": 9, "type": "URI"},
        {"should_delete": True},
        {"id": "3", "should_delete": True, "last_updated": "x"},
    )
    assert withdrawn("threat-updates", data) == [Withdrawn(1, "1", updated=9.0), Withdrawn(3, "3")]
    assert losses("threat-updates", data) == [
        Dropped(2, Loss.BAD_VALUE),
        Dropped(3, Loss.BAD_VALUE, whole=False),
    ]


def test_texts_and_addresses_of_threat_updates_are_counted_only():
    data = updates({"type": "URI", "indicator": "https://example.org/a"}, 7, {"type": "HASH_MD5"})
    assert "example.org" not in str(read("threat-updates", data))
    assert facts("threat-updates", data)["left_out"].startswith("1 indicators")
    assert losses("threat-updates", data) == [
        Dropped(2, Loss.MALFORMED),
        Dropped(3, Loss.NO_HASH),
    ]


def test_arachnids_near_files_are_records_of_their_own():
    near = {"sha256_hex": L, "classification": "csam"}
    answer = {"sha1_base32": None, "sha256_hex": P, "near_match_details": [near, 7]}
    data = json.dumps([answer, {**answer, "near_match_details": None, "size_bytes": "x"}]).encode()
    events = [one for one in read("arachnid", data) if not isinstance(one, Dropped)]
    assert [(one.place, one.fields.get("near_match")) for one in events] == [
        (1, None),
        (2, True),
        (4, None),
    ]
    assert all(isinstance(one, HashRecord) for one in events)
    assert losses("arachnid", data) == [
        Dropped(3, Loss.MALFORMED),
        Dropped(4, Loss.BAD_VALUE, whole=False),
    ]


@pytest.mark.parametrize("data", [b"[]", b"7", b"{}", b"[{}]", b'[{"sha256_hex":""},7]'])
def test_other_json_is_no_answer_of_arachnid(data):
    with pytest.raises(HashSetError, match="sha1_base32"):
        read("arachnid", data)
