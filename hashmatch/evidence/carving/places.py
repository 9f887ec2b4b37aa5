"""Name what was carved so that it is found again by its locator alone.

``ext4:/$unalloc;off=44564480;len=65221``: bytes one after the other. Where they lie
in several runs, ``runs=44564480+4096,44600000+61125`` names each; ``off`` is still the first byte
and ``len`` all of them. Offsets count from where the caller has them count.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.interface import Run
from hashmatch.model.locators import Layer, layer

if TYPE_CHECKING:
    from collections.abc import Sequence

PATH = b"/$unalloc"
"""The name that stands for space without files."""
MOST_RUNS = 1024
"""So many runs a carved file may lie in; one that goes on beyond them ends there."""

_RUNS = re.compile(rb"[0-9]{1,19}\+[0-9]{1,19}(,[0-9]{1,19}\+[0-9]{1,19})*")


def layer_of(kind: str, runs: Sequence[Run]) -> Layer:
    """Give the step of a locator that leads to carved bytes.

    Args:
        kind: of the file system whose space it is, or another word for what holds it.
        runs: where the bytes lie, at least one.
    """
    off, length = runs[0].offset, sum(run.length for run in runs)
    if len(runs) == 1:
        return layer(kind, PATH, off=off, len=length)
    listed = ",".join(f"{run.offset}+{run.length}" for run in runs)
    return layer(kind, PATH, off=off, len=length, runs=listed)


def is_carved(where: Layer) -> bool:
    """Tell whether a step of a locator leads to carved bytes."""
    return where.path == PATH and where.has("off") and where.has("len")


def runs_of(where: Layer) -> tuple[Run, ...]:
    """Give the runs that a step of a locator names.

    Raises:
        ValueError: they are not named, or the names do not agree with each other.
    """
    off, length = where.number("off"), where.number("len")
    listed = where.key("runs")
    if listed is None:
        return (Run(off, length),)
    if not _RUNS.fullmatch(listed) or listed.count(b",") >= MOST_RUNS:
        msg = "the runs of a locator look like 4096+512,8192+1000"
        raise ValueError(msg)
    pairs = (pair.split(b"+") for pair in listed.split(b","))
    runs = tuple(Run(int(at), int(many)) for at, many in pairs)
    if runs[0].offset != off or sum(run.length for run in runs) != length:
        msg = "the runs of a locator do not add up to its 'off' and 'len'"
        raise ValueError(msg)
    return runs
