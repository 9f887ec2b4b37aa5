"""Zip archives: every entry, every method, passwords, names, and what is damaged or hidden."""

import bz2
import io
import lzma
import random
import struct
import zipfile
import zlib

import pytest

from hashmatch.evidence.members import libarchive
from hashmatch.evidence.members import zip as zips
from hashmatch.model.outcomes import Reason, Rule
from tests.archives import (
    aes_field,
    contents,
    deflated,
    inside,
    local_entry,
    zip_aes,
    zip_encrypted,
    zip_entry,
    zip_of,
)

PLAIN = b"what a camera made " * 400
JPEG = b"\xff\xd8\xff" + PLAIN


def stored(name, plain=PLAIN, **fields):
    return zip_entry(name, plain, plain, **fields)


def test_archives_of_the_standard_library_come_back_in_their_order():
    """Stored, deflate, bzip2 and LZMA; written to a stream that cannot go back, too."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.mkdir("folder")
        for method in (0, 8, 12, 14):
            archive.writestr(f"folder/{method}", PLAIN * 60, method)
    expected = [(f"folder/{method}".encode(), PLAIN * 60) for method in (0, 8, 12, 14)]
    assert contents(zips, whole.getvalue()) == expected

    class Pipe(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            pipe.extend(data)
            return len(data)

    pipe = bytearray()
    with zipfile.ZipFile(Pipe(), "w") as archive:
        archive.writestr("a", PLAIN, 8)
    assert contents(zips, bytes(pipe)) == [(b"a", PLAIN)]
    cut = bytes(pipe[: pipe.index(b"PK\x01\x02") + 10])
    assert contents(zips, cut) == [(b"a", PLAIN), (b"", Reason.DAMAGED_CONTAINER)]


def test_rare_methods_and_unknown_ones():
    inflate64, zstd = pytest.importorskip("inflate64"), pytest.importorskip("backports.zstd")
    packer = inflate64.Deflater()
    packed = (
        (9, packer.deflate(PLAIN) + packer.flush()),
        (93, zstd.compress(PLAIN)),
        (95, lzma.compress(PLAIN)),
        (12, bz2.compress(PLAIN)),
    )
    made = zip_of([zip_entry(b"m%d" % method, data, PLAIN, method) for method, data in packed])
    assert contents(zips, made) == [(b"m%d" % method, PLAIN) for method, _ in packed]
    odd = zip_of([zip_entry(b"x", b"xx", PLAIN, 6), stored(b"y"), stored(b"z", flags=1 << 6)])
    assert contents(zips, odd) == [
        (b"x", Reason.UNSUPPORTED_CONTAINER),
        (b"y", PLAIN),
        (b"z", Reason.UNSUPPORTED_CONTAINER),
    ]


def test_ppmd_is_unpacked_by_libarchive():
    pyppmd = pytest.importorskip("pyppmd")
    if libarchive.library() is None:
        pytest.skip("libarchive is not installed")
    packer = pyppmd.Ppmd8Encoder(6, 8 << 20)
    packed = struct.pack("<H", 5 | 7 << 4) + packer.encode(PLAIN) + packer.flush()
    entries = [zip_entry(b"p", packed, PLAIN, 98), zip_entry(b"cut", packed[:20], PLAIN, 98)]
    entries += [zip_entry(b"sum", packed, PLAIN, 98, crc=5), stored(b"z")]
    assert contents(zips, zip_of(entries)) == [
        *((b"p", PLAIN), (b"cut", Reason.DAMAGED_CONTAINER), (b"sum", Reason.CHECKSUM)),
        (b"z", PLAIN),
    ]
    entries = [zip_entry(b"t", zip_encrypted(packed, b"pass", zlib.crc32(PLAIN) >> 24), PLAIN, 98)]
    entries += [zip_entry(b"%d" % n, zip_aes(packed, b"pass"), PLAIN, 99) for n in (1, 2)]
    for number, one in enumerate(entries):
        one |= {"flags": 1, "extra": aes_field(98, number) if number else b""}
    entries[2]["crc"] = 0  # the second version says none
    assert contents(zips, zip_of(entries), [b"pass"]) == [
        *((b"t", PLAIN), (b"1", PLAIN), (b"2", PLAIN)),
    ]


def test_a_missing_library_is_said_of_its_members_only(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "inflate64", None)
    made = zip_of([zip_entry(b"x", b"xx", PLAIN, 9), stored(b"y")])
    assert contents(zips, made) == [(b"x", Reason.NO_BACKEND), (b"y", PLAIN)]


def test_two_members_of_one_name_are_two():
    made = zip_of([stored(b"a.jpg", b"one"), stored(b"a.jpg", b"two")])
    assert contents(zips, made) == [(b"a.jpg", b"one"), (b"a.jpg", b"two")]
    assert [str(one.layer) for one in inside(zips, made)] == ["zip:a.jpg;n=0", "zip:a.jpg;n=1"]


def test_names_are_given_in_the_code_page_they_are_written_in():
    unicode_name = "ภาพ.jpg".encode()
    field = b"\x01" + struct.pack("<I", zlib.crc32(b"?.jpg")) + unicode_name
    extra = struct.pack("<HH", 0x7075, len(field)) + field
    names = (
        (stored("ภาพ".encode("cp874")), "ภาพ".encode()),
        (stored("Gr\u00fcn".encode("cp437")), "Grün".encode()),
        (stored("日本".encode(), flags=1 << 11), "日本".encode()),
        (stored(b"plain\\name"), b"plain\\name"),
        (stored(b"?.jpg", extra=extra), unicode_name),
    )
    made = zip_of([entry for entry, _ in names])
    assert [name for name, _ in contents(zips, made)] == [name for _, name in names]
    raw = [
        dict(one.facts.notes).get("raw-name") if one.facts else None for one in inside(zips, made)
    ]
    assert raw == ["c0d2be", "4772816e", None, None, b"?.jpg".hex()]


def test_times_say_their_zone_only_where_it_is_known():
    unix = struct.pack("<HHBi", 0x5455, 5, 1, -1)
    ntfs = struct.pack("<HHIHHQQQ", 0x000A, 32, 0, 1, 24, 116444736000000001, 0, 0)
    moment = (46 << 9 | 11 << 5 | 22) << 16 | 1 << 11 | 28 << 5 | 18
    fields = ({"moment": moment}, {"extra": unix}, {"extra": ntfs}, {"moment": 0})
    made = zip_of([stored(b"a", **one) for one in fields])
    found = [(one.facts and one.facts.times, one.modified_ns) for one in inside(zips, made)]
    assert found == [
        ((("modified", "2026-11-22T01:28:36"),), 0),
        ((("modified", "1969-12-31T23:59:59Z"),), -(10**9)),
        ((("modified", "1970-01-01T00:00:00.0000001Z"),), 100),
        (None, 0),
    ]


def test_links_and_folders_have_no_content():
    made = zip_of(
        [stored(b"d/", b""), stored(b"l", b"/etc", mode=0o120777), stored(b"p", b"", mode=0o010644)]
    )
    assert contents(zips, made) == [(b"l", Rule.SYMLINK), (b"p", Rule.FIFO)]


def test_what_is_called_a_link_and_holds_more_than_a_path_is_a_file():
    long = b"1" * 4097
    modes = {b"l": 0o120777, b"p": 0o010644, b"c": 0o020666, b"s": 0o140755}
    made = zip_of([stored(name, long, mode=mode) for name, mode in modes.items()])
    assert contents(zips, made) == [(name, long) for name in modes]
    lies = zip_of([zip_entry(b"l", long * 9, b"1", mode=0o120777)])
    assert contents(zips, lies) == [(b"l", Reason.CHECKSUM)]
    made = zip_of([stored(b"p", b"1", mode=0o010644), stored(b"l", long[1:], mode=0o120777)])
    assert contents(zips, made) == [(b"p", b"1"), (b"l", Rule.SYMLINK)]


def test_a_directory_whose_two_numbers_differ_is_read_and_said_to_be_damaged():
    made = bytearray(zip_of([stored(b"a", b"1"), stored(b"b", b"2")]))
    made[made.index(b"PK\5\6") + 8] = 1  # so many on this disk
    end = (b"", Reason.DAMAGED_CONTAINER)
    assert contents(zips, bytes(made)) == [(b"a", b"1"), (b"b", b"2"), end]


def test_a_member_of_which_header_and_directory_differ_is_said():
    """Of such a zip other programs unpack something else."""
    end = (b"", Reason.DAMAGED_CONTAINER)
    made = zip_of([stored(b"a", PLAIN), stored(b"b", PLAIN, flags=8), stored(b"c", PLAIN)])
    own = struct.pack("<III", zlib.crc32(PLAIN), len(PLAIN), len(PLAIN))
    for place in (made.index(own), made.index(own) + 4, made.index(own) + 8):
        changed = made[:place] + b"\x07" + made[place + 1 :]
        assert contents(zips, changed) == [*((one, PLAIN) for one in (b"a", b"b", b"c")), end]
    second = made.index(b"PK\1\2", made.index(b"PK\1\2") + 4)
    hidden = made[: second + 16] + bytes(12) + made[second + 28 :]  # as if it were empty
    assert contents(zips, hidden) == [(b"a", PLAIN), (b"b", b""), (b"c", PLAIN), end]
    other = bytearray(made)
    other[8] = 8  # packed, says the header before the first
    assert contents(zips, bytes(other))[-1] == end
    unsigned = zip_of([stored(b"a", PLAIN, flags=8)]).replace(b"PK\7\x08" + own, own)
    assert contents(zips, unsigned) == [(b"a", PLAIN)]


def test_something_behind_the_end_is_said():
    made = zip_of([stored(b"a", b"1")], comment=b"what somebody said")
    assert contents(zips, made + bytes(40_000)) == [(b"a", b"1")]
    for more in (b"\xff\xd8\xff", bytes(40_000) + b"1"):
        assert contents(zips, made + more) == [(b"a", b"1"), (b"", Reason.DAMAGED_CONTAINER)]


def test_members_encrypted_the_traditional_way_open_with_the_right_password():
    crc = zlib.crc32(PLAIN)
    text = zip_encrypted(deflated(PLAIN), b"pass", crc >> 24)
    made = zip_of([zip_entry(b"a", text, PLAIN, 8, flags=1)])
    assert contents(zips, made) == [(b"a", Reason.KEY_NEEDED)]
    wrong = [b"w%d" % n for n in range(600)]  # some of them pass the check of one byte
    assert contents(zips, made, [*wrong, b"pass"]) == [(b"a", PLAIN)]
    assert contents(zips, made, wrong) == [(b"a", Reason.KEY_NEEDED)]


@pytest.mark.parametrize(("strength", "version"), [(1, 2), (2, 1), (3, 2)])
def test_members_encrypted_by_aes_are_authenticated(strength, version):
    text = zip_aes(deflated(PLAIN), b"pass", strength)
    entry = {"flags": 1, "extra": aes_field(8, version, strength)}
    entry |= {"crc": 0} if version == 2 else {}
    made = zip_of([zip_entry(b"a", text, PLAIN, 99, **entry)])
    assert contents(zips, made, [b"no", b"pass"]) == [(b"a", PLAIN)]
    assert contents(zips, made, [b"no"]) == [(b"a", Reason.KEY_NEEDED)]
    changed = text[:-1] + bytes((text[-1] ^ 1,))
    made = zip_of([zip_entry(b"a", changed, PLAIN, 99, **entry)])
    assert contents(zips, made, [b"pass"]) == [(b"a", Reason.CHECKSUM)]


def test_damage_is_said_by_the_member_it_is_in():
    packed = deflated(JPEG)
    bad = packed[:40] + bytes((packed[40] ^ 64,)) + packed[41:]
    entries = [
        zip_entry(b"flipped", bad, JPEG, 8),
        zip_entry(b"short", packed[:-9], JPEG, 8),
        zip_entry(b"lies", packed, JPEG, 8, size=10),
        stored(b"crc", crc=1),
        stored(b"good"),
    ]
    found = dict(contents(zips, zip_of(entries)))
    assert found.pop(b"good") == PLAIN
    assert set(found.values()) <= {Reason.CHECKSUM, Reason.DAMAGED_CONTAINER}
    assert len(found) == 4


def test_what_is_wrong_never_comes_as_an_end():
    """Every byte up to the damage is given, and every read after it fails."""
    (member,) = inside(zips, zip_of([stored(b"crc", crc=1)]))
    stream = member.open()
    assert stream.read(len(PLAIN)) == PLAIN
    for _ in range(3):
        with pytest.raises(Exception, match="checksum"):
            stream.read(1)


def test_entries_that_the_directory_does_not_name_are_found():
    first = zip_of([stored(b"inner", b"11")])
    hidden = [stored(b"hidden", b"22"), zip_entry(b"later", deflated(PLAIN), PLAIN, 8, flags=8)]
    made = zip_of([stored(b"shown", b"33")], before=first, hidden=hidden, comment=b"PK\x05\x06")
    found = inside(zips, made)
    assert [(one.name, one.open().read()) for one in found] == [
        (b"shown", b"33"),
        (b"inner", b"11"),
        (b"hidden", b"22"),
        (b"later", PLAIN),
    ]
    assert [dict(one.facts.notes) if one.facts else {} for one in found[1:]] == [
        {"listed": "no"}
    ] * 3
    assert [one.layer.number("n") for one in found] == [0, 1, 2, 3]


def test_a_zip_cut_off_gives_what_is_left_of_it():
    parts = [stored(b"a"), zip_entry(b"b", deflated(PLAIN), PLAIN, 8), stored(b"c", b"no length")]
    parts[2]["flags"] = 8
    body = b"".join(map(local_entry, parts))
    for cut, expected in (
        (len(body), [(b"a", PLAIN), (b"b", PLAIN), (b"c", b"no length")]),
        (len(PLAIN) + 80, [(b"a", PLAIN), (b"b", Reason.DAMAGED_CONTAINER)]),
        (len(PLAIN), [(b"a", Reason.DAMAGED_CONTAINER)]),
    ):
        assert contents(zips, body[:cut]) == [*expected, (b"", Reason.DAMAGED_CONTAINER)]


def test_a_directory_that_breaks_off_says_so_and_hides_nothing():
    made = zip_of([stored(b"a", b"1"), stored(b"b", b"2"), stored(b"c", b"3")])
    second = made.index(b"PK\x01\x02", made.index(b"PK\x01\x02") + 1)
    broken = made[:second] + b"XX" + made[second + 2 :]
    assert contents(zips, broken) == [
        *((b"a", b"1"), (b"b", b"2"), (b"c", b"3")),
        (b"", Reason.DAMAGED_CONTAINER),
    ]


def test_parts_of_several_files_are_refused():
    made = bytearray(zip_of([stored(b"a")]))
    end = made.rindex(b"PK\x05\x06")
    made[end + 4] = 1
    assert contents(zips, bytes(made)) == [(b"", Reason.UNSUPPORTED_CONTAINER)]
    assert contents(zips, zip_of([stored(b"a", disk=3)])) == [(b"a", Reason.UNSUPPORTED_CONTAINER)]


def test_numbers_of_eight_bytes():
    wide = io.BytesIO()
    with zipfile.ZipFile(wide, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(PLAIN)
    assert contents(zips, wide.getvalue()) == [(b"a", PLAIN)]
    extra = struct.pack("<HHQQQ", 1, 24, len(PLAIN), len(PLAIN), 0)
    made = bytearray(zip_of([stored(b"a", extra=extra)]))
    place = made.index(b"PK\x01\x02")
    made[place + 20 : place + 28] = b"\xff" * 8
    made[place + 42 : place + 46] = b"\xff" * 4
    end = made.rindex(b"PK\x05\x06")
    size = end - place
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, size, place)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    last = b"PK\x05\x06" + struct.pack("<HHHHIIH", *((0xFFFF,) * 4), 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert contents(zips, bytes(made[:end]) + record + locator + last) == [(b"a", PLAIN)]


def test_a_lying_size_gives_no_more_memory_than_a_block():
    """What unfolds without end is given piece by piece: the reader's limits end it."""
    packed = deflated(bytes(64 << 20))
    (member,) = inside(zips, zip_of([zip_entry(b"z", packed, b"0123456789", 8)]))
    stream = member.open()
    assert len(stream.read(1 << 20)) == 1 << 20
    assert isinstance(stream.tell(), int)
    assert member.size == 10


