"""The order of reading: every item once, bounded, large ones first, the others as they lie."""

from hypothesis import given
from hypothesis import strategies as st

from hashmatch.jobs import windows
from hashmatch.jobs.windows import BATCH_BYTES, BATCH_ITEMS, BATCH_NAMES, Span, Window
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.outcomes import Reading, Rule, Skipped

READING = Reading((Digest(Algorithm.MD5, bytes(16)),))
LINK = Skipped(b"link", Rule.SYMLINK)


def entry(size, inode, name=b"a"):
    return 0, Item(name, size, 0, 0o100644, (1, inode))


ENTRIES = st.lists(
    st.one_of(
        st.just((0, LINK)),
        st.builds(
            entry,
            st.sampled_from([0, 1, 1000, BATCH_BYTES // 3, BATCH_BYTES, BATCH_BYTES + 1, 1 << 40]),
            st.integers(0, 9),
            st.sampled_from([b"a", b"n" * (BATCH_NAMES // 2 + 1), b"n" * (BATCH_NAMES + 1)]),
        ),
    ),
    max_size=30,
)


@given(ENTRIES)
def test_every_item_is_given_out_once_and_no_batch_is_too_large(entries):
    window = Window(entries)
    batches = list(window.batches())
    places = [at for batch in batches for at in batch]
    assert sorted(places) == [at for at, (_, e) in enumerate(entries) if isinstance(e, Item)]
    sizes = [[window.item(at).size for at in batch] for batch in batches]
    for batch, own in zip(batches, sizes, strict=True):
        names = sum(len(window.item(at).path) for at in batch)
        assert len(batch) == 1 or (sum(own) <= BATCH_BYTES and names <= BATCH_NAMES)
    large = [own[0] for own in sizes if own[0] > BATCH_BYTES]
    assert [own[0] for own in sizes[: len(large)]] == sorted(large, reverse=True)
    inodes = [window.item(at).identity for batch in batches[len(large) :] for at in batch]
    assert inodes == sorted(inodes)


def test_a_batch_of_small_items_is_bounded_by_their_number():
    batches = list(Window([entry(0, n) for n in range(2 * BATCH_ITEMS + 1)]).batches())
    assert [len(batch) for batch in batches] == [BATCH_ITEMS, BATCH_ITEMS, 1]


@given(ENTRIES, st.integers(1, 10), st.integers(1, 3 * BATCH_BYTES))
def test_windows_together_are_the_listing(entries, most, size):
    found = list(windows.windows(entries, Span(most, size)))
    assert [one for window in found for one in window.entries] == entries
    assert all(0 < len(window.entries) <= most for window in found)


def test_what_is_ready_leaves_in_order_and_is_not_kept():
    window = Window([entry(1, 1), (0, LINK), entry(1, 2), (0, LINK)])
    assert window.ready() == 0
    window.results[0] = READING
    assert window.ready() == 2
    assert [read for _, _, read, _ in window.take(2)] == [READING, LINK]
    assert window.results[0] is None
    assert window.ready() == 0
    window.results[2] = READING
    assert [read for _, _, read, _ in window.take(window.ready())] == [READING, LINK]
    assert window.given == len(window.entries)
