"""Look at the one thing that a place names, in a confined process of its own.

What a locator leads to is found by the same parsers that a hostile image meets, so none of them
runs in the process that answers to people. Only which files belong to an image is read there, as
they must be known before anything is confined; that reads descriptors and headers, in Python.
"""

from __future__ import annotations

import multiprocessing
import os
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeGuard

from hashmatch.errors import EvidenceError, UsageError
from hashmatch.evidence import preload as evidence_preload
from hashmatch.evidence.carving import places
from hashmatch.evidence.folders import KEPT_OPEN
from hashmatch.evidence.image import ImageSource
from hashmatch.evidence.within import Within, own_layers
from hashmatch.jobs import unpacker, workers
from hashmatch.jobs.confinement import answers, kernel
from hashmatch.jobs.confinement.confine import confine
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.examine import Aids, Limits, Reader
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.reuse import Contents
from hashmatch.model import locators
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.facts import MOST_EXTENTS, Facts, Recovery, Standing
from hashmatch.model.hashes import ALWAYS
from hashmatch.model.outcomes import Failed, ItemError, Member, Reason, Skipped, Stage
from hashmatch.model.profile import MemberLimits
from hashmatch.model.secrets import Secrets
from hashmatch.model.wanted import Effort, Wanted

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from hashmatch.model.evidence import Entry, Source
    from hashmatch.model.locators import Layer

SECONDS = 3600.0
"""So long a look may take; a container may be large, and a volume have very many entries."""

_WANTED = Wanted(ALWAYS, effort=Effort.FAST, videos=False)
_PATH = b"!/"  # stands for the path, which the locator says
_OPEN = 64  # files besides the evidence's own, which libraries may have open
_MIDWAY = 60  # seconds; a process that stops in the middle of a message counts as lost
_START = 60.0  # seconds
_CONTEXT = multiprocessing.get_context("spawn")  # a fresh process holds no open evidence


@dataclass(frozen=True, slots=True)
class Question:
    """What to look at, and what may be spent on it."""

    source: Source
    layers: tuple[Layer, ...]
    secrets: Secrets = field(default_factory=Secrets)
    limits: Limits = field(default_factory=Limits)
    members: MemberLimits = field(default_factory=MemberLimits)
    unpacker: unpacker.Offer | None = None

    @property
    def place(self) -> str:
        """The place as text."""
        return locators.place(self.layers)


def look(question: Question, target: Level, least: Level, seconds: float = SECONDS) -> Member:
    """Find what a place names, digest it, and read the header of a picture.

    Args:
        question: what to look at.
        target: confinement to aim for.
        least: confinement to reach.
        seconds: how long it may take.

    Returns:
        It as a member: its size, times, facts, and what was read. Its path says nothing.

    Raises:
        UsageError: the process is not confined as far as was asked for.
        EvidenceError: the process ended or took too long.
    """
    level: Level | None = target
    while level is not None:
        with closing(_Child(question, level)) as child:
            report = child.report()
            if report is not None and not report.level.reaches(least):
                break
            if report is not None:
                return child.answer(seconds)
        level = level.weaker
    msg = (
        f"the process that looks at evidence cannot be confined by '{least}'; "
        "see 'hashmatch doctor', or set HASHMATCH_CONFINE=auto"
    )
    raise UsageError(msg)


class _Child:
    """The process and the pipe to it."""

    def __init__(self, question: Question, level: Level) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        with suppress(OSError):  # of a kind that has no such limit
            kernel.bound_messages(self._pipe.fileno(), _MIDWAY)
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, question, level), daemon=True)
        with workers.calm_start():
            self._process.start()
        theirs.close()

    def report(self) -> Report | None:
        """Wait for what it says of its confinement; None when it ended or takes too long."""
        try:
            found = self._read(_START)
        except (EOFError, OSError):
            return None
        return found if isinstance(found, Report) and isinstance(found.level, Level) else None

    def answer(self, seconds: float) -> Member:
        """Wait for what it found.

        Raises:
            EvidenceError: it ended, sent something else, or takes too long.
        """
        packing = Packing(ALWAYS)
        with suppress(EOFError, OSError, ValueError):
            (packed,) = packing.unpacked(self._read(seconds))
            if isinstance(packed, tuple):
                return packing.member(packed)
        msg = (
            "the process that looked at the evidence ended without an answer, or took too long; "
            "the evidence may be damaged, or made to do that"
        )
        raise EvidenceError(msg)

    def _read(self, seconds: float) -> object:
        if not self._pipe.poll(seconds):
            raise EOFError
        return answers.read(self._pipe.recv_bytes(answers.MOST))

    def close(self) -> None:
        """End the process now, whatever it is doing."""
        self._pipe.close()
        self._process.kill()
        self._process.join(5.0)  # one that waits for a dead disk cannot even be killed


