"""APFS containers through a stand-in for the library: volumes, locks, what it fails at."""

import itertools
import sys
import types

import pytest

from hashmatch.evidence.filesystems import apfs, patience
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.filesystems.yal_content import YalContent
from hashmatch.evidence.volumes.interface import Opened, Volume
from hashmatch.model.evidence import Item
from hashmatch.model.locators import layer, parse_place
from hashmatch.model.outcomes import Failed, ItemError, Reason, Skipped
from hashmatch.model.secrets import Secrets
from tests.byte_medium import ByteMedium, content, items

SIZE = 1 << 16


class Entry:
    """An entry as the library has it; what is given as an exception is raised."""

    def __init__(self, number, name, mode=0o100644, data=b"", below=(), **more):
        self.number, self.name, self.mode, self.data = number, name, mode, data
        self.below, self.more = list(below), more

    def told(self, key, value):
        value = self.more.get(key, value)
        if isinstance(value, Exception):
            raise value
        return value

    def get_identifier(self):
        return self.number

    def get_name(self):
        return self.told("", self.name)

    def get_file_mode(self):
        return self.told("mode", self.mode)

    def get_size(self):
        return self.told("size", len(self.data))

    def get_number_of_sub_file_entries(self):
        return self.told("count", len(self.below))

    def get_sub_file_entry(self, number):
        return self.below[number]

    def get_number_of_extents(self):
        return self.told("extents", 1)

    def get_extent(self, number):
        return self.told("extent", (4096, 4096, 0))

    def get_modification_time_as_integer(self):
        return self.told("made", 1)

    def get_creation_time_as_integer(self):
        return self.told("modified", 2_000_000_003)

    def get_access_time_as_integer(self):
        return self.told("accessed", 0)

    def get_inode_change_time_as_integer(self):
        return self.told("changed", (1 << 64) - 1_000_000_000)

    def get_number_of_extended_attributes(self):
        return 1

    def get_extended_attribute(self, number):
        return types.SimpleNamespace(name=self.more.get("attribute", "com.apple.quarantine"))

    def read_buffer_at_offset(self, size, offset):
        found = self.told("read", self.data)
        return found[offset : offset + size]


class FakeVolume:
    def __init__(self, name, root, password=None, recovery=None):
        self.name, self.root = name, root
        self.password, self.recovery, self.open = password, recovery, password is None

    def get_name(self):
        return self.name

    def is_locked(self):
        return not self.open

    def set_password(self, word):
        self.open = word == self.password

    def set_recovery_password(self, word):
        self.open = word == self.recovery

    def unlock(self):
        return self.open

    def get_root_directory(self):
        if isinstance(self.root, Exception):
            raise self.root
        return self.root

    def get_file_entry_by_identifier(self, number):
        if number > 1 << 63:
            raise OverflowError
        return next((one for one in self.root.below if one.number == number), None)


class Container:
    volumes = ()
    fails = False

    def open_file_object(self, file):
        if self.fails:
            msg = "damaged"
            raise OSError(msg)

    def get_number_of_volumes(self):
        return len(self.volumes)

    def get_volume(self, index):
        return self.volumes[index]

    def close(self):
        pass


@pytest.fixture
def mount(monkeypatch):
    """Mount volumes; the passwords are given."""

    def mounted(*volumes, passwords=(), broken=(), fails=False):
        kind = type("One", (Container,), {"volumes": volumes, "fails": fails})
        monkeypatch.setitem(sys.modules, "pyfsapfs", types.SimpleNamespace(container=kind))
        medium = ByteMedium(bytes(32) + b"NXSB" + bytes(SIZE - 36), broken)
        assert apfs.recognise(medium)
        return apfs.mount(Opened(Volume(0, (), b"", 0, SIZE), medium, 0), Secrets(passwords))

    return mounted


def folder(number, name, *below, **more):
    return Entry(number, name, 0o40755, below=below, **more)


