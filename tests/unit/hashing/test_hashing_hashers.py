"""Hashers beside PDQ: found without being loaded, tried before use, and never fatal to others."""

import importlib
import io
import random
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from hashmatch.hashing import decode, hashers, pictures
from hashmatch.hashing.further import Further, further
from hashmatch.hashing.hashers import HasherError, Offer
from hashmatch.hashing.pictures import examine
from hashmatch.hashing.pixels import Rendering
from hashmatch.model.hashes import Method
from hashmatch.model.outcomes import Reason
from hashmatch.model.wanted import Effort, Wanted
from tests.plugin_maker import AVERAGES, install

PHOTODNA = Wanted(methods=(Method.PDQ, Method.PHOTODNA))


@pytest.fixture(autouse=True)
def _nothing_loaded_before():
    hashers.load.cache_clear()
    yield
    hashers.load.cache_clear()


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Install a package with a hasher for the length of a test."""

    def act(source=AVERAGES, **words):
        name = words.setdefault("name", "averages")
        monkeypatch.syspath_prepend(install(tmp_path / "packages", source, **words))
        monkeypatch.delitem(sys.modules, name, raising=False)

    return act


def hasher(**changes):
    """A sound hasher for PhotoDNA with some of its parts replaced."""
    parts = {
        "method": "photodna",
        "implementation": "made up/1",
        "nbytes": 144,
        "metric": "sql2",
        "selftest": lambda: True,
        "hash": lambda pixels: bytes([int(pixels.mean())]) * 144,
        "derive": lambda value: {"rot180": value[::-1]},
    }
    return SimpleNamespace(**parts | changes)


@pytest.fixture
def stand_in(monkeypatch):
    """Let a hasher stand in for what a package brings."""

    def act(one):
        offers = {Method.PHOTODNA: (Offer(Method.PHOTODNA, "made up", lambda: one),)}
        monkeypatch.setattr(hashers, "offers", lambda: offers)
        return one

    return act


def rendering(seed=1, size=(48, 60), **words):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    return Rendering("stored", Image.fromarray(pixels), size, **words)


def refused():
    with pytest.raises(HasherError) as found:
        hashers.load(Method.PHOTODNA)
    return str(found.value)


def test_a_plug_in_is_found_without_being_imported(put):
    put("raise SystemExit")
    (found,) = hashers.offers()[Method.PHOTODNA]
    assert (found.method, found.origin) == (Method.PHOTODNA, "averages 1.0")


def test_an_entry_point_for_no_method_or_one_of_our_own_is_named(put):
    put(name="one", method="pdq")
    put(name="two", method="nonsense")
    assert hashers.misnamed() == ("nonsense (two 1.0)", "pdq (one 1.0)")
    assert Method.PDQ not in hashers.offers()


def test_a_plug_in_is_loaded_and_hashes(put):
    put()
    found = further([rendering()], {"stored": 70}, PHOTODNA)
    (one,) = found.hashes
    assert (one.method, one.rendering, one.quality, one.phase) == (
        Method.PHOTODNA,
        "stored",
        70,
        "native",
    )
    assert one.names == ("identity", "rot180", "flipx", "flipy")
    turned = rendering().image.transpose(Image.Transpose.ROTATE_180)
    (other,) = further([Rendering("stored", turned, (48, 60))], {"stored": 70}, PHOTODNA).hashes
    assert one.variants[1] == other.variants[0]


def test_of_two_plug_ins_for_one_method_none_is_taken(put):
    put(name="one")
    put(name="two")
    assert "several" in refused()
    assert "one 1.0" in refused()


def test_a_method_without_hasher_says_what_would_bring_one():
    assert "docs/plugins.md" in refused()
    assert hashers.absent(Method.PHASH) == "pip install 'hashmatch[compat]'"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "phash"}, "not for photodna values"),
        ({"nbytes": 8}, "not for photodna values"),
        ({"metric": "hamming"}, "not for photodna values"),
        ({"implementation": ""}, "printable"),
        ({"implementation": "a\x1b[2J"}, "printable"),
        ({"implementation": 7}, "printable"),
        ({"selftest": lambda: False}, "self-test failed"),
        ({"selftest": lambda: 1 / 0}, "ZeroDivisionError"),
        ({"hash": lambda pixels: b"short"}, "144 bytes"),
        ({"hash": lambda pixels: "a" * 144}, "144 bytes"),
        ({"derive": lambda value: {"identity": value}}, "rotations"),
        ({"derive": lambda value: {"rot90": value[1:]}}, "144 bytes"),
        ({"derive": lambda value: None}, "AttributeError"),
    ],
)
def test_a_hasher_that_is_not_sound_is_refused_in_words(stand_in, changes, words):
    stand_in(hasher(**changes))
    assert words in refused()


def test_something_that_is_no_hasher_is_refused(stand_in):
    stand_in(object())
    assert "AttributeError" in refused()


def test_what_a_hasher_says_is_cut_and_made_printable(stand_in):
    def fail():
        raise ValueError("\x1b" + "x" * 10_000)

    stand_in(hasher(selftest=fail))
    assert "\x1b" not in refused()
    assert len(refused()) < 300


def test_a_hasher_that_fails_on_a_picture_costs_only_its_own_value(stand_in):
    def fail_on_evidence(pixels):
        if pixels.shape != (75, 100, 3):
            msg = "no"
            raise OSError(msg)
        return bytes(144)

    stand_in(hasher(hash=fail_on_evidence))
    content = _png()
    found = examine(content, "image/png", wanted=PHOTODNA)
    assert {one.method for one in found.hashes} == {Method.PDQ}
    assert (found.unhashed, found.trouble) == ((Method.PHOTODNA,), None)


@pytest.mark.parametrize("answer", [b"short", 144, "x" * 144])
def test_nonsense_for_a_picture_is_a_failure(stand_in, answer):
    one = stand_in(hasher())
    hashers.load(Method.PHOTODNA)
    one.hash = lambda pixels: answer
    assert further([rendering()], {"stored": 70}, PHOTODNA) == Further(failed=(Method.PHOTODNA,))


def test_a_picture_for_which_the_method_has_no_value_is_no_failure(stand_in):
    stand_in(hasher(hash=lambda pixels: None))
    assert further([rendering()], {"stored": 70}, PHOTODNA) == Further()


@pytest.mark.parametrize(
    ("fault", "damage"), [(MemoryError, Reason.OUT_OF_MEMORY), (SystemExit, None)]
)
def test_whatever_a_hasher_raises_the_hashes_of_other_methods_stay(stand_in, fault, damage):
    one = stand_in(hasher())
    hashers.load(Method.PHOTODNA)

    def give_up(pixels):
        raise fault

    one.hash = give_up
    found = examine(_png(), "image/png", wanted=PHOTODNA)
    assert {one.method for one in found.hashes} == {Method.PDQ}
    assert (found.unhashed, found.damage) == ((Method.PHOTODNA,), damage)


def test_a_hasher_that_would_end_the_process_is_refused_in_words(stand_in):
    def leave():
        raise SystemExit(3)

    stand_in(hasher(selftest=leave))
    assert refused() == "SystemExit: 3"


def test_want_of_memory_in_decoding_for_a_hasher_is_not_the_hashers_fault(stand_in, monkeypatch):
    stand_in(hasher())
    hashers.load(Method.PHOTODNA)
    real = pictures.decode

    def starve(*args, in_full=False):
        short = decode.Decoded(9, 9, 1, trouble=Reason.OUT_OF_MEMORY)
        return short if in_full else real(*args)

    monkeypatch.setattr(pictures, "decode", starve)
    content = io.BytesIO()
    Image.effect_mandelbrot((64, 64), (-2, -1, 1, 1), 50).convert("RGB").save(content, "JPEG")
    found = examine(content.getvalue(), "image/jpeg", wanted=PHOTODNA)
    assert (found.trouble, found.hashes, found.unhashed) == (Reason.OUT_OF_MEMORY, (), ())


def test_a_reduced_picture_is_not_given_to_a_hasher(stand_in):
    one = stand_in(hasher())
    hashers.load(Method.PHOTODNA)
    one.hash = None  # would fail when called
    assert further([rendering(reduction=2)], {"stored": 70}, PHOTODNA) == Further(
        failed=(Method.PHOTODNA,)
    )


def test_a_rendering_that_is_lost_when_decoded_in_full_is_a_failure(stand_in):
    stand_in(hasher())
    assert further([], {"stored": 70}, PHOTODNA) == Further(failed=(Method.PHOTODNA,))


def test_least_effort_derives_nothing(stand_in):
    stand_in(hasher())
    fast = Wanted(methods=PHOTODNA.methods, effort=Effort.FAST)
    assert further([rendering()], {"stored": 70}, fast).hashes[0].names == ("identity",)


def test_a_hasher_gets_colours_that_it_cannot_change(stand_in):
    seen = []

    def look(pixels):
        seen.append((pixels.shape, pixels.dtype, pixels.flags.writeable, pixels.flags.c_contiguous))
        return bytes(144)

    stand_in(hasher(hash=look))
    grey = Rendering("grey", rendering().image.convert("L"), (48, 60))
    further([rendering(), grey], {"stored": 70, "grey": 70}, PHOTODNA)
    form = (np.dtype("u1"), False, True)
    assert set(seen) == {((75, 100, 3), *form), ((48, 60, 3), *form)}


def test_a_jpeg_is_decoded_in_full_for_hashers_and_not_without_them(stand_in):
    shapes = []

    def look(pixels):
        shapes.append(pixels.shape)
        return bytes(144)

    stand_in(hasher(hash=look))
    content = _saved("JPEG", (1100, 1030))
    found = examine(content, "image/jpeg", wanted=PHOTODNA)
    assert found.unhashed == ()
    assert (1030, 1100, 3) in shapes
    assert found.hashes[:-1] == examine(content, "image/jpeg").hashes
    few = examine(content, "image/jpeg", 1_000_000, wanted=PHOTODNA)
    assert few.unhashed == (Method.PHOTODNA,)
    assert few.hashes


def _png():
    return _saved("PNG", (60, 40))


def _saved(form, size):
    import io

    pixels = random.Random(5).randbytes(3 * 16 * 16)
    small = Image.frombytes("RGB", (16, 16), pixels)
    out = io.BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(out, form)
    return out.getvalue()


def _pictures():
    for seed, size in ((1, (48, 64)), (2, (5, 5)), (3, (7, 300)), (4, (513, 257))):
        yield rendering(seed, size).image
    yield Image.open("fixtures/images/card.png").convert("RGB")
    yield Image.new("RGB", (50, 50), (9, 9, 9))


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (Method.PHASH, "phash"),
        (Method.DHASH, "dhash"),
        (Method.AHASH, "average_hash"),
        (Method.WHASH, "whash"),
    ],
)
def test_values_are_those_of_imagehash(method, name):
    imagehash = pytest.importorskip("imagehash")
    one = hashers.load(method)
    for image in _pictures():
        expected = str(getattr(imagehash, name)(image))
        assert hashers.checked(one, np.asarray(image)).hex() == expected
        assert one.derive(bytes(8)) == {}


def test_block_means_are_those_of_opencv():
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "img_hash"):
        pytest.skip("this OpenCV is without img_hash")
    one = hashers.load(Method.BLOCKMEAN)
    for image in _pictures():
        # A way of its own to the same pixels: a file in memory, read by OpenCV.
        _, encoded = cv2.imencode(".png", np.asarray(image)[..., ::-1])
        expected = cv2.img_hash.blockMeanHash(cv2.imdecode(encoded, cv2.IMREAD_COLOR), mode=0)
        assert hashers.checked(one, np.asarray(image)) == expected.tobytes()


def test_an_opencv_without_the_module_is_refused(monkeypatch):
    import importlib.machinery

    bare = SimpleNamespace(__version__="5", __spec__=importlib.machinery.ModuleSpec("cv2", None))
    monkeypatch.setitem(sys.modules, "cv2", bare)
    with pytest.raises(HasherError, match="opencv-contrib"):
        hashers.load(Method.BLOCKMEAN)


def test_a_package_that_computes_otherwise_than_it_did_is_refused(monkeypatch):
    imagehash = pytest.importorskip("imagehash")
    flat = SimpleNamespace(hash=np.zeros((8, 8), bool))
    monkeypatch.setattr(imagehash, "phash", lambda image: flat)
    with pytest.raises(HasherError, match="self-test failed"):
        hashers.load(Method.PHASH)


def test_without_optional_packages_there_are_no_hashers(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert hashers.offers() == {}
    with pytest.raises(HasherError, match="compat"):
        hashers.load(Method.PHASH)
