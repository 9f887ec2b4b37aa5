"""PDQ, the 256-bit perceptual hash of a picture.

The hash is that of the full-size picture, as ``pdqhash``, ThreatExchange and vPDQ compute it.
Meta's own C++ program first shrinks to 512 x 512 and differs from that by up to 28 bits.
Where symmetry or flat blocks make coefficients zero, what is left of them is rounding noise, and
no two implementations need agree on those bits.

Source: Meta, ThreatExchange/pdq (hashing.pdf and pdqhashing.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
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
    dcts = zip(_transforms(grids), names.values(), strict=True)
    turned = [_turned(dct, wanted) for dct, wanted in dcts]
    values = iter(_bits(np.concatenate(turned)))
    return tuple(
        Pdq(quality, tuple(islice(values, len(some))))
        for quality, some in zip(_qualities(grids), turned, strict=True)
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


def _transforms(grids: NDArray[np.float64]) -> Singles:
    """Give the 16 x 16 lowest frequencies but the mean of each grid.

    Summed in single precision one after the other, as the original does. A matrix product would
    add in an order that depends on the processor, and change bits of pictures without structure.
    """
    number = len(grids)
    values = grids.astype(np.float32).transpose(1, 0, 2).reshape(POINTS, -1)
    tall = _weighted(values).reshape(16, number, POINTS)
    squares = _weighted(tall.transpose(2, 1, 0).reshape(POINTS, -1))
    return squares.reshape(16, number, 16).transpose(1, 2, 0)


def _weighted(values: Singles) -> Singles:
    """Multiply first, in half the time that broadcasting takes, then add up row after row."""
    products: Singles = np.einsum("ki,kj->kij", _DCT, values, order="C")
    sums: Singles = products.sum(axis=0)
    return sums


def _qualities(grids: NDArray[np.float64]) -> list[int]:
    """Sum of the steps between neighbours, each cut to whole hundredths of the range."""
    sums = _steps(grids[:, :-1] - grids[:, 1:]) + _steps(grids[:, :, :-1] - grids[:, :, 1:])
    return [min(100, int(one) // 90) for one in sums.tolist()]


def _steps(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up steps, which are overwritten."""
    steps *= 100
    steps /= 255
    np.abs(np.trunc(steps, out=steps), out=steps)
    sums: NDArray[np.float64] = steps.sum(axis=(1, 2))
    return sums


def _turned(dct: Singles, names: tuple[str, ...]) -> Singles:
    """Rotate and flip: reversing a side only changes the sign of odd frequencies."""
    if names == IDENTITY:
        return dct[None]
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
    return np.array([of[name] for name in names])


_INVERTED = dict(zip(VARIANTS, BOTH[len(VARIANTS) :], strict=True))


_SIGN = np.where(np.arange(1, 17) % 2, np.float32(-1), np.float32(1))


def _bits(dcts: Singles) -> tuple[bytes, ...]:
    """One bit for each coefficient above the median, the last coefficient first."""
    flat = dcts.reshape(len(dcts), -1)
    medians = np.partition(flat, 127, axis=1)[:, 127:128]  # the lower of the two in the middle
    packed = np.packbits((flat > medians)[:, ::-1], axis=1)
    return tuple(one.tobytes() for one in packed)
