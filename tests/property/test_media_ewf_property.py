"""Damage to an Expert Witness image never becomes content, and no image breaks its reader."""

import os
import random
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.evidence.media import ewf
from hashmatch.evidence.media.interface import MediumError
from hashmatch.model.secrets import Secrets
from tests import ewf_maker

PLAN = {"chunk_sectors": 2, "chunks_per_segment": 4, "chunks_per_table": 2, "errors": [(1, 1)]}
NOISE = random.Random(1)
CONTENT = (
    b"".join(NOISE.randbytes(1024) if number % 2 else bytes([number]) * 1024 for number in range(7))
    + b"end!" * 128
)
MADE = ewf_maker.make(CONTENT, **PLAN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ewf")


def look(folder, segments):
    first = folder / "disk.E01"
    for number, data in enumerate(segments, 1):
        ewf_maker.segment_name(first, number).write_bytes(data)
    medium = ewf.open_medium(os.fsencode(first), Secrets())
    try:
        return medium.size, medium.read_at(0, 1 << 16), list(medium.damage), medium.facts
    finally:
        medium.close()


def changed(number, at, bits):
    segments = [bytearray(one) for one in MADE.segments]
    segments[number][at] ^= bits
    return segments


def only_damage_differs(found, damage):
    expected = bytearray(CONTENT)
    for one in damage:
        expected[one.offset : one.offset + one.length] = bytes(one.length)
    return found == expected


def test_a_changed_byte_in_any_chunk_is_found_and_named(folder):
    for number, (segment, start, end) in enumerate(MADE.chunks):
        stored = CONTENT[number * 1024 : (number + 1) * 1024] in MADE.segments[segment][start:end]
        for at in {start, start + 1, (start + end) // 2, end - 5, end - 1}:
            _, found, damage, _ = look(folder, changed(segment, at, 0xFF))
            if not stored and not damage:  # bits behind the end of what is deflated
                assert found == CONTENT
                continue
            assert [one.part for one in damage] == [f"chunk {number}"]
            assert only_damage_differs(found, damage)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), bits=st.integers(1, 255))
def test_a_changed_byte_anywhere_is_found_or_changes_nothing(folder, data, bits):
    number = data.draw(st.integers(0, len(MADE.segments) - 1))
    at = data.draw(st.integers(0, len(MADE.segments[number]) - 1))
    try:
        size, found, damage, facts = look(folder, changed(number, at, bits))
    except MediumError:
        return
    whole = look(folder, MADE.segments)
    assert size == len(CONTENT)
    assert only_damage_differs(found, damage)
    told = {key: value for key, value in facts.said.items() if key != "doubts"}
    same = (told, facts.stored, facts.bad) == (whole[3].said, whole[3].stored, whole[3].bad)
    assert same or facts.said.get("doubts")


def structures():
    """Places of structures under a checksum: descriptors, volumes, tables; with their lengths."""
    found = []
    for number, data in enumerate(MADE.segments):
        at = 13
        while True:
            kind, follows = struct.unpack_from("<16sQ", data, at)
            name = kind.rstrip(b"\0").decode()
            found.append((number, at, 72))
            length = follows - at - 76
            if name in {"volume", "data"}:
                found.append((number, at + 76, 1048))
            elif name in {"table", "table2"}:
                found += [(number, at + 76, 20), (number, at + 100, length - 28)]
            elif name in {"digest", "hash", "error2"}:
                found.append((number, at + 76, 516 if name == "error2" else length - 4))
            if follows == at:
                break
            at = follows
    return found


EXTREME = st.sampled_from(
    [0, 1, 2, 12, 13, 76, 511, 512, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**62, 2**63, 2**64 - 1]
)


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(structures()),
            st.one_of(st.sampled_from([0, 4, 8, 12, 16, 24]), st.integers(0, 90)),
            st.one_of(EXTREME, st.integers(0, 2**33)),
            st.sampled_from(["<I", "<Q"]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_structures_that_lie_under_a_right_checksum_break_nothing(folder, changes):
    segments = [bytearray(one) for one in MADE.segments]
    for (number, at, length), inside, value, kind in changes:
        size = struct.calcsize(kind)
        if inside + size <= length:
            data = segments[number]
            struct.pack_into(kind, data, at + inside, value % (1 << 8 * size))
            data[at + length : at + length + 4] = struct.pack(
                "<I", zlib.adler32(data[at : at + length])
            )
    try:
        size, found, damage, _ = look(folder, segments)
    except MediumError as error:
        assert str(error)
        return
    assert len(found) == min(size, 1 << 16)
    assert all(one.offset >= 0 and one.offset + one.length <= size for one in damage)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, len(MADE.segments[1])), number=st.sampled_from([0, 1]))
def test_a_cut_segment_is_refused_or_its_rest_is_damage(folder, cut, number):
    segments = [bytearray(one) for one in MADE.segments]
    del segments[number][cut:]
    try:
        _, found, damage, facts = look(folder, segments)
    except MediumError:
        return
    assert only_damage_differs(found, damage)
    assert damage or facts.said.get("doubts") or cut == len(MADE.segments[number])
