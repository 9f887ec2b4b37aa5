"""A process that opens an image, lists it and digests it, confined as the kernel allows."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from hashmatch.errors import EvidenceError
from hashmatch.evidence import preload
from hashmatch.evidence.folders import open_quietly
from hashmatch.evidence.image import failed
from hashmatch.evidence.media import check
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.trouble import reason_of
from hashmatch.jobs import lister_words, workers
from hashmatch.jobs.confinement.confine import confine
from hashmatch.model import names
from hashmatch.model.evidence import Folder, Source
from hashmatch.model.outcomes import Failed, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.stack import Told
    from hashmatch.evidence.volumes.interface import Volume
    from hashmatch.jobs.confinement.levels import Level
    from hashmatch.model.evidence import Entry

_TOGETHER = 512  # entries in one message
_SILENCE = 0.25  # seconds until entries that wait for others are sent
_PULSE = 1.0  # seconds between two signs of life
_FURTHER = 1 << 30  # bytes that may be read of the smallest medium before silence counts as such
_TIMES = 8  # times that a medium may be read before that
_PIECE = 1 << 20
_OPEN = 64  # files besides the image's own, which libraries may have open


class Listable(Source, Protocol):
    """A source that is listed by parsers, volume by volume."""

    @property
    def carve(self) -> bool:
        """Whether space that is not allocated is searched too."""

    def watch(self, note: Callable[[int], None]) -> None:
        """Have each reading told, with its bytes; before anything is opened."""

    def medium(self) -> Medium:
        """Give its content."""

    def volumes(self) -> tuple[Volume, ...]:
        """Give what it is divided into."""

    def entries_of(self, volume: Volume) -> Iterator[Entry]:
        """Yield every entry of one volume."""

    def told(self, volume: Volume) -> Told:
        """What was learnt of a volume when its entries were listed."""


def serve(pipe: Connection, source: Listable, level: Level, memory: int) -> None:
    """Answer one order after the other, until the parent closes the pipe or is gone.

    Orders are tuples that begin with a word: ``open``; ``list``, the number of a
    volume, and after how many entries to send them one by one, or None;
    ``check`` and whether the image's files are digested too. Answers do so as well: ``reached``
    tells how many bytes were digested so far, ``busy`` is a sign of life, ``refused`` says in a
    sentence why the medium cannot be used.
    """
    workers.calm_signals()
    workers.leave_terminal()
    preload.load()
    with suppress(EOFError, OSError):
        report = confine(level, source.readable, memory, len(source.readable) + _OPEN)
        if report is not None:
            pipe.send(report)
            _Child(pipe, source).serve()
    os._exit(0)  # there is nothing to tidy up, and what libraries would do at exit is not allowed


class _Child:
    def __init__(self, pipe: Connection, source: Listable) -> None:
        self._pipe = pipe
        self._source = source
        self._told = time.monotonic()
        self._left = 0
        source.watch(self._note)

    def serve(self) -> None:
        orders: dict[str, Callable[..., None]] = {
            "open": self._open,
            "list": self._list,
            "check": self._check,
        }
        while True:
            word, *values = self._pipe.recv()
            self._left = _FURTHER
            try:
                self._left += _TIMES * self._source.medium().size
                orders[word](*values)
            except EvidenceError as error:
                self._send("refused", names.shown(str(error)))

    def _send(self, word: str, *values: object) -> None:
        self._pipe.send((word, *values))
        self._told = time.monotonic()

    def _note(self, count: int) -> None:
        """Tell that work goes on, as long as it may be work: reading in circles has an end."""
        self._left -= count + 1
        if self._left > 0 and time.monotonic() - self._told > _PULSE:
            self._send("busy")

    def _open(self) -> None:
        facts = lister_words.facts_out(self._source.medium().facts)
        self._send("opened", facts, lister_words.volumes_out(self._source.volumes()))

    def _list(self, number: int, after: int | None) -> None:
        """Send the entries of a volume; those after so many one by one, where that is asked for."""
        (volume,) = (one for one in self._source.volumes() if one.number == number)
        together = _TOGETHER if after is None else 1
        batch = []
        for entry in itertools.islice(self._entries(volume), after or 0, None):
            batch.append(lister_words.entry_out(entry))
            if len(batch) >= together or time.monotonic() - self._told > _SILENCE:
                self._send("entries", batch)
                batch = []
        told = self._source.told(volume)
        self._send("entries", batch)
        self._send("end", told.kind, told.advice)

    def _entries(self, volume: Volume) -> Iterator[Entry]:
        try:
            for entry in self._source.entries_of(volume):
                yield lister_words.fitted(entry, volume) or _unfit(entry, volume)
        except MemoryError:
            yield failed(volume, Reason.OUT_OF_MEMORY)
        except OSError:
            yield failed(volume, Reason.IO)

    def _check(self, files: bool) -> None:  # noqa: FBT001  # as it comes through the pipe
        found = check.check(self._source.medium(), self._reached)
        digests = [self._sha256(path) for path in self._source.readable] if files else []
        self._send("checked", found.to_json(), digests)

    def _reached(self, done: int) -> None:
        if time.monotonic() - self._told > _SILENCE:
            self._send("reached", done)

    def _sha256(self, path: bytes) -> str:
        digest = hashlib.sha256()
        try:
            with os.fdopen(open_quietly(path, os.O_RDONLY | os.O_CLOEXEC), "rb", 0) as file:
                while part := file.read(_PIECE):
                    digest.update(part)
                    self._note(0)
        except OSError as error:
            msg = f"{names.shown(path)} cannot be read to its end ({reason_of(error)})"
            raise MediumError(msg) from None
        return digest.hexdigest()


def _unfit(entry: Entry, volume: Volume) -> Failed:
    """Give the outcome of an entry that cannot be as it was said; by its own names if they can."""
    place = "" if isinstance(entry, Folder) else entry.place
    whole = failed(volume, Reason.DAMAGED_FILE_SYSTEM)
    path = entry.path[: lister_words.LONGEST_PATH]
    told = Failed(path, whole.stage, whole.reason, place or whole.place)
    return told if lister_words.fitted(told, volume) else whole
