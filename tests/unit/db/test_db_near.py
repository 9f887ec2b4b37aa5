import struct

import numpy as np
import pytest

from hashmatch.db import near, near_lay_out
from hashmatch.db.near_build import NearBuilder
from hashmatch.db.near_lay_out import Entries, LaidOut
from hashmatch.db.radii import DEFAULT, GREATEST
from hashmatch.db.sealed import SealedWriter
from hashmatch.errors import HashSetError, UsageError
from hashmatch.model.hashes import Method

KEY = bytes(range(32))


def index(values, records=None, quality=None):
    count = len(values)
    hashes = np.array([list(one) for one in values], np.uint8).reshape(count, 32)
    record = np.array(records if records is not None else range(count), np.uint32)
    stated = np.array(quality if quality is not None else [255] * count, np.uint8)
    return opened(LaidOut(Method.PDQ, Entries(hashes, record, stated)))


def content(laid_out):
    return b"".join(laid_out.parts())


def opened(laid_out):
    return near.Index(laid_out.layout.method, content(laid_out))


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
    entries = Entries(
        queries(BASE, flipped(BASE, 9)), np.array([1, 2], np.uint32), np.array([255, 60], np.uint8)
    )
    near.write(tmp_path / "n", KEY, Method.PDQ, LaidOut(Method.PDQ, entries))
    assert rows(near.read(tmp_path / "n", KEY, Method.PDQ).search(queries(BASE), 31)) == [
        (0, 1, 0, -1),
        (0, 2, 9, 60),
    ]
    assert BASE not in (tmp_path / "n").read_bytes()


def test_an_index_larger_than_one_chunk_comes_back_whole(tmp_path):
    values = np.random.default_rng(1).integers(0, 256, (40_000, 32), np.uint8)
    numbers, stated = np.arange(40_000, dtype=np.uint32), np.full(40_000, 255, np.uint8)
    laid_out = LaidOut(Method.PDQ, Entries(values, numbers, stated))
    assert laid_out.layout.size > near.CHUNK_BYTES
    near.write(tmp_path / "n", KEY, Method.PDQ, laid_out)
    built = near.read(tmp_path / "n", KEY, Method.PDQ)
    asked = values[[0, 20_000, 39_999]]
    assert rows(built.search(asked, 0)) == [(0, 0, 0, -1), (1, 20_000, 0, -1), (2, 39_999, 0, -1)]


def test_an_index_of_another_length_than_it_states_is_refused():
    entries = Entries(queries(BASE), np.array([1], np.uint32), np.array([255], np.uint8))
    whole = content(LaidOut(Method.PDQ, entries))
    for wrong in (whole[:-1], whole + b"\0"):
        with pytest.raises(HashSetError, match="not of the length"):
            near.Index(Method.PDQ, wrong)


@pytest.mark.parametrize("more", [b"", b"\0"])
def test_a_sealed_index_longer_or_shorter_than_it_states_is_refused(tmp_path, more):
    entries = Entries(queries(BASE), np.array([1], np.uint32), np.array([255], np.uint8))
    whole = content(LaidOut(Method.PDQ, entries))
    sealed = SealedWriter(tmp_path / "n", KEY, Method.PDQ.encode())
    sealed.add(whole[:200])
    sealed.add(whole[200:] + more if more else whole[200:-1])
    sealed.finish()
    with pytest.raises(HashSetError, match="not of the length"):
        near.read(tmp_path / "n", KEY, Method.PDQ)


def test_an_index_of_another_layout_is_refused():
    entries = Entries(queries(BASE), np.array([1], np.uint32), np.array([255], np.uint8))
    whole = content(LaidOut(Method.PDQ, entries))
    for wrong in (b"", whole[:100], struct.pack("<QQ", 1, 1) + whole[16:]):
        with pytest.raises(HashSetError, match="another layout; import the list again"):
            near.Index(Method.PDQ, wrong)
    many = whole[:32] + struct.pack("<Q", 23) + whole[40:]
    with pytest.raises(HashSetError, match="too many slots"):
        near.Index(Method.PDQ, many)


def builder(*entries, dead=None):
    built = NearBuilder(Method.PDQ)
    for value, record, file in entries:
        built.add(value, record, None, file)
    return built.finish(dead)


