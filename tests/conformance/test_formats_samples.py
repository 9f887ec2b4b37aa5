"""The shared samples are read as their README says; needs the folder HASHMATCH_SAMPLES."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, ReadOptions
from hashmatch.model.hashes import Algorithm, Method
from hashmatch.model.records import Dropped, HashRecord, ListFacts, Loss

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
if SAMPLES.name != "samples":
    SAMPLES = SAMPLES / "samples"
SYNTHETIC = SAMPLES / "synthetic"

pytestmark = pytest.mark.skipif(
    not SYNTHETIC.is_dir(), reason="the folder of shared samples is not there (HASHMATCH_SAMPLES)"
)

FILES = ("alpha.png", "bravo.png", "charlie.png", "delta.bin")


@pytest.fixture(scope="module")
def vectors():
    return json.loads((SYNTHETIC / "vectors.json").read_text("utf-8"))


def detected(path):
    with path.open("rb") as stream:
        found = registry.detect(stream.read(HEAD_SIZE), path.name)
    return found.name if found else None


def read(path, options=None, name=None):
    with path.open("rb") as stream:
        form = registry.by_name(name or detected(path))
        return list(form.read(stream, options or ReadOptions()))


def records(events):
    return [event for event in events if isinstance(event, HashRecord)]


def losses(events):
    return Counter((event.reason, event.whole) for event in events if isinstance(event, Dropped))


def facts(events):
    merged = {}
    for event in events:
        if isinstance(event, ListFacts):
            merged.update(event.facts)
    return merged


def hashes(record):
    return {digest.algorithm.value: digest.hex for digest in record.digests}


def expected(vectors, algorithms, files=FILES):
    return [{name: vectors[file][name] for name in algorithms} for file in files]


TEXTS = [
    ("text/md5sum.txt", "sums", ["md5"], None),
    ("text/md5sum-binary.txt", "sums", ["md5"], None),
    ("text/md5deep-z.txt", "sums", ["md5"], None),
    ("text/md5sum-tag.txt", "sums", ["md5"], None),
    ("text/sha1sum.txt", "sums", ["sha1"], None),
    ("text/SHA256SUMS", "sums", ["sha256"], None),
    ("text/sha256sum-tag.txt", "sums", ["sha256"], None),
    ("text/sha512sum-z.bin", "sums", ["sha512"], "sha512"),
    ("text/openssl-dgst.txt", "sums", ["sha256"], None),
    ("text/cksum-sha256-base64.txt", "sums", ["sha256"], None),
    ("text/plain-md5-lf.txt", "plain", ["md5"], "md5"),
    ("text/plain-sha1-upper-crlf.txt", "plain", ["sha1"], "sha1"),
    ("text/griffeye-hashlist-bom.txt", "plain", ["md5"], "md5"),
    ("text/xways-hashset.txt", "plain", ["md5"], None),
    ("text/generic.csv", "csv", ["md5", "sha1", "sha256"], None),
    ("text/led.csv", "csv", ["md5"], None),
    ("text/powershell-get-filehash.csv", "csv", ["sha256"], None),
    ("text/griffeye-export-semicolon.csv", "csv", ["md5", "sha1"], None),
    ("text/hashdeep.txt", "hashdeep", ["md5", "sha1", "sha256"], None),
    ("vics/vics-2.0-list-us.json", "vics", ["md5", "sha1"], None),
]


@pytest.mark.parametrize(("file", "name", "algorithms", "stated"), TEXTS)
def test_four_files_in_every_form_give_the_same_hashes(vectors, file, name, algorithms, stated):
    path = SYNTHETIC / file
    assert detected(path) == name
    events = read(path, ReadOptions(algorithm=stated))
    assert losses(events) == Counter()
    found = [{k: v for k, v in hashes(one).items() if k in algorithms} for one in records(events)]
    assert found == expected(vectors, algorithms)


@pytest.mark.parametrize("file", ["md5sum-escaped.txt", "sha256sum-tag-escaped.txt"])
def test_escaped_names_are_read_as_they_were(vectors, file):
    found = records(read(SYNTHETIC / "text" / file))
    assert {record.fields["name"] for record in found} == {
        "back\\slash.txt",
        "new\nline.txt",
        "two  spaces.txt",
        "ünï.txt",
    }
    algorithm = "md5" if file.startswith("md5") else "sha256"
    assert [hashes(record) for record in found] == expected(vectors, [algorithm])[:1] * 4


def test_an_ambiguous_plain_list_is_refused():
    with pytest.raises(HashSetError, match="--type"):
        read(SYNTHETIC / "text/plain-mixed-ambiguous.txt")


def test_a_crc_list_is_refused():
    path = SYNTHETIC / "text/rhash-sfv.sfv"
    assert detected(path) == "sums"  # which says why
    for name in ("sums", "plain", "csv", "pdq", "hashdeep", "vics"):
        with pytest.raises(HashSetError):
            read(path, ReadOptions(algorithm="md5"), name)


def test_griffeye_categories_are_kept_as_text():
    found = records(read(SYNTHETIC / "text/griffeye-export-semicolon.csv"))
    assert [record.category for record in found] == [
        "Comparison Images",
        "Non-Pertinent",
        "Uncategorized",
        "Non-Pertinent",
    ]
    assert [record.size for record in found] == [7858, 177, 17449, 20000]
    assert found[0].fields["Created Date"] == "01.01.0001 00:00:00"


def test_hashes_of_parts_are_carried_and_never_compared():
    for record in records(read(SYNTHETIC / "text/led.csv")):
        assert record.other == ("md5_first_512", "md5_first_64k")


def test_pdq_lists():
    events = read(SYNTHETIC / "tx/pdq-list.txt")
    assert detected(SYNTHETIC / "tx/pdq-list.txt") == "pdq"
    assert [len(record.perceptual) for record in records(events)] == [1, 1, 1]
    assert records(events)[2].fields == {"metadata": "charlie.png"}
    bad = read(SYNTHETIC / "tx/pdq-needles-bad.txt", name="pdq")
    assert losses(bad) == {(Loss.WRONG_LENGTH, True): 2}
    assert [record.place for record in records(bad)] == [1]


def test_the_public_pdq_table_needs_a_map():
    path = SAMPLES / "real/threatexchange/PDQMD5TestData.csv"
    with pytest.raises(HashSetError, match="--map"):
        read(path)
    events = read(path, ReadOptions(columns={"pdq": "Hash"}))
    assert len(records(events)) == 16
    assert {value.method for one in records(events) for value in one.perceptual} == {Method.PDQ}
    assert losses(events) == {(Loss.WRONG_LENGTH, True): 2}  # two MD5s stand among the PDQs


def test_the_public_hashdeep_sample():
    events = read(SAMPLES / "real/hashdeep/hashdeep.txt")
    found = records(events)
    assert [record.size for record in found] == [622, 281, 233]
    assert all({*hashes(record)} == {"md5", "sha256"} for record in found)
    assert losses(events) == Counter()


VICS = [
    ("vics-1.1-list", ["alpha.png", "bravo.png"], ["1", "0"], "1.1", None, "list"),
    ("vics-1.2-list", ["alpha.png", "bravo.png"], ["1", "2"], "1.2", None, "list"),
    ("nist-caid-1.2-benign", ["charlie.png", "delta.bin"], ["8", "8"], "1.2", None, "list"),
    ("vics-1.3-list", ["alpha.png", "bravo.png"], ["1", "0"], "1.3", None, "list"),
    ("vics-1.3-case", ["alpha.png", "delta.bin"], ["1", None], "1.3", None, "case"),
    ("vics-2.0-list-us", list(FILES), ["1", "2", "3", "0"], "2.0", "US", "list"),
    ("vics-2.0-case-uk", ["alpha.png"], ["1"], "2.0", "UK", "case"),
    (
        "quirks-2.0-nested-media-under-media-context",
        ["alpha.png"],
        ["1"],
        "2.0",
        None,
        "case",
    ),
    ("quirks-2.0-repeated-photodna", list(FILES), ["1"] * 4, "2.0", None, "list"),
]


@pytest.mark.parametrize(("file", "files", "categories", "version", "country", "shape"), VICS)
def test_vics_of_every_version(vectors, file, files, categories, version, country, shape):
    path = SYNTHETIC / "vics" / f"{file}.json"
    assert detected(path) == "vics"
    events = read(path)
    assert losses(events) == Counter()
    found = records(events)
    assert [hashes(record)["md5"] for record in found] == [vectors[one]["md5"] for one in files]
    assert [record.category for record in found] == categories
    assert [record.size for record in found] == [vectors[one]["size"] for one in files]
    said = facts(events)
    assert (said["format_version"], said.get("context"), said["shape"]) == (version, country, shape)
    assert ("looks_benign" in said) == file.startswith("nist")


def test_vics_hashes_come_from_every_place(vectors):
    (first, second) = records(read(SYNTHETIC / "vics/vics-1.1-list.json"))
    assert hashes(first) == expected(vectors, ["md5", "sha1", "sha256"])[0]
    assert second.entry == "2"
    (_, delta) = records(read(SYNTHETIC / "vics/vics-1.3-case.json"))
    assert hashes(delta).keys() == {"md5"}
    assert [value.method for value in delta.perceptual] == [Method.PHOTODNA]
    alpha = records(read(SYNTHETIC / "vics/vics-2.0-list-us.json"))[0]
    assert hashes(alpha) == expected(vectors, ["md5", "sha1", "sha256"])[0]
    assert [value.method for value in alpha.perceptual] == [Method.PHOTODNA]
    assert alpha.fields["VictimIdentified"] == "False"
    assert alpha.flags == {
        "victim_identified": False,
        "offender_identified": False,
        "is_distributed": True,
        "is_precategorized": True,
    }
    uk = records(read(SYNTHETIC / "vics/vics-2.0-case-uk.json"))[0]
    assert uk.fields["MediaFiles"][0]["Created"] == "2024-05-01T10:11:12.0000123+01:00Z"


def test_vics_quirks_keep_both_assertions_and_count_the_loss(vectors):
    events = read(SYNTHETIC / "vics/quirks-2.0-order.json")
    found = records(events)
    alpha = vectors["alpha.png"]["md5"]
    assert [(hashes(one)["md5"], one.category) for one in (found[0], found[2])] == [
        (alpha, "2"),
        (alpha, "1"),
    ]
    assert found[0].fields["FutureField"] == {"x": [1, 2]}
    assert found[0].fields["DateUpdated"] == "/Date(1686105109830)/"
    # The digests of the empty file are read here; that they never match is the library's rule.
    assert found[1].digests[0].algorithm is Algorithm.MD5
    assert losses(events) == {(Loss.NOT_HEX, True): 1}


def test_the_four_files_agree_across_formats(vectors):
    seen = {}
    for file, _, _, stated in TEXTS:
        for record in records(read(SYNTHETIC / file, ReadOptions(algorithm=stated))):
            for algorithm, value in hashes(record).items():
                seen.setdefault(algorithm, set()).add(value)
    assert seen == {
        algorithm: {vectors[file][algorithm] for file in FILES}
        for algorithm in ("md5", "sha1", "sha256", "sha512")
    }


@pytest.mark.parametrize(
    "file",
    [
        "misp/hashes.csv",
        "misp/manifest.json",
        "tx/stopncii.json",
        "text/dfxml-md5deep.xml",
    ],
)
def test_lists_of_other_formats_are_not_mistaken_for_ours(file):
    assert detected(SYNTHETIC / file) not in {"csv", "hashdeep", "pdq", "plain", "sums", "vics"}
