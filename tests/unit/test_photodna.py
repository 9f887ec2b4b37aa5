"""PhotoDNA values of turned pictures, against a stand-in that gathers gradients in cells.

The stand-in has the layout of a value and nothing else of PhotoDNA.
"""

import numpy as np
import pytest

from hashmatch.model.hashes import VARIANTS
from hashmatch.model.photodna import variants

TURNS = {
    "identity": lambda a: a,
    "rot90": np.rot90,  # counter-clockwise
    "rot180": lambda a: np.rot90(a, 2),
    "rot270": lambda a: np.rot90(a, 3),
    "flipx": np.flipud,
    "flipy": np.fliplr,
    "transpose": np.transpose,
    "antitranspose": lambda a: np.rot90(a, 2).T,
}
PICTURE = np.random.default_rng(4).integers(0, 8, (26, 26))


def gathered(picture):
    """Sum what lies brighter at the left, right, above and below in 6 x 6 cells of 4 x 4."""
    across = picture[1:-1, :-2] - picture[1:-1, 2:]
    down = picture[:-2, 1:-1] - picture[2:, 1:-1]
    bins = np.stack([np.maximum(one, 0) for one in (across, -across, down, -down)], axis=2)
    return bins.reshape(6, 4, 6, 4, 4).sum(axis=(1, 3)).astype(np.uint8).tobytes()


def test_every_variant_has_a_value():
    assert tuple(variants(gathered(PICTURE))) == VARIANTS == tuple(TURNS)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_value_of_a_turned_picture_is_had_from_the_value(name):
    assert variants(gathered(PICTURE))[name] == gathered(TURNS[name](PICTURE))


def test_the_variants_are_a_group_of_eight():
    value = bytes(range(144))
    turned = set(variants(value).values())
    assert len(turned) == 8
    assert all(sorted(one) == sorted(value) for one in turned)
    for one in turned:
        assert set(variants(one).values()) == turned
