"""Recognise a picture by its first bytes; names and extensions are never asked.

Kinds that cannot be decoded here are recognised too, so that such a picture is counted as one
that was not compared instead of passing for something else. Not recognised: pictures without a
signature (Targa), drawings in text (SVG, PostScript), forms that are not named below, and pictures
inside other files. Most camera raw files begin as TIFF and have no other name here;
:mod:`hashmatch.hashing.camera_raw` names them by the whole content.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

JPEG = "image/jpeg"
PNG = "image/png"
APPLE_PNG = "image/x-apple-png"
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
CR2 = "image/x-canon-cr2"
CRW = "image/x-canon-crw"
NEF = "image/x-nikon-nef"
ARW = "image/x-sony-arw"
DNG = "image/x-adobe-dng"
PEF = "image/x-pentax-pef"
SRW = "image/x-samsung-srw"
RAW = "image/x-dcraw"
X3F = "image/x-sigma-x3f"
MRW = "image/x-minolta-mrw"
PCX = "image/vnd.zbrush.pcx"
SGI = "image/x-sgi"
DDS = "image/vnd-ms.dds"
ICNS = "image/x-icns"
CUR = "image/x-win-cursor"
PAM = "image/x-portable-arbitrarymap"
PFM = "image/x-portable-floatmap"
OS2 = "image/x-os2-graphics"
EMF = "image/emf"
WMF = "image/wmf"
SUN = "image/x-sun-raster"
EXR = "image/x-exr"
HDR = "image/vnd.radiance"
DJVU = "image/vnd.djvu"
MNG = "video/x-mng"
JNG = "image/x-jng"
QOI = "image/qoi"
BPG = "image/bpg"
FLIF = "image/flif"
XCF = "image/x-xcf"

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI", APPLE_PNG),  # of programs for phones; packed otherwise
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
    (b"DDS \x7c\0\0\0", DDS),
    (b"\xd7\xcd\xc6\x9a", WMF),
    (b"\x01\0\x09\0\0\x03", WMF),  # without the header that says where to place it
    (b"\x59\xa6\x6a\x95", SUN),
    (b"\x76\x2f\x31\x01", EXR),
    (b"#?RADIANCE\n", HDR),
    (b"#?RGBE\n", HDR),
    (b"\x8aMNG\r\n\x1a\n", MNG),
    (b"\x8bJNG\r\n\x1a\n", JNG),
    (b"qoif", QOI),
    (b"BPG\xfb", BPG),
    (b"FLIF", FLIF),
    (b"gimp xcf ", XCF),
)

_KINDS = dict(_BEGINNINGS)
_BEGINNING = re.compile(b"|".join(map(re.escape, _KINDS)))

_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), AVIF),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"), HEIC),
    b"crx ": CR3,
}
_ICON_FIELDS = ((4, 6), (14, 18), (18, 22))
_GENERIC_BRANDS = (b"mif1", b"msf1", b"mif2", b"miaf")


@lru_cache(maxsize=2)  # asked several times for each item
def picture_kind(head: bytes) -> str | None:
    """Name the kind of picture that begins like this.

    Args:
        head: the first bytes of the content; 64 are enough for all but unusual HEIF files.

    Returns:
        A media type such as ``image/jpeg``, or None when it is no known picture. The rest of the
        content may still be damaged, or something else behind a true beginning.
    """
    if found := _BEGINNING.match(head):
        return _KINDS[found.group()]
    for kind, test in _TESTS.get(head[0], ()) if head else ():
        if test(head):
            return kind
    return _by_brand(head)


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
    return head[:4] == b"\0\0\1\0" and _has_entries(head)


def _is_cursor(head: bytes) -> bool:
    return head[:4] == b"\0\0\2\0" and _has_entries(head)


def _has_entries(head: bytes) -> bool:
    """At least one entry, the first of which lies behind the table of entries."""
    entries, size, first = (int.from_bytes(head[a:b], "little") for a, b in _ICON_FIELDS)
    return entries > 0 and size > 0 and first >= 6 + 16 * entries


def _is_anymap(head: bytes) -> bool:
    """A letter, a digit and a width; comments may stand between, zeros before the width."""
    return re.match(rb"P[1-6](?:\s|#[^\r\n]*[\r\n])+0*[1-9]", head) is not None


def _is_float_map(head: bytes) -> bool:
    return re.match(rb"P[Ff]\s+0*[1-9]\d*\s", head) is not None


def _is_arbitrary_map(head: bytes) -> bool:
    return re.match(rb"P7\s+(?:#|WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE|332)", head) is not None


def _is_pcx(head: bytes) -> bool:
    """Version, packing, depth, a window that is one, a reserved byte and the planes."""
    if len(head) < 66 or head[0] != 10 or head[1] not in {0, 2, 3, 4, 5} or head[2] > 1:
        return False
    left, top, right, bottom = (int.from_bytes(head[at : at + 2], "little") for at in (4, 6, 8, 10))
    fits = left <= right and top <= bottom
    return fits and head[3] in {1, 2, 4, 8} and not head[64] and 1 <= head[65] <= 4


def _is_sgi(head: bytes) -> bool:
    """Two bytes, then packing, bytes of a sample and the number of dimensions."""
    small = len(head) > 5 and head[2] in {0, 1} and head[3] in {1, 2}
    return head[:2] == b"\x01\xda" and small and head[4:6] in {b"\0\1", b"\0\2", b"\0\3"}


def _is_icns(head: bytes) -> bool:
    """Its length, and a first element with a length of its own."""
    whole, first = int.from_bytes(head[4:8], "big"), int.from_bytes(head[12:16], "big")
    return head[:4] == b"icns" and 8 <= first <= whole - 8


def _is_os2(head: bytes) -> bool:
    """An array of bitmaps, icons or pointers."""
    return head[:2] == b"BA" and head[14:16] in {b"BM", b"IC", b"CI", b"PT", b"CP"}


def _is_emf(head: bytes) -> bool:
    return head[:4] == b"\x01\0\0\0" and head[40:44] == b" EMF"


def _is_djvu(head: bytes) -> bool:
    form = head.removeprefix(b"AT&T")
    return form[:4] == b"FORM" and form[8:12] in {b"DJVU", b"DJVM"}


_TESTS: dict[int, tuple[tuple[str, Callable[[bytes], bool]], ...]] = {
    0x00: ((ICO, _is_icon), (CUR, _is_cursor)),
    0x01: ((SGI, _is_sgi), (EMF, _is_emf)),
    0x0A: ((PCX, _is_pcx),),
    ord("A"): ((DJVU, _is_djvu),),
    ord("B"): ((BMP, _is_bmp), (OS2, _is_os2)),
    ord("F"): ((DJVU, _is_djvu),),
    ord("P"): ((PNM, _is_anymap), (PFM, _is_float_map), (PAM, _is_arbitrary_map)),
    ord("R"): ((WEBP, _is_webp),),
    ord("i"): ((ICNS, _is_icns),),
}
"""By the first byte: every file is asked, and few need more than one or two of these."""


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
