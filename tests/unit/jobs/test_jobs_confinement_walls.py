"""Walls around one thread of this process, and what is said where there are none."""

import os
import resource
import sys
import threading
from pathlib import Path

import pytest

from hashmatch.jobs.confinement import confine as confine_module
from hashmatch.jobs.confinement import kernel, landlock, limits, trials
from hashmatch.jobs.confinement.confine import confine, libraries, walls
from hashmatch.jobs.confinement.levels import Level, Mode, Report, Trial, weakest
from hashmatch.jobs.confinement.limits import AddressSpace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="walls are for Linux")
needs_seccomp = pytest.mark.skipif(kernel.machine() is None, reason="no filter here")
needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="no Landlock here")


def aside(act, *arguments):
    """Do something in a thread, which takes its walls with it when it ends."""
    found = []
    thread = threading.Thread(target=lambda: found.append(act(*arguments)))
    thread.start()
    thread.join()
    return found[0]


def outcomes(found):
    return {(one.hindrance, one.refused) for one in found}


@needs_seccomp
@needs_landlock
def test_every_attempt_against_both_walls_is_refused(tmp_path):
    found = aside(walls, Level.LANDLOCK, (os.fsencode(tmp_path),))
    assert outcomes(found) == {("landlock", True), ("seccomp", True)}


@needs_seccomp
def test_below_landlock_only_system_calls_are_filtered(tmp_path):
    assert outcomes(aside(walls, Level.SECCOMP, ())) == {("seccomp", True)}


@needs_seccomp
def test_this_process_is_as_free_as_before(tmp_path):
    aside(walls, Level.LANDLOCK, ())
    (tmp_path / "new").touch()
    free = {one.name for one in trials.of_seccomp(kernel.machine()) if not one.refused}
    # Whether others can be signalled or read is also a matter of who runs the tests.
    assert free >= {"open a file for writing", "make a socket", "start a program"}
    assert not any(one.refused for one in trials.of_landlock(()))


