"""Read evidence in its forms, in turn with others that read the same, and print the ratios.

    python benchmarks/evidence.py [--megabytes 600] [--files 6000] [--runs 5] [--only NAME,...]

Every figure is of processor seconds, which other work on the machine hardly moves. A ratio is
other / hashmatch, above 1 where hashmatch takes less: the median over the runs, with the least and
the greatest. What a row needs and is not there (pyewf, mkfs.ntfs, ntfs-3g, mke2fs) is named, and
the row is left out.

Rows: e01 (an E01 read from beginning to end beside libewf's Python package: noise, which is stored
as it is, is bounded by its checksums, text by inflating it); digests (three digests of each file,
as a worker computes them, of file systems beside the folder with the same files: bounded by the
digests, and for small files by opening each); scan (the same as whole commands, so with two more
processes and listing); walk (entries of a file system as they are listed: bounded by what is made
of each, such as its place, times and extents, which a folder does not have); members (three digests
of an archive and of what it holds, beside the folder: twice the bytes).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from compare import HASHMATCH, MissingError, package, program
from measure import Command, in_turn, median, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

HERE = Path(__file__).resolve().parent
WORK = HERE / "work" / "evidence"
PIECE = 1 << 20
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """How large a measurement is. ``size`` in bytes."""

    size: int
    files: int
    runs: int


def in_process(work: Mapping[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Do each once unmeasured, then all of them in turn; gives processor seconds."""
    for one in work.values():
        one()
    found: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(runs):
        for name, one in work.items():
            begun = time.process_time()
            one()
            found[name].append(time.process_time() - begun)
    return found


def beside(
    costs: Mapping[str, Sequence[float]], ours: str, work: str, unit: tuple[float, str]
) -> None:
    """Print a row for each of the others; ``unit`` is how many of what were done in one run."""
    own = costs[ours]
    speed = f"{unit[0] / median(own):,.0f} {unit[1]} a cpu s"
    for name, theirs in costs.items():
        if name != ours:
            found = [a / b for a, b in zip(theirs, own, strict=True)]
            spread = f"{min(found):.2f}-{max(found):.2f}"
            cells = (work, name, f"{median(found):.2f}", spread, speed)
            print(f"| {' | '.join(cells)} |", flush=True)


