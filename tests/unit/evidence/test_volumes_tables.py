"""Partition tables: what they say, what of it cannot be, and what lies between partitions."""

import struct
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.stretches import gaps
from hashmatch.evidence.volumes import apm, finding, gpt, mbr, schemes
from hashmatch.model.locators import layer, parse_place, place
from hashmatch.model.outcomes import Reason
from hashmatch.model.secrets import Secrets
from tests import volume_maker as maker
from tests.volume_maker import Bytes

NONE = Secrets()


def found(disk):
    return list(finding.volumes(Bytes(disk), NONE))


def shown(disk):
    return [(place(one.layers), one.gap, one.trouble) for one in found(disk)]


def with_parts(sectors, *slots):
    """A disk with a boot record, and something to recognise in each partition."""
    disk = bytearray(sectors * 512)
    for _, kind, start, count in slots:
        if kind not in mbr.EXTENDED:
            maker.put(disk, start, maker.squash(min(count, 8) * 512))
    disk[:512] = maker.record(*slots)
    return disk


UNREAD = Reason.UNSUPPORTED_FILE_SYSTEM


def test_partitions_and_the_gaps_between_them_come_in_the_order_of_the_disk():
    disk = with_parts(100, (0, 0x83, 50, 30), (0x80, 0x07, 10, 20))
    assert shown(disk) == [
        ("space;off=0", True, None),
        ("mbr:p2;off=5120", False, UNREAD),
        ("space;off=15360", True, None),
        ("mbr:p1;off=25600", False, UNREAD),
        ("space;off=40960", True, None),
    ]
    assert [one.number for one in found(disk)] == [0, 1, 2, 3, 4]
    assert [one.prefix for one in found(disk)][1] == b"p2/"


@pytest.mark.parametrize(
    "disk",
    [
        maker.gpt(400, []),
        maker.apm(200, [(1, 3, "Apple_partition_map")]),
        with_parts(400, (0, 0x82, 10, 100))[: 10 * 512] + bytes(390 * 512),
    ],
    ids=["gpt", "apm", "swap"],
)
def test_a_medium_with_nothing_but_gaps_is_not_taken_for_an_empty_one(disk):
    """Its partitions may have been deleted; a run that looks at nothing else found nothing out."""
    *gaps_of_it, last = found(bytes(disk))
    assert gaps_of_it
    assert all(one.gap for one in gaps_of_it)
    assert (last.gap, last.trouble) == (False, Reason.UNKNOWN_FILE_SYSTEM)
    assert (last.number, last.prefix) == (len(gaps_of_it), b"$space/")
    assert "--carve" in last.advice


