"""The files of a logical evidence file: all of them, to the byte, and doubted where they differ."""

import random

import pytest

from hashmatch.evidence.filesystems import logical_ewf, registry
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.media import libewf
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.volumes import finding
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.locators import layer, parse_place
from hashmatch.model.outcomes import ItemError, Reason
from hashmatch.model.secrets import Secrets
from tests import image_makers as make

pytest.importorskip("pyewf", reason="pyewf is not installed")

BIG = make.disk(200_000)
DISK = b"\xeb\x58\x90NTFS    ".ljust(510, b"\0") + b"\x55\xaa"
TREE = {
    "boot": DISK,
    "a": {"x.bin": b"hello" * 100, "ภาพ.jpg": BIG, "b": {"deep/er": b"deep"}},
    "nothing": b"",
    "wrong": (b"12345", "00" * 15 + "01"),
    "unknown": (b"67890", ""),
}


@pytest.fixture
def medium(tmp_path):
    path = tmp_path / "files.Lx01"
    path.write_bytes(make.lx01(TREE))
    opened = libewf.open_medium(bytes(path), Secrets())
    yield opened
    opened.close()


@pytest.fixture
def files(medium):
    volumes = list(finding.volumes(medium, Secrets()))
    assert [(one.layers, one.trouble) for one in volumes] == [((), None)]  # though DISK is first
    mounted = registry.mount(finding.open_volume(medium, (), Secrets()), Secrets())
    yield mounted
    mounted.close()


def test_every_file_is_listed_once_and_its_content_is_its_own(files):
    entries = list(files.entries(deleted=True))
    found = {}
    for item in entries:
        if isinstance(item, Item):
            content = files.open(parse_place(item.place)[0], item.size)
            found[item.path.decode()] = content.stream.read(), content.doubt()
    assert found == {
        "boot": (DISK, None),
        "a/x.bin": (b"hello" * 100, None),
        "a/ภาพ.jpg": (BIG, None),
        "a/b/deep∕er": (b"deep", None),
        "nothing": (b"", None),
        "wrong": (b"12345", Reason.DAMAGED_MEDIUM),
        "unknown": (b"67890", None),
    }
    assert [one.path for one in entries if isinstance(one, Folder)] == [b"", b"a", b"a/b"]
    assert list(files.unallocated()) == []
    first = next(one for one in entries if isinstance(one, Item))
    assert first.modified_ns == 1_600_000_000 * 10**9
    assert dict(first.facts.times)["created"] == "2001-09-09T01:46:40Z"
    assert len({one.place for one in entries if isinstance(one, Item)}) == 7


def test_a_file_that_is_read_here_and_there_is_compared_as_a_whole(files):
    for way, reason in (("3", Reason.DAMAGED_MEDIUM), ("1.0", None)):
        content = files.open(layer("l01", b"/x", id=way), 5 if way == "3" else 500)
        content.stream.seek(2)
        assert len(content.stream.read(1)) == 1
        assert content.doubt() is reason


def test_more_than_is_there_is_damage(files):
    content = files.open(layer("l01", b"/x", id="1.0"), 5000)
    with pytest.raises(ItemError):
        content.stream.read()
    assert content.doubt() is Reason.DAMAGED_MEDIUM


def test_what_a_place_does_not_name_is_not_opened(files):
    for way in ("77", "1.0.5", "", "x", "99999999999999999999", "-1"):
        with pytest.raises(ItemError):
            files.open(layer("l01", b"/x", id=way), 5)


def test_an_image_of_a_disk_is_none(medium, tmp_path):
    assert logical_ewf.recognise(medium)
    path = tmp_path / "disk.Ex01"
    path.write_bytes(make.ex01(BIG[:4096]))
    disk = libewf.open_medium(bytes(path), Secrets())
    assert not logical_ewf.recognise(disk)
    disk.close()


def test_an_image_that_went_away_is_not_mounted(medium, tmp_path):
    opened = finding.open_volume(medium, (), Secrets())
    (tmp_path / "files.Lx01").unlink()
    with pytest.raises(MountError):
        logical_ewf.mount(opened, Secrets())


def test_whatever_bytes_are_changed_it_is_refused_or_listed(tmp_path):
    whole = make.lx01({"a": {"b": b"content", "c": b""}, "d": b"more"})
    chance = random.Random(4)
    listed = 0
    for number in range(80):
        image = bytearray(whole)
        for _ in range(chance.randint(0, 3)):
            image[chance.randrange(len(image))] = chance.choice((0, 255, chance.randrange(256)))
        path = tmp_path / f"{number}.Lx01"
        path.write_bytes(bytes(image))
        try:
            medium = libewf.open_medium(bytes(path), Secrets())
            files = logical_ewf.mount(finding.open_volume(medium, (), Secrets()), Secrets())
        except (MediumError, MountError):
            continue
        for entry in files.entries(deleted=True):
            if isinstance(entry, Item):
                content = files.open(parse_place(entry.place)[0], entry.size)
                try:
                    content.stream.read(1000)
                except ItemError:
                    continue
                content.doubt()
        listed += 1
        files.close()
        medium.close()
    assert listed > 10
