"""QCOW2, VMDK, VHD, VHDX and DMG: content as it was, damage told, and refusals with a reason."""

import contextlib
import itertools
import random
from pathlib import Path

import pytest

from hashmatch.evidence.media import dmg, qcow2, registry, vhd, vhdx, vmdk, zstandard
from hashmatch.evidence.media.interface import MediumError
from hashmatch.model.secrets import Secrets
from tests import image_makers as make

KIB = 1024
CONTENT = make.disk()
FORMS = {
    "qcow2": (qcow2, make.qcow2(CONTENT)),
    "qcow2-v2": (qcow2, make.qcow2(CONTENT, version=2, bits=9)),
    "qcow2-zeros": (qcow2, make.qcow2(CONTENT, zero_flags=True, bits=16)),
    "vmdk": (vmdk, make.vmdk(CONTENT)),
    "vmdk-stream": (vmdk, make.vmdk(CONTENT, packed=True, at_end=True)),
    "vhd-fixed": (vhd, make.vhd(CONTENT, 2)),
    "vhd": (vhd, make.vhd(CONTENT)),
    "vhdx": (vhdx, make.vhdx(CONTENT)),
    "dmg": (dmg, make.dmg(CONTENT)),
    "dmg-ignoring": (dmg, make.dmg(CONTENT, ignore=True)),
}


@pytest.fixture
def put(tmp_path):
    """Write files beside each other; gives the path of the last."""

    def write(**files):
        paths = [tmp_path / name.replace("__", ".") for name in files]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
        return bytes(paths[-1])

    return write


def opened(form, path):
    return form.open_medium(path, Secrets())


def whole(medium):
    """All content, read as the check of a medium reads it."""
    parts, place = [], 0
    while part := medium.read_at(place, 100_000):
        parts.append(part)
        place += len(part)
    return b"".join(parts)


def refusal(form, path):
    """The message of a refusal: one line that names the file."""
    with pytest.raises(MediumError) as caught:
        opened(form, path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", FORMS)
def test_content_is_what_was_stored(put, name):
    form, image = FORMS[name]
    path = put(image=image)
    assert registry.find(path) is form
    medium = opened(form, path)
    assert medium.size == len(CONTENT)
    assert whole(medium) == CONTENT
    chance = random.Random(7)
    for _ in range(100):
        place, length = chance.randrange(len(CONTENT) + 10), chance.randrange(20_000)
        assert medium.read_at(place, length) == CONTENT[place : place + length]
    assert medium.read_at(-1, 5) == b""
    assert not medium.damage
    assert form.files(path) == (path,)
    assert medium.facts.form == form.NAME
    assert [(one.path, one.size) for one in medium.facts.segments] == [(path, len(image))]
    medium.close()


@pytest.mark.parametrize("name", FORMS)
def test_a_truncated_image_is_refused_or_its_damage_is_told(put, name):
    form, image = FORMS[name]
    for part in (0, 1, 3, 30, 100, 500, 800, 950, 999):
        path = put(image=image[: len(image) * part // 1000])
        try:
            medium = opened(form, path)
        except MediumError:
            continue
        found = whole(medium)
        told = medium.damage
        assert len(found) == medium.size
        assert_told(found, told)
        medium.close()


@pytest.mark.parametrize("name", FORMS)
def test_whatever_bytes_are_changed_nothing_crashes(put, name):
    form, image = FORMS[name]
    chance = random.Random(name)
    head = min(len(image), 3000)
    for _ in range(25):
        hurt = bytearray(image)
        for _ in range(chance.randint(1, 8)):
            near = chance.randrange(head)
            place = chance.choice((near, len(image) - 1 - near, chance.randrange(len(image))))
            hurt[place] = chance.choice((0, 1, 255, chance.randrange(256)))
        path = put(image=bytes(hurt))
        assert path in form.files(path)
        try:
            medium = opened(form, path)
        except MediumError as error:
            assert "\n" not in str(error)
            continue
        for place in (0, medium.size // 2, max(0, medium.size - 5000)):
            length = min(5000, medium.size - place)
            assert len(medium.read_at(place, 5000)) == length
        medium.close()


def assert_told(found, told):
    """Where content differs from what was stored, it is zeros, and the damage covers it."""
    if found == CONTENT:
        return
    for place in range(0, len(found), 512):
        piece = found[place : place + 512]
        if piece != CONTENT[place : place + 512]:
            assert any(one.offset < place + 512 and place < one.offset + one.length for one in told)


def test_compressed_clusters_are_content_and_not_zeros(put):
    """A library in wide use reads them as zeros, without a word."""
    content = b"".join(b"cluster %06d " % number * 300 for number in range(64))
    medium = opened(qcow2, put(image=make.qcow2(content)))
    assert whole(medium) == content
    assert not medium.damage


def test_a_packed_cluster_that_cannot_be_unpacked_is_zeros_and_told(put):
    content = b"".join(b"%04d" % number * KIB for number in range(8))
    image = make.qcow2(content)
    place = image.index(make.deflated(content[3 * 4096 : 4 * 4096], -12))
    medium = opened(qcow2, put(image=image[:place] + b"\xff" * 4 + image[place + 4 :]))
    found = whole(medium)
    assert found[3 * 4096 : 4 * 4096] == bytes(4096)
    assert [(one.offset, one.length, one.why) for one in medium.damage] == [
        (3 * 4096, 4096, "unreadable")
    ]


def test_zstandard_is_unpacked_where_a_module_is_there(put, monkeypatch):
    zstd = pytest.importorskip("backports.zstd")
    monkeypatch.setattr(make, "deflated", lambda content, window: zstd.compress(content))
    image = make.qcow2(CONTENT, compression=1)
    monkeypatch.undo()
    path = put(image=image)
    assert whole(opened(qcow2, path)) == CONTENT
    place = image.index(b"\x28\xb5\x2f\xfd")
    hurt = put(hurt=image[:place] + b"\0\0" + image[place + 2 :])
    medium = opened(qcow2, hurt)
    whole(medium)
    assert len(medium.damage) == 1
    monkeypatch.setattr(zstandard, "_MODULES", ("no_such_module",))
    assert "pip install" in refusal(qcow2, path)
    assert zstandard.unpack_zstd(b"", 5) is None


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"crypt": 1}, "encrypted"),
        ({"features": 2}, "corrupt"),
        ({"features": 4}, "another file"),
        ({"features": 1 << 40}, "not all of them known"),
        ({"features": 8, "compression": 7}, "unknown way"),
        ({"version": 1}, "version 1"),
        ({"version": 4}, "version 4"),
        ({"cluster_bits": 30}, "damaged"),
        ({"size": 1 << 62}, "no disk"),
        ({"entries": 0}, "damaged"),
        ({"table": 1 << 50}, "cut off"),
    ],
)
def test_qcow2_that_is_not_understood_is_refused(put, fields, word):
    assert word in refusal(qcow2, put(image=make.qcow2(CONTENT, **fields)))


