"""Every way of searching a near index against brute force: nothing missed, nothing added."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.db import near, near_plan, near_scan, near_slots, near_squares
from hashmatch.db.anonymous import memory
from hashmatch.db.near_flat import Faiss, Flat
from hashmatch.db.near_lay_out import Entries, LaidOut
from hashmatch.db.near_slots import Slots
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Method

KEY = bytes(range(32))
KINDS = ("random", "equal", "clustered", "duplicates", "alike in one slot")
COUNTS = (0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 64, 255, 256)
CHEAP = 34
"""Up to this radius few enough keys lie around a query to look at all of them in a test."""


def rows(hits):
    columns = (hits.query.tolist(), hits.record.tolist(), hits.distance.tolist())
    return list(zip(*columns, strict=True))


def brute_force(values, queries, radius):
    bits, asked = (np.unpackbits(one, axis=1).astype(np.int32) for one in (values, queries))
    distance = (asked[:, None] != bits[None]).sum(axis=2)
    query, row = np.nonzero(distance <= radius)
    return list(zip(query.tolist(), row.tolist(), distance[query, row].tolist(), strict=True))


def collection(kind, size, count, chance):
    """Hashes of one kind, and queries at, just inside and just outside many distances."""
    values = chance.integers(0, 256, (count, size), np.uint8)
    if kind == "equal" and count:
        values[:] = values[0]
    if kind == "clustered":
        values = np.repeat(values[: count // 8 + 1], 8, axis=0)[:count]
        values[:, chance.integers(0, size)] ^= chance.integers(0, 4, len(values), np.uint8)
    if kind == "duplicates":
        values = values[chance.integers(0, max(1, count // 4), count)] if count else values
    if kind == "alike in one slot":
        values[:, : size // 3] = 0x5A
    queries = [chance.integers(0, 256, size, np.uint8) for _ in range(3)]
    for value in values[:6]:
        for distance in (0, 1, 7, 8, 9, 10, 11, 30, 31, 32, 33, 4 * size, 8 * size - 1, 8 * size):
            bits = np.unpackbits(value)
            bits[chance.permutation(8 * size)[:distance]] ^= 1
            queries.append(np.packbits(bits))
    return values, np.array(queries, np.uint8)


def stored(method, values, number):
    """Seal an index with so many slots and open it again."""
    count = len(values)
    entries = Entries(values, np.arange(count, dtype=np.uint32), np.full(count, 255, np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        near.write(Path(folder) / "n", KEY, method, LaidOut(method, entries, number))
        return near.read(Path(folder) / "n", KEY, method)


def always(index, *, slots):
    """Let an index use its slots, or compare in full, whatever is faster."""
    index.in_a_row = float("inf") if slots else 0
    return index


NARROW = [(Method.PDQ, 16), (Method.BLOCKMEAN, 20), (Method.PHASH, 4), (Method.DHASH, 6)]
"""Slots narrow enough that their marks are quickly written."""


@settings(deadline=None, max_examples=150)
@given(
    kind=st.sampled_from(KINDS),
    count=st.sampled_from(COUNTS),
    slots_of=st.sampled_from([*NARROW, (Method.PDQ, None), (Method.PHASH, None)]),
    slots=st.booleans(),
    radius=st.integers(0, 34) | st.sampled_from([63, 64, 127, 128, 255, 256]),
    seed=st.integers(0, 2**32),
)
def test_a_near_search_finds_what_brute_force_finds(kind, count, slots_of, slots, radius, seed):
    method, number = slots_of
    radius = min(radius, 8 * method.size)
    values, queries = collection(kind, method.size, count, np.random.default_rng(seed))
    index = always(stored(method, values, number), slots=slots and radius <= CHEAP)
    assert rows(index.search(queries, radius)) == brute_force(values, queries, radius)


@pytest.mark.parametrize("radius", range(36))
@pytest.mark.parametrize("number", [10, 11, 12])
def test_the_slots_of_large_indexes_miss_nothing_at_any_radius(number, radius):
    _, queries = INDEXED[0]
    index = always(large(number), slots=True)
    assert rows(index.search(queries, radius)) == [one for one in INDEXED[1] if one[2] <= radius]


def _indexed():
    values, queries = collection("clustered", 32, 100, np.random.default_rng(7))
    return (values, queries), brute_force(values, queries, 36)


INDEXED = _indexed()
_LARGE = {}


def large(number):
    """An index with the slots of a large one; its marks alone take seconds to write."""
    if number not in _LARGE:
        _LARGE[number] = stored(Method.PDQ, INDEXED[0][0], number)
    return _LARGE[number]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("least", "share"), [(0, 1 << 20), (3, 1), (1 << 14, 32)])
def test_queries_with_too_many_candidates_are_compared_in_full(kind, least, share, monkeypatch):
    monkeypatch.setattr(Slots, "least_shared", least)
    monkeypatch.setattr(near_slots, "_SHARE", share)
    monkeypatch.setattr(near_slots, "_QUERIES", 5)
    monkeypatch.setattr(near_slots, "_CANDIDATES", 7)
    values, queries = collection(kind, 32, 60, np.random.default_rng(3))
    index = always(stored(Method.PDQ, values, 16), slots=True)
    assert rows(index.search(queries, 31)) == brute_force(values, queries, 31)


def test_faiss_finds_the_same():
    faiss = pytest.importorskip("faiss", reason="faiss-cpu is not installed")
    for method, kind in ((Method.PDQ, "clustered"), (Method.PHASH, "equal")):
        values, queries = collection(kind, method.size, 64, np.random.default_rng(5))
        searcher = Faiss(faiss, values.view("<u8"))
        for radius in (0, 1, 31, 32, 8 * method.size - 1, 8 * method.size):
            assert triples(searcher, queries, radius) == brute_force(values, queries, radius)


def test_faiss_in_blocks_finds_the_same(monkeypatch):
    faiss = pytest.importorskip("faiss", reason="faiss-cpu is not installed")
    monkeypatch.setattr("hashmatch.db.near_flat._QUERIES", 7)
    monkeypatch.setattr("hashmatch.db.near_flat._STEP", 10)
    values, queries = collection("clustered", 32, 64, np.random.default_rng(5))
    searcher = Faiss(faiss, values.view("<u8"))
    assert triples(searcher, queries, 31) == brute_force(values, queries, 31)


def test_without_faiss_the_same_is_found(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    monkeypatch.setattr(near_scan, "STEP", 10)
    values, queries = collection("duplicates", 32, 64, np.random.default_rng(5))
    flat = Flat(values.view("<u8"))
    for radius in (0, 31, 128, 255, 256):
        assert triples(flat, queries, radius) == brute_force(values, queries, radius)
    assert isinstance(flat._searcher, near_scan.Rows)


def triples(searcher, queries, radius):
    pairs = searcher.within(queries, radius)
    return sorted(zip(*(column.tolist() for column in pairs), strict=True))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    count=st.sampled_from([0, 1, 2, 64, 200]),
    radius=st.sampled_from(
        [0, 0, 1, 2, 143, 144, 500, 39_999, 40_000, 40_001, 2_000_000, 9_363_600]
    ),
)
def test_photodna_values_are_found_as_by_brute_force(seed, count, radius, monkeypatch_step):
    chance = np.random.default_rng(seed)
    values = chance.integers(0, 256, (count, 144), np.uint8)
    values[count // 2 :] //= 8  # of very different lengths
    values[count // 3 : count // 2] = values[: count // 2 - count // 3, ::-1]  # of equal ones
    queries = [*values[-3:], chance.integers(0, 256, 144, np.uint8), np.zeros(144, np.uint8)]
    for value in values[:5]:
        for step in (1, 16, 17):  # 17² x 144 is above 40,000, 16² x 144 below
            near_one = np.clip(value.astype(int) + chance.choice([-step, step], 144), 0, 255)
            queries.append(near_one.astype(np.uint8))
    asked = np.array(queries, np.uint8)
    differences = asked[:, None].astype(np.int64) - values[None]
    distance = (differences**2).sum(axis=2)
    query, row = np.nonzero(distance <= radius)
    expected = list(zip(query.tolist(), row.tolist(), distance[query, row].tolist(), strict=True))
    assert rows(stored(Method.PHOTODNA, values, None).search(asked, radius)) == expected


@pytest.fixture(scope="module")
def monkeypatch_step():
    """Compare few PhotoDNA values at a time, so that steps are left out."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(near_squares, "STEP", 8)
        patched.setattr(near_squares, "_PAIRS", 3)
        yield


