"""The shared samples of documents are read as their README says (HASHMATCH_SAMPLES)."""

import json
import os
from pathlib import Path

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, ReadOptions
from hashmatch.model.hashes import Method
from hashmatch.model.records import Dropped, HashRecord, ListFacts, Loss, Withdrawn

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
if SAMPLES.name != "samples":
    SAMPLES = SAMPLES / "samples"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the folder of shared samples is not there (HASHMATCH_SAMPLES)"
)

INDUSTRY = ReadOptions(environment="industry")


@pytest.fixture(scope="module")
def vectors():
    return json.loads((SAMPLES / "synthetic/vectors.json").read_text("utf-8"))


def detected(file):
    with (SAMPLES / file).open("rb") as stream:
        found = registry.detect(stream.read(HEAD_SIZE), Path(file).name)
    return found.name if found else None


def read(file, options=None):
    with (SAMPLES / file).open("rb") as stream:
        return list(registry.by_name(detected(file)).read(stream, options or ReadOptions()))


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def facts(events):
    merged = {}
    for event in of(events, ListFacts):
        merged.update(event.facts)
    return merged


def hashes(record):
    return {digest.algorithm.value: digest.hex for digest in record.digests}


def test_ncmec_entries(vectors):
    events = read("synthetic/ncmec/entries.xml", INDUSTRY)
    alpha, bravo, delta = of(events, HashRecord)
    assert [one.entry for one in (alpha, bravo, delta)] == [
        "9001:syn-image-1",
        "9001:syn-image-2",
        "9001:syn-video-1",
    ]
    assert [one.category for one in (alpha, bravo, delta)] == ["B2", None, "A2"]
    assert hashes(alpha) == {name: vectors["alpha.png"][name] for name in ("md5", "sha1")}
    assert [one.method for one in alpha.perceptual] == [Method.PHOTODNA, Method.PDQ]
    assert hashes(bravo)["md5"] == vectors["bravo.png"]["md5"]
    assert (hashes(delta)["md5"], delta.other) == (vectors["delta.bin"]["md5"], ("tmk",))
    assert set(alpha.fields["feedback"]) >= {"affirmativeFeedback", "negativeFeedback"}
    assert alpha.updated < bravo.updated
    assert [(one.entry, one.place) for one in of(events, Withdrawn)] == [("9002:syn-image-0", 3)]
    said = facts(events)
    assert (said["environment"], said["format_version"]) == ("industry", "v2")
    assert said["partial"]
    assert of(events, Dropped) == []


@pytest.mark.parametrize(
    ("file", "entries", "withdrawn", "partial"),
    [
        ("entries_xml", ["42:image1", "42:video1"], ["43:image4", "42:video4"], True),
        ("entries_xml2", ["42:image10"], [], True),
        ("entries_xml3", ["101:willupdate", "101:willdelete"], [], True),
        ("entries_xml4", ["101:willupdate"], ["101:willdelete"], False),
        ("entries_large_fingerprints", ["101:largetags"], [], False),
        ("entries_no_data_xml", [], [], False),
    ],
)
def test_ncmecs_public_answers(file, entries, withdrawn, partial):
    events = read(f"real/ncmec-hashsharing/{file}.xml", INDUSTRY)
    assert [one.entry for one in of(events, HashRecord)] == entries
    assert [one.entry for one in of(events, Withdrawn)] == withdrawn
    assert ("partial" in facts(events)) is partial
    # Two of the public examples have a PhotoDNA that is not one.
    shortened = {(one.reason, one.whole) for one in of(events, Dropped)}
    assert shortened <= {(Loss.NOT_HEX, False)}


def test_an_update_on_a_later_page_is_later():
    first, second = (
        {one.entry: one for one in of(read(f"real/ncmec-hashsharing/{file}.xml", INDUSTRY), kinds)}
        for file in ("entries_xml3", "entries_xml4")
        for kinds in ((HashRecord, Withdrawn),)
    )
    assert second["101:willdelete"].updated > first["101:willdelete"].updated
    assert second["101:willupdate"].category == "A2"


@pytest.mark.parametrize(
    "file",
    ["affirmative_feedback_xml", "feedback_reasons_xml", "negative_feedback_xml", "status_xml"],
)
def test_other_answers_of_ncmec_are_no_lists(file):
    assert detected(f"real/ncmec-hashsharing/{file}.xml") is None


def test_cybertip_file_details(vectors):
    (record,) = of(read("synthetic/cybertip/file-details.xml"), HashRecord)
    assert hashes(record) == {
        name: vectors["alpha.png"][name] for name in ("md5", "sha1", "sha256")
    }
    assert [one.method for one in record.perceptual] == [Method.PDQ]
    assert (record.entry, record.category) == ("b0754af766b426f2928a02c651ed4b99", "B2")
    assert record.fields["origin"] == "reported-original"
    assert record.flags == {"viewed_by_esp": False, "publicly_available": False, "viral": True}


def test_cybertip_reports_for_agencies(vectors):
    events = read("synthetic/cybertip/le-report.json")
    (record,) = of(events, HashRecord)
    assert hashes(record) == {"md5": vectors["alpha.png"]["md5"]}
    assert record.fields["origin"] == "as-held"
    assert (record.category, record.flags) == ("B2", {"viewed_by_esp": False})
    assert "192.0.2.10" not in str(events)
    assert facts(events)["publisher"] == "NCMEC CyberTipline, report 4564654"
    (response,) = of(read("synthetic/cybertip/report-response.xml"), HashRecord)
    assert (hashes(response), response.fields["origin"]) == (hashes(record), "as-held")


