import enum

import pytest

from hashmatch.custody import canonical


class Word(enum.StrEnum):
    ONE = "one"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"ก": "ข\u2028", "a": '"\\\n\x00'}, '{"a":"\\"\\\\\\n\\u0000","ก":"ข\u2028"}'),
        ({"big": 1 << 80, "minus": -1}, '{"big":1208925819614629174706176,"minus":-1}'),
        ({"enum": Word.ONE}, '{"enum":"one"}'),
        ({"é": {"value in NFD": "e\u0301"}}, '{"é":{"value in NFD":"e\u0301"}}'),
    ],
)
def test_a_value_has_one_form_and_is_read_back(value, text):
    assert canonical.encode(value) == text.encode()
    assert canonical.decode(text.encode()) == value


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1.0},
        {"a": [{"b": float("nan")}]},
        {"a": (1, 2)},
        {"a": b"x"},
        {"a": {1, 2}},
        {1: "a"},
        {"a": {None: 1}},
        {"e\u0301": 1},
        {"a": "\ud800"},
        {"\ud800": 1},
    ],
    ids=repr,
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(ValueError):
        canonical.encode(value)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"1",
        b'"a"',
        b"null",
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}\r',
        b'{"a":1}\n',
        b' {"a":1}',
        b'{"a": 1}',
        b'{\n  "a": 1\n}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"b":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":"\\u0061"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u00E9"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":1}{"a":1}',
        '{"e\u0301":1}'.encode(),
        '{"a":1}'.encode("utf-16"),
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' + b"9" * 5000 + b"}",
    ],
    ids=lambda line: repr(line[:20]),
)
def test_every_other_spelling_is_refused_without_repeating_it(line):
    with pytest.raises(ValueError, match=r"^not in canonical form$"):
        canonical.decode(line)
