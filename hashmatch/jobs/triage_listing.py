"""List folders little by little, and give what looks most promising first.

A folder is listed when nothing that is known looks better than it might hold; so the first files
come at once from a tree of any size. What was listed and not yet given stays in memory. An image,
or a single file, is one listing, which comes as a whole.
"""

from __future__ import annotations

import heapq
import os
import stat
from typing import TYPE_CHECKING

from hashmatch.evidence.folder import FolderSource, left_out
from hashmatch.evidence.folders import OpenFolders
from hashmatch.evidence.trouble import reason_of
from hashmatch.jobs.triage_order import folder_points, item_points, place
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, Rule, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hashmatch.model.evidence import Entry, Source

    Found = Item | Failed | Skipped


class Listing:
    """Everything below some folders, most promising first, each entry once.

    Between entries there is a None for each folder that was listed, so that whoever takes them
    can do something else when finding the next one lasts.

    ``seen`` counts the entries that were listed, ``waiting`` the folders that were not. Links
    are not followed, and a folder that was met before is not entered again.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        now_ns: int,
        entries: Callable[[int], Iterable[Entry]] | None = None,
    ) -> None:
        """Begin with nothing listed.

        Args:
            sources: what to look through.
            now_ns: nanoseconds since 1970.
            entries: gives the entries of a source by its number, where it is no folder.
        """
        self.seen = 0
        self.waiting = 0
        self._now = now_ns
        self._entries = entries or (lambda number: sources[number].entries())
        self._folders = {
            number: OpenFolders(source.location)
            for number, source in enumerate(sources)
            if isinstance(source, FolderSource)
        }
        self._entered: set[tuple[int, int]] = set()
        self._count = 0
        # What has most points is on top; among equals what was found first.
        self._heap: list[tuple[int, int, int, Found | bytes]] = []
        for number in range(len(sources)):
            if number in self._folders:
                self._entered.add(self._folders[number].identity())
            self._add(number, b"", folder_points(0))

    def __iter__(self) -> Iterator[tuple[int, Found] | None]:
        while self._heap:
            _, _, number, one = heapq.heappop(self._heap)
            if isinstance(one, bytes):
                self.waiting -= 1
                known = number in self._folders
                yield from self._list(number, one) if known else self._whole(number)
                yield None
            else:
                yield number, one

    def close(self) -> None:
        """Close all folders."""
        for one in self._folders.values():
            one.close()

    def _add(self, number: int, one: Item | bytes, points: int) -> None:
        self._count += 1
        self.waiting += isinstance(one, bytes)
        heapq.heappush(self._heap, (-points, self._count, number, one))

    def _whole(self, number: int) -> Iterator[tuple[int, Found] | None]:
        """Take in all of a source that is no folder."""
        for one in self._entries(number):
            if isinstance(one, Folder):
                yield None
                continue
            self.seen += 1
            if isinstance(one, Item):
                folder = one.path.rpartition(b"/")[0]
                self._add(number, one, item_points(one, place(folder), self._now))
            else:
                yield number, one

    def _list(self, number: int, folder: bytes) -> Iterator[tuple[int, Found]]:
        """Take in what a folder holds; what is neither file nor folder is given at once."""
        found, trouble = self._folders[number].names(folder)
        if trouble is not None:
            self.seen += 1
            yield number, Failed(folder, Stage.LIST, reason_of(trouble))
        at = place(folder)
        for name in found:
            one = self._visit(number, folder, name, at)
            if one is not None:
                yield number, one

    def _visit(self, number: int, folder: bytes, name: bytes, at: int) -> Failed | Skipped | None:
        path = folder + b"/" + name if folder else name
        try:
            # Asked for anew each time: what took an entry in between may have opened others.
            descriptor = self._folders[number].descriptor(folder)
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        except OSError as error:
            self.seen += 1
            return Failed(path, Stage.STAT, reason_of(error))
        identity = (status.st_dev, status.st_ino)
        if stat.S_ISDIR(status.st_mode):
            if identity in self._entered:
                self.seen += 1
                return Skipped(path, Rule.FOLDER_LOOP)
            self._entered.add(identity)
            self._add(number, path, folder_points(place(path)))
            return None
        self.seen += 1
        if not stat.S_ISREG(status.st_mode):
            return Skipped(path, left_out(status.st_mode))
        item = Item(path, status.st_size, status.st_mtime_ns, status.st_mode, identity)
        self._add(number, item, item_points(item, at, self._now))
        return None
