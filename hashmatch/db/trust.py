"""Whose bundles a library takes: pinned keys, and how far each publisher has come.

It is kept in the library's pointer file, under its check value: whoever has not the library's key
can neither pin a key nor let a publisher fall back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.custody.keys import PublicKey
    from hashmatch.db.strict import Fields
    from hashmatch.model.records import Json


def id_of(key: PublicKey) -> str:
    """Name a key by the SHA-256 of its 32 bytes, in hexadecimal."""
    return hashlib.sha256(key.raw).hexdigest()


@dataclass(frozen=True, slots=True)
class Reached:
    """The newest bundle of a publisher: its number, and the SHA-256 of its head (hex)."""

    version: int
    head: str


@dataclass(frozen=True, slots=True)
class Trust:
    """``keys``: the operator's name for each pinned key; the others are by key id.

    ``highest`` is the newest bundle that was installed of each publisher, ``issued`` the number
    of the last bundle that was signed here with each key.
    """

    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    highest: Mapping[str, Reached] = field(default_factory=dict)
    issued: Mapping[str, int] = field(default_factory=dict)

    def with_key(self, name: str, key: PublicKey) -> Trust:
        """Pin a key.

        Raises:
            UsageError: the name or the key is pinned already, or the name cannot be shown.
        """
        if not name.isprintable() or not name.strip():
            msg = "a name for a key is one or more visible characters"
            raise UsageError(msg)
        if name in self.keys or key in self.keys.values():
            msg = f"there is already a trusted key {name}, or this key under another name"
            raise UsageError(msg)
        return replace(self, keys={**self.keys, name: key})

    def without_key(self, name: str) -> Trust:
        """Unpin a key; how far its publisher came is kept.

        Raises:
            UsageError: there is no such key.
        """
        self.key(name)
        return replace(self, keys={one: key for one, key in self.keys.items() if one != name})

    def key(self, name: str) -> PublicKey:
        """Give a pinned key; raises ``UsageError`` where there is none of that name."""
        if name not in self.keys:
            known = ", ".join(sorted(self.keys)) or "none"
            msg = f"there is no trusted key {name}; there are {known}"
            raise UsageError(msg)
        return self.keys[name]

    def after(self, publisher: str, reached: Reached) -> Trust:
        """Note that a bundle of a publisher was installed.

        Raises:
            HashSetError: a newer one was, or another one of the same number.
        """
        before = self.highest.get(publisher)
        if before is not None and reached.version < before.version:
            msg = (
                f"the bundle has number {reached.version} and number {before.version} of the same "
                "publisher was installed already; an old one would take its place, get the newest"
            )
            raise HashSetError(msg)
        if before is not None and reached.version == before.version and reached != before:
            msg = (
                f"another bundle with number {reached.version} of this publisher was installed; "
                "ask the publisher which one is right"
            )
            raise HashSetError(msg)
        return replace(self, highest={**self.highest, publisher: reached})

    def after_issuing(self, publisher: str, version: int) -> Trust:
        """Note that a bundle was signed here."""
        return replace(self, issued={**self.issued, publisher: version})

    def to_json(self) -> dict[str, Json]:
        """Give the form kept in the pointer file."""
        return {
            "keys": {name: key.raw.hex() for name, key in self.keys.items()},
            "highest": {
                key: {"version": one.version, "head": one.head} for key, one in self.highest.items()
            },
            "issued": dict[str, "Json"](self.issued),
        }

    @classmethod
    def from_json(cls, fields: Fields) -> Trust:
        """Read back what :meth:`to_json` gave; raises ``HashSetError``."""
        keys, highest = fields.inner("keys"), fields.inner("highest")
        trust = cls(
            {name: _key(keys.octets(name)) for name in keys.names()},
            {key: _reached(highest.inner(key)) for key in highest.names()},
            fields.counts("issued"),
        )
        fields.finish()
        return trust


def _key(raw: bytes) -> PublicKey:
    from hashmatch.custody.keys import PublicKey  # noqa: PLC0415  # most libraries trust nobody

    return PublicKey(raw)


def _reached(fields: Fields) -> Reached:
    reached = Reached(fields.whole("version"), fields.text("head"))
    fields.finish()
    return reached
