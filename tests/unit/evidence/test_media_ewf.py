"""Expert Witness images: what is whole is read to the byte, what is not is named or refused."""

import errno
import os
import random
import shutil
import struct
import subprocess
import zlib
from array import array

import pytest

from hashmatch.evidence.media import (
    ewf,
    ewf_header,
    ewf_opening,
    ewf_sections,
    ewf_tables,
    registry,
)
from hashmatch.evidence.media.interface import MediumError, Stretch
from hashmatch.model.secrets import Secrets
from tests import ewf_maker

PLANS = {
    "as small as it goes": {},
    "packed": {"packed": True},
    "plain": {"packed": False},
    "segments": {"chunks_per_segment": 3, "chunks_per_table": 2},
    "no base, no copies": {"base": False, "table_copies": False},
    "large chunks": {"chunk_sectors": 128, "sector": 4096},
}


def content(chunks=9, size=4096):
    noise = random.Random(5)
    whole = (
        noise.randbytes(size) if number % 2 else bytes([number]) * size for number in range(chunks)
    )
    return b"".join(whole) + b"the end" * 100 + bytes(512 - 700 % 512)


CONTENT = content()


def opened(path):
    return ewf.open_medium(os.fsencode(path), Secrets())


def change(path, offset, data):
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def sections(path):
    """Name and place of each section of one segment."""
    data, at, found = path.read_bytes(), 13, []
    while True:
        kind, follows = struct.unpack_from("<16sQ", data, at)
        found.append((kind.rstrip(b"\0").decode(), at))
        if follows == at:
            return found
        at = follows


def place(path, kind, number=0):
    return [at for name, at in sections(path) if name == kind][number]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_way_of_writing_reads_to_the_byte(tmp_path, plan):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, **plan)
    assert registry.find(os.fsencode(path)) is ewf
    medium = opened(path)
    padded = CONTENT + bytes(-len(CONTENT) % plan.get("sector", 512))
    assert medium.size == len(padded)
    assert medium.read_at(0, 10**9) == padded
    draw = random.Random(3)
    for _ in range(200):
        start, length = draw.randrange(len(padded)), draw.choice((1, 500, 4096, 9000, 10**6))
        assert medium.read_at(start, length) == padded[start : start + length]
    assert medium.read_at(len(padded), 1) == medium.read_at(-1, 1) == b""
    assert list(medium.damage) == []
    assert "doubts" not in medium.facts.said
    assert dict(medium.facts.stored).keys() == {"md5", "sha1"}
    assert ewf.files(os.fsencode(path)) == tuple(one.path for one in medium.facts.segments)
    medium.close()


def test_header_fields_are_kept_as_they_stand(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, errors=[(3, 2), (10**9, 5)])
    facts = opened(path).facts
    assert facts.form == "e01"
    assert facts.said == {
        "media_type": "fixed",
        "media_flags": ["image", "physical"],
        "sectors": 74,
        "sector_size": 512,
        "chunk_size": 4096,
        "chunks": 10,
        "compression": "good",
        "error_granularity": 1,
        "set_identifier": bytes(range(16)).hex(),
        "case_number": "CASE-1",
        "evidence_number": "EV-1",
        "description": "a disk",
        "examiner": "An Examiner",
        "notes": "ภาพ",
        "software": "1.0",
        "operating_system": "Linux",
        "acquired": "2026 11 22 0 58 44",
        "system_date": "2026 11 22 0 58 44",
        "acquisition_errors": 2,
    }
    assert facts.bad == (Stretch(1536, 1024, "unreadable", "acquisition"),)


def test_a_password_is_only_said_to_be_set(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, fields={"c": "1", "p": "5f4dcc3b"})
    said = opened(path).facts.said
    assert said["password"] == "set"  # noqa: S105
    assert "5f4dcc3b" not in str(said)


def test_headers_in_other_dress():
    xml = zlib.compress(
        "\ufeff<?xml version='1.0'?><xheader><case_number>7 &amp; 8</case_number>"
        "<notes></notes><odd>x</odd></xheader>".encode()
    )
    assert ewf_header.fields("xheader", xml) == {"case_number": "7 & 8", "x_odd": "x"}
    old = zlib.compress(b"1\r\nmain\r\nc\tzz\tn\r\n\xe9t\xe9\tv\r\n")
    assert ewf_header.fields("header", old) == {"case_number": "été", "h_zz": "v"}
    assert ewf_header.fields("header", zlib.compress(b"main")) == {}
    assert ewf_header.fields("header", zlib.compress(b"nothing")) == {}
    for bad in (b"", b"junk", old[:-3], zlib.compress(bytes(ewf_header.MOST_TEXT + 1))):
        with pytest.raises(ValueError, match=r"inflated|breaks off"):
            ewf_header.fields("header", bad)


