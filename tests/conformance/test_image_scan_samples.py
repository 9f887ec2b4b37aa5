"""Shared images as sources: the same content in every form, nothing read as something else."""

import gzip
import hashlib
import os
from contextlib import closing
from pathlib import Path

import pytest

from hashmatch.errors import EvidenceError
from hashmatch.evidence import opening
from hashmatch.evidence.opening import Wishes
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.lister import Lister, Terms
from hashmatch.model.evidence import Item

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
IMAGES = (SHARED.parent if SHARED.name == "samples" else SHARED) / "images"

pytest.importorskip("pytsk3")
pytestmark = pytest.mark.skipif(
    not IMAGES.is_dir(), reason="the folder of shared images is not there (HASHMATCH_SAMPLES)"
)


def source(path):
    return opening.source_of(os.fsencode(path), Wishes())


def held(path):
    """Give name, size and digest of every item, and the places."""
    image, found = source(path), {}
    for item in image.entries():
        if isinstance(item, Item):
            with image.open(item) as stream:
                content = stream.read()
            assert image.doubt(item, stream) is None
            found[item.place] = (item.path, item.size, hashlib.sha256(content).hexdigest())
    return found


def test_one_disk_in_many_forms_holds_the_same_at_the_same_places(tmp_path):
    ours = IMAGES / "own-synthetic"
    raw = gzip.decompress((ours / "disk_gpt3.raw.gz").read_bytes())
    plain = tmp_path / "disk.dd"
    plain.write_bytes(raw)
    for number, at in enumerate(range(0, len(raw), 20 << 20), start=1):
        (tmp_path / f"disk.{number:03}").write_bytes(raw[at : at + (20 << 20)])
    expected = held(plain)
    assert len(expected) == 33
    others = (ours / "disk_gpt3.E01", ours / "disk_gpt3_streamopt.vmdk", tmp_path / "disk.001")
    for other in others:
        assert held(other) == expected, other
    names = ("ext2.E01", "ext2.qcow2", "ext2.splitraw.000", "ext2.vhd", "ext2.vmdk")
    first, *rest = (held(IMAGES / "dfvfs" / name) for name in names)
    assert first
    assert all(one == first for one in rest)


def test_a_listing_process_gives_what_listing_here_gives():
    image = source(IMAGES / "own-synthetic" / "disk_gpt3.E01")
    with closing(Lister(image, Terms(target=Level.LANDLOCK))) as lister:
        assert list(lister.entries()) == list(image.entries())
        check, _ = lister.check(lambda _: None, files=False)
    assert check.verdict == "match"
    assert [one.kind for one in lister.told.values()] == ["fat16", "ntfs", "ext4"]


def test_what_is_not_known_is_never_taken_for_a_raw_image():
    with pytest.raises(EvidenceError, match="--as raw"):
        source(IMAGES / "dfvfs" / "bogus.001")


def test_a_disk_without_its_parent_is_refused_before_anything_is_listed():
    image = source(IMAGES / "dfvfs" / "fat-differential.vhd")
    with (
        closing(Lister(image, Terms(target=Level.PROCESSES))) as lister,
        pytest.raises(EvidenceError, match=r"fat-parent\.vhd.*not beside it"),
    ):
        lister.opened()
