"""What a triage shows and what it counts, whenever it is ended."""

import signal
from dataclasses import dataclass, replace

import pytest

from hashmatch.jobs import triage
from hashmatch.matching.near import Limits
from hashmatch.model.evidence import Item
from hashmatch.model.hits import Claim, Disposition, Hit
from hashmatch.model.outcomes import Reading, Reason, Video
from hashmatch.model.wanted import Wanted

HIT = Hit(
    set_name="s",
    set_version="v",
    record=1,
    entry=None,
    scheme=None,
    category=None,
    disposition=Disposition.ILLEGAL,
    claim=Claim.EXACT_2,
)


@dataclass
class AllHit:
    """Finds something in every item."""

    hit: Hit = HIT
    compares_pictures = True
    compares_videos = True

    def match(self, readings):
        return [(self.hit,) for _ in readings]


@dataclass
class AllAlike:
    """Reads the same in every item."""

    reading: Reading

    def read(self, portion):
        yield [(number, item, self.reading, ()) for number, item in portion]


def look(show, *, matcher=None, reading=None, videos=True):
    """Look at three items."""
    request = triage.Request((), (), Limits(31), 1)
    found = triage._Look(request, ("source",), matcher or AllHit(), show, Wanted(videos=videos))
    listed = [(0, Item(b"%d" % number, 1, 0, 0, (1, number))) for number in range(3)]
    return found, found.until_stopped(AllAlike(reading or Reading(())), listed, 60)


@pytest.mark.parametrize(
    ("how", "stop"),
    [(signal.SIGINT, triage.Stop.INTERRUPTED), (signal.SIGALRM, triage.Stop.TIME)],
)
def test_what_was_shown_when_it_ended_is_what_was_counted(how, stop):
    shown = []

    def show(found):
        if len(shown) == 1:
            signal.raise_signal(how)
        shown.append(found.item.path)

    found, ended = look(show)
    assert ended is stop
    assert shown == [b"0", b"1"]
    assert found.tally.examined == found.tally.items_with_notable_hits == 2


def test_benign_items_are_counted_and_not_shown():
    shown = []
    benign = AllHit(replace(HIT, disposition=Disposition.BENIGN))
    found, ended = look(shown.append, matcher=benign)
    assert (ended, shown, found.tally.examined) == (triage.Stop.END, [], 3)


@pytest.mark.parametrize("videos", [True, False])
def test_videos_that_could_not_be_compared_are_told_where_they_were_asked_about(videos):
    damaged = Reading((), None, Video("video/mp4", trouble=Reason.DAMAGED_VIDEO))
    found, _ = look(lambda _: None, reading=damaged, videos=videos)
    assert (found.tally.videos, found.tally.videos_not_compared) == (3, 3 * videos)
