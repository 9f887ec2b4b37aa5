"""Hits of a batch from real installed sets: claims, dispositions, conflicts, near variants."""

import datetime
import hashlib
import random

import pytest

from hashmatch.db import profiles
from hashmatch.db.description import SetDescription, SetKind
from hashmatch.db.keys import LibraryKey
from hashmatch.db.library import Library
from hashmatch.db.manifest import ListFile
from hashmatch.matching.matcher import Matcher
from hashmatch.matching.merge import capped
from hashmatch.matching.near import Limits
from hashmatch.model.hashes import (
    VARIANTS,
    Algorithm,
    Digest,
    Method,
    PerceptualHash,
    PictureHash,
)
from hashmatch.model.hits import Claim, Disposition
from hashmatch.model.outcomes import Examined, Picture, Reading, Reason
from hashmatch.model.records import HashRecord

NAMES = {Algorithm.MD5: "md5", Algorithm.SHA1: "sha1", Algorithm.SHA256: "sha256"}
ALL = tuple(NAMES)


def digests(content, *algorithms):
    return tuple(Digest(a, hashlib.new(NAMES[a], content).digest()) for a in algorithms or ALL)


def clock():
    return datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)


@pytest.fixture
def library(tmp_path):
    chance = random.Random(7)
    key = LibraryKey(bytes(32))
    return Library.create(tmp_path / "library", key, clock=clock, entropy=chance.randbytes)


def install(library, name, records, kind=SetKind.ILLEGAL, scheme=None):
    description = SetDescription(name, kind, scheme and profiles.load(scheme))
    chance = random.Random(name)
    with library.stage(description, clock=clock, entropy=chance.randbytes) as builder:
        builder.add_file(records, lambda: ListFile("list", 1, "0" * 64))
        return library.publish(builder)


def match(library, *readings, threshold=31):
    sets = tuple(library.open_set(m.version) for m in library.resolve([]))
    found = Matcher(sets, Limits(threshold)).match(readings)
    for one in sets:
        one.close()
    return found


def only(hits):
    (hit,) = hits
    return hit


def pdq(seed):
    return random.Random(seed).randbytes(32)


def flipped(value, bits):
    number = int.from_bytes(value)
    for bit in bits:
        number ^= 1 << bit
    return number.to_bytes(32)


def picture(variants, quality=100, rendering="stored"):
    filled = [variants.get(name, pdq(f"other {name}")) for name in VARIANTS]
    hashed = PictureHash(Method.PDQ, rendering, quality, tuple(filled))
    return Reading(digests(b"picture"), Picture("image/png", 8, 8, 1, (hashed,)))


@pytest.mark.parametrize(
    ("listed", "claim"),
    [
        ((Algorithm.SHA256,), Claim.EXACT_2),
        ((Algorithm.MD5, Algorithm.SHA1), Claim.EXACT_2),
        ((Algorithm.MD5,), Claim.EXACT_1),
        ((Algorithm.SHA1,), Claim.EXACT_1),
    ],
)
def test_a_claim_is_as_strong_as_the_digests_that_agree(library, listed, claim):
    install(library, "a", [HashRecord(1, digests(b"known", *listed))])
    hit = only(match(library, Reading(digests(b"known")))[0])
    assert (hit.claim, hit.agreeing) == (claim, listed)
    assert hit.disposition is Disposition.ILLEGAL


def test_what_was_read_in_part_is_looked_up_unless_it_was_never_a_file(library):
    install(library, "s", [HashRecord(1, digests(b"a"))])
    parts = (Reason.DAMAGED_MEDIUM, Reason.CHECKSUM, Reason.CARVED_IN_PART, Reason.NO_FILE)
    found = match(library, *(Reading(digests(b"a"), partial=one) for one in parts))
    assert [len(hits) for hits in found] == [1, 1, 0, 0]