def test_one_volume_has_its_paths_and_times(mount):
    system = mount(FakeVolume("Data", folder(2, "root", Entry(16, "ภาพ.jpg", data=b"abc"))))
    (item,) = items(system).values()
    assert item.path.decode() == "ภาพ.jpg"
    assert item.place == "apfs:/ภาพ.jpg;vol=1;id=16"
    assert item.facts.times == (
        ("modified", "1970-01-01T00:00:02.000000003Z"),
        ("changed", "1969-12-31T23:59:59.000000000Z"),
        ("created", "1970-01-01T00:00:00.000000001Z"),
    )
    assert (item.modified_ns, item.identity) == (2_000_000_003, (0, 4096))
    assert content(system, item) == (b"abc", None)
    assert [(run.offset, run.length) for run in system.unallocated()] == [
        (0, 4096),
        (8192, SIZE - 8192),
    ]
    assert system.kind == "apfs"
    system.close()


def test_several_volumes_begin_with_their_names_and_locked_ones_are_said(mount):
    volumes = (
        FakeVolume("Data", folder(2, "", Entry(16, "a", data=b"one"))),
        FakeVolume("Data", folder(2, "", Entry(16, "a", data=b"second"))),
        FakeVolume("Safe", folder(2, "", Entry(16, "a", data=b"s")), "right", "spare"),
        FakeVolume(None, OSError()),
        FakeVolume("None", None),
    )
    system = mount(*volumes, passwords=(b"wrong",))
    found = {one.path: one for one in system.entries(deleted=False)}
    assert {path for path, one in found.items() if isinstance(one, Item)} == {
        b"Data-1/a",
        b"Data-2/a",
    }
    assert found[b"Data-2/a"].place == "apfs:/a;vol=2;id=16"
    assert content(system, found[b"Data-2/a"])[0] == b"second"
    assert found[b"Safe"].reason is Reason.KEY_NEEDED
    assert found[b"volume-4"].reason is Reason.DAMAGED_FILE_SYSTEM
    assert found[b"None"].reason is Reason.DAMAGED_FILE_SYSTEM
    with pytest.raises(ItemError):
        system.open(layer("apfs", b"/a", vol=3, id=16), 1)
    for word in (b"right", b"spare"):
        opened = mount(*volumes[:3], passwords=(b"no", word))
        assert b"Safe/a" in items(opened)
        volumes[2].open = False


def test_passwords_are_tried_no_longer_than_is_told(mount, monkeypatch):
    clock = itertools.count(0, patience.SECONDS)
    monkeypatch.setattr(patience.time, "monotonic", lambda: next(clock))
    volumes = (
        FakeVolume("Data", folder(2, "", Entry(16, "a", data=b"one"))),
        FakeVolume("Safe", folder(2, ""), "right"),
    )
    entries = list(mount(*volumes, passwords=(b"no", b"nor", b"right")).entries(deleted=False))
    failed = [one for one in entries if isinstance(one, Failed)]
    assert [(one.path, one.reason) for one in failed] == [(b"Safe", Reason.LIMIT_TIME)]
    assert b"Data/a" in [one.path for one in entries]


def test_a_container_that_is_locked_or_damaged_cannot_be_mounted(mount, monkeypatch):
    with pytest.raises(MountError) as caught:
        mount(FakeVolume("Safe", folder(2, ""), "right"))
    assert caught.value.reason is Reason.KEY_NEEDED
    with pytest.raises(MountError) as caught:
        mount(fails=True)
    assert caught.value.reason is Reason.DAMAGED_FILE_SYSTEM
    monkeypatch.setitem(sys.modules, "pyfsapfs", None)
    with pytest.raises(MountError) as caught:
        apfs.mount(Opened(Volume(0, (), b"", 0, 9), ByteMedium(bytes(9)), 0), Secrets())
    assert caught.value.reason is Reason.NO_BACKEND
    assert "hashmatch[disk]" in caught.value.advice


