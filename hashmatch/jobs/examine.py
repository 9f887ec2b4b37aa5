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
    from collections.abc import Callable
    from typing import BinaryIO

    from hashmatch.jobs.reuse import Decoded
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


@dataclass(frozen=True, slots=True)
class Examination:
    """What came of one item: the result, and how its content begins, where it was read."""

    result: Reading | Failed
    head: bytes = b""


def examine(
    source: Source,
    item: Item,
    wanted: Wanted,
    limits: Limits,
    *,
    decode: bool = True,
    aids: Aids | None = None,
) -> Examination:
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
    reader = Reader(wanted, limits, aids or Aids(Contents(0)), decode=decode)
    try:
        return _examine(source, item, reader)
    except MemoryError:
        pass  # leave the handler first: the trouble holds on to what was taken
    if not decode:
        return Examination(Failed(item.path, Stage.READ, Reason.OUT_OF_MEMORY))
    found = examine(source, item, wanted, limits, decode=False)
    if isinstance(found.result, Failed):
        return found
    return replace(found, result=undecoded(found.result, Reason.OUT_OF_MEMORY))


def undecoded(found: Reading, reason: Reason) -> Reading:
    """Say why the picture or video of an item that was only digested was not decoded."""
    picture, video = found.picture, found.video
    return replace(
        found,
        picture=picture and Picture(picture.kind, trouble=reason),
        video=video and Video(video.kind, trouble=reason),
    )


def _examine(source: Source, item: Item, reader: Reader) -> Examination:
    try:
        with source.open(item) as stream:
            found = reader.read(stream, lambda: stream)
            if not source.unchanged(item, stream):
                return Examination(Failed(item.path, Stage.READ, Reason.CHANGED))
            doubt = source.doubt(item, stream)
    except ItemError as error:
        return Examination(Failed(item.path, error.stage, error.reason))
    result = reader.decoded(found)
    return Examination(replace(result, partial=doubt) if doubt else result, found.content.head)


@dataclass(frozen=True, slots=True)
class Read:
    """A content that was read, and what became of it as a video."""

    content: digests.Content
    before: Decoded | None
    video: Video | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads contents: an item, or a member of one.

    ``decode`` is False for what is digested only.
    """

    wanted: Wanted
    limits: Limits
    aids: Aids
    decode: bool = True

    def read(self, stream: BinaryIO, again: Callable[[], BinaryIO | None]) -> Read:
        """Digest a content; decode it if it is a video.

        Args:
            stream: the content from its beginning.
            again: gives it once more for seeking in it; None where it is too long for that.
        """
        keep = sniff.is_picture if self.decode else _nothing
        content = digests.read(
            stream,
            self.wanted.algorithms,
            keep,
            self.limits.picture_bytes,
            wide=self.aids.wide,
        )
        before = self.aids.met.find(content.digests) if self.decode else None
        video = self._video(content, again) if before is None else None
        return Read(content, before, video)

    def decoded(self, found: Read) -> Reading:
        """Decode a picture from what was kept of it."""
        content = found.content
        if found.before is not None:
            return Reading(content.digests, *found.before)
        picture = _picture(content, self.wanted, self.limits, decode=self.decode)
        reading = Reading(content.digests, picture, found.video)
        if self.decode:
            self.aids.met.note(reading)
        return reading

    def _video(
        self, content: digests.Content, again: Callable[[], BinaryIO | None]
    ) -> Video | None:
        """Decode a video; where videos are not wanted it is only named."""
        kind = sniff_video.video_kind(content.head)
        if kind is None:
            return None
        if not self.decode or not self.wanted.videos:
            return Video(kind)
        stream = again()
        if stream is None:
            return Video(kind, trouble=Reason.TOO_MANY_BYTES)
        from hashmatch.hashing import video  # noqa: PLC0415  # NumPy, for videos only

        seconds = self.limits.seconds(content.size)
        return video.examine(stream, kind, self.limits.pixels, self.wanted.effort, seconds)


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