def test_only_content_recognises():
    assert zips.recognise(b"PK\x03\x04rest", b"a.jpg")
    assert zips.recognise(b"PK\x05\x06" + bytes(18), b"")
    assert not zips.recognise(JPEG, b"a.zip")


def streamed(name, plain, method=8, **fields):
    """An entry whose sizes follow it."""
    packed = deflated(plain) if method else plain
    return zip_entry(name, packed, plain, method, flags=8, **fields)


@pytest.mark.parametrize("method", [0, 8])
def test_a_damaged_description_costs_one_member(method):
    """Without a directory; a zip that is stored in it does not end a sound member."""
    holder = JPEG + zip_of([stored(b"inner", JPEG)])
    plains = [holder, holder, random.Random(3).randbytes(70_000)]  # no end record near the end
    entries = [streamed(b"%d" % number, plain, method) for number, plain in enumerate(plains)]
    written = b"".join(map(local_entry, entries))
    expected = [(b"%d" % number, plain) for number, plain in enumerate(plains)]
    assert contents(zips, written) == [*expected, (b"", Reason.DAMAGED_CONTAINER)]
    damaged = bytearray(written)
    damaged[len(local_entry(entries[0])) - 8] ^= 1  # the packed length
    found = inside(zips, bytes(damaged))
    sound = [one.open().read() for one in found if one.doubt is None]
    assert sound[-2:] == plains[-2:]
    assert [one.name for one in found if one.doubt] == [b"0"]