def test_a_hash_beside_almost_all_files_of_a_long_list_is_left_out():
    done = builder(*((BASE, n, n + 1) for n in range(99)), (flipped(BASE, 1), 200, 200))
    assert (done.entries, done.distinct, done.repeated) == (1, 1, 99)
    assert (done.left_out.tolist(), done.kept.tolist()) == (list(range(99)), [200])
    assert rows(opened(done.content).search(queries(BASE), 31)) == [(0, 200, 1, -1)]


@pytest.mark.parametrize(("copies", "others"), [(99, 0), (90, 10), (900, 100)])
def test_a_hash_of_a_short_list_or_of_nine_in_ten_stays(copies, others):
    mine = [(BASE, n, n + 1) for n in range(copies)]
    done = builder(*mine, *((n.to_bytes(32), n, n + 1) for n in range(copies, copies + others)))
    assert (done.entries, done.repeated) == (copies + others, 0)


def test_a_hash_shared_by_four_files_stays_however_often_they_are_listed():
    done = builder(*((BASE, n, n % 4 + 1) for n in range(200)))
    assert (done.entries, done.distinct, done.repeated) == (200, 1, 0)


def test_a_picture_with_many_copies_among_others_stays():
    copies = [(BASE, n, n + 1) for n in range(50)]
    others = [(flipped(BASE, n + 1), 50 + n, 60 + n) for n in range(50)]
    done = builder(*copies, *others)
    assert (done.entries, done.repeated) == (100, 0)


def test_records_that_name_no_file_are_not_taken_for_different_files():
    done = builder(*((BASE, n, 0) for n in range(20)))
    assert (done.entries, done.repeated) == (20, 0)


def test_records_that_do_not_count_are_not_counted_among_the_files():
    dead = np.array([True] * 3 + [False] * 4)
    done = builder(*((BASE, n, n + 1) for n in range(7)), dead=dead)
    assert (done.entries, done.repeated, done.kept.tolist()) == (4, 0, [3, 4, 5, 6])


def test_different_hashes_with_one_sorting_number_are_told_apart(monkeypatch):
    monkeypatch.setattr(near_lay_out, "_changes", lambda numbers: 0)  # as if all numbers were equal
    built = index([BASE, flipped(BASE, 3), BASE], [7, 2, 4])
    assert rows(built.search(queries(BASE), 3)) == [(0, 2, 3, -1), (0, 4, 0, -1), (0, 7, 0, -1)]


def of_method(method, values):
    hashes = np.frombuffer(b"".join(values), np.uint8).reshape(-1, method.size)
    record = np.arange(len(values), dtype=np.uint32)
    entries = Entries(hashes, record, np.full(len(values), 255, np.uint8))
    return opened(LaidOut(method, entries))


@pytest.mark.parametrize("method", [Method.PHASH, Method.DHASH, Method.AHASH])
def test_64_bits_are_compared_by_their_distance_in_bits(method):
    values = [bytes(8), b"\x01" + bytes(7), b"\xff" * 8]
    found = of_method(method, values).search(np.zeros((1, 8), np.uint8), 63)
    assert rows(found) == [(0, 0, 0, -1), (0, 1, 1, -1)]
    assert len(of_method(method, values).search(np.zeros((1, 8), np.uint8), 64).record) == 3


def test_photodna_is_compared_by_the_sum_of_squares_up_to_the_greatest():
    size = Method.PHOTODNA.size
    values = [bytes(size), b"\x02" + bytes(size - 1), b"\xff" * size]
    built = of_method(Method.PHOTODNA, values)
    asked = np.zeros((1, size), np.uint8)
    assert rows(built.search(asked, 4)) == [(0, 0, 0, -1), (0, 1, 4, -1)]
    assert rows(built.search(asked, 3)) == [(0, 0, 0, -1)]
    greatest = size * 255**2
    assert GREATEST[Method.PHOTODNA] == greatest
    assert rows(built.search(asked, greatest))[-1] == (0, 2, greatest, -1)
    assert len(built.search(asked, greatest - 1).record) == 2


def test_every_method_has_a_usual_radius_below_its_greatest():
    assert list(DEFAULT) == list(GREATEST) == list(Method)
    assert all(DEFAULT[one] < GREATEST[one] // 4 for one in Method)
