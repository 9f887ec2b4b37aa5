"""List what hostile parsers list in a process of its own, volume by volume.

A crash or a hang that happens twice costs the rest of one volume, which is said; a new process
goes on with the next.
"""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hashmatch.errors import EvidenceError, UsageError
from hashmatch.evidence.image import failed
from hashmatch.evidence.media.check import MediumCheck
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.stack import Told
from hashmatch.jobs import lister_child, lister_words, plain_values, workers
from hashmatch.jobs.confinement import answers, kernel
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.model import names
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.evidence.media.interface import MediumFacts
    from hashmatch.evidence.volumes.interface import Volume
    from hashmatch.jobs.lister_child import Listable
    from hashmatch.model.evidence import Entry

Files = tuple[str, ...]
"""SHA-256 of each file of an image, in their order."""

START_SECONDS = 60.0
"""So long a process may take to start."""

SECONDS = 60.0
"""So long a listing process may say nothing; it tells when it reads."""

MOST_ENTRIES = 1 << 27
"""Entries of one volume at most; more would be the invention of who holds the process."""

_MIDWAY = 60  # seconds; a process that stops in the middle of a message counts as lost
_A_SECRET = 60.0  # seconds that trying one password may take: keys are derived slowly on purpose
_CONTEXT = multiprocessing.get_context("spawn")  # a fresh process holds no open evidence


@dataclass(frozen=True, slots=True)
class Terms:
    """How listing processes run: confinement to aim for and to reach, memory, patience."""

    target: Level = Level.LANDLOCK
    least: Level = Level.PROCESSES
    memory: int = 2 << 30
    seconds: float = SECONDS


class _LostError(Exception):
    """The process is of no use any more."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Lister:
    """Lists one source; starts a process when there is something to ask.

    Args:
        source: what is listed.
        terms: how.
        secrets: how many passwords and keys may be tried on each volume.
    """

    def __init__(self, source: Listable, terms: Terms, secrets: int = 0) -> None:
        self._source = source
        self._terms = terms
        self._level = terms.target
        self._tries = secrets
        self._child: _Child | None = None
        self._opened: tuple[MediumFacts, tuple[Volume, ...]] | None = None
        self.told: dict[int, Told] = {}
        """What was learnt of volumes, by number, when their entries were listed."""

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def opened(self) -> tuple[MediumFacts, tuple[Volume, ...]]:
        """Open the medium, and say what it is and what it is divided into.

        Raises:
            EvidenceError: it cannot be used.
            UsageError: the process is not confined as far as was asked for.
        """
        if self._opened is None:
            try:
                _, (facts, volumes) = self._exchange("open")
                self._opened = lister_words.facts_in(facts), lister_words.volumes_in(volumes)
            except (EOFError, ValueError):
                raise self._unusable(_LostError(Reason.WORKER_DIED)) from None
            except _LostError as lost:
                raise self._unusable(lost) from None
        return self._opened

    def _unusable(self, lost: _LostError) -> EvidenceError:
        self.close()
        where = names.shown(self._source.location)
        how = "did not answer in time" if lost.reason is Reason.TIME_LIMIT else "broke down"
        msg = f"{where} cannot be opened: the process that read it {how}; it may be damaged, or "
        return EvidenceError(msg + "made to do that")

    def check(self, show: Callable[[int], None], *, files: bool) -> tuple[MediumCheck, Files]:
        """Read the medium from beginning to end, and say what its digests are.

        Args:
            show: told how many bytes were read so far.
            files: also digest the image's files.

        Returns:
            What was found, and the SHA-256 of each file.

        Raises:
            EvidenceError: it cannot be used, or cannot be read to its end.
        """
        try:
            found, digests = self._checked(show, files=files)
            return MediumCheck.from_json(plain_values.record(found)), plain_values.digests(
                digests, lister_words.MOST_SEGMENTS
            )
        except (*plain_values.BROKEN, EOFError):
            raise self._unusable(_LostError(Reason.WORKER_DIED)) from None
        except _LostError as lost:
            raise self._unusable(lost) from None

    def _checked(self, show: Callable[[int], None], *, files: bool) -> list[Any]:
        word, values = self._exchange("check", files)
        while word == "reached":
            (done,) = values
            show(plain_values.number(done))
            word, values = self._next()
        return values

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, volume by volume, as it comes; memory does not grow with them.

        Raises:
            EvidenceError: the medium cannot be used.
        """
        for volume in self.opened()[1]:
            if not volume.gap or self._source.carve:
                yield from self._entries_of(volume)

    def _entries_of(self, volume: Volume) -> Iterator[Entry]:
        """Yield the entries of a volume; what a lost process had not sent is asked for once more.

        The second process sends entry by entry, so that all before the one that ends it come.
        """
        came, reason = 0, Reason.WORKER_DIED
        for careful in (False, True):
            try:
                for entry in self._listed(volume, came if careful else None):
                    came += 1
                    yield entry
            except (EOFError, OSError, MediumError):
                reason = Reason.WORKER_DIED
            except _LostError as lost:
                reason = lost.reason
            else:
                return
            self.close()
            if reason is Reason.LIMIT_COUNT:
                break
        yield failed(volume, reason)

    def _listed(self, volume: Volume, after: int | None) -> Iterator[Entry]:
        child = self._ready()
        child.send("list", volume.number, after)
        left = MOST_ENTRIES
        while True:
            word, values = child.answer(self._patience)
            if word == "end":
                kind, advice = _told(values)
                self.told[volume.number] = Told(kind, advice)
                return
            if word != "entries" or len(values) != 1 or type(values[0]) is not list:
                raise EOFError
            left -= len(values[0])
            if left < 0:
                raise _LostError(Reason.LIMIT_COUNT)
            for one in values[0]:
                yield lister_words.entry_in(one, volume)

    def _exchange(self, word: str, *values: object) -> tuple[str, list[Any]]:
        """Give an order and take the first answer."""
        try:
            self._ready().send(word, *values)
        except OSError:
            raise _LostError(Reason.WORKER_DIED) from None
        return self._next()

    def _next(self) -> tuple[str, list[Any]]:
        try:
            word, values = self._ready().answer(self._patience)
        except (EOFError, OSError):
            raise _LostError(Reason.WORKER_DIED) from None
        if word == "refused":
            (sentence,) = values
            raise MediumError(names.shown(plain_values.text(sentence)))
        return word, values

    @property
    def _patience(self) -> float:
        return self._terms.seconds + _A_SECRET * self._tries

    def _ready(self) -> _Child:
        """Give the process, or a new one, as far confined as it goes."""
        while self._child is None:
            child = _Child(self._source, self._level, self._terms.memory)
            report = child.report(START_SECONDS)
            lower = self._level.weaker
            if report is None and lower is not None:
                child.stop()
                self._level = lower
                continue
            self._child = child
            level = report.level if report else Level.PROCESSES
            if not level.reaches(self._terms.least):
                self.close()
                msg = (
                    f"the process that lists an image can be confined by '{level}' only, and "
                    f"'{self._terms.least}' is required; see 'hashmatch doctor', "
                    "or set HASHMATCH_CONFINE=auto"
                )
                raise UsageError(msg)
            if report is None:
                raise _LostError(Reason.WORKER_DIED)
        return self._child


