"""Files of ext2 that need a third tree of pointers, or claim to, do not end a listing."""

import random
import shutil
import struct
import subprocess

import pytest

from hashmatch.evidence.filesystems import ext_blocks, ext_layout
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Standing
from hashmatch.model.locators import parse_place
from hashmatch.model.outcomes import Failed, ItemError, Reason
from tests.byte_medium import ByteMedium, content, items, mounted

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")
TOOLS = {
    name: shutil.which(name) or shutil.which(name, path="/sbin:/usr/sbin")
    for name in ("mke2fs", "debugfs")
}
pytestmark = pytest.mark.skipif(not all(TOOLS.values()), reason="e2fsprogs is not installed")

HUGE = 70 << 20  # two trees of pointers reach 64 MiB with blocks of 1 KiB
CHANCE = random.Random(7)
PIECES = {0: CHANCE.randbytes(3000), 9 << 20: CHANCE.randbytes(5000), HUGE: CHANCE.randbytes(1500)}
"""What of the file is no hole, by place."""


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    root = tmp_path_factory.mktemp("ext") / "tree"
    root.mkdir()
    (root / "folder").mkdir()
    (root / "folder" / "small.txt").write_bytes(b"small")
    (root / "middle.bin").write_bytes(bytes(range(1, 251)) * 800)
    for name in ("gone.bin", "huge.bin"):
        with (root / name).open("wb") as out:
            for place, piece in PIECES.items():
                out.seek(place)
                out.write(piece)
    path = root.parent / "volume.raw"
    words = ["-q", "-F", "-t", "ext2", "-b", "1024", "-d", root, path, "8M"]
    run(TOOLS["mke2fs"], *words)
    run(TOOLS["debugfs"], "-w", "-R", "rm gone.bin", path)
    return path.read_bytes()


def run(*words):
    subprocess.run(words, check=True, capture_output=True, timeout=60)


def changed(raw, name, at, value):
    """Change a number of the record of a file."""
    medium = ByteMedium(raw)
    (item,) = [one for one in items(mounted(medium)).values() if one.path == name]
    number = int(item.place.rpartition(";id=")[2].split("-")[0])
    out = bytearray(raw)
    struct.pack_into("<I", out, ext_layout.read(medium).record_at(medium, number) + at, value)
    return bytes(out)


def pointers(raw, name):
    """Give the pointers of a file: twelve to blocks, one to each tree."""
    medium = ByteMedium(raw)
    number = int(items(mounted(medium))[name].place.rpartition(";id=")[2])
    return struct.unpack_from("<15I", raw, ext_layout.read(medium).record_at(medium, number) + 40)


def test_a_file_that_needs_three_trees_is_read_to_the_byte_and_at_once(raw):
    system = mounted(ByteMedium(raw))
    found = items(system)
    item = found[b"huge.bin"]
    want = bytearray(HUGE + 1500)
    for place, piece in PIECES.items():
        want[place : place + len(piece)] = piece
    read, doubt = content(system, item)
    assert (read == want, doubt, item.size) == (True, None, len(want))
    for place, piece in PIECES.items():
        runs = [raw[offset : offset + length] for offset, length in item.facts.extents]
        assert any(one.startswith(piece[:1024]) for one in runs), place
    assert content(system, found[b"folder/small.txt"])[0] == b"small"


def test_any_part_of_a_file_with_holes_can_be_read(raw):
    system = mounted(ByteMedium(raw))
    item = items(system)[b"huge.bin"]
    whole, _ = content(system, item)
    stream = system.open(parse_place(item.place)[0], item.size).stream
    for start in (0, 2999, 3000, 3072, (9 << 20) - 1, (9 << 20) + 4999, HUGE - 7, HUGE + 1499):
        stream.seek(start)
        assert stream.read(9000) == whole[start : start + 9000]


