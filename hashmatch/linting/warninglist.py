"""Warning lists of MISP: values that are known to be harmless, as one list of texts in JSON.

The list names the kinds of its values; a value is taken for the kind of its length only where
that kind is named, since 64 digits may be SHA-256 or PDQ.
Source: the JSON schema of MISP warning lists.
"""

from __future__ import annotations

import io
import re
import string
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError
from hashmatch.formats import json_stream
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import HashRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST = 1 << 26
"""Bytes of the longest list that is read."""

_LIST = re.compile(rb'"list"\s*:\s*\[\s*"')
_KINDS = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256, Algorithm.SHA384, Algorithm.SHA512)
_DIGITS = frozenset(string.hexdigits)


def detect(head: bytes) -> bool:
    """Tell by its beginning whether a file is such a list."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _LIST.search(head) is not None


def read(data: bytes) -> Iterator[HashRecord]:
    """Yield the values that are digests, whatever else the list holds.

    Raises:
        HashSetError: it is bad JSON or too long, or holds no digest of a kind that it names.
    """
    value = json_stream.whole(io.BytesIO(data), ReadOptions(maximum_record=MOST))
    texts = value.get("list") if isinstance(value, dict) else None
    named = value.get("matching_attributes") if isinstance(value, dict) else None
    words = (
        {word for one in named if isinstance(one, str) for word in one.lower().split("|")}
        if isinstance(named, list)
        else set()
    )
    kinds = {2 * kind.size: kind for kind in _KINDS if kind.value in words}
    place = 0
    for place, digest in enumerate(_digests(texts if isinstance(texts, list) else [], kinds), 1):
        yield HashRecord(place, (digest,))
    if not place:
        msg = (
            "the warning list holds no digest of a kind that it names; expected matching_attributes"
            " such as md5 or sha256, and values of that length"
        )
        raise HashSetError(msg)


def _digests(texts: Sequence[object], kinds: Mapping[int, Algorithm]) -> Iterator[Digest]:
    for text in texts:
        kind = kinds.get(len(text)) if isinstance(text, str) else None
        if kind is not None and isinstance(text, str) and _DIGITS.issuperset(text):
            yield Digest(kind, bytes.fromhex(text))
