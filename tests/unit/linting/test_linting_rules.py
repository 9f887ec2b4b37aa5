"""Each rule finds what it is for, at the right place, and nothing in a sound list."""

import hashlib
import json

import pytest

from hashmatch.db.profiles import load
from hashmatch.formats.interface import Certainty, ReadOptions
from hashmatch.jobs import lint
from hashmatch.linting import registry
from hashmatch.linting.reference import Reference
from hashmatch.linting.stretches import Stretches
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import (
    Dropped,
    HashRecord,
    ListFacts,
    Loss,
    MembershipFilter,
    Withdrawn,
)
from tests.lint_lists import QUIET, TODAY, check, check_text, csv, digest, folder, row, told

PDQ = "f0" * 32  # 128 of 256 bits
SOUND = csv(*(row(str(number)) for number in range(20)))


def test_nothing_is_said_of_a_sound_list(tmp_path):
    assert check_text(tmp_path, SOUND) == []


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"MD5": digest("md5", "x")[:-1]}, "HM101"),
        ({"MD5": "g" + digest("md5", "x")[1:]}, "HM101"),
        ({"MD5": "0x" + digest("md5", "x")}, "HM101"),
        ({"MD5": " " + digest("md5", "x")}, "HM101"),
        ({"MD5": hashlib.md5(b"").hexdigest()}, "HM102"),
        ({"SHA1": hashlib.sha1(b"").hexdigest()}, "HM102"),
        ({"SHA256": hashlib.sha256(b"").hexdigest()}, "HM102"),
        ({"MD5": "0" * 32}, "HM103"),
        ({"SHA1": "F" * 40}, "HM103"),
        ({"SHA256": "1" + "0" * 40 + "1" + "0" * 22}, "HM103"),
        ({"SHA256": "deadbeef" * 8}, "HM103"),
        ({"MD5": hashlib.md5(bytes(5000)).hexdigest()}, "HM104"),
        ({"SHA256": hashlib.sha256(bytes(1 << 20)).hexdigest()}, "HM104"),
        ({"SHA1": hashlib.sha1(b"\n").hexdigest()}, "HM104"),
        ({"MD5": digest("md5", "x")[:16] + digest("md5", "x")[16:].upper()}, "HM106"),
        ({"Name": "a@example.org"}, "HM501"),
        ({"Name": "see https://example.org/x"}, "HM501"),
        ({"Name": "call +66 2 123 4567"}, "HM501"),
        ({"Name": "data:image/png;base64"}, "HM501"),
        ({"Name": "/9j/" + "Ab+/" * 100}, "HM501"),
        ({"Name": "=HYPERLINK(1)"}, "HM502"),
        ({"Name": "<script>x</script>"}, "HM502"),
        ({"Name": "a\u202eb"}, "HM502"),
        ({"Name": "a\x07b"}, "HM502"),
    ],
)
def test_one_wrong_cell_trips_its_rule_at_its_line(tmp_path, cells, rule):
    rows = [row(str(number), Name=f"file {number}.bin") for number in range(5)]
    rows[3] |= cells
    found = check_text(tmp_path, csv(*rows, columns=("MD5", "SHA1", "SHA256", "Size", "Name")))
    assert (rule, 5) in found
    sizes = {"HM404"} if rule in {"HM102", "HM104"} else set()  # those files have other sizes
    assert {one for one, _ in found} <= {rule, "HM106"} | sizes


@pytest.mark.parametrize("text", ["-1.5", "+3", "report-2024.pdf", "file = 3", "1 < 2", "ภาพ"])
def test_harmless_texts_are_left_alone(tmp_path, text):
    listed = csv(row("a", Name=text), columns=("MD5", "SHA256", "Name"))
    assert check_text(tmp_path, listed) == []


def test_columns_that_only_differ_in_case_are_told_once(tmp_path):
    rows = [row("a"), row("b", MD5=digest("md5", "b").upper())]
    assert check_text(tmp_path, csv(*rows)) == [("HM106", None)]


def test_pdq_in_a_column_of_sha256_is_suspected(tmp_path):
    values = [PDQ[:62] + f"{number:02x}" for number in range(256)]
    balanced = [one for one in values if abs(int(one, 16).bit_count() - 128) <= 2]
    rows = [row(str(at), SHA256=one) for at, one in enumerate(balanced)]
    assert ("HM106", None) in check_text(tmp_path, csv(*rows))


