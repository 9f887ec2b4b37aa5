"""Colours of more than 8 bits in JPEG 2000, which the decoder brings to 8 bits wrongly.

It rounds up without a limit, so that the brightest samples become the darkest. A codestream that
says it has one bit more holds the same samples in the middle half of that range, where rounding
overflows nothing. What comes out is stretched back over the whole range; it has 128 levels.

Source: ITU-T T.800 (A.5.1, image and tile size; G.1, level shift).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

DEEPER = "said to be deeper"
"""Set in the facts about an opened picture whose pixels are to be stretched."""

_BEGIN = b"\xff\x4f\xff\x51"
_COMPONENTS = 40  # from the beginning of the codestream
_MOST = 16  # components; one alone is decoded rightly


def one_bit_more(content: bytes) -> bytes | None:
    """Give content that says its colours have one bit more; None where they have 8 or fewer."""
    start = content.find(_BEGIN)
    table = start + _COMPONENTS + 2
    if start < 0 or table > len(content):
        return None
    count = int.from_bytes(content[table - 2 : table])
    places = range(table, table + 3 * count, 3)
    if not 2 <= count <= _MOST or places[-1] >= len(content):
        return None
    depths = [content[place] for place in places]
    if any(depth & 0x80 or not 8 <= depth < 31 for depth in depths):  # signed, or 8 bits at most
        return None
    deeper = bytearray(content)
    for place in places:
        deeper[place] += 1
    return bytes(deeper)


def stretched(image: Image.Image) -> Image.Image:
    """Bring the middle half of the range back to the whole range; transparency too."""
    levels = [min(255, max(0, (value - 64) * 2)) for value in range(256)]
    return image.point(levels * len(image.getbands()))
