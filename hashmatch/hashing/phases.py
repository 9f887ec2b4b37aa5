"""Which PDQ hashes are made of one rendering of a picture, by effort.

A list holds one hash for a picture, and its maker may have shrunk the picture first, one program
in one way and the next in another. The same unchanged file then has hashes that differ by more
than what is taken for the same picture. So the picture is hashed as those programs saw it, too:
brought to a square of 512 or 1024 pixels; and without a plain border, if it has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.hashing.grid import samples_of
from hashmatch.hashing.pdq import BOTH, IDENTITY, INVERTED, pdq_seen
from hashmatch.hashing.trim import inmost, trimmed
from hashmatch.hashing.windows import NATIVE_SIZE
from hashmatch.model.hashes import NATIVE, VARIANTS, Method, PictureHash
from hashmatch.model.wanted import Effort

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hashmatch.hashing.grid import Raster
    from hashmatch.hashing.pixels import Rendering

_SEEN = {
    NATIVE: NATIVE_SIZE,
    "512": 512,
    "1024": 1024,
    "trimmed": NATIVE_SIZE,
    "trimmed-512": 512,
    "trimmed-inmost": NATIVE_SIZE,
}
"""The size at which each phase sees the picture."""

_HELD = 1 << 20  # samples; more than that are read again rather than kept twice


def perceived(
    rendering: Rendering, effort: Effort, shown: str = VARIANTS[0]
) -> tuple[PictureHash, ...]:
    """Hash a rendering in each phase that the effort asks for; ``native`` comes first.

    Fast: as it is stored, and turned as it is ``shown``. Standard: as it is, with all rotations
    and flips and inverted; without its border with all rotations and flips; as it is in every
    other phase. Thorough: all rotations and flips, each inverted too, in every phase.

    Raises:
        ValueError: a side is shorter than ``MIN_SIDE``.
        MemoryError: memory does not suffice.
    """
    raster = _held(rendering)
    if effort is Effort.FAST:
        turns = tuple(dict.fromkeys((*IDENTITY, shown)))
        return _hashes(rendering.name, raster, {NATIVE: turns})
    thorough = effort is Effort.THOROUGH
    first, turned, others = (BOTH,) * 3 if thorough else (INVERTED, VARIANTS, IDENTITY)
    found = _hashes(rendering.name, raster, {NATIVE: first, "512": others, "1024": others})
    outer = trimmed(raster)
    if outer is None:
        return found
    found += _hashes(rendering.name, outer, {"trimmed": turned, "trimmed-512": others})
    inner = inmost(outer)
    return found + (_hashes(rendering.name, inner, {"trimmed-inmost": turned}) if inner else ())


def _hashes(
    name: str, raster: Raster, turns: dict[str, tuple[str, ...]]
) -> tuple[PictureHash, ...]:
    found = pdq_seen(raster, {_SEEN[phase]: names for phase, names in turns.items()})
    return tuple(
        PictureHash(Method.PDQ, name, one.quality, one.variants, names, phase)
        for (phase, names), one in zip(turns.items(), found, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """All samples of a picture, which was asked for them once."""

    samples: NDArray[np.generic]
    size: tuple[int, int]
    reduction: int

    def rows(self, first: int, last: int) -> NDArray[np.generic]:
        return self.samples[first:last]


def _held(raster: Raster) -> Raster:
    tall, wide = samples_of(raster)
    if tall * wide > _HELD:
        return raster
    return _Held(raster.rows(0, tall), raster.size, raster.reduction)
