"""A worker that was taken over cannot make the parent do anything by what it sends."""

import dataclasses
import enum
import os
import pickle

import pytest

from hashmatch.hashing.digests import of_bytes
from hashmatch.jobs.confinement import answers
from hashmatch.jobs.confinement.levels import Level, Report
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.workers import Answer
from hashmatch.model.hashes import ALWAYS, Algorithm, Digest, FrameHash, Method, PictureHash
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


@pytest.mark.parametrize("known", [*answers._KNOWN, Answer])
@pytest.mark.parametrize("state", [{"_name_": "x"}, (None, {"size": "x", "results": "x"})])
def test_no_answer_alters_a_class_or_a_word_of_the_parent(known, state):
    before = dict(vars(known))
    made = f"c{known.__module__}\n{known.__qualname__}\n".encode()
    if issubclass(known, enum.Enum):
        member = next(iter(known))
        words = dict(vars(member))
        with pytest.raises(EOFError):
            answers.read(pickle.dumps(member)[:-1] + pickle.dumps(state)[2:-1] + b"b.", Answer)
        assert vars(member) == words
    with pytest.raises(EOFError):
        answers.read(b"\x80\x04" + made + pickle.dumps(state)[2:-1] + b"b.", Answer)
    assert dict(vars(known)) == before


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"c", pickle.dumps(GOOD)[:-5], b"\x80\x04\x8c\xff", b"(" * 99999]
)
def test_what_is_no_answer_is_the_end_of_its_worker(content):
    with pytest.raises(EOFError):
        answers.read(content, Answer)


PACKING = Packing((Algorithm.SHA256,))


@pytest.mark.parametrize(
    "results", [None, "ab", b"ab", [GOOD], [b"x"], [bytes(33)], (GOOD.results[0],), [None]]
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


SOUND = Reading(
    of_bytes(b"content", (Algorithm.SHA256, Algorithm.ED2K)),
    Picture(
        "image/png",
        *(9, 9, 1, (PictureHash(Method.PDQ, "stored", 50, (bytes(32),), ("identity",)),)),
        unhashed=(Method.PHASH,),
    ),
    Video("video/mp4", "h264", 9, 9, 9, 9, (FrameHash(0, 50, bytes(32)),), damage=Reason.IO),
)
FAILED = Failed(b"path", Stage.READ, Reason.IO)


def spoilt(whole, path, value):
    """The same with something else in one place, as a message can hold it."""
    name, *rest = path
    if isinstance(name, int):
        return (*whole[:name], spoilt(whole[name], rest, value) if rest else value)
    inner = spoilt(getattr(whole, name), rest, value) if rest else value
    fields = dataclasses.fields(whole)
    new = object.__new__(type(whole))
    for one in fields:
        if one.name != name or value is not MISSING or rest:
            object.__setattr__(
                new, one.name, inner if one.name == name else getattr(whole, one.name)
            )
    return new


MISSING = object()
HASH, FRAME = ("picture", "hashes", 0), ("video", "hashes", 0)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (("digests",), (MISSING, None, [], (), SOUND.digests[:1], SOUND.digests[::-1], (b"x",))),
        (("digests",), ((*SOUND.digests, SOUND.digests[0]), SOUND.digests + SOUND.digests[1:] * 2)),
        (("digests", 0, "value"), (MISSING, bytes(31), "x" * 32, bytearray(32), None)),
        (("digests", 0, "algorithm"), (MISSING, "sha256", Algorithm.MD5)),
        (("picture",), (MISSING, 5, FAILED)),
        (("picture", "kind"), (MISSING, None, b"x", "a\udcff", "x\n", "x" * 101)),
        (("picture", "width"), (MISSING, -1, 1.0, True, 1 << 60, "1")),
        (("picture", "hashes"), (MISSING, None, [], (None,))),
        ((*HASH, "method"), (MISSING, "pdq", Method.PHASH, None)),
        ((*HASH, "rendering"), (None, 5)),
        ((*HASH, "phase"), (None, "\0")),
        ((*HASH, "quality"), (None, 101, -1, 0.5)),
        ((*HASH, "variants"), ((), [bytes(32)], (bytes(31),), ("x" * 32,), (bytes(32),) * 2)),
        ((*HASH, "names"), ((), ["identity"], (5,), ("a", "b"))),
        (("picture", "trouble"), (MISSING, "input-output-error", 5)),
        (("picture", "sampled"), (None, 1)),
        (("picture", "damage"), ("input-output-error", True)),
        (("picture", "unhashed"), (None, ["phash"], ("phash",))),
        (("picture", "sampled"), (None, 1)),
        (("video",), (5, SOUND.picture)),
        (("video", "codec"), (None, b"h264")),
        (("video", "length"), (None, 2.5, -1)),
        (("video", "hashes"), (None, [None], (None,))),
        ((*FRAME, "at"), (None, -1, 1.5)),
        ((*FRAME, "quality"), (None, 101)),
        ((*FRAME, "value"), (None, bytes(8))),
        (("video", "damage"), (True,)),
    ],
)
def test_a_reading_that_is_built_otherwise_is_the_end_of_its_worker(path, values):
    packing = Packing((Algorithm.SHA256, Algorithm.ED2K))
    assert packing.unpacked([SOUND]) == [SOUND]
    for value in values:
        with pytest.raises(EOFError):
            packing.unpacked([spoilt(SOUND, path, value)])


@pytest.mark.parametrize("field", ["path", "stage", "reason"])
@pytest.mark.parametrize("value", [MISSING, None, "read", 5])
def test_a_failure_that_is_built_otherwise_is_the_end_of_its_worker(field, value):
    assert PACKING.unpacked([FAILED]) == [FAILED]
    with pytest.raises(EOFError):
        PACKING.unpacked([spoilt(FAILED, (field,), value)])


@pytest.mark.parametrize("path", [(), ("digests", 0), ("picture",), HASH, ("video",), FRAME])
def test_no_field_may_be_missing_in_a_reading(path):
    packing, one = Packing((Algorithm.SHA256, Algorithm.ED2K)), SOUND
    for step in path:
        one = one[step] if isinstance(step, int) else getattr(one, step)
    for field in dataclasses.fields(one):
        with pytest.raises(EOFError):
            packing.unpacked([spoilt(SOUND, (*path, field.name), MISSING)])
