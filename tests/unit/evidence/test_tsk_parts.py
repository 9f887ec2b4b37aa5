"""What the library does not tell of file systems: free units, times, places of records."""

import itertools
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.evidence.filesystems import allocation, ext_layout, fat_layout, moments, tsk
from hashmatch.evidence.filesystems.interface import MountError, Run
from hashmatch.evidence.filesystems.tsk_content import damaged
from hashmatch.evidence.media.interface import Stretch
from hashmatch.evidence.stretches import meet
from hashmatch.model.outcomes import Reason
from tests.byte_medium import ByteMedium, mounted


def space(bits):
    used = np.array(bits, np.bool_)
    return allocation.Allocation(
        4, 100, len(bits), lambda first, count: used[first : first + count]
    )


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 7))
def test_free_stretches_are_those_of_single_bits(bits, piece):
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(allocation, "_PIECE", piece)
        runs = list(space(bits).free())
        counted = space(bits).any_used(Run(100, 4 * len(bits)))
    assert counted == (sum(bits), len(bits))
    free = {unit for unit, bit in enumerate(bits) if not bit}
    told = [(r.offset - 100) // 4 + n for r in runs for n in range(r.length // 4)]
    assert sorted(told) == sorted(free)
    assert len(told) == len(set(told))
    assert all(a.offset + a.length < b.offset for a, b in itertools.pairwise(runs))


def test_units_of_a_stretch_are_counted_where_it_only_touches_them():
    one = space([True, False, True, True])
    assert one.any_used(Run(103, 2)) == (1, 2)
    assert one.any_used(Run(112, 400)) == (1, 1)
    assert one.any_used(Run(0, 50)) == (0, 0)


@given(st.binary(max_size=12), st.integers(0, 100), st.integers(0, 100), st.booleans())
def test_bits_of_a_map_are_those_of_its_bytes(raw, first, count, low_first):
    found = allocation.bitmap(
        lambda at, size: raw[at : at + size], first, count, low_first=low_first
    )
    for number, bit in enumerate(found.tolist()):
        byte, place = divmod(first + number, 8)
        value = raw[byte] if byte < len(raw) else 0
        assert bit == bool(value >> (place if low_first else 7 - place) & 1)
    assert len(found) == count


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=8), st.integers(0, 60))
def test_what_is_not_taken_is_the_rest(pairs, size):
    taken = {place for offset, length in pairs for place in range(offset, offset + length)}
    runs = allocation.complement([Run(*pair) for pair in pairs], size)
    told = [place for run in runs for place in range(run.offset, run.offset + run.length)]
    assert told == sorted(set(range(size)) - taken)


_PAIRS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=6)


@given(_PAIRS, _PAIRS)
def test_stretches_meet_where_a_byte_is_in_both(some, others):
    one, two = ({at for o, n in pairs for at in range(o, o + n)} for pairs in (some, others))
    assert meet(some, others) == bool(one & two)


def test_damage_is_asked_for_once_for_all_pieces_of_a_file():
    class Torn(ByteMedium):
        asked = 0

        @property
        def damage(self):
            self.asked += 1
            return [Stretch(at * 10 + 5, 3, "unreadable") for at in range(9)]

        @damage.setter
        def damage(self, _):
            pass

    medium = Torn(bytes(100))
    assert not damaged(medium, [Run(at * 10, 5) for at in range(10)])
    assert medium.asked == 1
    assert damaged(medium, [Run(0, 5), Run(87, 1)])


def test_stretches_end_where_the_volume_ends():
    runs = [Run(0, 5), Run(8, 5), Run(20, 1)]
    assert list(allocation.clipped(runs, 10)) == [Run(0, 5), Run(8, 2)]


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 255))
def test_local_times_are_read_or_are_none(date, time, hundredths):
    moment = moments.local(date, time, hundredths)
    if moment is None:
        return
    assert moment.year - 1980 in {date >> 9, (date >> 9) + 1}
    text = moments.written(moment, parts=True)
    assert abs((datetime.fromisoformat(text + "0") - moment).total_seconds()) < 0.01
    assert moments.nanoseconds(moment, 60) == moments.nanoseconds(moment) - 3600 * 10**9


def test_offsets_are_written_with_their_sign():
    moment = datetime(2020, 1, 15, 10, 20, 30)  # noqa: DTZ001  # as FAT has it
    assert moments.written(moment, 420) == "2020-01-15T10:20:30+07:00"
    assert moments.written(moment, -210) == "2020-01-15T10:20:30-03:30"
    assert moments.written(moment, 0) == "2020-01-15T10:20:30+00:00"


def test_times_that_were_never_set_and_such_as_no_calendar_has_are_not_told():
    fields = dict.fromkeys(("mtime", "atime", "ctime", "crtime"), 0)
    fields |= dict.fromkeys(("mtime_nano", "atime_nano", "ctime_nano", "crtime_nano"), 0)
    assert moments.of_seconds(SimpleNamespace(**fields)) == moments.Moments()
    fields |= {"mtime": 2**40, "crtime": -1}
    found = moments.of_seconds(SimpleNamespace(**fields))
    assert found == moments.Moments((("created", "1969-12-31T23:59:59Z"),), 0)
    stored = [moments.Stored("modified", 2**33, 5, 9), moments.Stored("created", -1, 5, 9)]
    found = moments.of_stored(stored)
    assert found.times == (
        ("modified", "2242-03-16T12:56:32.000000005Z"),
        ("created", "1969-12-31T23:59:59.000000005Z"),
    )
    assert found.modified_ns == 2**33 * 10**9 + 5


