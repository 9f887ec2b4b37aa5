"""The process beside a worker that runs a program: what comes of it, and what it cannot do."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from hashmatch.evidence.folder import FolderSource
from hashmatch.evidence.members import libarchive
from hashmatch.jobs import unpacker, unpacker_programs
from hashmatch.jobs.confinement import kernel, landlock
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.examine import Limits
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.unpacker import Offer
from hashmatch.jobs.workers import Order
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import Reading, Reason
from hashmatch.model.profile import Profile, ProfileName, profile
from hashmatch.model.wanted import Wanted
from tests.archives import rar4_file, rar4_of
from tests.rar_packer import rar4_solid
from tests.unpacker_runs import script

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no such process here")
needs_walls = pytest.mark.skipif(
    kernel.machine() is None or not landlock.version(), reason="the walls are not all there"
)
FIRST = b"0123456789abcdefgh" * 30 + bytes(range(256))
SECOND = FIRST[-9:-6] + b"a second member, " * 20
SOLID = rar4_solid((b"a", FIRST), (b"b", SECOND))
WISHES = ("any", "fail", "memory", "silence", "large", "flood", "hang", "arguments")
DAMAGED = f"error: {Reason.DAMAGED_CONTAINER}"


def command(level, path, *wishes):
    return [sys.executable, "-m", "tests.unpacker_runs", level, path, *wishes]


def run(level, path, *wishes):
    done = subprocess.run(
        command(level, path, *wishes), check=True, capture_output=True, text=True, timeout=60
    )
    return json.loads(done.stdout)


@needs_walls
def test_what_a_program_says_and_how_it_ends_is_told(tmp_path):
    said = run(Level.LANDLOCK, script(tmp_path), *WISHES, "two", "again")
    assert said["tools"] == {"unrar": "9.99"}
    assert said["lent"]
    *found, arguments, two, again = said["answers"]
    assert found == [
        *("any\n", DAMAGED, DAMAGED, DAMAGED),
        *(f"error: {Reason.LIMIT_KEPT}", str(40 * (256 << 10)), f"error: {Reason.TIME_LIMIT}"),
    ]
    assert arguments == "p -cfg- -inul -p- -y -- HOME LC_ALL\n"
    assert two == "second\n"
    assert again == "again\n"


@needs_walls
def test_a_program_that_was_taken_over_can_do_nothing(tmp_path):
    said = run(Level.LANDLOCK, script(tmp_path), "attempts")
    (attempts,) = said["answers"]
    assert attempts.count("refused") == 11
    assert "ALLOWED" not in attempts
    assert (tmp_path / "secret").exists()
    assert not (tmp_path / "new").exists()


@needs_walls
def test_what_the_process_beside_tried_is_told_and_was_refused(tmp_path):
    trials = run(Level.LANDLOCK, script(tmp_path))["trials"]
    assert all(refused is True for _, _, refused in trials)
    assert {hindrance for _, hindrance, _ in trials} == {"limits", "landlock", "seccomp"}
    assert {name.removeprefix("beside it: ") for name, _, _ in trials} >= {
        *("start another program", "start a process, as the program", "make a socket"),
        *("open a file for writing", "read outside the evidence", "signal another process"),
    }


def test_at_lower_levels_it_works_too_and_claims_no_more(tmp_path):
    path = script(tmp_path)
    for level, least in ((Level.LIMITS, {"limits"}), (Level.PROCESSES, set())):
        said = run(level, path, "any")
        assert said["answers"] == ["any\n"]
        assert {hindrance for _, hindrance, _ in said["trials"]} == least


@pytest.mark.parametrize(
    "odd", [{"greeting": "unrar 0.1.3 from elsewhere"}, {"content": "what is not in it"}]
)
def test_a_program_that_is_another_or_unpacks_wrong_is_not_used(tmp_path, odd):
    said = run(Level.PROCESSES, script(tmp_path, **odd), "any")
    assert (said["lent"], said["tools"]) == (False, {})
    assert said["answers"] == [f"error: {Reason.UNSUPPORTED_CONTAINER}"]


@needs_walls
def test_with_the_worker_the_program_ends(tmp_path):
    arguments = command(Level.LANDLOCK, script(tmp_path), "pid")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as worker:
        program = int(worker.stdout.readline())
        assert _runs(program)
        worker.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    while _runs(program) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _runs(program)


def _runs(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def test_where_nothing_is_offered_nothing_is_started():
    assert unpacker.start(None, Level.PROCESSES) is None
    bounds = unpacker.offered(Profile(), Limits()).bounds
    assert unpacker.start(Offer((), bounds), Level.PROCESSES) is None
    assert unpacker.offered(profile(ProfileName.QUICK), Limits()) is None


def test_programs_are_known_by_their_names(tmp_path):
    path = script(tmp_path)
    (program,) = unpacker_programs.programs((path, str(tmp_path / "other")))
    assert (program.kind.name, program.path) == ("unrar", path)
    python = Path(sys.executable).resolve()
    own, starter, *_ = unpacker_programs.starters(path)
    assert (own, starter) == (path.encode(), str(python).encode())


@pytest.mark.parametrize(
    "head", [b"", b"#!", b"\x7fELF\x02\x01", b"\x7fELF\x02\x01".ljust(64, b"\xff"), bytes(4096)]
)
def test_what_starts_an_odd_file_is_not_known(tmp_path, head):
    odd = tmp_path / "odd"
    odd.write_bytes(head)
    assert unpacker_programs.starters(str(odd)) == (bytes(odd),)


def test_the_sample_is_an_archive():
    whole = rar4_of(rar4_file(b"m", unpacker_programs.SAMPLE_CONTENT))
    assert whole == unpacker_programs.SAMPLE


def test_versions_are_taken_from_what_programs_say():
    rarlab, unar = unpacker_programs.KINDS
    said = b"\nUNRAR 6.21 freeware      Copyright (c) 1993-2023 Alexander Roshal\n\nUsage:"
    assert rarlab.told.search(said)[1] == b"6.21"
    assert unar.told.search(b"v1.10.7\n")[1] == b"1.10.7"
    assert rarlab.told.search(b"unrar-free 0.1.3, not of RARLAB") is None
    assert unar.told.search(b"Usage: v1.0 something") is None


@needs_walls
def test_a_confined_worker_reads_solid_archives_through_unar(tmp_path):
    """From the folder to the digests, and all that is claimed of the confinement still holds."""
    path = shutil.which("unar")
    if path is None or libarchive.library() is None:
        pytest.skip("unar and libarchive are needed")
    (tmp_path / "solid.rar").write_bytes(SOLID)
    source = FolderSource(os.fsencode(tmp_path))
    offer = Offer((path,), unpacker.offered(Profile(), Limits()).bounds)
    wanted = Wanted((Algorithm.SHA256,))
    order = Order((source,), wanted, Limits(), profile=Profile(), unpacker=offer)
    with closing(Pool(order, 1)) as pool:
        report = pool.report()
        entries = [(0, entry) for entry in source.entries()]
        found = [one for reads in pool.read(entries) for _, _, _, inside in reads for one in inside]
    assert report.level is Level.LANDLOCK
    assert list(report.tools) == ["unar"]
    assert all(one.refused for one in report.trials)
    members = [Packing(wanted.algorithms).member(one) for one in found]
    assert [one.size for one in members] == [len(FIRST), len(SECOND)]
    assert [type(one.read) for one in members] == [Reading, Reading], members[1].read
    digests = [{digest.value for digest in one.read.digests} for one in members]
    for one, content in zip(digests, (FIRST, SECOND), strict=True):
        assert hashlib.sha256(content).digest() in one
