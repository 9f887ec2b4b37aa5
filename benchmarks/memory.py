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
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

WORK = Path(__file__).resolve().parent / "work" / "memory"
PAGE = os.sysconf("SC_PAGE_SIZE")


def tree_of(pid: int) -> list[int]:
    """A process and its descendants, those that are still there."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:  # it ended in between
                continue
    return found


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def run(home: Path, *words: str | Path, stdin: Path | None = None) -> tuple[float, float]:
    """Run a hashmatch command; give its seconds and the peak of its memory in MB."""
    environment = os.environ | {"HASHMATCH_HOME": str(home), "HASHMATCH_HEARTBEAT": "3600"}
    command = [sys.executable, "-m", "hashmatch", *map(str, words)]
    started, peak = time.perf_counter(), 0
    with (stdin or Path(os.devnull)).open("rb") as given:
        process = subprocess.Popen(
            command, env=environment, stdin=given, stdout=subprocess.DEVNULL, cwd=home.parent
        )
        while process.poll() is None:
            peak = max(peak, sum(map(resident, tree_of(process.pid))))
            time.sleep(0.02)
    if process.returncode not in (0, 10):
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - started, peak / 1e6


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


def measure(size: int) -> dict[str, tuple[float, float]]:
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
        pairs = [measure(size) for size in (sizes.small, sizes.large)]
    finally:
        shutil.rmtree(WORK)
    print(f"{'command':<36}{'seconds':>9}{'peak MB':>9}")
    for row in zip(*(pair.items() for pair in pairs), strict=True):
        for name, (seconds, peak) in row:
            print(f"{name:<36}{seconds:>9.1f}{peak:>9.0f}")


if __name__ == "__main__":
    main()
