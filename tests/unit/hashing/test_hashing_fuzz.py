"""Damaged pictures of every kind: only reasons come out, never an exception, never a word."""

import io
import random

import pytest
from PIL import Image, PngImagePlugin

from hashmatch.hashing import sniff
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pictures import examine
from hashmatch.model.outcomes import Reason
from hashmatch.model.wanted import Effort, Wanted

MUTATIONS = 200
PIXELS = 200_000  # damage to a size must not make the tests slow
REASONS = {
    *(Reason.CORRUPT, Reason.TRUNCATED, Reason.TOO_MANY_PIXELS, Reason.TOO_SMALL),
    *(Reason.UNSUPPORTED, Reason.OUT_OF_MEMORY),
}
RGB = Image.fromarray(draw(Drawing(40, 32, 6, 5, 9)))
CLEAR = RGB.convert("RGBA")
CLEAR.putalpha(Image.linear_gradient("L").resize(RGB.size))
TEXTS = PngImagePlugin.PngInfo()
for _name in ("exif", "Exif", "icc_profile", "dpi", "gamma", "Raw profile type exif", "xmp"):
    TEXTS.add_text(_name, "45786966 hello", zip=True)
    TEXTS.add_itxt(_name, "hello", "en", "hallo")
TWO = {"save_all": True, "append_images": [RGB.rotate(90)]}

SEEDS = {
    "jpeg": (RGB, "JPEG", {}),
    "progressive jpeg": (RGB, "JPEG", {"progressive": True}),
    "cmyk jpeg": (RGB.convert("CMYK"), "JPEG", {}),
    "several jpegs": (RGB, "MPO", TWO),
    "png": (RGB, "PNG", {}),
    "png of texts": (RGB, "PNG", {"pnginfo": TEXTS}),
    "palette png": (RGB.quantize(16), "PNG", {}),
    "alpha png": (CLEAR, "PNG", {}),
    "animated png": (RGB, "PNG", TWO),
    "animated gif": (RGB, "GIF", TWO),
    "bmp": (RGB, "BMP", {}),
    "palette bmp": (RGB.quantize(16), "BMP", {}),
    "tiff": (RGB, "TIFF", {}),
    "big tiff": (RGB, "TIFF", {"big_tiff": True}),
    "pages": (RGB, "TIFF", TWO),
    "tiff lzw": (RGB, "TIFF", {"compression": "tiff_lzw"}),
    "tiff jpeg": (RGB, "TIFF", {"compression": "jpeg"}),
    "tiff fax": (RGB.convert("1"), "TIFF", {"compression": "group4"}),
    "webp": (RGB, "WEBP", {}),
    "lossless webp": (CLEAR, "WEBP", {"lossless": True}),
    "animated webp": (RGB, "WEBP", TWO),
    "avif": (RGB, "AVIF", {}),
    "jp2": (RGB, "JPEG2000", {}),
    "j2k": (RGB, "JPEG2000", {"no_jp2": True}),
    "icon of png": (RGB.resize((32, 32)), "ICO", {"sizes": [(16, 16), (32, 32)]}),
    "icon of bmp": (RGB.resize((16, 16)), "ICO", {"sizes": [(16, 16)], "bitmap_format": "bmp"}),
    "ppm": (RGB, "PPM", {}),
}


TAILS = {"png": 20}
"""Bytes at the end that hold no pixels, so that without them nothing is missing."""


def encode(image, form, options):
    stream = io.BytesIO()
    if "append_images" in options:  # saving leaves settings on the objects
        options = options | {"append_images": [one.copy() for one in options["append_images"]]}
    image.copy().save(stream, form, **options)
    return stream.getvalue()


def damage(content, chance):
    """Cut off, flip bits, overwrite bytes near the beginning, or take bytes out."""
    changed = bytearray(content)
    match chance.randrange(4):
        case 0:
            del changed[chance.randrange(len(changed)) :]
        case 1:
            for _ in range(chance.randrange(1, 9)):
                changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        case 2:
            for _ in range(chance.randrange(1, 5)):
                place = chance.randrange(min(len(changed), 64))
                changed[place] = chance.choice((0, 127, 128, 255, chance.randrange(256)))
        case _:
            place = chance.randrange(len(changed))
            del changed[place : place + chance.randrange(1, 20)]
    return bytes(changed)


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_no_damage_to_a_picture_raises_or_prints(name, capfd):
    image, form, options = SEEDS[name]
    whole = encode(image, form, options)
    kind = sniff.picture_kind(whole)
    troubled = 0
    for number in range(MUTATIONS):
        content = damage(whole, random.Random(f"{name} {number}"))
        wanted = Wanted(effort=Effort.STANDARD if number % 2 else Effort.FAST)
        picture = examine(content, sniff.picture_kind(content) or kind, PIXELS, wanted)
        assert picture.trouble is None or picture.trouble in REASONS
        assert bool(picture.hashes) is (picture.trouble is None)
        troubled += picture.trouble is not None or picture.partial
    assert troubled > MUTATIONS // 20  # the damage is real
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.parametrize("name", SEEDS)
def test_an_undamaged_seed_is_whole(name):
    picture = examine(encode(*SEEDS[name]), sniff.picture_kind(encode(*SEEDS[name])))
    assert (picture.trouble, picture.partial) == (None, False)


@pytest.mark.parametrize(
    "name", ["jpeg", "png", "animated gif", "tiff lzw", "webp", "avif", "jp2", "bmp", "ppm"]
)
def test_every_length_of_a_cut_off_picture_has_an_answer_and_none_passes_for_whole(name):
    whole = encode(*SEEDS[name])
    for length in range(0, len(whole), max(7, len(whole) // 50)):
        picture = examine(whole[:length], sniff.picture_kind(whole))
        assert picture.trouble in REASONS or picture.hashes
        assert picture.trouble or picture.partial or length >= len(whole) - TAILS.get(name, 0)