def _serve(pipe: Connection, question: Question, level: Level) -> None:
    workers.calm_signals()
    workers.leave_terminal()
    beside = unpacker.start(question.unpacker, level)
    evidence_preload.load()
    if level is not Level.PROCESSES:
        from hashmatch.hashing import preload  # noqa: PLC0415  # NumPy and decoders

        preload.load(videos=False)
    with suppress(EOFError, OSError):
        readable = question.source.readable
        files = (KEPT_OPEN + 2) * len(readable) + _OPEN
        report = confine(level, readable, question.limits.memory, files)
        if report is not None:
            pipe.send(report if beside is None else beside.lend(report))
            pipe.send([Packing(ALWAYS).packed(found(question))])
    os._exit(0)  # there is nothing to tidy up, and what libraries would do at exit is not allowed


def found(question: Question) -> Member:
    """Look, in this process; see :func:`look`."""
    try:
        return _found(question)
    except ItemError as error:
        return _failed(error.stage, error.reason)
    except EvidenceError:
        return _failed(Stage.OPEN, Reason.IO)
    except MemoryError:
        return _failed(Stage.READ, Reason.OUT_OF_MEMORY)


def _failed(stage: Stage, reason: Reason) -> Member:
    return Member(_PATH, "", 0, 0, Failed(_PATH, stage, reason))


def _found(question: Question) -> Member:
    own, inner = own_layers(question.layers)
    base = _entry(question.source, own)
    if not isinstance(base, Item):
        facts = base.facts
        return Member(_PATH, "", 0, 0, replace(base, path=_PATH, place="", facts=None), facts)
    within = Within(question.source, question.secrets, question.members)
    size, modified, facts = base.size, base.modified_ns, base.facts
    item = replace(base, place=question.place)
    try:
        stream, given = within.reach(item)
        if given is not None:
            size, modified, facts = max(given.size, 0), given.modified_ns, given.facts
        with stream:
            reader = Reader(_WANTED, question.limits, Aids(Contents(0)))
            read = reader.read(stream, lambda: None)
            doubt = within.doubt(item, stream)
    except ItemError as error:
        if error.reason is Reason.VANISHED or inner:
            raise
        return Member(_PATH, "", size, modified, Failed(_PATH, error.stage, error.reason), facts)
    reading = replace(reader.decoded(read), partial=doubt)
    return Member(_PATH, "", read.content.size, modified, reading, facts)


def _entry(source: Source, own: tuple[Layer, ...]) -> Item | Failed | Skipped:
    """Give what a source lists at a place, with all that it says of it."""
    if not isinstance(source, ImageSource):
        return source.at(own)
    if places.is_carved(own[-1]):
        return replace(source.at(own), facts=_carved(own[-1]))
    place = locators.place(own)
    for volume in source.volumes():
        if (locked := volume.lock(own)) is not None:
            raise ItemError(Stage.OPEN, locked)
        if own[: len(volume.layers)] == volume.layers and len(own) == len(volume.layers) + 1:
            for entry in source.entries_of(volume):
                if _is_at(entry, place):
                    return entry
    raise ItemError(Stage.OPEN, Reason.VANISHED)


def _is_at(entry: Entry, place: str) -> TypeGuard[Item | Failed | Skipped]:
    return not isinstance(entry, Folder) and entry.place == place


def _carved(where: Layer) -> Facts:
    try:
        runs = places.runs_of(where)
    except ValueError:
        raise ItemError(Stage.OPEN, Reason.VANISHED) from None
    extents = tuple((run.offset, run.length) for run in runs[:MOST_EXTENTS])
    how = (Standing.CARVED, Recovery.BY_STRUCTURE)
    return Facts(*how, extents=extents, fragments=len(runs))
