import hashlib
from contextlib import ExitStack

import pytest

from hashmatch.db.builder import Draft, SetBuilder
from hashmatch.db.description import SetKind
from hashmatch.db.library import SALT_BYTES, SETS
from hashmatch.db.verification import verify
from hashmatch.db.withdrawals import agree
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm, Digest, Method
from hashmatch.model.records import (
    Dropped,
    HashRecord,
    Loss,
    MembershipFilter,
    RecordBatch,
    Withdrawn,
)
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


@pytest.fixture
def library(tmp_path):
    return make_library(tmp_path)


def change(library, base, events, stated=None):
    """Import events as a list of changes of a version."""
    folder = library.folder / SETS / f".staging-{len(library.pointer().versions)}"
    folder.mkdir()
    with ExitStack() as stack:
        opened = stack.enter_context(library.open_set(base.version))
        salt = entropy_from(len(library.pointer().versions))(SALT_BYTES)
        draft = Draft(folder, library.key, salt, clock().isoformat(), base.version)
        builder = SetBuilder(stated or description(), draft, base=opened)
        stack.callback(builder.close)
        builder.add_file(iter(events), list_file)
        return library.publish(builder)


def content(library, manifest):
    """Prove a set, and give its live entries and the records that do not count."""
    with library.open_set(manifest.version) as installed:
        verify(installed)
        records = list(installed.records())
        for one in records:
            for digest, found in zip(one.digests, installed.lookup(one.digests), strict=True):
                assert (one.number in found) == one.live, digest.algorithm
    live = [one.entry for one in records if one.live]
    return live, [one.entry for one in records if not one.live]


def test_of_records_sent_again_the_latest_counts(library):
    events = [
        record(1, entry="a", updated=1.0),
        record(2, entry="a", updated=3.0, perceptual=(pdq(2),)),
        record(3, entry="a", updated=2.0, perceptual=(pdq(3),)),
        record(4, entry="b", updated=1.0, category="old"),
        record(5, entry="b", updated=1.0, category="new"),
        record(6, entry="c"),
        record(7, entry="c"),
    ]
    manifest = install(library, events)
    counts = manifest.counts
    assert (counts.read, counts.kept, counts.superseded, counts.withdrawn) == (7, 4, 3, 0)
    assert counts.balanced
    assert counts.values == {"md5": 4, "sha1": 4, "pdq": 1}
    assert content(library, manifest) == (["a", "b", "c", "c"], ["a", "a", "b"])
    with library.open_set(manifest.version) as installed:
        assert [one.category for one in installed.records() if one.live][1] == "new"
        assert installed.search_near(Method.PDQ, [pdq(3).value], 0) == []


def test_a_withdrawn_record_is_kept_and_never_found(library):
    events = [record(1), record(2, perceptual=(pdq(2),)), Withdrawn(3, "media-2"), record(3)]
    manifest = install(library, events)
    counts = manifest.counts
    assert (counts.read, counts.kept, counts.withdrawn, manifest.changes.idle) == (3, 2, 1, 0)
    assert "pdq" not in counts.values
    assert content(library, manifest) == (["media-1", "media-3"], ["media-2"])


def test_a_record_that_comes_after_its_withdrawal_stays(library):
    manifest = install(library, [Withdrawn(1, "media-2"), record(2)])
    assert manifest.changes.idle == 1
    assert content(library, manifest)[0] == ["media-2"]


@pytest.mark.parametrize(("updated", "withdrawn"), [(4.0, True), (5.0, True), (6.0, False)])
def test_a_later_record_than_the_withdrawal_stays(library, updated, withdrawn):
    events = [record(1), record(2, updated=updated), Withdrawn(3, "media-2", updated=5.0)]
    manifest = install(library, events)
    assert manifest.counts.withdrawn == withdrawn
    before = install(library, [record(1), Withdrawn(1, "media-2", updated=5.0), events[1]])
    assert before.counts.withdrawn == (updated == 4.0)  # the later tombstone stands before it


def test_a_withdrawal_without_entry_takes_what_agrees_in_every_shared_digest(library):
    md5, sha1 = digests(1)
    other = digests(2, Algorithm.SHA1)[0]
    events = [
        HashRecord(1, (md5, sha1), entry="both"),
        HashRecord(2, (md5,), entry="md5"),
        HashRecord(3, (md5, other), entry="collision"),
        HashRecord(4, digests(3), entry="else"),
        Withdrawn(5, digests=(md5, sha1)),
        Withdrawn(6, digests=digests(9)),
    ]
    manifest = install(library, events)
    assert content(library, manifest) == (["collision", "else"], ["both", "md5"])
    assert manifest.changes.idle == 1


