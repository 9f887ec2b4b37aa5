"""Check a generated table with the default rules and print rows a second and memory.

Run: python benchmarks/lint.py [ROWS]
"""

import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_COMMAND = (
    "import resource, sys\n"
    "from hashmatch import cli\n"
    "cli.COMMANDS.setdefault('lint', 'Check hash lists.')\n"
    "cli.main(sys.argv[1:])\n"
)


def write(path: Path, rows: int, names: tuple[str, ...]) -> None:
    with path.open("w", encoding="ascii") as stream:
        stream.write(",".join((*names, "Category", "Size")) + "\n")
        for number in range(rows):
            word = f"benign {number}".encode()
            cells = [hashlib.new(name, word).hexdigest() for name in names]
            stream.write(",".join((*cells, str(number % 3), str(1000 + number))) + "\n")


def measure(path: Path, rows: int) -> None:
    start = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", _COMMAND, "lint", str(path)], stdout=subprocess.DEVNULL, check=False
    )
    took = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{path.name}: {rows:,} rows in {took:.2f} s = {rows / took:,.0f} rows/s, "
        f"processor {usage.ru_utime + usage.ru_stime:.2f} s (all so far), "
        f"largest {usage.ru_maxrss / 1024:.0f} MiB, code {ended.returncode}"
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    with tempfile.TemporaryDirectory() as folder:
        for names in (("md5",), ("md5", "sha1", "sha256")):
            path = Path(folder) / f"{'-'.join(names)}.csv"
            write(path, rows, names)
            measure(path, rows)
            path.unlink()


if __name__ == "__main__":
    main()
