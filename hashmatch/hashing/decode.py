"""Decode a picture in memory, within limits; trouble comes back as a value.

The content decides which decoder is asked, and only that one. Nothing is written and no warning
leaves this module. Settings of the decoding library are global, so pictures are decoded one at a
time in a process; other processes decode beside it.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageFile, UnidentifiedImageError

from hashmatch.hashing import codecs, pixels
from hashmatch.hashing.hush import hushed
from hashmatch.hashing.pdq import MIN_SIDE
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.hashing.pixels import Rendering

MAX_PIXELS = 200_000_000
"""Default limit: a picture of this size takes about 0.8 GB while it is decoded."""

JPEG_FACTOR = 5
"""JPEG is decoded at a fraction of its size, so that this many times the limit fits."""

_LOCK = threading.Lock()

_LOADED_AT_ONCE = frozenset({"ICO"})
"""Formats that decode while they are opened, and may hold a larger picture than they say."""

_DAMAGE = (
    OSError,
    EOFError,
    SyntaxError,  # how the library says "broken file" in places
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
)
"""Everything the decoders raise for damaged input; anything else is a bug and stays one."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came of decoding.

    ``width`` and ``height`` are 0 where the header could not be read, ``frames`` also where they
    could not be counted. Without
    ``trouble`` there is at least one rendering. ``damage`` is what was passed over to get it: only
    a part of the pixels is known to be right.
    """

    width: int = 0
    height: int = 0
    frames: int = 0
    renderings: tuple[Rendering, ...] = ()
    trouble: Reason | None = None
    damage: Reason | None = None


def decode(
    content: bytes, kind: str, max_pixels: int = MAX_PIXELS, *, in_full: bool = False
) -> Decoded:
    """Decode the first frame of a picture.

    A damaged picture is tried again with the damage passed over. Orientation tags are not
    applied: hashes of all rotations are made anyway, and lists are made from the stored pixels.

    Args:
        content: the whole file.
        kind: as :func:`hashmatch.hashing.sniff.picture_kind` says.
        max_pixels: largest picture to decode; ``JPEG_FACTOR`` times that for a JPEG that is not
            progressive. Compared with the header before anything is decoded.
        in_full: decode no JPEG at a fraction of its size, except where it is larger than
            ``max_pixels``.
    """
    name = codecs.codec_of(kind)
    if name is None:
        return Decoded(trouble=Reason.UNSUPPORTED)
    with _LOCK, _quiet(name):
        first = _attempt(content, name, max_pixels, in_full=in_full, tolerant=False)
        if first.trouble not in {Reason.CORRUPT, Reason.TRUNCATED}:
            return first
        second = _attempt(content, name, max_pixels, in_full=in_full, tolerant=True)
    return first if second.trouble else replace(second, damage=first.trouble)


def _attempt(
    content: bytes, name: str, max_pixels: int, *, in_full: bool, tolerant: bool
) -> Decoded:
    facts = Decoded()
    try:
        with _settings(max_pixels if name in _LOADED_AT_ONCE else None, tolerant=tolerant):
            image = Image.open(io.BytesIO(content), formats=(name,))
            facts = Decoded(*image.size, frames=1)
            limit = _limit(image, max_pixels)
            trouble = _refused(image, limit)
            if trouble is not None:
                return replace(facts, trouble=trouble)
            facts = replace(facts, frames=_frames(image, content, name))
            whole = in_full and image.width * image.height <= max_pixels
            return replace(facts, renderings=pixels.render(image, in_full=whole))
    except MemoryError:
        return replace(facts, trouble=Reason.OUT_OF_MEMORY)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return replace(facts, trouble=Reason.TOO_MANY_PIXELS)
    except UnidentifiedImageError:
        return replace(facts, trouble=_unreadable(content, name))
    except _DAMAGE as error:
        return replace(facts, trouble=_reason(error))


def _frames(image: Image.Image, content: bytes, name: str) -> int:
    """Count the frames, or give 0: damage behind the first must not cost the first its hash."""
    try:
        # Counting these walks through the whole file and would move the picture itself.
        walked = name in {"GIF", "TIFF"}
        counted = Image.open(io.BytesIO(content), formats=(name,)) if walked else image
        return getattr(counted, "n_frames", 1)
    except _DAMAGE:
        return 0


def _limit(image: Image.Image, max_pixels: int) -> int:
    """A progressive JPEG keeps coefficients of the whole picture, so it gets no higher limit."""
    higher = pixels.scales(image) and "progressive" not in image.info
    return max_pixels * JPEG_FACTOR if higher else max_pixels


def _refused(image: Image.Image, limit: int) -> Reason | None:
    if image.width * image.height > limit:
        return Reason.TOO_MANY_PIXELS
    return Reason.TOO_SMALL if min(image.size) < MIN_SIDE else None


def _reason(error: Exception) -> Reason:
    """Sort damage by the library's own words; a wrong guess still names damage."""
    cut_short = isinstance(error, EOFError) or "truncated" in str(error).lower()
    return Reason.TRUNCATED if cut_short else Reason.CORRUPT


def _unreadable(content: bytes, name: str) -> Reason:
    """Say why a header could not be read.

    TIFF is a container for much that is not read here, camera raw files among them. That such a
    file is damaged can only be said when its first directory lies beyond its end.
    """
    if name != "TIFF":
        return Reason.CORRUPT
    order: Literal["little", "big"] = "little" if content.startswith(b"II") else "big"
    place = content[8:16] if b"+" in content[2:4] else content[4:8]  # BigTIFF has long offsets
    beyond = int.from_bytes(place, order) + 2 > len(content)
    return Reason.TRUNCATED if beyond else Reason.UNSUPPORTED


def _quiet(name: str) -> AbstractContextManager[None]:
    """The TIFF library prints its complaints; they also come back as errors."""
    return hushed() if name == "TIFF" else nullcontext()


@contextmanager
def _settings(most: int | None, *, tolerant: bool) -> Iterator[None]:
    """Set what is global in the library for one attempt, and put it back.

    Without the library's own limit on pixels a refused picture can still be named with its size;
    :func:`_refused` is then the limit.
    """
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        Image.MAX_IMAGE_PIXELS = most
        ImageFile.LOAD_TRUNCATED_IMAGES = tolerant
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before
