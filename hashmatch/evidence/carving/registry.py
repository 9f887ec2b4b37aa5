"""The kinds of files that carving knows. A new kind is a module and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hashmatch.evidence.carving import gif, isobmff, jpeg, png, quicktime, riff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.evidence.carving.window import Read, Walked


class Walker(Protocol):
    """A module of this package that follows one kind of file to its end."""

    @property
    def NAME(self) -> str:  # noqa: N802  # a constant of a module
        """As results call the kind."""

    @property
    def MAGICS(self) -> tuple[tuple[int, bytes], ...]:  # noqa: N802
        """What its files begin with: offset and bytes, any of them."""

    def walk(self, read: Read, start: int, limit: int) -> Walked | None:
        """Follow the file that begins at ``start``; None where none begins."""


_KNOWN: tuple[Walker, ...] = (jpeg, png, gif, riff, isobmff, quicktime)
WALKERS: Mapping[str, Walker] = {one.NAME: one for one in _KNOWN}
