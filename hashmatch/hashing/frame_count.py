"""Count the frames of an animation by its structure, without decoding any.

What a header says of their number is not believed: the frames themselves are counted.

Sources: GIF89a, 1990; PNG, third edition, 2025 (animations).
"""

from __future__ import annotations

from dataclasses import dataclass

from hashmatch.hashing.directories import tiff_at

_MOST_STEPS = 1 << 21
"""Parts of a file that are looked at: the largest animations have fewer, made-up files more."""


MOST_REACHED = 2000
"""Frames or pages that may have to be stepped through; those behind are not reached."""

_WIDTH = 0x0100


@dataclass(frozen=True, slots=True)
class Count:
    """Frames that begin in the content; ``whole`` says that the end was reached in good order.

    ``aside`` are the places, from 0, of what stands among the frames and is none.
    """

    frames: int
    whole: bool = True
    aside: frozenset[int] = frozenset()


def gif(content: bytes) -> Count:
    """Count the images of a GIF. Data after the last block is no damage; a block cut off is."""
    place = _behind_colours(content, 10, 13)
    frames = 0
    cut = len(content) - 1
    for _ in range(_MOST_STEPS):
        if place > cut:
            return Count(frames)  # the closing byte is often left out
        mark = content[place]
        if mark == 0x2C and place + 10 <= cut:
            frames += 1
            place = _behind_colours(content, place + 9, place + 10) + 1
        elif mark == 0x21:
            place += 2
        else:
            return Count(frames, whole=mark == 0x3B or not mark)
        while place <= cut and content[place]:
            place += 1 + content[place]
        if place > cut:
            return Count(frames, whole=False)
        place += 1
    return Count(frames, whole=False)


def _behind_colours(content: bytes, flags: int, place: int) -> int:
    """Step over the table of colours that a byte of flags may announce."""
    found = content[flags] if flags < len(content) else 0
    return place + (3 << ((found & 7) + 1) if found & 0x80 else 0)


def png(content: bytes) -> Count:
    """Count the frames of an animated PNG, 1 for one that does not move."""
    place, frames, first = 8, 0, 0
    for _ in range(_MOST_STEPS):
        name = content[place + 4 : place + 8]
        if name == b"fcTL":
            frames += 1
        elif name == b"IDAT" and not frames:
            first = 1  # a picture for viewers that show no animation
        elif name == b"IEND" or len(name) < 4:
            return Count(max(1, frames + first if frames else 1), whole=name == b"IEND")
        place += 12 + int.from_bytes(content[place : place + 4])
    return Count(max(1, frames), whole=False)


def tiff(content: bytes) -> Count:
    """Count the pages of a TIFF. A directory without a width is none: it names a thumbnail."""
    found = tiff_at(content)
    pages = list(found.chain()) if found else []
    if found is None or not pages:
        return Count(1)
    following = pages[-1].following
    aside = frozenset(
        place for place, page in enumerate(pages[:MOST_REACHED]) if not page.number(_WIDTH)
    )
    whole = not following or found.directory(following) is not None
    return Count(max(1, len(pages) - len(aside)), whole, aside)
