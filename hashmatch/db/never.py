"""Values that must never match: they stand for nothing, or for a great many unrelated files.

Their records are kept and counted, but no look-up finds them. A value that stands in a benign
list as well is not among them: it keeps matching and is reported as a conflict.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hashmatch.model.hashes import Algorithm, Method
from hashmatch.model.records import Quarantine

if TYPE_CHECKING:
    from hashmatch.model.hashes import Digest, PerceptualHash

LEAST_QUALITY = 50
"""A perceptual hash whose stated quality is lower says too little about its picture."""

MANY_FILES = 5
"""From so many different files on, one perceptual hash may stand for no picture in particular.

It is taken for a defect only where it also makes up ``ALMOST_ALL`` of at least ``LEAST_HASHES``
hashes of a set: tools have written one wrong value beside every file. A much-copied picture has
one hash and many digests, and leaving it out would miss just what is circulated most; a short
list may well be about one such picture.
"""

LEAST_HASHES = 100
"""In a shorter list no perceptual hash is taken for a defect because it is repeated."""

ALMOST_ALL = 0.9
"""The part of a set's perceptual hashes above which one value is taken for a defect."""

_EMPTY = (
    *(hashlib.new(name).digest() for name in ("md5", "sha1", "sha256", "sha384", "sha512")),
    bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0"),  # MD4, and so ed2k
    bytes.fromhex("5d9ed00a030e638bdb753a6a24fb900e5a63b8e73e6c25b6"),  # Tiger of one zero byte
)
"""What each algorithm gives for no bytes; AICH gives the SHA-1, a pieces root the SHA-256."""

_NEVER = {
    **{b"\x00" * one.size: Quarantine.CONSTANT for one in Algorithm},
    **{b"\xff" * one.size: Quarantine.CONSTANT for one in Algorithm},
    **dict.fromkeys(_EMPTY, Quarantine.EMPTY_FILE),
}

_KNOWN_WRONG = frozenset({"7eabb1be97dfe072522e0f4ca8751d356e6b94a1e10b413a7922ccd7a0267dee"})
"""SHA-256 of PhotoDNA values that tools have written in place of each picture's own."""


def digest_reason(digest: Digest) -> Quarantine | None:
    """Say why a digest must never match: the empty file, or all bits 0 or 1."""
    return _NEVER.get(digest.value)


def value_reason(value: bytes) -> Quarantine | None:
    """As :func:`digest_reason`, for the value alone."""
    return _NEVER.get(value)


def perceptual_reason(hashed: PerceptualHash) -> Quarantine | None:
    """Say why a perceptual hash must never match.

    It is a constant, a value that some exports wrongly carry in every record, or of a stated low
    quality. A constant is one byte repeated; of 64 bits only none or all: a repeated byte there
    stands for pictures that are dark on one side.
    """
    value = hashed.value
    if value == value[:1] * len(value) and (len(value) > 8 or value[0] in {0x00, 0xFF}):
        return Quarantine.CONSTANT
    if hashed.method is Method.PHOTODNA and hashlib.sha256(value).hexdigest() in _KNOWN_WRONG:
        return Quarantine.KNOWN_WRONG
    if hashed.quality is not None and hashed.quality < LEAST_QUALITY:
        return Quarantine.LOW_QUALITY
    return None


def suspects(algorithm: Algorithm) -> frozenset[bytes]:
    """Give every value of an algorithm that must never match."""
    return frozenset(value for value in _NEVER if len(value) == algorithm.size)
