import numpy as np
import pytest

from hashmatch.db import near
from hashmatch.db.near_build import NearBuilder
from hashmatch.errors import HashSetError, UsageError

KEY = bytes(range(32))


def index(values, records=None, quality=None):
    count = len(values)
    hashes = np.array([list(one) for one in values], np.uint8).reshape(count, 32)
    record = np.array(records if records is not None else range(count), np.uint32)
    stated = np.array(quality if quality is not None else [255] * count, np.uint8)
    return near.ScanIndex(near.content(hashes, record, stated))


def queries(*values):
    return np.array([list(one) for one in values], np.uint8).reshape(-1, 32)


def rows(hits):
    return list(zip(*(column.tolist() for column in hits), strict=True))


def flipped(value, bits):
    changed = int.from_bytes(value) ^ ((1 << bits) - 1)
    return changed.to_bytes(32)


BASE = bytes(range(32))


@pytest.mark.parametrize("radius", [0, 1, 31, 32, 127, 128, 129, 255, 256])
def test_the_radius_is_inclusive_and_exact_at_the_bit(radius):
    found = index([BASE]).search(queries(flipped(BASE, radius)), radius)
    assert rows(found) == [(0, 0, radius, -1)]
    if radius:
        assert rows(index([BASE]).search(queries(flipped(BASE, radius)), radius - 1)) == []


def test_the_greatest_distance_is_not_taken_for_none():
    assert rows(index([BASE]).search(queries(flipped(BASE, 256)), 0)) == []
    assert rows(index([BASE]).search(queries(flipped(BASE, 256)), 255)) == []


def test_every_record_of_an_equal_hash_is_found_with_its_quality():
    built = index([BASE, flipped(BASE, 3), BASE], [7, 2, 4], [90, 255, 50])
    assert built.entries == 3
    found = rows(built.search(queries(BASE, flipped(BASE, 3)), 3))
    assert found == [
        (0, 2, 3, -1),
        (0, 4, 0, 50),
        (0, 7, 0, 90),
        (1, 2, 0, -1),
        (1, 4, 3, 50),
        (1, 7, 3, 90),
    ]


def test_an_empty_index_and_no_query_find_nothing():
    assert rows(index([]).search(queries(BASE), 256)) == []
    assert rows(index([BASE]).search(queries(), 256)) == []


@pytest.mark.parametrize("radius", [-1, 257])
def test_a_radius_beyond_what_is_exact_is_refused(radius):
    with pytest.raises(UsageError, match="from 0 to 256"):
        index([BASE]).search(queries(BASE), radius)


def test_a_sealed_index_answers_as_before(tmp_path):
    content = near.content(queries(BASE, flipped(BASE, 9)), np.array([1, 2]), np.array([255, 60]))
    near.write(tmp_path / "n", KEY, content)
    assert rows(near.read(tmp_path / "n", KEY).search(queries(BASE), 31)) == [
        (0, 1, 0, -1),
        (0, 2, 9, 60),
    ]
    assert BASE not in (tmp_path / "n").read_bytes()


def test_an_index_larger_than_one_chunk_comes_back_whole(tmp_path):
    values = np.random.default_rng(1).integers(0, 256, (40_000, 32), np.uint8)
    content = near.content(values, np.arange(40_000), np.full(40_000, 255))
    assert len(content) > near.CHUNK_BYTES
    near.write(tmp_path / "n", KEY, content)
    built = near.read(tmp_path / "n", KEY)
    asked = values[[0, 20_000, 39_999]]
    assert rows(built.search(asked, 0)) == [(0, 0, 0, -1), (1, 20_000, 0, -1), (2, 39_999, 0, -1)]


def test_an_index_of_another_length_than_it_states_is_refused():
    content = near.content(queries(BASE), np.array([1]), np.array([255]))
    for wrong in (b"", content[:-1], content + b"\0"):
        with pytest.raises(HashSetError, match="not of the length"):
            near.ScanIndex(wrong)


def builder(*entries):
    built = NearBuilder()
    for value, record, file, sole in entries:
        built.add(value, record, None, file, sole=sole)
    return built.finish()


def test_a_hash_beside_most_of_the_files_is_left_out():
    done = builder(*((BASE, n, n + 1, False) for n in range(5)), (flipped(BASE, 1), 9, 9, False))
    assert (done.entries, done.distinct, done.repeated) == (1, 1, 5)
    assert done.emptied.tolist() == []
    assert rows(near.ScanIndex(done.content).search(queries(BASE), 31)) == [(0, 9, 1, -1)]


def test_a_hash_shared_by_four_files_stays_however_often_they_are_listed():
    done = builder(*((BASE, n, n % 4 + 1, False) for n in range(20)))
    assert (done.entries, done.distinct, done.repeated) == (20, 1, 0)


def test_a_picture_with_many_copies_among_others_stays():
    copies = [(BASE, n, n + 1, False) for n in range(50)]
    others = [(flipped(BASE, n + 1), 50 + n, 60 + n, False) for n in range(50)]
    done = builder(*copies, *others)
    assert (done.entries, done.repeated) == (100, 0)


def test_records_that_name_no_file_are_not_taken_for_different_files():
    done = builder(*((BASE, n, 0, True) for n in range(20)))
    assert (done.entries, done.repeated) == (20, 0)


def test_records_that_nothing_is_left_of_are_named():
    shared = [(BASE, n, n + 1, False) for n in range(5)]
    done = builder(*shared, (BASE, 7, 0, True), (BASE, 8, 0, True), (flipped(BASE, 1), 8, 0, True))
    assert done.emptied.tolist() == [7]
