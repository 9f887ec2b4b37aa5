"""The parts under the rules: prints, spools, groups, bytes, days, harmless files, media."""

import datetime
import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hashmatch.db import never
from hashmatch.errors import OutputError
from hashmatch.linting import groups, harmless, prints, registry, spool
from hashmatch.linting.dates import day_of
from hashmatch.linting.media import media
from hashmatch.linting.scan_bytes import Bytes
from hashmatch.linting.spool import Spool
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import Quarantine
from tests.lint_lists import folder


def test_a_print_depends_on_every_byte():
    value = bytes(range(64))
    found = {
        prints.print_of(value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]) for at in range(64)
    }
    assert len(found | {prints.print_of(value)}) == 65


def test_a_print_is_never_the_number_for_nothing():
    assert prints.print_of(bytes(16)) != 0


def test_a_fingerprint_shows_no_digit_of_the_value():
    number = prints.print_of(bytes.fromhex("0123456789abcdef" * 2))
    assert prints.lead(number) == "01234567"
    assert "01234567" not in prints.fingerprint("HM102", "md5", number)


def test_no_fewer_empty_files_are_known_than_a_look_up_knows():
    for algorithm in Algorithm:
        for number in harmless.empty_prints(algorithm):
            values = [value for value in harmless._EMPTY.values() if len(value) == algorithm.size]
            assert int(number) in {prints.print_of(value) for value in values}
            reasons = {never.digest_reason(Digest(algorithm, value)) for value in values}
            assert reasons == {Quarantine.EMPTY_FILE}


def test_pictures_of_one_pixel_are_pictures_of_one_pixel():
    for content in harmless.single_pixels():
        picture = Image.open(io.BytesIO(content))
        picture.load()
        assert picture.size == (1, 1)
        assert media(content) == "a picture"


def test_texts_are_no_media():
    assert media(b"MD5,SHA1\n") is None
    assert media(b"") is None


@pytest.mark.parametrize("block", [3, 1000])
@given(values=st.lists(st.integers(0, 12), max_size=60), share=st.integers(1, 70))
def test_all_repeated_values_are_found_with_the_row_before(block, values, share):
    before = groups.SHARE, spool.BLOCK
    groups.SHARE, spool.BLOCK = share, block
    try:
        kept = Spool(folder())
        kept.add(len(values), {"a": np.array(values, np.uint64)})
        found = {}
        for some in groups.alike(kept, "a"):
            assert sorted(some.rows) == list(some.rows)
            found |= dict(zip(some.rows.tolist(), some.before.tolist(), strict=True))
        kept.close()
    finally:
        groups.SHARE, spool.BLOCK = before
    expected, last = {}, {}
    for row, value in enumerate(values):
        if value and value in last:
            expected[row] = last[value]
        last[value] = row
    assert found == expected


def test_a_column_that_begins_late_is_empty_before():
    kept = Spool(folder())
    kept.add(2, {"a": np.array([1, 2], np.uint64)})
    kept.add(1, {"a": np.array([3], np.uint64), "b": np.array([9], np.uint64)})
    assert kept.read("b", 0, 3).tolist() == [0, 0, 9]
    kept.add(1, {"a": np.array([4], np.uint64)})
    assert kept.read("b", 0, 4).tolist() == [0, 0, 9, 0]
    assert kept.take("a", np.array([], np.int64)).tolist() == []


def test_prints_on_the_disk_are_disguised():
    kept = Spool(folder())
    kept.add(1, {"a": np.array([0x0123_4567_89AB_CDEF], np.uint64)})
    stored = np.memmap(f"/proc/self/fd/{kept._files['a'][0]}", "u8", "r")
    assert int(stored[0]) != 0x0123_4567_89AB_CDEF


def test_a_folder_without_unnamed_files_is_no_obstacle(tmp_path):
    kept = Spool(spool.Folder(tmp_path / "none", 1))
    kept.add(1, {"a": np.array([5], np.uint64)})
    assert kept.read("a", 0, 1).tolist() == [5]


def test_a_full_disk_ends_in_one_sentence(monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", refuse)
    with pytest.raises(OutputError, match="--scratch"):
        Spool(folder()).add(1, {"a": np.array([5], np.uint64)})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("list-2026-02-03.csv", datetime.date(2026, 2, 3)),
        ("20260203.json", datetime.date(2026, 2, 3)),
        ("list-2026-02-31.csv", None),
        ("12026020399.csv", None),
        ("list.csv", None),
    ],
)
def test_the_day_in_a_name(name, expected):
    assert day_of({}, name) == expected


def test_the_day_that_a_list_states_comes_first():
    assert day_of({"date": "2026-05-06T00:00Z"}, "2020-01-01.csv") == datetime.date(2026, 5, 6)


@given(
    data=st.binary(max_size=200),
    cuts=st.lists(st.integers(0, 200), max_size=5),
)
def test_bytes_are_counted_alike_however_they_are_cut(data, cuts):
    def counted(pieces):
        seen = Bytes()
        for piece in pieces:
            if piece:
                seen.feed(piece)
        seen.finish()
        return seen.utf8, seen.nul, seen.feeds, seen.returned_feeds, seen.lone_returns

    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    if pieces and len(pieces[0]) < 2:
        return
    assert counted(pieces) == counted([data])


def test_every_module_of_rules_and_outputs_is_registered():
    assert len(registry.families()) == 10
    assert len(registry.outputs()) == 8
    assert list(registry.rules()) == sorted(registry.rules())
