"""Pictures and attachments of PDF documents come byte for byte, others as samples with a doubt."""

import base64
import io
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from hashmatch.evidence.members import pdf
from hashmatch.model.outcomes import Reason
from tests.members_reader import contents, read

pikepdf = pytest.importorskip("pikepdf")


@pytest.fixture(scope="module")
def jpeg():
    stream = io.BytesIO()
    Image.fromarray(np.arange(3072, dtype=np.uint8).reshape(32, 32, 3)).save(stream, "JPEG")
    return stream.getvalue()


def saved(document, **options):
    stream = io.BytesIO()
    document.save(stream, **options)
    return stream.getvalue()


def image(document, content, filters, **keys):
    """Add an image object."""
    told = {
        "Type": pikepdf.Name.XObject, "Subtype": pikepdf.Name.Image, "Width": 32, "Height": 32,
        "BitsPerComponent": 8, "ColorSpace": pikepdf.Name.DeviceRGB,
    }  # fmt: skip
    stream = pikepdf.Stream(document, content)
    for key, value in (told | keys).items():
        stream[f"/{key}"] = value
    if filters:
        names = [pikepdf.Name(one) for one in filters]
        stream["/Filter"] = names[0] if len(names) == 1 else pikepdf.Array(names)
    return document.make_indirect(stream)


def document(*pictures):
    """Make a document with pictures that no page shows."""
    made = pikepdf.new()
    made.add_blank_page()
    made.Root.Kept = pikepdf.Array([image(made, *one[:2], **one[2]) for one in pictures])
    return saved(made, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def test_jpegs_come_as_they_were_put_in_whatever_is_around_them(jpeg):
    packed = zlib.compress(jpeg)
    content = document(
        (jpeg, ["/DCTDecode"], {}),
        (packed, ["/FlateDecode", "/DCTDecode"], {}),
        (jpeg.hex().encode() + b">", ["/ASCIIHexDecode", "/DCTDecode"], {}),
        (packed.hex().encode(), ["/AHx", "/Fl", "/DCTDecode"], {}),
        (base64.a85encode(jpeg) + b"~>", ["/ASCII85Decode", "/DCTDecode"], {}),
        (b"jpeg 2000", ["/JPXDecode"], {}),
    )
    assert sorted(contents(pdf, content)) == sorted([jpeg] * 5 + [b"jpeg 2000"])


def test_members_are_named_by_their_object(jpeg):
    ((given, _, _),), end = read(pdf, document((jpeg, ["/DCTDecode"], {})))
    number = given.layer.key("obj").decode()
    assert str(given.layer) == f"pdf:{number}.jpg;n=0;obj={number}"
    assert (given.name, given.size, given.doubt, end) == (
        f"{number}.jpg".encode(), len(jpeg), None, None
    )  # fmt: skip


def test_attached_files_come_with_their_names(jpeg):
    made = pikepdf.new()
    made.add_blank_page()
    made.attachments["ภาพ.jpg"] = jpeg
    ((given, data, _),), _ = read(pdf, saved(made))
    assert (given.name.decode(), data) == ("ภาพ.jpg", jpeg)


def test_an_encrypted_document_needs_its_password(jpeg):
    made = pikepdf.open(io.BytesIO(document((jpeg, ["/DCTDecode"], {}))))
    locked = saved(made, encryption=pikepdf.Encryption(owner="owner", user="user"))
    assert read(pdf, locked) == ([], Reason.KEY_NEEDED)
    assert read(pdf, locked, b"wrong") == ([], Reason.KEY_NEEDED)
    assert contents(pdf, locked, b"wrong", b"user") == [jpeg]
    open_to_all = saved(made, encryption=pikepdf.Encryption(owner="owner", user=""))
    assert contents(pdf, open_to_all) == [jpeg]


def test_a_document_that_had_to_be_repaired_says_so(jpeg):
    content = document((jpeg, ["/DCTDecode"], {}))
    found, end = read(pdf, content[: content.rindex(b"xref")])
    assert [data for _, data, _ in found] == [jpeg]
    assert end is Reason.DAMAGED_CONTAINER


def test_a_picture_whose_length_is_wrong_has_a_doubt(jpeg):
    content = document((jpeg, ["/DCTDecode"], {}), (jpeg + b"2", ["/DCTDecode"], {}))
    length = b"/Length %d" % len(jpeg)
    assert length in content
    found, end = read(pdf, content.replace(length, b"/Length %d" % (len(jpeg) - 5)))
    assert [given.doubt for given, _, _ in found] == [Reason.DAMAGED_CONTAINER, None]
    assert found[0][1].startswith(jpeg)
    assert end is Reason.DAMAGED_CONTAINER


def pixels(content):
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert("RGB"))


