"""What takes the place of what between two versions, against a comparison of all pairs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.db.records import StoredRecord
from hashmatch.db.withdrawals import agree
from hashmatch.jobs.compare_partners import Partners
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import HashRecord
from tests.library_maker import digests, install, make_library, pdq

known = [*digests(1), *digests(2), *digests(1, Algorithm.SHA256)]
plain = st.builds(
    HashRecord,
    place=st.just(1),
    digests=st.lists(st.sampled_from(known), max_size=4, unique=True).map(tuple),
    perceptual=st.just((pdq(1),)),
    entry=st.sampled_from([None, "a", "b"]),
    updated=st.sampled_from([None, None, 1.0]),
)


def expected(old, new):
    free, found = list(range(len(old))), []
    resent = {one.entry: n for n, one in enumerate(old) if one.entry and one.updated is not None}
    for record in new:
        fitting = [
            n
            for n in free
            if (agree(record.digests, old[n].digests) if record.digests else old[n].perceptual)
        ]
        named = [n for n in fitting if record.entry is not None and old[n].entry == record.entry]
        number = next(iter(named or fitting), None)
        if record.entry and record.updated is not None and resent.get(record.entry) in free:
            number = resent[record.entry]
        if number is not None:
            free.remove(number)
        found.append(number)
    return found


@settings(deadline=None, max_examples=60)
@given(st.lists(plain, min_size=1, max_size=6), st.lists(plain, max_size=6))
def test_partners_are_those_that_all_pairs_give(old, new):
    with tempfile.TemporaryDirectory() as folder:
        library = make_library(Path(folder))
        with library.open_set(install(library, old).version) as installed:
            records = list(installed.records())
            live = [one for one in records if one.live]
            stored = [one.number for one in live]
            unpaired = np.array([one.live for one in records])
            pairs = Partners(installed, unpaired).pairs(map(as_stored, enumerate(new)))
            numbers = [number for _, number in pairs]
        want = [None if n is None else stored[n] for n in expected(live, new)]
        assert numbers == want
        assert not unpaired[[n for n in numbers if n is not None]].any()


def as_stored(numbered):
    number, one = numbered
    return StoredRecord(
        *(number, 0, one.place, one.digests, one.perceptual, one.entry, None, None, (), {}),
        updated=one.updated,
    )
