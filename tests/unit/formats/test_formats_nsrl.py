# ruff: noqa: S608  # nothing here is executed
"""The NSRL's text files and deltas, hashlookup's records and filters: their edges."""

import io
import json
import math

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.sql_text import statements
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, HashRecord, Loss, MembershipFilter, Withdrawn
from tests.contract import test_formats_contract_legacy as examples
from tests.contract.format_contract import (
    by_place,
    facts,
    flat,
    losses,
    md5,
    read,
    records,
    sha1,
    sha256,
)
from tests.contract.test_formats_contract_legacy import L, M, S, bloom

HEADER = examples.TestNsrlText.opening.decode()
PRODUCTS = examples.TestNsrlText.products


def lost(name, data, options=None):
    return [(one.place, one.reason) for one in losses(name, data, options)]


def row(name="a", size="7", special="", md5=M[0], sha1=S[0], product="1"):
    return f'"{sha1}","{md5}","0","{name}",{size},{product},"WIN","{special}"\r\n'


# text


def test_rows_of_the_nsrl_that_do_not_fit_are_losses():
    data = HEADER + row() + "x\r\n\r\n" + row(size="x") + row(product="") + row(md5="00", sha1="")
    data += row(md5="", special="M") + row(md5="G" * 32)
    assert lost("nsrl-text", data.encode()) == [
        (3, Loss.MALFORMED),
        (5, Loss.MALFORMED),
        (6, Loss.MALFORMED),
        (7, Loss.WRONG_LENGTH),
        (9, Loss.NOT_HEX),
    ]
    found = records("nsrl-text", data.encode())
    assert [(one.digests, one.category) for one in found] == [
        ((sha1(S[0]), md5(M[0])), None),
        ((sha1(S[0]),), "M"),
        ((sha1(S[0]),), None),
    ]


@pytest.mark.parametrize("name", ['a"b', '"', '""', ",", '","', 'a","b",7,1,"', "ก", ""])
def test_any_name_of_a_file_leaves_the_hashes_where_they_are(name):
    (record,) = records("nsrl-text", (HEADER + row(name)).encode())
    assert (record.digests, record.size) == ((sha1(S[0]), md5(M[0])), 7)
    assert record.fields["FileName"] == name.replace('""', '"')


def test_an_md4_is_kept_and_never_compared():
    data = examples.TestNsrlText.examples[2].data
    assert facts("nsrl-text", data)["not_compared"] == "MD4, CRC32"
    for record in records("nsrl-text", data):
        assert {one.algorithm for one in record.digests} == {Algorithm.MD5, Algorithm.SHA1}


def test_latin_1_names_are_read():
    data = (HEADER + row("é")).encode("latin-1")
    (record,) = records("nsrl-text", data)
    assert record.fields["FileName"] == "é"


def test_rows_read_at_once_say_the_same_as_one_by_one():
    data = HEADER + row() * 500 + row(md5="") + row(special="S") * 50 + "\r\n" + row(size="99")
    options = ReadOptions(beside={"nsrlprod.txt": PRODUCTS})
    stream = io.BytesIO(data.encode())
    fast = list(registry.by_name("nsrl-text").read_batches(stream, options))
    slow = read("nsrl-text", data.encode(), options)
    assert by_place(flat(fast)) == by_place(slow)
    assert len(fast) < 100
    assert facts("nsrl-text", data.encode(), options)["products"] == "1"


def test_a_product_that_no_table_describes_has_empty_texts():
    options = ReadOptions(beside={"nsrlprod.txt": PRODUCTS})
    (record,) = records("nsrl-text", (HEADER + row(product="7")).encode(), options)
    assert record.fields["ProductName"] == ""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nsrlprod.txt", b"x,y\n"),
        ("nsrlprod.txt", PRODUCTS + b"1,2\n"),
        ("nsrlmfg.txt", b'"MfgName","MfgCode"\n'),
        ("nsrlos.txt", b'"\n'),
    ],
)
def test_a_damaged_table_beside_the_list_is_refused(name, data):
    with pytest.raises(HashSetError, match=f"{name}, line"):
        read("nsrl-text", (HEADER + row()).encode(), ReadOptions(beside={name: data}))


