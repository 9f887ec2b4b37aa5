"""Grids and hashes are the same whatever routines the linear algebra picks for a processor."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hashmatch.hashing.grid import Pixels, grids_of
from hashmatch.hashing.pdq import INVERTED, pdq_seen

ROOT = Path(__file__).parents[3]
SIZES = [(300, 200), (431, 377, 3), (64, 64), (1100, 90), (5, 900, 3), (20_000, 8)]


def everything():
    """Digest of all grids and hashes of noise, in which nothing hides a rounding."""
    rng = np.random.default_rng(7)
    seen = hashlib.sha256()
    for size in SIZES:
        raster = Pixels(rng.integers(0, 256, size, dtype=np.uint8))
        for grid in grids_of(raster, (0, 512, 1024)):
            seen.update(grid.tobytes())
        for one in pdq_seen(raster, dict.fromkeys((0, 512, 1024), INVERTED)):
            seen.update(b"".join(one.variants) + bytes([one.quality]))
    return seen.hexdigest()


@pytest.mark.parametrize(
    "setting", [{"OPENBLAS_CORETYPE": "Prescott"}, {"OPENBLAS_CORETYPE": "Haswell"}]
)
def test_other_routines_give_the_same_bits(setting):
    words = [sys.executable, "-c", PROGRAM]
    environment = os.environ | setting | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        words, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == everything()


PROGRAM = (
    "import importlib.util as u; "
    f"s = u.spec_from_file_location('processors', {str(Path(__file__))!r}); "
    "m = u.module_from_spec(s); s.loader.exec_module(m); print(m.everything())"
)
