"""Categories beside each other, sizes of known files, warning lists, numbers of persons."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.db import profiles
from hashmatch.errors import HashSetError
from hashmatch.linting import harmless, personal, prints
from hashmatch.model.hashes import Algorithm
from tests.lint_lists import check, check_text, csv, digest, row, told

SCHEME = """\
name: two-sides
version: "1"
title: {en: "Two sides", th: "สองด้าน"}
contexts: any
categories:
  "0": {disposition: benign, en: "Known good", th: "ปกติ"}
  "1": {disposition: illegal, en: "Illegal", th: "ผิดกฎหมาย"}
  "3": {disposition: cgi, en: "Drawn", th: "ภาพวาด"}
"""


@pytest.fixture
def scheme(tmp_path):
    path = tmp_path / "scheme.yaml"
    path.write_text(SCHEME)
    return profiles.load(str(path))


def notes(report, rule):
    return [one.note for one in report.findings() if one.rule.id == rule]


def across(tmp_path, first, second, **terms):
    for name, code in (("a.csv", first), ("b.csv", second)):
        (tmp_path / name).write_text(csv(row("x", Category=code)))
    return notes(check(tmp_path / "a.csv", tmp_path / "b.csv", **terms), "HM204")


def test_both_codes_of_a_conflict_are_named_where_the_scheme_has_them(tmp_path, scheme):
    (note,) = across(tmp_path, "1", "3", profile=scheme)
    assert "code 3 (cgi) against 1 (illegal) of two-sides, a hit shows both" in note


@pytest.mark.parametrize(("first", "second"), [("0", "1"), ("3", "0")])
def test_benign_never_hides_the_other_meaning(tmp_path, scheme, first, second):
    (note,) = across(tmp_path, first, second, profile=scheme)
    assert "benign hides nothing, a hit is a conflict" in note


@pytest.mark.parametrize(("first", "second"), [("secret words", "1"), ("1", "secret words")])
def test_a_code_that_is_in_no_stated_scheme_is_never_shown(tmp_path, scheme, first, second):
    (note,) = across(tmp_path, first, second, profile=scheme)
    assert note == f"other category than line 2 of {tmp_path / 'a.csv'}"
    assert across(tmp_path, "1", "3") == [note]


def test_a_conflict_inside_one_list_names_the_codes_too(tmp_path, scheme):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("x"), row("x", Category="3"), row("y"), row("y", Category="0")))
    found = notes(check(path, profile=scheme), "HM203")
    assert [one.split(",")[0] for one in found] == [
        "code 3 (cgi) against 1 (illegal) of two-sides",
        "code 0 (benign) against 1 (illegal) of two-sides",
    ]


ONE_BYTE = {
    "MD5": hashlib.md5(b"\n").hexdigest(),
    "SHA1": hashlib.sha1(b"\n").hexdigest(),
    "SHA256": hashlib.sha256(b"\n").hexdigest(),
}


@pytest.mark.parametrize(
    ("size", "expected"), [("1", []), ("", [("HM404", 2)]), ("2", [("HM404", 2)] * 3)]
)
def test_a_known_file_has_its_own_size(tmp_path, size, expected):
    text = csv(ONE_BYTE | {"Category": "1", "Size": size}, row("a"))
    assert check_text(tmp_path, text, select=("HM404",)) == expected


def test_the_size_of_a_file_in_a_benign_list_counts(tmp_path):
    (tmp_path / "benign.csv").write_text(csv(row("a"), row("b", Size="")))
    text = csv(row("a", Size="8"), row("b", Size="9"), row("c", Size="9"))
    found = check_text(tmp_path, text, benign=tmp_path / "benign.csv", select=("HM404",))
    assert found == [("HM404", 2)] * 3
    text = csv(row("a"), columns=("MD5", "Category"))
    (tmp_path / "benign.csv").write_text(text)
    text = csv(row("a", Size="8"))
    assert check_text(tmp_path, text, benign=tmp_path / "benign.csv", select=("HM404",)) == []


def test_sizes_are_compared_between_lists(tmp_path):
    (tmp_path / "a.csv").write_text(csv(row("x")))
    (tmp_path / "b.csv").write_text(csv(row("x", Size="8")))
    report = check(tmp_path / "a.csv", tmp_path / "b.csv", select=("HM405",))
    assert told(report) == [("HM405", 2)]
    assert [len(one.findings) for one in report.lists] == [0, 1]


def test_the_computed_sizes_are_those_of_the_files():
    found, sizes = harmless.sized_prints(Algorithm.MD5)
    known = dict(zip(found.tolist(), sizes.tolist(), strict=True))
    for content in (b"", b"\0" * 8192, b"A", bytes(1 << 20), *harmless.single_pixels()):
        assert known[prints.print_of(hashlib.md5(content).digest())] == len(content)


WORDS = {"name": "Benign", "type": "string", "version": 1, "description": "made up"}


def warning_list(tmp_path, values, kinds=("md5", "filename|sha1", "sha256")):
    path = tmp_path / "list.json"
    path.write_text(json.dumps(WORDS | {"list": values, "matching_attributes": kinds}))
    return path


def test_a_warning_list_of_misp_is_a_benign_list(tmp_path):
    values = [digest("md5", "a"), digest("sha1", "b").upper(), digest("sha256", "c"), "a.txt"]
    path = warning_list(tmp_path, values)
    text = csv(*(row(word) for word in "abcd"))
    found = check_text(tmp_path, text, benign=path, select=("HM105",))
    assert found == [("HM105", 2), ("HM105", 3), ("HM105", 4)]


def test_a_value_of_a_kind_that_the_warning_list_does_not_name_is_not_taken(tmp_path):
    values = [digest("md5", "a"), digest("sha256", "b")]
    path = warning_list(tmp_path, values, ("md5",))
    found = check_text(tmp_path, csv(row("a"), row("b")), benign=path, select=("HM105",))
    assert found == [("HM105", 2)]


@pytest.mark.parametrize(
    ("values", "kinds"), [(["a.txt"], ["md5"]), ([digest("md5", "a")], ["url"]), (["x"], None)]
)
def test_a_warning_list_without_digests_is_refused(tmp_path, values, kinds):
    path = warning_list(tmp_path, values, kinds)
    with pytest.raises(HashSetError, match="no digest of a kind"):
        check_text(tmp_path, csv(row("a")), benign=path)


def test_a_damaged_warning_list_is_refused(tmp_path):
    path = warning_list(tmp_path, [digest("md5", "a")])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(HashSetError):
        check_text(tmp_path, csv(row("a")), benign=path)


def citizen(twelve):
    (last,) = [digit for digit in "0123456789" if personal.is_valid(twelve + digit)]
    return twelve + last


IDS = [citizen(f"{3100600000000 + 7919 * at}"[:12]) for at in range(40)]
PARTED = f"{IDS[0][0]}-{IDS[0][1:5]}-{IDS[0][5:10]}-{IDS[0][10:12]}-{IDS[0][12]}"


def noted(tmp_path, *cells):
    rows = [row(str(at)) | {"Note": cell} for at, cell in enumerate(cells)]
    columns = ("MD5", "SHA1", "SHA256", "Category", "Size", "Note")
    return check_text(tmp_path, csv(*rows, columns=columns), select=("HM501",))


@pytest.mark.parametrize(
    "text",
    [
        *(PARTED, PARTED.replace("-", " "), f"id {IDS[1]}", f"(เลขประจำตัว {IDS[2]})"),
        *("โทร 0812345678", "call 0912345678 at noon", "081-234-5678", "02-123-4567"),
        *("+66 81 234 5678", "๐๘๑-๒๓๔-๕๖๗๘"),
    ],
)
def test_thai_numbers_of_persons_are_found(tmp_path, text):
    assert noted(tmp_path, "nothing", text) == [("HM501", 3)]


@pytest.mark.parametrize(
    "text",
    [
        *("0812345678", "1700000000000", IDS[0], f"x{IDS[0]}", f"{IDS[0]}7", f"{IDS[0]}.5"),
        *("file_0812345678.bin", "00812345678", "id 3100600000001", f"/a/{IDS[0]}/b"),
        *("a0812345678", "3-1006-00000-00-9", "0-1234-56789-01-2"),
    ],
)
def test_other_numbers_are_not_taken_for_persons(tmp_path, text):
    assert noted(tmp_path, "nothing", text) == []


def test_a_column_of_citizen_ids_is_found(tmp_path):
    assert noted(tmp_path, *IDS[:3]) == [("HM501", at) for at in (2, 3, 4)]
    assert noted(tmp_path, *IDS[:3], "") == [("HM501", at) for at in (2, 3, 4)]
    assert noted(tmp_path, *IDS[:3], "1700000000000") == []
    assert noted(tmp_path, *IDS[:2]) == []


@given(st.lists(st.binary(min_size=64, max_size=64), min_size=1, max_size=20))
def test_no_digest_is_ever_taken_for_a_person(values):
    for value in values:
        for text in (value.hex(), value[:16].hex(), "".join(f"{byte % 10}" for byte in value)):
            assert not personal.holds_citizen_id(text)
            assert not personal.holds_mobile(text)


def test_the_check_digit_is_the_published_one():
    # 13 x 1 + 12 x 2 + 11 x 3 + ... + 2 x 2 = 352 = 32 x 11, and 11 - 0 leaves 1.
    assert personal.is_valid("1234567890121")
    assert not personal.is_valid("1234567890122")
