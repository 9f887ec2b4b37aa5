"""Frames of animations, pages, and further pictures of one file, evenly spread over it.

Frames of an animation are composited as a viewer shows them, what is transparent over white.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from hashmatch.hashing import codecs, frame_count, pixels
from hashmatch.hashing.damage import DAMAGE, reason_of
from hashmatch.hashing.pdq import MIN_SIDE
from hashmatch.hashing.pixels import Rendering
from hashmatch.model.outcomes import Reason
from hashmatch.model.wanted import Effort

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the frames of a file are looked at.

    ``frames`` is the most that are taken, the first among them. ``pixels`` bounds what is decoded
    to get them: the later frames of a longer animation are not reached.
    """

    frames: int
    pixels: int


EXTENTS = {
    Effort.FAST: Extent(1, 0),
    Effort.STANDARD: Extent(20, 200_000_000),
    Effort.THOROUGH: Extent(100, 1_000_000_000),
}
_IN_ORDER = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
"""Formats in which every frame before the one that is asked for must be decoded too."""


_STOPS = (MemoryError, Image.DecompressionBombWarning, Image.DecompressionBombError)


@dataclass(slots=True)
class Found:
    """Renderings of frames behind the first, and what kept others from being decoded.

    ``left`` is how many pixels more may be kept; ``sampled`` says that not all frames were looked
    at.
    """

    left: int = 0
    renderings: list[Rendering] = field(default_factory=list)
    damage: Reason | None = None
    sampled: bool = False


def count(image: Image.Image, content: bytes, name: str) -> frame_count.Count:
    """Count the frames of an opened picture, from the structure of its file where that tells."""
    if name == "GIF":
        return frame_count.gif(content)
    if name == "TIFF":
        return frame_count.tiff(content)
    if name == "PNG" and hasattr(image, "n_frames"):
        return frame_count.png(content) if image.n_frames > 1 else frame_count.Count(1)
    return frame_count.Count(getattr(image, "n_frames", 1))


def spread(reached: int, most: int) -> tuple[int, ...]:
    """Choose places from 0 to before ``reached``, evenly, the first and the last among them."""
    if reached <= most:
        return tuple(range(reached))
    return tuple(place * (reached - 1) // (most - 1) for place in range(most))


def behind_first(content: bytes, name: str, frames: int, extent: Extent, held: int) -> Found:
    """Decode chosen frames behind the first.

    A frame that looks like one before it is left out: it would have the same hash. One that
    cannot be decoded does not cost the others, except that an animation cannot go on behind it.

    Args:
        content: the whole file.
        name: of the decoder.
        frames: how many there are.
        extent: how far to look.
        held: most pixels of all the frames that are kept together.
    """
    found = Found(left=min(extent.pixels, held), sampled=frames > extent.frames)
    try:
        image = codecs.opened(content, name, several=True)
    except DAMAGE as error:  # it was opened before, with the damage passed over
        found.damage = reason_of(error)
        return found
    first = image.tell()
    aside = frame_count.tiff(content).aside if name == "TIFF" else frozenset()
    reached = frames + len(aside)
    if reached > frame_count.MOST_REACHED:  # at whatever effort
        reached, found.damage = frame_count.MOST_REACHED, Reason.FRAMES_NOT_REACHED
    if name in _IN_ORDER:
        within = extent.pixels // max(1, image.width * image.height)
        found.sampled = found.sampled or within < reached
        reached = min(reached, within)
    seen: set[bytes] = set()
    places = tuple(one for one in spread(reached, extent.frames) if one not in aside)
    largest = max(image.width * image.height, held // 2)  # what comes before is held as well
    steps = _Steps(name in _IN_ORDER, largest, extent.pixels)
    for place, picture in _decoded(image, places, found, steps):
        looks = _looks(picture)
        if looks not in seen and place != first:
            found.left -= picture.width * picture.height
            # An opened file goes on to the next frame, and its pixels with it.
            own = picture.copy() if picture is image else picture
            found.renderings.append(_rendering(place, own))
        seen.add(looks)
    return found


@dataclass(slots=True)
class _Steps:
    """Goes on from frame to frame.

    ``in_order`` says that every frame is decoded to get at those behind it. A later one may make
    the whole animation larger: up to ``largest`` pixels, and ``left`` for all frames together.
    """

    in_order: bool
    largest: int
    left: int

    def go(self, image: Image.Image, place: int) -> None:
        """Step to a frame.

        Raises:
            DecompressionBombError: too many pixels would have to be decoded.
        """
        if not self.in_order:
            image.seek(place)
            return
        for step in range(min(place, image.tell() + 1), place + 1):
            image.seek(step)  # decodes the one before
            pixels_here = image.width * image.height
            self.left -= pixels_here
            if pixels_here > self.largest or self.left < 0:
                raise Image.DecompressionBombError


def _decoded(
    image: Image.Image, places: tuple[int, ...], found: Found, steps: _Steps
) -> Iterator[tuple[int, Image.Image]]:
    """Give the first frame and the chosen ones, as far as they can be decoded and kept."""
    first = image.tell()
    for place in dict.fromkeys((first, *places)):
        try:
            steps.go(image, place)
            if image.width * image.height > found.left:
                found.sampled = True
            elif min(image.size) >= MIN_SIDE:
                yield place, pixels.plain(image)
        except _STOPS as error:
            starved = isinstance(error, MemoryError)
            found.damage = Reason.OUT_OF_MEMORY if starved else Reason.TOO_MANY_PIXELS
            return
        except DAMAGE as error:
            if place == first:  # its own damage is known already
                continue
            found.damage = reason_of(error)
            if steps.in_order:
                return


def _rendering(place: int, picture: Image.Image) -> Rendering:
    size = picture.height, picture.width
    return Rendering(f"frame-{place + 1}", picture, size, on_white=picture.mode == "RGBA")


def _looks(picture: Image.Image) -> bytes:
    digest = hashlib.blake2b(f"{picture.mode} {picture.size}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(picture).data)
    return digest.digest()
