"""Archives behind pictures and programs are found, and what only looks like one is not."""

import io
import random
import struct
from functools import cache

import pytest
from PIL import Image

from hashmatch.evidence.members import attached, jpeg_inside, pieces, rar, registry, seven_zip
from hashmatch.evidence.members import zip as zips
from hashmatch.model.secrets import Secrets
from tests.archives import inside, rar4_file, rar4_of, rar5_file, rar5_of, zip_entry, zip_of

PICTURE = b"\xff\xd8\xff\xdb" + b"a picture" * 40 + b"\xff\xd9"
JPEG = b"\xff\xd8\xff\xda\0\x08\1\1\0\0?\0" + b"pixels" * 100 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" * 100 + b"\0\0\0\0IEND\xaeB`\x82"
GIF = b"GIF89a" + b"pixels" * 100 + b";"
WEBP = b"RIFF" + (604).to_bytes(4, "little") + b"WEBP" + b"pixels" * 100
MZ, ELF = b"MZ" + b"code" * 1000, b"\x7fELF" + b"code" * 1000
BEFORE = {"jpeg": JPEG, "png": PNG, "gif": GIF, "webp": WEBP, "mz": MZ, "elf": ELF}
BEFORE |= {"script": b"#!/usr/bin/python3\n" + b"#" * 4096, "crx": b"Cr24" + bytes(4096)}
BEFORE |= {"mach-o": b"\xcf\xfa\xed\xfe" + b"code" * 1100}


@cache
def seven():
    py7zr = pytest.importorskip("py7zr", reason="7z is made with py7zr")
    whole = io.BytesIO()
    with py7zr.SevenZipFile(whole, "w") as archive:
        archive.writef(io.BytesIO(PICTURE), "a.jpg")
    return whole.getvalue()


def zipped():
    return zip_of([zip_entry(b"a.jpg", PICTURE, PICTURE), zip_entry(b"b", b"2", b"2")])


ARCHIVES = {
    "zip": (zipped, zips),
    "rar4": (lambda: rar4_of(rar4_file(b"a.jpg", PICTURE)), rar),
    "rar5": (lambda: rar5_of(rar5_file(b"a.jpg", PICTURE, PICTURE)), rar),
    "7z": (seven, seven_zip),
}


def found(content):
    kind = registry.recognise(content[:4096], b"x")
    return inside(kind, content) if kind else []


@pytest.mark.parametrize("archive", ARCHIVES)
@pytest.mark.parametrize("first", BEFORE)
def test_an_archive_behind_something_is_given_as_it_lies_there(first, archive):
    make, kind = ARCHIVES[archive]
    before = BEFORE[first]
    (one,) = found(before + make())
    assert one.open().read() == make()
    name = {"jpeg": "exif"}.get(first, "attached")
    end = "rar" if kind is rar else kind.NAME
    assert str(one.layer) == f"{name}:{len(before)}.{end};n=0;off={len(before)};len={len(make())}"
    assert registry.recognise(one.open().read(4096), one.name) is kind
    (member, *_) = inside(kind, one.open().read())
    assert (member.name, member.open().read()) == (b"a.jpg", PICTURE)


@pytest.mark.parametrize("first", BEFORE)
def test_nothing_is_made_of_what_stands_alone_or_has_zeros_behind_it(first):
    assert found(BEFORE[first]) == []
    if first != "webp":  # says how long it is: zeros behind that are looked through too
        assert found(BEFORE[first] + bytes(5000)) == []
    assert found(BEFORE[first] + b"a trailer of some camera" * 30) == []


def test_an_archive_whose_own_end_looks_like_that_of_the_picture_is_found_too():
    made = zip_of([zip_entry(b"a", bytes(15_110), bytes(15_110))])
    assert made.rstrip(b"\0").endswith(b";")  # where its directory begins: as many GIFs end
    assert [one.open().read() for one in found(GIF + made)] == [made]
    for first, end in (("gif", b";"), ("jpeg", b"\xff\xd9"), ("png", b"IEND\xaeB`\x82")):
        made = zip_of([zip_entry(b"a", b"1", b"1")], comment=bytes(60_000) + end)
        assert [one.open().read() for one in found(BEFORE[first] + made)] == [made]


def test_offsets_that_count_from_the_beginning_of_the_program_fit_too():
    made = zip_of([zip_entry(b"a.jpg", PICTURE, PICTURE)])
    whole = bytearray(MZ + made)
    central = whole.index(b"PK\1\2")
    end = whole.index(b"PK\5\6")
    whole[central + 42 : central + 46] = len(MZ).to_bytes(4, "little")
    whole[end + 16 : end + 20] = central.to_bytes(4, "little")
    (one,) = found(bytes(whole))
    (member,) = inside(zips, one.open().read())
    assert (member.name, member.open().read()) == (b"a.jpg", PICTURE)


