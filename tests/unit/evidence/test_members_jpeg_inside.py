"""Thumbnails and further pictures of a JPEG come byte for byte."""

import struct

from hashmatch.evidence.members import jpeg_inside
from hashmatch.model.outcomes import Reason
from tests.members_reader import contents, read

THUMB = b"\xff\xd8\xff\xdb" + bytes(range(256)) * 3 + b"\xff\xd9"
OTHER = b"\xff\xd8\xff\xe1" + b"another picture" * 50 + b"\xff\xd9"
PIXELS = b"\xff\xda\0\x08\1\1\0\0?\0" + b"pixels" * 100 + b"\xff\xd9"


def segment(marker, content):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(*segments):
    return b"\xff\xd8" + b"".join(segments) + PIXELS


def exif(order="<", thumb=THUMB, length=None):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    first = struct.pack(order + "HHHIII", 1, 0x0112, 3, 1, 1, 26)
    second = struct.pack(
        order + "HHHIIHHIII", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, length or len(thumb), 0
    )
    return b"Exif\0\0" + mark + struct.pack(order + "I", 8) + first + second + thumb


def test_a_thumbnail_of_exif_in_both_orders_of_bytes():
    for order in "<>":
        assert contents(jpeg_inside, jpeg(segment(0xE1, exif(order)))) == [THUMB]


def test_a_member_is_named_by_its_kind_and_number():
    ((given, _, _),), _ = read(jpeg_inside, jpeg(segment(0xE1, exif())))
    assert (str(given.layer), given.name, given.size) == ("exif:thumb;n=0", b"thumb", len(THUMB))


def test_a_jpeg_without_thumbnail_holds_nothing():
    for content in (
        jpeg(),
        jpeg(segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")),
        jpeg(segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0")),
        b"\xff\xd8\xff",
        jpeg(segment(0xE1, exif(thumb=b"no picture" * 9))),
        PIXELS[:5],
    ):
        assert contents(jpeg_inside, content) == []


def test_a_thumbnail_that_goes_beyond_its_segment_has_a_doubt():
    ((given, data, _),), _ = read(jpeg_inside, jpeg(segment(0xE1, exif(length=5000))))
    assert (data, given.doubt) == (THUMB, Reason.DAMAGED_CONTAINER)


def test_what_looks_like_a_thumbnail_among_the_pixels_is_none():
    assert contents(jpeg_inside, jpeg() + segment(0xE1, exif())) == []


def test_a_segment_behind_the_first_64_kib_is_still_found():
    filler = segment(0xE5, bytes(60_000))
    assert contents(jpeg_inside, jpeg(filler, filler, segment(0xE1, exif()))) == [THUMB]


def test_further_pictures_of_an_index():
    first = jpeg(segment(0xE2, b"MPF\0" + bytes(82)))
    base = first.index(b"MPF\0") + 4

    def index(offset):
        entries = bytes(16) + struct.pack(">IIIHH", 0, len(OTHER), offset - base, 0, 0)
        header = b"MM\0*" + struct.pack(">I", 8)
        fields = struct.pack(">HHHII", 2, 0xB001, 4, 1, 2) + struct.pack(
            ">HHIII", 0xB002, 7, len(entries), 38, 0
        )
        return (b"MPF\0" + header + fields + entries).ljust(86, b"\0")

    whole = first.replace(first[base - 4 : base + 82], index(len(first))) + OTHER
    ((given, data, trouble),), _ = read(jpeg_inside, whole)
    assert (str(given.layer), data, trouble) == ("exif:mpf;n=0", OTHER, None)
    ((_, data, trouble),), _ = read(jpeg_inside, whole[:-10])
    assert (data, trouble) == (OTHER[:-10], Reason.DAMAGED_CONTAINER)
    assert contents(jpeg_inside, whole[: -len(OTHER)]) == []  # an index left over


def test_thumbnails_of_photoshop_and_jfif():
    resource = b"8BIM" + struct.pack(">HBBI", 1028, 0, 0, 3) + b"abc\0"
    resource += b"8BIM" + struct.pack(">H6sI", 1036, b"\4name\0", len(THUMB) + 28)
    resource += bytes(28) + THUMB + bytes(len(THUMB) % 2)
    for parts in (1, 2):
        size = -(-len(resource) // parts)
        split = [resource[place : place + size] for place in range(0, len(resource), size)]
        segments = [segment(0xED, b"Photoshop 3.0\0" + part) for part in split]
        assert contents(jpeg_inside, jpeg(*segments)) == [THUMB]
    assert contents(jpeg_inside, jpeg(segment(0xE0, b"JFXX\0\x10" + THUMB))) == [THUMB]


def test_the_video_of_a_moving_photo():
    video = b"\0\0\0\x18ftypmp42" + b"frames" * 100
    for text in ('GCamera:MicroVideoOffset="%d"', "MotionPhoto <a:Length>%d</a:Length>"):
        told = b"MicroVideo" + (text % len(video)).encode()
        packet = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + told)
        assert contents(jpeg_inside, jpeg(packet) + video) == [video]
        assert contents(jpeg_inside, jpeg(packet) + video[:-1]) == []
