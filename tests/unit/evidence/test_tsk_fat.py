"""FAT volumes made from bytes are read to the byte, deleted files and damage included."""

import dataclasses
import os
import time

import pytest

from hashmatch.evidence.filesystems import fat_layout, fat_owned, registry
from hashmatch.evidence.filesystems.interface import Run
from hashmatch.model.evidence import Folder
from hashmatch.model.facts import Recovery, Standing
from hashmatch.model.locators import Layer, parse_place
from hashmatch.model.outcomes import Failed, ItemError, Reason, Rule, Skipped, Stage
from tests.byte_medium import ByteMedium, content, items, mounted
from tests.fat_maker import SECTOR, FatMaker

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")

A, B, C = (bytes([letter]) * 1500 + b"end" for letter in b"ABC")


def volume(width):
    """Files of every kind; the deleted ones lie free, around a live one, and under one."""
    maker = FatMaker(width)
    maker.file(b"A.TXT", A, hundredths=137)
    maker.file(b"LABEL", b"", attributes=0x08)
    folder = maker.folder(b"SUB")
    maker.file(b"B.TXT", B, folder)
    maker.file(b"GONE.TXT", C, folder, deleted=True)
    first, *rest = maker.take(6)
    maker.file(b"LIVE.TXT", b"L" * 600, chain=rest[:2])
    maker.file(b"AROUND.TXT", C, deleted=True, chain=[first, *rest[2:5]])
    over = maker.take(3)
    maker.file(b"OVER.TXT", b"O" * 1536, chain=over)
    maker.file(b"UNDER.TXT", b"", deleted=True, chain=[], size=0)
    maker.slots[None].append(maker.slot(b"LOST.TXT", over, 1000, deleted=True))
    away = maker.folder(b"AWAY", deleted=True)
    maker.file(b"IN.TXT", A, away, deleted=True)
    maker.file(b"EMPTY.TXT", b"")
    return maker


@pytest.mark.parametrize("width", [12, 16, 32])
def test_everything_of_a_volume_is_told_once(width):
    system = mounted(ByteMedium(volume(width).image()))
    assert system.kind == f"fat{width}"
    found = items(system)
    read = {path: content(system, item) for path, item in found.items()}
    assert read == {
        b"A.TXT": (A, None),
        b"SUB/B.TXT": (B, None),
        b"SUB/_ONE.TXT": (C, None),
        b"LIVE.TXT": (b"L" * 600, None),
        b"_ROUND.TXT": (C, None),
        b"OVER.TXT": (b"O" * 1536, None),
        b"_WAY/_N.TXT": (A, None),
        b"EMPTY.TXT": (b"", None),
    }
    rest = {e.path: e for e in system.entries(deleted=True) if e.path not in found}
    assert {path for path, e in rest.items() if isinstance(e, Folder)} == {b"", b"SUB", b"_WAY"}
    rules = {path: e.rule for path, e in rest.items() if isinstance(e, Skipped)}
    assert rules.pop(b"_OST.TXT") is Rule.NAME_ONLY  # its clusters are another file's
    assert rules.pop(b"_NDER.TXT") is Rule.NAME_ONLY
    assert set(rules.values()) == {Rule.METADATA}
    assert {b"$FAT1", b"$MBR"} < set(rules)
    assert not any(isinstance(e, Failed) for e in rest.values())
    around = found[b"_ROUND.TXT"].facts
    assert (around.standing, around.recovery) == (Standing.DELETED, Recovery.BY_CONTIGUITY)
    assert dict(around.notes) == {"passed-over": "clusters of other files"}
    assert around.fragments == 2


def test_deleted_files_are_left_out_where_they_are_not_asked_for():
    system = mounted(ByteMedium(volume(16).image()))
    found = items(system, deleted=False)
    assert set(found) == {b"A.TXT", b"SUB/B.TXT", b"LIVE.TXT", b"OVER.TXT", b"EMPTY.TXT"}
    assert {item.facts.standing for item in found.values()} == {Standing.ALLOCATED}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Bangkok"])
def test_times_are_those_that_are_stored_whatever_the_zone(zone, monkeypatch):
    monkeypatch.setitem(os.environ, "TZ", zone)
    time.tzset()
    try:
        system = mounted(ByteMedium(volume(16).image()))
        item = items(system)[b"A.TXT"]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert dict(item.facts.times) == {
        "modified": "2020-01-15T10:20:30",
        "accessed": "2020-01-15",
        "created": "2020-01-15T10:20:31.37",
    }
    assert item.modified_ns == 1579083630 * 10**9


def test_a_time_that_is_none_is_not_told():
    maker = FatMaker(12)
    maker.file(b"A.TXT", A, stamp=(1980, 0, 0, 31, 63, 62))
    item = items(mounted(ByteMedium(maker.image())))[b"A.TXT"]
    assert item.facts.times == ()
    assert item.modified_ns == 0


