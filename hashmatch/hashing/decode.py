"""Decode a picture in memory, within limits; trouble comes back as a value.

The content decides which decoder is asked, and only that one. Nothing is written and no warning
leaves this module. Settings of the decoding library are global, so pictures are decoded one at a
time in a process; other processes decode beside it.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from hashmatch.hashing import camera_raw, codecs, frames, jpeg_parts, pixels, sniff
from hashmatch.hashing.damage import DAMAGE, reason_of, unreadable, worst
from hashmatch.hashing.hush import hushed
from hashmatch.hashing.pdq import MIN_SIDE
from hashmatch.model.outcomes import Reason
from hashmatch.model.wanted import Effort

if TYPE_CHECKING:
    from hashmatch.hashing.pixels import Rendering

MAX_PIXELS = 200_000_000
"""Default limit: a picture of this size takes about 0.8 GB while it is decoded."""

JPEG_FACTOR = 5
"""JPEG is decoded at a fraction of its size, so that this many times the limit fits."""

PREVIEW = "preview"
THUMBNAIL = "thumbnail"

_LOCK = threading.Lock()

_LOADED_AT_ONCE = frozenset({"ICO"})
"""Formats that decode while they are opened, and may hold a larger picture than they say."""

_CUT = frozenset({Reason.CORRUPT, Reason.TRUNCATED})


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came of decoding.

    ``width`` and ``height`` are 0 where the header could not be read, ``frames``, all that begin
    in the file, too. Without ``trouble`` there is at least one rendering. ``damage`` is what was
    passed over to get them: only a part of what the file should hold is known to be right.
    ``kind`` is a more exact name where the content gave one.
    ``shown`` names the variant, of those in :data:`hashmatch.model.hashes.VARIANTS`, that a
    viewer would show. ``sampled`` says that frames were left out by choice. ``exif`` is the EXIF
    block where only the decoder can tell where it lies.
    """

    width: int = 0
    height: int = 0
    frames: int = 0
    renderings: tuple[Rendering, ...] = ()
    trouble: Reason | None = None
    damage: Reason | None = None
    kind: str = ""
    shown: str = "identity"
    sampled: bool = False
    exif: bytes = b""


@dataclass(frozen=True, slots=True)
class _Task:
    """What to decode, how far, and with which decoder."""

    content: bytes
    name: str
    max_pixels: int
    effort: Effort
    in_full: bool
    parts: jpeg_parts.Parts | None = None


def decode(
    content: bytes,
    kind: str,
    max_pixels: int = MAX_PIXELS,
    effort: Effort = Effort.STANDARD,
    *,
    in_full: bool = False,
) -> Decoded:
    """Decode a picture: the first frame, and further renderings as far as the effort goes.

    The first frame is ``stored``, or ``on-white`` beside it where it is not opaque. Except with
    the least effort there follow chosen ``frame-<k>`` of a file with several (see
    :mod:`hashmatch.hashing.frames`) and the embedded ``thumbnail``. Of a camera raw file only its
    largest JPEG is decoded, as ``preview``; where there is none, the first page of one that has
    the form of a TIFF, which counts as a part.

    A damaged picture is tried again with the damage passed over. Where nothing can be seen of it,
    its thumbnail is taken alone. Orientation tags are not applied, except by the decoder of TIFF:
    hashes of all rotations are made anyway, and lists are made from the stored pixels.

    Args:
        content: the whole file.
        kind: as :func:`hashmatch.hashing.sniff.picture_kind` says.
        max_pixels: largest picture to decode; ``JPEG_FACTOR`` times that for a JPEG that is not
            progressive. Compared with the header before anything is decoded. Frames behind the
            first are kept as far as they have no more than this together.
        effort: how much is looked at behind the first frame.
        in_full: never decode at a fraction of the size, except beyond ``max_pixels``.
    """
    raw = camera_raw.look(content, kind)
    if raw is not None:
        found = _preview(content, raw, max_pixels, in_full=in_full)
        if found.trouble and kind == sniff.TIFF:  # it may be a picture that says too much of itself
            found = _picture_in_raw(_Task(content, "TIFF", max_pixels, effort, in_full), found)
        kind = raw.kind
    else:
        name = codecs.codec_of(kind)
        if name is None:
            return Decoded(trouble=Reason.UNSUPPORTED)
        parts = jpeg_parts.parts(content) if name == "JPEG" else None
        found = _picture(_Task(content, name, max_pixels, effort, in_full, parts))
    return replace(found, kind=kind, exif=b"")


