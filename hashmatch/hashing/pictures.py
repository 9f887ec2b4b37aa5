"""From the bytes of a picture to what is learnt about it: facts and hashes, never pixels."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from hashmatch.hashing.decode import MAX_PIXELS, decode
from hashmatch.hashing.further import further
from hashmatch.hashing.phases import perceived
from hashmatch.model.outcomes import Picture, Reason
from hashmatch.model.wanted import Wanted

STANDARD = Wanted()


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
    decoded = decode(content, kind, max_pixels, wanted.effort, in_full=wanted.in_full)
    kind = decoded.kind or kind
    facts = Picture(kind, decoded.width, decoded.height, decoded.frames, trouble=decoded.trouble)
    try:
        hashed = [perceived(one, wanted.effort, decoded.shown) for one in decoded.renderings]
        native = (phases[0].quality for phases in hashed)
        more = further(zip(decoded.renderings, native, strict=True), wanted)
    except MemoryError:
        return replace(facts, trouble=Reason.OUT_OF_MEMORY)
    hashes = tuple(chain.from_iterable(hashed))
    if decoded.damage and not any(one.quality for one in hashes):
        return replace(facts, trouble=decoded.damage)
    partial = decoded.damage is not None
    return replace(facts, hashes=hashes + more.hashes, partial=partial, unhashed=more.failed)
