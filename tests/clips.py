"""Small videos for tests: a camera glides over an invented landscape. Nothing real is shown."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image

RATE = 24
SIZE = (96, 72)


@cache
def landscape(seed: int = 1):
    """A wide picture with structure everywhere, so that frames far apart differ."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, 32), dtype=np.uint8)
    return np.asarray(Image.fromarray(noise).resize((512, 72), Image.Resampling.BICUBIC))


def frame(number: int, seed: int = 1):
    """One frame: (72, 96) grey."""
    left = number
    return np.ascontiguousarray(landscape(seed)[:, left : left + SIZE[0]])


def clip(
    form="mp4",
    codec="mpeg4",
    frames=48,
    first=0,
    seed=1,
    pictures=None,
    sound=0,
    options=None,
    coding=None,
):
    """Encode a video and give its bytes; the same arguments give the same pictures.

    ``sound`` is how many eighths of a second of silence stand beside it, ``options`` are those of
    the container and ``coding`` those of the codec.
    """
    import av

    out = io.BytesIO()
    pictures = pictures or [frame(first + k, seed) for k in range(frames)]
    with av.open(out, "w", format=form, options=options or {}) as container:
        stream = container.add_stream(codec, rate=RATE, options=coding or {})
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        beside = container.add_stream("aac", rate=8000) if sound else None
        for one in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(one, format="gray")))
        container.mux(stream.encode())
        if beside:
            _sound(container, beside, sound)
    return out.getvalue()


def only_sound(form="mp4"):
    """A file of the same kind without any picture."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        _sound(container, container.add_stream("aac", rate=8000))
    return out.getvalue()


def _sound(container, stream, eighths=8):
    import av

    for number in range(eighths):
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        silence.sample_rate, silence.pts = 8000, 1024 * number
        container.mux(stream.encode(silence))
    container.mux(stream.encode())


def vpdq_list(first=0, frames=48, every=12, seed=1):
    """The frames of a video as a vPDQ list has them: ``frame,quality,hash,seconds``."""
    from hashmatch.hashing.grid import Pixels
    from hashmatch.hashing.pdq import pdq

    lines = []
    for number in range(0, frames, every):
        found = pdq(Pixels(frame(first + number, seed)))
        lines.append(f"{number},{found.quality},{found.value.hex()},{number / RATE:.3f}\n")
    return "".join(lines)
