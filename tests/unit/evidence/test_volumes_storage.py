"""Volumes that are put together or decrypted: LVM2, LUKS; what is named and not read."""

import contextlib
import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.evidence.filesystems import registry, unsupported
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.media.interface import Stretch
from hashmatch.evidence.volumes import finding, luks, lvm, lvm_text
from hashmatch.evidence.volumes.interface import Opened, Volume
from hashmatch.evidence.volumes.sectors import SectorCipher
from hashmatch.model.locators import parse_place, place
from hashmatch.model.outcomes import Reason
from hashmatch.model.secrets import Secrets
from tests import volume_maker as maker
from tests.volume_maker import Bytes

NONE = Secrets()
EXTENT = 65536
DATA = 1 << 20


def shown(disk, secrets=NONE):
    volumes = finding.volumes(Bytes(disk), secrets)
    return [(place(one.layers), one.gap, one.trouble) for one in volumes]


def physical(*volumes, extents=16, wrap=0):
    disk = maker.lvm(maker.group("\n".join(volumes)), DATA + extents * EXTENT, wrap=wrap)
    for number in range(extents):
        disk[DATA + number * EXTENT :][:1] = b"x"
        disk[DATA + number * EXTENT : DATA + number * EXTENT + 8] = b"ext%05d" % number
    return disk


@pytest.mark.parametrize("wrap", [0, 65536 - 100])
def test_logical_volumes_are_stretches_of_a_physical_one(wrap):
    disk = physical(
        maker.logical("home", (0, 2, maker.linear(4)), (2, 1, maker.linear(9))),
        maker.logical("root", (0, 3, maker.linear(0))),
        wrap=wrap,
    )
    assert [one[:2] for one in shown(disk)] == [
        ("lvm:home;vg=vg0", False),
        ("lvm:root;vg=vg0", False),
        (f"space;off={DATA + 3 * EXTENT}", True),
        (f"space;off={DATA + 6 * EXTENT}", True),
        (f"space;off={DATA + 10 * EXTENT}", True),
    ]
    home = finding.open_volume(Bytes(disk), parse_place("lvm:home;vg=vg0"), NONE)
    assert home.at is None
    content = home.content
    assert content.size == 3 * EXTENT
    whole = bytes(disk[DATA + 4 * EXTENT : DATA + 6 * EXTENT] + disk[DATA + 9 * EXTENT :][:EXTENT])
    assert content.read_at(0, 1 << 30) == whole
    assert content.read_at(2 * EXTENT - 3, 8) == whole[2 * EXTENT - 3 :][:8]
    assert content.read_at(3 * EXTENT, 8) == b""
    root = finding.open_volume(Bytes(disk), parse_place("lvm:root;vg=vg0"), NONE)
    assert root.at == DATA
    assert root.content.read_at(0, 8) == b"ext00000"


def test_damage_of_a_physical_volume_is_that_of_what_lies_there():
    disk = Bytes(physical(maker.logical("a", (0, 1, maker.linear(4)), (1, 1, maker.linear(2)))))
    disk.damage = [Stretch(DATA + 2 * EXTENT + 100, 10, "unreadable"), Stretch(0, 9, "checksum")]
    content = finding.open_volume(disk, parse_place("lvm:a;vg=vg0"), NONE).content
    assert list(content.damage) == [Stretch(EXTENT + 100, 10, "unreadable")]


@pytest.mark.parametrize(
    ("segment", "said"),
    [
        ('type = "raid1"\ndevice_count = 2', "'raid1'"),
        ('type = "striped"\nstripe_count = 2\nstripes = ["pv0", 0, "pv1", 0]', "'striped'"),
        (maker.linear(0, "pv1"), "other physical volumes"),
        (maker.linear(15), "extents that the physical volume does not have"),
    ],
)
def test_what_does_not_lie_there_in_one_piece_is_told(segment, said):
    disk = physical(maker.logical("big", (0, 2, segment)))
    volume = next(finding.volumes(Bytes(disk), NONE))
    assert volume.trouble is Reason.UNSUPPORTED_STORAGE
    assert said in volume.advice
    with pytest.raises(MountError):
        finding.open_volume(Bytes(disk), volume.layers, NONE)


