"""What stands beside the pixels of a PNG keeps no picture from being seen."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hashmatch.hashing import decode, png_parts, sniff
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.model.outcomes import Reason

RGB = Image.fromarray(draw(Drawing(64, 48, 11, 9, 5)))
LARGE = zlib.compress(bytes(2_000_000))


def chunk(name, data, checksum=None):
    found = zlib.crc32(name + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", found)


def written(image=RGB, **options):
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


PLAIN = written()
BEFORE, BEHIND = 33, len(PLAIN) - 12  # the places before the first pixels and behind the last


def with_chunk(extra, place=BEFORE):
    return PLAIN[:place] + extra + PLAIN[place:]


def decoded(content):
    return decode.decode(content, sniff.picture_kind(content))


@pytest.mark.parametrize("place", [BEFORE, BEHIND], ids=["before", "behind"])
@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(1_000_000))) * 70,
        chunk(b"zTXt", b"x\0\0" + LARGE),
        chunk(b"zTXt", b"x\0\7"),
        chunk(b"iTXt", b"x\0\1\0\0\0" + LARGE),
        chunk(b"tEXt", b"x\0y", checksum=1),
        chunk(b"tEXt", b"interlace\0" + b"1"),
        chunk(b"tEXt", b"transparency\0" + b"1"),
        chunk(b"iCCP", b"x\0\0" + zlib.compress(np.random.default_rng(1).bytes(2_400_000), 0)),
        chunk(b"iCCP", b""),
        chunk(b"pHYs", b""),
        chunk(b"eXIf", b"II", checksum=1),
        chunk(b"teSt", b"") * 3000,
    ],
    ids=lambda extra: extra[4:8].decode(),
)
def test_nothing_beside_the_pixels_costs_a_picture_anything(extra, place):
    found = decoded(with_chunk(extra, place))
    assert (found.trouble, found.damage, len(found.renderings)) == (None, None, 1)
    assert np.array_equal(np.asarray(found.renderings[0].image), np.asarray(RGB))


def test_text_between_the_pixels_does_not_cut_them_off():
    first = PLAIN.index(b"IDAT") - 4
    data = PLAIN[first + 8 : BEHIND - 4]
    parts = chunk(b"IDAT", data[:100]), chunk(b"tEXt", b"x\0y"), chunk(b"IDAT", data[100:])
    found = decoded(PLAIN[:first] + b"".join(parts) + PLAIN[BEHIND:])
    assert (found.trouble, found.damage) == (None, None)
    assert np.array_equal(np.asarray(found.renderings[0].image), np.asarray(RGB))


@pytest.mark.parametrize("place", [BEFORE, BEHIND], ids=["before", "behind"])
def test_the_first_whole_exif_block_is_kept_wherever_it_stands(place):
    blocks = chunk(b"eXIf", b"broken", 1) + chunk(b"eXIf", b"II*\0") + chunk(b"eXIf", b"MM\0*")
    parts = png_parts.parts(with_chunk(blocks, place))
    assert (parts.exif, parts.picture.getvalue()) == (b"II*\0", PLAIN)


def test_what_changes_the_pixels_is_kept():
    palette = RGB.quantize(16)
    content = written(palette, transparency=bytes(range(0, 256, 16)), pnginfo=None, dpi=(72, 72))
    kept = png_parts.parts(content).picture.getvalue()
    assert (b"pHYs" in content, b"pHYs" in kept, b"tRNS" in kept) == (True, False, True)
    moving = written(save_all=True, append_images=[RGB.rotate(180)])
    assert png_parts.parts(moving).picture.getvalue() == moving


def test_a_picture_with_nothing_beside_it_is_not_copied():
    assert png_parts.parts(PLAIN).picture.getvalue() is PLAIN


def test_what_stands_behind_the_end_is_left_out():
    assert png_parts.parts(PLAIN + b"more").picture.getvalue() == PLAIN


@pytest.mark.parametrize("name", [b"tEXt", b"t\0Xt"], ids=["a length", "a name"])
def test_behind_a_chunk_that_cannot_be_one_everything_is_left_as_it_is(name):
    broken = struct.pack(">I", 1 << 30 if name == b"tEXt" else 0) + name + bytes(4)
    content = with_chunk(chunk(b"tEXt", b"x\0y") + broken)
    assert png_parts.parts(content).picture.getvalue() == with_chunk(broken)
    found = decoded(content)
    assert (found.trouble or found.damage) in {Reason.CORRUPT, Reason.TRUNCATED}


def test_what_begins_as_no_picture_does_is_left_as_it_is():
    content = with_chunk(chunk(b"over", b"written", checksum=1), place=8)
    assert png_parts.parts(content).picture.getvalue() is content
    assert decoded(content).damage is Reason.CORRUPT


def test_more_chunks_than_any_picture_has_are_left_as_they_are(monkeypatch):
    monkeypatch.setattr(png_parts, "_MOST_CHUNKS", 3)
    text = chunk(b"tEXt", b"x\0y")
    assert png_parts.parts(with_chunk(text * 4)).picture.getvalue() == with_chunk(text * 2)


@given(st.binary(max_size=80), st.integers(0, len(PLAIN)))
def test_any_content_gives_something_no_longer_than_it(extra, place):
    content = with_chunk(extra, place)
    assert len(png_parts.parts(content).picture.getvalue()) <= len(content)


def test_a_png_of_a_program_for_phones_has_a_name_of_its_own():
    content = PLAIN[:8] + chunk(b"CgBI", b"\x50\0\x20\x02") + PLAIN[8:]
    assert sniff.picture_kind(content) == sniff.APPLE_PNG
    assert decoded(content).trouble is Reason.UNSUPPORTED
