"""Folders of ISO 9660 whose names cannot be right are said: the library leaves names out.

What is packed, or goes on elsewhere, is never given as it lies there.
"""

import shutil
import struct
import subprocess
import zlib

import pytest

from hashmatch.evidence.filesystems import iso_folders
from hashmatch.model.evidence import Item
from hashmatch.model.outcomes import Failed, Reason
from tests.byte_medium import ByteMedium, content, items, mounted

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")
MAKER = shutil.which("genisoimage")
pytestmark = pytest.mark.skipif(MAKER is None, reason="genisoimage is not installed")
SECTOR = 2048


@pytest.fixture(scope="module")
def disc(tmp_path_factory):
    root = tmp_path_factory.mktemp("iso") / "tree"
    (root / "sub").mkdir(parents=True)
    for number in range(3):
        (root / "sub" / f"f{number}.jpg").write_bytes(b"picture %d" % number * 500)
    (root / "top.jpg").write_bytes(b"top")
    path = root.parent / "disc.iso"
    subprocess.run([MAKER, "-quiet", "-R", "-o", path, root], check=True, timeout=60)
    return path.read_bytes()


def folder(disc):
    """Where the folder below the first one lies: the only one with an F0.JPG."""
    return disc.index(b"F0.JPG;1") // SECTOR * SECTOR


def entry(disc, name):
    return disc.index(name) - 33


def listed(disc):
    system = mounted(ByteMedium(disc))
    failed = [e.reason for e in system.entries(deleted=True) if isinstance(e, Failed)]
    return len(items(system)), failed


def test_a_sound_disc_has_no_contradiction(disc):
    assert listed(disc) == (4, [])


def test_a_folder_that_reads_as_zeros_is_not_an_empty_one(disc):
    broken = bytearray(disc)
    broken[folder(disc) : folder(disc) + SECTOR] = bytes(SECTOR)
    assert listed(bytes(broken)) == (1, [Reason.DAMAGED_FILE_SYSTEM])


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (2, b"\xff\xff\xff\x7f"),  # content far behind the end
        (0, b"\0"),  # an end before the end
        (0, b"\x10"),  # too short for an entry
        (32, b"\xf0"),  # a name longer than its entry
        (32, b"\0"),  # no name
    ],
)
def test_entries_that_cannot_be_are_said(disc, at, value):
    broken = bytearray(disc)
    place = entry(disc, b"F1.JPG;1") + at
    broken[place : place + len(value)] = value
    count, failed = listed(bytes(broken))
    assert failed
    assert set(failed) == {Reason.DAMAGED_FILE_SYSTEM}
    assert count < 5


def packed(raw):
    """Pack content as zisofs has it, with one pointer to each block of 32 KiB and to the end."""
    blocks = [zlib.compress(raw[at : at + 32768]) for at in range(0, len(raw), 32768)]
    place = 16 + 4 * (len(blocks) + 1)
    head = b"\x37\xe4\x53\x96\xc9\xdb\xd6\x07" + struct.pack("<IBB2x", len(raw), 4, 15)
    for block in [*blocks, b""]:
        head += struct.pack("<I", place)
        place += len(block)
    return head + b"".join(blocks)


@pytest.mark.parametrize("more", [[], ["-J"]])
def test_a_packed_file_is_not_given_as_it_lies_there(tmp_path, more):
    root = tmp_path / "tree"
    root.mkdir()
    long = "n" * 190 + ".jpg"  # its fields do not all find room in the entry
    for name in ("short.jpg", long):
        (root / name).write_bytes(packed(name.encode() * 9000))
    (root / "plain.jpg").write_bytes(b"plain")
    path = tmp_path / "disc.iso"
    made = [MAKER, "-quiet", "-R", "-z", *more, "-o", path, root]
    subprocess.run(made, check=True, timeout=60)
    system = mounted(ByteMedium(path.read_bytes()))
    found = list(system.entries(deleted=True))
    failed = [one.reason for one in found if isinstance(one, Failed)]
    assert failed == [Reason.UNSUPPORTED_STORAGE] * 2
    assert [one.size for one in items(system).values()] == [5]


def records(*entries):
    """Write a sector of a folder: itself, and entries of block, size, flags, and fields."""
    raw = b""
    for number, (block, size, flags, fields) in enumerate([(20, 2048, 2, b""), *entries]):
        name = b"\0" if not number else b"%d" % (number % 10)
        length = 34 + len(fields)
        raw += struct.pack("<BBI4xI4x", length, 0, block, size) + b"\x78\1\1\1\1\1\0"
        raw += struct.pack("<BBBHHB", flags, 0, 0, 1, 0, 1) + name + fields
    return raw.ljust(SECTOR, b"\0")


def folders(*sectors, size=0):
    """Read a disc of one folder."""
    disc = bytearray(40 * SECTOR)
    root = struct.pack("<BBI4xI4x", 34, 0, 20, size or len(sectors) * SECTOR) + bytes(7)
    disc[16 * SECTOR : 16 * SECTOR + 7] = b"\1CD001\1"
    disc[16 * SECTOR + 156 : 16 * SECTOR + 190] = root + b"\2" + bytes(6) + b"\1\0"
    for number, sector in enumerate(sectors, 20):
        disc[number * SECTOR : (number + 1) * SECTOR] = sector
    medium = ByteMedium(disc)
    return medium, iso_folders.Folders(medium)


