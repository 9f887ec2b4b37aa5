"""Tell pictures, films, sounds and archives by their first bytes, so that none gets into a list."""

from __future__ import annotations

from hashmatch.hashing import sniff

HEAD = 1 << 16
"""Bytes at the beginning of a file that are enough to tell."""

_BEGINNINGS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x1a\x45\xdf\xa3", "a film"),
    (4, b"ftyp", "a film"),
    (4, b"moov", "a film"),
    (4, b"mdat", "a film"),
    (0, b"FLV\x01", "a film"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a film"),
    (0, b"\x00\x00\x01\xba", "a film"),
    (0, b"\x00\x00\x01\xb3", "a film"),
    (8, b"AVI ", "a film"),
    (8, b"WAVE", "a sound"),
    (0, b".RMF", "a film"),
    (0, b"OggS", "a film or sound"),
    (0, b"ID3", "a sound"),
    (0, b"fLaC", "a sound"),
    (0, b"PK\x03\x04", "an archive"),
    (0, b"PK\x05\x06", "an archive"),
    (0, b"Rar!\x1a\x07", "an archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "an archive"),
    (0, b"\x1f\x8b", "an archive"),
    (0, b"BZh", "an archive"),
    (0, b"\xfd7zXZ\x00", "an archive"),
    (0, b"\x28\xb5\x2f\xfd", "an archive"),
    (0, b"MSCF", "an archive"),
    (257, b"ustar", "an archive"),
)


def media(head: bytes) -> str | None:
    """Say what a file is, or None where its beginning is that of no picture, film or archive."""
    if sniff.is_picture(head):
        return "a picture"
    for at, mark, what in _BEGINNINGS:
        if head.startswith(mark, at):
            return what
    return None
