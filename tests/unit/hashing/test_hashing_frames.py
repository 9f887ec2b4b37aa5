"""Frames, pages and thumbnails: which are looked at, how they look, and what damage costs."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import GifImagePlugin, Image, features

from hashmatch.hashing import codecs, decode, frame_count, frames, jpeg_parts, pixels, sniff
from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pdq import hamming, pdq
from hashmatch.hashing.pictures import examine
from hashmatch.model.outcomes import Reason
from hashmatch.model.wanted import Effort

RGB = Image.fromarray(draw(Drawing(11, 9, 11, 9, 5))).resize((64, 48), Image.Resampling.BICUBIC)
OTHER = Image.fromarray(draw(Drawing(13, 9, 13, 9, 8))).resize((64, 48), Image.Resampling.BICUBIC)


def encode(image, form, **options):
    stream = io.BytesIO()
    # Saving leaves settings on the objects.
    options |= {"append_images": [one.copy() for one in options.get("append_images", ())]}
    image.copy().save(stream, form, **options)
    return stream.getvalue()


def decoded(content, effort=Effort.STANDARD, max_pixels=1_000_000):
    return decode.decode(content, sniff.picture_kind(content), max_pixels, effort)


def names(found):
    return [one.name for one in found.renderings]


def value(image):
    return pdq(Pixels(np.asarray(image))).value


def many(number):
    """Small pictures no two of which are equal."""
    return [Image.fromarray(draw(Drawing(8, 8, 4, 4, seed))) for seed in range(number)]


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_frames_are_chosen_evenly_from_the_first_to_the_last(form):
    first, *more = many(130)
    lossless = {"lossless": True} if form == "WEBP" else {}
    content = encode(first, form, save_all=True, append_images=more, **lossless)
    standard, thorough = decoded(content), decoded(content, Effort.THOROUGH)
    assert standard.frames == thorough.frames == 130
    assert (len(standard.renderings), len(thorough.renderings)) == (20, 100)
    assert names(standard)[:3] == ["stored", "frame-7", "frame-14"]
    assert names(standard)[-1] == names(thorough)[-1] == "frame-130"
    assert names(decoded(content, Effort.FAST)) == ["stored"]


@given(st.integers(1, 5000), st.integers(2, 100))
def test_a_choice_begins_with_the_first_ends_with_the_last_and_leaves_no_large_gap(reached, most):
    places = frames.spread(reached, most)
    assert (places[0], places[-1]) == (0, reached - 1)
    assert len(places) == min(reached, most)
    gaps = {b - a for a, b in itertools.pairwise(places)}
    assert not gaps or (min(gaps) > 0 and max(gaps) - min(gaps) <= 1)


@pytest.mark.parametrize("form", ["GIF", "PNG", "TIFF"])
def test_frames_that_look_the_same_are_taken_once(form):
    more = {"save_all": True, "append_images": [OTHER, RGB, OTHER]}
    if form == "GIF":
        more |= {"disposal": 2}
    found = decoded(encode(RGB.quantize(64) if form == "GIF" else RGB, form, **more))
    assert found.frames == 4
    assert found.damage is None
    assert names(found)[:2] == ["stored", "frame-2"]
    assert len(found.renderings) <= 3


def test_a_frame_that_changes_a_part_is_shown_with_the_rest_of_the_one_before():
    second = RGB.copy()
    second.paste(OTHER.crop((0, 0, 20, 20)), (10, 10))
    found = decoded(encode(RGB, "PNG", save_all=True, append_images=[second]))
    assert pdq(found.renderings[1]).value == value(second)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_what_is_transparent_in_a_later_frame_is_laid_over_white(form):
    clear = OTHER.convert("RGBA")
    clear.paste((0, 0, 0, 0), (20, 10, 50, 40))
    white = OTHER.copy()
    white.paste((255, 255, 255), (20, 10, 50, 40))
    options = {"lossless": True} if form == "WEBP" else {"disposal": 2 if form == "GIF" else 1}
    first = RGB.convert("RGBA")
    first.putpixel((0, 0), (0, 0, 0, 0))
    content = encode(first, form, save_all=True, append_images=[clear], **options)
    found = decoded(content)
    assert names(found) == ["stored", "on-white", "frame-2"]
    assert hamming(pdq(found.renderings[2]).value, value(white)) <= 30  # a palette in the GIF


def test_pages_may_have_sizes_and_modes_of_their_own():
    pages = [OTHER.resize((90, 30)).convert("L"), RGB.resize((4, 90)), OTHER.convert("CMYK")]
    found = decoded(encode(RGB, "TIFF", save_all=True, append_images=pages))
    assert (found.frames, names(found)) == (4, ["stored", "frame-2", "frame-4"])  # one is too thin
    assert found.damage is None
    assert pdq(found.renderings[1]).value == value(pages[0])


def test_a_page_that_cannot_be_decoded_does_not_cost_those_behind_it():
    pages = [encode(one, "TIFF", compression="tiff_lzw") for one in (RGB, OTHER, OTHER)]
    content = bytearray(
        encode(RGB, "TIFF", compression="tiff_lzw", save_all=True, append_images=[OTHER, OTHER])
    )
    assert len(content) > len(pages[0]) * 2
    tags = [one.number(0x0111) for one in frame_count.tiff_at(bytes(content)).chain()]
    content[tags[1] : tags[1] + 400] = b"\xff" * 400
    picture = examine(bytes(content), sniff.TIFF)
    assert {one.rendering for one in picture.hashes} == {"stored", "frame-3"}
    assert (picture.frames, picture.trouble, picture.partial) == (3, None, True)


@pytest.mark.parametrize("form", ["GIF", "PNG"])
def test_an_animation_that_breaks_off_is_partial_and_keeps_what_came_before(form):
    first, *more = many(12)
    content = encode(first, form, save_all=True, append_images=more)
    picture = examine(content[: len(content) * 2 // 3], sniff.picture_kind(content))
    assert (picture.trouble, picture.partial) == (None, True)
    assert {"stored", "frame-3"} <= {one.rendering for one in picture.hashes}
    assert 1 < picture.frames < 12
    fast = decoded(content[: len(content) * 2 // 3], Effort.FAST)
    assert (fast.trouble, fast.damage) == (None, None)  # of the first frame nothing is missing


def test_pixels_of_frames_are_bounded_together():
    first, *more = (one.resize((50, 40)) for one in many(9))
    content = encode(first, "PNG", save_all=True, append_images=more)
    assert len(decoded(content, max_pixels=2000 * 4).renderings) == 1 + 4
    extent = frames.Extent(20, 2000 * 3)
    found = frames.behind_first(content, "PNG", 9, extent, 1_000_000)
    assert [one.name for one in found.renderings] == ["frame-2", "frame-3"]
    assert found.sampled


@pytest.mark.parametrize("form", ["GIF", "PNG", "TIFF"])
@pytest.mark.parametrize(
    ("number", "sampled"),
    [
        (1, ()),
        (2, (Effort.FAST,)),
        (20, (Effort.FAST,)),
        (21, (Effort.FAST, Effort.STANDARD)),
    ],
)
def test_it_is_told_where_only_some_frames_were_looked_at(form, number, sampled):
    first, *more = many(number)
    content = encode(first, form, save_all=True, append_images=more)
    for effort in Effort:
        assert decoded(content, effort).sampled == (effort in sampled)


def test_what_is_left_out_of_a_jpeg_for_its_pixels_is_told():
    content = encode(RGB, "MPO", save_all=True, append_images=[OTHER, OTHER])
    assert decoded(content, max_pixels=RGB.width * RGB.height).sampled
    assert not decoded(content).sampled


def test_a_picture_with_more_frames_than_are_ever_reached_is_partial(monkeypatch):
    first, *more = many(12)
    content = encode(first, "GIF", save_all=True, append_images=more)
    for most, damage in ((12, None), (11, Reason.FRAMES_NOT_REACHED)):
        monkeypatch.setattr(frame_count, "MOST_REACHED", most)
        for effort in (Effort.STANDARD, Effort.THOROUGH):
            found = decoded(content, effort)
            assert (found.damage, len(found.renderings)) == (damage, most)
        assert decoded(content, Effort.FAST).damage is None


def growing(disposal=0):
    """A small first frame, a second of 300 x 300, and a third behind it."""

    def frame(image):
        content = encode(image, "GIF")
        begin = content.index(b"\x2c" + struct.pack("<4H", 0, 0, *image.size))
        return b"\x21\xf9\x04" + bytes([disposal << 2]) + bytes(4) + content[begin:-1]

    small, large = RGB.convert("L"), OTHER.convert("L").resize((300, 300))
    return encode(small, "GIF")[:-1] + frame(large) + frame(small) + b";"


@pytest.mark.parametrize("disposal", [0, 2])
def test_an_animation_that_grows_beyond_the_limit_ends_there_and_says_so(monkeypatch, disposal):
    loaded = []
    real = GifImagePlugin.GifImageFile.load

    def load(image):
        loaded.append(image.width * image.height)
        return real(image)

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "load", load)
    content, pixels_of_large = growing(disposal), 300 * 300
    found = decoded(content, max_pixels=pixels_of_large - 1)
    assert (found.frames, names(found)) == (3, ["stored"])
    assert (found.trouble, found.damage) == (None, Reason.TOO_MANY_PIXELS)
    assert max(loaded) < pixels_of_large
    extent = frames.Extent(20, 2 * pixels_of_large - 1)
    part = frames.behind_first(content, "GIF", 3, extent, 2 * pixels_of_large)
    assert ([one.name for one in part.renderings], part.damage) == (
        ["frame-2"],
        Reason.TOO_MANY_PIXELS,
    )
    assert names(decoded(content)) == ["stored", "frame-2", "frame-3"]


def test_pixels_of_several_pictures_in_a_jpeg_are_bounded_together():
    content = encode(RGB, "MPO", save_all=True, append_images=[OTHER, OTHER])
    found = decoded(content, max_pixels=RGB.width * RGB.height)
    assert (found.frames, names(found)) == (3, ["stored", "frame-2"])


def test_memory_that_runs_out_behind_the_first_frame_keeps_the_first(monkeypatch):
    def refuse(*_):
        raise MemoryError

    content = encode(RGB, "TIFF", save_all=True, append_images=[OTHER])
    monkeypatch.setattr(frames, "_looks", refuse)
    with pytest.raises(MemoryError):
        frames.behind_first(content, "TIFF", 2, frames.Extent(20, 9**9), 9**9)
    monkeypatch.undo()
    monkeypatch.setattr(frames.pixels, "plain", refuse)
    found = frames.behind_first(content, "TIFF", 2, frames.Extent(20, 9**9), 9**9)
    assert (found.renderings, found.damage) == ([], Reason.OUT_OF_MEMORY)


def starve(monkeypatch, call, name="render"):
    """Let memory run out when this was called so often before."""
    real, calls = getattr(pixels, name), []

    def scarce(*args, **options):
        calls.append(1)
        if len(calls) > call:
            raise MemoryError
        return real(*args, **options)

    monkeypatch.setattr(pixels, name, scarce)


@pytest.mark.parametrize("form", ["GIF", "TIFF", "WEBP"])
def test_frames_for_which_memory_does_not_suffice_are_told(monkeypatch, form):
    first, *more = many(4)
    content = encode(first, form, save_all=True, append_images=more)
    starve(monkeypatch, 3, "plain")  # the first frame is decoded twice
    picture = examine(content, sniff.picture_kind(content))
    assert {one.rendering for one in picture.hashes} == {"stored", "frame-2"}
    assert (picture.trouble, picture.damage) == (None, Reason.OUT_OF_MEMORY)


def test_what_memory_does_not_suffice_for_beside_the_picture_is_told(monkeypatch):
    for content in (
        encode(RGB, "MPO", save_all=True, append_images=[OTHER]),
        with_thumbnail(RGB, OTHER.resize((40, 30))),
    ):
        with monkeypatch.context() as patch:
            starve(patch, 1)
            picture = examine(content, sniff.JPEG)
        assert {one.rendering for one in picture.hashes} == {"stored"}
        assert (picture.trouble, picture.damage) == (None, Reason.OUT_OF_MEMORY)


def test_what_memory_does_not_suffice_for_when_damage_is_passed_over_is_told(monkeypatch):
    content = encode(RGB, "JPEG")[:-400]
    assert examine(content, sniff.JPEG).damage is Reason.TRUNCATED
    starve(monkeypatch, 0)
    assert examine(content, sniff.JPEG).trouble is Reason.OUT_OF_MEMORY


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_number_of_frames_that_a_header_invents_is_not_believed():
    content = encode(RGB, "PNG", save_all=True, append_images=[OTHER])
    place = content.index(b"acTL") - 4
    lie = chunk(b"acTL", struct.pack(">II", 4_000_000, 0))
    content = content[:place] + lie + content[place + len(lie) :]
    found = decoded(content)
    assert (found.frames, names(found), found.damage) == (2, ["stored", "frame-2"], None)


def test_frames_behind_what_can_only_be_passed_over_are_not_claimed():
    content = encode(RGB, "PNG", save_all=True, append_images=[OTHER])
    short = chunk(b"tRNS", b"x")  # less than a colour
    found = decoded(content[:33] + short + content[33:])
    assert (found.frames, names(found), found.damage) == (2, ["stored"], Reason.TRUNCATED)


def test_chunks_that_end_without_an_end_are_counted_and_not_whole():
    content = encode(RGB, "PNG", save_all=True, append_images=[OTHER])
    assert frame_count.png(content) == frame_count.Count(2)
    assert frame_count.png(content[:-12]) == frame_count.Count(2, whole=False)
    assert frame_count.png(content[:40]) == frame_count.Count(1, whole=False)


def test_counting_gives_up_behind_more_parts_than_any_file_has(monkeypatch):
    monkeypatch.setattr(frame_count, "_MOST_STEPS", 2)
    gif = encode(RGB, "GIF", save_all=True, append_images=[OTHER])
    png = encode(RGB, "PNG", save_all=True, append_images=[OTHER])
    assert not frame_count.gif(gif).whole
    assert not frame_count.png(png).whole


def gif_of_tables(*tables):
    """Write a GIF of one picture in all shades; each frame has a table of colours, or none."""
    still = encode(Image.fromarray(SHADES), "GIF", interlace=False)
    start = still.index(b",\0\0\0\0") + 1
    place, blocks = still[start : start + 8], still[start + 9 : -1]
    frames = (b"," + place + (b"\x87" + table if table else b"\0") + blocks for table in tables)
    return still[:10] + bytes(3) + b"".join(frames) + b";"


SHADES = (np.arange(48 * 64) % 256).astype(np.uint8).reshape(48, 64)
GREYS = bytes(shade for shade in range(256) for _ in range(3))
REDS = bytes(part for shade in range(256) for part in (shade, shade // 4, 255 - shade))


@pytest.mark.parametrize("tables", [(GREYS, REDS), (b"", REDS), (REDS, b""), (REDS, GREYS)])
def test_frames_in_greys_and_frames_in_colours_follow_each_other(tables):
    found = decoded(gif_of_tables(*tables))
    assert (found.frames, names(found), found.damage) == (2, ["stored", "frame-2"], None)
    for one, table in zip(found.renderings, tables, strict=True):
        expected = np.frombuffer(table or GREYS, np.uint8).reshape(256, 3)[SHADES]
        assert np.array_equal(np.asarray(one.image.convert("RGB")), expected)


def test_a_last_frame_in_colours_behind_frames_in_greys_is_seen():
    greys = [OTHER.convert("L"), RGB.convert("L")]
    last = OTHER.rotate(180).quantize(64)
    found = decoded(encode(greys[0], "GIF", save_all=True, append_images=[greys[1], last]))
    assert (len(found.renderings), found.damage) == (3, None)
    assert hamming(pdq(found.renderings[2]).value, value(last.convert("RGB"))) <= 4


@pytest.mark.parametrize("extra", [b"", b"\0\0", b"PK\3\4 something else"])
def test_a_gif_without_its_last_byte_or_with_more_behind_it_is_whole(extra):
    content = encode(RGB, "GIF", save_all=True, append_images=[OTHER])
    whole = content[:-1] if extra == b"" else content + extra
    assert frame_count.gif(whole) == frame_count.Count(2)
    assert decoded(whole).damage is None


@given(st.binary(max_size=300))
def test_counting_ends_for_anything(body):
    for begin in (b"GIF89a\1\0\1\0\0\0\0", b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0"):
        for count in (frame_count.gif, frame_count.png, frame_count.tiff):
            assert 0 <= count(begin + body).frames <= 300


def with_thumbnail(image, thumbnail, form="JPEG", orientation=1):
    """An EXIF block written by hand: the library writes no thumbnail."""
    small = encode(thumbnail, "JPEG", quality=95)
    first = struct.pack("<HHHII", 1, 0x0112, 3, 1, orientation) + struct.pack("<I", 26)
    second = struct.pack("<HHHIIHHII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(small)) + bytes(4)
    exif = b"Exif\0\0" + b"II*\0\x08\0\0\0" + first + second + small
    return encode(image, form, exif=exif, quality=95)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_an_embedded_thumbnail_is_a_rendering_of_its_own(form):
    content = with_thumbnail(RGB, OTHER.resize((40, 30)), form)
    found = decoded(content)
    assert names(found) == ["stored", "thumbnail"]
    assert (found.frames, found.damage, found.exif) == (1, None, b"")
    assert hamming(pdq(found.renderings[1]).value, value(OTHER.resize((40, 30)))) <= 20
    assert names(decoded(content, Effort.FAST)) == ["stored"]


def test_where_nothing_can_be_seen_of_the_picture_its_thumbnail_is_compared_and_it_is_partial():
    content = with_thumbnail(RGB, OTHER.resize((40, 30)))
    end = content.index(b"\xff\xd9") + 2  # of the thumbnail, which comes before the picture
    for length in (end, end + 30):
        picture = examine(content[:length], sniff.JPEG)
        assert (picture.trouble, picture.partial) == (None, True)
        assert {one.rendering for one in picture.hashes} == {"thumbnail"}
    assert examine(content[: end - 40], sniff.JPEG).trouble in {Reason.CORRUPT, Reason.TRUNCATED}


def test_a_damaged_thumbnail_is_left_out_and_the_picture_stays_whole():
    content = bytearray(with_thumbnail(RGB, OTHER))
    place = content.index(b"\xff\xd8\xff", 3)
    content[place + 3 : place + 200] = bytes(197)
    found = decoded(bytes(content))
    assert (names(found), found.damage) == (["stored"], None)


def test_a_picture_beyond_the_limit_is_not_replaced_by_its_thumbnail():
    found = decoded(with_thumbnail(RGB.convert("CMYK"), OTHER), max_pixels=3000)
    assert (found.trouble, found.renderings) == (Reason.TOO_MANY_PIXELS, ())


def test_the_second_page_of_an_index_that_names_nothing_is_no_picture():
    content = encode(RGB, "MPO", save_all=True, append_images=[OTHER])
    found = jpeg_parts.parts(content)
    ((begin, end),) = jpeg_parts.beside(content, found)
    assert (content[begin : begin + 2], end) == (b"\xff\xd8", len(content))
    alone = decoded(content[:begin])
    assert (alone.frames, names(alone), alone.damage) == (1, ["stored"], None)
    damaged = decoded(content[: end - 40])
    assert (damaged.frames, names(damaged), damaged.damage) == (2, ["stored"], Reason.TRUNCATED)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_with_the_least_effort_a_picture_is_hashed_as_it_is_shown_too(form, orientation):
    content = with_thumbnail(RGB, OTHER, form, orientation)
    found = decoded(content, Effort.FAST)
    assert found.shown == {1: "identity", 3: "rot180", 6: "rot270", 8: "rot90"}[orientation]


def test_the_decoder_of_tiff_turns_the_pixels_itself():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decoded(encode(RGB, "TIFF", exif=exif), Effort.FAST)
    assert found.shown == "identity"
    assert pdq(found.renderings[0]).value == value(RGB.rotate(-90, expand=True))


def test_a_cursor_is_read_as_the_icon_it_is():
    icon = encode(RGB.resize((32, 32)), "ICO", sizes=[(32, 32)])
    found = decoded(b"\0\0\2\0" + icon[4:])
    assert (found.kind, found.width, found.trouble) == (sniff.CUR, 32, None)
    assert pdq(found.renderings[0]) == pdq(decoded(icon).renderings[0])


@pytest.mark.skipif(not codecs.codec_of(sniff.HEIC), reason="the extra heif is not installed")
def test_pictures_of_a_heic_are_frames_and_the_primary_one_is_the_first():
    import pillow_heif

    assert features.check("avif")  # as in the wheels
    both = pillow_heif.from_pillow(RGB.resize((128, 96)))
    both.add_from_pillow(OTHER.resize((128, 96)))
    stream = io.BytesIO()
    both.save(stream, quality=90, primary_index=1)
    found = decoded(stream.getvalue())
    assert (found.frames, names(found), found.damage) == (2, ["stored", "frame-1"], None)
    assert hamming(pdq(found.renderings[0]).value, value(OTHER.resize((128, 96)))) <= 20


@pytest.mark.skipif(not codecs.codec_of(sniff.HEIC), reason="the extra heif is not installed")
def test_a_heic_that_cannot_be_read_is_damaged_and_a_sequence_is_of_another_form():
    boxes = b"\0\0\0\x18ftyp%b\0\0\0\0mif1heic" + bytes(100)
    assert decoded(boxes % b"heic").trouble is Reason.CORRUPT
    assert decoded(boxes % b"hevc").trouble is Reason.UNSUPPORTED
