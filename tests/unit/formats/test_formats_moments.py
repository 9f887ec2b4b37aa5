"""Moments of time are read in every way in which the exchanges write them."""

import pytest

from hashmatch.formats.as_text import as_text
from hashmatch.formats.moments import epoch


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2024-02-01T00:00:00Z", 1706745600.0),
        ("2024-02-01T00:00:00", 1706745600.0),
        (" 2024-02-01T01:00:00+01:00 ", 1706745600.0),
        ("2024-02-01T00:00:00.500Z", 1706745600.5),
        ("2024-02-01T00:00:00+0000", 1706745600.0),
        ("2024-02-01", 1706745600.0),
        ("20240201", 1706745600.0),
        (" 20240201 ", 1706745600.0),
        (20240201, 1706745600.0),
        ("20241301", 20241301.0),
        ("12345678", 12345678.0),
        ("1706745600", 1706745600.0),
        (1706745600, 1706745600.0),
        (1704901040.222779, 1704901040.222779),
        ("0001-01-01T00:00:00Z", -62135596800.0),
        (None, None),
        ("", None),
    ],
)
def test_moments_become_seconds(written, seconds):
    assert epoch(written) == seconds


@pytest.mark.parametrize(
    "written", ["soon", "2024-13-01", True, [], {}, "9" * 5000, float("inf"), float("nan"), "²"]
)
def test_what_is_no_moment_is_refused_without_repeating_it(written):
    with pytest.raises(ValueError, match=r"^not a moment of time$"):
        epoch(written)


@pytest.mark.parametrize(
    ("value", "text"),
    [(" a ", "a"), ("  ", None), (7, "7"), (1.5, "1.5"), (True, None), (None, None), ([], None)],
)
def test_values_become_text_only_where_they_are_one(value, text):
    assert as_text(value) == text
