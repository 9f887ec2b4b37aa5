"""Defects of other readers, most of which gave wrong data without a word: none is here.

1. Files of exFAT were read from wrong sectors where a cluster is larger than a sector.
2. Compressed clusters of QCOW2 read as zeros.
3. Dates of FAT were a month off, or moved with the zone of the process.
4. A damaged chunk of an Expert Witness image read as zeros, or as it was, without an error.
5. A handle opened before a fork gave both processes bytes from each other's places.
6. Pictures of a PDF came encoded anew, so that no digest was that of the original.
7. A list of users passed for an archive, since the library was left to guess the form.
8. Reading a mailbox or a database opened it for writing.
"""

import io
import os
import pickle
import random
import re
import struct
import time
import zlib
from pathlib import Path

import pytest

import hashmatch
from hashmatch.evidence import opening
from hashmatch.evidence.media import check, registry
from hashmatch.evidence.members import pdf
from hashmatch.evidence.members import registry as members
from hashmatch.evidence.opening import Wishes
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Standing
from hashmatch.model.outcomes import Reason
from hashmatch.model.secrets import Secrets
from tests import ewf_maker, image_makers, small_disks
from tests.exfat_maker import CLUSTER, SECTOR, ExfatMaker
from tests.fat_maker import FatMaker
from tests.members_reader import contents

pytest.importorskip("pytsk3")
CODE = Path(hashmatch.__file__).parent


def source(path):
    return opening.source_of(os.fsencode(path), Wishes())


def written(path, content):
    path.write_bytes(content)
    return source(path)


def items(image):
    return [one for one in image.entries() if isinstance(one, Item)]


def read(image):
    """Give the content of every item that is there, by path; none may be in doubt."""
    found = {}
    for item in items(image):
        if item.facts.standing is Standing.ALLOCATED:
            with image.open(item) as stream:
                found[item.path] = stream.read()
                assert image.doubt(item, stream) is None
    return found


def test_1_files_of_exfat_with_clusters_of_many_sectors_are_read_from_the_right_ones(tmp_path):
    assert CLUSTER == 8 * SECTOR
    chance = random.Random(1)
    maker, files = ExfatMaker(2), {}
    for number in range(12):
        files[b"%d.jpg" % number] = chance.randbytes(chance.randrange(1, 4 * CLUSTER))
        maker.file(f"{number}.jpg", files[b"%d.jpg" % number])
    files[b"apart.jpg"] = chance.randbytes(3 * CLUSTER - 100)
    maker.file("apart.jpg", files[b"apart.jpg"], chain=[170, 150, 160])
    assert read(written(tmp_path / "card.dd", maker.image())) == files


@pytest.mark.parametrize("bits", [9, 12, 16])
def test_2_compressed_clusters_of_qcow2_are_what_was_compressed(tmp_path, bits):
    maker, files = FatMaker(12, 600), {}
    for number in range(6):
        files[b"%d.TXT" % number] = b"line %d of a text\n" % number * 2000
        maker.file(b"%d.TXT" % number, files[b"%d.TXT" % number])
    disk = maker.image()
    raw = image_makers.qcow2(disk, bits=bits)
    table = int.from_bytes(raw[1 << bits :][:8], "big") & (1 << 62) - 1
    entries = struct.unpack(f">{1 << bits - 3}Q", raw[table : table + (1 << bits)])
    assert sum(one >> 62 & 1 for one in entries) >= 2
    image = written(tmp_path / "disk.qcow2", raw)
    assert image.form == "qcow2"
    assert read(image) == files
    assert image.medium().read_at(0, len(disk)) == disk
    assert len(image.medium().damage) == 0


@pytest.fixture(params=["UTC0", "Asia/Bangkok", "America/St_Johns"])
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_3_dates_of_fat_are_those_that_were_written_in_every_zone(tmp_path, zone):
    """The last days of months and years tell a month too many, or an hour, from the right one."""
    stamps = [(2020, month, 15, 10, 20, 30) for month in range(1, 13)]
    stamps += [(2020, 2, 29, 23, 59, 58), (2021, 12, 31, 23, 59, 58), (2022, 1, 1, 0, 0, 0)]
    maker = FatMaker(12)
    for number, stamp in enumerate(stamps):
        maker.file(b"%d.JPG" % number, b"x", stamp=stamp)
    found = {i.path: dict(i.facts.times) for i in items(written(tmp_path / "a.dd", maker.image()))}
    expected = {
        b"%d.JPG" % number: "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*stamp)
        for number, stamp in enumerate(stamps)
    }
    assert {path: times["modified"] for path, times in found.items()} == expected
    assert {path: times["created"][:19] for path, times in found.items()} == expected
    assert {p: t["accessed"][:10] for p, t in found.items()} == {
        path: text[:10] for path, text in expected.items()
    }


