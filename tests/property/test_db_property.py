"""The library against the simplest thing that could be right: dictionaries and brute force."""

from __future__ import annotations

import struct
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.db import near
from hashmatch.db.exact import ExactIndex
from hashmatch.db.records import RecordStore, RecordWriter
from hashmatch.db.sealed import SealedFile, SealedWriter
from hashmatch.db.sorting import ExactBuilder
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord

KEY = bytes(range(32))

# few distinct halves, so that equal values and equal leading halves are the rule
halves = st.sampled_from([0, 1, 2, 255, 256, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(0, 7)
fingerprints = st.tuples(halves, halves).map(lambda pair: struct.pack("<2Q", *pair))


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(fingerprints, st.integers(0, 2**32 - 1) | st.integers(0, 5))),
    others=st.lists(fingerprints),
    run_rows=st.integers(1, 20),
)
def test_an_exact_look_up_answers_like_a_dictionary(rows, others, run_rows):
    oracle = defaultdict(set)
    for fingerprint, record in rows:
        oracle[fingerprint].add(record)
    with tempfile.TemporaryDirectory() as folder:
        builder = ExactBuilder(Path(folder) / "i", run_rows)
        for row in rows:
            builder.add(*row)
        builder.finish()
        index = ExactIndex(Path(folder) / "i")
        asked = [*oracle, *others]
        assert index.find(asked) == [sorted(oracle.get(one, ())) for one in asked]
        assert [index.find([one])[0] for one in asked] == index.find(asked)
        assert index.ordered
        index.close()


def rows(hits):
    columns = (hits.query.tolist(), hits.record.tolist(), hits.distance.tolist())
    return list(zip(*columns, strict=True))


def brute_force(values, queries, radius):
    found = []
    for i, query in enumerate(queries):
        for record, value in enumerate(values):
            distance = int(np.unpackbits(np.bitwise_xor(query, value)).sum())
            if distance <= radius:
                found.append((i, record, distance))
    return sorted(found)


def collection(kind, count, chance):
    """Hashes of one kind, and queries at, just inside and just outside many distances."""
    values = chance.integers(0, 256, (count, 32), np.uint8)
    if kind == "clustered":
        values = np.repeat(values[: count // 8 + 1], 8, axis=0)[:count]
        values[:, chance.integers(0, 32)] ^= chance.integers(0, 4, len(values), np.uint8)
    if kind == "duplicates":
        values = values[chance.integers(0, max(1, count // 4), count)] if count else values
    queries = [chance.integers(0, 256, 32, np.uint8) for _ in range(3)]
    for value in values[:6]:
        for distance in (0, 1, 30, 31, 32, 33, 128, 255, 256):
            bits = np.unpackbits(value)
            bits[chance.permutation(256)[:distance]] ^= 1
            queries.append(np.packbits(bits))
    return values, np.array(queries, np.uint8)


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(["random", "clustered", "duplicates"]),
    count=st.sampled_from([0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 64]),
    radius=st.sampled_from([0, 1, 30, 31, 32, 64, 127, 128, 255, 256]),
    seed=st.integers(0, 2**32),
)
def test_a_near_search_finds_what_brute_force_finds(kind, count, radius, seed):
    values, queries = collection(kind, count, np.random.default_rng(seed))
    expected = brute_force(values, queries, radius)
    record, quality = np.arange(count, dtype=np.uint32), np.full(count, 255, np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        near.write(Path(folder) / "n", KEY, near.content(values, record, quality))
        hits = near.read(Path(folder) / "n", KEY).search(queries, radius)
    assert rows(hits) == expected


@pytest.mark.parametrize("count", [near._STEP - 1, near._STEP, near._STEP + 1, 2 * near._STEP + 1])
def test_a_near_search_leaves_nothing_out_between_steps(count):
    chance = np.random.default_rng(count)
    values = chance.integers(0, 256, (count, 32), np.uint8)
    picked = np.array([0, 1, count // 2, near._STEP - 2, count - 2, count - 1])
    queries = values[picked] ^ np.array([0x55] + [0] * 31, np.uint8)  # four bits away
    content = near.content(values, np.arange(count), np.full(count, 255))
    hits = near.ScanIndex(content).search(queries, 31)
    assert rows(hits) == [(i, int(row), 4) for i, row in enumerate(picked)]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
digest = st.sampled_from(list(Algorithm)).flatmap(
    lambda a: st.builds(Digest, st.just(a), st.binary(min_size=a.size, max_size=a.size))
)
perceptual = st.builds(
    PerceptualHash,
    st.just(Method.PDQ),
    st.binary(min_size=32, max_size=32),
    st.none() | st.integers(0, 100),
)
hash_record = st.builds(
    HashRecord,
    place=st.integers(1),
    digests=st.lists(digest, max_size=4).map(tuple),
    perceptual=st.lists(perceptual, max_size=2).map(tuple),
    entry=st.none() | st.text(),
    category=st.none() | st.text(),
    size=st.none() | st.integers(0),
    other=st.lists(st.text(), max_size=2).map(tuple),
    fields=st.dictionaries(st.text(), json_values, max_size=4),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(hash_record, min_size=1, max_size=80))
def test_records_come_back_whole_and_never_stand_in_the_clear(records):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r"
        writer = RecordWriter(path, KEY)
        for one in records:
            writer.add(one, 3)
        writer.finish()
        store = RecordStore(path, KEY, len(records))
        for number, one in enumerate(records):
            back = store[number]
            assert (back.number, back.file, back.place) == (number, 3, one.place)
            assert (back.digests, back.perceptual) == (one.digests, one.perceptual)
            assert (back.entry, back.category, back.size) == (one.entry, one.category, one.size)
            assert (back.other, back.fields) == (one.other, one.fields)
        store.close()
        stored = path.read_bytes()
        for one in records:
            assert not any(d.value in stored or d.hex.encode() in stored for d in one.digests)
            assert not any(p.value in stored for p in one.perceptual)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5), st.data())
def test_any_change_of_a_sealed_file_is_noticed(chunks, data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        writer = SealedWriter(path, KEY, b"kind")
        for chunk in chunks:
            writer.add(chunk)
        writer.finish()
        sound = bytearray(path.read_bytes())
        sound[data.draw(st.integers(0, len(sound) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(sound)
        with pytest.raises(HashSetError):
            sealed = SealedFile(path, KEY, b"kind")
            try:
                for number in range(len(sealed)):
                    sealed.chunk(number)
            finally:
                sealed.close()
