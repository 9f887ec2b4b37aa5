"""How a ledger ends: signed for to its last byte, or as an interrupted append leaves it.

An append signs the checkpoint for the new size first (``NNNNNNNN.ckpt.new``), then writes the
line, then gives the checkpoint its final name. Whatever lies beyond the newest checkpoint is
therefore either accounted for by such a pending checkpoint, or was put there by someone else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from hashmatch.custody import checkpoint, regular
from hashmatch.errors import CustodyError

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.custody.checkpoint import Checkpoint
    from hashmatch.custody.keys import PublicKey

_NAME = re.compile(r"([0-9]{8,18})\.ckpt(\.new)?")
LIMIT = 4096
"""Bytes that are read of a checkpoint at most; it holds about 200."""


class Ending(Enum):
    """What stands beyond the newest checkpoint."""

    COVERED = auto()
    """Nothing."""
    UNSTARTED = auto()
    """Nothing; a checkpoint for a line that was never written may be dropped."""
    COMPLETE = auto()
    """One whole line, for which the pending checkpoint was made."""
    TORN = auto()
    """Part of a line, for which a pending checkpoint was made."""


@dataclass(frozen=True, slots=True)
class Names:
    """The files in a checkpoint folder.

    ``newest`` is the largest size with a checkpoint, 0 if there is none; ``count`` how many
    there are; ``pending`` the sizes of those not in force; ``strays`` names of anything else.
    """

    newest: int
    count: int
    pending: tuple[int, ...]
    strays: tuple[str, ...]


def file_of(folder: Path, size: int, *, pending: bool = False) -> Path:
    """Give the file of the checkpoint over ``size`` lines."""
    return folder / f"{size:08d}.ckpt{'.new' if pending else ''}"


def names_in(folder: Path) -> Names:
    """List a checkpoint folder.

    Raises:
        OSError: the folder cannot be listed.
    """
    newest = count = 0
    pending, strays = [], []
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        size = int(match[1]) if match else 0
        is_new = bool(match and match[2])
        if size == 0 or path != file_of(folder, size, pending=is_new):
            strays.append(path.name)
        elif is_new:
            pending.append(size)
        else:
            newest, count = max(newest, size), count + 1
    return Names(newest, count, tuple(sorted(pending)), tuple(sorted(strays)))


def read(path: Path) -> Checkpoint:
    """Read a checkpoint file; nothing is said about what it was made for, or by whom.

    Raises:
        CustodyError: it is not a checkpoint.
        OSError: it cannot be read.
    """
    with regular.open_regular(path) as stream:
        note = stream.read(LIMIT)
    try:
        return checkpoint.parse(note)
    except ValueError as error:
        msg = f"{path.name} is {error}"
        raise CustodyError(msg) from None


def load(path: Path, origin: str, size: int, key: PublicKey) -> Checkpoint:
    """Read the checkpoint over ``size`` lines and check by whom and for what it was made.

    Raises:
        CustodyError: it is not a checkpoint of this ledger, for this size, by this key.
        OSError: it cannot be read.
    """
    found = read(path)
    if found.origin != origin or found.size != size:
        msg = f"{path.name} was made for another ledger or another number of lines"
        raise CustodyError(msg)
    if not found.signed_by(key):
        msg = f"{path.name} is not signed by the key of this case"
        raise CustodyError(msg)
    return found


@dataclass(frozen=True, slots=True)
class Tail:
    """The facts by which an ending is judged.

    ``size`` whole lines follow from each other and have ``root``; ``rest`` are the bytes after
    the last line end; ``newest`` is what the newest checkpoint covers, ``pending`` the sizes of
    those that are not in force.
    """

    size: int
    root: bytes
    rest: bytes
    newest: int
    pending: tuple[int, ...]


def judge(tail: Tail, folder: Path, origin: str, key: PublicKey) -> Ending:
    """Tell how a ledger ends.

    Raises:
        CustodyError: it ends in a way that no interrupted append leaves behind.
        OSError: a checkpoint cannot be read.
    """
    if tail.size < tail.newest:
        msg = f"the newest checkpoint covers {tail.newest} entries, the ledger has {tail.size}"
        raise CustodyError(msg)
    if tail.pending not in {(), (tail.newest + 1,)}:
        msg = f"{file_of(folder, tail.pending[-1], pending=True).name} does not belong here"
        raise CustodyError(msg)
    if tail.size == tail.newest and not tail.rest:
        return Ending.UNSTARTED if tail.pending else Ending.COVERED
    uncovered = f"ledger line {tail.newest + 1} is not covered by a checkpoint"
    if not tail.pending or (tail.size, bool(tail.rest)) not in {
        (tail.newest, True),
        (tail.newest + 1, False),
    }:
        raise CustodyError(uncovered)
    size = tail.newest + 1
    promised = load(file_of(folder, size, pending=True), origin, size, key)
    if tail.rest:
        return Ending.TORN
    if promised.root != tail.root:
        raise CustodyError(uncovered)
    return Ending.COMPLETE
