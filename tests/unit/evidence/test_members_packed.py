"""Files that are one packed stream: gzip and the others of its kind."""

import bz2
import gzip
import io
import lzma
import struct

import pytest

from hashmatch.evidence.members import (
    bzip2_stream,
    compress_stream,
    gzip_stream,
    libarchive,
    lz4_frames,
    lz4_stream,
    methods,
    xz_stream,
    zstd_stream,
)
from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason
from hashmatch.model.secrets import Secrets
from tests.archives import Forward, contents, inside

PLAIN = bytes(range(256)) * 1500
KINDS = [(gzip_stream, gzip.compress), (bzip2_stream, bz2.compress), (xz_stream, lzma.compress)]
GARBAGE = (b"", Reason.DAMAGED_CONTAINER)


def zstd_pair():
    zstd = pytest.importorskip("backports.zstd")
    checked = {zstd.CompressionParameter.checksum_flag: 1}  # without one nothing tells
    return zstd_stream, lambda plain: zstd.compress(plain, options=checked)


@pytest.fixture(params=[*KINDS, None], ids=["gzip", "bzip2", "xz", "zstd"])
def pair(request):
    return request.param or zstd_pair()


def test_streams_come_back_one_or_many(pair):
    kind, pack = pair
    packed = pack(PLAIN)
    assert kind.recognise(packed[:4096], b"")
    assert contents(kind, packed) == [(b"content", PLAIN)]
    assert contents(kind, packed * 3) == [(b"content", PLAIN * 3)]
    assert contents(kind, packed + bytes(1000) + packed + bytes(700)) == [(b"content", PLAIN * 2)]
    assert contents(kind, Forward(packed)) == [(b"content", PLAIN)]
    assert contents(kind, pack(b"") * 5000) == [(b"content", b"")]


def test_what_follows_or_lacks_is_said(pair):
    kind, pack = pair
    packed = pack(PLAIN)
    assert contents(kind, packed + b"garbage") == [(b"content", PLAIN), GARBAGE]
    assert contents(kind, packed[:-3]) == [(b"content", Reason.DAMAGED_CONTAINER)]
    assert contents(kind, packed + packed[:9])[0] == (b"content", Reason.DAMAGED_CONTAINER)


