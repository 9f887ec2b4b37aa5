"""Measure hash lists as whole commands: import, size on disk, memory, look-up, lint.

    python benchmarks/lists.py [--rows 1000000]

Writes synthetic lists of that many records (CSV of MD5, SHA-1 and a category; VICS JSON; a
minimal RDSv3 database in the published schema) and runs the commands a person would run. hfind,
where it is installed, indexes and asks the same MD5s in the same run. Beside the import figures
stand those of IPED's hash database, measured elsewhere and with other lists, for orientation.
The working folder (``benchmarks/work/lists``) is emptied before and after.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

from memory import run

WORK = Path(__file__).resolve().parent / "work" / "lists"
ASKED = 100_000
IPED = {"csv": 15_000, "vics": 7_700, "nsrl": 97_148_886 / (24 * 60)}


def values(number: int) -> str:
    """MD5-, SHA-1- and SHA-256-like hexadecimal of a record, the same every time."""
    return hashlib.shake_128(number.to_bytes(8)).hexdigest(68)


def write_csv(path: Path, rows: int) -> None:
    with path.open("w") as out:
        out.write("MD5,SHA1,Category\n")
        for number in range(rows):
            text = values(number)
            out.write(f"{text[:32]},{text[32:72]},{number % 3}\n")


def write_vics(path: Path, rows: int) -> None:
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
    with path.open("w") as out:
        out.write(f'{{"@odata.context":"{context}","value":[')
        for number in range(rows):
            text = values(number).upper()
            out.write(
                f'{"," if number else ""}{{"MediaID":{number + 1},"Category":{number % 3},'
                f'"MD5":"{text[:32]}","SHA1":"{text[32:72]}","MediaSize":{number * 7 + 1},'
                '"DateUpdated":"2023-06-07T02:31:49.8300Z","IsPrecategorized":"true"}'
            )
        out.write("]}")


def write_rds3(path: Path, rows: int) -> None:
    with sqlite3.connect(path) as base:
        base.executescript("""
            PRAGMA page_size=4096; PRAGMA synchronous=OFF;
            CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL,
              crc32 VARCHAR NOT NULL, file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL,
              package_id INTEGER NOT NULL, CONSTRAINT PK_FILE__FILE PRIMARY KEY
              (sha256, sha1, md5, crc32, file_name, file_size, package_id));
            CREATE TABLE MFG (manufacturer_id INTEGER, name VARCHAR);
            CREATE TABLE OS (operating_system_id INTEGER, name VARCHAR, version VARCHAR,
              manufacturer_id INTEGER);
            CREATE TABLE PKG (package_id INTEGER, name VARCHAR, version VARCHAR,
              operating_system_id INTEGER, manufacturer_id INTEGER, language VARCHAR,
              application_type VARCHAR);
            CREATE TABLE VERSION (version VARCHAR, build_set VARCHAR, build_date TIMESTAMP,
              release_date TIMESTAMP, description VARCHAR);
            CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5, crc32 FROM FILE;
            INSERT INTO PKG VALUES (1, 'Synthetic package', '1', 1, 1, 'English', 'Drawing');
            INSERT INTO VERSION VALUES ('2026.1.1', 'synthetic', '2026-01-01', '2026-01-01', '');
        """)
        base.executemany(
            "INSERT INTO FILE VALUES (?,?,?,'00000001',?,?,?)",
            (
                (text[72:].upper(), text[32:72].upper(), text[:32].upper(), f"{n}.bin", n, 1)
                for n, text in ((n, values(n)) for n in range(rows))
            ),
        )
    base.close()


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def timed(*words: str | Path, stdin: Path | None = None) -> float:
    started = time.perf_counter()
    with (stdin or Path("/dev/null")).open("rb") as given:
        subprocess.run(list(map(str, words)), stdin=given, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def ask_hfind(listed: Path, asked: Path, rows: int) -> None:
    if not shutil.which("hfind"):
        print("hfind is not installed: no comparison of look-ups")
        return
    base = WORK / "known.md5"
    with listed.open() as lines, base.open("w") as out:
        next(lines)
        out.writelines(f"{line[:32]}  {number}\n" for number, line in enumerate(lines))
    indexed = timed("hfind", "-i", "md5sum", base)
    print(f"{'hfind: indexing (MD5 only)':<44}{indexed:>8.1f} s {rows / indexed:>12,.0f} rows/s")
    seconds = timed("hfind", "-f", asked, base)
    print(f"{'hfind: look-ups, whole command':<44}{seconds:>8.2f} s {ASKED / seconds:>12,.0f} /s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    try:
        measure(rows)
    finally:
        shutil.rmtree(WORK)


def measure(rows: int) -> None:
    lists = {"csv": WORK / "list.csv", "vics": WORK / "list.json", "nsrl": WORK / "RDS.db"}
    for name, write in (("csv", write_csv), ("vics", write_vics), ("nsrl", write_rds3)):
        write(lists[name], rows)
    print(f"{rows:,} records a list; whole commands, all processes; CPU beside wall")
    print(
        f"{'':<44}{'seconds':>10}{'rows/s':>13}{'CPU s':>8}{'rows/CPU s':>12}"
        f"{'peak MB':>9}{'bytes/row':>11}{'x IPED':>8}"
    )
    for name, path in lists.items():
        stated = ("--kind", "benign") if name == "nsrl" else ("--kind", "categorized")
        scheme = () if name == "nsrl" else ("--scheme", "vic-us")
        home = WORK / f"home-{name}"
        run(home, "library", "init")
        cost = run(home, "library", "import", path, "--set", name, *stated, *scheme)
        seconds, cpu, peak = cost.wall, cost.cpu, cost.peak
        size, speed = bytes_in(home / "library") / rows, rows / seconds
        print(
            f"{'import ' + name:<44}{seconds:>8.1f} s{speed:>13,.0f}{cpu:>8.1f}{rows / cpu:>12,.0f}"
            f"{peak:>9.0f}{size:>11.1f}{speed / IPED[name]:>8.1f}"
        )
    chance, asked = random.Random(1), WORK / "asked"
    with asked.open("w") as out:
        for _ in range(ASKED):
            out.write(values(chance.randrange(100 * rows))[:32] + "\n")
    for name in ("csv",):
        home = WORK / f"home-{name}"
        cost = run(home, "library", "lookup", "-", stdin=asked)
        label = f"{ASKED:,} look-ups, whole command"
        print(f"{label:<44}{cost.wall:>8.2f} s {ASKED / cost.wall:>12,.0f} /s{cost.peak:>6.0f}")
        one = run(home, "library", "lookup", values(1)[:32]).wall
        bare = run(home, "library", "list").wall
        print(f"{'one look-up, and `library list`, whole commands':<48}{one:.2f} s, {bare:.2f} s")
    ask_hfind(lists["csv"], asked, rows)
    cost = run(WORK / "home-csv", "lint", lists["csv"])
    print(f"{'lint csv':<44}{cost.wall:>8.1f} s{rows / cost.wall:>13,.0f}{cost.peak:>9.0f}")


if __name__ == "__main__":
    main()
