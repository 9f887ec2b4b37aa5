"""Camera raw: the largest JPEG is found by structure; no thumbnail is taken for the picture."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hashmatch.hashing import camera_raw, jpeg_parts, sniff
from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pdq import hamming, pdq
from hashmatch.hashing.pictures import examine
from hashmatch.model.outcomes import Reason
from hashmatch.model.wanted import Effort, Wanted

BIG = Image.fromarray(draw(Drawing(11, 9, 11, 9, 5))).resize((160, 120))
SMALL = Image.fromarray(draw(Drawing(13, 9, 13, 9, 6))).resize((40, 30))


def jpeg(image):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=95)
    return stream.getvalue()


PREVIEW, THUMB = jpeg(BIG), jpeg(SMALL)
SENSOR = bytes(range(256)) * 8
LOSSLESS = b"\xff\xd8\xff\xc3\x00\x0b\x0e\x0f\xa0\x17\x70\x01\x01\x11\x00" + SENSOR


class Maker:
    """Writes directories one after the other; what they point to goes before them."""

    def __init__(self, order="<", magic=b"II*\0"):
        self.order, self.body = order, bytearray(magic + bytes(4))

    def put(self, content):
        if len(self.body) % 2:
            self.body.append(0)
        self.body += content
        return len(self.body) - len(content)

    def directory(self, entries, following=0):
        """Entries as tag: whole number, bytes (as characters), or (kind, bytes)."""
        rows = b""
        for tag, value in sorted(entries.items()):
            kind, data = (
                (4, struct.pack(self.order + "I", value))
                if isinstance(value, int)
                else (value if isinstance(value, tuple) else (2, value))
            )
            count = len(data) // 4 if kind in {4, 13} else len(data)
            field = data.ljust(4, b"\0")
            if len(data) > 4:
                field = struct.pack(self.order + "I", self.put(data))
            rows += struct.pack(self.order + "HHI", tag, kind, count) + field
        count, end = (
            struct.pack(self.order + "H", len(entries)),
            struct.pack(self.order + "I", following),
        )
        return self.put(count + rows + end)

    def done(self, first):
        self.body[4:8] = struct.pack(self.order + "I", first)
        return bytes(self.body)


MAKE, SUB, EXIF, NOTE = 0x010F, 0x014A, 0x8769, 0x927C


def strip(maker, content, compression=6, **more):
    place = maker.put(content)
    return {0x0103: compression, 0x0111: place, 0x0117: len(content)} | more


def interchange(maker, content):
    return {0x0201: maker.put(content), 0x0202: len(content)}


def thumbnail(maker):
    """Uncompressed pixels in the first directory: what a TIFF reader takes for the picture."""
    place = maker.put(SMALL.tobytes())
    bits = (3, struct.pack(maker.order + "3H", 8, 8, 8))
    return {0xFE: 1, 0x100: 40, 0x101: 30, 0x102: bits, 0x103: 1, 0x106: 2} | {
        0x111: place, 0x115: 3, 0x116: 30, 0x117: len(SMALL.tobytes())
    }  # fmt: skip


def nef(order="<", make=b"NIKON CORPORATION\0"):
    maker = Maker(order, b"II*\0" if order == "<" else b"MM\0*")
    preview = maker.directory(interchange(maker, PREVIEW))
    sensor = maker.directory(strip(maker, SENSOR, 34713) | {0x0106: 32803})
    subs = (4, struct.pack(order + "2I", preview, sensor))
    return maker.done(maker.directory(thumbnail(maker) | {MAKE: make, SUB: subs}))


def dng(*, lossless=True):
    maker = Maker()
    sensor = maker.directory(strip(maker, LOSSLESS, 7) | {0x0106: 32803})
    subs = [sensor] if lossless else [sensor, maker.directory(strip(maker, PREVIEW, 7))]
    found = {0xC612: (1, b"\1\4\0\0"), SUB: (4, struct.pack(f"<{len(subs)}I", *subs))}
    return maker.done(maker.directory(thumbnail(maker) | found | {MAKE: b"NIKON\0"}))


def cr2():
    maker = Maker()
    maker.put(b"CR\2\0" + bytes(4))
    sensor = maker.directory(strip(maker, LOSSLESS))
    second = maker.directory(interchange(maker, THUMB), sensor)
    return maker.done(maker.directory(strip(maker, PREVIEW) | {MAKE: b"Canon\0"}, second))


def arw():
    maker = Maker()
    sensor = maker.directory(strip(maker, SENSOR, 32767))
    second = maker.directory(interchange(maker, THUMB))
    subs = {SUB: sensor, MAKE: b"SONY\0"}
    return maker.done(maker.directory(interchange(maker, PREVIEW) | subs, second))


def pef(make=b"PENTAX Corporation\0"):
    maker = Maker(">", b"MM\0*")
    third = maker.directory(interchange(maker, PREVIEW))
    second = maker.directory(interchange(maker, THUMB), third)
    return maker.done(maker.directory(strip(maker, SENSOR, 65535) | {MAKE: make}, second))


def srw():
    return pef(b"SAMSUNG\0")


def rw2():
    maker = Maker("<", b"IIU\0")
    return maker.done(maker.directory({0x2E: (7, PREVIEW), MAKE: b"Panasonic\0"}))


def orf(magic=b"IIRO", name=b"OLYMPUS\0II\3\0"):
    inner = Maker("<", name.ljust(8, b"\0")[:8])
    inner.body[:] = name
    at = len(inner.body)
    # The note's directory comes first; what it points to follows.
    preview = at + 2 + 12 + 4 + 2 + 24 + 4
    rows = struct.pack("<HHHIII", 1, 0x2020, 13, 1, at + 18, 0)
    settings = struct.pack("<HHHIIHHIII", 2, 0x101, 4, 1, preview, 0x102, 4, 1, len(PREVIEW), 0)
    note = bytes(inner.body) + rows + settings + PREVIEW
    maker = Maker("<", magic)
    block = maker.directory({NOTE: (7, note)})
    return maker.done(maker.directory({EXIF: block, MAKE: b"OLYMPUS\0"}))


def raf():
    head = b"FUJIFILMCCD-RAW 0201FF389501".ljust(84, b"\0")
    return head + struct.pack(">II", 160, len(PREVIEW)) + bytes(68) + PREVIEW + SENSOR


def box(name, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), name) + content


PRVW = box(b"PRVW", struct.pack(">IHHHHI", 0, 1, 40, 30, 1, len(THUMB)), THUMB)


def cr3(*, track=True):
    name = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")
    preview = box(b"uuid", name, struct.pack(">II", 0, 1), PRVW)

    def film(place):
        tables = (
            box(b"stsz", struct.pack(">III", 0, 0, 1), struct.pack(">I", len(PREVIEW))),
            box(b"co64", struct.pack(">II", 0, 1), struct.pack(">Q", place)),
        )
        return box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", *tables)))))

    head = box(b"ftyp", b"crx \0\0\0\1crx isom")
    if not track:
        return head + preview
    place = len(head) + len(film(0)) + len(preview) + 8
    return head + film(place) + preview + box(b"mdat", PREVIEW, SENSOR)


RAWS = {
    "nef": (nef(), sniff.NEF),
    "nef of the other order": (nef(">"), sniff.NEF),
    "dng": (dng(lossless=False), sniff.DNG),
    "cr2": (cr2(), sniff.CR2),
    "arw": (arw(), sniff.ARW),
    "pef": (pef(), sniff.PEF),
    "srw": (srw(), sniff.SRW),
    "rw2": (rw2(), sniff.RW2),
    "orf": (orf(), sniff.ORF),
    "orf of a newer maker": (orf(b"IIRS", b"OM SYSTEM\0\0\0II\4\0"), sniff.ORF),
    "raf": (raf(), sniff.RAF),
    "cr3": (cr3(), sniff.CR3),
    "of no maker known here": (nef(make=b"Kept Secret\0"), sniff.RAW),
}


@pytest.mark.parametrize("name", RAWS)
def test_the_largest_jpeg_stands_for_a_camera_raw_file(name):
    content, kind = RAWS[name]
    picture = examine(content, sniff.picture_kind(content[:4096]))
    assert (picture.kind, picture.trouble, picture.partial) == (kind, None, False)
    assert (picture.width, picture.height, picture.frames) == (160, 120, 1)
    assert {one.rendering for one in picture.hashes} == {"preview"}
    assert hamming(picture.hashes[0].variants[0], pdq(Pixels(np.asarray(BIG))).value) <= 16


def test_the_smaller_preview_is_taken_where_there_is_no_other():
    picture = examine(cr3(track=False), sniff.CR3)
    assert (picture.width, picture.height) == SMALL.size


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (raf()[:150], sniff.RAF),
        (cr3()[:40], sniff.CR3),
        (b"IIU\0\x08\0\0\0" + bytes(90), sniff.RW2),
    ],
)
def test_a_raw_file_without_a_jpeg_is_unsupported(content, kind):
    picture = examine(content, sniff.picture_kind(content))
    assert (picture.kind, picture.trouble) == (kind, Reason.UNSUPPORTED)
    assert picture.hashes == ()


def test_of_a_raw_file_without_a_jpeg_the_first_page_is_hashed_as_a_part():
    picture = examine(dng(), sniff.TIFF)
    assert (picture.kind, picture.trouble) == (sniff.DNG, None)
    assert picture.damage is Reason.UNSUPPORTED
    assert {one.rendering for one in picture.hashes} == {"stored"}


def test_a_tiff_is_hashed_though_another_directory_has_the_marks_of_a_raw_file():
    maker = Maker()
    second = maker.directory({0x0103: 32767})
    picture = examine(maker.done(maker.directory(thumbnail(maker), second)), sniff.TIFF)
    assert (picture.trouble, picture.width, picture.height) == (None, 40, 30)
    assert hamming(picture.hashes[0].variants[0], pdq(Pixels(np.asarray(SMALL))).value) == 0


def test_a_jpeg_is_taken_to_its_end_where_its_length_is_not_said():
    content = raf()[:88] + bytes(4) + raf()[92:]
    picture = examine(content, sniff.RAF)
    assert (picture.trouble, picture.damage, len(picture.hashes) > 0) == (None, None, True)


def test_the_next_largest_jpeg_is_taken_where_the_largest_cannot_be_decoded():
    maker = Maker()
    broken = PREVIEW[: PREVIEW.index(b"\xff\xda")] + b"\xff\xda" + bytes(40)
    first = strip(maker, broken) | {MAKE: b"Canon\0", 0xC612: (1, b"\1\4\0\0")}
    second = maker.directory(interchange(maker, THUMB))
    content = maker.done(maker.directory(first, second))
    picture = examine(content, sniff.TIFF)
    assert {one.rendering for one in picture.hashes} == {"preview", "thumbnail"}
    assert (picture.trouble, picture.damage is not None) == (None, True)


@pytest.mark.parametrize("own", [True, False])
def test_with_the_least_effort_a_preview_is_hashed_as_it_is_shown_too(own):
    fast = Wanted(effort=Effort.FAST)
    tag = {0x0112: 6}
    stream, exif = io.BytesIO(), Image.Exif()
    exif.update(tag)
    BIG.save(stream, "JPEG", exif=exif if own else b"")
    maker = Maker()
    found = interchange(maker, stream.getvalue()) | {0xC612: (1, b"\1\4\0\0")}
    content = maker.done(maker.directory(found | ({} if own else tag)))
    (picture,) = examine(content, sniff.TIFF, wanted=fast).hashes
    (plain,) = examine(stream.getvalue(), sniff.JPEG, wanted=fast).hashes
    assert picture.names == ("identity", "rot270")
    assert not own or plain.variants == picture.variants


def test_a_truncated_preview_is_hashed_in_part():
    content = raf()[: 160 + len(PREVIEW) // 2]
    picture = examine(content, sniff.RAF)
    assert (picture.trouble, picture.partial) == (None, True)


def test_a_tiff_by_a_camera_maker_is_no_raw_file():
    stream = io.BytesIO()
    BIG.save(stream, "TIFF", tiffinfo={MAKE: "NIKON CORPORATION"})
    picture = examine(stream.getvalue(), sniff.TIFF)
    assert (picture.kind, picture.width) == (sniff.TIFF, 160)
    assert picture.hashes[0].rendering == "stored"


def test_the_thumbnail_of_a_tiff_is_no_page_of_it():
    maker = Maker()
    second = maker.directory(interchange(maker, THUMB) | {0x0103: 6})
    content = maker.done(maker.directory(thumbnail(maker), second))
    picture = examine(content, sniff.TIFF)
    assert (picture.frames, picture.trouble, picture.partial) == (1, None, False)
    assert {one.rendering for one in picture.hashes} == {"stored", "thumbnail"}


def test_directories_in_a_circle_end():
    maker = Maker()
    first = maker.directory({0x0103: 32767, MAKE: b"SONY\0", SUB: 8})
    content = bytearray(maker.done(first))
    content[-4:] = struct.pack("<I", first)
    assert camera_raw.look(bytes(content), sniff.TIFF) == camera_raw.Raw(sniff.ARW)


@given(st.sampled_from(sorted(RAWS)), st.data())
def test_no_damage_to_a_raw_file_raises(name, data):
    content, kind = bytearray(RAWS[name][0]), sniff.picture_kind(RAWS[name][0])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, min(len(content), 400) - 1))] = data.draw(
            st.integers(0, 255)
        )
    cut = bytes(content)[: data.draw(st.integers(0, len(content)))]
    found = camera_raw.look(cut, kind)
    for begin, end in found.previews if found is not None else ():
        assert 0 <= begin < end <= len(cut)
        assert jpeg_parts.parts(cut, begin) is not None
