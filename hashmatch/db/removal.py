"""Take sets out of use, and delete the files of versions; what a report may name stays provable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.db.library import unknown
from hashmatch.db.manifest import MANIFEST

if TYPE_CHECKING:
    from datetime import date

    from hashmatch.db.library import Library


def remove(library: Library, name: str) -> str:
    """Take a set out of use and give the version it had; all its versions stay.

    Raises:
        UsageError: there is no such set in use.
        OutputError: the disk is full or cannot be written.
    """
    with library.changing() as pointer:
        if name not in pointer.current:
            raise unknown(name, pointer)
        library.point(pointer.without(name))
        return pointer.current[name]


def purge(library: Library, version: str, today: date) -> None:
    """Delete the files of a version and take it out of use; its manifest stays.

    The version counts as purged before the first file goes, so that it is never taken for a
    damaged one.

    Raises:
        UsageError: no such version was ever published here.
        OutputError: the disk cannot be written; call it again to go on.
    """
    with library.changing("the files are not all deleted; call it again to go on") as pointer:
        name = library.manifest(version).name
        in_use = pointer.current.get(name) == version
        left = pointer.without(name) if in_use else pointer
        library.point(left.with_purged(version, today.isoformat()))
        folder = library.folder_of(version)
        for path in sorted(folder.iterdir()):
            if path.name != MANIFEST:
                path.unlink()
        durable.sync_folder(folder)
