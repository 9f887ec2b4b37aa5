"""Benign pictures of several kinds for the robustness table, drawn from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hashmatch.demo.drawing import scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES = ((1600, 1200), (1280, 853), (960, 1280), (1024, 768), (1920, 1080), (1500, 1000))
WORDS = ("account", "of", "the", "harbour", "weather", "a", "table", "for", "spring", "boats")


def photograph(seed: int, size: tuple[int, int]) -> Image.Image:
    """Shapes and smooth noise as of a landscape, detail down to two pixels, and grain."""
    rng = np.random.default_rng([seed, 11])
    cells = rng.integers(0, 256, (size[1] // 5, size[0] // 5, 3), dtype=np.uint8)
    detail = Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)
    mixed = Image.blend(scene(seed, size), detail, 0.15)
    grain = rng.normal(0, 3, (size[1], size[0], 1))
    return Image.fromarray(np.clip(np.asarray(mixed) + grain, 0, 255).astype(np.uint8))


def page(seed: int, size: tuple[int, int]) -> Image.Image:
    """A page of text in a small font: the hardest picture for a reduced decoding."""
    rng = np.random.default_rng([seed, 12])
    sheet = Image.new("RGB", size, "white")
    margin = size[0] // 14
    pencil, font = ImageDraw.Draw(sheet), ImageFont.load_default_imagefont()
    y = margin
    while y < size[1] - margin:
        if rng.random() < 0.1:
            y += int(rng.integers(10, 60))
            continue
        x, end = margin, size[0] - margin
        if rng.random() < 0.3:
            end = int(margin + rng.uniform(0.2, 0.9) * (end - margin))
        while x < end - 60:
            word = str(rng.choice(WORDS))
            pencil.text((x, y), word, "black", font=font)
            x += int(font.getbbox(word)[2]) + 6
        y += 15
    return sheet


def shapes(seed: int, size: tuple[int, int]) -> Image.Image:
    """Flat discs and boxes on a flat ground, as in clip art."""
    rng = np.random.default_rng([seed, 13])
    picture = Image.new("RGB", size, tuple(rng.integers(120, 256, 3).tolist()))
    pencil = ImageDraw.Draw(picture)
    for at in range(14):
        x, y = rng.uniform(0, 1, 2) * size
        reach = rng.uniform(0.05, 0.22, 2) * min(size)
        box = (x - reach[0], y - reach[1], x + reach[0], y + reach[1])
        draw = pencil.ellipse if at % 2 else pencil.rectangle
        draw(box, fill=tuple(rng.integers(0, 256, 3).tolist()))
    return picture


def conversation(seed: int, size: tuple[int, int]) -> Image.Image:
    """A screen of a messenger: a bar, and bubbles of text on alternating sides."""
    rng = np.random.default_rng([seed, 14])
    screen = Image.new("RGB", size, (236, 229, 221))
    pencil, font = ImageDraw.Draw(screen), ImageFont.load_default_imagefont()
    pencil.rectangle((0, 0, size[0], size[1] // 14), fill=(7, 94, 84))
    pencil.text((40, size[1] // 40), f"TEST CHAT {seed:03d}", "white", font=font)
    y = size[1] // 10
    while y < size[1] - 120:
        wide, tall = int(rng.uniform(0.2, 0.7) * size[0]), int(rng.integers(1, 7)) * 18 + 14
        x = 30 if rng.random() < 0.5 else size[0] - wide - 30
        fill = (255, 255, 255) if x == 30 else (220, 248, 198)
        pencil.rounded_rectangle((x, y, x + wide, y + tall), 12, fill=fill)
        for line in range(y + 8, y + tall - 14, 18):
            words = " ".join(rng.choice(WORDS, max(1, wide // 60)))
            pencil.text((x + 12, line), words, "black", font=font)
        y += tall + int(rng.integers(10, 40))
    return screen


PHOTOGRAPH = "photograph"
_KINDS: tuple[tuple[str, Callable[[int, tuple[int, int]], Image.Image]], ...] = (
    (PHOTOGRAPH, photograph),
    ("text page", page),
    (PHOTOGRAPH, photograph),
    ("chat screen", conversation),
    (PHOTOGRAPH, photograph),
    ("shapes", shapes),
)


def pictures(count: int) -> Iterator[tuple[str, Image.Image]]:
    """Draw so many pictures, photographs and other kinds in turn, in sizes in turn."""
    for seed in range(count):
        name, draw = _KINDS[seed % len(_KINDS)]
        yield name, draw(seed, SIZES[(seed // len(_KINDS) + seed) % len(SIZES)])
