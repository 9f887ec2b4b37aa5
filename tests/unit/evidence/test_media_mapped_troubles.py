"""What cannot be read of a virtual disk is zeros and told, and nothing else is touched by it."""

import errno
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.evidence.media import dmg, qcow2, stored, vhd, vhdx, vmdk
from hashmatch.evidence.media.bitmaps import run, turned
from hashmatch.evidence.media.crc32c import crc32c
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.mapped import Part, Unreadable, inflated
from hashmatch.model.secrets import Secrets
from tests import image_makers as make

CONTENT = make.disk()


def opened(form, folder, image, name="image"):
    path = folder / name
    path.write_bytes(image)
    return form.open_medium(bytes(path), Secrets())


def told(medium):
    return [(one.offset, one.length, one.why) for one in medium.damage]


def fail_at(monkeypatch, first, last):
    """Have reads of the operating system fail that touch some bytes of a file."""
    real = os.pread

    def pread(descriptor, length, offset):
        if offset < last and first < offset + length:
            raise OSError(errno.EIO, "bad sector")
        return real(descriptor, length, offset)

    monkeypatch.setattr(stored.os, "pread", pread)


def test_a_bad_sector_below_an_image_is_zeros_and_its_neighbours_are_read(tmp_path, monkeypatch):
    medium = opened(vhd, tmp_path, make.vhd(CONTENT, 2))
    fail_at(monkeypatch, 10_240 + 17, 10_240 + 20)
    expected = CONTENT[:10_240] + bytes(512) + CONTENT[10_752:]
    assert medium.read_at(0, len(CONTENT)) == expected
    assert medium.read_at(9_728, 2048) == expected[9_728:11_776]
    assert told(medium) == [(10_240, 512, "unreadable")]


def test_a_packed_piece_on_a_bad_sector_is_zeros_as_a_whole(tmp_path, monkeypatch):
    content = b"".join(b"%04d" % number * 1024 for number in range(8))
    image = make.vmdk(content, packed=True)
    medium = opened(vmdk, tmp_path, image)
    place = image.index(make.deflated(content[8192:12_288]))
    fail_at(monkeypatch, place, place + 1)
    assert medium.read_at(0, len(content)) == content[:8192] + bytes(4096) + content[12_288:]
    assert told(medium) == [(8192, 4096, "unreadable")]


@pytest.mark.parametrize(
    ("form", "image", "place"),
    [
        (qcow2, make.qcow2(CONTENT), 4096),
        (vmdk, make.vmdk(CONTENT), 0),
        (vhdx, make.vhdx(CONTENT), 64 * 1024),
        (dmg, make.dmg(CONTENT), len(make.dmg(CONTENT)) - 512),
    ],
)
def test_a_bad_sector_in_what_describes_an_image_refuses_it(
    tmp_path, monkeypatch, form, image, place
):
    fail_at(monkeypatch, place, place + 1)
    with pytest.raises(MediumError, match="cannot be read"):
        opened(form, tmp_path, image)


def test_a_table_on_a_bad_sector_loses_what_it_names_and_no_more(tmp_path, monkeypatch):
    image = make.qcow2(CONTENT, bits=9)
    medium = opened(qcow2, tmp_path, image)
    second = struct.unpack_from(">Q", image, 512 + 8)[0] & ~(1 << 63)  # of 64 clusters
    fail_at(monkeypatch, second, second + 1)
    expected = CONTENT[:32_768] + bytes(32_768) + CONTENT[65_536:]
    assert medium.read_at(0, len(CONTENT)) == expected
    assert told(medium) == [(32_768, 32_768, "missing")]


