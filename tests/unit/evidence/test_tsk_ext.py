"""ext volumes that e2fsprogs makes: holes, links, encrypted files, deleted ones, spread groups."""

import os
import shutil
import subprocess

import pytest

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.model.facts import Recovery, Standing
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped
from tests.byte_medium import ByteMedium, content, items, mounted

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")
TOOLS = {
    name: shutil.which(name) or shutil.which(name, path="/sbin:/usr/sbin")
    for name in ("mke2fs", "debugfs")
}
pytestmark = pytest.mark.skipif(not all(TOOLS.values()), reason="e2fsprogs is not installed")

A, B = (bytes([letter]) * 70_000 + b"end" for letter in b"AB")


def run(*words):
    subprocess.run(words, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("ext") / "tree"
    (root / "sub").mkdir(parents=True)
    (root / "a.jpg").write_bytes(A)
    (root / "sub/gone.jpg").write_bytes(B)
    (root / "tiny.txt").write_bytes(b"tiny")
    (root / "empty").write_bytes(b"")
    with (root / "holes.bin").open("wb") as stream:
        stream.seek(300_000)
        stream.write(A)
    with (root / "nothing.bin").open("wb") as stream:
        stream.truncate(50_000)
    (root / "link").symlink_to("a.jpg")
    os.mkfifo(root / "pipe")
    os.link(root / "a.jpg", root / "second.jpg")
    return root


def volume(tree, kind, *options, commands=()):
    path = tree.parent / "volume.raw"
    path.unlink(missing_ok=True)
    run(TOOLS["mke2fs"], "-q", "-F", "-t", kind, "-d", str(tree), *options, str(path), "8M")
    for command in commands:
        run(TOOLS["debugfs"], "-w", "-R", command, str(path))
    return path.read_bytes()


def test_files_are_whole_in_every_layout(tree):
    holes = bytes(300_000) + A
    want = {
        b"a.jpg": A,
        b"second.jpg": A,
        b"sub/gone.jpg": B,
        b"tiny.txt": b"tiny",
        b"empty": b"",
        b"holes.bin": holes,
        b"nothing.bin": bytes(50_000),
    }
    layouts = {
        "ext2": (),
        "ext3": ("-b", "4096"),
        "ext4": ("-O", "inline_data,64bit", "-b", "1024"),
        "ext4 ": ("-O", "meta_bg,^resize_inode", "-b", "1024", "-g", "256"),
    }
    for kind, options in layouts.items():
        system = mounted(ByteMedium(volume(tree, kind.strip(), *options)))
        assert system.kind == kind.strip()
        entries = list(system.entries(deleted=False))
        found = items(system, deleted=False)
        read = {p: content(system, i)[0] for p, i in found.items()}
        failed = {e.path for e in entries if isinstance(e, Failed)}
        # mke2fs says of a file of holes that its content is in its record, where it is not.
        assert failed == ({b"nothing.bin"} if "inline_data,64bit" in options else set()), kind
        assert read == {p: data for p, data in want.items() if p not in failed}, kind
        rules = {e.path: e.rule for e in entries if isinstance(e, Skipped)}
        assert rules == {b"link": Rule.SYMLINK, b"pipe": Rule.FIFO}, kind
        free = list(system.unallocated())
        taken = [x for i in found.values() for x in i.facts.extents]
        assert not [
            r for r in free for o, n in taken if r.offset < o + n and o < r.offset + r.length
        ]
        assert sum(run.length for run in free) > 2 << 20, kind


def test_a_deleted_file_of_ext2_comes_back_by_its_record(tree):
    system = mounted(ByteMedium(volume(tree, "ext2", commands=["rm sub/gone.jpg"])))
    item = items(system)[b"sub/gone.jpg"]
    assert item.facts.standing is Standing.DELETED
    assert item.facts.recovery is Recovery.BY_RECORD
    assert item.place.endswith(";del")
    assert content(system, item)[0] == B
    assert b"sub/gone.jpg" not in items(system, deleted=False)


def test_encrypted_files_of_ext4_are_failures(tree):
    raw = volume(tree, "ext4", commands=["set_inode_field a.jpg flags 0x80800"])
    found = {e.path: e for e in mounted(ByteMedium(raw)).entries(deleted=False)}
    for name in (b"a.jpg", b"second.jpg"):
        assert found[name].reason is Reason.KEY_NEEDED
    raw = volume(tree, "ext2", commands=["set_inode_field a.jpg flags 4"])
    found = {e.path: e for e in mounted(ByteMedium(raw)).entries(deleted=False)}
    assert found[b"a.jpg"].reason is Reason.UNSUPPORTED_STORAGE


def test_clusters_of_blocks_are_refused(tree):
    with pytest.raises(MountError) as raised:
        mounted(ByteMedium(volume(tree, "ext4", "-O", "bigalloc", "-C", "16384", "-b", "1024")))
    assert raised.value.reason is Reason.UNSUPPORTED_FILE_SYSTEM


def test_a_number_of_records_that_cannot_be_is_told(tree):
    raw = bytearray(volume(tree, "ext2"))
    raw[1024:1028] = (1 << 30).to_bytes(4, "little")
    with pytest.raises(MountError) as raised:
        mounted(ByteMedium(bytes(raw)))
    assert raised.value.reason is Reason.DAMAGED_FILE_SYSTEM


def test_folders_whose_names_lie_in_large_records_are_listed(tmp_path):
    root = tmp_path / "tree"
    (root / "sub/deep").mkdir(parents=True)
    want = {b"sub/deep/%d.jpg" % n: bytes([65 + n]) * (n * 100) for n in range(9)}
    want |= {b"sub/%d.txt" % n: b"text" for n in range(3)}
    for path, data in want.items():
        (root / path.decode()).write_bytes(data)
    options = ("-I", "1024", "-O", "inline_data")
    commands = ("unlink sub/1.txt", "unlink sub/deep/7.jpg")
    sound = mounted(ByteMedium(volume(root, "ext4", *options)))
    assert {p: content(sound, i) for p, i in items(sound).items()} == {
        path: (data, None) for path, data in want.items()
    }
    # Two records stay in use though no folder names them: these are not deleted.
    system = mounted(ByteMedium(volume(root, "ext4", *options, commands=commands)))
    entries = list(system.entries(deleted=True))
    assert not [e for e in entries if isinstance(e, Failed)]
    found = items(system)
    lost = {p: i for p, i in found.items() if p.startswith(b"$OrphanFiles/")}
    assert sorted(content(system, i)[0] for i in lost.values()) == [b"H" * 700, b"text"]
    assert {i.facts.standing for i in found.values()} == {Standing.ALLOCATED}
    assert set(found) - set(lost) == set(want) - {b"sub/1.txt", b"sub/deep/7.jpg"}