def test_a_list_that_does_not_name_its_algorithm_is_told(tmp_path):
    text = "".join(digest("sha256", str(number)) + "\n" for number in range(5))
    assert check_text(tmp_path, text, "list.txt", algorithm="sha256") == [("HM106", None)]


def test_records_with_broken_digests_only_are_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a"), row("b", SHA256="")))
    (finding,) = [one for one in check(path).findings() if one.rule.id == "HM108"]
    assert (finding.place, finding.count, finding.note) == (3, 1, "some records")


def test_siblings_that_contradict_each_other(tmp_path):
    listed = csv(row("a"), row("b", MD5=digest("md5", "a")))
    assert check_text(tmp_path, listed) == [("HM107", 3)]


def with_ids(folder, name, *rows):
    path = folder / name
    path.write_text(csv(*rows, columns=("MD5", "SHA256", "ID")))
    columns = {"md5": "MD5", "sha256": "SHA256", "entry": "ID"}
    return path, lint.Words("csv", ReadOptions(columns=columns))


def test_one_id_for_two_files(tmp_path):
    path, words = with_ids(tmp_path, "a.csv", row("a", ID="7"), row("b", ID="7"))
    assert told(check(path, words=words)) == [("HM107", 3)]


def stretches_of(*events):
    return list(Stretches().of(events))


def test_an_id_that_stands_for_another_file_than_before(tmp_path):
    old = [HashRecord(1, (Digest.parse(Algorithm.MD5, digest("md5", "a")),), entry="7")]
    earlier = Reference.of("old", stretches_of(*old), {}, folder())
    path, words = with_ids(tmp_path, "a.csv", row("b", ID="7"), row("a", ID="8"))
    report = check(path, words=words, previous=earlier)
    assert told(report) == [("HM403", 2)]


def test_what_was_withdrawn_and_is_there_again(tmp_path):
    value = Digest.parse(Algorithm.MD5, digest("md5", "a"))
    gone = [Withdrawn(1, digests=(value,)), Withdrawn(2, entry="8"), Withdrawn(3, "9", part="x")]
    earlier = Reference.of("old", stretches_of(*gone), {}, folder())
    path, words = with_ids(tmp_path, "a.csv", row("a", ID="7"), row("b", ID="8"), row("c", ID="9"))
    found = told(check(path, words=words, previous=earlier))
    assert found == [("HM401", 2), ("HM401", 3)]


class Sent:
    """A format that gives prepared events, whatever the file."""

    name, title, has_categories, certainty, takes = "sent", "sent", False, Certainty.MAGIC, ()

    def __init__(self, *events):
        self.events = events

    def detect(self, head, file_name):
        return True

    def read(self, stream, options):
        return iter(self.events)


def check_events(tmp_path, monkeypatch, *events, **terms):
    monkeypatch.setattr("hashmatch.formats.registry.all_formats", lambda: (Sent(*events),))
    path = tmp_path / "list.bin"
    path.write_bytes(b"x")
    return check(path, **terms)


def test_a_withdrawn_value_that_another_record_still_claims(tmp_path, monkeypatch):
    value = Digest.parse(Algorithm.SHA256, digest("sha256", "a"))
    other = Digest.parse(Algorithm.SHA256, digest("sha256", "b"))
    third = Digest.parse(Algorithm.SHA256, digest("sha256", "c"))
    records = [
        HashRecord(1, (value,), entry="1"),
        HashRecord(2, (other,), entry="2"),
        HashRecord(3, (third,), entry="3", updated=2.0),
    ]
    gone = [Withdrawn(4, digests=(value,)), Withdrawn(5, "2"), Withdrawn(6, "3", updated=1.0)]
    report = check_events(tmp_path, monkeypatch, *records, *gone)
    assert told(report) == [("HM207", 1), ("HM207", 2)]


def test_a_filter_without_records_is_an_incomplete_check(tmp_path, monkeypatch):
    bloom = MembershipFilter(Algorithm.SHA1, 1, 0.1, 1, 64, 1, iter([bytes(8)]))
    report = check_events(tmp_path, monkeypatch, bloom)
    assert told(report) == []
    assert report.incomplete
    assert report.lists[0].open["HM102"].grave


