"""Samples of tables and VICS documents are read as the README beside them says."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, ReadOptions, read_fast
from hashmatch.model.hashes import Method
from hashmatch.model.records import Dropped, HashRecord
from tests.contract.format_contract import by_place, flat, merged_facts

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
if SAMPLES.name != "samples":
    SAMPLES = SAMPLES / "samples"
SYNTHETIC = SAMPLES / "synthetic"
FILES = ("alpha.png", "bravo.png", "charlie.png", "delta.bin")

pytestmark = pytest.mark.skipif(
    not SYNTHETIC.is_dir(), reason="the folder of shared samples is not there (HASHMATCH_SAMPLES)"
)


@pytest.fixture(scope="module")
def vectors():
    return json.loads((SYNTHETIC / "vectors.json").read_text("utf-8"))


def read(name, options=None, form=None):
    path = SYNTHETIC / name
    with path.open("rb") as stream:
        found = registry.detect(stream.read(HEAD_SIZE), path.name)
        stream.seek(0)
        chosen = registry.by_name(form) if form else found
        return list(chosen.read(stream, options or ReadOptions()))


def detected(name):
    with (SYNTHETIC / name).open("rb") as stream:
        found = registry.detect(stream.read(HEAD_SIZE), name)
    return found.name if found else None


def records(events):
    return [event for event in events if isinstance(event, HashRecord)]


def losses(events):
    return Counter((event.reason, event.whole) for event in events if isinstance(event, Dropped))


def hashes(record):
    return {digest.algorithm.value: digest.hex for digest in record.digests}


@pytest.mark.parametrize("name", ["icse/icse-minimal.csv", "icse/icse-full-inconsistent.csv"])
def test_icse_exports(vectors, name):
    assert detected(name) == "icse"
    events = read(name)
    assert losses(events) == Counter()
    first, second, third = found = records(events)
    assert [hashes(record) for record in found] == [
        {one: vectors[file][one] for one in ("md5", "sha1")} for file in (*FILES[:2], FILES[3])
    ]
    assert [len(record.perceptual) for record in found] == [1, 1, 0]
    assert {value.method for value in (*first.perceptual, *second.perceptual)} == {Method.PHOTODNA}
    assert [record.entry for record in found] == ["900001", "900002", "900003"]
    assert [record.flags["baseline"] for record in found] == [True, False, False]
    assert [record.flags["is_distributed"] for record in found] == [True, False, False]
    assert second.flags["victim_identified"] is True
    assert "offender_identified" not in second.flags
    assert [record.category for record in found] == ["baseline", "not-baseline", "not-baseline"]
    assert first.fields["Series name"] == "SYNTHETIC SERIES"
    assert third.fields["Series name"] == ""


def test_a_semicolon_in_a_text_of_an_icse_export_stays_readable():
    second = records(read("icse/icse-full-inconsistent.csv"))[1]
    texts = second.fields["Series name;Investigation name;Agency"]
    assert texts == ";SYN-INV; unquoted delimiter;TEST AGENCY"


def test_flags_of_vics_lists_in_every_spelling():
    alpha, bravo = records(read("vics/vics-1.3-list.json"))
    assert (alpha.flags["victim_identified"], alpha.flags["is_distributed"]) == (True, True)
    assert not any(bravo.flags.values())
    assert len(alpha.perceptual[0].value) == 144
    found = records(read("vics/vics-2.0-list-us.json"))
    assert found[0].flags["victim_identified"] is False
    assert found[0].flags["is_distributed"] is True


def test_a_case_of_the_united_kingdom_has_a_time_with_two_zones():
    events = read("vics/vics-2.0-case-uk.json")
    assert merged_facts(events)["repaired_times"] == "1"
    assert merged_facts(events)["context"] == "UK"
    assert records(events)[0].category == "1"


def test_one_photodna_on_four_files_is_carried_by_each():
    found = records(read("vics/quirks-2.0-repeated-photodna.json"))
    assert len({record.perceptual for record in found}) == 1
    assert len(found) == 4


TABLES = ["generic.csv", "led.csv", "powershell-get-filehash.csv", "griffeye-export-semicolon.csv"]


@pytest.mark.parametrize("name", TABLES)
def test_batches_of_tables_say_what_single_rows_say(name):
    slow = read(f"text/{name}")
    with (SYNTHETIC / "text" / name).open("rb") as stream:
        fast = list(read_fast(registry.by_name("csv"), stream, ReadOptions()))
    assert by_place(flat(fast)) == by_place(slow)
    assert merged_facts(fast) == merged_facts(slow)


def test_a_carving_list_has_its_sizes_and_no_digest_of_a_part(vectors):
    found = records(read("text/led.csv"))
    assert [record.size for record in found] == [vectors[file]["size"] for file in FILES]
    assert [hashes(record) for record in found] == [{"md5": vectors[file]["md5"]} for file in FILES]
    assert found[0].other == ("md5_first_512", "md5_first_64k")


def test_a_status_is_a_category_only_where_a_mapping_says_so():
    assert {record.category for record in records(read("text/generic.csv"))} == {None}
    mapped = records(read("text/generic.csv", ReadOptions(mapping="iped"), "mapped"))
    assert {record.category for record in mapped} == {"alert", "known", None}
    assert {record.fields["set"] for record in mapped} == {"SYN"}
    assert all(len(record.digests) == 3 and len(record.perceptual) == 1 for record in mapped)


def test_an_export_in_the_users_language_is_read_with_its_profile():
    options = ReadOptions(mapping="griffeye-en")
    found = records(read("text/griffeye-export-semicolon.csv", options, "mapped"))
    assert [record.flags for record in found] == [{"is_distributed": False}] * 4
    assert found[0].category == "Comparison Images"
