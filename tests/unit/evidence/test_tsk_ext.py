"""ext volumes that e2fsprogs makes: holes, links, encrypted files, deleted ones, spread groups."""

import os
import shutil
import struct
import subprocess

import pytest

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.model.facts import Recovery, Standing
from hashmatch.model.locators import parse_place
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped
from tests.byte_medium import ByteMedium, content, items, mounted
from tests.ext_records import record

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


def test_blocks_that_were_never_written_are_zeros_whatever_lies_there(tree):
    words = ("fallocate /a.jpg 69 99", "set_inode_field /a.jpg size 100000")
    raw = volume(tree, "ext4", "-b", "1024", commands=words)
    (start, length), *_ = items(mounted(ByteMedium(raw)))[b"a.jpg"].facts.extents
    behind = start + -(-length // 1024) * 1024
    raw = raw[:behind] + b"?" * 29_000 + raw[behind + 29_000 :]
    medium = ByteMedium(raw)
    system = mounted(medium)
    assert content(system, items(system)[b"a.jpg"]) == (A + bytes(100_000 - len(A)), None)


def test_a_file_without_holes_is_read_past_the_library(tree, monkeypatch):
    medium = ByteMedium(volume(tree, "ext4", "-b", "1024"))
    system = mounted(medium)
    found, asked = items(system), []
    opened = [
        system.open(parse_place(found[name].place)[0], -1) for name in (b"a.jpg", b"holes.bin")
    ]
    read_at = medium.read_at
    monkeypatch.setattr(medium, "read_at", lambda at, n: asked.append((at, n)) or read_at(at, n))
    assert opened[0].stream.read(100_000) == A
    assert asked == [(found[b"a.jpg"].facts.extents[0][0], len(A))]
    assert opened[1].stream.read(10_000) == bytes(10_000)


def test_a_record_is_read_once_for_all_that_is_asked_of_it(tree, monkeypatch):
    medium = ByteMedium(volume(tree, "ext4", "-b", "1024"))
    system = mounted(medium)
    item, read_at, asked = items(system)[b"a.jpg"], medium.read_at, []
    monkeypatch.setattr(medium, "read_at", lambda at, n: asked.append(n) or read_at(at, n))
    system.open(parse_place(item.place)[0], item.size)
    assert asked.count(256) == 1
    assert 64 not in asked  # where the records of a group lie was known


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
    (root / "sub").mkdir(parents=True)
    want = {b"sub/%d.jpg" % n: bytes([65 + n]) * (n * 100) for n in range(9)}
    for path, data in want.items():
        (root / path.decode()).write_bytes(data)
    raw = volume(root, "ext4", "-I", "1024", "-O", "inline_data", "-b", "1024")
    system = mounted(ByteMedium(raw))
    assert {p: content(system, i)[0] for p, i in items(system).items()} == want
    # The names move into the record of the folder, as the kernel keeps them and mke2fs does not.
    numbers = {p: int(i.place.rpartition("=")[2]) for p, i in items(system).items()}
    place = system._family.record(int(system._mounted.open("/sub").info.meta.addr))[0].offset
    entries = [
        struct.pack("<IHBB", numbers[p], length, 5, 1) + p[4:].ljust(length - 8, b"\0")
        for p, length in zip(want, [16, 16, 24, *[16] * 5, 600], strict=True)
    ]
    inner = record(struct.pack("<I", 2) + b"".join(entries[:3]), b"".join(entries[3:]), width=1024)
    changed = bytearray(raw)
    for begin, end in ((4, 8), (32, 36), (40, 100), (128, 130), (160, 1024)):
        changed[place + begin : place + end] = inner[begin:end]
    system = mounted(ByteMedium(bytes(changed)))
    assert not [e for e in system.entries(deleted=True) if isinstance(e, Failed)]
    assert {p: content(system, i)[0] for p, i in items(system).items()} == want
    # The list breaks off: the records stay in use though no folder names them, and not deleted.
    changed[place + 44 + 16 + 4 : place + 44 + 16 + 6] = b"\xff\xff"
    system = mounted(ByteMedium(bytes(changed)))
    failed = [e for e in system.entries(deleted=True) if isinstance(e, Failed)]
    assert [(e.path, e.reason) for e in failed] == [(b"sub", Reason.DAMAGED_FILE_SYSTEM)]
    found = items(system)
    assert sorted(content(system, i)[0] for i in found.values()) == sorted(want.values())
    assert {i.facts.standing for i in found.values()} == {Standing.ALLOCATED}
    assert [p for p in found if not p.startswith(b"$OrphanFiles/")] == [b"sub/0.jpg"]


def of_sixty_names(tmp_path):
    """Make a volume with a folder of several blocks."""
    root = tmp_path / "tree"
    (root / "sub").mkdir(parents=True)
    for number in range(60):
        (root / "sub" / f"{number:02}{'n' * 40}").write_bytes(b"%d" % number)
    return bytearray(volume(root, "ext4", "-b", "1024", "-O", "^metadata_csum"))


def test_an_index_of_a_large_folder_makes_no_files(tmp_path):
    raw = of_sixty_names(tmp_path)
    names = set(items(mounted(ByteMedium(raw))))
    assert len(names) == 60
    block = raw.index(f"30{'n' * 40}".encode()) // 1024 * 1024
    lost = {name for name in names if raw[block : block + 1024].count(name.removeprefix(b"sub/"))}
    raw[block : block + 1024] = (
        struct.pack("<IHBBHH", 0, 1024, 0, 0, 127, 40)
        + (struct.pack("<IHBB", 13, 12, 2, 1) + b"no\0\0") * 80
        + bytes(1012 - 960)
    )
    found = items(mounted(ByteMedium(raw)))
    orphans = {path for path in found if path.startswith(b"$OrphanFiles/")}
    assert set(found) - orphans == names - lost
    assert len(orphans) == len(lost) > 5


def test_blocks_of_a_folder_behind_a_damaged_one_are_listed(tmp_path):
    raw = of_sixty_names(tmp_path)
    block = raw.index(f"30{'n' * 40}".encode()) // 1024 * 1024
    raw[block : block + 1024] = bytes(1024)
    system = mounted(ByteMedium(raw))
    failed = [e for e in system.entries(deleted=True) if isinstance(e, Failed)]
    assert [(e.path, e.reason) for e in failed] == [(b"sub", Reason.DAMAGED_FILE_SYSTEM)]
    assert len(items(system)) == 60  # those that lost their names come as orphans
    assert sum(path.startswith(b"sub/") for path in items(system)) > 30


def test_what_lies_in_a_journal_that_was_not_played_back_is_said(tree):
    raw = bytearray(volume(tree, "ext4"))

    def failed():
        return [e for e in mounted(ByteMedium(raw)).entries(deleted=False) if isinstance(e, Failed)]

    assert not failed()
    raw[1024 + 96] |= 4  # as the kernel marks a volume that is mounted
    assert not failed()  # the journal is empty
    journal = raw.index(b"\xc0\x3b\x39\x98\0\0\0\4")
    raw[journal + 28 : journal + 32] = (1).to_bytes(4)
    assert [(e.path, e.reason) for e in failed()] == [(b"", Reason.DAMAGED_FILE_SYSTEM)]
    raw[journal] = 0
    assert failed()
    raw[1024 + 96] &= ~4
    assert not failed()


def test_names_that_were_changed_behind_their_checksum_are_said(tree):
    raw = bytearray(volume(tree, "ext4"))
    assert raw.count(b"gone.jpg") == 1
    place = raw.index(b"gone.jpg")
    raw[place : place + 8] = b"good.jpg"
    system = mounted(ByteMedium(raw))
    failed = [e for e in system.entries(deleted=True) if isinstance(e, Failed)]
    assert [(e.path, e.reason) for e in failed] == [(b"sub", Reason.DAMAGED_FILE_SYSTEM)]
    assert items(system)[b"sub/good.jpg"].size == len(B)  # what is there is looked at all the same
