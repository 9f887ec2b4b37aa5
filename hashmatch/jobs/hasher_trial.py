"""Load perceptual hashers in processes of their own and see whether they compute right there.

A hasher of another package may end or hold up the process that loads it. So this is done before
evidence is touched, where it costs nothing but the process, and the run is refused in words.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from hashmatch.errors import UsageError
from hashmatch.hashing import hashers
from hashmatch.hashing.hashers import HasherError
from hashmatch.jobs import workers
from hashmatch.jobs.confinement import answers
from hashmatch.jobs.confinement.confine import confine
from hashmatch.model import names
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from hashmatch.jobs.confinement.levels import Level

SECONDS = 60.0
"""So long a hasher may take to load and to try itself."""

_CONTEXT = multiprocessing.get_context("spawn")
_ENDED = "it ends the process that loads it"
_SLOW = f"it does not start within {SECONDS:.0f} seconds"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one hasher; ``trouble`` says why it cannot be used, and is empty if it can."""

    method: Method
    origin: str
    implementation: str = ""
    trouble: str = ""


def implementations(methods: Iterable[Method], level: Level, memory: int) -> dict[str, str]:
    """Name what computes each method, PDQ among them.

    Args:
        methods: those of a run.
        level: how far its workers are to be confined.
        memory: bytes that a worker may take for one item.

    Raises:
        UsageError: a hasher cannot be used.
    """
    found = {str(Method.PDQ): hashers.PDQ_IMPLEMENTATION}
    for one in trials([m for m in methods if m not in hashers.OWN], level, memory):
        if one.trouble:
            msg = f"the hasher for {one.method} ({one.origin}) cannot be used: {one.trouble}"
            raise UsageError(msg)
        found[str(one.method)] = one.implementation
    return found


def trials(
    methods: Sequence[Method], level: Level, memory: int, seconds: float = SECONDS
) -> Iterator[Tried]:
    """Try the hashers of some methods, all at the same time.

    Args:
        methods: those that are installed; one that is not is in trouble.
        level: how far the processes are to be confined once all is loaded.
        memory: bytes that each may take then.
        seconds: how long to wait for all together.
    """
    offers = hashers.offers()
    origins = {m: ", ".join(one.origin for one in offers.get(m, ())) or "none" for m in methods}
    built_in = [m for m in methods if origins[m] in hashers.BUILT_IN.values()]
    groups = [built_in, *([m] for m in methods if m not in built_in)]
    started = [(group, _start(group, level, memory)) for group in groups if group]
    end = time.monotonic() + seconds
    found = {}
    for group, (process, pipe) in started:
        for method, answer in zip(group, _answers(pipe, len(group), end), strict=True):
            found[method] = Tried(method, origins[method], *answer)
        pipe.close()
        process.kill()
        process.join()
    yield from (found[method] for method in methods)


def _start(
    methods: Sequence[Method], level: Level, memory: int
) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    ours, theirs = _CONTEXT.Pipe()
    arguments = (theirs, methods, level, memory)
    process = _CONTEXT.Process(target=_serve, args=arguments, daemon=True)
    with workers.calm_start():
        process.start()
    theirs.close()
    return process, ours


def _answers(pipe: Connection, number: int, end: float) -> Iterator[tuple[str, str]]:
    """Give implementation and trouble of each hasher of a process, whatever becomes of it."""
    for _ in range(number):
        try:
            if not pipe.poll(max(0.0, end - time.monotonic())):
                yield "", _SLOW
                continue
            answer = answers.read(pipe.recv_bytes(answers.MOST))
        except (EOFError, OSError):
            yield "", _ENDED
            continue
        match answer:
            case (str(implementation), str(trouble)):
                yield names.shown(implementation), names.shown(trouble)
            case _:
                yield "", _ENDED


def _serve(pipe: Connection, methods: Sequence[Method], level: Level, memory: int) -> None:
    workers.calm_signals()
    workers.leave_terminal()
    before = [_trial(method) for method in methods]
    confine(level, (), memory, 0)
    with suppress(OSError):  # the parent is gone
        for method, one in zip(methods, before, strict=True):
            pipe.send(_answer(method, one))
    os._exit(0)  # as a worker ends


def _answer(method: Method, before: _Outcome) -> tuple[str, str]:
    """Compare what a hasher gave with what it gives now, where nothing can be opened."""
    if before.trouble:
        return "", before.trouble
    now = _trial(method)
    if now.trouble:
        return "", f"confined as a worker is, {now.trouble}"
    if now.value != before.value:
        return "", "it gives another value of the same picture when asked again"
    return now.implementation, ""


class _Outcome(NamedTuple):
    """What loading a hasher and hashing the trial picture came to."""

    value: bytes | None = None
    implementation: str = ""
    trouble: str = ""


def _trial(method: Method) -> _Outcome:
    try:
        hasher = hashers.load(method)
        return _Outcome(hashers.trial(hasher), hasher.implementation)
    except HasherError as error:
        return _Outcome(trouble=str(error))
