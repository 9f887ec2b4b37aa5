from dataclasses import dataclass, field

import pytest

from hashmatch.jobs.expectation import expectations
from hashmatch.matching.near import Limits
from hashmatch.model.hashes import Method


@dataclass(frozen=True)
class Counts:
    values: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """As much of a manifest as is asked for."""

    counts: Counts
    name: str = "a"
    version: str = "0" * 32


def expected(held, asked, limits=None):
    return {
        one.method: one for one in expectations([Manifest(Counts(held))], asked, limits or Limits())
    }


def test_every_value_asked_about_meets_every_value_of_the_set():
    one = expected({"pdq": 1_000, "md5": 9}, {"pdq": 270})[Method.PDQ]
    assert (one.queries, one.entries, one.threshold) == (270, 1_000, 31)
    assert one.measured.number == pytest.approx(270_000 * 3 / one.measured.pairs)
    assert not one.measured.many


def test_frames_of_videos_meet_hashes_of_pictures_as_well_and_not_the_other_way_round():
    found = expected({"pdq": 10, "vpdq": 10}, {"pdq": 3, "vpdq": 40})
    assert {method: one.queries for method, one in found.items()} == {
        Method.PDQ: 43,
        Method.VPDQ: 40,
    }
    assert found[Method.VPDQ].measured is not None


def test_frames_are_never_compared_as_leads():
    found = expected({"pdq": 1, "vpdq": 1}, {"pdq": 1, "vpdq": 1}, Limits(threshold=60))
    assert {one.threshold for one in found.values()} == {31, 60}


@pytest.mark.parametrize(
    ("held", "asked"), [({}, {"pdq": 1}), ({"pdq": 1}, {}), ({"pdq": 0}, {"pdq": 1})]
)
def test_what_was_not_asked_is_not_expected(held, asked):
    assert expected(held, asked) == {}


def test_short_hashes_agree_by_chance_and_what_was_not_measured_is_not_guessed():
    found = expected({"dhash": 100_000, "photodna": 5}, {"dhash": 100_000, "photodna": 5})
    assert found[Method.DHASH].measured.many
    assert found[Method.PHOTODNA].measured is None
    assert found[Method.PHOTODNA].to_json()["measured"] is None


def test_no_broken_number_reaches_the_record():
    one = expected({"pdq": 1_000}, {"pdq": 270})[Method.PDQ].to_json()["measured"]
    assert {name: type(value) for name, value in one.items()} == {
        "sample": str,
        "pairs": int,
        "seen": int,
        "number": str,
        "extrapolated": str,
    }