@pytest.mark.parametrize("file", ["le-report.xml", "report-submission.xml"])
def test_cybertip_documents_without_hashes_are_refused(file):
    assert detected(f"synthetic/cybertip/{file}") == "cybertip"
    with pytest.raises(HashSetError, match="nothing to match"):
        read(f"synthetic/cybertip/{file}")


@pytest.mark.parametrize(
    ("file", "files", "categories", "encoding"),
    [
        ("C4P Index.xml", ["alpha.png", "bravo.png"], ["1", "0"], "utf-16-le"),
        ("C4M Index.xml", ["delta.bin"], ["2"], "utf-16-le"),
        ("C4P Index declared-utf16-but-ascii.xml", ["alpha.png"], ["1"], "utf-8"),
    ],
)
def test_c4all_indexes(vectors, file, files, categories, encoding):
    assert detected(f"synthetic/c4all/{file}") == "c4all"
    events = read(f"synthetic/c4all/{file}")
    found = of(events, HashRecord)
    assert [hashes(one)["md5"] for one in found] == [vectors[one]["md5"] for one in files]
    assert [one.size for one in found] == [vectors[one]["size"] for one in files]
    assert [one.category for one in found] == categories
    assert found[0].flags == {"tagged": False}
    assert facts(events)["encoding"] == encoding
    assert ("declared_encoding" in facts(events)) is ("ascii" in file)


def test_md5deeps_dfxml(vectors):
    assert detected("synthetic/text/dfxml-md5deep.xml") == "dfxml"
    events = read("synthetic/text/dfxml-md5deep.xml")
    names = ("alpha.png", "bravo.png", "charlie.png", "delta.bin")
    assert [hashes(one) for one in of(events, HashRecord)] == [
        {"md5": vectors[name]["md5"]} for name in names
    ]
    assert of(events, Dropped) == []
    assert (facts(events)["publisher"], facts(events)["format_version"]) == ("MD5DEEP", "1.0")


def test_an_empty_dfxml_is_recognised_and_refused():
    assert detected("real/dfxml/minimal.dfxml") == "dfxml"
    with pytest.raises(HashSetError, match="no file object"):
        read("real/dfxml/minimal.dfxml")


@pytest.mark.parametrize("file", ["real/dfxml/dfxml.xsd", "real/cybertip/cyber_tipline.xsd"])
def test_schemas_are_no_lists(file):
    assert detected(file) is None


def test_misp(vectors):
    file = "synthetic/misp/5a5a5a5a-0000-4000-8000-000000000001.json"
    assert detected(file) == "misp"
    first, second, third = of(read(file), HashRecord)
    assert hashes(first) == {"md5": vectors["alpha.png"]["md5"]}
    assert hashes(second) == {"sha256": vectors["bravo.png"]["sha256"]}
    assert (hashes(third), third.size) == ({"sha1": vectors["charlie.png"]["sha1"]}, 17449)
    assert first.fields["to_ids"] is True
    assert detected("synthetic/misp/manifest.json") is None


def test_misps_cache_is_never_a_hash_list():
    assert detected("synthetic/misp/hashes.csv") == "misp-cache"
    with pytest.raises(HashSetError, match="not of files"):
        read("synthetic/misp/hashes.csv")


def test_stix(vectors):
    assert detected("synthetic/stix/bundle.json") == "stix"
    found = of(read("synthetic/stix/bundle.json"), HashRecord)
    alpha, bravo = vectors["alpha.png"], vectors["bravo.png"]
    assert [hashes(one) for one in found] == [
        {name: alpha[name] for name in ("md5", "sha1", "sha256")},
        {"sha256": bravo["sha256"]},
        {"md5": bravo["md5"]},
    ]
    assert found[0].size == 7858


def test_stopncii():
    events = read("synthetic/tx/stopncii.json")
    (record,) = of(events, HashRecord)
    assert ([one.method for one in record.perceptual], record.category) == ([Method.PDQ], "Active")
    (withdrawn,) = of(events, Withdrawn)
    assert withdrawn.updated == 1625167805
    assert "partial" not in facts(events)
    first = read("real/threatexchange/stopncii_test_page1.json")
    second = read("real/threatexchange/stopncii_test_page2.json")
    assert [len(of(page, HashRecord)) for page in (first, second)] == [2, 1]
    assert ["partial" in facts(page) for page in (first, second)] == [True, False]


def test_tech_against_terrorism(vectors):
    assert detected("synthetic/tx/techagainstterrorism.json") == "tat"
    events = read("synthetic/tx/techagainstterrorism.json")
    (record,) = of(events, HashRecord)
    assert hashes(record) == {"md5": vectors["alpha.png"]["md5"]}
    assert (record.entry, record.category) == ("2819", "unspecified")
    assert [one.entry for one in of(events, Withdrawn)] == ["2820"]


def test_threat_updates():
    assert detected("synthetic/tx/threat_updates.json") == "threat-updates"
    events = read("synthetic/tx/threat_updates.json")
    (record,) = of(events, HashRecord)
    assert (record.entry, record.category, record.updated) == ("1", "MALICIOUS", 1700000000.0)
    assert [one.entry for one in of(events, Withdrawn)] == ["2"]
    assert facts(events)["partial"]


def test_arachnid(vectors):
    assert detected("synthetic/arachnid/arachnid-shield-response.json") == "arachnid"
    (record,) = of(read("synthetic/arachnid/arachnid-shield-response.json"), HashRecord)
    assert hashes(record) == {name: vectors["alpha.png"][name] for name in ("sha1", "sha256")}
    assert (record.category, record.size) == ("no-known-match", 7858)
