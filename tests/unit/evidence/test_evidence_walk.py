"""The walk: every entry exactly once, in one order, whatever its name."""

# ruff: noqa: PTH101, PTH102, PTH103, PTH108, PTH116, PTH118, PTH120, PTH123, PTH208
# (names are raw bytes, which pathlib does not have)

import errno
import os
import pickle
import socket
import subprocess
import sys
import unicodedata
from contextlib import contextmanager
from itertools import pairwise

import pytest

from hashmatch.errors import EvidenceError
from hashmatch.evidence import folders, mounts
from hashmatch.evidence.folder import FolderSource
from hashmatch.evidence.trouble import reason_of
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, ItemError, Reason, Rule, Skipped, Stage

THAI = "ภาพถ่าย".encode()
COMPOSED = unicodedata.normalize("NFC", "café").encode()
DECOMPOSED = unicodedata.normalize("NFD", "café").encode()
ODD_NAMES = [
    b".hidden",
    b"[x]",
    b"*",
    b"-rf",
    b" ",
    b"..x",
    b"a b",
    b"a\nb",
    b"\\",
    b"\xff\xfe",
    b"a\xe0b",
    b"\x01\x1b[31m",
    THAI,
    COMPOSED,
    DECOMPOSED,
    b"n" * 255,
    "\u202egpj.exe".encode(),
]


def write(folder, name, content=b"x"):
    path = os.path.join(os.fsencode(folder), name)
    with open(path, "wb") as stream:
        stream.write(content)
    return path


def walk(root):
    return list(FolderSource(os.fsencode(root)).entries())


def paths(entries, kind=Item):
    return [entry.path for entry in entries if isinstance(entry, kind)]


def test_every_odd_name_is_listed_once_with_its_raw_bytes(tmp_path):
    for name in ODD_NAMES:
        write(tmp_path, name)
    assert paths(walk(tmp_path)) == sorted(ODD_NAMES)


def test_odd_names_of_folders_are_descended_into(tmp_path):
    for name in ODD_NAMES:
        os.mkdir(os.path.join(os.fsencode(tmp_path), name))
        write(tmp_path, name + b"/" + name)
    entries = walk(tmp_path)
    assert paths(entries) == [name + b"/" + name for name in sorted(ODD_NAMES)]
    assert paths(entries, Folder) == [b"", *sorted(ODD_NAMES)]


def test_a_folder_is_descended_into_where_its_name_stands(tmp_path):
    for name in (b"a", b"a.b", b"b/x", b"b/y/z", b"b.c", b"c"):
        os.makedirs(tmp_path / os.fsdecode(os.path.dirname(name)), exist_ok=True)
        write(tmp_path, name)
    seen = [(type(entry).__name__, entry.path) for entry in walk(tmp_path)]
    assert seen == [
        ("Folder", b""),
        ("Item", b"a"),
        ("Item", b"a.b"),
        ("Folder", b"b"),
        ("Item", b"b/x"),
        ("Folder", b"b/y"),
        ("Item", b"b/y/z"),
        ("Item", b"b.c"),
        ("Item", b"c"),
    ]


def test_an_empty_folder_is_counted(tmp_path):
    (tmp_path / "empty").mkdir()
    assert walk(tmp_path) == [Folder(b""), Folder(b"empty")]


def test_an_item_carries_what_the_file_system_says(tmp_path):
    path = write(tmp_path, b"a", b"12345")
    os.utime(path, ns=(1_000_000_001, 2_000_000_003))
    os.chmod(path, 0o640)
    status = os.stat(path)
    assert walk(tmp_path)[1] == Item(
        b"a", 5, 2_000_000_003, 0o100640, (status.st_dev, status.st_ino)
    )


def test_hard_links_are_each_reported(tmp_path):
    os.link(write(tmp_path, b"one"), tmp_path / "two")
    first, second = walk(tmp_path)[1:]
    assert (first.path, second.path) == (b"one", b"two")
    assert first.identity == second.identity


