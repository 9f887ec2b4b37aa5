"""Compressed streams that another program wrote are the same from wherever they are read."""

import io
import random
import shutil
import subprocess

import pytest

from hashmatch.model.locators import parse_place
from tests.byte_medium import ByteMedium, content, items, mounted

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")
TOOLS = {
    name: shutil.which(name) or shutil.which(name, path="/sbin:/usr/sbin")
    for name in ("mkfs.ntfs", "ntfs-3g", "umount")
}
pytestmark = pytest.mark.skipif(not all(TOOLS.values()), reason="ntfs-3g is not installed")


@pytest.fixture
def wanted():
    chance = random.Random(7)
    kinds = (chance.randbytes(70_000), b"some text " * 9_000, bytes(90_000))
    parts = [kinds[chance.randrange(3)][: chance.randrange(90_000)] for _ in range(16)]
    return {b"plain.bin": b"".join(parts), b"plain.bin:ads.zip": b"".join(parts[::-1])[:-1]}


@pytest.fixture
def volume(tmp_path, wanted):
    path, folder = tmp_path / "volume.raw", tmp_path / "mounted"
    folder.mkdir()
    with path.open("wb") as stream:
        stream.truncate(8 << 20)

    def run(*words):
        return subprocess.run(words, capture_output=True, timeout=60, check=False).returncode

    run(TOOLS["mkfs.ntfs"], "-F", "-Q", "-C", path)
    if run(TOOLS["ntfs-3g"], "-o", "streams_interface=windows,compression", path, folder):
        pytest.skip("ntfs-3g cannot mount here")
    try:
        for name, data in wanted.items():
            (folder / name.decode()).write_bytes(data)
    finally:
        assert run(TOOLS["umount"], folder) == 0
    return path.read_bytes()


def test_compressed_streams_that_ntfs_3g_wrote(volume, wanted):
    system = mounted(ByteMedium(volume))
    found = items(system)
    assert {path: content(system, item)[0] for path, item in found.items()} == wanted
    chance = random.Random(8)
    for path, item in found.items():
        assert sum(length for _, length in item.facts.extents) < item.size
        stream = io.BufferedReader(system.open(parse_place(item.place)[0], item.size).stream)
        for number in range(200):
            place = chance.randrange(item.size) if number % 2 else item.size - number * 100 - 100
            stream.seek(place)
            length = chance.choice((1, 22, 5_000, 200_000))
            assert stream.read(length) == wanted[path][place : place + length], (path, place)
