"""Archives of ar, files of LZMA alone, and kinds that are recognised and not unpacked."""

import io
import lzma
import struct
import zlib

import pytest

from hashmatch.evidence.members import ar, lzma_stream, registry, unsupported
from hashmatch.evidence.members.interface import Inside
from hashmatch.model.outcomes import Reason
from tests.archives import Forward, contents, inside

PLAIN = bytes(range(256)) * 1500
DAMAGED = (b"", Reason.DAMAGED_CONTAINER)


def alone(plain):
    return lzma.compress(plain, lzma.FORMAT_ALONE)


def test_lzma_alone_comes_back():
    packed = alone(PLAIN)
    for name in (b"a.lzma", b"a.tar.TLZ", b"nothing said"):
        assert registry.recognise(packed[:4096], name) is lzma_stream
    assert contents(lzma_stream, packed) == [(b"content", PLAIN)]
    assert contents(lzma_stream, Forward(packed)) == [(b"content", PLAIN)]
    assert contents(lzma_stream, packed + b"more") == [(b"content", PLAIN), DAMAGED]
    assert contents(lzma_stream, packed[:-9]) == [(b"content", Reason.DAMAGED_CONTAINER)]


def test_lzma_of_a_stated_size_is_taken_by_its_name_alone():
    packed = alone(PLAIN)
    sized = packed[:5] + len(PLAIN).to_bytes(8, "little") + packed[13:]
    assert registry.recognise(sized[:4096], b"a.lzma") is lzma_stream
    assert registry.recognise(sized[:4096], b"a.bin") is None
    assert registry.recognise(b"\x5d\1\2\3" + packed[4:100], b"a.lzma") is None


def entry(name, content, stamp=b"1"):
    head = name.ljust(16) + stamp.ljust(12) + b"0".ljust(6) * 2 + b"644".ljust(8)
    return head + b"%-10d`\n" % len(content) + content + b"\n" * (len(content) % 2)


def archive(*entries):
    return b"!<arch>\n" + b"".join(entries)


def test_ar_gives_every_member_by_its_name():
    long = b"a long name of a member.jpg"
    data = archive(
        entry(b"/", b"symbols"), entry(b"//", b"x/\n" + long + b"/\n"),
        entry(b"debian-binary", b"2.0\n"), entry(b"odd.o/", b"odd"), entry(b"/3", b"long"),
        entry(b"#1/32", long.ljust(32, b"\0") + b"bsd"), entry(b"/999", b"nowhere"),
    )  # fmt: skip
    names = [b"debian-binary", b"odd.o", long, long, b"/999"]
    wanted = list(zip(names, [b"2.0\n", b"odd", b"long", b"bsd", b"nowhere"], strict=True))
    assert registry.recognise(data[:4096], b"x") is ar
    assert contents(ar, data) == contents(ar, Forward(data)) == wanted
    given = inside(ar, data)
    assert [str(one.layer) for one in given][1] == "ar:odd.o;n=1"
    assert (given[3].size, given[3].modified_ns) == (3, 10**9)
    assert given[3].open().read() == b"bsd"


@pytest.mark.parametrize(
    "wrong",
    [entry(b"b", b"x")[:40], entry(b"b", b"x").replace(b"`", b"'"), b"x" * 60],
    ids=["cut", "mark", "no header"],
)
def test_ar_that_breaks_off_is_said(wrong):
    data = archive(entry(b"a", b"12")) + wrong
    assert contents(ar, data) == [(b"a", b"12"), DAMAGED]


@pytest.mark.parametrize("filling", [b"\n", b"\0"])
def test_ar_with_a_header_that_is_gone_is_said(filling):
    data = archive(entry(b"a", b"12"))
    assert contents(ar, data + filling * 700_000) == [(b"a", b"12")]
    for gap in (60, 700_000):
        assert contents(ar, data + filling * gap + entry(b"b", b"34")) == [(b"a", b"12"), DAMAGED]


def test_ar_with_sizes_that_lie():
    cut = archive(entry(b"a", b"1234"))[:-2]
    assert contents(ar, cut) == [(b"a", Reason.DAMAGED_CONTAINER)]
    long = archive(entry(b"#1/99", b"1234"), entry(b"b", b"5", b"999999999999"))
    found = contents(ar, long)
    assert found == [(b"#1/99", Reason.DAMAGED_CONTAINER), (b"b", b"5")]
    assert inside(ar, long)[0].modified_ns == 0
    assert contents(ar, archive()) == []


def arj():
    head = bytes([30]) + bytes(29)
    return b"\x60\xea" + struct.pack("<H", 30) + head + struct.pack("<I", zlib.crc32(head))


def lha(level):
    head = b"-lh5-" + bytes(13) + bytes([level]) + bytes(5)
    return bytes([len(head), sum(head) & 0xFF]) + head


def cpio(order):
    fields = (0o070707, 1, 2, 0o100644, 0, 0, 1, 0, 0, 0, 6, 0, 0)
    return struct.pack(f"{order}13H", *fields) + b"a.jpg\0"


ARCHIVES = {
    "cab": b"MSCF" + bytes(4) + b"\x99\1\0\0" + bytes(4) + b"\x2c\0\0\0" + bytes(4) + b"\3\1",
    "xar": b"xar!" + struct.pack(">HHQQI", 28, 1, 900, 4000, 1),
    "newc": b"070701" + b"0000A1b2" * 13 + b"a.jpg\0",
    "crc": b"070702" + b"00000000" * 13 + b"a.jpg\0",
    "odc": b"070707" + b"0" * 70 + b"a.jpg\0",
    "cpio": cpio("<"),
    "cpio of big endians": cpio(">"),
    "lha 0": lha(0),
    "lha 2": lha(2),
    "arj": arj(),
    "ace": b"\x12\x34\x31\0\0\0\x90**ACE**\x14\x14\2\0",
    "sit": b"SIT!\0\1\0\0\1\0rLau\2",
    "sit 5": b"StuffIt (c)1997-2002 Aladdin Systems, Inc.",
    "sitx": b"StuffIt!" + bytes(range(120, 140)),
    "installshield": b"ISc(\x0c\x60\0\1" + bytes(12),
}  # fmt: skip
NONE = [
    b"MSCF" + b"x" * 100, b"xar!" + b"x" * 100, b"070701" + b"x" * 200, b"070707 a number" * 9,
    b"\xc7\x71" + b"\xff" * 100, b"\x60\xea" + bytes(100), b"\0\0-lh5-" + b"x" * 40,
    b"       **ACE** of spades", b"SIT! said the woman", b"StuffIt! is a program of old",
    b"StuffIt (c)1997-", b"ISc(x)", b"!<arch> is no archive" + bytes(90), b"MS", b"07", b"",
]  # fmt: skip


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_nothing_unpacks_is_said(name):
    assert registry.recognise(ARCHIVES[name].ljust(4096, b"\0"), b"x") is unsupported
    assert contents(unsupported, ARCHIVES[name]) == [(b"", Reason.UNSUPPORTED_CONTAINER)]


@pytest.mark.parametrize("head", NONE)
def test_what_only_begins_alike_is_left_in_peace(head):
    assert registry.recognise(head, b"x") is None


def test_a_picture_in_ar_is_found_again():
    data = archive(entry(b"a.jpg/", b"\xff\xd8\xff picture"))
    (found,) = ar.members(io.BytesIO(data), None)
    assert isinstance(found, Inside)
    assert found.open().read() == b"\xff\xd8\xff picture"