def test_fragments_lie_where_they_are_said_to_lie():
    maker = FatMaker(16)
    one, two, three, four = maker.take(4)
    maker.file(b"A.TXT", A, chain=[three, one, four])
    maker.file(b"B.TXT", b"b", chain=[two])
    image = maker.image()
    item = items(mounted(ByteMedium(image)))[b"A.TXT"]
    at = {cluster: maker.data + (cluster - 2) * SECTOR for cluster in (one, three, four)}
    rest = len(A) - 2 * SECTOR
    assert item.facts.extents == ((at[three], 512), (at[one], 512), (at[four], rest))
    assert item.identity == (0, at[three])
    assert b"".join(image[o : o + n] for o, n in item.facts.extents) == A


def test_a_chain_that_ends_too_early_is_a_failure_and_never_a_shorter_file():
    maker = FatMaker(16)
    chain = maker.file(b"A.TXT", A)
    maker.link(chain[:2])
    [failed] = [
        e for e in mounted(ByteMedium(maker.image())).entries(deleted=False) if e.path == b"A.TXT"
    ]
    assert isinstance(failed, Failed)
    assert failed.reason is Reason.DAMAGED_FILE_SYSTEM


def test_damage_of_the_medium_is_told_of_what_lies_in_it():
    maker = volume(16)
    image = maker.image()
    found = items(mounted(ByteMedium(image)))
    place = found[b"A.TXT"].identity[1]
    medium = ByteMedium(image, [(place + 600, 10)])
    system = mounted(medium)
    listed = items(system)
    read, doubt = content(system, listed[b"A.TXT"])
    assert len(read) == len(A)
    assert read != A
    assert doubt is Reason.DAMAGED_MEDIUM
    assert content(system, listed[b"SUB/B.TXT"]) == (B, None)


def test_a_folder_that_lies_in_damage_is_not_listed_as_whole():
    maker = volume(16)
    image = maker.image()
    sub = maker.data + (min(maker.heads) - 2) * SECTOR
    entries = list(mounted(ByteMedium(image, [(sub, SECTOR)])).entries(deleted=False))
    [failed] = [e for e in entries if e.path == b"SUB"]
    assert (failed.stage, failed.reason) == (Stage.LIST, Reason.DAMAGED_MEDIUM)


def test_a_volume_that_is_cut_off_never_gives_shorter_files():
    maker = volume(16)
    image = maker.image()
    live = items(mounted(ByteMedium(image)))[b"LIVE.TXT"]
    system = mounted(ByteMedium(image[: live.identity[1] + 100]))
    assert content(system, items(system)[b"A.TXT"]) == (A, None)
    lost = Stage.OPEN, Reason.DAMAGED_MEDIUM
    failed = {e.path: e for e in system.entries(deleted=False) if isinstance(e, Failed)}
    assert (failed[b"LIVE.TXT"].stage, failed[b"LIVE.TXT"].reason) == lost
    with pytest.raises(ItemError) as raised:
        system.open(parse_place(live.place)[0], live.size)
    assert (raised.value.stage, raised.value.reason) == lost


def test_a_folder_that_holds_itself_is_entered_once():
    maker = FatMaker(16)
    folder = maker.folder(b"SUB")
    maker.slots[folder].append(maker.slot(b"AGAIN", [folder], 0, attributes=0x10))
    entries = list(mounted(ByteMedium(maker.image())).entries(deleted=True))
    assert len(entries) < 100
    assert sum(isinstance(e, Folder) for e in entries) < 10
    assert [(e.path, e.reason) for e in entries if isinstance(e, Failed)] == [
        (b"SUB/AGAIN", Reason.DAMAGED_FILE_SYSTEM)
    ]


def test_free_space_is_what_no_file_has():
    maker = volume(16)
    image = maker.image()
    system = mounted(ByteMedium(image))
    free = list(system.unallocated())
    assert free == sorted(free, key=lambda run: run.offset)
    live = [e for e in items(system, deleted=False).values() if e.size]
    for item in live:
        for offset, length in item.facts.extents:
            assert not any(
                r.offset < offset + length and offset < r.offset + r.length for r in free
            )
    gone = items(system)[b"SUB/_ONE.TXT"].identity[1]
    assert any(r.offset <= gone < r.offset + r.length for r in free)
    used = len(maker.table)
    assert sum(run.length for run in free) == (maker.count - used) * SECTOR
    assert free[-1] == Run(free[-1].offset, len(image) - free[-1].offset)


def test_places_that_no_longer_fit_are_refused():
    system = mounted(ByteMedium(volume(16).image()))
    found = items(system)
    live = parse_place(found[b"A.TXT"].place)[0]
    with pytest.raises(ItemError) as other:
        system.open(live, len(A) + 1)
    assert other.value.reason is Reason.REPLACED
    for bad in (
        Layer("fat16", b"/A.TXT", (("id", b"999999999"),)),
        Layer("fat16", b"/A.TXT", (("id", b"99999999999999999999999"),)),
        Layer("fat16", b"/A.TXT", (("id", b"x"),)),
        Layer("fat16", b"/A.TXT", ()),
        Layer("fat16", b"/A.TXT", (*live.keys, ("ads", b"none"))),
        Layer("fat16", b"/A.TXT", (*live.keys, ("del", None))),
    ):
        with pytest.raises(ItemError) as raised:
            system.open(bad, len(A))
        assert raised.value.stage is Stage.OPEN