def test_an_md5_that_agrees_beside_a_sha1_that_does_not_is_shown_as_such(library):
    mixed = (*digests(b"known", Algorithm.MD5), *digests(b"other", Algorithm.SHA1))
    install(library, "a", [HashRecord(1, mixed)])
    hit = only(match(library, Reading(digests(b"known")))[0])
    assert hit.claim is Claim.EXACT_1
    assert hit.agreeing == (Algorithm.MD5,)
    assert hit.disagreeing == (Algorithm.SHA1,)


def test_a_record_with_two_values_of_one_algorithm_agrees_by_either(library):
    two = (*digests(b"first", Algorithm.MD5), *digests(b"second", Algorithm.MD5))
    install(library, "a", [HashRecord(1, two)])
    hits = match(library, Reading(digests(b"first")), Reading(digests(b"second")))
    assert [only(one).agreeing for one in hits] == [(Algorithm.MD5,)] * 2
    assert [only(one).disagreeing for one in hits] == [()] * 2


def test_every_record_of_every_set_is_kept_in_a_stable_order(library):
    record = HashRecord(1, digests(b"known"), category="1", entry="x")
    again = HashRecord(2, digests(b"known"), category="2", entry="y")
    install(library, "b", [record, again], SetKind.CATEGORIZED, "vic-us")
    install(library, "a", [HashRecord(1, digests(b"known"))], SetKind.BENIGN)
    hits = match(library, Reading(digests(b"nothing")), Reading(digests(b"known")))
    assert hits[0] == ()
    assert [(h.set_name, h.record, h.disposition) for h in hits[1]] == [
        ("a", 0, Disposition.BENIGN),
        ("b", 0, Disposition.ILLEGAL),
        ("b", 1, Disposition.EXPLOITATIVE),
    ]
    assert Examined(b"p", 1, 0, Reading(()), hits[1]).conflict


def test_an_unmapped_code_is_neither_illegal_nor_benign(library):
    records = [
        HashRecord(1, digests(b"known"), category="77"),
        HashRecord(2, digests(b"other"), category="1"),
    ]
    install(library, "a", records, SetKind.CATEGORIZED, "vic-us")
    hit = only(match(library, Reading(digests(b"known")))[0])
    assert hit.disposition is Disposition.UNCATEGORIZED
    assert (hit.scheme, hit.category) == ("vic-us", "77")


@pytest.mark.parametrize(("bits", "hits"), [(0, 1), (30, 1), (31, 1), (32, 0)])
def test_near_means_within_the_threshold_and_not_one_bit_more(library, bits, hits):
    listed = pdq("listed")
    install(library, "a", [HashRecord(1, perceptual=(PerceptualHash(Method.PDQ, listed),))])
    reading = picture({"identity": flipped(listed, range(bits))})
    found = match(library, reading)[0]
    assert len(found) == hits
    for hit in found:
        assert (hit.claim, hit.near.distance, hit.near.threshold) == (Claim.NEAR, bits, 31)
        assert hit.disposition is Disposition.SUSPECTED


def test_of_several_rotations_that_agree_the_nearest_is_named(library):
    listed = pdq("listed")
    install(library, "a", [HashRecord(1, perceptual=(PerceptualHash(Method.PDQ, listed, 90),))])
    reading = picture(
        {"flipx": flipped(listed, range(9)), "rot90": flipped(listed, range(4))}, quality=80
    )
    near = only(match(library, reading)[0]).near
    assert (near.variant, near.distance) == ("rot90", 4)
    assert (near.quality, near.list_quality) == (80, 90)


def test_a_featureless_picture_is_not_compared(library):
    listed = pdq("listed")
    install(library, "a", [HashRecord(1, perceptual=(PerceptualHash(Method.PDQ, listed),))])
    assert match(library, picture({"identity": listed}, quality=49)) == [()]
    assert len(match(library, picture({"identity": listed}, quality=50))[0]) == 1


def test_each_rendering_and_phase_has_a_gate_of_its_own(library):
    listed = pdq("listed")
    install(library, "a", [HashRecord(1, perceptual=(PerceptualHash(Method.PDQ, listed),))])
    flat = PictureHash(Method.PDQ, "stored", 49, (listed,), ("identity",))
    rich = PictureHash(Method.PDQ, "on-white", 50, (flipped(listed, [3]),), ("identity",), "512")
    both = Reading(digests(b"picture"), Picture("image/png", 8, 8, 1, (flat, rich)))
    near = only(match(library, both)[0]).near
    assert (near.rendering, near.phase, near.distance) == ("on-white", "512", 1)


