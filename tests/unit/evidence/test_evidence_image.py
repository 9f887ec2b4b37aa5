"""An image as a source: its volumes, its items, its places, and what it is taken for."""

import copy
import os
import pickle

import pytest

from hashmatch.errors import UsageError
from hashmatch.evidence import mounts, opening, stamps, state
from hashmatch.evidence.file import FileSource
from hashmatch.evidence.folder import FolderSource
from hashmatch.evidence.image import ImageSource
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.opening import Wishes
from hashmatch.evidence.stack import Stack
from hashmatch.model import locators
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Failed, ItemError, Reason
from hashmatch.model.secrets import Secrets
from tests import ewf_maker, small_disks

pytest.importorskip("pytsk3")


@pytest.fixture(scope="module")
def content():
    return small_disks.disk()


@pytest.fixture
def path(tmp_path, content):
    found = tmp_path / "disk.dd"
    found.write_bytes(content)
    return found


def source(path, **wishes):
    return opening.source_of(os.fsencode(path), Wishes(**wishes))


def items(image):
    return [one for one in image.entries() if isinstance(one, Item)]


def read(image, item):
    with image.open(item) as stream:
        found = stream.read()
        assert image.unchanged(item, stream)
        assert image.doubt(item, stream) is None
    return found


def test_everything_of_every_volume_is_there_once_with_a_place_that_leads_back(path):
    image = source(path)
    assert (image.kind, image.form, image.trusted) == ("image", "raw", False)
    assert image.readable == (os.fsencode(path),)
    found = items(image)
    allocated = [one for one in found if one.facts.standing is Standing.ALLOCATED]
    assert {one.path: read(image, one) for one in allocated} == small_disks.FILES
    deleted = [one for one in found if one.facts.standing is not Standing.ALLOCATED]
    assert [read(image, one) for one in deleted] == [small_disks.GONE]
    folders = [one.path for one in image.entries() if isinstance(one, Folder)]
    assert folders == [b"p1", b"p1/DCIM", b"p2"]
    for one in found:
        layers = locators.parse_place(one.place)
        again = image.at(layers)
        assert (again.path, again.size, again.place) == (one.path, one.size, one.place)
        assert read(image, again) == read(image, one)
        assert one.identity[0] == next(v.number for v in image.volumes() if v.layers == layers[:1])


def test_extents_are_places_on_the_medium(path, content):
    for one in items(source(path)):
        pieces = (content[offset : offset + length] for offset, length in one.facts.extents)
        assert b"".join(pieces)[: one.size] == read(source(path), one)


def test_deleted_entries_are_left_out_where_nobody_wants_them(path):
    found = items(source(path, deleted=False))
    assert {one.path for one in found} == set(small_disks.FILES)


def test_a_copy_starts_with_nothing_open_and_shows_no_secret(path):
    image = source(path, secrets=Secrets((b"open sesame",)))
    first = list(image.entries())
    again = pickle.loads(pickle.dumps(image))  # noqa: S301  # as worker processes get it
    assert again._stack._medium is None
    assert again == image
    assert list(again.entries()) == first
    assert again.secrets.passwords == (b"open sesame",)
    assert "sesame" not in repr(image) + repr(image._stack) + repr(copy.copy(image))
    image._stack.close()
    assert list(image.entries()) == first


@pytest.mark.parametrize(
    "place",
    ["", "mbr:p1;off=4096", "nonsense:/x;id=1", "mbr:p9;off=1!fat12:/x;id=5", "%", "fat12:/x;id=4",
     "mbr:p1;off=4096!fat12:/nothing;id=99999999", "mbr:p1;off=4096!fat12:/$unalloc;off=1;len=5",
     "mbr:p1;off=4096!fat12:/$unalloc;off=99999999;len=5",
     "mbr:p1;off=4096!fat12:/$unalloc;off=x;len=5"],
)  # fmt: skip
def test_a_place_that_leads_nowhere_is_trouble_of_one_item(path, place):
    with pytest.raises(ItemError):
        source(path).open(Item(b"x", 1, 0, 0o100644, (0, 0), place))


def test_an_image_that_was_replaced_is_noticed(path, content):
    image = source(path)
    item = items(image)[0]
    with image.open(item) as stream:
        path.write_bytes(content)
        os.utime(path, ns=(1, 1))
        image._stack._looked = (-1e9, False)
        assert not image.unchanged(item, stream)
    fresh = pickle.loads(pickle.dumps(image))  # noqa: S301  # as worker processes get it
    with pytest.raises(MediumError, match="changed since it was named"):
        list(fresh.entries())
    with pytest.raises(ItemError) as caught:
        fresh.open(item)
    assert caught.value.reason in {Reason.VANISHED, Reason.REPLACED}
    path.unlink()
    assert not stamps.same(image.parts)