def test_segments_are_named_as_the_format_names_them():
    names = {1: b"E01", 99: b"E99", 100: b"EAA", 125: b"EAZ", 126: b"EBA", 775: b"EZZ", 776: b"FAA"}
    for number, name in names.items():
        assert ewf_sections.name(b"/x/disk.E01", number) == b"/x/disk." + name
        assert ewf_sections.name(b"/x/disk.e01", number) == b"/x/disk." + name.lower()
    last = ewf_sections.MOST_SEGMENTS
    assert ewf_sections.name(b"/x/disk.E01", last) == b"/x/disk.ZZZ"
    assert ewf_sections.name(b"/x/disk.E01", last + 1) is None
    assert ewf_sections.name(b"/x/disk", 2) is None


def test_more_than_99_segments_are_found(tmp_path):
    data = random.Random(1).randbytes(512 * 110)
    path = ewf_maker.write(tmp_path / "disk.E01", data, chunk_sectors=1, chunks_per_segment=1)
    medium = opened(path)
    assert len(medium.facts.segments) == 110
    assert medium.read_at(0, 10**6) == data


def test_a_missing_segment_is_named(tmp_path):
    plan = {"chunks_per_segment": 3}
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, **plan)
    last = tmp_path / "disk.E04"
    last.unlink()
    with pytest.raises(MediumError, match=r"goes on in .*disk\.E04, which is missing"):
        opened(path)
    ewf_maker.write(path, CONTENT, **plan)
    (tmp_path / "disk.E02").unlink()
    with pytest.raises(MediumError, match=r"disk\.E02, which is missing"):
        opened(path)


def test_segments_out_of_order_or_of_another_image_are_refused(tmp_path):
    plan = {"chunks_per_segment": 3}
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, **plan)
    second, third = tmp_path / "disk.E02", tmp_path / "disk.E03"
    kept = second.read_bytes()
    shutil.copy(third, second)
    with pytest.raises(MediumError, match=r"disk\.E02 is segment 3 .* where segment 2"):
        opened(path)
    with pytest.raises(MediumError, match="name the first segment"):
        opened(third)
    (tmp_path / "other").mkdir()
    ewf_maker.write(tmp_path / "other" / "disk.E01", CONTENT, guid=b"x" * 16, **plan)
    shutil.copy(tmp_path / "other" / "disk.E02", second)
    with pytest.raises(MediumError, match=r"disk\.E02 is a segment of another image"):
        opened(path)
    second.write_bytes(b"no segment" * 10)
    with pytest.raises(MediumError, match="no part of an Expert Witness image"):
        opened(path)
    second.write_bytes(kept)
    assert opened(path).read_at(0, 10**6) == CONTENT


