"""Apple Data Compression, as in old disk images: copies of what went before, and plain bytes.

Source: the description of ADC in libmodi's documentation of the Mac OS disk image format.
"""

from __future__ import annotations


def unpack_adc(packed: bytes, length: int) -> bytes | None:
    """Unpack what gives exactly ``length`` bytes; None where it gives more, less or nonsense."""
    found = bytearray()
    place = 0
    while place < len(packed) and len(found) < length:
        code = packed[place]
        if code & 0x80:
            many = (code & 0x7F) + 1
            piece = packed[place + 1 : place + 1 + many]
            if len(piece) < many:
                return None
            found += piece
            place += 1 + many
            continue
        size = 3 if code & 0x40 else 2
        rest = packed[place + 1 : place + size]
        if len(rest) < size - 1:
            return None
        if code & 0x40:
            many, back = (code & 0x3F) + 4, int.from_bytes(rest) + 1
        else:
            many, back = ((code >> 2) & 0x0F) + 3, ((code & 3) << 8 | rest[0]) + 1
        if back > len(found):
            return None
        for _ in range(many):  # a copy may take in what it has just written
            found.append(found[-back])
        place += size
    return bytes(found) if len(found) == length else None