def subclusters(bitmap, place):
    """An image of one cluster of 16 KiB whose 32 parts are stored, zeros or not there."""
    cluster = 1 << 14
    head = bytearray(make.qcow2(b"", bits=14, features=16, backing=b"low", backing_format=b"raw"))
    struct.pack_into(">Q", head, 24, cluster)
    struct.pack_into(">IQ", head, 36, 1, cluster)
    image = bytes(head[:cluster]).ljust(cluster, b"\0")
    image += struct.pack(">Q", 1 << 63 | 2 * cluster).ljust(cluster, b"\0")
    image += struct.pack(">QQ", 1 << 63 | place, bitmap).ljust(cluster, b"\0")
    return image + b"s" * cluster


def test_parts_of_clusters_are_stored_zeros_or_below(tmp_path):
    (tmp_path / "low").write_bytes(b"l" * (1 << 14))
    kinds = "szls" * 8
    bitmap = sum(1 << number for number, kind in enumerate(kinds) if kind == "s")
    bitmap |= sum(1 << (32 + number) for number, kind in enumerate(kinds) if kind == "z")
    medium = opened(qcow2, tmp_path, subclusters(bitmap, 3 << 14))
    signs = {"s": b"s", "z": b"\0", "l": b"l"}
    assert medium.read_at(0, 1 << 14) == b"".join(signs[kind] * 512 for kind in kinds)
    assert not medium.damage
    both = opened(qcow2, tmp_path, subclusters(bitmap | 1 << 32, 3 << 14))
    assert both.read_at(0, 512) == bytes(512)
    assert told(both) == [(0, 512, "unreadable")]


def test_sectors_that_no_run_of_an_apple_image_has_are_missing(tmp_path):
    half = len(CONTENT) // 2
    medium = opened(dmg, tmp_path, make.dmg(CONTENT, kind=0x7FFFFFFE))
    assert medium.read_at(0, len(CONTENT)) == bytes(len(CONTENT))
    assert sum(length for _, length, why in told(medium) if why == "missing") == 2 * half
    image = bytearray(make.dmg(CONTENT))
    struct.pack_into(">Q", image, len(image) - 20, 2 * len(CONTENT) // 512)
    longer = opened(dmg, tmp_path, bytes(image))
    assert longer.read_at(0, longer.size) == CONTENT + bytes(len(CONTENT))
    assert told(longer) == [(len(CONTENT), len(CONTENT), "missing")]


@given(st.binary(min_size=1, max_size=40), st.data())
def test_runs_of_bits_are_those_one_counts(bits, data):
    number = data.draw(st.integers(0, 8 * len(bits) - 1))
    text = "".join(f"{byte:08b}" for byte in bits)
    many = len(text) - number - len(text[number:].lstrip(text[number]))
    assert run(bits, number) == (text[number] == "1", many)
    assert turned(turned(bits)) == bits
    assert "".join(f"{byte:08b}"[::-1] for byte in turned(bits)) == text


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 99), st.integers(1, 50))
def test_what_of_a_part_lies_between_two_places(start, length, first, many):
    part = Part(start, length, at=1000)
    last = first + many
    if first >= start + length or last <= start:
        return
    found = part.within(first, last)
    assert range(found.start, found.start + found.length) == range(
        max(start, first), min(start + length, last)
    )
    assert found.at - found.start == part.at - part.start


def test_inflating_takes_no_more_and_no_less_than_is_due():
    packed = make.deflated(b"x" * 100)
    assert inflated(packed + b"junk", 100, 15) == b"x" * 100
    for length in (99, 101):
        with pytest.raises(Unreadable):
            inflated(packed, length, 15)
    for bad in (packed[:-1], packed[:-1] + b"?", b"", packed[:6]):
        with pytest.raises(Unreadable):
            inflated(bad, 100, 15)


def test_crc32c_is_that_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    for length in (9, 33, 256, 260, 700):  # few bytes and many are computed in different ways
        data = bytes(number * 7 % 256 for number in range(length))
        one_by_one = 0
        for number in range(length):
            one_by_one = crc32c(data[number : number + 1], one_by_one)
        assert crc32c(data) == crc32c(data[5:], crc32c(data[:5])) == one_by_one
