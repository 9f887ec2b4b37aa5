"""Make the tree that the comparisons are measured on: benign pictures, clips and other files.

    python benchmarks/corpus.py FOLDER [--scale 0.2] [--processes 2]

At scale 1: 8,000 JPEG (5 % of 12 megapixels as from a camera, 17 % of 2 to 5, the rest small; 8 %
progressive, 15 % without colour subsampling, some copies byte for byte and some saved again), 300
PNG, 200 WebP, 60 HEIC, 100 GIF, BMP and TIFF, 30 H.264 clips of 10 seconds, 20,000 small files
that are no pictures, two blobs of 500 MB. Every file follows from its number, so the same scale
gives the same tree. HEIC and clips are left out where the packages for them are missing, and
that is said.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import random
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

CAMERA = (4032, 3024)
MIDDLE = ((1600, 1200), (2048, 1536), (2592, 1944), (1920, 1080))
SMALL = ((1280, 960), (1080, 1350), (1024, 768), (960, 720), (800, 600), (720, 1280), (640, 480))
TILE = 512
PER_FOLDER = 400
BLOB = 500 << 20
WORDS = 500


def picture(seed: int, size: tuple[int, int]) -> Image.Image:
    """Draw soft shades, hard shapes and the noise of a sensor."""
    rng = np.random.default_rng([seed, 7])
    image = _shades(rng, size)
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(4, 14))):
        colour = tuple(int(v) for v in rng.integers(0, 255, 3))
        x, y = rng.integers(0, size[0]), rng.integers(0, size[1])
        wide, tall = rng.integers(8, max(9, size[0] // 3)), rng.integers(8, max(9, size[1] // 3))
        box = (int(x), int(y), int(x + wide), int(y + tall))
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape(box, fill=colour if rng.random() < 0.6 else None, outline=colour, width=4)
    return _noisy(rng, image)


def _shades(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Noise of several grain sizes, the coarse strong and the fine weak, in three colours."""
    side = 256
    total = np.zeros((side, side, 3), np.float32)
    grain, weight = 3, 1.0
    while grain < side:
        cells = rng.integers(0, 256, (grain, grain, 3), dtype=np.uint8)
        grown = Image.fromarray(cells).resize((side, side), Image.Resampling.BICUBIC)
        total += weight * (np.asarray(grown, np.float32) - 128)
        grain, weight = grain * 2, weight * 0.62
    shades = np.clip(128 + total * 0.9, 0, 255).astype(np.uint8)
    return Image.fromarray(shades).resize(size, Image.Resampling.BICUBIC)


