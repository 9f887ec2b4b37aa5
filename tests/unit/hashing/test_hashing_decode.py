"""Decoding: every form of a picture gives the right pixels, every damage gives a reason."""

import io
import struct
import sys
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile, JpegImagePlugin, features

from hashmatch.hashing import codecs, decode, pixels, sniff
from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pdq import hamming, pdq
from hashmatch.hashing.pictures import examine
from hashmatch.model import hashes
from hashmatch.model.hashes import NATIVE
from hashmatch.model.outcomes import Reason
from hashmatch.model.wanted import Effort, Wanted

RGB = Image.fromarray(draw(Drawing(11, 9, 11, 9, 5))).resize((220, 180), Image.Resampling.BICUBIC)
GREY = RGB.convert("L")
TURNED = RGB.rotate(90)


def encode(image, form, **options):
    stream = io.BytesIO()
    image.copy().save(stream, form, **options)  # saving leaves settings on the object
    return stream.getvalue()


def examined(content, max_pixels=1_000_000, effort=Effort.STANDARD):
    kind = sniff.picture_kind(content)
    assert kind is not None
    return examine(content, kind, max_pixels, Wanted(effort=effort))


def distance(content, image):
    """Bits between the hash of a file as stored and that of an image's pixels."""
    picture = examined(content)
    assert picture.trouble is None
    assert not picture.partial
    return hamming(picture.hashes[0].variants[0], pdq(Pixels(np.asarray(image))).value)


def renderings(picture):
    """The names of the renderings in their order, and the native hash as stored of each."""
    return {one.rendering: one.variants[0] for one in picture.hashes if one.phase == hashes.NATIVE}


def native(picture):
    """One hash for each rendering, of its pixels as they are."""
    return [one for one in picture.hashes if one.phase == NATIVE]


def transparent(image, alpha):
    clear = image.convert("RGBA")
    clear.putalpha(alpha)
    return clear


RAMP = Image.linear_gradient("L").resize(RGB.size)
SIXTEEN = Image.fromarray(np.asarray(GREY).astype(np.uint16) * 256 + 77)


def lab():
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.profileToProfile(RGB, *profiles, outputMode="LAB")