def test_another_header_is_refused():
    for header in ("", '"SHA-1","MD5"\n', row()):
        with pytest.raises(HashSetError, match="line 1 is not the header"):
            read("nsrl-text", header.encode())
    with pytest.raises(HashSetError, match="no row below the header"):
        read("nsrl-text", HEADER.encode())


# deltas


def changes(text, options=None):
    found = read("nsrl-delta", text.encode(), options)
    return [one for one in found if isinstance(one, HashRecord | Withdrawn | Dropped)]


INSERT = f"INSERT INTO FILE(sha256,sha1,md5,package_id) VALUES('{L[0]}','{S[0]}','{M[0]}',1)"


def test_a_deleted_row_takes_back_what_its_package_says():
    text = (
        f"DELETE FROM FILE WHERE sha256='{L[0].upper()}' AND sha1='{S[0]}' AND md5='{M[0]}' AND"
        " crc32='0' AND file_name='it''s' AND file_size=7 AND package_id=12;\n"
    )
    assert changes(text) == [Withdrawn(1, digests=(sha256(L[0]), sha1(S[0]), md5(M[0])), part="12")]


def test_a_deleted_row_whose_hash_is_damaged_takes_nothing_back():
    text = f"DELETE FROM FILE WHERE sha256='{L[0][:-1]}' AND md5='{M[0]}' AND package_id=1;\n"
    assert changes(text) == [Dropped(1, Loss.BAD_VALUE)]


def test_several_rows_of_one_statement_and_several_statements_of_one_line():
    values = f"('{L[1]}', '{S[1]}', '{M[1]}', 2)"
    text = f"begin; {INSERT},\n{values}; {INSERT};\nEND TRANSACTION;\n"
    found = changes(text)
    assert [(one.place, one.parts) for one in found] == [(1, ("1",)), (2, ("2",)), (3, ("1",))]


def test_losses_of_an_inserted_row():
    text = (
        "INSERT INTO FILE(sha256,sha1,md5,file_size,package_id) VALUES"
        f"('{L[0]}','x','{M[0]}',-4,NULL),('','','',1,1);\n"
    )
    assert changes(text) == [
        Dropped(1, Loss.NOT_HEX, whole=False),
        Dropped(1, Loss.BAD_VALUE, whole=False),
        HashRecord(1, (sha256(L[0]), md5(M[0]))),
        Dropped(2, Loss.NO_HASH),
    ]


def test_statements_without_hashes_are_counted():
    text = (
        "BEGIN TRANSACTION;\nINSERT INTO PKG VALUES(1,'a;b');\nUPDATE VERSION SET version='x';\n"
        f"DELETE FROM OS WHERE name='y';\n{INSERT};\n"
        f"UPDATE FILE SET crc32='1' WHERE sha256='{L[0]}';\nCOMMIT;\n"
    )
    said = facts("nsrl-delta", text.encode())
    assert (said["rows"], said["rows_without_hashes"]) == ("1", "4")
    assert (said["shape"], said["looks_benign"]) == ("delta", "nsrl")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE FILE",
        "ATTACH DATABASE 'x' AS y",
        "PRAGMA writable_schema=1",
        "CREATE TABLE x(a)",
        "INSERT INTO other VALUES(1)",
        "INSERT OR REPLACE INTO FILE VALUES(1)",
        "INSERT INTO FILE SELECT * FROM x",
        "INSERT INTO FILE(sha256,md5) VALUES('a','b')",
        f"{INSERT} ON CONFLICT DO NOTHING",
        f"{INSERT},('x')",
        "INSERT INTO FILE(sha256,sha1,md5,package_id,extra) VALUES(1,2,3,4,5)",
        "DELETE FROM FILE",
        "DELETE FROM FILE WHERE package_id=1",
        f"DELETE FROM FILE WHERE sha256='{L[0]}'",
        f"DELETE FROM FILE WHERE sha256='{L[0]}' OR package_id=1",
        f"DELETE FROM FILE WHERE sha256='{L[0]}' AND sha256='{L[1]}' AND package_id=1",
        "DELETE FROM FILE WHERE rowid=7 AND package_id=1",
        f"DELETE FROM FILE WHERE sha256=upper('{L[0]}') AND package_id=1",
        f"UPDATE FILE SET sha256='{L[0]}' WHERE package_id=1",
        f"UPDATE FILE SET package_id=2 WHERE sha256='{L[0]}'",
        "UPDATE FILE SET crc32='1', md5='2' WHERE package_id=1",
        "COMMIT AND CHAIN",
        f"INSERT INTO FILE VALUES({'9' * 30})",
        "INSERT INTO FILE VALUES(x'00')",
        "",
        "SELECT 1",
        "INSERT INTO FILE VALUES('a'",
    ],
)
def test_anything_else_is_refused_with_its_line(statement):
    with pytest.raises(HashSetError, match="line 2: expected only plain rows") as refused:
        changes(f"{INSERT};\n{statement};\n")
    assert L[0] not in str(refused.value)


