"""A worker's hold on the process beside it that unpacks what no library here unpacks."""

from __future__ import annotations

import json
import os
import select
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hashmatch.evidence.members import rar_program
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.rar_program import Superseded
from hashmatch.jobs import unpacker_child, unpacker_programs
from hashmatch.jobs.confinement.levels import Level, Report, Trial
from hashmatch.jobs.confinement.starter import Bounds
from hashmatch.jobs.unpacker_child import BEGIN, BLOCK, NEXT, PIECE, RUN, SIZE, STOP
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.jobs.examine import Limits
    from hashmatch.model.profile import Profile

_START = 30.0  # seconds
_PATIENCE = 2 * unpacker_child.SILENT
_LONGEST = 64 << 10
_ENDS = {
    unpacker_child.FAILED: Reason.DAMAGED_CONTAINER,
    unpacker_child.SLOW: Reason.TIME_LIMIT,
    unpacker_child.OVER: Reason.LIMIT_KEPT,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Programs that may be used, by their paths, and what each process may take for one."""

    paths: tuple[str, ...]
    bounds: Bounds


def offered(profile: Profile, limits: Limits) -> Offer | None:
    """Give the programs that a run may use; None where it does not look into anything.

    Args:
        profile: how far the run looks.
        limits: what one item may cost.
    """
    if not profile.members:
        return None
    bounds = Bounds(limits.memory, profile.limits.kept, profile.limits.seconds)
    return Offer(unpacker_programs.installed(), bounds)


def start(offer: Offer | None, target: Level) -> Unpacker | None:
    """Start the process beside this one, which is not confined yet and has one thread.

    Nothing of evidence may be open. What it says of itself is asked for by :meth:`Unpacker.lend`.

    Args:
        offer: None where there is no program.
        target: how far it is to be confined.

    Returns:
        None where there is no such process.
    """
    if offer is None or not offer.paths or sys.platform != "linux":
        return None
    pipes: list[int] = []
    try:
        for _ in range(2):
            pipes += os.pipe()
        child = os.fork()
    except OSError:
        for one in pipes:
            os.close(one)
        return None
    requests, ask, answers, tell = pipes
    if not child:
        try:
            unpacker_child.serve(requests, tell, offer.paths, target, offer.bounds)
        finally:
            os._exit(1)
    os.close(requests)
    os.close(tell)
    return Unpacker(ask, answers, offer.bounds.written)


class Unpacker:
    """The pipes to that process; see :class:`hashmatch.evidence.members.rar_program.Program`."""

    def __init__(self, ask: int, answers: int, most: int) -> None:
        self._ask, self._answers, self._most = ask, answers, most
        self._poll = select.poll()
        self._poll.register(answers, select.POLLIN)
        self._run = 0
        self._running = False
        self._gone = False

    def lend(self, own: Report) -> Report:
        """Let archives be read through it, if it can and is confined as far as this process.

        Args:
            own: what holds this process.

        Returns:
            That, and what the other one has to say.
        """
        with suppress(MemberError, ValueError):
            (size,) = SIZE.unpack(self._exactly(SIZE.size, _START))
            said = json.loads(self._exactly(min(size, _LONGEST), _START))
            level, (name, version) = Level(said["level"]), said["unpacker"]
            if name and level.reaches(own.level):
                trials = tuple(Trial(f"beside it: {what}", *rest) for what, *rest in said["trials"])
                rar_program.use(self)
                return replace(own, trials=(*own.trials, *trials), unpacker=(name, version))
        self._let_go()
        return own

    def output(self, archive: Iterable[bytes]) -> Iterator[bytes]:
        """Give the contents of all members of an archive, one after the other."""
        if self._running:
            self._send(STOP)
        self._run += 1
        self._running = False
        own = self._run
        self._send(BEGIN)
        size = 0
        for data in archive:
            size += len(data)
            if size > self._most:
                raise MemberError(Reason.LIMIT_KEPT)
            for place in range(0, len(data), BLOCK):
                part = data[place : place + BLOCK]
                self._send(PIECE + SIZE.pack(len(part)) + part)
        self._send(RUN)
        self._running = True
        while block := self._next(own):
            yield block

    def _next(self, own: int) -> bytes:
        if own != self._run:
            raise Superseded
        self._send(NEXT)
        (size,) = SIZE.unpack(self._exactly(SIZE.size))
        if size > BLOCK:
            self._let_go()
            raise MemberError(Reason.DAMAGED_CONTAINER)
        if size:
            return self._exactly(size)
        self._running = False
        (status,) = self._exactly(1)
        if status != unpacker_child.ENDED:
            raise MemberError(_ENDS.get(status, Reason.DAMAGED_CONTAINER))
        return b""

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view and not self._gone:
                view = view[os.write(self._ask, view) :]
        except OSError:
            self._let_go()
        if self._gone:
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)

    def _exactly(self, size: int, seconds: float = _PATIENCE) -> bytes:
        parts: list[bytes] = []
        while size and not self._gone:
            part = os.read(self._answers, size) if self._poll.poll(seconds * 1000) else b""
            if not part:
                self._let_go()
            parts.append(part)
            size -= len(part)
        if size:
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)
        return b"".join(parts)

    def _let_go(self) -> None:
        """It is gone, or of no use: it ends when nothing can be asked any more."""
        if self._gone:
            return
        self._gone = True
        rar_program.use(None)
        for one in (self._ask, self._answers):
            with suppress(OSError):
                os.close(one)
