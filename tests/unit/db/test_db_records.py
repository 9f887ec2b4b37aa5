import base64
import hashlib
import math

import pytest

from hashmatch.db.liveness import Liveness
from hashmatch.db.records import BLOCK_RECORDS, RecordStore, RecordWriter, as_read
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord, RecordBatch
from tests.library_maker import pdq, record

KEY = bytes(range(32))


def write(path, records):
    writer = RecordWriter(path, KEY)
    assert [writer.add(one, 2) for one in records] == list(range(len(records)))
    assert writer.count == len(records)
    writer.finish()
    return RecordStore(path, KEY, len(records))


def made_up(algorithm, number=0):
    return Digest(algorithm, hashlib.shake_128(b"%d" % number).digest(algorithm.size))


def test_every_part_of_a_record_comes_back(tmp_path):
    one = HashRecord(
        place=17,
        digests=tuple(made_up(one) for one in Algorithm),
        perceptual=(pdq(1), PerceptualHash(Method.VPDQ, bytes(range(32)), None, 0.25)),
        entry="{8f-…}",
        category="01",
        size=1 << 70,
        other=("tlsh", "tmk"),
        flags={"baseline": True, "tagged": False},
        parts=("A", "B"),
        updated=1.5,
        fields={"Ünknown": {"deep": [1, None, True, 1.5, "\ud800", 10**300]}, "": ""},
    )
    back = write(tmp_path / "r", [one])[0]
    assert (back.number, back.file) == (0, 2)
    for name in ("place", "digests", "perceptual", "entry", "category", "size", "other", "fields"):
        assert getattr(back, name) == getattr(one, name)
    assert (back.flags, back.parts, back.updated) == (one.flags, one.parts, one.updated)
    assert back.live
    assert list(back.fields) == list(one.fields)


def test_a_text_that_runs_two_hashes_together_comes_back(tmp_path):
    md5 = made_up(Algorithm.MD5)
    sha1 = [made_up(Algorithm.SHA1, n) for n in range(200)]
    records = [
        HashRecord(n, (md5, one), fields={"note": md5.hex + one.hex[1:], "up": one.hex.upper()})
        for n, one in enumerate(sha1, 1)
    ]
    store = write(tmp_path / "r", records)
    assert [as_read(one) for one in store] == records


def test_a_record_that_cannot_be_decoded_is_told_as_damage(tmp_path, monkeypatch):
    store = write(tmp_path / "r", [record(1)])
    monkeypatch.setattr("hashmatch.db.blocks.unmarked", lambda text, _: text[:-1])
    with pytest.raises(HashSetError, match="cannot be read; import the list again"):
        store[0]


def test_an_absent_category_is_not_zero(tmp_path):
    store = write(tmp_path / "r", [record(1, category=None), record(2, category="0")])
    assert [store[n].category for n in (0, 1)] == [None, "0"]


