"""Maps of images that cannot be true: what they name wrongly is no content, whatever lies there."""

import plistlib
import struct
import zlib

import pytest

from hashmatch.evidence.media import (
    clashes,
    dmg,
    dmg_blocks,
    qcow2,
    qcow2_uses,
    raw,
    refused,
    registry,
    vhd,
    vhdx,
    vmdk,
    vmdk_descriptor,
)
from hashmatch.evidence.media.interface import MediumError, MediumFacts
from hashmatch.evidence.media.mapped import Mapped, Packed, Part
from hashmatch.model.secrets import Secrets
from tests import image_makers as make
from tests import volume_maker

KIB = 1024
MIB = KIB * KIB
CONTENT = b"".join(b"%04d" % number * KIB for number in range(16))


def opened(form, tmp_path, image):
    path = tmp_path / "image"
    path.write_bytes(image)
    return form.open_medium(bytes(path), Secrets())


def told(medium):
    return [(one.offset, one.length, one.why) for one in medium.damage]


def test_two_grains_in_one_place_read_the_same_in_any_order(tmp_path):
    image = bytearray(make.vmdk(CONTENT, packed=True))
    first = struct.unpack_from("<Q", image, 56)[0] * 512  # the directory
    table = struct.unpack_from("<I", image, first)[0] * 512
    image[table + 4 : table + 8] = image[table : table + 4]
    expected = CONTENT[:4096] + bytes(4096) + CONTENT[8192:]
    for places in ((0, 4096), (4096, 0)):
        medium = opened(vmdk, tmp_path, image)
        for place in places:
            assert medium.read_at(place, 4096) == expected[place : place + 4096]
        assert told(medium) == [(4096, 4096, "checksum")]


def apple(runs, content, sectors):
    """An Apple image of one table; runs are (kind, first sector, sectors, place, length)."""
    table = struct.pack(">4sIQQQII24x", b"mish", 1, 0, sectors, 0, 0, 0) + bytes(136)
    table += struct.pack(">I", len(runs))
    table += b"".join(struct.pack(">IIQQQQ", one[0], 0, *one[1:]) for one in runs)
    text = plistlib.dumps({"resource-fork": {"blkx": [{"Data": table}]}})
    head = struct.pack(">4sIIIQQQQQII", b"koly", 4, 512, 1, 0, 0, len(content), 0, 0, 1, 1).ljust(
        216, b"\0"
    )
    tail = head + struct.pack(">QQ", len(content), len(text))
    return content + text + tail.ljust(492, b"\0") + struct.pack(">QQI", sectors, 0, 0)


def test_runs_of_an_apple_image_in_one_place_do_not_move_what_follows(tmp_path):
    one, other = zlib.compress(b"A" * 4096), zlib.compress(b"C" * 4096)
    kind, size = dmg_blocks.ZLIB, len(one)
    runs = [(kind, 0, 8, 0, size), (kind, 8, 16, 0, size), (kind, 24, 8, size, len(other))]
    medium = opened(dmg, tmp_path, apple(runs, one + other, 32))
    assert medium.read_at(0, medium.size) == b"A" * 4096 + bytes(8192) + b"C" * 4096
    assert told(medium) == [(4096, 8192, "unreadable")]


def test_a_piece_that_is_shorter_than_its_part_is_damage():
    class Map:
        size = 1024

        def part(self, offset):
            del offset
            return Part(0, 1024, packed=Packed((1,), 512, lambda: b"x" * 512))

    medium = Mapped(Map(), MediumFacts("test", 1024, ()), ())
    assert medium.read_at(0, 1024) == b"x" * 512 + bytes(512)
    assert told(medium) == [(0, 1024, "unreadable")]


def test_a_disk_that_ends_with_the_trailer_of_a_file_is_raw(tmp_path):
    path = tmp_path / "disk.dd"
    disk = volume_maker.record((0, 7, 1, 9)) + bytes(8192)
    small, dynamic = make.vhd_footer(4096, 2), make.vhd_footer(4096, 3, header=512)
    stored = make.dmg(CONTENT)[-512:]
    for end in (small, small[:-1], dynamic, stored, bytes(504) + b"cdsaencr"):
        path.write_bytes(disk + end)
        assert registry.find(bytes(path)) is raw
        assert raw.open_medium(bytes(path), Secrets()).size == len(disk + end)
    path.write_bytes(disk + make.vhd_footer(len(disk), 2))
    assert registry.find(bytes(path)) is vhd
    whole = make.dmg(disk.ljust(16 * KIB, b"\0") * 2, ways=[0])
    path.write_bytes(whole)
    assert whole.startswith(disk)
    assert registry.find(bytes(path)) is dmg
    path.write_bytes(bytes(512) + bytes(504) + b"cdsaencr")
    assert registry.find(bytes(path)) is refused


