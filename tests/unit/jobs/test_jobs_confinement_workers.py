"""Real worker processes: what a decoder that was taken over can and cannot do."""

import hashlib
import multiprocessing
import os
import shutil
import subprocess
import sys
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import pytest

from hashmatch.errors import UsageError
from hashmatch.evidence.folder import FolderSource
from hashmatch.jobs import pool as pool_module
from hashmatch.jobs import workers
from hashmatch.jobs.confinement import kernel, landlock
from hashmatch.jobs.confinement.levels import Level, Mode, Report
from hashmatch.jobs.examine import Limits
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.workers import Order
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import Failed, Reading, Reason, Stage
from hashmatch.model.wanted import Wanted
from tests.fakes import item
from tests.hostile import ALLOWED, REFUSED, HostileSource

LINUX = sys.platform == "linux"
FILTERED = LINUX and kernel.machine() is not None
WALLED = FILTERED and landlock.version() > 0

needs_linux = pytest.mark.skipif(not LINUX, reason="this system has no limits of this kind")
needs_seccomp = pytest.mark.skipif(not FILTERED, reason="no filter of system calls here")
needs_landlock = pytest.mark.skipif(not WALLED, reason="this kernel has no Landlock")

READING = ["read outside", "read outside by a link"]
FILES = [
    "write outside",
    "write evidence",
    "truncate evidence",
    "make a file in evidence",
    "remove evidence",
    "rename evidence",
    "make a folder",
    "make a link",
]
CALLS = [
    "change times of evidence",
    "change mode of evidence",
    "make a socket",
    "make a local socket",
    "make a socket pair",
    "start a program",
    "replace itself by a program",
    "fork",
    "fork in the newer way",
    "signal the parent",
    "signal its group",
    "signal through a file",
    "type at the terminal",
    "watch the parent",
    "change limits of the parent",
    "raise its limits",
    "mount",
    "make a file in memory",
    "make a namespace",
]
NEEDS = ["read evidence", "list evidence", "start a thread", "import a module"]