def test_a_volume_that_cannot_be_read_is_an_outcome_with_advice(path, content):
    start = small_disks.STARTS[1] * 512
    path.write_bytes(content[:start] + bytes(len(content) - start))
    image = source(path)
    (failed,) = [one for one in image.entries() if isinstance(one, Failed)]
    assert (failed.path, failed.reason) == (b"p2", Reason.UNKNOWN_FILE_SYSTEM)
    (volume,) = [one for one in image.volumes() if one.prefix == b"p2/"]
    assert failed.place == locators.place(volume.layers)
    assert image.told(volume).advice
    assert {one.path for one in items(image)} >= {b"p1/KNOWN.TXT"}


def test_what_is_damaged_is_doubtful_and_nothing_else(path, content, tmp_path):
    ewf = ewf_maker.write(tmp_path / "disk.E01", content, chunk_sectors=1, packed=False)
    whole = source(ewf)
    assert whole.form == "e01"
    (item,) = [one for one in items(whole) if one.path == b"p1/DCIM/LONG.BIN"]
    raw = bytearray(ewf.read_bytes())
    raw[raw.index(small_disks.FILES[item.path][2048:2080])] ^= 1
    ewf.write_bytes(raw)
    image = source(ewf)
    for one in items(image):
        with image.open(one) as stream:
            stream.read()
            doubt = image.doubt(one, stream)
        assert doubt is (Reason.DAMAGED_MEDIUM if one.path == item.path else None)


def test_what_mounting_meets_makes_no_item_doubtful(path, content, tmp_path, monkeypatch):
    ewf = ewf_maker.write(tmp_path / "disk.E01", content, chunk_sectors=1, packed=False)
    known = items(source(ewf))
    (bad,) = [one for one in known if one.path == b"p1/DCIM/LONG.BIN"]
    raw = bytearray(ewf.read_bytes())
    raw[raw.index(small_disks.FILES[bad.path][2048:2080])] ^= 1
    ewf.write_bytes(raw)
    mounted = Stack.mounted

    def mounting(self, volume):  # as a library does that reads more than it needs
        found = mounted(self, volume)
        self.medium().read_at(bad.facts.extents[0][0], 4096)
        return found

    monkeypatch.setattr(Stack, "mounted", mounting)
    for one in known:
        image = source(ewf)  # as the first of a worker
        with image.open(one) as stream:
            stream.read()
            assert image.doubt(one, stream) is (
                Reason.DAMAGED_MEDIUM if one.path == bad.path else None
            )
        assert len(image.medium().damage) == 1


def test_what_a_path_is_depends_on_its_content_alone(path, content, tmp_path):
    plain = tmp_path / "notes.txt"
    plain.write_bytes(content)
    assert source(plain).form == "raw"
    plain.write_bytes(b"only words")
    assert source(plain) == FileSource(os.fsencode(plain))
    assert source(tmp_path) == FolderSource(os.fsencode(tmp_path))
    assert source(path, form="file") == FileSource(os.fsencode(path))
    assert isinstance(source(plain, form="raw"), ImageSource)


@pytest.mark.parametrize("name", ["a.dd", "a.E01", "a.001", "a.VMDK", "a.aff4", "a.bin", "a.iso"])
def test_nothing_is_taken_for_a_raw_image_by_its_name(tmp_path, name):
    odd = tmp_path / name
    odd.write_bytes(b"no image at all " * 100)
    with pytest.raises(MediumError, match=r"--as raw.*--as file"):
        source(odd)
    assert isinstance(source(odd, form="file"), FileSource)
    (failed,) = source(odd, form="raw").entries()
    assert (failed.path, failed.reason) == (b"", Reason.UNKNOWN_FILE_SYSTEM)
    assert failed.place == "medium"


def test_what_is_of_no_use_as_evidence_is_refused_in_words(tmp_path, path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for wrong, words, wishes in (
        (tmp_path / "none", "does not exist", {}),
        (fifo, "neither a folder, a file nor a block device", {}),
        (tmp_path / ("x" * 300), "cannot be examined", {}),
        (path / "below", "cannot be examined", {}),
        (tmp_path, "is a folder, and --as raw is for files", {"form": "raw"}),
        (path, "names no known form", {"form": "nonsense"}),
    ):
        with pytest.raises(UsageError, match=words):
            source(wrong, **wishes)
    with pytest.raises(UsageError, match="cannot be examined"):
        opening.source_of(b"/a\0b", Wishes())
    assert opening.words()[:2] == ("auto", "file")
    assert "e01" in opening.words()


def test_states_of_images_differ_with_what_they_hold_and_not_with_where_they_lie(path, tmp_path):
    image = source(path)
    listed = state.of(image)
    assert state.of(image, entries=image.entries()) == listed
    parts = image.parts
    one = state.of_medium(listed, "raw", parts, "")
    moved = [stamps.Stamp(b"/elsewhere/disk.dd", (1, 1), p.size, p.modified_ns) for p in parts]
    assert state.of_medium(listed, "raw", moved, "") == one
    others = [
        state.of_medium(listed, "raw", parts, "0" * 64),
        state.of_medium(listed, "e01", parts, ""),
        state.of_medium(listed, "raw", [stamps.Stamp(parts[0].path, (0, 0), 1, 1)], ""),
        state.of_medium(listed, "raw", (), ""),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 5
    assert mounts.of(os.fsencode(path)) == mounts.of(os.fsencode(tmp_path))
