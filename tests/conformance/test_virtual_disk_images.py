"""Virtual disks give what qemu-img reads of them, and the samples what their raw copies hold."""

import gzip
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hashmatch.evidence.media import registry
from hashmatch.evidence.media.interface import MediumError
from hashmatch.model.secrets import Secrets
from tests import image_makers as make

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
IMAGES = (SHARED.parent if SHARED.name == "samples" else SHARED) / "images"
QEMU = shutil.which("qemu-img")
QEMU_IO = shutil.which("qemu-io")

samples = pytest.mark.skipif(
    not IMAGES.is_dir(), reason="the folder of shared images is not there (HASHMATCH_SAMPLES)"
)
needs_qemu = pytest.mark.skipif(QEMU is None, reason="qemu-img is not installed")

SIZE = 3 * 1024 * 1024 + 512 * 9
WAYS = [
    ("qcow2", ""),
    ("qcow2", "-c"),
    ("qcow2", "-o compat=0.10 -c"),
    ("qcow2", "-c -o compression_type=zstd"),
    ("qcow2", "-o extended_l2=on"),
    ("qcow2", "-c -o extended_l2=on"),
    ("qcow2", "-o cluster_size=512"),
    ("qcow2", "-c -o cluster_size=2M"),
    *(
        ("vmdk", f"-o subformat={kind}")
        for kind in (
            "monolithicSparse",
            "monolithicFlat",
            "twoGbMaxExtentSparse",
            "twoGbMaxExtentFlat",
            "streamOptimized",
        )
    ),
    ("vpc", "-o subformat=fixed,force_size=on"),
    ("vpc", "-o subformat=dynamic,force_size=on"),
    ("vhdx", "-o subformat=fixed"),
    ("vhdx", "-o subformat=dynamic"),
]


def content_of(path):
    """Digest and size of what a file holds as a medium; nothing of it may be damaged."""
    form = registry.find(bytes(path))
    assert form is not None
    medium = form.open_medium(bytes(path), Secrets())
    state = hashlib.md5(usedforsecurity=False)
    place = 0
    while part := medium.read_at(place, 1 << 20):
        state.update(part)
        place += len(part)
    assert not medium.damage
    assert place == medium.size
    medium.close()
    return state.hexdigest(), place


def qemu(*words):
    subprocess.run(words, check=True, timeout=60, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    path = tmp_path_factory.mktemp("disks") / "disk.raw"
    path.write_bytes(make.disk(SIZE))
    return path


@needs_qemu
@pytest.mark.parametrize(("kind", "options"), WAYS)
def test_a_disk_made_by_qemu_img_gives_the_same_content(raw, tmp_path, kind, options):
    path = tmp_path / "disk.image"
    try:
        qemu(QEMU, "convert", "-f", "raw", "-O", kind, *options.split(), str(raw), str(path))
    except subprocess.CalledProcessError:
        pytest.skip(f"this qemu-img does not write {kind} {options}")
    content = raw.read_bytes()
    assert content_of(path) == (hashlib.md5(content).hexdigest(), len(content))


@needs_qemu
@pytest.mark.skipif(QEMU_IO is None, reason="qemu-io is not installed")
@pytest.mark.parametrize("kind", ["qcow2", "vmdk"])
def test_a_disk_on_another_gives_what_qemu_img_reads(raw, tmp_path, kind):
    low, top, flat = (tmp_path / name for name in ("low.image", "top.image", "flat.raw"))
    qemu(QEMU, "convert", "-f", "raw", "-O", kind, str(raw), str(low))
    qemu(QEMU, "create", "-q", "-f", kind, "-b", low.name, "-F", kind, str(top))
    qemu(QEMU_IO, "-c", "write -P 7 100000 300000", "-c", "write -P 9 2000000 70000", str(top))
    qemu(QEMU, "convert", "-O", "raw", str(top), str(flat))
    content = flat.read_bytes()
    assert content != raw.read_bytes()
    assert content_of(top) == (hashlib.md5(content).hexdigest(), len(content))


@samples
@pytest.mark.parametrize("name", ["ext2.qcow2", "ext2.vmdk", "ext2.vhd"])
def test_the_same_volume_in_other_forms(name):
    pieces = [(IMAGES / f"dfvfs/ext2.splitraw.00{number}").read_bytes() for number in range(2)]
    content = b"".join(pieces)
    if name.endswith(".vhd"):  # its maker rounded it up to a whole number of cylinders
        content = content.ljust(121 * 4 * 17 * 512, b"\0")
    want = hashlib.md5(content).hexdigest(), len(content)
    assert content_of(IMAGES / "dfvfs" / name) == want


@samples
def test_a_streamed_disk_gives_its_raw_content():
    content = gzip.decompress((IMAGES / "own-synthetic/disk_gpt3.raw.gz").read_bytes())
    want = hashlib.md5(content).hexdigest(), len(content)
    assert content_of(IMAGES / "own-synthetic/disk_gpt3_streamopt.vmdk") == want


@samples
def test_a_differencing_disk_without_its_parent_is_refused_by_name():
    path = bytes(IMAGES / "dfvfs/fat-differential.vhd")
    form = registry.find(path)
    assert form.NAME == "vhd"
    with pytest.raises(MediumError, match=r"fat-parent\.vhd.*not beside it"):
        form.open_medium(path, Secrets())
    assert form.files(path) == (path,)


def content_by_library(kind, path):
    """The same content through a library that others use; skipped where it is not installed."""
    if kind == "vmdk":
        handle = pytest.importorskip("pyvmdk").handle()
        handle.open(str(path))
        handle.open_extent_data_files()
    else:
        handle = pytest.importorskip("pyvhdi").file()
        handle.open(str(path))
    content = handle.read_buffer_at_offset(SIZE, 0)
    handle.close()
    return content


@needs_qemu
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("vmdk", "-o subformat=monolithicSparse"),
        ("vmdk", "-o subformat=streamOptimized"),
        ("vpc", "-o subformat=dynamic,force_size=on"),
        ("vhdx", "-o subformat=dynamic"),
    ],
)
def test_libraries_of_others_read_the_same(raw, tmp_path, kind, options):
    path = tmp_path / "disk.image"
    qemu(QEMU, "convert", "-f", "raw", "-O", kind, *options.split(), str(raw), str(path))
    content = content_by_library(kind, path)
    assert content_of(path) == (hashlib.md5(content).hexdigest(), SIZE)


def test_a_library_of_others_reads_the_same_of_an_apple_image(tmp_path):
    path = tmp_path / "disk.dmg"
    content = b"".join(b"part %06d " % number * 512 for number in range(64))
    path.write_bytes(make.dmg(content, ways=(1,)))
    handle = pytest.importorskip("pymodi").handle()
    handle.open(str(path))
    assert handle.read_buffer_at_offset(len(content), 0) == content
    handle.close()
    assert content_of(path) == (hashlib.md5(content).hexdigest(), len(content))
