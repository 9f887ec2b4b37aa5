"""Recognise a video by its first bytes; names and extensions are never asked.

A container may hold sound alone, and its beginning does not say so: whoever opens it finds out.
Segments of a stream are recognised though they cannot be decoded without the file that begins it:
they are counted as not compared. Not recognised: forms without a signature (DV, raw H.265), and
videos inside other files, such as the moving part of a phone's picture.

Sources: ISO/IEC 14496-12 (files, segments), ITU-T H.264 annex B (access unit delimiters).
"""

from __future__ import annotations

import re

from hashmatch.hashing.sniff import picture_kind

MP4 = "video/mp4"
QUICKTIME = "video/quicktime"
M4V = "video/x-m4v"
THREE_GP = "video/3gpp"
THREE_G2 = "video/3gpp2"
SEGMENT = "video/iso.segment"
MATROSKA = "video/x-matroska"
WEBM = "video/webm"
AVI = "video/x-msvideo"
PROGRAM = "video/mpeg"
ELEMENTARY = "video/mpeg-elementary"
TRANSPORT = "video/mp2t"
FLV = "video/x-flv"
ASF = "video/x-ms-asf"
OGG = "video/ogg"
REAL = "application/vnd.rn-realmedia"
MXF = "application/mxf"
IVF = "video/x-ivf"
Y4M = "video/x-yuv4mpeg"
H264 = "video/h264"

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\0\0\x01\xba", PROGRAM),
    (b"\0\0\x01\xb3", ELEMENTARY),
    (b"FLV\x01", FLV),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", ASF),
    (b"OggS\0", OGG),
    (b".RMF\0\0\0", REAL),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", MXF),
    (b"DKIF\0\0", IVF),
    (b"YUV4MPEG2 ", Y4M),
    (b"\0\0\0\x01\x67", H264),  # a sequence's parameters, as cameras begin a raw stream
    (b"\0\0\x01\x67", H264),
)
_KINDS = dict(_BEGINNINGS)
_BEGINNING = re.compile(b"|".join(map(re.escape, _KINDS)))
_RIFF = {b"AVI ": AVI, b"CDXA": PROGRAM}
_EBML = b"\x1a\x45\xdf\xa3"
_BRANDS = {b"qt  ": QUICKTIME, b"M4V ": M4V, b"M4VH": M4V, b"M4VP": M4V}
_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"uuid")
_PARTS = (b"styp", b"moof", b"sidx", b"emsg", b"prft")
_DELIMITED = re.compile(rb"\0?\0\0\x01\x09[\x10\x30\x50\x70\x90\xb0\xd0\xf0]\0?\0\0\x01")
_PACKETS = ((188, 0), (192, 4), (204, 0))  # length and place of the mark: plain, with time, coded
_LEAST_PACKETS = 5


def video_kind(head: bytes) -> str | None:
    """Name the kind of container that begins like this.

    Args:
        head: the first bytes of the content; a transport stream takes 1,000 to be recognised.

    Returns:
        A media type such as ``video/mp4``, or None. Pictures, animated ones too, are none.
    """
    if picture_kind(head) is not None:
        return None
    if found := _BEGINNING.match(head):
        return _KINDS[found.group()]
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == _EBML:
        return WEBM if re.search(rb"\x42\x82[\x81-\x8f]webm", head[:128]) else MATROSKA
    if _DELIMITED.match(head):
        return H264
    return _iso(head) or _transport(head)


def _iso(head: bytes) -> str | None:
    """ISO media by its brand; older QuickTime has none and begins with any of a few atoms."""
    name, size = head[4:8], int.from_bytes(head[:4], "big")
    if name in _PARTS and size >= 8:
        return SEGMENT
    if name != b"ftyp":
        return QUICKTIME if name in _ATOMS and (size >= 8 or size in {0, 1}) else None
    brand = head[8:12]
    if brand[:3] in {b"3gp", b"3ge", b"3gg", b"3gs", b"3gr"}:
        return THREE_GP
    return THREE_G2 if brand[:3] == b"3g2" else _BRANDS.get(brand, MP4)


def _transport(head: bytes) -> str | None:
    """One mark is little: every packet in the head, and at least a few, must begin with it."""
    for length, place in _PACKETS:
        marks = head[place::length]
        if marks[:1] == b"\x47" and len(marks) >= _LEAST_PACKETS and set(marks) == {0x47}:
            return TRANSPORT
    return None
