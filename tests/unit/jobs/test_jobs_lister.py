"""What becomes of an image whose listing crashes, hangs, or says what cannot be."""

import time
from contextlib import closing

import pytest

from hashmatch.errors import EvidenceError, UsageError
from hashmatch.evidence.filesystems import patience
from hashmatch.jobs import lister, lister_child, lister_process
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.lister import Lister, Terms
from hashmatch.model.evidence import Folder
from hashmatch.model.outcomes import Failed, Reason
from tests.fake_images import FakeImage

TERMS = Terms(target=Level.PROCESSES, seconds=3)


def listed(image, terms=TERMS):
    with closing(Lister(image, terms)) as one:
        return list(one.entries()), one.told


def test_what_happens_to_one_volume_is_said_and_costs_no_other():
    acts = ("plain", "exit", "hang", "strange", "raise", "starve", "huge", "gap", "plain")
    entries, told = listed(FakeImage(acts))
    paths = [e.path for e in entries if not isinstance(e, Folder | Failed)]
    expected = {n: [b"first"] for n in (1, 2, 4, 5)} | {
        n: [b"first", b"last"] for n in (0, 3, 6, 8)
    }
    assert sorted(paths) == sorted(
        b"p%d/%s" % (n, x) for n, names in expected.items() for x in names
    )
    failed = {e.path: e.reason for e in entries if isinstance(e, Failed)}
    assert failed == {
        b"p1": Reason.WORKER_DIED,
        b"p2": Reason.TIME_LIMIT,
        b"p3": Reason.DAMAGED_FILE_SYSTEM,
        b"p4": Reason.IO,
        b"p5": Reason.OUT_OF_MEMORY,
        b"p6/huge": Reason.DAMAGED_FILE_SYSTEM,
    }
    assert all(e.place for e in entries if isinstance(e, Failed))
    assert told[0].kind == "fake"


def test_signs_of_life_alone_have_an_end(monkeypatch):
    monkeypatch.setattr(lister_process, "_MOST_PULSES", 3)
    entries, _ = listed(FakeImage(("lively",)))
    assert [e.reason for e in entries if isinstance(e, Failed)] == [Reason.TIME_LIMIT]


def test_names_that_no_medium_could_hold_end_a_volume(monkeypatch):
    monkeypatch.setattr(lister, "_MOST_NAMES", 100)
    monkeypatch.setattr(lister, "_NAMES_PER_BYTE", 0)
    entries, _ = listed(FakeImage(("many",)))
    assert entries[-1].reason is Reason.LIMIT_COUNT
    assert sum(len(e.path) for e in entries[:-1]) <= 100


def test_reading_counts_as_a_sign_of_life():
    entries, _ = listed(FakeImage(("working",)))
    assert entries[-1].path == b"p0/last"


def test_reading_in_circles_is_no_sign_of_life_for_ever():
    class Pipe:
        sent = 0

        def send(self, _):
            self.sent += 1

    pipe = Pipe()
    child = lister_child._Child(pipe, FakeImage(("plain",)))
    child._left = 10 << 20
    child._told = -1e9
    child._note(1 << 20)
    assert pipe.sent == 1
    for _ in range(100):
        child._told = -1e9
        child._note(1 << 20)
    assert pipe.sent == 9


def test_gaps_are_listed_only_when_they_are_searched():
    assert [e.path for e in listed(FakeImage(("gap",)))[0]] == []
    assert listed(FakeImage(("gap",), carve=True))[0][-1].path == b"p0/last"


def test_more_entries_than_there_can_be_end_a_volume(monkeypatch):
    monkeypatch.setattr(lister, "MOST_ENTRIES", 600)
    entries, _ = listed(FakeImage(("many", "plain")))
    assert [e.reason for e in entries if isinstance(e, Failed)] == [Reason.LIMIT_COUNT]
    assert entries[-1].path == b"p1/last"


@pytest.mark.parametrize(
    ("opening", "words"), [("exit", "broke down"), ("hang", "did not answer in time")]
)
def test_an_image_that_cannot_even_be_opened_ends_the_run_in_words(opening, words):
    with closing(Lister(FakeImage((), opening), TERMS)) as one:
        with pytest.raises(EvidenceError, match=words):
            one.opened()
        with pytest.raises(EvidenceError, match=words):
            one.check(lambda _: None, files=False)


def test_why_an_image_is_refused_is_told_without_disguise():
    with (
        closing(Lister(FakeImage((), "refuse"), TERMS)) as one,
        pytest.raises(EvidenceError) as caught,
    ):
        one.opened()
    assert str(caught.value) == "the image ‹U+001B›[31m is‹U+000A›encrypted"


def test_a_medium_is_digested_and_its_progress_told():
    reached = []
    with closing(Lister(FakeImage(("plain",)), TERMS)) as one:
        facts, volumes = one.opened()
        check, files = one.check(reached.append, files=True)
    assert (facts.form, len(volumes), files) == ("fake", 1, ())
    assert (check.size, check.verdict) == (1 << 20, "not-stored")
    assert dict(check.digests)["md5"] == "b6d81b360a5672d80c27430f39153e2c"


def test_it_is_confined_like_a_worker_or_not_started():
    with closing(Lister(FakeImage(("plain",)), Terms())) as one:
        assert len(list(one.entries())) == 3
    terms = Terms(target=Level.PROCESSES, least=Level.LANDLOCK)
    one = Lister(FakeImage(("plain",)), terms)
    with closing(one), pytest.raises(UsageError, match="HASHMATCH_CONFINE=auto"):
        one.opened()


def test_a_process_may_try_passwords_as_long_as_they_are_tried():
    waits = [Lister(FakeImage(()), TERMS, count)._patience for count in (0, 1, 50)]
    assert waits[0] == TERMS.seconds
    assert waits[1] == waits[2] > patience.SECONDS + TERMS.seconds  # not a minute for each


def test_a_process_that_is_given_up_is_ended():
    one = Lister(FakeImage(("many", "hang")), TERMS)
    entries = one.entries()
    assert isinstance(next(entries), Folder)
    process = one._child._process
    one.close()
    began = time.monotonic()
    while process.is_alive() and time.monotonic() - began < 5:
        time.sleep(0.01)
    assert not process.is_alive()
