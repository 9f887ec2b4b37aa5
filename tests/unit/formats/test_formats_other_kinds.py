"""What cannot be compared is named by us: no text of a list gets into counts as a name."""

import pytest

from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.other_kinds import NAMES, known
from tests.contract.format_contract import records

M = "76b38aee70875b2c64d6345713694bd6"
HASHDEEP = f"%%%% HASHDEEP-1.0\n%%%% size,md5,a person,tiger,filename\n7,{M},ab,cd,x.png\n"


def test_names_that_are_not_ours_are_unknown():
    assert known("tlsh") == "tlsh"
    assert known("some words") == "unknown"
    assert {"photodna", "md5", "tiger", "unknown"} <= NAMES


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("hashdeep", HASHDEEP, ("unknown", "tiger")),
        ("rhash", f"A-PERSON (x.png) = 00ff\nMD5 (x.png) = {M}\n", ("unknown",)),
    ],
)
def test_a_word_of_a_list_is_no_name(name, text, expected):
    (record,) = records(name, text.encode(), ReadOptions())
    assert record.other == expected