@pytest.mark.parametrize("method", [14, 98])
def test_what_has_no_length_and_needs_one_is_damaged_or_refused(method):
    raw = local_entry(zip_entry(b"a", b"\t\4\5\0]\0\0\1\0" + bytes(40), b"", method, flags=8))
    raw = raw[:-16] + local_entry(stored(b"b"))
    first, second, last = contents(zips, raw)
    assert first[1] in {Reason.DAMAGED_CONTAINER, Reason.UNSUPPORTED_CONTAINER}
    assert second == (b"b", PLAIN)
    assert last == (b"", Reason.DAMAGED_CONTAINER)


@pytest.mark.parametrize("size", [0, 20, 300_000])
def test_padding_behind_packed_content_is_nothing(size):
    packed = deflated(PLAIN) + bytes(size)
    assert contents(zips, zip_of([zip_entry(b"a", packed, PLAIN, 8)])) == [(b"a", PLAIN)]


@pytest.mark.parametrize("gap", [0, 300_000])
@pytest.mark.parametrize("method", [8, 12])
def test_something_behind_the_end_of_packed_content_is_said(method, gap):
    packed = deflated(PLAIN) if method == 8 else bz2.compress(PLAIN)
    made = zip_of([zip_entry(b"a", packed + bytes(gap) + JPEG, PLAIN, method)])
    assert contents(zips, made) == [(b"a", PLAIN), (b"", Reason.DAMAGED_CONTAINER)]


def test_a_folder_with_content_is_given():
    made = zip_of([zip_entry(b"a.jpg/", JPEG, b""), zip_entry(b"b/", deflated(b""), b"", 8)])
    assert contents(zips, made) == [(b"a.jpg/", Reason.CHECKSUM)]