def test_damage_never_looks_like_an_end(pair):
    kind, pack = pair
    packed = bytearray(pack(PLAIN))
    packed[-6 if kind is gzip_stream else len(packed) // 2] ^= 0x55
    ((_, found),) = contents(kind, bytes(packed))
    assert found is Reason.DAMAGED_CONTAINER


def test_gzip_says_name_and_time():
    packed = io.BytesIO()
    with gzip.GzipFile("/x/tree.tar", "wb", fileobj=packed, mtime=1) as stream:
        stream.write(PLAIN)
    (member,) = inside(gzip_stream, packed.getvalue())
    assert (member.name, str(member.layer)) == (b"tree.tar", "gzip:tree.tar;n=0")
    assert (member.facts.times, member.modified_ns) == (
        (("modified", "1970-01-01T00:00:01Z"),),
        10**9,
    )
    assert member.open().read() == member.open().read() == PLAIN
    assert contents(gzip_stream, Forward(packed.getvalue())) == [(b"tree.tar", PLAIN)]
    extra = packed.getvalue()[:3] + b"\x0c" + packed.getvalue()[4:10] + b"\x04\x00abcd"
    assert inside(gzip_stream, extra + packed.getvalue()[10:])[0].open().read() == PLAIN


def test_zstandard_that_is_not_installed_is_said(monkeypatch):
    for name in ("backports.zstd", "compression.zstd"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    assert contents(zstd_stream, b"\x28\xb5\x2f\xfd" + bytes(9)) == [
        (b"content", Reason.NO_BACKEND)
    ]


LZ4 = b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", 1 << 31 | 5) + b"hello" + bytes(4)


def compress(plain):
    """Pack each byte as a code of nine bits, as compress may."""
    bits = sum(byte << 9 * place for place, byte in enumerate(plain))
    return b"\x1f\x9d\x90" + bits.to_bytes(-(-9 * len(plain) // 8), "little")


def test_lz4_and_compress_are_unpacked_by_libarchive():
    if libarchive.library() is None:
        pytest.skip("libarchive is not installed")
    assert lz4_stream.recognise(LZ4, b"")
    assert contents(lz4_stream, LZ4) == [(b"content", b"hello")]
    assert contents(lz4_stream, LZ4[:-9])[0][1] is Reason.DAMAGED_CONTAINER
    codes = [ord("a"), ord("b"), 257, 259]  # ab ab aba
    bits = sum(code << 9 * place for place, code in enumerate(codes))
    packed = b"\x1f\x9d\x90" + bits.to_bytes(5, "little")
    assert compress_stream.recognise(packed, b"")
    assert contents(compress_stream, packed) == [(b"content", b"abababa")]


def lz4_frame(*blocks, sums=False, whole=b""):
    flags = 0x40 | 0x20 | 0x10 * sums | 0x08 * bool(whole)
    sizes = (struct.pack("<I", 1 << 31 | len(one)) + one + bytes(4 * sums) for one in blocks)
    head = b"\x04\x22\x4d\x18" + bytes((flags, 0x40)) + whole + b"?"
    return head + b"".join(sizes) + bytes(4)


LEGACY = b"\x02\x21\x4c\x18" + struct.pack("<I", 6) + b"\x50hello"


@pytest.mark.parametrize("step", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    "frames",
    [
        lz4_frame(b"hello"),
        lz4_frame(b"a" * 300, b"b", sums=True, whole=(301).to_bytes(8, "little")),
        lz4_frame(b"a") + b"\x5f\x2a\x4d\x18\3\0\0\0abc" + lz4_frame(b"b") + bytes(30),
        LEGACY,
        LEGACY + LEGACY + lz4_frame(b"a") + LEGACY,
    ],
)
def test_what_follows_the_frames_of_lz4_is_noticed(frames, step):
    def left(data):
        tail = methods.Tail()
        parts = [data[place : place + step] for place in range(0, len(data), step)]
        assert b"".join(lz4_frames.followed(parts, tail)) == data
        return tail.left

    assert not left(frames)
    assert left(frames + b"more than zeros")
    assert left(frames + b"\xff\xff\xff")
    assert left(frames + b"\xff" * 5 + bytes(9))


def test_lz4_with_something_behind_it_is_said():
    if libarchive.library() is None:
        pytest.skip("libarchive is not installed")
    for stored in (LZ4, LEGACY):
        assert contents(lz4_stream, stored) == [(b"content", b"hello")]
        for more in (b"PK\3\4 and more", b"\xff\xff", bytes(600_000) + b"1"):
            found = contents(lz4_stream, stored + more)
            assert found[-1] == (b"", Reason.DAMAGED_CONTAINER) or found[0][1] != b"hello"
    assert contents(lz4_stream, LZ4 + bytes(600_000)) == [(b"content", b"hello")]


def test_libarchive_undoes_one_method_and_never_gives_what_is_packed_as_content():
    if libarchive.library() is None:
        pytest.skip("libarchive is not installed")
    assert contents(lz4_stream, lz4_frame(LZ4)[:6] + b"\x82" + lz4_frame(LZ4)[7:]) == [
        (b"content", LZ4)
    ]
    for place, value in ((4, 0x20), (5, 0), (6, 0)):  # version, block size, checksum of the header
        changed = LZ4[:place] + bytes((value,)) + LZ4[place + 1 :]
        assert contents(lz4_stream, changed)[0] == (b"content", Reason.DAMAGED_CONTAINER)
    for end in range(4, len(LZ4)):
        assert contents(lz4_stream, LZ4[:end])[0] == (b"content", Reason.DAMAGED_CONTAINER)
    twice = compress(compress(b"hello"))
    assert contents(compress_stream, twice) == [(b"content", Reason.UNSUPPORTED_CONTAINER)]
    assert contents(compress_stream, compress(LZ4)) == [(b"content", LZ4)]
    for flags in (0x8F, 0x91, 0x9F):  # too few bits, too many
        packed = b"\x1f\x9d" + bytes((flags,)) + b"hello"
        assert contents(compress_stream, packed) == [(b"content", Reason.DAMAGED_CONTAINER)]
    short = b"\x1f\x9d\x90\1"
    assert contents(compress_stream, short)[0][1] in {b"", Reason.DAMAGED_CONTAINER}


def test_a_read_error_is_no_end_for_libarchive():
    if libarchive.library() is None:
        pytest.skip("libarchive is not installed")

    class Bad(io.BytesIO):
        def read(self, size=-1):
            if self.tell() >= 1 << 20:
                raise OSError(5, "bad sector")
            return super().read(size)

    for packed, kind in ((compress(b"hello"), compress_stream), (LZ4, lz4_stream)):
        (one,) = inside(kind, packed)
        assert one.open().read() == b"hello"
        given = next(kind.members(Bad(packed[:-1] + bytes(2 << 20)), Secrets()))
        stream = given.open()
        with pytest.raises(MemberError) as error:
            while stream.read(1 << 20):
                continue
        assert error.value.reason in {Reason.IO, Reason.DAMAGED_CONTAINER}
    packed = compress(b"\0" * 8) + bytes(9 << 17)  # of which every code is sound
    given = next(compress_stream.members(Bad(packed), Secrets()))
    stream = given.open()
    with pytest.raises(MemberError) as error:
        while stream.read(1 << 20):
            continue
    assert error.value.reason is Reason.IO


def test_without_libarchive_its_kinds_are_said(monkeypatch):
    monkeypatch.setattr(libarchive, "library", lambda: None)
    assert contents(lz4_stream, b"\x04\x22\x4d\x18") == [(b"content", Reason.NO_BACKEND)]
