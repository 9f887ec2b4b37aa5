"""STIX: what a pattern asks for becomes records, what it excludes never does."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.errors import HashSetError
from hashmatch.formats.stix_pattern import PatternError, Term, alternatives
from hashmatch.model.records import Dropped, HashRecord, Loss, Withdrawn
from tests.contract.format_contract import facts, losses, read, records

M = ("76b38aee70875b2c64d6345713694bd6", "f55084bbfd495e65926dfb3ce1a22cec")
L = "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450"
MD5 = f"file:hashes.MD5 = '{M[0]}'"
SHA = f"file:hashes.'SHA-256' = '{L}'"


def bundle(*objects):
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": list(objects)}).encode()


def indicator(pattern, **more):
    return {"type": "indicator", "id": "indicator--1", "pattern": pattern, **more}


def found(pattern, **more):
    """Give the digests of each record that a pattern makes."""
    return [
        tuple(digest.hex for digest in one.digests)
        for one in records("stix", bundle(indicator(pattern, **more)))
    ]


@pytest.mark.parametrize(
    ("pattern", "digests"),
    [
        (f"[{MD5}]", [(M[0],)]),
        (f"[{MD5} AND {SHA}]", [(M[0], L)]),
        (f"[{MD5} OR {SHA}]", [(M[0],), (L,)]),
        (f"[{MD5}] AND [{SHA}]", [(M[0],), (L,)]),
        (f"([{MD5}] FOLLOWEDBY [{SHA}]) WITHIN 600 SECONDS", [(M[0],), (L,)]),
        (f"[{MD5}] REPEATS 5 TIMES", [(M[0],)]),
        (f"[{MD5}] START t'2024-01-01T00:00:00Z' STOP t'2024-02-01T00:00:00Z'", [(M[0],)]),
        (f"[file:hashes.MD5 IN ('{M[0]}', '{M[1]}')]", [(M[0],), (M[1],)]),
        (f"[{SHA} AND (file:hashes.MD5 = '{M[0]}' OR file:hashes.MD5='{M[1]}')]", [
            (L, M[0]), (L, M[1]),
        ]),
        (f"[{MD5} AND file:name = 'it\\'s [a] \\\\ file'] ", [(M[0],)]),
        (f"[file:hashes.'MD-5' = '{M[0]}']", [(M[0],)]),
        (f"[file:hashes.SHA256 = '{L}']", [(L,)]),
        (f"[file:hashes.'SHA-2' == '{L}']", [(L,)]),
        (f"[artifact:hashes.MD5 = '{M[0]}']", [(M[0],)]),
        (f"[process:image_ref.hashes.MD5 = '{M[0]}']", [(M[0],)]),
        (f"[email-message:body_multipart[*].body_raw_ref.hashes.MD5 = '{M[0]}']", [(M[0],)]),
        (f"[{MD5} OR ipv4-addr:value = '192.0.2.1']", [(M[0],)]),
    ],
)  # fmt: skip
def test_patterns_become_files(pattern, digests):
    data = bundle(indicator(pattern))
    assert found(pattern) == digests
    assert losses("stix", data) == []


@pytest.mark.parametrize(
    "pattern",
    [
        f"[file:hashes.MD5 != '{M[0]}']",
        f"[file:hashes.MD5 NOT = '{M[0]}']",
        f"[file:hashes.MD5 NOT IN ('{M[0]}')]",
        f"[file:hashes.MD5 MATCHES '^{M[0]}$']",
        "[file:hashes.MD5 LIKE '76b3%']",
        "[EXISTS file:hashes.MD5]",
        "[file:hashes.MD5 > 'a']",
    ],
)
def test_a_condition_that_is_no_list_of_hashes_is_a_loss(pattern):
    assert found(pattern) == []
    assert losses("stix", bundle(indicator(pattern))) == [Dropped(1, Loss.BAD_VALUE)]
    both = pattern[:-1] + f" AND {SHA}]"
    assert losses("stix", bundle(indicator(both))) == [Dropped(1, Loss.BAD_VALUE, whole=False)]
    assert found(both) == [(L,)]


@pytest.mark.parametrize(
    "pattern",
    [
        f"[{MD5}",
        f"{MD5}]",
        f"[{MD5}] [{SHA}]",
        f"[{MD5} AND]",
        "[file:hashes.MD5 = ]",
        "[file:hashes. = 'a']",
        "[file:hashes.= = 'a']",
        "[file hashes.MD5 = 'a']",
        "[file:hashes.MD5 = 'a' XOR]",
        "[file:hashes.MD5 IN ()]",
        "[file:hashes.MD5 = {a}]",
        "[file:hashes.MD5 = 'unfinished]",
        "[" + "(" * 1000 + MD5 + ")" * 1000 + "]",
        "(" * 1000 + f"[{MD5}]" + ")" * 1000,
        "[" + " AND ".join([f"({MD5} OR {SHA})"] * 20) + "]",
        "[" + " OR ".join([MD5] * 10_001) + "]",
        " OR ".join([f"[{MD5}]"] * 10_001),
        "hashes",
    ],
)
def test_a_pattern_that_cannot_be_read_is_a_loss(pattern):
    assert losses("stix", bundle(indicator(pattern))) == [Dropped(1, Loss.MALFORMED)]


@pytest.mark.parametrize(
    "item",
    [
        indicator("[ipv4-addr:value = '192.0.2.1']"),
        indicator("[x509-certificate:hashes.'SHA-1' = 'a']"),
        indicator("rule a { condition: true }", pattern_type="yara"),
        indicator("not a pattern"),
        indicator(None),
        {"type": "malware", "name": "x"},
        {"type": "file", "name": "a"},
        {"type": "file", "hashes": []},
        {"type": "observed-data", "objects": {"0": {"type": "url"}}},
    ],
)
def test_what_is_no_hash_of_a_file_is_counted(item):
    data = bundle(item)
    assert (records("stix", data), losses("stix", data)) == ([], [])
    assert facts("stix", data)["left_out"].startswith("1 objects")


def test_the_hash_of_a_section_is_carried_and_never_compared():
    path = "file:extensions.'windows-pebinary-ext'.sections[*].hashes.MD5"
    (record,) = records("stix", bundle(indicator(f"[{path} = '{M[0]}']")))
    assert (record.digests, record.other) == ((), ("of-pieces",))


def test_observed_files_of_both_versions_are_read():
    observed = {"0": {"type": "file", "hashes": {"MD5": M[0]}}, "1": 7}
    data = bundle(
        {"type": "observed-data", "id": "o", "objects": observed},
        {"type": "observed-data", "objects": {"0": {"type": "file", "hashes": {"MD5": M[1]}}}},
        {"type": "observed-data", "object_refs": ["file--1"]},
    )
    assert [one.entry for one in records("stix", data)] == ["o/0", None]


def test_hashes_of_a_file_object():
    hashes = {"SHA-2": L, "SHA3-256": L, "TLSH": "T1", "Odd": "x", "MD5": None, "SHA-1": "zz"}
    data = bundle({"type": "file", "hashes": hashes, "size": 5})
    (record,) = records("stix", data)
    assert [digest.hex for digest in record.digests] == [L]
    assert (record.other, record.size) == (("sha3-256", "tlsh", "unknown"), 5)
    assert losses("stix", data) == [
        Dropped(1, Loss.BAD_VALUE, whole=False),
        Dropped(1, Loss.NOT_HEX, whole=False),
    ]


def test_the_content_of_an_artifact_is_only_described():
    data = bundle({"type": "artifact", "hashes": {"MD5": M[0]}, "payload_bin": "AAECAwQ="})
    (record,) = records("stix", data)
    assert record.fields["payload_bin"]["length"] == 5
    assert "AAECAwQ" not in str(record)


def test_a_size_beside_a_hash_is_the_records():
    (record,) = records("stix", bundle(indicator(f"[{MD5} AND file:size = 25]")))
    assert record.size == 25


def test_a_revoked_indicator_takes_back_each_of_its_records():
    item = indicator(f"[{MD5} OR {SHA}]", revoked=True, modified="2024-02-01T00:00:00Z")
    withdrawn = [one for one in read("stix", bundle(item)) if isinstance(one, Withdrawn)]
    assert [(one.place, one.entry) for one in withdrawn] == [
        (1, "indicator--1"),
        (2, "indicator--1#2"),
    ]
    del item["id"]
    by_digest = [one for one in read("stix", bundle(item)) if isinstance(one, Withdrawn)]
    assert [one.digests[0].hex for one in by_digest] == [M[0], L]
    assert records("stix", bundle(item)) == []


@pytest.mark.parametrize(
    ("said", "taken_back", "lost"), [("true", 1, 0), (1, 1, 0), ("no", 0, 0), ("maybe", 0, 1)]
)
def test_a_revocation_in_any_spelling_counts(said, taken_back, lost):
    data = bundle(indicator(f"[{MD5}]", revoked=said))
    assert sum(isinstance(one, Withdrawn) for one in read("stix", data)) == taken_back
    assert len(losses("stix", data)) == lost


def test_an_element_that_is_no_object_is_a_loss():
    assert losses("stix", bundle(7)) == [Dropped(1, Loss.MALFORMED)]


def test_the_version_is_a_fact():
    assert "format_version" not in facts("stix", bundle())
    older = json.dumps({"type": "bundle", "spec_version": "2.0", "objects": []}).encode()
    assert facts("stix", older)["format_version"] == "2.0"
    newer = bundle({"type": "identity", "spec_version": "2.1"})
    assert facts("stix", newer)["format_version"] == "2.1"


def test_a_document_without_objects_is_refused():
    with pytest.raises(HashSetError, match="objects"):
        read("stix", b'{"type":"bundle"}')


def test_a_long_pattern_is_kept_once():
    data = bundle(indicator("[" + " OR ".join([MD5] * 9000) + "]"))
    kept = [event for event in read("stix", data) if isinstance(event, HashRecord)]
    assert len(kept) == 9000
    assert sum("pattern" in event.fields for event in kept) == 1


def test_terms_keep_their_path_and_value():
    assert alternatives("[file:a.'b c'[0].d = true AND x-y:z = -1.5]") == [
        (Term("file", ("a", "b c", "d"), "true"), Term("x-y", ("z",), "-1.5"))
    ]


WORDS = ["[", "]", "(", ")", "file:hashes.MD5", " = ", "'a'", " AND ", " OR ", " IN ", " NOT ",
         ",", "t'x'", " WITHIN ", "5", " SECONDS", "'", "\\", ".", ":", "EXISTS ", "é"]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=30))
@settings(max_examples=500, deadline=None)
@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_any_text_is_a_pattern_or_refused(words):
    try:
        alternatives("".join(words))
    except PatternError as error:
        assert str(error) == ""


def test_a_pattern_that_multiplies_its_conditions_without_end_is_refused():
    either = " OR ".join([MD5] * 5000)
    data = bundle(indicator(f"[({either}){' AND a:b = 1' * 400}]"))
    assert losses("stix", data) == [Dropped(1, Loss.MALFORMED)]


def test_a_condition_of_far_too_many_parts_is_refused():
    data = bundle(indicator(f"[{MD5}{' AND a:b = 1' * 2000}]"))
    assert losses("stix", data) == [Dropped(1, Loss.MALFORMED)]
    assert len(records("stix", bundle(indicator(f"[{MD5}{' AND a:b = 1' * 900}]")))) == 1