def test_changes_of_a_full_set_are_refused_with_advice():
    with pytest.raises(HashSetError, match="line 1 changes a full set"):
        changes("INSERT INTO METADATA VALUES(1);\n")


def test_a_delta_that_is_cut_off_is_refused():
    for text, words in (
        (f"BEGIN;\n{INSERT};\n", "does not end with COMMIT"),
        (f"{INSERT};\n{INSERT}\n", "line 2: the statement does not end"),
        (f"{INSERT};\nINSERT INTO FILE VALUES('a;\n", "line 2: the statement does not end"),
        ("BEGIN;\nCOMMIT;\n", "no statement changes a row"),
    ):
        with pytest.raises(HashSetError, match=words):
            changes(text)


def test_a_statement_without_end_is_not_kept():
    options = ReadOptions(maximum_line=500)
    for text in (f"{INSERT};\nINSERT INTO FILE VALUES('{'x' * 900}');\n", "'" + "a\n" * 900):
        with pytest.raises(HashSetError, match="longer than 500 characters"):
            changes(text, options)


def test_comments_and_blank_lines_between_statements_are_passed_over():
    text = f"-- don't\n\n{INSERT};\n  -- end\n"
    assert [one.line for one in statements(enumerate(text.split("\n"), 1), 1000)] == [3]
    assert len(changes(text)) == 1


# hashlookup


def test_lines_of_hashlookup_that_are_no_records_are_losses():
    good = json.dumps({"MD5": M[0], "FileName": "a"})
    lines = [good, "[]", "{", '{"FileName": "x"}', '{"MD5": 7}', '{"MD5": "G"}', "\ufeff", ""]
    lines.append(json.dumps({"MD5": M[1], "SHA-1": None, "SHA-256": "", "FileSize": "x"}))
    assert lost("hashlookup", "\n".join(lines).encode()) == [
        (2, Loss.MALFORMED),
        (3, Loss.MALFORMED),
        (4, Loss.NO_HASH),
        (5, Loss.BAD_VALUE),
        (6, Loss.NOT_HEX),
        (7, Loss.MALFORMED),
        (9, Loss.BAD_VALUE),
    ]


@pytest.mark.parametrize(
    ("value", "flag", "category"),
    [
        ("x", True, "known-malicious"),
        (["a"], True, "known-malicious"),
        (True, True, "known-malicious"),
        ("", True, "known-malicious"),
        (False, False, None),
        (None, None, None),
    ],
)
def test_what_is_called_malicious_is_never_a_file_to_pass_over(value, flag, category):
    line = json.dumps({"MD5": M[0], "KnownMalicious": value}).encode()
    (record,) = records("hashlookup", line)
    assert record.flags.get("known_malicious") is flag
    assert record.category == category


