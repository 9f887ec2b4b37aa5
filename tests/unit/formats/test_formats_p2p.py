"""Links and the binary lists of peer-to-peer programs, in good shape and in bad."""

import base64
import io
import shutil
import struct
import subprocess

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.hashing import digests
from hashmatch.hashing.digests import COMPUTED
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, HashRecord, ListFacts, Loss
from tests.contract.test_formats_contract_media import (
    KNOWN,
    NAMED,
    PART,
    E,
    M,
    P,
    S,
    T,
    base32,
    collected,
    enciphered,
    entry,
    lengthy,
    share_h,
    tag,
    value,
)


def read(name, data, **options):
    data = data.encode() if isinstance(data, str) else data
    return list(registry.by_name(name).read(io.BytesIO(data), ReadOptions(**options)))


def spoken(name, data):
    return [event for event in read(name, data) if not isinstance(event, ListFacts)]


def hashes(record):
    return {digest.algorithm.value: digest.hex for digest in record.digests}


@pytest.mark.parametrize(
    ("urn", "expected"),
    [
        (f"urn:btih:{S[0].upper()}", {"btih": S[0]}),
        (f"urn:btih:{base32(S[0]).lower()}", {"btih": S[0]}),
        (f"urn:btmh:1220{P[0]}", {"btmh": P[0]}),
        (f"urn:sha1:{base32(S[0])}", {"sha1": S[0]}),
        (f"urn:sha1:{S[0]}", {"sha1": S[0]}),
        (f"urn:tree:tiger:{base32(T)}", {"tth": T}),
        (f"urn:tree:tiger/:{base32(T)}", {"tth": T}),
        (f"URN:Tree:Tiger:{T}", {"tth": T}),
        (f"urn:bitprint:{base32(S[0])}.{base32(T)}", {"sha1": S[0], "tth": T}),
        (f"urn:ed2k:{E[0]}", {"ed2k": E[0]}),
        (f"urn:ed2khash:{E[0]}", {"ed2k": E[0]}),
        (f"urn:aich:{base32(S[0])}", {"aich": S[0]}),
        (f"urn:md5:{M[0]}", {"md5": M[0]}),
        (f"urn:md5:{base32(M[0])}", {"md5": M[0]}),
        (f"urn:sha256:{P[0]}", {"sha256": P[0]}),
    ],
)
@pytest.mark.parametrize("link", ["{}", "magnet:?xt={}", "magnet:?dn=a&xt.7={}&xl=5"])
def test_every_form_of_urn_gives_its_hash(urn, expected, link):
    [record] = spoken("p2p-links", link.format(urn))
    assert hashes(record) == expected


def test_an_escaped_urn_is_read():
    [record] = spoken("p2p-links", f"magnet:?xt=urn%3Aed2k%3A{E[0]}&amp;dn=%E0%B8%81+b")
    assert hashes(record) == {"ed2k": E[0]}
    assert record.fields == {"dn": "\u0e01+b"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("magnet:?dn=name", Loss.NO_HASH),
        ("magnet:?xt=text", Loss.MALFORMED),
        ("magnet:?xt=urn:sha1:", Loss.MALFORMED),
        (f"magnet:?xt=urn:sha1:{M[0]}", Loss.WRONG_LENGTH),
        (f"magnet:?xt=urn:unheard-of:{M[0]}", Loss.UNKNOWN_ALGORITHM),
        (f"magnet:?xt=urn:btmh:1340{P[0]}", Loss.UNKNOWN_ALGORITHM),
        (f"magnet:?xt=urn:btmh:1220{S[0]}", Loss.WRONG_LENGTH),
        ("ed2k://|server|192.0.2.1|4661|/", Loss.NO_HASH),
        ("ed2k://|file|name|5", Loss.MALFORMED),
        (f"ed2k://|file|name|5|{'Z' * 32}|/", Loss.NOT_HEX),
        ("some words", Loss.MALFORMED),
        ("x" * 3000, Loss.MALFORMED),
    ],
)
def test_a_line_without_a_hash_is_a_loss_and_the_others_stay(line, reason):
    good = f"ed2k://|file|a|5|{E[0]}|/"
    events = read("p2p-links", f"{line}\n\n# note\n{good}\n", maximum_line=2000)
    assert [event for event in events if isinstance(event, Dropped)] == [Dropped(1, reason)]
    assert [event.place for event in events if isinstance(event, HashRecord)] == [4]


def test_a_record_survives_a_bad_hash_beside_a_good_one():
    events = spoken("p2p-links", f"ed2k://|file|a|no size|{E[0]}|h={M[0]}|p=x|p=y|p=z|odd|/")
    assert {event.reason for event in events[:-1]} == {Loss.WRONG_LENGTH, Loss.BAD_VALUE}
    assert all(not event.whole for event in events[:-1])
    assert hashes(events[-1]) == {"ed2k": E[0]}
    assert events[-1].fields == {"name": "a", "p": ["x", "y", "z"], "more": "odd"}


