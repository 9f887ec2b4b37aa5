"""What was seen and what ended is counted at different places, and must agree."""

import pytest

from hashmatch.errors import HashmatchError
from hashmatch.evidence.state import SourceState
from hashmatch.jobs.scan import _settle
from hashmatch.model.tally import Tally

STATE = SourceState("00", 3, 1, 9, read_only=True, access_times_kept=True)


def test_members_that_came_and_were_not_written_are_missed():
    tally = Tally(seen=2, examined=4, failed=1, inside=2)
    _settle(tally, [STATE], [STATE], ())
    assert tally.seen == 5
    lost = Tally(seen=3, examined=4, failed=1, inside=2)
    with pytest.raises(HashmatchError, match="6 entries were seen"):
        _settle(lost, [STATE], [STATE], ())
