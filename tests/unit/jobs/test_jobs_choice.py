"""What a run computes follows from its sets and from what is asked for."""

from collections import Counter
from types import SimpleNamespace

import pytest

from hashmatch.errors import UsageError
from hashmatch.hashing import hashers
from hashmatch.jobs import choice
from hashmatch.jobs.choice import Why
from hashmatch.model.hashes import ALWAYS, Algorithm, Method
from hashmatch.model.wanted import Effort, Wanted


def holding(*kinds, filters=()):
    """A manifest, as far as a choice looks at it."""
    values = Counter(dict.fromkeys(kinds, 1))
    return SimpleNamespace(counts=SimpleNamespace(values=values), filters=filters)


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    there = {Method.PHASH: (), Method.PHOTODNA: ()}
    monkeypatch.setattr(hashers, "offers", lambda: there)


@pytest.mark.parametrize(
    ("kinds", "words", "expected"),
    [
        ((), (), ALWAYS),
        (("ed2k",), (), (*ALWAYS, Algorithm.ED2K)),
        ((), ("needed",), (Algorithm.SHA256,)),
        (("md5", "pdq"), ("needed",), (Algorithm.MD5, Algorithm.SHA256)),
        ((), ("needed,sha512",), (Algorithm.SHA256, Algorithm.SHA512)),
        ((), ("SHA512", "tth"), (*ALWAYS, Algorithm.SHA512, Algorithm.TTH)),
    ],
)
def test_digests(kinds, words, expected):
    assert choice.digests_for([holding(*kinds)], words) == expected


def test_a_filter_needs_its_digest_too():
    one = holding(filters=(SimpleNamespace(algorithm=Algorithm.SHA1),))
    assert choice.digests_for([one], ["needed"]) == (Algorithm.SHA1, Algorithm.SHA256)


@pytest.mark.parametrize(
    ("kinds", "words", "expected"),
    [
        (("phash",), (), ()),
        ((), ("phash",), (Method.PHASH,)),
        ((), ("photodna, phash", "pdq"), (Method.PHASH, Method.PHOTODNA)),
        (("phash", "dhash"), ("all",), (Method.PHASH,)),
        ((), ("all",), ()),
        ((), ("all,photodna",), (Method.PHOTODNA,)),
    ],
)
def test_methods(kinds, words, expected):
    assert choice.methods_for([holding(*kinds)], words) == (Method.PDQ, *expected)


@pytest.mark.parametrize("word", ["", "vpdq", "sha256", "phash,,dhash"])
def test_words_that_name_no_method_are_refused(word):
    with pytest.raises(UsageError, match="--hashes takes pdq, phash"):
        choice.methods_for([], [word])


@pytest.mark.parametrize("word", ["", "btih", "all", "md5;sha1"])
def test_words_that_name_no_digest_are_refused(word):
    with pytest.raises(UsageError, match="--digests takes md5, sha1"):
        choice.digests_for([], [word])


def test_a_method_without_hasher_is_refused_with_what_would_bring_one():
    with pytest.raises(UsageError, match="compat"):
        choice.methods_for([], ["dhash"])


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("phash", Why.NOT_ASKED),
        ("dhash", Why.NO_HASHER),
        ("btih", Why.NOT_COMPUTED),
        ("photodna-other", Why.NOT_COMPUTED),
    ],
)
def test_why_values_are_not_compared(kind, why):
    assert choice.why_not(kind, hashers.offers()) is why


def test_sets_that_only_a_hasher_could_meet_are_refused_until_it_is_asked_for():
    sets = [holding("photodna")]
    with pytest.raises(UsageError, match="--hashes"):
        choice.refuse_idle(sets, Wanted())
    choice.refuse_idle(sets, Wanted(methods=(Method.PDQ, Method.PHOTODNA)))
    with pytest.raises(UsageError, match="library lookup"):
        choice.refuse_idle([holding("btih")], Wanted())


def test_methods_beside_pdq_are_further_ones():
    assert not Wanted().in_full
    assert Wanted(effort=Effort.THOROUGH).in_full
    assert Wanted(methods=(Method.PDQ, Method.VPDQ)).further == ()
    assert Wanted(methods=(Method.PDQ, Method.PHASH)).further == (Method.PHASH,)
