"""Lists of changes against the whole list, and against the simplest thing that could be right."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.db.records import StoredRecord
from hashmatch.db.replacing import Newer, hashes
from hashmatch.db.resent import Resent
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import HashRecord, Withdrawn
from tests.library_maker import (
    clock,
    description,
    digests,
    entropy_from,
    install,
    list_file,
    make_library,
    pdq,
    record,
)

ANCHOR = record(999, entry="anchor", updated=0.5)


def changed(library, events):
    seed = len(library.pointer().versions)
    with library.stage(
        description(), clock=clock, entropy=entropy_from(seed), delta=True
    ) as builder:
        builder.add_file(iter(events), list_file)
        return library.publish(builder)


def live(library):
    with library.open_set(library.current("known").version) as installed:
        return [one for one in installed.records() if one.live]


@st.composite
def histories(draw):
    """Records and withdrawals of few entries, all at different times, in any order."""
    times = draw(st.lists(st.integers(1, 30), min_size=1, max_size=8, unique=True))
    events = []
    for place, moment in enumerate(times, 1):
        entry = draw(st.sampled_from("XYZ"))
        if draw(st.booleans()):
            events.append(Withdrawn(place, entry, updated=float(moment)))
        else:
            number = draw(st.integers(0, 2))
            events.append(HashRecord(place, digests(number), entry=entry, updated=float(moment)))
    return events, draw(st.lists(st.integers(0, len(events)), max_size=3).map(sorted))


@settings(deadline=None, max_examples=40)
@given(histories())
def test_changes_of_any_order_give_what_the_whole_list_gives(history):
    events, cuts = history
    latest = {}
    for one in sorted(events, key=lambda one: one.updated):
        latest[one.entry] = one
    expected = Counter(
        (one.entry, one.updated) for one in latest.values() if isinstance(one, HashRecord)
    )
    expected[ANCHOR.entry, ANCHOR.updated] += 1
    with tempfile.TemporaryDirectory() as folder:
        library = make_library(Path(folder))
        bounds = [0, *cuts, len(events)]
        install(library, [ANCHOR, *events[: bounds[1]]])
        for start, end in itertools.pairwise(bounds):
            changed(library, events[start:end])
        assert Counter((one.entry, one.updated) for one in live(library)) == expected


@st.composite
def plain_records(draw):
    """Records that say more or less of few files, without a time."""
    number = draw(st.integers(0, 2))
    known = digests(number, Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256)
    own = draw(st.lists(st.sampled_from(known), min_size=1, unique=True))
    return HashRecord(
        draw(st.integers(1, 9)),
        tuple(own),
        tuple(draw(st.lists(st.sampled_from([pdq(1), pdq(2)]), unique=True))),
        draw(st.sampled_from([None, "a", "b"])),
        draw(st.sampled_from([None, "1", "2"])),
        parts=tuple(draw(st.lists(st.sampled_from("AB"), unique=True))),
    )


@settings(deadline=None, max_examples=40)
@given(
    st.lists(plain_records(), min_size=1, max_size=5),
    st.lists(plain_records(), min_size=1, max_size=5),
)
def test_no_hash_entry_or_part_of_the_whole_list_is_lost_by_changes(old, new):
    def said(records):
        return {
            (value, one.entry, part)
            for one in records
            for value in hashes(one)
            for part in one.parts or (None,)
        }

    with tempfile.TemporaryDirectory() as folder:
        library = make_library(Path(folder))
        install(library, old)
        changed(library, new)
        records = live(library)
        found = {(value, entry) for value, entry, _ in said(records)}
        for value, entry, part in said([*old, *new]):
            assert any(v == value and p == part for v, _, p in said(records)) or part is None
            assert entry is None or (value, entry) in found
            assert any(v == value for v, _ in found)


def stored(number, one):
    return StoredRecord(
        number,
        0,
        1,
        one.digests,
        one.perceptual,
        one.entry,
        one.category,
        None,
        (),
        {},
        parts=one.parts,
    )


@settings(deadline=None)
@given(st.lists(plain_records(), max_size=6), plain_records())
def test_an_old_record_is_replaced_as_a_comparison_of_all_pairs_says(new, old):
    before = stored(0, old)
    expected = not old.parts and any(
        hashes(before) <= hashes(one)
        and old.entry in {None, one.entry}
        and (old.category is None or one.category is not None)
        for one in new
    )
    newer = Newer([stored(number, one) for number, one in enumerate(new, 1)])
    assert newer.replace(before) == expected


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=2) | st.just("\ud800"), st.floats(-9, 9))),
    st.text(max_size=2),
    st.floats(-9, 9),
)
def test_the_latest_of_each_entry_is_found_like_in_a_dictionary(rows, entry, updated):
    resent, oracle = Resent(), {}
    for number, (name, moment) in enumerate(rows):
        resent.note(HashRecord(1, entry=name, updated=moment), number)
        oracle[name] = max(oracle.get(name, (moment, number)), (moment, number))
    resent.settle()
    superseded = set(range(len(rows))) - {number for _, number in oracle.values()}
    assert resent.superseded == superseded
    assert all(resent.replaces(name) for name in oracle)
    assert resent.replaces(entry) == (entry in oracle)
    resent.meet(entry, updated)
    if entry in oracle and updated > oracle[entry][0]:
        assert resent.superseded == superseded | {oracle[entry][1]}
        assert not resent.replaces(entry)
    else:
        assert resent.superseded == superseded