def test_links_are_reported_and_not_followed(tmp_path):
    (tmp_path / "outside").mkdir()
    write(tmp_path / "outside", b"secret")
    root = tmp_path / "root"
    root.mkdir()
    for name, target in (("file", "../outside/secret"), ("folder", "../outside"), ("loop", "loop")):
        (root / name).symlink_to(target)
    assert walk(root)[1:] == [Skipped(name, Rule.SYMLINK) for name in (b"file", b"folder", b"loop")]


def test_special_files_are_left_out_by_rule_without_being_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for a writer for ever
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        assert walk(tmp_path)[1:] == [
            Skipped(b"pipe", Rule.FIFO),
            Skipped(b"socket", Rule.SOCKET),
        ]


def test_device_files_are_left_out_by_rule(tmp_path):
    try:
        os.mknod(tmp_path / "b", 0o060600, os.makedev(7, 250))
        os.mknod(tmp_path / "c", 0o020600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making device files needs privileges")
    assert walk(tmp_path)[1:] == [
        Skipped(b"b", Rule.BLOCK_DEVICE),
        Skipped(b"c", Rule.CHARACTER_DEVICE),
    ]


def deep_tree(root, levels, name):
    """Make a chain of folders whose path no system call would take, and a file at its end."""
    descriptor = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=descriptor)
        below = os.open(name, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    file = os.open(b"end", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor)
    os.write(file, b"at the end")
    os.close(file)
    os.close(descriptor)


@pytest.fixture
def removed_deep(tmp_path):
    yield tmp_path
    subprocess.run(["rm", "-rf", "--", str(tmp_path)], check=True)  # shutil would recurse


def test_a_path_longer_than_the_kernel_takes_is_listed_and_read(removed_deep):
    deep_tree(removed_deep, 40, b"n" * 200)  # 8 kB, the limit is 4 kB
    source = FolderSource(os.fsencode(removed_deep))
    entries = list(source.entries())
    (item,) = (entry for entry in entries if isinstance(entry, Item))
    assert len(item.path) > 8000
    with source.open(item) as stream:
        assert stream.read() == b"at the end"


def test_a_tree_deeper_than_the_recursion_limit_is_walked(removed_deep):
    levels = sys.getrecursionlimit() + 500
    deep_tree(removed_deep, levels, b"d")
    entries = walk(removed_deep)
    assert len(paths(entries, Folder)) == levels + 1
    assert paths(entries) == [b"d/" * levels + b"end"]


def test_more_folders_than_are_kept_open_do_not_confuse_the_walk(tmp_path):
    expected = []
    for number in range(folders.KEPT_OPEN + 30):
        for name in ("a", "b"):
            (tmp_path / f"{number:03}" / name).mkdir(parents=True)
            write(tmp_path / f"{number:03}" / name, b"file", b"%d" % number)
            expected.append(b"%03d/%b/file" % (number, name.encode()))
    source = FolderSource(os.fsencode(tmp_path))
    items = [entry for entry in source.entries() if isinstance(entry, Item)]
    assert [item.path for item in items] == expected
    for item in items[::-1]:
        with source.open(item) as stream:
            assert stream.read() == b"%d" % int(item.path[:3])


def test_descriptors_are_given_back(tmp_path):
    for number in range(100):
        (tmp_path / f"{number}").mkdir()
        write(tmp_path / f"{number}", b"file")
    before = set(os.listdir("/proc/self/fd"))
    source = FolderSource(os.fsencode(tmp_path))
    for item in [entry for entry in source.entries() if isinstance(entry, Item)]:
        source.open(item).close()
    entries = source.entries()
    next(entries)
    assert len(os.listdir("/proc/self/fd")) > len(before)
    del source, entries
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_source_travels_to_another_process_and_works_there(tmp_path):
    write(tmp_path, b"a", b"content")
    source = FolderSource(os.fsencode(tmp_path))
    item = list(source.entries())[1]
    source.open(item).close()  # something is kept open now
    copy = pickle.loads(pickle.dumps(source))  # noqa: S301  # as worker processes do
    assert copy == source
    with copy.open(item) as stream:
        assert stream.read() == b"content"


def test_a_source_names_itself():
    source = FolderSource(b"/evidence")
    assert (source.kind, source.location) == ("folder", b"/evidence")


def test_an_entry_that_vanishes_after_listing_is_a_failure(tmp_path):
    for name in (b"a", b"b", b"c"):
        write(tmp_path, name)
    entries = FolderSource(os.fsencode(tmp_path)).entries()
    assert [next(entries).path for _ in range(2)] == [b"", b"a"]
    os.unlink(tmp_path / "b")
    assert next(entries) == Failed(b"b", Stage.STAT, Reason.VANISHED)
    assert next(entries).path == b"c"


def test_a_folder_that_becomes_a_link_while_walking_is_not_followed(tmp_path):
    """The window between looking at a name and opening it is closed by the flags of the open."""
    (tmp_path / "outside").mkdir()
    write(tmp_path / "outside", b"secret")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to("../outside")
    with folders.OpenFolders(os.fsencode(tmp_path / "root")) as opened:
        names, trouble = opened.names(b"link")
    assert names == []
    assert reason_of(trouble) is Reason.REPLACED


@pytest.mark.parametrize("name", [b"missing", b"file"])
def test_a_root_that_is_no_folder_ends_the_run(tmp_path, name):
    write(tmp_path, b"file")
    with pytest.raises(EvidenceError, match="name the folder where the evidence is mounted"):
        walk(os.path.join(os.fsencode(tmp_path), name))


def test_the_message_about_a_root_disguises_nothing(tmp_path):
    with pytest.raises(EvidenceError, match="‹U\\+202E›"):
        walk(os.fsencode(tmp_path) + "/\u202efdp".encode())


def test_a_root_that_cannot_be_listed_may_be_one_failure_among_others(tmp_path):
    def told(path):
        return list(FolderSource(os.fsencode(path)).entries_or_failure())

    write(tmp_path, b"a")
    assert told(tmp_path) == walk(tmp_path)
    assert told(tmp_path / "gone") == [Failed(b"", Stage.LIST, Reason.VANISHED)]
    assert told(tmp_path / "a") == [Failed(b"", Stage.LIST, Reason.REPLACED)]


def test_a_root_may_be_a_link_that_the_operator_named(tmp_path):
    (tmp_path / "real").mkdir()
    write(tmp_path / "real", b"a")
    (tmp_path / "link").symlink_to("real")
    assert paths(walk(tmp_path / "link")) == [b"a"]


@contextmanager
def without_privileges():
    """Act as nobody where the tests run as root; as anybody else nothing needs to change."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def readable(tmp_path):
    """A folder that another user can reach."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder == tmp_path or folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)
    return tmp_path


def test_what_this_user_may_not_read_fails_and_the_rest_is_read(readable):
    for name, mode in (("closed", 0o000), ("listed-only", 0o444), ("open", 0o755)):
        (readable / name).mkdir()
        write(readable / name, b"inside", b"abc")
        (readable / name).chmod(mode)
    os.chmod(write(readable, b"private"), 0o000)
    source = FolderSource(os.fsencode(readable))
    with without_privileges():
        entries = [entry for entry in source.entries() if not isinstance(entry, Folder)]
        inside, private = (entry for entry in entries if isinstance(entry, Item))
        with source.open(inside) as stream:
            assert stream.read() == b"abc"
        with pytest.raises(ItemError) as refused:
            source.open(private)
    for name in ("closed", "listed-only"):
        (readable / name).chmod(0o755)
    assert entries == [
        Failed(b"closed", Stage.LIST, Reason.PERMISSION),
        Failed(b"listed-only/inside", Stage.STAT, Reason.PERMISSION),
        inside,
        private,
    ]
    assert (refused.value.stage, refused.value.reason) == (Stage.OPEN, Reason.PERMISSION)


def test_a_root_this_user_may_not_list_ends_the_run(readable):
    root = readable / "root"
    root.mkdir()
    root.chmod(0o000)
    with without_privileges(), pytest.raises(EvidenceError, match="permission-denied"):
        walk(root)
    root.chmod(0o755)


def test_files_of_others_are_read_though_their_access_time_cannot_be_kept():
    system = FolderSource(b"/etc")
    with without_privileges():
        item = next(entry for entry in system.entries() if entry.path == b"passwd")
        with system.open(item) as stream:
            assert len(stream.read()) == item.size
        assert mounts.of(b"/etc").access_times_kept == mounts.of(b"/etc").read_only


def run(code, *args, before):
    """Run code in a child with mounts of its own."""
    child = subprocess.run(
        [*before, sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.splitlines()


LIST_WITH_LOOP = """
import os, subprocess, sys
root = sys.argv[1]
subprocess.run(["mount", "--bind", root, root + "/a/loop"], check=True)
from hashmatch.evidence.folder import FolderSource
for entry in FolderSource(os.fsencode(root)).entries():
    print(type(entry).__name__, entry.path.decode(), getattr(entry, "rule", ""))
"""


def test_a_folder_mounted_below_itself_is_a_loop(tmp_path):
    own_mounts = ["unshare", "-m", "--"]
    can = subprocess.run([*own_mounts, "true"], capture_output=True, check=False)
    if can.returncode:
        pytest.skip("mounting needs privileges")
    (tmp_path / "a" / "loop").mkdir(parents=True)
    (tmp_path / "a" / "z").mkdir()
    lines = run(LIST_WITH_LOOP, str(tmp_path), before=own_mounts)
    assert lines == ["Folder  ", "Folder a ", "Skipped a/loop folder-loop", "Folder a/z "]


class BreaksOff:
    """``os.scandir`` on a disk that fails after some names: no damaged disk is at hand."""

    scandir = os.scandir

    def __init__(self, folder, after):
        self._entries = BreaksOff.scandir(folder)
        self._left = after

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._entries.close()

    def __iter__(self):
        return self

    def __next__(self):
        if not self._left:
            raise OSError(errno.EIO, "read error")
        self._left -= 1
        return next(self._entries)


def test_a_listing_that_breaks_off_keeps_the_names_that_were_read(tmp_path, monkeypatch):
    for name in (b"a", b"b", b"c"):
        write(tmp_path, name)
    monkeypatch.setattr(os, "scandir", lambda folder: BreaksOff(folder, after=2))
    entries = walk(tmp_path)
    assert entries[0] == Failed(b"", Stage.LIST, Reason.IO)
    assert len(paths(entries)) == len(entries) - 1 == 2


def test_a_root_of_which_nothing_can_be_listed_ends_the_run(tmp_path, monkeypatch):
    write(tmp_path, b"a")
    monkeypatch.setattr(os, "scandir", lambda folder: BreaksOff(folder, after=0))
    with pytest.raises(EvidenceError, match="input-output-error"):
        walk(tmp_path)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EACCES, Reason.PERMISSION),
        (errno.ENOENT, Reason.VANISHED),
        (errno.ELOOP, Reason.REPLACED),
        (errno.ENAMETOOLONG, Reason.NAME_TOO_LONG),
        (errno.EBUSY, Reason.BUSY),
        (errno.EIO, Reason.IO),
        (errno.EUCLEAN, Reason.IO),
        (errno.ENOMEM, Reason.OUT_OF_MEMORY),
        (errno.EMFILE, Reason.OTHER_OS),
        (99999, Reason.OTHER_OS),
        (None, Reason.OTHER_OS),
    ],
)
def test_every_error_number_has_a_reason(number, reason):
    error = OSError() if number is None else OSError(number, "")
    assert reason_of(error) is reason


def test_names_come_in_byte_order_not_in_that_of_a_language(tmp_path):
    for name in (b"Z", b"a", b"\xc3\xa9", b"10", b"9"):
        write(tmp_path, name)
    listed = paths(walk(tmp_path))
    assert all(one < other for one, other in pairwise(listed))
