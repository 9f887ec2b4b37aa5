"""Bencoding is read strictly and within bounds; torrents and resume files are read from it."""

import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.bencode import as_json, read_dictionary
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.records import Dropped, HashRecord, ListFacts, Loss
from tests.contract.test_formats_contract_media import S, bencode


def decoded(data, **options):
    return read_dictionary(io.BytesIO(data), ReadOptions(**options))


VALUES = st.recursive(
    st.integers(-(10**18), 10**18) | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.binary(max_size=5), VALUES, max_size=5))
@settings(deadline=None)
def test_what_is_written_is_read_and_the_bytes_of_each_value_are_those_in_the_file(value):
    found, raw = decoded(bencode(value))
    assert found == value
    assert raw == {key: bencode(inner) for key, inner in value.items()}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut off"),
        (b"i1e", "no dictionary"),
        (b"le", "no dictionary"),
        (b"d1:ai1e", "cut off"),
        (b"d1:a5:abce", "cut off"),
        (b"d1:ai01ee", "malformed number"),
        (b"d1:ai-0ee", "malformed number"),
        (b"d1:aiee", "malformed number"),
        (b"d1:ai12345678901234567890ee", "malformed number"),
        (b"d1:ax1ee", "no value"),
        (b"d01:ai1ee", "no value"),
        (b"d1:ai1e1:ai2ee", "a key twice"),
        (b"di1ei1ee", "no value"),
        (b"d1:ai1eee", "behind its end"),
        (b"d1:a" + b"l" * 70 + b"e" * 70 + b"e", "nested"),
        (b"d1:a" + b"d1:a" * 5000, "nested"),
        (b"d1:a99999999999:xe", "no value"),
        (b"d1:a9999999999:xe", "cut off"),
    ],
)
def test_anything_but_one_whole_dictionary_is_refused(data, why):
    with pytest.raises(HashSetError, match=why):
        decoded(data)


def test_a_file_of_very_many_values_is_refused(monkeypatch):
    monkeypatch.setattr("hashmatch.formats.bencode._MOST", 1000)
    with pytest.raises(HashSetError, match="too many values"):
        decoded(b"d1:al" + b"le" * 2000 + b"ee")


def test_a_longer_file_than_four_records_is_refused():
    with pytest.raises(HashSetError, match="more than 400 bytes"):
        decoded(bencode({"a": bytes(500)}), maximum_record=100)


def test_bytes_that_are_no_text_become_hexadecimal_and_thai_stays():
    assert as_json({b"a": [b"\xff\x00", "\u0e01".encode(), 5, b"two\nlines", b"\x00"]}) == {
        "a": ["ff00", "\u0e01", 5, "two\nlines", "00"]
    }


def read(name, data):
    return list(registry.by_name(name).read(io.BytesIO(data), ReadOptions()))


def records(name, data):
    return [event for event in read(name, data) if isinstance(event, HashRecord)]


def torrent(**info):
    named = {key.replace("_", " "): value for key, value in info.items()}
    return bencode({"info": {"name": "n", "piece length": 16, **named}})


def hashes(record):
    return {digest.algorithm.value: digest.hex for digest in record.digests}


def test_the_info_hash_is_that_of_the_bytes_even_when_keys_stand_in_the_wrong_order():
    info = b"d6:pieces20:" + bytes(20) + b"4:name1:n6:lengthi3e12:piece lengthi16ee"
    [record] = records("torrent", b"d4:info" + info + b"e")
    assert hashes(record) == {"btih": hashlib.sha1(info).hexdigest()}


def test_hashes_of_files_are_read_as_text_and_as_bytes_and_bad_ones_are_lost():
    md5 = hashlib.md5(b"x").digest()
    files = [
        {"length": 1, "path": ["a"], "md5sum": md5},
        {"length": 1, "path": ["b"], "md5sum": md5.hex().upper()},
        {"length": 1, "path": ["c"], "md5sum": "Z" * 32, "sha1": S[0]},
        {"length": 1, "path": ["d"], "md5sum": "abc"},
    ]
    events = read("torrent", torrent(files=files, pieces=bytes(20)))
    found = [event for event in events if isinstance(event, HashRecord)][1:]
    assert [hashes(one) for one in found] == [
        {"md5": md5.hex()},
        {"md5": md5.hex()},
        {"sha1": S[0]},
    ]
    assert [event for event in events if isinstance(event, Dropped)] == [
        Dropped(4, Loss.NOT_HEX, whole=False),
        Dropped(5, Loss.WRONG_LENGTH),
    ]


def test_two_files_of_one_path_are_both_kept():
    files = [{"length": 1, "path": ["a"], "sha1": one} for one in S]
    assert [hashes(one)["sha1"] for one in records("torrent", torrent(files=files, pieces=b""))[1:]
    ] == list(S)  # fmt: skip


def test_files_in_folders_of_a_torrent_of_version_2_have_their_whole_path():
    root = bytes(range(32))
    tree = {"in": {"a": {"": {"length": 5, "pieces root": root}}, "empty": {"": {"length": 0}}}}
    data = torrent(file_tree=tree, meta_version=2)
    _, one = records("torrent", data)
    assert (one.fields["path"], one.size) == ("in/a", 5)
    assert hashes(one) == {"pieces-root": root.hex()}
    counted = [event.facts for event in read("torrent", data) if isinstance(event, ListFacts)]
    assert counted == [{"files": "2", "files_without_hash": "1"}]


def test_a_file_with_a_hash_is_not_hidden_by_being_called_padding():
    files = [{"length": 1, "path": [".pad", "1"], "attr": "p", "sha1": S[0]}]
    assert len(records("torrent", torrent(files=files, pieces=b""))) == 2


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (bencode({"a": 1}), "no dictionary 'info'"),
        (bencode({"info": "text"}), "no dictionary 'info'"),
        (torrent(length=3), "neither pieces nor version 2"),
        (torrent(files=["text"], pieces=b""), "no dictionary"),
        (torrent(file_tree={"a": 5}, meta_version=2), "no dictionary"),
    ],
)
def test_what_is_no_torrent_is_refused(data, why):
    with pytest.raises(HashSetError, match=why):
        read("torrent", data)


def test_a_file_without_a_readable_path_or_length_is_still_a_record():
    files = [{"path": "text", "length": "x", "sha1": S[0]}, {"sha1": S[1], "length": -5}]
    found = records("torrent", torrent(files=files, pieces=b""))[1:]
    assert [(one.fields["path"], one.size) for one in found] == [("", None), ("", None)]


def test_a_damaged_entry_of_resume_dat_is_lost_and_the_others_stay():
    data = bencode(
        {
            "a": {"info": bytes(19)},
            "b": "text",
            "c": {"caption": "none"},
            "d": {"info": bytes.fromhex(S[0]), "have": b"\xff\xff"},
        }
    )
    events = read("resume", data)
    assert events[:3] == [
        Dropped(1, Loss.WRONG_LENGTH),
        Dropped(2, Loss.MALFORMED),
        Dropped(3, Loss.NO_HASH),
    ]
    assert events[3].fields == {"torrent": "d", "have": "ffff"}


def test_a_resume_file_without_any_hash_is_refused():
    with pytest.raises(HashSetError, match="no hash of a torrent"):
        read("resume", bencode({"rec": []}))
