"""Compound files: older Office documents, Outlook messages, Thumbs.db."""

import io
import random
import struct
import zlib

import olefile
import pytest
from PIL import Image

from hashmatch.evidence.members import ole, ole_streams
from hashmatch.evidence.members.compound_file import CompoundFile
from hashmatch.evidence.members.interface import LeftOut, MemberError
from hashmatch.model.outcomes import Reason, Rule
from tests.members_reader import contents, read
from tests.ole_maker import compound


def _chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(
        ">I", zlib.crc32(kind + content)
    )  # fmt: skip


def png(side):
    rows = zlib.compress(random.Random(side).randbytes((side + 1) * side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


def jpeg(side):
    stream = io.BytesIO()
    noise = random.Random(side).randbytes(side * side)
    Image.frombytes("L", (side, side), noise).save(stream, "JPEG", quality=90)
    return stream.getvalue()


PNG = png(100)
JPEG = jpeg(150)
NOISE = bytes(range(1, 250)) * 40


def blip(number, content, kind=0xF01D, uids=1):
    tag = b"\xff"
    return struct.pack("<HHI", number << 4, kind, 16 * uids + 1 + len(content)) + bytes(
        16 * uids
    ) + tag + content  # fmt: skip


def wide(text):
    return text.encode("utf-16-le")


@pytest.fixture(scope="module")
def streams():
    rng = random.Random(1)
    return {
        "first": rng.randbytes(4096),
        "a/small": rng.randbytes(100),
        "a/b/small too": rng.randbytes(4095),
        "a/b/large": rng.randbytes(60_000),
        "empty": b"",
        "last": rng.randbytes(9_999),
    }


def test_streams_are_those_that_another_reader_finds(streams):
    made = compound(streams)
    file = CompoundFile(io.BytesIO(made))
    other = olefile.OleFileIO(made)
    found = {"/".join(one.path): b"".join(file.blocks(one)) for one in file.entries()}
    assert found == streams
    assert found == {"/".join(one): other.openstream(one).read() for one in other.listdir()}
    assert not file.damaged


def test_a_table_that_goes_on_outside_the_header():
    large = {"large": random.Random(9).randbytes(7_500_000), "small": PNG}
    made = compound(large)
    file = CompoundFile(io.BytesIO(made))
    other = olefile.OleFileIO(made)
    for one in file.entries():
        content = b"".join(file.blocks(one))
        assert content == large[one.path[0]] == other.openstream(one.path[0]).read()
    assert not file.damaged
    header = bytearray(made)
    struct.pack_into("<I", header, 68, 0xFFFFFFFE)  # where it goes on
    assert read(ole, bytes(header))[1] is Reason.DAMAGED_CONTAINER


def test_a_tree_of_storages_that_is_damaged_still_gives_its_streams():
    made = bytearray(compound({"a": JPEG, "b": PNG, "c": JPEG}))
    entry = made.index(wide("a") + bytes(4))
    struct.pack_into("<I", made, entry + 72, 0x77777777)  # the next one in its storage
    found, end = read(ole, bytes(made))
    assert [data for _, data, _ in found] == [JPEG, PNG, JPEG]
    assert end is Reason.DAMAGED_CONTAINER


def test_what_only_begins_like_a_compound_file():
    for content in (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(600)):
        assert read(ole, content) == ([], Reason.DAMAGED_CONTAINER)
    made = bytearray(compound({"a": PNG}))
    made[30] = 15
    assert read(ole, bytes(made)) == ([], Reason.UNSUPPORTED_CONTAINER)


def test_a_stream_too_long_for_memory_is_told(monkeypatch):
    monkeypatch.setattr(ole_streams, "MOST", 5000)
    ((_, _, trouble),), _ = read(ole, compound({"Data": bytes(6000)}))
    assert trouble is Reason.LIMIT_KEPT


def test_what_only_looks_like_the_header_of_a_picture_is_passed_over():
    for number, kind, content in (
        (0x46A, 0xF01D, b"no picture" * 9), (0x7A8, 0xF01F, bytes(90)),
        (0x3D4, 0xF01A, bytes(90)), (0x3D4, 0xF01A, bytes(27) + b"\x20\0\0\0\0\xfe" + bytes(60)),
    ):  # fmt: skip
        assert contents(ole, compound({"Data": NOISE + blip(number, content, kind)})) == []
    beyond = blip(0x46A, JPEG)[:100]
    assert contents(ole, compound({"Data": NOISE + beyond + bytes(50)})) == []


def test_a_stream_that_breaks_off_says_so(streams):
    made = compound(streams)
    for cut in (len(made) - 5_000, 40_000):
        try:
            file = CompoundFile(io.BytesIO(made[:cut]))
        except MemberError as error:
            assert error.reason is Reason.DAMAGED_CONTAINER
            continue
        troubles = 0
        for one in file.entries():
            content = b""
            try:
                for block in file.blocks(one):
                    content += block
            except MemberError:
                troubles += 1
                assert streams["/".join(one.path)].startswith(content)
            else:
                assert content == streams["/".join(one.path)]
        assert troubles or file.damaged


def test_a_circle_of_sectors_ends():
    made = bytearray(compound({"loop": bytes(100_000)}))
    table = made.index(struct.pack("<II", 1, 2), 512)
    struct.pack_into("<I", made, table + 4 * 50, 3)
    ((given, _, trouble),), _ = read(ole, bytes(made))
    assert (given.name, trouble) == (b"loop", Reason.DAMAGED_CONTAINER)
    small = bytearray(compound({"loop": bytes(3000), "other": bytes(3000)}))
    table = small.index(struct.pack("<II", 1, 2), 512)
    struct.pack_into("<I", small, table + 4 * 20, 3)
    ((given, _, trouble),), _ = read(ole, bytes(small))
    assert (given.name, trouble) == (b"loop", Reason.DAMAGED_CONTAINER)


def test_streams_that_share_sectors_are_damage():
    made = bytearray(compound({"a": PNG, "b": PNG}))
    assert contents(ole, bytes(made)) == [PNG, PNG]
    table = made.index(struct.pack("<II", 1, 2), 512)
    second = -(-len(PNG) // 512)
    struct.pack_into("<I", made, table, second + 1)  # the first goes on in the second
    assert read(ole, bytes(made))[1] is Reason.DAMAGED_CONTAINER


def test_pictures_of_drawings_come_by_their_lengths():
    for number, picture, uids in (
        (0x46A, JPEG, 1), (0x46B, JPEG, 2), (0x6E0, PNG, 1), (0x6E1, PNG, 2),
        (0x6E4, b"II*\0 a picture of another form", 1),
    ):  # fmt: skip
        made = compound({"Pictures": NOISE + blip(number, picture, uids=uids) + NOISE})
        assert contents(ole, made) == [picture]


def test_pictures_without_a_header_are_found_by_their_structure():
    made = compound({"Data": NOISE + JPEG + NOISE + blip(0x6E0, PNG) + b"?" * 99 + PNG})
    found, _ = read(ole, made)
    assert [data for _, data, _ in found] == [JPEG, PNG, PNG]
    assert [str(given.layer) for given, _, _ in found] == [
        f"ole:Data/{len(NOISE)}.jpg;n=0",
        f"ole:Data/{2 * len(NOISE) + len(JPEG)}.png;n=1",
        f"ole:Data/{len(NOISE) * 2 + len(JPEG) + 25 + len(PNG) + 99}.png;n=2",
    ]


def test_pictures_that_a_workbook_cuts_to_pieces_are_joined():
    drawing = bytes(50) + blip(0x46A, JPEG) + blip(0x6E0, PNG)
    pieces = [drawing[place : place + 8224] for place in range(0, len(drawing), 8224)]
    assert len(pieces) > 2
    for second in (0x3C, 0xEB):
        kinds = [0xEB, second] + [0x3C] * (len(pieces) - 2)
        book = struct.pack("<HH", 0x809, 16) + bytes(16)
        for kind, piece in zip(kinds, pieces, strict=True):
            book += struct.pack("<HH", kind, len(piece)) + piece
        book += struct.pack("<HH", 10, 0) + bytes(4000)
        assert contents(ole, compound({"Workbook": book})) == [JPEG, PNG]


def test_bitmaps_and_packed_drawings_come_with_a_doubt():
    bitmap = struct.pack("<IiiHHIIiiII", 40, 2, 2, 1, 24, 0, 16, 0, 0, 0, 0) + bytes(16)
    packed = zlib.compress(b"drawing" * 100)
    metafile = bytes(28) + struct.pack("<I", len(packed)) + b"\0\xfe" + packed
    emf = struct.pack("<HHI", 0x3D40, 0xF01A, 16 + len(metafile)) + bytes(16) + metafile
    found, _ = read(ole, compound({"Pictures": blip(0x7A8, bitmap, 0xF01F) + emf}))
    assert [given.doubt for given, _, _ in found] == [Reason.NO_FILE] * 2
    assert found[0][1] == b"BM" + struct.pack("<IIi", 70, 0, 54) + bitmap
    assert found[1][1] == b"drawing" * 100


def test_packages_and_embedded_files_come_whole():
    native = struct.pack("<H", 2) + b"label.png\0C:\\x\\photo.png\0" + b"\0\0\3\0"
    native += struct.pack("<I", 5) + b"C:\\a\0" + struct.pack("<I", len(PNG)) + PNG + b"more"
    native = struct.pack("<I", len(native)) + native
    made = compound({
        "ObjectPool/_1/\x01Ole10Native": native,
        "ObjectPool/_2/Package": b"PK\3\4 a document",
        "ObjectPool/_3/CONTENTS": b"%PDF-1.4 another",
        "ObjectPool/_4/\x01Ole10Native": struct.pack("<I", 20) + b"BM of a bitmap",
    })  # fmt: skip
    found, _ = read(ole, made)
    assert {given.name: data for given, data, _ in found} == {
        b"ObjectPool/_1/\x01Ole10Native/photo.png": PNG,
        b"ObjectPool/_2/Package": b"PK\3\4 a document",
        b"ObjectPool/_3/CONTENTS": b"%PDF-1.4 another",
        b"ObjectPool/_4/\x01Ole10Native/object": b"BM of a bitmap",
    }


def test_encrypted_documents_are_told():
    fib = bytes(11) + b"\1" + bytes(5000)
    locked = struct.pack("<HH", 0x809, 4) + bytes(4) + struct.pack("<HH", 0x2F, 4) + bytes(4)
    for name, content in (
        ("EncryptedPackage", bytes(9000)), ("WordDocument", fib), ("Workbook", locked)
    ):  # fmt: skip
        ((given, _, trouble),), end = read(ole, compound({name: content}))
        assert (given.name, trouble, end) == (name.encode(), Reason.KEY_NEEDED, None)


def test_attachments_of_a_message_and_of_messages_in_it():
    props = "__properties_version1.0"
    inner = "__attach_version1.0_#00000001/__substg1.0_3701000D"
    made = compound({
        props: bytes(40),
        "__attach_version1.0_#00000000/__substg1.0_37010102": PNG,
        "__attach_version1.0_#00000000/__substg1.0_3707001F": wide("ภาพ.png"),
        "__attach_version1.0_#00000000/__substg1.0_3704001F": wide("short.png"),
        "__attach_version1.0_#00000000/" + props: bytes(8),
        "__attach_version1.0_#00000001/__substg1.0_3001001F": wide("forwarded"),
        "__attach_version1.0_#00000001/" + props: bytes(8),
        inner + "/" + props: bytes(24),
        inner + "/__attach_version1.0_#00000000/__substg1.0_37010102": JPEG,
        inner + "/__attach_version1.0_#00000000/__substg1.0_3704001E": b"A.JPG\0",
        inner + "/__attach_version1.0_#00000000/" + props: bytes(8),
        "__attach_version1.0_#00000002/__substg1.0_3707001F": wide("elsewhere.png"),
        "__attach_version1.0_#00000002/" + props: bytes(8),
        "__attach_version1.0_#00000003/__substg1.0_3701000D/CONTENTS": b"%PDF-1.7",
        "__attach_version1.0_#00000003/" + props: bytes(8),
        "__substg1.0_1000001F": wide("the text"),
    })  # fmt: skip
    found, end = read(ole, made)
    assert end is None
    by_name = {given.name.decode(): (data, given) for given, data, _ in found}
    assert by_name.pop("ภาพ.png")[0] == PNG
    assert by_name.pop("forwarded/A.JPG")[0] == JPEG
    _, link = by_name.pop("elsewhere.png")
    assert isinstance(link, LeftOut)
    assert link.rule is Rule.SYMLINK
    ((name, (data, _)),) = by_name.items()
    assert name.endswith("/CONTENTS")
    assert data == b"%PDF-1.7"
    assert {given.layer.kind for given, _, _ in found} == {"msg"}
    assert sorted(given.layer.number("n") for given, _, _ in found) == [0, 1, 2, 3]


def test_thumbnails_come_without_their_header_and_with_the_name_of_their_file():
    def thumbnail(picture):
        return struct.pack("<III", 12, 1, len(picture)) + picture

    name = wide("ภาพ.jpg") + bytes(4)
    entry = struct.pack("<IIQ", 16 + len(name), 12, 0) + name
    made = compound({
        "Catalog": struct.pack("<HHIII", 16, 5, 1, 96, 96) + entry,
        "21": thumbnail(JPEG),
        "3": thumbnail(PNG),
        "256_3c2af1": struct.pack("<IIIIII", 24, 0, len(JPEG), 0, 0, 0) + JPEG,
        "4": struct.pack("<III", 12, 1, 100) + b"no tables" * 20,
    })  # fmt: skip
    found, end = read(ole, made)
    assert end is None
    by_name = {given.name: (given, data, trouble) for given, data, trouble in found}
    assert by_name[b"21"][1] == by_name[b"256_3c2af1"][1] == JPEG
    assert by_name[b"21"][0].facts.notes == (("original-name", "ภาพ.jpg"),)
    assert by_name[b"3"][1] == PNG
    assert by_name[b"4"][2] is Reason.UNSUPPORTED_CONTAINER
    assert {given.layer.kind for given, _, _ in found} == {"thumbsdb"}


def test_more_streams_than_the_file_can_hold_end_it():
    made = bytearray(compound({f"s{number}": bytes(50_000) for number in range(20)}))
    place = made.index(wide("s0") + bytes(4)) + 116
    (start,) = struct.unpack_from("<I", made, place)
    for number in range(1, 20):
        entry = made.index(wide(f"s{number}") + bytes(4)) + 116
        struct.pack_into("<IQ", made, entry, start, 50_000)
    assert (
        read(ole, bytes(made))[1] is Reason.DAMAGED_CONTAINER
    )  # one chain is the content of one stream
    huge = made.copy()
    for number in range(20):
        entry = huge.index(wide(f"s{number}") + bytes(4)) + 120
        struct.pack_into("<Q", huge, entry, 400_000)
    assert read(ole, bytes(huge))[1] is Reason.LIMIT_TOTAL


def test_a_picture_in_a_stream_that_breaks_off_is_given_with_a_doubt():
    made = bytearray(compound({"Data": NOISE + JPEG + NOISE, "Package": b"PK\3\4" + bytes(9000)}))
    table = made.index(struct.pack("<II", 1, 2), 512)
    count = -(-(2 * len(NOISE) + len(JPEG)) // 512)
    struct.pack_into("<I", made, table + 4 * (count - 2), 0xFFFFFFFE)
    struct.pack_into("<I", made, table + 4 * (count + 3), 0xFFFFFFFE)
    found, _ = read(ole, bytes(made))
    assert [(one.name, trouble) for one, _, trouble in found] == [
        (b"Data/%d.jpg" % len(NOISE), None),
        (b"Data", Reason.DAMAGED_CONTAINER),
        (b"Package", None),
    ]
    assert found[0][1] == JPEG
    assert found[0][0].doubt is found[2][0].doubt is Reason.DAMAGED_CONTAINER


@pytest.mark.parametrize("size", [100, 5000], ids=["small", "large"])
def test_two_streams_on_one_chain_are_noticed(size):
    raw = bytearray(compound({"Aaa": b"a" * size, "Bbb": b"b" * size}))
    first, second = (raw.index(name.encode("utf-16-le")) for name in ("Aaa", "Bbb"))
    file = CompoundFile(io.BytesIO(raw))
    for _ in range(2):  # one stream twice is no matter
        read_streams(file)
    assert not file.damaged
    raw[second + 116 : second + 120] = raw[first + 116 : first + 120]
    file = CompoundFile(io.BytesIO(raw))
    read_streams(file)
    assert file.damaged


def read_streams(file):
    for entry in file.entries():
        assert len(b"".join(file.blocks(entry))) == entry.size
