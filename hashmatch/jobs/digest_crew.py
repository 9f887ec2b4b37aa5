"""Digests of many files by several processes, given back in the order of the files.

Nothing is decoded here, so nothing needs to be confined: the processes are forked from this one,
which starts them within milliseconds and lends them what is loaded. Small files are mostly
interpreter work, which threads would have to share; hence processes for all. Within them a large
file is digested by two threads, since digesting lets go of the interpreter. Files of a batch that
are not in memory are asked for together before the first is read. A process that dies costs
nothing: what it had is done here.
"""

from __future__ import annotations

import gc
import select
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from hashmatch.evidence.folder import fetch_ahead
from hashmatch.hashing.quick import Quick
from hashmatch.jobs.digest_hands import forked
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, ItemError, Reason, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hashmatch.jobs.digest_hands import Hand
    from hashmatch.model.evidence import Entry, Source
    from hashmatch.model.hashes import Algorithm

_BATCH_FILES = 48
_BATCH_BYTES = 4 << 20
_MESSAGE = 16 << 10
"""Two messages of this size, and the answers to them, fit into pipes: nobody waits for ever."""

_AT_ONCE = 2
_WINDOW = 512
"""Batches under way at most; so many small ones may wait for a large file before them."""

_FACTS = struct.Struct("<IIQqIQQ")


@dataclass(frozen=True, slots=True)
class Digested:
    """A file that was read to its end: its size and digests, in the order asked for."""

    item: Item
    size: int
    digests: tuple[str, ...]


Numbered: TypeAlias = "tuple[int, Entry]"
Told: TypeAlias = "tuple[int, Digested | Failed | Skipped | Folder]"


class Digester:
    """Reads single items of some sources; a large one with two threads, where it is ``wide``."""

    def __init__(
        self, sources: Sequence[Source], algorithms: Sequence[Algorithm], *, wide: bool
    ) -> None:
        self._sources = sources
        self._quick = Quick(algorithms, wide=wide)

    def answers(self, message: bytes) -> bytes:
        """Give a line for each item of a message: size and digests, or what failed and why."""
        items = list(_items(message))
        fetch_ahead(self._sources, items)
        return b"\n".join(self._answer(number, item) for number, item in items)

    def _answer(self, number: int, item: Item) -> bytes:
        source = self._sources[number]
        try:
            with source.open(item) as stream:
                size, digests = self._quick.read(stream, item.size)  # type: ignore[arg-type]
                if source.unchanged(item, stream):
                    return f"{size},{','.join(digests)}".encode()
                error = ItemError(Stage.READ, Reason.CHANGED)
        except ItemError as trouble:
            error = trouble
        return f"!{error.stage},{error.reason}".encode()


@dataclass(slots=True)
class _Batch:
    entries: list[Numbered] = field(default_factory=list)
    answers: list[bytes] | None = None

    def items(self) -> list[tuple[int, Item]]:
        return [(number, one) for number, one in self.entries if isinstance(one, Item)]

    def message(self) -> bytes:
        parts = []
        for number, one in self.items():
            facts = (number, len(one.path), one.size, one.modified_ns, one.mode, *one.identity)
            parts += [_FACTS.pack(*facts), one.path]
        return b"".join(parts)

    def told(self) -> Iterator[Told]:
        answers = iter(self.answers or ())
        for number, one in self.entries:
            yield number, _told(one, next(answers)) if isinstance(one, Item) else one


def _told(item: Item, answer: bytes) -> Digested | Failed:
    first, *others = answer.decode().split(",")
    if first.startswith("!"):
        return Failed(item.path, Stage(first[1:]), Reason(others[0]))
    return Digested(item, int(first), tuple(others))


def digest(
    sources: Sequence[Source],
    algorithms: Sequence[Algorithm],
    entries: Iterable[Numbered],
    workers: int,
) -> Iterator[Told]:
    """Digest all items among some entries.

    Args:
        sources: what the entries are numbered by.
        algorithms: of :data:`hashmatch.hashing.quick.QUICK`.
        entries: taken as they are needed.
        workers: processes; with one, and for little work, all is done in this process.

    Yields:
        Every entry, in the order given: items as ``Digested`` or ``Failed``, others unchanged.
    """
    digester = Digester(sources, algorithms, wide=workers > 1)
    batches = _batched(entries)
    first, second = next(batches, None), next(batches, None)
    crew: list[Hand[_Batch]] = []
    if second is not None and workers > 1 and threading.active_count() == 1:
        gc.freeze()  # what is there already is not copied by a collection in a child
        crew = forked(workers, digester.answers)
    begun = deque(one for one in (first, second) if one is not None)
    try:
        yield from _Work(digester, crew, batches, begun).told()
    finally:
        for hand in crew:
            hand.end()


