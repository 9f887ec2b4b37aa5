"""Lists of changes row by row, against what a plain set of pairs says."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.db.builder import Draft, SetBuilder
from hashmatch.db.library import SALT_BYTES, SETS
from hashmatch.model.records import HashRecord, Withdrawn
from tests.library_maker import (
    clock,
    description,
    digests,
    entropy_from,
    install,
    list_file,
    make_library,
)

pair = st.tuples(st.integers(0, 3), st.sampled_from("ABC"))
rows = st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from("ABC"), min_size=1)))
deltas = st.lists(st.lists(st.tuples(st.booleans(), pair), min_size=1, max_size=8), max_size=3)


def changed(library, base, events):
    serial = len(library.pointer().versions)
    folder = library.folder / SETS / f".staging-{serial}"
    folder.mkdir()
    with ExitStack() as stack:
        opened = stack.enter_context(library.open_set(base.version))
        draft = Draft(
            folder,
            library.key,
            entropy_from(serial)(SALT_BYTES),
            clock().isoformat(),
            base.version,
        )
        builder = SetBuilder(description(), draft, base=opened)
        stack.callback(builder.close)
        builder.add_file(iter(events), list_file)
        return library.publish(builder)


def pairs(library, manifest):
    with library.open_set(manifest.version) as installed:
        live = {
            (one.digests, part) for one in installed.records() if one.live for part in one.parts
        }
        for one in installed.records():
            found = [one.number in numbers for numbers in installed.lookup(one.digests)]
            assert found == [one.live] * len(found)
    return live


@settings(deadline=None, max_examples=60)
@given(rows, deltas)
def test_inserts_and_deletes_leave_the_pairs_that_a_set_of_pairs_has(base, changes):
    keeper = (9, {"Z"})  # a set never becomes empty
    with tempfile.TemporaryDirectory() as folder:
        library = make_library(Path(folder))
        listed = [*base, keeper]
        manifest = install(
            library,
            [
                HashRecord(at, digests(file), parts=tuple(sorted(parts)))
                for at, (file, parts) in enumerate(listed, 1)
            ],
        )
        expected = {(digests(file), part) for file, parts in listed for part in parts}
        for delta in changes:
            events = []
            for place, (inserts, (file, part)) in enumerate(delta, 1):
                if inserts:
                    expected.add((digests(file), part))
                    events.append(HashRecord(place, digests(file), parts=(part,)))
                else:
                    expected.discard((digests(file), part))
                    events.append(Withdrawn(place, digests=digests(file), part=part))
            manifest = changed(library, manifest, events)
            assert pairs(library, manifest) == expected
            assert manifest.counts.balanced