@needs_landlock
def test_behind_landlock_the_evidence_and_no_more_is_read(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for one in (inside, outside):
        one.mkdir()
        (one / "file").touch()

    def look():
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        landlock.restrict((os.fsencode(inside), b"/is/not/there", os.fsencode(outside / "file")))
        (inside / "file").read_bytes()
        (outside / "file").read_bytes()  # a source may be one file
        return trials.refused(lambda: list(outside.iterdir())), trials.refused((inside / "x").touch)

    assert aside(look) == (True, True)


@needs_landlock
def test_behind_the_walls_random_bytes_are_read_and_no_other_device():
    def look():
        walls(Level.LANDLOCK, ())
        with Path("/dev/urandom").open("rb", buffering=0) as random:
            length = len(random.read(16))
        return length, trials.refused(lambda: os.open("/dev/zero", os.O_RDONLY))

    assert aside(look) == (16, True)


@needs_landlock
def test_when_everything_is_evidence_reading_elsewhere_is_not_tried():
    assert [one.name for one in aside(walls, Level.LANDLOCK, (b"/",))].count(
        "read outside the evidence"
    ) == 0


def _no(*_):
    raise OSError(38, "not here")


def test_where_the_kernel_has_no_walls_none_are_claimed(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel, "prctl", _no)
    monkeypatch.setattr(kernel, "call", _no)
    assert landlock.version() == 0
    found = aside(walls, Level.LANDLOCK, (os.fsencode(tmp_path),))
    assert ("landlock", False) in outcomes(found)
    assert ("seccomp", False) in outcomes(found)


def test_where_the_architecture_is_not_known_calls_are_not_even_tried(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert kernel.machine() is None
    assert aside(walls, Level.SECCOMP, ()) == ()


@pytest.mark.parametrize(
    ("version", "files", "network", "scopes", "size"),
    [
        (0, 0, 0, 0, 0),
        (1, 0x1FFF, 0, 0, 8),
        (2, 0x3FFF, 0, 0, 8),
        (3, 0x7FFF, 0, 0, 8),
        (4, 0x7FFF, 3, 0, 16),
        (5, 0xFFFF, 3, 0, 16),
        (6, 0xFFFF, 3, 3, 24),
        (99, 0xFFFF, 3, 3, 24),
    ],
)
def test_each_version_of_landlock_is_asked_for_all_it_has(version, files, network, scopes, size):
    attributes = landlock.attributes(version)
    values = [int.from_bytes(attributes[at : at + 8], sys.byteorder) for at in (0, 8, 16)]
    assert values == [files, network, scopes]
    assert landlock.size(version) == size


def test_late_parts_of_python_stay_readable_and_the_present_folder_does_not():
    found = {Path(os.fsdecode(one)) for one in libraries()}
    assert Path(os.__file__).parent in found
    assert any(one.name == "hashmatch" for one in found)
    assert not any(Path.cwd().is_relative_to(one) for one in found)


@pytest.fixture
def recorded(monkeypatch):
    """Limits as they would be set: for a whole process they can only be lowered."""
    found = {}
    monkeypatch.setattr(resource, "setrlimit", found.__setitem__)
    yield found
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def test_limits_leave_room_for_one_item_and_for_open_evidence(recorded):
    with AddressSpace() as space:
        now = space.bytes()
    limits.apply(1 << 30, 100)
    most = recorded[resource.RLIMIT_AS][0]
    assert now - (64 << 20) <= most - (1 << 30) <= now + (64 << 20)
    assert recorded[resource.RLIMIT_NOFILE][0] > 100
    assert recorded[resource.RLIMIT_CORE] == recorded[resource.RLIMIT_FSIZE] == (0, 0)


def test_a_limit_that_is_lower_already_stays(recorded, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (5, 5))
    limits.apply(1 << 30, 100)
    assert recorded[resource.RLIMIT_AS] == (5, 5)
    assert recorded[resource.RLIMIT_CORE] == (0, 0)


def test_limits_that_do_not_hold_are_not_claimed(recorded):
    report = confine(Level.LIMITS, (), 1 << 30, 10)
    assert report == Report(
        Level.PROCESSES, (Trial("take more memory than allowed", "limits", refused=False),)
    )


def test_beside_other_threads_no_walls_are_put_up(recorded, tmp_path):
    report = aside(confine, Level.LANDLOCK, (os.fsencode(tmp_path),), 1 << 30, 10)
    assert {one.hindrance for one in report.trials} == {"limits"}


def test_alone_walls_are_put_up(recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "listdir", lambda _: ["1"])
    report = aside(confine, Level.SECCOMP, (os.fsencode(tmp_path),), 1 << 30, 10)
    assert {one.hindrance for one in report.trials} >= {"limits"}
    assert report.level is Level.PROCESSES  # the limits above are not real


def test_where_nothing_is_told_about_threads_no_walls_are_put_up(recorded, monkeypatch):
    monkeypatch.setattr(os, "listdir", _no)
    report = confine(Level.LANDLOCK, (), 1 << 30, 10)
    assert {one.hindrance for one in report.trials} == {"limits"}


def test_a_process_that_can_start_no_thread_is_of_no_use(recorded, monkeypatch):
    def start(_):
        raise RuntimeError

    monkeypatch.setattr(threading.Thread, "start", start)
    assert confine(Level.LIMITS, (), 1 << 30, 10) is None


def test_memory_that_is_refused_counts_as_a_limit(monkeypatch):
    (found,) = trials.of_limits(1 << 62)
    assert found.refused


def test_on_another_system_nothing_is_claimed(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert confine(Level.LANDLOCK, (), 1, 1) == Report(Level.PROCESSES)
    assert confine(Level.PROCESSES, (), 1, 1) == Report(Level.PROCESSES)


def test_where_the_system_does_not_say_the_address_space_is_nothing(monkeypatch):
    monkeypatch.setattr(limits, "_PAGES", "/is/not/there")
    with AddressSpace() as space:
        assert space.bytes() == 0


def made(**refused):
    return tuple(Trial("try", hindrance, value) for hindrance, value in refused.items())


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (made(limits=True, landlock=True, seccomp=True), Level.LANDLOCK),
        (made(limits=True, landlock=False, seccomp=True), Level.SECCOMP),
        (made(limits=True, seccomp=True), Level.SECCOMP),
        (made(limits=True, landlock=True, seccomp=False), Level.LIMITS),
        (made(limits=True, landlock=True), Level.LIMITS),
        (made(limits=True), Level.LIMITS),
        (made(limits=False, landlock=True, seccomp=True), Level.PROCESSES),
        ((), Level.PROCESSES),
        ((*made(limits=True, seccomp=True), *made(seccomp=False)), Level.LIMITS),
    ],
)
def test_a_level_is_what_was_proven_with_all_below_it(found, level):
    assert confine_module.level_of(found) is level


def test_an_attempt_that_fails_for_its_own_fault_proves_nothing():
    assert not trials.refused(lambda: os.close(os.open("/is/not/there", os.O_RDONLY)))


def test_levels_are_in_order():
    assert [level.weaker for level in Level] == [*list(Level)[1:], None]
    assert weakest([Level.SECCOMP, Level.LIMITS, Level.LANDLOCK]) is Level.LIMITS
    assert Level.LANDLOCK.reaches(Level.SECCOMP)
    assert Level.SECCOMP.reaches(Level.SECCOMP)
    assert not Level.LIMITS.reaches(Level.SECCOMP)


def test_modes_say_what_to_aim_for_and_what_to_go_on_with():
    assert {mode: (mode.target, mode.least) for mode in Mode} == {
        Mode.AUTO: (Level.LANDLOCK, Level.PROCESSES),
        Mode.REQUIRED: (Level.LANDLOCK, Level.LANDLOCK),
        Mode.OFF: (Level.PROCESSES, Level.PROCESSES),
    }
