"""A process that reads the list of a phone's backup, confined as the kernel allows.

The list is a database that somebody else may have made, so that it is read where a crash or a hang
costs nothing but the names.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hashmatch.errors import EvidenceError, UsageError
from hashmatch.evidence import preload
from hashmatch.evidence.folders import KEPT_OPEN
from hashmatch.evidence.members import ios_backup
from hashmatch.evidence.members.interface import MemberError
from hashmatch.jobs import plain_values, workers
from hashmatch.jobs.confinement import answers, kernel
from hashmatch.jobs.confinement.confine import confine
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.model import names
from hashmatch.model.outcomes import ItemError, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from hashmatch.jobs.lister import Terms
    from hashmatch.model.evidence import Item, Source

LONGEST_NAME = 4096
"""Characters of a name on the phone; no phone has longer ones."""

_TOGETHER = 4096  # names in one message
_OPEN = 64  # files besides the evidence's own, which libraries may have open
_MIDWAY = 60  # seconds; a process that stops in the middle of a message counts as lost
_START = 60.0  # seconds
_UNCONFINED = (
    "the process that reads a phone's backup cannot be confined by '{}'; "
    "see 'hashmatch doctor', or set HASHMATCH_CONFINE=auto"
)
_CONTEXT = multiprocessing.get_context("spawn")  # a fresh process holds no open evidence


@dataclass(frozen=True, slots=True)
class Lists:
    """What a backup says of itself: its list of files, and its properties where they are there.

    ``most`` names are wanted at most, ``room`` bytes of them.
    """

    source: Source
    manifest: Item
    properties: Item | None
    most: int
    room: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How reading a backup's list ended.

    ``locked`` tells whether the backup is encrypted, None where nothing says so. ``unfit`` counts
    names that are left out as they are not those of the files they are given for; ``reason`` says
    why names are missing.
    """

    locked: bool | None
    unfit: int
    reason: Reason | None


def ask(lists: Lists, terms: Terms, until: float, take: Callable[[bytes, str], None]) -> Ended:
    """Have the list of a backup read in a confined process.

    Args:
        lists: what is read.
        terms: how the process runs.
        until: when it is ended at the latest, by the monotonic clock.
        take: called with each name: the digest by which the backup calls the file, and the domain
            and path that the phone had it under, safe to print. Digests ascend.

    Returns:
        How that ended. What the process said of names is checked: each has the digest of its file.

    Raises:
        UsageError: the process is not confined as far as was asked for.
    """
    level: Level | None = terms.target
    while level is not None:
        try:
            child = _Child(lists, level, terms.memory)
        except OSError:  # the system has no room for another process
            break
        with closing(child):
            report = child.report()
            if report is not None and not report.level.reaches(terms.least):
                raise UsageError(_UNCONFINED.format(terms.least))
            if report is not None:
                return _taken(child, lists, until, take)
        level = level.weaker
    return Ended(None, 0, Reason.WORKER_DIED)


def _taken(child: _Child, lists: Lists, until: float, take: Callable[[bytes, str], None]) -> Ended:
    taking = _Taking(lists, take)
    try:
        words: Any = child.read(until)
        while words[0] != "end":
            taking.hear(*words)
            words = child.read(until)
        _, unfit, reason = words
        found = Reason(reason) if reason else None
        return Ended(taking.locked, plain_values.number(unfit), found)
    except TimeoutError:
        return Ended(taking.locked, 0, Reason.TIME_LIMIT)
    except (*plain_values.BROKEN, EOFError, OSError):
        return Ended(taking.locked, 0, Reason.WORKER_DIED)


class _Taking:
    """Looks at what the process says, and takes names one after the other."""

    def __init__(self, lists: Lists, take: Callable[[bytes, str], None]) -> None:
        self.locked: bool | None = None
        self._last, self._left, self._room = b"", lists.most, lists.room
        self._take = take

    def hear(self, word: object, *values: object) -> None:
        """Take one message.

        Raises:
            ValueError, or another of those that values of a wrong form raise.
        """
        (found,) = values
        if word == "locked" and type(found) is bool:
            self.locked = found
            return
        for digest, name in plain_values.listed(found, min(self._left, _TOGETHER)):
            _check(digest, name, self._last)
            self._last, self._left = digest, self._left - 1
            self._room -= size(name)
            if word != "names" or self._room < 0:
                raise ValueError
            self._take(digest, shown(name))


def _check(digest: object, name: object, last: bytes) -> None:
    """See that a name is that of its file, and comes after the one before.

    Raises:
        ValueError: it is not.
    """
    if type(digest) is not bytes or type(name) is not str or len(name) > LONGEST_NAME:
        raise ValueError
    if digest <= last or _digest(name) != digest:
        raise ValueError


