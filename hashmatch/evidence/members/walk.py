"""Go through what an item holds, and what that holds in turn, within limits.

A member comes before what is inside it. What breaks off, needs a password, or is over a limit is
an outcome of its own, and everything else goes on.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from hashmatch.evidence.members import naming, registry
from hashmatch.evidence.members.budget import Budget, Metered, Spent
from hashmatch.evidence.members.interface import Inside, LeftOut, MemberError, Trouble
from hashmatch.model.outcomes import Failed, ItemError, Member, Reason, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.interface import Container, Given
    from hashmatch.model.locators import Layer
    from hashmatch.model.outcomes import Reading
    from hashmatch.model.profile import MemberLimits
    from hashmatch.model.secrets import Secrets

HEAD = 4096
"""Bytes by which a container is recognised."""
BREAKS = (MemberError, Spent)
"""What reading a member may raise; each has a ``reason``."""
_BETWEEN = b"!/"


class Look(Protocol):
    """What is done with a member."""

    def begins(self) -> Reason | None:
        """Take notice of the next member; say why it is not even to be opened."""

    def keeps(self, head: bytes) -> bool:
        """Tell by its first bytes whether a member is needed again after it was read."""

    def __call__(self, content: Metered) -> Reading:
        """Read a member to its end."""

    def leaves(self) -> Reason | None:
        """Say why not to look into the member that was just read, if it is a container."""

    def stops(self) -> Reason | None:
        """Say why not to go on behind the member that was just read."""


@dataclass(frozen=True, slots=True)
class _At:
    """Where a container is: what paths and places in it begin with, and how deep it lies."""

    path: bytes
    place: str
    depth: int

    def of(self, given: Given) -> _At:
        """Where one of its members is."""
        path = self.path + _BETWEEN + given.name[: naming.LONGEST_NAME]
        where = str(naming.bounded(given.layer))
        return _At(path, f"{self.place}!{where}" if self.place else where, self.depth + 1)

    def rest(self, reason: Reason) -> Member:
        """The end of a container, the rest of which is not examined."""
        path = self.path + _BETWEEN
        return Member(path, self.place, 0, 0, Failed(path, Stage.UNPACK, reason, self.place))


class Walk:
    """Goes through the members of one item.

    Args:
        look: what is done with each.
        secrets: passwords to try.
        limits: how much may come out of the item.
    """

    def __init__(self, look: Look, secrets: Secrets, limits: MemberLimits) -> None:
        self._look, self._secrets, self._limits = look, secrets, limits

    def members(self, stream: BinaryIO, head: bytes, name: bytes, size: int) -> Iterator[Member]:
        """Yield every member as it ended; nothing where the item is no container.

        Args:
            stream: the item, seekable.
            head: its first bytes, see :data:`HEAD`.
            name: its own name.
            size: its length in bytes.
        """
        kind = registry.recognise(head, name)
        if kind is None:
            return
        budget = Budget(self._limits, size)
        top = _At(b"", "", 0)
        try:
            yield from self._inside(kind, stream, size, top, budget)
        except Spent as end:
            yield top.rest(end.reason)

    def _inside(
        self, kind: Container, stream: BinaryIO, size: int, at: _At, budget: Budget
    ) -> Iterator[Member]:
        try:
            for given in kind.members(stream, self._secrets):
                if at.depth >= self._limits.depth:  # what holds nothing is not too deep either
                    yield at.rest(Reason.LIMIT_DEPTH)
                    return
                budget.begin()
                yield from self._one(given, stream, size, at.of(given), budget)
        except MemberError as error:
            yield at.rest(error.reason)
        except OSError:
            yield at.rest(Reason.IO)

    def _one(
        self, given: Given, container: BinaryIO, size: int, at: _At, budget: Budget
    ) -> Iterator[Member]:
        if isinstance(given, LeftOut):
            left = Skipped(at.path, given.rule, at.place)
            yield Member(at.path, at.place, 0, 0, left)
            return
        if isinstance(given, Trouble):
            yield _failed(at, given.reason)
            return
        try:
            kind, meter, reading = self._read(given, size, budget)
        except (MemberError, ItemError) as error:
            yield _failed(at, error.reason, given)
        else:
            yield Member(at.path, at.place, meter.size, given.modified_ns, reading, given.facts)
            if kind is not None:
                yield from self._enter(given, kind, container, meter, at)
        if stop := self._look.stops():
            raise Spent(stop)

    def _read(
        self, given: Inside, size: int, budget: Budget
    ) -> tuple[Container | None, Metered, Reading]:
        """Read a member; raises ``MemberError`` or ``ItemError``."""
        if refused := self._look.begins():
            raise MemberError(refused)
        content = given.open()
        head = _beginning(content)
        kind = registry.recognise(head, given.name.rpartition(b"/")[2])
        keep = kind is not None or self._look.keeps(head)
        joined = cast("BinaryIO", _Joined(head, content))
        meter = Metered(joined, budget, size, keep=keep)
        reading = self._look(meter)
        if doubt := meter.fault or given.doubt:
            reading = replace(reading, partial=doubt)
        return kind, meter, reading

    def _enter(
        self, given: Inside, kind: Container, container: BinaryIO, meter: Metered, at: _At
    ) -> Iterator[Member]:
        """Look into a member that is a container itself."""
        inner = self._again(given, kind, container, meter)
        if leaves := self._look.leaves():
            yield at.rest(leaves)
        elif inner is None:
            yield at.rest(Reason.LIMIT_KEPT)
        else:
            yield from self._inside(kind, inner, meter.size, at, meter.budget)

    @staticmethod
    def _again(
        given: Inside, kind: Container, container: BinaryIO, meter: Metered
    ) -> BinaryIO | None:
        """Give a member's content once more: from memory, or unpacked anew."""
        kept = meter.kept()
        if kept is not None:
            return kept
        if registry.reads_forward(kind) and container.seekable():
            with suppress(MemberError):
                return given.open()
        return None


