"""Damage file systems at random and list them: whatever comes of it is said, and nothing hangs.

    python tests/fuzz/fuzz_images.py [--count 300] [--seconds 600] [--first 0] [--patience 10]
        [KIND ...]

Each damaged image is a volume of one source, which is listed as every image is: by a confined
process, which is started again after a crash. Everything that is listed is read as well. Ends
with 1 when an exception came out of a parser, a process was lost, or fewer files were listed than
there are without a word of that. An image is named by its kind and number, from which it can be
made again. Not for networks, nor for timing.
"""

import argparse
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

if __package__ in {None, ""}:
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from hashmatch.jobs.lister import Lister, Terms
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Failed, Reason
from tests.byte_medium import ByteMedium
from tests.damaged_images import LEAKED, DamagedImages, bases, image_of

TOGETHER = 100
UNCOUNTED = {"apfs"}
"""Kinds whose files nothing counts: the fuzzer makes checksums of what it damaged right again."""

LOST = {Reason.WORKER_DIED, Reason.TIME_LIMIT, Reason.OUT_OF_MEMORY}


def examine(source, terms):
    """List a source; gives for each image what came of it, and what must not come."""
    counts, wrong = {}, []
    with closing(Lister(source, terms)) as lister:
        for volume in lister.opened()[1]:
            counts[volume.number] = count = Counter()
            for entry in lister._entries_of(volume):
                count[type(entry).__name__] += 1
                count["allocated"] += is_there(entry)
                if isinstance(entry, Failed):
                    count[str(entry.reason)] += 1
                    if LEAKED in entry.path or (entry.path == root(volume) and lost(entry)):
                        wrong.append(f"{volume.prefix.decode()}: {entry.path!r} {entry.reason}")
    return counts, wrong


def is_there(entry):
    return isinstance(entry, Item) and entry.facts.standing is Standing.ALLOCATED


def files(content):
    """How many files a sound image has."""
    return sum(map(is_there, image_of(ByteMedium(content)).entries()))


def is_short(kind, count, expected):
    """Tell whether fewer files were listed than there are, and nothing was said to be missing."""
    return kind not in UNCOUNTED and not count["Failed"] and count["allocated"] < expected


def root(volume):
    return volume.prefix.rstrip(b"/")


def lost(entry):
    return entry.reason in LOST


def tell(*words):
    print(*words, flush=True)  # noqa: T201  # a program of its own


def run(kinds, count, seconds, first, terms):
    """Fuzz each kind; gives what went wrong."""
    wrong = []
    for kind, content in kinds.items():
        began, done, sums, found = time.monotonic(), 0, Counter(), []
        expected = files(content)
        while done < count and time.monotonic() - began < seconds:
            numbers = range(first + done, first + min(done + TOGETHER, count))
            counts, bad = examine(DamagedImages.of({kind: content}, numbers), terms)
            found += bad
            for number, one in counts.items():
                sums.update(one)
                if is_short(kind, one, expected):
                    found.append(f"{kind}-{numbers[number]}: fewer files, and nothing said")
                sums["images without an item"] += not one[Item.__name__]
                sums["images without an outcome"] += not sum(
                    one[x.__name__] for x in (Item, Failed, Folder)
                )
            done += len(numbers)
        took = time.monotonic() - began
        tell(f"{kind}: {done} images in {took:.0f} s, {len(found)} wrong; {dict(sums)}")
        for line in found:
            tell("   ", line)
        wrong += found
    return wrong


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("kinds", nargs="*", metavar="KIND")
    words.add_argument("--count", type=int, default=300)
    words.add_argument("--seconds", type=float, default=600.0)
    words.add_argument("--first", type=int, default=0)
    words.add_argument("--patience", type=float, default=10.0)
    given = words.parse_args()
    known = bases()
    chosen = {kind: known[kind] for kind in given.kinds or known}
    terms = Terms(seconds=given.patience)
    return 1 if run(chosen, given.count, given.seconds, given.first, terms) else 0


if __name__ == "__main__":
    sys.exit(main())
