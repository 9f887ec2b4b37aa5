"""Folders of FAT and exFAT of which the library leaves something out are never taken for whole."""

import random
import struct

import pytest

from hashmatch.evidence.filesystems import fat_folders, fat_layout
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Failed, Reason
from tests.byte_medium import ByteMedium, mounted
from tests.exfat_maker import CLUSTER, TABLE, ExfatMaker
from tests.exfat_maker import SECTOR as EXFAT_SECTOR
from tests.fat_maker import SECTOR, FatMaker

pytest.importorskip("pytsk3")

FILES = {b"A.JPG", b"SUB", b"SUB/B.JPG", b"SUB/DEEP", b"SUB/DEEP/C.JPG"}


def volume(width=16):
    """A volume with folders in folders; SUB has two clusters, the second almost full."""
    maker = FatMaker(width)
    maker.file(b"A.JPG", b"a" * 700)
    sub = maker.folder(b"SUB", clusters=2)
    deep = maker.folder(b"DEEP", sub)
    maker.file(b"B.JPG", b"b" * 700, sub)
    for number in range(14):
        maker.file(b"%d.OLD" % number, b"o", sub, deleted=True)
    maker.file(b"C.JPG", b"c" * 700, deep)
    image = bytearray(maker.image())
    layout = fat_layout.fat(ByteMedium(image), f"fat{width}")
    return image, layout, sub, deep


def listed(image, *, deleted=True):
    """What is there, and where something may be missing."""
    entries = list(mounted(ByteMedium(bytes(image))).entries(deleted=deleted))
    there = {
        e.path
        for e in entries
        if isinstance(e, Folder) or (isinstance(e, Item) and e.facts.standing is Standing.ALLOCATED)
    }
    failed = {e.path for e in entries if isinstance(e, Failed)}
    assert {e.reason for e in entries if isinstance(e, Failed)} <= {Reason.DAMAGED_FILE_SYSTEM}
    return there, failed


@pytest.mark.parametrize("width", [12, 16, 32])
def test_sound_folders_are_whole(width):
    image, layout, sub, deep = volume(width)
    assert listed(image) == ({b"", *FILES}, set())
    medium = ByteMedium(image)
    assert len(list(fat_folders.in_use(medium, layout, (layout.root, 0, False)))) == 2
    assert [len(list(fat_folders.in_use(medium, layout, (n, 0, False)))) for n in (sub, deep)] == [
        2,
        1,
    ]


def link(image, layout, cluster, value):
    struct.pack_into("<H", image, layout.table + 2 * cluster, value)


ELSE = random.Random(1).randbytes(SECTOR)
SPOILED = {
    "zeros": lambda image, at, *_: image.__setitem__(slice(at, at + SECTOR), bytes(SECTOR)),
    "ones": lambda image, at, *_: image.__setitem__(slice(at, at + SECTOR), b"\xff" * SECTOR),
    "something else": lambda image, at, *_: image.__setitem__(slice(at, at + SECTOR), ELSE),
    "the sector of another folder": lambda image, at, layout, deep: image.__setitem__(
        slice(at, at + SECTOR),
        bytes(image[layout.cluster_at(deep) : layout.cluster_at(deep) + SECTOR]),
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_folder_that_was_overwritten_is_no_empty_one(what):
    image, layout, sub, deep = volume()
    SPOILED[what](image, layout.cluster_at(sub), layout, deep)
    for deleted in (True, False):
        there, failed = listed(image, deleted=deleted)
        assert b"SUB" in failed, deleted
        assert {b"", b"A.JPG"} <= there


@pytest.mark.parametrize("value", [0, 1, 0xFFF7, 4500, "itself"])
def test_a_folder_that_cannot_be_followed_to_its_end_is_no_shorter_one(value):
    image, layout, sub, _ = volume()
    link(image, layout, sub, sub if value == "itself" else value)
    assert b"SUB" in listed(image)[1]


def test_names_whose_clusters_the_table_has_free_are_not_just_deleted():
    image, layout, sub, deep = volume()
    for cluster in (sub, sub + 1, deep):
        link(image, layout, cluster, 0)
    assert b"SUB" in listed(image)[1]
    assert b"SUB" in listed(image, deleted=False)[1]


def test_the_first_folder_may_lack_names_too():
    image, layout, _, _ = volume()
    image[layout.entries : layout.entries + SECTOR] = ELSE
    assert b"" in listed(image)[1]


def test_a_folder_whose_entry_leads_to_another_is_said():
    image, layout, sub, _ = volume()
    for at in range(layout.cluster_at(sub), layout.cluster_at(sub + 2), 32):
        if image[at : at + 4] == b"DEEP":
            image[at + 26 : at + 28] = bytes(2)  # to the first folder, where it was before
    there, failed = listed(image)
    assert failed == {b"", b"SUB/DEEP"}  # its clusters belong to nobody now
    assert b"SUB/B.JPG" in there


@pytest.mark.parametrize("width", [12, 16, 32])
def test_a_first_folder_of_zeros_is_no_empty_volume(width):
    """It looks like one; the table still has the clusters of what was in it."""
    image, layout, _, _ = volume(width)
    start = layout.cluster_at(layout.root) if layout.root else layout.entries
    image[start : start + SECTOR] = bytes(SECTOR)
    for deleted in (True, False):
        assert listed(image, deleted=deleted) == ({b""}, {b""})


@pytest.mark.parametrize("value", [0xFFF7, 0xFFF8])
def test_clusters_that_are_bad_belong_to_nobody_and_others_to_a_lost_file(value):
    image, layout, _, _ = volume()
    link(image, layout, 3000, value)
    assert listed(image)[1] == (set() if value == 0xFFF7 else {b""})


def exfat():
    maker = ExfatMaker(2)
    for number in range(50):  # three entries each, over two clusters
        maker.file(f"{number}.jpg", b"x", deleted=number % 7 == 6)
    return maker, bytearray(maker.image())


def test_a_sound_folder_of_exfat_is_whole():
    _, image = exfat()
    there, failed = listed(image)
    assert (len(there), failed) == (1 + 43, set())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (3, 0x84),  # the entry of a file becomes one that nobody knows
        (4, 0x85),  # its second one becomes a first
        (4, 0x40),  # its second one is gone
        (6, 0xC0),  # the next file begins with a second one
        (5, 0x00),  # the folder seems to end within a file
    ],
)
def test_entries_of_exfat_that_do_not_fit_together_are_said(place, value):
    maker, image = exfat()
    image[maker.at(maker.root[0]) + 32 * place] = value
    assert b"" in listed(image)[1]


@pytest.mark.parametrize("bad", [False, True])
def test_clusters_of_exfat_that_no_file_has_are_said(bad):
    maker, image = exfat()
    image[maker.at(2) + 20] |= 1  # cluster 162 in the map
    if bad:
        struct.pack_into("<I", image, TABLE * EXFAT_SECTOR + 4 * 162, 0xFFFFFFF7)
    assert listed(image)[1] == (set() if bad else {b""})


def test_a_folder_of_exfat_that_cannot_be_followed_is_said():
    maker, image = exfat()
    struct.pack_into("<I", image, TABLE * EXFAT_SECTOR + 4 * maker.root[0], 0)
    assert b"" in listed(image)[1]
    maker, image = exfat()
    start = maker.at(maker.root[1])
    image[start : start + CLUSTER] = b"\xff" * CLUSTER
    assert b"" in listed(image)[1]
