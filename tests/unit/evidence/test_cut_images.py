"""A file system that goes on where its image ends is never taken for a whole one."""

import pytest

from hashmatch.evidence.media.slice import Slice
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Failed, Reason, Stage
from tests import small_disks
from tests.byte_medium import ByteMedium
from tests.damaged_images import bases, image_of
from tests.ntfs_maker import Data, NtfsVolume

pytest.importorskip("pytsk3")

FREE = 0.97
"""So much of each image is left: what is cut off is free space, and no file is the shorter."""


@pytest.fixture(scope="module")
def sound():
    return {kind: content for kind, content in bases().items() if kind != "mbr"}


def listed(medium):
    entries = list(image_of(medium).entries())
    items = [one for one in entries if isinstance(one, Item)]
    return items, [one for one in entries if isinstance(one, Failed)]


def test_the_end_that_is_missing_is_said_though_no_file_lies_there(sound):
    assert sound.keys() >= {"fat12", "exfat", "xfs"}
    for kind, content in sound.items():
        whole, none = listed(ByteMedium(content))
        assert (bool(whole), none) == (True, []), kind
        left = int(len(content) * (0.4 if kind == "lvm" else FREE)) // 4096 * 4096
        items, failed = listed(ByteMedium(content[:left]))
        assert [one.path for one in items] == [one.path for one in whole], kind
        assert {one.reason for one in failed} == {Reason.DAMAGED_MEDIUM}, kind
        assert all(one.place for one in failed), kind


def test_a_medium_that_is_known_to_be_cut_off_is_said_to_be(sound):
    content = sound["fat12"]
    medium = Slice(ByteMedium(content[: len(content) // 2]), 0, len(content))
    _, failed = listed(medium)
    assert [one.reason for one in failed] == [Reason.DAMAGED_MEDIUM]


def test_what_is_said_of_a_whole_volume_has_the_path_of_its_root():
    disk = small_disks.disk()
    _, failed = listed(ByteMedium(disk[: len(disk) * 7 // 10]))
    assert [one.path for one in failed] == [b"p2", b"$mbr"]


def test_a_file_that_goes_on_beyond_the_end_is_lost_to_the_medium(sound):
    ntfs = NtfsVolume({"a.jpg": [Data(b"a" * 5000)], "b.jpg": [Data(b"b" * 90_000)]}).made()
    for kind, content in {**sound, "ntfs made": ntfs}.items():
        if kind in {"lvm", "apfs"}:  # of APFS the library does not say where it wanted to read
            continue
        whole, _ = listed(ByteMedium(content))
        there = [one for one in whole if one.facts.standing is Standing.ALLOCATED]
        last = max(there, key=lambda one: max(one.facts.extents, default=(0, 0)))
        offset, length = max(last.facts.extents)
        items, failed = listed(ByteMedium(content[: offset + length // 2]))
        found = [one for one in failed if one.path == last.path]
        assert [one.stage in {Stage.OPEN, Stage.STAT} for one in found] == [True], kind
        assert {one.reason for one in failed} == {Reason.DAMAGED_MEDIUM}, kind
        assert {one.path for one in items + failed} >= {one.path for one in whole}, kind
