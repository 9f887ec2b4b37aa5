"""One picture program each, to be timed as a whole process: read files, hash them, print nothing.

    python benchmarks/rivals.py ours|pdqhash|phash NAMES        NAMES: a file of paths, one a line
    python benchmarks/rivals.py camera-ours|camera-pdqhash NAMES TIMES

``ours`` computes all that a standard scan computes of a picture, ``pdqhash`` (Meta's PDQ with its
Python binding) and ``phash`` (imagehash) one hash of it, all from files decoded by Pillow. The
``camera`` kinds print processor seconds for a picture, start-up left out, for PDQ of the picture
as it is; reading the file is part of it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def ours(effort: str) -> Callable[[Path], object]:
    from hashmatch.hashing import pictures, sniff
    from hashmatch.model.wanted import Effort, Wanted

    wanted = Wanted(effort=Effort(effort))

    def examine(path: Path) -> object:
        content = path.read_bytes()
        kind = sniff.picture_kind(content[:4096])
        return pictures.examine(content, kind or "", wanted=wanted)

    return examine


def pdqhash() -> Callable[[Path], object]:
    import numpy as np
    import pdqhash as meta
    from PIL import Image

    def compute(path: Path) -> object:
        with Image.open(path) as image:
            return meta.compute(np.asarray(image.convert("RGB")))

    return compute


def phash() -> Callable[[Path], object]:
    import imagehash
    from PIL import Image

    def compute(path: Path) -> object:
        with Image.open(path) as image:
            return imagehash.phash(image)

    return compute


KINDS = {
    "ours": lambda: ours("standard"),
    "ours-fast": lambda: ours("fast"),
    "pdqhash": pdqhash,
    "phash": phash,
    "camera-ours": lambda: ours("fast"),
    "camera-pdqhash": pdqhash,
}


def main() -> None:
    kind, names, *times = sys.argv[1:]
    paths = [Path(name) for name in Path(names).read_text().splitlines()]
    compute = KINDS[kind]()
    if not times:
        for path in paths:
            compute(path)
        return
    compute(paths[0])
    best = min(_seconds(compute, paths) for _ in range(int(times[0])))
    print(f"{best / len(paths):.6f}")


def _seconds(compute: Callable[[Path], object], paths: list[Path]) -> float:
    begun = time.process_time()
    for path in paths:
        compute(path)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
