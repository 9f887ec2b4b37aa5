"""Measure near search: building, sealing, opening and asking an index, beside comparing in full.

    python benchmarks/near.py --hashes 1000000 --hashes 10000000

For each number of hashes and each kind (``uniform``: bits by chance; ``clustered``: nine in ten
hashes are pictures much like another one, up to 2000 of one) an index of PDQ hashes is built,
sealed and opened as a command opens it, and asked at 31 bits: one query at a time and in batches
of 1000. A quarter of the queries lie 0 to 40 bits from a hash. Beside it, in turns with it, the
same queries are answered by faiss's ``IndexBinaryFlat`` on one thread, if faiss is installed, and
by comparing in rows with NumPy. The answers are compared. Times are seconds of the processor, the
least of ``--repeat``; one core. The folder ``--folder`` is emptied before and after.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hashmatch.db import near
from hashmatch.db.near_lay_out import Entries, LaidOut
from hashmatch.db.near_scan import Rows
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

KEY = bytes(range(32))
RADIUS = 31
SINGLES, BATCH = 300, 1000
SLOW = 64
"""Comparing in rows is asked so many queries only; its time for each is the same for all."""

Answers = set[tuple[int, int, int]]


class Speed(NamedTuple):
    """Queries a second."""

    single: float
    batch: float


def hashes(kind: str, number: int, chance: np.random.Generator) -> NDArray[np.uint8]:
    if kind == "uniform":
        return chance.integers(0, 256, (number, 32), np.uint8)
    first = chance.integers(0, 256, (max(1, number // 10), 32), np.uint8)
    skewed = np.minimum(chance.zipf(1.5, number), 2000)
    members = np.repeat(np.arange(len(first)), np.resize(skewed, len(first)))
    members = np.resize(members, number)
    made = first[members]
    for _ in range(6):  # up to 12 bits apart from one another
        bit = chance.integers(0, 256, number)
        made[np.arange(number), bit >> 3] ^= (1 << (bit & 7)).astype(np.uint8)
    return made


def queries(held: NDArray[np.uint8], chance: np.random.Generator) -> NDArray[np.uint8]:
    asked = chance.integers(0, 256, (BATCH, 32), np.uint8)
    for at in range(0, BATCH, 4):
        bits = np.unpackbits(held[chance.integers(len(held))])
        bits[chance.permutation(256)[: chance.integers(0, 41)]] ^= 1
        asked[at] = np.packbits(bits)
    return asked


def seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def speeds(
    ways: dict[str, Callable[[NDArray[np.uint8]], object]], asked: NDArray[np.uint8], repeat: int
) -> dict[str, Speed]:
    """Ask all ways in turns."""
    least = {name: (float("inf"), float("inf")) for name in ways}
    for _ in range(repeat):
        for name, ask in ways.items():
            slow = name != "hashmatch"
            few = asked[: 20 if slow else SINGLES]
            many = asked[: SLOW if slow else BATCH]
            single = seconds(
                lambda few=few, ask=ask: [ask(few[at : at + 1]) for at in range(len(few))]
            )
            batch = seconds(lambda many=many, ask=ask: ask(many))
            known = least[name]
            least[name] = (min(known[0], single / len(few)), min(known[1], batch / len(many)))
    return {name: Speed(1 / single, 1 / batch) for name, (single, batch) in least.items()}


def faiss_way(held: NDArray[np.uint8]) -> Callable[[NDArray[np.uint8]], Answers]:
    import faiss  # optional

    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(256)
    index.add(held)

    def ask(asked: NDArray[np.uint8]) -> Answers:
        ends, distance, row = index.range_search(asked, RADIUS + 1)
        query = np.repeat(np.arange(len(asked)), np.diff(ends.astype(np.int64)))
        return set(zip(query.tolist(), row.tolist(), distance.astype(int).tolist(), strict=True))

    return ask


def memory_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def measure(kind: str, number: int, folder: Path, repeat: int) -> None:
    chance = np.random.default_rng(5)
    held = hashes(kind, number, chance)
    asked = queries(held, chance)
    path = folder / "near"
    path.unlink(missing_ok=True)
    record = np.arange(number, dtype=np.uint32)
    entries = Entries(held, record, np.full(number, 80, np.uint8))
    build = seconds(lambda: near.write(path, KEY, Method.PDQ, LaidOut(Method.PDQ, entries)))
    gc.collect()
    before = memory_mb()
    begun = time.process_time()
    index = near.read(path, KEY, Method.PDQ)
    opened = time.process_time() - begun
    memory = (memory_mb() - before) * 2**20 / number
    print(
        f"{kind} {number:,}: build and seal {build:.1f} s, open {opened:.2f} s, "
        f"file {path.stat().st_size / number:.1f} B a hash, memory {memory:.1f} B a hash",
        flush=True,
    )
    rows = Rows(held.view("<u8"))
    ways: dict[str, Callable[[NDArray[np.uint8]], object]] = {
        "hashmatch": lambda some: index.search(some, RADIUS),
        "NumPy rows": lambda some: rows.within(some, RADIUS),
    }
    if importlib.util.find_spec("faiss"):
        ways["faiss flat"] = faiss_way(held)
    found = index.search(asked, RADIUS)
    answers = set(zip(*(column.tolist() for column in found[:3]), strict=True))
    if "faiss flat" in ways and ways["faiss flat"](asked) != answers:
        msg = "faiss and hashmatch disagree"
        raise SystemExit(msg)
    result = speeds(ways, asked, repeat)
    own = result["hashmatch"]
    for name, speed in result.items():
        ratio = f"hashmatch x {own.single / speed.single:.1f} / {own.batch / speed.batch:.1f}"
        line = f"  {name:11} {speed.single:9,.0f} /s single {speed.batch:9,.0f} /s in batches"
        print(line if name == "hashmatch" else f"{line}   {ratio}", flush=True)
    print(f"  {len(answers):,} agreements in {BATCH} queries", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hashes", type=int, action="append")
    parser.add_argument("--kind", choices=("uniform", "clustered"), action="append")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("benchmarks/work/near"))
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    for number in options.hashes or [1_000_000]:
        for kind in options.kind or ("uniform", "clustered"):
            measure(kind, number, options.folder, options.repeat)
            gc.collect()
    shutil.rmtree(options.folder)


if __name__ == "__main__":
    main()