def test_a_list_that_says_it_is_only_a_part_or_benign(tmp_path, monkeypatch):
    facts = ListFacts({"partial": "a next page", "looks_benign": "category 8"})
    value = Digest.parse(Algorithm.SHA256, digest("sha256", "a"))
    events = (facts, HashRecord(1, (value,)))
    report = check_events(tmp_path, monkeypatch, *events, kind="illegal")
    assert told(report) == [("HM005", None), ("HM206", None)]


def test_two_values_of_one_algorithm_and_undecodable_text(tmp_path, monkeypatch):
    values = tuple(Digest.parse(Algorithm.SHA256, digest("sha256", one)) for one in "ab")
    events = (Dropped(1, Loss.BAD_ENCODING), HashRecord(2, values, fields={"a": [{"b": "=x()"}]}))
    report = check_events(tmp_path, monkeypatch, *events)
    assert told(report) == [("HM006", 1), ("HM107", 2), ("HM502", 2)]


def test_records_with_perceptual_hashes_only_are_compared_too(tmp_path):
    listed = f"PDQ,Category\n{PDQ},1\n{PDQ},1\n{PDQ},2\n"
    assert check_text(tmp_path, listed) == [("HM201", 3), ("HM203", 4)]


def test_harmless_files_in_a_benign_list_are_only_noted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a", MD5=hashlib.md5(b"").hexdigest()), row("b")))
    levels = {one.rule.id: one.level for one in check(path, kind="benign").findings()}
    assert levels["HM102"] == "info"
    levels = {one.rule.id: one.level for one in check(path).findings()}
    assert levels["HM102"] == "error"


def test_too_many_hashes_to_compare_are_told_as_not_checked(tmp_path, monkeypatch):
    monkeypatch.setattr("hashmatch.linting.rules.near.MOST", 1)
    monkeypatch.setattr("hashmatch.linting.rules.near.MOST_PAIRS", 1)
    path = tmp_path / "a.csv"
    path.write_text(f"PDQ,x\n{PDQ},1\n{'0f' * 32},1\n")
    report = check(path, benign=path)
    assert report.lists[0].open["HM304"].grave
    assert report.lists[0].open["HM305"].grave


def test_only_so_many_findings_are_kept_and_all_are_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(*(row("a") for _ in range(10))))
    (one,) = check(path, most=2).lists
    assert [finding.place for finding in one.findings if finding.rule.id == "HM201"] == [3, 4]
    assert one.count(registry.rules()["HM201"]) == 9


def test_a_checksum_file_that_cannot_be_read_leaves_the_check_open(tmp_path, monkeypatch):
    def refuse(path):
        raise OSError(5, "broken")

    monkeypatch.setattr("hashmatch.linting.checksums.beside", refuse)
    path = tmp_path / "a.csv"
    path.write_text(SOUND)
    assert check(path).lists[0].open["HM001"].grave


@pytest.mark.parametrize(
    ("cells", "rule"),
    [({}, "HM201"), ({"Category": "2"}, "HM203"), ({"Size": "8"}, "HM405")],
)
def test_a_repeated_record(tmp_path, cells, rule):
    assert check_text(tmp_path, csv(row("a"), row("b"), row("a", **cells))) == [(rule, 4)]


@pytest.mark.parametrize(("category", "rule"), [("1", "HM202"), ("2", "HM204")])
def test_records_of_two_lists_are_compared(tmp_path, category, rule):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(csv(row("a"), row("b")))
    second.write_text(csv(row("c"), row("a", Category=category)))
    report = check(first, second)
    assert told(report) == [(rule, 3)]
    assert report.lists[1].findings


def test_a_repeated_record_is_found_across_many_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("hashmatch.linting.groups.SHARE", 64)
    monkeypatch.setattr("hashmatch.linting.spool.BLOCK", 50)
    rows = [row(str(number)) for number in range(500)]
    assert check_text(tmp_path, csv(*rows, rows[3], rows[250])) == [("HM201", 502), ("HM201", 503)]


def test_categories_against_a_scheme(tmp_path):
    listed = csv(row("a"), row("b", Category="77"))
    assert check_text(tmp_path, listed, profile=load("vic-us")) == [("HM205", 3)]


def test_a_benign_scheme_in_a_contraband_list(tmp_path):
    listed = csv(row("a", Category="8"))
    found = check_text(tmp_path, listed, profile=load("nist-caid"), kind="illegal")
    assert found == [("HM206", 2)]


