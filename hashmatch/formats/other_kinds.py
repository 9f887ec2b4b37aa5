"""Names of what lists carry and nothing here can compare: hashes of other kinds, hashes of parts.

A closed list, so that no text of a list gets into counts and messages as a name.
"""

from __future__ import annotations

from hashmatch.formats.hash_text import KINDS

UNKNOWN = "unknown"

_BESIDE = (
    *("sha224", "sha512/224", "sha512/256", "sha3-224", "sha3-256", "sha3-384", "sha3-512"),
    *("imphash", "pehash", "impfuzzy", "authentihash", "vhash", "cdhash"),
    *("zz40", "lace", "encase", "photodna-other", "ares-partial-hash", "of-pieces"),
    *("text", "url", "text-tlsh", "url-md5", "pdq-ocr", "raw_text", "trend_query"),
    *("crc32c", "kzhash", "has-160", "has160", "ripemd-160", "ripemd160"),
    *("snefru-128", "snefru-256", "url_md5", "pdq_ocr", "text_tlsh"),
    *("gost94", "gost94-cryptopro", "gost12-256", "gost12-512", "edon-r256", "edon-r512"),
    *("blake2s", "blake2b", "blake3"),
)
NAMES = frozenset({UNKNOWN, *_BESIDE, *(kind.name for kind in KINDS)})


def known(name: str) -> str:
    """Give the name back where it is one of ours, else the word for an unknown kind."""
    return name if name in NAMES else UNKNOWN