@pytest.mark.parametrize("packed", [False, True])
def test_4_a_flipped_byte_in_any_chunk_of_an_e01_is_found_and_named(tmp_path, packed):
    chance = random.Random(4)
    content = b"".join(chance.randbytes(64) + bytes(64) for _ in range(512))
    made = ewf_maker.make(content, packed=packed)
    assert len(made.chunks) == 16
    path = tmp_path / "disk.E01"
    for number, (_, first, end) in enumerate(made.chunks):
        for at in {first, (first + end) // 2, end - 4, end - 1}:
            raw = bytearray(made.segments[0])
            raw[at] ^= 0x10
            path.write_bytes(raw)
            medium = registry.by_name("e01").open_medium(os.fsencode(path), Secrets())
            found = check.check(medium)
            assert (found.verdict, found.sound) == ("mismatch", False), (number, at)
            (stretch,) = found.damage
            assert (stretch.offset, stretch.length) == (number * 4096, 4096)
            assert str(number) in stretch.part
            got = medium.read_at(0, len(content))
            here = slice(stretch.offset, stretch.offset + 4096)
            assert got == content[: here.start] + bytes(4096) + content[here.stop :]


def test_4_a_file_in_a_damaged_chunk_is_in_doubt_and_no_other(tmp_path):
    made = ewf_maker.make(small_disks.disk(), chunk_sectors=1, packed=False)
    raw = bytearray(made.segments[0])
    for path, content in small_disks.FILES.items():
        raw[raw.index(content[-16:])] ^= 1 if path.endswith(b"LONG.BIN") else 0
    image = written(tmp_path / "disk.E01", bytes(raw))
    doubts = {}
    for item in items(image):
        with image.open(item) as stream:
            stream.read()
            doubts[item.path] = image.doubt(item, stream)
    assert doubts.pop(b"p1/DCIM/LONG.BIN") is Reason.DAMAGED_MEDIUM
    assert set(doubts.values()) == {None}


def digests(image, found, turns):
    """Read all of an image over and over, from the middle too; sums of what was read."""
    sums = set()
    for _ in range(turns):
        pieces = []
        for item in found:
            with image.open(item) as stream:
                stream.seek(item.size // 2)
                pieces.append(stream.read())
                stream.seek(0)
                pieces.append(stream.read(item.size // 2))
        sums.add(zlib.crc32(b"".join(pieces)))
    return sums


@pytest.mark.parametrize("form", ["raw", "e01"])
def test_5_processes_that_read_one_image_at_once_do_not_disturb_each_other(tmp_path, form):
    """Even of an image that was open before the fork, which no process of the tool ever does."""
    if form == "raw":
        image = written(tmp_path / "disk.dd", small_disks.disk())
    else:
        image = source(ewf_maker.write(tmp_path / "disk.E01", small_disks.disk()))
    found = items(image)
    expected = digests(image, found, 1)
    children = []
    for _ in range(2):
        pid = os.fork()
        if not pid:
            right = False
            try:
                right = digests(image, found, 60) == expected
            finally:
                os._exit(0 if right else 1)
        children.append(pid)
    assert digests(image, found, 60) == expected
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0]


def test_5_every_process_of_the_tool_opens_an_image_itself(tmp_path):
    code = "".join(path.read_text("utf-8") for path in CODE.rglob("*.py"))
    assert set(re.findall(r"get_context\((.*?)\)", code)) == {'"spawn"'}
    assert not re.findall(r"multiprocessing\.(?:Process|Pool)\b|set_start_method", code)
    image = written(tmp_path / "disk.dd", small_disks.disk())
    assert read(image)
    sent = pickle.loads(pickle.dumps(image))  # noqa: S301  # as worker processes get it
    assert image._stack._medium is not None
    assert (sent._stack._medium, sent._stack._volumes, len(sent._stack._open)) == (None, None, 0)
    assert read(sent) == small_disks.FILES


def test_6_pictures_of_a_pdf_are_the_very_bytes_that_were_put_in():
    """What follows the end of a picture and what decoders pass over belongs to its digest too."""
    pikepdf = pytest.importorskip("pikepdf")
    chance = random.Random(6)
    made, pictures = pikepdf.new(), []
    made.add_blank_page()
    for number in range(9):
        head = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xfe\0\x08note%d!" % number
        content = head + chance.randbytes(400) + b"\xff\xd9" + b"after the end"[: number * 2]
        pictures.append(content)
        stream = pikepdf.Stream(made, zlib.compress(content) if number % 3 == 1 else content)
        stream.Type, stream.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        stream.Width = stream.Height = 8
        names = [pikepdf.Name.DCTDecode]
        stream.Filter = pikepdf.Array([pikepdf.Name.FlateDecode] * (number % 3 == 1) + names)
        made.Root[f"/Kept{number}"] = made.make_indirect(stream)
    out = io.BytesIO()
    made.save(out, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    assert sorted(contents(pdf, out.getvalue())) == sorted(pictures)


def test_7_no_form_of_archive_is_guessed_by_a_library():
    """Plain lines of text are archives to it: every form that it may take is named to it."""
    text = b"root:x:0:0:root:/root:/bin/bash\n" * 40
    assert members.recognise(text, b"passwd") is None
    assert members.recognise(b"#mtree\n/set type=file\n./a size=5\n" + text, b"list") is None
    code = (CODE / "evidence" / "members" / "libarchive.py").read_text("utf-8")
    forms = set(re.findall(r"archive_read_support_format_(\w+)", code))
    assert forms == {"rar", "rar5", "raw", "zip_streamable"}


def test_8_no_library_opens_evidence_for_writing():
    """Databases among evidence are read into memory, and mailboxes by an own reader."""
    code = "".join(path.read_text("utf-8") for path in (CODE / "evidence").rglob("*.py"))
    assert not re.findall(r"^\s*(?:import|from) mailbox\b", code, re.MULTILINE)
    assert set(re.findall(r"sqlite3\.connect\((.*?)\)", code)) == {'":memory:"'}
    flags = set(re.findall(r"\bO_(?:RDWR|WRONLY|CREAT|APPEND|TRUNC)\b", code))
    modes = re.findall(r"open\([^()]*[\"'](?:[wax]b?|r?b?\+b?)\+?[\"']", code)
    assert (flags, modes) == (set(), [])
