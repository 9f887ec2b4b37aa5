"""Passwords and keys that the operator gave for encrypted evidence. Never recorded, never shown."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secrets:
    """What may open an encrypted volume or member; each is tried, in the order given.

    ``passwords`` as bytes of UTF-8 text, recovery passwords included; ``keys`` are the contents of
    key files, such as a BitLocker start-up key.
    """

    passwords: tuple[bytes, ...] = field(default=(), repr=False)
    keys: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def count(self) -> int:
        """How many there are, which is all that a record says of them."""
        return len(self.passwords) + len(self.keys)
