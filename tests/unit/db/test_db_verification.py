import pytest

from hashmatch.db.exact import ExactIndex
from hashmatch.db.sorting import ExactBuilder
from hashmatch.db.verification import verify
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import HashRecord
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
    for digest, number in rows:
        builder.add(installed._fingerprints.of(digest), number)
    builder.finish()
    installed._exact = ExactIndex(folder / "faulty.idx")


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


def test_perceptual_hashes_that_are_not_found_are_noticed(installed):
    installed._near.clear()
    with pytest.raises(HashSetError, match="other numbers of values"):
        verify(installed)


def test_an_index_out_of_order_is_noticed_by_the_check(installed, tmp_path):
    put(installed, tmp_path, [])
    installed._exact._lead = installed._exact._lead.__class__((2,), "<u8", b"\2" + bytes(15))
    with pytest.raises(HashSetError, match=r"exact\.idx of set known"):
        installed.check()
