"""From a video to what is learnt about it: facts and hashes of frames, never pixels.

Frames are decoded in grey at the size in which they are stored, one after the other and without
threads, and each that is due is hashed as vPDQ does. Every stream of pictures in the file is
decoded, and edit lists, which hide parts of a stream from players, are not followed. Rotation that
a player would apply is not: lists are made from stored frames.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np

from hashmatch.hashing import video_chain, video_file
from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.pdq import IDENTITY, MIN_SIDE, pdq
from hashmatch.hashing.trim import trimmed
from hashmatch.hashing.video_file import UnusableError
from hashmatch.hashing.video_sampling import Sampler
from hashmatch.model.hashes import FrameHash
from hashmatch.model.outcomes import Reason, Video
from hashmatch.model.wanted import Effort

if TYPE_CHECKING:
    from typing import BinaryIO

    import av
    from numpy.typing import NDArray

MAX_SECONDS = 600.0
_MOST_AT = 10**12  # milliseconds; a later moment is a broken clock
_USUAL_RATE = Fraction(25)
_DOUBTED = 3  # packets after a loss among which a joined stream begins
_TOLERATED = 1_000  # milliseconds by which a stream may end before its stated end


@dataclass(slots=True)
class _Stream:
    """One stream while it is decoded; times in milliseconds from its own beginning."""

    stream: av.VideoStream
    sampler: Sampler
    stated: int
    inner: Sampler | None
    frames: int = 0
    end: int = 0
    reformatter: av.video.reformatter.VideoReformatter | None = None
    _dts: int | None = None
    _doubted: int | None = None  # packets since one that lost something

    @property
    def rate(self) -> Fraction:
        """Frames a second, for frames that do not say when they are due."""
        return self.stream.average_rate or self.stream.guessed_rate or _USUAL_RATE

    def at(self, frame: av.VideoFrame) -> int:
        """The moment of a frame."""
        base = frame.time_base or self.stream.time_base
        if frame.pts is None or not base:
            return min(int(self.frames * 1000 / self.rate), _MOST_AT)
        first = self.stream.start_time or 0
        return min(max(0, int((frame.pts - first) * base * 1000)), _MOST_AT)

    def lost_before(self, packet: av.Packet[av.stream.Stream]) -> bool:
        """Tell whether something was lost in a packet shortly before this one.

        Where two transport streams are joined their counters do not go on, and the end of the
        first seems to be lost. That is forgiven where time then begins again.
        """
        end, back = packet.dts is None, _is_before(packet.dts, self._dts)
        self._dts = packet.dts
        if back and packet.is_keyframe:
            self._doubted = None
        elif self._doubted is not None:
            self._doubted += 1
        if packet.is_corrupt and self._doubted is None:
            self._doubted = 0
        return self._doubted is not None and (end or self._doubted >= _DOUBTED)

    def cut_short(self, beside: int) -> bool:
        """Tell whether frames, and what stands beside them, ended well before the stated end."""
        return self.stated > max(self.end, beside) + max(_TOLERATED, self.stated // 20)


@dataclass(slots=True)
class _Decoding:
    """What has come of a file so far."""

    limits: _Limits
    streams: dict[int, _Stream] = field(default_factory=dict)
    refused: Reason | None = None
    damaged: bool = False
    beside: int = 0  # the end of sound and texts, where the stated length may be theirs

    @property
    def samplers(self) -> list[Sampler]:
        whole = [stream.sampler for stream in self.streams.values()]
        return whole + [stream.inner for stream in self.streams.values() if stream.inner]

    @property
    def hashes(self) -> tuple[FrameHash, ...]:
        return tuple(one for sampler in self.samplers for one in sampler.kept)


@dataclass(frozen=True, slots=True)
class _Limits:
    pixels: int
    until: float
    effort: Effort


def examine(
    stream: BinaryIO,
    kind: str,
    max_pixels: int,
    effort: Effort = Effort.STANDARD,
    seconds: float = MAX_SECONDS,
) -> Video | None:
    """Decode a video and hash its frames. No damage in the content raises.

    A decoder that crashes the process is not caught. What was found before damage, or before the
    time was over, is kept, and the answer is then ``partial``; so it is where there were too many
    frames to keep the hashes of all that are due. The frames of a second stream of
    pictures follow those of the first, with times of their own; after all of them, unless the
    effort is the least, follow the same frames without a plain border, where they have one.

    Args:
        stream: seekable; read from the beginning, by jumping about in it. Not closed.
        kind: as :func:`hashmatch.hashing.sniff_video.video_kind` says.
        max_pixels: largest frame that is decoded.
        effort: how densely frames are hashed, see :mod:`hashmatch.hashing.video_sampling`.
        seconds: time after which no more is decoded. Results depend on the machine only where
            this is met.

    Returns:
        None when the file holds no pictures at all, but sound.
    """
    if not video_file.available():
        return Video(kind, trouble=Reason.NO_VIDEO_DECODER)
    limits = _Limits(max_pixels, time.monotonic() + seconds, effort)
    found, decoding = Video(kind), _Decoding(limits)
    reader = video_file.Reader(stream, limits.until)
    try:
        with video_file.opened(reader, kind) as container:
            chosen = video_file.picture_streams(container)
            if not chosen:
                return None if container.streams.audio else _closed(found, decoding)
            ready = _prepared(container, chosen, decoding)
            found = _facts(found, container, (ready or chosen)[0])
            _decode(container, ready, decoding)
        decoding.damaged = decoding.damaged or video_chain.broken(reader, kind)
    except UnusableError as error:
        decoding.refused = error.reason
    except MemoryError:
        decoding.refused = Reason.OUT_OF_MEMORY
    except video_file.damage() as error:
        decoding.damaged = True
        decoding.refused = reader.trouble or (None if decoding.hashes else _reason(error))
    return _closed(found, decoding)


def warm_up() -> None:
    """Decode a video of one frame, so that all that is loaded late is loaded. Never raises."""
    header = b"YUV4MPEG2 W16 H16 F25:1 Ip A1:1 Cmono\nFRAME\n"
    if video_file.available():
        examine(io.BytesIO(header + bytes(256)), video_file.Y4M, 256)


def _is_before(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one < other


def _reason(error: Exception) -> Reason:
    return Reason.UNSUPPORTED_VIDEO if video_file.is_unknown(error) else Reason.DAMAGED_VIDEO


def _facts(video: Video, container: av.container.InputContainer, stream: av.VideoStream) -> Video:
    context: av.VideoCodecContext | None = stream.codec_context
    if context is None:
        return video
    length = container.duration
    return replace(
        video,
        codec=context.codec.canonical_name,
        width=max(0, context.width),
        height=max(0, context.height),
        length=min(length // 1000, _MOST_AT) if length and length > 0 else 0,
    )


def _prepared(
    container: av.container.InputContainer, chosen: list[av.VideoStream], decoding: _Decoding
) -> list[av.VideoStream]:
    """Give the streams that can be decoded; one that cannot does not cost the others."""
    ready = []
    for stream in chosen:
        try:
            video_file.prepare(stream, decoding.limits.pixels)
        except UnusableError as error:
            decoding.refused = error.reason
            continue
        stated = video_file.stated_length(container, stream)
        limits = decoding.limits
        inner = None if limits.effort is Effort.FAST else Sampler.of(limits.effort)
        decoding.streams[stream.index] = _Stream(stream, Sampler.of(limits.effort), stated, inner)
        ready.append(stream)
    return ready


def _decode(
    container: av.container.InputContainer, ready: list[av.VideoStream], decoding: _Decoding
) -> None:
    """Decode packet by packet: one that is damaged costs its own frames only.

    Of what stands beside the pictures nothing is decoded.
    """
    every = [*ready, *video_file.beside(container)]
    for packet in container.demux(every) if ready else ():
        own = decoding.streams.get(packet.stream.index)
        try:
            if own is None:
                decoding.beside = max(decoding.beside, video_file.end(packet))
            else:
                decoding.damaged = decoding.damaged or own.lost_before(packet)
                for frame in cast("list[av.VideoFrame]", packet.decode()):
                    _take(frame, own, decoding)
        except EOFError:
            continue  # this stream has given all it has
        except (UnusableError, MemoryError):
            raise
        except video_file.damage():
            decoding.damaged = True
        if time.monotonic() > decoding.limits.until:
            raise UnusableError(Reason.TIME_LIMIT)


def _take(frame: av.VideoFrame, own: _Stream, decoding: _Decoding) -> None:
    if frame.width * frame.height > decoding.limits.pixels:
        raise UnusableError(Reason.TOO_MANY_PIXELS)
    decoding.damaged = decoding.damaged or frame.is_corrupt
    at = own.at(frame)
    own.frames += 1
    base = frame.time_base
    lasts = int(frame.duration * base * 1000) if frame.duration and base else 0
    own.end = max(own.end, min(at + max(0, lasts), _MOST_AT))
    if min(frame.width, frame.height) < MIN_SIDE:
        decoding.refused = Reason.TOO_SMALL
        return
    if own.sampler.due(at):
        own.reformatter = own.reformatter or video_file.reformatter()
        _hash(Pixels(_grey(frame, own.reformatter)), at, own)


def _hash(picture: Pixels, at: int, own: _Stream) -> None:
    found = pdq(picture, IDENTITY)
    own.sampler.take(FrameHash(at, found.quality, found.value))
    inner = trimmed(picture) if own.inner else None
    if own.inner and inner:
        found = pdq(inner, IDENTITY)
        own.inner.take(FrameHash(at, found.quality, found.value))


def _grey(
    frame: av.VideoFrame, reformatter: av.video.reformatter.VideoReformatter
) -> NDArray[np.uint8]:
    """Luma 0..255 at the stored size; rows are padded in memory, and the padding is cut off."""
    grey = reformatter.reformat(frame, format="gray", dst_color_range="JPEG", threads=1)
    plane = grey.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: grey.height, : grey.width]


def _closed(found: Video, decoding: _Decoding) -> Video:
    """Say how it ended: without a hash there is a trouble, with some the rest may be missing."""
    frames = sum(one.frames for one in decoding.streams.values())
    hashes = decoding.hashes
    facts = replace(found, frames=frames, hashes=hashes)
    short = any(one.cut_short(decoding.beside) for one in decoding.streams.values())
    if not hashes:
        return replace(facts, trouble=decoding.refused or Reason.DAMAGED_VIDEO)
    if decoding.refused is Reason.OUT_OF_MEMORY:
        return replace(facts, damage=decoding.refused)
    if decoding.refused or decoding.damaged or short:
        return replace(facts, damage=Reason.INCOMPLETE_VIDEO)
    thinned = any(sampler.thinned for sampler in decoding.samplers)
    return replace(facts, damage=Reason.TOO_MANY_FRAMES if thinned else None)
