"""Near hits by methods beside PDQ: each with its own limit, one hit per record."""

import numpy as np
import pytest

from hashmatch.db.radii import DEFAULT
from hashmatch.jobs.choice import FURTHER
from hashmatch.matching.matcher import Matcher
from hashmatch.matching.near import Limits
from hashmatch.model.hashes import Method, PerceptualHash, PictureHash
from hashmatch.model.hits import Claim, Disposition
from hashmatch.model.outcomes import Picture, Reading
from hashmatch.model.records import HashRecord
from tests import library_maker

GREY = bytes([100]) * 143 + bytes([90])
"""A PhotoDNA value; nothing repeats throughout it, which would count as a defect."""


def off(method, distance):
    """A value at a distance from that of :func:`value`."""
    if method is Method.PHOTODNA:
        steps = np.frombuffer(GREY, np.uint8).copy()
        left = distance
        for place in range(144):
            step = min(int(left**0.5), 155)
            steps[place] += step
            left -= step * step
        assert left == 0
        return steps.tobytes()
    number = int.from_bytes(value(method)) ^ (1 << distance) - 1
    return number.to_bytes(method.size)


def value(method):
    return GREY if method is Method.PHOTODNA else bytes(range(7, 7 + method.size))


def hashed(method, *values, quality=80, **words):
    names = ("identity", "rot180")[: len(values)]
    return PictureHash(method, "stored", quality, values, names, **words)


def hits(tmp_path, records, *hashes, limits=None):
    library = library_maker.make_library(tmp_path)
    library_maker.install(library, records)
    methods = tuple(one.method for one in hashes)
    with library.open_set(library.resolve([])[0].version) as one:
        matcher = Matcher((one,), limits or Limits(), methods)
        assert matcher.compares_pictures
        reading = Reading((), Picture("image/png", hashes=hashes))
        return matcher.match([reading])[0]


def listed(*methods):
    return [HashRecord(1, perceptual=tuple(PerceptualHash(m, value(m)) for m in methods))]


@pytest.mark.parametrize("beyond", [0, 1])
@pytest.mark.parametrize("method", FURTHER)
def test_each_method_has_its_own_limit(tmp_path, method, beyond):
    asked = hashed(method, off(method, DEFAULT[method] + beyond))
    found = hits(tmp_path, listed(method), asked, limits=Limits(threshold=3))
    assert len(found) == 1 - beyond
    for hit in found:
        assert hit.claim is Claim.NEAR
        assert hit.disposition is Disposition.SUSPECTED
        near = hit.near
        assert (near.method, near.distance, near.threshold) == (method, *[DEFAULT[method]] * 2)
        assert (near.band, near.variant, near.quality) == (None, "identity", 80)


def test_a_derived_value_is_asked_and_named(tmp_path):
    far = bytes([250]) * 143 + bytes([1])
    asked = hashed(Method.PHOTODNA, far, GREY)
    (hit,) = hits(tmp_path, listed(Method.PHOTODNA), asked)
    assert (hit.near.variant, hit.near.distance) == ("rot180", 0)


def test_of_several_methods_pdq_is_given_however_near_others_are(tmp_path):
    asked = (
        hashed(Method.PHOTODNA, GREY),
        hashed(Method.PDQ, off(Method.PDQ, 30), phase="512"),
    )
    (hit,) = hits(tmp_path, listed(Method.PDQ, Method.PHOTODNA), *asked)
    assert (hit.near.method, hit.near.distance, hit.near.phase) == (Method.PDQ, 30, "512")
    assert hit.near.also == (Method.PHOTODNA,)
    assert hit.near.to_json()["also"] == ["photodna"]


def test_a_lead_stands_back_behind_another_method(tmp_path):
    asked = hashed(Method.PDQ, off(Method.PDQ, 50)), hashed(Method.PHOTODNA, GREY)
    (hit,) = hits(tmp_path, listed(Method.PDQ, Method.PHOTODNA), *asked, limits=Limits(60))
    assert (hit.near.method, hit.near.also, hit.claim) == (Method.PHOTODNA, (), Claim.NEAR)
    assert "also" not in hit.near.to_json()


def test_a_featureless_picture_is_compared_by_no_method(tmp_path):
    asked = hashed(Method.PHOTODNA, GREY, quality=49)
    assert hits(tmp_path, listed(Method.PHOTODNA), asked) == ()


def test_a_method_that_the_set_lacks_finds_nothing(tmp_path):
    asked = hashed(Method.PHASH, value(Method.PHASH)), hashed(Method.PHOTODNA, GREY)
    (hit,) = hits(tmp_path, listed(Method.PHOTODNA), *asked)
    assert hit.near.method is Method.PHOTODNA


def test_a_set_is_asked_about_pictures_only_by_methods_that_are_computed(tmp_path):
    library = library_maker.make_library(tmp_path)
    library_maker.install(library, listed(Method.PHOTODNA))
    with library.open_set(library.resolve([])[0].version) as one:
        assert not Matcher((one,), Limits()).compares_pictures
        assert Matcher((one,), Limits(), (Method.PDQ, Method.PHOTODNA)).compares_pictures
