import pytest

from hashmatch.db.strict import Fields, canonical, parse
from hashmatch.errors import HashSetError


def test_canonical_form_sorts_keys_leaves_no_blanks_and_keeps_thai():
    assert canonical({"b": [1, None], "a": "ไทย"}) == '{"a":"ไทย","b":[1,null]}'.encode()


def test_half_a_character_is_refused_not_replaced():
    with pytest.raises(HashSetError, match="half a character"):
        canonical({"a": "\ud800"})


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"1", b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1}\n'],
)
def test_anything_but_the_canonical_bytes_is_refused(data):
    with pytest.raises(HashSetError, match="file is damaged"):
        parse(data, "the file")


def test_deep_nesting_is_refused_not_a_crash():
    with pytest.raises(HashSetError, match="damaged"):
        parse(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "the file")


@pytest.mark.parametrize(
    ("take", "wrong"),
    [
        ("text", 1),
        ("text", ""),
        ("maybe_text", 1),
        ("whole", "1"),
        ("whole", True),
        ("whole", -1),
        ("whole", None),
        ("flag", 1),
        ("octets", "xy"),
        ("octets", "AB"),
        ("octets", "abc"),
        ("octets", "a b0"),
        ("inner", []),
        ("each", {}),
        ("each", [1]),
        ("texts", {"a": 1}),
        ("counts", {"a": -1}),
    ],
)
def test_a_value_of_another_type_is_refused_naming_the_key(take, wrong):
    with pytest.raises(HashSetError, match="here: key"):
        getattr(Fields({"key": wrong}, "here"), take)("key")


def test_every_type_is_taken_as_it_is():
    fields = Fields(
        {
            "t": "x",
            "n": None,
            "w": 3,
            "f": False,
            "o": "00ff",
            "i": {"a": "b"},
            "e": [{"a": "b"}],
            "c": {"x": 0},
        },
        "here",
    )
    taken = (
        fields.text("t"),
        fields.maybe_text("n"),
        fields.whole("w"),
        fields.flag("f"),
        fields.octets("o"),
        fields.texts("i"),
        [one.text("a") for one in fields.each("e")],
        fields.counts("c"),
    )
    assert taken == ("x", None, 3, False, b"\x00\xff", {"a": "b"}, ["b"], {"x": 0})
    fields.finish()


def test_missing_and_unknown_keys_are_named():
    fields = Fields({"future": 1}, "here")
    with pytest.raises(HashSetError, match="here: name is missing"):
        fields.text("name")
    with pytest.raises(HashSetError, match="unknown keys future"):
        fields.finish()


def test_keys_that_are_not_text_are_refused():
    with pytest.raises(HashSetError, match="text keys"):
        Fields({1: "a"}, "here")