def test_a_fixed_disk_that_is_smaller_than_its_file_is_refused(tmp_path):
    with pytest.raises(MediumError, match=r"has 512 more before it.*--as raw"):
        opened(vhd, tmp_path, CONTENT + make.vhd_footer(len(CONTENT) - 512, 2))


@pytest.mark.parametrize("word", [0, 1, 3, "other", "within"])
def test_a_block_of_a_vhd_on_its_header_or_on_another_is_no_content(tmp_path, word):
    image = bytearray(make.vhd(CONTENT))
    table = 512 + 1024
    other = struct.unpack_from(">I", image, table + 4)[0]
    place = {"other": other, "within": other + 3}.get(word, word)
    struct.pack_into(">I", image, table, place)
    medium = opened(vhd, tmp_path, image)
    block = 8 * KIB
    lost = {"other": 2, "within": 3}.get(word, 1) * block  # a block within two others hurts both
    assert medium.read_at(0, len(CONTENT)) == bytes(lost) + CONTENT[lost:]
    assert told(medium) == [(0, lost, "unreadable")]


@pytest.mark.parametrize("word", [6, MIB | 6, 2 * MIB | 6, 1 << 3, "other"])
def test_a_block_of_a_vhdx_on_its_tables_or_on_another_is_no_content(tmp_path, word):
    content = b"A" * MIB + b"B" * MIB + b"C" * MIB
    image = bytearray(make.vhdx(content))
    first, second = struct.unpack_from("<QQ", image, 2 * MIB)
    entry = {"other": second, 1 << 3: first | 1 << 3}.get(word, word)
    struct.pack_into("<Q", image, 2 * MIB, entry)
    medium = opened(vhdx, tmp_path, image)
    lost = 2 * MIB if word == "other" else MIB
    assert medium.read_at(0, len(content)) == bytes(lost) + content[lost:]
    assert told(medium) == [(0, lost, "unreadable")]


def test_a_block_of_a_vhdx_on_its_log_is_no_content(tmp_path):
    image = bytearray(make.vhdx(b"A" * MIB))
    for place in (64 * KIB, 128 * KIB):
        struct.pack_into("<IQ", image, place + 68, MIB, 3 * MIB)
        head = bytes(image[place : place + 4096])
        struct.pack_into("<I", image, place + 4, 0)
        head = make._sealed(head[:4] + bytes(4) + head[8:], 4096)
        image[place : place + 4096] = head
    medium = opened(vhdx, tmp_path, image)
    assert medium.read_at(0, MIB) == bytes(MIB)
    assert told(medium) == [(0, MIB, "unreadable")]


def test_more_blocks_than_a_file_has_room_for_refuse_it(tmp_path):
    image = bytearray(make.vhd(CONTENT))
    table = 512 + 1024
    for number in range(8):
        struct.pack_into(">I", image, table + 4 * number, 4 + number)
    cut = image[: table + 512 + 9 * KIB] + image[-512:]
    with pytest.raises(MediumError, match="more blocks than it can hold"):
        opened(vhd, tmp_path, cut)


def test_clashes_are_those_of_one_with_all_others():
    class File:
        size = 1000
        path = b"image"

    places = [100, 110, 119, 200, 210, 400, 995, 2000]
    kept = [(0, 5), (405, 406), (300, 300), (410, 500)]
    expected = {one for one in places[:5] for other in places if 0 < abs(one - other) < 10} | {400}
    assert clashes.clashing(File, places, 10, kept) == expected
    assert 210 not in expected


def changed(image, table, number, word):
    image = bytearray(image)
    struct.pack_into(">Q", image, table + 8 * number, word)
    return image


@pytest.mark.parametrize("place", [0x200, 4096, 2 * 4096, 3 * 4096 + 512])
def test_a_cluster_on_a_table_or_between_places_is_no_content(tmp_path, place):
    image = make.qcow2(CONTENT, packed=False)
    first = struct.unpack_from(">Q", image, 40)[0]
    table = struct.unpack_from(">Q", image, first)[0] & ~(1 << 63)
    place = table if place == 2 * 4096 else place
    medium = opened(qcow2, tmp_path, changed(image, table, 0, 1 << 63 | place))
    assert medium.read_at(0, len(CONTENT)) == bytes(4096) + CONTENT[4096:]
    assert told(medium) == [(0, 4096, "unreadable")]