def test_a_record_with_many_parents_may_be_longer_than_a_line():
    line = json.dumps({"SHA-1": S[0], "parents": [S[1]] * 100, "FileSize": 5}).encode()
    (record,) = records("hashlookup", line, ReadOptions(maximum_line=100))
    assert (record.size, len(record.fields["parents"])) == (5, 100)
    short = ReadOptions(maximum_line=100, maximum_record=100)
    with pytest.raises(HashSetError, match="no line is a record"):
        read("hashlookup", line, short)


@pytest.mark.parametrize(
    "line", ['{"MD5": "x"}', '{"FileName": "x"}', "[1]", "{", '{"a": 1, "a": 2}', "MD5"]
)
def test_other_json_is_not_recognised_as_hashlookup(line):
    assert not registry.by_name("hashlookup").detect(line.encode(), "x.ndjson")


# Bloom filters


def filter_of(data, options=None):
    stream = io.BytesIO(data)
    events = registry.by_name("hashlookup-bloom").read(stream, options or ReadOptions())
    for event in events:
        if isinstance(event, MembershipFilter):
            return event, b"".join(event.blocks)
    raise AssertionError


def test_a_filter_is_given_with_its_bits_in_order(monkeypatch):
    monkeypatch.setattr("hashmatch.formats.hashlookup_bloom._BLOCK", 100)
    body = bytes(number % 251 for number in range((958505 + 63) // 64 * 8))
    data = bloom(body=body)
    found, bits = filter_of(data)
    assert (found.algorithm, found.capacity, found.rate) == (Algorithm.SHA1, 100000, 0.01)
    assert (found.functions, found.bits, found.inserted) == (7, 958505, 5)
    assert bits == body
    assert facts("hashlookup-bloom", data) == {"format_version": "1", "bytes_after_filter": "1"}


def test_the_operator_may_state_another_digest():
    assert filter_of(bloom(), ReadOptions(algorithm="md5"))[0].algorithm is Algorithm.MD5
    with pytest.raises(HashSetError, match="which no Bloom filter can hold"):
        filter_of(bloom(), ReadOptions(algorithm="pdq"))


@pytest.mark.parametrize("missing", [1, 2, 9, 100000])
def test_a_filter_that_is_cut_off_is_refused(missing):
    data = bloom(after=b"")
    with pytest.raises(HashSetError, match="cut off"):
        read("hashlookup-bloom", data[:-missing])


@pytest.mark.parametrize(
    "changed",
    [
        {"flags": 0},
        {"flags": 2},
        {"flags": 257},
        {"capacity": 0},
        {"capacity": (1 << 64) - 1},
        {"rate": 0.0},
        {"rate": 1.0},
        {"rate": math.nan},
        {"rate": math.inf},
        {"rate": -0.5},
        {"rate": 5e-324},
        {"functions": 0},
        {"functions": 9},
        {"functions": (1 << 64) - 1},
        {"bits": 0, "body": b""},
        {"bits": 64, "body": b""},
        {"bits": (1 << 64) - 1, "body": b""},
        {"bits": 2 * 958505},
    ],
)
def test_numbers_that_do_not_belong_together_are_no_filter(changed):
    data = bloom(**changed)
    assert not registry.by_name("hashlookup-bloom").detect(data, "x.bloom")
    with pytest.raises(HashSetError, match="numbers of a Bloom filter"):
        read("hashlookup-bloom", data)


def test_a_huge_filter_that_is_not_there_is_refused_without_reading_it():
    capacity = 1 << 60
    bits = int(-capacity * math.log(0.01) / math.log(2) ** 2)
    with pytest.raises(HashSetError, match="cut off"):
        read("hashlookup-bloom", bloom(bits, 7, capacity, 0.01, body=b""))


def test_an_overfull_filter_says_so_and_one_that_shrinks_is_refused():
    data = bytearray(bloom())
    data[40:48] = (100001).to_bytes(8, "little")
    assert "overfull" in facts("hashlookup-bloom", bytes(data))
    stream = io.BytesIO(bloom())
    events = list(registry.by_name("hashlookup-bloom").read(stream, ReadOptions()))
    stream.truncate(100)
    with pytest.raises(HashSetError, match="became shorter"):
        list(events[-1].blocks)