def test_segments_beside_that_do_not_belong_are_said(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    (tmp_path / "disk.E02").write_bytes(b"x")
    medium = opened(path)
    assert medium.facts.said["doubts"] == [
        "1 further segments lie beside it, and it ends before them"
    ]
    assert len(medium.facts.segments) == 1


def test_a_damaged_table_gives_way_to_its_copy(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    for inside in (76, 76 + 24):  # its header, then its entries
        ewf_maker.write(path, CONTENT)
        change(path, place(path, "table") + inside, b"\xff")
        medium = opened(path)
        assert medium.read_at(0, 10**6) == CONTENT
        assert medium.facts.said["doubts"] == [
            "segment 1: the table of chunk 0 on fails its checksum; its copy was used"
        ]


def test_of_two_damaged_tables_only_what_is_the_same_counts(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    change(path, place(path, "table") + 100 + 4 * 3, b"\xff")
    change(path, place(path, "table2") + 100 + 4 * 5, b"\xff")
    medium = opened(path)
    found = medium.read_at(0, 10**6)
    assert [one.part for one in medium.damage] == ["chunk 3", "chunk 5"]
    assert {one.why for one in medium.damage} == {"missing"}
    expected = bytearray(CONTENT)
    for number in (3, 5):
        expected[number * 4096 : (number + 1) * 4096] = bytes(4096)
    assert found == expected


def test_a_damaged_table_without_a_copy_gives_nothing(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, table_copies=False)
    change(path, place(path, "table") + 100 + 4 * 3, b"\xff")
    medium = opened(path)
    assert medium.read_at(0, 10**6) == bytes(len(CONTENT))
    assert sum(one.length for one in medium.damage) == len(CONTENT)


def test_a_table_that_is_lost_in_the_middle_makes_no_chunk_another(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, chunks_per_table=2)
    for kind in ("table", "table2"):
        change(path, place(path, kind, 1), b"lost")
        change(path, place(path, kind, 1) + 72, b"zzzz")
    with pytest.raises(MediumError, match="list 8 of 10 chunks"):
        opened(path)


def test_an_image_that_was_never_finished_lacks_its_end(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, claimed_sectors=200)
    medium = opened(path)
    assert medium.size == 200 * 512
    assert list(medium.damage) == [Stretch(40960, 200 * 512 - 40960, "missing", "chunk 10")]
    assert medium.read_at(40960, 10**6) == bytes(200 * 512 - 40960)
    assert medium.read_at(0, 36864) == CONTENT[:36864]


def test_a_size_that_no_file_can_hold_costs_nothing(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, claimed_sectors=1 << 50)
    medium = opened(path)
    assert medium.read_at(1 << 58, 100) == bytes(100)
    assert len(medium.damage) == 1


def test_chunks_beyond_the_stated_end_are_read_and_said(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT[:36864], claimed_sectors=8)
    medium = opened(path)
    assert medium.read_at(0, 10**6) == CONTENT[:36864]
    assert medium.facts.said["doubts"] == [
        "its chunks hold 36864 bytes, and its sectors 4096; all are read"
    ]


@pytest.mark.parametrize("packed", [True, False])
def test_a_source_that_ends_within_a_sector_is_read_to_its_last_byte(tmp_path, packed):
    """Some programs count whole sectors only, and store and digest the rest all the same."""
    for size in (len(CONTENT) - 300, len(CONTENT) - 300 - 4096 * 4):
        data, whole = CONTENT[:size], size // 512 * 512
        path = tmp_path / "disk.E01"
        # a sector of one byte makes the writer add nothing; then the header is put right
        plan = {"packed": packed, "sector": 1, "chunk_sectors": 4096}
        ewf_maker.write(path, data, **plan)
        at = place(path, "volume") + 76
        body = bytearray(path.read_bytes()[at : at + 1048])
        struct.pack_into("<IIQ", body, 8, 8, 512, whole // 512)
        change(path, at, ewf_maker.checked(bytes(body)))
        medium = opened(path)
        assert medium.size == size
        assert medium.read_at(0, 10**6) == data
        assert list(medium.damage) == []
        assert medium.facts.said["doubts"] == [
            f"its chunks hold {size} bytes, and its sectors {whole}; all are read"
        ]


@pytest.mark.parametrize("packed", [True, False])
def test_a_last_chunk_that_is_filled_up_ends_where_the_sectors_end(tmp_path, packed):
    data = CONTENT[: 4096 * 3] + b"x" * 1024
    filled = data + bytes(4096 - 1024)
    sectors = len(data) // 512
    path = tmp_path / "disk.E01"
    ewf_maker.write(path, filled, packed=packed, claimed_sectors=sectors)
    medium = opened(path)
    assert medium.read_at(0, 10**6) == data
    assert "doubts" not in medium.facts.said


def test_a_cut_file_says_what_is_gone(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, chunks_per_table=2)
    at = place(path, "table", 3)
    os.truncate(path, at + 80)
    medium = opened(path)
    assert medium.read_at(0, 6 * 4096) == CONTENT[: 6 * 4096]
    medium.read_at(0, 10**6)
    assert sum(one.length for one in medium.damage) == len(CONTENT) - 6 * 4096
    assert any("breaks off" in one or "leads on" in one for one in medium.facts.said["doubts"])


def test_a_cut_segment_in_the_middle_is_refused(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, chunks_per_segment=3)
    os.truncate(tmp_path / "disk.E02", place(tmp_path / "disk.E02", "table"))
    with pytest.raises(MediumError, match=r"damaged.*segment 2: "):
        opened(path)


def test_damaged_digests_are_not_used(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    change(path, place(path, "digest") + 80, b"\xff\xff")
    medium = opened(path)
    assert [name for name, _ in medium.facts.stored] == ["md5"]
    assert "its digests are not used" in medium.facts.said["doubts"][0]
    data = ewf_maker.checked(b"z" * 32)
    change(path, place(path, "hash") + 76, data)
    change(path, place(path, "digest") + 76, ewf_maker.checked(b"y" * 76))
    assert "two md5 digests" in opened(path).facts.said["doubts"][0]


def test_sectors_that_cannot_be_read_cost_their_own_chunk_only(tmp_path, monkeypatch):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, packed=False)
    made = ewf_maker.make(CONTENT, packed=False)
    medium = opened(path)
    _, start, end = made.chunks[4]
    real = os.pread

    def failing(descriptor, length, offset):
        if offset < end and offset + length > start:
            raise OSError(errno.EIO, "bad sector")
        return real(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", failing)
    found = medium.read_at(0, 10**6)
    assert found == CONTENT[: 4 * 4096] + bytes(4096) + CONTENT[5 * 4096 :]
    assert list(medium.damage) == [Stretch(4 * 4096, 4096, "unreadable", "chunk 4")]


def test_a_chunk_that_unpacks_to_more_than_a_chunk_is_damage(tmp_path):
    data = bytes(4096 * 3)
    path = ewf_maker.write(tmp_path / "disk.E01", data, packed=True)
    _, start, end = ewf_maker.make(data, packed=True).chunks[1]
    bomb = zlib.compress(bytes(5 << 20))[: end - start]
    change(path, start, bomb)
    medium = opened(path)
    assert medium.read_at(0, 10**6) == data
    assert [one.part for one in medium.damage] == ["chunk 1"]


def test_offsets_of_all_32_bits_are_told_from_damage():
    low, high = 0x7FFFF000, 0x80000000
    plain = array("I", (10, 20 | high, 30, 40))
    assert ewf_tables._wide(plain) == 4
    wide = array("I", (low - 10 | high, low, high + 10, high + 5000, high + 9000))
    assert ewf_tables._wide(wide) == 2
    assert ewf_tables._wide(array("I", (low, high + 10, high + 5))) == 3
    assert ewf_tables._wide(array("I", (30, 20, 10))) == 3
    assert ewf_tables._wide(array("I")) == 0


def test_segments_beyond_2_gib_are_read(tmp_path):
    """A sparse file whose sectors begin far beyond what 31 bits reach, by the base of its table."""
    data = random.Random(4).randbytes(4096 * 4)
    path = ewf_maker.write(tmp_path / "disk.E01", data)
    whole = path.read_bytes()
    at, far = place(path, "sectors"), 5 << 30
    with path.open("r+b") as file:
        file.truncate(at)
        file.seek(at)
        size = far - at
        file.write(ewf_maker.checked(struct.pack("<16sQQ40x", b"session", far, size)))
        file.seek(far)
        file.write(_moved(whole[at:], at, far - at))
    assert opened(path).read_at(0, 10**6) == data


def _moved(tail, start, by):
    """Move sections, and the base of their tables, by so many bytes."""
    data, at = bytearray(tail), 0
    while True:
        kind, follows, size = struct.unpack_from("<16sQQ", data, at)
        data[at : at + 76] = ewf_maker.checked(struct.pack("<16sQQ40x", kind, follows + by, size))
        if kind.startswith(b"table"):
            count, base = struct.unpack_from("<I4xQ", data, at + 76)
            head = struct.pack("<I4xQ4x", count, base + by)
            data[at + 76 : at + 100] = ewf_maker.checked(head)
        if follows - start == at:
            return bytes(data)
        at = follows - start


def test_smart_images_are_left_to_another_form(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    head = path.read_bytes()
    assert ewf.recognise(head, b"", b"/x/disk.bin")
    assert not ewf.recognise(head, b"", b"/x/disk.s01")
    assert not ewf.recognise(head[1:], b"", b"/x/disk.E01")


def test_what_no_image_has_is_refused(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    at = place(path, "volume") + 76
    body = bytearray(path.read_bytes()[at : at + 1048])
    for offset, value in ((8, 0), (12, 0), (8, 1 << 31), (16, (1 << 63) - 1)):
        data = bytearray(body)
        data[offset : offset + 4] = struct.pack("<Q", value)[:4]
        if offset == 16:
            data[offset : offset + 8] = struct.pack("<Q", value)
        change(path, at, ewf_maker.checked(bytes(data)))
        with pytest.raises(MediumError, match="does not say how large"):
            opened(path)


def renamed(path, kind, name):
    """Give a section another kind, under a right checksum."""
    at = place(path, kind)
    head = bytearray(path.read_bytes()[at : at + 72])
    head[:16] = name.ljust(16, b"\0")
    change(path, at, ewf_maker.checked(bytes(head)))


def test_sections_that_say_something_else_are_said(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    renamed(path, "hash", b"incomplete")
    renamed(path, "digest", b"crypt")
    medium = opened(path)
    assert medium.read_at(0, 10**6) == CONTENT
    first, second = medium.facts.said["doubts"]
    assert "of an unknown kind" in first
    assert "was not finished" in second
    assert medium.facts.stored == ()


def test_a_list_of_errors_that_is_damaged_is_said(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, errors=[(3, 2)])
    at = place(path, "error2") + 76
    change(path, at + 520, b"\x04")
    medium = opened(path)
    assert medium.facts.said["doubts"] == [
        "segment 1: its list of errors of acquisition fails its checksum"
    ]
    assert medium.facts.bad[0].offset == 4 * 512
    change(path, at, struct.pack("<I", 1 << 30))
    assert "not all can be read" in opened(path).facts.said["doubts"][0]


def test_digests_in_xml_are_used_where_they_are_whole(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, with_digests=False)
    at = place(path, "done")
    text = f"<xhash><md5>{'A' * 32}</md5><sha1>{'b' * 32}</sha1></xhash>".encode()
    data = zlib.compress(text)
    end = at + 76 + len(data)
    section = ewf_maker.checked(struct.pack("<16sQQ40x", b"xhash", end, 76 + len(data)))
    done = ewf_maker.checked(struct.pack("<16sQQ40x", b"done", end, 76))
    change(path, at, section + data + done)
    assert opened(path).facts.stored == (("md5", "a" * 32),)
    change(path, at + 76, b"zzzz")
    medium = opened(path)
    assert medium.facts.stored == ()
    assert "digests are not used" in medium.facts.said["doubts"][0]


def test_tables_are_read_again_when_many_are_in_use(tmp_path, monkeypatch):
    monkeypatch.setattr(ewf_tables, "MOST_LOADED", 5)
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, chunks_per_table=2)
    medium = opened(path)
    for _ in range(3):
        for offset in range(0, len(CONTENT), 3000):
            assert medium.read_at(offset, 3000) == CONTENT[offset : offset + 3000]
    assert len(medium._chunks._tables._loaded) <= 3


def test_a_table_larger_than_any_is_refused(tmp_path, monkeypatch):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    monkeypatch.setattr(ewf_tables, "MOST_ENTRIES", 9)
    with pytest.raises(MediumError, match="a table of 10 chunks"):
        opened(path)
    monkeypatch.setattr(ewf_sections, "MOST_SECTIONS", 3)
    with pytest.raises(MediumError, match="more sections than any image"):
        opened(path)


def test_doubts_are_told_up_to_a_number(tmp_path, monkeypatch):
    monkeypatch.setattr(ewf_opening, "MOST_DOUBTS", 2)
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    for kind in ("hash", "digest", "header"):
        renamed(path, kind, b"odd")
    doubts = opened(path).facts.said["doubts"]
    assert len(doubts) == 3
    assert doubts[-1] == "there are more doubts than are listed"


def test_a_segment_that_goes_away_while_it_is_read_is_damage(tmp_path, monkeypatch):
    monkeypatch.setattr("hashmatch.evidence.media.segments.MOST_OPEN", 1)
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, chunks_per_segment=5)
    medium = opened(path)
    assert medium.read_at(0, 4096) == CONTENT[:4096]
    (tmp_path / "disk.E02").unlink()
    found = medium.read_at(0, 10**6)
    assert found == CONTENT[: 5 * 4096] + bytes(len(CONTENT) - 5 * 4096)
    assert sum(one.length for one in medium.damage) == len(CONTENT) - 5 * 4096


@pytest.mark.skipif(shutil.which("ewfverify") is None, reason="ewfverify is not installed")
def test_another_tool_reads_the_images_of_these_tests(tmp_path):
    for number, plan in enumerate(PLANS.values()):
        path = ewf_maker.write(tmp_path / f"disk{number}.E01", CONTENT, **plan)
        done = subprocess.run(["ewfverify", "-q", path], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout
