"""MISP: hashes of one object stay together, of sections never match, and the cache is refused."""

import json

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.model.records import Dropped, HashRecord, Loss, Withdrawn
from tests.contract.format_contract import Endless, facts, losses, read, records

M = ("76b38aee70875b2c64d6345713694bd6", "f55084bbfd495e65926dfb3ce1a22cec")
S = "906543b861aba09867863fbd4ac088dcd9147b0a"


def event(*attributes, objects=(), **more):
    inner = {"info": "x", **more, "Attribute": list(attributes), "Object": list(objects)}
    return json.dumps({"Event": inner}).encode()


def attribute(kind, value, **more):
    return {"type": kind, "value": value, **more}


def test_the_hashes_of_one_object_are_of_one_file():
    one = {"name": "file", "Attribute": [attribute("md5", M[0]), attribute("sha1", S)]}
    (record,) = records("misp", event(objects=[one]))
    assert [digest.hex for digest in record.digests] == [M[0], S]


@pytest.mark.parametrize("name", ["pe-section", "elf-section", "macho-section"])
def test_the_hash_of_a_section_is_carried_and_never_compared(name):
    section = {"name": name, "uuid": "u", "Attribute": [attribute("md5", M[0])]}
    (record,) = records("misp", event(objects=[section]))
    assert (record.digests, record.other) == ((), ("of-pieces",))


@pytest.mark.parametrize("kind", ["imphash", "pehash", "ssdeep", "sha224", "filename|imphash"])
def test_hashes_of_other_kinds_are_carried(kind):
    (record,) = records("misp", event(attribute(kind, f"a|{M[0]}")))
    assert (record.digests, record.other) == ((), (kind.rpartition("|")[2],))


@pytest.mark.parametrize("kind", ["x509-fingerprint-md5", "hassh-md5", "ip-dst|port", "url", "AS"])
def test_what_is_no_hash_of_a_file_is_counted(kind):
    data = event(attribute(kind, M[0]), attribute("md5", M[1]), objects=[{"name": "file"}])
    assert [one.digests[0].hex for one in records("misp", data)] == [M[1]]
    assert facts("misp", data)["left_out"].startswith("2 attributes")


def test_whether_it_is_meant_for_detection_is_kept():
    (record,) = records("misp", event(attribute("md5", M[0], to_ids=False)))
    assert record.fields["to_ids"] is False


@pytest.mark.parametrize("deleted", [True, "1"])
def test_a_deleted_attribute_or_object_takes_itself_back(deleted):
    data = event(
        attribute("md5", M[0], uuid="u1", deleted=deleted, timestamp="1706745600"),
        objects=[{"uuid": "u2", "deleted": deleted, "Attribute": [attribute("md5", M[1])]}],
    )
    assert [one for one in read("misp", data) if isinstance(one, Withdrawn)] == [
        Withdrawn(1, "u1", updated=1706745600.0),
        Withdrawn(2, "u2"),
    ]


def test_a_deleted_attribute_of_an_object_is_left_out():
    inner = [attribute("md5", M[0], deleted=True), attribute("sha1", S, deleted=[])]
    (record,) = records("misp", event(objects=[{"Attribute": inner}]))
    assert [digest.hex for digest in record.digests] == [S]


def test_without_an_id_the_digests_are_taken_back():
    deleted = attribute("md5", M[0], deleted=True)
    worse = attribute("md5", "Z" * 32, deleted=True)
    (withdrawn,) = (one for one in read("misp", event(deleted)) if isinstance(one, Withdrawn))
    assert [digest.hex for digest in withdrawn.digests] == [M[0]]
    assert losses("misp", event(worse)) == [Dropped(1, Loss.NOT_HEX)]


def test_an_object_whose_every_hash_was_deleted_is_taken_back():
    inner = [
        attribute("md5", M[0], deleted=True, timestamp=9),
        attribute("size-in-bytes", "5"),
    ]
    data = event(objects=[{"uuid": "u", "timestamp": 5, "Attribute": inner}])
    assert [one for one in read("misp", data) if isinstance(one, Withdrawn)] == [
        Withdrawn(1, "u", updated=9.0)
    ]


def test_damaged_attributes_are_losses():
    data = event(
        attribute("md5", "Z" * 32),
        attribute("filename|md5", "name only|"),
        attribute("md5", None),
        7,
        attribute("md5", M[0], timestamp="soon"),
        objects=[{"Attribute": [attribute("md5", M[1]), attribute("size-in-bytes", "big")]}],
    )
    assert losses("misp", data) == [
        Dropped(1, Loss.NOT_HEX),
        Dropped(2, Loss.NO_HASH),
        Dropped(3, Loss.NO_HASH),
        Dropped(4, Loss.MALFORMED),
        Dropped(5, Loss.BAD_VALUE, whole=False),
        Dropped(6, Loss.BAD_VALUE, whole=False),
    ]


def test_an_attribute_with_a_key_twice_is_a_loss():
    data = f'{{"Event":{{"Attribute":[{{"type":"md5","type":"url","value":"{M[0]}"}}]}}}}'
    assert losses("misp", data.encode()) == [Dropped(1, Loss.MALFORMED)]


def test_the_publisher_is_a_fact():
    assert facts("misp", event(Orgc={"name": "Test"}))["publisher"] == "Test"
    assert "publisher" not in facts("misp", event(Orgc="Test"))


def test_an_event_larger_than_a_record_is_read_piece_by_piece():
    row = json.dumps(attribute("md5", M[0])).encode() + b","
    stream = Endless(b'{"Event":{"Attribute":[', row)
    events = registry.by_name("misp").read(stream, registry_options())
    found = sum(isinstance(next(events), HashRecord) for _ in range(5000))
    assert found >= 4990


def registry_options():
    from hashmatch.formats.interface import ReadOptions

    return ReadOptions(maximum_record=100_000)


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{}",
        b"7",
        b'{"Event":[]}',
        b"[[[[[[[1]]]]]]]",
        b'{"response":{"response":{"response":{"response":{"response":{"Event":{}}}}}}}',
    ],
)
def test_a_document_without_events_is_refused(data):
    with pytest.raises(HashSetError, match="no 'Event'"):
        read("misp", data)


def test_a_document_nested_for_ever_is_refused():
    with pytest.raises(HashSetError):
        read("misp", b"[" * 1_000_000)


def test_the_manifest_of_a_feed_is_no_event():
    manifest = {"5a5a5a5a-0000-4000-8000-000000000001": {"info": "x", "Orgc": {"name": "T"}}}
    assert registry.detect(json.dumps(manifest).encode(), "manifest.json") is None


def test_the_cache_is_met_before_any_table_or_plain_list():
    uuid = "5a5a5a5a-0000-4000-8000-000000000001"
    data = f"{M[0]},{uuid}\n{M[1]},{uuid.upper()}\n".encode()
    assert registry.detect(data, "hashes.csv").name == "misp-cache"
    assert not registry.by_name("misp-cache").detect(data + M[0].encode() + b",name\n\n", "x")
    with pytest.raises(HashSetError, match="--format misp"):
        read("misp-cache", data)


def test_a_malware_sample_is_a_hash_whose_file_is_only_described():
    sample = attribute("malware-sample", f"a|b.exe|{M[0]}", uuid="u", data="UEsDBAoACQAAAA==")
    inside = {"name": "file", "Attribute": [sample, attribute("sha1", S)]}
    alone, grouped = records("misp", event(sample, objects=[inside]))
    assert [digest.hex for digest in alone.digests] == [M[0]]
    assert [digest.hex for digest in grouped.digests] == [M[0], S]
    for one in (alone, grouped):
        assert "UEsDBAoACQAAAA" not in str(one.fields)
    assert alone.fields["data"]["length"] == 10


@pytest.mark.parametrize("said", [True, 1, "1", "true"])
def test_every_spelling_of_yes_takes_an_attribute_back(said):
    data = event(attribute("md5", M[0], uuid="u", deleted=said))
    assert [type(one) for one in read("misp", data)].count(Withdrawn) == 1


def test_a_deletion_that_is_not_understood_is_a_lost_value():
    data = event(attribute("md5", M[0], uuid="u", deleted="perhaps"))
    assert losses("misp", data) == [Dropped(1, Loss.BAD_VALUE, whole=False)]
