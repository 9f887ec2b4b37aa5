"""A set changes as its publisher says, never by accident, and every change is counted."""

import datetime
from dataclasses import replace

import pytest

from hashmatch.db import removal
from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs import compare, ingest, update
from hashmatch.model.records import HashRecord
from tests.life_desk import LifeDesk, md5, sha1, table, vics


@pytest.fixture
def desk(tmp_path):
    return LifeDesk(tmp_path)


def rows(*words, category="1"):
    header = ["md5", "sha1", "category", "note"]
    return table([header, *([md5(one), sha1(one), category, f"note {one}"] for one in words)])


def start(desk, *words, **changes):
    desk.write("first.csv", rows(*words))
    return desk.take("first.csv", scheme="vic-us", **changes)


def change(desk, content, name="next.csv", *, reading=None, **words):
    desk.write(name, content)
    stated = words.pop("stated", {})
    given = ingest.Reading((desk.root / name,), **(reading or {}))
    request = update.Update("known", given, stated, **words)
    return update.update(request, desk.library, desk.setting, lambda _: None)


def told(difference):
    return difference.same, difference.added, difference.removed, difference.changed


def test_a_whole_list_replaces_the_one_before_as_it_was_described(desk):
    first = start(desk, "a", "b", "c", publisher="P", handling="TLP:AMBER")
    done = change(desk, rows("b", "c", "d"))
    assert told(done.difference) == (2, 1, 1, 0)
    assert done.manifest.supersedes == first.version
    assert done.manifest.stated.publisher == "P"
    assert done.manifest.stated.handling == "TLP:AMBER"
    assert done.manifest.scheme == "vic-us"
    assert not desk.knows("a")
    assert desk.knows("a", first.version)


def test_what_is_stated_goes_before_what_was(desk):
    start(desk, "a", publisher="P")
    done = change(desk, rows("a"), stated={"publisher": "Q", "list_version": "2"})
    assert (done.manifest.stated.publisher, done.manifest.stated.list_version) == ("Q", "2")
    assert change(desk, rows("a")).manifest.stated.list_version is None


def test_the_words_about_the_form_are_inherited_where_they_mean_something(desk):
    desk.write("t.txt", f"{md5('a')};x\n{md5('b')};x\n")
    options = ReadOptions(columns={"md5": "1"}, delimiter=";")
    desk.take("t.txt", format_name="csv", options=options)
    done = change(desk, f"{md5('a')};x\n{md5('c')};x\n", "u.txt")
    assert told(done.difference) == (1, 1, 1, 0)
    assert done.manifest.stated.importer["delimiter"] == ";"
    done = change(desk, f"{md5('a')}  name\n", "v.txt", reading={"format_name": "sums"})
    assert done.manifest.stated.importer["format"] == "sums"
    assert "delimiter" not in done.manifest.stated.importer


def test_a_list_whose_categories_were_ignored_stays_so(desk):
    desk.write("first.csv", rows("a"))
    desk.take("first.csv", ignore_categories=True)
    assert change(desk, rows("a", "b")).manifest.kind == "illegal"


def test_a_kind_or_scheme_can_change_and_every_record_then_means_something_else(desk):
    from hashmatch.db import profiles
    from hashmatch.db.description import SetKind

    start(desk, "a", "b")
    done = change(desk, rows("a", "b"), stated={"profile": profiles.load("dhs-legacy")})
    assert told(done.difference) == (2, 0, 0, 0)  # 1 means the same in both
    flat = {"kind": SetKind.ILLEGAL}
    done = change(desk, rows("a"), stated=flat, reading={"ignore_categories": True})
    assert done.manifest.scheme is None
    done = change(desk, rows("a"), stated={"kind": SetKind.BENIGN})
    assert done.difference.what == {"disposition": 1}


