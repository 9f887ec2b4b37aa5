"""The words of the domain cannot be built wrong, and names survive as they are."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.errors import ExitCode, HashmatchError
from hashmatch.model import names
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash, PictureHash, unhex
from hashmatch.model.hits import Claim, Disposition, Hit
from hashmatch.model.outcomes import (
    Examined,
    Failed,
    Picture,
    Reading,
    Reason,
    Rule,
    Skipped,
    Stage,
)
from hashmatch.model.tally import Tally


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_digest_has_the_length_of_its_algorithm(algorithm):
    digest = Digest.parse(algorithm, " " + "Ab" * algorithm.size + "\n")
    assert digest.hex == "ab" * algorithm.size
    with pytest.raises(ValueError, match=str(algorithm.size)):
        Digest(algorithm, b"short")


@pytest.mark.parametrize("text", ["zz", "a", "a b c d", "0x12", "ａｂ", "", "--"])
def test_only_hexadecimal_is_read_as_hexadecimal(text):
    with pytest.raises(ValueError, match="not hexadecimal"):
        unhex(text)


def test_a_perceptual_hash_states_a_possible_quality():
    assert PerceptualHash.parse(Method.PDQ, "0f" * 32, 50).quality == 50
    with pytest.raises(ValueError, match="quality"):
        PerceptualHash(Method.PDQ, bytes(32), 101)
    with pytest.raises(ValueError, match="32 bytes"):
        PerceptualHash(Method.PDQ, bytes(31))


@given(st.binary(max_size=40))
def test_any_name_survives_json_byte_for_byte(path):
    assert names.from_json(dict(names.to_json(path))) == path


def test_a_line_without_a_name_is_refused():
    with pytest.raises(ValueError, match="no path"):
        names.from_json({"path": 7})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"plain.jpg", "plain.jpg"),
        ("ภาพถ่าย.jpg".encode(), "ภาพถ่าย.jpg"),
        ("\u202egpj.exe".encode(), "‹U+202E›gpj.exe"),
        (b"a\nb\x1b[2J", "a‹U+000A›b‹U+001B›[2J"),
        ("zero\u200bwidth".encode(), "zero‹U+200B›width"),
        (b"bad\xff", "bad\\xff"),
        ("nbsp\u00a0".encode(), "nbsp‹U+00A0›"),
    ],
)
def test_a_shown_name_hides_nothing(path, expected):
    assert names.shown(path) == expected


@given(st.text())
def test_a_shown_name_is_printable(text):
    assert names.shown(text).isprintable()


def hit(disposition):
    return Hit("s", "v", 0, None, Claim.EXACT_2, disposition, None, None)


def examined(*dispositions, picture=None):
    hits = tuple(hit(d) for d in dispositions)
    return Examined(b"p", 10, 0, Reading((), picture), hits)


def tally(*outcomes, near=True):
    one = Tally(seen=len(outcomes))
    for outcome in outcomes:
        one.add(outcome, near=near, quality_gate=50)
    assert one.balanced()
    return one


FAILED = Failed(b"p", Stage.OPEN, Reason.PERMISSION)
SKIPPED = Skipped(b"p", Rule.SYMLINK)
BROKEN = Picture("image/png", trouble=Reason.CORRUPT)
BLANK = Picture("image/png", 1, 1, 1, (PictureHash(Method.PDQ, "stored", 0, ()),))
PARTIAL = Picture(
    "image/png", 1, 1, 1, (PictureHash(Method.PDQ, "stored", 90, ()),), damage=Reason.TRUNCATED
)
GOOD = Picture("image/png", 1, 1, 1, (PictureHash(Method.PDQ, "stored", 50, ()),))


@pytest.mark.parametrize("near", [True, False])
def test_pictures_of_which_only_some_frames_were_looked_at_are_counted(near):
    sampled = replace(GOOD, sampled=True)
    found = tally(examined(picture=GOOD), examined(picture=sampled), near=near)
    assert found.pictures_sampled == (1 if near else 0)
    assert found.compared_near == (2 if near else 0)
    assert found.exit_code() is ExitCode.CLEAR


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((), ExitCode.CLEAR),
        ((examined(), SKIPPED), ExitCode.CLEAR),
        ((examined(), FAILED), ExitCode.INCOMPLETE),
        ((examined(Disposition.ILLEGAL),), ExitCode.HITS),
        ((examined(Disposition.UNCATEGORIZED),), ExitCode.HITS),
        ((examined(Disposition.BENIGN),), ExitCode.CLEAR),
        ((examined(Disposition.BENIGN, Disposition.ILLEGAL),), ExitCode.HITS),
        ((examined(Disposition.ILLEGAL), FAILED), ExitCode.HITS_INCOMPLETE),
        ((examined(picture=BROKEN),), ExitCode.INCOMPLETE),
        ((examined(picture=PARTIAL),), ExitCode.INCOMPLETE),
        ((examined(picture=BLANK),), ExitCode.CLEAR),
        ((examined(picture=GOOD),), ExitCode.CLEAR),
    ],
)
def test_a_run_ends_with_the_code_of_its_outcomes(outcomes, code):
    assert tally(*outcomes).exit_code() is code


@pytest.mark.parametrize(
    ("found", "notable", "leads", "conflict"),
    [
        ({Claim.LEAD: Disposition.UNCATEGORIZED}, 0, 1, False),
        ({Claim.LEAD: Disposition.UNCATEGORIZED, Claim.NEAR: Disposition.SUSPECTED}, 1, 0, False),
        ({Claim.LEAD: Disposition.UNCATEGORIZED, Claim.EXACT_2: Disposition.BENIGN}, 0, 1, False),
        ({Claim.LEAD: Disposition.BENIGN, Claim.EXACT_2: Disposition.ILLEGAL}, 1, 0, False),
        ({Claim.NEAR: Disposition.BENIGN, Claim.EXACT_2: Disposition.ILLEGAL}, 1, 0, True),
    ],
)
def test_an_item_with_leads_alone_is_counted_apart(found, notable, leads, conflict):
    hits = tuple(Hit("s", "v", 0, None, claim, d, None, None) for claim, d in found.items())
    one = tally(Examined(b"p", 10, 0, Reading(()), hits))
    assert (one.items_with_notable_hits, one.items_with_leads) == (notable, leads)
    assert one.conflicts == conflict
    assert one.exit_code() is ExitCode.HITS


def test_a_broken_picture_is_no_gap_where_no_set_asks_about_pictures():
    assert tally(examined(picture=BROKEN), near=False).exit_code() is ExitCode.CLEAR


def test_a_source_that_changed_makes_a_run_incomplete():
    one = tally(examined())
    one.changed_source = True
    assert one.exit_code() is ExitCode.INCOMPLETE


def test_pictures_are_counted_by_what_became_of_them():
    one = tally(*(examined(picture=p) for p in (BROKEN, PARTIAL, BLANK, GOOD, GOOD)))
    assert (one.pictures, one.compared_near, one.low_quality, one.not_compared) == (5, 2, 1, 2)


def test_an_entry_that_was_seen_and_never_ended_is_noticed():
    one = tally(examined())
    one.seen += 1
    assert not one.balanced()


def every_error(base=HashmatchError):
    for error in base.__subclasses__():
        yield error
        yield from every_error(error)


def test_every_branch_of_errors_has_a_code_that_is_no_result():
    direct = HashmatchError.__subclasses__()
    assert len({error.exit_code for error in direct}) == len(direct)
    results = {ExitCode.CLEAR, ExitCode.INCOMPLETE, ExitCode.HITS, ExitCode.HITS_INCOMPLETE}
    assert not results & {error.exit_code for error in every_error()}
    assert all(code.meaning for code in ExitCode)