def test_clusters_of_counts_are_no_content(tmp_path):
    image = bytearray(make.qcow2(CONTENT, packed=False))
    first = struct.unpack_from(">Q", image, 40)[0]
    table = struct.unpack_from(">Q", image, first)[0] & ~(1 << 63)
    counts = len(image)
    struct.pack_into(">QI", image, 48, counts, 1)
    image += struct.pack(">Q", counts + 4096).ljust(4096, b"\0") + bytes(4096)
    for place in (counts, counts + 4096):
        medium = opened(qcow2, tmp_path, changed(image, table, 0, 1 << 63 | place))
        assert medium.read_at(0, len(CONTENT)) == bytes(4096) + CONTENT[4096:]
        assert told(medium) == [(0, 4096, "unreadable")]


def test_a_table_of_clusters_between_places_is_missing(tmp_path):
    image = make.qcow2(CONTENT)
    first, table = 4096, struct.unpack_from(">Q", image, 4096)[0]
    medium = opened(qcow2, tmp_path, changed(image, first, 0, table + 512))
    assert medium.read_at(0, len(CONTENT)) == bytes(len(CONTENT))
    assert told(medium) == [(0, len(CONTENT), "missing")]


def test_a_vmdk_that_holds_more_than_it_says_is_refused(tmp_path):
    more = len(CONTENT) // 512 + 8
    with pytest.raises(MediumError, match="where the descriptor says 128"):
        opened(vmdk, tmp_path, make.vmdk(CONTENT, capacity=more))
    rounded = opened(vmdk, tmp_path, make.vmdk(CONTENT[:-512], capacity=len(CONTENT) // 512))
    assert rounded.read_at(0, len(CONTENT)) == CONTENT[:-512]


def test_a_descriptor_longer_than_is_read_is_refused(tmp_path, monkeypatch):
    text = make.descriptor(["RW 8 ZERO"])
    assert opened(vmdk, tmp_path, text).size == 4096
    monkeypatch.setattr(vmdk_descriptor, "LONGEST", len(text))
    assert opened(vmdk, tmp_path, text).size == 4096
    monkeypatch.setattr(vmdk_descriptor, "LONGEST", len(text) - 1)
    with pytest.raises(MediumError, match="is longer than"):
        opened(vmdk, tmp_path, text)


def test_a_list_of_an_apple_image_that_would_fill_memory_is_refused(tmp_path, monkeypatch):
    text = b'<?xml version="1.0"?><plist><array>' + b"<dict/>" * 100_000 + b"</array></plist>"
    tail = apple([], b"", 8)[-512:]
    tail = tail[:216] + struct.pack(">QQ", 0, len(text)) + tail[232:]
    with pytest.raises(MediumError, match="longer than what is read"):
        opened(dmg, tmp_path, text + tail)
    monkeypatch.setattr(dmg_blocks, "_MOST_LIST", 100)
    with pytest.raises(MediumError, match="longer than what is read"):
        opened(dmg, tmp_path, make.dmg(CONTENT))


def test_clusters_and_tables_that_are_named_twice_are_no_content(tmp_path, monkeypatch):
    content = b"".join(b"%08d" % number * 64 for number in range(128))
    image = make.qcow2(content, bits=9, packed=False)
    table, second = (struct.unpack_from(">Q", image, 512 + 8 * at)[0] for at in (0, 1))
    table &= ~(1 << 63)
    other = struct.unpack_from(">Q", image, table + 8)[0]
    twice = changed(image, table, 0, other)
    medium = opened(qcow2, tmp_path, twice)
    assert medium.read_at(0, len(content)) == bytes(1024) + content[1024:]
    assert told(medium) == [(0, 1024, "unreadable")]
    assert "shared_clusters" not in medium.facts.said
    zeros = opened(qcow2, tmp_path, changed(image, table, 0, other | 1))
    assert zeros.read_at(0, len(content)) == bytes(512) + content[512:]
    assert not zeros.damage
    tables = opened(qcow2, tmp_path, changed(image, 512, 0, second))
    assert tables.read_at(0, len(content)) == bytes(len(content))
    assert told(tables) == [(0, len(content), "missing")]
    monkeypatch.setattr(qcow2_uses, "MOST_ENTRIES", 100)
    many = opened(qcow2, tmp_path, twice)
    assert many.read_at(0, 1024) == content[512:1024] * 2
    assert "not looked for" in many.facts.said["shared_clusters"]