@pytest.mark.parametrize("how", ["delta", "withdraw"])
def test_changes_to_a_list_never_change_what_its_other_records_mean(desk, how):
    from hashmatch.db import profiles
    from hashmatch.db.description import SetKind

    first = start(desk, "a", "b")
    for stated in ({"kind": SetKind.ILLEGAL}, {"profile": profiles.load("dhs-legacy")}):
        with pytest.raises(UsageError, match="give the whole list to change that"):
            change(desk, rows("b"), stated=stated, **{how: True})
    assert desk.library.current("known") == first
    same = {"kind": SetKind.CATEGORIZED, "profile": profiles.load("vic-us")}
    assert change(desk, rows("b"), stated=same, **{how: True}).manifest.scheme == "vic-us"


def test_codes_that_a_set_is_told_by_are_not_left_aside_without_a_meaning(desk):
    from hashmatch.db import profiles
    from hashmatch.db.description import SetKind

    start(desk, "a")
    for how in ({}, {"delta": True}):
        with pytest.raises(UsageError, match="say with --kind what all its records mean"):
            change(desk, rows("a"), reading={"ignore_categories": True}, **how)
    flat = {"kind": SetKind.ILLEGAL}
    change(desk, rows("a"), stated=flat, reading={"ignore_categories": True})
    told = {"kind": SetKind.CATEGORIZED, "profile": profiles.load("vic-us")}
    done = change(desk, rows("a"), stated=told)
    assert "ignore_categories" not in done.manifest.stated.importer


def test_a_comparison_that_fails_does_not_hide_that_the_new_version_is_in_use(desk, monkeypatch):
    first = start(desk, "a", "b")
    path = desk.library.folder_of(first.version) / "records.db"
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    done = change(desk, rows("a", "b"))
    assert done.difference is None
    assert "was altered" in done.why
    assert desk.library.current("known") == done.manifest

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(update, "compare", stop)
    done = change(desk, rows("a", "b", "c"))
    assert "interrupted" in done.why
    assert desk.library.current("known") == done.manifest


def test_a_list_that_lost_a_column_of_hashes_is_not_taken_for_the_whole_one(desk):
    both = [[md5(n), sha1(n)] for n in range(10)]
    desk.write("first.csv", table([["md5", "sha1"], *both]))
    desk.take("first.csv")
    less = table([["md5", "sha1"], both[0], *(["", sha1(n)] for n in range(1, 10))])
    with pytest.raises(HashSetError, match="1 md5 values instead of 10"):
        change(desk, less)
    change(desk, less, allow_shrink=True)


def test_one_wrong_date_does_not_stand_for_ever(desk):
    day = datetime.date
    start(desk, "a", "b", list_date=day(2026, 11, 1))
    change(desk, rows("a", "b"), stated={"list_date": day(2026, 11, 20)})
    right = {"list_date": day(2026, 11, 2)}
    with pytest.raises(HashSetError, match="older than that of 2026-11-20"):
        change(desk, rows("a", "b"), stated=right)
    change(desk, rows("a", "b"), stated=right, allow_older=True)
    change(desk, rows("a", "b"), stated={"list_date": day(2026, 11, 3)})
    change(desk, rows("b"), withdraw=True)
    with pytest.raises(HashSetError, match="older than that of 2026-11-03"):
        change(desk, rows("a", "b"), stated=right)


def test_a_whole_list_is_read_with_its_own_words_whatever_changes_came_between(desk):
    text = table([["md5", "parent md5"], *([md5(n), md5(f"parent {n}")] for n in range(3))])
    desk.write("first.csv", text)
    first = desk.take("first.csv", options=ReadOptions(columns={"md5": "2"}))
    assert desk.knows("parent 1")
    sums = f"{md5('more')}  name\n"
    done = change(desk, sums, "d.txt", delta=True, reading={"format_name": "sums"})
    importer = done.manifest.stated.importer
    assert (importer["format"], importer["changes_format"]) == ("csv", "sums")
    again = change(desk, sums.replace(md5("more"), md5("most")), "d.txt", delta=True)
    assert again.manifest.stated.importer["changes_format"] == "sums"
    done = change(desk, text, "whole.csv")
    assert desk.knows("parent 1")
    assert not desk.knows(1)
    assert done.manifest.stated.importer == first.stated.importer