def test_hashes_that_cannot_be_compared_are_named():
    [record] = spoken("p2p-links", f"magnet:?xt=urn:crc32:185192a1&xt=urn:md5:{M[0]}")
    assert record.other == ("crc32",)


def test_a_list_without_links_is_refused_and_not_recognised():
    with pytest.raises(HashSetError, match="no line is a magnet or ed2k link"):
        read("p2p-links", "words\n")
    form = registry.by_name("p2p-links")
    assert not form.detect(f"ed2k://|file|a|5|{E[0]}|/\nwords\nmore\n".encode(), "x")


def test_hashes_of_one_file_on_neighbouring_lines_of_rhash_are_one_record():
    text = (
        f"AICH  (a) = {base32(S[0])}\nED2K  (a) = {E[0]}\nwords\nTTH   (a) = {base32(T)}\n"
        f"TTH   (a) = {base32(T)}\nSHA1  (a) = {base32(S[1]).lower()}\nMD5   (a) = {S[0]}\n"
    )
    assert [
        event if isinstance(event, Dropped) else (event.place, hashes(event))
        for event in spoken("rhash", text)
    ] == [
        (1, {"aich": S[0], "ed2k": E[0]}),
        Dropped(3, Loss.MALFORMED),
        (4, {"tth": T}),
        Dropped(5, Loss.WRONG_LENGTH, whole=False),
        (5, {"tth": T, "sha1": S[1]}),
    ]


def test_a_line_of_rhash_that_may_be_several_hashes_is_refused_until_one_is_stated():
    text = f"{base32(S[0])}  a.png\n"
    with pytest.raises(HashSetError, match="--type"):
        read("rhash", text)
    for kind in ("sha1", "aich", "btih"):
        [record] = [e for e in read("rhash", text, algorithm=kind) if isinstance(e, HashRecord)]
        assert hashes(record) == {kind: S[0]}


def test_a_line_of_rhash_that_names_another_hash_than_the_operator_is_refused():
    with pytest.raises(HashSetError, match="leave --type out"):
        read("rhash", f"TTH   (a) = {base32(T)}\n", algorithm="aich")


def test_a_line_of_rhash_that_is_too_long_is_lost():
    events = read("rhash", f"{'x' * 200}\nTTH   (a) = {base32(T)}\n", maximum_line=100)
    assert events[0] == Dropped(1, Loss.MALFORMED)


def test_all_that_rhash_prints_of_a_file_is_read(tmp_path):
    rhash = shutil.which("rhash")
    if rhash is None:
        pytest.skip("rhash is not installed")
    (tmp_path / "abc").write_bytes(b"abc")
    told = subprocess.run(
        [rhash, "--bsd", "--all", "abc"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    assert registry.detect(told, "x").name == "rhash"
    [record] = spoken("rhash", told)
    computed = tuple(a for a in COMPUTED if a is not Algorithm.PIECES_ROOT)
    found = digests.read(io.BytesIO(b"abc"), computed, lambda _: False, 0).digests
    read_back = {digest.algorithm: digest for digest in record.digests}
    assert read_back.pop(Algorithm.BTIH)
    assert set(read_back.values()) == set(found)


def head(count):
    return b"\x0e" + struct.pack("<I", count)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x0d" + KNOWN[1:], "does not begin"),
        (head(0), "no entry"),
        (head(3) + KNOWN[5:], "record 3 is cut off"),
        (head(1) + KNOWN[5:], "record 2 was not announced: the list says that it has 1"),
        (head(1) + entry(E[0], b"\x7f\x01\x00\x01"), "record 1 has a tag of an unknown type"),
        (head(1) + entry(E[0])[:-4] + b"\xff\xff\xff\xff", "record 1 is cut off"),
        (KNOWN[:-1], "record 2 is cut off"),
    ],
)
def test_a_damaged_known_met_is_refused_with_the_record(data, why):
    with pytest.raises(HashSetError, match=why):
        read("known-met", data)


def test_an_entry_that_would_fill_the_memory_is_refused():
    huge = tag(7, 0x99, struct.pack("<I", 1 << 31))
    with pytest.raises(HashSetError, match="longer than"):
        read("known-met", head(1) + entry(E[0], huge))


def test_every_type_of_tag_is_read_and_what_stands_twice_is_kept_twice():
    tags = (
        NAMED,
        tag(2, 1, lengthy("\u0e01".encode())),
        tag(2, 3, lengthy(b"caf\xe9")),
        tag(2, 0x60, lengthy(b"\x81")),
        tag(1, 0x61, bytes(16)),
        tag(4, 0x62, struct.pack("<f", float("inf"))),
        tag(0x0A, 0x63, b"\x02\xff\xfe"),
        tag(0x20, 0x64, b"sixteen letters!", short=True),
        b"\x03\x03\x00abc" + struct.pack("<I", 7),
    )
    [record] = spoken("known-met", head(1) + entry(E[0], *tags))
    assert record.fields == {
        "modified": 1700000000,
        "name": "a.png",
        "name 1": "\u0e01",
        "type": "caf\u00e9",
        "tag 60": "\x81",
        "tag 61": "00" * 16,
        "tag 62": None,
        "tag 63": "fffe",
        "tag 64": "sixteen letters!",
        "tag 616263": 7,
    }


