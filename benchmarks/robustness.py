"""Measure which changed copies of a picture are found, and write the tables of docs/robustness.md.

    python benchmarks/robustness.py [--pictures 42] [--only WORD] [--write]

Each picture is drawn from a number, so the tables follow from the program. A copy counts as found
when one of its hashes is within 31 bits of the hash that a list would carry for the original, and
both have a quality of at least 50. Takes about five minutes; prints the tables, and with --write
puts them into the document.
"""

from __future__ import annotations

import argparse
import os
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from robust_changes import changes, saved
from robust_dialects import dialect_table, figures, fraction_table
from robust_pictures import PHOTOGRAPH, pictures

from hashmatch.hashing import sniff
from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.pdq import IDENTITY, hamming, pdq
from hashmatch.hashing.pictures import examine
from hashmatch.model.wanted import Effort, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL import Image

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "robustness.md"
BEGIN, END = "<!-- tables: made by benchmarks/robustness.py -->", "<!-- end of tables -->"
HEAD = (
    "| change | photographs, fast | photographs, standard | photographs, thorough "
    "| pages, screens, shapes, standard |"
)
REACH, GATE = 31, 50


def nearest(content: bytes, listed: bytes, effort: Effort) -> int:
    """Bits from the listed hash to the nearest hash of a file; 256 where it has none to compare."""
    kind = sniff.picture_kind(content) or ""
    found = examine(content, kind, wanted=Wanted(effort=effort))
    able = (one for one in found.hashes if one.quality >= GATE)
    return min((hamming(value, listed) for one in able for value in one.variants), default=256)


def robustness_table(drawn: Sequence[tuple[str, Image.Image]], only: str = "") -> list[str]:
    """One row for each change: share found, and bits of the nearest hash as mean, p95, max."""
    photographs = [image for kind, image in drawn if kind == PHOTOGRAPH]
    others = [image for kind, image in drawn if kind != PHOTOGRAPH]
    columns = [*((photographs, effort) for effort in Effort), (others, Effort.STANDARD)]
    rows = [HEAD, "|---" * (1 + len(columns)) + "|"]
    for name, change in changes().items():
        if only in name:
            cells = (_cell(images, change, effort) for images, effort in columns)
            rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def _cell(
    images: Sequence[Image.Image], change: Callable[[Image.Image], bytes], effort: Effort
) -> str:
    bits = [nearest(change(one), listed_hash(one), effort) for one in images]
    return f"{100 * sum(one <= REACH for one in bits) // len(bits)} %: {figures(bits)}"


def listed_hash(image: Image.Image) -> bytes:
    """What a list holds for a picture."""
    return pdq(Pixels(np.asarray(image)), IDENTITY).value


def unrelated(images: Sequence[Image.Image]) -> str:
    """Say how near all hashes of a picture come to those that lists have for other pictures."""
    listed = [listed_hash(one) for one in images]
    files = [saved(one) for one in images]
    said = []
    for effort in Effort:
        bits = [
            nearest(files[a], listed[b], effort) for a, b in combinations(range(len(images)), 2)
        ]
        near = sum(one <= REACH for one in bits)
        said.append(
            f"{effort}: {near} of {len(bits)} pairs within {REACH} bits, nearest {min(bits)}"
        )
    return "Pictures that have nothing to do with each other: " + "; ".join(said) + "."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=42)
    parser.add_argument("--only", default="", help="changes with this word in their names")
    parser.add_argument("--write", action="store_true", help="put the tables into the document")
    words = parser.parse_args()
    drawn = list(pictures(words.pictures))
    images = [image for _, image in drawn]
    lines = [f"Measured on {len(images)} pictures.", "", *robustness_table(drawn, words.only)]
    if not words.only:
        lines += ["", unrelated(images[:21]), "", *dialect_table(images)]
        lines += ["", *fraction_table()]
    text = "\n".join(lines)
    print(text)
    if words.write:
        document = DOCUMENT.read_text(encoding="utf-8")
        before, rest = document.split(BEGIN)
        _, after = rest.split(END)
        DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
