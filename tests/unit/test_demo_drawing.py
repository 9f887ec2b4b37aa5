"""Pictures are benign, the same for a seed, and as rich or as empty as they claim to be."""

import hashlib

import numpy as np
import pytest

from hashmatch.demo import drawing

pdqhash = pytest.importorskip("pdqhash", reason="Meta's PDQ is not built here; see make oracle")


def quality(picture):
    return pdqhash.compute(np.asarray(picture))[1]


def variants(picture):
    return pdqhash.compute_dihedral(np.asarray(picture))[0]


def nearest(first, second):
    one = variants(first)[0]
    return min(int((one != other).sum()) for other in variants(second))


@pytest.mark.parametrize("seed", range(12))
def test_a_scene_is_rich_enough_to_match(seed):
    assert quality(drawing.scene(seed)) >= 80


@pytest.mark.parametrize("seed", range(5))
def test_a_card_and_a_checkerboard_are_rich_enough_to_match(seed):
    assert quality(drawing.card(seed)) >= 80
    assert quality(drawing.checkerboard(seed)) >= 80


def test_blank_and_gradient_pictures_are_too_featureless_to_match():
    assert quality(drawing.blank()) < 50
    assert quality(drawing.blank(colour=(10, 200, 30))) < 50
    assert all(quality(drawing.gradient(seed)) < 50 for seed in range(12))


def test_scenes_of_different_seeds_are_not_similar_in_any_rotation():
    scenes = [drawing.scene(seed) for seed in (0, 1, 2, 10_000, 20_260_101_001)]
    for at, first in enumerate(scenes):
        for second in scenes[at + 1 :]:
            assert nearest(first, second) > 60


def test_a_seed_always_gives_the_same_pixels():
    for draw in (drawing.scene, drawing.card, drawing.checkerboard, drawing.gradient):
        assert draw(7).tobytes() == draw(7).tobytes()
        assert draw(7).tobytes() != draw(8).tobytes()


def test_pixels_do_not_change_between_versions_unnoticed():
    """A change here means: draw the fixtures again and say so in the changelog."""
    digests = [hashlib.sha256(draw(42).tobytes()).hexdigest()[:16] for draw in DRAWERS]
    assert digests == PINNED


DRAWERS = (drawing.scene, drawing.card, drawing.checkerboard, drawing.gradient)
PINNED = ["2327ee098843dc4d", "e0d1310010f06718", "38939545a5005dca", "409d6c180d7a82b4"]


@pytest.mark.parametrize("size", [(32, 32), (96, 72), (33, 200), (640, 64)])
def test_pictures_have_the_size_that_was_asked_for(size):
    for draw in (drawing.scene, drawing.card, drawing.checkerboard, drawing.gradient):
        assert draw(1, size).size == size
        assert draw(1, size).mode == "RGB"
    assert drawing.blank(size).size == size