def test_a_list_is_not_imported_over_a_set_that_is_in_use(desk):
    first = start(desk, "a")
    request = ingest.Import(ingest.Reading((desk.root / "first.csv",)), first.stated, new=True)
    with pytest.raises(UsageError, match="hashmatch library update"):
        ingest.ingest(request, desk.library, desk.setting, lambda _: None)
    assert desk.library.current("known") == first
    removal.remove(desk.library, "known")
    ingest.ingest(request, desk.library, desk.setting, lambda _: None)


def test_a_set_that_is_not_there_cannot_be_updated(desk):
    start(desk, "a")
    request = update.Update("other", ingest.Reading((desk.root / "first.csv",)))
    with pytest.raises(UsageError, match="no set other"):
        update.update(request, desk.library, desk.setting, lambda _: None)


def test_half_a_list_is_not_taken_for_the_whole_one(desk):
    before = start(desk, *"abcde")
    with pytest.raises(HashSetError, match="shrink from 5 records to 2"):
        change(desk, rows("a", "b"))
    assert desk.library.current("known") == before
    done = change(desk, rows("a", "b"), allow_shrink=True)
    assert told(done.difference) == (2, 0, 3, 0)


def test_an_older_list_is_not_taken_for_a_new_one(desk):
    day = datetime.date
    start(desk, "a", list_date=day(2026, 11, 2), list_version="9")
    with pytest.raises(HashSetError, match="older than that of 2026-11-02"):
        change(desk, rows("a"), stated={"list_date": day(2026, 11, 1)})
    with pytest.raises(HashSetError, match="older"):
        change(desk, rows("a"), stated={"list_version": "8.9"})
    change(desk, rows("a"))  # nothing is said of its age
    with pytest.raises(HashSetError, match="older"):
        change(desk, rows("a"), stated={"list_version": "v8"} | {"list_version": "8"})
    change(desk, rows("a"), stated={"list_version": "10"})
    change(desk, rows("a"), stated={"list_version": "1"}, allow_older=True)


def test_a_last_day_is_stated_anew_for_a_new_list_and_kept_for_changes(desk):
    start(desk, "a", expires=datetime.date(2027, 1, 1))
    with pytest.raises(HashSetError, match="say with --expires"):
        change(desk, rows("a"))
    done = change(desk, rows("b"), delta=True)
    assert done.manifest.stated.expires == datetime.date(2027, 1, 1)
    change(desk, rows("a"), stated={"expires": datetime.date(2028, 1, 1)})


def test_a_delta_adds_and_replaces_and_leaves_the_rest(desk):
    start(desk, "a", "b", "c")
    done = change(desk, rows("c", "d", category="2"), delta=True)
    assert told(done.difference) == (2, 1, 0, 1)
    assert done.difference.what == {"category": 1, "disposition": 1, "fields": 1}
    assert sorted(one.category for one in desk.records()) == ["1", "1", "2", "2"]
    assert done.manifest.stated.importer["origin"] == "csv"


def test_a_delta_in_another_form_is_no_longer_of_one_origin(desk):
    start(desk, "a", "b")
    done = change(desk, vics({"MD5": md5("c"), "Category": 1}), "v.json", delta=True)
    assert told(done.difference) == (2, 1, 0, 0)
    assert done.manifest.stated.importer["origin"] == "several"


def test_a_colliding_md5_replaces_nothing(desk):
    start(desk, "a")
    other = table([["md5", "sha1", "category"], [md5("a"), sha1("evil"), "0"]])
    done = change(desk, other, delta=True)
    assert told(done.difference) == (1, 1, 0, 0)
    assert {one.category for one in desk.records()} == {"1", "0"}


def test_withdrawn_records_go_and_the_rest_stays(desk):
    first = start(desk, "a", "b", "c")
    done = change(desk, rows("b", "unknown"), withdraw=True)
    assert told(done.difference) == (2, 0, 1, 0)
    assert not desk.knows("b")
    assert desk.knows("b", first.version)
    assert done.manifest.stated.importer["origin"] == "csv"


