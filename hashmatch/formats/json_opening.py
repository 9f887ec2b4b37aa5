"""How a JSON document begins: which keys stand in its first bytes. For recognition only."""

from __future__ import annotations

import re
from functools import lru_cache

from hashmatch.formats.encoding import opening_text

_KEY = re.compile(r'"([\w@.#$ -]{1,60})"\s*:')


def has_keys(head: bytes, *keys: str) -> bool:
    """Tell whether a file begins as JSON and has all of these keys, at any depth."""
    return _keys(head).issuperset(keys)


@lru_cache(maxsize=2)
def _keys(head: bytes) -> frozenset[str]:
    text = opening_text(head).lstrip()
    return frozenset(_KEY.findall(text)) if text[:1] in {"{", "["} else frozenset()