def _preview(content: bytes, raw: camera_raw.Raw, max_pixels: int, *, in_full: bool) -> Decoded:
    """Decode the largest JPEG; where it is damaged, the next whole one as its thumbnail, too."""
    best = Decoded(trouble=Reason.UNSUPPORTED)
    for begin, end in raw.previews:
        jpeg = content[begin:end]
        parts = replace(jpeg_parts.parts(jpeg) or jpeg_parts.Parts(), others=-1)
        found = _picture(_Task(jpeg, "JPEG", max_pixels, Effort.FAST, in_full, parts))
        whole = not found.trouble and not found.damage
        if best.trouble:
            if parts.exif < 0:
                found = replace(found, shown=jpeg_parts.shown(content, 0))
            damage = found.damage or (best.trouble if best.width else None)
            best = replace(found, renderings=_named(found, PREVIEW), damage=damage)
        elif whole:
            best = replace(best, renderings=(*best.renderings, *_named(found, THUMBNAIL)))
        if whole:
            break
    return best


def _picture_in_raw(task: _Task, preview: Decoded) -> Decoded:
    """Decode the first page of a camera raw file without a usable JPEG, as any TIFF.

    It may be no more than a thumbnail, so that the picture counts as seen in part.
    """
    found = _picture(task)
    return preview if found.trouble else replace(found, damage=found.damage or preview.trouble)


def _picture(task: _Task) -> Decoded:
    """Decode everything that is asked for; damage of a part is that of the whole."""
    quiet: AbstractContextManager[None] = nullcontext()
    if task.name == "TIFF":  # its library prints complaints, which also come back as errors
        quiet = hushed()
    with _LOCK, quiet:
        found = _first(task)
        content, exif = _exif(task, found)
        if task.name != "TIFF":  # whose decoder turns the pixels
            shown = jpeg_parts.shown(content, exif)
            found = replace(found, shown=shown) if shown != found.shown else found
        if task.effort is Effort.FAST:
            return replace(found, sampled=found.frames > 1)
        if found.frames > 1 and not found.trouble:
            found = _with_frames(task, found)
        return _with_thumbnail(replace(task, content=content), found, exif)


def _exif(task: _Task, found: Decoded) -> tuple[bytes, int]:
    """Give the EXIF block: something that holds it, and where in that it begins."""
    if task.name == "JPEG":
        return task.content, task.parts.exif if task.parts else -1
    if task.name == "TIFF":
        return task.content, 0
    return found.exif, len(found.exif) - len(found.exif.removeprefix(b"Exif\0\0"))


def _first(task: _Task) -> Decoded:
    first = _attempt(task, tolerant=False)
    if first.trouble not in _CUT:
        return first
    second = _attempt(task, tolerant=True)
    if second.trouble is Reason.OUT_OF_MEMORY:  # what might have been seen is not known
        return second
    return first if second.trouble else replace(second, damage=second.damage or first.trouble)


def _with_frames(task: _Task, found: Decoded) -> Decoded:
    extent = frames.EXTENTS[task.effort]
    if task.name == "JPEG":
        behind = _beside(task, extent)
    else:
        with codecs.settings(task.max_pixels, tolerant=False):
            behind = frames.behind_first(
                task.content, task.name, found.frames, extent, task.max_pixels
            )
    renderings = (*found.renderings, *behind.renderings)
    damage = worst(found.damage, behind.damage)
    return replace(found, renderings=renderings, damage=damage, sampled=behind.sampled)