def test_qcow2_says_that_it_was_not_closed_and_that_there_are_snapshots(put):
    medium = opened(qcow2, put(image=make.qcow2(CONTENT, features=1, snapshots=3)))
    assert "not closed" in medium.facts.said["dirty"]
    assert medium.facts.said["snapshots_not_read"] == 3


def test_qcow2_on_others_gives_what_both_hold(put):
    upper = bytearray(len(CONTENT) + 8192)
    upper[20_000:30_000] = b"u" * 10_000
    first = 20_000 // 4096 * 4096
    last = -(-30_000 // 4096) * 4096
    want = CONTENT[:first] + bytes(upper[first:last]) + CONTENT[last:] + bytes(8192)
    above = make.qcow2(bytes(upper), backing=b"/far/away/low.qcow2")
    path = put(low__qcow2=make.qcow2(CONTENT), top=above)
    medium = opened(qcow2, path)
    assert whole(medium) == want
    assert [one.rpartition(b"/")[2] for one in qcow2.files(path)] == [b"top", b"low.qcow2"]
    assert medium.facts.said["below"] == "/far/away/low.qcow2"
    raw = make.qcow2(bytes(upper), backing=b"low", backing_format=b"raw")
    assert whole(opened(qcow2, put(low=CONTENT, top=raw))) == want


def test_qcow2_without_what_it_lies_on_or_on_another_form_is_refused(put, tmp_path):
    above = make.qcow2(CONTENT, backing=b"low")
    path = put(top=above)
    assert "'low', which is not beside it" in refusal(qcow2, path)
    assert qcow2.files(path) == (path,)
    assert "another form" in refusal(qcow2, put(low=make.vmdk(CONTENT), top=above))
    named = make.qcow2(CONTENT, backing=b"low", backing_format=b"vmdk")
    assert "another form" in refusal(qcow2, put(low=CONTENT, top=named))
    assert "below 32" in refusal(qcow2, put(top=make.qcow2(CONTENT, backing=b"top")))
    (tmp_path / "low").unlink()
    (tmp_path / "low").symlink_to("/dev/null")
    assert "not beside it" in refusal(qcow2, put(top=above))


def test_vmdk_in_many_files(put):
    half = 128 * KIB
    lines = [
        f'RW {half // 512} SPARSE "part 1.vmdk"',
        f'RW {half // 512} FLAT "part 2" 8',
        "RW 16 ZERO",
        'NOACCESS 8 FLAT "nowhere" 0',
    ]
    text = make.descriptor(lines, "custom")
    one = make.vmdk_sparse(CONTENT[:half])
    two = bytes(8 * 512) + CONTENT[half:]
    path = put(**{"part 1__vmdk": one, "part 2": two, "disk__vmdk": text})
    assert registry.find(path) is vmdk
    medium = opened(vmdk, path)
    assert whole(medium) == CONTENT + bytes(24 * 512)
    assert [(one.offset, one.length, one.why) for one in medium.damage] == [
        (len(CONTENT) + 16 * 512, 8 * 512, "missing")
    ]
    assert len(vmdk.files(path)) == len(medium.facts.segments) == 3
    cut = opened(vmdk, put(**{"part 2": two[:-1000], "disk__vmdk": text}))
    whole(cut)
    assert (len(CONTENT) - 1000, 1000, "truncated") in [
        (one.offset, one.length, one.why) for one in cut.damage
    ]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('RW 8 FLAT "missing.vmdk" 0', "'missing.vmdk', which is not beside it"),
        ('RW 8 FLAT "/etc/passwd" 0', "another folder"),
        ('RW 8 FLAT "..\\up.vmdk" 0', "another folder"),
        ('RW 8 SESPARSE "x"', "SESPARSE"),
        ('RW 8 FLAT "x" y', "not understood"),
        ("RW many FLAT", "not understood"),
        ("", "lists 0 extents"),
        ("RW 9999999999999999 ZERO", "no disk"),
        ('RW 8 SPARSE "disk.vmdk"', "header is missing"),
    ],
)
def test_vmdk_descriptors_that_reach_elsewhere_or_are_damaged_are_refused(put, line, word):
    assert word in refusal(vmdk, put(disk__vmdk=make.descriptor([line])))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"version": 9}, "version 9"),
        ({"newlines": b"\n \n\n"}, "as text"),
        ({"grain": 0}, "damaged"),
        ({"per_table": 0}, "damaged"),
        ({"capacity": 8}, "holds 8 sectors"),
    ],
)
def test_vmdk_headers_that_are_not_understood_are_refused(put, options, word):
    good = {"grain": options.pop("grain")} if "grain" in options else {}
    image = make.vmdk(CONTENT, **options)
    if good:
        image = image[:20] + good["grain"].to_bytes(8, "little") + image[28:]
    assert word in refusal(vmdk, put(image=image))


