"""From the bytes of a picture to what is learnt about it: facts and hashes, never pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hashmatch.hashing.decode import MAX_PIXELS, decode
from hashmatch.hashing.further import further
from hashmatch.hashing.pdq import pdq
from hashmatch.model.hashes import Method, PictureHash
from hashmatch.model.outcomes import Picture, Reason
from hashmatch.model.wanted import Wanted

STANDARD = Wanted()

if TYPE_CHECKING:
    from hashmatch.hashing.pixels import Rendering


def examine(
    content: bytes, kind: str, max_pixels: int = MAX_PIXELS, wanted: Wanted = STANDARD
) -> Picture:
    """Decode a picture and hash every rendering of it.

    A picture without structure is hashed too: its low quality says so. But when damage left
    nothing except one colour, then nothing was seen, and the damage is the trouble. No damage in
    the content raises. A decoder that crashes the process is not caught.

    Args:
        content: the whole file.
        kind: as :func:`hashmatch.hashing.sniff.picture_kind` says.
        max_pixels: see :func:`hashmatch.hashing.decode.decode`.
        wanted: perceptual methods and effort; its digests do not matter here.
    """
    decoded = decode(content, kind, max_pixels, in_full=wanted.in_full)
    facts = Picture(kind, decoded.width, decoded.height, decoded.frames, trouble=decoded.trouble)
    try:
        hashes = tuple(_hash(one) for one in decoded.renderings)
        seen = zip(decoded.renderings, (one.quality for one in hashes), strict=True)
        more = further(seen, wanted)
    except MemoryError:
        return replace(facts, trouble=Reason.OUT_OF_MEMORY)
    if decoded.damage and not any(one.quality for one in hashes):
        return replace(facts, trouble=decoded.damage)
    partial = decoded.damage is not None
    return replace(facts, hashes=hashes + more.hashes, partial=partial, unhashed=more.failed)


def _hash(rendering: Rendering) -> PictureHash:
    found = pdq(rendering)
    return PictureHash(Method.PDQ, rendering.name, found.quality, found.variants)
