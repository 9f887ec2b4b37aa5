import struct

import pytest

from hashmatch.db.exact import HEADER, MAGIC, ExactIndex
from hashmatch.db.sorting import ExactBuilder
from hashmatch.errors import HashSetError, OutputError


def build(path, rows, run_rows=4):
    builder = ExactBuilder(path, run_rows)
    for fingerprint, record in rows:
        builder.add(fingerprint, record)
    assert builder.finish() == len(rows)
    return ExactIndex(path)


def fingerprint(lead, rest=0):
    return struct.pack("<QQ", lead, rest)


def test_a_fingerprint_gives_all_its_records_once_and_rising(tmp_path):
    rows = [(fingerprint(5), n) for n in (9, 3, 3, 7)] + [(fingerprint(6), 1)]
    index = build(tmp_path / "i", rows)
    assert index.find([fingerprint(5), fingerprint(6), fingerprint(7)]) == [[3, 7, 9], [1], []]


def test_equal_leading_halves_are_told_apart(tmp_path):
    rows = [(fingerprint(5, n % 7), n) for n in range(40)]
    index = build(tmp_path / "i", rows)
    assert index.find([fingerprint(5, n) for n in range(8)]) == [
        [m for m in range(40) if m % 7 == n] for n in range(8)
    ]


def test_the_ends_of_the_number_range_are_found(tmp_path):
    top = (1 << 64) - 1
    index = build(tmp_path / "i", [(fingerprint(0), 1), (fingerprint(top, top), 2)])
    assert index.find([fingerprint(top, top), fingerprint(0), fingerprint(top)]) == [[2], [1], []]


def test_an_index_without_rows_finds_nothing(tmp_path):
    index = build(tmp_path / "i", [])
    assert (index.rows, index.find([fingerprint(1)]), index.ordered) == (0, [[]], True)


def test_no_question_gets_no_answer(tmp_path):
    assert build(tmp_path / "i", [(fingerprint(1), 1)]).find([]) == []


@pytest.mark.parametrize("run_rows", [1, 2, 3, 64, 1000])
def test_many_runs_give_the_same_index_as_one(tmp_path, run_rows):
    rows = [(fingerprint(n * 7919 % 101, n % 3), n) for n in range(300)]
    index = build(tmp_path / "i", rows, run_rows)
    assert index.ordered
    for asked in {one for one, _ in rows}:
        assert index.find([asked]) == [[n for one, n in rows if one == asked]]
    assert [path.name for path in tmp_path.iterdir()] == ["i"]


def test_a_wrong_order_is_noticed(tmp_path):
    path = tmp_path / "i"
    path.write_bytes(HEADER.pack(MAGIC, 2) + struct.pack("<4Q2I", 2, 1, 0, 0, 0, 1))
    assert not ExactIndex(path).ordered


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x" * 31,
        HEADER.pack(b"HMEXACT\x02", 0),
        HEADER.pack(MAGIC, 1),
        HEADER.pack(MAGIC, 0) + b"x",
        HEADER.pack(MAGIC, 1 << 60),
    ],
)
def test_a_damaged_index_does_not_open(tmp_path, content):
    (tmp_path / "exact.idx").write_bytes(content)
    with pytest.raises(HashSetError, match=r"exact\.idx is damaged"):
        ExactIndex(tmp_path / "exact.idx")


def test_a_missing_index_is_named(tmp_path):
    with pytest.raises(HashSetError, match=r"exact\.idx cannot be read"):
        ExactIndex(tmp_path / "exact.idx")


def test_an_index_is_closed_without_complaint(tmp_path):
    index = build(tmp_path / "i", [(fingerprint(1), 1)])
    index.close()
    assert index.find([fingerprint(1)]) == [[]]


def test_an_existing_index_is_not_overwritten(tmp_path):
    build(tmp_path / "i", [(fingerprint(1), 1)])
    with pytest.raises(OutputError):
        build(tmp_path / "i", [(fingerprint(2), 1)])


def test_a_run_that_shrinks_while_it_is_read_stops_the_import(tmp_path):
    builder = ExactBuilder(tmp_path / "i", 4)
    for n in range(4):
        builder.add(fingerprint(n), n)
    [run] = tmp_path.iterdir()
    run.write_bytes(run.read_bytes()[:-1])
    with pytest.raises(HashSetError, match="became shorter"):
        builder.finish()
