"""Hashes of parts and blocks agree with other programs and with their definitions."""

import base64
import hashlib
import io
import itertools
import json
import os
import shutil
import subprocess
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.hashing import aich, digests, ed2k, pieces_root, tth
from hashmatch.model.hashes import Algorithm

TREES = (Algorithm.ED2K, Algorithm.AICH, Algorithm.TTH, Algorithm.PIECES_ROOT)
PART = ed2k.PART

# ed2k of zeros by length: as eMule ends it (RHash 1.4.3), and the other value where there is one.
ZEROS = {
    1024: ("6d134ac6b1205dae582e16234894fb90", None),
    PART - 1: ("ac44b93fc9aff773ab0005c911f8396f", None),
    PART: ("fc21d9af828f92a8df64beac3357425d", "d7def262a127cd79096a108e7a9fc138"),
    PART + 1: ("06329e9dba1373512c06386fe29e3c65", None),
    2 * PART: ("114b21c63a74b6ca922291a11177dd5c", "194ee9e4fa79b2ee9f8829284c466051"),
}


def values(content, *algorithms):
    found = digests.read(io.BytesIO(content), algorithms or TREES, lambda _: False, 0)
    return [digest.hex for digest in found.digests]


def noise(size):
    """Bytes that look random, the same every time."""
    return hashlib.shake_128(b"synthetic").digest(size)


@pytest.mark.parametrize("size", ZEROS)
def test_a_whole_number_of_parts_has_both_values_of_ed2k_and_any_other_length_one(size):
    assert values(bytes(size), Algorithm.ED2K) == [one for one in ZEROS[size] if one]


def test_an_empty_file_has_one_value_of_ed2k():
    assert values(b"", Algorithm.ED2K) == ["31d6cfe0d16ae931b73c59d7e0c089c0"]


def test_an_empty_file_has_no_pieces_root_and_no_made_up_one():
    assert values(b"", Algorithm.PIECES_ROOT) == []


@pytest.mark.parametrize("size", [1, aich.BLOCK - 1, aich.BLOCK])
def test_aich_of_a_single_block_is_its_sha1(size):
    content = noise(size)
    assert values(content, Algorithm.AICH) == [hashlib.sha1(content).hexdigest()]


@pytest.mark.parametrize("size", [1, pieces_root.BLOCK])
def test_the_pieces_root_of_a_single_block_is_its_sha256(size):
    content = noise(size)
    assert values(content, Algorithm.PIECES_ROOT) == [hashlib.sha256(content).hexdigest()]


def plain_pieces_root(content):
    leaves = [
        hashlib.sha256(content[at : at + pieces_root.BLOCK]).digest()
        for at in range(0, len(content), pieces_root.BLOCK)
    ]
    width = 1 << (len(leaves) - 1).bit_length()
    leaves += [bytes(32)] * (width - len(leaves))
    while len(leaves) > 1:
        pairs = zip(leaves[::2], leaves[1::2], strict=True)
        leaves = [hashlib.sha256(left + right).digest() for left, right in pairs]
    return leaves[0].hex()


@pytest.mark.parametrize("blocks", [2, 3, 4, 5, 7, 8, 9, 31, 32, 33])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_pieces_root_is_that_of_the_whole_tree_filled_with_zeros(blocks, more):
    content = noise(blocks * pieces_root.BLOCK + more)
    assert values(content, Algorithm.PIECES_ROOT) == [plain_pieces_root(content)]


@given(content=st.binary(max_size=9000), cuts=st.lists(st.integers(0, 9000), max_size=6))
@settings(deadline=None, max_examples=60)
def test_the_pieces_in_which_a_stream_comes_change_nothing(content, cuts):
    # Short blocks make every boundary fall into a short content.
    states = [ed2k.Ed2k(), aich.Aich(), tth.Tth(), pieces_root.PiecesRoot()]
    edges = sorted({0, *(cut for cut in cuts if cut < len(content)), len(content)})
    for state in states:
        for first, last in itertools.pairwise(edges):
            state.update(memoryview(content)[first:last])
    assert [one.hex for state in states for one in state.digests()] == values(content)


