"""The order of a triage: what it is made of, and that it leaves nothing out."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.evidence.file import FileSource
from hashmatch.evidence.folder import FolderSource
from hashmatch.jobs.triage_listing import Listing
from hashmatch.jobs.triage_order import folder_points, item_points, place
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped, Stage

DAY = 86_400 * 10**9
NOW = 20_000 * DAY


def points(path, size=100_000, age=1000 * DAY):
    item = Item(path, size, NOW - age, 0o644, (0, 0))
    return item_points(item, place(path.rpartition(b"/")[0]), NOW)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"a/p.jpg", b"a/p.txt"),
        (b"a/P.JPG", b"a/p"),
        (b"a/v.mp4", b"a/archive.zip"),
        (b"a/archive.zip", b"a/p.dll"),
        (b"sdcard/DCIM/Camera/p.jpg", b"a/p.jpg"),
        (b"Users/x/Downloads/p.heic", b"Windows/Web/p.jpg"),
        (b"a/.hidden.jpg", b"a/shown.jpg"),
        (b"a/unknown", b"a/part.dll"),
    ],
)
def test_kinds_and_places(first, then):
    assert points(first) > points(then)


def test_sizes_and_times():
    assert points(b"p.jpg") > points(b"p.jpg", size=500)
    assert points(b"v.mp4") > points(b"v.mp4", size=1 << 30)
    assert points(b"p.jpg", age=DAY) > points(b"p.jpg", age=100 * DAY) > points(b"p.jpg")
    assert points(b"p.jpg", age=-DAY) == points(b"p.jpg")  # a time to come says nothing


def test_a_picture_in_a_usual_place_comes_before_more_usual_folders():
    assert points(b"a/p.jpg") > folder_points(place(b"b"))
    assert folder_points(place(b"DCIM")) > points(b"a/p.jpg")
    assert folder_points(place(b"b")) > points(b"a/readme")


@given(st.binary(min_size=1, max_size=40), st.integers(0, 1 << 50), st.integers(-(10**20), 10**20))
def test_any_name_size_and_time_has_points(name, size, modified):
    given_points = item_points(Item(name, size, modified, 0, (0, 0)), place(name), NOW)
    assert -100 < given_points < 150


def test_every_entry_comes_once_and_folders_are_listed_late(tmp_path):
    for folder in ("zzz/DCIM", "aaa/one", "aaa/two", "empty"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("zzz/DCIM/p.jpg", "aaa/one/x", "aaa/two/p.jpg", "aaa/two/y", "z"):
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("aaa")
    os.mkfifo(tmp_path / "aaa/pipe")
    listing = Listing((FolderSource(os.fsencode(tmp_path)),), NOW)
    found = []
    for number, one in filter(None, listing):
        assert number == 0
        found.append(one)
        if one.path == b"link":
            assert (listing.seen, listing.waiting) == (1, 2)  # aaa and empty
    paths = [one.path for one in found]
    assert sorted(paths) == sorted(
        b"zzz/DCIM/p.jpg aaa/one/x aaa/two/p.jpg aaa/two/y z link aaa/pipe".split()
    )
    assert paths.index(b"zzz/DCIM/p.jpg") < paths.index(b"aaa/one/x")
    assert (listing.seen, listing.waiting) == (7, 0)
    assert Skipped(b"link", Rule.SYMLINK) in found
    assert Skipped(b"aaa/pipe", Rule.FIFO) in found
    listing.close()


def test_a_folder_that_goes_away_fails(tmp_path):
    (tmp_path / "gone").mkdir()
    (tmp_path / "p.jpg").write_bytes(bytes(5000))
    listing = Listing((FolderSource(os.fsencode(tmp_path)),), NOW)
    entries = filter(None, listing)
    assert next(entries)[1].path == b"p.jpg"
    (tmp_path / "gone").rmdir()
    ((_, failed),) = entries
    assert isinstance(failed, Failed)
    assert (listing.seen, listing.waiting) == (2, 0)
    listing.close()


def test_what_is_no_folder_is_listed_as_a_whole_and_put_in_order():
    entries = [
        Folder(b"p1"),
        Item(b"p1/Windows/System32/a.dll", 5, 0, 0, (1, 1)),
        Failed(b"p2", Stage.LIST, Reason.IO),
        Item(b"p1/DCIM/a.jpg", 5 << 10, 0, 0, (1, 2)),
    ]
    listing = Listing((FileSource(b"/disk.dd"),), NOW, lambda _: iter(entries))
    found = [one for one in listing if one is not None]
    assert found == [(0, entries[2]), (0, entries[3]), (0, entries[1])]
    assert (listing.seen, listing.waiting) == (3, 0)
    listing.close()
