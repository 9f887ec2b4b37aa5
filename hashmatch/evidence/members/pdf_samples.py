"""Make plain pictures of the samples that a PDF keeps of pictures without a file of their own.

Only for perceptual hashes: gray, RGB, CMYK and indexed samples become a portable pixmap, fax lines
a TIFF around the same bytes. Other colours (Lab, inks with a name) and unusual ranges are not
converted, which is told. Profiles of colour are not applied.

Source: ISO 32000-1, 8.6 and 8.9; TIFF 6.0; ITU-T T.4 and T.6.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COMPONENTS = {
    **dict.fromkeys(("/DeviceGray", "/G", "/CalGray"), 1),
    **dict.fromkeys(("/DeviceRGB", "/RGB", "/CalRGB"), 3),
    **dict.fromkeys(("/DeviceCMYK", "/CMYK"), 4),
}
_INDEXED = frozenset({"/Indexed", "/I"})
_BITS = frozenset({1, 2, 4, 8, 16})
_LARGEST = 1 << 20  # samples of a side


def size(image: Any) -> int:  # noqa: ANN401  # of a library
    """Give the bytes of the picture that :func:`picture` would make, three for each sample."""
    width, height = _sides(image)
    return width * height * 3


def picture(image: Any, samples: bytes) -> bytes:  # noqa: ANN401  # of a library
    """Make a portable pixmap.

    Args:
        image: the image object of pikepdf.
        samples: its content, unpacked.

    Raises:
        MemberError: its colours are not understood, or samples are missing.
    """
    width, height = _sides(image)
    is_mask = bool(image.get("/ImageMask", False))
    bits = 1 if is_mask else int(image.get("/BitsPerComponent", 8))
    if bits not in _BITS:
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    palette, count = (None, 1) if is_mask else _colours(image.get("/ColorSpace"))
    values = _values(samples, bits, width * count, height)
    if palette is not None:
        values = palette[np.minimum(values, len(palette) - 1)].reshape(height, -1)
        count = palette.shape[1]
    elif bits < 8:
        values = values * np.uint8(255 // ((1 << bits) - 1))
    if _inverted(image, count, indexed=palette is not None):
        values = 255 - values
    if count == 4:
        values = _from_inks(values)
    form = b"P5" if count == 1 else b"P6"
    return b"%b %d %d 255\n" % (form, width, height) + values.tobytes()


def fax(image: Any, lines: bytes) -> bytes:  # noqa: ANN401  # of a library
    """Put a TIFF around fax lines.

    Raises:
        MemberError: the lines begin at bytes, which TIFF cannot say.
    """
    told = image.get("/DecodeParms", {})
    last = told if hasattr(told, "keys") or told is None else told[len(told) - 1]
    settings = last if hasattr(last, "keys") else {}
    if bool(settings.get("/EncodedByteAlign", False)):
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    width = int(settings.get("/Columns", 1728))
    _, height = _sides(image)
    way = int(settings.get("/K", 0))
    black_is_one = bool(settings.get("/BlackIs1", False))
    fields = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 1),
        (259, 3, 4 if way < 0 else 3),
        (262, 3, int(black_is_one != _inverted(image, 1, indexed=False))),
        (273, 4, 8 + 2 + 9 * 12 + 4),
        (278, 4, height),
        (279, 4, len(lines)),
        (293 if way < 0 else 292, 4, int(way > 0)),
    ]
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    return struct.pack("<2sHIH", b"II", 42, 8, len(fields)) + directory + bytes(4) + lines


def _sides(image: Any) -> tuple[int, int]:  # noqa: ANN401
    width, height = int(image["/Width"]), int(image["/Height"])
    if not 0 < width <= _LARGEST or not 0 < height <= _LARGEST:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return width, height


def _values(samples: bytes, bits: int, across: int, height: int) -> NDArray[np.uint8]:
    """Give one byte for each value; of 16 bits the upper ones."""
    row = (across * bits + 7) // 8
    if len(samples) < row * height:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    rows = np.frombuffer(samples, np.uint8, row * height).reshape(height, row)
    if bits == 16:
        return np.ascontiguousarray(rows[:, ::2])
    if bits == 8:
        return rows
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    values = (rows[:, :, None] >> shifts) & np.uint8((1 << bits) - 1)
    return np.ascontiguousarray(values.reshape(height, -1)[:, :across])


def _colours(space: Any) -> tuple[NDArray[np.uint8] | None, int]:  # noqa: ANN401
    """Give the colours of an index, and how many values make one sample."""
    import pikepdf  # noqa: PLC0415  # optional, and slow to load

    if isinstance(space, pikepdf.Array) and str(space[0]) in _INDEXED:
        _, count = _colours_plain(space[1])
        table = space[3]
        is_stream = isinstance(table, pikepdf.Stream)
        packed = bytes(table.read_bytes()) if is_stream else bytes(table)
        known = np.frombuffer(packed, np.uint8, len(packed) // count * count)
        if not len(known):
            raise MemberError(Reason.DAMAGED_CONTAINER)
        return known.reshape(-1, count), 1
    return _colours_plain(space)


def _colours_plain(space: Any) -> tuple[None, int]:  # noqa: ANN401
    import pikepdf  # noqa: PLC0415  # as above

    if isinstance(space, pikepdf.Array):
        if str(space[0]) == "/ICCBased":
            count = int(space[1].get("/N", 0))
        else:
            count = _COMPONENTS.get(str(space[0]), 0)
    else:
        count = _COMPONENTS.get(str(space), 0)
    if count not in {1, 3, 4}:
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    return None, count


def _inverted(image: Any, count: int, *, indexed: bool) -> bool:  # noqa: ANN401
    """Tell whether values count backwards; other ranges than the usual ones are refused."""
    told = image.get("/Decode")
    if told is None or indexed:
        return False
    ranges = [float(value) for value in told]
    if ranges == [0.0, 1.0] * count:
        return False
    if ranges == [1.0, 0.0] * count:
        return True
    raise MemberError(Reason.UNSUPPORTED_CONTAINER)


def _from_inks(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    inks = values.reshape(values.shape[0], -1, 4).astype(np.uint16)
    paper = 255 - inks
    return (paper[:, :, :3] * paper[:, :, 3:] // 255).astype(np.uint8)
