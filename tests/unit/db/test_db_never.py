import hashlib

import pytest

from hashmatch.db import never
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import Quarantine


@pytest.mark.parametrize("algorithm", Algorithm)
def test_the_empty_file_and_constants_never_match(algorithm):
    empty = Digest(algorithm, hashlib.new(algorithm).digest())
    assert never.digest_reason(empty) is Quarantine.EMPTY_FILE
    for byte in (b"\x00", b"\xff"):
        assert never.digest_reason(Digest(algorithm, byte * algorithm.size)) is Quarantine.CONSTANT


@pytest.mark.parametrize("algorithm", Algorithm)
def test_ordinary_digests_match(algorithm):
    assert never.digest_reason(Digest(algorithm, hashlib.new(algorithm, b"x").digest())) is None
    assert never.digest_reason(Digest(algorithm, b"\x01" * algorithm.size)) is None


def test_the_empty_file_is_the_published_value():
    value = Digest.parse(Algorithm.MD5, "d41d8cd98f00b204e9800998ecf8427e")
    assert never.digest_reason(value) is Quarantine.EMPTY_FILE


@pytest.mark.parametrize("byte", [0x00, 0xFF, 0xAA])
def test_a_perceptual_hash_of_one_byte_never_matches(byte):
    hashed = PerceptualHash(Method.PDQ, bytes([byte]) * 32, 100)
    assert never.perceptual_reason(hashed) is Quarantine.CONSTANT


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (0, Quarantine.LOW_QUALITY),
        (49, Quarantine.LOW_QUALITY),
        (50, None),
        (100, None),
        (None, None),
    ],
)
def test_low_quality_never_matches_and_unknown_quality_does(quality, reason):
    hashed = PerceptualHash(Method.PDQ, bytes(range(32)), quality)
    assert never.perceptual_reason(hashed) is reason
