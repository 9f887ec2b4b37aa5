"""Folders of ISO 9660 whose names cannot be right are said: the library leaves names out."""

import shutil
import subprocess

import pytest

from hashmatch.model.outcomes import Failed, Reason
from tests.byte_medium import ByteMedium, items, mounted

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")
MAKER = shutil.which("genisoimage")
pytestmark = pytest.mark.skipif(MAKER is None, reason="genisoimage is not installed")
SECTOR = 2048


@pytest.fixture(scope="module")
def disc(tmp_path_factory):
    root = tmp_path_factory.mktemp("iso") / "tree"
    (root / "sub").mkdir(parents=True)
    for number in range(3):
        (root / "sub" / f"f{number}.jpg").write_bytes(b"picture %d" % number * 500)
    (root / "top.jpg").write_bytes(b"top")
    path = root.parent / "disc.iso"
    subprocess.run([MAKER, "-quiet", "-R", "-o", path, root], check=True, timeout=60)
    return path.read_bytes()


def folder(disc):
    """Where the folder below the first one lies: the only one with an F0.JPG."""
    return disc.index(b"F0.JPG;1") // SECTOR * SECTOR


def entry(disc, name):
    return disc.index(name) - 33


def listed(disc):
    system = mounted(ByteMedium(disc))
    failed = [e.reason for e in system.entries(deleted=True) if isinstance(e, Failed)]
    return len(items(system)), failed


def test_a_sound_disc_has_no_contradiction(disc):
    assert listed(disc) == (4, [])


def test_a_folder_that_reads_as_zeros_is_not_an_empty_one(disc):
    broken = bytearray(disc)
    broken[folder(disc) : folder(disc) + SECTOR] = bytes(SECTOR)
    assert listed(bytes(broken)) == (1, [Reason.DAMAGED_FILE_SYSTEM])


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (2, b"\xff\xff\xff\x7f"),  # content far behind the end
        (0, b"\0"),  # an end before the end
        (0, b"\x10"),  # too short for an entry
        (32, b"\xf0"),  # a name longer than its entry
        (32, b"\0"),  # no name
    ],
)
def test_entries_that_cannot_be_are_said(disc, at, value):
    broken = bytearray(disc)
    place = entry(disc, b"F1.JPG;1") + at
    broken[place : place + len(value)] = value
    count, failed = listed(bytes(broken))
    assert failed
    assert set(failed) == {Reason.DAMAGED_FILE_SYSTEM}
    assert count < 5
