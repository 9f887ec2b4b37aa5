"""The catalog of HFS+ is followed leaf by leaf, and is whole only if all of it is in order."""

import random
import struct

import pytest

from hashmatch.evidence.filesystems import hfs_catalog

NODE = 512


def key(folder, name):
    text = name.encode("utf-16-be")
    return struct.pack(">HIH", 6 + len(text), folder, len(name)) + text


def leaf(records, following, before):
    raw, places = bytearray(struct.pack(">IIbBHH", following, before, -1, 1, len(records), 0)), []
    for one in records:
        places.append(len(raw))
        raw += one + bytes(20)
    places.append(len(raw))
    raw = raw.ljust(NODE - 2 * len(places), b"\0")
    return bytes(raw + struct.pack(f">{len(places)}H", *reversed(places)))


def catalog(leaves=4, each=5):
    """Leaves in an order of their own, so that only their links lead through them."""
    numbers = [*range(1, leaves + 1)]
    random.Random(2).shuffle(numbers)
    nodes = {0: b"\0" * 14 + struct.pack(">HIIIIH", 2, 9, leaves * each, 0, 0, NODE)}
    chain = [0, *numbers, 0]
    for place, number in enumerate(numbers):
        names = [key(2 + (place * each + n) // 3, f"{n} ภาพ") for n in range(each)]
        nodes[number] = leaf(names, chain[place + 2], chain[place])
    out = bytearray(b"".join(nodes[n].ljust(NODE, b"\0") for n in range(leaves + 1)))
    struct.pack_into(">II", out, 24, numbers[0] if numbers else 0, numbers[-1] if numbers else 0)
    return out, numbers


def whole(raw):
    return hfs_catalog.is_whole(lambda at, length: bytes(raw[at : at + length]), len(raw))


@pytest.mark.parametrize("leaves", [0, 1, 4, 30])
def test_a_sound_catalog_is_whole(leaves):
    assert whole(catalog(leaves)[0])


def spoiled(what):
    raw, numbers = catalog()
    first, second = numbers[0] * NODE, numbers[1] * NODE
    places = {
        "fewer records than said": (20, ">I", 21),
        "no size of nodes": (32, ">H", 500),
        "a leaf behind the end": (first, ">I", 77),
        "an end too early": (first, ">I", 0),
        "a circle": (second, ">I", numbers[0]),
        "no leaf": (second + 8, ">b", 0),
        "a link back to another": (second + 4, ">I", 0),
        "another last leaf": (28, ">I", numbers[0]),
        "a record less": (second + 10, ">H", 4),
        "more records than fit": (second + 10, ">H", 300),
        "a folder that comes too late": (first + 14 + 2, ">I", 99),
        "a name that is too long": (second + 14 + 6, ">H", 200),
        "a key that is too long": (second + 14, ">H", 300),
        "a place that is none": (second + NODE - 2, ">H", 9),
        "a place behind the next": (second + NODE - 4, ">H", 490),
    }
    at, form, value = places[what]
    struct.pack_into(form, raw, at, value)
    return raw


@pytest.mark.parametrize(
    "what",
    [
        *("fewer records than said", "no size of nodes", "a leaf behind the end"),
        *("an end too early", "a circle", "no leaf", "a link back to another"),
        *("another last leaf", "a record less", "more records than fit"),
        *("a folder that comes too late", "a name that is too long", "a key that is too long"),
        *("a place that is none", "a place behind the next"),
    ],
)
def test_what_cannot_be_is_noticed(what):
    assert not whole(spoiled(what))


def test_a_catalog_that_is_cut_off_is_not_whole():
    raw, _ = catalog()
    for length in (0, 20, NODE - 1, NODE, 3 * NODE, len(raw) - 1):
        assert not whole(raw[:length]), length


def test_any_bytes_have_an_answer():
    chance = random.Random(3)
    for _ in range(300):
        raw, _ = catalog()
        for _ in range(chance.randrange(1, 6)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        assert whole(raw) in {True, False}
