"""XFS, with a reader of its own: libfsxfs gives up on files of many extents, and loses their names.

Allocated entries only: what is deleted keeps neither size nor extents and is found by carving
alone. A journal that was not played back is not read, as with ``mount -o norecovery``; that there
is more in it is said.

Source of the superblock: XFS Algorithms & Data Structures, third edition.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems import xfs_disk, xfs_log, yal_walk
from hashmatch.evidence.filesystems.interface import Content, FileSystem, MountError, Run
from hashmatch.evidence.filesystems.xfs_nodes import Node
from hashmatch.evidence.filesystems.yal_content import YalContent
from hashmatch.evidence.filesystems.yal_walk import Tree
from hashmatch.evidence.stretches import gaps
from hashmatch.model.locators import Layer, layer
from hashmatch.model.outcomes import Failed, ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.filesystems.xfs_disk import Disk
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.volume import Opened
    from hashmatch.model.evidence import Entry
    from hashmatch.model.secrets import Secrets

NAME = "xfs"
_SIGN = b"XFSB"
_KNOWN = 0xFF  # of the features that change how the disk is read: up to that of parent pointers
_HEAD = 264


def recognise(content: Medium) -> bool:
    """Tell whether a volume begins with a superblock of XFS."""
    head = content.read_at(0, 8)
    size = int.from_bytes(head[4:8])
    return head.startswith(_SIGN) and 512 <= size <= 65536 and size & (size - 1) == 0


def mount(opened: Opened, secrets: Secrets) -> FileSystem:  # noqa: ARG001  # none are needed
    """Make it readable.

    Raises:
        MountError: it is damaged, has parts on a real-time device or features that are not known.
    """
    _check(opened.content.read_at(0, _HEAD).ljust(_HEAD, b"\0"))
    try:
        disk = xfs_disk.read(opened.content)
        if stat.S_ISDIR(Node(disk, disk.root).get_file_mode()):
            return Xfs(disk, opened.content)
    except OSError:
        pass  # said below, as is a root that is no folder
    raise MountError(Reason.DAMAGED_FILE_SYSTEM, "this XFS is damaged: its root cannot be read")


def _check(head: bytes) -> None:
    how = "make it a read-only device, mount it '-o ro,norecovery' and scan the folder"
    if int.from_bytes(head[16:24]):
        advice = f"this XFS keeps content on a real-time device, which is not read: {how}"
        raise MountError(Reason.UNSUPPORTED_FILE_SYSTEM, advice)
    version = int.from_bytes(head[100:102]) & 0xF
    if version == 5 and int.from_bytes(head[216:220]) & ~_KNOWN:
        advice = f"this XFS has features that are not known here: {how}"
        raise MountError(Reason.UNSUPPORTED_FILE_SYSTEM, advice)


class Xfs:
    """A mounted XFS; see :class:`hashmatch.evidence.filesystems.interface.FileSystem`."""

    def __init__(self, disk: Disk, content: Medium) -> None:
        self._disk = disk
        self._content = content
        self._tree = Tree(Node(disk, disk.root), Node.get_inode_number, _step, content.size)

    @property
    def kind(self) -> str:
        """Always ``xfs``."""
        return NAME

    def entries(self, *, deleted: bool) -> Iterator[Entry]:  # noqa: ARG002  # none are found
        """Yield every allocated entry once; a file with several names under each of them."""
        yield from yal_walk.entries(self._tree)
        head = self._content.read_at(0, 16)
        if int.from_bytes(head[4:8]) * int.from_bytes(head[8:16]) > self._content.size:
            yield Failed(b"", Stage.LIST, Reason.DAMAGED_MEDIUM)  # its end is cut off
        elif xfs_log.holds_more(self._disk):
            yield Failed(b"", Stage.LIST, Reason.DAMAGED_FILE_SYSTEM)

    def open(self, where: Layer, size: int) -> Content:
        """Open what a layer names by its inode."""
        try:
            node = Node(self._disk, where.number("id"))
            if stat.S_ISREG(node.get_file_mode()):
                return YalContent(node, size, self._content, None)
        except xfs_disk.WrongSumError:
            raise ItemError(Stage.OPEN, Reason.DAMAGED_FILE_SYSTEM) from None
        except (OSError, ValueError):
            pass  # there is no such file, which is said below
        raise ItemError(Stage.OPEN, Reason.VANISHED)

    def unallocated(self) -> Iterator[Run]:
        """Yield what no file has, metadata included."""
        taken = [(run.offset, run.offset + run.length) for run in yal_walk.content(self._tree)]
        yield from (Run(offset, size) for offset, size in gaps(taken, self._content.size))

    def close(self) -> None:
        """Do nothing: nothing is held."""


def _step(path: bytes, number: int) -> Layer:
    return layer(NAME, path, id=number)
