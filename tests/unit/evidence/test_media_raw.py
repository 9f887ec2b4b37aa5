"""Raw copies, whole and in pieces: every byte in its place, and what cannot be read is said."""

import errno
import importlib
import os
import pkgutil
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import hashmatch.evidence.media
from hashmatch.errors import UsageError
from hashmatch.evidence.media import raw, registry, signatures, split
from hashmatch.evidence.media.as_file import MediumFile, MediumStream
from hashmatch.evidence.media.damage import MOST, Damage
from hashmatch.evidence.media.interface import MediumError, Stretch
from hashmatch.evidence.media.slice import Slice
from hashmatch.model.secrets import Secrets

NONE = Secrets()


def mbr(*entries):
    table = b"".join(struct.pack("<B3xB3xII", *entry) for entry in entries)
    return bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa"


DISK = mbr((0x80, 7, 63, 1000)) + bytes(range(256)) * 6


def opened(path, form=raw):
    return form.open_medium(os.fsencode(path), NONE)


def test_every_module_with_a_form_is_registered_and_has_all_of_it():
    folder = hashmatch.evidence.media
    modules = [
        importlib.import_module(f"{folder.__name__}.{one.name}")
        for one in pkgutil.iter_modules(folder.__path__)
    ]
    forms = [one for one in modules if hasattr(one, "open_medium")]
    assert sorted(one.NAME for one in forms) == sorted(registry.names())
    assert len(set(registry.names())) == len(forms)
    for one in forms:
        assert one.TITLE
        assert isinstance(one.CERTAINTY, int)
        assert callable(one.recognise)
        assert callable(one.files)
    assert registry.names()[0] == "device"
    assert registry.names()[-1] == "raw"
    with pytest.raises(UsageError, match="names no known form"):
        registry.by_name("tape")
    assert registry.by_name("raw") is raw