def test_the_store_of_a_snapshot_and_parts_that_do_not_follow_are_told():
    disk = physical(
        maker.logical("changed", (0, 1, maker.linear(3))),
        maker.logical("holes", (0, 1, maker.linear(5)), (2, 1, maker.linear(6))),
        maker.logical("hidden", (0, 1, maker.linear(7)), status='"READ"'),
        maker.logical("none"),
        maker.logical("shot", (0, 1, 'type = "snapshot"\ncow_store = "changed"'), status='"READ"'),
    )
    volumes = {one.layers[0].path: one for one in finding.volumes(Bytes(disk), NONE) if not one.gap}
    assert set(volumes) == {b"changed", b"holes", b"none"}
    assert "snapshot" in volumes[b"changed"].advice
    assert "follow" in volumes[b"holes"].advice
    assert "no parts" in volumes[b"none"].advice


def test_metadata_that_was_changed_is_not_believed():
    disk = physical(maker.logical("root", (0, 3, maker.linear(0))))
    at = disk.index(b"stripes = ")
    disk[at + 20] ^= 1
    ((where, _, trouble),) = shown(disk)
    assert (where, trouble) == ("", Reason.DAMAGED_VOLUMES)
    disk[4096 + 50] ^= 1
    assert "damaged" in next(finding.volumes(Bytes(disk), NONE)).advice


@pytest.mark.parametrize(
    "text",
    [
        "a {",
        "a = ",
        "a = [1, 2",
        "}",
        "a = b",
        "a = 1\na = 2",
        "= 1",
        "a = 1.5",
        'a = "x',
        "a {" * 20,
    ],
)
def test_text_that_is_not_metadata_is_refused(text):
    with pytest.raises(lvm_text.TextError):
        lvm_text.parse(text)


def test_text_of_signs_that_look_alike_is_read_at_once():
    assert lvm_text.parse("#" * 100_000) == {}
    with pytest.raises(lvm_text.TextError):
        lvm_text.parse("a = 1 " + "#\n" * 50_000 + "!")
    assert lvm_text.parse('a { b = ["x\\"y", -3] }\n# end') == {"a": {"b": ['x"y', -3]}}


@given(st.text(alphabet='ab {}[]="#,\n1-', max_size=60))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(lvm_text.TextError):
        lvm_text.parse(text)


def reason(disk):
    with pytest.raises(lvm.LvmError) as caught:
        lvm.read(Bytes(disk))
    return str(caught.value)


def test_a_physical_volume_that_does_not_say_what_it_must_is_damage():
    size = 2 << 20
    assert "label" in reason(bytes(size))
    other = maker.lvm(maker.group(""), size)
    other[512 + 24 : 512 + 32] = b"LVM2 002"
    assert "another version" in reason(other)
    assert "does not name the volume" in reason(maker.lvm(maker.group(""), size, identity="1" * 32))
    assert "lacks" in reason(maker.lvm('vg0 { id = "x" }', size))
    assert "lacks" in reason(maker.lvm("a = 1", size))
    assert "not a section" in reason(
        maker.lvm("vg0 { extent_size = 1\nphysical_volumes = 5 }", size)
    )
    assert "not a number" in reason(maker.lvm("vg0 { extent_size = -1 }", size))
    empty = maker.lvm("", size)
    head = bytearray(empty[4096 : 4096 + 512])
    head[40:48] = bytes(8)
    empty[4096 : 4096 + 512] = maker.lvm_sum(bytes(head[4:])).to_bytes(4, "little") + head[4:]
    assert "no volume group yet" in reason(empty)
    head[40:48] = b"\xff" * 8
    empty[4096 : 4096 + 512] = maker.lvm_sum(bytes(head[4:])).to_bytes(4, "little") + head[4:]
    assert "outside of itself" in reason(empty)


MODES = [
    ("xts-plain64", 64, "sha256"),
    ("xts-plain", 32, "sha512"),
    ("cbc-essiv:sha256", 32, "sha1"),
    ("cbc-plain64", 16, "sha256"),
]


