"""How far other ways to compute PDQ lie from this one, and what decoding at a fraction changes."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from robust_changes import saved
from robust_pictures import conversation, page, photograph

from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.pdq import IDENTITY, hamming, pdq, pdq_seen
from hashmatch.hashing.pixels import Rendering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

SIZES = ((1600, 1200), (1280, 853), (720, 1280), (2048, 1536), (1920, 1080), (4032, 3024))
LEAST = (10_000, 512, 360, 256, 128)
"""Samples that both sides must keep, so that a fraction is decoded; the first is never met."""

_SEEN = {0: IDENTITY, 512: IDENTITY, 1024: IDENTITY}


def _nearest(image: Image.Image) -> NDArray[np.uint8]:
    """As Meta's own program shrinks: every so-many-th pixel, if a side is longer than 512."""
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    if max(height, width) <= 512:
        return pixels
    place = np.arange(512)
    taken: NDArray[np.uint8] = pixels[place * height // 512][:, place * width // 512]
    return taken


def _thumbnail(image: Image.Image) -> NDArray[np.uint8]:
    small = image.copy()
    small.thumbnail((512, 512))
    return np.asarray(small)


def _squeezed(side: int, how: Image.Resampling) -> Callable[[Image.Image], NDArray[np.uint8]]:
    return lambda image: np.asarray(image.resize((side, side), how))


DIALECTS: dict[str, Callable[[Image.Image], NDArray[np.uint8]]] = {
    "full size (pdqhash, ThreatExchange, vPDQ)": np.asarray,
    "nearest pixels of 512 x 512 (Meta's C++)": _nearest,
    "thumbnail within 512 (Meta's Python)": _thumbnail,
    "512 x 512, smoothed": _squeezed(512, Image.Resampling.BILINEAR),
    "128 x 128": _squeezed(128, Image.Resampling.BICUBIC),
}


def dialect_table(images: Sequence[Image.Image]) -> list[str]:
    """Bits from the list's hash of the same file to the nearest hash, by phases that are asked."""
    rows = [
        "| how the list's hash was made | native | with 512 | with 512 and 1024 |",
        "|---|---|---|---|",
    ]
    seen = [[one.value for one in pdq_seen(Pixels(np.asarray(image)), _SEEN)] for image in images]
    for name, shrink in DIALECTS.items():
        made = [pdq(Pixels(np.ascontiguousarray(shrink(one))), IDENTITY).value for one in images]
        cells = []
        for count in (1, 2, 3):
            bits = [
                min(hamming(value, listed) for value in values[:count])
                for values, listed in zip(seen, made, strict=True)
            ]
            cells.append(figures(bits))
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def fraction_table() -> list[str]:
    """Bits from the hash of a JPEG decoded in full and in colour, and the processor time."""
    kinds = {
        "photographs": photograph,
        "text pages": page,
        "chat screens": conversation,
        "noise": _noise,
    }
    rows = [
        "| JPEG decoded in grey, keeping | " + " | ".join(kinds) + " |",
        "|---" * (1 + len(kinds)) + "|",
    ]
    cells: dict[int, list[str]] = {least: [] for least in LEAST}
    for draw in kinds.values():
        files = [saved(draw(seed, size), quality=88) for seed, size in enumerate(SIZES)]
        exact = [pdq(Pixels(np.asarray(Image.open(io.BytesIO(one))))).value for one in files]
        for least, found in cells.items():
            begin = time.process_time()
            bits = [
                hamming(pdq(_decoded(one, least), IDENTITY).value, value)
                for one, value in zip(files, exact, strict=True)
            ]
            spent = (time.process_time() - begin) * 1000 / len(files)
            found.append(f"{figures(bits)}, {spent:.0f} ms")
    for least, found in cells.items():
        name = "all samples" if least == LEAST[0] else f"{least} samples a side"
        rows.append(f"| {name} | {' | '.join(found)} |")
    return rows


def _noise(seed: int, size: tuple[int, int]) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def _decoded(content: bytes, least: int) -> Rendering:
    image = Image.open(io.BytesIO(content))
    width, height = image.size
    by = next(k for k in (8, 4, 2, 1) if k == 1 or min(width, height) >= k * least)
    image.draft("L", (width // by, height // by))
    image.load()
    return Rendering("stored", image, (height, width), by)


def figures(bits: Sequence[int]) -> str:
    """Mean, the least that 95 of 100 do not exceed, and most."""
    ordered = sorted(bits)
    return f"{np.mean(bits):.1f} / {ordered[-(-95 * len(bits) // 100) - 1]} / {ordered[-1]}"