def test_the_documentation_lists_every_form():
    text = (Path(__file__).parents[3] / "docs" / "images.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    assert sorted(listed) == sorted((one.NAME, one.TITLE) for one in registry.all_forms())


def test_loading_the_forms_brings_in_no_library():
    code = (
        "import sys; from hashmatch.evidence.media import registry; registry.all_forms();"
        "print({'numpy', 'pyewf', 'pyvmdk', 'pyvhdi', 'urllib.request'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_no_form_takes_a_file_that_it_cannot_name(tmp_path):
    unknown = {
        "empty": b"",
        "zeros": bytes(5000),
        "text": b"just words\n" * 500,
        "zip": b"PK\x03\x04" + bytes(3000),
        "picture": b"\xff\xd8\xff\xe0" + bytes(600),
        "mark-alone": bytes(510) + b"\x55\xaa" + bytes(600),
        "bogus.001": b"\x00\x01" * 300,
    }
    for name, data in unknown.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert registry.find(os.fsencode(path)) is None, name


def test_a_path_that_holds_no_bytes_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", "."):
        with pytest.raises(MediumError):
            registry.find(os.fsencode(tmp_path / name))


def _at(*pieces):
    data = bytearray(0x11000)
    for offset, piece in pieces:
        data[offset : offset + len(piece)] = piece
    return bytes(data)


def test_each_named_table_and_file_system_is_told_by_its_signature():
    fat = b"\xeb\x3c\x90MSDOS5.0" + struct.pack("<HBHBHHB", 512, 4, 1, 2, 512, 0, 0xF8)
    ext = struct.pack("<7I", 32, 128, 0, 0, 0, 0, 2)
    samples = {
        "MBR": DISK,
        "GPT": _at((0, mbr((0, 0xEE, 1, 99))), (512, b"EFI PART")),
        "APM": _at((0, b"ER\x02\0"), (512, b"PM\0\0")),
        "NTFS": _at((3, b"NTFS    "), (510, b"\x55\xaa")),
        "exFAT": _at((3, b"EXFAT   ")),
        "FAT": _at((0, fat), (510, b"\x55\xaa")),
        "ext": _at((1024, ext), (1080, b"\x53\xef")),
        "HFS": _at((1024, b"H+\0\4")),
        "APFS": _at((32, b"NXSB")),
        "XFS": _at((0, b"XFSB")),
        "ISO 9660": _at((0x8001, b"CD001")),
        "btrfs": _at((0x10040, b"_BHRfS_M")),
        "LVM2": _at((512, b"LABELONE")),
        "LUKS": _at((0, b"LUKS\xba\xbe")),
        "BitLocker": _at((3, b"-FVE-FS-")),
    }
    for name, data in samples.items():
        assert signatures.name_of(data) == name
        for short in (0, 3, 511, 1079):  # cut anywhere: no answer is fine, a crash is not
            signatures.name_of(data[:short])
    assert signatures.name_of(bytes(9000), bytes(3584) + b"EFI PART" + bytes(504)) == "GPT"
    assert signatures.name_of(mbr((0x80, 7, 63, 1000), (7, 7, 9, 9)) + bytes(512)) is None
    assert signatures.name_of(mbr((0, 7, 0, 1000)) + bytes(512)) is None


def test_a_raw_image_is_its_bytes(tmp_path):
    path = tmp_path / "disk.img"
    path.write_bytes(DISK)
    assert registry.find(os.fsencode(path)) is raw
    medium = opened(path)
    assert medium.size == len(DISK)
    assert medium.read_at(0, 10_000) == DISK
    assert medium.read_at(100, 7) == DISK[100:107]
    assert medium.read_at(len(DISK), 5) == b""
    assert medium.read_at(-1, 5) == b""
    assert medium.facts.segments[0].path == os.fsencode(path)
    assert list(medium.damage) == []
    medium.close()
    medium.close()


def test_bad_sectors_are_zeros_and_listed_and_nothing_else_is(tmp_path, monkeypatch):
    path = tmp_path / "disk.img"
    data = bytes(range(1, 256)) * 41
    path.write_bytes(data)
    medium = opened(path)
    real = os.pread

    def failing(descriptor, length, offset):
        if offset < 2048 and offset + length > 1024:
            raise OSError(errno.EIO, "bad sector")
        return real(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", failing)
    found = medium.read_at(0, len(data))
    assert found[:1024] == data[:1024]
    assert found[1024:2048] == bytes(1024)
    assert found[2048:] == data[2048:]
    medium.read_at(0, 5000)
    assert list(medium.damage) == [Stretch(1024, 1024, "unreadable")]


def test_a_file_that_became_shorter_is_said(tmp_path):
    path = tmp_path / "disk.img"
    path.write_bytes(DISK)
    medium = opened(path)
    os.truncate(path, 1000)
    assert medium.read_at(0, 5000) == DISK[:1000] + bytes(len(DISK) - 1000)
    assert list(medium.damage) == [Stretch(1000, len(DISK) - 1000, "truncated")]


@pytest.mark.parametrize(
    "names",
    [
        ("d.001", "d.002", "d.003"),
        ("d.000", "d.001", "d.002"),
        ("d.aa", "d.ab", "d.ac"),
        ("d.AA", "d.AB", "d.AC"),
        ("d.dd.01", "d.dd.02", "d.dd.03"),
    ],
)
def test_pieces_are_one_medium(tmp_path, names):
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(DISK[number * 900 : (number + 1) * 900])
    first = os.fsencode(tmp_path / names[0])
    assert registry.find(first) is split
    assert len(split.files(first)) == 3
    medium = split.open_medium(first, NONE)
    assert medium.size == len(DISK)
    assert medium.read_at(0, 99_999) == DISK
    assert medium.read_at(890, 920) == DISK[890:1810]
    assert medium.facts.said == {"pieces": 3}
    assert registry.find(os.fsencode(tmp_path / names[2])) is split
    with pytest.raises(MediumError, match="is not the first piece"):
        split.open_medium(os.fsencode(tmp_path / names[2]), NONE)


def test_many_pieces_are_opened_a_few_at_a_time(tmp_path):
    data = DISK + bytes(range(250))
    for number in range(0, len(data), 20):
        (tmp_path / f"d.{number // 20:04d}").write_bytes(data[number : number + 20])
    medium = opened(tmp_path / "d.0000", split)
    assert medium.read_at(0, 9999) == data
    (tmp_path / "d.0003").unlink()
    (tmp_path / "other").write_bytes(b"x" * 20)
    (tmp_path / "other").rename(tmp_path / "d.0003")  # not the piece that it was
    assert medium.read_at(0, 9999) == data[:60] + bytes(20) + data[80:]
    assert list(medium.damage) == [Stretch(60, 20, "missing")]


def test_a_missing_piece_is_named_and_so_is_one_of_another_size(tmp_path):
    for number in (1, 2, 4):
        (tmp_path / f"d.{number:03d}").write_bytes(DISK[:900])
    with pytest.raises(MediumError, match=r"d\.003 is missing"):
        opened(tmp_path / "d.001", split)
    (tmp_path / "d.003").write_bytes(b"short")
    with pytest.raises(MediumError, match=r"d\.003 has 5 bytes, and the pieces before it 900"):
        opened(tmp_path / "d.001", split)
    (tmp_path / "d.003").write_bytes(DISK[:900])
    (tmp_path / "d.004").write_bytes(DISK[:901])
    with pytest.raises(MediumError, match=r"d\.004 is larger"):
        opened(tmp_path / "d.001", split)
    with pytest.raises(MediumError, match="not named as a piece"):
        opened(tmp_path / "disk", split)


def test_a_name_of_two_letters_alone_is_no_piece(tmp_path):
    (tmp_path / "d.aa").write_bytes(DISK)
    (tmp_path / "d.dd").write_bytes(DISK)
    assert registry.find(os.fsencode(tmp_path / "d.dd")) is raw
    assert registry.find(os.fsencode(tmp_path / "d.aa")) is split


class Memory:
    """A medium in memory, with damage that a test adds."""

    def __init__(self, data):
        self.data, self.damage, self.size = data, Damage(len(data)), len(data)

    def read_at(self, offset, length):
        return self.data[offset : offset + length]


def test_a_slice_is_a_medium_of_its_own():
    medium = Memory(bytes(range(100)))
    medium.damage.note(5, 10, "checksum", 1)
    part = Slice(medium, 10, 50)
    assert part.size == 50
    assert part.read_at(0, 99) == bytes(range(10, 60))
    assert part.read_at(48, 99) == bytes((58, 59))
    assert part.read_at(50, 1) == part.read_at(-1, 1) == b""
    assert list(part.damage) == [Stretch(0, 5, "checksum", "chunk 1")]
    medium.damage.note(15, 10, "checksum", 2)  # the last becomes longer
    assert list(part.damage) == [Stretch(0, 15, "checksum", "chunks 1-2")]
    medium.damage.note(70, 10, "unreadable")
    medium.damage.note(58, 10, "unreadable")
    assert list(part.damage) == [
        Stretch(0, 15, "checksum", "chunks 1-2"),
        Stretch(48, 2, "unreadable"),
    ]
    assert list(part.damage) == list(Slice(medium, 10, 50).damage)


def test_a_slice_beyond_the_end_is_zeros_and_said_to_be_cut():
    medium = Memory(bytes(range(1, 101)))
    part = Slice(medium, 90, 30)
    assert part.size == 30
    assert part.read_at(5, 99) == bytes(range(96, 101)) + bytes(20)
    assert part.read_at(20, 5) == bytes(5)
    assert list(part.damage) == [Stretch(10, 20, "truncated")]
    medium.damage.note(95, 5, "unreadable")
    assert len(part.damage) == len(part.damage) == 2
    assert list(Slice(medium, 500, 3).damage) == [Stretch(0, 3, "truncated")]


def test_a_slice_follows_damage_that_is_told_anew():
    medium = Memory(bytes(100))
    medium.damage = [Stretch(10, 5, "unreadable"), Stretch(20, 5, "unreadable")]
    part = Slice(medium, 10, 50)
    assert [one.offset for one in part.damage] == [0, 10]
    medium.damage = []
    assert list(part.damage) == []
    medium.damage = [Stretch(12, 5, "unreadable"), Stretch(99, 1, "unreadable")]
    assert [one.offset for one in part.damage] == [2]


def test_damage_is_noted_once_and_never_too_much_of_it():
    damage = Damage(10**9)
    damage.note(100, 10, "checksum", 3)
    damage.note(100, 10, "checksum", 3)
    damage.note(102, 5, "checksum", 3)
    damage.note(0, 0, "checksum", 0)
    damage.note(110, 10, "checksum", 4)
    damage.note(120, 10, "missing", 5)
    damage.note(110, 10, "checksum", 4)
    assert list(damage) == [
        Stretch(100, 20, "checksum", "chunks 3-4"),
        Stretch(120, 10, "missing", "chunk 5"),
    ]
    for number in range(MOST + 10):
        damage.note(1000 + 20 * number, 10, "checksum", number)
    assert len(damage) == MOST + 1
    assert damage[-1].length == 10**9


def test_a_medium_reads_as_a_file():
    medium = Memory(bytes(range(100)))
    file = MediumFile(medium)
    assert (file.get_size(), file.tell(), file.read(3)) == (100, 0, b"\0\1\2")
    assert file.seek(-2, os.SEEK_END) == 98
    assert file.read() == b"\x62\x63"
    assert file.read(5) == b""
    assert (file.seek(10), file.seek(5, os.SEEK_CUR), file.read(1)) == (10, 15, b"\x0f")
    assert file.seek(500) == 500
    assert file.read(None) == b""
    for bad in ((-1, os.SEEK_SET), (0, 7)):
        with pytest.raises(OSError, match="before the beginning"):
            file.seek(*bad)
    assert file.readable()
    assert file.seekable()
    assert not file.writable()
    assert not file.closed
    file.close()
    with MediumStream(medium) as stream:
        assert stream.read(2) == b"\0\1"
        assert stream.tell() == 2
        assert stream.seek(-1, os.SEEK_END) == 99
        assert stream.readall() == b"\x63"
        assert stream.readable()
        assert stream.seekable()
