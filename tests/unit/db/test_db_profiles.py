import hashlib

import pytest

from hashmatch.db import profiles
from hashmatch.db.description import SetDescription, SetKind
from hashmatch.db.profiles import SHIPPED
from hashmatch.db.strict import Fields, canonical, parse
from hashmatch.errors import HashSetError, UsageError
from hashmatch.model.hits import Disposition

OWN = """\
name: own
version: "3"
title: {en: "Own scheme", th: "แบบของเรา"}
contexts: ["TH"]
categories:
  "01": {disposition: illegal, en: "One", th: "หนึ่ง"}
"""


def write(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (
            "vic-us",
            {
                "0": Disposition.UNCATEGORIZED,
                "1": Disposition.ILLEGAL,
                "2": Disposition.EXPLOITATIVE,
                "3": Disposition.CGI,
                "4": Disposition.COMPARISON,
                "5": Disposition.UNCATEGORIZED,
            },
        ),
        (
            "dhs-legacy",
            {
                "0": Disposition.UNCATEGORIZED,
                "1": Disposition.ILLEGAL,
                "2": Disposition.EXPLOITATIVE,
                "3": Disposition.CGI,
                "4": Disposition.COMPARISON,
                "5": Disposition.UNCATEGORIZED,
            },
        ),
        ("nist-caid", {"8": Disposition.BENIGN}),
        (
            "uk-grades",
            {"A": Disposition.ILLEGAL, "B": Disposition.ILLEGAL, "C": Disposition.ILLEGAL},
        ),
        ("uk-caid-unmapped", {}),
        ("unmapped", {}),
        (
            "ncmec-industry",
            dict.fromkeys(("A1", "A2", "B1", "B2"), Disposition.SUSPECTED),
        ),
        ("icse", {"baseline": Disposition.BASELINE, "not-baseline": Disposition.OTHER_NOTABLE}),
        (
            "stopncii",
            {
                "Active": Disposition.NCII,
                "Received": Disposition.NCII,
                "Unknown": Disposition.UNCATEGORIZED,
            },
        ),
        ("tat", dict.fromkeys(("islamist", "far_right"), Disposition.OTHER_NOTABLE)),
        ("nsrl-special", {"M": Disposition.OTHER_NOTABLE, "S": Disposition.UNCATEGORIZED}),
        (
            "threatexchange",
            {
                "MALICIOUS": Disposition.OTHER_NOTABLE,
                "SUSPICIOUS": Disposition.SUSPECTED,
                "NON_MALICIOUS": Disposition.UNCATEGORIZED,
                "UNKNOWN": Disposition.UNCATEGORIZED,
            },
        ),
        (
            "arachnid",
            {
                "csam": Disposition.SUSPECTED,
                "harmful-abusive-material": Disposition.EXPLOITATIVE,
                "no-known-match": Disposition.UNCATEGORIZED,
            },
        ),
        ("c4all-unmapped", {}),
    ],
)
def test_shipped_schemes_mean_what_the_reference_says(scheme, expected):
    profile = profiles.load(scheme)
    assert {code: profile.disposition(code) for code in profile.categories} == expected


def test_the_two_schemes_of_the_united_states_swap_0_and_5():
    new, old = profiles.load("vic-us").categories, profiles.load("dhs-legacy").categories
    assert new["0"].words == old["5"].words
    assert new["5"].words == old["0"].words
    assert new["0"].words != new["5"].words


def test_every_shipped_scheme_is_tested_here_and_named_as_its_file():
    known = [
        *("arachnid", "c4all-unmapped", "dhs-legacy", "griffeye-text", "icse", "ncmec-industry"),
        *("nist-caid", "nsrl-special", "stopncii", "tat", "threatexchange", "uk-caid-unmapped"),
        *("uk-grades", "unmapped", "vic-us"),
    ]
    assert profiles.names() == known
    assert [profiles.load(name).name for name in known] == known
    assert profiles.all_profiles() == [profiles.load(name) for name in known]