@pytest.mark.parametrize("count", [near_scan.STEP - 1, near_scan.STEP, 2 * near_scan.STEP + 1])
def test_a_near_search_leaves_nothing_out_between_steps(count):
    chance = np.random.default_rng(count)
    values = chance.integers(0, 256, (count, 32), np.uint8)
    picked = np.array([0, 1, count // 2, near_scan.STEP - 2, count - 2, count - 1])
    queries = values[picked] ^ np.array([0x55] + [0] * 31, np.uint8)  # four bits away
    for number in (0, 16):
        hits = stored(Method.PDQ, values, number).search(queries, 31)
        assert rows(hits) == [(i, int(row), 4) for i, row in enumerate(picked)]


@pytest.mark.parametrize("bits", [64, 256])
@pytest.mark.parametrize("hashes", [1, 50_001, 10**6, 10**7, 10**8])
def test_slots_are_disjoint_and_looked_at_far_enough(bits, hashes):
    usual = 8 if bits == 64 else 31
    slots = near_plan.slots(bits, hashes, usual)
    covered = [bit for first, width in slots for bit in range(first, first + width)]
    assert len(covered) == len(set(covered))
    assert set(covered) <= set(range(bits))
    for radius in range(usual * 2):
        radii, cost = near_plan.radii(tuple(slot.width for slot in slots), hashes, radius)
        assert sum(one + 1 for one in radii) > radius
        assert 0 < cost < float("inf")


@pytest.mark.parametrize("number", [10, 11, 12, 16])
def test_the_farthest_hash_is_found_however_its_bits_lie(number):
    """Each slot in turn is the only one near enough, and differs by as much as it may."""
    value = np.random.default_rng(9).integers(0, 256, 32, np.uint8)
    entries = Entries(value[None], np.zeros(1, np.uint32), np.zeros(1, np.uint8))
    laid_out = LaidOut(Method.PDQ, entries, number)
    slots = laid_out.layout.slots
    radii, _ = near_plan.radii(tuple(slot.width for slot in slots), 1, 31)
    index = always(near.Index(Method.PDQ, b"".join(laid_out.parts())), slots=True)
    for last in range(number):
        changed = 0
        for at, (slot, radius) in enumerate(zip(slots, radii, strict=True)):
            for bit in range(radius + (at != last)):
                changed |= 1 << slot.first + (slot.width - 1 if bit else 0) - bit
        distance = changed.bit_count()
        query = np.frombuffer(changed.to_bytes(32, "little"), np.uint8) ^ value
        hits = index.search(query[None], 31)
        assert distance <= 31
        assert rows(hits) == [(0, 0, distance)]


@pytest.mark.parametrize(("width", "radius"), [(6, 0), (6, 3), (9, 2), (10, 7), (8, 8)])
def test_the_keys_around_a_key_are_those_within_the_radius(width, radius):
    changes, parts = near_plan.flips(width, radius)
    within = near_plan.marks_within()
    key = 0b1011010110 & (1 << width) - 1
    found = set()
    for begin, end, left in parts:
        for change in changes[begin:end].tolist():
            word = int(within[left][key & 63])
            high = (key >> 6 ^ change) << 6
            found |= {high | place for place in range(64) if word >> place & 1}
    assert found == {other for other in range(1 << width) if (other ^ key).bit_count() <= radius}


def test_a_large_index_altered_or_cut_is_refused(tmp_path):
    values, _ = collection("random", 32, 300, np.random.default_rng(1))
    entries = Entries(values, np.arange(300, dtype=np.uint32), np.full(300, 255, np.uint8))
    path = tmp_path / "n"
    near.write(path, KEY, Method.PDQ, LaidOut(Method.PDQ, entries, 16))
    whole = path.read_bytes()
    for at in (40, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(HashSetError, match="altered, cut short"):
            near.read(path, KEY, Method.PDQ)
    path.write_bytes(whole[:-1])
    with pytest.raises(HashSetError, match="altered, cut short"):
        near.read(path, KEY, Method.PDQ)


def test_memory_is_given_where_the_kernel_knows_no_such_advice(monkeypatch):
    monkeypatch.setattr("mmap.MADV_HUGEPAGE", 9999, raising=False)
    monkeypatch.delattr("mmap.MADV_DONTDUMP", raising=False)
    area = memory(5000)
    area[4999] = 7
    assert (len(area), area[0], area[4999]) == (5000, 0, 7)
    assert len(memory(0)) == 0