def _beside(task: _Task, extent: frames.Extent) -> frames.Found:
    """Decode chosen pictures behind the first of a JPEG, each as a picture of its own."""
    found = frames.Found(left=task.max_pixels)
    spans = jpeg_parts.beside(task.content, task.parts) if task.parts else ()
    found.sampled = len(spans) >= extent.frames
    for place in frames.spread(1 + len(spans), extent.frames)[1:]:
        part = _part(task, spans[place - 1])
        found.left -= sum(one.image.width * one.image.height for one in part.renderings)
        if found.left < 0:
            found.sampled = True
            break
        found.renderings += _named(part, f"frame-{place + 1}")
        if part.trouble in _CUT or part.trouble is Reason.OUT_OF_MEMORY:
            found.damage = worst(found.damage, part.trouble)
    return found


def _with_thumbnail(task: _Task, found: Decoded, exif: int) -> Decoded:
    """Add the thumbnail; it is all there is where the picture itself cannot be seen.

    Damage of the thumbnail is not that of the picture, and leaves only the thumbnail out. For want
    of memory it is not known what was left out.
    """
    if found.trouble and found.trouble not in _CUT:
        return found
    span = jpeg_parts.thumbnail(task.content, exif)
    part = _part(task, span) if span else Decoded()
    if part.trouble is Reason.OUT_OF_MEMORY:
        return replace(found, damage=part.trouble)
    if not part.renderings:
        return found
    renderings = (*found.renderings, *_named(part, THUMBNAIL))
    damage = found.damage or found.trouble
    return replace(found, renderings=renderings, trouble=None, damage=damage)


def _part(task: _Task, span: tuple[int, int]) -> Decoded:
    """Decode a JPEG that lies within the content."""
    part = replace(task, content=task.content[slice(*span)], name="JPEG", parts=None)
    return _attempt(part, tolerant=False)


def _named(found: Decoded, name: str) -> tuple[Rendering, ...]:
    return tuple(replace(one, name=name) for one in found.renderings)


def _attempt(task: _Task, *, tolerant: bool) -> Decoded:
    """Decode the first frame."""
    facts = Decoded()
    try:
        most = task.max_pixels if task.name in _LOADED_AT_ONCE else None
        with codecs.settings(most, tolerant=tolerant):
            image = codecs.opened(task.content, task.name)
            exif = image.info.get("exif")  # of a PNG it may be a text of that name
            facts = Decoded(*image.size, 1, exif=exif if isinstance(exif, bytes) else b"")
            trouble = _refused(image, _limit(image, task.max_pixels))
            if trouble is not None:
                return replace(facts, trouble=trouble)
            facts = _counted(task, image, facts)
            in_full = task.in_full and image.width * image.height <= task.max_pixels
            return replace(facts, renderings=pixels.render(image, in_full=in_full))
    except MemoryError:
        return replace(facts, trouble=Reason.OUT_OF_MEMORY)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return replace(facts, trouble=Reason.TOO_MANY_PIXELS)
    except UnidentifiedImageError:
        return replace(facts, trouble=unreadable(task.content, task.name))
    except DAMAGE as error:
        return replace(facts, trouble=reason_of(error))


def _counted(task: _Task, image: Image.Image, facts: Decoded) -> Decoded:
    """Count the frames; damage behind the first must not cost the first its hash.

    With the least effort nothing is claimed of frames behind the first, and their damage is none.
    """
    if task.name == "JPEG":
        others = len(jpeg_parts.beside(task.content, task.parts)) if task.parts else 0
        return replace(facts, frames=1 + others) if others else facts
    count = frames.count(image, task.content, task.name)
    broken = not count.whole and task.effort is not Effort.FAST
    return replace(facts, frames=count.frames, damage=Reason.TRUNCATED if broken else None)


def _limit(image: Image.Image, max_pixels: int) -> int:
    """A progressive JPEG keeps coefficients of the whole picture, so it gets no higher limit."""
    higher = pixels.scales(image) and "progressive" not in image.info
    return max_pixels * JPEG_FACTOR if higher else max_pixels


def _refused(image: Image.Image, limit: int) -> Reason | None:
    if image.width * image.height > limit:
        return Reason.TOO_MANY_PIXELS
    return Reason.TOO_SMALL if min(image.size) < MIN_SIDE else None
