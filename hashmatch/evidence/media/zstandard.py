"""Zstandard, where this Python can unpack it."""

from __future__ import annotations

import importlib
from typing import Any

_MODULES = "compression.zstd", "backports.zstd"


def zstd_is_there() -> bool:
    """Tell whether a module that unpacks Zstandard is installed."""
    return _module() is not None


def unpack_zstd(packed: bytes, length: int) -> bytes | None:
    """Unpack one frame; what follows its end is passed over.

    Args:
        packed: begins with the frame.
        length: of what it gives; no more is unpacked.

    Returns:
        Exactly ``length`` bytes; None where the frame is damaged, ends early or gives less.
    """
    module = _module()
    if module is None:
        return None
    try:
        found: bytes = module.ZstdDecompressor().decompress(packed, length)
    except (module.ZstdError, ValueError, EOFError, MemoryError):
        return None
    return found if len(found) == length else None


def _module() -> Any:  # noqa: ANN401  # one of two modules of the same shape
    for name in _MODULES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None
