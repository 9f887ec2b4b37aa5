"""What once passed although it was never checked, and findings that were taken for others."""

import base64
import hashlib
import io
import json
import re

import pytest

from hashmatch.errors import ExitCode
from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs import lint
from hashmatch.linting import registry, thai
from hashmatch.linting.acceptance import Acceptance, read_baseline
from hashmatch.linting.rule import Level
from hashmatch.linting.told import summary
from tests.lint_lists import TODAY, check, check_text, csv, digest, row, told


def vics(*records, **top):
    context = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml/TH/$metadata#Media"
    return json.dumps({"@odata.context": context, **top, "value": list(records)})


def record(word, **more):
    return {"MediaID": 1, "Category": 1, "MD5": digest("md5", word), "MediaSize": "7", **more}


def code(report):
    return lint.code_of(report, Level.ERROR)


@pytest.mark.parametrize(("name", "text"), [("a.csv", "MD5,SHA1\n"), ("a.json", vics())])
def test_an_empty_list_never_passes(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    report = check(tmp_path / name)
    assert told(report) == [("HM005", None)]
    assert "nothing to check" in report.lists[0].findings[0].note
    assert code(report) is ExitCode.HITS
    assert code(check(tmp_path / name, select=("HM103",))) is ExitCode.INCOMPLETE


@pytest.mark.parametrize(
    "more",
    [
        {"Thumbnail": "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJ"},
        {"MediaFiles": [{"FileName": "a", "Thumbnail": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"}]},
    ],
)
def test_a_picture_is_told_though_the_reader_took_it_out(tmp_path, more):
    found = check_text(tmp_path, vics(record("a", **more)), "a.json")
    assert ("HM501", 1) in found


@pytest.mark.parametrize("rule", ["HM001", "HM004", "HM003", "HM302", "HM404", "HM206", "HM202"])
def test_a_rule_that_was_asked_for_and_not_checked_ends_with_3(tmp_path, rule):
    (tmp_path / "a.csv").write_text(csv(row("a"), columns=("MD5",)))
    terms = {"oldest": 10} if rule == "HM004" else {}
    report = check(tmp_path / "a.csv", select=(rule,), **terms)
    assert rule in report.lists[0].open
    assert code(report) is ExitCode.INCOMPLETE


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256", "sha512"])
@pytest.mark.parametrize("form", ["{0}  a.csv\n", "{1} (a.csv) = {0}\n", "{0} *./a.csv\n"])
@pytest.mark.parametrize("several", [False, True])
def test_checksums_of_any_algorithm_are_compared(tmp_path, kind, form, several):
    text = csv(row("a"), row("b"))
    (tmp_path / "a.csv").write_text(text)
    name = f"{kind.upper()}SUMS" if several else f"a.csv.{kind}"
    true, wrong = (hashlib.new(kind, one.encode()).hexdigest() for one in (text, "other"))
    for value, expected in ((true, []), (wrong, [("HM001", None)])):
        (tmp_path / name).write_text(form.format(value, kind.upper()))
        report = check(tmp_path / "a.csv", select=("HM001",))
        assert told(report) == expected
        assert not report.lists[0].open


def test_a_list_that_the_sums_do_not_name_is_said(tmp_path):
    (tmp_path / "a.csv").write_text(csv(row("a")))
    (tmp_path / "SHA256SUMS").write_text(f"{'ab' * 32}  other.csv\n")
    report = check(tmp_path / "a.csv", select=("HM001",))
    assert report.lists[0].open["HM001"].reason == "SHA256SUMS does not name the list"
    assert code(report) is ExitCode.INCOMPLETE


def test_rules_with_nothing_to_look_at_are_not_passed(tmp_path):
    (tmp_path / "a.csv").write_text(csv(row("a"), row("b"), columns=("MD5",)))
    opened = check(tmp_path / "a.csv").lists[0].open
    assert {"HM107", "HM202", "HM204", "HM206", "HM207"} <= set(opened)
    (tmp_path / "b.csv").write_text(csv(row("c"), row("d")))
    both = check(tmp_path / "a.csv", tmp_path / "b.csv", kind="illegal")
    assert not {"HM107", "HM202", "HM204"} & set(both.lists[1].open)
    assert "--scheme" in both.lists[1].open["HM206"].reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            csv(row("a", Note="=1+cmd"), columns=("MD5", "SHA256", "Note")),
            csv(row("b", Note="=1+cmd"), columns=("MD5", "SHA256", "Note")),
        ),
        (csv(row("a"), row("b", MD5="xy")), csv(row("a"), row("b"), row("c", MD5="xy"))),
        (csv(row("a")) + "only,two\n", csv(row("a")) + "other,two\n"),
    ],
)
def test_a_new_defect_is_not_taken_for_the_accepted_one(tmp_path, before, after):
    path = tmp_path / "a.csv"
    path.write_text(before)
    kept = Acceptance(TODAY, keep=True)
    first = told(check(path, acceptance=kept))
    assert first
    (tmp_path / "base.json").write_text(kept.to_json())
    same = Acceptance(TODAY, read_baseline(tmp_path / "base.json"))
    assert told(check(path, acceptance=same)) == []
    path.write_text(after)
    known = Acceptance(TODAY, read_baseline(tmp_path / "base.json"))
    assert told(check(path, acceptance=known))


def test_a_list_that_breaks_off_is_checked_up_to_there(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(vics(record("a", MD5="0" * 32), record("b"), record("c"))[:-40])
    report = check(path)
    assert {("HM005", None), ("HM103", 1)} <= set(told(report))
    assert report.lists[0].records == 2
    assert code(report) is ExitCode.HITS_INCOMPLETE


@pytest.mark.parametrize("cut", [20, 60, 90])
def test_a_table_that_ends_in_mid_row_is_told(tmp_path, cut):
    text = csv(row("a"), row("b"), row("c"), columns=("MD5", "SHA1", "SHA256"))[:-cut]
    assert ("HM005", 4) in check_text(tmp_path, text)
    whole = csv(row("a"), row("b"), columns=("MD5", "SHA1", "SHA256"))
    assert check_text(tmp_path, whole[:-1]) == []


@pytest.mark.parametrize(("count", "expected"), [(2, []), (3, [("HM005", None)])])
def test_a_declared_count_is_compared(tmp_path, count, expected):
    text = vics(record("a"), record("b", MediaID=2), **{"@odata.count": count})
    assert check_text(tmp_path, text, "a.json") == expected
    last = json.loads(text)
    last["@odata.count"] = last.pop("@odata.count")
    assert check_text(tmp_path, json.dumps(last), "a.json") == expected


def test_one_missing_file_does_not_stop_the_others(tmp_path):
    (tmp_path / "a.csv").write_text(csv(row("a", MD5="0" * 32)))
    report = check(tmp_path / "none.csv", tmp_path / "a.csv")
    assert told(report) == [("HM103", 2)]
    assert report.lists[0].unreadable
    assert code(report) is ExitCode.HASH_SET


def test_texts_and_settings_in_a_folder_are_passed_by_and_named(tmp_path):
    (tmp_path / "a.csv").write_text(csv(row("a")))
    (tmp_path / "README.md").write_text("# About\n")
    (tmp_path / "waivers.yaml").write_text("[]\n")
    report = check(tmp_path)
    assert [one.name for one in report.lists] == [str(tmp_path / "a.csv")]
    assert {one.rpartition("/")[2] for one in report.passed} == {"README.md", "waivers.yaml"}


def test_lists_with_one_bad_value_are_read_where_the_type_is_stated(tmp_path):
    values = [digest("md5", word) for word in "abcd"]
    path = tmp_path / "a.txt"
    path.write_text("\n".join([values[0], "nothex", *values[1:]]) + "\n")
    report = check(path)
    assert report.lists[0].unreadable
    assert "line 2 is unlike the others" in report.lists[0].broken
    words = lint.Words(None, ReadOptions("md5"))
    assert ("HM101", 2) in told(check(path, words=words)) or ("HM109", 2) in told(
        check(path, words=words)
    )


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"")
    report = check(tmp_path / "a.txt")
    assert report.lists[0].broken == "the file is empty"
    assert "1 list (1 unreadable), 0 records" in summary(report)


def test_words_of_readers_name_the_option_of_this_command(tmp_path):
    (tmp_path / "a.txt").write_text("nothing\n")
    assert "--list-format" in check(tmp_path / "a.txt").lists[0].broken


def test_findings_across_lists_name_the_other_list_and_say_line(tmp_path):
    (tmp_path / "a.csv").write_text(csv(row("a"), row("a")))
    (tmp_path / "b.json").write_text(vics(record("a")))
    report = check(tmp_path / "a.csv", tmp_path / "b.json")
    notes = {one.rule.id: one.note for one in report.findings()}
    assert notes["HM201"] == "the same as line 2"
    assert notes["HM202"] == f"the same digest as line 3 of {tmp_path / 'a.csv'}"


@pytest.mark.parametrize(
    "packed",
    [
        "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
        "R0lGODlhAQABAIAAAP///////yH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
        "R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
        "R0lGODdhAQABAIAAAP///////ywAAAAAAQABAAACAkQBADs=",
    ],
)
def test_pictures_of_one_pixel_as_web_pages_have_them_are_known(tmp_path, packed):
    value = hashlib.md5(base64.b64decode(packed)).hexdigest()
    assert ("HM104", 2) in check_text(tmp_path, csv(row("a", MD5=value)))


def test_two_digests_of_one_kind_in_one_record_contradict_each_other(tmp_path):
    other = [{"HashName": "MD5", "HashValue": digest("md5", "b")}]
    assert ("HM107", 1) in check_text(
        tmp_path, vics(record("a", AlternativeHashes=other)), "a.json"
    )


def test_a_dash_is_no_formula(tmp_path):
    rows = [row("a", Note="-"), row("b", Note="--"), row("c", Note="-1+cmd")]
    assert check_text(tmp_path, csv(*rows, columns=("MD5", "SHA256", "Note"))) == [("HM502", 4)]


def test_a_list_of_tomorrow_is_not_taken_for_a_fresh_one(tmp_path):
    path = tmp_path / "list-2027-01-01.csv"
    path.write_text(csv(row("a")))
    assert told(check(path, oldest=10)) == [("HM004", None)]


@pytest.mark.parametrize(
    ("text", "is_address"),
    [
        ("found at example.com/some/page", True),
        ("t.me/channel", True),
        ("abcdefghij234567.onion", True),
        ("192.0.2.17", True),
        ("host 198.51.100.4:8080", True),
        ("version 1.2.3.4", False),
        ("Windows 10.0.0.1", False),
        ("lists/readme.txt", False),
        ("a.com.jpg", False),
        ("me/to/you", False),
        ("999.300.1.2", False),
    ],
)
def test_addresses_without_a_scheme_are_known_by_their_form(tmp_path, text, is_address):
    found = check_text(
        tmp_path, csv(row("a", Note=text), columns=("MD5", "SHA256", "Note")), select=("HM501",)
    )
    assert found == ([("HM501", 2)] if is_address else [])


def test_findings_name_column_or_algorithm(tmp_path):
    (tmp_path / "a.csv").write_text(
        csv(row("a", Note="www.example.com"), columns=("MD5", "SHA256", "Note"))
    )
    notes = [one.note for one in check(tmp_path / "a.csv", select=("HM501",)).findings()]
    assert notes == ["an address in a network in column Note"]


def test_an_empty_file_is_told_once_for_each_row(tmp_path):
    cells = {name.upper(): hashlib.new(name).hexdigest() for name in ("md5", "sha1", "sha256")}
    found = check_text(tmp_path, csv(row("a", **cells)), select=("HM102",))
    assert found == [("HM102", 2)]


def test_files_of_one_content_and_several_names_are_no_repetition(tmp_path):
    value = digest("sha256", "a")
    text = f"{value}  one.bin\n{value}  two.bin\n{value}  one.bin\n"
    found = check_text(tmp_path, text, "a.sha256", select=("HM201",))
    assert found in ([("HM201", 3)], [])
    assert check_text(tmp_path, text[: text.rindex(value)], "b.sha256", select=("HM201",)) == []


def test_every_rule_and_every_reason_has_thai_words(tmp_path):
    assert set(thai.WHY) == set(registry.rules())
    (tmp_path / "a.csv").write_text(
        csv(row("a"), row("a"), row("b", MD5="x"), row("c", MD5="0" * 32))
    )
    report = check(tmp_path / "a.csv")
    reasons = [one.reason for one in report.lists[0].open.values()]
    notes = [one.note for one in report.findings() if one.note]
    for text in (*reasons, *notes):
        assert re.search("[\u0e00-\u0e7f]", thai.note(text)), text
    stream = io.StringIO()
    registry.outputs()["text"].write(report, stream, "th")
    assert "ระเบียน: ข้อผิดพลาด" in stream.getvalue()


def test_text_says_once_what_to_do_and_gathers_what_was_not_checked(tmp_path):
    (tmp_path / "a.csv").write_text(csv(row("a", MD5="0" * 32), row("b", MD5="f" * 32)))
    stream = io.StringIO()
    registry.outputs()["text"].write(check(tmp_path / "a.csv"), stream, "en")
    assert stream.getvalue().count("HM103 what to do: remove the value") == 1
    assert stream.getvalue().count("not checked") == 1


def test_a_list_that_is_gone_before_its_end_is_told_once(tmp_path, monkeypatch):
    def refuse(self, wanted):
        raise OSError(5, "gone")

    monkeypatch.setattr("hashmatch.linting.marks.Marks._lines", refuse)
    (tmp_path / "a.csv").write_text(csv(row("a")) + "only,two\n")
    (one,) = check(tmp_path / "a.csv").lists
    assert one.broken == "the list cannot be read again: gone"
