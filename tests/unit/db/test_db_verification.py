import hashlib

import numpy as np
import pytest

from hashmatch.db import blocks
from hashmatch.db.exact import ExactIndex
from hashmatch.db.near import Index
from hashmatch.db.near_build import NearBuilder
from hashmatch.db.sorting import ExactBuilder
from hashmatch.db.verification import verify
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord, RecordBatch, Withdrawn
from tests.library_maker import digests, install, make_library, pdq, record

EMPTY = Digest.parse(Algorithm.MD5, "d41d8cd98f00b204e9800998ecf8427e")


@pytest.fixture
def installed(tmp_path):
    library = make_library(tmp_path)
    events = [record(n, perceptual=(pdq(n),)) for n in range(300)]
    events += [record(400 + n, perceptual=(pdq(0),)) for n in range(6)]
    events += [HashRecord(500, (EMPTY,), (pdq(1, 10), pdq(2)))]
    manifest = install(library, events)
    with library.open_set(manifest.version) as installed:
        yield installed


def put(installed, folder, rows):
    """Put another exact index in place of the installed one, as a faulty build would."""
    builder = ExactBuilder(folder / "faulty.idx")
    keys = [installed._fingerprints.of(digest) for digest, _ in rows]
    builder.add(np.array(keys, np.uint64), np.array([n for _, n in rows], np.uint32))
    pinned = builder.finish()
    installed._exact.close()
    installed._exact = ExactIndex(folder / "faulty.idx", pinned)
    installed._opened.callback(installed._exact.close)


def test_a_sound_set_with_quarantined_values_is_proved(installed):
    verify(installed)


def test_one_record_that_is_not_found_is_noticed(installed, tmp_path):
    put(installed, tmp_path, [(d, n) for n in range(300) if n != 117 for d in digests(n)])
    with pytest.raises(HashSetError, match="does not answer as it should for its record 117"):
        verify(installed)


def test_a_value_that_must_never_match_and_does_is_noticed(installed, tmp_path):
    rows = [(d, n) for n in range(300) for d in digests(n)]
    rows += [(d, 300 + n) for n in range(6) for d in digests(400 + n)]
    put(installed, tmp_path, [*rows, (EMPTY, 306)])
    with pytest.raises(HashSetError, match="record 306"):
        verify(installed)


def test_perceptual_hashes_that_are_not_found_are_noticed(installed, monkeypatch):
    monkeypatch.setattr(installed, "_near", {Method.PDQ: empty_index(Method.PDQ)})
    with pytest.raises(HashSetError, match="other numbers of values"):
        verify(installed)


def empty_index(method):
    return opened(method, NearBuilder(method).finish())


def opened(method, built):
    return Index(method, b"".join(built.content.parts()))


def test_a_withdrawn_picture_that_is_found_is_noticed(tmp_path):
    library = make_library(tmp_path)
    events = [record(n, perceptual=(pdq(n),)) for n in range(3)]
    manifest = install(library, [*events, Withdrawn(9, "media-1")])
    with library.open_set(manifest.version) as installed:
        verify(installed)
        installed._records._liveness = installed._liveness = None
        with pytest.raises(HashSetError, match=r"record 1;|other numbers"):
            verify(installed)


def test_a_picture_that_must_not_be_found_and_is_is_noticed(installed):
    built = NearBuilder(Method.PDQ)
    built.add(pdq(1).value, 306, None, 1)
    installed._near[Method.PDQ] = opened(Method.PDQ, built.finish())
    with pytest.raises(HashSetError, match="record 306"):
        verify(installed)


def test_an_index_out_of_order_is_noticed_by_the_check(installed, monkeypatch):
    monkeypatch.setattr(installed._exact, "ordered", lambda: False)
    with pytest.raises(HashSetError, match=r"exact\.idx of set known"):
        installed.check()


def test_sets_of_batches_withdrawals_and_every_method_are_proved(tmp_path):
    library = make_library(tmp_path)
    values = {one: hashlib.shake_128(one.encode()).digest(one.size) for one in Method}
    md5 = b"".join(hashlib.md5(b"%d" % n).digest() for n in range(2000)) + EMPTY.value
    batch = RecordBatch(range(1, 2002), {Algorithm.MD5: md5}, {"x": ["y"] * 2001})
    events = [
        batch,
        *(HashRecord(n, (), (PerceptualHash(m, v),)) for n, (m, v) in enumerate(values.items())),
        HashRecord(9, digests(1), entry="e", updated=2.0),
        HashRecord(10, digests(2), entry="e", updated=1.0),
    ]
    manifest = install(library, events)
    assert manifest.counts.quarantined_by == {"empty-file": 1}
    assert manifest.counts.superseded == 1
    with library.open_set(manifest.version) as installed:
        verify(installed)
        for method, value in values.items():
            assert len(installed.search_near(method, [value], 0)) == 1


def test_a_record_that_cannot_be_read_is_noticed(installed, monkeypatch):
    marked = blocks.unmarked
    monkeypatch.setattr(blocks, "unmarked", lambda text, values: marked(text, values)[:-1])
    with pytest.raises(HashSetError, match="cannot be read; import the list again"):
        verify(installed)


def test_one_digest_of_very_many_records_is_proved(tmp_path, monkeypatch):
    monkeypatch.setattr("hashmatch.db.verification._AT_ONCE", 2000)
    library = make_library(tmp_path)
    shared = digests(0, Algorithm.MD5)
    events = [HashRecord(n, (*shared, *digests(n, Algorithm.SHA1))) for n in range(5000)]
    manifest = install(library, [*events, Withdrawn(9, digests=digests(7, Algorithm.SHA1))])
    with library.open_set(manifest.version) as installed:
        verify(installed)
        rows = [(shared[0], n) for n in range(5000) if n not in {7, 4321}]
        put(installed, tmp_path, rows + [(digests(n, Algorithm.SHA1)[0], n) for n in range(5000)])
        with pytest.raises(HashSetError, match=r"record (4321|7);"):
            verify(installed)
