"""Files of phones' backups get the names of the phone, and what is missing of them is told."""

import hashlib
import io
import os
import plistlib
import random
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hashmatch.cases import listing
from hashmatch.errors import OutputError, UsageError
from hashmatch.evidence.file import FileSource
from hashmatch.evidence.folder import FolderSource
from hashmatch.evidence.members import ios_backup, registry
from hashmatch.evidence.opening import Wishes, source_of
from hashmatch.jobs import phone_backups, phone_child, phone_names
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.lister import Terms
from hashmatch.jobs.phone_backups import Backup, Names
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.facts import Facts, Standing
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped, Stage
from hashmatch.model.secrets import Secrets
from tests.exfat_maker import ExfatMaker

PHOTO = ("CameraRollDomain", "Media/DCIM/100APPLE/ภาพ.JPG")
NOTE = ("HomeDomain", "Library/\u202enote\x07")
TERMS = Terms(Level.PROCESSES)


def digest(domain, path):
    return hashlib.sha1(f"{domain}-{path}".encode()).hexdigest()


def manifest(files, more=()):
    """Give the list of a backup with these files, and rows as they are."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE TABLE Files (fileID TEXT PRIMARY KEY, domain, relativePath, flags, file)"
    )
    rows = [(digest(*one), *one, 1) for one in files]
    database.executemany("INSERT INTO Files VALUES (?, ?, ?, ?, NULL)", [*rows, *more])
    database.commit()
    content = database.serialize()
    database.close()
    return content


def properties(*, encrypted):
    return plistlib.dumps({"IsEncrypted": encrypted, "Lockdown": {}}, fmt=plistlib.FMT_BINARY)


def backup(folder, files=(PHOTO, NOTE), *, encrypted=False, flat=False, content=None):
    """Make a backup of files; what each holds is its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for domain, path in files:
        name = digest(domain, path)
        above = folder if flat else folder / name[:2]
        above.mkdir(exist_ok=True)
        (above / name).write_bytes(path.encode())
    (folder / "Manifest.db").write_bytes(manifest(files) if content is None else content)
    (folder / "Manifest.plist").write_bytes(properties(encrypted=encrypted))


def listed(path, *sources):
    """Write the listing of sources."""
    with path.open("wb") as out:
        for number, source in enumerate(sources):
            note = listing.noter(out, number)
            for entry in source.entries():
                note(entry)
    return path


def given(path):
    """Give the names in a listing, by path."""
    return {
        entry.path: dict(entry.facts.notes)["original"]
        for _, entry in listing.read(path)
        if entry.facts is not None and entry.facts.notes
    }


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def times(folder):
    """Give names and times of all files, which reading them carelessly would change."""
    found = [(path, path.stat()) for path in folder.rglob("*") if path.is_file()]
    return {path: (one.st_size, one.st_mtime_ns, one.st_atime_ns) for path, one in found}


@pytest.fixture
def here(monkeypatch):
    """Have lists read in this process."""

    class Child(phone_child._Child):
        def __init__(self, lists, *_):
            self.said = phone_child.said(lists)

        def report(self):
            return phone_child.Report(Level.LANDLOCK)

        def read(self, until):
            if time.monotonic() > until:
                raise TimeoutError
            return next(self.said)

        def close(self):
            self.said.close()

    monkeypatch.setattr(phone_child, "_Child", Child)
    return Child


def test_files_of_a_backup_get_their_names_and_nothing_else_changes(tmp_path):
    evidence = tmp_path / "evidence"
    backup(evidence / "Backup" / "0000-udid")
    backup(evidence / "flat", [PHOTO], flat=True)
    name = digest(*PHOTO)
    (evidence / "other").mkdir()
    (evidence / "other" / name).write_bytes(b"no backup")
    (evidence / "Backup" / "0000-udid" / "zz").mkdir()
    (evidence / "Backup" / "0000-udid" / "zz" / name).write_bytes(b"in the folder of others")
    source = FolderSource(bytes(evidence))
    before = contents(evidence)
    for one in before:
        os.utime(one, (1_000_000_000, 1_000_000_001))
    still = times(evidence)
    path = listed(tmp_path / "listing", source)
    plain = list(listing.read(path))
    found = phone_names.give(path, [source], TERMS)
    assert times(evidence) == still
    assert contents(evidence) == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["evidence", "listing"]
    assert found == (
        Backup(0, b"Backup/0000-udid/Manifest.db", locked=False, named=2),
        Backup(0, b"flat/Manifest.db", locked=False, named=1),
    )
    note = digest(*NOTE)
    photo = "CameraRollDomain-Media/DCIM/100APPLE/ภาพ.JPG"
    assert given(path) == {
        f"Backup/0000-udid/{name[:2]}/{name}".encode(): photo,
        f"Backup/0000-udid/{note[:2]}/{note}".encode(): "HomeDomain-Library/‹U+202E›note‹U+0007›",
        f"flat/{name}".encode(): photo,
    }
    assert [(n, replace(one, facts=None)) for n, one in listing.read(path)] == plain
    once = path.read_bytes()
    again = listed(tmp_path / "again", source)
    assert phone_names.give(again, [source], TERMS) == found
    assert again.read_bytes() == once