def made(tmp_path, *options, names=("a", "b", "c")):
    """Let genisoimage make a disc of some files."""
    root = tmp_path / "".join(names)
    root.mkdir(exist_ok=True)
    for name in names:
        (root / f"{name}.jpg").write_bytes(name.encode() * 5000)
    path = tmp_path / "disc.iso"
    subprocess.run([MAKER, "-quiet", *options, "-o", path, root], check=True, timeout=60)
    return path.read_bytes()


def test_a_later_session_is_never_passed_over(tmp_path):
    first = made(tmp_path)
    (tmp_path / "first.iso").write_bytes(first)
    start = len(first) // SECTOR + 11_400
    before = ("-C", f"0,{start}", "-M", str(tmp_path / "first.iso"))
    later = made(tmp_path, *before, names=("d",))
    whole = first + bytes(11_400 * SECTOR) + later
    assert listed(whole) == (3, [Reason.DAMAGED_FILE_SYSTEM])
    assert listed(whole[: (start + 16) * SECTOR]) == (3, [])


def test_a_disc_image_behind_a_disc_is_no_session(tmp_path):
    one = made(tmp_path)
    assert listed(one + made(tmp_path, names=("d",))) == (3, [])


def test_files_that_only_udf_has_are_said(tmp_path):
    assert listed(made(tmp_path, "-udf")) == (3, [])
    assert listed(made(tmp_path, "-udf", "-J")) == (3, [])
    less = made(tmp_path, "-udf", "-hide", "b.jpg")
    assert listed(less) == (2, [Reason.DAMAGED_FILE_SYSTEM])
    unreadable = bytearray(made(tmp_path, "-udf"))
    unreadable[256 * SECTOR : 257 * SECTOR] = bytes(SECTOR)
    assert listed(unreadable) == (3, [Reason.DAMAGED_FILE_SYSTEM])


def test_files_that_have_no_joliet_name_are_not_left_out(tmp_path):
    disc = made(tmp_path, "-J", "-hide-joliet", "b.jpg")
    assert listed(disc) == (3, [])
    system = mounted(ByteMedium(disc))
    found = {content(system, one)[0] for one in items(system).values()}
    assert found == {b"a" * 5000, b"b" * 5000, b"c" * 5000}
    quick = list(mounted(ByteMedium(disc)).entries(deleted=False))
    assert len([one for one in quick if isinstance(one, Item)]) == 2
    assert len([one for one in quick if isinstance(one, Failed)]) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_what_one_entry_says_of_content_no_other_hides(order):
    both = [(30, 2048, 0x80, b""), (31, 9, 0, b""), (30, 2048, 0, b""), (32, 5, 0, b"")]
    if order < 0:
        both = [both[2], both[3], both[0], both[1]]
    _, found = folders(records(*both))
    assert not found.unsound
    apart = {place for place, one in found.found.items() if one.apart}
    assert apart == {(30, 2048), (31, 9)}


def test_times_of_the_same_content_that_differ_are_none():
    raw = bytearray(records((30, 9, 0, b""), (30, 9, 0, b""), (31, 9, 0, b"")))
    raw[34 + 18] += 1
    _, found = folders(raw)
    assert found.found[30, 9].time == bytes(7)
    assert found.found[31, 9].time == b"\x78\1\1\1\1\1\0"


def test_a_part_in_the_next_sector_still_follows():
    first = records(*[(30, 9, 0, b"")] * 20, (31, 2048, 0x80, b""))
    _, found = folders(first, records((32, 7, 0, b""))[34:] + bytes(34))
    assert found.found[32, 7].apart
    assert not found.found[30, 9].apart


def test_areas_of_fields_without_an_end_are_not_followed_for_ever():
    again = b"CE\x1c\1" + struct.pack("<I4xI4xI4x", 35, 0, 28)
    medium, _ = folders(records((30, 9, 0, again)))
    medium._content[35 * SECTOR : 35 * SECTOR + 28] = again
    found = iso_folders.Folders(medium)
    assert found.found[30, 9].apart


def test_fields_behind_those_of_another_standard_are_found():
    field = b"ZF\x10\1pz\4\x0f" + struct.pack("<II", 9, 0)
    other = struct.pack(">HHH", 0, 0, 0x0D55) + b"XA" + bytes(6)
    _, found = folders(records((30, 9, 0, other + field), (31, 9, 0, other)))
    assert found.found[30, 9].apart
    assert not found.found[31, 9].apart


def test_a_folder_is_read_by_pieces_and_not_without_end(monkeypatch):
    medium, found = folders(records((30, 9, 0, b"")), size=(4 << 30) - SECTOR)
    lengths = []
    read = medium.read_at
    monkeypatch.setattr(medium, "read_at", lambda o, n: lengths.append(n) or read(o, n))
    found = iso_folders.Folders(medium)
    assert max(lengths) <= 64 * SECTOR
    assert len(lengths) < 20
    assert found.unsound == [20]
    assert (30, 9) in found.found
    monkeypatch.setattr(iso_folders, "MOST_ENTRIES", 1)
    _, few = folders(records((30, 9, 0, b""), (31, 9, 0, b"")))
    assert few.unsound == [20]
