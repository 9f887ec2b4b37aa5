"""A worker that was taken over cannot make the parent do anything by what it sends."""

import os
import pickle

import pytest

from hashmatch.jobs.confinement import answers
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.workers import Answer
from hashmatch.model.hashes import Algorithm, Digest, Method, PictureHash
from hashmatch.model.outcomes import Failed, Picture, Reading, Reason, Stage

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


@pytest.mark.parametrize("results", [[], None, "ab", [GOOD], [b"x"], (GOOD.results[0],)])
def test_an_answer_without_results_or_with_others_is_not_sound(results):
    assert not Answer(results).sound()
    assert GOOD.sound()
