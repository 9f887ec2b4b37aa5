"""Long names of FAT to their end: the library leaves the last characters of the longest ones out.

It does not know a sixteenth or further piece where a name begins with it: the end of a name of
more than 195 characters, its ending included, is lost.

Source: Microsoft, FAT file system specification 1.03.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.fat_layout import SLOT

if TYPE_CHECKING:
    from hashmatch.evidence.filesystems.fat_layout import Layout
    from hashmatch.evidence.media.interface import Medium

_PIECE, _KNOWN, _MOST = 13, 15, 20
"""Characters of a piece, pieces that the library reads in any place, and pieces of a name."""
_KIND, _ATTRIBUTES, _LONG, _LAST = 11, 0x3F, 0x0F, 0x40
_PLACES = ((1, 11), (14, 26), (28, 32))


def whole(content: Medium, layout: Layout, place: int, name: bytes) -> bytes:
    """Give a name with what the library left out, where that can be read.

    Args:
        content: the volume.
        layout: where things lie.
        place: of the entry in use that the name belongs to.
        name: as the library has it, in UTF-8.
    """
    length = len(name.decode("utf-8", "replace").encode("utf-16-le", "surrogatepass")) // 2
    if length < _KNOWN * _PIECE or length % _PIECE:
        return name
    found = _before(content, layout, place)
    text = found.decode("utf-16-le", "surrogatepass") if len(found) % 2 == 0 else ""
    full = text.partition("\0")[0].encode("utf-8", "surrogatepass")
    return full if full.startswith(name) and b"/" not in full[len(name) :] else name


def _before(content: Medium, layout: Layout, place: int) -> bytes:
    """Read the pieces that lie before an entry, to the one that says it is the last."""
    found = b""
    short = content.read_at(place, SLOT)
    for number in range(1, _MOST + 1):
        place = _previous(content, layout, place)
        slot = content.read_at(place, SLOT) if place else b""
        fits = len(slot) == SLOT and slot[_KIND] & _ATTRIBUTES == _LONG
        if not fits or slot[0] & ~_LAST != number or slot[13] != _sum(short[:11]):
            return b""
        found += b"".join(slot[start:end] for start, end in _PLACES)
        if slot[0] & _LAST:
            return found
    return b""


def _previous(content: Medium, layout: Layout, place: int) -> int:
    """Give where the entry before lies, in the cluster before if that leads here; else 0."""
    if place <= layout.entries:
        return 0
    within = (place - layout.clusters) % layout.cluster
    if place < layout.clusters or within:
        return place - SLOT
    number = (place - layout.clusters) // layout.cluster + 2
    if not layout.is_cluster(number - 1):
        return 0
    return place - SLOT if number in layout.following(content, number - 1, 1).tolist() else 0


def _sum(short: bytes) -> int:
    """Give the checksum by which pieces belong to an entry."""
    total = 0
    for byte in short:
        total = ((total & 1) << 7 | total >> 1) + byte & 0xFF
    return total
