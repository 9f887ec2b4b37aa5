"""The samples of perceptual and peer-to-peer lists are read as their README says."""

import base64
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, ReadOptions
from hashmatch.model.hashes import Method
from hashmatch.model.records import Dropped, HashRecord, Loss

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
SAMPLES = SAMPLES if SAMPLES.name == "samples" else SAMPLES / "samples"
SYNTHETIC = SAMPLES / "synthetic"
FILES = ("alpha.png", "bravo.png", "charlie.png", "delta.bin")

pytestmark = pytest.mark.skipif(
    not SYNTHETIC.is_dir(), reason="the folder of shared samples is not there (HASHMATCH_SAMPLES)"
)


@pytest.fixture(scope="module")
def vectors():
    return json.loads((SYNTHETIC / "vectors.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def torrents():
    return json.loads((SYNTHETIC / "p2p/torrent-infohashes.json").read_text("utf-8"))


def read(name, expected_format, algorithm=None):
    """Recognise a sample and read it."""
    path = SYNTHETIC / name
    with path.open("rb") as stream:
        form = registry.detect(stream.read(HEAD_SIZE), path.name)
        assert form is not None
        assert form.name == expected_format
        stream.seek(0)
        return list(form.read(stream, ReadOptions(algorithm=algorithm)))


def records(events):
    return [event for event in events if isinstance(event, HashRecord)]


def losses(events):
    return Counter((event.reason, event.whole) for event in events if isinstance(event, Dropped))


def hashes(record):
    return {digest.algorithm.value: digest.hex for digest in record.digests}


def unbase32(text):
    return base64.b32decode(text + "=" * (-len(text) % 8), casefold=True).hex()


def of_file(vectors, name, *kinds):
    known = vectors[name]
    values = {
        "ed2k": known["ed2k_red_emule"],
        "aich": unbase32(known["aich_base32"]),
        "tth": unbase32(known["tth_base32"]),
        "pieces-root": known["bep52_pieces_root"],
    }
    return {kind: values.get(kind) or known[kind] for kind in kinds}


@pytest.mark.parametrize("name", ["p2p/ed2k-links.txt", "text/rhash-ed2k-link.txt"])
def test_ed2k_links_give_ed2k_aich_name_and_size(vectors, name):
    events = read(name, "p2p-links")
    assert [hashes(one) for one in records(events)] == [
        of_file(vectors, file, "ed2k", "aich") for file in FILES
    ]
    assert [(one.fields["name"], one.size) for one in records(events)] == [
        (file, vectors[file]["size"]) for file in FILES
    ]
    assert not losses(events)


def test_a_collection_of_links_gives_its_files(vectors):
    events = read("p2p/collection.emulecollection", "p2p-links")
    assert [hashes(one) for one in records(events)] == [
        of_file(vectors, file, "ed2k") for file in FILES
    ]


def test_every_form_of_urn_is_read(vectors, torrents):
    events = read("p2p/magnets.txt", "p2p-links")
    single, hybrid = torrents["v1-single"], torrents["hybrid"]
    alpha = of_file(vectors, "alpha.png", "sha1", "tth", "ed2k", "md5", "aich")
    assert [hashes(one) for one in records(events)] == [
        {"btih": single["infohash_v1"]},
        {"btih": single["infohash_v1"]},
        {"btmh": torrents["v2"]["infohash_v2"]},
        {"btih": hybrid["infohash_v1"], "btmh": hybrid["infohash_v2"]},
        {"sha1": alpha["sha1"]},
        {"tth": alpha["tth"]},
        {"sha1": alpha["sha1"], "tth": alpha["tth"]},
        {"ed2k": alpha["ed2k"]},
        {"md5": alpha["md5"], "aich": alpha["aich"]},
    ]
    assert not losses(events)


def test_the_magnet_links_of_rhash_give_every_hash_of_a_file_in_one_record(vectors):
    events = read("text/rhash-magnet.txt", "p2p-links")
    for file, record in zip(FILES, records(events), strict=True):
        found = hashes(record)
        assert found.pop("btih")
        assert found == of_file(vectors, file, "sha1", "tth", "ed2k", "aich")
        assert record.size == vectors[file]["size"]


def test_a_list_of_crc32_is_refused():
    path = SYNTHETIC / "text/rhash-sfv.sfv"
    with path.open("rb") as stream:
        form = registry.detect(stream.read(HEAD_SIZE), path.name)
        stream.seek(0)
        with pytest.raises(HashSetError):
            list((form or registry.by_name("plain")).read(stream, ReadOptions()))


@pytest.mark.parametrize("name", ["v1-single", "v1-multi", "v2", "hybrid"])
def test_info_hashes_are_those_of_the_bytes_in_the_file(torrents, name):
    events = read(f"p2p/{name}.torrent", "torrent")
    known = {"btih": torrents[name]["infohash_v1"], "btmh": torrents[name]["infohash_v2"]}
    assert hashes(records(events)[0]) == {kind: value for kind, value in known.items() if value}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("v1-single", [("delta.bin", "md5")]),
        ("v1-multi", [("alpha.png", "sha1", "ed2k"), ("bravo.png", "md5")]),
        ("v2", [("delta.bin", "pieces-root")]),
        ("hybrid", [("delta.bin", "pieces-root")]),
    ],
)
def test_files_of_torrents_give_their_own_hashes(vectors, name, expected):
    events = read(f"p2p/{name}.torrent", "torrent")
    found = records(events)[1:]
    assert [hashes(one) for one in found] == [of_file(vectors, *one) for one in expected]
    assert [one.fields["path"] for one in found] == [one[0] for one in expected]
    assert [one.size for one in found] == [vectors[one[0]]["size"] for one in expected]
    assert not losses(events)


