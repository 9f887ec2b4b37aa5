"""The self-test says what is wrong when something is, and costs little when it is not asked."""

import hashlib
import subprocess
import sys

import pytest

from hashmatch.hashing import digests, ed2k, hush, known_answers, pdq
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.model.hashes import Algorithm

NAMES = [*map(str, digests.COMPUTED), "pdq", "decoding"]


def test_everything_passes_here():
    assert known_answers.check() == [(name, True) for name in NAMES]


def failed():
    return [name for name, passed in known_answers.check() if not passed]


def test_a_wrong_digest_is_named(monkeypatch):
    monkeypatch.setitem(digests._PLAIN, Algorithm.SHA1, hashlib.md5)
    with pytest.raises(ValueError, match="20 bytes"):  # not even the length is right
        known_answers.check()
    monkeypatch.setitem(
        digests._PLAIN, Algorithm.SHA1, lambda *content, **_: hashlib.new("ripemd160", *content)
    )
    assert failed() == ["sha1"]


def test_a_wrong_constant_in_pdq_is_named(monkeypatch):
    monkeypatch.setattr(pdq, "_DCT", pdq._DCT[:, ::-1].copy())
    assert failed() == ["pdq", "decoding"]


def test_a_decoder_that_gives_nothing_is_named(monkeypatch):
    from PIL import Image

    monkeypatch.delitem(Image.OPEN, "PPM")
    assert failed() == ["decoding"]


def test_the_drawings_have_the_size_and_range_they_say():
    picture = draw(Drawing(30, 20, 4, 3, 7))
    assert (picture.shape, picture.dtype) == ((20, 30, 3), "uint8")
    assert (draw(Drawing(30, 20, 4, 3, 7)) == picture).all()
    assert (draw(Drawing(30, 20, 4, 3, 8)) != picture).any()


def test_every_digest_that_names_a_file_can_be_computed_and_tested():
    torrents = {Algorithm.BTIH, Algorithm.BTMH}
    assert set(digests.COMPUTED) == set(Algorithm) - torrents


def test_a_run_tests_only_the_digests_that_it_needs():
    asked = (Algorithm.MD5, Algorithm.TTH)
    assert [name for name, _ in known_answers.check(asked)] == ["md5", "tth", "pdq", "decoding"]


def test_a_missing_second_value_is_named(monkeypatch):
    whole = ed2k.Ed2k.digests
    monkeypatch.setattr(ed2k.Ed2k, "digests", lambda state: whole(state)[:1])
    assert failed() == ["ed2k"]


DIGEST_ONLY = """
import io, sys
from hashmatch.evidence import folder, mounts, state
from hashmatch.hashing import digests, known_answers, sniff
from hashmatch.model.hashes import ALWAYS
digests.read(io.BytesIO(b"no picture"), ALWAYS, sniff.is_picture, 9)
print([name for name in ("numpy", "PIL", "cv2", "Crypto") if name in sys.modules])
"""


def test_digesting_what_is_no_picture_loads_no_heavy_library():
    child = subprocess.run(
        [sys.executable, "-c", DIGEST_ONLY], capture_output=True, text=True, check=True
    )
    assert child.stdout == "[]\n"


HUSHED = """
import os, sys
from hashmatch.hashing.hush import hushed
if sys.argv[1] == "closed":
    os.close(2)
with hushed():
    os.write(2, b"lost") if sys.argv[1] == "open" else None
if sys.argv[1] == "open":
    os.write(2, b"heard")
print("done")
"""


@pytest.mark.parametrize(("state", "heard"), [("open", "heard"), ("closed", "")])
def test_standard_error_is_silenced_only_for_a_while(state, heard):
    child = subprocess.run(
        [sys.executable, "-c", HUSHED, state], capture_output=True, text=True, check=True
    )
    assert (child.stdout, child.stderr) == ("done\n", heard)


def test_standard_error_comes_back_after_an_error(capfd):
    with pytest.raises(ZeroDivisionError), hush.hushed():
        1 / 0  # noqa: B018
    print("heard", file=sys.stderr, flush=True)  # noqa: T201
    assert capfd.readouterr().err == "heard\n"
