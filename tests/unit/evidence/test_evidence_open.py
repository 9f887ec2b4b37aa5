"""Opening an item: the one that was listed or none, and nothing left behind by reading it."""

import os
import socket
import threading

import pytest

from hashmatch.evidence.folder import FolderSource
from hashmatch.hashing import digests
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import ALWAYS
from hashmatch.model.outcomes import ItemError, Reason, Stage


@pytest.fixture
def listed(tmp_path):
    """A source with one item in a folder, and the path of the item."""
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "file"
    path.write_bytes(b"as it was listed")
    source = FolderSource(os.fsencode(tmp_path))
    (item,) = (entry for entry in source.entries() if isinstance(entry, Item))
    return source, item, path


def reason_for_opening(source, item):
    with pytest.raises(ItemError) as caught:
        source.open(item)
    assert caught.value.stage is Stage.OPEN
    return caught.value.reason


def test_the_listed_item_is_opened_at_its_beginning_and_unchanged(listed):
    source, item, _ = listed
    with source.open(item) as stream:
        assert stream.read() == b"as it was listed"
        assert source.unchanged(item, stream)
        assert not stream.writable()


def test_another_file_under_the_same_name_is_refused(listed):
    source, item, path = listed
    (path.parent / "other").write_bytes(b"as it was listed")
    os.utime(path.parent / "other", ns=(item.modified_ns, item.modified_ns))
    (path.parent / "other").replace(path)
    assert reason_for_opening(source, item) is Reason.REPLACED


def test_a_file_that_grew_or_was_written_is_refused(listed):
    source, item, path = listed
    path.write_bytes(b"as it was LISTED")
    os.utime(path, ns=(item.modified_ns, item.modified_ns + 1))
    assert reason_for_opening(source, item) is Reason.REPLACED
    path.write_bytes(b"longer than it was listed")
    os.utime(path, ns=(item.modified_ns, item.modified_ns))
    assert reason_for_opening(source, item) is Reason.REPLACED


def test_a_link_to_the_very_same_file_is_refused(listed):
    source, item, path = listed
    path.rename(path.parent / "moved")
    path.symlink_to("moved")
    assert reason_for_opening(source, item) is Reason.REPLACED


def test_a_pipe_in_its_place_is_refused_without_waiting(listed):
    source, item, path = listed
    path.unlink()
    os.mkfifo(path)
    assert reason_for_opening(source, item) is Reason.REPLACED


def test_a_socket_or_a_folder_in_its_place_is_refused(listed, monkeypatch):
    source, item, path = listed
    path.unlink()
    monkeypatch.chdir(path.parent)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("file")
        assert reason_for_opening(source, item) is Reason.REPLACED
    path.unlink()
    path.mkdir()
    assert reason_for_opening(source, item) is Reason.REPLACED


def test_a_file_in_the_place_of_its_folder_is_refused(listed):
    source, item, path = listed
    path.unlink()
    path.parent.rmdir()
    path.parent.write_bytes(b"")
    assert reason_for_opening(source, item) is Reason.REPLACED


def test_a_link_in_the_place_of_its_folder_does_not_lead_out(listed, tmp_path_factory):
    source, item, path = listed
    outside = tmp_path_factory.mktemp("outside")
    path.rename(outside / "file")
    path.parent.rmdir()
    path.parent.symlink_to(outside)
    assert reason_for_opening(source, item) is Reason.REPLACED


def test_a_vanished_item_or_root_is_a_reason(listed):
    source, item, path = listed
    path.unlink()
    assert reason_for_opening(source, item) is Reason.VANISHED
    path.parent.rmdir()
    path.parent.parent.rmdir()
    assert reason_for_opening(FolderSource(source.location), item) is Reason.VANISHED


def test_a_change_while_it_is_read_is_noticed(listed):
    source, item, path = listed
    with source.open(item) as stream:
        assert source.unchanged(item, stream)
        with path.open("ab") as other:
            other.write(b"more")
        assert not source.unchanged(item, stream)


def test_a_change_of_the_same_length_is_noticed_by_its_time(listed):
    source, item, path = listed
    with source.open(item) as stream:
        path.write_bytes(b"AS IT WAS LISTED")
        os.utime(path, ns=(0, item.modified_ns + 1))
        assert not source.unchanged(item, stream)


def test_a_descriptor_that_is_gone_is_not_unchanged(listed):
    source, item, _ = listed
    stream = source.open(item)
    os.close(stream.fileno())
    assert not source.unchanged(item, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), stream.fileno())  # something for it to close
    stream.close()


def test_removing_the_name_while_it_is_read_does_not_spoil_the_reading(listed):
    source, item, path = listed
    with source.open(item) as stream:
        path.unlink()
        assert stream.read() == b"as it was listed"
        assert source.unchanged(item, stream)


def test_threads_share_a_source(tmp_path):
    for number in range(60):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "file").write_bytes(b"%d" % number)
    source = FolderSource(os.fsencode(tmp_path))
    items = [entry for entry in source.entries() if isinstance(entry, Item)]
    wrong = []

    def read_all():
        for item in items:
            with source.open(item) as stream:
                if stream.read() != item.path.split(b"/")[0]:
                    wrong.append(item.path)

    threads = [threading.Thread(target=read_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


LONG_AGO = 1_000_000_000_000_000_000  # so old that an ordinary reading renews the access time
FILES = ("a", "b/c", "b/d/e", ".hidden")
FOLDERS = (".", "b", "b/d", "empty")


def facts_of(root):
    """Content, size, mode and times of everything, looked up without leaving a trace."""
    found = {}
    for name in (*FILES, *FOLDERS):
        status = (root / name).lstat()
        content = None
        if name in FILES:
            descriptor = os.open(root / name, os.O_RDONLY | os.O_NOATIME)
            content = os.read(descriptor, 1 << 20)
            os.close(descriptor)
        times = status.st_atime_ns, status.st_mtime_ns, status.st_ctime_ns
        found[name] = status.st_mode, status.st_size, times, content
    return found


def test_a_walk_and_a_read_leave_no_trace_in_the_evidence(tmp_path):
    for name in FOLDERS[1:]:
        (tmp_path / name).mkdir()
    for name in FILES:
        (tmp_path / name).write_bytes(name.encode() * 1000)
    for name in (*FILES, *FOLDERS):
        os.utime(tmp_path / name, ns=(LONG_AGO, LONG_AGO))
    before = facts_of(tmp_path)
    source = FolderSource(os.fsencode(tmp_path))
    for item in [entry for entry in source.entries() if isinstance(entry, Item)]:
        with source.open(item) as stream:
            digests.read(stream, ALWAYS, lambda _: True, 1 << 20)
    assert facts_of(tmp_path) == before
    assert len(list(tmp_path.rglob("*"))) == len(FILES) + len(FOLDERS) - 1
