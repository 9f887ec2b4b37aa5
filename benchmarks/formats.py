"""Measure how fast tables and VICS documents are read, without importing them.

    python benchmarks/formats.py [--rows 500000]

Synthetic lists are written to ``benchmarks/work/formats``, which is removed afterwards. Each is
read once in a process of its own: rows in a second of processor time, and the peak of its memory.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions, read_fast

WORK = Path(__file__).resolve().parent / "work" / "formats"
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def digests(number: int) -> tuple[str, str]:
    digest = hashlib.blake2b(number.to_bytes(8, "big"), digest_size=36).hexdigest()
    return digest[:32], digest[32:]


def write_csv(path: Path, rows: int, quote: str = "") -> None:
    between = f"{quote},{quote}"
    with path.open("w") as out:
        out.write(f"{quote}{between.join(('MD5', 'SHA1', 'Category'))}{quote}\n")
        for number in range(rows):
            out.write(f"{quote}{between.join((*digests(number), str(number % 4)))}{quote}\n")


def write_vics(path: Path, rows: int, *, case: bool = False, full: bool = True) -> None:
    with path.open("w") as out:
        out.write(f'{{"@odata.context": "{CONTEXT}", "value": [')
        out.write('{"CaseID": "1", "Media": [' if case else "")
        for number in range(rows):
            md5, sha1 = digests(number)
            media = {"MediaID": number, "Category": number % 4, "MD5": md5.upper()}
            if full:
                media |= {"SHA1": sha1.upper(), "MediaSize": number, "IsPrecategorized": "true"}
                media |= {"DateUpdated": "2023-06-07T02:31:49.8300Z"}
            out.write((", " if number else "") + json.dumps(media))
        out.write("]}]}" if case else "]}")


def measure(name: str, way: str, path: str) -> None:
    """Read one list and print the figures; runs in a process of its own."""
    form = registry.by_name(name)
    started, rows = time.process_time(), 0
    with Path(path).open("rb") as stream:
        options = ReadOptions()
        events = (
            read_fast(form, stream, options) if way == "batches" else form.read(stream, options)
        )
        for event in events:
            rows += len(event) if hasattr(event, "places") else hasattr(event, "digests")
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{rows / seconds:>12,.0f}{seconds:>9.2f}{peak:>9.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    stated = parser.parse_args()
    if stated.measure:
        measure(*stated.measure)
        return
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    rows = stated.rows
    write_csv(WORK / "plain.csv", rows)
    write_csv(WORK / "quoted.csv", rows, '"')
    write_vics(WORK / "small.json", rows, full=False)
    write_vics(WORK / "list.json", rows)
    write_vics(WORK / "case.json", rows, case=True)
    lists = [
        ("csv, single rows", "csv", "rows", "plain.csv"),
        ("csv, batches", "csv", "batches", "plain.csv"),
        ("csv, every cell quoted, batches", "csv", "batches", "quoted.csv"),
        ("vics, MD5 and category", "vics", "rows", "small.json"),
        ("vics, seven keys", "vics", "rows", "list.json"),
        ("vics, seven keys, one case", "vics", "rows", "case.json"),
    ]
    print(f"{f'read {rows:,} records':<34}{'records/s':>12}{'seconds':>9}{'peak MB':>9}")
    try:
        for title, name, way, file in lists:
            command = [sys.executable, __file__, "--measure", name, way, str(WORK / file)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            print(f"{title:<34}{done.stdout.rstrip()}")
    finally:
        shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
