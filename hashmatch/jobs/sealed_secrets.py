"""Passwords and keys in a plan: a word that differs where they do, and does not tell them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.custody.keys import SigningKey
    from hashmatch.model.secrets import Secrets


def word(secrets: Secrets, key: SigningKey) -> str:
    """Give a word for some secrets; who has not the key cannot try passwords on it."""
    parts = [digest for one in (secrets.passwords, secrets.keys) for digest in _digests(one)]
    return hashlib.sha256(key.sign(b"secrets of a plan:" + b"".join(parts))).hexdigest()


def _digests(secrets: Sequence[bytes]) -> Iterator[bytes]:
    yield b"%d " % len(secrets)
    for one in secrets:
        yield hashlib.sha256(one).digest()
