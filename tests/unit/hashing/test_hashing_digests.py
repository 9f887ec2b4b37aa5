"""One read: all digests of the whole content, or none."""

import hashlib
import io
import os
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.hashing import digests
from hashmatch.hashing.beside import Beside
from hashmatch.hashing.digests import HEAD, SLICE, read
from hashmatch.model.hashes import ALWAYS, Algorithm
from hashmatch.model.outcomes import ItemError, Reason, Stage

EVERY = tuple(a for a in Algorithm if a in hashlib.algorithms_available)


def no(_):
    return False


def yes(_):
    return True


def expected(content):
    return [hashlib.new(algorithm, content).hexdigest() for algorithm in EVERY]


class Trickle(io.RawIOBase):
    """A stream that gives few bytes at a time, as network file systems may."""

    def __init__(self, content, step):
        self._content, self._step = content, step

    def readinto(self, buffer):
        part = self._content[: min(self._step, len(buffer))]
        self._content = self._content[len(part) :]
        buffer[: len(part)] = part
        return len(part)


class BadSector(Trickle):
    """A stream that fails after its content."""

    def readinto(self, buffer):
        count = super().readinto(buffer)
        if not count:
            raise OSError(5, "Input/output error")
        return count


@pytest.mark.parametrize("size", [0, 1, HEAD, HEAD + 1, SLICE - 1, SLICE, SLICE + 1, 3 * SLICE])
def test_every_algorithm_sees_all_bytes_at_every_boundary(size):
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    found = read(io.BytesIO(content), EVERY, yes, size)
    assert [digest.hex for digest in found.digests] == expected(content)
    assert (found.size, found.head, found.kept) == (size, content[:HEAD], content)


@given(content=st.binary(max_size=2000), step=st.integers(1, 700))
@settings(deadline=None)
def test_short_reads_change_nothing(content, step):
    found = read(Trickle(content, step), EVERY, yes, len(content))
    assert [digest.hex for digest in found.digests] == expected(content)
    assert (found.head, found.kept) == (content, content)


def test_the_answer_keeps_the_order_asked_for():
    order = (Algorithm.SHA512, Algorithm.MD5)
    assert tuple(d.algorithm for d in read(io.BytesIO(b"x"), order, no, 0).digests) == order


def test_no_algorithm_gives_no_digest():
    assert read(io.BytesIO(b"x"), (), no, 0).digests == ()


@pytest.mark.parametrize("good", [0, 10, SLICE, SLICE + 10])
def test_a_read_error_anywhere_gives_no_digest_at_all(good):
    with pytest.raises(ItemError) as caught:
        read(BadSector(b"x" * good, 1 << 20), ALWAYS, no, 0)
    assert (caught.value.stage, caught.value.reason) == (Stage.READ, Reason.IO)


def test_a_stream_that_has_nothing_yet_is_not_taken_for_an_empty_one():
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with open(reader, "rb", buffering=0) as stream, pytest.raises(ItemError):  # noqa: PTH123
        read(stream, ALWAYS, no, 0)
    os.close(writer)


def test_content_is_kept_only_when_asked_for():
    assert read(io.BytesIO(b"text"), ALWAYS, lambda head: head == b"other", 99).kept is None
    assert read(io.BytesIO(b"text"), ALWAYS, lambda head: head == b"text", 99).kept == b"text"


@pytest.mark.parametrize("size", [10, SLICE, SLICE + 1])
def test_content_over_the_limit_is_digested_and_not_kept(size):
    content = b"x" * size
    found = read(io.BytesIO(content), EVERY, yes, size - 1)
    assert found.kept is None
    assert [digest.hex for digest in found.digests] == expected(content)
    assert read(io.BytesIO(content), EVERY, yes, size).kept == content


def test_it_starts_where_the_stream_stands():
    stream = io.BytesIO(b"skipped-rest")
    stream.seek(8)
    assert read(stream, EVERY, yes, 99).kept == b"rest"


def test_memory_does_not_grow_with_the_content():
    """64 MiB pass through a stream that makes them up."""
    read(io.BytesIO(b""), EVERY, no, 0)

    class Zeros(io.RawIOBase):
        left = 256

        def readinto(self, buffer):
            self.left -= 1
            return len(buffer) if self.left >= 0 else 0

    tracemalloc.start()
    found = read(Zeros(), (Algorithm.SHA1,), yes, SLICE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.size == 256 * SLICE
    assert peak < 4 * SLICE


def test_the_head_is_long_enough_for_every_signature():
    assert digests.HEAD >= 64


@pytest.mark.parametrize("size", [0, SLICE - 1, SLICE, digests.WIDE + 1, 3 * digests.WIDE])
def test_two_threads_see_all_bytes_too(size):
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    asked = (*EVERY, Algorithm.TTH)
    found = read(io.BytesIO(content), asked, yes, size, wide=True)
    assert found == read(io.BytesIO(content), asked, yes, size)
    assert found.digests == digests.of_bytes(content, asked)


def test_two_threads_fail_as_one():
    with pytest.raises(ItemError):
        read(BadSector(b"x" * (2 * SLICE), SLICE), ALWAYS, no, 0, wide=True)


def test_what_a_second_thread_meets_reaches_the_caller():
    class Broken:
        def update(self, part):
            raise MemoryError

    with Beside([Broken()]) as beside:
        beside.update(memoryview(b"x"))
        with pytest.raises(MemoryError):
            beside.wait()


def test_without_a_second_thread_the_first_does_all(monkeypatch):
    def none(_):
        raise RuntimeError

    monkeypatch.setattr("threading.Thread.start", none)
    content = b"x" * (SLICE + 1)
    assert read(io.BytesIO(content), EVERY, no, 0, wide=True).digests == digests.of_bytes(
        content, EVERY
    )
