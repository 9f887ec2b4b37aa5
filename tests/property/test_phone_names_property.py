"""Whatever is done to a backup's list: names are true ones, and trouble is told and not raised."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.cases import listing
from hashmatch.jobs import phone_child
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Facts
from tests.unit.test_jobs_phone_names import digest, manifest, properties

if TYPE_CHECKING:
    from typing import BinaryIO

FILES = [(f"Domain{n % 5}", f"Media/{n}.jpg") for n in range(150)]
TRUE = {bytes.fromhex(digest(*one)): "-".join(one) for one in FILES}
LIST = manifest(FILES)
LOCKED = properties(encrypted=True)
CHANGES = st.lists(
    st.tuples(st.one_of(st.integers(0, 120), st.integers(0, len(LIST))), st.binary(max_size=4)),
    max_size=6,
)


class Held:
    """A source that holds a backup's two lists in memory."""

    def __init__(self, manifest: bytes, properties: bytes) -> None:
        self._held = {b"m": manifest, b"p": properties}

    def open(self, item: Item) -> BinaryIO:
        return io.BytesIO(self._held[item.path])

    def doubt(self, item: Item, stream: BinaryIO) -> None:
        """Doubt nothing."""


def changed(content: bytes, changes: list[tuple[int, bytes]], end: int) -> bytes:
    out = bytearray(content)
    for at, new in changes:
        out[at : at + len(new)] = new
    return bytes(out[: len(out) - end])


@settings(max_examples=60, deadline=None)
@given(CHANGES, CHANGES, st.sampled_from([0, 0, 0, 1, 5000]))
def test_names_are_true_ones_whatever_was_done_to_the_list(of_list, of_properties, end):
    source = Held(changed(LIST, of_list, end), changed(LOCKED, of_properties, 0))
    items = [Item(name, 1, 2, 0o100644, (1, 1)) for name in (b"m", b"p")]
    lists = phone_child.Lists(source, *items, 100, 10_000)  # type: ignore[arg-type]
    taken: dict[bytes, str] = {}
    taking = phone_child._Taking(lists, taken.__setitem__)
    *messages, (word, unfit, reason) = phone_child.said(lists)
    for one in messages:
        taking.hear(*one)
    assert word == "end"
    assert taken.items() <= TRUE.items()
    assert len(taken) <= 100
    assert unfit <= len(FILES)
    if not of_list and not end:
        assert (len(taken), unfit, reason) == (100, 0, "limit-count")


@given(st.binary(min_size=1), st.booleans(), st.text(max_size=9), st.text(max_size=9))
def test_lines_of_a_listing_keep_what_is_known_with_a_place_or_without(path, known, place, note):
    facts = Facts(notes=(("original", note),)) if known else None
    item = Item(path, 1, 2, 3, (4, 5), place, facts)
    assert listing.entry_of(listing.line_of(7, item)) == (7, item)
