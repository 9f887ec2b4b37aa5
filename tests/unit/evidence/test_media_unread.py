"""What the maker of an image could not read is damage to what lies there, though checksums hold."""

import os

import pytest

from hashmatch.evidence import opening
from hashmatch.evidence.media import check, registry, unread
from hashmatch.evidence.media.damage import Damage
from hashmatch.evidence.media.interface import MediumFacts, Stretch
from hashmatch.evidence.opening import Wishes
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Failed, Reason
from hashmatch.model.secrets import Secrets
from tests import ewf_maker, small_disks

pytest.importorskip("pytsk3")
DISK = small_disks.disk()


def sector_of(content):
    return DISK.index(content) // 512


def image(tmp_path, *errors):
    path = ewf_maker.write(tmp_path / "disk.E01", DISK, errors=errors)
    return opening.source_of(os.fsencode(path), Wishes())


def read(source):
    """Why each allocated file is in doubt, and what failed."""
    doubts, failed = {}, {}
    for entry in source.entries():
        if isinstance(entry, Failed):
            failed[entry.path] = entry.reason
        elif isinstance(entry, Item) and entry.facts.standing is Standing.ALLOCATED:
            with source.open(entry) as stream:
                stream.read()
                doubts[entry.path] = source.doubt(entry, stream)
    return doubts, failed


def test_a_file_that_lies_there_is_in_doubt_and_no_other(tmp_path):
    where = sector_of(small_disks.FILES[b"p1/DCIM/LONG.BIN"][512:600])
    doubts, failed = read(image(tmp_path, (where, 1)))
    assert doubts.pop(b"p1/DCIM/LONG.BIN") is Reason.DAMAGED_MEDIUM
    assert set(doubts) == {b"p1/KNOWN.TXT", b"p2/OTHER.BIN"}
    assert (set(doubts.values()), failed) == ({None}, {})
    assert set(read(image(tmp_path))[0].values()) == {None}


def test_a_folder_that_lies_there_may_lack_names(tmp_path):
    where = sector_of(b"LONG    BIN")
    assert read(image(tmp_path, (where, 1)))[1] == {b"p1/DCIM": Reason.DAMAGED_MEDIUM}


def test_the_image_itself_is_as_it_was_made(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", DISK, errors=((8, 2),))
    medium = registry.by_name("e01").open_medium(os.fsencode(path), Secrets())
    found = check.check(medium)
    assert (found.verdict, found.sound) == ("match", True)
    assert unread.counted(medium).damage[0] == Stretch(4096, 1024, "unreadable", "acquisition")


class Medium:
    size = 4096
    facts = MediumFacts("fake", size, (), bad=(Stretch(0, 512, "unreadable"),))
    closed = False

    def __init__(self):
        self.damage = Damage(self.size)

    def read_at(self, offset, length):
        return b"x" * min(length, self.size - offset)

    def close(self):
        self.closed = True


def test_damage_that_is_met_follows_what_was_known():
    medium = Medium()
    counted = unread.counted(medium)
    assert (counted.size, counted.facts, counted.read_at(4000, 200)) == (
        4096,
        medium.facts,
        b"x" * 96,
    )
    assert [one.offset for one in counted.damage] == [0]
    medium.damage.note(1024, 512, "checksum")
    assert [one.offset for one in counted.damage] == [0, 1024]
    assert (counted.damage[-1].offset, counted.damage[1:][0].offset) == (1024, 1024)
    counted.close()
    assert medium.closed
    medium.facts = MediumFacts("fake", 4096, ())
    assert unread.counted(medium) is medium