def _hostile(root):
    folder, outside = root / "evidence", root / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "inside").write_bytes(b"evidence")
    (outside / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(outside / "secret")
    return HostileSource(str(folder), str(outside))


@pytest.fixture
def hostile(tmp_path):
    return _hostile(tmp_path)


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """What came of every attempt at a level; one worker makes them all."""

    @cache
    def at(level):
        source = _hostile(tmp_path_factory.mktemp("hostile"))
        attempts = [*READING, *FILES, *CALLS, *NEEDS]
        return dict(zip(attempts, read(source, attempts, level), strict=True))

    return at


@contextmanager
def started(source, target, *, count=1, memory=1 << 30, least=Level.PROCESSES):
    order = Order((source,), Wanted((Algorithm.SHA256,)), Limits(memory=memory), target, least)
    with closing(Pool(order, count)) as pool:
        yield pool


def read(source, names, target, **options):
    with started(source, target, **options) as pool:
        entries = [(0, item(name.encode())) for name in names]
        return [result for results in pool.read(entries) for _, _, result, _ in results]


def content(result):
    assert isinstance(result, Reading)
    known = {hashlib.sha256(word).digest(): word for word in (ALLOWED, REFUSED)}
    return known[result.digests[0].value]


@needs_landlock
@pytest.mark.parametrize("act", [*READING, *FILES, *CALLS])
def test_a_worker_behind_every_wall_cannot(tried, act):
    assert content(tried(Level.LANDLOCK)[act]) == REFUSED


@needs_seccomp
@pytest.mark.parametrize("act", [*FILES, *CALLS])
def test_without_landlock_a_worker_still_cannot(tried, act):
    assert content(tried(Level.SECCOMP)[act]) == REFUSED


@pytest.mark.parametrize("target", [Level.LANDLOCK, Level.SECCOMP])
@pytest.mark.parametrize("act", NEEDS)
def test_a_confined_worker_can(tried, act, target):
    assert content(tried(target)[act]) == ALLOWED


def test_the_attempts_would_succeed_in_a_worker_that_is_not_confined(hostile):
    harmless = [*READING, "make a socket", "fork", "start a program", "signal the parent"]
    results = read(hostile, harmless, Level.PROCESSES)
    assert [content(one) for one in results] == [ALLOWED] * len(harmless)


@needs_landlock
def test_a_confined_worker_leaves_evidence_and_all_else_as_they_were(hostile, tmp_path):
    def state():
        return sorted(
            (str(p), p.lstat().st_mtime_ns, p.lstat().st_mode) for p in tmp_path.rglob("*")
        )

    before = state()
    read(hostile, [*READING, *FILES, *CALLS], Level.LANDLOCK)
    assert state() == before


@pytest.mark.parametrize("target", [Level.LANDLOCK, Level.PROCESSES])
def test_nothing_that_a_worker_says_is_taken_for_the_answer_of_the_scan(hostile, target, capfd):
    assert content(*read(hostile, ["speak"], target)) == ALLOWED
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("target", [Level.LANDLOCK, Level.PROCESSES])
def test_a_worker_has_no_terminal_to_listen_to(hostile, target, capfd):
    _, terminal = os.openpty()
    with capfd.disabled():
        before = os.dup(2)
        os.dup2(terminal, 2)
        try:
            found = read(hostile, ["find a terminal"], target)
        finally:
            os.dup2(before, 2)
    assert content(*found) == REFUSED


@needs_linux
@pytest.mark.parametrize("target", [Level.LANDLOCK, Level.SECCOMP, Level.LIMITS])
@pytest.mark.parametrize("act", ["take memory without end", "take memory and die"])
def test_one_that_takes_memory_without_bound_costs_one_item(hostile, act, target):
    before, bad, after = read(
        hostile, ["read evidence", act, "read evidence"], target, memory=256 << 20
    )
    assert (content(before), content(after)) == (ALLOWED, ALLOWED)
    expected = Reason.WORKER_DIED if "die" in act else Reason.OUT_OF_MEMORY
    assert bad == Failed(act.encode(), Stage.READ, expected)


@needs_linux
def test_memory_that_items_leave_behind_is_not_missing_for_others(hostile):
    results = read(hostile, ["keep memory"] * 20, Level.LANDLOCK, memory=256 << 20)
    assert len(results) == 20
    assert all(isinstance(one, Reading) for one in results)


def test_the_level_asked_for_is_the_level_found(hostile):
    reachable = {Level.LANDLOCK: WALLED, Level.SECCOMP: FILTERED, Level.LIMITS: LINUX}
    for target in [level for level in Level if reachable.get(level, True)]:
        with started(hostile, target) as pool:
            assert pool.report().level is target


@needs_landlock
def test_what_was_tried_is_told_and_all_of_it_was_refused(hostile):
    with started(hostile, Level.LANDLOCK) as pool:
        report = pool.report()
    assert {one.hindrance for one in report.trials} == {"landlock", "seccomp", "limits"}
    assert all(one.refused for one in report.trials)


def test_without_confinement_nothing_is_claimed(hostile):
    with started(hostile, Mode.OFF.target) as pool:
        assert pool.report() == Report(Level.PROCESSES)


def test_less_than_what_is_required_is_refused_before_anything_is_read(hostile):
    order = Order(
        (hostile,), Wanted((Algorithm.SHA256,)), Limits(), Level.SECCOMP, Mode.REQUIRED.least
    )
    with closing(Pool(order, 2)) as pool, pytest.raises(UsageError, match="HASHMATCH_CONFINE=auto"):
        pool.report()


@needs_landlock
def test_what_is_required_and_there_is_used(hostile):
    with started(hostile, Level.LANDLOCK, least=Mode.REQUIRED.least, count=2) as pool:
        assert pool.report().level is Level.LANDLOCK


class _Unable(workers.Worker):
    """A worker whose process ends at once where more than limits are asked for."""

    def __init__(self, order):
        super().__init__(order)
        if order.target in {Level.LANDLOCK, Level.SECCOMP}:
            self._process.kill()
            self._process.join()


def test_workers_that_cannot_live_with_a_level_are_started_again_below_it(hostile, monkeypatch):
    monkeypatch.setattr(pool_module, "Worker", _Unable)
    results = read(hostile, ["read evidence"] * 3, Level.LANDLOCK, count=2)
    assert [content(one) for one in results] == [ALLOWED] * 3
    with started(hostile, Level.LANDLOCK, count=2) as pool:
        assert pool.report().level is (Level.LIMITS if LINUX else Level.PROCESSES)


class _Dead(workers.Worker):
    def __init__(self, order):
        super().__init__(order)
        self._process.kill()


def test_workers_that_never_speak_claim_nothing_and_their_items_fail(hostile, monkeypatch):
    monkeypatch.setattr(pool_module, "Worker", _Dead)
    with started(hostile, Level.LANDLOCK) as pool:
        assert pool.report() == Report(Level.PROCESSES)
        ((_, _, result, _),) = next(pool.read([(0, item(b"read evidence"))]))
    assert result == Failed(b"read evidence", Stage.READ, Reason.WORKER_DIED)


def test_the_weakest_of_several_workers_is_what_is_told(hostile):
    with started(hostile, Level.LANDLOCK) as pool:
        for level in (Level.LANDLOCK, Level.LIMITS, Level.SECCOMP):
            pool._note(Report(level))
        assert pool.report().level in {Level.LIMITS, Level.PROCESSES}


def outcomes(source, target):
    order = Order((source,), Wanted((Algorithm.SHA256,)), Limits(), target)
    entries = [(0, one) for one in source.entries() if isinstance(one, Item)]
    with closing(Pool(order, 2)) as pool:
        return [(one.path, read) for reads in pool.read(entries) for _, one, read, _ in reads]


@pytest.fixture
def pictures(tmp_path):
    images = tmp_path / "pictures"
    shutil.copytree("fixtures/images", images)
    return images


def test_results_are_the_same_with_every_confinement(pictures):
    unconfined = outcomes(FolderSource(os.fsencode(pictures)), Level.PROCESSES)
    assert sum(bool(one.picture and one.picture.hashes) for _, one in unconfined) > 10
    for target in Level:
        assert outcomes(FolderSource(os.fsencode(pictures)), target) == unconfined


def test_a_source_that_is_a_link_is_read(pictures, tmp_path):
    (tmp_path / "link").symlink_to(pictures)
    through = outcomes(FolderSource(os.fsencode(tmp_path / "link")), Level.LANDLOCK)
    assert through == outcomes(FolderSource(os.fsencode(pictures)), Level.PROCESSES)


def _mounted(*command):
    return subprocess.run(["mount", *command], check=False, capture_output=True).returncode == 0


@pytest.fixture
def mount(tmp_path):
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount")
    done = []

    def do(*command):
        if not _mounted(*command):
            pytest.skip("mounting is not allowed here")
        done.append(command[-1])

    yield do
    for place in reversed(done):
        subprocess.run(["umount", "-l", place], check=True)


@needs_landlock
def test_what_is_mounted_beneath_a_source_is_read_also_when_it_came_late(pictures, tmp_path, mount):
    for name in ("early", "late"):
        (pictures / name).mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_bytes(b"mounted")
    mount("--bind", str(elsewhere), str(pictures / "early"))
    source = FolderSource(os.fsencode(pictures))
    order = Order((source,), Wanted((Algorithm.SHA256,)), Limits(), Level.LANDLOCK)
    with closing(Pool(order, 1)) as pool:
        pool.report()
        mount("-t", "tmpfs", "none", str(pictures / "late"))
        (pictures / "late" / "file").write_bytes(b"late")
        found = [one for one in source.entries() if isinstance(one, Item)]
        reads = [one for reads in pool.read((0, one) for one in found) for one in reads]
    assert {b"early/file", b"late/file"} <= {one.path for _, one, _, _ in reads}
    assert all(isinstance(read, Reading) for _, _, read, _ in reads)


@needs_landlock
def test_a_source_that_is_mounted_anew_during_the_run_is_read(tmp_path, mount):
    medium, place = tmp_path / "medium", tmp_path / "place"
    medium.mkdir()
    place.mkdir()
    (medium / "file").write_bytes(b"evidence")
    source = FolderSource(os.fsencode(place))
    order = Order((source,), Wanted((Algorithm.SHA256,)), Limits(), Level.LANDLOCK)
    with closing(Pool(order, 1)) as pool:
        pool.report()
        mount("--bind", str(medium), str(place))
        entries = [(0, one) for one in source.entries() if isinstance(one, Item)]
        ((_, _, found, _),) = next(pool.read(entries))
    assert isinstance(found, Reading)


@needs_linux
def test_a_message_that_stops_in_its_middle_is_not_waited_for_without_end():
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        kernel.bound_messages(ours.fileno(), 1)
        os.write(theirs.fileno(), b"\0\0\0\x10half")
        with pytest.raises(OSError, match="temporarily unavailable"):
            ours.recv_bytes()
        with pytest.raises(OSError, match="temporarily unavailable"):
            ours.send_bytes(bytes(16 << 20))
    with Path(os.devnull).open("rb") as nothing, pytest.raises(OSError, match="non-socket"):
        kernel.bound_messages(nothing.fileno(), 1)