def test_only_lists_of_confirmed_material_make_anything_illegal():
    serious = {Disposition.ILLEGAL, Disposition.BASELINE}
    found = {
        one.name
        for one in profiles.all_profiles()
        if serious & {meaning.disposition for meaning in one.categories.values()}
    }
    assert found == {"dhs-legacy", "griffeye-text", "icse", "uk-grades", "vic-us"}


def test_words_of_the_same_scheme_mean_the_same_as_its_digits():
    digits = profiles.load("vic-us").categories.values()
    by_words = {one.words["en"]: one.disposition for one in digits}
    for one in profiles.load("griffeye-text").categories.values():
        assert by_words[one.words["en"]] is one.disposition


@pytest.mark.parametrize("scheme", profiles.names())
def test_shipped_schemes_speak_both_languages(scheme):
    profile = profiles.load(scheme)
    every = [profile.title, *(one.words for one in profile.categories.values())]
    for words in every:
        assert set(words) == {"en", "th"}
        assert words["en"].isascii()
        assert any("\u0e00" <= char <= "\u0e7f" for char in words["th"])


@pytest.mark.parametrize("scheme", profiles.names())
@pytest.mark.parametrize("code", [None, "", "9", "01", " 1", "a", "1.0"])
def test_a_code_outside_the_scheme_decides_nothing(scheme, code):
    assert profiles.load(scheme).disposition(code) is Disposition.UNCATEGORIZED


def test_no_shipped_scheme_but_the_benign_one_makes_anything_benign():
    benign = [
        name
        for name in profiles.names()
        if Disposition.BENIGN in {c.disposition for c in profiles.load(name).categories.values()}
    ]
    assert benign == ["nist-caid"]
    assert profiles.load("nist-caid").only_benign
    assert not profiles.load("unmapped").only_benign


@pytest.mark.parametrize(
    ("scheme", "fits", "not_fits"),
    [
        ("vic-us", ["US", "us"], ["UK", "GB", "Default"]),
        ("uk-grades", ["UK", "GB"], ["US"]),
        ("unmapped", ["US", "UK", "ZZ"], []),
    ],
)
def test_schemes_fit_the_lists_of_their_countries_only(scheme, fits, not_fits):
    profile = profiles.load(scheme)
    assert all(profile.fits(one) for one in fits)
    assert not any(profile.fits(one) for one in not_fits)


def test_a_scheme_of_ones_own_is_loaded_by_its_path(tmp_path):
    path = write(tmp_path, OWN)
    profile = profiles.load(path)
    assert profile.disposition("01") is Disposition.ILLEGAL
    assert profile.disposition("1") is Disposition.UNCATEGORIZED
    assert profile.contexts == ("TH",)
    assert profile.sha256 == hashlib.sha256(OWN.encode()).hexdigest()


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError, match="no scheme vic-uk; known are arachnid, c4all-unmapped"):
        profiles.load("vic-uk")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(HashSetError, match=r"none\.yaml cannot be read"):
        profiles.load(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("illegal", "criminal", "own.yaml: categories: 01: disposition must be one of illegal"),
        ("illegal", "retracted", "disposition must be one of"),
        ('version: "3"', "version: 3", "version must be a text"),
        ('version: "3"', "", "version is missing"),
        ("name: own", "name: own\nauthor: me", "unknown keys author"),
        ('en: "One", ', "", "en is missing"),
        ('th: "หนึ่ง"', 'th: ""', "th must be a text"),
        ('th: "หนึ่ง"', 'th: "หนึ่ง", de: "eins"', "unknown keys de"),
        ('["TH"]', "[]", "contexts must be a list"),
        ('["TH"]', "TH", "contexts must be a list"),
        ('["TH"]', "[NO]", "quoted capital letters"),
        ('["TH"]', '["th"]', "quoted capital letters"),
        ('"01":', "01:", "not YAML, or has a key"),
        (
            '  "01":',
            '  "01": {disposition: benign, en: a, th: b}\n  "01":',
            "a key twice",
        ),
        ("name: own", "name: [", "not YAML"),
        ("name: own", "name: !!python/name:os.system", "not YAML"),
        ("name: own", "name: &a [*a]", "is not YAML"),
    ],
)
def test_a_faulty_scheme_is_refused_and_the_fault_named(tmp_path, old, new, complaint):
    assert old in OWN
    with pytest.raises(HashSetError, match=complaint):
        profiles.load(write(tmp_path, OWN.replace(old, new, 1)))


