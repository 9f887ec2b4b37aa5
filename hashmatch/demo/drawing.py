"""Benign pictures from a seed: scenes, text cards, patterns and featureless ones.

Only additions and multiplications of single numbers are used, no drawing library, no fonts of
the system and no trigonometry: the same seed gives the same pixels on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.float64]"
"""A picture while it is drawn: (H, W, 3), 0..255."""

SIZE = (512, 384)
"""Width and height of a scene in pixels, where nothing else is asked for."""

_OCTAVES = (3, 5, 9, 17, 33)
"""Cells along the longer side of each layer of noise, coarse to fine."""


def scene(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Draw a picture that is as rich in features as a photograph.

    Noise in three colours, a few discs and bands, and a card with the seed's number. Two
    different seeds give pictures that are not similar.

    Args:
        seed: decides everything.
        size: width and height in pixels, each at least 32.
    """
    rng = np.random.default_rng([seed, 1])
    pixels = _noise(rng, size)
    for _ in range(6):
        _disc(rng, pixels)
    _band(rng, pixels)
    picture = _image(pixels)
    picture.paste(_label(f"TEST IMAGE {seed % 10000:04d}"), (6, 6))
    return picture


def card(number: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Draw a text card on a checkered ground: ``TEST IMAGE 0042``."""
    picture = checkerboard(number, size)
    label = _label(f"TEST IMAGE {number % 10000:04d}")
    scale = max(1, (size[0] - 8) // label.width)
    label = label.resize((label.width * scale, label.height * scale), Image.Resampling.NEAREST)
    picture.paste(label, ((size[0] - label.width) // 2, (size[1] - label.height) // 2))
    return picture


def checkerboard(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Draw rectangles, 8 by 6 of them, each of its own colour."""
    rng = np.random.default_rng([seed, 2])
    cells = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.NEAREST)


def gradient(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Draw a smooth change between two colours: a picture without features to compare."""
    rng = np.random.default_rng([seed, 3])
    first, second = rng.uniform(40, 215, (2, 3))
    across = np.linspace(0, 1, size[0])[None, :, None]
    return _image(np.broadcast_to(first + (second - first) * across, (size[1], size[0], 3)))


def blank(
    size: tuple[int, int] = SIZE, colour: tuple[int, int, int] = (255, 255, 255)
) -> Image.Image:
    """Draw nothing at all, in one colour."""
    return Image.new("RGB", size, colour)


def _noise(rng: np.random.Generator, size: tuple[int, int]) -> Pixels:
    """Sum layers of smooth noise, each finer and weaker, stretched over the whole range."""
    total = np.zeros((size[1], size[0], 3))
    for at, cells in enumerate(_OCTAVES):
        rows = max(2, cells * size[1] // max(size) + 1)
        columns = max(2, cells * size[0] // max(size) + 1)
        total += _stretched(rng.random((rows, columns, 3)), size) * 0.72**at
    low, high = total.min(axis=(0, 1)), total.max(axis=(0, 1))
    stretched: Pixels = (total - low) / (high - low) * 255
    return stretched


def _stretched(grid: Pixels, size: tuple[int, int]) -> Pixels:
    """Interpolate a small grid up to a picture's size."""
    y, dy = _places(grid.shape[0], size[1])
    x, dx = _places(grid.shape[1], size[0])
    down = _between(grid[y], grid[y + 1], dy[:, None, None])
    return _between(down[:, x], down[:, x + 1], dx[None, :, None])


def _between(first: Pixels, second: Pixels, part: Pixels) -> Pixels:
    mixed: Pixels = first * (1 - part) + second * part
    return mixed


def _places(cells: int, length: int) -> tuple[NDArray[np.intp], Pixels]:
    """For each pixel the cell before it and how far it is from there, eased in and out."""
    at = np.linspace(0, cells - 1, length)
    whole = np.minimum(at.astype(np.intp), cells - 2)
    rest = at - whole
    return whole, rest * rest * (3 - 2 * rest)


def _disc(rng: np.random.Generator, pixels: Pixels) -> None:
    height, width = pixels.shape[:2]
    y, x = np.ogrid[:height, :width]
    radius = rng.uniform(0.06, 0.2) * height
    across, down = rng.uniform(0, width), rng.uniform(0, height)
    inside = (x - across) ** 2 + (y - down) ** 2 < radius * radius
    pixels[inside] = pixels[inside] * 0.25 + rng.uniform(0, 255, 3) * 0.75


def _band(rng: np.random.Generator, pixels: Pixels) -> None:
    height, width = pixels.shape[:2]
    y, x = np.ogrid[:height, :width]
    slope, offset = rng.uniform(-1.5, 1.5), rng.uniform(0.2, 0.8) * width
    inside = abs(x - offset - slope * (y - height / 2)) < 0.04 * width
    pixels[inside] = pixels[inside] * 0.4 + rng.uniform(0, 255, 3) * 0.6


def _label(words: str) -> Image.Image:
    """Write words in the small bitmap font that comes with Pillow, black on white."""
    font = ImageFont.load_default_imagefont()
    left, top, right, bottom = font.getbbox(words)
    label = Image.new("RGB", (int(right - left) + 4, int(bottom - top) + 4), "white")
    ImageDraw.Draw(label).text((2, 2), words, "black", font=font)
    return label


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels.round().astype(np.uint8))
