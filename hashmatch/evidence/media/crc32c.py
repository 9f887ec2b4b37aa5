"""CRC-32C (Castagnoli) of headers and records, of which a disk may have millions.

A checksum is linear: that of some bytes is what each of them adds by its distance from the end, all
of it xored. So pieces of 256 bytes are looked up together.

Source: RFC 3720, appendix B.4.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PIECE = 256
_FEW = 32
"""So many bytes are looked up one after the other, which is cheaper than an array of them."""
_WORD = 4
_ALL = 0xFFFFFFFF


@cache
def _tables() -> NDArray[np.uint32]:
    """What each value of a byte adds at each place of a piece: an array of 256 x 256."""
    import numpy as np  # noqa: PLC0415  # loading the registry of forms must cost nothing

    last = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        last = last >> np.uint32(1) ^ np.where(last & 1, np.uint32(0x82F63B78), np.uint32(0))
    found = [last]
    for _ in range(_PIECE - 1):
        found.append(found[-1] >> np.uint32(8) ^ last[found[-1] & 0xFF])
    return np.stack(found[::-1])


@cache
def _lists() -> tuple[list[list[int]], list[int]]:
    """The same of the first places and of the last one, for one byte after the other."""
    tables = _tables()
    return tables[:_WORD].tolist(), tables[-1].tolist()


def crc32c(data: bytes, before: int = 0) -> int:
    """Give the checksum of some bytes; ``before`` is that of the bytes in front of them."""
    first, last = _lists()
    word = before ^ _ALL
    if len(data) <= _FEW:
        for byte in data:
            word = word >> 8 ^ last[(word ^ byte) & 0xFF]
        return word ^ _ALL
    import numpy as np  # noqa: PLC0415  # as above

    # What the register holds meets the first bytes; zeros in front of them change nothing.
    met = (int.from_bytes(data[:_WORD], "little") ^ word).to_bytes(_WORD, "little")
    padding = bytes(-len(data) % _PIECE)
    raw = np.frombuffer(padding + met + data[_WORD:], np.uint8).reshape(-1, _PIECE)
    word = 0
    for added in np.bitwise_xor.reduce(_tables()[np.arange(_PIECE), raw], axis=1).tolist():
        passed, word = word.to_bytes(_WORD, "little"), added
        for table, byte in zip(first, passed, strict=True):
            word ^= table[byte]
    return word ^ _ALL


def holds(data: bytes, place: int) -> bool:
    """Tell whether the checksum that is kept in some bytes, lowest first, is that of the rest.

    Args:
        data: the bytes; where the checksum is, zeros were counted.
        place: where in them it is.
    """
    stored = int.from_bytes(data[place : place + 4], "little")
    return crc32c(data[:place] + bytes(4) + data[place + 4 :]) == stored
