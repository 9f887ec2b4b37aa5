"""Recognise a picture by its first bytes; names and extensions are never asked.

Kinds that cannot be decoded here are recognised too, so that such a picture is counted as one
that was not compared instead of passing for something else. Not recognised: pictures without a
signature (Targa), drawings (SVG, PostScript), and pictures inside other files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

JPEG = "image/jpeg"
PNG = "image/png"
GIF = "image/gif"
BMP = "image/bmp"
TIFF = "image/tiff"
WEBP = "image/webp"
AVIF = "image/avif"
HEIC = "image/heic"
HEIF = "image/heif"
JP2 = "image/jp2"
J2K = "image/j2c"
ICO = "image/vnd.microsoft.icon"
PNM = "image/x-portable-anymap"
PSD = "image/vnd.adobe.photoshop"
JXL = "image/jxl"
JXR = "image/jxr"
CR3 = "image/x-canon-cr3"
RAF = "image/x-fuji-raf"
ORF = "image/x-olympus-orf"
RW2 = "image/x-panasonic-rw2"
CRW = "image/x-canon-crw"
X3F = "image/x-sigma-x3f"
MRW = "image/x-minolta-mrw"

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0\x08\0\0\0", TIFF),  # BigTIFF
    (b"MM\0+\0\x08\0\0", TIFF),
    (b"\0\0\0\x0cjP  \r\n\x87\n", JP2),
    (b"\xff\x4f\xff\x51", J2K),
    (b"8BPS", PSD),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JXL),
    (b"\xff\x0a", JXL),  # a bare codestream has no more than this
    (b"II\xbc\x01", JXR),
    (b"FUJIFILMCCD-RAW", RAF),
    (b"IIRO", ORF),
    (b"IIRS", ORF),
    (b"MMOR", ORF),
    (b"IIU\0", RW2),
    (b"II\x1a\0\0\0HEAPCCDR", CRW),
    (b"FOVb", X3F),
    (b"\0MRM", MRW),
)

_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), AVIF),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"), HEIC),
    b"crx ": CR3,
}
_ICON_FIELDS = ((4, 6), (14, 18), (18, 22))
_GENERIC_BRANDS = (b"mif1", b"msf1", b"mif2", b"miaf")


def picture_kind(head: bytes) -> str | None:
    """Name the kind of picture that begins like this.

    Args:
        head: the first bytes of the content; 64 are enough for all but unusual HEIF files.

    Returns:
        A media type such as ``image/jpeg``, or None when it is no known picture. The rest of the
        content may still be damaged, or something else behind a true beginning.
    """
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    return next((kind for kind, test in _TESTS if test(head)), None) or _by_brand(head)


def is_picture(head: bytes) -> bool:
    """Tell whether the content begins as a picture of a known kind."""
    return picture_kind(head) is not None


def _is_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def _is_bmp(head: bytes) -> bool:
    """Two letters are little: the size of the header that follows must be one in use."""
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in {
        *(12, 16, 40, 52, 56, 64, 108, 124)
    }


def _is_icon(head: bytes) -> bool:
    """Type 1 and at least one entry, the first of which lies behind the table of entries."""
    entries, size, first = (int.from_bytes(head[a:b], "little") for a, b in _ICON_FIELDS)
    return head[:4] == b"\0\0\1\0" and entries > 0 and size > 0 and first >= 6 + 16 * entries


def _is_anymap(head: bytes) -> bool:
    """A letter, a digit and a width; comments may stand between."""
    return re.match(rb"P[1-6]\s+(?:#[^\n]*\n\s*)*[1-9]", head) is not None


_TESTS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    (WEBP, _is_webp),
    (BMP, _is_bmp),
    (ICO, _is_icon),
    (PNM, _is_anymap),
)


def _by_brand(head: bytes) -> str | None:
    """Read the brands of an ISO media file; films have the same form and other brands."""
    if head[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major, others = head[8:12], [head[at : at + 4] for at in range(16, end - 3, 4)]
    if major in _BRANDS:
        return _BRANDS[major]
    if major not in _GENERIC_BRANDS:
        return None
    return next((_BRANDS[brand] for brand in others if brand in _BRANDS), HEIF)