def test_samples_become_plain_pictures_with_a_doubt():
    rgb = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    gray = np.repeat(rgb[:, :, :1], 3, axis=2)
    bits = rgb[:, :, 0] > 127
    name = pikepdf.Name
    palette = bytes(range(48))
    index = rgb[:, :, 0] & 15
    nibbles = (index[:, ::2] << 4 | index[:, 1::2]).tobytes()
    cases = (
        (rgb, (zlib.compress(rgb.tobytes()), ["/FlateDecode"], {})),
        (rgb, (rgb.tobytes(), [], {})),
        (gray, (rgb[:, :, 0].tobytes(), [], {"ColorSpace": name.DeviceGray})),
        (
            255 - gray,
            (rgb[:, :, 0].tobytes(), [], {"ColorSpace": name.G, "Decode": pikepdf.Array([1, 0])}),
        ),
        (
            np.where(bits, 255, 0).astype(np.uint8)[:, :, None].repeat(3, axis=2),
            (np.packbits(bits, axis=1).tobytes(), [], {"ImageMask": True}),
        ),
        (
            np.frombuffer(palette, np.uint8).reshape(-1, 3)[index],
            (
                nibbles,
                [],
                {
                    "BitsPerComponent": 4,
                    "ColorSpace": pikepdf.Array([name.Indexed, name.DeviceRGB, 15, palette]),
                },
            ),
        ),
        (
            rgb,
            (
                np.dstack([255 - rgb, np.zeros((32, 32), np.uint8)]).tobytes(),
                [],
                {"ColorSpace": name.DeviceCMYK},
            ),
        ),
        (rgb, (np.dstack([rgb, rgb]).reshape(32, 32, 2, 3).swapaxes(2, 3).tobytes(), [],
               {"BitsPerComponent": 16})),
    )  # fmt: skip
    found, end = read(pdf, document(*(one for _, one in cases)))
    assert end is None
    assert {given.doubt for given, _, _ in found} == {Reason.NO_FILE}
    for (wanted, _), (_, data, _) in zip(cases, found, strict=True):
        np.testing.assert_array_equal(pixels(data), wanted)


def test_fax_lines_become_a_picture():
    lines = np.zeros((32, 64), bool)
    lines[8:20, 10:40] = True
    stream = io.BytesIO()
    Image.fromarray(~lines).save(stream, "TIFF", compression="group4")
    with Image.open(io.BytesIO(stream.getvalue())) as tiff:
        (offset,), (size,) = tiff.tag_v2[273], tiff.tag_v2[279]
        is_zero_white = tiff.tag_v2[262] == 0
    packed = stream.getvalue()[offset : offset + size]
    parameters = pikepdf.Dictionary(K=-1, Columns=64, BlackIs1=not is_zero_white)
    content = document((packed, ["/CCITTFaxDecode"], {"Width": 64, "DecodeParms": parameters}))
    ((given, data, _),), _ = read(pdf, content)
    assert given.doubt is Reason.NO_FILE
    np.testing.assert_array_equal(pixels(data)[:, :, 0] == 0, lines)


def test_what_cannot_be_unpacked_is_told():
    lab = pikepdf.Array([pikepdf.Name.Lab, pikepdf.Dictionary(WhitePoint=[1, 1, 1])])
    for one, reason in (
        ((b"x", ["/JBIG2Decode"], {}), Reason.UNSUPPORTED_CONTAINER),
        ((bytes(3072), [], {"ColorSpace": lab}), Reason.UNSUPPORTED_CONTAINER),
        ((bytes(3071), [], {}), Reason.DAMAGED_CONTAINER),
        ((b"no zlib", ["/FlateDecode", "/DCTDecode"], {}), Reason.DAMAGED_CONTAINER),
        ((b"xy", ["/ASCIIHexDecode", "/DCTDecode"], {}), Reason.DAMAGED_CONTAINER),
        ((b"\x80", ["/ASCII85Decode", "/DCTDecode"], {}), Reason.DAMAGED_CONTAINER),
        ((b"x", ["/LZWDecode", "/DCTDecode"], {}), Reason.UNSUPPORTED_CONTAINER),
        ((zlib.compress(bytes(9))[:-4], ["/Fl", "/DCTDecode"], {}), Reason.DAMAGED_CONTAINER),
        ((bytes(3072), [], {"BitsPerComponent": 3}), Reason.UNSUPPORTED_CONTAINER),
        ((bytes(3072), [], {"Decode": [0, 0.5] * 3}), Reason.UNSUPPORTED_CONTAINER),
        (
            (b"x", ["/CCITTFaxDecode"], {"DecodeParms": pikepdf.Dictionary(EncodedByteAlign=True)}),
            Reason.UNSUPPORTED_CONTAINER,
        ),
        ((b"x", [], {"Width": 1 << 20, "Height": 1 << 20}), Reason.LIMIT_SIZE),
        ((b"x", [], {"Width": -1}), Reason.DAMAGED_CONTAINER),
    ):
        ((_, _, trouble),), end = read(pdf, document(one))
        assert (trouble, end) == (reason, None)


def test_without_the_library_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    assert read(pdf, b"%PDF-1.4") == ([], Reason.NO_BACKEND)
    assert "hashmatch[documents]" in pdf.HELP