def test_a_notable_code_in_a_benign_list(tmp_path):
    listed = csv(row("a", Category="1"))
    assert check_text(tmp_path, listed, profile=load("vic-us"), kind="benign") == [("HM206", 2)]


def test_counts_name_only_codes_of_the_scheme(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv(row("a"), row("b", Category="A name of somebody")))
    notes = [one.note for one in check(path).findings() if one.rule.id == "HM402"]
    assert notes == ["2 with 2 codes whose meaning is not stated"]
    notes = [
        one.note for one in check(path, profile=load("vic-us")).findings() if one.rule.id == "HM402"
    ]
    assert notes == ["1 of code 1, 1 with 1 code whose meaning is not stated"]


@pytest.mark.parametrize(
    ("value", "quality", "expected"),
    [
        (PDQ, "90", []),
        (PDQ, "49", [("HM301", 2)]),
        ("f1" + "f0" * 31, "90", [("HM302", 2)]),
        ("ff" * 4 + "f0" * 28, "90", [("HM302", 2)]),
    ],
)
def test_pdq_by_itself(tmp_path, value, quality, expected):
    assert check_text(tmp_path, f"PDQ,quality\n{value},{quality}\n") == expected


def test_a_slightly_unbalanced_pdq_is_a_warning_only(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"PDQ,quality\nf1{PDQ[2:]},90\nff{PDQ[2:]},90\n")
    levels = [one.level for one in check(path).findings() if one.rule.id == "HM302"]
    assert levels == ["warning", "error"]


def test_photodna_of_an_empty_picture(tmp_path):
    flat, rich = "00" * 140 + "01020304", bytes(range(144)).hex()
    assert check_text(tmp_path, f"PhotoDNA,x\n{flat},1\n{rich},2\n") == [("HM303", 2)]


def test_short_hash_of_a_flat_picture(tmp_path):
    listed = "phash,x\nffffffffffffffff,1\n0102030405060708,2\n0101010102020202,3\n"
    assert check_text(tmp_path, listed) == [("HM306", 2), ("HM306", 4)]


@pytest.mark.parametrize("short", [0, 4096])
def test_hubs_of_near_hashes(tmp_path, monkeypatch, short):
    monkeypatch.setattr("hashmatch.linting.rules.near.SHORT", short)
    values = [f"{(1 << at) | int(PDQ, 16) ^ 3:064x}" for at in range(40, 50)]
    other = "0f" * 32
    listed = "PDQ,x\n" + "".join(f"{one},1\n" for one in [*values, other])
    found = check_text(tmp_path, listed, hub=3, select=("HM304",))
    assert len(found) >= 4
    assert ("HM304", 12) not in found


def test_a_hash_near_a_harmless_picture(tmp_path):
    harmless = tmp_path / "benign.csv"
    harmless.write_text(f"PDQ,x\n{PDQ},1\n")
    near, far = f"{int(PDQ, 16) ^ 0b11:064x}", "0f" * 32
    found = check_text(tmp_path, f"PDQ,x\n{near},1\n{far},2\n", benign=harmless, select=("HM305",))
    assert found == [("HM305", 2)]


def test_overlap_with_a_benign_list(tmp_path):
    benign = tmp_path / "benign.csv"
    benign.write_text(csv(row("b")))
    assert set(check_text(tmp_path, csv(row("a"), row("b")), benign=benign)) == {("HM105", 3)}
    assert check_text(tmp_path, csv(row("b")), benign=benign, kind="benign") == []


def test_changes_since_the_version_before(tmp_path):
    previous = tmp_path / "before.csv"
    previous.write_text(csv(*(row(str(number)) for number in range(10))))
    same = csv(*(row(str(number)) for number in range(10)))
    assert check_text(tmp_path, same, previous=previous) == []
    fewer = csv(*(row(str(number)) for number in range(7)))
    assert check_text(tmp_path, fewer, previous=previous) == [("HM401", None)]
    assert check_text(tmp_path, fewer, previous=previous, most_removed=0.3) == []
    moved = csv(*(row(str(number), Category="2") for number in range(10)))
    assert check_text(tmp_path, moved, previous=previous) == [("HM401", None)]


def test_an_earlier_list_with_repeated_records_is_not_taken_for_changed(tmp_path):
    previous = tmp_path / "before.csv"
    previous.write_text(csv(*[row("a"), row("b"), row("a")] * 5))
    assert check_text(tmp_path, csv(row("a"), row("b")), previous=previous) == []


