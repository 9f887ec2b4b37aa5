"""The library against the simplest thing that could be right: dictionaries and brute force."""

from __future__ import annotations

import base64
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.db.exact import ExactIndex, bits_for
from hashmatch.db.records import RecordStore, RecordWriter, as_read
from hashmatch.db.sealed import SealedFile, SealedWriter
from hashmatch.db.sorting import ExactBuilder
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import FLAGS, HashRecord, RecordBatch

KEY = bytes(range(32))

# few distinct values and equal leading bits, so that neighbours and repeats are the rule
fingerprints = (
    st.sampled_from([0, 1, 255, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1])
    | st.integers(0, 7).map(lambda n: n << 40)
    | st.integers(0, 2**64 - 1)
)
numbers = st.integers(0, 2**32 - 1) | st.integers(0, 5)


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(fingerprints, numbers), max_size=200),
    others=st.lists(fingerprints),
    run_rows=st.integers(1, 20),
)
def test_an_exact_look_up_answers_like_a_dictionary(rows, others, run_rows):
    """Only the first 32 bits and those of the bucket count: others may answer as well."""
    bits = bits_for(len(rows)) + 32
    oracle = defaultdict(set)
    for fingerprint, record in rows:
        oracle[fingerprint >> (64 - bits)].add(record)
    with tempfile.TemporaryDirectory() as folder:
        builder = ExactBuilder(Path(folder) / "i", run_rows)
        for fingerprint, record in rows:
            builder.add(np.array([fingerprint], np.uint64), np.array([record], np.uint32))
        index = ExactIndex(Path(folder) / "i", builder.finish())
        asked = [*(fingerprint for fingerprint, _ in rows), *others]
        expected = [sorted(oracle.get(one >> (64 - bits), ())) for one in asked]
        assert [index.find_one(one) for one in asked] == expected
        which, records = index.find(np.array(asked, np.uint64))
        assert [records[which == at].tolist() for at in range(len(asked))] == expected
        assert index.ordered()
        index.close()


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
perceptual = st.sampled_from(list(Method)).flatmap(
    lambda m: st.builds(
        PerceptualHash,
        st.just(m),
        st.binary(min_size=m.size, max_size=m.size),
        st.none() | st.integers(0, 100),
        st.none() | st.floats(0, 1e6),
    )
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
    flags=st.dictionaries(st.sampled_from(FLAGS), st.booleans(), max_size=3),
    parts=st.lists(st.text(), max_size=2).map(tuple),
    updated=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)


@st.composite
def repeating(draw):
    """A record whose fields repeat its hashes, as most lists do."""
    one = draw(hash_record)
    texts = [d.hex for d in one.digests] + [p.value.hex() for p in one.perceptual]
    texts += [base64.b64encode(p.value).decode() for p in one.perceptual] + ["", "\x01a", "a\x02"]
    texts += [text[1:] for text in texts]
    cell = st.sampled_from(texts + [text.upper() for text in texts])
    value = cell | st.lists(cell, max_size=3) | st.builds("".join, st.lists(cell, max_size=3))
    fields = draw(st.dictionaries(cell | st.text(), value, max_size=4))
    return replace(one, fields={**one.fields, **fields}, entry=draw(st.none() | cell))


@settings(deadline=None, max_examples=15)
@given(st.lists(hash_record | repeating(), min_size=1, max_size=4))
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
            assert (back.number, back.file) == (number, 3)
            assert as_read(back) == one
            assert store.digests(number) == one.digests
        assert [as_read(back) for back in store] == records
        store.close()
        stored = path.read_bytes()
        for one in records:
            assert not any(d.value in stored or d.hex.encode() in stored for d in one.digests)
            telling = [p.value for p in one.perceptual if len(p.value) >= 32]
            assert not any(value in stored for value in telling)


def columns(count, cell):
    return st.lists(cell, min_size=count, max_size=count)


@st.composite
def batches(draw):
    """Any batch: columns that repeat a hash, another column, themselves, or nothing."""
    count = draw(st.sampled_from([64, 65, 70]))
    algorithms = draw(st.lists(st.sampled_from(list(Algorithm)), min_size=1, unique=True))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = {one: chance.bytes(count * one.size) for one in algorithms}
    hexes = [
        [value[at : at + one.size].hex() for at in range(0, count * one.size, one.size)]
        for one, value in values.items()
    ]
    texts = columns(count, st.sampled_from(["", "0", "a\n", "\x01a", "\ud800", "1" * 32]))
    cells = (
        texts | st.sampled_from(hexes) | st.sampled_from([[h.upper() for h in x] for x in hexes])
    )
    maybe = st.none() | cells | columns(count, st.none() | st.just("x"))
    numbers = draw(columns(count, st.integers(0, 2)))
    scalar = st.sampled_from([0, 1, 0.0, -0.0, 1.0, True, False, None, "0", "1"])
    counting = list(range(1, count + 1))
    cells |= columns(count, scalar) | columns(count, st.booleans()) | st.just(numbers)
    cells |= st.sampled_from([[True, *counting[1:]], [float(n) for n in counting], counting])
    maybe |= st.just([str(n) for n in numbers])
    return RecordBatch(
        draw(st.just(range(1, count + 1)) | columns(count, st.integers(1))),
        values,
        draw(st.dictionaries(st.text(), cells, max_size=4)),
        draw(maybe),
        draw(maybe),
        draw(st.none() | st.just(numbers) | columns(count, st.none() | st.integers(0))),
        draw(st.none() | columns(count, st.dictionaries(st.just("tagged"), st.booleans()))),
        draw(st.none() | columns(count, st.sampled_from([(), ("A",), ("A", "B")]))),
    )


@settings(deadline=None, max_examples=50)
@given(batches(), st.data())
def test_a_batch_comes_back_as_its_records(batch, data):
    with tempfile.TemporaryDirectory() as folder:
        writer = RecordWriter(Path(folder) / "r", KEY)
        writer.add_batch(batch, 0)
        writer.finish()
        store = RecordStore(Path(folder) / "r", KEY, len(batch))
        expected = list(batch.records())
        row = data.draw(st.integers(0, len(batch) - 1))
        assert as_read(store[row]) == expected[row]
        assert [repr(as_read(one)) for one in store] == list(map(repr, expected))
        store.close()


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
