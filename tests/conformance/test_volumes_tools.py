"""Volumes are found as other tools find them: mmls, libvslvm, cryptsetup; and in shared images."""

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hashmatch.evidence.volumes import finding, luks, lvm, schemes
from hashmatch.model.locators import parse_place, place
from hashmatch.model.secrets import Secrets
from tests import volume_maker as maker
from tests.volume_maker import Bytes

ROOT = Path(__file__).resolve().parents[2]
IMAGES = Path(os.environ.get("HASHMATCH_IMAGES", ROOT.parent / "shared" / "images"))
NONE = Secrets()

shared = pytest.mark.skipif(
    not IMAGES.is_dir(), reason="the folder of shared images is not there (HASHMATCH_IMAGES)"
)


def tool(name):
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")


def image(name):
    path = IMAGES / name
    return Bytes(gzip.decompress(path.read_bytes()) if name.endswith("gz") else path.read_bytes())


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, timeout=60).stdout


EXPECTED = {
    "own-synthetic/disk_gpt3.raw.gz": [
        "gpt:p1;off=1048576",
        "gpt:p2;off=17825792",
        "gpt:p3;off=42991616",
    ],
    "own-synthetic/lv.raw.gz": ["lvm:data;vg=vgtest"],
    "own-synthetic/ntfs.raw.gz": [""],
    "own-synthetic/fat16.raw.gz": [""],
    "own-synthetic/ext4.raw.gz": [""],
    "dfvfs/apfs.raw": [""],
    "dfvfs/hfsplus.raw": [""],
    "dfvfs/iso9660.raw": [""],
    "pytsk/image.raw": [""],
    "pytsk/tsk_volume_system.raw": ["mbr:p1;off=512", "mbr:p5;off=180224"],
}


@shared
@pytest.mark.parametrize("name", EXPECTED)
def test_the_volumes_of_shared_images(name):
    pytest.importorskip("pytsk3")
    pytest.importorskip("pyfsapfs")
    volumes = [one for one in finding.volumes(image(name), NONE) if not one.gap]
    assert [place(one.layers) for one in volumes] == EXPECTED[name]
    unread = [place(one.layers) for one in volumes if one.trouble]
    assert unread == (["mbr:p1;off=512"] if name.endswith("volume_system.raw") else [])


def disks():
    """Disks whose tables are in order, so that there is one way to read them."""
    logical = bytearray(300 * 512)
    logical[:512] = maker.record((0x80, 0x07, 10, 20), (0, 0x0F, 40, 250))
    maker.put(logical, 40, maker.record((0, 0x83, 5, 10), (0, 0x05, 30, 40)))
    maker.put(logical, 70, maker.record((0, 0x83, 2, 8)))
    return {
        "mbr": logical,
        "gpt": maker.gpt(400, [(1, 50, 99, maker.LINUX), (4, 100, 149, maker.LINUX)]),
        "apm": maker.apm(
            200, [(1, 3, "Apple_partition_map"), (10, 20, "Apple_HFS"), (30, 9, "Apple_UFS")]
        ),
    }


@tool("mmls")
@pytest.mark.parametrize(("kind", "word"), [("mbr", "dos"), ("gpt", "gpt"), ("apm", "mac")])
def test_mmls_finds_the_same_partitions(tmp_path, kind, word):
    disk = disks()[kind]
    path = tmp_path / "disk.raw"
    path.write_bytes(disk)
    lines = run("mmls", "-t", word, str(path)).decode().splitlines()
    rows = [re.match(r"\d+:\s+\d\S*\s+(\d+)\s+(\d+)\s+(\d+)", line) for line in lines]
    theirs = sorted((int(row[1]) * 512, int(row[3]) * 512) for row in rows if row)
    (table,) = schemes.read(Bytes(disk))
    assert [(one.offset, one.size) for one in table.partitions] == theirs
    assert table.sure


@shared
def test_pytsk_finds_the_same_partitions():
    pytsk3 = pytest.importorskip("pytsk3")
    path = IMAGES / "pytsk/tsk_volume_system.raw"
    volumes = pytsk3.Volume_Info(pytsk3.Img_Info(str(path)))
    theirs = [(one.start * 512, one.len * 512) for one in volumes if int(one.flags) == 1]
    (table,) = schemes.read(image("pytsk/tsk_volume_system.raw"))
    assert [(one.offset, one.size) for one in table.partitions] == theirs


@shared
def test_libvslvm_reads_the_same_from_a_logical_volume():
    pyvslvm = pytest.importorskip("pyvslvm")
    from hashmatch.evidence.media.as_file import MediumFile

    disk = image("own-synthetic/lv.raw.gz")
    handle = pyvslvm.handle()
    handle.open_file_object(MediumFile(disk))
    handle.open_physical_volume_files_as_file_objects([MediumFile(disk)])
    theirs = handle.get_volume_group().get_logical_volume(0)
    opened = finding.open_volume(disk, parse_place("lvm:data;vg=vgtest"), NONE)
    assert opened.content.size == theirs.get_size()
    assert opened.content.read_at(0, 1 << 30) == theirs.read_buffer_at_offset(
        opened.content.size, 0
    )
    handle.close()
    assert lvm.read(disk).name == "vgtest"


@tool("cryptsetup")
def test_cryptsetup_seals_the_key_that_is_found(tmp_path):
    path, word = tmp_path / "luks.raw", tmp_path / "word"
    path.write_bytes(bytes(4 << 20))
    word.write_bytes(b"secret")
    made = ("--type", "luks1", "--pbkdf-force-iterations", "1000", "--key-file", str(word))
    try:
        run("cryptsetup", "luksFormat", "-q", *made, str(path))
        dump = run("cryptsetup", "luksDump", "-q", "--dump-volume-key", *made[-2:], str(path))
    except subprocess.CalledProcessError:
        pytest.skip("cryptsetup cannot work here")
    said = re.search(rb"MK dump:((?:\s+[0-9a-f]{2}\b)+)", dump)
    content = luks.unlock(Bytes(path.read_bytes()), Secrets((b"no", b"secret")))
    assert content._cipher.key.hex() == b"".join(said[1].split()).decode()
    assert content.size == (4 << 20) - 4096 * 512