LOSSLESS = {
    "png": (RGB, "PNG", {}),
    "bmp": (RGB, "BMP", {}),
    "tiff": (RGB, "TIFF", {}),
    "tiff lzw": (RGB, "TIFF", {"compression": "tiff_lzw"}),
    "tiff deflate": (RGB, "TIFF", {"compression": "tiff_adobe_deflate"}),
    "big tiff": (RGB, "TIFF", {"big_tiff": True}),
    "webp": (RGB, "WEBP", {"lossless": True}),
    "jp2": (RGB, "JPEG2000", {}),
    "j2k": (RGB, "JPEG2000", {"no_jp2": True}),
    "ppm": (RGB, "PPM", {}),
    "opaque alpha": (RGB.convert("RGBA"), "PNG", {}),
    "alpha": (transparent(RGB, RAMP), "PNG", {}),
    "animated png": (RGB, "PNG", {"save_all": True, "append_images": [TURNED]}),
    "pages": (RGB, "TIFF", {"save_all": True, "append_images": [TURNED]}),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_forms_hash_to_the_bit_as_their_pixels(name):
    image, form, options = LOSSLESS[name]
    assert distance(encode(image, form, **options), RGB) == 0


OTHER_MODES = {
    "grey": (GREY, "PNG", GREY),
    "grey and alpha": (GREY.convert("LA"), "PNG", GREY),
    "palette": (RGB.quantize(64), "PNG", RGB.quantize(64).convert("RGB")),
    "palette gif": (RGB.quantize(64), "GIF", RGB.quantize(64).convert("RGB")),
    "one bit": (RGB.convert("1"), "PNG", RGB.convert("1").convert("L")),
    "one bit tiff": (RGB.convert("1"), "TIFF", RGB.convert("1").convert("L")),
    "cmyk": (RGB.convert("CMYK"), "TIFF", RGB),
    "16 bit png": (SIXTEEN, "PNG", GREY),
    "16 bit tiff": (SIXTEEN, "TIFF", GREY),
    "16 bit jp2": (SIXTEEN, "JPEG2000", GREY),
}


@pytest.mark.parametrize("name", OTHER_MODES)
def test_other_modes_are_converted_exactly(name):
    image, form, plain = OTHER_MODES[name]
    assert distance(encode(image, form), plain) == 0


NEARLY = {
    "jpeg": (RGB, "JPEG", {}),
    "progressive jpeg": (RGB, "JPEG", {"progressive": True}),
    "cmyk jpeg": (RGB.convert("CMYK"), "JPEG", {}),
    "grey jpeg": (GREY, "JPEG", {}),
    "several pictures in a jpeg": (RGB, "MPO", {"save_all": True, "append_images": [TURNED]}),
    "jpeg in tiff": (RGB, "TIFF", {"compression": "jpeg"}),
    "webp": (RGB, "WEBP", {"quality": 90}),
    "avif": (RGB, "AVIF", {}),
    "ycbcr": (RGB.convert("YCbCr"), "TIFF", {}),
    "lab": (lab(), "TIFF", {}),
    "float": (GREY.convert("F"), "TIFF", {}),
    "32 bit": (GREY.convert("I"), "TIFF", {}),
}


@pytest.mark.parametrize("name", NEARLY)
def test_lossy_forms_and_conversions_stay_near(name):
    image, form, options = NEARLY[name]
    assert distance(encode(image, form, **options), RGB) <= 12


def test_numbers_of_any_range_are_stretched_and_hash_alike():
    wide = Image.fromarray(np.asarray(GREY, np.float32) * 1e6 - 5e7)
    assert distance(encode(wide, "TIFF"), GREY) <= 4


def test_the_largest_numbers_are_stretched_as_any_others():
    most = float(np.finfo(np.float32).max)
    steps = Image.fromarray(((np.asarray(GREY, np.float64) / 127.5 - 1.0) * most).astype("f4"))
    assert distance(encode(steps, "TIFF"), GREY) <= 4


def test_numbers_are_stretched_by_the_range_of_all_strips(monkeypatch):
    whole = examined(encode(GREY.convert("F"), "TIFF"))
    monkeypatch.setattr(pixels, "_STRIP", 7 * GREY.width)
    assert examined(encode(GREY.convert("F"), "TIFF")) == whole


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_numbers_without_range_are_a_picture_of_one_colour(value):
    flat = Image.fromarray(np.full((20, 20), value, np.float32))
    picture = examined(encode(flat, "TIFF"))
    assert (picture.trouble, picture.hashes[0].quality) == (None, 0)


def test_transparency_gives_two_renderings():
    picture = examined(encode(transparent(RGB, RAMP), "PNG"))
    found = renderings(picture)
    assert list(found) == ["stored", "on-white"]
    white = Image.new("RGBA", RGB.size, "white")
    white.alpha_composite(transparent(RGB, RAMP))
    expected = pdq(Pixels(np.asarray(white.convert("RGB"))))
    assert hamming(found["on-white"], expected.value) <= 2
    assert found["stored"] == pdq(Pixels(np.asarray(RGB))).value


def test_a_picture_hidden_under_full_transparency_is_found():
    hidden = transparent(RGB, Image.new("L", RGB.size, 0))
    picture = examined(encode(hidden, "PNG"))
    assert renderings(picture)["stored"] == pdq(Pixels(np.asarray(RGB))).value
    on_white = [one.quality for one in picture.hashes if one.rendering == "on-white"]
    assert set(on_white) == {0}


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_a_transparent_palette_entry_gives_two_renderings(form):
    content = encode(RGB.quantize(16), form, transparency=3)
    assert list(renderings(examined(content))) == ["stored", "on-white"]


@pytest.mark.parametrize(
    ("form", "frames"), [("GIF", 3), ("PNG", 3), ("WEBP", 3), ("TIFF", 3), ("AVIF", 3), ("MPO", 3)]
)
def test_frames_are_counted_and_each_is_hashed(form, frames):
    more = [RGB.rotate(180), RGB.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    content = encode(RGB, form, save_all=True, append_images=more)
    picture = examined(content)
    assert (picture.frames, picture.trouble, picture.partial) == (frames, None, False)
    found = renderings(picture)
    assert list(found) == ["stored", "frame-2", "frame-3"]
    with Image.open(io.BytesIO(content)) as opened:
        for place, value in enumerate(found.values()):
            opened.seek(place)
            expected = pdq(Pixels(np.asarray(opened.convert("RGB")))).value
            assert hamming(value, expected) <= 4  # grey of a JPEG is not computed from its colours
    fast = examined(content, effort=Effort.FAST)
    assert (fast.frames, list(renderings(fast))) == (frames, ["stored"])


def test_an_icon_gives_its_largest_picture():
    content = encode(RGB.resize((64, 64)), "ICO", sizes=[(16, 16), (64, 64)])
    picture = examined(content)
    assert (picture.width, picture.height) == (64, 64)
    assert picture.hashes


def test_stored_orientation_is_hashed_not_the_shown_one():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = examined(encode(RGB, "JPEG", exif=exif, quality=95))
    plain = examined(encode(RGB, "JPEG", quality=95))
    assert turned.hashes == plain.hashes
    assert (turned.width, turned.height) == RGB.size


BIG = Image.fromarray(draw(Drawing(31, 23, 31, 23, 6))).resize(
    (2063, 2111), Image.Resampling.BICUBIC
)


@pytest.mark.parametrize(
    ("size", "reduction"),
    [((719, 2000), 1), ((720, 800), 2), ((1023, 1500), 2), ((1441, 1451), 4), ((2881, 2890), 8)],
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_large_jpeg_is_decoded_in_part_and_hashes_as_if_it_were_not(size, reduction, mode):
    content = encode(BIG.resize(size).convert(mode), "JPEG", quality=92)
    decoded = decode.decode(content, sniff.JPEG)
    (rendering,) = decoded.renderings
    assert rendering.reduction == reduction
    assert rendering.image.size == tuple(-(-side // reduction) for side in size)
    assert (decoded.width, decoded.height) == size
    full = pdq(Pixels(np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))))
    found = pdq(rendering)
    assert hamming(found.value, full.value) <= 6
    assert abs(found.quality - full.quality) <= 2


def test_the_first_of_several_large_pictures_in_a_jpeg_is_decoded_in_part_too():
    more = {"save_all": True, "append_images": [BIG.resize((1450, 1600))]}
    content = encode(BIG.resize((1451, 1700)), "MPO", **more)
    rendering, second = decode.decode(content, sniff.JPEG).renderings
    full = pdq(Pixels(np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))))
    assert rendering.reduction == second.reduction == 4
    assert hamming(pdq(rendering).value, full.value) <= 6


def test_a_decoder_that_gives_no_fraction_is_taken_at_its_word(monkeypatch):
    content = encode(BIG.resize((1024, 1200)), "JPEG")
    full = pdq(Pixels(np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))))
    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "draft", lambda *_: None)
    (rendering,) = decode.decode(content, sniff.JPEG).renderings
    assert rendering.reduction == 1
    assert pdq(rendering) == full