@pytest.mark.parametrize("at_once", [1, 2, 4, 8])
@pytest.mark.parametrize("blocks", [0, 1, 2, 3, 5, 8, 13, 17, 21])
def test_the_number_of_blocks_digested_together_does_not_change_the_tiger_tree(
    monkeypatch, at_once, blocks
):
    for more in (0, 1, 1023):
        content = noise(blocks * tth.BLOCK + more)
        whole = values(content, Algorithm.TTH)
        with monkeypatch.context() as patch:
            patch.setattr(tth, "_AT_ONCE", at_once)
            assert values(content, Algorithm.TTH) == whole


def test_the_tiger_tree_has_its_published_values():
    # THEX, appendix: nothing, one zero, and 1024 and 1025 times "A".
    assert [base64.b32encode(bytes.fromhex(values(content, Algorithm.TTH)[0]))[:39].decode()
            for content in (b"", b"\0", b"A" * 1024, b"A" * 1025)] == [
        "LWPNACQDBZRYXW3VHJVCJ64QBZNGHOHHHZWCLNQ",
        "VK54ZIEEVTWNAUI5D5RDFIL37LX2IQNSTAXFKSA",
        "L66Q4YVNAFWVS23X2HJIRA5ZJ7WXR3F26RSASFA",
        "PZMRYHGY6LTBEH63ZWAHDORHSYTLO4LEFUIKHWY",
    ]  # fmt: skip


def test_the_boxes_of_tiger_are_those_of_its_authors():
    from hashmatch.hashing.tiger import _boxes

    boxes = _boxes()
    assert boxes.shape == (1024,)
    assert [int(boxes[at]) for at in (0, 1)] == [0x02AAB17CF7E90C5E, 0xAC424B03E243A8EC]


@pytest.mark.parametrize(
    "size",
    [0, 1, 1024, 1025, aich.BLOCK, aich.BLOCK + 1, 1_500_000, 2 << 20, PART - 1, PART, PART + 1]
    + [count * PART + more for count, more in ((2, 0), (3, 9), (4, 0), (5, 200_000), (7, 0))],
)
@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_rhash_agrees(tmp_path, size):
    rhash = shutil.which("rhash")
    if rhash is None:
        pytest.skip("rhash is not installed")
    content = noise(size)
    path = tmp_path / "file"
    path.write_bytes(content)
    told = subprocess.run(
        [rhash, "--printf", "%x{ed2k} %x{aich} %x{tth}", path],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    found = [values(content, one)[0] for one in TREES[:3]]
    assert found == told


SAMPLES = Path(os.environ.get("HASHMATCH_SAMPLES", Path(__file__).parents[4] / "shared"))
VECTORS = SAMPLES / "samples" / "synthetic" / "vectors.json"


def test_every_shared_vector_is_met():
    if not VECTORS.is_file():
        pytest.skip("the folder of shared samples is not there (HASHMATCH_SAMPLES)")
    for name, known in json.loads(VECTORS.read_text("utf-8")).items():
        if name.startswith("zeros:"):
            content = bytes(int(name.removeprefix("zeros:")))
        elif (VECTORS.parent / "files" / name).is_file():
            content = (VECTORS.parent / "files" / name).read_bytes()
        else:
            content = {"empty": b"", '"abc"': b"abc"}[name]
        eds = list(dict.fromkeys((known["ed2k_red_emule"], known["ed2k_blue"])))
        root = known["bep52_pieces_root"]
        assert values(content) == [
            *eds, unbase32(known["aich_base32"]), unbase32(known["tth_base32"]),
            *([root] if root else []),
        ], name  # fmt: skip


def unbase32(text):
    return base64.b32decode(text + "=" * (-len(text) % 8)).hex()


def test_memory_does_not_grow_with_the_content():
    class Zeros(io.RawIOBase):
        left = 160

        def readinto(self, buffer):
            self.left -= 1
            return len(buffer) if self.left >= 0 else 0

    values(b"warm")
    tracemalloc.start()
    digests.read(Zeros(), TREES, lambda _: False, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20
