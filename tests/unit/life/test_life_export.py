"""A set leaves the library whole, marked, counted and recorded, or not at all."""

import hashlib
import json
import stat

import pytest

from hashmatch import durable
from hashmatch.errors import HashSetError, OutputError, UsageError
from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs import export, export_log
from tests.life_desk import LifeDesk, md5, sha1, table, vics


@pytest.fixture
def desk(tmp_path):
    desk = LifeDesk(tmp_path)
    rows = [[md5(n), sha1(n), f"name {n}"] for n in range(5)]
    desk.write("l.csv", table([["md5", "sha1", "note"], *rows]))
    desk.take("l.csv")
    return desk


def out(desk, to, name="known", **changes):
    path = desk.root / f"out-{len(list(desk.root.glob('out-*')))}"
    request = export.Export(name, to, path, changes.pop("purpose", "a test"), **changes)
    return path, export.export(request, desk.library, desk.setting)


def log(desk):
    return export_log.exports(desk.library)


def test_an_export_is_private_recorded_and_read_back(desk):
    path, done = out(desk, "csv", operator="K. Name")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert done.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert done.size == path.stat().st_size
    (line,) = log(desk)
    assert line["sha256"] == done.sha256
    assert (line["set"], line["writer"], line["records"]) == ("known", "csv", 5)
    assert (line["purpose"], line["operator"], line["file"]) == ("a test", "K. Name", path.name)
    before = [one.fields for one in desk.records()]
    desk.take(path.name)
    assert [one.fields for one in desk.records()] == before


def test_the_line_of_an_export_follows_from_the_one_before(desk):
    out(desk, "csv")
    _, second = out(desk, "plain", algorithm="md5")
    assert [line["line"] for line in log(desk)] == [1, 2]
    assert log(desk)[1]["left_out_values"] == dict(second.written.values)
    assert export_log.exports(desk.library, "other") == []
    path = desk.library.folder / export_log.EXPORTS
    first, last = path.read_bytes().splitlines(keepends=True)
    changed = [last, last + first, first.replace(b"a test", b"b test"), first + first]
    for wrong in changed:
        path.write_bytes(wrong)
        with pytest.raises(HashSetError):
            log(desk)
    path.write_bytes(first.replace(b'"set"', b'"sat"'))
    with pytest.raises(HashSetError, match="line 1"):
        log(desk)


def test_an_export_has_its_name_only_when_it_is_recorded(desk, monkeypatch):
    enter, seen = export_log.enter, []

    def look(*words):
        seen.extend(path.name for path in desk.root.glob("out-*"))
        enter(*words)

    monkeypatch.setattr(export_log, "enter", look)
    path, _ = out(desk, "csv")
    assert seen == [f"{path.name}.unfinished"]
    assert [one.name for one in desk.root.glob("out-*")] == [path.name]


def test_an_export_goes_to_a_stick_whose_file_system_has_no_links(desk, monkeypatch):
    def unsupported(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(type(desk.root), "hardlink_to", unsupported)
    path, done = out(desk, "csv")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == done.sha256
    assert not list(desk.root.glob("*.unfinished"))

    def taken(*words):
        path.with_name("out-1").write_text("precious")
        return True

    monkeypatch.setattr(export_log, "enter", taken)
    with pytest.raises(UsageError, match="already a file"):
        out(desk, "csv")
    assert (desk.root / "out-1").read_text() == "precious"
    assert not list(desk.root.glob("*.unfinished"))


def test_an_export_overwrites_nothing(desk):
    path, _ = out(desk, "csv")
    before = path.read_bytes()
    request = export.Export("known", "csv", path, "again")
    with pytest.raises(UsageError, match="already a file"):
        export.export(request, desk.library, desk.setting)
    assert path.read_bytes() == before
    assert len(log(desk)) == 1


def test_a_link_is_not_followed(desk):
    target = desk.write("target", "precious")
    (desk.root / "link").symlink_to(target)
    request = export.Export("known", "csv", desk.root / "link", "x")
    with pytest.raises(UsageError, match="already a file"):
        export.export(request, desk.library, desk.setting)
    assert target.read_text() == "precious"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"to": "csv", "purpose": "  "}, "--purpose is empty"),
        ({"to": "csv", "algorithm": "md5"}, "--algorithm means nothing"),
        ({"to": "plain"}, "--algorithm, of md5, sha1"),
        ({"to": "nothing"}, "--to names no way"),
        ({"to": "csv", "name": "unknown"}, "no set unknown"),
    ],
)
def test_what_is_refused_leaves_no_file_and_no_line(desk, changes, words):
    with pytest.raises(UsageError, match=words):
        out(desk, **changes)
    assert not list(desk.root.glob("out-*"))
    assert log(desk) == []


def test_a_marked_set_leaves_only_despite_its_marking(desk):
    desk.take("l.csv", handling="TLP:RED")
    with pytest.raises(UsageError, match="handling marking 'TLP:RED'"):
        out(desk, "csv")
    out(desk, "csv", despite_handling=True)
    assert log(desk)[0]["options"]["despite_handling"] is True


def test_a_strict_export_writes_all_or_nothing(desk):
    with pytest.raises(OutputError, match="hashes other than md5 5"):
        out(desk, "plain", algorithm="md5", strict=True)
    assert not list(desk.root.glob("out-*"))
    assert log(desk) == []
    out(desk, "ndjson", strict=True)


def test_an_export_that_cannot_be_recorded_is_removed_again(desk, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "open_own", full)
    with pytest.raises(OutputError, match="could not be recorded"):
        out(desk, "csv")
    assert not list(desk.root.glob("out-*"))


def test_a_folder_that_is_not_there_is_an_output_error(desk):
    request = export.Export("known", "csv", desk.root / "no" / "out", "x")
    with pytest.raises(OutputError, match="could not be written"):
        export.export(request, desk.library, desk.setting)


def test_photodna_leaves_only_when_asked_for(desk):
    value = bytes(range(144))
    media = {"MD5": md5("a"), "PhotoDNA": value.hex(), "Category": 1}
    desk.write("v.json", vics(media))
    desk.take("v.json", scheme="vic-us", name="vic")
    path, done = out(desk, "vics", "vic")
    assert value.hex() not in path.read_text()
    assert done.written.values.total() == 1
    path, done = out(desk, "vics", "vic", include_photodna=True)
    assert json.loads(path.read_text())["value"] == [media]
    assert done.written.whole
    assert "/US/" in path.read_text()


def test_the_older_version_of_a_set_can_be_written(desk):
    old = desk.library.current("known").version
    desk.write("m.csv", table([["md5", "x"], [md5("new"), ""]]))
    desk.take("m.csv")
    path, _ = out(desk, "ndjson", f"known@{old}")
    assert md5(1) in path.read_text()
    assert md5("new") not in path.read_text()


def test_a_mapped_table_comes_back_with_the_same_words(desk):
    desk.write("t.txt", f"{md5('a')};7;{sha1('a')}\n{md5('b')};8;{sha1('b')}\n")
    columns = {"md5": "1", "category": "2"}
    words = {"format_name": "csv", "scheme": "unmapped"}
    desk.take("t.txt", options=ReadOptions(columns=columns, delimiter=";"), **words)
    before = [(one.digests, one.category, one.fields) for one in desk.records()]
    path, _ = out(desk, "csv")
    desk.take(path.name, options=ReadOptions(columns=columns), **words)
    assert [(one.digests, one.category, one.fields) for one in desk.records()] == before
