"""The state of a source tells every change a listing can show, and no other."""

import os
import subprocess
import sys

import pytest

from hashmatch.errors import EvidenceError
from hashmatch.evidence import mounts, state
from hashmatch.evidence.folder import FolderSource
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped, Stage


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "empty").mkdir()
    for name, size in (("a", 3), ("sub/b", 5)):
        (tmp_path / name).write_bytes(b"x" * size)
        os.utime(tmp_path / name, ns=(7, 7))
    (tmp_path / "link").symlink_to("a")
    return tmp_path


def state_of(root):
    return state.of(FolderSource(os.fsencode(root)))


def test_it_counts_entries_as_a_tally_does(tree):
    found = state_of(tree)
    assert (found.entries, found.folders, found.bytes) == (3, 3, 8)


def test_reading_changes_nothing(tree):
    before = state_of(tree)
    (tree / "a").read_bytes()
    assert state_of(tree) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: (tree / "new").write_bytes(b""),
        lambda tree: (tree / "sub" / "b").unlink(),
        lambda tree: (tree / "a").rename(tree / "A"),
        lambda tree: (tree / "a").chmod(0o600),
        lambda tree: os.utime(tree / "a", ns=(7, 8)),
        lambda tree: (tree / "empty").rmdir(),
        lambda tree: (tree / "a").replace(tree / "sub" / "a"),
        lambda tree: ((tree / "link").unlink(), os.mkfifo(tree / "link")),
    ],
)
def test_any_change_that_a_listing_shows_changes_the_digest(tree, change):
    before = state_of(tree)
    change(tree)
    assert state_of(tree).digest != before.digest


def test_a_change_of_size_alone_changes_the_digest(tree):
    before = state_of(tree)
    os.truncate(tree / "a", 4)
    os.utime(tree / "a", ns=(7, 7))
    assert state_of(tree).digest != before.digest


class Listing:
    """A source with entries of our choice."""

    kind = "folder"
    location = b"/"

    def __init__(self, *entries):
        self._entries = entries

    def entries(self):
        return iter(self._entries)


ITEM = Item(b"a", 1, 2, 3, (4, 5))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((Failed(b"a", Stage.LIST, Reason.IO),), (Failed(b"a", Stage.LIST, Reason.PERMISSION),)),
        ((Failed(b"a", Stage.LIST, Reason.IO),), (Failed(b"a", Stage.STAT, Reason.IO),)),
        ((Skipped(b"a", Rule.FIFO),), (Skipped(b"a", Rule.SOCKET),)),
        ((Folder(b"a"),), (Skipped(b"a", Rule.FOLDER_LOOP),)),
        ((Folder(b"a folder\n1 b"),), (Folder(b"a"), Folder(b"b"))),
        ((Folder(b"a"), Folder(b"b")), (Folder(b"b"), Folder(b"a"))),
        ((ITEM,), (Folder(b"a"),)),
    ],
)
def test_different_listings_have_different_digests(one, other):
    assert state.of(Listing(*one)).digest != state.of(Listing(*other)).digest


def test_identity_is_no_part_of_it_so_that_a_copy_of_the_disk_compares_equal():
    copy = Item(b"a", 1, 2, 3, (8, 9))
    assert state.of(Listing(ITEM)).digest == state.of(Listing(copy)).digest


def test_a_writable_mount_is_told_as_such(tmp_path):
    assert mounts.of(os.fsencode(tmp_path)).read_only is False


ON_READ_ONLY_MOUNT = """
import os, subprocess, sys
root = sys.argv[1]
subprocess.run(["mount", "--bind", root, root], check=True)
subprocess.run(["mount", "-o", "remount,bind,ro", root], check=True)
from hashmatch.evidence import mounts
print(mounts.of(os.fsencode(root)))
"""


def test_a_read_only_mount_is_told_as_such(tmp_path):
    own_mounts = ["unshare", "-m", "--"]
    if subprocess.run([*own_mounts, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting needs privileges")
    child = subprocess.run(
        [*own_mounts, sys.executable, "-c", ON_READ_ONLY_MOUNT, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout == "Mount(read_only=True, access_times_kept=True)\n"


def test_the_owner_can_read_without_leaving_access_times(tmp_path):
    assert mounts.of(os.fsencode(tmp_path)).access_times_kept is True


def test_a_missing_place_ends_the_run(tmp_path):
    with pytest.raises(EvidenceError, match="cannot be opened \\(vanished\\)"):
        mounts.of(os.fsencode(tmp_path / "missing"))
