"""Workers that say too much, nothing, or are short of memory neither hold up a run nor fill it."""

import multiprocessing
from contextlib import closing
from dataclasses import replace

import pytest

from hashmatch.evidence.file import FileSource
from hashmatch.hashing.digests import of_bytes
from hashmatch.jobs import backlog
from hashmatch.jobs import pool as pool_module
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.guard import ENTERING, READING, Guard
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.shares import Share
from hashmatch.jobs.windows import BATCH_BYTES, Window
from hashmatch.jobs.workers import Limits, Order, Received
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import Failed, Picture, Reading, Reason, Stage
from hashmatch.model.profile import MemberLimits, Profile
from hashmatch.model.wanted import Wanted

ALGORITHMS = (Algorithm.SHA256,)
READ = Reading(of_bytes(b"x", ALGORITHMS))
STARVED = Failed(b"", Stage.UNPACK, Reason.OUT_OF_MEMORY)


def member(read=b"", name=b"a"):
    return (b"!/" + name, "zip:a;n=0", 1, 0, read, None)


class Scripted:
    """A worker without a process, which answers whatever a script says, and at once."""

    def __init__(self, script):
        self.fresh = False
        self.tasks = []
        self.pipe, self._end = multiprocessing.Pipe()
        self._end.send_bytes(b"x")  # there is always something to receive
        self._script = script

    def send(self, task):
        self.tasks.append(task)

    def receive(self):
        return self._script(self)

    def report(self, _seconds):
        return Report(Level.PROCESSES)

    def stop(self):
        self.pipe.close()
        self._end.close()

    finish = stop


@pytest.fixture
def run(monkeypatch):
    """Read items with scripted workers; gives the reads and how many workers there were."""

    def read(script, items, workers=1, seconds=0.05, count=10):
        made = []

        def start(_order):
            made.append(Scripted(script))
            return made[-1]

        monkeypatch.setattr(pool_module, "Worker", start)
        limits = replace(MemberLimits(), count=count, seconds=0)
        order = Order(
            (FileSource(b"/nowhere"),), Wanted(ALGORITHMS), Limits(), profile=Profile(limits=limits)
        )
        with closing(Pool(order, workers, base_seconds=seconds)) as pool:
            found = [one for reads in pool.read((0, one) for one in items) for one in reads]
        return found, len(made)

    return read


def item(name, size=1, at=0):
    return Item(name, size, 0, 0o100644, (0, at))


def test_more_members_than_there_can_be_cost_the_item_and_nothing_else(run):
    def answer(worker):
        (_, one), *_ = worker.tasks[0].items
        if one.path == b"good":
            return Received([READ], False, 0)
        return Received([member()] * 300, False, 0)

    found, workers = run(answer, [item(b"endless", BATCH_BYTES + 1), item(b"good")])
    assert [read.reason for _, _, read, _ in found[:1]] == [Reason.LIMIT_COUNT]
    assert found[1][2] == READ
    assert workers < 10


@pytest.mark.parametrize("say", ["nothing", "steps"])
def test_saying_something_again_and_again_does_not_hold_up_a_run(run, say):
    step = 0

    def answer(_worker):
        nonlocal step
        step += say == "steps"
        return Received([], False, step)

    found, workers = run(answer, [item(b"a")])
    assert [read.reason for _, _, read, _ in found] == [Reason.TIME_LIMIT]
    assert workers < 20


@pytest.mark.parametrize(
    "starved",
    [STARVED, replace(READ, picture=Picture("image/png", trouble=Reason.OUT_OF_MEMORY))],
)
def test_a_member_for_which_memory_does_not_suffice_is_read_by_a_fresh_worker(run, starved):
    asked = []

    def answer(worker):
        asked.append(worker)
        return Received([member(b"" if worker.tasks[0].careful else starved), READ], False, 0)

    found, workers = run(answer, [item(b"a")])
    assert [one[4] for one in found[0][3]] == [b""]
    assert workers == 2
    assert asked[0] is not asked[1]

    found, _ = run(lambda _: Received([member(starved), READ], False, 0), [item(b"a")])
    assert [one[4] for one in found[0][3]] == [starved]


