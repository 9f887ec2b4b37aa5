"""Rare turns of the life of a set: entries sent again, lines that cannot be written, odd files."""

import hashlib
import os
from dataclasses import replace

import pytest

from hashmatch.db import files
from hashmatch.errors import HashSetError, OutputError
from hashmatch.formats.writers import registry
from hashmatch.formats.writers.interface import About, Outgoing, Written
from hashmatch.formats.writers.parts import by_algorithm, by_method, kinds, name_in
from hashmatch.jobs import compare, export_log
from hashmatch.jobs import list_files_packed as packed
from hashmatch.jobs.ingest import _withdrawals
from hashmatch.model.hashes import Algorithm, Method
from hashmatch.model.hits import Disposition
from hashmatch.model.records import HashRecord, Withdrawn
from tests.library_maker import digests, install, pdq
from tests.life_desk import LifeDesk, md5, table, zipped


@pytest.fixture
def desk(tmp_path):
    return LifeDesk(tmp_path)


def sent(entry, word, updated=1.0, **changes):
    return HashRecord(1, digests(word, Algorithm.MD5), entry=entry, updated=updated, **changes)


def test_an_entry_that_is_sent_again_with_other_digests_is_changed(desk):
    old = install(desk.library, [sent("e", 1), sent("f", 2)])
    new = install(desk.library, [sent("e", 3, 2.0), sent("g", 4, 2.0)])
    seen = []
    difference = compare.compare(desk.library, old, new, seen.append)
    assert (difference.changed, difference.added, difference.removed) == (1, 1, 1)
    assert seen[0].what == ("digests", "updated")


def test_an_id_that_only_counts_the_records_of_a_file_changes_nothing(desk):
    old = install(desk.library, [replace(sent("1", 1), updated=None)])
    new = install(desk.library, [replace(sent("1", 2), updated=None)])
    difference = compare.compare(desk.library, old, new)
    assert (difference.changed, difference.added, difference.removed) == (0, 1, 1)


def test_a_perceptual_hash_that_is_new_on_a_record_is_a_change(desk):
    old = install(desk.library, [sent(None, 1)])
    new = install(desk.library, [sent(None, 1, perceptual=(pdq(1),))])
    assert compare.compare(desk.library, old, new).what == {"perceptual": 1}


def test_records_of_kinds_that_cannot_be_compared_are_told_apart_by_their_fields(desk):
    def other(text):
        return HashRecord(1, other=("tlsh",), fields={"tlsh": text})

    old = install(desk.library, [sent(None, 1), other("a"), other("b")])
    new = install(desk.library, [sent(None, 1), other("a"), other("c")])
    difference = compare.compare(desk.library, old, new)
    assert (difference.same, difference.added, difference.removed) == (2, 1, 1)


def test_an_entry_of_a_format_that_sends_it_again_is_withdrawn_by_it():
    (event,) = _withdrawals(sent("e", 1, 5.0))
    assert event == Withdrawn(1, "e", updated=5.0)


@pytest.mark.parametrize("how", ["short", "error"])
def test_a_line_that_the_disk_does_not_take_whole_is_taken_back(desk, monkeypatch, how):
    export_log.enter(desk.library, {"set": "s"})
    before = (desk.library.folder / export_log.EXPORTS).read_bytes()

    def fails(_):
        raise OSError(28, "No space left on device")

    def short(handle, data, offset):
        os.pwrite(handle, data[:9], offset)
        fails(handle)

    if how == "error":
        monkeypatch.setattr(os, "fsync", fails)
    else:
        monkeypatch.setattr(files, "write_at", short)
    with pytest.raises(OutputError, match="could not be recorded"):
        export_log.enter(desk.library, {"set": "s"})
    monkeypatch.undo()
    assert (desk.library.folder / export_log.EXPORTS).read_bytes() == before


@pytest.mark.parametrize("left", [1, 40, -1])
def test_an_incomplete_last_line_is_set_aside_and_that_is_recorded(desk, left):
    for _ in range(2):
        export_log.enter(desk.library, {"set": "s"})
    path = desk.library.folder / export_log.EXPORTS
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:left])
    assert [line["line"] for line in export_log.exports(desk.library)] == [1]
    export_log.enter(desk.library, {"set": "t"})
    lines = export_log.exports(desk.library)
    assert [line["set"] for line in lines] == ["s", "t"]
    aside = lines[1]["set_aside"]
    kept = (desk.library.folder / aside["file"]).read_bytes()
    assert kept == second[:left]
    assert aside["sha256"] == hashlib.sha256(kept).hexdigest()


def written(name, *records, **about):
    told = Written()
    outgoing = [Outgoing(one, Disposition.ILLEGAL) for one in records]
    writer = registry.by_name(name)
    data = b"".join(writer.write(lambda: outgoing, About("s", "v", "illegal", **about), told))
    return data, told


def test_a_hashdeep_set_with_a_row_without_a_known_hash_counts_it():
    good = HashRecord(1, digests(1, Algorithm.MD5))
    bare = HashRecord(2, other=("sha3",), fields={"name": "x"})
    data, told = written("hashdeep", good, bare, origin="hashdeep")
    assert told.left_out == {"no hash that hashdeep knows": 1}
    assert data.endswith(f",{good.digests[0].hex},\n".encode())


def test_a_name_and_a_size_that_are_missing_are_counted():
    _, told = written("hashdeep", HashRecord(1, digests(1, Algorithm.MD5)))
    assert told.values == {"size (0 was written)": 1, "name (empty)": 1}


def test_a_hash_that_iped_has_no_column_for_is_counted():
    _, told = written("iped", HashRecord(1, digests(1, Algorithm.MD5, Algorithm.SHA384)))
    assert told.values == {"sha384": 1}


def test_pieces_of_records():
    record = HashRecord(1, digests(1), (pdq(1),))
    assert kinds(record) == {Algorithm.MD5, Algorithm.SHA1, Method.PDQ}
    assert by_algorithm(record, Written()).keys() == {Algorithm.MD5, Algorithm.SHA1}
    assert by_method(record, Written()) == {Method.PDQ: pdq(1)}
    assert name_in({"MediaFiles": [{}], "x": 1}) is None
    assert name_in({"MediaFiles": ["text"], "File Name": "b"}) == "b"


def test_a_packed_stream_that_cannot_be_opened_at_any_place_is_taken_into_memory(desk, monkeypatch):
    inner = zipped({"a.csv": table([["md5", "x"], [md5("a"), ""]])})
    desk.write("o.zip", zipped({"i.zip": inner}))
    assert desk.take("o.zip").counts.kept == 1

    def fails(*_, **__):
        raise NotImplementedError

    monkeypatch.setattr(packed.zipfile.ZipFile, "open", fails)
    desk.write("p.zip", inner)
    with pytest.raises(HashSetError, match="not read here"):
        desk.take("p.zip")
