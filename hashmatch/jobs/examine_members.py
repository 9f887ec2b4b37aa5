"""Examine an item with all that it holds: members as they come, the item itself last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.evidence.members import registry
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.walk import Walk
from hashmatch.evidence.within import Within
from hashmatch.hashing import sniff_video
from hashmatch.jobs.examine import Reader, examine, undecoded
from hashmatch.jobs.guard import ENTERING, READING
from hashmatch.model import locators
from hashmatch.model.outcomes import Failed, ItemError, Member, Reading, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.budget import Metered
    from hashmatch.jobs.examine import Aids, Limits
    from hashmatch.jobs.guard import Guard
    from hashmatch.model.evidence import Item, Source
    from hashmatch.model.profile import Profile
    from hashmatch.model.secrets import Secrets
    from hashmatch.model.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Depth:
    """How every item is examined: what is computed, how much it may cost, how far one looks."""

    wanted: Wanted
    limits: Limits
    profile: Profile
    secrets: Secrets


def examine_whole(
    source: Source, item: Item, depth: Depth, guard: Guard, aids: Aids
) -> Iterator[Member | Reading | Failed]:
    """Yield how each member of an item ended, and at the end how the item itself did.

    Args:
        source: where the item is.
        item: the item, as it was listed.
        depth: how it is examined.
        guard: what ended a worker before and is left out.
        aids: what may make it cheaper.
    """
    if isinstance(source, Within):  # what is opened again by its place is compared by its digests
        depth = replace(depth, wanted=replace(depth.wanted, methods=(), videos=False))
    guard.begin(READING)
    spared = guard.reason(READING)
    decode = spared is None and depth.wanted.decoded
    found = examine(source, item, depth.wanted, depth.limits, decode=decode, aids=aids)
    result = found.result
    if spared is not None and isinstance(result, Reading):
        result = undecoded(result, spared)
    guard.begin(ENTERING)
    name = item.path.rpartition(b"/")[2]
    looked_into = isinstance(result, Reading) and depth.profile.members
    if looked_into and registry.recognise(found.head, name) is not None:
        if reason := guard.reason(ENTERING):
            yield _rest(reason)
        else:
            yield from _members(source, item, found.head, depth, _Look(depth, guard, aids))
    yield result


def _members(
    source: Source, item: Item, head: bytes, depth: Depth, look: _Look
) -> Iterator[Member]:
    walk = Walk(look, depth.secrets, depth.profile.limits)
    try:
        with source.open(item) as stream:
            name = item.path.rpartition(b"/")[2]
            for one in walk.members(stream, head, name, _size(source, item)):
                yield _doubted(one, source.doubt(item, stream))
            if not source.unchanged(item, stream):
                yield _rest(Reason.CHANGED)
    except ItemError as error:
        yield _rest(error.reason)
    except MemoryError:
        yield _rest(Reason.OUT_OF_MEMORY)


def _size(source: Source, item: Item) -> int:
    """Give the length of an item; of one that is only known by its place nobody has told it yet."""
    if isinstance(source, Within):
        return source.at(locators.parse_place(item.place)).size
    return item.size


def _doubted(one: Member, doubt: Reason | None) -> Member:
    """Say of a member that was read what is to be said of the bytes it was unpacked from."""
    if doubt is None or not isinstance(one.read, Reading) or one.read.partial is not None:
        return one
    return replace(one, read=replace(one.read, partial=doubt))


def _rest(reason: Reason) -> Member:
    """The end of an item's members, the rest of which is not examined."""
    return Member(b"!/", "", 0, 0, Failed(b"!/", Stage.UNPACK, reason))


@dataclass(slots=True)
class _Look:
    """Reads members one after the other as items are read, and counts them."""

    depth: Depth
    guard: Guard
    aids: Aids
    _count: int = field(default=READING)

    def keeps(self, head: bytes) -> bool:
        """A video is decoded by seeking in it."""
        return self.depth.wanted.videos and sniff_video.video_kind(head) is not None

    def begins(self) -> Reason | None:
        """Count a member; one that ended a worker even without being decoded has failed."""
        self._count += 1
        self.guard.begin(2 * self._count)
        return self.guard.reason(2 * self._count, times=2)

    def __call__(self, content: Metered) -> Reading:
        """Read it; memory that does not suffice costs its digests or its picture only."""
        spared = self.guard.reason(2 * self._count)
        reading = self._read(content, spared)
        self.guard.begin(2 * self._count + 1)
        return reading

    def leaves(self) -> Reason | None:
        """What came after this one ended a worker: perhaps looking into it."""
        return self.guard.reason(2 * self._count + 1)

    def stops(self) -> Reason | None:
        """It did so again though nothing was looked into: the container itself cannot go on."""
        return self.guard.reason(2 * self._count + 1, times=2)

    def _read(self, content: Metered, spared: Reason | None) -> Reading:
        decode = spared is None and self.depth.wanted.decoded
        reader = Reader(self.depth.wanted, self.depth.limits, self.aids, decode=decode)
        try:
            found = reader.read(content, content.kept)  # type: ignore[arg-type]
        except MemoryError:
            raise MemberError(Reason.OUT_OF_MEMORY) from None
        with suppress(MemoryError):
            reading = reader.decoded(found)
            return reading if spared is None else undecoded(reading, spared)
        digested = Reader(self.depth.wanted, self.depth.limits, self.aids, decode=False)
        return undecoded(digested.decoded(found), Reason.OUT_OF_MEMORY)
