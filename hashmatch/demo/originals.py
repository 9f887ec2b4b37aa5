"""The files that the demo's lists are about: benign pictures, a text and a clip of noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hashmatch.demo import drawing
from hashmatch.demo.edits import encoded
from hashmatch.demo.truth import DemoList, Listing, Original, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

_TWO = frozenset({Value.MD5, Value.SHA1})
_THREE = _TWO | {Value.SHA256}
_ALL = _THREE | {Value.PDQ}

PICTURES_PER_EXHIBIT = 1000
"""Seeds of single pictures are this far apart from one exhibit's seed to the next."""


def picture_seed(seed: int, number: int) -> int:
    """Give the seed of one picture of an exhibit; each number gives another picture."""
    return seed * PICTURES_PER_EXHIBIT + number


def make(seed: int) -> Mapping[str, Original]:
    """Make every listed file, by its name.

    Categories are those of ``vic-us`` in the national list and of ``uk-grades`` in the
    hotline's. The values differ on purpose: some records carry a single digest, some only a
    perceptual hash, one carries digests of the empty file, one stands in a benign list as well.
    """
    found = (
        _picture(seed, 1, "all-values.png", Listing(DemoList.NATIONAL, _ALL, "1")),
        _picture(seed, 2, "two-digests.jpg", Listing(DemoList.NATIONAL, _TWO, "2")),
        _picture(
            seed, 3, "digests-and-pdq.jpg", Listing(DemoList.NATIONAL, _TWO | {Value.PDQ}, "3")
        ),
        _picture(seed, 4, "comparison.png", Listing(DemoList.NATIONAL, _TWO, "4")),
        _picture(seed, 5, "uncategorized.jpg", Listing(DemoList.NATIONAL, _THREE, None)),
        _picture(seed, 6, "not-on-the-exhibit.jpg", Listing(DemoList.NATIONAL, _ALL, "1")),
        _picture(seed, 7, "hotline.png", Listing(DemoList.HOTLINE, _ALL, "A")),
        _picture(
            seed,
            8,
            "in-two-lists.jpg",
            Listing(DemoList.NATIONAL, _TWO, "1"),
            Listing(DemoList.HOTLINE, frozenset({Value.SHA256, Value.PDQ}), "B"),
        ),
        _picture(
            seed,
            9,
            "only-similar.png",
            Listing(DemoList.SIMILAR, frozenset({Value.PDQ})),
        ),
        _picture(
            seed,
            10,
            "disputed.jpg",
            Listing(DemoList.NATIONAL, _TWO, "2"),
            Listing(DemoList.KNOWN_GOOD, _THREE),
        ),
        _picture(seed, 11, "wallpaper.jpg", Listing(DemoList.KNOWN_GOOD, _THREE)),
        Original("empty", b"", picture=False, listings=(Listing(DemoList.NATIONAL, _TWO, "1"),)),
        Original(
            "clip.bin",
            np.random.default_rng([seed, 5]).bytes(20_000),
            picture=False,
            listings=(Listing(DemoList.HOTLINE, frozenset({Value.MD5}), "C"),),
        ),
        Original(
            "licence.txt",
            b"Anybody may use this benign file for anything.\n" * 20,
            picture=False,
            listings=(Listing(DemoList.KNOWN_GOOD, _THREE),),
        ),
    )
    return {original.name: original for original in found}


def drawn(seed: int, number: int) -> Image.Image:
    """Draw the picture behind an original, before it was encoded."""
    return drawing.scene(picture_seed(seed, number))


def _picture(seed: int, number: int, name: str, *listings: Listing) -> Original:
    content = as_file(drawn(seed, number), name)
    return Original(name, content, picture=True, listings=listings)


def as_file(picture: Image.Image, name: str) -> bytes:
    """Encode a picture as its name says: PNG or JPEG."""
    if name.endswith(".png"):
        return encoded(picture, "PNG")
    return encoded(picture, "JPEG", quality=90)
