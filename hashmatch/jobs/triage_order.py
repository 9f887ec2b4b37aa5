"""What a triage looks at first: a guess from names, places, sizes and times, never from content.

The points only order the work: nothing is left out for having few. They come from what devices
and programs do: where cameras, downloads and chats put pictures and videos, what systems and
programs are made of. A hidden or recently changed file is worth a look sooner; a picture of less
than 2 KiB is most often part of a surface; a very large file keeps many others waiting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.model.evidence import Item

_PICTURES = frozenset(
    b"jpg jpeg jpe jfif png gif bmp tif tiff webp heic heif avif jp2 dng cr2 nef arw".split()
)
_VIDEOS = frozenset(
    b"mp4 m4v mov avi mkv 3gp 3g2 webm wmv mpg mpeg flv mts m2ts vob ogv asf rm rmvb".split()
)
_CONTAINERS = frozenset(b"zip rar 7z tar gz cbz cbr pdf doc docx ppt pptx eml msg mbox db".split())
_PARTS = frozenset(
    b"dll exe sys so o a pyc py js css html h c cpp java class jar ttf otf svg ico lnk inf mui"
    b" cat manifest xml json yaml po mo".split()
)

_PROMISING = frozenset(
    b"dcim camera 100apple pictures photos images videos movies bilder my\x20pictures downloads"
    b" download desktop documents users home media whatsapp telegram signal viber line wechat"
    b" messenger snapchat kik discord sent received attachments screenshots bluetooth xender"
    b" shareit torrents emule incoming cache caches $recycle.bin .trash .trashes trash"
    b" .thumbnails".split(b" ")
)
_UNPROMISING = frozenset(
    b"windows|program files|program files (x86)|programdata|winsxs|usr|lib|lib64|bin|sbin|etc|proc"
    b"|sys|node_modules|site-packages|.git|.svn|__pycache__|fonts|locale|icons|system32|syswow64"
    b"|drivers".split(b"|")
)

_MEDIA = 60
_FOLDER = 55
"""Below a picture in a usual place: what is found is looked at before more is listed."""

_DAY = 86_400 * 10**9  # nanoseconds


def place(folder: bytes) -> int:
    """Give points for a folder by the names on the way to it, from -40 to 30."""
    names = {name.lower() for name in folder.split(b"/")}
    points = 25 if names & _PROMISING else 0
    if names & _UNPROMISING:
        points -= 40
    if any(name.startswith(b".") for name in names if name):
        points += 5
    return max(-40, min(points, 30))


def folder_points(at: int) -> int:
    """Give the points of a folder that is not listed yet, by those of its place."""
    return _FOLDER + at


def item_points(item: Item, at: int, now_ns: int) -> int:
    """Give the points of a file by name, size and time, and those of its place.

    Args:
        item: as it was listed.
        at: what :func:`place` gives for its folder.
        now_ns: nanoseconds since 1970; recent is what changed shortly before.
    """
    name = item.path.rpartition(b"/")[2].lower()
    stem, _, ending = name.rpartition(b".")
    age = now_ns - item.modified_ns
    points = at + _kind(ending if stem else b"", item.size)
    if name.startswith(b"."):
        points += 5
    if 0 <= age < 30 * _DAY:
        points += 8
    elif 0 <= age < 365 * _DAY:
        points += 4
    return points


def _kind(ending: bytes, size: int) -> int:
    if ending in _PICTURES:
        return _MEDIA - (20 if size < 2 << 10 else 0)
    if ending in _VIDEOS:
        return _MEDIA - (15 if size > 64 << 20 else 0)
    large = 25 if size > 256 << 20 else 0
    if ending in _CONTAINERS:
        return 20 - large
    return (0 if ending in _PARTS else 10) - large
