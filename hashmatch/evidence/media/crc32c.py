"""CRC-32C (Castagnoli), for headers of some tens of KiB: one byte at a time is quick enough.

Source: RFC 3720, appendix B.4.
"""

from __future__ import annotations


def _table() -> tuple[int, ...]:
    found: list[int] = []
    for byte in range(256):
        word = byte
        for _ in range(8):
            word = word >> 1 ^ (0x82F63B78 if word & 1 else 0)
        found.append(word)
    return tuple(found)


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """Give the checksum of some bytes."""
    word = 0xFFFFFFFF
    for byte in data:
        word = word >> 8 ^ _TABLE[(word ^ byte) & 0xFF]
    return word ^ 0xFFFFFFFF