def test_a_record_goes_when_its_last_part_is_taken_back(library):
    first = install(
        library,
        [
            record(1, parts=("A", "B")),
            record(2, parts=("A",)),
            record(3),
            *(Withdrawn(9, f"media-{n}", part="A") for n in (1, 2, 3)),
        ],
    )
    assert content(library, first) == (["media-1", "media-3"], ["media-2"])
    assert first.changes.idle == 1
    with library.open_set(first.version) as installed:
        assert installed.record(0).parts == ("B",)
    kept = change(library, first, [record(5), Withdrawn(9, "media-3", part="B")])
    with library.open_set(kept.version) as installed:
        assert [one.parts for one in installed.records()] == [(), ("B",), ()]
    gone = change(library, kept, [Withdrawn(9, "media-1", part="B")])
    assert sorted(content(library, gone)[0]) == ["media-3", "media-5"]
    assert gone.changes.withdrawn == 1


def test_one_of_several_parts_of_an_earlier_record_is_taken_back(library):
    base = install(library, [record(1, parts=("A", "B"))])
    new = change(library, base, [Withdrawn(9, "media-1", part="A")])
    with library.open_set(new.version) as installed:
        assert [(one.parts, one.live) for one in installed.records()] == [(("B",), True)]


def test_a_list_of_changes_replaces_withdraws_and_carries_over(library):
    base = install(
        library,
        [
            record(1, category="1", perceptual=(pdq(1),)),
            record(2, updated=1.0),
            record(3),
            record(4),
            Withdrawn(9, "media-4"),
            record(5, digests=digests(5, Algorithm.MD5)),
        ],
    )
    new = change(
        library,
        base,
        [
            record(1, category="2", perceptual=(pdq(1), pdq(11))),
            record(20, entry="media-2", updated=2.0),
            record(5),
            record(6),
            Withdrawn(9, "media-3"),
            Withdrawn(9, "nobody"),
        ],
    )
    assert content(library, new) == (["media-1", "media-2", "media-5", "media-6"], [])
    said = new.changes
    assert (said.base, said.replaced, said.withdrawn, said.idle) == (base.version, 3, 1, 1)
    assert (new.counts.read, new.counts.carried) == (4, 0)
    again = change(library, new, [record(7)])
    assert content(library, again)[0][0] == "media-7"
    assert (again.counts.carried, again.counts.kept, again.changes.replaced) == (4, 5, 0)
    assert len(again.files) == 3
    with library.open_set(again.version) as installed:
        assert [one.file for one in installed.records()] == [0, 1, 1, 1, 1]


def test_a_colliding_md5_with_another_sha1_never_replaces(library):
    md5, sha1 = digests(1)
    base = install(library, [HashRecord(1, (md5, sha1), entry="true"), record(2)])
    forged = HashRecord(1, (md5, digests(9, Algorithm.SHA1)[0]), entry="forged")
    new = change(library, base, [forged])
    assert sorted(content(library, new)[0]) == ["forged", "media-2", "true"]
    with library.open_set(new.version) as installed:
        assert len(installed.lookup([md5])[0]) == 2


def test_an_earlier_version_that_is_the_later_one_stays(library):
    base = install(library, [record(1, updated=9.0, category="new")])
    late = record(1, updated=5.0, category="old", digests=digests(7))
    new = change(library, base, [late])
    assert new.counts.superseded == 1
    with library.open_set(new.version) as installed:
        assert [(one.category, one.live) for one in installed.records()] == [
            ("old", False),
            ("new", True),
        ]


def test_a_new_record_that_does_not_count_replaces_nothing_by_its_digests(library):
    base = install(library, [record(1, entry=None)])
    new = change(library, base, [record(1, entry="gone"), Withdrawn(2, "gone")])
    assert content(library, new) == ([None], ["gone"])


def test_batches_change_a_set_as_single_records_do(library):
    md5 = [hashlib.md5(b"%d" % n).digest() for n in range(300)]
    old = [HashRecord(n, (Digest(Algorithm.MD5, v),), size=n) for n, v in enumerate(md5, 1)]
    base = install(library, old)
    batch = RecordBatch(range(1, 201), {Algorithm.MD5: b"".join(md5[:200])}, {})
    new = change(library, base, [batch, RecordBatch([], {}, {})])
    assert (new.changes.replaced, new.counts.carried, new.counts.kept) == (200, 100, 300)