def test_no_item_is_begun_while_too_much_waits_for_one_before_it(run, monkeypatch):
    monkeypatch.setattr(backlog, "HELD", 100_000)
    large, count, most = BATCH_BYTES + 1, 40, 0
    begun = []

    def answer(worker):
        (_, one), *_ = worker.tasks.pop(0).items
        begun.append(one.path)
        return Received([member(name=b"n" * 10_000)] * 5 + [READ], False, 0)

    # Of the first 32, which are a window, the first is the smallest and would come last.
    items = [item(b"%03d" % n, large + n) for n in range(count)]
    taken = Window.put

    def put(window, *found):
        nonlocal most
        taken(window, *found)
        most = max(most, window.weight)

    monkeypatch.setattr(Window, "put", put)
    found, _ = run(answer, items, seconds=5, count=1000)
    assert [one.path for _, one, _, _ in found] == [one.path for one in items]
    assert all(read == READ and len(inside) == 5 for _, _, read, inside in found)
    assert sorted(begun) == [one.path for one in items]
    assert begun[:4] == [b"031", b"030", b"000", b"001"]
    assert most < 3 * 100_000


def test_a_share_of_many_is_taken_back_where_too_much_waits(run, monkeypatch):
    monkeypatch.setattr(backlog, "HELD", 100_000)
    begun = []

    def answer(worker):
        if not worker.tasks[0].items:
            worker.tasks.pop(0)
        task = worker.tasks[0]
        (_, one), *rest = task.items
        worker.tasks[0] = replace(task, items=tuple(rest))
        begun.append(one.path)
        return Received([member(name=b"n" * 10_000)] * 5 + [READ], False, 0)

    # They are read by their places on the medium: here the first of the listing last.
    items = [item(b"%03d" % n, at=99 - n) for n in range(20)]
    found, workers = run(answer, items, seconds=5, count=1000)
    assert [one.path for _, one, _, _ in found] == [one.path for one in items]
    assert all(len(inside) == 5 for *_, inside in found)
    assert begun[:4] == [b"019", b"018", b"000", b"001"]
    assert sorted(begun) == [one.path for one in items]
    assert workers == 2


def share():
    return Share(Window([(0, item(b"a.zip", BATCH_BYTES + 1))]), (0,), again=True)


def test_after_many_deaths_what_comes_before_the_last_is_kept():
    one = share()
    for death in range(12):
        one = one.sparing(2 * death + 2, Reason.WORKER_DIED)
    guard = Guard(one.sparing(26, Reason.TIME_LIMIT).spared)
    assert guard.reason(ENTERING) is None
    assert guard.reason(25, times=2) is Reason.TIME_LIMIT  # not to go on behind member 12
    last = one.sparing(27, Reason.TIME_LIMIT)
    assert Guard(last.spared).reason(27, times=2) is Reason.TIME_LIMIT
    last = last.sparing(9, Reason.TIME_LIMIT)
    assert Guard(last.spared).reason(ENTERING) is Reason.TIME_LIMIT
    assert last.sparing(9, Reason.TIME_LIMIT) is None


def test_one_that_cannot_even_be_read_or_said_too_much_is_given_up_soon():
    assert share().sparing(READING, Reason.IO).sparing(READING, Reason.IO) is None
    first = share().sparing(5, Reason.LIMIT_COUNT, at_once=True)
    assert Guard(first.spared).reason(5, times=2) is Reason.LIMIT_COUNT
    second = first.sparing(2, Reason.LIMIT_COUNT, at_once=True)
    assert second.sparing(2, Reason.LIMIT_COUNT) is None


def test_what_lies_in_an_image_is_on_no_disk_of_this_machine(monkeypatch):
    monkeypatch.setattr("hashmatch.jobs.shares.disks.turns", lambda _: True)
    inside = replace(item(b"p1/a", BATCH_BYTES + 1), identity=(7, 0), place="mbr:p1!ntfs:/a;id=5")
    assert Share(Window([(0, inside)]), (0,)).disk is None
    assert Share(Window([(0, replace(inside, place=""))]), (0,)).disk == 7
