"""Read one item once: every digest, and when it is a picture its perceptual hashes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hashmatch.hashing import digests, sniff
from hashmatch.model.outcomes import Failed, ItemError, Picture, Reading, Reason, Stage

if TYPE_CHECKING:
    from hashmatch.model.evidence import Item, Source
    from hashmatch.model.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one item may cost: bytes kept for decoding, pixels decoded, bytes of memory in all.

    ``memory`` bounds the worker that examines it, beyond what any worker takes; it holds where
    the system has such limits. It is chosen so that no picture within the others meets it.
    """

    picture_bytes: int = 256 << 20
    pixels: int = 200_000_000
    memory: int = 6 << 30


BYTES_A_PIXEL = 32
"""More than any decoder takes for a pixel; JPEG 2000 with four channels takes 26."""


def examine(
    source: Source,
    item: Item,
    wanted: Wanted,
    limits: Limits,
    *,
    decode: bool = True,
) -> Reading | Failed:
    """Examine one item; its trouble is a value, never an exception.

    A picture for which memory does not suffice is digested all the same.

    Args:
        source: where the item is.
        item: the item, as it was listed.
        wanted: which hashes to compute.
        limits: how much the item may cost.
        decode: False for a picture that ended a worker before: it is digested only.
    """
    try:
        return _examine(source, item, wanted, limits, decode=decode)
    except MemoryError:
        pass  # leave the handler first: the trouble holds on to what was taken
    if not decode:
        return Failed(item.path, Stage.READ, Reason.OUT_OF_MEMORY)
    found = examine(source, item, wanted, limits, decode=False)
    if isinstance(found, Failed) or found.picture is None:
        return found
    return Reading(found.digests, Picture(found.picture.kind, trouble=Reason.OUT_OF_MEMORY))


def _examine(
    source: Source,
    item: Item,
    wanted: Wanted,
    limits: Limits,
    *,
    decode: bool,
) -> Reading | Failed:
    try:
        with source.open(item) as stream:
            keep = sniff.is_picture if decode else _nothing
            content = digests.read(stream, wanted.algorithms, keep, limits.picture_bytes)
            if not source.unchanged(item, stream):
                return Failed(item.path, Stage.READ, Reason.CHANGED)
    except ItemError as error:
        return Failed(item.path, error.stage, error.reason)
    return Reading(content.digests, _picture(content, wanted, limits, decode=decode))


def _nothing(_head: bytes) -> bool:
    """Keep no content: it may have been too much for the worker that died of it."""
    return False


def _picture(
    content: digests.Content, wanted: Wanted, limits: Limits, *, decode: bool
) -> Picture | None:
    kind = sniff.picture_kind(content.head)
    if kind is None:
        return None
    if not decode:
        return Picture(kind)
    if content.kept is None:
        return Picture(kind, trouble=Reason.TOO_MANY_BYTES)
    from hashmatch.hashing import pictures  # noqa: PLC0415  # NumPy and decoders, for pictures only

    found = pictures.examine(content.kept, kind, limits.pixels, wanted)
    return replace(found, trouble=Reason.OUT_OF_MEMORY) if _starved(found, limits) else found


def _starved(picture: Picture, limits: Limits) -> bool:
    """Tell whether damage may be want of memory, which some decoders call by that name.

    Only where memory was set lower than the limit on pixels asks for. What is larger than that
    limit is decoded at a fraction of its size, and needs little.
    """
    pixels = picture.width * picture.height
    damaged = picture.trouble in {Reason.CORRUPT, Reason.TRUNCATED}
    return damaged and limits.memory // BYTES_A_PIXEL < pixels <= limits.pixels
