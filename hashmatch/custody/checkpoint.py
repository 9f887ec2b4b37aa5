"""A signed statement that a ledger had this many lines with this root.

The text is printable and short enough to read out. Only the exact bytes that :meth:`encode`
writes are accepted, so that nothing about a checkpoint can be changed unnoticed, not even the
unused bits of its base64.

Sources: C2SP tlog-checkpoint, C2SP signed-note. Without extension lines, with one signature.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashmatch.custody.keys import PublicKey, SigningKey

_NOTE = re.compile(
    "(?P<origin>[^\\s+]+)\n"
    "(?P<size>0|[1-9][0-9]{0,17})\n"
    "(?P<root>[A-Za-z0-9+/]{43}=)\n"
    "\n"
    "\N{EM DASH} (?P<name>[^\\s+]+) (?P<signature>[A-Za-z0-9+/]{91}=)\n"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A parsed checkpoint; nothing is said about whether its signature holds.

    ``origin`` names the ledger and is also the name of the key. ``root`` is 32 bytes.
    """

    origin: str
    size: int
    root: bytes
    key_id: bytes
    signature: bytes

    @property
    def body(self) -> bytes:
        """The bytes that are signed."""
        return _body(self.origin, self.size, self.root)

    def signed_by(self, key: PublicKey) -> bool:
        """Tell whether it was signed with this key, under its own origin's name."""
        named = self.key_id == key.key_id(self.origin)
        return named and key.verifies(self.signature, self.body)

    def encode(self) -> bytes:
        """Give the checkpoint as it stands in its file."""
        signature = base64.b64encode(self.key_id + self.signature).decode()
        return self.body + f"\n\N{EM DASH} {self.origin} {signature}\n".encode()


def origin_of(case: str) -> str:
    """Give the origin of a case's ledger from the case's id."""
    return f"hashmatch-case/{case}"


def sign(origin: str, size: int, root: bytes, key: SigningKey) -> bytes:
    """Make a checkpoint."""
    signature = key.sign(_body(origin, size, root))
    return Checkpoint(origin, size, root, key.public.key_id(origin), signature).encode()


def parse(note: bytes) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        ValueError: one byte is not as it would be written here.
    """
    match = _NOTE.fullmatch(note.decode("utf-8", "replace"))
    if match is not None:
        signature = base64.b64decode(match["signature"])
        root = base64.b64decode(match["root"])
        found = Checkpoint(match["origin"], int(match["size"]), root, signature[:4], signature[4:])
        if found.encode() == note:
            return found
    msg = "not a checkpoint that hashmatch wrote"
    raise ValueError(msg)


def _body(origin: str, size: int, root: bytes) -> bytes:
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