def _batched(entries: Iterable[Numbered]) -> Iterator[_Batch]:
    batch, size, message = _Batch(), 0, 0
    for number, entry in entries:
        batch.entries.append((number, entry))
        if isinstance(entry, Item):
            size += entry.size
            message += _FACTS.size + len(entry.path)
        full = len(batch.entries) >= _BATCH_FILES or message >= _MESSAGE
        if full or size >= _BATCH_BYTES:
            yield batch
            batch, size, message = _Batch(), 0, 0
    if batch.entries:
        yield batch


class _Work:
    """Batches on their way: given out, waited for, handed on in order."""

    def __init__(
        self,
        digester: Digester,
        crew: list[Hand[_Batch]],
        more: Iterator[_Batch],
        begun: deque[_Batch],
    ) -> None:
        self._digester = digester
        self._crew = crew
        self._more = more
        self._begun = begun
        self._pending: deque[_Batch] = deque()

    def told(self) -> Iterator[Told]:
        while self._give_out() or self._pending:
            while self._pending and self._pending[0].answers is not None:
                yield from self._pending.popleft().told()
            if self._pending and not self._free():
                self._collect()

    def _give_out(self) -> bool:
        """Give out one batch, or do it here where there is nobody else; False at the end."""
        if self._pending and not self._free():
            return True
        batch = self._begun.popleft() if self._begun else next(self._more, None)
        if batch is None:
            while self._pending and self._pending[0].answers is None:
                self._collect()
            return False
        self._pending.append(batch)
        message = batch.message()
        if not message:
            batch.answers = []
        elif not self._handed(batch, message):
            self._do(batch)
        return True

    def _handed(self, batch: _Batch, message: bytes) -> bool:
        """Hand a batch to a process; False when there is none any more."""
        while self._crew:
            hand = self._hand_for(message)
            if hand is not None:
                if hand.take(batch, message):
                    return True
                self._do_without(hand)
        return False

    def _free(self) -> bool:
        """Tell whether another batch may be begun."""
        room = len(self._pending) < _WINDOW
        return room and (not self._crew or any(len(one.has) < _AT_ONCE for one in self._crew))

    def _hand_for(self, message: bytes) -> Hand[_Batch] | None:
        """Give the process that has least to do; a long message must find it waiting."""
        hand = min(self._crew, key=lambda one: len(one.has))
        while hand.has and len(message) > 2 * _MESSAGE and self._crew:
            self._collect()
            hand = min(self._crew, key=lambda one: len(one.has), default=hand)
        return hand if self._crew else None

    def _collect(self) -> None:
        """Wait for one answer at least, and take all that are there."""
        if not any(one.has for one in self._crew):
            return
        poll = select.poll()
        for one in self._crew:
            if one.has:
                poll.register(one.answers, select.POLLIN)
        ready = {number for number, _ in poll.poll()}
        for one in [one for one in self._crew if one.answers in ready]:
            answer = one.receive()
            if answer is not None:
                batch, body = answer
                batch.answers = body.split(b"\n")
                continue
            self._do_without(one)

    def _do_without(self, gone: Hand[_Batch]) -> None:
        """Do here what a process had that is gone; it is asked nothing any more."""
        self._crew.remove(gone)
        gone.end()
        for batch in gone.has:
            self._do(batch)

    def _do(self, batch: _Batch) -> None:
        batch.answers = self._digester.answers(batch.message()).split(b"\n")


def _items(message: bytes) -> Iterator[tuple[int, Item]]:
    at = 0
    while at < len(message):
        number, length, size, modified_ns, mode, device, inode = _FACTS.unpack_from(message, at)
        at += _FACTS.size
        yield number, Item(message[at : at + length], size, modified_ns, mode, (device, inode))
        at += length
