"""Images of other makers: their own digests, and the tools of libewf, say the same."""

import gzip
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hashmatch.evidence.media import check, ewf, raw, registry
from hashmatch.model.secrets import Secrets

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "images"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared images are not here")

IMAGES = {
    "plaso/image.E01": ("d73c51f10c7ee6a681b7b619ccc6f1c4", 102_400),
    "dfvfs/ext2.E01": ("196066add11fb71c4c49cf1bb50d6d24", 4_194_304),
    "own-synthetic/disk_gpt3.E01": ("1ca4eb8cb2ba7ec831aa1034e50d03bb", 67_108_864),
}


def opened(path):
    return registry.find(os.fsencode(path)).open_medium(os.fsencode(path), Secrets())


@pytest.mark.parametrize("name", IMAGES)
def test_images_of_other_makers_verify(name):
    medium = opened(SAMPLES / name)
    found = check.check(medium)
    assert medium.facts.form == "e01"
    assert (dict(found.digests)["md5"], found.size) == IMAGES[name]
    assert (found.verdict, found.sound) == ("match", True)
    assert medium.facts.said["case_number"]
    assert "doubts" not in medium.facts.said
    if name.startswith("own-synthetic"):
        assert dict(found.stored)["sha1"] == "354f7cd1b6419e2861b43b2580433c27e6611fcb"


def test_an_image_holds_what_was_imaged():
    with gzip.open(SAMPLES / "own-synthetic" / "disk_gpt3.raw.gz") as file:
        expected = hashlib.sha256(file.read()).hexdigest()
    found = check.check(opened(SAMPLES / "own-synthetic" / "disk_gpt3.E01"))
    assert dict(found.digests)["sha256"] == expected


def test_pieces_hold_what_the_image_holds():
    pieces = check.check(opened(SAMPLES / "dfvfs" / "ext2.splitraw.000"))
    whole = check.check(opened(SAMPLES / "dfvfs" / "ext2.E01"))
    assert pieces.digests == whole.digests


def test_raw_images_are_recognised_and_what_is_none_is_not():
    for name in ("dfvfs/apfs.raw", "dfvfs/hfsplus.raw", "dfvfs/iso9660.raw", "pytsk/image.raw"):
        assert registry.find(os.fsencode(SAMPLES / name)) is raw
    for name in ("dfvfs/bogus.001", "own-synthetic/images63.pdf", "own-synthetic/dup.zip"):
        assert registry.find(os.fsencode(SAMPLES / name)) is None


@pytest.mark.skipif(shutil.which("ewfexport") is None, reason="ewfexport is not installed")
def test_libewf_exports_the_same_bytes(tmp_path):
    path = SAMPLES / "dfvfs" / "ext2.E01"
    words = ["ewfexport", "-q", "-u", "-f", "raw", "-t", tmp_path / "out", path]
    subprocess.run(words, capture_output=True, check=True)
    assert opened(path).read_at(0, 1 << 23) == (tmp_path / "out.raw").read_bytes()


@pytest.mark.skipif(shutil.which("ewfacquire") is None, reason="ewfacquire is not installed")
@pytest.mark.parametrize(
    "form", ["encase1", "encase2", "encase4", "encase6", "encase7", "ftk", "linen7", "ewfx"]
)
def test_every_variant_that_libewf_writes_is_read(tmp_path, form):
    data = bytes(range(256)) * 700 + os.urandom(512 * 130) + bytes(512 * 400)
    (tmp_path / "disk.raw").write_bytes(data)
    words = ["ewfacquire", "-q", "-u", "-d", "sha1", "-f", form, "-c", "deflate:fast", "-t"]
    subprocess.run(
        [*words, tmp_path / "disk", tmp_path / "disk.raw"], capture_output=True, check=True
    )
    (path,) = tmp_path.glob("disk.[eE]01")
    medium = opened(path)
    assert medium.facts.form == ewf.NAME
    assert medium.read_at(0, 1 << 20) == data
    found = check.check(medium)
    assert (found.size, found.sound) == (len(data), True)
    assert "doubts" not in medium.facts.said


@pytest.mark.skipif(shutil.which("ewfacquire") is None, reason="ewfacquire is not installed")
def test_a_source_that_ends_within_a_sector_matches_its_stored_digest(tmp_path):
    data = os.urandom(70_001)
    (tmp_path / "disk.raw").write_bytes(data)
    words = ["ewfacquire", "-q", "-u", "-f", "encase6", "-t", tmp_path / "disk"]
    subprocess.run([*words, tmp_path / "disk.raw"], capture_output=True, check=True)
    medium = opened(tmp_path / "disk.E01")
    assert medium.read_at(0, 1 << 20) == data
    assert check.check(medium).verdict == "match"