@pytest.mark.parametrize(("mode", "size", "digest"), MODES)
def test_a_luks_volume_opens_with_its_password_alone(mode, size, digest):
    clear = maker.squash(512) + os.urandom(512 * 40)
    disk = maker.luks1(clear, "ผ่าน".encode(), mode=mode, key=os.urandom(size), digest=digest)
    assert shown(disk) == [("", False, Reason.KEY_NEEDED)]
    assert shown(disk, Secrets((b"wrong",))) == [("", False, Reason.KEY_NEEDED)]
    for fits in (Secrets((b"wrong", "ผ่าน".encode())), Secrets(keys=("ผ่าน".encode(),))):
        medium = Bytes(disk)
        opened = finding.open_volume(medium, parse_place("luks"), fits)
        assert opened.at is None
        assert opened.content.size == len(clear)
        assert opened.content.read_at(0, 1 << 20) == clear
        assert opened.content.read_at(513, 700) == clear[513:1213]
        assert opened.content.facts.form == "luks"
        assert shown(disk, fits) == [("luks", False, Reason.UNSUPPORTED_FILE_SYSTEM)]


def test_damage_below_is_damage_of_whole_sectors_of_what_is_decrypted():
    disk = maker.luks1(bytes(512 * 9), b"p")
    medium = Bytes(disk)
    opened = finding.open_volume(medium, parse_place("luks"), Secrets((b"p",)))
    medium.damage.append(Stretch(len(disk) - 512 * 4 + 100, 500, "checksum"))
    assert list(opened.content.damage) == [Stretch(512 * 5, 1024, "checksum")]


def test_luks_of_a_kind_that_is_not_read_is_told():
    disk = bytearray(maker.luks1(bytes(512), b"p"))

    def reason(at, value):
        changed = bytearray(disk)
        changed[at : at + len(value)] = value
        volume = next(finding.volumes(Bytes(changed), Secrets((b"p",))))
        return volume.trouble, volume.advice

    assert reason(7, b"\2")[0] is Reason.UNSUPPORTED_STORAGE
    assert "cryptsetup open" in reason(7, b"\2")[1]
    assert "serpent" in reason(8, b"serpent")[1]
    assert reason(40, b"lrw-benbi\0\0")[0] is Reason.UNSUPPORTED_STORAGE
    assert reason(72, b"whirlpool")[0] is Reason.UNSUPPORTED_STORAGE
    assert reason(108, b"\x7f\xff\xff\xff")[0] is Reason.UNSUPPORTED_STORAGE
    assert reason(164, b"\xff\xff\xff\xff")[0] is Reason.DAMAGED_VOLUMES
    assert reason(260, b"\xff\xff\xff\xff")[0] is Reason.DAMAGED_VOLUMES
    assert reason(300, b"\xff\xff\xff\xff")[0] is Reason.DAMAGED_VOLUMES
    assert reason(104, b"\xff\xff\xff\xff")[0] is Reason.DAMAGED_VOLUMES


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(6, 400), st.integers(0, 255)), min_size=1, max_size=4))
def test_whatever_a_luks_header_says_there_is_an_answer(changes):
    disk = bytearray(maker.luks1(bytes(512), b"p"))
    for at, value in changes:
        disk[at] = value
    for start in (164, 260):  # rounds, which take time and no memory
        disk[start : start + 2] = b"\0\0"
    assert shown(disk, Secrets((b"p",)))


def test_a_cipher_that_is_not_known_is_refused():
    for mode, size in (("xts-plain64", 16), ("cbc-plain", 64), ("ecb", 16)):
        with pytest.raises(ValueError, match="not a way"):
            SectorCipher(mode, bytes(size))
    assert SectorCipher("xts-plain64", bytes(range(32))).decrypt(b"", 0) == b""


def test_the_reader_agrees_with_libluksde():
    pyluksde = pytest.importorskip("pyluksde")
    from hashmatch.evidence.media.as_file import MediumFile

    clear = os.urandom(512 * 70)
    for mode, size, digest in (MODES[0], MODES[2]):
        disk = maker.luks1(clear, b"password", mode=mode, key=os.urandom(size), digest=digest)
        volume = pyluksde.volume()
        volume.set_password("password")
        volume.open_file_object(MediumFile(Bytes(disk)))
        assert not volume.is_locked()
        opened = finding.open_volume(Bytes(disk), parse_place("luks"), Secrets((b"password",)))
        assert opened.content.read_at(0, 1 << 20) == volume.read_buffer_at_offset(len(clear), 0)
        volume.close()


