import hashlib

import numpy as np
import pytest

from hashmatch.db import exact
from hashmatch.db.exact import HEADER, MAGIC, ExactIndex, Layout
from hashmatch.db.pages import PAGE, page_sum
from hashmatch.db.sorting import ExactBuilder
from hashmatch.errors import HashSetError, OutputError

TOP = (1 << 64) - 1


def columns(rows):
    keys = np.array([key for key, _ in rows], np.uint64)
    return keys, np.array([record for _, record in rows], np.uint32)


def build(path, rows, run_rows=4, dead=None):
    builder = ExactBuilder(path, run_rows)
    for at in range(0, len(rows), 3):
        builder.add(*columns(rows[at : at + 3]))
    return ExactIndex(path, builder.finish(dead))


def found(index, asked):
    """Ask all at once, and one by one; both ways give the same."""
    which, records = index.find(np.array(asked, np.uint64))
    many = [records[which == at].tolist() for at in range(len(asked))]
    assert many == [index.find_one(one) for one in asked]
    return many


def mixed(number):
    return int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:8])


def test_a_fingerprint_gives_all_its_records_once_and_rising(tmp_path):
    rows = [(5, n) for n in (9, 3, 3, 7)] + [(6 << 40, 1)]
    assert found(build(tmp_path / "i", rows), [5, 6 << 40, 7 << 40]) == [[3, 7, 9], [1], []]


def test_the_ends_of_the_number_range_are_found(tmp_path):
    index = build(tmp_path / "i", [(0, 1), (TOP, (1 << 32) - 1)])
    assert found(index, [TOP, 0, TOP >> 1]) == [[(1 << 32) - 1], [1], []]


def test_an_index_without_rows_finds_nothing(tmp_path):
    index = build(tmp_path / "i", [])
    assert (index.rows, found(index, [1]), index.ordered()) == (0, [[]], True)


def test_no_question_gets_no_answer(tmp_path):
    assert found(build(tmp_path / "i", [(1, 1)]), []) == []


@pytest.mark.parametrize("run_rows", [1, 7, 64, 5000])
@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_many_runs_give_the_same_index_as_one(tmp_path, run_rows):
    rows = [(mixed(n % 700), n) for n in range(1000)]
    index = build(tmp_path / "i", rows, run_rows)
    assert index.ordered()
    expected = [[n for n in range(1000) if n % 700 == one] for one in range(700)]
    assert found(index, [mixed(one) for one in range(700)]) == expected
    assert found(index, [mixed(-one) for one in range(1, 50)]) == [[]] * 49
    assert [path.name for path in tmp_path.iterdir()] == ["i"]


def test_one_fingerprint_of_very_many_records_is_found_whole(tmp_path):
    rows = [(mixed(1), n) for n in range(20_000)] + [(mixed(n), n) for n in range(2, 3000)]
    index = build(tmp_path / "i", rows, 4096)
    assert found(index, [mixed(1)]) == [list(range(20_000))]
    assert found(index, [mixed(2)]) == [[2]]


def test_records_that_do_not_count_are_left_out(tmp_path):
    dead = np.array([True, False, True])
    index = build(tmp_path / "i", [(5, 0), (5, 1), (6 << 50, 2)], dead=dead)
    assert (found(index, [5, 6 << 50]), index.rows) == ([[1], []], 1)


def test_more_rows_than_can_be_numbered_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("hashmatch.db.sorting.MOST_ROWS", 2)
    builder = ExactBuilder(tmp_path / "i")
    builder.add(*columns([(1, 1), (2, 2), (3, 3)]))
    with pytest.raises(HashSetError, match="import it as several sets"):
        builder.finish()


def forged(path, rows, table=None):
    """Write an index whose sums fit, whatever its rows and table say."""
    shape = Layout(len(rows), 0)
    table = table or [0, len(rows)]
    body = HEADER.pack(MAGIC, *shape) + np.array(table, "<u4").tobytes()
    body += np.array([bits << 32 | record for bits, record in rows], "<u8").tobytes()
    path.write_bytes(body + page_sum(body))
    return ExactIndex(path, exact.pin(body[: HEADER.size], page_sum(body)))


def test_a_wrong_order_is_noticed(tmp_path):
    assert forged(tmp_path / "sound", [(1, 0), (2, 1)]).ordered()
    assert not forged(tmp_path / "rows", [(2, 0), (1, 1)]).ordered()
    assert not forged(tmp_path / "table", [(1, 0), (2, 1)], [0, 1]).ordered()


@pytest.mark.parametrize("table", [[0, 9], [2, 1]])
def test_a_table_that_leads_outside_the_rows_is_refused(tmp_path, table):
    index = forged(tmp_path / "exact.idx", [(1, 0), (2, 1)], table)
    with pytest.raises(HashSetError, match="damaged"):
        index.find_one(5)
    with pytest.raises(HashSetError, match="damaged"):
        index.find(np.array([5], np.uint64))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x" * (HEADER.size - 1),
        HEADER.pack(b"HMEXACT\x01", 0, 0),
        HEADER.pack(MAGIC, 1, 0),
        HEADER.pack(MAGIC, 0, 0) + b"x",
        HEADER.pack(MAGIC, 1 << 60, 0),
        HEADER.pack(MAGIC, 0, 60),
    ],
)
def test_a_damaged_index_does_not_open(tmp_path, content):
    (tmp_path / "exact.idx").write_bytes(content)
    with pytest.raises(HashSetError, match=r"exact\.idx is damaged"):
        ExactIndex(tmp_path / "exact.idx", "0" * 64)


def test_other_sums_than_the_manifest_pins_do_not_open(tmp_path):
    build(tmp_path / "exact.idx", [(1, 1)]).close()
    for pinned in (None, "0" * 64):
        with pytest.raises(HashSetError, match=r"exact\.idx is damaged"):
            ExactIndex(tmp_path / "exact.idx", pinned)


@pytest.mark.parametrize("many", [False, True])
def test_a_damaged_page_is_refused_and_never_taken_for_unknown(tmp_path, many):
    path, rows = tmp_path / "exact.idx", [(mixed(n), n) for n in range(30_000)]
    builder = ExactBuilder(path)
    builder.add(*columns(rows))
    pinned = builder.finish()
    sound = path.read_bytes()
    assert len(sound) > 3 * PAGE
    damaged = bytearray(sound)
    damaged[2 * PAGE + 5] ^= 1
    path.write_bytes(damaged)
    index, refused, answered = ExactIndex(path, pinned), 0, 0
    for key, record in rows[:400]:
        try:
            if many:
                assert index.find(np.array([key], np.uint64))[1].tolist() == [record]
            else:
                assert index.find_one(key) == [record]
            answered += 1
        except HashSetError:
            refused += 1
    assert refused > 20
    assert answered > 20  # pages that are sound go on answering


def test_a_full_disk_is_told_as_such(tmp_path):
    (tmp_path / "i.run0").touch()
    builder = ExactBuilder(tmp_path / "i", 1)
    with pytest.raises(OutputError, match=r"i\.run0 could not be written"):
        builder.add(*columns([(1, 1)]))


def test_a_run_that_became_shorter_is_noticed(tmp_path):
    builder = ExactBuilder(tmp_path / "i", 2)
    builder.add(*columns([(1, 1), (2, 2)]))
    (tmp_path / "i.run0").write_bytes(b"")
    with pytest.raises(HashSetError, match="became shorter"):
        builder.finish()