def test_vmdk_parts_and_other_kinds_are_refused(put):
    assert "one part" in refusal(vmdk, put(image=make.vmdk_sparse(CONTENT)))
    assert "ESX 3" in refusal(vmdk, put(image=b"COWD" + bytes(2000)))
    lost = make.vmdk(CONTENT, packed=True, at_end=True)
    assert "cut off" in refusal(vmdk, put(image=lost[:-1024]))


def test_vmdk_unclean_is_said(put):
    assert "not closed" in opened(vmdk, put(i=make.vmdk(CONTENT, unclean=1))).facts.said["unclean"]


def test_vmdk_grain_of_another_place_is_no_content(put):
    content = b"".join(b"%04d" % number * KIB for number in range(8))
    image = make.vmdk(content, packed=True)
    mark = (8).to_bytes(8, "little") + len(make.deflated(content[4096:8192])).to_bytes(4, "little")
    place = image.index(mark)
    medium = opened(vmdk, put(image=image[:place] + b"\x10" + image[place + 1 :]))
    assert whole(medium)[4096:8192] == bytes(4096)
    assert [(one.offset, one.length, one.why) for one in medium.damage] == [
        (4096, 4096, "checksum")
    ]


def test_vmdk_delta_lies_on_the_disk_that_it_names(put):
    upper = bytes(40_960) + b"d" * 4096 + bytes(len(CONTENT) - 45_056)
    want = CONTENT[:40_960] + b"d" * 4096 + CONTENT[45_056:]
    delta = make.vmdk(upper, parent="00000007", hint="C:\\vm\\base.vmdk")
    path = put(base__vmdk=make.vmdk(CONTENT), delta__vmdk=delta)
    assert whole(opened(vmdk, path)) == want
    assert len(vmdk.files(path)) == 2
    changed = put(base__vmdk=make.vmdk(CONTENT, cid="00000008"), delta__vmdk=delta)
    assert "has 00000008" in refusal(vmdk, changed)
    itself = make.vmdk(upper, parent="00000007", hint="self.vmdk")
    assert "below 32" in refusal(vmdk, put(self__vmdk=itself))
    alone = make.vmdk(upper, parent="00000007", hint="gone.vmdk")
    assert "'gone.vmdk', which is not beside it" in refusal(vmdk, put(delta__vmdk=alone))