def test_a_deleted_one_comes_back(raw):
    gone = [i for i in items(mounted(ByteMedium(raw))).values() if i.size == HUGE + 1500]
    assert {one.facts.standing for one in gone} >= {Standing.ALLOCATED}
    for one in gone:
        assert content(mounted(ByteMedium(raw)), one)[0][HUGE:] == PIECES[HUGE]


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        (b"huge.bin", 96, "itself"),  # a tree that holds itself
        (b"huge.bin", 96, 0xFFFFFFF0),  # beyond the volume
        (b"huge.bin", 40, 0xFFFFFFF0),
        (b"huge.bin", 108, 0x7FFFFFFF),  # a size that no trees can reach
        (b"middle.bin", 108, 1),
    ],
)
def test_pointers_that_cannot_be_cost_one_file(raw, name, at, value):
    if value == "itself":
        tree = pointers(raw, name)[14]
        broken = bytearray(raw)
        struct.pack_into("<256I", broken, tree * 1024, *[tree] * 256)
    else:
        broken = changed(raw, name, at, value)
    entries = list(mounted(ByteMedium(bytes(broken))).entries(deleted=True))
    failed = {one.path: one.reason for one in entries if isinstance(one, Failed)}
    found = {one.path: one.size for one in entries if isinstance(one, Item)}
    assert found[b"folder/small.txt"] == 5
    if name == b"middle.bin":  # longer than it was, which is no contradiction: it ends in a hole
        assert (failed, found[name]) == ({}, (1 << 32) + 200_000)
    else:
        assert failed == {name: Reason.DAMAGED_FILE_SYSTEM}
        assert name not in found


def test_a_folder_that_claims_such_a_size_is_a_failure_and_not_empty(raw):
    number = next(
        i
        for i in range(11, 40)
        if (p := ext_layout.read(ByteMedium(raw)).record_at(ByteMedium(raw), i))
        and raw[p + 1] & 0xF0 == 0x40
        and i > 11
    )
    broken = bytearray(raw)
    place = ext_layout.read(ByteMedium(raw)).record_at(ByteMedium(raw), number)
    struct.pack_into("<I", broken, place + 4, 0x7FFFFFFF)
    entries = list(mounted(ByteMedium(bytes(broken))).entries(deleted=True))
    failed = {one.path: one.reason for one in entries if isinstance(one, Failed)}
    assert failed == {b"folder": Reason.DAMAGED_FILE_SYSTEM}


@pytest.mark.parametrize(("name", "tree"), [(b"middle.bin", 12), (b"huge.bin", 14)])
def test_pointers_in_damage_are_no_holes(raw, name, tree):
    """Another file of the same chunk was read before: that it is damaged is no news by then."""
    place = pointers(raw, name)[tree] * 1024
    medium = ByteMedium(raw, [(place, 1024)])
    medium.read_at(place, 1024)
    system = mounted(medium)
    entries = list(system.entries(deleted=False))
    (failed,) = [one for one in entries if isinstance(one, Failed)]
    assert (failed.path, failed.reason) in {
        (name, Reason.DAMAGED_MEDIUM),
        (name, Reason.DAMAGED_FILE_SYSTEM),
    }
    with pytest.raises(ItemError):
        system.open(parse_place(failed.place)[0], -1)


def test_more_groups_than_can_be_are_refused(raw, monkeypatch):
    monkeypatch.setattr(ext_blocks, "MOST_GROUPS", 0)
    with pytest.raises(MountError):
        mounted(ByteMedium(raw))


def test_a_file_in_too_many_pieces_is_a_failure(raw, monkeypatch):
    monkeypatch.setattr(ext_blocks, "MOST_RUNS", 2)
    entries = list(mounted(ByteMedium(raw)).entries(deleted=False))
    assert [one.path for one in entries if isinstance(one, Failed)] == [b"huge.bin"]


def test_extents_in_damage_are_no_holes_either(tmp_path):
    (tmp_path / "tree").mkdir()
    with (tmp_path / "tree" / "holes.bin").open("wb") as out:
        for number in range(12):
            out.seek(number * 40_000)
            out.write(b"piece %d" % number)
    path = tmp_path / "volume.raw"
    run(
        TOOLS["mke2fs"], "-q", "-F", "-t", "ext4", "-b", "1024", "-d", tmp_path / "tree", path, "8M"
    )
    raw = path.read_bytes()
    medium = ByteMedium(raw)
    number = int(items(mounted(medium))[b"holes.bin"].place.rpartition(";id=")[2])
    record = ext_layout.read(medium).record_at(medium, number) + 40
    assert struct.unpack_from("<HHHH", raw, record) == (0xF30A, 1, 4, 1)  # extents lie in a block
    place = struct.unpack_from("<I", raw, record + 16)[0] * 1024
    medium = ByteMedium(raw, [(place, 1024)])
    medium.read_at(place, 1024)
    entries = list(mounted(medium).entries(deleted=False))
    assert {e.path for e in entries if isinstance(e, Failed)} == {b"holes.bin"}
    assert not any(isinstance(e, Item) for e in entries)
