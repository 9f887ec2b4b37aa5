"""Undo the filters of a stream in a PDF, within a bound.

What the filters of a whole stream do is left to the library, which knows their settings too. Those
before a picture that is a file of its own are undone here, as the library only does all or none.

Source: ISO 32000-1, 7.4.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import TYPE_CHECKING, Any

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_DATA = b" \t\r\n\f\0"
_LIBRARY = frozenset(
    {
        *("/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"),
        *("/ASCIIHexDecode", "/AHx", "/ASCII85Decode", "/A85", "/Crypt"),
    }
)


def unpacked(stream: Any, filters: list[str], most: int) -> bytes:  # noqa: ANN401  # of a library
    """Give the content of a stream with its first filters undone.

    Args:
        stream: of pikepdf; what encrypts it is undone by the library.
        filters: the names of those to undo; all that the stream has, or less.
        most: bytes that may come out of it.

    Raises:
        MemberError: it is damaged, too long, or nothing here undoes such a filter.
    """
    if int(stream.get("/Length", 0)) > most:
        raise MemberError(Reason.LIMIT_KEPT)
    if not filters:
        return bytes(stream.read_raw_bytes())
    if not _LIBRARY.issuperset(filters):
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    if len(filters) == _count(stream):
        return bytes(stream.read_bytes())
    content = bytes(stream.read_raw_bytes())
    for number, name in enumerate(filters):
        undo = _UNDO.get(name)
        if undo is None or _has_predictor(stream, number):
            raise MemberError(Reason.UNSUPPORTED_CONTAINER)
        content = undo(content, most)
    return content


def _count(stream: Any) -> int:  # noqa: ANN401
    told = stream.get("/Filter")
    return len(told) if _is_array(told) else 1


def _has_predictor(stream: Any, number: int) -> bool:  # noqa: ANN401
    told = stream.get("/DecodeParms")
    if not _is_array(told) or number >= len(told):
        return False
    return hasattr(told[number], "get") and int(told[number].get("/Predictor", 1)) > 1


def _is_array(value: Any) -> bool:  # noqa: ANN401
    import pikepdf  # noqa: PLC0415  # optional, and slow to load

    return isinstance(value, pikepdf.Array)


def _inflated(content: bytes, most: int) -> bytes:
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(content, most + 1)
    except zlib.error:
        raise MemberError(Reason.DAMAGED_CONTAINER) from None
    if len(plain) > most:
        raise MemberError(Reason.LIMIT_SIZE)
    if not inflate.eof:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return plain


def _from_hex(content: bytes, most: int) -> bytes:  # noqa: ARG001  # it only shrinks
    digits = content.partition(b">")[0].translate(None, _NO_DATA)
    try:
        return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
    except ValueError:
        raise MemberError(Reason.DAMAGED_CONTAINER) from None


def _from_85(content: bytes, most: int) -> bytes:  # noqa: ARG001  # four times as long at most
    digits = content.partition(b"~")[0].translate(None, _NO_DATA)
    try:
        return base64.a85decode(digits)
    except ValueError:
        raise MemberError(Reason.DAMAGED_CONTAINER) from None


def _as_is(content: bytes, most: int) -> bytes:  # noqa: ARG001  # the library has undone it
    return content


_UNDO: dict[str, Callable[[bytes, int], bytes]] = {
    "/FlateDecode": _inflated,
    "/Fl": _inflated,
    "/ASCIIHexDecode": _from_hex,
    "/AHx": _from_hex,
    "/ASCII85Decode": _from_85,
    "/A85": _from_85,
    "/Crypt": _as_is,
}