def mixed(upper, own):
    """What a differencing disk shows: its own sectors, and those of its parent."""
    sectors = range(len(CONTENT) // 512)
    return b"".join((upper if own(n) else CONTENT)[n * 512 : n * 512 + 512] for n in sectors)


def test_vhd_differences_are_by_sector_and_name_their_parent(put):
    upper = make.disk(seed=9)

    def own(sector):
        return sector % 7 < 3 and sector % 100 < 60

    child = make.vhd(upper, 4, parent=b"A" * 16, name="C:\\vm\\base.vhd", own=own)
    path = put(base__vhd=make.vhd(CONTENT), child__vhd=child)
    medium = opened(vhd, path)
    assert whole(medium) == mixed(upper, own)
    assert medium.facts.said["below"] == "base.vhd"
    assert len(vhd.files(path)) == 2
    other = put(base__vhd=make.vhd(CONTENT, identifier=b"X" * 16), child__vhd=child)
    assert "another parent" in refusal(vhd, other)
    lost = put(child__vhd=make.vhd(upper, 4, name="C:\\vm\\gone.vhd", own=own))
    assert "gone.vhd', which is not beside it" in refusal(vhd, lost)
    itself = make.vhd(upper, 4, parent=b"A" * 16, name="self.vhd", own=own)
    assert "below 32" in refusal(vhd, put(self__vhd=itself))


def test_vhd_is_read_by_the_copy_of_its_footer_and_its_checksums_count(put):
    image = make.vhd(CONTENT)
    path = put(image=image[:-512])
    assert registry.find(path) is vhd
    medium = opened(vhd, path)
    assert whole(medium) == CONTENT
    assert "copy" in medium.facts.said["footer"]
    hurt = bytearray(image)
    hurt[60] ^= 1
    hurt[-452] ^= 1
    assert "checksum of the VHD footer" in refusal(vhd, put(image=bytes(hurt)))
    hurt = bytearray(image)
    hurt[512 + 20] ^= 1
    assert "checksum is wrong" in refusal(vhd, put(image=bytes(hurt)))
    assert "unknown type 9" in refusal(vhd, put(image=CONTENT + make.vhd_footer(512, 9)))


def test_fixed_vhd_that_lost_its_middle_is_told(put):
    image = make.vhd(CONTENT, 2)
    medium = opened(vhd, put(image=image[:100_352] + image[-512:]))
    assert whole(medium) == CONTENT[:100_352] + bytes(len(CONTENT) - 100_352)
    assert [(one.offset, one.length, one.why) for one in medium.damage] == [
        (100_352, len(CONTENT) - 100_352, "truncated")
    ]


def test_vhdx_differences_are_by_sector_and_name_their_parent(put):
    upper = make.disk(seed=9)

    def own(sector):
        return sector % 7 < 3 and sector % 100 < 60

    names = {
        "parent_linkage": "{42424242-4242-4242-4242-424242424242}",
        "relative_path": ".\\base.vhdx",
    }
    child = make.vhdx(upper, identifier=b"C" * 16, parent=names, own=own)
    path = put(base__vhdx=make.vhdx(CONTENT), child__vhdx=child)
    medium = opened(vhdx, path)
    assert whole(medium) == mixed(upper, own)
    assert len(vhdx.files(path)) == 2
    assert medium.facts.said["below"] == ".\\base.vhdx"
    other = put(base__vhdx=make.vhdx(CONTENT, identifier=b"X" * 16), child__vhdx=child)
    assert "another parent" in refusal(vhdx, other)
    names["relative_path"] = "gone.vhdx"
    lost = put(child__vhdx=make.vhdx(upper, parent=names, own=own))
    assert "gone.vhdx', which is not beside it" in refusal(vhdx, lost)


def test_vhdx_that_is_not_understood_is_refused(put):
    assert "its log" in refusal(vhdx, put(image=make.vhdx(CONTENT, log=b"L" * 16)))
    assert "version 2" in refusal(vhdx, put(image=make.vhdx(CONTENT, version=2)))
    unknown = make.vhdx(CONTENT, region=b"U" * 16)
    assert "region of an unknown kind" in refusal(vhdx, put(image=unknown))
    assert "blocks of 3" in refusal(vhdx, put(image=make.vhdx(CONTENT, block=3)))
    assert "no disk" in refusal(vhdx, put(image=make.vhdx(CONTENT, size=1 << 60)))
    hurt = bytearray(make.vhdx(CONTENT))
    hurt[128 * KIB + 100] ^= 1  # the newer header: the older one counts
    assert opened(vhdx, put(image=bytes(hurt))).facts.said["identifier"].startswith("5a5a")
    hurt[64 * KIB + 100] ^= 1
    assert "both headers" in refusal(vhdx, put(image=bytes(hurt)))
    hurt = bytearray(make.vhdx(CONTENT))
    hurt[192 * KIB + 100] ^= 1
    assert whole(opened(vhdx, put(image=bytes(hurt)))) == CONTENT
    hurt[256 * KIB + 100] ^= 1
    assert "neither table" in refusal(vhdx, put(image=bytes(hurt)))


def test_dmg_finds_each_changed_byte_of_its_content(put):
    """In packed runs where they lie, in plain ones by the checksum of their table."""
    image = make.dmg(CONTENT)
    end = image.index(b"<?xml")
    for place in range(7, end, end // 40):
        hurt = bytearray(image)
        hurt[place] ^= 0x10
        medium = opened(dmg, put(image=bytes(hurt)))
        found = whole(medium)
        assert_told(found, medium.damage)
        assert found == CONTENT or medium.damage
        assert medium.facts.must_verify


def test_dmg_wrong_checksum_of_a_whole_table_is_told_where_all_of_it_was_read(put):
    medium = opened(dmg, put(image=make.dmg(CONTENT, crc=1)))
    medium.read_at(5, 1000)
    assert not medium.damage
    assert whole(medium) == CONTENT
    assert [one.why for one in medium.damage] == ["checksum"]
    assert sum(one.length for one in medium.damage) == len(CONTENT)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"kind": 0x80000007}, "LZFSE"),
        ({"kind": 0x80001234}, "0x80001234"),
        ({"version": 3}, "old"),
    ],
)
def test_dmg_that_is_not_understood_is_refused(put, fields, word):
    assert word in refusal(dmg, put(image=make.dmg(CONTENT, **fields)))


