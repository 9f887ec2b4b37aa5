"""Pictures in space without files: found with a place that leads back to every byte."""

import io
import os
import random

import pytest
from PIL import Image

from hashmatch.evidence import opening
from hashmatch.evidence.opening import Wishes
from hashmatch.evidence.within import Within
from hashmatch.model import locators
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Recovery, Standing
from hashmatch.model.outcomes import ItemError, Reason
from tests.fat_maker import FatMaker
from tests.volume_maker import put, record

pytest.importorskip("pytsk3")
START = 40


def picture(kind, seed):
    noise = random.Random(seed).randbytes(64 * 64 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (64, 64), noise).save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A disk with pictures that no file has: in a gap, deleted in a volume, without its end."""
    gap, gone, cut = picture("PNG", 1), picture("JPEG", 2), picture("JPEG", 3)[:-400]
    fat = FatMaker(12)
    fat.file(b"KEPT.JPG", picture("JPEG", 4))
    fat.file(b"GONE.JPG", gone, deleted=True)
    fat.file(b"CUT.JPG", cut, deleted=True)
    volume = fat.image()
    disk = bytearray((START + len(volume) // 512 + 8) * 512)
    put(disk, 0, record((0, 1, START, len(volume) // 512)))
    put(disk, 4, gap)
    put(disk, START, volume)
    path = tmp_path_factory.mktemp("disk") / "disk.dd"
    path.write_bytes(disk)
    return path, bytes(disk), gap, gone, cut


def carved(path, *, deleted=False, **wishes):
    image = opening.source_of(os.fsencode(path), Wishes(deleted=deleted, **wishes))
    return image, [
        one
        for one in image.entries()
        if isinstance(one, Item) and one.facts and one.facts.standing is Standing.CARVED
    ]


def test_what_no_file_has_is_found_where_it_is_asked_for(made):
    path, disk, gap, gone, cut = made
    assert carved(path)[1] == []
    image, found = carved(path, carve=True)
    contents = {}
    for one in found:
        with image.open(one) as stream:
            contents[one.path] = stream.read()
            doubt = image.doubt(one, stream)
        assert doubt is (None if contents[one.path] in {gap, gone} else Reason.CARVED_IN_PART)
        assert one.facts.recovery is Recovery.BY_STRUCTURE
        pieces = b"".join(disk[at : at + many] for at, many in one.facts.extents)
        assert pieces == contents[one.path]
        again = image.at(locators.parse_place(one.place))
        assert (again.size, again.place) == (one.size, one.place)
        with Within(image).open(again) as stream:
            assert stream.read() == contents[one.path]
    (in_gap,) = [path for path in contents if path.endswith(b"/$carved/2048.png")]
    assert contents[in_gap] == gap
    assert f"off={disk.index(gone)}".encode() in b" ".join(one.place.encode() for one in found)
    assert gone in contents.values()
    assert any(content.startswith(cut[:1000]) for content in contents.values())


def test_what_is_listed_as_deleted_is_not_told_a_second_time(made):
    path, disk, _, gone, _ = made
    alone = carved(path, carve=True)[1]
    image, found = carved(path, carve=True, deleted=True)
    listed = {one.path: one for one in image.entries() if isinstance(one, Item)}
    once = next(one for path, one in listed.items() if path.endswith(b"ONE.JPG"))
    assert once.facts.standing is Standing.DELETED
    assert once.facts.extents == ((disk.index(gone), len(gone)),)
    assert {one.place for one in alone} - {one.place for one in found} == {
        one.place for one in alone if one.facts.extents == once.facts.extents
    }
    assert len(alone) == len(found) + 1
    # What was found without its end is not the deleted file, though it begins where that does.
    cut = next(one for path, one in listed.items() if path.endswith(b"UT.JPG"))
    assert cut.facts.extents[0][0] in {one.facts.extents[0][0] for one in found}


def test_a_place_out_of_the_volume_leads_nowhere(made):
    image, found = carved(made[0], carve=True)
    (where,) = [one.place for one in found if "gap" in one.place]
    beyond = where.replace("off=2048;", "off=999999999;")
    assert beyond != where
    with pytest.raises(ItemError) as caught:
        image.open(Item(b"x", 1, 0, 0o100644, (0, 0), beyond))
    assert caught.value.reason is Reason.VANISHED
