import re
from collections import Counter
from importlib import resources
from string import Formatter

import pytest

from hashmatch.errors import ExitCode
from hashmatch.hashing.pdq import BOTH
from hashmatch.jobs.choice import Why
from hashmatch.jobs.verifying import Verify
from hashmatch.matching.chance import samples
from hashmatch.model.bands import Band
from hashmatch.model.facts import Recovery, Standing
from hashmatch.model.hits import Claim, Disposition
from hashmatch.model.outcomes import Reason, Rule, Stage
from hashmatch.model.profile import Profile, ProfileName
from hashmatch.model.records import Loss, Quarantine
from hashmatch.model.wanted import Effort
from hashmatch.report.lines import Problem
from hashmatch.report.options import LANGUAGES
from hashmatch.report.words import clock, rough, words

EN, TH = words("en"), words("th")
THAI = re.compile(r"[\u0e01-\u0e5b]")


def places(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def singular_aside(texts):
    return {
        key for key in texts if not key.endswith(".one") or key.removesuffix(".one") not in texts
    }


def test_both_languages_have_the_same_texts():
    assert singular_aside(EN.texts) == singular_aside(TH.texts)


def test_both_languages_have_the_same_codes():
    assert {family: set(codes) for family, codes in EN.codes.items()} == {
        family: set(codes) for family, codes in TH.codes.items()
    }


def test_the_places_of_a_text_are_the_same_in_both_languages():
    for key, text in TH.texts.items():
        assert places(text) == places(EN.texts[key]), key


def test_a_singular_has_no_place_that_its_plural_lacks():
    for key in EN.texts:
        if key.endswith(".one") and key.removesuffix(".one") in EN.texts:
            assert places(EN.texts[key]) <= places(EN.texts[key.removesuffix(".one")]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty(language):
    texts = words(language)
    explained = [text for codes in texts.codes.values() for text in codes.values()]
    rows = [cell for row in texts.glossary for cell in row]
    assert all(text.strip() for text in [*texts.texts.values(), *explained, *rows])
    assert len(texts.months) == 12


def test_every_thai_text_is_in_thai():
    for key, text in TH.texts.items():
        assert THAI.search(text), key
    for family, codes in TH.codes.items():
        for code, text in codes.items():
            assert THAI.search(text), (family, code)
    assert all(THAI.search(month) for month in TH.months)


def test_every_code_of_the_model_is_explained():
    explained = {
        "claim": Claim,
        "band": Band,
        "why": Why,
        "effort": Effort,
        "variant": BOTH,
        "phase": {"native", "512", "1024", "trimmed", "trimmed-512", "trimmed-inmost"},
        "sample": {one.name for found in samples().values() for one in found},
        "disposition": Disposition,
        "stage": Stage,
        "rule": Rule,
        "problem": Problem,
        "quarantine": Quarantine,
        "loss": Loss,
        "standing": Standing,
        "recovery": Recovery,
        "profile": ProfileName,
        "left_out": Profile(deleted=False, members=False).left_out,
        "verify": Verify,
        "time": {"modified", "accessed", "changed", "created"},
        "verdict": {"match", "mismatch", "not-stored", "not-verified"},
        "noted": {"agree", "differ", "not-compared"},
        "damage": {"unreadable", "checksum", "missing", "truncated"},
    }
    for family, codes in explained.items():
        assert set(EN.codes[family]) == {str(code) for code in codes}
    assert set(EN.codes["reason"]) == {str(code) for code in Reason} | {"too-little-structure"}
    results = (ExitCode.CLEAR, ExitCode.INCOMPLETE, ExitCode.HITS, ExitCode.HITS_INCOMPLETE)
    assert set(EN.codes["exit"]) == {str(int(code)) for code in results}


@pytest.mark.parametrize(
    "word",
    ["clean", "court-approved", "certified", "admissible", "error-free", "proof", "innocent"],
)
def test_no_text_claims_what_a_report_cannot(word):
    texts = [*EN.texts.values(), *(text for codes in EN.codes.values() for text in codes.values())]
    assert not [text for text in texts if re.search(rf"\b{word}", text, re.IGNORECASE)]


def test_the_sentence_for_no_hit_never_reads_like_innocence():
    assert EN.text("result.nothing", n=3) == (
        "No examined item agrees with a loaded hash set. 3 items could not be examined."
        " This does not establish the absence of unlawful material."
    )


def test_the_glossary_has_the_same_terms_in_both_languages():
    assert [row[:2] for row in EN.glossary] == [row[:2] for row in TH.glossary]
    assert all(THAI.search(thai) for _, thai, _ in EN.glossary)


def test_the_singular_is_used_for_one_only_where_the_language_has_it():
    assert EN.text("incomplete.failed", n=1).startswith("1 entry ")
    assert EN.text("incomplete.failed", n=1200).startswith("1,200 entries ")
    assert "1 รายการ" in TH.text("incomplete.failed", n=1)


def test_a_code_that_is_not_known_is_said_to_be_unknown():
    assert EN.code("reason", "brand-new") == "a code that this version of hashmatch does not know"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_twice(language):
    source = resources.files("hashmatch.report") / "words" / f"{language}.yaml"
    lines = source.read_text(encoding="utf-8").splitlines()
    family, keys = "", []
    for line in lines:
        if re.match(r" {0,2}[a-z]+:$", line):
            family = line.strip()
        elif found := re.match(r'( +"?[^{"]+?"?): "', line):
            keys.append((family, found[1]))
    assert len(keys) > 300
    assert [key for key, n in Counter(keys).items() if n > 1] == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.8, "0.8"), (0.001, "0.001"), (1, "1"), (4_000, "4,000"), (999_999, "999,999")),
        *((2e-9, "2 × 10⁻⁹"), (1e6, "1 × 10⁶"), (3e14, "3 × 10¹⁴"), (0.0, "0")),
    ],
)
def test_a_rough_number_is_written_as_people_read_it(value, text):
    assert rough(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0:00.0"), (59_999, "0:59.9"), (61_000, "1:01.0"), (3_725_500, "1:02:05.5")],
)
def test_a_moment_of_a_video_is_written_as_on_a_player(value, text):
    assert clock(value) == text


def test_a_text_with_a_place_left_open_is_an_error():
    with pytest.raises(KeyError):
        EN.text("coverage.sum", seen=1)
