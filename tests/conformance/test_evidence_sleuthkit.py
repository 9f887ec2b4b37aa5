"""Whole images are read as the programs of The Sleuth Kit read them: volumes, files, digests."""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hashmatch.evidence import opening
from hashmatch.evidence.opening import Wishes
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Failed, Rule, Skipped

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
IMAGES = (SHARED.parent if SHARED.name == "samples" else SHARED) / "images"
MISSING = [name for name in ("mmls", "fls", "icat") if shutil.which(name) is None]

pytestmark = [
    pytest.mark.skipif(
        not IMAGES.is_dir(), reason="the folder of shared images is not there (HASHMATCH_SAMPLES)"
    ),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

SECTOR = 512
IN_PARTS = {  # partitions; files that are there, deleted, volumes without a file system
    "own-synthetic/disk_gpt3.E01": (3, 28, 5, 0),
    "own-synthetic/disk_gpt3.raw.gz": (3, 28, 5, 0),
    "pytsk/tsk_volume_system.raw": (2, 0, 0, 1),
}

ALONE = {
    "own-synthetic/fat16_dates.raw.gz": 0,
    "own-synthetic/lv.raw.gz": 2048,
    "dfvfs/ext2.E01": 0,
    "dfvfs/ext2.vmdk": 0,
    "dfvfs/ext2.vhd": 0,
    "dfvfs/ext2.splitraw.000": 0,
    "dfvfs/hfsplus.raw": 0,
    "dfvfs/iso9660.raw": 0,
    "plaso/image.E01": 0,
    "pytsk/image.raw": 0,
}
"""Images of one file system, and the sector where it begins: that of LVM2 is known beforehand."""

APFS = ("-P", "apfs", "-B", "107")
"""How the programs are told of the volume in the sample of APFS."""


def program(name, *words, check=True):
    words = (shutil.which(name), *words)
    return subprocess.run(
        words, capture_output=True, check=check, timeout=60, env={"TZ": "UTC"}
    ).stdout


def sha(data):
    return hashlib.sha256(data).hexdigest()


def there(name, folder):
    """Give the path of an image, unpacked where it is packed."""
    path = IMAGES / name
    if path.suffix != ".gz":
        return path
    plain = folder / path.stem
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    return plain


def ours(path):
    """Give size and digest of all files by volume offset and name, allocated and deleted apart."""
    image = opening.source_of(os.fsencode(path), Wishes())
    allocated, deleted, own, failed = {}, {}, set(), []
    volumes = {v.number: v for v in image.volumes() if not v.gap}
    for volume in volumes.values():
        for entry in image.entries_of(volume):
            name = volume.offset, entry.path.removeprefix(volume.prefix)
            if isinstance(entry, Item):
                with image.open(entry) as stream:
                    content = stream.read()
                    assert image.doubt(entry, stream) is None
                standing = entry.facts.standing is Standing.ALLOCATED
                (allocated if standing else deleted)[name] = (entry.size, sha(content))
                assert entry.size == len(content)
            elif isinstance(entry, Skipped) and entry.rule is Rule.METADATA:
                own.add(name)
            elif isinstance(entry, Failed):
                failed.append(name)
    return volumes, allocated, deleted, own, failed


def theirs(path, content, where, kind):
    """Give size and digest of the files of a volume: of those that are there, or were deleted.

    Names come from the image, content from ``content``: old libraries read some forms slowly.
    """
    found = {}
    for line in program("fls", kind, "-r", "-p", "-F", *where, path).splitlines():
        head, _, name = line.partition(b"\t")
        kinds, *_, address = head.split()
        if kinds.endswith(b"/r") and b"OrphanFile-" not in name:
            number = address.rstrip(b":").decode()
            data = program("icat", *where, content, number, check=False)  # of none it says error
            found[name] = (len(data), sha(data))
    return found


def compare(path, sectors, content=None, words=()):
    """Compare what is allocated and what was deleted; gives how many there were, and failures."""
    volumes, allocated, deleted, own, failed = ours(path)
    parts = {v.offset // SECTOR for v in volumes.values()}
    counts = [0, 0]
    for sector in sectors:
        assert sector in parts or len(parts) == 1
        at = (sector if sector in parts else min(parts)) * SECTOR
        where = ("-o", str(sector), *words)
        for place, kind, held in ((0, "-u", allocated), (1, "-d", deleted)):
            want = {
                name: value
                for name, value in theirs(path, content or path, where, kind).items()
                if (at, name.split(b":")[0]) not in own and not name.startswith(b"$Extend/")
            }
            got = {name: value for (offset, name), value in held.items() if offset == at}
            if kind == "-u":  # forks of HFS+ are not listed by fls
                got = {n: v for n, v in got.items() if not n.endswith(b":RSRC")}
            else:  # of some deleted files nothing is left but the name
                want = {n: v for n, v in want.items() if n in got or v[0]}
            assert got == want, (path.name, sector, kind)
            counts[place] += len(got)
    return *counts, len(failed)


def test_every_partition_of_a_disk_holds_what_fls_and_icat_find_there(tmp_path):
    for name, (parts, *expected) in IN_PARTS.items():
        path = there(name, tmp_path)
        rows = program("mmls", path).decode()
        starts = [int(n) for n in re.findall(r"^\d+:\s+[\d:]+\s+(\d+)\s", rows, re.MULTILINE)]
        assert len(starts) == parts, name
        if name.startswith("pytsk"):
            starts.remove(1)  # a partition without a file system
        raw = there("own-synthetic/disk_gpt3.raw.gz", tmp_path) if path.suffix == ".E01" else path
        assert compare(path, starts, raw) == tuple(expected), name


def test_images_of_one_file_system_hold_what_fls_and_icat_find_there(tmp_path):
    for name, sector in ALONE.items():
        live, _, failed = compare(there(name, tmp_path), [sector])
        assert live > 2, name
        assert not failed, name


def test_a_volume_of_apfs_holds_what_fls_and_icat_find_there():
    assert compare(IMAGES / "dfvfs/apfs.raw", [0], words=APFS) == (7, 0, 0)