def _noisy(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    pixels = image.width * image.height
    strength = (4.5, 8.0) if pixels > 11e6 else (3.0, 6.0) if pixels > 1.7e6 else (1.5, 5.0)
    tile = rng.normal(0, rng.uniform(*strength), (TILE, TILE, 3)).astype(np.int16)
    array = np.array(image)
    for y in range(0, image.height, TILE):
        for x in range(0, image.width, TILE):
            part = array[y : y + TILE, x : x + TILE]
            part[:] = np.clip(part + tile[: part.shape[0], : part.shape[1]], 0, 255)
    return Image.fromarray(array)


def size_of(number: int) -> tuple[int, int]:
    """Choose the size of a picture; three in ten stand upright."""
    chance = random.Random(number)
    kind = chance.random()
    size = CAMERA if kind < 0.05 else chance.choice(MIDDLE if kind < 0.22 else SMALL)
    return size if chance.random() >= 0.3 else (size[1], size[0])


def jpeg(folder: Path, number: int) -> int:
    """Write one JPEG: a new picture, or a copy of an earlier one, exact or saved again."""
    chance = random.Random(7_000_000 + number)
    origin, mode = number, "new"
    if number > 50:
        kind = chance.random()
        mode = "copy" if kind < 0.03 else "saved again" if kind < 0.08 else "new"
        origin = number if mode == "new" else chance.randrange(0, number - 40)
    size = size_of(origin)
    image = picture(1000 + origin, size)
    own = random.Random(9_000_000 + origin)
    quality = own.choice((85, 88, 90, 92) if size[0] * size[1] > 11e6 else (72, 78, 82, 88, 92))
    options = {"progressive": own.random() < 0.08, "subsampling": 2 if own.random() < 0.85 else 0}
    if mode == "saved again":
        part = chance.uniform(0.4, 0.95)
        smaller = (int(size[0] * part), int(size[1] * part))
        image, quality = image.resize(smaller, Image.Resampling.BOX), chance.choice((50, 65, 75))
    path = folder / "DCIM" / f"{number // PER_FOLDER:03d}" / f"IMG_{number:05d}.jpg"
    return _write(path, _encoded(image, "JPEG", quality=quality, **options))


def other(folder: Path, number: int, kind: str) -> int:
    """Write one picture of another format."""
    size = size_of(50_000 + number)
    image = picture(90_000 + number, (2048, 1536) if size[0] > 2600 else size)
    options: dict[str, object] = {}
    if kind == "PNG":
        image.thumbnail((1280, 1280))
    elif kind in {"WEBP", "HEIF"}:
        options = {"quality": 80 if kind == "WEBP" else 60}
    else:
        image = image.resize((640, 480))
    if kind == "HEIF":
        importlib.import_module("pillow_heif").register_heif_opener()
    return _write(
        folder / "media" / f"{kind.lower()}_{number:04d}", _encoded(image, kind, **options)
    )


def clip(folder: Path, number: int) -> int:
    """Write a clip of 250 frames that pans over two pictures."""
    av = importlib.import_module("av")
    wide, tall = ((1280, 720), (1920, 1080), (640, 360))[number % 3]
    scenes = [picture(200_000 + number + n, (wide * 3 // 2, tall * 3 // 2)) for n in (0, 10_000)]
    path = folder / "video" / f"clip_{number:03d}.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = wide, tall, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "26"}
        for at in range(250):
            x = int(wide // 2 * (0.5 + 0.5 * math.sin(at / 40)))
            y = int(tall // 2 * (0.5 + 0.5 * math.cos(at / 55)))
            view = scenes[at // 75 % 2].crop((x, y, x + wide, y + tall))
            container.mux(stream.encode(av.VideoFrame.from_image(view)))
        container.mux(stream.encode())
    return path.stat().st_size


def small(folder: Path, block: int) -> int:
    """Write 500 files of texts and bytes, most of them of some kilobytes."""
    chance, total = random.Random(300_000 + block), 0
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(WORDS)]
    for number in range(block * 500, block * 500 + 500):
        length = min(262_144, int(chance.lognormvariate(8.1, 1.3)))
        if chance.random() < 0.5:
            content = " ".join(chance.choices(words, k=length // 6 + 1)).encode()[:length]
        else:
            content = chance.randbytes(length)
        suffix = chance.choice(("txt", "dat", "ini", "log", "xml", "dll", "db"))
        inner = folder / "sys" / f"{number % 23:02d}" / f"{number // 50:04d}"
        total += _write(inner / f"f{number:05d}.{suffix}", content)
    return total


def blob(folder: Path, number: int, length: int) -> int:
    """Write one large file of bytes without any order."""
    rng = np.random.default_rng(400_000 + number)
    path = folder / "large" / f"blob_{number}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        for start in range(0, length, 1 << 20):
            out.write(rng.bytes(min(1 << 20, length - start)))
    return length


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _write(path: Path, content: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return len(content)


def make(folder: Path, scale: float = 1.0, processes: int = 2) -> dict[str, int]:
    """Write the tree; returns files and bytes, and the kinds that were left out."""
    counts = {"PNG": 300, "WEBP": 200, "GIF": 34, "BMP": 33, "TIFF": 33}
    if importlib.util.find_spec("pillow_heif"):
        counts["HEIF"] = 60
    clips = 30 if importlib.util.find_spec("av") else 0
    (folder / "video").mkdir(parents=True, exist_ok=True)
    works = [partial(jpeg, folder, n) for n in range(int(8000 * scale))]
    for kind, count in counts.items():
        works += [partial(other, folder, n, kind) for n in range(max(1, int(count * scale)))]
    works += [partial(clip, folder, n) for n in range(math.ceil(clips * scale))]
    works += [partial(small, folder, n) for n in range(math.ceil(40 * scale))]
    works += [partial(blob, folder, n, int(BLOB * scale)) for n in range(2)]
    with ProcessPoolExecutor(processes) as pool:
        total = sum(pool.map(_call, works, chunksize=8))
    return {
        "files": sum(len(names) for _, _, names in os.walk(folder)),
        "bytes": total,
        "heic": counts.get("HEIF", 0),
        "clips": clips,
    }


def _call(work: partial[int]) -> int:
    return work()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    if asked.folder.exists():
        parser.error(f"{asked.folder} is there already")
    made = make(asked.folder, asked.scale, asked.processes)
    for kind, package in (("heic", "pillow-heif"), ("clips", "av")):
        if not made[kind]:
            print(f"left out: {kind}, because {package} is not installed")
    print(f"{made['files']:,} files, {made['bytes'] / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
