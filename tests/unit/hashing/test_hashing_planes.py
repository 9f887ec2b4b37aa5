"""TIFF whose colours lie in planes of their own, and whose numbers have no sign."""

import struct

import numpy as np
import pytest

from hashmatch.hashing import decode, sniff
from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pdq import hamming, pdq
from hashmatch.hashing.pictures import examine
from hashmatch.model.outcomes import Reason

HEIGHT, WIDTH = 60, 90
RGB = draw(Drawing(WIDTH, HEIGHT, 11, 9, 5))
COLOURS = [RGB[..., channel] for channel in range(3)]
INKS = [*(255 - colour for colour in COLOURS), np.zeros((HEIGHT, WIDTH), np.uint8)]
OPAQUE = np.full((HEIGHT, WIDTH), 255, np.uint8)
GREY, AS_RGB, AS_CMYK, AS_LAB = 1, 2, 5, 8


def tiff(strips, tags, order="<"):
    """Write one page that is not packed; every tag holds numbers of 32 bits."""
    behind = b"".join(strips)
    sizes = [len(strip) for strip in strips]
    places = [8 + sum(sizes[:number]) for number in range(len(strips))]
    tags = {256: [WIDTH], 257: [HEIGHT], 259: [1], 273: places, 279: sizes, **tags}
    entries = b""
    for tag, values in sorted(tags.items()):
        data = struct.pack(f"{order}{len(values)}I", *values)
        if len(data) > 4:
            data, behind = struct.pack(f"{order}I", 8 + len(behind)), behind + data
        entries += struct.pack(f"{order}HHI", tag, 4, len(values)) + data
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8 + len(behind))
    return head + behind + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


def in_planes(planes, bits, colours, order="<", rows=HEIGHT, tags=None):
    """Write planes one after the other, each in strips of so many rows."""
    deeper, form = {8: (1, "u1"), 16: (257, f"{order}u2")}[bits]
    samples = [(plane.astype(np.uint32) * deeper).astype(form) for plane in planes]
    strips = [
        plane[first : first + rows].tobytes()
        for plane in samples
        for first in range(0, HEIGHT, rows)
    ]
    told = {258: [bits] * len(planes), 262: [colours], 277: [len(planes)], 278: [rows], 284: [2]}
    return tiff(strips, told | (tags or {}), order)


def decoded(content):
    return decode.decode(content, sniff.picture_kind(content))


def seen(found):
    assert (found.trouble, found.damage) == (None, None)
    return np.asarray(found.renderings[0].image)[..., :3]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("rows", [HEIGHT, 25])
@pytest.mark.parametrize("bits", [8, 16])
def test_colours_in_planes_are_seen_as_they_are(bits, rows, order):
    content = in_planes(COLOURS, bits, AS_RGB, order, rows)
    assert np.array_equal(seen(decoded(content)), RGB)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    ("planes", "colours", "tags"),
    [
        ([*COLOURS, OPAQUE], AS_RGB, {338: [2]}),
        (INKS, AS_CMYK, {}),
    ],
    ids=["with alpha", "inks"],
)
def test_further_planes_are_seen_as_they_are(planes, colours, tags, bits):
    content = in_planes(planes, bits, colours, tags=tags)
    assert np.array_equal(seen(decoded(content)), RGB)


def test_planes_that_would_be_seen_wrongly_are_not_seen():
    content = in_planes(COLOURS, 8, AS_LAB)
    assert decoded(content).trouble is Reason.UNSUPPORTED


def test_deep_planes_of_which_some_are_not_there_do_not_pass_for_a_whole_picture():
    content = in_planes(COLOURS, 16, AS_RGB, tags={273: [8, 8, 1 << 24]})
    picture = examine(content, sniff.TIFF)
    assert picture.trouble or picture.damage


@pytest.mark.parametrize("tags", [{}, {339: [1]}], ids=["not said", "said"])
def test_numbers_without_a_sign_have_none(tags):
    numbers = (COLOURS[0].astype("<u4") * 0x01010101).tobytes()
    content = tiff([numbers], {258: [32], 262: [GREY], 277: [1], 278: [HEIGHT], **tags})
    found = decoded(content)
    assert found.trouble is None
    grey = pdq(Pixels(COLOURS[0])).value
    assert hamming(pdq(found.renderings[0]).value, grey) <= 2


def test_numbers_with_a_sign_keep_it():
    numbers = (COLOURS[0].astype("<i4") - 128) * 0x01010101
    tags = {258: [32], 262: [GREY], 277: [1], 278: [HEIGHT], 339: [2]}
    found = decoded(tiff([numbers.astype("<i4").tobytes()], tags))
    grey = pdq(Pixels(COLOURS[0])).value
    assert hamming(pdq(found.renderings[0]).value, grey) <= 2
