"""Edits of a picture, each with what a comparison of pixels is expected to say about it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageEnhance, features

if TYPE_CHECKING:
    from collections.abc import Callable

_ORIENTATION = 0x0112  # Exif tag; 6 means: turn by a quarter clockwise to show


@dataclass(frozen=True, slots=True)
class Edit:
    """One way to make another file of the same picture.

    ``similar`` says what must come out when pixels are compared at the usual threshold of 31
    bits, over all eight rotations and flips. ``sentence`` tells what was done.
    """

    name: str
    suffix: str
    sentence: str
    apply: Callable[[Image.Image], bytes]
    similar: bool = True


def encoded(picture: Image.Image, form: str, **options: Any) -> bytes:  # noqa: ANN401
    """Give a picture as the bytes of a file.

    Args:
        picture: what to encode.
        form: Pillow's name of the format, such as ``JPEG``.
        options: handed to Pillow's encoder.
    """
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _as(form: str, **options: Any) -> Callable[[Image.Image], bytes]:  # noqa: ANN401
    return lambda picture: encoded(picture, form, **options)


def _changed(change: Callable[[Image.Image], Image.Image]) -> Callable[[Image.Image], bytes]:
    return lambda picture: encoded(change(picture), "PNG")


def _resized(picture: Image.Image) -> Image.Image:
    size = (picture.width // 2, picture.height // 2)
    return picture.resize(size, Image.Resampling.LANCZOS)


def _cropped(share: float) -> Callable[[Image.Image], Image.Image]:
    def crop(picture: Image.Image) -> Image.Image:
        left, top = round(picture.width * share / 2), round(picture.height * share / 2)
        return picture.crop((left, top, picture.width - left, picture.height - top))

    return crop


def _animated(picture: Image.Image) -> bytes:
    frames = [picture.transpose(Image.Transpose.ROTATE_180)]
    return encoded(picture, "GIF", save_all=True, append_images=frames, duration=500, loop=0)


def _turned_by_exif(picture: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    stored = picture.transpose(Image.Transpose.ROTATE_90)
    return encoded(stored, "JPEG", quality=90, exif=exif)


def _grey_16_bit(picture: Image.Image) -> bytes:
    grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    return encoded(Image.fromarray(grey), "PNG")


def _transparent(picture: Image.Image) -> bytes:
    """Make a corner see-through; the pixels underneath stay as they were."""
    alpha = np.full((picture.height, picture.width), 255, np.uint8)
    alpha[: picture.height // 3, : picture.width // 3] = 0
    changed = picture.copy()
    changed.putalpha(Image.fromarray(alpha))
    return encoded(changed, "PNG")


_ALWAYS = (
    Edit("jpeg-q30", ".jpg", "saved as JPEG of quality 30", _as("JPEG", quality=30)),
    Edit("jpeg-q70", ".jpg", "saved as JPEG of quality 70", _as("JPEG", quality=70)),
    Edit("half-size", ".png", "scaled to half its width and height", _changed(_resized)),
    Edit("webp", ".webp", "saved as WebP", _as("WEBP", quality=80)),
    Edit("gif", ".gif", "saved as GIF with 256 colours", _as("GIF")),
    Edit("animated", ".gif", "first of two frames of a GIF", _animated),
    Edit("bmp", ".bmp", "saved as BMP", _as("BMP")),
    Edit("tiff", ".tif", "saved as compressed TIFF", _as("TIFF", compression="tiff_adobe_deflate")),
    Edit(
        "rotated",
        ".png",
        "turned by a quarter",
        _changed(lambda picture: picture.transpose(Image.Transpose.ROTATE_90)),
    ),
    Edit(
        "mirrored",
        ".png",
        "mirrored left to right",
        _changed(lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    ),
    Edit(
        "brighter",
        ".png",
        "made a tenth brighter",
        _changed(lambda picture: ImageEnhance.Brightness(picture).enhance(1.1)),
    ),
    Edit("crop-1", ".png", "1 % of its width and height cut off", _changed(_cropped(0.01))),
    Edit("exif-turned", ".jpg", "stored turned, with the Exif note to turn it", _turned_by_exif),
    Edit(
        "cmyk",
        ".jpg",
        "saved as JPEG in four printing colours",
        lambda picture: encoded(picture.convert("CMYK"), "JPEG", quality=90),
    ),
    Edit("grey-16-bit", ".png", "saved as PNG in 16-bit grey", _grey_16_bit),
    Edit(
        "palette",
        ".png",
        "saved as PNG with a palette of 256 colours",
        lambda picture: encoded(picture.quantize(256), "PNG"),
    ),
    Edit("transparent", ".png", "one corner made transparent", _transparent),
    Edit(
        "crop-30",
        ".png",
        "30 % of its width and height cut off",
        _changed(_cropped(0.3)),
        similar=False,
    ),
)

_AVIF = Edit("avif", ".avif", "saved as AVIF", _as("AVIF", quality=80))


def available() -> tuple[Edit, ...]:
    """Give every edit that this build of Pillow can encode; only AVIF may be missing."""
    return (*_ALWAYS, _AVIF) if features.check("avif") else _ALWAYS


def named(name: str) -> Edit:
    """Give one edit by its name; ``KeyError`` for a name that does not exist here."""
    return {edit.name: edit for edit in available()}[name]
