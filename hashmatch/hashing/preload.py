"""Load every decoder before hostile content comes, each with no more threads than it must have."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import sys

from PIL import AvifImagePlugin

from hashmatch.hashing import codecs, sniff

# Parts that a decoder loads in the middle of its work.
_LATER = ("encodings.latin_1", "encodings.ascii")
_UNWINDER = "libgcc_s.so.1"  # the C library looks for it when a thread ends early


def load(*, videos: bool = True) -> None:
    """Load what decoding may need, so that nothing has to be opened later.

    The workers are the parallelism: a decoder that uses threads is told to use one.

    Args:
        videos: whether videos will be decoded.
    """
    importlib.import_module("hashmatch.hashing.pictures")
    for name in _LATER:
        importlib.import_module(name)
    codecs.codec_of(sniff.HEIC)  # registers the decoder of the optional package
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    heif = sys.modules.get("pillow_heif")
    if heif is not None:
        heif.options.DECODE_THREADS = 1
    if videos:
        from hashmatch.hashing import video  # noqa: PLC0415  # takes as long as all pictures

        video.warm_up()
    with contextlib.suppress(OSError):
        ctypes.CDLL(_UNWINDER)
