"""Which decoder of Pillow may read which kind of picture; no other is ever asked.

The modules are imported here by name: asking Pillow for a format it does not know yet would load
every decoder it has, those for scripts and documents too.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import warnings
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    ImagePalette,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from hashmatch.hashing import deep_jpeg2000, png_parts, sniff

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_CODECS: dict[str, tuple[str, ModuleType]] = {
    sniff.JPEG: ("JPEG", JpegImagePlugin),
    sniff.PNG: ("PNG", PngImagePlugin),
    sniff.GIF: ("GIF", GifImagePlugin),
    sniff.BMP: ("BMP", BmpImagePlugin),
    sniff.TIFF: ("TIFF", TiffImagePlugin),
    sniff.WEBP: ("WEBP", WebPImagePlugin),
    sniff.AVIF: ("AVIF", AvifImagePlugin),
    sniff.JP2: ("JPEG2000", Jpeg2KImagePlugin),
    sniff.J2K: ("JPEG2000", Jpeg2KImagePlugin),
    sniff.ICO: ("ICO", IcoImagePlugin),
    sniff.CUR: ("ICO", IcoImagePlugin),
    sniff.PNM: ("PPM", PpmImagePlugin),
}
_BITS, _COLOURS, _PLANAR = 258, 262, 284  # tags of TIFF, and values of two of them
_LAB, _APART = 8, 2
_HEIF = frozenset({sniff.HEIC, sniff.HEIF})


def codec_of(kind: str) -> str | None:
    """Name the decoder for a kind of picture, or None where this installation has none."""
    if kind in _HEIF:
        return "HEIF" if _heif_is_there() else None
    name = _CODECS[kind][0] if kind in _CODECS else None
    return name if name in Image.OPEN else None  # Pillow may be built without some


@lru_cache(maxsize=1)
def _heif_is_there() -> bool:
    """Register the decoder of the optional package, once; it is looked for by name only."""
    if importlib.util.find_spec("pillow_heif") is None:
        return False
    importlib.import_module("pillow_heif").register_heif_opener()
    return "HEIF" in Image.OPEN


class _Jpeg(JpegImagePlugin.JpegImageFile):
    """A JPEG whose EXIF block is left alone: reading it takes time, and memory as it pleases."""

    def _read_dpi_from_exif(self) -> None:
        """Do nothing; how large a picture is to be printed does not matter."""


class _Tiff(TiffImagePlugin.TiffImageFile):
    """A TIFF that is seen rightly, or not at all, where each colour has a plane of its own.

    The library reads such planes as if their samples had 8 bits, except with the decoder that it
    keeps for packed ones. It takes the colours of Lab for unsigned then.
    """

    def _setup(self) -> None:
        apart = self.tag_v2.get(_PLANAR) == _APART
        if apart and self.tag_v2.get(_COLOURS) == _LAB:
            msg = "Lab in planes"
            raise SyntaxError(msg)
        deep = any(bits > 8 for bits in self.tag_v2.get(_BITS, ()))
        before = TiffImagePlugin.READ_LIBTIFF
        TiffImagePlugin.READ_LIBTIFF = before or (apart and deep)
        try:
            super()._setup()
        finally:
            TiffImagePlugin.READ_LIBTIFF = before


class _Gif(GifImagePlugin.GifImageFile):
    """A GIF whose frames all have a table of colours, be it one of greys.

    The library leaves a table of greys out, and cannot go on from there to one of colours.
    """

    global_palette = ImagePalette.raw("RGB", bytes(grey for grey in range(256) for _ in range(3)))

    def _is_palette_needed(self, p: bytes) -> bool:  # noqa: ARG002  # it always is
        return True


def opened(content: bytes, name: str, *, several: bool = False) -> Image.Image:
    """Open a picture with one decoder.

    Args:
        content: the whole file.
        name: of the decoder.
        several: prepare to go on to later frames; the first may then have more colours than it
            needs.

    Raises:
        OSError, SyntaxError and others: whatever the decoder raises for what it cannot read.
    """
    if name == "JPEG":
        return _Jpeg(io.BytesIO(content))
    if name == "PNG":
        parts = png_parts.parts(content)
        image = Image.open(parts.picture, formats=(name,))
        image.info["exif"] = parts.exif
        return image
    if name == "TIFF":
        try:
            return _Tiff(io.BytesIO(content))
        except SyntaxError as error:  # which the library turns into this where it is asked
            raise UnidentifiedImageError from error
    if name == "GIF" and several:
        return _Gif(io.BytesIO(content))
    if name == "ICO":  # the decoder reads cursors too, when they say that they are icons
        content = b"\0\0\1\0" + content[4:]
    deeper = deep_jpeg2000.one_bit_more(content) if name == "JPEG2000" else None
    if deeper:
        image = Image.open(io.BytesIO(deeper), formats=(name,))
        image.info[deep_jpeg2000.DEEPER] = True
        return image
    return Image.open(io.BytesIO(content), formats=(name,))


@contextmanager
def settings(most: int | None, *, tolerant: bool) -> Iterator[None]:
    """Set what is global in the library for one attempt, and put it back.

    Without ``most``, the library's own limit on pixels, a picture that is then refused can still
    be named with its size. ``tolerant`` passes over damage where the library can.
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
