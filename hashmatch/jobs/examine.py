"""Read one item: every digest, and when it is a picture or a video its perceptual hashes.

A picture is decoded from the bytes that were digested. A video is read once for its digests and
then decoded from the same open file, by seeking in it; whether the file changed meanwhile is
looked at after that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hashmatch.hashing import digests, sniff, sniff_video
from hashmatch.jobs.reuse import Contents
from hashmatch.model.outcomes import Failed, ItemError, Picture, Reading, Reason, Stage, Video

if TYPE_CHECKING:
    from typing import BinaryIO

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

    def seconds(self, size: int) -> float:
        """How long a video of so many bytes is decoded, before what was found is kept as a part.

        Less than any worker may take for an item alone, so that nothing found is lost.
        """
        return _VIDEO_SECONDS + size / _VIDEO_BYTES_PER_SECOND


_VIDEO_SECONDS = 40.0
_VIDEO_BYTES_PER_SECOND = 1.5 * (1 << 20)

BYTES_A_PIXEL = 32
"""More than any decoder takes for a pixel; JPEG 2000 with four channels takes 26."""


@dataclass(frozen=True, slots=True)
class Aids:
    """What makes an examination cheaper and changes nothing of what it gives.

    ``met`` is what decoding gave for contents before, taken from and added to; ``wide`` as
    :func:`hashmatch.hashing.digests.read` has it.
    """

    met: Contents
    wide: bool = False


def examine(
    source: Source,
    item: Item,
    wanted: Wanted,
    limits: Limits,
    *,
    decode: bool = True,
    aids: Aids | None = None,
) -> Reading | Failed:
    """Examine one item; its trouble is a value, never an exception.

    A picture for which memory does not suffice is digested all the same.

    Args:
        source: where the item is.
        item: the item, as it was listed.
        wanted: which hashes to compute.
        limits: how much the item may cost.
        decode: False for a picture that ended a worker before: it is digested only.
        aids: what may make it cheaper.
    """
    try:
        return _examine(source, item, wanted, limits, aids or Aids(Contents(0)), decode=decode)
    except MemoryError:
        pass  # leave the handler first: the trouble holds on to what was taken
    if not decode:
        return Failed(item.path, Stage.READ, Reason.OUT_OF_MEMORY)
    found = examine(source, item, wanted, limits, decode=False)
    return found if isinstance(found, Failed) else undecoded(found, Reason.OUT_OF_MEMORY)


def undecoded(found: Reading, reason: Reason) -> Reading:
    """Say why the picture or video of an item that was only digested was not decoded."""
    picture, video = found.picture, found.video
    return replace(
        found,
        picture=picture and Picture(picture.kind, trouble=reason),
        video=video and Video(video.kind, trouble=reason),
    )


def _examine(
    source: Source,
    item: Item,
    wanted: Wanted,
    limits: Limits,
    aids: Aids,
    *,
    decode: bool,
) -> Reading | Failed:
    try:
        with source.open(item) as stream:
            keep = sniff.is_picture if decode else _nothing
            content = digests.read(
                stream, wanted.algorithms, keep, limits.picture_bytes, wide=aids.wide
            )
            before = aids.met.find(content.digests) if decode else None
            video = None
            if before is None:
                video = _video(stream, item, content.head, wanted, limits if decode else None)
            if not source.unchanged(item, stream):
                return Failed(item.path, Stage.READ, Reason.CHANGED)
    except ItemError as error:
        return Failed(item.path, error.stage, error.reason)
    if before is not None:
        return Reading(content.digests, *before)
    found = Reading(content.digests, _picture(content, wanted, limits, decode=decode), video)
    if decode:
        aids.met.note(found)
    return found


def _nothing(_head: bytes) -> bool:
    """Keep no content: it may have been too much for the worker that died of it."""
    return False


def _video(
    stream: BinaryIO, item: Item, head: bytes, wanted: Wanted, limits: Limits | None
) -> Video | None:
    """Decode a video from its open file; without limits it is only named."""
    kind = sniff_video.video_kind(head)
    if kind is None:
        return None
    if limits is None or not wanted.videos:
        return Video(kind)
    from hashmatch.hashing import video  # noqa: PLC0415  # NumPy, for videos only

    seconds = limits.seconds(item.size)
    return video.examine(stream, kind, limits.pixels, wanted.effort, seconds)


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
    if not _starved(found, limits):
        return found
    if found.trouble is None:
        return replace(found, damage=Reason.OUT_OF_MEMORY)
    return replace(found, trouble=Reason.OUT_OF_MEMORY)


def _starved(picture: Picture, limits: Limits) -> bool:
    """Tell whether damage may be want of memory, which some decoders call by that name.

    Only where memory was set lower than the limit on pixels asks for. What is larger than that
    limit is decoded at a fraction of its size, and needs little.
    """
    pixels = picture.width * picture.height
    damaged = (picture.trouble or picture.damage) in {Reason.CORRUPT, Reason.TRUNCATED}
    return damaged and limits.memory // BYTES_A_PIXEL < pixels <= limits.pixels
