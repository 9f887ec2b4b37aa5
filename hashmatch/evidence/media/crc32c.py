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
_BEGIN = b"Td\x1fd"
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


def crc32c(data: bytes) -> int:
    """Give the checksum of some bytes."""
    import numpy as np  # noqa: PLC0415  # as above

    padding = bytes(-(len(data) + 4) % _PIECE)
    # Zeros in front change nothing; the four bytes after them leave all bits of the register set,
    # which is how it begins.
    raw = np.frombuffer(padding + _BEGIN + data, np.uint8).reshape(-1, _PIECE)
    tables = _tables()
    word = 0
    for added in np.bitwise_xor.reduce(tables[np.arange(_PIECE), raw], axis=1).tolist():
        before, word = word.to_bytes(4, "little"), added
        for place, byte in enumerate(before):
            word ^= int(tables[place, byte])
    return word ^ _ALL


def holds(data: bytes, place: int) -> bool:
    """Tell whether the checksum that is kept in some bytes, lowest first, is that of the rest.

    Args:
        data: the bytes; where the checksum is, zeros were counted.
        place: where in them it is.
    """
    stored = int.from_bytes(data[place : place + 4], "little")
    return crc32c(data[:place] + bytes(4) + data[place + 4 :]) == stored
