"""Open anything that a locator names: items of a source, and members inside them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hashmatch.evidence.members import walk
from hashmatch.evidence.volumes.interface import LAYERS
from hashmatch.model import locators
from hashmatch.model.outcomes import ItemError, Reason, Stage
from hashmatch.model.profile import MemberLimits
from hashmatch.model.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.budget import Metered
    from hashmatch.evidence.members.interface import Inside
    from hashmatch.model.evidence import Entry, Item, Source
    from hashmatch.model.locators import Layer


@dataclass(frozen=True, slots=True)
class Within:
    """A source in which items are opened by their whole places, members included.

    An item here needs nothing but its place; its path and size are what people are told.
    """

    source: Source
    secrets: Secrets = field(default_factory=Secrets)
    limits: MemberLimits = field(default_factory=MemberLimits)

    @property
    def kind(self) -> str:
        """As the source says."""
        return self.source.kind

    @property
    def location(self) -> bytes:
        """As the source says."""
        return self.source.location

    @property
    def readable(self) -> tuple[bytes, ...]:
        """As the source says."""
        return self.source.readable

    @property
    def trusted(self) -> bool:
        """Never: opening a member runs the parsers that a hostile container meets."""
        return False

    def entries(self) -> Iterator[Entry]:
        """As the source lists them."""
        return self.source.entries()

    def at(self, where: tuple[Layer, ...]) -> Item:
        """Give the item of the source in which a place lies, as it is now."""
        return self.source.at(own_layers(where)[0])

    def open(self, item: Item) -> BinaryIO:
        """Open what an item's place names.

        Raises:
            ItemError: the place leads nowhere, or what it names cannot be reached.
        """
        return self.reach(item)[0]

    def reach(self, item: Item) -> tuple[BinaryIO, Inside | None]:
        """Open the same; with it what its container says of it, where it is a member.

        Raises:
            ItemError: the place leads nowhere, or what it names cannot be reached.
        """
        try:
            own, inner = own_layers(locators.parse_place(item.place))
        except ValueError:
            raise ItemError(Stage.OPEN, Reason.VANISHED) from None
        base = self.source.at(own)
        outer = self.source.open(base)
        if not inner:
            return outer, None
        name = base.path.rpartition(b"/")[2]
        try:
            content, given = walk.find(outer, name, inner, self.secrets, self.limits, base.size)
        except ItemError:
            outer.close()
            raise
        return cast("BinaryIO", _Member(content, given, self.source, base, outer)), given

    def unchanged(self, item: Item, stream: BinaryIO) -> bool:
        """Tell whether what holds it is still as it was when it was opened."""
        own, _ = own_layers(locators.parse_place(item.place))
        outer = stream.outer if isinstance(stream, _Member) else stream
        try:
            return self.source.unchanged(self.source.at(own), outer)
        except ItemError:
            return False

    def doubt(self, item: Item, stream: BinaryIO) -> Reason | None:
        """Say why what was read so far may not be to the byte what somebody had."""
        if isinstance(stream, _Member):
            return stream.doubt()
        return self.source.doubt(item, stream)


def own_layers(where: tuple[Layer, ...]) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """Split a place: the layers of the source itself, and those of members below."""
    for count, one in enumerate(where, start=1):
        if one.kind not in LAYERS:
            return where[:count], where[count:]
    return where, ()


class _Member(io.RawIOBase):
    """A member's content; closing it closes what holds it."""

    def __init__(
        self, content: Metered, given: Inside, source: Source, base: Item, outer: BinaryIO
    ) -> None:
        self._content, self._given, self.outer = content, given, outer
        self._source, self._base = source, base

    def doubt(self) -> Reason | None:
        """Why what was read so far may not be what was packed: itself, or what holds it."""
        own = self._content.fault or self._given.doubt
        return own or self._source.doubt(self._base, self.outer)

    def readable(self) -> bool:
        """It is read, and nothing else."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401  # as its parent has it
        """Unpack some more.

        Raises:
            ItemError: it breaks off, or a limit is reached.
        """
        view = memoryview(buffer)
        try:
            part = self._content.read(len(view)) or b""
        except walk.BREAKS as error:
            raise ItemError(Stage.UNPACK, error.reason) from None
        view[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Close it and what holds it."""
        self.outer.close()
        super().close()