def test_the_first_of_several_is_given_with_all_behind_it():
    second = rar4_of(rar4_file(b"b", b"2"))
    (one,) = found(JPEG + second + zipped())
    assert (one.name, one.open().read()) == (b"%d.rar" % len(JPEG), second + zipped())


def test_signs_are_found_in_order_wherever_pieces_end(monkeypatch):
    data = b"ababcab--abc-aaab"
    wanted = [(0, b"ab"), (2, b"ab"), (2, b"abc"), (5, b"ab"), (9, b"ab"), (9, b"abc"), (15, b"ab")]
    for step in (1, 2, 3, 7, 100):
        monkeypatch.setattr(pieces, "_STEP", step)
        assert [*pieces.places(io.BytesIO(data), (b"ab", b"abc"), len(data))] == wanted
        assert [*pieces.places(io.BytesIO(data), (b"abc",), 11, 1)] == [(2, b"abc")]


def test_signs_without_what_must_follow_them_are_nothing():
    signs = (b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\1\0", b"7z\xbc\xaf\x27\x1c", b"PK\3\4", b"PK\5\6")
    noise = random.Random(5).randbytes(50)
    table = b"".join(sign + noise for sign in signs) + b"".join(signs)
    for before in BEFORE.values():
        assert found(before + table) == []
    assert found(MZ + b"PK\3\4" + bytes(200)) == []
    assert found(MZ + zipped()[:100]) == []  # no directory: a program may have such bytes


def test_a_program_is_looked_through_as_far_as_such_programs_are_long(monkeypatch):
    monkeypatch.setattr(attached, "_PROGRAM", 8000)
    later = MZ + bytes(9000)
    assert found(later + rar4_of(rar4_file(b"a", b"1"))) == []
    (one,) = found(later + zipped())  # whose end says that it is there
    assert one.name == b"%d.zip" % len(later)


@pytest.mark.parametrize(("bits", "table"), [(b"\x0b\1", 152), (b"\x0b\2", 168)])
def test_the_signature_of_a_program_is_no_part_of_the_archive(bits, table):
    made, signature = zipped(), b"who signed it".ljust(64, b"\0")

    def program(place, size):
        head = bytearray(b"MZ".ljust(1000, b"\0"))
        head[0x3C:0x40] = (64).to_bytes(4, "little")
        head[64:68], head[88:90] = b"PE\0\0", bits
        head[64 + table : 72 + table] = struct.pack("<II", place, size)
        return bytes(head) + made + signature

    behind = 1000 + len(made)
    (one,) = found(program(behind, len(signature)))
    assert (one.size, one.open().read()) == (len(made), made)
    assert len(inside(zips, made)) == 2
    for lies in ((900, behind - 900 + 64), (behind, 5), (behind, 1 << 31), (0, behind + 64)):
        (one,) = found(program(*lies))
        assert one.open().read() == made + signature


def test_an_archive_among_loose_pictures_is_given_too():
    whole = io.BytesIO()
    Image.frombytes("L", (64, 64), random.Random(1).randbytes(4096)).save(whole, "JPEG")
    carved = whole.getvalue()
    made = zip_of([zip_entry(b"a.jpg", carved, carved)])
    for script in (b"#!/usr/bin/python3\n", b"\1 what nobody knows"):
        picture, archive = found(script + made)
        assert [picture.open().read(), archive.open().read()] == [carved, made]
        assert (
            str(archive.layer) == f"loose:{len(script)}.zip;n=1;off={len(script)};len={len(made)}"
        )


def test_what_a_jpeg_says_it_holds_comes_first():
    assert [*jpeg_inside.members(io.BytesIO(JPEG), Secrets())] == []
    xmp = b'http://ns.adobe.com/xap/1.0/\0<MotionPhoto Length="%d"/>'
    archive = zipped()
    video = b"\0\0\0\x10ftypmp42" + bytes(100)
    tail = archive + video
    text = xmp % len(video)
    segment = b"\xff\xe1" + (len(text) + 2).to_bytes(2) + text
    members = found(b"\xff\xd8" + segment + JPEG[2:] + tail)
    assert [one.name.rpartition(b".")[2] for one in members] == [b"video", b"zip"]
    assert [f";n={number}" in str(one.layer) for number, one in enumerate(members)] == [True, True]
