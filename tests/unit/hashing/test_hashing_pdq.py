"""PDQ as Meta computes it, and what the names of the variants mean."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hashmatch.hashing import grid
from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pdq import MIN_SIDE, hamming, pdq
from hashmatch.model.hashes import VARIANTS

pdqhash = pytest.importorskip("pdqhash", reason="Meta's PDQ is not built here; see make oracle")


def reference(array):
    """All eight hashes and the quality, by Meta's C++."""
    bits, quality = pdqhash.compute_dihedral(np.ascontiguousarray(array))
    return [np.packbits(one.astype(bool)).tobytes() for one in bits], quality


def drawn(width, height, seed=1, blocks=(11, 9)):
    """A picture with features; blocks are blurred so that no coefficient is zero by symmetry."""
    picture = Image.fromarray(draw(Drawing(*blocks, *blocks, seed)))
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


SIZES = [
    *[(5, 5), (5, 900), (900, 5), (7, 13), (63, 64), (64, 63), (64, 64), (65, 67), (127, 128)],
    *[(128, 128), (129, 257), (200, 150), (333, 500), (511, 513), (640, 480), (1000, 31)],
    *[(1023, 769), (1280, 960), (1999, 1501)],
]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_equal_to_metas_for_every_size(width, height):
    array = drawn(width, height)
    hashes, quality = reference(array)
    found = pdq(Pixels(array))
    assert [one.hex() for one in found.variants] == [one.hex() for one in hashes]
    assert found.quality == quality
    assert found.value == hashes[0]


@pytest.mark.parametrize("seed", range(20))
def test_equal_to_metas_for_pure_noise(seed):
    rng = np.random.default_rng(seed)
    width, height = rng.integers(64, 400, 2)
    array = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    hashes, quality = reference(array)
    found = pdq(Pixels(array))
    assert list(found.variants) == hashes
    assert found.quality == quality


def test_grey_pixels_equal_rgb_pixels_of_the_same_grey():
    grey = drawn(300, 200)[..., 1]
    assert pdq(Pixels(grey)) == pdq(Pixels(np.stack([grey] * 3, axis=-1)))


def test_any_number_type_gives_the_same_hash():
    array = drawn(90, 80)
    assert pdq(Pixels(array.astype(np.float64))) == pdq(Pixels(array))


TURNED = {
    "identity": lambda a: a,
    "rot90": np.rot90,  # counter-clockwise
    "rot180": lambda a: np.rot90(a, 2),
    "rot270": lambda a: np.rot90(a, 3),
    "flipx": np.flipud,  # about the x axis: upside down
    "flipy": np.fliplr,
    "transpose": lambda a: a.swapaxes(0, 1),
    "antitranspose": lambda a: np.rot90(a, 2).swapaxes(0, 1),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_the_hash_of_the_really_turned_picture(name):
    """Of 64 x 64 pixels, where the filter changes nothing, to the last bit."""
    array = np.random.default_rng(3).integers(0, 256, (64, 64), dtype=np.uint8)
    found = pdq(Pixels(array)).variants[VARIANTS.index(name)]
    assert found == pdq(Pixels(np.ascontiguousarray(TURNED[name](array)))).value


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_of_a_large_picture_is_within_31_bits_of_the_hash_of_the_turned_one(name):
    array = drawn(700, 500)
    found = pdq(Pixels(array)).variants[VARIANTS.index(name)]
    assert hamming(found, pdq(Pixels(TURNED[name](array))).value) <= 31


def test_the_eight_variants_of_a_picture_with_features_are_far_apart():
    variants = pdq(Pixels(drawn(300, 200))).variants
    assert min(hamming(a, b) for a in variants for b in variants if a is not b) > 60


@pytest.mark.parametrize("size", [(MIN_SIDE - 1, 100), (100, MIN_SIDE - 1), (1, 1)])
def test_too_few_pixels_are_refused(size):
    with pytest.raises(ValueError, match="at least 5 pixels"):
        pdq(Pixels(np.zeros(size, np.uint8)))


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_a_picture_of_one_colour_has_quality_0(level):
    assert pdq(Pixels(np.full((90, 120, 3), level, np.uint8))).quality == 0


def test_a_very_long_side_falls_back_to_fractions_and_stays_equal_to_metas():
    """From 32,768 pixels on, sums of whole weights no longer fit single precision exactly."""
    array = drawn(40_000, 50, blocks=(40, 16))
    hashes, quality = reference(array)
    found = pdq(Pixels(array))
    assert found.value == hashes[0]
    assert found.quality == quality


@pytest.mark.parametrize("reduction", [2, 4, 8])
@pytest.mark.parametrize("size", [(1024, 768), (1031, 777), (600, 2050)])
def test_folding_onto_means_of_blocks_stays_near_the_hash_of_all_pixels(reduction, size):
    width, height = size
    array = drawn(width, height, blocks=(23, 17))
    right, below = -width % reduction, -height % reduction
    padded = np.pad(array.astype(float), ((0, below), (0, right), (0, 0)), mode="edge")
    tall, wide = padded.shape[0] // reduction, padded.shape[1] // reduction
    means = padded.reshape(tall, reduction, wide, reduction, 3).mean(axis=(1, 3))

    class Reduced(Pixels):
        size = (height, width)

    assert hamming(pdq(Reduced(means, reduction)).value, pdq(Pixels(array)).value) <= 6


def test_rows_are_asked_for_in_strips_and_in_order():
    asked = []

    class Watched(Pixels):
        def rows(self, first, last):
            asked.append((first, last))
            return super().rows(first, last)

    array = np.zeros((2000, 3000), np.uint8)
    pdq(Watched(array))
    assert max(last - first for first, last in asked) * 3000 < 400_000
    assert asked == sorted(asked)
    assert asked[-1][1] <= 2000


@pytest.mark.parametrize("size", [(5, 5), (7, 2000), (300, 310), (1200, 1100), (80, 20_000)])
@pytest.mark.parametrize("colours", [(), (3,)])
def test_very_long_rows_give_the_same_without_lines_of_their_length(monkeypatch, size, colours):
    array = np.random.default_rng(1).integers(0, 256, (*size, *colours), dtype=np.uint8)
    monkeypatch.setattr(grid, "_WIDE", 1 << 30)
    plain = grid.grids_of(Pixels(array), (0, 512, 1024))
    monkeypatch.setattr(grid, "_WIDE", 1)
    monkeypatch.setattr(grid, "_BAND", 3 * size[1])
    for one, other in zip(grid.grids_of(Pixels(array), (0, 512, 1024)), plain, strict=True):
        assert np.array_equal(one, other)


def test_memory_for_very_long_rows_stays_near_that_of_the_picture():
    array = np.zeros((5, 400_000, 3), np.uint8)
    tracemalloc.start()
    grid.grids_of(Pixels(array), (0, 512, 1024))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10 * array.nbytes


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_hamming_counts_differing_bits(one, other):
    assert hamming(one, other) == sum(
        (a >> k & 1) != (b >> k & 1) for a, b in zip(one, other, strict=True) for k in range(8)
    )


@given(st.integers(5, 300), st.integers(5, 300), st.integers(0, 5))
@settings(deadline=None, max_examples=40)
def test_any_size_gives_eight_hashes_and_a_quality(width, height, seed):
    array = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    found = pdq(Pixels(array))
    assert [len(one) for one in found.variants] == [32] * 8
    assert 0 <= found.quality <= 100
    assert found.quality == pdqhash.compute(np.stack([array] * 3, axis=-1))[1]
