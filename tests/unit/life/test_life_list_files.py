"""Anything handed over becomes one list: folders, globs, archives; what hides is refused."""

import base64
import hashlib
import io
import os
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats import registry
from hashmatch.formats.interface import Certainty, ReadOptions
from hashmatch.jobs import ingest, list_files_beside, list_files_format
from hashmatch.jobs import list_files_packed as packed
from hashmatch.jobs.list_files import ListSource, sources_of
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import HashRecord, ListFacts
from tests.life_desk import LifeDesk, gzipped, md5, table, vics, zipped


@pytest.fixture
def desk(tmp_path):
    return LifeDesk(tmp_path)


def one(word):
    return table([["md5", "name"], [md5(word), f"name of {word}"]])


def names(paths):
    return [source.name for source in sources_of(paths)]


def test_lists_are_named_each_once_and_must_exist(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "list").touch()
    for paths in (["nowhere"], ["folder"], ["list", "list"], ["no*where"]):
        with pytest.raises(UsageError):
            sources_of([tmp_path / path for path in paths])
    (tmp_path / "folder").rmdir()
    (tmp_path / ".hidden").mkdir()
    assert names([tmp_path]) == ["list"]


@pytest.mark.parametrize("word", ["delivery", "delivery/*"])
def test_a_folder_in_a_folder_is_never_left_out_without_a_word(desk, word):
    desk.write("delivery/a.csv", one("a"))
    desk.write("delivery/more/b.csv", one("b"))
    with pytest.raises(UsageError, match="more is a folder in a folder"):
        desk.take(word)
    manifest = desk.take("delivery/a.csv", "delivery/more")
    assert [file.name for file in manifest.files] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("word", ["delivery", "delivery/*.csv"])
def test_a_link_that_leads_nowhere_is_named(desk, word):
    desk.write("delivery/a.csv", one("a"))
    (desk.root / "delivery" / "dead.csv").symlink_to("/nonexistent")
    with pytest.raises(UsageError, match=r"dead\.csv cannot be read: No such file"):
        desk.take(word)


def test_a_name_that_is_not_utf_8_is_kept_byte_for_byte(desk):
    raw = b"\xe0\xb8 \xa1\xd2.csv"
    (desk.root / os.fsdecode(raw)).write_text(one("a"))
    (file,) = desk.take(os.fsdecode(raw)).files
    assert file.name == "\\xe0\\xb8 \\xa1\\xd2.csv"
    assert base64.b64decode(file.facts["name_b64"]) == raw
    (desk.root / os.fsdecode(b"\xff.zip")).write_bytes(zipped({"a.csv": one("b")}))
    (file,) = desk.take(os.fsdecode(b"\xff.zip")).files
    assert file.name == "\\xff.zip/a.csv"
    assert file.facts["outer"].startswith("\\xff.zip, ")


@pytest.mark.parametrize("at", [60, 3000])
def test_damage_that_bzip2_finds_is_damage_of_the_list(desk, at):
    text = table([["md5"], *([md5(n)] for n in range(5000))])
    data = bytearray(zipped({"a.csv": text}, zipfile.ZIP_BZIP2))
    data[at : at + 20] = bytes(20)
    desk.write("l.zip", bytes(data))
    with pytest.raises(HashSetError, match="is damaged"):
        desk.take("l.zip")


def test_an_archive_is_looked_into_once_however_many_files_it_holds(desk, monkeypatch):
    inner = {f"i{n}.zip": zipped({"x.csv": one(f"x{n}"), "y.csv": one(f"y{n}")}) for n in range(3)}
    members = {f"{n:03}.csv": one(n) for n in range(50)}
    desk.write("l.zip", zipped(members | inner))
    opened = []
    make = zipfile.ZipFile.__init__

    def count(self, *words, **more):
        opened.append(words)
        make(self, *words, **more)

    monkeypatch.setattr(packed.zipfile.ZipFile, "__init__", count)
    assert desk.take("l.zip").counts.kept == 56
    assert len(opened) <= 1 + 3 * 3  # an archive in an archive: when named, looked at, read


def test_the_files_of_an_archive_are_bounded(desk, monkeypatch):
    monkeypatch.setattr(packed, "MOST_MEMBERS", 2)
    desk.write("l.zip", zipped({f"{n}.csv": one(n) for n in range(3)}))
    with pytest.raises(HashSetError, match="more than 2 files"):
        desk.take("l.zip")


