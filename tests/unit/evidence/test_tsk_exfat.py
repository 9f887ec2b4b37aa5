"""exFAT volumes made from bytes are read to the byte, what was never written as zeros."""

import pytest

from hashmatch.model.facts import Recovery
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped
from tests.byte_medium import ByteMedium, content, items, mounted
from tests.exfat_maker import CLUSTER, ExfatMaker

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")

A, B, C = (bytes([letter]) * 10_000 + b"end" for letter in b"ABC")


@pytest.fixture
def maker():
    made = ExfatMaker()
    made.file("a.jpg", A)
    one, two, three, four, *more = made.take(7)
    made.file("over.jpg", A, deleted=True, chain=[four, one, three])
    made.file("split.jpg", B, chain=[four, one, three])
    made.file("short.jpg", C, valid=5000)
    made.file("gone.jpg", C, deleted=True)
    made.file("chained.jpg", B, deleted=True, chain=more)
    made.file("empty.jpg", b"")
    made.two = two
    return made


def test_everything_of_a_volume_is_told(maker):
    system = mounted(ByteMedium(maker.image()))
    assert system.kind == "exfat"
    found = items(system)
    assert {path: content(system, item) for path, item in found.items()} == {
        b"a.jpg": (A, None),
        b"split.jpg": (B, None),
        b"short.jpg": (C[:5000] + bytes(len(C) - 5000), None),
        b"gone.jpg": (C, None),
        b"chained.jpg": (B, None),
        b"empty.jpg": (b"", None),
    }
    assert found[b"gone.jpg"].facts.recovery is Recovery.BY_RECORD  # it says that all follows
    assert found[b"chained.jpg"].facts.recovery is Recovery.BY_CONTIGUITY
    rules = {e.path: e.rule for e in system.entries(deleted=True) if isinstance(e, Skipped)}
    assert rules.pop(b"over.jpg") is Rule.NAME_ONLY
    assert set(rules.values()) == {Rule.METADATA}


def test_times_have_their_offset_where_one_is_stored(maker):
    item = items(mounted(ByteMedium(maker.image())))[b"a.jpg"]
    assert dict(item.facts.times) == {
        "modified": "2020-01-15T10:20:31",
        "accessed": "2020-01-15T10:20:30-01:00",
        "created": "2020-01-15T10:20:30.50+07:00",
    }
    assert item.modified_ns == 1579083631 * 10**9


def test_a_deleted_file_that_is_partly_in_use_again_says_so(maker):
    first = maker.next
    maker.file("part.jpg", A, deleted=True)
    maker.used.add(first + 1)
    item = items(mounted(ByteMedium(maker.image())))[b"part.jpg"]
    assert item.facts.notes == (("overwritten", "in part"),)


def test_entries_that_go_over_the_end_of_a_cluster_are_followed():
    """The second entry of a file lies in the next cluster of the folder, by the table."""
    made = ExfatMaker(folder_clusters=2)
    one, other = made.root[0], made.take(1)[0]
    made.root = [one, other]
    made.table.pop(5)
    made.link(made.root)
    made.used.add(other)
    number = 0
    while len(made.slots) * 32 % CLUSTER != CLUSTER - 32:
        made.slots.append(b"\x05".ljust(32, b"\0"))
        number += 1
    made.file("edge.jpg", A, valid=3)
    system = mounted(ByteMedium(made.image()))
    item = items(system, deleted=False)[b"edge.jpg"]
    assert content(system, item) == (A[:3] + bytes(len(A) - 3), None)


def test_free_space_is_by_the_bitmap(maker):
    image = maker.image()
    free = list(mounted(ByteMedium(image)).unallocated())
    at = maker.at(maker.two)
    assert any(run.offset <= at < run.offset + run.length for run in free)
    assert sum(run.length for run in free) == (200 - len(maker.used)) * CLUSTER


def test_a_file_whose_clusters_end_too_early_is_a_failure():
    made = ExfatMaker()
    chain = made.take(3)
    made.file("a.jpg", A, chain=chain)
    made.table[chain[1]] = 0xFFFFFFFF
    [entry] = [
        e for e in mounted(ByteMedium(made.image())).entries(deleted=False) if e.path == b"a.jpg"
    ]
    assert isinstance(entry, Failed)
    assert entry.reason is Reason.DAMAGED_FILE_SYSTEM
