"""Make trees of benign files to measure on: many tiny files, or many pictures.

    python benchmarks/trees.py FOLDER --tiny 100000
    python benchmarks/trees.py FOLDER --pictures 1000 --size 2000x1500 --variety 50

Every file has bytes of its own. Pictures are drawn as in the demo; to be quick, only ``--variety``
of them are drawn and encoded, the others are the same pixels with another JPEG comment. The same
words give the same tree.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from hashmatch.demo import drawing
from hashmatch.demo.edits import encoded

PER_FOLDER = 500  # files
SEED = 1


def tiny(folder: Path, count: int, size: int = 100, seed: int = SEED) -> int:
    """Write files of a few bytes, no pictures; returns the number of bytes written."""
    for number in range(count):
        block = hashlib.sha256(b"%d %d" % (seed, number)).hexdigest().encode()
        content = (block * (size // len(block) + 1))[:size]
        _place(folder, number, ".txt").write_bytes(content)
    return count * size


def pictures(
    folder: Path, count: int, size: tuple[int, int] = (1600, 1200), variety: int = 20
) -> int:
    """Write JPEG pictures; returns the number of bytes written."""
    drawn = [
        encoded(drawing.scene(SEED * 1_000_000 + number, size), "JPEG", quality=85)
        for number in range(min(variety, count))
    ]
    written = 0
    for number in range(count):
        content = commented(drawn[number % len(drawn)], number)
        _place(folder, number, ".jpg").write_bytes(content)
        written += len(content)
    return written


def commented(jpeg: bytes, number: int) -> bytes:
    """Give the same picture as another file: a comment right after the start of the image."""
    words = b"benchmark %d" % number
    return jpeg[:2] + b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words + jpeg[2:]


def _place(folder: Path, number: int, suffix: str) -> Path:
    inner = folder / f"{number // PER_FOLDER:05d}"
    if number % PER_FOLDER == 0:
        inner.mkdir(parents=True, exist_ok=True)
    return inner / f"{number:08d}{suffix}"


def _size(words: str) -> tuple[int, int]:
    width, _, height = words.partition("x")
    return int(width), int(height)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiny", type=int, default=0, help="how many tiny files")
    parser.add_argument("--bytes", type=int, default=100, help="bytes of a tiny file")
    parser.add_argument("--pictures", type=int, default=0, help="how many pictures")
    parser.add_argument("--size", type=_size, default=(1600, 1200), help="WIDTHxHEIGHT of each")
    parser.add_argument("--variety", type=int, default=20, help="how many different pictures")
    words = parser.parse_args()
    written = tiny(words.folder / "tiny", words.tiny, words.bytes)
    written += pictures(words.folder / "pictures", words.pictures, words.size, words.variety)
    print(f"{words.tiny + words.pictures:,} files, {written / 1e6:,.1f} MB in {words.folder}")


if __name__ == "__main__":
    main()
