"""Bring a ledger back to a signed state after an append that was interrupted.

Nothing is cut away silently: the bytes of a torn line are kept in a file of their own
(``ledger.torn-...``), which the ledger then records. Every step may be interrupted as well and
is done again at the next opening.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.custody import regular, sums, tail
from hashmatch.custody.chain import Walk
from hashmatch.custody.tail import Ending, Tail
from hashmatch.errors import CaseError, CustodyError

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.custody.chain import Chain
    from hashmatch.custody.keys import PublicKey
    from hashmatch.model.records import Json

LEDGER = "ledger.jsonl"
CHECKPOINTS = "checkpoints"
RECOVER = "recover"
"""The type of the entry that records a torn line."""

TORN_NAME = re.compile(r"ledger\.torn-([0-9a-f]{16})")


def settle(folder: Path, origin: str, key: PublicKey) -> tuple[Chain, list[dict[str, Json]]]:
    """Verify a ledger to its end and finish or set aside what an interrupted append left.

    The ledger must be locked.

    Returns:
        The chain up to the last line, and the bodies of the ``recover`` entries to be appended.

    Raises:
        CustodyError: the ledger does not verify.
        CaseError: not even its first entry was ever written.
        OSError: a file cannot be read or written.
    """
    checkpoints = folder / CHECKPOINTS
    names = tail.names_in(checkpoints)
    covered, recorded = b"", set()
    with regular.open_regular(folder / LEDGER) as stream:
        walk = Walk(stream)
        for found in walk:
            if found.seq + 1 == names.newest:
                covered = walk.chain.tree.root()
            if found.type == RECOVER:
                recorded.add(found.body.get("kept_as"))
    chain = walk.chain
    facts = Tail(chain.size, chain.tree.root(), walk.rest, names.newest, names.pending)
    ending = tail.judge(facts, checkpoints, origin, key)
    _check_newest(checkpoints, names.newest, covered, origin, key)
    if names.newest == 0 and ending is not Ending.COMPLETE:
        msg = f"the ledger in {folder} was never begun; remove the case and open it again"
        raise CaseError(msg)
    _finish(ending, folder, walk.rest, names.newest + 1)
    return chain, [body for body in torn_files(folder) if body["kept_as"] not in recorded]


def torn_files(folder: Path) -> list[dict[str, Json]]:
    """Describe the torn lines that are kept beside a ledger, as ``recover`` entries do.

    Raises:
        CustodyError: a file bears such a name and another content.
        OSError: a file cannot be read.
    """
    found: list[dict[str, Json]] = []
    for path in sorted(folder.iterdir()):
        match = TORN_NAME.fullmatch(path.name)
        if match is None:
            continue
        digest = sums.digest(path)
        if not digest.startswith(match[1]):
            msg = f"{path.name} was changed after it was set aside"
            raise CustodyError(msg)
        found.append({"bytes": path.stat().st_size, "sha256": digest, "kept_as": path.name})
    return found


def _check_newest(
    checkpoints: Path, newest: int, covered: bytes, origin: str, key: PublicKey
) -> None:
    if newest == 0:
        return
    signed = tail.load(tail.file_of(checkpoints, newest), origin, newest, key)
    if signed.root != covered:
        msg = f"the first {newest} ledger lines are not those that their checkpoint was signed for"
        raise CustodyError(msg)


def _finish(ending: Ending, folder: Path, rest: bytes, size: int) -> None:
    checkpoints = folder / CHECKPOINTS
    pending = tail.file_of(checkpoints, size, pending=True)
    if ending is Ending.COVERED:
        return
    if ending is Ending.COMPLETE:
        pending.rename(tail.file_of(checkpoints, size))
    else:
        _set_aside(folder, rest)
        pending.unlink()
    durable.sync_folder(checkpoints)


def _set_aside(folder: Path, rest: bytes) -> None:
    """Keep the bytes first, then cut them off, while the pending checkpoint still vouches."""
    if not rest:
        return
    name = f"ledger.torn-{hashlib.sha256(rest).hexdigest()[:16]}"
    durable.write(folder / name, rest)
    durable.sync_folder(folder)
    with (folder / LEDGER).open("r+b") as stream:
        stream.truncate(stream.seek(0, os.SEEK_END) - len(rest))
        os.fsync(stream.fileno())
