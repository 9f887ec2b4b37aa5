import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hashmatch.custody.ids import uuid7

AT = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_the_example_of_rfc_9562_comes_out():
    # Appendix A.6: rand_a 0xCC3, rand_b 0b01 and 0x8C4DC0C0C07398F
    random = (0xCC3 << 68) | 0x18C4DC0C0C07398F
    assert uuid7(AT, random.to_bytes) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@pytest.mark.parametrize("random", [b"\x00" * 10, b"\xff" * 10, bytes(range(10))])
def test_version_and_variant_stand_whatever_the_random_bytes_are(random):
    made = uuid.UUID(uuid7(AT, lambda size: random[:size]))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_the_moment_counts_not_its_zone():
    bangkok = AT.astimezone(timezone(timedelta(hours=7)))
    assert uuid7(bangkok, bytes) == uuid7(AT, bytes)


def test_no_millisecond_is_lost_to_rounding():
    at = [AT + timedelta(milliseconds=n) for n in range(1000)]
    made = [int(uuid7(one, bytes).replace("-", "")[:12], 16) for one in at]
    assert made == list(range(made[0], made[0] + 1000))


@pytest.mark.parametrize("at", [datetime(2026, 1, 1), datetime(1969, 12, 31, tzinfo=UTC)])  # noqa: DTZ001
def test_a_moment_that_cannot_be_told_is_refused(at):
    with pytest.raises(ValueError, match="zone"):
        uuid7(at, bytes)
