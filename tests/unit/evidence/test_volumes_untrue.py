"""Volumes that cannot be as they are described: said, and their bytes searched as free space."""

import itertools
import struct

import pytest

from hashmatch.evidence.filesystems import patience
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.volumes import apm, finding, luks, lvm
from hashmatch.model.locators import place
from hashmatch.model.outcomes import Reason
from hashmatch.model.secrets import Secrets
from tests import volume_maker as maker
from tests.volume_maker import Bytes

EXTENT = 65536
DATA = 1 << 20


def volumes(*texts):
    disk = maker.lvm(maker.group("\n".join(texts)), DATA + 16 * EXTENT)
    return {place(one.layers): one for one in finding.volumes(Bytes(disk), Secrets())}


def test_logical_volumes_that_share_extents_are_told_and_searched_as_space():
    found = volumes(
        maker.logical("a", (0, 2, maker.linear(0))),
        maker.logical("b", (0, 2, maker.linear(1))),
        maker.logical("c", (0, 1, maker.linear(4)), (1, 1, maker.linear(4))),
        maker.logical("d", (0, 1, maker.linear(5))),
    )
    for name in "abc":
        one = found[f"lvm:{name};vg=vg0"]
        assert one.trouble is Reason.UNSUPPORTED_STORAGE
        assert "some of the same extents" in one.advice
    assert found["lvm:d;vg=vg0"].size == EXTENT
    assert [(one.offset, one.size) for one in found.values() if one.gap] == [
        (DATA, 5 * EXTENT),
        (DATA + 6 * EXTENT, 10 * EXTENT),
    ]


def test_what_a_hidden_volume_has_is_searched_as_space():
    found = volumes(
        maker.logical("seen", (0, 1, maker.linear(0))).replace('["READ", "VISIBLE"]', '"VISIBLE"'),
        maker.logical("hidden", (0, 15, maker.linear(1)), status='"READ"'),
    )
    assert set(found) == {"lvm:seen;vg=vg0", f"space;off={DATA + EXTENT}"}
    assert found[f"space;off={DATA + EXTENT}"].size == 15 * EXTENT


def test_metadata_that_memory_does_not_hold_are_told(monkeypatch):
    disk = Bytes(maker.lvm(maker.group(""), DATA))

    def full(text):
        raise MemoryError(len(text))

    monkeypatch.setattr(lvm, "parse", full)
    with pytest.raises(lvm.LvmError, match="more memory"):
        lvm.read(disk)


def test_metadata_longer_than_is_read_are_refused(monkeypatch):
    disk = Bytes(maker.lvm(maker.group(""), DATA))
    assert lvm.read(disk).volumes == ()
    monkeypatch.setattr(lvm, "MOST_TEXT", 16)
    with pytest.raises(lvm.LvmError, match="outside of itself"):
        lvm.read(disk)


def test_a_luks_volume_that_takes_too_long_to_try_is_given_up(monkeypatch):
    disk = Bytes(maker.luks1(b"x" * 512, b"right"))
    clock = itertools.count(0, patience.SECONDS)
    monkeypatch.setattr(patience.time, "monotonic", lambda: next(clock))
    with pytest.raises(MountError) as caught:
        luks.unlock(disk, Secrets(passwords=(b"wrong", b"false", b"right")))
    assert caught.value.reason is Reason.LIMIT_TIME
    assert "not all passwords" in caught.value.advice
    assert luks.unlock(disk, Secrets(passwords=(b"right",))).read_at(0, 512) == b"x" * 512


def test_a_map_of_apple_whose_entries_do_not_agree_is_told():
    disk = maker.apm(100, [(10, 20, "Apple_HFS"), (30, 10, "Apple_HFS"), (40, 9, "Apple_HFS")])
    assert apm.read(Bytes(disk)).doubts == ()
    struct.pack_into(">I", disk, 3 * 512 + 4, 9)
    assert apm.read(Bytes(disk)).doubts == ("the entry of p3 tells of 9 entries, that of p1 of 3",)
    for entry in (1, 2, 3):
        struct.pack_into(">I", disk, entry * 512 + 4, 2)
    table = apm.read(Bytes(disk))
    assert [one.number for one in table.partitions] == [1, 2]
    assert table.doubts == ("the map goes on behind the 2 entries that it says it has",)
    assert not table.sure
