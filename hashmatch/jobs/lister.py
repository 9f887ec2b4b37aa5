"""List what hostile parsers list in a process of its own, volume by volume.

A crash or a hang that happens twice costs the rest of one volume, which is said; a new process
goes on with the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hashmatch.errors import EvidenceError, UsageError
from hashmatch.evidence.filesystems import patience
from hashmatch.evidence.image import failed
from hashmatch.evidence.media.check import MediumCheck
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.stack import Told
from hashmatch.jobs import lister_words, plain_values
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.lister_process import LostError, Process
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

_MOST_NAMES = 1 << 30
_NAMES_PER_BYTE = 16
"""Bytes of paths of one volume at most: some, and so many for each byte of the medium. Deep folders
repeat their names, but a small medium cannot fill the disk of a case."""

_A_SECRET = 60.0  # seconds that trying one password may take: keys are derived slowly on purpose


@dataclass(frozen=True, slots=True)
class Terms:
    """How listing processes run: confinement to aim for and to reach, memory, patience."""

    target: Level = Level.LANDLOCK
    least: Level = Level.PROCESSES
    memory: int = 2 << 30
    seconds: float = SECONDS


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
        self._child: Process | None = None
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
                raise self._unusable(LostError(Reason.WORKER_DIED)) from None
            except LostError as lost:
                raise self._unusable(lost) from None
        return self._opened

    def _unusable(self, lost: LostError) -> EvidenceError:
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
            expected = len(self._source.readable) if files else 0
            sums = plain_values.digests(digests, expected)
            return MediumCheck.from_json(plain_values.record(found)), sums
        except (*plain_values.BROKEN, EOFError):
            raise self._unusable(LostError(Reason.WORKER_DIED)) from None
        except LostError as lost:
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
            except LostError as lost:
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
        left, length = MOST_ENTRIES, _MOST_NAMES + _NAMES_PER_BYTE * self.opened()[0].size
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
                raise LostError(Reason.LIMIT_COUNT)
            for one in values[0]:
                entry = lister_words.entry_in(one, volume)
                length -= len(entry.path)
                if length < 0:
                    raise LostError(Reason.LIMIT_COUNT)
                yield entry

    def _exchange(self, word: str, *values: object) -> tuple[str, list[Any]]:
        """Give an order and take the first answer."""
        try:
            self._ready().send(word, *values)
        except OSError:
            raise LostError(Reason.WORKER_DIED) from None
        return self._next()

    def _next(self) -> tuple[str, list[Any]]:
        try:
            word, values = self._ready().answer(self._patience)
        except (EOFError, OSError):
            raise LostError(Reason.WORKER_DIED) from None
        if word == "refused":
            (sentence,) = values
            raise MediumError(names.shown(plain_values.text(sentence)))
        return word, values

    @property
    def _patience(self) -> float:
        return self._terms.seconds + (patience.SECONDS + _A_SECRET if self._tries else 0.0)

    def _ready(self) -> Process:
        """Give the process, or a new one, as far confined as it goes."""
        while self._child is None:
            child = Process(self._source, self._level, self._terms.memory)
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
                raise LostError(Reason.WORKER_DIED)
        return self._child


def _told(values: list[Any]) -> tuple[str, str]:
    if len(values) != 2:
        raise EOFError
    return plain_values.text(values[0]), plain_values.text(values[1])