def find(
    stream: BinaryIO,
    name: bytes,
    layers: tuple[Layer, ...],
    secrets: Secrets,
    limits: MemberLimits,
    size: int,
) -> tuple[Metered, Inside]:
    """Go down to one member by its layers.

    Args:
        stream: the item, seekable, at 0.
        name: the item's own name.
        layers: from the item's container on, at least one.
        secrets: passwords to try.
        limits: how much may come out of the item on the way.
        size: the item's length in bytes.

    Returns:
        The member's content, and what its container says of it.

    Raises:
        ItemError: there is no such member, or it cannot be reached.
    """
    budget = Budget(limits, size)
    try:
        for depth, wanted in enumerate(layers):
            found = _find(stream, name, wanted, secrets)
            content, packed = found.open(), size
            if depth == len(layers) - 1:
                return Metered(content, budget, packed, keep=False), found
            meter = Metered(content, budget, packed, keep=True)
            while meter.read(1 << 20):
                continue
            kept = meter.kept()
            if kept is None:
                content = found.open()
            stream = kept or content
            name, size = found.name.rpartition(b"/")[2], meter.size
    except MemberError as error:
        raise ItemError(Stage.UNPACK, error.reason) from None
    except Spent as error:
        raise ItemError(Stage.UNPACK, error.reason) from None
    raise ItemError(Stage.OPEN, Reason.VANISHED)


def _find(stream: BinaryIO, name: bytes, wanted: Layer, secrets: Secrets) -> Inside:
    seekable = stream.seekable()
    head = _beginning(stream)
    kind = registry.recognise(head, name)
    if seekable:
        stream.seek(0)
    if kind is None:
        raise MemberError(Reason.VANISHED)
    source = stream if seekable else cast("BinaryIO", _Joined(head, stream))
    for given in kind.members(source, secrets):
        if naming.bounded(given.layer) == wanted:
            if isinstance(given, Inside):
                return given
            reason = given.reason if isinstance(given, Trouble) else Reason.UNSUPPORTED_CONTAINER
            raise MemberError(reason)
    raise MemberError(Reason.VANISHED)


def _failed(at: _At, reason: Reason, given: Inside | None = None) -> Member:
    failed = Failed(at.path, Stage.UNPACK, reason, at.place)
    size, modified = (max(given.size, 0), given.modified_ns) if given else (0, 0)
    facts = given.facts if given else None
    return Member(at.path, at.place, size, modified, failed, facts)


def _beginning(content: BinaryIO) -> bytes:
    """Read as many bytes as recognition wants; a short read is not yet the end."""
    head = b""
    while len(head) < HEAD and (part := content.read(HEAD - len(head))):
        head += part
    return head


class _Joined(io.RawIOBase):
    """Bytes that were read already, and then the rest."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        """It is read, and nothing else."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Give the next bytes."""
        if self._head and size < 0:
            part, self._head = self._head, b""
            return part + self._rest.read()
        if self._head:
            part, self._head = self._head[:size], self._head[size:]
            return part
        return self._rest.read(size)
