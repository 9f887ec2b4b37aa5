"""A record or tree of extents of ext4 that is not as it was written costs its file, and is told."""

import shutil
import struct
import subprocess

import pytest

from hashmatch.evidence.filesystems import ext_layout, ext_sums
from hashmatch.model.evidence import Item
from hashmatch.model.outcomes import Failed, Reason
from tests.byte_medium import ByteMedium, content, items, mounted

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")
MKE2FS = shutil.which("mke2fs") or shutil.which("mke2fs", path="/sbin:/usr/sbin")
pytestmark = pytest.mark.skipif(MKE2FS is None, reason="e2fsprogs is not installed")

GAP = 40_000
LAYOUTS = {
    "small records": ("-I", "128", "-O", "metadata_csum"),
    "large records": ("-I", "256", "-O", "metadata_csum"),
    "a seed of its own": ("-I", "1024", "-O", "metadata_csum,metadata_csum_seed"),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("ext") / "tree"
    root.mkdir()
    (root / "a.jpg").write_bytes(b"a" * 5_000)
    (root / "b.jpg").write_bytes(b"b" * 5_000)
    with (root / "pieces.bin").open("wb") as out:  # more extents than a record has room for
        for number in range(12):
            out.seek(number * GAP)
            out.write(b"piece %d" % number)
    return root


def volume(tree, *options):
    path = tree.parent / "volume.raw"
    path.unlink(missing_ok=True)
    words = [MKE2FS, "-q", "-F", "-t", "ext4", "-b", "1024", *options, "-d", tree, path, "8M"]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return path.read_bytes()


def record_of(raw, name):
    medium = ByteMedium(raw)
    number = int(items(mounted(medium))[name].place.rpartition(";id=")[2])
    return ext_layout.read(medium).record_at(medium, number)


def flipped(raw, place):
    out = bytearray(raw)
    out[place] ^= 1
    return ByteMedium(bytes(out))


@pytest.mark.parametrize("options", LAYOUTS.values(), ids=LAYOUTS)
def test_what_is_as_it_was_written_is_read_and_a_flipped_bit_costs_its_file(tree, options):
    raw = volume(tree, *options)
    assert ext_layout.read(ByteMedium(raw)).seed is not None
    system = mounted(ByteMedium(raw))
    found = items(system, deleted=False)
    assert {name: content(system, one)[0] for name, one in found.items()} == {
        path.name.encode(): path.read_bytes() for path in tree.iterdir()
    }
    record = record_of(raw, b"a.jpg")
    tree_block = struct.unpack_from("<I", raw, record_of(raw, b"pieces.bin") + 56)[0] * 1024
    for place, lost in (
        (record + 40 + 20, b"a.jpg"),  # where its first extent lies
        (record + 100, b"a.jpg"),  # its generation
        (record + 124, b"a.jpg"),  # the checksum
        (tree_block + 20, b"pieces.bin"),
        (tree_block + 24 + 9, b"pieces.bin"),
    ):
        entries = list(mounted(flipped(raw, place)).entries(deleted=False))
        failed = {e.path: e.reason for e in entries if isinstance(e, Failed)}
        assert failed == {lost: Reason.DAMAGED_FILE_SYSTEM}, place
        assert {e.path for e in entries if isinstance(e, Item)} == set(found) - {lost}


def test_a_volume_without_checksums_is_read_without(tree):
    raw = volume(tree, "-O", "^metadata_csum")
    assert ext_layout.read(ByteMedium(raw)).seed is None
    changed = flipped(raw, record_of(raw, b"a.jpg") + 100)
    assert set(items(mounted(changed), deleted=False)) == {p.name.encode() for p in tree.iterdir()}


def test_what_claims_more_than_a_block_holds_is_no_tree():
    assert not ext_sums.is_tree(0, b"\x0a\xf3" + b"\xff" * 30)
    assert not ext_sums.is_tree(0, bytes(64))
    assert not ext_sums.is_tree(0, b"")
