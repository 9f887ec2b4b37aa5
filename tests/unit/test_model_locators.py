"""Locators read as they were written, ids never change, and what is no locator is told why."""

from __future__ import annotations

import pytest

from hashmatch.model import locators, names
from hashmatch.model.locators import Layer, layer

GOLDEN = {
    "EV01!gpt:p2;off=17825792!ntfs:/Docs/outer.zip;id=65-1!zip:inner.zip;n=0!zip:deep/d.jpg;n=0": (
        "4cb63db756421926"
    ),
    "EV01!gpt:p2;off=17825792!ntfs:/Docs/outer.zip;id=65-1;ads=hidden.jpg": "9775dfb528eb1fa5",
    "EV01!gpt:p2;off=17825792!ntfs:/Pictures/del_me.jpg;id=75-1;del": "8223685ae05df251",
    "EV01!gpt:p3;off=42991616!ext4:/$unalloc;off=44564480;len=65221": "9e86d1484cd1620e",
    "EV02!dir:/DCIM/ภาพ-ทดสอบ%21%3B100%25.jpg": "a6f19c0c5a11a3dd",
    "EV04!tar:apps/store.mbox;n=812!mbox;n=12!mime:2.1;name=IMG.jpg": "ba1ab080966b0927",
}
"""Ids stand in records that are kept for decades."""


def test_ids_never_change_and_examples_print_back() -> None:
    for text, known in GOLDEN.items():
        label, layers = locators.parse(text)
        assert locators.locator(label, locators.place(layers)) == text
        assert locators.item_id(text) == known, text


def test_a_locator_says_each_step() -> None:
    label, layers = locators.parse("EV03!ntfs:/a%21b%3Bc%25/%ED%A0%80%FF;id=65-1;del;ads=x=y")
    assert label == "EV03"
    assert layers == (
        Layer(
            "ntfs",
            b"/a!b;c%/\xed\xa0\x80\xff",
            (("id", b"65-1"), ("del", None), ("ads", b"x=y")),
        ),
    )
    (step,) = layers
    assert step.has("del")
    assert step.key("del") is None
    assert not step.has("n")
    assert step.key("id") == b"65-1"


def test_numbers_are_decimal() -> None:
    step = layer("zip", b"a", n=12, off="x")
    assert step.number("n") == 12
    for name in ("off", "len"):
        with pytest.raises(ValueError, match=f"number for '{name}'"):
            step.number(name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "looks like"),
        ("EV01", "looks like"),
        ("EV01!", "looks like"),
        ("!dir:/x", "looks like"),
        ("EV01!Dir:/x", "Dir"),
        ("EV01!dir:/x!", "''"),
        ("EV01!dir:/x;", "''"),
        ("EV01!dir:/x;A=1", "'A'"),
        ("EV01!dir:/100%", "%25"),
        ("EV01!dir:/%2f", "0-9 A-F"),
    ],
)
def test_what_is_wrong_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        locators.parse(text)


def test_exhibits_are_numbered_from_one() -> None:
    assert [locators.label(number) for number in (0, 8, 99)] == ["EV01", "EV09", "EV100"]


def test_a_locator_is_shown_as_it_is_written():
    for name in ("evil\u202egpj.exe", "a\u200bb", "ไทย\u200dคำ", "\ue000", "a\u00a0b", "\x85", "ก็"):
        text = str(locators.layer("zip", name.encode()))
        assert names.shown(text) == text
        assert locators.parse_place(text)[0].path == name.encode()
