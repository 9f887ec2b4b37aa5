"""How far a bit of a map of sectors stays what it is."""

from __future__ import annotations

_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def turned(bits: bytes) -> bytes:
    """Give the bits of each byte in the other order."""
    return bits.translate(_TURNED)


def run(bits: bytes, number: int) -> tuple[bool, int]:
    """Tell what a bit is, and how many from it on are the same.

    Args:
        bits: the highest bit of the first byte is bit 0.
        number: of the bit; below ``8 * len(bits)``.
    """
    left = 8 * len(bits) - number
    mask = (1 << left) - 1
    rest = int.from_bytes(bits) & mask
    one = bool(rest >> (left - 1))
    return one, left - (rest ^ mask if one else rest).bit_length()