@pytest.mark.parametrize("form", ["GIF", "TIFF"])
def test_damage_behind_the_first_frame_does_not_cost_the_first_its_hash(form):
    one = encode(RGB, form)
    two = bytearray(encode(RGB, form, save_all=True, append_images=[TURNED.copy()]))
    if form == "GIF":
        two[len(one) + 20 :] = b"\x21\xff"  # an extension that does not go on
    else:
        first = int.from_bytes(two[4:8], "little")
        entries = int.from_bytes(two[first : first + 2], "little")
        link = first + 2 + 12 * entries
        two[link : link + 4] = b"\x03\x00\x00\x00"  # the next directory lies inside the header
    picture = examined(bytes(two))
    assert picture.hashes == examined(one).hashes
    assert picture.trouble is None


def test_a_damaged_large_jpeg_is_hashed_in_part():
    content = encode(BIG.resize((1200, 1200)), "JPEG")
    picture = examined(content[: len(content) * 3 // 4], 2_000_000)
    assert (picture.trouble, picture.partial) == (None, True)


def truncated(form, keep, **options):
    content = encode(RGB, form, **options)
    return content[: int(len(content) * keep)]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "PPM"])
def test_a_truncated_picture_is_hashed_and_marked_partial(form):
    picture = examined(truncated(form, 0.9))
    assert (picture.trouble, picture.partial) == (None, True)
    assert (picture.width, picture.height) == RGB.size
    assert hamming(picture.hashes[0].variants[0], pdq(Pixels(np.asarray(RGB))).value) < 100