def test_a_backup_in_an_image_is_named_too(tmp_path):
    pytest.importorskip("pytsk3")
    name = digest(*PHOTO)
    maker = ExfatMaker()
    maker.file(name, b"photo")
    maker.file("Manifest.db", manifest([PHOTO]))
    maker.file("Manifest.plist", properties(encrypted=True))
    maker.file(digest(*NOTE), b"not in the list")
    image = tmp_path / "card.dd"
    image.write_bytes(maker.image())
    source = source_of(bytes(image), Wishes())
    path = listed(tmp_path / "listing", source)
    plain = list(listing.read(path))
    (found,) = phone_names.give(path, [source], Terms())
    assert (found.locked, found.named, found.unnamed, found.reason) == (True, 1, 1, None)
    assert next(found.told()).startswith("WARNING: EV01: Manifest.db: this backup")
    assert given(path) == {name.encode(): "CameraRollDomain-Media/DCIM/100APPLE/ภาพ.JPG"}
    for (_, old), (_, new) in zip(plain, listing.read(path), strict=True):
        if old.path == name.encode():
            assert new.facts.times == old.facts.times != ()
            assert replace(new, facts=old.facts) == old
        else:
            assert new == old


def test_lists_that_cannot_be_read_cost_the_names_only(tmp_path, here):
    evidence = tmp_path / "evidence"
    good = manifest([PHOTO])
    damaged = bytearray(manifest([("d", str(n)) for n in range(2000)]))
    damaged[8192:] = bytes(len(damaged) - 8192)
    for place, content in enumerate((os.urandom(5000), bytes(damaged), b"", good)):
        backup(evidence / str(place), [PHOTO], content=content)
    (evidence / "4").mkdir()
    (evidence / "4" / "Manifest.mbdb").write_bytes(b"mbdb\5\0")
    (evidence / "4" / digest(*PHOTO)).write_bytes(b"photo")
    (evidence / "5").mkdir()
    (evidence / "5" / "Manifest.db").write_bytes(b"of another program")
    source = FolderSource(bytes(evidence))
    found = phone_names.give(listed(tmp_path / "listing", source), [source], TERMS)
    assert [(one.path, one.named, one.reason) for one in found] == [
        (b"0/Manifest.db", 0, Reason.KEY_NEEDED),
        (b"1/Manifest.db", 0, Reason.DAMAGED_CONTAINER),
        (b"2/Manifest.db", 0, Reason.KEY_NEEDED),
        (b"3/Manifest.db", 1, None),
        (b"4/Manifest.mbdb", 0, Reason.UNSUPPORTED_CONTAINER),
    ]
    assert [len(list(one.told())) for one in found] == [1, 1, 1, 0, 1]
    assert "iOS 9 and before" in next(found[4].told())
    assert not any(one.shut for one in found)  # their properties say that they are not encrypted
    for say in (b"", b"bplist00 damaged"):
        (evidence / "0" / "Manifest.plist").write_bytes(say)
        path = listed(tmp_path / "listing", source)
        if not say:
            (evidence / "0" / "Manifest.plist").unlink()
        doubtful, *others = phone_names.give(path, [source], TERMS)
        assert doubtful.shut
        assert "is encrypted, or its list is damaged" in next(doubtful.told())
        assert not any(one.shut for one in others)


def test_a_list_that_vanished_and_names_of_other_files_are_told(tmp_path, here):
    evidence = tmp_path / "evidence"
    long = ("d", "x" * phone_child.LONGEST_NAME)
    rows = [("ab" * 20, "HomeDomain", "forged", 1), (digest(*long), *long, 1)]
    rows += [(digest("d", "folder"), "d", "folder", 2)]
    backup(evidence / "a", content=manifest([PHOTO], rows))
    backup(evidence / "b")
    source = FolderSource(bytes(evidence))
    path = listed(tmp_path / "listing", source)
    (evidence / "b" / "Manifest.db").unlink()
    first, second = phone_names.give(path, [source], TERMS)
    assert (first.named, first.unfit, first.reason) == (1, 2, None)
    where = "NOTE: EV01: a/Manifest.db:"
    assert list(first.told()) == [
        f"{where} stored files that are not in this list: 1.",
        f"{where} names that are not those of the files they are given for, and were left out: 2.",
    ]
    assert (second.named, second.reason) == (0, Reason.VANISHED)
    assert first.to_json() == {
        "path": "a/Manifest.db",
        "encrypted": False,
        "named": 1,
        "unnamed": 1,
        "unfit_names": 2,
    }
    assert second.to_json()["names_missing"] == "vanished"
    assert phone_backups.per_source((first, second), 1) == {}


