"""The resume journal: how far each result file is known to be on the disk, and the tally there.

A line is added only after the result files are synced, so whatever follows the journal's last
whole line may be torn and is cut off on resume. The journal itself may end in a torn line. Each
line holds the digests of the result files so far and is signed, so that nothing that was changed
while a run was interrupted is ever sealed as if it had been found.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch import durable
from hashmatch.custody import canonical
from hashmatch.errors import CustodyError
from hashmatch.model.tally import Tally

if TYPE_CHECKING:
    from hashmatch.cases.layout import RunFolder
    from hashmatch.custody.keys import SigningKey
    from hashmatch.model.records import Json

FILE = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to resume from.

    ``entries`` of the listing that are written so far, with all that was inside them; ``lengths``
    in bytes and ``digests`` (SHA-256, hexadecimal) of the result files up to there, in the order of
    ``layout.RESULT_FILES``; the ``tally`` at that point.
    """

    entries: int
    lengths: tuple[int, ...]
    digests: tuple[str, ...]
    tally: Tally

    def to_json(self) -> dict[str, Json]:
        """Give the form kept in a line."""
        return {
            "entries": self.entries,
            "lengths": list(self.lengths),
            "digests": list(self.digests),
            "tally": self.tally.to_json(),
        }


def append(folder: RunFolder, point: Mark, key: SigningKey) -> None:
    """Add a point and sync it; raises ``OSError`` when the disk does not take it."""
    signature = key.sign(_signed(folder, point.to_json())).hex()
    line = canonical.encode({"mark": point.to_json(), "signature": signature})
    handle = durable.open_own(folder.state / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with os.fdopen(handle, "ab") as out:
        out.write(line + b"\n")
        out.flush()
        os.fsync(out.fileno())


def last(folder: RunFolder, key: SigningKey) -> Mark | None:
    """Read the last whole line; None when nothing was written down yet.

    Raises:
        CustodyError: the line was not written by hashmatch with this key for this run.
    """
    whole = [line for line in _lines(folder) if line.endswith(b"\n")]
    if not whole:
        return None
    try:
        fields = canonical.decode(whole[-1].removesuffix(b"\n"))
        mark, signature = fields["mark"], bytes.fromhex(str(fields["signature"]))
        if not isinstance(mark, dict) or not key.public.verifies(signature, _signed(folder, mark)):
            raise altered(folder, FILE)
        return Mark(
            mark["entries"],
            tuple(mark["lengths"]),
            tuple(mark["digests"]),
            Tally.from_json(mark["tally"]),
        )
    except (KeyError, ValueError):
        raise altered(folder, FILE) from None


def altered(folder: RunFolder, name: str) -> CustodyError:
    """Say that a file of an interrupted run is not as it was left."""
    msg = (
        f"{name} of the interrupted run {folder.run_id} is not as hashmatch left it; find out who "
        "changed it, then start again with --new-run"
    )
    return CustodyError(msg)


def _signed(folder: RunFolder, mark: dict[str, Json]) -> bytes:
    return canonical.encode({"resume mark of run": folder.run_id, "mark": mark})


def _lines(folder: RunFolder) -> list[bytes]:
    try:
        handle = durable.open_own(folder.state / FILE, os.O_RDONLY)
    except FileNotFoundError:
        return []
    except FileExistsError:
        raise altered(folder, FILE) from None
    with os.fdopen(handle, "rb") as lines:
        return lines.read().splitlines(keepends=True)
