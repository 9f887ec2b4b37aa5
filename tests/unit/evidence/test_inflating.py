"""Whichever library unpacks, the same comes out and the same is refused."""

import random
import zlib
from importlib.util import find_spec

import pytest

from hashmatch.evidence import inflating


@pytest.fixture(params=["isal", "zlib"])
def library(request, monkeypatch):
    if request.param == "isal" and find_spec("isal") is None:
        pytest.skip("isal is not installed")
    if request.param == "zlib":
        monkeypatch.setattr(inflating, "library", lambda: zlib)
    return request.param


def outcome(data, most):
    inflate = inflating.inflater()
    try:
        found = inflate.decompress(data, most)
    except inflating.errors():
        return None
    return (found, True) if inflate.eof else (found[:most], False)


def test_what_comes_out_is_what_went_in(library):
    for size in (0, 1, 511, 4096, 32768, 100_000):
        content = random.Random(size).randbytes(size // 2) + bytes(size - size // 2)
        for level in (0, 1, 6, 9):
            data = zlib.compress(content, level)
            assert outcome(memoryview(data), size + 1) == (content, True)
            assert inflating.adler32(content) == zlib.adler32(content)
            assert outcome(data + b"what follows", size + 1) == (content, True)


def test_a_stream_that_is_longer_than_allowed_is_not_at_its_end(library):
    found = outcome(zlib.compress(bytes(1000)), 999)
    assert found == (bytes(999), False)


def test_no_damaged_stream_gives_other_content(library):
    content = bytes(range(256)) * 8 + random.Random(1).randbytes(300)
    data = zlib.compress(content)
    for at in range(len(data)):
        for bit in range(0, 8, 3):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            found = outcome(bytes(damaged), len(content) + 1)
            assert found is None or not found[1] or found[0] == content
    for length in range(len(data)):
        found = outcome(data[:length], len(content) + 1)
        assert found is None or not found[1]
