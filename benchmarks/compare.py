"""Run hashmatch and other programs on the same files, in turn, and print the ratios.

    python benchmarks/compare.py [--corpus FOLDER] [--scale 0.2] [--runs 5] [--only NAME,...]

The corpus is made first (``corpus.py``) unless its folder is there. Files are in the cache of the
operating system, except for ``cold``. Every ratio is other / hashmatch by the clock, above 1 where
hashmatch is faster: the median over the runs, with the least and the greatest. The programs in
``limits/`` are compiled with ``cc``; they do nothing but what cannot be avoided. What a row needs
and is not there (hashdeep, pdqhash, imagehash, a compiler) is named, and the row is left out.

Rows: tree, limit, small, pictures, camera, scan, cold, help. Near search, look-ups and memory
have programs of their own: ``near.py``, ``library.py``, ``lists.py``, ``memory.py``.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import corpus
import trees
from measure import Command, in_turn, median, ratios, run

HERE = Path(__file__).resolve().parent
WORK = HERE / "work" / "compare"
CORES = len(os.sched_getaffinity(0))
HASHMATCH = (sys.executable, "-m", "hashmatch")
LISTED = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    work: str
    against: str
    ratio: str
    spread: str
    ours: str


class MissingError(Exception):
    """Something that a comparison needs is not installed."""


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingError(name)
    return found


def package(name: str) -> str:
    if importlib.util.find_spec(name) is None:
        msg = f"the package {name}"
        raise MissingError(msg)
    return name


def limit(name: str, library: str) -> Path:
    """Compile one of the programs that do only what cannot be avoided."""
    made = WORK / name
    words = [program("cc"), "-O2", "-o", made, HERE / "limits" / f"{name}.c", f"-l{library}"]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        msg = f"the headers of lib{library}"
        raise MissingError(msg)
    return made


def versus(work: str, ours: Command, others: dict[str, Command], runs: int) -> list[Row]:
    costs = in_turn({"hashmatch": ours, **others}, runs)
    own = costs.pop("hashmatch")
    spent = f"{median([c.wall for c in own]):.2f} s, {median([c.cpu for c in own]):.2f} cpu s"
    rows = []
    for name, theirs in costs.items():
        found = ratios(theirs, own)
        spread = f"{min(found):.2f}-{max(found):.2f}"
        rows.append(Row(work, name, f"{median(found):.2f}", spread, spent))
    return rows


def digesting(tree: Path) -> Command:
    return Command((*HASHMATCH, "hash", tree, "--digests", "md5,sha1,sha256"))


def hashdeep(tree: Path) -> Command:
    return Command((program("hashdeep"), "-c", "md5,sha1,sha256", "-r", f"-j{CORES}", tree))


def tree(folder: Path, runs: int) -> list[Row]:
    others = {"hashdeep": hashdeep(folder)}
    return versus("three digests of the tree", digesting(folder), others, runs)


def at_limit(folder: Path, runs: int) -> list[Row]:
    bare = Command((limit("digest", "crypto"), folder, str(CORES)))
    others = {"OpenSSL in C, all cores": bare}
    return versus("three digests of the tree", digesting(folder), others, runs)


def small(_folder: Path, runs: int) -> list[Row]:
    place = WORK / "small"
    trees.tiny(place, 20_000, 10_000)
    others = {"hashdeep": hashdeep(place)}
    return versus("20,000 files of 10 KB", digesting(place), others, runs)


def chosen(folder: Path, count: int) -> list[Path]:
    """JPEGs of the corpus, evenly spread."""
    found = sorted(folder.glob("DCIM/*/*.jpg"))
    return [found[at * len(found) // count] for at in range(min(count, len(found)))]


def named(paths: list[Path], name: str) -> Path:
    file = WORK / name
    file.write_text("".join(f"{path}\n" for path in paths))
    return file


def pictures(folder: Path, runs: int) -> list[Row]:
    script, names = HERE / "rivals.py", named(chosen(folder, 80), "80")
    kinds = {"Pillow + pdqhash": "pdqhash", "Pillow + imagehash.phash": "phash"}
    package("pdqhash"), package("imagehash")
    others = {
        title: Command((sys.executable, script, kind, names)) for title, kind in kinds.items()
    }
    fast = versus(
        "80 JPEGs, PDQ, --near fast",
        Command((sys.executable, script, "ours-fast", names)),
        others,
        runs,
    )
    full = versus(
        "80 JPEGs, PDQ, --near standard",
        Command((sys.executable, script, "ours", names)),
        others,
        runs,
    )
    return fast + full


def camera(folder: Path, runs: int) -> list[Row]:
    """Processor seconds a picture: start-up left out."""
    from PIL import Image

    package("pdqhash")
    large = [path for path in sorted(folder.glob("DCIM/*/*.jpg")) if _is_large(Image, path)][:5]
    names = named(large, "camera")
    found = {
        kind: float(_said(sys.executable, HERE / "rivals.py", kind, names, str(runs)))
        for kind in ("camera-ours", "camera-pdqhash")
    }
    with names.open() as given:
        words = [limit("jpeg_grey", "jpeg"), "0", "1", str(runs)]
        said = subprocess.run(words, stdin=given, capture_output=True, text=True, check=True)
    found["grey"] = float(said.stdout.split()[2]) / len(large)
    own = found["camera-ours"]
    spent = f"{own * 1000:.1f} cpu ms a picture"
    others = {"Pillow + pdqhash": "camera-pdqhash", "libjpeg-turbo, grey, full size": "grey"}
    return [
        Row(
            "one 12-megapixel JPEG to PDQ",
            title,
            f"{found[kind] / own:.2f}",
            "least of runs",
            spent,
        )
        for title, kind in others.items()
    ]


def _is_large(library: object, path: Path) -> bool:
    with library.open(path) as image:
        return image.width * image.height > 11e6


def _said(*words: str | Path) -> str:
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=True).stdout


def scan(folder: Path, runs: int) -> list[Row]:
    """A whole scan against a million exact and a million near records, and its parts in C."""
    home = {"HASHMATCH_HOME": str(WORK / "home"), "HASHMATCH_HEARTBEAT": "3600"}
    parts = [folder / name for name in ("DCIM", "sys", "large")]
    _library(home)

    def fresh() -> None:
        shutil.rmtree(WORK / "case", ignore_errors=True)
        stated = ("--reference", "B", "--agency", "B", "--operator", "B")
        run(Command((*HASHMATCH, "case", "open", WORK / "case", *stated), home))

    codes = (0, 10)
    words = (*HASHMATCH, "scan", *parts, "--case", WORK / "case", "--workers", str(CORES))
    own = Command(words, home, codes, fresh)
    names = named(sorted(folder.glob("DCIM/*/*.jpg")), "jpegs")
    digest, grey = limit("digest", "crypto"), limit("jpeg_grey", "jpeg")
    both = " && ".join(f"{digest} {part} {CORES}" for part in parts)
    bare = Command(("sh", "-c", f"{both} && {grey} 256 {CORES} 1 < {names}"))
    return versus("scan, 1M exact and 1M near", own, {"C digests + C grey decode": bare}, runs)


def _library(home: dict[str, str]) -> None:
    run(Command((*HASHMATCH, "library", "init"), home))
    exact, near = WORK / "exact.csv", WORK / "near.csv"
    with exact.open("w") as out:
        out.write("md5,sha1\n")
        for number in range(LISTED):
            value = hashlib.blake2b(number.to_bytes(8), digest_size=36).hexdigest()
            out.write(f"{value[:32]},{value[32:]}\n")
    with near.open("w") as out:
        out.write("pdq\n")
        for number in range(LISTED):
            half = hashlib.blake2b(number.to_bytes(8), digest_size=16).digest()
            out.write((half + bytes(b ^ 255 for b in half)).hex() + "\n")
    for path in (exact, near):
        words = ("library", "import", path, "--set", path.stem, "--kind", "illegal")
        run(Command((*HASHMATCH, *words), home))


def cold(_folder: Path, runs: int) -> list[Row]:
    place, drop = WORK / "cold", Path("/proc/sys/vm/drop_caches")
    if not os.access(drop, os.W_OK):
        msg = "the right to drop the cache (root)"
        raise MissingError(msg)
    trees.tiny(place, 20_000, 10_000)

    def forget() -> None:
        os.sync()
        drop.write_text("3")
        for words in (one_by_one(HERE / "limits"), digesting(HERE / "limits").words):
            run(Command(words))  # the programs themselves are in the cache again

    def one_by_one(folder: Path) -> tuple[str | Path, ...]:
        return (sys.executable, HERE / "one_reader.py", folder)

    one = Command(one_by_one(place), before=forget)
    words = digesting(place).words
    own = Command(words, before=forget)
    return versus("20,000 small files, cold", own, {"one reader, folder order": one}, runs)


def help_text(_folder: Path, runs: int) -> list[Row]:
    found = [run(Command((*HASHMATCH, "--help"))).wall for _ in range(max(runs, 10))]
    least, most = min(found) * 1000, max(found) * 1000
    spent = f"{median(found) * 1000:.0f} ms"
    return [Row("hashmatch --help", "", "", f"{least:.0f}-{most:.0f} ms", spent)]


ROWS = {
    "tree": tree,
    "limit": at_limit,
    "small": small,
    "pictures": pictures,
    "camera": camera,
    "scan": scan,
    "cold": cold,
    "help": help_text,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=HERE / "work" / "corpus")
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(ROWS))
    asked = parser.parse_args()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    if not asked.corpus.exists():
        print(f"making the corpus in {asked.corpus}", flush=True)
        corpus.make(asked.corpus, asked.scale, CORES)
    print(f"{CORES} cores, Python {sys.version.split()[0]}, {asked.runs} runs in turn")
    print("| work | against | ratio | least-greatest | hashmatch |\n|---|---|---|---|---|")
    try:
        for name in asked.only.split(","):
            try:
                for row in ROWS[name](asked.corpus, asked.runs):
                    cells = (row.work, row.against, row.ratio, row.spread, row.ours)
                    print(f"| {' | '.join(cells)} |", flush=True)
            except MissingError as missing:
                print(f"| {name} | left out: {missing} is not there | | | |", flush=True)
    finally:
        shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
