"""What is hashed at each effort, sizes at which a picture is seen, and borders taken away."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from hashmatch.demo.drawing import scene
from hashmatch.hashing import grid, sniff, windows
from hashmatch.hashing.grid import Pixels, grids_of
from hashmatch.hashing.pdq import BOTH, IDENTITY, INVERTED, hamming, pdq, pdq_seen
from hashmatch.hashing.phases import perceived
from hashmatch.hashing.pictures import examine
from hashmatch.hashing.pixels import Rendering
from hashmatch.hashing.trim import inmost, trimmed
from hashmatch.model.hashes import VARIANTS, Method
from hashmatch.model.wanted import Effort, Wanted

SCENE = scene(21, (400, 300))
LARGE = SCENE.resize((1440, 1080), Image.Resampling.BICUBIC)


def rendering(image, reduction=1):
    return Rendering(
        "frame-3", image, (image.height * reduction, image.width * reduction), reduction
    )


def seen(array, *sizes):
    return [one.value for one in pdq_seen(Pixels(array), dict.fromkeys(sizes, IDENTITY))]


PLAIN_TABLE = {
    Effort.FAST: [("native", IDENTITY)],
    Effort.STANDARD: [("native", INVERTED), ("512", IDENTITY), ("1024", IDENTITY)],
    Effort.THOROUGH: [("native", BOTH), ("512", BOTH), ("1024", BOTH)],
}
BORDER_TABLE = {
    Effort.FAST: [],
    Effort.STANDARD: [("trimmed", VARIANTS), ("trimmed-512", IDENTITY)],
    Effort.THOROUGH: [("trimmed", BOTH), ("trimmed-512", BOTH)],
}


@pytest.mark.parametrize("effort", Effort)
def test_the_effort_decides_which_hashes_are_made(effort):
    bordered = ImageOps.expand(SCENE, 20, "black")
    for image, more in ((SCENE, []), (bordered, BORDER_TABLE[effort])):
        found = perceived(rendering(image), effort)
        assert [(one.phase, one.names) for one in found] == PLAIN_TABLE[effort] + more
        assert {one.rendering for one in found} == {"frame-3"}
        assert {one.method for one in found} == {Method.PDQ}
        assert all(len(one.variants) == len(one.names) for one in found)
        assert found[0].variants[0] == pdq(Pixels(np.asarray(image))).value


def test_every_phase_turns_as_the_native_one_does():
    found = perceived(rendering(SCENE), Effort.THOROUGH)
    turned = perceived(rendering(ImageOps.mirror(SCENE)), Effort.THOROUGH)
    at = INVERTED.index("flipy")
    for one, other in zip(found, turned, strict=True):
        assert hamming(one.variants[at], other.variants[0]) <= 24


def test_the_inverted_picture_is_found_without_being_made():
    array = np.asarray(SCENE)
    found = pdq(Pixels(array), INVERTED)
    assert found.variants[:8] == pdq(Pixels(array)).variants
    assert INVERTED[:8] == VARIANTS
    assert hamming(found.variants[8], pdq(Pixels(255 - array)).value) == 0
    assert hamming(found.variants[8], found.value) == 256


@pytest.mark.parametrize("name", VARIANTS)
def test_the_inverted_picture_is_found_turned_and_mirrored_too(name):
    array = np.asarray(SCENE)
    found = dict(zip(BOTH, pdq(Pixels(array), BOTH).variants, strict=True))
    complement = dict(zip(VARIANTS, pdq(Pixels(255 - array)).variants, strict=True))
    inverted = "inverted" if name == "identity" else f"inverted-{name}"
    assert hamming(found[inverted], complement[name]) <= 2


def test_a_bordered_picture_that_was_turned_is_found():
    listed = pdq(Pixels(np.asarray(SCENE))).value
    bordered = ImageOps.expand(SCENE, 20, "black").transpose(Image.Transpose.ROTATE_90)
    found = {one.phase: one for one in perceived(rendering(bordered), Effort.STANDARD)}
    assert min(hamming(one, listed) for one in found["native"].variants) > 31
    assert min(hamming(one, listed) for one in found["trimmed"].variants) <= 24


def test_every_rendering_of_a_file_goes_through_all_phases():
    clear = SCENE.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(SCENE.size))
    content = io.BytesIO()
    clear.save(content, "PNG")
    picture = examine(content.getvalue(), sniff.PNG, wanted=Wanted(effort=Effort.THOROUGH))
    for name in ("stored", "on-white"):
        phases = [one.phase for one in picture.hashes if one.rendering == name]
        assert phases[:3] == ["native", "512", "1024"]


def averaged(length, side):
    """Means over what each of ``side`` equal parts covers of ``length`` pixels."""
    edges = np.arange(side + 1) * length / side
    pixels = np.arange(length)
    low, high = edges[:-1, None], edges[1:, None]
    covered = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None)
    return covered / covered.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "size", [(640, 480), (1200, 901), (512, 512), (100, 75), (33, 700), (5, 7)]
)
@pytest.mark.parametrize("side", [512, 1024])
def test_a_phase_is_the_hash_of_the_really_resampled_picture(size, side):
    array = np.asarray(SCENE.convert("L").resize(size), np.float64)
    made = averaged(size[1], side) @ array @ averaged(size[0], side).T
    (found,) = seen(array.round(), side)
    assert hamming(found, pdq(Pixels(made)).value) <= 2


def test_at_its_own_size_a_picture_is_seen_as_it_is():
    array = np.asarray(SCENE.resize((512, 512)))
    native, same = grids_of(Pixels(array), (windows.NATIVE_SIZE, 512))
    assert abs(native - same).max() < 0.01


@pytest.mark.parametrize("reduction", [2, 4, 8])
def test_phases_of_a_reduced_picture_are_near_those_of_all_pixels(reduction):
    array = np.asarray(LARGE.convert("L"))
    means = array.reshape(1080 // reduction, reduction, 1440 // reduction, reduction).mean((1, 3))

    class Reduced(Pixels):
        size = array.shape

    turns = dict.fromkeys((0, 512, 1024), IDENTITY)
    reduced = pdq_seen(Reduced(means.round(), reduction), turns)
    for one, other in zip(reduced, pdq_seen(Pixels(array), turns), strict=True):
        assert hamming(one.value, other.value) <= 4


LENGTHS = st.one_of(st.integers(5, 300), st.sampled_from([512, 1024, 1999, 4032, 9001]))


@given(LENGTHS, st.sampled_from([1, 2, 4, 8]), st.sampled_from([0, 512, 1024]))
@settings(deadline=None, max_examples=60)
def test_windows_lie_within_the_side_and_their_weights_add_up(length, reduction, size):
    side = windows.windows(length, reduction, size, np.arange(windows.POINTS))
    divisor = windows.divisor(length, size)
    assert side.firsts.min() >= 0
    assert side.lasts.max() <= -(-length // reduction)
    assert (side.firsts < side.lasts).all()
    assert np.allclose(side.weights.sum(axis=1), divisor, rtol=1e-12)
    whole = side.weights[side.whole]
    assert (whole == whole.round()).all()
    assert divisor * 255 < 1 << 24
    beyond = np.arange(side.weights.shape[1]) >= (side.lasts - side.firsts)[:, None]
    assert (side.weights[beyond] == 0).all()


@given(st.integers(5, 300), st.integers(5, 60), st.integers(0, 9))
@settings(deadline=None, max_examples=30)
def test_sums_in_single_precision_are_exact_so_that_no_processor_gives_others(height, width, seed):
    samples = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    exact = 0
    for block in grid._row_blocks(height, 1, (0, 512, 1024)):
        if block.weights.dtype != np.float32:
            continue
        part = samples[block.first : block.last]
        assert (block.weights @ part.astype(np.float32) == block.weights.astype(int) @ part).all()
        exact += 1
    assert exact >= 12


def test_a_size_seen_alone_or_with_others_gives_the_same_grid_and_hashes():
    array = np.asarray(LARGE)
    together = grids_of(Pixels(array), (0, 512, 1024))
    alone = [grids_of(Pixels(array), (size,))[0] for size in (0, 512, 1024)]
    assert all((one == other).all() for one, other in zip(together, alone, strict=True))
    turns = {0: BOTH, 512: IDENTITY, 1024: INVERTED}
    hashes = [pdq_seen(Pixels(array), {size: names})[0] for size, names in turns.items()]
    assert pdq_seen(Pixels(array), turns) == tuple(hashes)


def test_weights_that_are_kept_are_bounded():
    for kept in (grid._kept_row_blocks, grid._kept_column_blocks):
        assert 0 < kept.cache_info().maxsize <= 128
        kept.cache_clear()
    array = np.random.default_rng(1).integers(0, 256, (5, grid._KEPT + 1), dtype=np.uint8)
    wide, long = pdq(Pixels(array)), pdq(Pixels(np.ascontiguousarray(array.T)))
    assert wide.variants[VARIANTS.index("transpose")] == long.value
    sides = (grid._kept_row_blocks, grid._kept_column_blocks)
    assert [kept.cache_info().currsize for kept in sides] == [1, 1]  # of the short sides


@pytest.mark.parametrize("colour", ["black", "white", "#707070", "#802020"])
@pytest.mark.parametrize(
    "border", [(20, 20, 20, 20), (0, 60, 0, 60), (50, 0, 70, 0), (0, 0, 0, 90), (1, 1, 1, 1)]
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_border_of_any_colour_is_taken_off_exactly(colour, border, mode):
    image = ImageOps.expand(SCENE, border, colour).convert(mode)
    found = trimmed(Pixels(np.asarray(image)))
    left, top, _, _ = border
    assert (found.top, found.bottom, found.left, found.right) == (
        *(top, top + SCENE.height),
        *(left, left + SCENE.width),
    )
    whole = pdq(Pixels(np.asarray(SCENE.convert(mode)))).value
    assert pdq(found).value == whole


def test_a_border_in_a_jpeg_is_taken_off_well_enough_to_be_found():
    content = io.BytesIO()
    ImageOps.expand(LARGE, 150, "black").save(content, "JPEG", quality=60)
    listed = pdq(Pixels(np.asarray(LARGE))).value
    by_phase = {
        one.phase: hamming(one.variants[0], listed)
        for one in examine(content.getvalue(), sniff.JPEG).hashes
    }
    assert by_phase["native"] > 60
    assert by_phase["trimmed"] <= 10
    assert by_phase["trimmed-512"] <= 31


def test_no_border_is_found_where_there_is_none():
    assert trimmed(Pixels(np.asarray(SCENE))) is None


@pytest.mark.parametrize("size", [(300, 200), (6, 8), (5, 5), (2000, 40)])
def test_no_more_than_a_third_is_taken_from_a_side_and_something_is_left(size):
    found = trimmed(Pixels(np.zeros(size, np.uint8)))
    if found is None:
        assert min(size) < 15
        return
    assert found.size == tuple(side - 2 * (side // 3) for side in size)


def test_a_page_between_bars_keeps_its_own_margins():
    page = ImageOps.expand(SCENE, 40, "white")
    found = trimmed(Pixels(np.asarray(ImageOps.expand(page, (0, 50), "black"))))
    assert (found.top, found.bottom) == (50, 50 + page.height)
    assert (found.left, found.right) == (0, page.width)


def nested(image, width, colours):
    for colour in colours:
        image = ImageOps.expand(image, width, colour)
    return image


@pytest.mark.parametrize("colours", [("white", "black"), ("white", "black", "grey")])
def test_borders_within_a_border_are_taken_away(colours):
    bordered = nested(SCENE, 20, colours)
    inner = inmost(trimmed(Pixels(np.asarray(bordered))))
    width = 20 * len(colours)
    assert (inner.top, inner.bottom) == (width, width + SCENE.height)
    assert (inner.left, inner.right) == (width, width + SCENE.width)


def test_there_may_be_nothing_within_a_border():
    assert inmost(trimmed(Pixels(np.asarray(nested(SCENE, 20, ["black"]))))) is None


def test_no_more_than_a_third_is_taken_by_all_borders():
    array = np.asarray(nested(Image.new("L", (60, 60), 128), 100, ["white", "black"]))
    inner = inmost(trimmed(Pixels(array)))
    assert inner.size == (154, 154)  # 460, and 153 from each side


@pytest.mark.parametrize("quality", [90, 40])
@pytest.mark.parametrize("colours", [("white", "black"), ("grey", "white", "black")])
def test_a_picture_in_several_borders_is_found_at_standard_effort(quality, colours):
    """The edges between borders ring in JPEG, and in a shrunken picture they are soft."""
    bordered = nested(LARGE, 60, colours)
    content = io.BytesIO()
    bordered.resize((bordered.width * 7 // 10, bordered.height * 7 // 10)).save(
        content, "JPEG", quality=quality
    )
    listed = pdq(Pixels(np.asarray(LARGE))).value
    by_phase = {
        one.phase: min(hamming(value, listed) for value in one.variants)
        for one in examine(content.getvalue(), sniff.JPEG).hashes
    }
    assert by_phase["trimmed"] > 60
    assert by_phase["trimmed-inmost"] <= 16


def test_slow_shading_is_no_border():
    shade = np.repeat(np.linspace(0, 255, 300).astype(np.uint8)[:, None], 200, axis=1)
    found = trimmed(Pixels(shade))
    assert found.top < 20
    assert found.bottom > 280


def test_a_large_picture_is_not_read_as_a_whole_to_find_its_border():
    asked = []

    class Watched(Pixels):
        def rows(self, first, last):
            asked.append(last - first)
            return super().rows(first, last)

    array = np.asarray(ImageOps.expand(LARGE.resize((1600, 1200)), 100, "black"))
    found = trimmed(Watched(array))
    assert (found.top, found.left) == (100, 100)
    assert max(asked) <= 32


def test_a_trimmed_picture_that_was_reduced_keeps_its_size_in_pixels():
    array = np.asarray(ImageOps.expand(SCENE, 10, "black").convert("L"))

    class Reduced(Pixels):
        size = (array.shape[0] * 4 - 3, array.shape[1] * 4 - 2)

    found = trimmed(Reduced(array, 4))
    assert (found.size, found.reduction) == ((1200, 1600), 4)
    assert found.rows(0, 2).shape == (2, 400)


@pytest.mark.parametrize("quality", [95, 60, 20])
def test_a_file_decoded_in_full_has_metas_hash_bit_by_bit(quality):
    pdqhash = pytest.importorskip("pdqhash", reason="Meta's PDQ is not built here")
    content = io.BytesIO()
    LARGE.resize((901, 677)).save(content, "JPEG", quality=quality)
    picture = examine(content.getvalue(), sniff.JPEG, wanted=Wanted(effort=Effort.THOROUGH))
    bits, score = pdqhash.compute(np.asarray(Image.open(content).convert("RGB")))
    assert picture.hashes[0].variants[0] == np.packbits(bits.astype(bool)).tobytes()
    assert picture.hashes[0].quality == score