def test_a_glob_in_quotes_stands_for_files_in_the_order_of_their_names(tmp_path):
    for name in ("b.json", "a.json", "c.txt", ".DS_Store"):
        (tmp_path / name).touch()
    assert names([tmp_path / "*.json"]) == ["a.json", "b.json"]
    assert names([tmp_path]) == ["a.json", "b.json", "c.txt"]


def test_a_file_whose_name_looks_like_a_glob_is_itself(tmp_path):
    (tmp_path / "[1].csv").touch()
    (tmp_path / "1.csv").touch()
    assert names([tmp_path / "[1].csv"]) == ["[1].csv"]


def test_an_archive_is_its_files_and_the_manifest_names_both(desk):
    inside = {"b/2.csv": one("b"), "a.csv": one("a"), "__MACOSX/._a.csv": "junk", "b/": ""}
    path = desk.write("lists.zip", zipped(inside))
    manifest = desk.take("lists.zip")
    assert [file.name for file in manifest.files] == ["lists.zip/a.csv", "lists.zip/b/2.csv"]
    file = manifest.files[0]
    assert file.sha256 == hashlib.sha256(one("a").encode()).hexdigest()
    assert file.size == len(one("a"))
    outer = hashlib.sha256(path.read_bytes()).hexdigest()
    assert outer in file.facts["outer"]
    assert desk.knows("a")
    assert desk.knows("b")


def test_an_archive_in_an_archive_and_gzip_are_read_but_no_deeper(desk):
    inner = zipped({"x.csv": one("x")})
    desk.write("nested.zip", zipped({"inner.zip": inner, "y.csv.gz": gzipped(one("y"))}))
    manifest = desk.take("nested.zip")
    assert [file.name for file in manifest.files] == [
        "nested.zip/inner.zip/x.csv",
        "nested.zip/y.csv.gz/y.csv",
    ]
    desk.write("deep.zip", zipped({"a.zip": zipped({"b.zip": inner})}))
    with pytest.raises(HashSetError, match="packed more than 2 times over"):
        desk.take("deep.zip")


def test_a_gzip_file_is_its_content(desk):
    desk.write("list.csv.gz", gzipped(one("a")))
    (file,) = desk.take("list.csv.gz").files
    assert (file.name, file.size) == ("list.csv.gz/list.csv", len(one("a")))
    assert desk.knows("a")


def test_nothing_is_unpacked_to_the_disk(desk, monkeypatch):
    desk.write("lists.zip", zipped({"a.csv": one("a")}))
    before = set(desk.root.rglob("*.csv"))
    desk.take("lists.zip")
    assert set(desk.root.rglob("*.csv")) == before


def flagged(content, at, value):
    """Set the flag bits of every local and central header of a zip archive."""
    data = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(mark)
        while start >= 0:
            struct.pack_into("<H", data, start + offset + at, value)
            start = data.find(mark, start + 4)
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (flagged(zipped({"a.csv": one("a")}), 0, 1), "is encrypted"),
        (flagged(zipped({"a.csv": one("a")}), 2, 98), "packed in a way that is not read"),
        (zipped({"a.csv": one("a")})[:-30], "damaged or cut short"),
        (zipped({}), "holds no file"),
        (gzipped(one("a"))[:-6], "is damaged"),
        (gzipped(one("a"))[:-8] + b"\0" * 8, "is damaged"),
        (b"PK\x03\x04" + b"nothing", "damaged or cut short"),
    ],
)
def test_an_archive_that_cannot_be_read_whole_is_refused(desk, content, words):
    desk.write("list", content)
    with pytest.raises(HashSetError, match=words) as caught:
        desk.take("list")
    assert md5("a") not in str(caught.value)
    assert desk.library.pointer().current == {}


def test_a_damaged_member_is_refused_and_installs_nothing(desk):
    good = zipped({"a.csv": one("a") * 3}, zipfile.ZIP_STORED)
    at = good.index(md5("a").encode())
    desk.write("l.zip", good[:at] + b"0000" + good[at + 4 :])
    with pytest.raises(HashSetError, match="is damaged"):
        desk.take("l.zip")
    assert desk.library.pointer().current == {}


