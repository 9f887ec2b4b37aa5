"""On every fixture with enough structure, our PDQ is Meta's, bit for bit, for the same pixels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hashmatch.hashing import pictures, sniff
from hashmatch.model.wanted import Effort, Wanted

pdqhash = pytest.importorskip("pdqhash", reason="Meta's PDQ is not built here; see make oracle")

FOLDER = Path(__file__).parents[2] / "fixtures" / "images"
UNREADABLE = {"corrupt.png", "huge.png"}
FEATURELESS = {"blank.png", "gradient.png"}
NAMES = sorted(p.name for p in FOLDER.iterdir() if p.name not in UNREADABLE)


def pixels(path):
    with Image.open(path) as picture:
        if picture.mode == "I;16":  # Pillow's own conversion clips instead of scaling
            return np.repeat((np.asarray(picture) >> 8).astype(np.uint8)[..., None], 3, axis=2)
        return np.ascontiguousarray(picture.convert("RGB"))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_pixels_give_the_same_hash_and_quality(name):
    content = (FOLDER / name).read_bytes()
    kind = sniff.picture_kind(content[:4096])
    ours = pictures.examine(content, kind, wanted=Wanted(effort=Effort.THOROUGH)).hashes[0]
    bits, quality = pdqhash.compute(pixels(FOLDER / name))
    assert ours.quality == quality
    if name in FEATURELESS:  # rounding decides their bits; they are never compared
        assert quality < 50
    else:
        assert ours.variants[0] == np.packbits(bits.astype(bool)).tobytes()