def test_known_met_gives_every_file_whichever_way_its_tags_are_written(vectors):
    events = read("p2p/known.met", "known-met")
    assert [hashes(one) for one in records(events)] == [
        of_file(vectors, file, "ed2k", "aich") for file in FILES
    ]
    assert [(one.fields["name"], one.size) for one in records(events)] == [
        (file, vectors[file]["size"]) for file in FILES
    ]
    assert all(one.fields["uploaded"] > 0 for one in records(events))


def test_the_shared_files_of_ares_are_deciphered(vectors):
    events = read("p2p/ShareL.dat", "ares")
    assert [hashes(one) for one in records(events)] == [
        of_file(vectors, file, "sha1") for file in FILES
    ]
    assert [one.size for one in records(events)] == [vectors[file]["size"] for file in FILES]
    assert all(one.fields["date"] == 1700000000 for one in records(events))


def test_resume_dat_gives_the_torrent_and_passes_over_what_is_none(torrents):
    events = read("p2p/resume.dat", "resume")
    [record] = records(events)
    assert hashes(record) == {"btih": torrents["v1-single"]["infohash_v1"]}
    assert record.fields["uploaded"] == 5


def test_the_resume_file_of_transmission_is_refused_for_having_no_hash():
    with pytest.raises(HashSetError, match=r"Transmission.*without any hash.*\.torrent"):
        read("p2p/transmission.resume", "resume")


def test_each_line_of_a_signal_file_is_of_its_own_type(vectors):
    events = read("tx/local_signal_file.txt", "tx-local")
    first, second, *others = records(events)
    assert [one.method for one in first.perceptual] == [Method.PDQ]
    assert hashes(second) == {"md5": vectors["delta.bin"]["md5"]}
    assert [one.other for one in others] == [("raw_text",), ("url",)]


def test_a_dataset_is_read_only_with_its_type_stated():
    [record] = records(read("tx/simple.pdq.te", "tx-dataset", "pdq"))
    assert [one.method for one in record.perceptual] == [Method.PDQ]
    assert record.fields["labels"] == ["syn_label", "another_label"]
    with pytest.raises(HashSetError, match="--type"):
        read("tx/simple.pdq.te", "tx-dataset")


@pytest.mark.parametrize(
    ("name", "times", "qualities"),
    [
        ("tx/vpdq.txt", [0, 1, 2, 3], [100, 100, 49, 0]),
        ("tx/vpdq-tx.json", [0, 1, 1230], [100, 100, 49]),
        ("tx/vpdq-old-dict.json", [0, 1], [100, 100]),
    ],
)
def test_a_video_is_one_record_of_its_frames(name, times, qualities):
    events = read(name, "vpdq")
    [record] = records(events)
    assert [one.at for one in record.perceptual] == times
    assert [one.quality for one in record.perceptual] == qualities
    assert {one.method for one in record.perceptual} == {Method.VPDQ}
    assert not losses(events)


def test_a_cut_off_tmk_is_refused():
    with pytest.raises(HashSetError, match="48 of 263344 bytes"):
        read("tx/tmk-header-only-truncated.tmk", "tmk")


def test_bad_needles_are_counted_and_the_good_one_is_kept():
    path = SYNTHETIC / "tx/pdq-needles-bad.txt"
    with path.open("rb") as stream:
        events = list(registry.by_name("pdq").read(stream, ReadOptions()))
    assert len(records(events)) == 1
    assert losses(events) == {(Loss.WRONG_LENGTH, True): 2}


def test_metas_table_of_test_data_is_read_as_pdq_when_the_operator_says_so():
    path = SAMPLES / "real/threatexchange/PDQMD5TestData.csv"
    head = path.read_bytes()
    assert not registry.by_name("pdq").detect(head[:HEAD_SIZE], path.name)
    with path.open("rb") as stream:
        events = list(registry.by_name("pdq").read(stream, ReadOptions()))
    rows = head.decode().splitlines()[1:]
    assert len(records(events)) == 16
    # Its two videos have an MD5 in the same column: 32 digits are no PDQ, and nothing says MD5.
    assert losses(events) == {(Loss.WRONG_LENGTH, True): 2}
    assert records(events)[0].fields == {"path": rows[0].split(",")[0]}
