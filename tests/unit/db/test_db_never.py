import hashlib
import json
import os
from pathlib import Path

import pytest

from hashmatch.db import never
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import Quarantine

MADE_UP = {one: hashlib.shake_128(b"x").digest(one.size) for one in Algorithm}
NOTHING = {
    Algorithm.MD5: "d41d8cd98f00b204e9800998ecf8427e",
    Algorithm.SHA1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    Algorithm.SHA256: hashlib.sha256().hexdigest(),
    Algorithm.SHA384: hashlib.sha384().hexdigest(),
    Algorithm.SHA512: hashlib.sha512().hexdigest(),
    Algorithm.ED2K: "31d6cfe0d16ae931b73c59d7e0c089c0",
    Algorithm.AICH: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    Algorithm.TTH: "5d9ed00a030e638bdb753a6a24fb900e5a63b8e73e6c25b6",
}


@pytest.mark.parametrize("algorithm", NOTHING)
def test_the_empty_file_never_matches(algorithm):
    empty = Digest.parse(algorithm, NOTHING[algorithm])
    assert never.digest_reason(empty) is Quarantine.EMPTY_FILE
    assert never.value_reason(empty.value) is Quarantine.EMPTY_FILE


@pytest.mark.parametrize("algorithm", Algorithm)
def test_constants_never_match_and_ordinary_digests_do(algorithm):
    for byte in (b"\x00", b"\xff"):
        assert never.digest_reason(Digest(algorithm, byte * algorithm.size)) is Quarantine.CONSTANT
        assert byte * algorithm.size in never.suspects(algorithm)
    assert never.digest_reason(Digest(algorithm, MADE_UP[algorithm])) is None
    assert never.digest_reason(Digest(algorithm, b"\x01" * algorithm.size)) is None


def test_the_empty_files_of_the_sample_vectors_never_match():
    vectors = (
        Path(os.environ.get("HASHMATCH_SAMPLES", "../shared")) / "samples/synthetic/vectors.json"
    )
    if not vectors.is_file():
        pytest.skip("the samples are not here; set HASHMATCH_SAMPLES")
    text = json.dumps(json.loads(vectors.read_text(encoding="utf-8"))).lower()
    published = [value for value in NOTHING.values() if value in text]
    assert len(published) >= 4


@pytest.mark.parametrize("method", [Method.PDQ, Method.VPDQ, Method.PHOTODNA])
@pytest.mark.parametrize("byte", [0x00, 0xFF, 0xAA])
def test_a_long_perceptual_hash_of_one_byte_never_matches(method, byte):
    hashed = PerceptualHash(method, bytes([byte]) * method.size, 100)
    assert never.perceptual_reason(hashed) is Quarantine.CONSTANT


@pytest.mark.parametrize("method", [Method.PHASH, Method.DHASH, Method.AHASH])
def test_of_64_bits_only_none_and_all_never_match(method):
    for byte, reason in ((0x00, Quarantine.CONSTANT), (0xFF, Quarantine.CONSTANT), (0x0F, None)):
        assert never.perceptual_reason(PerceptualHash(method, bytes([byte]) * 8)) is reason


def test_a_value_known_to_be_wrong_in_many_exports_never_matches(monkeypatch):
    value = bytes(range(144))
    known = frozenset({hashlib.sha256(value).hexdigest()})
    assert never.perceptual_reason(PerceptualHash(Method.PHOTODNA, value)) is None
    monkeypatch.setattr(never, "_KNOWN_WRONG", known)
    assert never.perceptual_reason(PerceptualHash(Method.PHOTODNA, value)) is Quarantine.KNOWN_WRONG
    assert never.perceptual_reason(PerceptualHash(Method.PDQ, value[:32])) is None


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
