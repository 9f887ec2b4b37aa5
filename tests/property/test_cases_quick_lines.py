"""The quick way to write a line writes what the usual one does, or does not write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.cases import lines, quick_lines
from hashmatch.custody import canonical
from hashmatch.hashing.digests import COMPUTED
from hashmatch.model.hashes import ALWAYS, Digest
from hashmatch.model.outcomes import Examined, Failed, Picture, Reading, Reason, Stage, Video

PATHS = st.one_of(
    st.binary(min_size=1, max_size=30),
    st.text(max_size=20).map(lambda t: t.encode("utf-8", "ignore")),
)
DIGESTS = st.lists(
    st.sampled_from(COMPUTED).flatmap(
        lambda a: st.binary(min_size=a.size, max_size=a.size).map(lambda v: Digest(a, v))
    ),
    max_size=6,
)


@given(PATHS, DIGESTS, st.integers(0), st.integers(), st.integers(0), st.integers(0, 9))
@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_the_bytes_are_those_of_the_canonical_form(path, digests, size, modified, n, source):
    outcome = Examined(path, size, modified, Reading(tuple(digests)))
    quick = quick_lines.of(n, source, outcome)
    repeated = len({one.algorithm for one in digests}) < len(digests)
    assert (quick is None) == repeated
    assert quick is None or quick == canonical.encode(lines.outcome_line(n, source, outcome))
    assert list(lines.hit_lines(n, source, outcome)) == []
    asked = {"near": True, "quality_gate": 50, "videos": True}
    assert list(lines.problem_lines(n, source, outcome, **asked)) == []


def test_what_has_more_to_say_is_left_to_the_usual_way():
    digests = tuple(Digest(a, bytes(a.size)) for a in ALWAYS)
    for reading in (Reading(digests, Picture("image/png")), Reading(digests, video=Video("v"))):
        assert quick_lines.of(0, 0, Examined(b"a", 0, 0, reading)) is None
    assert quick_lines.of(0, 0, Examined(b"a", 0, 0, Reading(digests), ("hit",))) is None
    assert quick_lines.of(0, 0, Failed(b"a", Stage.READ, Reason.IO)) is None