def text(size: int) -> bytes:
    """Words, as deflate meets them in documents: to about a quarter of their size."""
    chance = random.Random(2)
    words = [
        "".join(chance.choices("abcdefghiklmnoprstu", k=chance.randint(2, 9))) for _ in "x" * 999
    ]
    some = " ".join(chance.choices(words, k=200_000)).encode()
    return (some * (size // len(some) + 1))[:size]


def e01(asked: Asked) -> None:
    import pyewf  # a row without it is left out before

    from hashmatch.evidence.media import registry
    from hashmatch.model.secrets import Secrets
    from tests import ewf_maker

    size = min(asked.size // 8, 100 * MB) // PIECE * PIECE
    for kind, content in (("noise", random.Random(1).randbytes(size)), ("text", text(size))):
        place = ewf_maker.write(WORK / f"{kind}.E01", content, chunk_sectors=64)
        path = os.fsencode(place)

        def own(path: bytes = path) -> None:
            medium = registry.by_name("e01").open_medium(path, Secrets())
            for at in range(0, medium.size, PIECE):
                medium.read_at(at, PIECE)
            medium.close()

        def theirs(place: Path = place) -> None:
            handle = pyewf.handle()
            handle.open(pyewf.glob(str(place)))
            while handle.read_buffer(PIECE):
                pass
            handle.close()

        costs = in_process({"hashmatch": own, "pyewf": theirs}, asked.runs)
        beside(costs, "hashmatch", f"E01 of {kind}, end to end", (size / MB, "MB"))
        place.unlink()


def tree(asked: Asked) -> Path:
    """Files of noise, which no file system packs and nobody recognises."""
    folder, chance = WORK / f"tree-{asked.files}", random.Random(3)
    if not folder.exists():
        for number in range(asked.files):
            place = folder / f"{number // 500:04d}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number:06d}.bin").write_bytes(chance.randbytes(asked.size // asked.files))
    return folder


def ext4(asked: Asked) -> Path:
    image = WORK / f"ext4-{asked.files}" / "ext4.dd"
    if not image.exists():
        words = (program("mke2fs"), "-q", "-t", "ext4", "-d", tree(asked), image)
        _sparse(image, asked)
        subprocess.run([*map(str, words)], check=True)
    return image


def ntfs(asked: Asked) -> Path:
    image = WORK / f"ntfs-{asked.files}" / "ntfs.dd"
    if not image.exists():
        folder = tree(asked)
        make, mount = program("mkfs.ntfs"), program("ntfs-3g")
        _sparse(image, asked)
        subprocess.run([make, "-q", "-F", "-f", image], check=True, capture_output=True)
        with mounted(mount, image) as place:
            shutil.copytree(folder, place, dirs_exist_ok=True)
    return image


def _sparse(image: Path, asked: Asked) -> None:
    image.parent.mkdir(parents=True)  # of its own: nothing is written beside an image
    with image.open("wb") as out:
        out.truncate(asked.size * 3 // 2 + 8192 * asked.files + 64 * MB)


@contextmanager
def mounted(mount: str, image: Path) -> Iterator[Path]:
    place = WORK / "mounted"
    place.mkdir(exist_ok=True)
    if subprocess.run([mount, image, place], capture_output=True, check=False).returncode:
        shutil.rmtree(image.parent)
        msg = "the right to mount"
        raise MissingError(msg)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


SYSTEMS: dict[str, Callable[[Asked], Path]] = {"ext4": ext4, "NTFS": ntfs}


def _source(path: Path) -> object:
    from hashmatch.evidence import opening

    return opening.source_of(os.fsencode(path), opening.Wishes())


def _listed(path: Path) -> list[object]:
    """Files as they are read: of the file systems, in the order in which they lie."""
    from hashmatch.model.evidence import Item

    items = [entry for entry in _source(path).entries() if isinstance(entry, Item)]
    return items if path.is_dir() else sorted(items, key=lambda item: item.identity)


def _digested(path: Path, *, members: bool = False) -> Callable[[], object]:
    from hashmatch.jobs import examine_members
    from hashmatch.jobs.examine import Aids, Limits
    from hashmatch.jobs.guard import FREE
    from hashmatch.jobs.reuse import Contents
    from hashmatch.model.hashes import Algorithm
    from hashmatch.model.outcomes import Failed
    from hashmatch.model.profile import Profile
    from hashmatch.model.secrets import Secrets
    from hashmatch.model.wanted import Wanted

    three = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256)
    wanted = Wanted(three, (), videos=False)
    profile = Profile(members=members)
    depth = examine_members.Depth(wanted, Limits(), profile, Secrets())
    items = _listed(path)

    def work() -> None:
        source, aids = _source(path), Aids(Contents())
        for item in items:
            for one in examine_members.examine_whole(source, item, depth, FREE, aids):
                if isinstance(getattr(one, "read", one), Failed):
                    sys.exit(f"not read: {one}")

    return work


def digests(asked: Asked) -> None:
    unit = (asked.size / MB, "MB")
    for these in (replace(asked, files=max(asked.files // 20, 1)), asked):
        each = f"{these.size // these.files // 1000:,} KB"
        for name, make in SYSTEMS.items():
            with said(f"digests of {name}"):
                work = {name: _digested(make(these)), "folder": _digested(tree(these))}
                costs = in_process(work, these.runs)
                beside(costs, name, f"three digests of files of {each} on {name}", unit)


def scan(asked: Asked) -> None:
    home = {"HASHMATCH_HOME": str(WORK / "home"), "HASHMATCH_HEARTBEAT": "3600"}
    run(Command((*HASHMATCH, "library", "init"), home))
    listed = WORK / "list.txt"
    listed.write_text("0123456789abcdef" * 4 + "\n")
    words = ("library", "import", listed, "--set", "one", "--kind", "illegal", "--type", "sha256")
    run(Command((*HASHMATCH, *words), home))

    def fresh() -> None:
        shutil.rmtree(WORK / "case", ignore_errors=True)
        stated = ("--reference", "B", "--agency", "B", "--operator", "B")
        run(Command((*HASHMATCH, "case", "open", WORK / "case", *stated), home))

    def command(path: Path) -> Command:
        how = ("--case", WORK / "case", "--profile", "quick", "--verify", "none")
        return Command((*HASHMATCH, "scan", path, *how), home, (0,), fresh)

    for name, make in SYSTEMS.items():
        with said(f"scan of {name}"):
            costs = in_turn(
                {name: command(make(asked)), "folder": command(tree(asked))}, asked.runs
            )
            seconds = {which: [cost.cpu for cost in found] for which, found in costs.items()}
            beside(seconds, name, f"scan of {name}, whole command", (asked.size / MB, "MB"))


def walk(asked: Asked) -> None:
    for name, make in SYSTEMS.items():
        with said(f"walk of {name}"):
            paths = {name: make(asked), "folder": tree(asked)}
            work = {
                which: lambda path=path: sum(1 for _ in _source(path).entries())
                for which, path in paths.items()
            }
            costs = in_process(work, asked.runs)
            beside(costs, name, f"entries of {name}", (asked.files, "entries"))


def members(asked: Asked) -> None:
    folder = tree(asked)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with (
        tarfile.open(WORK / "tree.tar", "w") as tar,
        zipfile.ZipFile(WORK / "tree.zip", "w") as zips,
    ):
        for path in files:
            name = str(path.relative_to(folder))
            tar.add(path, name)
            zips.write(path, name, zipfile.ZIP_DEFLATED, 1)
    with zipfile.ZipFile(WORK / "stored.zip", "w") as stored:
        for path in files:
            stored.write(path, path.relative_to(folder))
    kinds = {"tar": "tree.tar", "zip, stored": "stored.zip", "zip, deflated": "tree.zip"}
    for kind, name in kinds.items():
        work = {kind: _digested(WORK / name, members=True), "folder": _digested(folder)}
        beside(in_process(work, asked.runs), kind, f"members of a {kind}", (asked.size / MB, "MB"))


@contextmanager
def said(row: str) -> Iterator[None]:
    """Name what is missing, and go on."""
    try:
        yield
    except MissingError as missing:
        print(f"| {row} | left out: {missing} is not there | | | |", flush=True)


ROWS = {"e01": e01, "digests": digests, "scan": scan, "walk": walk, "members": members}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=600)
    parser.add_argument("--files", type=int, default=6000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(ROWS))
    words = parser.parse_args()
    asked = Asked(words.megabytes * MB, words.files, words.runs)
    sys.path.insert(0, str(HERE.parent))  # an image is made by the tests' own writer
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    print(f"Python {sys.version.split()[0]}, {asked.runs} runs in turn")
    print("| work | against | ratio | least-greatest | hashmatch |\n|---|---|---|---|---|")
    try:
        for name in words.only.split(","):
            with said(name):
                if name == "e01":
                    package("pyewf")
                ROWS[name](asked)
    finally:
        shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
