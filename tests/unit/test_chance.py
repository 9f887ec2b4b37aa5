"""Expected chance agreements, from made and from shipped measurements."""

import pytest

from hashmatch.db.radii import DEFAULT
from hashmatch.matching import chance
from hashmatch.matching.chance import Sample, expected
from hashmatch.model.hashes import Method

MADE = Sample("made", 100, 1_000, {60: 0, 70: 1, 80: 10})


@pytest.fixture
def made(monkeypatch):
    def install(*found):
        monkeypatch.setattr(chance, "samples", lambda: {Method.PDQ: found})

    return install


def test_where_none_was_seen_the_number_is_three_times_what_one_would_give(made):
    made(MADE)
    one = expected(Method.PDQ, 31, 1_000_000)
    assert (one.seen, one.number) == (0, 3_000.0)


def test_the_extrapolation_goes_on_in_a_straight_line_of_logarithms(made):
    made(MADE)
    assert expected(Method.PDQ, 60, 1_000).extrapolated == pytest.approx(0.1)
    assert expected(Method.PDQ, 50, 1_000).extrapolated == pytest.approx(0.01)


def test_where_some_were_seen_their_share_is_scaled_up_and_nothing_extrapolated(made):
    made(MADE)
    one = expected(Method.PDQ, 70, 1_000_000)
    assert (one.seen, one.number, one.extrapolated) == (1, 1_000.0, None)


def test_a_distance_between_two_that_were_counted_takes_the_greater(made):
    made(MADE)
    assert expected(Method.PDQ, 61, 1_000).seen == 1


@pytest.mark.parametrize(
    "distance",
    [81, 256],
)
def test_nothing_is_said_of_distances_that_were_not_counted(made, distance):
    made(MADE)
    assert expected(Method.PDQ, distance, 1_000) is None


def test_of_several_samples_the_one_with_most_agreements_counts(made):
    made(MADE, Sample("worse", 100, 1_000, {60: 2, 80: 900}))
    assert expected(Method.PDQ, 60, 1_000).sample == "worse"
    made(MADE, Sample("steeper", 100, 1_000_000, {60: 0, 70: 1, 71: 10}))
    assert expected(Method.PDQ, 31, 1_000).sample == "made"


def test_a_sample_too_small_for_a_line_is_not_extrapolated(made):
    made(Sample("small", 3, 3, {60: 0, 70: 1}))
    assert expected(Method.PDQ, 31, 1_000).extrapolated is None


@pytest.mark.parametrize("method", [m for m in Method if m not in {Method.VPDQ, Method.PHOTODNA}])
def test_every_method_of_pictures_was_measured_at_its_usual_distance(method):
    one = expected(method, DEFAULT[method], 1_000)
    assert one.pairs > 1_000_000


def test_what_was_never_measured_is_not_made_up():
    assert expected(Method.PHOTODNA, DEFAULT[Method.PHOTODNA], 1_000) is None


def test_the_shipped_counts_of_drawn_scenes_come_to_their_pairs():
    for found in chance.samples().values():
        for one in found:
            assert one.pairs <= one.pictures * (one.pictures - 1) // 2
            assert list(one.within.values()) == sorted(one.within.values())
            if one.name == "drawn-scenes":
                assert one.pairs == one.pictures * (one.pictures - 1) // 2
                assert max(one.within.values()) == one.pairs
                assert one.agreeing(0) == 0
    assert {len(found) > 0 for found in chance.samples().values()} == {True}


def test_64_bits_agree_by_chance_where_256_do_not():
    a_million_files_and_entries = 10**12
    short = expected(Method.DHASH, DEFAULT[Method.DHASH], a_million_files_and_entries)
    long = expected(Method.PDQ, 31, a_million_files_and_entries)
    assert short.seen
    assert short.number > 1_000_000
    assert long.seen == 0
    assert long.extrapolated < 1_000