def test_two_files_of_one_name_are_refused(desk):
    with pytest.warns(UserWarning, match="Duplicate name"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("a.csv", one("a"))
            archive.writestr("a.csv", one("b"))
    desk.write("l.zip", out.getvalue())
    with pytest.raises(HashSetError, match="two files of one name"):
        desk.take("l.zip")


@pytest.mark.parametrize("pack", [gzipped, lambda content: zipped({"a.csv": content})])
def test_a_bomb_is_refused_long_before_it_is_unpacked(desk, pack, monkeypatch):
    monkeypatch.setattr(packed, "_FREE", 1 << 16)
    head = one("a").encode()
    desk.write("bomb", pack(head + b"\n" * (8 << 20)))
    with pytest.raises(HashSetError, match="more than 200 times its length"):
        desk.take("bomb")


def test_a_member_that_holds_more_than_the_archive_says_is_refused(desk):
    content = (one("a") + one("b")).encode()
    good = bytearray(zipped({"a.csv": content}))
    at = good.find(b"PK\x01\x02")
    struct.pack_into("<I", good, at + 24, len(content) - 10)
    desk.write("l.zip", bytes(good))
    with pytest.raises(HashSetError, match="is damaged"):
        desk.take("l.zip")


def test_an_archive_in_memory_is_bounded(desk, monkeypatch):
    monkeypatch.setattr(packed, "MOST_IN_MEMORY", 50)
    desk.write("l.zip", zipped({"i.zip": zipped({"a.csv": one("a")})}))
    with pytest.raises(HashSetError, match="unpack it first"):
        desk.take("l.zip")


def test_a_read_error_is_told_with_the_name(desk, monkeypatch):
    desk.write("list.csv", one("a"))

    def broken(_self, _buffer):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(ingest.Digesting, "readinto", broken)
    with pytest.raises(HashSetError, match=r"list\.csv cannot be read to its end: Input"):
        desk.take("list.csv")
    assert desk.library.pointer().current == {}


def choose(*paths, stated=None):
    return list_files_format.choose_format(sources_of(paths), stated)


def test_files_of_different_formats_are_not_one_list_and_are_counted(desk):
    for name, text in (("a.csv", one("a")), ("b.csv", one("b")), ("c.txt", f"{md5('c')}  name\n")):
        desk.write(f"l/{name}", text)
    desk.write("prose.txt", "nothing of the kind\n")
    with pytest.raises(HashSetError, match=r"different formats \(csv: 2 files, sums: 1 files\)"):
        choose(desk.root / "l")
    with pytest.raises(HashSetError, match="not recognised"):
        choose(desk.root / "prose.txt")
    with pytest.raises(UsageError, match="not a regular file"):
        choose(Path("/dev/null"))
    with pytest.raises(UsageError, match="cannot be read"):
        ListSource(desk.root / "gone").opened().__enter__()


def test_how_a_format_was_known_is_kept_for_the_record(desk):
    desk.write("l.csv", one("a"))
    assert "column named after a hash" in desk.take("l.csv").stated.importer["recognised"]
    stated = desk.take("l.csv", format_name="csv").stated.importer
    assert stated["recognised"] == "stated with --format"
    assert (stated["format"], stated["hashmatch"]) == ("csv", "0")


def test_every_certainty_has_words():
    assert set(list_files_format.HOW_SURE) == set(Certainty)


def test_progress_counts_records_and_bytes_of_all_files(desk, monkeypatch):
    monkeypatch.setattr(ingest, "TELL_EVERY", 2)
    text = table([["md5"], *([md5(n)] for n in range(5))])
    desk.write("l/a.csv", text)
    desk.write("l/b.csv.gz", gzipped(text))
    desk.write("l/c.zip", zipped({"c.csv": text}))
    told = []
    desk.take("l", show=told.append)
    assert [now.done for now in told] == sorted(now.done for now in told)
    assert {now.total for now in told} == {2 * len(text) + len(gzipped(text))}
    assert told[-1].done <= told[-1].total


@dataclass(frozen=True)
class Paired:
    """A format that is completed by another file, and is read at any place."""

    name: str = "paired"
    title: str = "paired list"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple = ("environment",)
    companions: tuple = ("*.key", "names.txt")
    random_access: bool = True

    def detect(self, head, file_name):
        return head.startswith(b"PAIRED")

    def read(self, stream, options):
        assert stream.seekable()
        stream.seek(6)
        digest = Digest.parse(Algorithm.MD5, stream.read(32).decode())
        yield ListFacts({"real": str(not isinstance(stream, io.BytesIO))})
        yield HashRecord(1, (digest,), fields={k: v.decode() for k, v in options.beside.items()})


@pytest.fixture
def _paired(monkeypatch):
    known = (Paired(), *registry.all_formats())
    monkeypatch.setattr(registry, "all_formats", lambda: known)


@pytest.mark.usefixtures("_paired")
def test_companions_complete_a_list_and_are_no_lists(desk):
    desk.write("l/A.lst", f"PAIRED{md5('a')}")
    desk.write("l/B.lst", f"PAIRED{md5('b')}")
    desk.write("l/A.KEY", "of a")
    desk.write("l/B.key", "of b")
    desk.write("l/Names.txt", one("looks like a list"))
    manifest = desk.take("l")
    assert [file.name for file in manifest.files] == ["A.lst", "B.lst"]
    first, second = desk.records()
    assert first.fields == {"a.key": "of a", "names.txt": one("looks like a list")}
    assert second.fields == {"b.key": "of b", "names.txt": one("looks like a list")}
    assert hashlib.sha256(b"of a").hexdigest() in manifest.files[0].facts["beside"]
    assert manifest.files[0].facts["real"] == "True"


@pytest.mark.usefixtures("_paired")
def test_a_companion_is_found_beside_a_single_list_and_in_an_archive(desk):
    desk.write("l/a.lst", f"PAIRED{md5('a')}")
    desk.write("l/other.key", "of another")
    desk.take("l/a.lst")
    assert desk.records()[0].fields == {"other.key": "of another"}
    desk.write("l.zip", zipped({"x/a.lst": f"PAIRED{md5('a')}", "x/a.key": "packed"}))
    manifest = desk.take("l.zip")
    assert desk.records()[0].fields == {"a.key": "packed"}
    assert manifest.files[0].facts["real"] == "False"


@pytest.mark.usefixtures("_paired")
def test_companions_alone_are_no_list_and_are_bounded(desk, monkeypatch):
    desk.write("l/a.key", "of a")
    with pytest.raises(HashSetError, match="only files that complete a list"):
        desk.take("l", format_name="paired")
    desk.write("l/a.lst", f"PAIRED{md5('a')}")
    monkeypatch.setattr(list_files_beside, "MOST_BYTES", 3)
    with pytest.raises(HashSetError, match="completes a list"):
        desk.take("l")


@pytest.mark.usefixtures("_paired")
def test_a_list_that_changes_while_it_is_read_is_refused(desk, monkeypatch):
    path = desk.write("a.lst", f"PAIRED{md5('a')}")
    read = Paired.read

    def disturbed(self, stream, options):
        yield from read(self, stream, options)
        path.write_text(f"PAIRED{md5('b')}x")

    monkeypatch.setattr(Paired, "read", disturbed)
    with pytest.raises(HashSetError, match="was changed while it was read"):
        desk.take("a.lst")


@pytest.mark.usefixtures("_paired")
def test_words_that_a_format_does_not_take_are_refused(desk):
    desk.write("a.lst", f"PAIRED{md5('a')}")
    manifest = desk.take("a.lst", options=ReadOptions(environment="live"))
    assert manifest.stated.importer["environment"] == "live"
    with pytest.raises(UsageError, match="--mapping means nothing"):
        desk.take("a.lst", options=ReadOptions(mapping="x"))


def test_a_code_of_a_category_is_noticed_in_single_records_and_in_batches(desk):
    desk.write("v.json", vics({"MD5": md5("a"), "Category": 1}))
    desk.write("t.csv", table([["md5", "category"], [md5("a"), ""], [md5("b"), "1"]]))
    for name in ("v.json", "t.csv"):
        with pytest.raises(HashSetError, match="carries a category code"):
            desk.take(name)
        desk.take(name, ignore_categories=True)
        desk.take(name, scheme="unmapped")


def test_a_description_keeps_what_was_stated_for_the_next_update(desk):
    desk.write("t.csv", f"{md5('a')};x\n")
    options = ReadOptions(columns={"md5": "1"}, delimiter=";")
    importer = desk.take("t.csv", format_name="csv", options=options).stated.importer
    assert importer["map"] == '{"md5": "1"}'
    assert importer["delimiter"] == ";"
