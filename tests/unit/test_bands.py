import pytest

from hashmatch.model.bands import Band, band, holds
from hashmatch.model.hashes import Method


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        *((0, Band.P1), (10, Band.P1), (11, Band.P2), (20, Band.P2), (21, Band.P3)),
        *((31, Band.P3), (32, Band.LEAD), (60, Band.LEAD)),
    ],
)
@pytest.mark.parametrize("method", [Method.PDQ, Method.VPDQ])
def test_every_distance_lies_in_one_band(method, distance, expected):
    assert band(method, distance) is expected


@pytest.mark.parametrize("method", [m for m in Method if m not in {Method.PDQ, Method.VPDQ}])
def test_a_method_that_was_not_measured_has_no_band(method):
    assert band(method, 0) is None


@pytest.mark.parametrize("found", [None, Band.P1, Band.P2, Band.P3])
def test_only_a_lead_asks_for_more_than_the_gate(found):
    assert holds(found, 50, 50)
    assert not holds(Band.LEAD, 50, None)
