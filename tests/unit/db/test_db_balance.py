"""SHA-256 digests are not taken for PDQ hashes."""

import hashlib

import numpy as np
import pytest

from hashmatch.db import balance
from hashmatch.errors import HashSetError
from tests.library_maker import pdq


def rows(*values):
    return np.frombuffer(b"".join(values), np.uint8).reshape(-1, 32)


def digests(count):
    return [hashlib.sha256(f"word {n}".encode()).digest() for n in range(count)]


def test_digests_that_were_stated_to_be_pdq_are_refused():
    for count in (8, 100, 70_000):
        with pytest.raises(HashSetError, match="look like SHA-256"):
            balance.check(rows(*digests(count)))


def test_too_few_values_say_nothing():
    balance.check(rows(*digests(7)))
    balance.check(np.empty((0, 32), np.uint8))


def test_pdq_hashes_pass_even_with_a_third_that_could_not_be():
    own = [pdq(n).value for n in range(40)]
    balance.check(rows(*own))
    wrong = [one for one in digests(100) if int.from_bytes(one).bit_count() > 130]
    balance.check(rows(*own, *wrong[:20]))
    with pytest.raises(HashSetError, match="21 of 61 values"):
        balance.check(rows(*own, *wrong[:21]))


def test_pictures_with_little_structure_are_no_digests():
    balance.check(rows(*[bytes([0x11]) * 32] * 50))
