import math

import pytest

from hashmatch.db.records import BLOCK_RECORDS, KEPT_BLOCKS, RecordStore, RecordWriter
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import HashRecord
from tests.library_maker import digests, pdq, record

KEY = bytes(range(32))


def write(path, records):
    writer = RecordWriter(path, KEY)
    numbers = [writer.add(one, 2) for one in records]
    assert numbers == list(range(len(records)))
    assert writer.count == len(records)
    writer.finish()
    return RecordStore(path, KEY, len(records))


def test_every_part_of_a_record_comes_back(tmp_path):
    one = HashRecord(
        place=17,
        digests=digests(1, *Algorithm),
        perceptual=(pdq(1), pdq(2, None)),
        entry="{8f-…}",
        category="01",
        size=1 << 70,
        other=("photodna", "tmk"),
        fields={"Ünknown": {"deep": [1, None, True, 1.5, "\ud800", 10**300]}, "": ""},
    )
    back = write(tmp_path / "r", [one])[0]
    assert (back.number, back.file) == (0, 2)
    for name in ("place", "digests", "perceptual", "entry", "category", "size", "other", "fields"):
        assert getattr(back, name) == getattr(one, name)


def test_an_absent_category_is_not_zero(tmp_path):
    store = write(tmp_path / "r", [record(1, category=None), record(2, category="0")])
    assert [store[n].category for n in (0, 1)] == [None, "0"]


@pytest.mark.parametrize("count", [1, BLOCK_RECORDS - 1, BLOCK_RECORDS, BLOCK_RECORDS + 1, 500])
def test_records_are_found_by_number_in_any_order(tmp_path, count):
    store = write(tmp_path / "r", [record(n) for n in range(count)])
    assert len(store) == count
    for number in [count - 1, 0, count // 2]:
        assert store[number].entry == f"media-{number}"


def test_reading_more_blocks_than_are_kept_stays_right(tmp_path):
    count = BLOCK_RECORDS * (KEPT_BLOCKS + 3)
    store = write(tmp_path / "r", [record(n, digests=()) for n in range(count)])
    for _ in range(2):
        for number in range(0, count, BLOCK_RECORDS):
            assert store[number].entry == f"media-{number}"
            assert store[0].entry == "media-0"


@pytest.mark.parametrize("number", [-1, 2, 10**9])
def test_a_number_that_is_not_there_is_refused(tmp_path, number):
    store = write(tmp_path / "r", [record(0), record(1)])
    with pytest.raises(IndexError, match="holds 2"):
        store[number]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_json_does_not_know_is_refused_by_its_place(tmp_path, value):
    writer = RecordWriter(tmp_path / "r", KEY)
    with pytest.raises(HashSetError, match="record 6 of file 1"):
        writer.add(record(5, fields={"x": value}), 0)
    writer.close()


def test_a_store_with_another_number_of_records_is_refused(tmp_path):
    write(tmp_path / "r", [record(n) for n in range(100)]).close()
    with pytest.raises(HashSetError, match="does not hold the 10 records"):
        RecordStore(tmp_path / "r", KEY, 10)


def test_an_altered_block_is_noticed_when_it_is_read(tmp_path):
    path = tmp_path / "r"
    write(path, [record(n) for n in range(BLOCK_RECORDS * 2)]).close()
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    store = RecordStore(path, KEY, BLOCK_RECORDS * 2)
    assert store[BLOCK_RECORDS].entry == f"media-{BLOCK_RECORDS}"
    with pytest.raises(HashSetError, match="altered"):
        store[0]
    store.close()
