"""Values of a listing process: what is built of them, and what is refused."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.evidence.media.interface import MediumFacts, Segment, Stretch
from hashmatch.jobs import lister_words, plain_values
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.facts import Facts, Recovery, Standing
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped, Stage
from tests.fake_images import item, volume

VOLUME = volume(3, "plain")
FACTS = Facts(
    Standing.DELETED,
    Recovery.BY_RECORD,
    (("modified", "2026-11-22T01:28:37.3Z"),),
    ((512, 1024), (1 << 40, 5)),
    2,
    "lvm:data;vg=x",
    (("note", "ภาพ"),),
)
NUMBERS = st.integers(0, plain_values.MOST)
FACT = st.one_of(st.none(), st.just(FACTS), st.builds(Facts, fragments=NUMBERS))
NAMES = st.binary(min_size=1, max_size=40)


@given(NAMES, NUMBERS, st.integers(-(1 << 62), 1 << 62), st.integers(0, 1 << 32), NUMBERS, FACT)
def test_entries_come_back_as_they_were(name, size, modified, mode, at, facts):
    one = item(VOLUME, name)
    whole = Item(one.path, size, modified, mode, (3, at), one.place, facts)
    failed = Failed(one.path, Stage.OPEN, Reason.IO, one.place, facts)
    skipped = Skipped(one.path, Rule.METADATA, one.place, facts)
    for entry in (whole, failed, skipped, Folder(one.path)):
        assert lister_words.fitted(entry, VOLUME) == entry
        assert lister_words.entry_in(lister_words.entry_out(entry), VOLUME) == entry


PLAIN = lister_words.entry_out(dataclasses.replace(item(VOLUME, b"x"), facts=FACTS))


def altered(at, value):
    return (*PLAIN[:at], value, *PLAIN[at + 1 :])


def known(at, value):
    return altered(3, (*PLAIN[3][:at], value, *PLAIN[3][at + 1 :]))


@pytest.mark.parametrize(
    "values",
    [
        None,
        (),
        5,
        ("item",),
        altered(0, "link"),
        altered(0, ["item"]),
        altered(1, "p3/x"),
        altered(1, b"p4/x"),
        altered(1, b"p3/" + b"x" * (1 << 20)),
        altered(2, ""),
        altered(2, b"gpt"),
        altered(2, "gpt:p4;off=4096!fake:/x"),
        altered(2, PLAIN[2] + "%"),
        altered(2, PLAIN[2].replace("/x", "/%78")),
        altered(2, PLAIN[2] + "\ud800"),
        altered(3, ()),
        altered(4, -1),
        altered(4, 1 << 54),
        altered(4, True),
        altered(4, 1.5),
        altered(5, 1 << 64),
        altered(5, "1"),
        altered(6, -1),
        altered(7, (4, 7)),
        altered(7, (3, -7)),
        altered(7, 3),
        (*PLAIN, 1),
        known(0, "lost"),
        known(1, "by-luck"),
        known(2, (("modified",),)),
        known(2, ((1, 2),)),
        known(2, [("a", "b")]),
        known(2, (("a", "\ud800"),)),
        known(2, (("a", "b"),) * 65),
        known(3, ((1, 2),) * 17),
        known(3, ((-1, 2),)),
        known(4, None),
        known(5, b""),
        known(6, (("a", "x" * 70000),)),
        ("failed", b"p3/x", PLAIN[2], None, "list", "no-such-reason"),
        ("skipped", b"p3/x", PLAIN[2], None, "no-such-rule"),
        ("folder", b"elsewhere", "", None),
    ],
)
def test_no_entry_is_built_of_anything_else(values):
    with pytest.raises(EOFError):
        lister_words.entry_in(values, VOLUME)


def test_entries_whose_numbers_cannot_be_are_known():
    one = item(VOLUME, b"x")
    facts = Facts(extents=((0, 1 << 54),))
    for wrong in (
        *(dataclasses.replace(one, size=1 << 54), dataclasses.replace(one, size=-1)),
        *(dataclasses.replace(one, identity=(3, 1 << 60)), dataclasses.replace(one, facts=facts)),
        *(dataclasses.replace(one, place="no place"), Folder(b"x" * ((1 << 20) + 1))),
    ):
        assert lister_words.fitted(wrong, VOLUME) is None


def test_odd_times_and_words_cost_no_entry():
    one = item(VOLUME, b"x")
    facts = Facts(
        times=(("modified", "\udc80"),),
        fragments=1 << 60,
        notes=tuple((f"note{n}", "\u202f\u200bภ" * 50_000) for n in range(100)),
    )
    for modified in (1 << 63, -(1 << 70)):
        odd = dataclasses.replace(one, modified_ns=modified, facts=facts)
        found = lister_words.fitted(odd, VOLUME)
        assert lister_words.entry_in(lister_words.entry_out(found), VOLUME) == found
        assert (found.path, found.place, found.size) == (one.path, one.place, one.size)
        assert found.facts.notes[0][1].startswith("\u202f\u200bภ")


def test_volumes_and_media_come_back_as_they_were_and_nothing_else():
    broken = dataclasses.replace(volume(1, "gap"), trouble=Reason.KEY_NEEDED, advice="a word")
    volumes = (VOLUME, broken)
    values = lister_words.volumes_out(volumes)
    assert lister_words.volumes_in(values) == volumes
    for wrong in ([values[0], values[0]], [values[0][:3]], "x", [(*values[0][:6], 3, False)]):
        with pytest.raises(EOFError):
            lister_words.volumes_in(wrong)
    stretch = Stretch(1, 2, "checksum", "chunk 3")
    said = {"examiner": "ภาพ", "more": [1, None, {"deep": True}]}
    facts = MediumFacts("e01", 9, (Segment(b"/a.E01", 5),), (("md5", "0" * 32),), said, (stretch,))
    plain = lister_words.facts_out(facts)
    assert lister_words.facts_in(plain) == facts
    doubted = dataclasses.replace(facts, must_verify=True)
    assert lister_words.facts_in(lister_words.facts_out(doubted)) == doubted
    deep = {"a": [[[[[[[[]]]]]]]]}
    for at, wrong in (
        (0, 1),
        (1, -1),
        (2, [(b"/a",)]),
        (3, [("md5", 1)]),
        (4, []),
        (4, deep),
        (6, 1),
    ):
        with pytest.raises(EOFError):
            lister_words.facts_in((*plain[:at], wrong, *plain[at + 1 :]))


def test_digests_are_digests():
    assert plain_values.digests(["0" * 64], 1) == ("0" * 64,)
    for wrong in (["0" * 63], ["G" * 64], [1], ["0" * 64] * 2, "0"):
        with pytest.raises(ValueError):  # what it is called does not matter
            plain_values.digests(wrong, 1)