def _told(values: list[Any]) -> tuple[str, str]:
    kind, advice = (plain_values.text(one) for one in values)
    return kind, advice


class _Child:
    """One listing process and the pipe to it."""

    def __init__(self, source: Listable, level: Level, memory: int) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        with suppress(OSError):  # of a kind that has no such limit
            kernel.bound_messages(self._pipe.fileno(), _MIDWAY)
        arguments = (theirs, source, level, memory)
        self._process = _CONTEXT.Process(target=lister_child.serve, args=arguments, daemon=True)
        with workers.calm_start():
            self._process.start()
        theirs.close()

    def report(self, seconds: float) -> Report | None:
        """Wait for what it says of its confinement; None when it ended or takes too long."""
        try:
            answer = self._read(seconds)
        except (EOFError, OSError, _LostError):
            return None
        return answer if isinstance(answer, Report) and isinstance(answer.level, Level) else None

    def send(self, *words: object) -> None:
        """Give an order; raises ``OSError`` when the process is gone."""
        self._pipe.send(words)

    def answer(self, seconds: float) -> tuple[str, list[Any]]:
        """Take the next answer that is more than a sign of life.

        Raises:
            EOFError: the process ended, or sent something else.
            _LostError: it said nothing for so many seconds.
        """
        while True:
            found = self._read(seconds)
            if type(found) is not tuple or not found or type(found[0]) is not str:
                raise EOFError
            if found[0] != "busy":
                return found[0], [*found[1:]]

    def _read(self, seconds: float) -> object:
        if not self._pipe.poll(seconds):
            raise _LostError(Reason.TIME_LIMIT)
        return answers.read(self._pipe.recv_bytes(answers.MOST))

    def stop(self) -> None:
        """End the process now, whatever it is doing."""
        self._pipe.close()
        self._process.kill()
        self._process.join(5.0)  # one that waits for a dead disk cannot even be killed