def test_a_bad_aich_is_lost_and_the_file_stays():
    tags = (NAMED, tag(2, 0x27, lengthy(b"not base32")), tag(2, 2, lengthy(b"size?")))
    lost, no_size, record = spoken("known-met", head(1) + entry(E[0], *tags))
    assert lost == Dropped(1, Loss.NOT_HEX, whole=False)
    assert no_size == Dropped(1, Loss.BAD_VALUE, whole=False)
    assert (hashes(record), record.size) == ({"ed2k": E[0]}, None)


def test_a_size_beyond_every_file_is_a_lost_value():
    tags = (NAMED, tag(0x0B, 2, b"\xff" * 8))
    lost, record = spoken("known-met", head(1) + entry(E[0], *tags))
    assert lost == Dropped(1, Loss.BAD_VALUE, whole=False)
    assert record.size is None


def test_a_file_without_a_size_has_lost_nothing():
    [record] = spoken("known-met", head(1) + entry(E[0], NAMED))
    assert record.size is None


def test_a_part_met_has_one_entry_of_a_known_version():
    with pytest.raises(HashSetError, match="does not begin"):
        read("part-met", b"\xe3" + PART[1:])
    with pytest.raises(HashSetError, match=r"a part\.met has one"):
        read("part-met", PART + b"\0")


def collection(*files, header=b"\0\0\0\0", version=1, count=None):
    count = len(files) if count is None else count
    return struct.pack("<I", version) + header + struct.pack("<I", count) + b"".join(files)


ONE = collected(tag(1, 0x28, bytes.fromhex(E[0]), short=True))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (collection(ONE, version=3), "expected version 1 or 2"),
        (collection(), "no file"),
        (collection(ONE, count=2), "record 2 is cut off"),
        (collection(ONE) + b"\0", "was not announced"),
        (collection(struct.pack("<I", 1 << 20)), "more tags"),
    ],
)
def test_a_damaged_collection_is_refused(data, why):
    with pytest.raises(HashSetError, match=why):
        read("emule-collection", data)


def test_a_signed_collection_is_read_and_its_author_is_a_fact():
    header = collected(
        tag(2, 0x31, lengthy(b"someone")), tag(7, 0x32, struct.pack("<I", 2) + b"ab")
    )
    events = read("emule-collection", collection(ONE, header=header) + b"signature")
    assert hashes(events[-1]) == {"ed2k": E[0]}
    assert ListFacts({"publisher": "someone"}) in events


def test_a_file_of_a_collection_without_a_hash_is_a_loss():
    nameless = collected(NAMED)
    assert spoken("emule-collection", collection(ONE, nameless))[1] == Dropped(2, Loss.NO_HASH)


MAGIC = b"__ARESDB1.02H_"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"__ARESDB1.05X_", "does not begin"),
        (MAGIC, "no entry"),
        (MAGIC + share_h(S[0], 1, b"")[:10], "record 1 is cut off"),
        (MAGIC + share_h(S[0], 1, value(1, b"name"))[:-1], "record 1 is cut off"),
        (MAGIC + share_h(S[0], 1, bytes(1025)), "longer than Ares writes"),
        (MAGIC + share_h(S[0], 1, b"\x01\x09\x00ab"), "record 1 has a value that goes on behind"),
        (MAGIC + share_h(S[0], 1, b"\x01\x00"), "record 1 has a value that goes on behind"),
    ],
)
def test_a_damaged_list_of_ares_is_refused_with_the_record(data, why):
    with pytest.raises(HashSetError, match=why):
        read("ares", data)


def test_the_first_hash_that_the_cipher_is_known_to_give_is_given():
    """A header enciphered by hand from the formula, byte by byte."""
    plain = bytes.fromhex("8a199330e3882ff26a4b02e8285f5a9dc20d1ef1") + b"\x01\x00\x00"
    assert hashes(spoken("ares", MAGIC + enciphered(plain, 13871))[0]) == {"sha1": plain[:20].hex()}


def test_unknown_values_of_ares_are_kept_as_bytes():
    body = value(99, b"\x01\x02") + value(11, b"\x01") + value(10, b"caf\xe9")
    [record] = spoken("ares", MAGIC + share_h(S[0], 0, body))
    assert record.fields == {
        "shared": False,
        "value 99": "0102",
        "value 11": "01",
        "comment": "caf\u00e9",
    }


def test_a_stream_that_gives_single_bytes_is_read_alike():
    class Drops(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 1) if size > 0 else size)

    form = registry.by_name("known-met")
    assert list(form.read(Drops(KNOWN), ReadOptions())) == read("known-met", KNOWN)


def test_base32_is_that_of_the_standard():
    assert base32("00" * 20) == base64.b32encode(bytes(20)).decode()
