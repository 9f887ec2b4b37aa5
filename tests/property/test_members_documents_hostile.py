"""Documents, mail and stores of thumbnails that are damaged anywhere end in reasons only."""

import base64
import io
import random
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hashmatch.evidence.members import (
    attached,
    jpeg_inside,
    loose,
    mbox,
    mime,
    ole,
    pdf,
    thumbcache,
    tnef,
)
from tests.archives import zip_entry, zip_of
from tests.members_reader import read
from tests.ole_maker import compound

NOISE = random.Random(1).randbytes(64 * 64)


def _jpeg():
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 1
    Image.frombytes("L", (64, 64), NOISE).save(stream, "JPEG", exif=exif)
    thumb = stream.getvalue()
    tiff = b"II*\0\x08\0\0\0" + struct.pack(
        "<HIHHHIIHHIII", 0, 14, 2, 0x0201, 4, 1, 44, 0x0202, 4, 1, len(thumb), 0
    )
    tiff = tiff.ljust(44, b"\0") + thumb
    segment = b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
    return b"\xff\xd8" + segment + thumb[2:]


def _pdf():
    pikepdf = pytest.importorskip("pikepdf")
    made = pikepdf.new()
    made.add_blank_page()
    stream = pikepdf.Stream(made, _jpeg())
    stream.Type, stream.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    stream.Width = stream.Height = 64
    stream.BitsPerComponent, stream.ColorSpace = 8, pikepdf.Name.DeviceGray
    stream.Filter = pikepdf.Name.DCTDecode
    made.Root.Kept = made.make_indirect(stream)
    plain = pikepdf.Stream(made, NOISE)
    for key in ("Type", "Subtype", "Width", "Height", "BitsPerComponent", "ColorSpace"):
        plain[f"/{key}"] = stream[f"/{key}"]
    made.Root.Other = made.make_indirect(plain)
    made.attachments["a.bin"] = NOISE[:99]
    out = io.BytesIO()
    made.save(out, compress_streams=False)
    return out.getvalue()


def _mail():
    picture = base64.encodebytes(_jpeg())
    return (
        b"From: a@b\nTo: c@d\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: image/jpeg; name*=utf-8''a.jpg\nContent-Transfer-Encoding: base64\n\n"
        + picture
        + b"\n--x\nContent-Type: message/rfc822\n\nFrom: a\nTo: b\n\nbegin 644 a\n#AAAA\n`\nend\n"
        b"\n--x\nContent-Type: a/b\nContent-Transfer-Encoding: quoted-printable\n\n=41=\nb\n--x--\n"
    )


def _box():
    return b"".join(b"From a Mon Nov 23 08:00:00 2026\n" + _mail() + b"\n" for _ in range(2))


def _document():
    blip = struct.pack("<HHI", 0x46A0, 0xF01D, 17 + len(_jpeg())) + bytes(17) + _jpeg()
    book = struct.pack("<HHHH", 0x809, 0, 0xEB, 99) + bytes(99)
    return compound({"Data": blip * 2, "Workbook": book, "x/\1Ole10Native": NOISE[:300]})


def _message():
    folder = "__attach_version1.0_#00000000/"
    return compound({
        "__properties_version1.0": bytes(9),
        folder + "__substg1.0_37010102": _jpeg(),
        folder + "__substg1.0_3707001F": "a.jpg".encode("utf-16-le"),
        folder + "__properties_version1.0": bytes(8),
    })  # fmt: skip


def _thumbs():
    catalog = struct.pack("<HHIIIIIQ", 16, 5, 1, 96, 96, 30, 1, 0) + "a.jpg".encode("utf-16-le")
    return compound({"Catalog": catalog, "1": struct.pack("<III", 12, 1, 9) + _jpeg()})


def _cache():
    header = struct.pack("<4sIIIIII", b"CMMM", 32, 2, 28, 0, 0, 0)
    picture = _jpeg()
    sizes = struct.pack("<8xIII28x", 4, 2, len(picture))
    whole = 8 + len(sizes) + 6 + len(picture)
    entry = b"CMMM" + struct.pack("<I", whole) + sizes + b"a\0b\0\0\0" + picture
    return header + entry * 2


def _winmail():
    def attribute(kind, content):
        head = struct.pack("<BII", 2, kind, len(content))
        return head + content + struct.pack("<H", sum(content) & 0xFFFF)

    names = b"\x1f\0\x07\x37" + struct.pack("<II", 1, 10) + "a.jpg".encode("utf-16-le")
    parts = (0x69002, b"14"), (0x18010, b"A\0"), (0x6800F, _jpeg()), (0x69005, names)
    return b"\x78\x9f\x3e\x22\1\0" + b"".join(attribute(*one) for one in parts)


CASES = {
    "jpeg": (jpeg_inside, _jpeg),
    "pdf": (pdf, _pdf),
    "mail": (mime, _mail),
    "mailbox": (mbox, _box),
    "document": (ole, _document),
    "message": (ole, _message),
    "thumbs.db": (ole, _thumbs),
    "thumbcache": (thumbcache, _cache),
    "winmail": (tnef, _winmail),
    "loose": (loose, lambda: bytes(9) + _jpeg()),
    "attached": (attached, lambda: b"MZ" + zip_of([zip_entry(b"a", b"1", b"1")])),
}
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([b"\0", b"\xff", b"\x7f\xff\xff\xff", b"1", b"\n"])),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("name", CASES)
def test_whole_ones_give_something(name):
    module, make = CASES[name]
    content = make()
    found, end = read(module, content)
    assert end is None
    assert found
    assert all(trouble is None for _, _, trouble in found)
    assert module.recognise(content[:4096], b"")


@pytest.mark.parametrize("name", CASES)
def test_damaged_ones_end_in_reasons(name):
    module, make = CASES[name]
    content = make()

    @given(CHANGES, st.floats(0, 1), st.booleans())
    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    def check(changes, cut, near):
        hostile = bytearray(content)
        reach = min(len(content), 2048) if near else len(content)
        for share, value in changes:
            place = int(share * (reach - 1))
            hostile[place : place + len(value)] = value
        if cut < 0.3:
            del hostile[int(cut / 0.3 * len(hostile)) :]
        module.recognise(bytes(hostile[:4096]), b"name")
        read(module, bytes(hostile))

    check()
