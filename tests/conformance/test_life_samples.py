"""Samples in forms that we also write go out and come back without a difference."""

import os
from pathlib import Path

import pytest

from hashmatch.db.description import SetKind
from hashmatch.jobs import compare, export
from tests.life_desk import LifeDesk

SHARED = Path(__file__).resolve().parents[3] / "shared"
SAMPLES = Path(os.environ.get("HASHMATCH_SAMPLES", SHARED))
if SAMPLES.name != "samples":
    SAMPLES = SAMPLES / "samples"
SAMPLES = SAMPLES / "synthetic"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the folder of shared samples is not there (HASHMATCH_SAMPLES)"
)

LISTS = [
    *(("vics", path) for path in sorted(SAMPLES.glob("vics/*.json"))),
    *(("hashdeep", path) for path in sorted(SAMPLES.glob("text/*hashdeep*"))),
    *(("csv", path) for path in sorted(SAMPLES.glob("text/*.csv"))),
]


@pytest.mark.parametrize(("name", "path"), LISTS, ids=[path.name for _, path in LISTS])
def test_a_sample_comes_back_without_a_difference(tmp_path, name, path):
    desk = LifeDesk(tmp_path)
    words = {"format_name": name, "ignore_categories": True, "accept_losses": True}
    if "benign" in path.name:
        words["kind"] = SetKind.BENIGN
    first = desk.take(path, **words)
    out = tmp_path / "out"
    request = export.Export("known", name, out, "test", include_photodna=True)
    export.export(request, desk.library, desk.setting)
    second = desk.take("out", **words)
    assert compare.compare(desk.library, first, second).none
    assert first.counts.kept == second.counts.kept
