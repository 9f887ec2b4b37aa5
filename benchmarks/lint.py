"""Check generated tables with the default rules; print the time by wall and processor, and memory.

Run: python benchmarks/lint.py [ROWS]
"""

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_COMMAND = "from hashmatch import cli; cli.main()"


def write(path: Path, rows: int, names: tuple[str, ...]) -> None:
    with path.open("w", encoding="ascii") as stream:
        stream.write(",".join((*names, "Category", "Size")) + "\n")
        for number in range(rows):
            word = f"benign {number}".encode()
            cells = [hashlib.new(name, word).hexdigest() for name in names]
            stream.write(",".join((*cells, str(number % 3), str(1000 + number))) + "\n")


def measure(path: Path, rows: int) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", _COMMAND, "lint", str(path)], stdout=subprocess.DEVNULL, check=False
    )
    took = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{path.name}: {rows:,} rows; wall {took:.2f} s = {rows / took:,.0f} rows/s, "
        f"processor {processor:.2f} s = {rows / processor:,.0f} rows/s, "
        f"largest so far {after.ru_maxrss / 1024:.0f} MiB, code {ended.returncode}"
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    with tempfile.TemporaryDirectory() as folder:
        for names in (("md5",), ("md5", "sha1"), ("md5", "sha1", "sha256")):
            path = Path(folder) / f"{'-'.join(names)}.csv"
            write(path, rows, names)
            measure(path, rows)
            path.unlink()


if __name__ == "__main__":
    main()
