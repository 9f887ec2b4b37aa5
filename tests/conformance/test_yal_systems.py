"""XFS and APFS are read as the kernel, other readers and the records themselves have it."""

import contextlib
import hashlib
import os
import shutil
import stat
import struct
import subprocess
from pathlib import Path

import pytest

from hashmatch.evidence.filesystems import registry
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.filesystems.moments import utc
from hashmatch.evidence.media.interface import MediumFacts
from hashmatch.evidence.volumes.interface import Opened, Volume
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.locators import parse_place
from hashmatch.model.outcomes import ItemError, Skipped
from hashmatch.model.secrets import Secrets
from tests.byte_medium import ByteMedium, content, items, mounted

ROOT = Path(__file__).resolve().parents[2]
IMAGES = Path(os.environ.get("HASHMATCH_IMAGES", ROOT.parent / "shared" / "images"))
APFS = IMAGES / "dfvfs/apfs.raw"

shared = pytest.mark.skipif(
    not APFS.is_file(), reason="the folder of shared images is not there (HASHMATCH_IMAGES)"
)


@shared
def test_the_files_of_an_apfs_image():
    pytest.importorskip("pyfsapfs")
    system = mounted(ByteMedium(APFS.read_bytes()))
    found = items(system)
    read = {
        path: hashlib.sha256(content(system, one)[0]).hexdigest()[:10]
        for path, one in found.items()
    }
    assert read == {
        b"passwords.txt": "02a2a6af2f",
        b"a_directory/a_resourcefork": "e3b0c44298",
        b"a_directory/another_file": "c7fbc0e821",
        b"a_directory/a_file": "4a49638d0e",
        b".fseventsd/fseventsd-uuid": "7aae48e2eb",
        b".fseventsd/000000001714941a": "5be616427d",
        b".fseventsd/000000001714941b": "f0e46637ed",
    }
    raw = APFS.read_bytes()
    for one in found.values():
        data, doubt = content(system, one)
        stored = b"".join(raw[at : at + length] for at, length in one.facts.extents)
        assert (data, doubt) == (stored[: one.size], None)
    system.close()


@shared
def test_times_of_apfs_are_those_of_the_records_themselves():
    pytest.importorskip("pyfsapfs")
    raw = APFS.read_bytes()
    for one in items(mounted(ByteMedium(raw))).values():
        number = int(parse_place(one.place)[0].number("id"))
        times = dict(one.facts.times)
        # A record has its parent, its own number, then created, modified, changed, accessed.
        at = raw.index(struct.pack("<Q", one.modified_ns)) - 24
        assert struct.unpack_from("<Q", raw, at + 8) == (number,)
        stored = struct.unpack_from("<4Q", raw, at + 16)
        names = ("created", "modified", "changed", "accessed")
        assert {
            name: utc(*divmod(value, 1_000_000_000), 9)
            for name, value in zip(names, stored, strict=True)
        } == times


@shared
def test_damaged_apfs_is_said_and_never_a_crash():
    pytest.importorskip("pyfsapfs")
    raw = APFS.read_bytes()
    for seed in range(60):
        disk = bytearray(raw)
        for step in range(30):
            word = hashlib.sha256(b"%d %d" % (seed, step)).digest()
            disk[int.from_bytes(word[:4]) % (430_000 if step % 2 else 40_960)] = word[5]
        try:
            system = mounted(ByteMedium(disk))
        except MountError as error:
            assert error.advice
            continue
        for one in system.entries(deleted=True):
            if isinstance(one, Item):
                with contextlib.suppress(ItemError, OSError):
                    assert len(content(system, one)[0]) == one.size
        list(system.unallocated())