def test_a_withdrawal_in_another_form_leaves_the_words_for_the_next_whole_list(desk):
    desk.write("t.txt", f"{md5('a')};x\n{md5('b')};x\n")
    options = ReadOptions(columns={"md5": "1"}, delimiter=";")
    desk.take("t.txt", format_name="csv", options=options)
    change(desk, f"{md5('a')}  name\n", "w.txt", withdraw=True, reading={"format_name": "sums"})
    done = change(desk, f"{md5('b')};x\n{md5('c')};x\n", "u.txt")
    assert told(done.difference) == (1, 1, 0, 0)


def test_a_withdrawal_goes_by_digests_where_ids_are_only_counted(desk):
    """MediaID counts the records of a file: the same number names another record tomorrow."""
    media = [{"MediaID": n, "MD5": md5(word)} for n, word in enumerate("abc")]
    desk.write("v.json", vics(*media))
    desk.take("v.json")
    change(desk, vics({"MediaID": 0, "MD5": md5("c")}), "w.json", withdraw=True)
    assert [desk.knows(word) for word in "abc"] == [True, True, False]


def test_a_withdrawal_without_a_digest_is_a_loss(desk):
    pdq = "00002755000087570755875fd00aadff0000d8a85a807a08255f70a005d75a20"
    desk.write("t.csv", table([["md5", "pdq"], [md5("a"), pdq]]))
    desk.take("t.csv")
    with pytest.raises(HashSetError, match="would lose 1 entry"):
        change(desk, table([["md5", "pdq"], ["", pdq]]), "w.csv", withdraw=True)


def test_withdrawing_everything_is_refused(desk):
    start(desk, "a")
    with pytest.raises(HashSetError):
        change(desk, rows("a"), withdraw=True, allow_shrink=True)
    assert desk.knows("a")


def compared(desk, old, new):
    seen = []
    difference = compare.compare(desk.library, old, new, seen.append)
    return difference, seen


def test_a_difference_names_the_records_of_both_sides(desk):
    old = start(desk, "a", "b", "c")
    new = change(desk, rows("b", "c", "d")).manifest
    difference, seen = compared(desk, old, new)
    assert [(one.word, one.old and one.old.number, one.new and one.new.number) for one in seen] == [
        ("added", None, 2),
        ("removed", 0, None),
    ]
    backwards, _ = compared(desk, new, old)
    assert told(backwards) == told(difference)
    same, seen = compared(desk, new, new)
    assert same.none
    assert seen == []


def test_two_assertions_about_one_file_are_two_records(desk):
    header = ["md5", "category"]
    desk.write("o.csv", table([header, [md5("a"), "1"], [md5("a"), "2"]]))
    old = desk.take("o.csv", scheme="vic-us")
    desk.write("n.csv", table([header, [md5("a"), "3"], [md5("a"), "1"]]))
    new = desk.take("n.csv", scheme="vic-us")
    difference, seen = compared(desk, old, new)
    assert told(difference) == (1, 0, 0, 1)
    assert (seen[0].old.category, seen[0].new.category) == ("2", "3")


def test_a_record_that_gains_a_digest_is_changed_and_one_that_contradicts_is_another(desk):
    desk.write("o.csv", table([["md5", "sha1"], [md5("a"), ""], [md5("b"), sha1("b")]]))
    old = desk.take("o.csv")
    desk.write("n.csv", table([["md5", "sha1"], [md5("a"), sha1("a")], [md5("b"), sha1("x")]]))
    new = desk.take("n.csv")
    difference, _ = compared(desk, old, new)
    assert told(difference) == (0, 1, 1, 1)
    assert difference.what == {"digests": 1, "fields": 1}


def test_pictures_without_digests_are_compared_by_their_hash(desk):
    def pdq(n):
        return format(int("5a" * 32, 16) ^ (n << 9), "064x")

    header = ["pdq", "category"]
    desk.write("o.csv", table([header, [pdq(1), "1"], [pdq(2), "1"]]))
    old = desk.take("o.csv", scheme="vic-us")
    desk.write("n.csv", table([header, [pdq(1), "2"], [pdq(3), "1"]]))
    new = desk.take("n.csv", scheme="vic-us")
    difference, _ = compared(desk, old, new)
    assert told(difference) == (0, 1, 1, 1)