def test_dmg_lists_that_are_damaged_are_refused(put):
    image = make.dmg(CONTENT)
    bombs = (
        b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><plist><dict/></plist>",
        b"<plist><dict/></plist>",
        b"<plist><array/></plist>",
        b"\xff\xfe",
    )
    place = image.index(b"<?xml")
    for bomb in bombs:
        hurt = image[:place] + bomb.ljust(len(image) - 512 - place) + image[-512:]
        assert "not readable" in refusal(dmg, put(image=hurt))


def test_adc_copies_what_went_before():
    assert dmg.unpack_adc(b"\x82abc\x00\x02\x40\x00\x02", 10) == b"abcabcabca"
    for bad in (b"\x82ab", b"\x00", b"\x40\x00", b"\x00\x05", b""):
        assert dmg.unpack_adc(bad, 10) is None
    assert dmg.unpack_adc(b"\x82abc\x00\x02", 5) is None


def test_reading_leaves_no_file_open(put):
    def count():
        return len(list(Path("/proc/self/fd").iterdir()))

    before = count()
    for number, (form, image) in enumerate(FORMS.values()):
        path = put(**{f"image{number}": image})
        opened(form, path).close()
        form.files(path)
        broken = put(**{f"broken{number}": image[: len(image) // 2]})
        form.files(broken)
        with contextlib.suppress(MediumError):
            opened(form, broken).close()
    assert count() == before


def test_a_link_a_folder_or_nothing_beside_an_image_is_not_opened(put, tmp_path):
    above = make.vmdk(CONTENT, parent="00000007", hint="base.vmdk")
    (tmp_path / "base.vmdk").mkdir()
    assert "not beside it" in refusal(vmdk, put(delta__vmdk=above))
    for form, name in itertools.product((qcow2, vmdk, vhd, vhdx, dmg), (b"missing", b"base.vmdk")):
        with pytest.raises(MediumError):
            form.open_medium(bytes(tmp_path) + b"/" + name, Secrets())
