"""Folders of ext: every name in use, no name made of an index, deleted ones where they can be."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.evidence.filesystems import ext_names
from hashmatch.evidence.filesystems.ext_names import Name

BLOCK = 1024
MOST = 1000


def entry(number, name, length=0, kind=1):
    length = length or 8 + -(-len(name) // 4) * 4
    head = struct.pack("<IHBB", number, length, len(name), kind)
    return (head + name).ljust(length, b"\0")


def block(*entries, spare=b""):
    """Put entries into a block; the last one has the rest of it."""
    raw = b"".join(entries)
    last = len(raw) - len(entries[-1])
    raw = raw[: last + 4] + struct.pack("<H", BLOCK - last) + raw[last + 6 :]
    return (raw + spare).ljust(BLOCK, b"\0")


def names(*blocks, typed=True):
    return [(one.name, one.number) for one in of(*blocks, typed=typed) if not one.deleted]


def of(*blocks, typed=True):
    return list(ext_names.of_blocks(blocks, MOST, typed=typed))


DOTS = entry(2, b".", kind=2), entry(2, b"..", kind=2)
LIKE_NAMES = (entry(11, b"no") + entry(12, b"none")) * 60


def root(count):
    info = struct.pack("<IBBBBHH", 0, 1, 8, 1, 0, 123, count)
    return block(*DOTS, spare=info + LIKE_NAMES[: BLOCK - 36])


def node(count, most=127):
    return (struct.pack("<IHBBHH", 0, BLOCK, 0, 0, most, count) + LIKE_NAMES)[:BLOCK]


@pytest.mark.parametrize("most", [126, 127])
def test_an_index_has_no_names(most):
    leaf = block(entry(20, b"one"), entry(21, b"two"))
    found = of(root(3), leaf, node(40, most))
    assert found == [Name(b"one", 20, deleted=False), Name(b"two", 21, deleted=False)]


def test_a_block_without_names_in_use_may_keep_deleted_ones():
    empty = struct.pack("<IHBB", 0, BLOCK, 0, 0) + entry(30, b"gone.jpg")
    assert of(empty.ljust(BLOCK, b"\0")) == [Name(b"gone.jpg", 30, deleted=True)]


def test_names_left_behind_are_told_once_and_not_beside_the_same_in_use():
    left = entry(20, b"one") + entry(31, b"gone") + entry(31, b"gone") + entry(MOST + 1, b"far")
    left += entry(32, b"odd", kind=9) + entry(33, b"a/b") + entry(34, b"..")
    found = of(block(*DOTS, spare=left), block(entry(20, b"one")))
    assert found == [Name(b"one", 20, deleted=False), Name(b"gone", 31, deleted=True)]


def test_blocks_beyond_a_damaged_one_are_read_and_it_is_said():
    blocks = block(*DOTS, entry(20, b"one")), bytes(BLOCK), block(entry(21, b"two"))
    found = ext_names.of_blocks(blocks, MOST, typed=True)
    assert [next(found).name, next(found).name] == [b"one", b"two"]
    with pytest.raises(ValueError, match="breaks off"):
        next(found)


@given(st.lists(st.tuples(st.integers(1, MOST), st.binary(min_size=1, max_size=40)), min_size=1))
def test_every_name_in_use_is_given(found):
    known = [
        (name, number) for number, name in found if name not in {b".", b".."} and b"\0" not in name
        and b"/" not in name
    ]  # fmt: skip
    blocks, room = [[]], BLOCK
    for name, number in known:
        one = entry(number, name)
        if len(one) > room:
            blocks.append([])
            room = BLOCK
        blocks[-1].append(one)
        room -= len(one)
    assert names(*(block(*part) for part in blocks if part)) == known


@given(st.binary(max_size=BLOCK))
def test_any_block_ends(raw):
    with contextlib.suppress(ValueError):
        assert all(one.name for one in of(raw.ljust(BLOCK, b"\0")))
