"""PDQ, the 256-bit perceptual hash of a picture.

The hash is that of the full-size picture, as ``pdqhash``, ThreatExchange and vPDQ compute it.
Meta's own C++ program first shrinks to 512 x 512 and differs from that by up to 28 bits.
Where symmetry or flat blocks make coefficients zero, what is left of them is rounding noise, and
no two implementations need agree on those bits.

Source: Meta, ThreatExchange/pdq (hashing.pdf and pdqhashing.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.hashing.grid import grids_of
from hashmatch.hashing.windows import NATIVE_SIZE, POINTS
from hashmatch.model.hashes import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hashmatch.hashing.grid import Raster

    Singles = NDArray[np.float32]

MIN_SIDE = 5
"""Below this many pixels a side there is nothing to hash."""


IDENTITY = VARIANTS[:1]
"""Names of the hash of a picture as it is stored, and of no other."""

INVERTED = (*VARIANTS, "inverted")
"""Names of all rotations and flips, and of the picture with black and white exchanged."""

BOTH = (*INVERTED, *(f"inverted-{name}" for name in VARIANTS[1:]))
"""Names of all rotations and flips, each also with black and white exchanged."""


@dataclass(frozen=True, slots=True)
class Pdq:
    """Hashes of a picture turned in the ways that were asked for; quality 0..100."""

    quality: int
    variants: tuple[bytes, ...]

    @property
    def value(self) -> bytes:
        """The hash of the picture as it is stored."""
        return self.variants[0]


def pdq(raster: Raster, names: tuple[str, ...] = VARIANTS) -> Pdq:
    """Hash a picture, and its rotations and flips.

    Survives scaling, re-encoding and light edits; not cropping of more than about 2 %, borders,
    or rotation by odd angles.

    Args:
        raster: the picture.
        names: of the rotations and flips, and of these with black and white exchanged, as in
            ``IDENTITY``, ``VARIANTS``, ``INVERTED`` or ``BOTH``.

    Raises:
        ValueError: a side is shorter than ``MIN_SIDE``.

    Units:
        Distance between two hashes in bits; up to 31 is commonly taken for the same picture.
        Quality below 50 marks a picture with too little structure to be compared.
    """
    return pdq_seen(raster, {NATIVE_SIZE: names})[0]


def pdq_seen(raster: Raster, names: Mapping[int, tuple[str, ...]]) -> tuple[Pdq, ...]:
    """Hash a picture as it is seen at other sizes too, from one pass over its rows.

    Args:
        raster: the picture.
        names: for each size what :func:`pdq` takes; a size is that of a square which the picture
            is brought to without keeping its shape, or ``NATIVE_SIZE``.

    Raises:
        ValueError: a side is shorter than ``MIN_SIDE``.
    """
    if min(raster.size) < MIN_SIDE:
        msg = f"a picture needs at least {MIN_SIDE} pixels a side"
        raise ValueError(msg)
    grids = grids_of(raster, tuple(names))
    return tuple(
        Pdq(_quality(grid), _variants(_transform(grid), wanted))
        for grid, wanted in zip(grids, names.values(), strict=True)
    )


def hamming(one: bytes, other: bytes) -> int:
    """Count the bits in which two hashes of equal length differ."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


_DCT = np.ascontiguousarray(
    np.sqrt(2 / POINTS)
    * np.cos(
        np.pi / (2 * POINTS) * np.arange(1, 17)[None, :] * (2 * np.arange(POINTS)[:, None] + 1)
    ),
    np.float32,
)
"""Column k: frequency k + 1 of the discrete cosine transform of 64 points; the mean is left out."""


def _transform(grid: NDArray[np.float64]) -> Singles:
    """Give the 16 x 16 lowest frequencies but the mean.

    Summed in single precision one after the other, as the original does. A matrix product would
    add in an order that depends on the processor, and change bits of pictures without structure.
    """
    values = grid.astype(np.float32)
    tall = (_DCT[:, :, None] * values[:, None, :]).sum(axis=0)
    square: Singles = (np.ascontiguousarray(tall.T)[:, :, None] * _DCT[:, None, :]).sum(axis=0)
    return square


def _quality(grid: NDArray[np.float64]) -> int:
    """Sum of the steps between neighbours, each cut to whole hundredths of the range."""
    down = np.trunc((grid[:-1] - grid[1:]) * 100 / 255)
    across = np.trunc((grid[:, :-1] - grid[:, 1:]) * 100 / 255)
    return min(100, int(np.abs(down).sum() + np.abs(across).sum()) // 90)


def _variants(dct: Singles, names: tuple[str, ...]) -> tuple[bytes, ...]:
    """Hash rotations and flips: reversing a side only changes the sign of odd frequencies."""
    if names == IDENTITY:
        return _bits(dct[None])
    upside_down, mirrored = dct * _SIGN[:, None], dct * _SIGN
    turned = mirrored * _SIGN[:, None]
    of = {
        "identity": dct,
        "rot90": mirrored.T,
        "rot180": turned,
        "rot270": upside_down.T,
        "flipx": upside_down,
        "flipy": mirrored,
        "transpose": dct.T,
        "antitranspose": turned.T,
    }
    of |= {_INVERTED[name]: -one for name, one in of.items() if _INVERTED[name] in names}
    return _bits(np.array([of[name] for name in names]))


_INVERTED = dict(zip(VARIANTS, BOTH[len(VARIANTS) :], strict=True))


_SIGN = np.where(np.arange(1, 17) % 2, np.float32(-1), np.float32(1))


def _bits(dcts: Singles) -> tuple[bytes, ...]:
    """One bit for each coefficient above the median, the last coefficient first."""
    flat = dcts.reshape(len(dcts), -1)
    medians = np.partition(flat, 127, axis=1)[:, 127:128]  # the lower of the two in the middle
    packed = np.packbits((flat > medians)[:, ::-1], axis=1)
    return tuple(one.tobytes() for one in packed)
