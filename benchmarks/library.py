"""Measure the library: building, opening and asking an installed hash set of any size.

    python benchmarks/library.py --rows 1000000 --near 100000

Each row is a synthetic record with MD5 and SHA-1 and the fields of a CSV line, given in batches
(``batch``) or one by one (``exact``). Building and asking run in processes of their own, so that
their peak memory can be read from the system. The working folder (``--folder``, default
``benchmarks/work/library``) is emptied before and after. With ``--hfind``, The Sleuth Kit's hfind
answers the same 100,000 look-ups from an index of as many MD5s; its indexing sorts text files
and takes long.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hashmatch.db.description import SetDescription, SetKind
from hashmatch.db.keys import LibraryKey
from hashmatch.db.library import Library
from hashmatch.db.manifest import ListFile
from hashmatch.db.verification import verify
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.db.installed import InstalledSet

KEY = bytes(range(32))
KINDS = ("batch", "exact", "near")
BATCH = 4096
ASKED = 100_000
HITS_IN = 100  # one look-up in a hundred finds something


def entropy(count: int) -> bytes:
    return os.urandom(count)


def clock() -> datetime:
    return datetime.now(UTC)


def peak_mb() -> float:
    """Give the most memory this process ever had, pages of mapped files included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def own_mb() -> float:
    """Give the present memory of this process without pages of mapped files (Linux only)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def values(number: int) -> tuple[bytes, bytes]:
    """Give an MD5-like and a SHA-1-like value for a record number, the same every time."""
    long = hashlib.blake2b(number.to_bytes(8), digest_size=36).digest()
    return long[:16], long[16:]


def exact_records(rows: int) -> Iterator[HashRecord]:

    for number in range(rows):
        md5, sha1 = values(number)
        fields = {"id": str(number), "md5": md5.hex(), "sha1": sha1.hex(), "category": "1"}
        digests = (Digest(Algorithm.MD5, md5), Digest(Algorithm.SHA1, sha1))
        yield HashRecord(number + 1, digests, entry=str(number), category="1", fields=fields)


def batches(rows: int) -> Iterator[RecordBatch]:

    for start in range(0, rows, BATCH):
        numbers = range(start, min(rows, start + BATCH))
        pairs = [values(number) for number in numbers]
        ids, codes = [str(number) for number in numbers], ["1"] * len(numbers)
        yield RecordBatch(
            range(start + 1, start + 1 + len(numbers)),
            {
                Algorithm.MD5: b"".join(md5 for md5, _ in pairs),
                Algorithm.SHA1: b"".join(sha1 for _, sha1 in pairs),
            },
            {
                "id": ids,
                "md5": [md5.hex() for md5, _ in pairs],
                "sha1": [sha1.hex() for _, sha1 in pairs],
                "category": codes,
            },
            entries=ids,
            categories=codes,
        )


def near_records(rows: int) -> Iterator[HashRecord]:

    for number in range(rows):
        half = hashlib.blake2b(number.to_bytes(8), digest_size=16).digest()
        value = half + bytes(byte ^ 0xFF for byte in half)  # half of the bits are 1, as in a PDQ
        yield HashRecord(number + 1, perceptual=(PerceptualHash(Method.PDQ, value, 90),))


def watched(events: Iterator[object], making: list[float]) -> Iterator[object]:
    """Pass events on, and note the time that was spent on making them up."""
    while True:
        started = time.perf_counter()
        event = next(events, None)
        making[0] += time.perf_counter() - started
        if event is None:
            return
        yield event


def build(folder: Path, rows: int, kind: str) -> dict[str, float]:

    records = {"exact": exact_records, "near": near_records, "batch": batches}[kind]
    making = [0.0]
    library = Library.create(folder, LibraryKey(KEY), clock=clock, entropy=entropy)
    description = SetDescription("bench", SetKind.ILLEGAL)
    started = time.perf_counter()
    with library.stage(description, clock=clock, entropy=entropy) as builder:
        builder.add_file(watched(records(rows), making), lambda: ListFile("bench.csv", 0, "0" * 64))
        manifest = library.publish(builder)
    seconds = time.perf_counter() - started - sum(making)
    total = sum(part.size for part in manifest.parts.values())
    sizes = {"bytes_record": total / rows} | {
        f"{name}_bytes": part.size / rows for name, part in manifest.parts.items()
    }
    return {"seconds": seconds, "rows_s": rows / seconds, "peak_mb": peak_mb(), **sizes}


def opened(folder: Path) -> tuple[InstalledSet, float]:

    library = Library.open(folder, LibraryKey(KEY))
    [manifest] = library.resolve([])
    started = time.perf_counter()
    installed = library.open_set(manifest.version)
    return installed, (time.perf_counter() - started) * 1000


def questions(rows: int) -> list[int]:
    """Numbers to ask for; one in a hundred is the number of a record."""
    chance = random.Random(1)
    return [
        chance.randrange(rows) if i % HITS_IN == 0 else rows + chance.randrange(rows)
        for i in range(ASKED)
    ]


def ask_hfind(folder: Path, rows: int) -> dict[str, float]:
    """Index a list of MD5s as hfind does, and time its look-ups as a whole process."""
    listed, asked = folder / "known.md5", folder / "asked"
    with listed.open("w") as out:
        out.writelines(f"{values(number)[0].hex()}  {number}\n" for number in range(rows))
    asked.write_text("".join(f"{values(number)[0].hex()}\n" for number in questions(rows)))
    started = time.perf_counter()
    silently("hfind", "-i", "md5sum", listed)
    indexed = time.perf_counter()
    runs = []
    for _ in range(4):  # the first finds the index on the disk
        begun = time.perf_counter()
        silently("hfind", "-f", asked, listed)
        runs.append(time.perf_counter() - begun)
    return {"index_s": indexed - started, "cold_s": ASKED / runs[0], "batch_s": ASKED / min(runs)}


def silently(*words: str | Path) -> None:
    subprocess.run(words, check=False, stdout=subprocess.DEVNULL)


def ask_exact(folder: Path, rows: int) -> dict[str, float]:

    before = own_mb()
    installed, open_ms = opened(folder)
    started = time.perf_counter()
    installed.lookup([Digest(Algorithm.MD5, values(5)[0])])
    first_ms = (time.perf_counter() - started) * 1000
    open_own = own_mb() - before
    numbers = questions(rows)
    asked = [Digest(Algorithm.MD5, values(number)[0]) for number in numbers]
    started = time.perf_counter()
    found = installed.lookup(asked)
    batch = len(asked) / (time.perf_counter() - started)
    expected = [[number] if number < rows else [] for number in numbers]
    if found != expected:
        sys.exit("a look-up gave a wrong answer")
    started = time.perf_counter()
    for digest in asked[:20_000]:
        installed.lookup([digest])
    single = 20_000 / (time.perf_counter() - started)
    started = time.perf_counter()
    for number in numbers[:20_000:HITS_IN]:
        installed.record(number)
    record_us = (time.perf_counter() - started) * 1e6 / 200
    started = time.perf_counter()
    verify(installed)
    verify_s = rows / (time.perf_counter() - started)
    return {
        "open_ms": open_ms,
        "first_ms": first_ms,
        "batch_s": batch,
        "single_s": single,
        "record_us": record_us,
        "verify_s": verify_s,
        "open_own_mb": open_own,
        "own_mb": own_mb(),
        "peak_mb": peak_mb(),
    }


def ask_first(folder: Path) -> dict[str, float]:
    """Time the first answer of a fresh process, from its first import on."""
    code = (
        "import sys, time; started = time.perf_counter()\n"
        "from pathlib import Path; from hashmatch.db.keys import LibraryKey\n"
        "from hashmatch.db.library import Library; from hashmatch.model.hashes import *\n"
        f"library = Library.open(Path({str(folder)!r}), LibraryKey(bytes(range(32))))\n"
        "[manifest] = library.resolve([]); installed = library.open_set(manifest.version)\n"
        "installed.lookup([Digest(Algorithm.MD5, bytes(16))])\n"
        f"installed.lookup([Digest(Algorithm.MD5, bytes.fromhex({values(5)[0].hex()!r}))])\n"
        "print(time.perf_counter() - started)"
    )
    runs = [
        float(
            subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout
        )
        for _ in range(7)
    ]
    return {"first_ms": sorted(runs)[3] * 1000, "fastest_ms": min(runs) * 1000}


def ask_near(folder: Path) -> dict[str, float]:

    installed, open_ms = opened(folder)
    chance = random.Random(1)
    queries = [chance.randbytes(32) for _ in range(200)]
    started = time.perf_counter()
    for query in queries[:50]:
        installed.search_near(Method.PDQ, [query], 31)
    one = (time.perf_counter() - started) * 1000 / 50
    started = time.perf_counter()
    installed.search_near(Method.PDQ, queries, 31)
    many = (time.perf_counter() - started) * 1000 / len(queries)
    return {"open_ms": open_ms, "one_ms": one, "batch_ms": many, "peak_mb": peak_mb()}


def child(task: str, folder: Path, rows: int) -> dict[str, float]:
    """Run one task in a process of its own and give its figures."""
    command = [sys.executable, __file__, "--child", task, "--folder", folder, "--rows", str(rows)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def figures_of(wanted: str, folder: Path, rows: int) -> dict[str, float]:
    """Do a task in this process."""
    task, _, kind = wanted.partition("-")
    if task == "build":
        return build(folder, rows, kind)
    if task == "first":
        return ask_first(folder)
    return ask_near(folder) if kind == "near" else ask_exact(folder, rows)


def show(title: str, figures: dict[str, float]) -> None:
    print(title)
    for name, figure in figures.items():
        print(f"  {name:24} {figure:14,.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--single", type=int, default=200_000)
    parser.add_argument("--near", type=int, default=100_000)
    parser.add_argument("--hfind", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "work" / "library")
    parser.add_argument(
        "--child",
        choices=[f"{task}-{kind}" for task in ("build", "ask", "first") for kind in KINDS],
    )
    words = parser.parse_args()
    if words.child:
        print(json.dumps(figures_of(words.child, words.folder, words.rows)))
        return
    for kind, rows in (("batch", words.rows), ("exact", words.single), ("near", words.near)):
        if not rows:
            continue
        shutil.rmtree(words.folder, ignore_errors=True)
        words.folder.mkdir(parents=True)
        title = f"{kind}: {rows:,} records"
        show(f"{title}, build", child(f"build-{kind}", words.folder, rows))
        show(f"{title}, ask", child(f"ask-{kind}", words.folder, rows))
        if kind != "near":
            show(f"{title}, first look-up", child(f"first-{kind}", words.folder, rows))
        if kind == "batch" and words.hfind and shutil.which("hfind"):
            show(f"hfind: {rows:,} MD5s", ask_hfind(words.folder, rows))
        shutil.rmtree(words.folder)


if __name__ == "__main__":
    main()
