"""What a scan cannot compare is counted from the manifest, or from the store where it must be."""

import pytest

from hashmatch.db import uncompared
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord
from tests.library_maker import description, digests, install, make_library, record

MD5_ALONE = frozenset({"md5"})
EMPTY = Digest.parse(Algorithm.MD5, "d41d8cd98f00b204e9800998ecf8427e")


def photodna(number):
    return PerceptualHash(Method.PHOTODNA, bytes([number + 1, *range(1, 144)]))


def only(number, **kwargs):
    return HashRecord(number + 1, perceptual=(photodna(number),), **kwargs)


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path)


def counted(library, events, computed=MD5_ALONE, **stated):
    manifest = install(library, events, description(**stated))
    with library.open_set(manifest.version) as installed:
        return uncompared.records(installed, computed)


def test_a_set_of_compared_kinds_misses_only_records_that_match_nothing(library):
    events = [record(n, digests=digests(n, Algorithm.MD5)) for n in range(3)]
    assert counted(library, events) == 0
    assert counted(library, [*events, HashRecord(9, other=("tlsh",))]) == 1


def test_a_set_without_any_compared_kind_misses_all(library):
    assert counted(library, [only(n) for n in range(3)]) == 3


def test_a_record_with_another_hash_that_is_compared_is_not_missed(library):
    both = record(1, digests=digests(1, Algorithm.MD5), perceptual=(photodna(1),))
    events = [both, only(2), only(3), HashRecord(4, other=("tlsh",))]
    assert counted(library, events) == 3
    assert counted(library, [both, both]) == 0


def test_a_hash_that_must_never_match_does_not_count_as_compared(library):
    spoilt = HashRecord(1, (EMPTY,), (photodna(1),))
    sound = record(2, digests=digests(2, Algorithm.MD5))
    assert counted(library, [spoilt, sound]) == 1
    assert counted(library, [HashRecord(1, (EMPTY,)), only(3), sound]) == 1


def test_records_that_were_replaced_are_not_counted(library):
    sound = record(2, digests=digests(2, Algorithm.MD5))
    again = [only(n, entry="one", updated=float(n)) for n in range(3)]
    assert counted(library, [sound, *again]) == 1