class FileMedium:
    """A large image on disk, most of it a hole."""

    damage = ()

    def __init__(self, path):
        self._file = path.open("rb")
        self.size = path.stat().st_size
        self.facts = MediumFacts("raw", self.size, ())

    def read_at(self, offset, length):
        return os.pread(self._file.fileno(), length, offset)

    def close(self):
        self._file.close()


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """An XFS that the kernel filled: its path, where it is mounted, and as it is read here."""
    if shutil.which("mkfs.xfs") is None or os.geteuid() != 0:
        pytest.skip("mkfs.xfs is not installed, or mounting is not allowed")
    folder = tmp_path_factory.mktemp("xfs")
    path, mount = folder / "xfs.raw", folder / "mnt"
    mount.mkdir()
    with path.open("wb") as file:
        file.truncate(320 << 20)
    run("mkfs.xfs", "-q", str(path))
    try:
        run("mount", "-o", "loop", str(path), str(mount))
    except subprocess.CalledProcessError:
        pytest.skip("nothing can be mounted here")
    try:
        fill(mount)
    finally:
        run("umount", str(mount))
    run("mount", "-o", "ro,loop,norecovery", str(path), str(mount))
    medium = FileMedium(path)
    yield (
        path,
        mount,
        registry.mount(Opened(Volume(0, (), b"", 0, medium.size), medium, 0), Secrets()),
    )
    medium.close()
    run("umount", str(mount))


def run(*words):
    subprocess.run(words, check=True, capture_output=True, timeout=60)


def fill(mount):
    (mount / "Docs/ภาพ").mkdir(parents=True)
    for number in range(1500):
        (mount / f"Docs/ภาพ/file with a rather long name {number:05d}.jpg").write_bytes(
            b"%d" % number
        )
    (mount / "small").mkdir()
    (mount / "small/a").write_bytes(b"hello")
    os.link(mount / "small/a", mount / "small/b")
    (mount / "small/link").symlink_to("a")
    os.mkfifo(mount / "small/pipe")
    Path(os.fsdecode(os.fsencode(mount) + b"/bad\xffname")).write_bytes(b"bytes")
    with (mount / "scattered").open("wb") as file:
        for number in range(900):
            file.seek(number * 8192)
            file.write(number.to_bytes(2) * 2048)
    with (mount / "prepared").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 1 << 20)
        file.write(b"begin")
    with (mount / "hole").open("wb") as file:
        file.truncate(3 << 20)
    for number in range(200):  # so that folders have gaps
        (mount / f"Docs/ภาพ/file with a rather long name {number * 7:05d}.jpg").unlink()
    os.setxattr(mount / "small/a", "user.note", b"x" * 3000)


def test_xfs_is_read_as_the_kernel_reads_it(image):
    _, mount, system = image
    root = os.fsencode(mount) + b"/"
    names = set()
    for one in system.entries(deleted=True):
        names.add(one.path)
        status = os.lstat(root + one.path)
        if isinstance(one, Folder):
            assert stat.S_ISDIR(status.st_mode)
        elif isinstance(one, Skipped):
            assert not stat.S_ISREG(status.st_mode)
        else:
            assert isinstance(one, Item)
            assert (one.size, one.modified_ns) == (status.st_size, status.st_mtime_ns)
            assert one.mode == status.st_mode
            assert dict(one.facts.times)["changed"] == utc(*divmod(status.st_ctime_ns, 10**9), 9)
            assert content(system, one) == (Path(os.fsdecode(root + one.path)).read_bytes(), None)
    theirs = {b""}
    for folder, folders, files in os.walk(root):
        theirs |= {
            (folder.rstrip(b"/") + b"/" + name).removeprefix(root) for name in folders + files
        }
    assert names == theirs


def test_places_of_xfs_are_those_on_the_disk(image):
    path, _, system = image
    with path.open("rb") as file:
        for one in items(system).values():
            for at, length in one.facts.extents[:1]:
                file.seek(at)
                first = file.read(min(length, one.size))
                if one.path.startswith(b"Docs"):
                    assert first == b"%d" % int(one.path[-9:-4])


def test_libfsxfs_reads_the_same(image):
    pyfsxfs = pytest.importorskip("pyfsxfs")
    path, _, system = image
    volume = pyfsxfs.volume()
    volume.open(str(path))
    for one in list(items(system).values())[::50]:
        theirs = volume.get_file_entry_by_inode(parse_place(one.place)[0].number("id"))
        assert theirs.read_buffer_at_offset(one.size, 0) == content(system, one)[0]
        assert theirs.get_creation_time_as_integer() > 0
        assert (
            utc(*divmod(theirs.get_creation_time_as_integer(), 10**9), 9)
            == dict(one.facts.times)["created"]
        )
    volume.close()
