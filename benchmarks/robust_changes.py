"""What happens to pictures on their way: each change makes a file of another picture or form."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Change = Callable[[Image.Image], Image.Image]

_FORMATS: dict[str, dict[str, object]] = {
    "PNG": {},
    "BMP": {},
    "TIFF": {},
    "GIF": {},
    "WEBP": {"quality": 30},
    "AVIF": {"quality": 30},
    "JPEG2000": {"quality_mode": "rates", "quality_layers": [40]},
    "HEIF": {"quality": 60},
}


def saved(image: Image.Image, form: str = "JPEG", **how: object) -> bytes:
    """Write a picture as a file in memory; a JPEG of quality 90 unless something else is said."""
    target = io.BytesIO()
    image.save(target, form, **({"quality": 90} if form == "JPEG" else {}) | how)
    return target.getvalue()


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    size = (round(image.width * factor), round(image.height * factor))
    return image.resize(size, Image.Resampling.BICUBIC)


def _thumbnail(image: Image.Image, side: int) -> Image.Image:
    small = image.copy()
    small.thumbnail((side, side))
    return small


def _cropped(image: Image.Image, sides: tuple[float, float, float, float]) -> Image.Image:
    """Cut shares of width or height off: left, top, right, bottom."""
    left, top, right, bottom = sides
    wide, tall = image.size
    box = (left * wide, top * tall, wide - right * wide, tall - bottom * tall)
    return image.crop(tuple(round(one) for one in box))


def _bordered(image: Image.Image, share: float, colour: str) -> Image.Image:
    return ImageOps.expand(image, round(share * max(image.size)), colour)


def _twice_bordered(image: Image.Image) -> Image.Image:
    return _bordered(_bordered(image, 0.05, "white"), 0.05, "black")


def _letterboxed(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, (0, image.height // 6), "black")


def _noisy(image: Image.Image, spread: float) -> Image.Image:
    grain = np.random.default_rng(1).normal(0, spread, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def _words(image: Image.Image, share: float) -> Image.Image:
    """Lay the words of a watermark over the lower right corner."""
    font = ImageFont.load_default_imagefont()
    label = Image.new("L", (86, 11))
    ImageDraw.Draw(label).text((1, 0), "TEST IMAGE 007", 255, font=font)
    tall = round(share * image.height)
    label = label.resize((round(label.width * tall / label.height), tall))
    marked = image.copy()
    marked.paste("white", (image.width - label.width - tall, image.height - 2 * tall), label)
    return marked


def _blocked(image: Image.Image, area: float) -> Image.Image:
    """Cover a part in the middle."""
    half = [round(side * area**0.5 / 2) for side in image.size]
    covered = image.copy()
    middle = image.width // 2, image.height // 2
    box = (middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1])
    ImageDraw.Draw(covered).rectangle(box, fill="black")
    return covered


def _captioned(image: Image.Image, share: float) -> Image.Image:
    tall = round(share * image.height)
    whole = ImageOps.expand(image, (0, 0, 0, tall), "white")
    ImageDraw.Draw(whole).text((20, image.height + tall // 3), "TEST CAPTION " * 8, "black")
    return whole


def _phone(image: Image.Image) -> Image.Image:
    """Shown on a phone between black bars, with a line of signs above."""
    screen = Image.new("RGB", (1080, 2340), "black")
    shown = image.resize((1080, round(1080 * image.height / image.width)))
    screen.paste(shown, (0, (2340 - shown.height) // 2))
    ImageDraw.Draw(screen).text((60, 30), "12:00   TEST", "white")
    return screen


def _phone_cut(image: Image.Image) -> Image.Image:
    """The same, cut to the picture as phones offer."""
    screen = _phone(image)
    tall = round(1080 * image.height / image.width)
    top = (2340 - tall) // 2
    return screen.crop((0, top, 1080, top + tall))


def _viewer(image: Image.Image) -> Image.Image:
    """Shown in a window with a bar of tools and a list at its side."""
    screen = Image.new("RGB", (1920, 1080), (45, 45, 48))
    shown = ImageOps.contain(image, (1400, 900))
    screen.paste(shown, (420, 120))
    pencil = ImageDraw.Draw(screen)
    pencil.rectangle((0, 0, 1920, 80), fill=(230, 230, 230))
    for row in range(12):
        pencil.text((30, 130 + row * 60), f"TEST ITEM {row}", "white")
    return screen


def _collage(image: Image.Image) -> Image.Image:
    """Beside a second picture of the same size."""
    both = Image.new("RGB", (2 * image.width, image.height))
    both.paste(image, (0, 0))
    both.paste(ImageOps.solarize(ImageOps.flip(image), 90), (image.width, 0))
    return both


def _rotated(image: Image.Image, degrees: float) -> Image.Image:
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="black")


def _turned(image: Image.Image, how: Image.Transpose) -> Image.Image:
    return image.transpose(how)


def _brighter(image: Image.Image, factor: float) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(factor)


def _stronger(image: Image.Image, factor: float) -> Image.Image:
    return ImageEnhance.Contrast(image).enhance(factor)


def _forms() -> Iterator[tuple[str, Callable[[Image.Image], bytes]]]:
    """The same picture in other files; forms that this installation cannot write are left out."""
    yield "unchanged", saved
    for quality in (70, 50, 30, 10):
        yield f"JPEG quality {quality}", partial(saved, quality=quality)
    Image.init()
    for form, how in _FORMATS.items():
        if form in Image.SAVE:
            quality = f" quality {how['quality']}" if "quality" in how else ""
            yield form + quality, partial(saved, form=form, **how)
    yield "messenger: 1280 pixels, quality 70", lambda one: saved(_thumbnail(one, 1280), quality=70)


def _tones() -> Iterator[tuple[str, Change]]:
    """Other pixels at about the same places."""
    for factor in (0.75, 0.5, 0.25, 2):
        yield f"scaled x {factor}", partial(_scaled, factor=factor)
    for side in (256, 160, 64, 32):
        yield f"thumbnail {side} pixels", partial(_thumbnail, side=side)
    yield "grey", lambda one: one.convert("L")
    for factor in (0.6, 1.4):
        yield f"brightness x {factor}", partial(_brighter, factor=factor)
        yield f"contrast x {factor}", partial(_stronger, factor=factor)
    yield "blur, radius 4", lambda one: one.filter(ImageFilter.GaussianBlur(4))
    yield "noise, 20 grey levels", partial(_noisy, spread=20)
    yield "watermark, 5 % of height", partial(_words, share=0.05)
    for percent in (1, 4, 10):
        yield f"opaque block, {percent} % of area", partial(_blocked, area=percent / 100)
    yield "inverted", ImageOps.invert


def _places() -> Iterator[tuple[str, Change]]:
    """Pixels moved to other places, or a picture within another."""
    for percent in (1, 2, 4, 6, 10, 20):
        each = percent / 200
        yield f"crop all round, {percent} %", partial(_cropped, sides=(each, each, each, each))
    for percent in (2, 5, 10):
        yield f"crop one side, {percent} %", partial(_cropped, sides=(percent / 100, 0, 0, 0))
    for percent, colour in ((2, "black"), (5, "black"), (10, "white"), (10, "grey")):
        border = partial(_bordered, share=percent / 100, colour=colour)
        yield f"{colour} border, {percent} %", border
    yield "white border in a black one, 5 % each", _twice_bordered
    yield "letterbox, 25 %", _letterboxed
    for way in (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270):
        yield f"turned by {way.name[7:]} degrees", partial(_turned, how=way)
    yield "mirrored", ImageOps.mirror
    yield "mirrored upside down", ImageOps.flip
    yield "transposed", partial(_turned, how=Image.Transpose.TRANSPOSE)
    quarter = partial(_turned, how=Image.Transpose.ROTATE_90)
    yield "inverted and turned", lambda one: quarter(ImageOps.invert(one))
    yield "bordered and turned", lambda one: quarter(_bordered(one, 0.05, "black"))
    yield (
        "bordered, inverted and turned",
        lambda one: quarter(ImageOps.invert(_bordered(one, 0.05, "black"))),
    )
    for degrees in (1, 2, 5):
        yield f"rotated by {degrees} degrees", partial(_rotated, degrees=degrees)
    yield "phone screenshot, cut to the picture", _phone_cut
    yield "phone screenshot, black bars", _phone
    yield "screenshot of a viewer", _viewer
    yield "collage of two", _collage
    for percent in (8, 20):
        yield f"caption below, {percent} %", partial(_captioned, share=percent / 100)


def changes() -> dict[str, Callable[[Image.Image], bytes]]:
    """Give every change under its name in the table; each makes a whole file of a picture."""
    found = dict(_forms())
    for name, change in (*_tones(), *_places()):
        found[name] = partial(_changed, change=change)
    return found


def _changed(image: Image.Image, change: Change) -> bytes:
    return saved(change(image))
