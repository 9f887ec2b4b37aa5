"""The volumes of a medium, in a stable order, and one of them opened again by its locator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.volumes.interface import Opened, Volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.locators import Layer
    from hashmatch.model.secrets import Secrets

MOST_VOLUMES = 1024
"""So many volumes of a medium are looked into; more are said, and not looked into."""


def volumes(medium: Medium, secrets: Secrets) -> Iterator[Volume]:
    """Yield every volume of a medium, and the gaps between partitions, in a stable order.

    A volume with ``trouble`` cannot be looked into. At least one volume is given: what is not
    recognised at all is one with the trouble ``unknown-file-system``.
    """
    yield from (one.volume for one in _found(medium, secrets))


def open_volume(medium: Medium, layers: Sequence[Layer], secrets: Secrets) -> Opened:
    """Open the volume that the first of some layers name.

    Args:
        medium: what it lies on.
        layers: those of a place, from the first; what follows those of the volume is left alone.
            How many the volume has, its own ``layers`` tell.
        secrets: what may open it where it is encrypted.

    Raises:
        LookupError: there is no such volume.
        MountError: it cannot be looked into.
    """
    raise NotImplementedError


def _found(medium: Medium, secrets: Secrets) -> Iterator[Opened]:
    yield Opened(Volume(0, (), b"", 0, medium.size), medium, 0)
