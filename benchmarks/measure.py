"""Time whole commands, two of them in turn, and watch the memory of all their processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.02  # seconds between two looks at the memory
_COMPILED = {
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(Path(__file__).resolve().parent / "work" / "bytecode"),
}
"""An installed program is compiled once, also where the environment forbids it here."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took: seconds of the clock, of all processors, and MB at most.

    Memory is the sum of the resident pages of all its processes, private and shared.
    """

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True, slots=True)
class Command:
    """Words, what to set in the environment, and the exit codes that are right."""

    words: tuple[str | Path, ...]
    environment: Mapping[str, str] | None = None
    codes: tuple[int, ...] = (0,)
    before: Callable[[], None] | None = None
    """Done before each run and not timed."""


def tree_of(pid: int) -> list[int]:
    """A process and its descendants, those that are still there."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:  # it ended in between
                continue
    return found


def resident(pid: int) -> int:
    """Bytes of a process that are in memory; 0 when it ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def run(command: Command, *, memory: bool = False, stdin: Path | None = None) -> Cost:
    """Run a command once; its output is thrown away. Watching memory costs it a little time."""
    if command.before:
        command.before()
    environment = os.environ | _COMPILED | dict(command.environment or {})
    peak = 0
    with (stdin or Path(os.devnull)).open("rb") as given:
        begun, used = time.perf_counter(), os.times()
        process = subprocess.Popen(
            [*map(str, command.words)],
            env=environment,
            stdin=given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        while memory and process.poll() is None:
            peak = max(peak, sum(map(resident, tree_of(process.pid))))
            time.sleep(_EVERY)
        _, said = process.communicate()
        wall, now = time.perf_counter() - begun, os.times()
    if process.returncode not in command.codes:
        sys.exit(f"{' '.join(map(str, command.words))}: {process.returncode}\n{said.decode()}")
    cpu = (now.children_user - used.children_user) + (now.children_system - used.children_system)
    return Cost(wall, cpu, peak / 1e6)


def in_turn(commands: Mapping[str, Command], runs: int) -> dict[str, list[Cost]]:
    """Run each command once unmeasured, then all of them in turn, ``runs`` times."""
    for command in commands.values():
        run(command)
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(run(command))
    return found


def median(values: Sequence[float]) -> float:
    """The value in the middle."""
    return statistics.median(values)


def ratios(theirs: Sequence[Cost], ours: Sequence[Cost]) -> list[float]:
    """How many times faster ours is by the clock, pair by pair."""
    return [a.wall / b.wall for a, b in zip(theirs, ours, strict=True)]