def test_a_set_that_nothing_is_left_of_is_refused(library):
    base = install(library, [record(1)])
    with pytest.raises(HashSetError, match="nothing can be matched"):
        change(library, base, [Withdrawn(1, "media-1")])


def test_records_without_a_hash_in_a_batch_are_losses(library):
    with pytest.raises(HashSetError, match="no-usable-hash 2"):
        install(library, [record(1), RecordBatch([1, 2], {}, {"a": ["x", "y"]})])


def membership(texts, **changes):
    """Make a filter the simple way: a big number whose bits are set."""
    from hashmatch.db.filters import places

    bits = changes.pop("bits", 9_585)
    number = 0
    for text in texts:
        for place in places(text.encode(), 7, bits):
            number |= 1 << place
    whole = number.to_bytes((bits + 63) // 64 * 8, "little")
    given = {"capacity": 1000, "rate": 0.01, "functions": 7, "bits": bits, "inserted": len(texts)}
    blocks = [whole[:100], whole[100:]]
    return MembershipFilter(Algorithm.SHA1, **(given | {"blocks": blocks} | changes))


def test_a_filter_says_maybe_about_what_it_was_made_with(library):
    known = [digests(n, Algorithm.SHA1)[0] for n in range(50)]
    event = membership([one.hex.upper() for one in known])
    manifest = install(library, [event], description(kind=SetKind.BENIGN))
    assert (manifest.counts.values, len(manifest.filters)) == ({}, 1)
    with library.open_set(manifest.version) as installed:
        verify(installed)
        assert installed.hinted(known) == [True] * 50
        others = [digests(n, Algorithm.SHA1)[0] for n in range(100, 200)]
        assert sum(installed.hinted(others)) < 5
        assert installed.hinted(digests(1, Algorithm.MD5)) == [False]
        assert installed.lookup(known) == [[]] * 50


def test_the_bits_of_a_text_are_those_of_the_reference():
    from hashmatch.db.filters import places

    expected = [20311, 36825, 412501, 835777, 658914, 853361, 307361]
    assert list(places(b"bar", 7, 958505)) == expected


def test_a_filter_longer_than_its_cache_answers(library, monkeypatch):
    monkeypatch.setattr("hashmatch.db.filters._KEPT", 1)
    known = [digests(n, Algorithm.SHA1)[0] for n in range(9)]
    event = membership([one.hex.upper() for one in known], bits=2_000_000)
    manifest = install(library, [event, event], description(kind=SetKind.BENIGN))
    assert [one.chunk for one in manifest.filters] == [0, 4]
    with library.open_set(manifest.version) as installed:
        assert installed.hinted(known) == [True] * 9
        assert installed.hinted(digests(99, Algorithm.SHA1)) == [False]


@pytest.mark.parametrize("kind", [SetKind.ILLEGAL, SetKind.OTHER_NOTABLE, SetKind.SUSPECTED])
def test_a_filter_is_taken_for_known_files_only(library, kind):
    with pytest.raises(HashSetError, match="only says that a file may be known"):
        install(library, [membership(["A"])], description(kind=kind))


@pytest.mark.parametrize(
    "changes", [{"functions": 0}, {"functions": 10**9}, {"blocks": [b"x"]}, {"blocks": []}]
)
def test_a_filter_that_cannot_be_is_refused(library, changes):
    with pytest.raises(HashSetError, match="get a sound copy"):
        install(library, [membership(["A"], **changes)], description(kind=SetKind.BENIGN))


def test_a_set_with_a_filter_takes_no_changes(library):
    stated = description(kind=SetKind.BENIGN)
    base = install(library, [membership(["A"]), record(1)], stated)
    with pytest.raises(HashSetError, match="cannot be updated"):
        change(library, base, [record(2)], stated)


def test_records_agree_where_they_share_a_digest_and_contradict_in_none():
    md5, sha1 = digests(1)
    assert agree([md5], [md5, sha1])
    assert not agree([md5], [sha1])
    assert not agree([md5, sha1], [md5, *digests(2, Algorithm.SHA1)])
    red, blue = (Digest(Algorithm.ED2K, bytes([n]) * 16) for n in (1, 2))
    assert agree([red], [red, blue])


def test_what_a_replaced_record_counted_is_taken_back(library):
    empty = Digest(Algorithm.MD5, hashlib.md5(b"").digest())
    first = record(
        1,
        entry="a",
        updated=1.0,
        digests=(empty, *digests(1)),
        perceptual=(pdq(1, 10), pdq(2)),
        other=("tlsh",),
    )
    events = [
        first,
        HashRecord(2, (empty,), entry="b", updated=1.0),
        HashRecord(3, digests(3), entry="a", updated=2.0),
        HashRecord(4, digests(4), entry="b", updated=2.0),
        HashRecord(5, digests(5), updated=2.0),
    ]
    manifest = install(library, events)
    assert manifest.counts.superseded == 2
    assert manifest.counts.values == {"md5": 3, "sha1": 3}
    assert manifest.counts.quarantined_values == {}
    assert manifest.counts.not_evaluated == {}
    content(library, manifest)


def test_long_lists_of_changes_are_compared_in_stretches(library, monkeypatch):
    monkeypatch.setattr("hashmatch.db.changes._AT_ONCE", 4)
    monkeypatch.setattr("hashmatch.db.intake._GATHERED", 4)
    base = install(library, [record(n) for n in range(30)])
    new = change(library, base, [record(n) for n in range(20)])
    assert (new.changes.replaced, new.counts.carried) == (20, 10)
    content(library, new)


def test_rows_of_a_batch_that_must_never_match_are_quarantined(library):
    nothing = hashlib.md5(b"").digest()
    md5 = [hashlib.md5(b"%d" % n).digest() for n in range(100)]
    md5[7], md5[9] = nothing, nothing[:8] + bytes(8)  # the second begins like the empty file
    batch = RecordBatch(range(1, 101), {Algorithm.MD5: b"".join(md5)}, {}, categories=["1"] * 100)
    manifest = install(library, [batch])
    assert manifest.counts.quarantined_by == {"empty-file": 1}
    assert (manifest.counts.kept, manifest.counts.values) == (99, {"md5": 99})
    with library.open_set(manifest.version) as installed:
        asked = [Digest(Algorithm.MD5, value) for value in (md5[7], md5[9])]
        assert installed.lookup(asked) == [[], [9]]


def test_a_manifest_without_its_parts_does_not_open(library):
    from dataclasses import replace

    from hashmatch.db.installed import InstalledSet

    manifest = install(library, [record(1)])
    bare = replace(manifest, parts={})
    with pytest.raises(HashSetError, match=r"manifest\.json of set known is not the one"):
        InstalledSet(library.folder / SETS / manifest.version, bare, library.key)


def test_a_further_part_is_added_to_the_record_that_is_there(library):
    base = install(library, [record(1, parts=("A", "B")), record(2, parts=("A",)), record(3)])
    new = change(
        library,
        base,
        [
            record(1, entry=None, parts=("C", "A")),
            record(2, entry=None, digests=digests(2, Algorithm.MD5), parts=("B",)),
            record(3, parts=("A",)),
        ],
    )
    with library.open_set(new.version) as installed:
        live = {one.digests[0]: one.parts for one in installed.records() if one.live}
    md5s = [digests(n)[0] for n in (1, 2, 3)]
    assert live == {md5s[0]: ("A", "B", "C"), md5s[1]: ("A", "B"), md5s[2]: ("A",)}
    content(library, new)
    counts = new.counts
    assert (counts.carried, counts.superseded, new.changes.replaced) == (2, 2, 1)
    assert counts.balanced


def test_a_part_with_further_hashes_stands_beside_the_record_that_is_there(library):
    base = install(library, [record(1, digests=digests(1, Algorithm.MD5), parts=("A",))])
    new = change(library, base, [record(1, parts=("B",))])
    with library.open_set(new.version) as installed:
        assert [(one.live, one.parts) for one in installed.records()] == [
            (True, ("B",)),
            (True, ("A",)),
        ]
    assert new.changes.replaced == 0


def test_an_entry_that_is_sent_again_replaces_parts_as_well(library):
    base = install(library, [record(1, parts=("A",), updated=1.0)])
    new = change(library, base, [record(1, parts=("B",), updated=2.0)])
    with library.open_set(new.version) as installed:
        assert [one.parts for one in installed.records() if one.live] == [("B",)]


def test_a_record_with_the_digests_of_another_entry_leaves_that_entry_alone(library):
    base = install(library, [record(1, entry="Y", updated=1.0), record(2)])
    added = change(library, base, [record(1, entry="X", updated=2.0)])
    assert content(library, added)[0] == ["X", "Y", "media-2"]
    gone = change(library, added, [Withdrawn(1, "X", updated=3.0)])
    assert content(library, gone)[0] == ["Y", "media-2"]


def test_a_poorer_record_takes_nothing_away(library):
    rich = record(1, entry=None, category="1", perceptual=(pdq(1),), other=("tlsh",))
    base = install(library, [rich, record(2, entry="1"), record(2, entry="2")])
    poorer = [
        record(1, entry=None, category="1", perceptual=(pdq(1),)),
        record(1, entry=None, perceptual=(pdq(1),), other=("tlsh",)),
        record(1, entry=None, category="1", other=("tlsh",)),
        record(1, entry="new", digests=digests(1, Algorithm.MD5)),
        record(2, entry=None),
        record(2, entry="3"),
    ]
    new = change(library, base, poorer)
    assert (new.changes.replaced, new.counts.kept) == (0, 9)
    richer = record(1, entry="new", category="2", perceptual=(pdq(1), pdq(2)), other=("tlsh",))
    assert change(library, new, [richer]).changes.replaced == 5


def test_an_older_list_does_not_bring_back_what_was_taken_back(library):
    base = install(library, [record(1, updated=1.0), record(2)])
    gone = change(library, base, [Withdrawn(1, "media-1", updated=10.0)])
    late = change(library, gone, [record(1, updated=5.0), record(3)])
    assert content(library, late) == (["media-3", "media-2"], ["media-1"])
    assert (late.counts.withdrawn, late.changes.idle) == (1, 0)
    again = change(library, late, [record(4)])
    back = change(library, again, [record(1, updated=11.0)])
    assert "media-1" in content(library, back)[0]


def test_a_withdrawal_that_comes_before_its_record_is_remembered(library):
    base = install(library, [record(2)])
    early = change(library, base, [Withdrawn(1, "media-1", updated=10.0)])
    late = change(library, early, [record(1, updated=9.0)])
    assert content(library, late) == (["media-2"], ["media-1"])
    assert early.changes.idle == 1


def test_a_part_goes_to_no_record_that_is_taken_back(library):
    base = install(library, [record(1, parts=("A",)), record(2)])
    events = [Withdrawn(1, "media-1"), record(1, entry=None, parts=("B",))]
    new = change(library, base, events)
    assert sorted(content(library, new)[0], key=str) == [None, "media-2"]


def test_a_part_is_added_to_no_record_of_another_entry_or_category(library):
    base = install(library, [record(1, parts=("A",), category="1")])
    events = [record(1, entry="else", parts=("B",)), record(1, category="2", parts=("C",))]
    new = change(library, base, events)
    with library.open_set(new.version) as installed:
        assert sorted(one.parts for one in installed.records()) == [("A",), ("B",), ("C",)]


def test_a_digest_that_stands_in_every_record_is_compared_once(library):
    shared = digests(0, Algorithm.MD5)
    old = [HashRecord(n, shared, entry=f"{n}", parts=("A",) * (n % 2)) for n in range(3000)]
    base = install(library, [*old, record(5000)])
    new = [HashRecord(n, shared, entry=f"{n}", parts=("B",) * (n % 2)) for n in range(3000)]
    changed = change(library, base, new)
    assert (changed.changes.replaced, changed.counts.superseded) == (1500, 1500)
    taken = [Withdrawn(n, digests=shared) for n in range(3000)]
    left = change(library, changed, taken)
    assert (left.counts.kept, left.changes.withdrawn, left.changes.idle) == (1, 3000, 0)


def test_losses_of_the_list_before_the_changes_stay_said(library):
    lost = [Dropped(7, Loss.NOT_HEX), Dropped(8, Loss.NOT_HEX, whole=False)]
    base = install(library, [record(1), *lost], description(accept_losses=True))
    stated = description(accept_losses=True)
    new = change(library, base, [record(2), Dropped(7, Loss.BAD_VALUE)], stated)
    again = library.manifest(change(library, new, [record(3)]).version)
    assert again.changes.lost == {"not-hexadecimal": 2, "bad-value": 1}
    assert again.counts.losses == {}
    assert again.provenance()["accepted_losses"] is True
    assert again.provenance()["changes"]["lost"] == {"not-hexadecimal": 2, "bad-value": 1}


def test_losses_before_a_list_came_here_are_said_with_it(library):
    with library.stage(description(), clock=clock, entropy=entropy_from(1)) as builder:
        builder.note_earlier_losses({"bad-value": 3})
        builder.add_file([record(1)], list_file)
        manifest = library.publish(builder)
    assert manifest.provenance()["accepted_losses"] is True
    assert manifest.provenance()["changes"]["lost"] == {"bad-value": 3}