def test_a_stream_can_be_read_from_any_place():
    system = mounted(ByteMedium(volume(12).image()))
    for name in (b"A.TXT", b"_ROUND.TXT"):
        item = items(system)[name]
        whole, _ = content(system, item)
        stream = system.open(parse_place(item.place)[0], item.size).stream
        assert stream.seek(-3, os.SEEK_END) == len(whole) - 3
        assert stream.read() == b"end"
        assert stream.seek(510) == 510
        assert stream.read(5) == whole[510:515]
        assert stream.tell() == 515
        assert (stream.seekable(), stream.readable(), stream.writable()) == (True, True, False)
        with pytest.raises(ValueError, match="before"):
            stream.seek(-1)


def test_first_sectors_that_are_no_file_system_are_not_taken_for_one():
    image = bytearray(volume(16).image())
    assert [kind.NAME for kind in registry.recognised(ByteMedium(bytes(image)))] == ["tsk"]
    for place, value in ((0, 0x33), (13, 3), (16, 0), (21, 0x11), (510, 0)):
        other = bytearray(image)
        other[place] = value
        assert "tsk" not in [kind.NAME for kind in registry.recognised(ByteMedium(bytes(other)))]
    assert "tsk" not in [kind.NAME for kind in registry.recognised(ByteMedium(b""))]


def test_all_pieces_of_a_file_are_taken_where_no_table_says_so(monkeypatch):
    volume = FatMaker()
    clusters = volume.take(80)
    chain = volume.file(b"PIECES.JPG", b"p" * 40 * SECTOR, chain=clusters[::2])
    system = mounted(ByteMedium(volume.image()))
    (item,) = items(system).values()
    first = item.facts.extents[0][0]
    assert item.facts.fragments == len(chain) > len(item.facts.extents)
    places = [first + number * SECTOR for number in range(80)]

    def free():
        runs = list(system._taken())
        return [at for at in places if not any(r.offset <= at < r.offset + r.length for r in runs)]

    assert free() == places[1::2]
    monkeypatch.setattr(system, "_pick", lambda *_: system._file(Layer("fat16", b"", ())))
    assert set(free()) > set(places[1::2])  # what cannot be told is looked at


def test_clusters_in_use_that_no_file_has_are_searched_too():
    for width in (12, 16, 32):
        maker = FatMaker(width)
        folder = maker.folder(b"SUB")
        lost = maker.file(b"LOST.JPG", B, folder)
        inner = maker.folder(b"INNER", folder)
        deep = maker.file(b"DEEP.JPG", A, inner)
        kept = maker.file(b"KEPT.JPG", C, chain=maker.take(6)[::-2])
        before = mounted(ByteMedium(maker.image()))
        owned = {c for chain in (lost, deep, kept, [folder, inner]) for c in chain}
        assert not owned & clusters(before, maker)
        maker.slots[folder] = []  # its cluster is overwritten with zeros
        system = mounted(ByteMedium(maker.image()))
        assert set(items(system)) == {b"KEPT.JPG"}
        found = clusters(system, maker)
        assert found & owned == {*lost, *deep, inner}
        assert found - owned == clusters(before, maker)


def clusters(system, maker):
    """Give the clusters that a system gives as unallocated."""
    runs = [(run.offset - maker.data, run.length) for run in system.unallocated()]
    return {2 + (at + step) // SECTOR for at, size in runs for step in range(0, size, SECTOR)}


def test_clusters_that_go_in_circles_or_beyond_the_end_belong_to_whom_they_are_reached_from():
    layout = fat_layout.Layout("fat16", 512, 512, 0, 0, 0, 8, 0)
    table = [0, 0, 3, 2, 5, 99, 7, 8, 0xFFFF, 6]
    medium = ByteMedium(b"".join(one.to_bytes(2, "little") for one in table))
    for starts, want in (
        ([(2, 0, False)], {2, 3}),
        ([(4, 0, False), (4, 0, False)], {4, 5}),
        ([(9, 9, False)], {9, 6, 7, 8}),
        ([(0, 9, False), (1, 9, False), (10, 9, False), (1 << 40, 9, True)], set()),
        ([(3, 1025, True), (9, 10**9, True)], {3, 4, 5, 9}),
    ):
        found = fat_owned.owned(medium, layout, starts)
        assert {int(at) + 2 for at in found.nonzero()[0]} == want
    large = dataclasses.replace(layout, count=fat_owned.MOST_CLUSTERS + 1)
    assert fat_owned.owned(medium, large, []) is None
    short = dataclasses.replace(layout, count=40)
    assert fat_owned.owned(medium, short, [(30, 0, False), (6, 0, False)]).sum() == 3
