"""APFS, read through libfsapfs: every volume of a container, encrypted ones with a password.

Allocated entries of the latest state only: snapshots are not read, nor is what is deleted. What
is compressed is given as the library unpacks it, and marked, since there is nothing to prove it
with. Extended attributes and resource forks are no content.

Source of the superblock: Apple File System Reference (2020-06-22).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hashmatch.evidence.filesystems import yal_walk
from hashmatch.evidence.filesystems.interface import Content, FileSystem, MountError, Run
from hashmatch.evidence.filesystems.patience import Patience
from hashmatch.evidence.filesystems.yal_content import YalContent
from hashmatch.evidence.filesystems.yal_walk import ERRORS, Tree
from hashmatch.evidence.media.as_file import MediumFile
from hashmatch.evidence.stretches import gaps
from hashmatch.model.evidence import Entry, Folder
from hashmatch.model.locators import Layer, layer, place
from hashmatch.model.outcomes import Failed, ItemError, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.volume import Opened
    from hashmatch.model.secrets import Secrets

NAME = "apfs"
MOST_VOLUMES = 100
"""A container has at most so many."""
_SIGN = b"NXSB"
_COMPRESSED = "com.apple.decmpfs"
_MOST_ATTRIBUTES = 4096
_TIMES = (
    ("modified", "get_creation_time_as_integer"),
    ("accessed", "get_access_time_as_integer"),
    ("changed", "get_inode_change_time_as_integer"),
    ("created", "get_modification_time_as_integer"),
)
# libfsapfs 20260921 gives the moment of creation as that of modification, and the other way round;
# records have creation first. The extra asks for that release: a later one may have mended it.


def recognise(content: Medium) -> bool:
    """Tell whether a volume begins with a container of APFS."""
    return content.read_at(32, 4) == _SIGN


def mount(opened: Opened, secrets: Secrets) -> FileSystem:
    """Make every volume of a container readable.

    A volume that stays locked, or cannot be read, is a failure in the list of entries.

    Raises:
        MountError: the container is damaged, or the library is not installed.
    """
    try:
        import pyfsapfs  # noqa: PLC0415  # optional
    except ImportError:
        advice = "APFS is read by a library that is missing: pip install 'hashmatch[disk]'"
        raise MountError(Reason.NO_BACKEND, advice) from None
    container: Any = pyfsapfs.container()
    try:
        container.open_file_object(MediumFile(opened.content))
        count = min(int(container.get_number_of_volumes()), MOST_VOLUMES)
    except ERRORS:
        advice = "this APFS container is damaged, or part of a Fusion drive"
        raise MountError(Reason.DAMAGED_FILE_SYSTEM, advice) from None
    patience = Patience()
    with patience.of_volume():  # all of them together, as they are opened together
        parts = tuple(_part(container, number, secrets, patience) for number in range(count))
    if parts and all(one.trouble is Reason.KEY_NEEDED for one in parts):
        advice = "the APFS volumes are encrypted; give a password (--passwords)"
        raise MountError(Reason.KEY_NEEDED, advice)
    return Apfs(container, parts, opened.content)


@dataclass(frozen=True, slots=True)
class _Part:
    """One volume of a container, numbered from 1."""

    number: int
    name: bytes
    volume: Any = None
    root: Any = None
    trouble: Reason | None = None


def _part(container: Any, index: int, secrets: Secrets, patience: Patience) -> _Part:  # noqa: ANN401
    number = index + 1
    name = b"volume-%d" % number
    try:
        volume = container.get_volume(index)
        name = str(volume.get_name() or "").encode("utf-8", "surrogatepass") or name
        if volume.is_locked() and not _unlocked(volume, secrets, patience):
            return _Part(number, name, trouble=Reason.KEY_NEEDED)
        root = volume.get_root_directory()
    except MountError as over:
        return _Part(number, name, trouble=over.reason)
    except ERRORS:
        return _Part(number, name, trouble=Reason.DAMAGED_FILE_SYSTEM)
    if root is None:
        return _Part(number, name, trouble=Reason.DAMAGED_FILE_SYSTEM)
    return _Part(number, name, volume, root)


def _unlocked(volume: Any, secrets: Secrets, patience: Patience) -> bool:  # noqa: ANN401
    """Try each password; whether one fitted.

    Raises:
        MountError: the time was over before all of them were tried.
    """
    for secret in secrets.passwords:
        patience.check("APFS", "unlock it with macOS and scan a copy of what is then there")
        word = secret.decode("utf-8", "replace")
        for way in (volume.set_password, volume.set_recovery_password):
            way(word)
            if volume.unlock():
                return True
    return False


class Apfs:
    """A container; see :class:`hashmatch.evidence.filesystems.interface.FileSystem`.

    Where it has several volumes, paths begin with their names.
    """

    def __init__(self, container: Any, parts: tuple[_Part, ...], content: Medium) -> None:  # noqa: ANN401
        self._container = container
        self._parts = parts
        self._content = content

    @property
    def kind(self) -> str:
        """Always ``apfs``."""
        return NAME

    def entries(self, *, deleted: bool) -> Iterator[Entry]:  # noqa: ARG002  # none are found
        """Yield every allocated entry of every volume once."""
        if not self._parts:
            yield Failed(b"", Stage.LIST, Reason.UNKNOWN_FILE_SYSTEM)
        elif len(self._parts) > 1:
            yield Folder(b"")
        for one in self._parts:
            if one.trouble is not None:
                where = place((layer(NAME, b"/", vol=one.number),))
                yield Failed(self._prefix(one).rstrip(b"/"), Stage.LIST, one.trouble, where)
            else:
                yield from yal_walk.entries(self._tree(one))
        head = self._content.read_at(36, 12)
        claimed = int.from_bytes(head[:4], "little") * int.from_bytes(head[4:], "little")
        if claimed > self._content.size:
            yield Failed(b"", Stage.LIST, Reason.DAMAGED_MEDIUM)  # its end is cut off

    def open(self, where: Layer, size: int) -> Content:
        """Open what a layer names by its volume and identifier."""
        node = None
        try:
            number, identity = where.number("vol"), where.number("id")
            one = next((part for part in self._parts if part.number == number), None)
            if one is not None and one.volume is not None:
                node = one.volume.get_file_entry_by_identifier(identity)
            compressed = node is not None and _is_compressed(node)
        except ERRORS:
            node, compressed = None, False
        if node is None:
            raise ItemError(Stage.OPEN, Reason.VANISHED)
        doubt = Reason.UNSUPPORTED_STORAGE if compressed else None
        return YalContent(node, size, self._content, doubt)

    def unallocated(self) -> Iterator[Run]:
        """Yield what no file of any volume has, metadata included.

        Of volumes that are locked or damaged nothing is known, so that theirs is in it.
        """
        trees = [self._tree(one) for one in self._parts if one.trouble is None]
        runs = (run for tree in trees for run in yal_walk.content(tree))
        taken = [(run.offset, run.offset + run.length) for run in runs]
        yield from (Run(offset, size) for offset, size in gaps(taken, self._content.size))

    def close(self) -> None:
        """Let go of the library's container."""
        self._container.close()

    def _prefix(self, one: _Part) -> bytes:
        same = [part for part in self._parts if part.name == one.name]
        name = one.name if len(same) == 1 else one.name + b"-%d" % one.number
        return name + b"/" if len(self._parts) > 1 else b""

    def _tree(self, one: _Part) -> Tree:
        def step(path: bytes, identity: int) -> Layer:
            return layer(NAME, path, vol=one.number, id=identity)

        return Tree(
            *(
                one.root,
                _number,
                step,
                self._content.size,
                self._prefix(one),
                _is_compressed,
                _TIMES,
            ),
            unsigned=True,
        )


def _number(node: Any) -> int:  # noqa: ANN401
    return int(node.get_identifier())


def _is_compressed(node: Any) -> bool:  # noqa: ANN401
    """Tell whether the content is kept compressed, by the attribute that such files have."""
    count = min(int(node.get_number_of_extended_attributes()), _MOST_ATTRIBUTES)
    return any(node.get_extended_attribute(at).name == _COMPRESSED for at in range(count))
