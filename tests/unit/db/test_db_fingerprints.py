import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.cmac import CMAC

from hashmatch.db.fingerprints import Fingerprints, _Mac
from hashmatch.model.hashes import Algorithm, Digest


def derive(purpose):
    return hashlib.sha256(purpose.encode()).digest()


def reference(key, value):
    mac = CMAC(AES256(key))
    mac.update(value)
    return int.from_bytes(mac.finalize()[:8])


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_fingerprint_is_the_start_of_the_cmac_one_by_one_and_at_once(algorithm):
    values = [hashlib.shake_128(bytes([n])).digest(algorithm.size) for n in range(50)]
    values += [bytes(algorithm.size), b"\xff" * algorithm.size]
    made = Fingerprints(derive)
    expected = [reference(derive(f"fingerprint {algorithm}"), value) for value in values]
    assert [made.of(Digest(algorithm, value)) for value in values] == expected
    assert made.of_many(algorithm, b"".join(values)).tolist() == expected
    assert made.of_many(algorithm, b"").tolist() == []


@pytest.mark.parametrize("size", range(1, 70))
def test_every_length_gives_the_cmac(size):
    key, values = derive("k"), hashlib.shake_128(b"v").digest(3 * size)
    mac = _Mac(key, size)
    each = [values[at : at + size] for at in range(0, 3 * size, size)]
    expected = [reference(key, value) for value in each]
    assert [mac.one(value) for value in each] == expected
    assert mac.many(values).tolist() == expected


def test_equal_values_of_different_algorithms_have_different_fingerprints():
    made, value = Fingerprints(derive), bytes(range(20))
    found = {made.of(Digest(one, value)) for one in Algorithm if one.size == 20}
    assert len(found) == 3