def test_whatever_a_record_says_otherwise_is_a_change(desk):
    from tests.library_maker import digests, install

    one = HashRecord(1, digests(1), fields={"x": 1}, flags={"is_suspected": True})
    old = install(desk.library, [one, HashRecord(2, digests(2))])
    for change in (
        {"flags": {"is_suspected": False}},
        {"fields": {"x": 2}},
        {"parts": ("p",)},
        {"size": 3},
        {"entry": "e"},
        {"other": ("tlsh",)},
    ):
        new = install(desk.library, [replace(one, **change), HashRecord(2, digests(2))])
        difference, _ = compared(desk, old, new)
        assert told(difference) == (1, 0, 0, 1)
        assert difference.what == dict.fromkeys(change, 1)


def test_a_record_that_stands_twice_counts_twice(desk):
    from tests.library_maker import digests, install

    twice = [HashRecord(n + 1, digests(1)) for n in range(3)]
    three = install(desk.library, twice)
    one = install(desk.library, twice[:1])
    assert told(compared(desk, three, one)[0]) == (1, 0, 2, 0)
    assert told(compared(desk, one, three)[0]) == (1, 2, 0, 0)
    assert told(compared(desk, three, three)[0]) == (3, 0, 0, 0)


def test_digests_are_shown_of_one_set_only_and_not_against_its_marking(desk):
    first = start(desk, "a")
    other = start(desk, "b", name="other")
    with pytest.raises(UsageError, match="are different sets"):
        compare.check_shown(first, other, despite_handling=True)
    compare.check_shown(first, first, despite_handling=False)
    marked = start(desk, "a", handling="TLP:RED")
    for pair in ((first, marked), (marked, first)):
        with pytest.raises(UsageError, match="TLP:RED"):
            compare.check_shown(*pair, despite_handling=False)
        compare.check_shown(*pair, despite_handling=True)


def test_versions_are_found_by_one_name_or_two(desk):
    first = start(desk, "a")
    with pytest.raises(UsageError, match="no version before"):
        compare.versions(desk.library, "known", None)
    second = change(desk, rows("a", "b")).manifest
    assert compare.versions(desk.library, "known", None) == (first, second)
    named = compare.versions(desk.library, f"known@{first.version}", "known")
    assert named == (first, second)


def test_a_removed_set_is_not_matched_and_its_versions_stay(desk):
    first = start(desk, "a")
    assert removal.remove(desk.library, "known") == first.version
    assert desk.library.sets() == []
    assert desk.knows("a", first.version)
    with pytest.raises(UsageError, match="no set known in the library; there are none"):
        removal.remove(desk.library, "known")
    second = start(desk, "b")
    assert {one.version for one in desk.library.versions("known")} == {
        first.version,
        second.version,
    }


def test_a_purged_version_leaves_what_it_was_and_says_when_it_went(desk):
    first = start(desk, "a")
    removal.purge(desk.library, first.version, datetime.date(2026, 11, 23))
    assert desk.library.pointer().current == {}
    assert desk.library.find(f"known@{first.version}") == first
    assert [path.name for path in desk.library.folder_of(first.version).iterdir()] == [
        "manifest.json"
    ]
    with pytest.raises(HashSetError, match="were purged on 2026-11-23"):
        desk.library.open_set(first.version)
    removal.purge(desk.library, first.version, datetime.date(2026, 11, 24))
    assert desk.library.pointer().state(first.version) == "purged on 2026-11-24"


def test_an_older_version_is_purged_and_the_current_one_stays(desk):
    first = start(desk, "a")
    change(desk, rows("a", "b"))
    removal.purge(desk.library, first.version, datetime.date(2026, 11, 23))
    assert desk.knows("b")
    states = {desk.library.pointer().state(one.version) for one in desk.library.versions()}
    assert states == {"purged on 2026-11-23", "in use"}


def test_a_digest_that_all_records_carry_is_compared_in_time(desk):
    content = [["md5", "category"], *([md5("same"), "1"] for _ in range(3000))]
    desk.write("a.csv", table(content))
    desk.take("a.csv", scheme="vic-us")
    changed = change(desk, table([["md5", "category"], *([md5("same"), "2"] for _ in range(3000))]))
    assert (changed.difference.changed, changed.difference.added) == (3000, 0)