@pytest.mark.parametrize("count", [1, BLOCK_RECORDS - 1, BLOCK_RECORDS, BLOCK_RECORDS + 1])
def test_records_are_found_by_number_in_any_order(tmp_path, count):
    store = write(tmp_path / "r", [record(n) for n in range(count)])
    assert len(store) == count
    for number in [count - 1, 0, count // 2]:
        assert store[number].entry == f"media-{number}"


def test_reading_more_blocks_than_are_kept_stays_right(tmp_path, monkeypatch):
    monkeypatch.setattr("hashmatch.db.records.KEPT_BLOCKS", 2)
    count = BLOCK_RECORDS * 5
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


def batch(count, **changes):
    md5 = [hashlib.md5(b"%d" % n).digest() for n in range(count)]
    sha1 = [hashlib.sha1(b"%d" % n).digest() for n in range(count)]
    given = {
        "places": range(5, 5 + count),
        "digests": {Algorithm.MD5: b"".join(md5), Algorithm.SHA1: b"".join(sha1)},
        "columns": {
            "a": [one.hex() for one in md5],
            "b": [one.hex().upper() for one in sha1],
            "c": ["x"] * count,
            "d": [f"{n % 7}\ud800" for n in range(count)],
            "e": [one.hex() if n else one.hex().upper() for n, one in enumerate(md5)],
        },
        "entries": [f"{n}" if n % 3 else None for n in range(count)],
        "categories": ["1"] * count,
        "sizes": [n * 10 for n in range(count)],
    }
    return RecordBatch(**(given | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"entries": None, "categories": None, "sizes": None},
        {"places": [2 * n + 1 for n in range(2500)]},
        {"places": tuple(range(9, 2509)), "sizes": [None, *range(2499)]},
        {"columns": {}},
        {"entries": ["ab" * 16, *[None] * 2499]},
        {"entries": [hashlib.md5(b"%d" % n).hexdigest() for n in range(2500)]},
        {"columns": {"a": ["" for _ in range(2500)], "b": ["ab" * 8, *["c"] * 2499]}},
    ],
)
def test_a_batch_gives_the_records_of_its_rows(tmp_path, changes):
    one = batch(2500, **changes)
    writer = RecordWriter(tmp_path / "r", KEY)
    writer.add(record(0), 0)
    assert writer.add_batch(one, 1) == 1
    assert writer.add(record(1), 1) == 2501
    assert writer.add_batch(batch(5), 1) == 2502
    writer.finish()
    store = RecordStore(tmp_path / "r", KEY, 2507)
    expected = [record(0), *one.records(), record(1), *batch(5).records()]
    assert [as_read(back) for back in store] == expected
    assert [store.digests(n) for n in (0, 1, 1500)] == [expected[n].digests for n in (0, 1, 1500)]
    assert [back.file for back in store][:3] == [0, 1, 1]
    assert as_read(store[2000]) == expected[2000]


def test_hashes_repeated_inside_the_fields_come_back_in_their_own_spelling(tmp_path):
    photo = PerceptualHash(Method.PHOTODNA, bytes(range(144)))
    digest = made_up(Algorithm.SHA1)
    text = base64.b64encode(photo.value).decode()
    fields = {
        "nested": [{"lower": digest.hex, "upper": digest.hex.upper(), "mixed": digest.hex.title()}],
        "inside": f"x{digest.hex}y\x01a\x02b",
        digest.hex: text,
        "photo": photo.value.hex(),
    }
    one = HashRecord(1, (digest,), (photo,), entry=digest.hex, fields=fields)
    assert as_read(write(tmp_path / "r", [one])[0]) == one
    assert (tmp_path / "r").stat().st_size < 700


def test_records_with_more_hashes_than_there_are_marks_come_back(tmp_path):
    many = tuple(made_up(Algorithm.MD5, n) for n in range(40))
    one = HashRecord(1, many, fields={"all": [digest.hex for digest in many]})
    assert as_read(write(tmp_path / "r", [one])[0]) == one


def test_long_records_make_smaller_blocks(tmp_path):
    store = write(tmp_path / "r", [record(n, fields={"x": "y" * 700_000}) for n in range(6)])
    assert len(list(store.blocks())) == 3
    assert store[5].entry == "media-5"


def test_records_can_be_read_back_before_the_file_is_finished(tmp_path):
    writer = RecordWriter(tmp_path / "r", KEY)
    for n in range(3000):
        writer.add(record(n), 0)
    assert [back.entry for back in writer.written()] == [f"media-{n}" for n in range(3000)]
    assert [back.number for back in writer.picked([0, 1, 1023, 1024, 2999])] == [
        0, 1, 1023, 1024, 2999,
    ]  # fmt: skip
    writer.close()


def test_a_record_that_does_not_count_says_so(tmp_path):
    write(tmp_path / "r", [record(n, parts=("A", "B")) for n in range(4)]).close()
    liveness = Liveness(frozenset({0}), frozenset({2}), {1: frozenset({"A"})})
    liveness.write(tmp_path / "l", KEY)
    back = Liveness.read(tmp_path / "l", KEY)
    assert (back, bool(back), bool(Liveness())) == (liveness, True, False)
    store = RecordStore(tmp_path / "r", KEY, 4, back)
    assert [one.live for one in store] == [False, True, False, True]
    assert [one.parts for one in store][1] == ("B",)
    assert (store[0].live, store[3].live) == (False, True)


def test_more_records_than_can_be_numbered_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("hashmatch.db.records.MOST_RECORDS", 2)
    writer = RecordWriter(tmp_path / "r", KEY)
    for n in range(3):
        writer.add(record(n), 0)
    with pytest.raises(HashSetError, match="as several sets"):
        writer.finish()
    writer.close()
