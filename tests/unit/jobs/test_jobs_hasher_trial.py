"""Hashers of other packages are tried where they can do no harm, and refused in one sentence."""

import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
import time
from contextlib import closing

import pytest

from hashmatch.errors import UsageError
from hashmatch.hashing import hashers
from hashmatch.jobs import hasher_trial
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.examine import Limits
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.workers import Order
from hashmatch.model.hashes import Method
from hashmatch.model.wanted import Wanted
from tests.plugin_maker import AVERAGES, PHOTODNA, install

GIB = 1 << 30


@pytest.fixture
def put(tmp_path, monkeypatch):
    def act(source=AVERAGES, **words):
        monkeypatch.syspath_prepend(install(tmp_path / "packages", source, **words))

    return act


def tried(method=Method.PHOTODNA, level=Level.LANDLOCK, seconds=60.0):
    (found,) = hasher_trial.trials([method], level, GIB, seconds)
    return found


def test_a_sound_hasher_is_named_and_not_loaded_here(put, monkeypatch):
    put()
    monkeypatch.delitem(sys.modules, "averages", raising=False)  # another test may have loaded it
    found = hasher_trial.implementations((Method.PDQ, Method.PHOTODNA), Level.LANDLOCK, GIB)
    assert found == {"pdq": "hashmatch-numpy-pdq/1", "photodna": "averages/1"}
    assert "averages" not in sys.modules


def test_without_others_nothing_is_started(monkeypatch):
    monkeypatch.setattr(hasher_trial, "_start", None)
    found = hasher_trial.implementations((Method.PDQ,), Level.LANDLOCK, GIB)
    assert found == {"pdq": hashers.PDQ_IMPLEMENTATION}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "ends the process"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("import os\nos._exit(0)", "ends the process"),
        (AVERAGES.replace("return self.hash(", "return not self.hash("), "self-test failed"),
        (AVERAGES.replace("import numpy as np", "X = 1"), "NameError"),
    ],
)
def test_a_hasher_that_cannot_start_is_refused_in_one_sentence(put, source, words):
    put(source)
    with pytest.raises(UsageError) as refused:
        hasher_trial.implementations((Method.PDQ, Method.PHOTODNA), Level.LANDLOCK, GIB)
    said = str(refused.value)
    assert said.startswith("the hasher for photodna (averages 1.0) cannot be used: ")
    assert words in said
    assert "\n" not in said


def test_a_hasher_that_never_ends_is_given_up(put):
    put("while True: pass")
    found = tried(seconds=0.5)
    assert (found.implementation, found.trouble) == ("", "it does not start within 60 seconds")


def test_a_hasher_that_needs_more_than_a_confined_worker_has_is_refused(put, tmp_path):
    needed = tmp_path / "needed"
    needed.write_bytes(b"made up")
    read = f"open({os.fspath(needed)!r}).read()"
    put(AVERAGES.replace("grey = pixels", f"{read}\n        grey = pixels"))
    assert tried(level=Level.PROCESSES).trouble == ""
    if tried_level() is Level.LANDLOCK:
        assert tried().trouble.startswith("confined as a worker is, PermissionError")


def tried_level():
    with closing(Pool(Order((), Wanted(), Limits()), 1)) as pool:
        return pool.report().level


def test_a_hasher_that_is_not_the_same_each_time_is_refused(put):
    source = AVERAGES.replace(
        "grey = pixels", "self.n = n = getattr(self, 'n', 0) + 1; grey = n + pixels"
    )
    put(source.replace("bytes([7]) * 144", "bytes([8]) * 144"))
    assert "another value" in tried().trouble


def test_built_in_hashers_work_where_nothing_can_be_opened():
    methods = [m for m in hashers.offers() if m in hashers.BUILT_IN]
    if not methods:
        pytest.skip("[compat] is not installed")
    for one in hasher_trial.trials(methods, Level.LANDLOCK, 2 * GIB):
        assert one.trouble == ""
        assert one.implementation.startswith(("imagehash/", "opencv/"))


@pytest.mark.parametrize("answer", [b"not an answer", pickle.dumps(("a", 1)), pickle.dumps(print)])
def test_a_process_that_talks_nonsense_is_not_believed(answer):
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        theirs.send_bytes(answer)
        theirs.send(("name\x1b", ""))
        found = list(hasher_trial._answers(ours, 2, time.monotonic() + 9))
    assert found == [("", "it ends the process that loads it"), ("name‹U+001B›", "")]


def test_a_method_without_hasher_is_in_trouble():
    found = tried()
    assert (found.origin, found.trouble.startswith("none is installed")) == ("none", True)


LIBRARY = """
int example_compute(const unsigned char *rgb, int width, int height, int stride, char *value) {
    for (int n = 0; n < 144; n++) value[n] = rgb[n % 2 * stride * (height - 1)];
    return width < 5;
}
"""


def test_the_adapter_of_the_documentation_loads_the_library_that_is_named(
    put, tmp_path, monkeypatch
):
    put(PHOTODNA.replace("class PhotoDna", "class Averages"))
    monkeypatch.delenv("HASHMATCH_PHOTODNA_LIB", raising=False)
    assert tried().trouble == "RuntimeError: HASHMATCH_PHOTODNA_LIB names no library"
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    source, library = tmp_path / "example.c", tmp_path / "example.so"
    source.write_text(LIBRARY)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    monkeypatch.setenv("HASHMATCH_PHOTODNA_LIB", str(library))
    found = tried()
    assert (found.implementation, found.trouble) == ("example-laboratory-photodna/1", "")