def test_limits_are_told_of_and_kept(tmp_path, here, monkeypatch):
    evidence = tmp_path / "evidence"
    for name in "abc":
        backup(evidence / name, [("d", f"{name}{n}") for n in range(5)])
    source = FolderSource(bytes(evidence))
    reasons = {}
    for limit, value in (
        ("MOST_NAMES", 7),
        ("_MOST_BYTES", 30),
        ("MOST_BACKUPS", 1),
        ("_MOST_ROOTS", 1),
        ("SECONDS", -1.0),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(phone_names, limit, value)
            path = listed(tmp_path / "listing", source)
            found = phone_names.give(path, [source], TERMS)
            reasons[limit] = [(one.named, str(one.reason or "")) for one in found]
            assert sum(one.named for one in found) == len(given(path))
    assert reasons == {
        "MOST_NAMES": [(5, ""), (2, "limit-count"), (0, "limit-count")],
        "_MOST_BYTES": [(5, ""), (2, "limit-count"), (0, "limit-count")],
        "MOST_BACKUPS": [(5, ""), (0, "limit-count"), (0, "limit-count")],
        "_MOST_ROOTS": [(5, ""), (0, "limit-count")],
        "SECONDS": [(0, "time-limit")] * 3,
    }


def test_what_was_deleted_is_named_but_a_list_that_is_there_goes_first(tmp_path, here):
    evidence = tmp_path / "evidence"
    backup(evidence / "a", [PHOTO])
    source = FolderSource(bytes(evidence))
    gone = Facts(Standing.DELETED, notes=(("original", "guessed"), ("other", "kept")))
    path = tmp_path / "listing"
    with path.open("wb") as out:
        note = listing.noter(out, 0)
        for entry in source.entries():
            if isinstance(entry, Folder):
                continue
            if entry.path.endswith(b"Manifest.db"):
                note(replace(entry, size=9, facts=gone))
            note(entry)
            note(replace(entry, facts=gone))
        name = digest(*PHOTO).encode()
        note(Failed(b"a/" + name, Stage.STAT, Reason.IO))
        note(Skipped(b"a/" + name, Rule.SYMLINK))
    (found,) = phone_names.give(path, [source], TERMS)
    assert (found.named, found.reason) == (2, None)
    named = [one for _, one in listing.read(path) if one.path.endswith(name)]
    photo = ("original", "CameraRollDomain-Media/DCIM/100APPLE/ภาพ.JPG")
    assert [one.facts and one.facts.notes for one in named] == [
        (photo,),
        (("other", "kept"), photo),
        None,
        None,
    ]


class _Answers(phone_child._Child):
    """A process that a list has taken over."""

    messages: list[object]

    def __init__(self, *_):
        self._left = iter(self.messages)

    def report(self):
        return phone_child.Report(Level.LANDLOCK)

    def read(self, until):
        return next(self._left, None)

    def close(self):
        pass


def _name(number):
    text = f"d-{number}"
    return hashlib.sha1(text.encode()).digest(), text


NAMES = sorted(map(_name, range(20)))


@pytest.mark.parametrize(
    "message",
    [
        None,
        5,
        (),
        ("names",),
        ("names", NAMES[2:3], 5),
        ("names", tuple(NAMES[2:3])),
        ("names", NAMES[:1]),
        ("names", [NAMES[2], NAMES[2]]),
        ("names", [(NAMES[2][0], "another")]),
        ("names", [(NAMES[2][0], NAMES[2][1].encode())]),
        ("names", [(*NAMES[2], 1)]),
        ("names", [(hashlib.sha1(b"\xed\xa0\x80").digest(), "\ud800")]),
        ("names", NAMES[2:]),
        ("others", NAMES[2:3]),
        ("locked", 1),
        ("end", -1, ""),
        ("end", 0, "no reason"),
        ("end", 0),
        (["names"], NAMES[2:3]),
    ],
    ids=repr,
)
def test_what_a_process_says_is_looked_at(message, tmp_path, monkeypatch):
    monkeypatch.setattr(phone_child, "_Child", _Answers)
    monkeypatch.setattr(_Answers, "messages", [("names", NAMES[1:2]), message], raising=False)
    item = Item(b"Manifest.db", 1, 2, 0o100644, (1, 1))
    lists = phone_child.Lists(FolderSource(bytes(tmp_path)), item, None, 10, 1000)
    taken = []
    ended = phone_child.ask(lists, TERMS, time.monotonic() + 9, lambda *one: taken.append(one))
    assert ended == phone_child.Ended(locked=None, unfit=0, reason=Reason.WORKER_DIED)
    assert taken[0] == NAMES[1]
    assert all(one in NAMES for one in taken)
    if message == ("names", NAMES[2:]):
        assert len(taken) == 1  # more than were wanted: none of them


class _Breaking(FileSource):
    """A source that ends the process which reads it, or keeps it for good."""

    def open(self, item):
        if b"hang" in self.location:
            time.sleep(60)
        os._exit(5)


@pytest.mark.parametrize(
    ("kind", "reason"), [("hang", Reason.TIME_LIMIT), ("crash", Reason.WORKER_DIED)]
)
def test_a_process_that_breaks_down_or_hangs_costs_the_names_only(tmp_path, kind, reason):
    item = Item(b"Manifest.db", 1, 2, 0o100644, (1, 1))
    lists = phone_child.Lists(_Breaking(bytes(tmp_path / kind)), item, None, 10, 1000)
    until = time.monotonic() + (1.5 if kind == "hang" else 60)
    ended = phone_child.ask(lists, TERMS, until, lambda *_: None)
    assert ended.reason is reason
    with pytest.raises(UsageError, match="cannot be confined"):
        phone_child.ask(lists, Terms(Level.PROCESSES, Level.LANDLOCK), until, lambda *_: None)


@pytest.mark.parametrize("full", [False, True])
def test_a_process_that_cannot_be_started_costs_the_names_only(tmp_path, monkeypatch, full):
    tried = []

    class Child(_Answers):
        def __init__(self, _, level, __):
            tried.append(level)
            if full:
                raise BlockingIOError

        def report(self):
            return None

    monkeypatch.setattr(phone_child, "_Child", Child)
    item = Item(b"Manifest.db", 1, 2, 0o100644, (1, 1))
    lists = phone_child.Lists(FolderSource(bytes(tmp_path)), item, None, 10, 1000)
    ended = phone_child.ask(lists, Terms(), time.monotonic() + 9, lambda *_: None)
    assert ended == phone_child.Ended(locked=None, unfit=0, reason=Reason.WORKER_DIED)
    assert tried[0] is Level.LANDLOCK
    assert (tried[-1] is Level.PROCESSES) != full


def test_a_disk_that_takes_no_more_is_told_of(tmp_path, here, monkeypatch):
    evidence = tmp_path / "evidence"
    backup(evidence)
    source = FolderSource(bytes(evidence))
    path = listed(tmp_path / "listing", source)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        phone_names.give(path, [source], TERMS)
    assert path.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["evidence", "listing"]


def test_names_are_found_by_their_digests():
    chance = random.Random(3)
    made = {chance.randbytes(20): f"ชื่อ {n}" for n in range(500)}
    names = Names()
    assert names.of(bytes(20)) is None
    for one in sorted(made):
        names.add(one, made[one])
    assert (len(names), names.room) == (500, sum(len(one.encode()) for one in made.values()))
    assert {one: names.of(one) for one in made} == made
    assert all(names.of(chance.randbytes(20)) is None for _ in range(500))


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_properties_of_an_encrypted_backup_need_a_key(form):
    locked = plistlib.dumps({"IsEncrypted": True}, fmt=form)
    assert registry.recognise(locked, b"Manifest.plist") is ios_backup
    assert registry.recognise(locked, b"Info.plist") is not ios_backup
    assert registry.recognise(b"some text", b"Manifest.plist") is not ios_backup
    with pytest.raises(ios_backup.MemberError) as caught:
        list(ios_backup.members(io.BytesIO(locked), Secrets()))
    assert caught.value.reason is Reason.KEY_NEEDED
    free = plistlib.dumps({"IsEncrypted": False}, fmt=form)
    assert list(ios_backup.members(io.BytesIO(free), Secrets())) == []


def test_a_list_that_lost_rows_without_a_word_is_damaged():
    whole = manifest([("d", str(n)) for n in range(3000)])
    said = []
    for page in range(1, len(whole) // 4096):
        content = bytearray(whole)
        content[page * 4096 + 3 : page * 4096 + 5] = b"\0\0"  # so many cells: none
        found = []
        try:
            found.extend(ios_backup.names(io.BytesIO(content)))
            said.append(len(found) == 3000)
        except ios_backup.MemberError as error:
            said.append(error.reason is Reason.DAMAGED_CONTAINER)
    assert all(said)
    assert len(said) > 20


def test_lists_are_read_to_their_end_however_little_comes_at_once():
    class Slow(io.BytesIO):
        def read(self, size=-1, /):
            return super().read(min(size, 777))

    assert list(ios_backup.names(Slow(manifest([PHOTO])))) == [(digest(*PHOTO), *PHOTO)]
