"""A video file, opened with one demuxer, no threads, and nothing outside the file within reach."""

from __future__ import annotations

import importlib.util
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from hashmatch.hashing import sniff_video
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    import av

Y4M: Final = sniff_video.Y4M

_DEMUXERS = {
    sniff_video.MATROSKA: "matroska",
    sniff_video.WEBM: "matroska",
    sniff_video.AVI: "avi",
    sniff_video.PROGRAM: "mpeg",
    sniff_video.ELEMENTARY: "mpegvideo",
    sniff_video.TRANSPORT: "mpegts",
    sniff_video.FLV: "flv",
    sniff_video.ASF: "asf",
    sniff_video.OGG: "ogg",
    sniff_video.REAL: "rm",
    sniff_video.MXF: "mxf",
    sniff_video.IVF: "ivf",
    sniff_video.Y4M: "yuv4mpegpipe",
    sniff_video.H264: "h264",
}
_ISO = "mov"  # everything else that is recognised
_OPTIONS = {
    "mov": {"ignore_editlist": "1", "enable_drefs": "0", "use_absolute_path": "0"},
}
_COMMON = {"protocol_whitelist": "none", "probesize": str(5 << 20), "max_streams": "64"}
_STATE_LENGTH = frozenset({"mov", "matroska", "avi", "flv", "asf", "mxf"})
"""Containers whose header says how long the content is; elsewhere the library estimates it."""

_STATE_EACH = frozenset({"mov", "avi", "mxf"})
"""Those of them that say it of each stream; the others of the longest, which may be sound."""

_MOST_STREAMS = 8
"""Streams of pictures that are decoded of one file."""

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
)


# The library measures frames with a margin around them; :func:`prepare` has its own limit before.
_PADDED, _MARGIN = 2, 1 << 20


class UnusableError(Exception):
    """No more of this file is decoded, and why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def available() -> bool:
    """Tell whether the optional decoder of videos is there."""
    return importlib.util.find_spec("av") is not None


def versions() -> dict[str, str]:
    """Name the version of the library that does the decoding, part by part; empty without it."""
    if not available():
        return {}
    import av  # noqa: PLC0415  # optional, large, and for videos only

    parts = {name: ".".join(map(str, found)) for name, found in av.library_versions.items()}
    return {"ffmpeg": av.ffmpeg_version_info} | {name: parts[name] for name in sorted(parts)}


def damage() -> tuple[type[Exception], ...]:
    """Give everything the library raises for damaged input; anything else is a bug and stays one.

    Want of memory is among them by its class: look for ``MemoryError`` first.
    """
    import av  # noqa: PLC0415  # optional, large, and for videos only

    return (*_DAMAGE, av.error.FFmpegError)


class Reader:
    """The file as the library reads it, until its time is over.

    Its own calls come between those of the library, so that not even an endless header outlasts
    the limit. ``trouble`` says why reading ended, when it was not the content's fault.
    """

    def __init__(self, stream: BinaryIO, until: float) -> None:
        self._stream, self._until = stream, until
        self.trouble: Reason | None = None

    def read(self, size: int) -> bytes:
        """Read on; at most ``size`` bytes."""
        if time.monotonic() > self._until:
            self.trouble = Reason.TIME_LIMIT
            raise TimeoutError
        try:
            return self._stream.read(size)
        except OSError:
            self.trouble = Reason.IO
            raise

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; one before the beginning or without sense is refused as the system does.

        Raises:
            OSError: there is no such place.
        """
        try:
            return self._stream.seek(offset, whence)
        except ValueError:
            raise OSError from None

    def tell(self) -> int:
        """The present place."""
        return self._stream.tell()


@contextmanager
def opened(reader: Reader, kind: str) -> Iterator[av.container.InputContainer]:
    """Open a container with the demuxer of its kind; the library is never left to guess.

    Raises:
        MemoryError, or one of :func:`damage`: the header cannot be read.
    """
    import av  # noqa: PLC0415

    av.logging.set_level(None)
    reader.seek(0)
    demuxer = _DEMUXERS.get(kind, _ISO)
    container = av.open(
        reader,
        "r",
        format=demuxer,
        options=_COMMON | _OPTIONS.get(demuxer, {}),
        metadata_errors="ignore",
    )
    with container:
        yield container


def picture_streams(container: av.container.InputContainer) -> list[av.VideoStream]:
    """Choose the streams to decode: those that move, or where there are none a cover."""
    import av  # noqa: PLC0415

    cover = av.stream.Disposition.attached_pic
    every = list(container.streams.video)
    moving = [one for one in every if not one.disposition & cover]
    return (moving or every)[:_MOST_STREAMS]


def beside(container: av.container.InputContainer) -> list[av.stream.Stream]:
    """Give the streams without pictures of which one may be what the stated length is of."""
    if _STATE_EACH.intersection(container.format.name.split(",")):
        return []
    return [*container.streams.audio, *container.streams.subtitles]


def stated_length(container: av.container.InputContainer, stream: av.VideoStream) -> int:
    """Give the milliseconds that the header states, 0 where it states none.

    They are those of the longest stream where there are any :func:`beside`.
    """
    if not _STATE_LENGTH.intersection(container.format.name.split(",")):
        return 0
    length, base = stream.duration, stream.time_base
    if length and base and length > 0:
        return int(length * base * 1000)
    return max(0, (container.duration or 0) // 1000)


def end(packet: av.Packet[av.stream.Stream]) -> int:
    """Give the millisecond at which a packet ends; 0 where it does not say."""
    if packet.pts is None or not packet.time_base:
        return 0
    return int((packet.pts + (packet.duration or 0)) * packet.time_base * 1000)


def prepare(stream: av.VideoStream, max_pixels: int) -> None:
    """Let a stream be decoded without threads, which a confined process may not start.

    Raises:
        UnusableError: there is no decoder for it, or its frames are too large.
    """
    context = stream.codec_context
    if context is None:
        raise UnusableError(Reason.UNSUPPORTED_VIDEO)
    if context.width * context.height > max_pixels:
        raise UnusableError(Reason.TOO_MANY_PIXELS)
    context.thread_count = 1
    context.thread_type = "NONE"
    context.options = {"max_pixels": str(_PADDED * max_pixels + _MARGIN)}


def reformatter() -> av.video.reformatter.VideoReformatter:
    """Give a converter; it keeps what it prepared for frames of one form."""
    from av.video.reformatter import VideoReformatter  # noqa: PLC0415

    return VideoReformatter()


def is_unknown(error: Exception) -> bool:
    """Tell whether the library says that it has no decoder or demuxer for this."""
    import av  # noqa: PLC0415

    unknown = (av.error.DecoderNotFoundError, av.error.DemuxerNotFoundError)
    return isinstance(
        error, (*unknown, av.error.PatchWelcomeError, av.codec.codec.UnknownCodecError)
    )