def signed(*places, size=1 << 21):
    disk = bytearray(size)
    for at, magic in places:
        disk[at : at + len(magic)] = magic
    return disk


REFUSED = [
    ("btrfs", signed((0x10040, b"_BHRfS_M")), Reason.UNSUPPORTED_FILE_SYSTEM),
    ("ReFS", signed((3, b"ReFS\0\0\0\0")), Reason.UNSUPPORTED_FILE_SYSTEM),
    ("F2FS", signed((0x400, b"\x10\x20\xf5\xf2")), Reason.UNSUPPORTED_FILE_SYSTEM),
    ("squashfs", signed((0, b"hsqs")), Reason.UNSUPPORTED_FILE_SYSTEM),
    ("UDF", signed((0x8001, b"BEA01"), (0x8801, b"NSR02")), Reason.UNSUPPORTED_FILE_SYSTEM),
    ("UFS", signed((65536 + 1372, b"\x19\x01\x54\x19")), Reason.UNSUPPORTED_FILE_SYSTEM),
    (
        "ZFS",
        signed((0x4000, b"xxpool_guid"), (0x20000, b"\x0c\xb1\xba\0\0\0\0\0")),
        Reason.UNSUPPORTED_STORAGE,
    ),
    ("Linux RAID", signed((4096, b"\xfc\x4e\x2b\xa9")), Reason.UNSUPPORTED_STORAGE),
    ("Linux RAID", signed(((1 << 21) - 65536, b"\xfc\x4e\x2b\xa9")), Reason.UNSUPPORTED_STORAGE),
    ("Storage Spaces", signed((4096, b"SPACEDB ")), Reason.UNSUPPORTED_STORAGE),
    ("VMFS", signed((1 << 20, b"\x0d\xd0\x01\xc0")), Reason.UNSUPPORTED_STORAGE),
    ("CoreStorage", signed((88, b"CS"), (8, b"\1\0")), Reason.UNSUPPORTED_STORAGE),
    ("dynamic disk", signed((0xC00, b"PRIVHEAD")), Reason.UNSUPPORTED_STORAGE),
]


@pytest.mark.parametrize(("name", "disk", "reason"), REFUSED, ids=lambda one: str(one)[:20])
def test_what_is_not_read_is_named_with_what_would_help(name, disk, reason):
    (volume,) = finding.volumes(Bytes(disk), NONE)
    assert volume.trouble is reason
    assert name in volume.advice
    assert "is not read: " in volume.advice
    opened = Opened(volume, Bytes(disk), 0)
    with pytest.raises(MountError) as caught:
        registry.mount(opened, NONE)
    assert caught.value.reason is reason


def test_swap_space_is_no_trouble_and_alone_no_complete_disk_either():
    disk = signed((4086, b"SWAPSPACE2"))
    assert unsupported.is_swap(Bytes(disk))
    assert shown(disk) == [("", True, None), ("space", False, Reason.UNKNOWN_FILE_SYSTEM)]


def test_a_kind_that_cannot_be_mounted_gives_way_to_one_that_can(monkeypatch):
    class Fails:
        NAME = "a"

        @staticmethod
        def recognise(content):
            return True

        @staticmethod
        def mount(opened, secrets):
            raise MountError(Reason.DAMAGED_FILE_SYSTEM, "damaged")

    class Works(Fails):
        @staticmethod
        def mount(opened, secrets):
            return "mounted"

    opened = Opened(Volume(0, (), b"", 0, 512), Bytes(bytes(512)), 0)
    monkeypatch.setattr(registry, "all_kinds", lambda: (Fails, Works))
    assert registry.mount(opened, NONE) == "mounted"
    monkeypatch.setattr(registry, "all_kinds", lambda: (Fails,))
    with pytest.raises(MountError, match="damaged"):
        registry.mount(opened, NONE)
    monkeypatch.setattr(registry, "all_kinds", tuple)
    with pytest.raises(MountError) as caught:
        registry.mount(opened, NONE)
    assert caught.value.reason is Reason.UNKNOWN_FILE_SYSTEM


def test_kinds_are_found_in_their_folder_and_import_no_parser():
    assert {"apfs", "tsk", "xfs"} <= set(registry.names())
    assert luks._header(struct.pack("592x")).slots == ()
