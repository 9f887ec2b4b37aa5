"""The shared samples of tools, NSRL and hashlookup give what their README says."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, ReadOptions
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, HashRecord, MembershipFilter, Withdrawn
from tests.contract.format_contract import merged_facts

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
if SAMPLES.name != "samples":
    SAMPLES = SAMPLES / "samples"
SYNTHETIC = SAMPLES / "synthetic"

pytestmark = pytest.mark.skipif(
    not SYNTHETIC.is_dir(), reason="the folder of shared samples is not there (HASHMATCH_SAMPLES)"
)

FILES = ("alpha.png", "bravo.png", "charlie.png", "delta.bin")
ALPHA = FILES[:1]


@pytest.fixture(scope="module")
def vectors():
    return json.loads((SYNTHETIC / "vectors.json").read_text("utf-8"))


def detected(path):
    with path.open("rb") as stream:
        found = registry.detect(stream.read(HEAD_SIZE), path.name)
    return found.name if found else None


def read(file, name, options=None):
    path = SYNTHETIC / file
    assert detected(path) == name
    with path.open("rb") as stream:
        return list(registry.by_name(name).read(stream, options or ReadOptions()))


def beside(folder):
    files = [one for one in (SYNTHETIC / folder).iterdir() if one.is_file()]
    found = {one.name.lower(): one.read_bytes() for one in files}
    return ReadOptions(beside=found)


def records(events):
    assert not any(isinstance(event, Dropped) for event in events)
    return [event for event in events if isinstance(event, HashRecord)]


def hashes(record):
    return {digest.algorithm.value: digest.hex for digest in record.digests}


LISTS = [
    ("text/certutil.txt", "certutil", ["sha256"], ALPHA),
    ("text/certutil-old-spaced.txt", "certutil", ["sha1"], ALPHA),
    ("text/powershell-get-filehash-utf16.txt", "powershell", ["sha256"], FILES),
    ("text/md5deep-z.txt", "sums", ["md5"], FILES),
    ("legacy/encase.hash", "encase", ["md5"], FILES),
    ("legacy/autopsy.kdb", "autopsy-kdb", ["md5"], FILES),
    ("legacy/ilookv1.hsh", "ilook", ["md5"], FILES),
    ("legacy/ilookv3.hsh", "ilook", ["md5", "sha1", "sha256"], FILES),
    ("legacy/hashkeeper.hsh", "hashkeeper", ["md5"], FILES),
    ("legacy/tsk/synthetic.md5", "sums", ["md5"], FILES),
    ("legacy/tsk/synthetic.md5-md5.idx", "tsk-index", ["md5"], FILES),
    ("nsrl/rds2/NSRLFile.txt", "nsrl-text", ["md5", "sha1"], FILES),
    ("nsrl/rds2/NSRLFile-v1.5.txt", "nsrl-text", ["md5", "sha1"], FILES),
    (
        "nsrl/rds3/RDS_synthetic_modern_minimal.db",
        "nsrl-rds3",
        ["md5", "sha1", "sha256"],
        FILES,
    ),
    ("hashlookup/hashlookup.ndjson", "hashlookup", ["md5", "sha1", "sha256"], FILES),
]


@pytest.mark.parametrize(("file", "name", "algorithms", "files"), LISTS)
def test_the_same_files_in_every_format_give_the_same_hashes(
    vectors, file, name, algorithms, files
):
    found = sorted(tuple(sorted(hashes(one).items())) for one in records(read(file, name)))
    expected = ({key: vectors[one][key] for key in algorithms} for one in files)
    assert found == sorted(tuple(sorted(one.items())) for one in expected)


@pytest.mark.parametrize(
    "file", ["text/powershell-get-filehash-utf16.txt", "text/md5deep-z.txt", "legacy/ilookv1.hsh"]
)
def test_names_are_kept(file):
    events = read(file, detected(SYNTHETIC / file))
    keys = ("Path", "name", "FileName")
    names = [next(one.fields[key] for key in keys if key in one.fields) for one in records(events)]
    assert [name.rpartition("\\")[2] for name in names] == [*FILES]


def test_encase_names_its_set_and_autopsy_keeps_comments():
    assert merged_facts(read("legacy/encase.hash", "encase"))["name"] == "Synthetic set"
    found = records(read("legacy/autopsy.kdb", "autopsy-kdb"))
    assert [one.fields for one in found] == [
        {"names": [name], "comments": ["synthetic"]} for name in FILES
    ]


def test_hashkeeper_takes_its_category_from_the_hke():
    found = records(read("legacy/hashkeeper.hsh", "hashkeeper", beside("legacy")))
    assert [one.category for one in found] == ["1"] * 4
    assert {one.fields["set_name"] for one in found} == {"SYN0001 Synthetic set"}
    assert [one.size for one in found] == [7858, 177, 17449, 20000]


def test_the_second_index_of_hfind_is_refused():
    with pytest.raises(HashSetError, match=r"\.idx2 holds no hashes"):
        read("legacy/tsk/synthetic.md5-md5.idx2", "tsk-index")


def test_special_codes_and_products_of_the_nsrl():
    found = records(read("nsrl/rds2/NSRLFile.txt", "nsrl-text", beside("nsrl/rds2")))
    assert [one.category for one in found] == [None, None, "M", "S"]
    assert {(one.fields["ProductName"], one.fields["ApplicationType"]) for one in found} == {
        ("Synthetic App", "Utility"),
        ("Synthetic Tool", "hacker tool"),
    }
    assert {one.fields["MfgName"] for one in found} == {"Synthetic Ltd"}


def test_a_file_in_two_packages_is_one_record(vectors):
    events = read("nsrl/rds3/RDS_synthetic_modern_minimal.db", "nsrl-rds3")
    parts = {hashes(one)["md5"]: one.parts for one in records(events)}
    assert parts[vectors["alpha.png"]["md5"]] == ("2", "1")
    said = merged_facts(events)
    assert (said["rows"], said["rds_version"], said["shape"]) == ("5", "2024.03.1", "minimal")


def test_a_delta_takes_back_and_adds(vectors):
    events = read("nsrl/rds3/RDS_synthetic_modern_minimal_delta.sql", "nsrl-delta")
    (gone,) = [one for one in events if isinstance(one, Withdrawn)]
    assert [one.hex for one in gone.digests] == [vectors["charlie.png"]["sha256"]]
    assert gone.part == "2"
    (added,) = records(events)
    assert added.fields == {"file_name": "delta'2.bin"}
    assert added.parts == ("1",)
    assert hashes(added)["sha1"] == vectors["delta.bin"]["sha1"]


def fingerprint(text, functions, bits):
    """Give the bits of a value, by the rules of DCSO's bloom."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = value * 0x100000001B3 % (1 << 64) ^ byte
    value %= 18446744073709551557
    for _ in range(functions):
        value = value * 18446744073709550147 % (1 << 64) % 18446744073709551557
        yield value % bits


def test_the_filter_holds_the_four_files(vectors):
    known = [20311, 36825, 412501, 835777, 658914, 853361, 307361]
    assert list(fingerprint("bar", 7, 958505)) == known
    path = SYNTHETIC / "hashlookup/synthetic.bloom"
    assert detected(path) == "hashlookup-bloom"
    with path.open("rb") as stream:
        events = registry.by_name("hashlookup-bloom").read(stream, ReadOptions())
        said = next(events)
        found = next(events)
        assert isinstance(found, MembershipFilter)
        bits = b"".join(found.blocks)
    assert said.facts["bytes_after_filter"] == str(len("synthetic-sha1-upper"))
    assert (found.algorithm, found.inserted) == (Algorithm.SHA1, 4)

    def holds(text):
        places = fingerprint(text, found.functions, found.bits)
        return all(bits[at // 8] >> at % 8 & 1 for at in places)

    assert all(holds(vectors[one]["sha1"].upper()) for one in FILES)
    assert not any(holds(vectors[one]["sha1"]) for one in FILES)


def test_every_sample_of_these_formats_is_recognised():
    seen = Counter(detected(SYNTHETIC / file) for file, *_ in LISTS)
    assert seen == Counter(name for _, name, *_ in LISTS)
