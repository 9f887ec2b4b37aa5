"""Measure the memory and time of whole commands as their input grows.

    python benchmarks/memory.py [--small 20000] [--large 200000]

For two sizes each: import a CSV list of MD5 and SHA-1, look 10,000 digests up in it, scan a tree
of tiny files against it with two workers. Memory is the sum of the resident pages of all
processes of a command, private and shared, sampled 50 times a second; it holds for constant
memory when the second figure of a pair is about the first. The working folder
(``benchmarks/work/memory``) is emptied before and after.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from pathlib import Path

import measure
from measure import Command, Cost

WORK = Path(__file__).resolve().parent / "work" / "memory"


def run(home: Path, *words: str | Path, stdin: Path | None = None) -> Cost:
    """Run a hashmatch command with a home of its own."""
    environment = {"HASHMATCH_HOME": str(home), "HASHMATCH_HEARTBEAT": "3600"}
    command = Command((sys.executable, "-m", "hashmatch", *words), environment, (0, 10))
    return measure.run(command, memory=True, stdin=stdin)


def write_list(path: Path, rows: int) -> None:
    with path.open("w") as out:
        out.write("id,md5,sha1,category\n")
        for number in range(rows):
            digest = hashlib.blake2b(number.to_bytes(8), digest_size=36).hexdigest()
            out.write(f"{number},{digest[:32]},{digest[32:]},1\n")


def write_tree(folder: Path, files: int) -> None:
    for number in range(files):
        place = folder / f"{number // 1000:04d}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        (place / f"{number}.txt").write_bytes(b"file %d\n" % number)


def costs(size: int) -> dict[str, Cost]:
    home = WORK / f"home-{size}"
    listed, asked, tree = (WORK / f"{name}-{size}" for name in ("list.csv", "asked", "tree"))
    write_list(listed, size)
    write_tree(tree, size)
    lines = listed.read_text().splitlines()[1:10_001]
    asked.write_text("\n".join(line.split(",")[1] for line in lines) + "\n")
    run(home, "library", "init")
    case = ("--reference", "B", "--agency", "B", "--operator", "B")
    run(home, "case", "open", WORK / f"case-{size}", *case)
    stated = ("--set", "bench", "--kind", "categorized", "--scheme", "vic-us")
    return {
        f"import {size:,} CSV rows": run(home, "library", "import", listed, *stated),
        f"10,000 look-ups in {size:,} rows": run(home, "library", "lookup", "-", stdin=asked),
        f"scan {size:,} tiny files": run(
            home, "scan", tree, "--case", WORK / f"case-{size}", "--workers", "2"
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=200_000)
    sizes = parser.parse_args()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    try:
        pairs = [costs(size) for size in (sizes.small, sizes.large)]
    finally:
        shutil.rmtree(WORK)
    print(f"{'command':<36}{'seconds':>9}{'peak MB':>9}")
    for row in zip(*(pair.items() for pair in pairs), strict=True):
        for name, cost in row:
            print(f"{name:<36}{cost.wall:>9.1f}{cost.peak:>9.0f}")


if __name__ == "__main__":
    main()