def test_a_container_without_volumes_is_not_taken_for_an_empty_one(mount):
    (found,) = mount().entries(deleted=True)
    assert (found.path, found.reason) == (b"", Reason.UNKNOWN_FILE_SYSTEM)


def test_what_is_compressed_is_given_and_marked(mount):
    packed = Entry(16, "app", data=b"x" * 9000, extents=0, attribute="com.apple.decmpfs")
    system = mount(FakeVolume("Data", folder(2, "", packed)))
    (item,) = items(system).values()
    assert content(system, item) == (b"x" * 9000, Reason.UNSUPPORTED_STORAGE)


BROKEN = OSError("the library says no")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"mode": BROKEN}, Reason.DAMAGED_FILE_SYSTEM),
        ({"size": BROKEN}, Reason.DAMAGED_FILE_SYSTEM),
        ({"extents": RuntimeError()}, Reason.DAMAGED_FILE_SYSTEM),
        ({"extents": 1 << 40}, Reason.DAMAGED_FILE_SYSTEM),
        ({"extent": (SIZE, 1, 0)}, Reason.DAMAGED_MEDIUM),
        ({"extent": (-1, 1, 0)}, Reason.DAMAGED_FILE_SYSTEM),
        ({"size": 1 << 60}, Reason.DAMAGED_FILE_SYSTEM),
        ({"extents": 0}, Reason.UNSUPPORTED_STORAGE),
    ],
)
def test_a_file_that_cannot_be_is_a_failure_at_its_path(mount, more, reason):
    system = mount(FakeVolume("Data", folder(2, "", Entry(16, "a", data=b"abc", **more))))
    found = {one.path: one for one in system.entries(deleted=True)}
    assert isinstance(found[b"a"], Failed)
    assert found[b"a"].reason is reason


def test_folders_that_cannot_be_listed_and_names_that_cannot_be_had(mount):
    loop = folder(3, "in")
    loop.below = [loop]
    unnamed = Entry(16, BROKEN, data=b"a")
    device = Entry(17, "dev", 0o20644)
    root = folder(2, "", folder(4, "bad", count=BROKEN), loop, unnamed, device)
    found = {one.path: one for one in mount(FakeVolume("D", root)).entries(deleted=True)}
    assert found[b"bad"].reason is Reason.DAMAGED_FILE_SYSTEM
    assert found[b"in/in"].reason is Reason.DAMAGED_FILE_SYSTEM
    assert found[b"$unnamed-16"].facts.notes == (("name", "not-utf-8"),)
    assert isinstance(found[b"dev"], Skipped)
    listed = list(mount(FakeVolume("D", folder(2, "", count=BROKEN))).entries(deleted=True))
    assert [type(one) for one in listed] == [Failed]


def test_a_library_that_gives_too_little_is_an_error_and_not_an_end(mount):
    entry = Entry(16, "a", data=b"abc", size=9)
    system = mount(FakeVolume("D", folder(2, "", entry)), broken=((9000, 5),))
    (item,) = items(system).values()
    stream = system.open(parse_place(item.place)[0], 9).stream
    with pytest.raises(OSError, match="damaged"):
        stream.read()
    entry.more["read"] = BROKEN
    with pytest.raises(OSError, match="damaged"):
        stream.read(1)
    assert stream.readable()
    assert stream.seekable()
    for number in (99, 1 << 64):
        with pytest.raises(ItemError):
            system.open(layer("apfs", b"/a", vol=1, id=number), 9)


def test_damage_met_anywhere_while_a_file_is_read_is_doubt(mount):
    system = mount(FakeVolume("D", folder(2, "", Entry(16, "a", data=b"abc"))), broken=((50, 5),))
    (item,) = items(system).values()
    opened = system.open(parse_place(item.place)[0], item.size)
    assert opened.doubt() is None
    system._content.read_at(0, 100)
    assert opened.doubt() is Reason.DAMAGED_MEDIUM
    assert isinstance(opened, YalContent)
