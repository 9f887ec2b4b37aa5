"""Digests by several processes: every entry once, in order, whatever becomes of a process."""

import hashlib
import io
import os
import signal
import threading
from dataclasses import dataclass, field

import pytest

from hashmatch.evidence.folder import FolderSource
from hashmatch.hashing import quick
from hashmatch.hashing.quick import QUICK, Quick
from hashmatch.jobs import digest_crew, digest_hands
from hashmatch.jobs.digest_crew import Digested, digest
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.hashes import ALWAYS, Algorithm
from hashmatch.model.outcomes import Failed, ItemError, Reason, Rule, Skipped, Stage


@dataclass
class Contents:
    """A source whose items are what their paths say: content, or how they fail."""

    dying: int = 0
    opened: int = 0
    own: int = field(default_factory=os.getpid)
    kind = "folder"
    location = b"/"

    def entries(self):
        return iter(())

    def open(self, item):
        if self.dying and os.getpid() != self.own and item.path == b"%d" % self.dying:
            os.kill(os.getpid(), signal.SIGKILL)
        if item.path == b"locked":
            raise ItemError(Stage.OPEN, Reason.PERMISSION)
        self.opened += 1
        return Broken() if item.path == b"broken" else io.BytesIO(item.path * item.mode)

    trusted = True

    @property
    def readable(self):
        return (self.location,)

    def doubt(self, _wanted, _stream):
        return None

    def unchanged(self, item, stream):
        return item.path != b"changed"


class Broken(io.RawIOBase):
    def readinto(self, buffer):
        raise OSError(5, "Input/output error")


def item(path, times=1):
    return Item(path, len(path) * times, 0, times, (2**64 - 1, 2**64 - 1))


def told(entries, workers, source=None):
    numbered = [(0, one) for one in entries]
    return [one for _, one in digest((source or Contents(),), ALWAYS, numbered, workers)]


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 47, 48, 49, 1000])
def test_every_item_once_and_in_order(workers, count):
    entries = [item(b"%d" % number, number % 7 * 1000) for number in range(count)]
    found = told(entries, workers)
    assert [one.item for one in found] == entries
    for one in found:
        content = one.item.path * one.item.mode
        assert one.size == len(content)
        assert one.digests == tuple(getattr(hashlib, a)(content).hexdigest() for a in ALWAYS)


@pytest.mark.parametrize("times", [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20])
def test_a_file_around_the_size_of_one_read(times):
    (one,) = told([item(b"x", times)], 1)
    assert (one.size, one.digests[0]) == (times, hashlib.md5(b"x" * times).hexdigest())


@pytest.mark.parametrize("algorithms", [QUICK, ALWAYS, (Algorithm.MD5,), QUICK[::-1]])
def test_two_threads_give_the_same(monkeypatch, algorithms):
    monkeypatch.setattr(quick, "_WIDE", 1)
    content = bytes(range(251)) * 20_000
    found = Quick(algorithms, wide=True).read(io.BytesIO(content), len(content))
    assert found == Quick(algorithms).read(io.BytesIO(content), len(content))
    assert found == (len(content), [getattr(hashlib, a)(content).hexdigest() for a in algorithms])


def test_one_thread_does_it_all_where_no_other_is_to_be_had(monkeypatch):
    def refuse(_):
        msg = "can't start new thread"
        raise RuntimeError(msg)

    monkeypatch.setattr(quick, "_WIDE", 1)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    content = b"x" * (2 << 20)
    _, found = Quick(QUICK, wide=True).read(io.BytesIO(content), len(content))
    assert found == [getattr(hashlib, one)(content).hexdigest() for one in QUICK]


def test_more_than_was_listed_is_read_to_the_end():
    (one,) = told([Item(b"x", 0, 0, 3_000_000, (0, 0))], 1)  # as on a virtual file system
    assert (one.size, one.digests[0]) == (3_000_000, hashlib.md5(b"x" * 3_000_000).hexdigest())


@pytest.mark.parametrize("workers", [1, 2])
def test_failures_and_what_is_left_out_keep_their_places(workers):
    others = [Folder(b""), Skipped(b"link", Rule.SYMLINK), Failed(b"gone", Stage.STAT, Reason.IO)]
    named = [item(name) for name in (b"locked", b"broken", b"changed", b"fine")]
    found = told([*others, *named] * 40, workers)
    assert found[:3] == others
    assert found[3:6] == [
        Failed(b"locked", Stage.OPEN, Reason.PERMISSION),
        Failed(b"broken", Stage.READ, Reason.IO),
        Failed(b"changed", Stage.READ, Reason.CHANGED),
    ]
    assert isinstance(found[6], Digested)
    assert found == found[:7] * 40


@pytest.mark.parametrize("workers", [2, 3])
def test_a_process_that_is_killed_costs_nothing(workers):
    entries = [item(b"%d" % number) for number in range(2000)]
    found = told(entries, workers, Contents(dying=100))
    assert [one.item for one in found] == entries


def test_a_process_that_dies_idle_is_asked_nothing_any_more(monkeypatch):
    def one_gone(workers, answer):
        crew = digest_hands.forked(workers, answer)
        process = crew[0]._process
        os.kill(process, signal.SIGKILL)
        os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        return crew

    monkeypatch.setattr(digest_crew, "forked", one_gone)
    source = Contents()
    entries = [item(b"%d" % number) for number in range(2000)]
    assert [one.item for one in told(entries, 2, source)] == entries
    assert source.opened == 0  # the other one did everything


def test_nothing_is_left_running_where_nobody_goes_on(monkeypatch):
    ended = []
    real = os.waitpid
    monkeypatch.setattr(os, "waitpid", lambda *words: ended.append(real(*words)))
    entries = ((0, item(b"%d" % number)) for number in range(2000))
    results = digest((Contents(),), ALWAYS, entries, 2)
    next(results)
    results.close()
    assert len(ended) == 2


def test_names_as_long_as_a_tree_is_deep():
    entries = [item(b"%d/" % n + b"d/" * 40_000) for n in range(60)]
    assert [one.item for one in told(entries, 2)] == entries


def test_without_processes_all_is_done_here(monkeypatch):
    def refused():
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)
    entries = [item(b"%d" % number) for number in range(200)]
    assert len(told(entries, 4)) == 200


def test_files_of_a_batch_are_asked_for_together_before_the_first_is_read(tmp_path, monkeypatch):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode())
    asked = []
    monkeypatch.setattr(FolderSource, "fetch_ahead", lambda _, items: asked.append(items))
    source = FolderSource(os.fsencode(tmp_path))
    entries = [(0, one) for one in source.entries()]
    told = [one for _, one in digest((source,), (Algorithm.MD5,), entries, 1)]
    digested = [one.item for one in told if isinstance(one, Digested)]
    assert asked == [digested]
    assert len(digested) == 3
