"""A list from an environment of files that may be lawful is never taken for illegal."""

import pytest

from hashmatch.db import profiles
from hashmatch.db.description import SetDescription, SetKind
from hashmatch.db.refusals import check_facts
from hashmatch.errors import HashSetError
from hashmatch.formats.ncmec import ENVIRONMENTS

EXPLOITATIVE = [name for name in ENVIRONMENTS if "exploitative" in name]
OTHERS = [name for name in ENVIRONMENTS if name not in EXPLOITATIVE]


def described(kind, scheme=None):
    return SetDescription("a", kind, profiles.load(scheme) if scheme else None)


REFUSED = [
    described(SetKind.ILLEGAL),
    described(SetKind.BASELINE),
    described(SetKind.CATEGORIZED, "vic-us"),
    described(SetKind.CATEGORIZED, "icse"),
]
TAKEN = [
    described(SetKind.EXPLOITATIVE),
    described(SetKind.SUSPECTED),
    described(SetKind.CATEGORIZED, "unmapped"),
    described(SetKind.CATEGORIZED, "ncmec-industry"),
]


@pytest.mark.parametrize("environment", EXPLOITATIVE)
@pytest.mark.parametrize("description", REFUSED)
def test_an_exploitative_environment_refuses_what_makes_it_illegal(environment, description):
    with pytest.raises(HashSetError, match="--kind exploitative"):
        check_facts(description, {"environment": environment})


@pytest.mark.parametrize("environment", EXPLOITATIVE)
@pytest.mark.parametrize("description", TAKEN)
def test_an_exploitative_environment_takes_what_leaves_it_open(environment, description):
    check_facts(description, {"environment": environment})


@pytest.mark.parametrize("environment", OTHERS)
@pytest.mark.parametrize("description", REFUSED + TAKEN)
def test_other_environments_are_the_operators_choice(environment, description):
    check_facts(description, {"environment": environment})
    check_facts(description, {})