def test_logical_partitions_count_from_five_along_the_chain():
    disk = with_parts(200, (0, 0x83, 10, 20), (0, 0x05, 40, 150))
    maker.put(disk, 40, maker.record((0, 0x83, 5, 10), (0, 0x05, 30, 40)))
    maker.put(disk, 70, maker.record((0, 0x83, 2, 8), (0, 0x05, 60, 40)))
    maker.put(disk, 100, maker.record((0, 0x82, 1, 4)))
    table = mbr.read(Bytes(disk))
    assert [(one.number, one.offset // 512, one.size // 512) for one in table.partitions] == [
        (1, 10, 20),
        (5, 45, 10),
        (6, 72, 8),
        (7, 101, 4),
    ]
    assert table.sure
    assert ("mbr:p7;off=51712", True, None) in shown(disk), "swap space holds no files"


@pytest.mark.parametrize(
    ("following", "said"),
    [(0, "a loop"), (5000, "beyond the end"), (90, "no partition table")],
)
def test_a_chain_that_cannot_be_followed_is_said_beside_what_it_gave(following, said):
    disk = with_parts(200, (0, 0x0F, 40, 150))
    maker.put(disk, 40, maker.record((0, 0x83, 5, 10), (0, 0x05, following, 40)))
    maker.put(disk, 45, maker.squash(512))
    volumes = found(disk)
    assert ("mbr:p5;off=23040", False, UNREAD) in shown(disk)
    doubt = next(one for one in volumes if one.trouble is Reason.DAMAGED_VOLUMES)
    assert said in doubt.advice
    assert place(doubt.layers) == "mbr"


def test_a_chain_without_end_is_given_up():
    disk = bytearray(600 * 512)
    disk[:512] = maker.record((0, 0x05, 10, 590))
    for at in range(10, 590):
        maker.put(disk, at, maker.record((0, 0x83, 1, 1), (0, 0x05, at - 9, 1)))
    table = mbr.read(Bytes(disk))
    assert len(table.partitions) == mbr.MOST_LOGICAL
    assert any("more than" in one for one in table.doubts)


def test_what_a_table_says_that_cannot_be_is_told_and_the_rest_is_read():
    disk = with_parts(100, (0, 0x83, 10, 20), (0, 0x83, 20, 20), (0, 0x83, 90, 40))
    disk[:512] = maker.record(
        (0, 0x83, 10, 20), (0, 0x83, 20, 20), (0, 0x83, 90, 40), (0, 0x83, 1000, 10)
    )
    volumes = {place(one.layers): one for one in found(disk)}
    said = volumes["mbr"].advice
    assert "p2 and p1 overlap" in said
    assert "p3 ends 15360 bytes beyond the end" in said
    assert "p4 begins beyond the end" in said
    assert volumes["mbr:p3;off=46080"].trouble is UNREAD
    gone = volumes["mbr:p4;off=512000"]
    assert (gone.offset, gone.size, gone.trouble) == (512000, 5120, Reason.DAMAGED_VOLUMES)
    assert volumes["mbr:p4;off=512000"].trouble is Reason.DAMAGED_VOLUMES
    opened = finding.open_volume(Bytes(disk), volumes["mbr:p3;off=46080"].layers, NONE)
    assert opened.content.size == 40 * 512
    assert opened.content.read_at(0, 40 * 512).startswith(b"hsqs")
    assert [(one.offset, one.why) for one in opened.content.damage] == [(5120, "truncated")]


def test_a_guid_table_gives_the_numbers_of_its_entries():
    disk = maker.gpt(400, [(3, 50, 99, maker.LINUX), (1, 100, 149, maker.LINUX)])
    maker.put(disk, 50, maker.squash(512))
    maker.put(disk, 100, maker.squash(512))
    assert shown(disk) == [
        ("space;off=0", True, None),
        ("gpt:p3;off=25600", False, UNREAD),
        ("gpt:p1;off=51200", False, UNREAD),
        ("space;off=76800", True, None),
    ]


@pytest.mark.parametrize("size", [512, 4096])
def test_the_table_at_the_end_counts_where_the_first_is_damaged(size):
    disk = maker.gpt(200, [(1, 50, 99, maker.LINUX)], size=size)
    whole = gpt.read(Bytes(disk))
    assert whole.sure
    disk[size + 60] ^= 1
    assert gpt.read(Bytes(disk)).partitions == whole.partitions
    assert gpt.read(Bytes(disk)).sure
    disk[size : size + 8] = bytes(8)
    assert gpt.read(Bytes(disk)).partitions == whole.partitions
    disk[:512] = bytes(512)
    assert gpt.read(Bytes(disk)).partitions == whole.partitions
    disk[-size : len(disk) - size + 8] = bytes(8)
    assert gpt.read(Bytes(disk)) is None


def test_a_place_that_no_medium_has_is_recorded_as_far_as_records_go():
    last = (1 << 64) - 1
    volumes = found(
        maker.gpt(100, [(0, last - 5, last, maker.LINUX), (1, 1 << 40, last, maker.LINUX)])
    )
    said = [(one.offset, one.size) for one in volumes if "lies beyond" in one.advice]
    assert said == [(1 << 49, 1 << 53), (1 << 53, 6 * 512)]


def test_a_damaged_guid_table_without_a_good_one_is_said_and_read_as_far_as_it_goes():
    disk = maker.gpt(200, [(1, 50, 99, maker.LINUX)], both=False)
    disk[2 * 512 + 40] ^= 1
    table = gpt.read(Bytes(disk))
    assert [one.number for one in table.partitions] == [1]
    assert not table.sure
    assert "checksums" in table.doubts[0]
    disk[512:520] = bytes(8)
    announced = gpt.read(Bytes(disk))
    assert "announces is missing" in announced.doubts[0]
    assert Reason.DAMAGED_VOLUMES in {one.trouble for one in found(disk)}


def test_two_good_guid_tables_that_differ_are_said():
    disk = maker.gpt(200, [(1, 50, 99, maker.LINUX)])
    other = maker.gpt(200, [(1, 50, 120, maker.LINUX)])
    disk[-33 * 512 :] = other[-33 * 512 :]
    assert gpt.read(Bytes(disk)).doubts == ("the table at the end names other partitions",)


def test_a_guid_table_of_endless_entries_is_bounded():
    disk = maker.gpt(200, [(1, 50, 99, maker.LINUX)], both=False)
    disk[512 : 512 + 92] = maker.gpt_header(1, 199, 2, 200, b"", count=1 << 31)
    medium = Bytes(disk)
    table = gpt.read(medium)
    assert "only 1024 were read" in table.doubts[0]


def test_what_only_the_boot_record_of_a_hybrid_disk_names_is_looked_at_too():
    disk = maker.gpt(400, [(1, 50, 99, maker.LINUX)])
    maker.put(disk, 50, maker.squash(512))
    maker.put(disk, 200, maker.squash(512))
    disk[:512] = maker.record((0, 0xEE, 1, 399), (0, 0x83, 50, 50), (0, 0x83, 200, 50))
    names = {place(one.layers): one.prefix for one in found(disk)}
    assert names["gpt:p1;off=25600"] == b"p1/"
    assert names["mbr:p3;off=102400"] == b"mbr-p3/"
    assert "mbr:p2;off=25600" not in names


@pytest.mark.parametrize("size", [512, 2048])
def test_a_map_of_apple(size):
    parts = [(1, 3, "Apple_partition_map"), (10, 20, "Apple_HFS"), (30, 70, "Apple_Free")]
    disk = maker.apm(100, parts, size=size)
    disk[10 * size : 10 * size + 4] = b"hsqs"
    table = apm.read(Bytes(disk))
    assert [(one.number, one.offset, one.size) for one in table.partitions] == [
        (1, size, 3 * size),
        (2, 10 * size, 20 * size),
    ]
    names = {place(one.layers): one for one in found(disk)}
    assert names[f"apm:p2;off={10 * size}"].trouble is UNREAD
    assert names[f"apm:p1;off={size}"].gap
    assert names[f"space;off={30 * size}"].size == 70 * size
    disk[2 * size : 2 * size + 2] = b"xx"
    assert apm.read(Bytes(disk)).doubts == ("the entry of p2 is missing",)


def test_logical_partitions_of_a_disk_of_large_sectors_are_found():
    """Counted in small sectors the chain leads nowhere: that doubt must not end the search."""
    disk = bytearray(100 * 4096)
    disk[:512] = maker.record((0, 0x83, 10, 20), (0, 5, 40, 60))
    disk[40 * 4096 : 40 * 4096 + 512] = maker.record((0, 0x83, 10, 10))
    for first in (10, 50):
        disk[first * 4096 : first * 4096 + 4] = b"XFSB"
    (table,) = schemes.read(Bytes(disk))
    assert [(one.number, one.offset) for one in table.partitions] == [(1, 40960), (5, 204800)]
    assert not table.doubts


def test_a_disk_of_large_sectors_is_counted_in_these():
    disk = bytearray(100 * 4096)
    disk[:512] = maker.record((0, 0x83, 10, 20))
    disk[10 * 4096 : 10 * 4096 + 4] = b"XFSB"
    (table,) = schemes.read(Bytes(disk))
    assert [one.offset for one in table.partitions] == [40960]


def test_a_table_that_names_itself_does_not_go_on_for_ever():
    disk = bytearray(100 * 512)
    disk[:512] = maker.record((0, 0x83, 0, 100))
    assert [one[0] for one in shown(disk)] == ["mbr:p1;off=0", "mbr"]


def test_a_table_within_a_partition_is_followed_to_a_bound():
    disk = bytearray(400 * 512)
    for depth in range(8):
        maker.put(disk, depth, maker.record((0, 0x83, 1, 380 - depth)))
    volumes = found(disk)
    assert max(len(one.layers) for one in volumes) == 4
    assert len(volumes) < 40


def test_a_file_system_that_fills_a_disk_is_not_taken_for_a_table():
    disk = bytearray(maker.record((0x72, 0x6F, 0x20656D6F, 0x20656D6F)).ljust(100 * 512, b"\0"))
    disk[:4] = b"hsqs"
    assert shown(disk) == [("", False, UNREAD)]


def test_remains_of_a_file_system_before_the_first_partition_do_not_hide_the_partitions():
    disk = with_parts(3000, (0, 0x83, 2048, 900))
    disk[0x400:0x404] = b"\x10\x20\xf5\xf2"  # as F2FS has it
    assert ("mbr:p1;off=1048576", False, UNREAD) in shown(disk)
    disk[2048 * 512 : 2048 * 512 + 4] = bytes(4)
    assert shown(disk) == [("", False, UNREAD)], "nothing in the partition: it is what is there"


def test_a_table_left_behind_at_the_end_does_not_hide_what_fills_the_disk():
    disk = maker.gpt(3000, [(1, 2048, 2900, maker.LINUX)])
    disk[: 40 * 512] = bytes(40 * 512)
    maker.put(disk, 2048, maker.squash(512))
    assert ("gpt:p1;off=1048576", False, UNREAD) in shown(disk), "the first table was erased"
    disk[0x400:0x404] = b"\x10\x20\xf5\xf2"
    assert shown(disk) == [("", False, UNREAD)]


def test_nothing_recognised_is_one_volume_that_says_so():
    for disk in (bytes(100_000), b"", b"x" * 511, maker.record()):
        (only,) = found(disk)
        assert only.trouble is Reason.UNKNOWN_FILE_SYSTEM
        assert only.advice


def test_more_volumes_than_are_looked_into_are_said(monkeypatch):
    monkeypatch.setattr(finding, "MOST_VOLUMES", 3)
    volumes = found(with_parts(100, (0, 0x83, 10, 20), (0, 0x83, 50, 20)))
    assert len(volumes) == 4
    assert volumes[-1].trouble is Reason.LIMIT_COUNT


def test_a_volume_is_opened_again_by_the_layers_of_anything_in_it():
    disk = with_parts(100, (0, 0x83, 10, 20), (0, 0x83, 50, 20))
    layers = parse_place("mbr:p2;off=25600!squash:/a/b.jpg;id=4!zip:c.jpg;n=0")
    opened = finding.open_volume(Bytes(disk), layers, NONE)
    assert opened.volume.layers == layers[:1]
    assert opened.at == 25600
    gap = finding.open_volume(
        Bytes(disk), parse_place("space;off=15360!gap:/$unalloc;off=15360;len=9"), NONE
    )
    assert (gap.at, gap.content.size, gap.volume.gap) == (15360, 20 * 512, True)
    with pytest.raises(LookupError):
        finding.open_volume(Bytes(disk), (layer("mbr", b"p3", off=1),), NONE)


def test_a_volume_that_was_locked_or_cannot_be_is_not_opened():
    disk = with_parts(100, (0, 0x83, 10, 20), (0, 0x83, 1000, 20))
    with pytest.raises(MountError) as caught:
        finding.open_volume(Bytes(disk), parse_place("mbr:p2;off=512000"), NONE)
    assert caught.value.reason is Reason.DAMAGED_VOLUMES


def test_a_disc_made_for_drives_is_a_disc_and_remains_of_one_are_not(monkeypatch):
    monkeypatch.setattr(
        finding.registry,
        "recognised",
        lambda content: iter([1] if schemes.is_disc(content) else []),
    )
    disk = bytearray(4000 * 512)
    disk[0x8001:0x8006] = b"CD001"
    struct.pack_into("<I", disk, 0x8000 + 80, 500)  # of 2048 bytes
    disk[:512] = maker.record((0x80, 0x17, 0, 2000), (0, 0xEF, 2500, 100))
    maker.put(disk, 2500, maker.squash(512))
    assert [one[0] for one in shown(disk)] == ["", "mbr:p2;off=1280000"]
    disk[:512] = maker.record((0x80, 0x0C, 1000, 2000))
    maker.put(disk, 1000, maker.squash(512))
    assert [one[0] for one in shown(disk)] == [
        "space;off=0",
        "mbr:p1;off=512000",
        "space;off=1536000",
    ]


def test_gaps_are_what_nothing_covers():
    assert list(gaps([(10, 20), (15, 30), (40, 50)], 60)) == [(0, 10), (30, 10), (50, 10)]
    assert list(gaps([(10, 99)], 60)) == [(0, 10)]
    assert list(gaps([], 0)) == []


_BASES = [
    bytes(with_parts(100, (0, 0x83, 10, 20), (0, 0x05, 50, 20))),
    bytes(maker.gpt(120, [(1, 50, 60, maker.LINUX), (9, 61, 70, maker.LINUX)])),
    bytes(maker.apm(100, [(1, 3, "Apple_partition_map"), (10, 20, "Apple_HFS")])),
    bytes(maker.lvm(maker.group(maker.logical("a", (0, 2, maker.linear(0)))), 3 << 20))[: 2 << 20],
]


@settings(max_examples=150, deadline=None)
@given(
    base=st.sampled_from(_BASES),
    changes=st.lists(
        st.tuples(st.integers(0, 120 * 512 - 1), st.integers(0, 255)), min_size=1, max_size=40
    ),
    kept=st.integers(0, 120 * 512),
)
def test_whatever_a_table_says_there_is_an_answer_that_can_be_opened(base, changes, kept):
    disk = bytearray(base)
    for at, value in changes:
        disk[at % len(disk)] = value
    medium = Bytes(disk[: max(kept, 1)] if kept % 3 == 0 else disk)
    volumes = list(finding.volumes(medium, NONE))
    assert volumes
    assert len({one.layers for one in volumes}) == len(volumes)
    assert medium.reads < 100_000
    for one in volumes:
        assert parse_place(place(one.layers)) == one.layers
        try:
            opened = finding.open_volume(medium, one.layers, NONE)
        except MountError as error:
            assert one.trouble is error.reason
        else:
            assert opened.volume.size == one.size
            assert opened.volume.gap == one.gap


def test_types_are_written_in_one_way():
    assert all(len(one) != 36 or str(uuid.UUID(one)).upper() == one for one in schemes._SPARE)