@pytest.mark.parametrize("form", ["WEBP", "AVIF", "JPEG2000"])
def test_truncation_that_cannot_be_passed_over_is_a_reason(form):
    picture = examined(truncated(form, 0.5))
    assert picture.trouble in {Reason.CORRUPT, Reason.TRUNCATED}
    assert picture.hashes == ()


def test_a_tiff_cut_off_before_its_directory_is_truncated():
    for big in (False, True):
        content = truncated("TIFF", 0.5, compression="tiff_lzw", big_tiff=big)
        assert examined(content).trouble is Reason.TRUNCATED


@pytest.mark.parametrize("order", [b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"])
def test_a_tiff_of_unknown_structure_is_not_called_corrupt(order):
    assert examined(order + bytes(100)).trouble is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    "head",
    [
        b"8BPS\0\1" + bytes(100),
        b"\xff\x0a" + bytes(100),
        b"FUJIFILMCCD-RAW " + bytes(100),
        pytest.param(
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
            marks=pytest.mark.skipif(bool(codecs.codec_of(sniff.HEIC)), reason="it is decoded"),
        ),
    ],
)
def test_known_kinds_without_a_decoder_are_unsupported(head):
    picture = examined(head)
    assert (picture.trouble, picture.width, picture.hashes) == (Reason.UNSUPPORTED, 0, ())


def test_a_kind_nobody_knows_is_unsupported():
    assert examine(b"x", "image/x-new").trouble is Reason.UNSUPPORTED


@pytest.mark.parametrize("kind", [sniff.JPEG, sniff.PNG, sniff.GIF, sniff.TIFF, sniff.WEBP])
@pytest.mark.parametrize("content", [b"", b"\xff", bytes(5000)])
def test_content_that_is_not_what_its_kind_says_is_a_reason(kind, content):
    picture = examine(content, kind)
    assert picture.trouble in {Reason.CORRUPT, Reason.TRUNCATED, Reason.UNSUPPORTED}
    assert (picture.width, picture.frames) == (0, 0)


def png_of(width, height):
    """The header of a PNG, with a few bytes of pixels: a picture that promises far more."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


def test_too_many_pixels_are_refused_by_the_header_and_named_with_their_size():
    picture = examine(png_of(60_000, 50_000), sniff.PNG)
    assert picture.trouble is Reason.TOO_MANY_PIXELS
    assert (picture.width, picture.height, picture.frames) == (60_000, 50_000, 1)


def test_the_limit_is_inclusive():
    content = encode(RGB, "PNG")
    assert examine(content, sniff.PNG, 220 * 180).trouble is None
    assert examine(content, sniff.PNG, 220 * 180 - 1).trouble is Reason.TOO_MANY_PIXELS


def test_a_jpeg_may_be_larger_unless_it_is_progressive_or_has_four_colours():
    limit = RGB.width * RGB.height // decode.JPEG_FACTOR
    assert examine(encode(RGB, "JPEG"), sniff.JPEG, limit).trouble is None
    assert examine(encode(RGB, "JPEG"), sniff.JPEG, limit - 1).trouble is Reason.TOO_MANY_PIXELS
    for image, options in ((RGB, {"progressive": True}), (RGB.convert("CMYK"), {})):
        picture = examine(encode(image, "JPEG", **options), sniff.JPEG, limit)
        assert picture.trouble is Reason.TOO_MANY_PIXELS


def test_what_is_beyond_the_limit_is_decoded_at_a_fraction_even_where_all_is_asked_for():
    content = encode(BIG.resize((1500, 1440)), "JPEG")
    for limit, reduction in ((1500 * 1440, 1), (1500 * 1440 - 1, 4)):
        found = decode.decode(content, sniff.JPEG, limit, in_full=True)
        assert [one.reduction for one in found.renderings] == [reduction]


def test_a_container_that_holds_more_than_it_says_is_refused():
    """An icon of 16 x 16 by its directory, of 900 megapixels by the PNG inside."""
    bomb = png_of(30_000, 30_000)
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(bomb), 22)
    picture = examine(struct.pack("<HHH", 0, 1, 1) + entry + bomb, sniff.ICO)
    assert picture.trouble is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("size", [(4, 100), (100, 4), (1, 1)])
def test_too_few_pixels_are_a_reason(size):
    picture = examined(encode(Image.new("RGB", size), "PNG"))
    assert picture.trouble is Reason.TOO_SMALL
    assert (picture.width, picture.height) == size


def test_memory_that_runs_out_is_a_reason(monkeypatch):
    def refuse(*_):
        raise MemoryError

    content = encode(RGB, "PNG")
    with monkeypatch.context() as patch:
        patch.setattr(ImageFile.ImageFile, "load", refuse)
        assert examined(content).trouble is Reason.OUT_OF_MEMORY
    with monkeypatch.context() as patch:
        patch.setattr(pixels.Rendering, "rows", refuse)
        picture = examined(content)
    assert (picture.trouble, picture.hashes) == (Reason.OUT_OF_MEMORY, ())
    assert (picture.width, picture.height) == RGB.size


def test_a_conversion_that_fails_is_a_reason(monkeypatch):
    content = encode(lab(), "TIFF")
    monkeypatch.setattr(ImageCms, "profileToProfile", lambda *_, **__: None)
    assert examined(content).trouble is Reason.CORRUPT


def test_settings_of_the_library_are_put_back():
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)
    examined(encode(RGB, "PNG"))
    examined(truncated("JPEG", 0.5))
    examine(png_of(60_000, 50_000), sniff.PNG)
    after = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)
    assert after == before


def test_nothing_is_printed_about_damaged_pictures(capfd):
    content = bytearray(encode(RGB, "TIFF", compression="tiff_lzw"))
    content[8:2000] = bytes(1992)
    examined(bytes(content))
    examined(truncated("TIFF", 0.3))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_only_the_decoders_that_are_allowed_are_ever_used():
    assert {name for name, _ in codecs._CODECS.values()} == {
        *("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "ICO", "PPM")
    }
    disguised = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
    for kind in codecs._CODECS:
        assert examine(disguised, kind).hashes == ()


def test_a_decoder_that_pillow_was_built_without_is_unsupported(monkeypatch):
    assert features.check("avif")
    monkeypatch.delitem(Image.OPEN, "AVIF")
    assert examined(encode(RGB, "AVIF")).trouble is Reason.UNSUPPORTED


FAKE_HEIF = """
from PIL import Image

def register_heif_opener():
    Image.register_open("HEIF", lambda stream, name: Image.new("RGB", (20, 10)), lambda head: True)
"""


def test_heic_is_decoded_when_the_optional_package_is_there(tmp_path, monkeypatch):
    (tmp_path / "pillow_heif.py").write_text(FAKE_HEIF)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # what is imported goes afterwards
    del sys.modules["pillow_heif"]
    codecs._heif_is_there.cache_clear()
    monkeypatch.setitem(Image.OPEN, "HEIF", None)  # taken out again afterwards
    picture = examine(b"\0\0\0\x18ftypheic", sniff.HEIC)
    codecs._heif_is_there.cache_clear()
    assert (picture.width, picture.height, picture.trouble) == (20, 10, None)
    assert picture.hashes[0].quality == 0


def test_a_rendering_gives_rows_of_whole_numbers():
    clear = transparent(RGB, RAMP)
    on_white = pixels.Rendering("frame-2", clear, (clear.height, clear.width), on_white=True)
    rows = on_white.rows(3, 9)
    assert rows.shape == (6, 220, 3)
    assert rows.dtype.kind == "u"
    assert rows.max() <= 255


def test_low_quality_is_hashed_and_says_so():
    picture = examined(encode(Image.new("RGB", (50, 50), "navy"), "PNG"))
    assert picture.trouble is None
    assert picture.hashes[0].quality == 0
    assert len(picture.hashes[0].variants) >= 8
