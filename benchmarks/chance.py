"""How far apart the perceptual hashes of unrelated pictures lie, by method.

python benchmarks/chance.py --pictures 4000 [--write hashmatch/matching/chance.json]

Draws benign scenes that have nothing to do with each other, hashes them as a scan does and counts
the distances of all pairs. ``--write`` puts the counts into the file that ships with hashmatch,
in place of the ones of drawn scenes there; counts of other samples in it stay.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hashmatch.demo import drawing
from hashmatch.hashing.pictures import examine
from hashmatch.model.hashes import Method
from hashmatch.model.wanted import Effort, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SAMPLE = "drawn-scenes"
SIZE = (256, 224)
LABEL = 32
"""Rows at the top that are cut off: every scene has a label there, which is something in common."""

METHODS = tuple(one for one in Method if one not in {Method.VPDQ, Method.PHOTODNA})
CHUNK = 256


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--pictures", type=int, default=4000)
    words.add_argument("--write", type=Path)
    asked = words.parse_args()
    measured = {
        method: sample(values)
        for method, values in hashes(asked.pictures).items()
        if len(values) == asked.pictures
    }
    for method, one in measured.items():
        print(f"{method}: {one['pairs']:,} pairs, mean {one['mean']}, sd {one['sd']}, {least(one)}")
    if asked.write:
        write(asked.write, measured)


def hashes(number: int) -> dict[str, NDArray[np.uint8]]:
    """Hash ``number`` scenes; one row for each, by method."""
    wanted = Wanted(methods=METHODS, effort=Effort.FAST)
    values: dict[str, list[bytes]] = {str(method): [] for method in METHODS}
    for seed in range(number):
        content = io.BytesIO()
        scene = drawing.scene(seed, SIZE).crop((0, LABEL, *SIZE))
        scene.save(content, "PNG", compress_level=1)
        for one in examine(content.getvalue(), "image/png", wanted=wanted).hashes:
            values[str(one.method)].append(one.variants[0])
    return {
        method: np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
        for method, rows in values.items()
        if rows
    }


def sample(values: NDArray[np.uint8]) -> dict[str, object]:
    """Count the distances of all pairs."""
    counts = np.zeros(values.shape[1] * 8 + 1, np.int64)
    for start in range(0, len(values), CHUNK):
        block = values[start : start + CHUNK]
        for offset, row in enumerate(block, start + 1):
            apart = np.bitwise_count(values[offset:] ^ row).sum(axis=1, dtype=np.int64)
            counts += np.bincount(apart, minlength=len(counts))
    pairs = int(counts.sum())
    distances = np.arange(len(counts))
    mean = float((counts * distances).sum() / pairs)
    deviation = math.sqrt(float((counts * (distances - mean) ** 2).sum() / pairs))
    return {
        "sample": SAMPLE,
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "pictures": len(values),
        "pairs": pairs,
        "mean": f"{mean:.2f}",
        "sd": f"{deviation:.2f}",
        "counts": {str(d): int(n) for d, n in enumerate(counts) if n},
    }


def least(one: dict[str, object]) -> str:
    """Say the smallest distances that were seen."""
    counts: Any = one["counts"]
    return "nearest " + ", ".join(f"{d}: {n}" for d, n in list(counts.items())[:4])


def write(path: Path, measured: dict[str, dict[str, object]]) -> None:
    """Replace the counts of drawn scenes in the shipped file."""
    shipped = json.loads(path.read_text(encoding="utf-8"))
    for method, one in measured.items():
        others = [s for s in shipped["methods"].get(method, []) if s["sample"] != SAMPLE]
        shipped["methods"][method] = [*others, one]
    path.write_text("".join(_lines(shipped)), encoding="utf-8")


def _lines(shipped: dict[str, Any]) -> Iterator[str]:
    """Lay the file out with one line for each sample, so that a change of one shows as one."""
    yield f'{{\n "schema": {json.dumps(shipped["schema"])},\n "methods": {{\n'
    methods = [
        f'  "{method}": [\n' + ",\n".join(f"   {json.dumps(one)}" for one in found) + "\n  ]"
        for method, found in shipped["methods"].items()
    ]
    yield ",\n".join(methods) + "\n }\n}\n"


if __name__ == "__main__":
    main()