@pytest.mark.parametrize(
    "listed", [PerceptualHash(Method.PDQ, pdq("dull"), 49), PerceptualHash(Method.PDQ, bytes(32))]
)
def test_what_a_list_says_of_featureless_pictures_is_never_asked(library, listed):
    good = PerceptualHash(Method.PDQ, pdq("good"))
    install(library, "a", [HashRecord(1, perceptual=(listed,)), HashRecord(2, perceptual=(good,))])
    assert match(library, picture({"identity": listed.value})) == [()]


def test_an_exact_hit_is_not_repeated_as_a_near_one(library):
    value = pdq("listed")
    record = HashRecord(1, digests(b"picture"), (PerceptualHash(Method.PDQ, value),))
    install(library, "a", [record])
    hit = only(match(library, picture({"identity": value}))[0])
    assert (hit.claim, hit.near) == (Claim.EXACT_2, None)


def test_a_run_of_exact_sets_compares_no_pictures(library):
    install(library, "a", [HashRecord(1, digests(b"known"))])
    with library.open_set(library.resolve(["a"])[0].version) as one:
        assert not Matcher((one,), Limits()).compares_pictures


@pytest.mark.parametrize("disposition", Disposition)
def test_a_near_hit_alone_is_at_most_suspected(disposition):
    strong = {Disposition.ILLEGAL, Disposition.BASELINE}
    expected = Disposition.SUSPECTED if disposition in strong else disposition
    assert capped(disposition, Claim.NEAR) is expected
    assert capped(disposition, Claim.EXACT_1) is disposition


@pytest.mark.parametrize(
    ("bits", "claim"),
    [(31, Claim.NEAR), (32, Claim.LEAD), (60, Claim.LEAD)],
)
def test_beyond_the_measured_bands_there_are_only_leads(library, bits, claim):
    listed = pdq("listed")
    install(library, "a", [HashRecord(1, perceptual=(PerceptualHash(Method.PDQ, listed),))])
    hit = only(match(library, picture({"identity": flipped(listed, range(bits))}), threshold=60)[0])
    assert hit.claim is claim
    lead = claim is Claim.LEAD
    assert hit.disposition is (Disposition.UNCATEGORIZED if lead else Disposition.SUSPECTED)


@pytest.mark.parametrize(
    ("quality", "listed_quality", "hits"), [(80, None, 1), (80, 80, 1), (79, None, 0), (80, 79, 0)]
)
def test_a_lead_asks_for_quality_on_both_sides(library, quality, listed_quality, hits):
    listed = PerceptualHash(Method.PDQ, pdq("listed"), listed_quality)
    install(library, "a", [HashRecord(1, perceptual=(listed,))])
    asked = picture({"identity": flipped(listed.value, range(40))}, quality=quality)
    assert len(match(library, asked, threshold=60)[0]) == hits


@pytest.mark.parametrize("disposition", Disposition)
def test_a_lead_takes_over_no_meaning(disposition):
    kept = disposition is Disposition.BENIGN
    expected = disposition if kept else Disposition.UNCATEGORIZED
    assert capped(disposition, Claim.LEAD) is expected


def test_a_hit_carries_what_its_record_states_of_yes_and_no(library):
    stated = {"baseline": True, "tagged": False}
    install(library, "a", [HashRecord(1, digests(b"x"), flags=stated)])
    [[hit]] = match(library, Reading(digests(b"x")))
    assert hit.flags == stated


def test_only_pdq_values_make_a_set_be_asked_about_pictures(library):
    value = PerceptualHash(Method.PHOTODNA, bytes(range(144)))
    manifest = install(library, "a", [HashRecord(1, digests(b"x"), (value,))])
    with library.open_set(manifest.version) as installed:
        assert not installed.has_near()