def shown(name: str) -> str:
    """Give a name as it is safe to print."""
    return name if name.isprintable() else names.shown(name)


def size(name: str) -> int:
    """Say how many bytes a name takes as it is shown."""
    return len(shown(name).encode())


def _digest(name: str) -> bytes:
    content = name.encode("utf-8", "surrogateescape")
    return hashlib.sha1(content, usedforsecurity=False).digest()


class _Child:
    """The process and the pipe to it."""

    def __init__(self, lists: Lists, level: Level, memory: int) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        with suppress(OSError):  # of a kind that has no such limit
            kernel.bound_messages(self._pipe.fileno(), _MIDWAY)
        arguments = (theirs, lists, level, memory)
        self._process = _CONTEXT.Process(target=_serve, args=arguments, daemon=True)
        with workers.calm_start():
            self._process.start()
        theirs.close()

    def report(self) -> Report | None:
        """Wait for what it says of its confinement; None when it ended or takes too long."""
        try:
            found = self.read(time.monotonic() + _START)
        except (EOFError, OSError):
            return None
        return found if isinstance(found, Report) and isinstance(found.level, Level) else None

    def read(self, until: float) -> object:
        """Take the next that it says.

        Raises:
            TimeoutError: it says nothing until then.
            EOFError or OSError: it ended.
        """
        left = until - time.monotonic()
        if left < 0 or not self._pipe.poll(left):
            raise TimeoutError
        return answers.read(self._pipe.recv_bytes(answers.MOST))

    def close(self) -> None:
        """End the process now, whatever it is doing."""
        self._pipe.close()
        self._process.kill()
        self._process.join(5.0)  # one that waits for a dead disk cannot even be killed


def _serve(pipe: Connection, lists: Lists, level: Level, memory: int) -> None:
    workers.calm_signals()
    workers.leave_terminal()
    preload.load(file_systems=not lists.source.trusted)
    with suppress(EOFError, OSError):
        readable = lists.source.readable
        report = confine(level, readable, memory, (KEPT_OPEN + 2) * len(readable) + _OPEN)
        if report is not None:
            pipe.send(report)
            for words in said(lists):
                pipe.send(words)
    os._exit(0)  # there is nothing to tidy up, and what libraries would do at exit is not allowed


def said(lists: Lists) -> Iterator[tuple[object, ...]]:
    """Read a backup's lists in this process, and yield what is said of them."""
    found, reason = _Found(lists.most, lists.room), None
    locked = _locked(lists)
    if locked is not None:
        yield "locked", locked
    try:
        reason = found.read(lists.source, lists.manifest)
    except (MemberError, ItemError) as error:
        reason = error.reason
    except (OSError, EvidenceError):
        reason = Reason.IO
    except MemoryError:
        found.names.clear()
        reason = Reason.OUT_OF_MEMORY
    ordered = sorted(found.names)
    for at in range(0, len(ordered), _TOGETHER):
        yield "names", [(one, found.names[one]) for one in ordered[at : at + _TOGETHER]]
    yield "end", found.unfit, str(reason or "")


def _locked(lists: Lists) -> bool | None:
    """Tell what the properties say; whoever looks into them says that they are damaged."""
    if lists.properties is None:
        return None
    try:
        with lists.source.open(lists.properties) as stream:
            return ios_backup.encrypted(stream)
    except (MemberError, ItemError, OSError, EvidenceError, MemoryError):
        return None


class _Found:
    """Names that were read, by the digests of their files."""

    def __init__(self, most: int, room: int) -> None:
        self.names: dict[bytes, str] = {}
        self.unfit = 0
        self._most, self._room = most, room

    def read(self, source: Source, manifest: Item) -> Reason | None:
        """Take what a list names, and say why that is perhaps not all.

        Raises:
            MemberError, ItemError, OSError or EvidenceError: it cannot be read, or not further.
        """
        with source.open(manifest) as stream:
            for digest, domain, path in ios_backup.names(stream):
                if not self._add(bytes.fromhex(digest), f"{domain}-{path}"):
                    return Reason.LIMIT_COUNT
            return source.doubt(manifest, stream)

    def _add(self, digest: bytes, name: str) -> bool:
        """Take a name if it is that of its file; tell whether there was room."""
        if len(name) > LONGEST_NAME or _digest(name) != digest:
            self.unfit += 1
            return True
        if digest in self.names:
            return True
        self._room -= size(name)
        if self._room < 0 or len(self.names) >= self._most:
            return False
        self.names[digest] = name
        return True
