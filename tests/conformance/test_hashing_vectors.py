"""PDQ against values that Meta's own program gave for pictures drawn from integers."""

import json
import os
from pathlib import Path

import pytest

from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pdq import MIN_SIDE, pdq

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / os.environ.get("HASHMATCH_SAMPLES", "../shared")
VECTORS = SAMPLES / "samples" / "pdq_vectors.json"


@pytest.fixture(scope="module")
def vectors():
    if not VECTORS.is_file():
        pytest.skip(f"no samples at {SAMPLES}; set HASHMATCH_SAMPLES to the folder that has them")
    return json.loads(VECTORS.read_text())


def test_every_vector_agrees_bit_by_bit_in_all_rotations_and_in_quality(vectors):
    compared = 0
    for one in vectors:
        drawing = Drawing(one["w"], one["h"], one["gw"], one["gh"], one["seed"])
        if min(drawing.width, drawing.height) < MIN_SIDE:
            assert one["quality"] == 0
            continue
        found = pdq(Pixels(draw(drawing)))
        assert found.value.hex() == one["pdq_full"], drawing
        assert [value.hex() for value in found.variants] == one["dihedral"], drawing
        assert found.quality == one["quality"], drawing
        compared += 1
    assert compared == 15
