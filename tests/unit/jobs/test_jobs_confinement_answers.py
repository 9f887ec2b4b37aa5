"""A worker that was taken over cannot make the parent do anything by what it sends."""

import os
import pickle

import pytest

from hashmatch.hashing.digests import of_bytes
from hashmatch.jobs.confinement import answers
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.workers import Answer
from hashmatch.model.hashes import ALWAYS, Algorithm, Digest, Method, PictureHash
from hashmatch.model.outcomes import Failed, Picture, Reading, Reason, Stage, Video

GOOD = Answer(
    [
        Failed(b"path", Stage.OPEN, Reason.PERMISSION),
        Reading(
            (Digest(Algorithm.MD5, bytes(16)),),
            Picture(
                "image/png", 9, 9, 1, (PictureHash(Method.PDQ, "whole", 50, (bytes(32),) * 8),)
            ),
        ),
    ],
    spent=True,
)


class Order:
    """What makes its reader call something."""

    def __init__(self, *order):
        self._order = order

    def __reduce__(self):
        return self._order


def test_answers_are_read_as_they_were():
    for one in (GOOD, Report(Level.LANDLOCK)):
        assert answers.read(pickle.dumps(one), Answer) == one


@pytest.mark.parametrize(
    "order",
    [
        Order(os.mkdir, ("made-by-a-worker",)),
        Order(eval, ("1",)),
        Order(getattr, (str, "upper")),
        Order(__import__, ("os",)),
    ],
)
def test_nothing_that_an_answer_names_is_called(order, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EOFError):
        answers.read(pickle.dumps(Answer([order])), Answer)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"c", pickle.dumps(GOOD)[:-5], b"\x80\x04\x8c\xff", b"(" * 99999]
)
def test_what_is_no_answer_is_the_end_of_its_worker(content):
    with pytest.raises(EOFError):
        answers.read(content, Answer)


PACKING = Packing((Algorithm.SHA256,))


@pytest.mark.parametrize(
    "results", [[], None, "ab", b"ab", [GOOD], [b"x"], [bytes(33)], (GOOD.results[0],), [None]]
)
def test_what_are_no_results_is_the_end_of_its_worker_too(results):
    with pytest.raises(EOFError):
        PACKING.unpacked(results)


@pytest.mark.parametrize("algorithms", [ALWAYS, (Algorithm.SHA256, Algorithm.ED2K)])
@pytest.mark.parametrize("decoded", [{}, {"picture": Picture("image/png")}, {"video": Video("v")}])
def test_results_travel_without_loss(algorithms, decoded):
    found = Reading(of_bytes(b"content", algorithms), **decoded)
    results = [found, Failed(b"a", Stage.READ, Reason.IO)]
    packing = Packing(algorithms)
    packed = answers.read(pickle.dumps(Answer([packing.packed(one) for one in results])), Answer)
    assert packing.unpacked(packed.results) == results


def test_bare_digests_are_not_taken_where_a_content_may_have_several():
    with pytest.raises(EOFError):
        Packing((Algorithm.ED2K,)).unpacked([bytes(16)])
