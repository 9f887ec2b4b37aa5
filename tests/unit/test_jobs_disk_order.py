"""Listings of images are put in the order of the medium, and nothing of them is lost."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from hashmatch.cases import listing
from hashmatch.jobs import disk_order
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Facts, Standing
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.model.evidence import Entry


def item(name: str, volume: int, place: int) -> Item:
    """An item of an image, with all that its line may hold."""
    facts = Facts(Standing.DELETED, extents=((place, 9),), fragments=1)
    path = f'{name}, "x",1,2,3\udcff'.encode("utf-8", "surrogateescape")
    return Item(path, 9, -5, 0o100644, (volume, place), f"ntfs:/{name};id=1", facts)


def written(path: Path, sources: list[list[Entry]]) -> None:
    """Write a listing."""
    with path.open("wb") as out:
        for number, entries in enumerate(sources):
            note = listing.noter(out, number)
            for entry in entries:
                note(entry)


def test_items_follow_the_medium_and_the_rest_stands_before_them(tmp_path: Path) -> None:
    path = tmp_path / "listing"
    failed = Failed(b"bad", Stage.LIST, Reason.DAMAGED_FILE_SYSTEM, "gpt:p9")
    skipped = Skipped(b"link", Rule.SYMLINK, "ntfs:/link")
    folder = [Item(b"z", 1, 2, 0o100644, (5, 9)), failed, Item(b"a", 1, 2, 0o100644, (1, 1))]
    late, high = item("late", 2, 5), item("high", 1, 1 << 62)
    image: list[Entry] = [late, failed, high, item("b", 1, 7), item("a", 1, 7), skipped]
    written(path, [folder, image, folder])
    disk_order.arrange(path, {1})
    expected = [failed, skipped, item("b", 1, 7), item("a", 1, 7), high, late]
    found = list(listing.read(path))
    assert found == [
        *((0, one) for one in folder),
        *((1, one) for one in expected),
        *((2, one) for one in folder),
    ]
    assert [one.name for one in tmp_path.iterdir()] == ["listing"]


def test_many_entries_come_out_once_each_and_again_the_same(tmp_path: Path) -> None:
    path = tmp_path / "listing"
    chance = random.Random(4)
    image: list[Entry] = [
        item(str(n), chance.randrange(3), chance.randrange(900)) for n in range(9000)
    ]
    written(path, [image])
    disk_order.arrange(path, {0})
    found = [entry for _, entry in listing.read(path)]
    assert found == sorted(image, key=lambda one: one.identity)
    once = path.read_bytes()
    (tmp_path / "listing.arranged").write_bytes(b"of a scan that was killed")
    disk_order.arrange(path, {0})
    assert path.read_bytes() == once


def test_folders_alone_are_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "listing"
    written(path, [[Item(b"z", 1, 2, 3, (5, 9))]])
    before = path.stat()
    disk_order.arrange(path, ())
    assert path.stat() == before


def test_a_disk_that_refuses_leaves_the_listing_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "listing"
    written(path, [[item("b", 1, 7), item("a", 1, 2)]])
    before = path.read_bytes()

    def full(_listing: object, _at: int, _end: int) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk_order.os, "pread", full)
    with pytest.raises(OSError, match="No space"):
        disk_order.arrange(path, {0})
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["listing"]
