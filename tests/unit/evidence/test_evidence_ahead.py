"""Files are asked for before they are read, when they are not in memory, and only then."""

import errno
import os
import types

import pytest

from hashmatch.evidence import ahead, disks
from hashmatch.evidence.folder import FolderSource
from hashmatch.model.evidence import Item


@pytest.fixture
def source(tmp_path):
    for number in range(10):
        (tmp_path / f"f{number}").write_bytes(bytes(number * 1000))
    return FolderSource(os.fsencode(tmp_path))


@pytest.fixture
def items(source):
    return [entry for entry in source.entries() if isinstance(entry, Item)]


@pytest.fixture
def asked(monkeypatch):
    """What the system was asked for; that it is done is its own matter."""
    calls = []
    monkeypatch.setattr(os, "posix_fadvise", lambda *call: calls.append(call[1:]))
    return calls


def answer(monkeypatch, number):
    def preadv(*_):
        raise OSError(number, "")

    monkeypatch.setattr(os, "preadv", preadv)


def test_what_is_in_memory_is_not_asked_for(source, items, asked):
    for item in items:
        with source.open(item) as stream:
            stream.read()
    assert not source.fetch_ahead(items)
    assert asked == []


def test_what_is_not_is_asked_for_as_a_whole(source, items, asked, monkeypatch):
    answer(monkeypatch, errno.EAGAIN)
    assert source.fetch_ahead(items)
    assert asked == [(0, size, os.POSIX_FADV_WILLNEED) for size in range(1000, 10_000, 1000)]


def test_of_a_long_file_only_the_beginning_is_asked_for(source, items, asked, monkeypatch):
    answer(monkeypatch, errno.EAGAIN)
    monkeypatch.setattr(ahead, "MOST", 10)
    source.fetch_ahead(items[-1:])
    assert asked == [(0, 10, os.POSIX_FADV_WILLNEED)]


def test_a_file_system_that_does_not_tell_is_left_alone(source, items, asked, monkeypatch):
    answer(monkeypatch, errno.EOPNOTSUPP)
    assert not source.fetch_ahead(items)
    assert asked == []


def test_what_cannot_be_opened_or_asked_for_is_left_to_reading(source, items, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EINVAL, "")

    answer(monkeypatch, errno.EAGAIN)
    monkeypatch.setattr(os, "posix_fadvise", refuse)
    gone, last = items[1], items[-1]
    os.unlink(source.location + b"/" + gone.path)  # noqa: PTH108  # a raw name
    assert source.fetch_ahead([gone, last])
    assert not source.fetch_ahead([gone])
    assert not source.fetch_ahead([])


def test_no_access_time_is_changed(source, items, monkeypatch):
    answer(monkeypatch, errno.EAGAIN)
    path = source.location + b"/" + items[-1].path
    os.utime(path, ns=(10**18, 2 * 10**18))
    source.fetch_ahead(items)
    assert os.stat(path).st_atime_ns == 10**18  # noqa: PTH116  # a raw name


def test_where_trying_would_change_an_access_time_nothing_is_tried(source, items, monkeypatch):
    tried = []
    monkeypatch.setattr(os, "preadv", lambda *call: tried.append(call))
    flags = types.SimpleNamespace(f_flag=0)
    monkeypatch.setattr(os, "fstatvfs", lambda _: flags)

    def loud(path):
        return os.open(source.location + b"/" + path, os.O_RDONLY)

    assert not ahead.fetch(loud, items)
    assert tried == []
    for flags.f_flag in (os.ST_RDONLY, os.ST_NOATIME):
        ahead.fetch(loud, items[-1:])
    assert len(tried) == 2


@pytest.mark.parametrize(("said", "turns"), [("1\n", True), ("0\n", False), (None, False)])
@pytest.mark.parametrize("part", [False, True])
def test_a_disk_turns_where_the_system_says_so(tmp_path, monkeypatch, said, turns, part):
    device = os.makedev(8, 1)
    disk = tmp_path / "devices" / "sda"
    own = disk / "sda1" if part else disk
    own.mkdir(parents=True)
    if said is not None:
        (disk / "queue").mkdir()
        (disk / "queue" / "rotational").write_text(said)
    (tmp_path / "block").mkdir()
    (tmp_path / "block" / "8:1").symlink_to(own)
    monkeypatch.setattr(disks, "_DEVICES", tmp_path / "block")
    disks.turns.cache_clear()
    assert disks.turns(device) is turns
    assert not disks.turns(os.makedev(0, 40))
    disks.turns.cache_clear()
