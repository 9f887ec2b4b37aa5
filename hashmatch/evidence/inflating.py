"""Inflating and Adler-32 by the fastest library that is installed; the values are the same.

ISA-L takes less than half of zlib's time. Like zlib it compares the checksum at the end of a zlib
stream with what came out (RFC 1950) and refuses a stream where they differ.
"""

from __future__ import annotations

import zlib
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable


class Inflater(Protocol):
    """One zlib stream that is being unpacked."""

    @property
    def eof(self) -> bool:
        """Whether its end was reached and its checksum agreed."""

    def decompress(self, data: bytes | memoryview, most: int, /) -> bytes:
        """Unpack at most so many bytes; raises one of :func:`errors`."""


class _Library(Protocol):
    def decompressobj(self) -> Inflater: ...

    @property
    def adler32(self) -> Callable[[bytes | memoryview], int]: ...

    @property
    def error(self) -> type[Exception]: ...


@cache
def library() -> _Library:
    """Give ISA-L where it is installed, else zlib."""
    try:
        return cast("_Library", import_module("isal.isal_zlib"))
    except ImportError:
        return cast("_Library", zlib)


def inflater() -> Inflater:
    """Begin to unpack one zlib stream."""
    return library().decompressobj()


def adler32(data: bytes | memoryview) -> int:
    """Give the checksum of RFC 1950."""
    return library().adler32(data)


def errors() -> tuple[type[Exception], ...]:
    """What unpacking a stream that is no zlib stream may raise."""
    return (zlib.error, library().error)