def test_times_of_ext4_go_on_beyond_32_bits_of_seconds():
    def told(seconds, extra, width=256, added=32):
        raw = bytearray(width)
        for place in (16, 8, 12, 144):
            if place < width:
                raw[place : place + 4] = (seconds & 0xFFFFFFFF).to_bytes(4, "little")
        if width > 128:
            raw[128:130] = added.to_bytes(2, "little")
            for place in (136, 140, 132, 148):
                raw[place : place + 4] = extra.to_bytes(4, "little")
        return moments.of_stored(ext_layout.times(bytes(raw)))

    moment = int(datetime(2400, 1, 1, tzinfo=UTC).timestamp())
    found = told(moment, moment + 2**31 >> 32 | 7 << 2)
    names = ("modified", "accessed", "changed", "created")
    assert found.times == tuple((name, "2400-01-01T00:00:00.000000007Z") for name in names)
    assert found.modified_ns == 0  # it does not fit
    assert told(2**31, 1).modified_ns == 2**31 * 10**9
    assert told(-5, 0).times[0] == ("modified", "1969-12-31T23:59:55.000000000Z")
    assert told(5, 0xFFFFFFFC).times[0] == ("modified", "1970-01-01T00:00:05Z")
    old = told(5, 0, width=128)
    assert old.times == tuple((name, "1970-01-01T00:00:05Z") for name in names[:3])
    # What was added is less, or more than there can be.
    assert dict(told(5, 1, added=12).times) == {
        "modified": "2106-02-07T06:28:21.000000000Z",
        "changed": "2106-02-07T06:28:21.000000000Z",
        "accessed": "1970-01-01T00:00:05Z",
    }
    assert told(5, 1, added=200).times == old.times
    assert told(0, 0).times == ()
    assert list(ext_layout.times(b"")) == []


def superblock(**more):
    """A volume of ext with nothing but a superblock."""
    raw = bytearray(64 << 10)
    values = {
        4: 60,
        20: 1,
        24: 0,
        28: 0,
        32: 8192,
        40: 16,
        0: 16,
        76: 1,
        84: 11,
        **more.get("at", {}),
    }
    for place, value in values.items():
        raw[1024 + place : 1028 + place] = value.to_bytes(4, "little")
    raw[1024 + 56 : 1024 + 58] = b"\x53\xef"
    raw[1024 + 88 : 1024 + 90] = more.get("record", 128).to_bytes(2, "little")
    return ByteMedium(bytes(raw))


def test_superblocks_that_cannot_be_right_are_refused():
    assert ext_layout.read(superblock()) is not None
    for bad in ({24: 9}, {32: 0}, {32: 1 << 20}, {40: 0}, {0x60: 0x80}):
        assert ext_layout.read(superblock(at=bad)) is None
    assert ext_layout.read(superblock(record=7)) is None
    with pytest.raises(MountError) as raised:
        mounted(superblock(at={32: 0}))
    assert raised.value.reason is Reason.DAMAGED_FILE_SYSTEM


def test_ext_with_features_that_are_not_known_is_refused():
    for feature in (0x1, 0x8, 0x40000, 0x80000000):
        with pytest.raises(MountError) as raised:
            mounted(superblock(at={0x60: feature}))
        assert raised.value.reason is Reason.UNSUPPORTED_FILE_SYSTEM


def test_descriptors_of_meta_groups_lie_in_their_groups():
    plain = ext_layout.read(superblock(at={4: 8192 * 70}))
    spread = ext_layout.read(superblock(at={4: 8192 * 70, 0x60: 0x10}))
    assert plain._descriptor_at(33) == 3 * 1024 + 32
    assert spread._descriptor_at(33) == (1 + 32 * 8192 + 1) * 1024 + 32
    few = ext_layout.read(superblock(at={4: 8192 * 70, 0x60: 0x10, 0x64: 1}))
    assert few._descriptor_at(33) == (1 + 32 * 8192) * 1024 + 32
    assert [g for g in range(30) if few._has_copy(g)] == [0, 1, 3, 5, 7, 9, 25, 27]
    assert few.record_at(superblock(), 0) == 0
    assert few.record_at(superblock(), 10**9) == 0


def test_other_first_sectors_have_no_layout():
    assert fat_layout.fat(ByteMedium(bytes(512)), "fat16") is None
    assert fat_layout.exfat(ByteMedium(bytes(512))) is None
    assert not tsk.recognise(ByteMedium(bytes(100)))


def test_hfs_in_a_wrapper_is_refused_and_what_is_no_file_system_is_damaged():
    raw = bytearray(8192)
    raw[1024:1026], raw[1148:1150] = b"BD", b"H+"
    with pytest.raises(MountError) as raised:
        mounted(ByteMedium(bytes(raw)))
    assert raised.value.reason is Reason.UNSUPPORTED_FILE_SYSTEM
    raw = bytearray(8192)
    raw[3:11] = b"NTFS    "
    with pytest.raises(MountError) as damaged:
        mounted(ByteMedium(bytes(raw)))
    assert damaged.value.reason is Reason.DAMAGED_FILE_SYSTEM
