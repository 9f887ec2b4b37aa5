"""Pixels of a decoded picture as luma or RGB strips, whatever form they were stored in.

Conversions that the hash depends on: palettes, CMYK, Lab and the like become RGB; 16-bit grey keeps
its upper byte; numbers of unknown range are stretched to 0..255, which leaves a hash as it is.
A picture that is not opaque has two renderings, because lists were made both ways: ``stored``,
the colours without their transparency, and ``on-white``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageCms

from hashmatch.hashing import deep_jpeg2000

if TYPE_CHECKING:
    from numpy.typing import NDArray

STORED = "stored"
ON_WHITE = "on-white"

_STRIP = 1 << 20  # numbers held in double precision at a time

_SAMPLE_FORMAT, _SIGNED = 339, 2  # a tag of TIFF and its value

_LEAST_SIDE = 360
"""A JPEG is decoded at a fraction only while both sides keep this many samples."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """One way to see the picture; a raster for :func:`hashmatch.hashing.pdq.pdq`.

    ``image`` is in mode L, RGB or RGBA. ``size`` is the full height and width, of which the image
    holds one sample for each block of ``reduction`` by ``reduction`` pixels. What is transparent
    is laid over white, or else its colours are taken as they are stored.
    """

    name: str
    image: Image.Image
    size: tuple[int, int]
    reduction: int = 1
    on_white: bool = False

    def rows(self, first: int, last: int) -> NDArray[np.generic]:
        """Samples of some rows; transparency is dropped, or laid over white."""
        whole = first == 0 and last == self.image.height  # then nothing needs to be copied twice
        part = self.image if whole else self.image.crop((0, first, self.image.width, last))
        strip = np.asarray(part)
        if self.image.mode != "RGBA":
            return strip
        colours = strip[..., :3]
        return _over_white(colours, strip[..., 3:]) if self.on_white else colours


def _over_white(colours: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Whole numbers again, so that sums stay exact."""
    light = colours.astype(np.uint32) * alpha + 255 * (255 - alpha.astype(np.uint32))
    return ((light + 127) // 255).astype(np.uint8)


def render(image: Image.Image, *, in_full: bool = False) -> tuple[Rendering, ...]:
    """Load a picture and give its renderings.

    A JPEG is decoded in grey, and at the smallest fraction that leaves 360 samples a side; all
    other kinds are decoded in full. The filter of the hash is folded onto the coarser samples, so
    this is not the same as shrinking the picture. Against decoding in full it moves hashes of
    photographs by about half a bit of 256 in the mean and by 2 at worst, pages of text, screens
    and line drawings by 3 and by 8, pure noise by 13 and by 24. With 512 samples pages would move
    by 1 and by 4, which takes up to a sixth more time; with 256 by 4 and by 8, which saves nearly
    nothing. Decoding in full takes two to three times as long. ``benchmarks/robustness.py``
    measures this.

    Args:
        image: opened, not loaded.
        in_full: decode a JPEG in full and in colour too.

    Raises:
        OSError, ValueError and others: whatever the decoder raises for damaged input.
    """
    width, height = image.size
    reduction = 1 if in_full else _scale_down(image)
    image.load()
    size = (height, width) if reduction > 1 else (image.height, image.width)
    picture = plain(image)
    stored = Rendering(STORED, picture, size, reduction)
    if picture.mode == "RGBA":
        return stored, Rendering(ON_WHITE, picture, size, on_white=True)
    return (stored,)


def scales(image: Image.Image) -> bool:
    """Tell whether the decoder can give a fraction of the picture's size, before it is loaded."""
    return image.format in {"JPEG", "MPO"} and image.mode in {"L", "RGB"}


def _scale_down(image: Image.Image) -> int:
    """Ask the decoder for no more than is needed; returns the reduction, 1 for none."""
    if not scales(image):
        return 1
    reduction = next(k for k in (8, 4, 2, 1) if k == 1 or min(image.size) >= k * _LEAST_SIDE)
    granted = image.draft("L", (image.width // reduction, image.height // reduction))
    return 1 if granted is None else reduction


def plain(image: Image.Image) -> Image.Image:
    """Load a picture; convert it to grey, RGB, or RGBA where it is not opaque.

    Gives the image itself where nothing needs to be converted.
    """
    image.load()
    if deep_jpeg2000.DEEPER in image.info:
        image = deep_jpeg2000.stretched(image)
        image.info.pop(deep_jpeg2000.DEEPER, None)
    # An anymap's numbers go up to 65535 by definition, though they are held in 32 bits.
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in {"I", "F"}:
        return _stretched(image)
    if image.mode == "LAB":
        return _from_lab(image)
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        opaque = clear.getchannel("A").getextrema() == (255, 255)
        return clear.convert("RGB") if opaque else clear
    wanted = "L" if image.mode in {"L", "1"} else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def _signless(image: Image.Image) -> NDArray[np.generic]:
    """Give numbers of 32 bits; the library takes those of a TIFF for signed though they are not."""
    values = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    signless = image.mode == "I" and tags and _SIGNED not in tags.get(_SAMPLE_FORMAT, ())
    return values.view(np.uint32) if signless else values


def _stretched(image: Image.Image) -> Image.Image:
    """Strip by strip, which spares memory; what is no number counts as nought."""
    values = _signless(image)
    step = max(1, _STRIP // image.width)
    strips = [values[first : first + step] for first in range(0, image.height, step)]
    low = min(float(_numbers(strip).min()) for strip in strips)
    high = max(float(_numbers(strip).max()) for strip in strips)
    if high == low:
        return Image.new("L", image.size)
    share = 255.0 / (high - low)
    shades = [((_numbers(strip) - low) * share).astype(np.uint8) for strip in strips]
    return Image.fromarray(np.concatenate(shades))


def _numbers(strip: NDArray[np.generic]) -> NDArray[np.float64]:
    """In double precision: in single precision the largest numbers have no difference."""
    return np.nan_to_num(strip.astype(np.float64), copy=False, posinf=0.0, neginf=0.0)


def _from_lab(image: Image.Image) -> Image.Image:
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    if converted is None:
        msg = "the conversion gave no picture"
        raise ValueError(msg)
    return converted