@pytest.mark.parametrize("text", ["", "- a", "1", "a: " + "[" * 1500])
def test_what_is_no_scheme_at_all_is_refused(tmp_path, text):
    with pytest.raises(HashSetError):
        profiles.load(write(tmp_path, text))


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(HashSetError):
        profiles.load(str(path))


def test_a_huge_scheme_is_refused_before_it_is_parsed(tmp_path):
    with pytest.raises(HashSetError, match="larger than"):
        profiles.load(write(tmp_path, OWN + "# " + "x" * (1 << 20)))


@pytest.mark.parametrize("scheme", profiles.names())
def test_the_copy_in_a_manifest_is_the_whole_scheme(scheme):
    profile = profiles.load(scheme)
    copy = profiles.from_fields(parse(canonical(profile.to_json()), "copy"))
    assert copy == profile
    assert profile.sha256 == hashlib.sha256((SHIPPED / f"{scheme}.yaml").read_bytes()).hexdigest()


def test_a_copy_must_state_its_digest():
    form = profiles.load("unmapped").to_json()
    del form["sha256"]
    with pytest.raises(HashSetError, match="sha256 is missing"):
        profiles.from_fields(Fields(form, "copy"))


def test_flat_kinds_mean_one_thing_whatever_the_category():
    for kind in SetKind:
        if kind is SetKind.CATEGORIZED:
            continue
        stated = SetDescription("s", kind)
        assert {stated.disposition(code) for code in (None, "0", "1", "x")} == {Disposition(kind)}


def test_kind_and_scheme_go_together_or_not_at_all():
    profile = profiles.load("vic-us")
    assert SetDescription("s", SetKind.CATEGORIZED, profile).disposition("1") is Disposition.ILLEGAL
    with pytest.raises(UsageError, match="categorized needs a scheme"):
        SetDescription("s", SetKind.CATEGORIZED)
    with pytest.raises(UsageError, match="scheme goes only with"):
        SetDescription("s", SetKind.BENIGN, profile)


@pytest.mark.parametrize(
    ("scheme", "fits", "not_fits"),
    [("vic-us", ["1.3", "2.0"], ["1.0", "1.2"]), ("dhs-legacy", ["1.0", "1.2"], ["1.3", "2.0"])],
)
def test_a_scheme_is_for_the_versions_in_which_its_codes_mean_that(scheme, fits, not_fits):
    profile = profiles.load(scheme)
    assert all(profile.fits_version("vics", version) for version in fits)
    assert not any(profile.fits_version("vics", version) for version in not_fits)
    assert profile.fits_version("csv", "1.2")  # of another format nothing is known
    assert profile.fits_version("vics", None)


def test_the_versions_stand_in_the_copy_of_a_manifest():
    profile = profiles.load("vic-us")
    fields = parse(canonical(profile.to_json()), "copy")
    assert profiles.from_fields(fields) == profile


@pytest.mark.parametrize("given", ["[]", '["1.3"]', "{vics: []}", "{vics: [1.3]}", "{vics: x}"])
def test_versions_that_are_no_lists_of_texts_are_refused(tmp_path, given):
    text = (SHIPPED / "unmapped.yaml").read_text("utf-8")
    (tmp_path / "own.yaml").write_text(f"{text}versions: {given}\n", "utf-8")
    with pytest.raises(HashSetError, match="versions"):
        profiles.load(str(tmp_path / "own.yaml"))
