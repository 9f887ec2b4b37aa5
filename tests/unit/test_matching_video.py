"""Videos against sets: coverage, runs in order, stretches and gates, as a plain count has them."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.matching import alignment, video
from hashmatch.matching.near import Limits
from hashmatch.model.hashes import FrameHash, Method, PerceptualHash
from hashmatch.model.hits import Claim, Disposition
from hashmatch.model.outcomes import Reading, Video
from hashmatch.model.records import HashRecord
from tests.unit.test_matching import install, library, match

__all__ = ["library"]  # the fixture

_CHANCE = random.Random(11)
SCENES = [_CHANCE.randbytes(32) for _ in range(64)]


def near(value, bits):
    """The same hash with some bits changed."""
    return (int.from_bytes(value) ^ ((1 << bits) - 1)).to_bytes(32)


def listed(scenes, place=1, qualities=None, method=Method.VPDQ):
    return HashRecord(
        place,
        entry=f"video-{place}",
        perceptual=tuple(
            PerceptualHash(method, SCENES[scene], qualities and qualities[at], float(at))
            for at, scene in enumerate(scenes)
        ),
    )


def film(*frames, length=100_000):
    """Frames as (milliseconds, scene), with bits changed and quality where given."""
    hashes = tuple(
        FrameHash(
            at, rest[1] if len(rest) > 1 else 100, near(SCENES[scene], rest[0] if rest else 0)
        )
        for at, scene, *rest in frames
    )
    return Reading((), video=Video("video/mp4", length=length, hashes=hashes))


def only(library, reading, **limits):
    from hashmatch.matching.matcher import Matcher

    sets = tuple(library.open_set(m.version) for m in library.resolve([]))
    (found,) = Matcher(sets, Limits(**limits)).match([reading])
    for one in sets:
        one.close()
    return found


def test_a_video_is_found_with_its_coverage_run_and_stretch(library):
    install(library, "videos", [listed(range(10))])
    frames = [(1_000 * k, 3 + k, 2 * k) for k in range(4)] + [(90_000, 40)]
    (hit,) = only(library, film(*frames))
    assert (hit.claim, hit.disposition, hit.entry) == (Claim.NEAR, Disposition.SUSPECTED, "video-1")
    assert (hit.near.method, hit.near.distance, hit.near.list_quality) == (Method.VPDQ, 0, None)
    found = hit.near.frames
    assert (found.matched, found.of, found.agreeing, found.asked) == (4, 10, 4, 5)
    assert (found.longest, found.ranges) == (90_000, ((0, 90_000),))


def test_the_last_frame_stands_until_the_end_of_the_video(library):
    install(library, "videos", [listed([0, 1])])
    (hit,) = only(library, film((500, 0), (700, 1), length=4_000))
    assert hit.near.frames.ranges == ((500, 4_000),)
    (hit,) = only(library, film((500, 0), (700, 1), length=0))
    assert hit.near.frames.ranges == ((500, 700),)


def test_stretches_of_several_streams_are_given_once_and_in_order(library):
    install(library, "videos", [listed([0, 1, 2, 3])])
    first = [(0, 0), (1_000, 1), (40_000, 50), (60_000, 2)]
    second = [(500, 1), (30_000, 3), (31_000, 51)]
    (hit,) = only(library, film(*first, *second, length=70_000))
    assert hit.near.frames.ranges == ((0, 40_000), (60_000, 70_000))


def test_the_last_frame_of_every_stream_stands_until_the_end(library):
    """Two pictures that stand still, as whole frames and within a border: not half the time."""
    install(library, "videos", [listed([0, 1])])
    (hit,) = only(library, film((0, 40), (0, 1), length=60_000))
    assert hit.near.frames.ranges == ((0, 60_000),)
    (hit,) = only(library, film((0, 40), (30_000, 0), (0, 50), (20_000, 51), length=60_000))
    assert hit.near.frames.ranges == ((30_000, 60_000),)


def test_a_run_does_not_go_on_in_another_stream(library):
    install(library, "videos", [listed(range(30))])
    one, other = [(0, 4), (1_000, 5), (2_000, 50)], [(0, 51), (3_000, 6), (4_000, 52)]
    assert not only(library, film(*one, *other, length=5_000))
    assert only(library, film(*one, *other[1:], length=5_000))


def test_one_frame_of_a_long_video_is_no_hit(library):
    install(library, "videos", [listed(range(10))])
    assert only(library, film((0, 4))) == ()
    assert only(library, film((0, 4)), video_coverage=10)[0].near.frames.matched == 1


def test_coverage_is_met_at_exactly_the_limit(library):
    install(library, "videos", [listed(range(10))])
    frames = film((0, 7), (60_000, 2))
    assert only(library, frames, video_coverage=20)
    assert not only(library, frames, video_coverage=21)


@pytest.mark.parametrize(
    ("frames", "hits"),
    [
        ([(0, 4), (1_000, 5), (2_000, 6)], 1),  # in order
        ([(0, 4), (1_000, 50), (2_000, 5), (3_000, 51), (4_000, 6)], 1),  # strange ones between
        ([(0, 4), (1_000, 29), (2_000, 5), (3_000, 6)], 1),  # a later listed one between
        ([(0, 4), (1_000, 0), (2_000, 5), (3_000, 0), (4_000, 6)], 1),  # earlier ones between
        ([(0, 6), (1_000, 5), (2_000, 4)], 0),  # backwards
        ([(0, 4), (1_000, 0), (9_000, 5), (10_000, 0), (18_000, 6)], 0),  # only those between near
        ([(0, 4), (1_000, 4, 20), (2_000, 5)], 0),  # only two different ones
        ([(0, 4), (4_000, 50), (20_000, 5), (24_000, 51), (40_000, 6)], 0),  # far apart
    ],
)
def test_a_run_of_three_listed_frames_in_order_is_enough(library, frames, hits):
    install(library, "videos", [listed(range(30))])
    assert len(only(library, film(*frames, (41_000, 60)))) == hits


def test_listed_frames_are_put_in_the_order_of_their_times(library):
    record = listed(range(30))
    shuffled = list(record.perceptual)
    random.Random(1).shuffle(shuffled)
    install(library, "videos", [HashRecord(1, perceptual=tuple(shuffled))])
    assert len(only(library, film((0, 4), (1_000, 5), (2_000, 6)))) == 1


def test_frames_below_the_gate_are_passed_over_on_both_sides(library):
    install(library, "videos", [listed(range(4), qualities=[100, 49, 50, 0])])
    assert only(library, film((0, 0, 0, 49))) == ()
    (hit,) = only(library, film((0, 0, 0, 50), (1_000, 1), (2_000, 3)))
    assert (hit.near.frames.matched, hit.near.frames.of, hit.near.frames.agreeing) == (1, 2, 1)
    assert (hit.near.quality, hit.near.list_quality) == (50, 100)


def test_a_video_of_which_no_frame_may_be_compared_is_no_hit(library):
    dark = listed(range(4), qualities=[10, 20, 30, 49])
    install(library, "videos", [dark, listed([30], 2)])
    assert only(library, film((0, 0), (1_000, 1))) == ()


@pytest.mark.parametrize(
    ("bits", "threshold", "hits"), [(31, 31, 1), (32, 31, 0), (32, 60, 0), (8, 7, 0)]
)
def test_the_threshold_is_inclusive_and_never_that_of_leads(library, bits, threshold, hits):
    install(library, "videos", [listed([0, 1])])
    found = only(library, film((0, 0, bits)), threshold=threshold)
    assert len(found) == hits
    assert all(one.near.threshold == min(threshold, 31) for one in found)


def test_a_listed_picture_is_found_by_one_frame(library):
    install(
        library, "pictures", [listed([5], method=Method.PDQ), listed([6], 2, method=Method.PDQ)]
    )
    (hit,) = only(library, film((0, 40), (5_000, 5, 6), (9_000, 5, 2), (10_000, 41)))
    assert (hit.near.method, hit.near.distance) == (Method.PDQ, 2)
    assert (hit.near.frames.matched, hit.near.frames.of, hit.near.frames.agreeing) == (1, 1, 2)
    assert hit.near.frames.ranges == ((5_000, 10_000),)


def test_where_a_record_has_both_the_video_is_told(library):
    both = listed([1, 2]).perceptual + listed([1], method=Method.PDQ).perceptual
    install(library, "both", [HashRecord(1, perceptual=both)])
    (hit,) = only(library, film((0, 1)))
    assert (hit.near.method, hit.near.frames.of) == (Method.VPDQ, 2)


def test_every_video_of_a_batch_and_every_record_has_its_own_answer(library):
    install(library, "videos", [listed([0, 1], 1), listed([1, 2], 2)])
    found = match(library, film((0, 0)), Reading(()), film((0, 1)), film((0, 9)))
    assert [[hit.record for hit in hits] for hits in found] == [[0], [], [0, 1], []]


def test_many_frames_are_asked_in_parts(library, monkeypatch):
    monkeypatch.setattr(video, "_ASKED", 3)
    monkeypatch.setattr(video, "_ROWS", 2)
    install(library, "videos", [listed(range(20))])
    (hit,) = only(library, film(*((1_000 * k, k) for k in range(20))))
    assert (hit.near.frames.matched, hit.near.frames.agreeing) == (20, 20)


def series_of_frames():
    """What each frame agrees with, after how long it follows, and whether time begins anew."""
    near = st.sets(st.integers(0, 7), max_size=3)
    return st.lists(st.tuples(near, st.integers(1, 3_000), st.booleans()), min_size=1, max_size=12)


@given(series_of_frames())
def test_runs_are_the_best_of_all_that_there_are(seen):
    shown, at, series = [], 0, 0
    for _, lasts, anew in seen:
        at, series = (0, series + 1) if anew else (at, series)
        shown.append(alignment.Shown(at, at + lasts, series))
        at += lasts
    runs = []  # every run: how many different, its begin, its end, its series, its last place
    for (places, _, _), one in zip(seen, shown, strict=True):
        own = [(1, one.first, one.last, one.series, place) for place in places]
        for many, begin, end, number, last in runs:
            if number == one.series and one.first - end < alignment.GAP:
                later = [place for place in places if place >= last]
                own += [(many + (p > last), begin, one.last, number, p) for p in later]
        runs = list({*runs, *own})
    rows = [(n, np.array(sorted(places))) for n, (places, _, _) in enumerate(seen) if places]
    if rows:
        aligned = alignment.align(rows, shown, 8)
        assert aligned.in_order == max(run[0] for run in runs)
        assert aligned.frames.longest == max(run[2] - run[1] for run in runs)


scenes = st.lists(st.integers(0, 9), min_size=1, max_size=12)


@given(record=scenes, seen=scenes)
def test_counts_are_those_of_comparing_each_with_each(record, seen):
    rows = [
        (at, np.array([place for place, other in enumerate(record) if other == one]))
        for at, one in enumerate(seen)
        if one in record
    ]
    if not rows:
        return
    moments = [700 * at for at in range(len(seen))]
    ends = [*moments[1:], moments[-1] + 10]
    shown = [alignment.Shown(*both, 0) for both in zip(moments, ends, strict=True)]
    aligned = alignment.align(rows, shown, len(record))
    frames = aligned.frames
    assert frames.matched == sum(one in seen for one in record)
    assert frames.agreeing == sum(one in record for one in seen)
    assert 1 <= aligned.in_order <= min(frames.matched, frames.agreeing)
    covered = [any(a <= moment < b for a, b in frames.ranges) for moment in moments]
    assert all(covered[at] for at, _ in rows)
    assert frames.longest <= max(b - a for a, b in frames.ranges)
    assert list(frames.ranges) == sorted(frames.ranges)
