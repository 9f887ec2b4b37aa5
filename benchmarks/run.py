"""Run every benchmark with sizes that take about a quarter of an hour.

python benchmarks/run.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMMANDS = (
    ("compare.py",),
    ("evidence.py",),
    ("near.py",),
    ("library.py", "--rows", "1000000", "--near", "100000", "--hfind"),
    ("lists.py", "--rows", "1000000"),
    ("memory.py",),
)


def main() -> None:
    for name, *words in COMMANDS:
        print(f"\n$ python benchmarks/{' '.join([name, *words])}", flush=True)
        subprocess.run([sys.executable, HERE / name, *words], check=True)


if __name__ == "__main__":
    main()
