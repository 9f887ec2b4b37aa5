"""From the bytes of a picture to what is learnt about it: facts and hashes, never pixels."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from hashmatch.hashing.damage import worst
from hashmatch.hashing.decode import MAX_PIXELS, decode
from hashmatch.hashing.further import Further, further
from hashmatch.hashing.phases import perceived
from hashmatch.model.outcomes import Picture, Reason
from hashmatch.model.wanted import Wanted

if TYPE_CHECKING:
    from hashmatch.hashing.pixels import Rendering

STANDARD = Wanted()


_OF_THE_FIRST = frozenset({Reason.CORRUPT, Reason.TRUNCATED})
"""Damage that the picture itself may have; other damage is of frames and pages behind it."""


def examine(
    content: bytes, kind: str, max_pixels: int = MAX_PIXELS, wanted: Wanted = STANDARD
) -> Picture:
    """Decode a picture and hash every rendering of it.

    Methods beside PDQ see all pixels in colour. PDQ does not depend on whether there are any:
    what was decoded in grey for it, perhaps at a fraction of its size, is decoded once more.

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
    named = decoded.kind or kind
    facts = Picture(
        *(named, decoded.width, decoded.height, decoded.frames),
        trouble=decoded.trouble,
        sampled=decoded.sampled,
    )
    try:
        hashed = [perceived(one, wanted.effort, decoded.shown) for one in decoded.renderings]
        more, damage = Further(), decoded.damage
        if wanted.further and hashed:
            native = {phases[0].rendering: phases[0].quality for phases in hashed}
            whole = decoded
            if not wanted.in_full and any(map(_lessened, decoded.renderings)):
                whole = decode(content, kind, max_pixels, wanted.effort, in_full=True)
                if whole.trouble is Reason.OUT_OF_MEMORY:
                    return replace(facts, trouble=whole.trouble)
                damage = worst(damage, whole.damage)
            more = further(whole.renderings, native, wanted)
            damage = worst(damage, Reason.OUT_OF_MEMORY if more.starved else None)
    except MemoryError:
        return replace(facts, trouble=Reason.OUT_OF_MEMORY)
    hashes = tuple(chain.from_iterable(hashed))
    if damage in _OF_THE_FIRST and not any(one.quality for one in hashes):
        return replace(facts, trouble=damage)
    return replace(facts, hashes=hashes + more.hashes, damage=damage, unhashed=more.failed)


def _lessened(rendering: Rendering) -> bool:
    """Tell whether a rendering may lack pixels or colours that the file has."""
    return rendering.reduction > 1 or rendering.image.mode == "L"