def test_missing_sizes_are_counted(tmp_path):
    assert check_text(tmp_path, csv(row("a"), row("b", Size="0"))) == [("HM404", 3)]


def test_a_value_that_cannot_be_read_is_told(tmp_path):
    listed = csv(row("a"), row("b", Size="many"))
    assert check_text(tmp_path, listed) == [("HM109", 3), ("HM404", 3)]


def test_column_names_of_personal_data(tmp_path):
    listed = csv(row("a", Email="kept elsewhere"), columns=("MD5", "SHA256", "Email"))
    assert check_text(tmp_path, listed) == [("HM501", None)]


def test_columns_that_are_not_allowed(tmp_path):
    listed = csv(row("a", Note="x"), columns=("MD5", "SHA256", "Size", "Note"))
    assert check_text(tmp_path, listed, columns=frozenset({"Size", "Note"})) == []
    assert check_text(tmp_path, listed, columns=frozenset({"Size"})) == [("HM501", None)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("\n", "\r\n", 2).encode(),
        lambda text: text.encode() + b"\xff,\xff,\xff,1,2\n",
        lambda text: text[:60].encode() + "\ufeff".encode() + text[60:].encode(),
        lambda text: (text * 50).encode() + csv(row("a", Size="\x007")).encode(),
    ],
    ids=["mixed line ends", "not UTF-8", "mark in mid-text", "zero bytes"],
)
def test_damaged_encoding(tmp_path, damage):
    rules = {rule for rule, _ in check_text(tmp_path, damage(SOUND))}
    assert "HM006" in rules


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_at_the_beginning_is_right(tmp_path, encoding):
    assert check_text(tmp_path, SOUND.encode(encoding)) == []


def test_windows_line_ends_are_right(tmp_path):
    assert check_text(tmp_path, SOUND.replace("\n", "\r\n")) == []


def test_json_that_breaks_off_is_an_error_and_an_incomplete_check(tmp_path):
    media = [
        {"MediaID": at, "Category": 1, "MD5": digest("md5", str(at)).upper()} for at in range(9)
    ]
    context = "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media"
    whole = json.dumps({"odata.metadata": context, "value": media})
    path = tmp_path / "vic.json"
    path.write_text(whole[:-40])
    report = check(path)
    assert ("HM005", None) in told(report) or report.lists[0].unreadable
    assert report.incomplete


def test_a_list_is_older_than_allowed(tmp_path):
    found = check_text(tmp_path, SOUND, "list-2026-01-01.csv", oldest=30)
    assert found == [("HM004", None)]
    assert check_text(tmp_path, SOUND, "list-2026-11-20.csv", oldest=30) == []
    assert TODAY.year == 2026


def test_a_list_is_older_than_the_one_before(tmp_path):
    previous = tmp_path / "list-2026-06-01.csv"
    previous.write_text(SOUND)
    found = check_text(tmp_path, SOUND, "list-2026-05-01.csv", previous=previous)
    assert found == [("HM003", None)]


def test_the_checksum_beside_a_list(tmp_path):
    value = hashlib.sha256(SOUND.encode()).hexdigest()
    (tmp_path / "list.csv.sha256").write_text(f"{value}  list.csv\n")
    assert check_text(tmp_path, SOUND) == []
    assert check_text(tmp_path, SOUND + "\n") == [("HM001", None)]
    (tmp_path / "list.csv.sha256").write_text("nothing\n")
    assert check_text(tmp_path, SOUND) == [("HM001", None)]
    (tmp_path / "list.csv.sha256").unlink()
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  other.csv\n{'1' * 64} *list.csv\n")
    assert check_text(tmp_path, SOUND) == [("HM001", None)]


def test_a_rule_that_has_nothing_to_compare_with_is_not_passed_but_open(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(SOUND)
    (one,) = check(path).lists
    assert one.open["HM105"].reason == "needs --benign"
    assert one.open["HM301"].reason == "the list carries no quality"
    assert not check(path).incomplete
    assert check(path, select=("HM105",)).incomplete


def test_every_rule_has_words_in_both_languages_and_a_level():
    for rule in registry.rules().values():
        assert rule.title.en
        assert rule.title.th
        assert rule.remedy.th != rule.remedy.en
        assert rule.why.endswith(".")
    assert set(registry.rules()) >= QUIET
