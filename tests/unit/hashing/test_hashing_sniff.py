"""Pictures are recognised by content alone."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hashmatch.hashing.sniff import is_picture, picture_kind


def encoded(form, mode="RGB", size=(16, 16), **options):
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, form, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (encoded("JPEG"), "image/jpeg"),
        (encoded("PNG"), "image/png"),
        (encoded("GIF"), "image/gif"),
        (encoded("BMP"), "image/bmp"),
        (encoded("DIB"), None),  # a bitmap without its file header has no signature
        (encoded("TIFF"), "image/tiff"),
        (encoded("TIFF", big_tiff=True), "image/tiff"),
        (encoded("WEBP"), "image/webp"),
        (encoded("AVIF"), "image/avif"),
        (encoded("JPEG2000"), "image/jp2"),
        (encoded("JPEG2000", no_jp2=True), "image/j2c"),
        (encoded("ICO"), "image/vnd.microsoft.icon"),
        (encoded("PPM"), "image/x-portable-anymap"),
        (encoded("PPM", mode="1"), "image/x-portable-anymap"),
        (encoded("PCX"), "image/vnd.zbrush.pcx"),
        (encoded("PCX", mode="1"), "image/vnd.zbrush.pcx"),
        (encoded("SGI"), "image/x-sgi"),
        (encoded("DDS"), "image/vnd-ms.dds"),
        (encoded("ICNS"), "image/x-icns"),
        (b"\0\0\2\0" + encoded("ICO")[4:], "image/x-win-cursor"),
    ],
)
def test_what_encoders_write_is_recognised(content, kind):
    assert picture_kind(content[:4096]) == kind
    assert is_picture(content) is (kind is not None)


def brands(major, *others):
    names = b"".join((major, b"\0\0\0\0", *others))
    return (8 + len(names)).to_bytes(4, "big") + b"ftyp" + names + b"\0\0\0\x08mdat"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"P6 0160 120 255\n", "image/x-portable-anymap"),
        (b"P6#c\n160 120 255\n", "image/x-portable-anymap"),
        (b"P5\r#c\r16 12 255\n", "image/x-portable-anymap"),
        (b"P7\nWIDTH 4\nHEIGHT 4\n", "image/x-portable-arbitrarymap"),
        (b"P7\n# c\nWIDTH 4\n", "image/x-portable-arbitrarymap"),
        (b"PF\n16 12\n-1.0\n", "image/x-portable-floatmap"),
        (b"BA" + bytes(12) + b"BM", "image/x-os2-graphics"),
        (b"\x01\0\0\0" + bytes(36) + b" EMF", "image/emf"),
        (b"\xd7\xcd\xc6\x9a\0\0", "image/wmf"),
        (b"\x01\0\x09\0\0\x03\0\0", "image/wmf"),
        (b"\x59\xa6\x6a\x95\0\0", "image/x-sun-raster"),
        (b"\x76\x2f\x31\x01\x02\0", "image/x-exr"),
        (b"#?RADIANCE\nFORMAT", "image/vnd.radiance"),
        (b"AT&TFORM\0\0\1\0DJVUINFO", "image/vnd.djvu"),
        (b"FORM\0\0\1\0DJVMDIRM", "image/vnd.djvu"),
        (b"\x8aMNG\r\n\x1a\n\0", "video/x-mng"),
        (b"\x8bJNG\r\n\x1a\n\0", "image/x-jng"),
        (b"qoif\0\0\0\1", "image/qoi"),
        (b"BPG\xfb\0", "image/bpg"),
        (b"FLIF1", "image/flif"),
        (b"gimp xcf v011\0", "image/x-xcf"),
        (b"PF\nwords", None),
        (b"P7 of the contract", None),
        (b"P6 0000", None),
        (b"BATTLE of the something", None),
        (b"icns and other words", None),
        (b"FORM\0\0\1\0AIFF", None),
        (b"\x01\xda\1\7\0\2", None),
        (b"\n\5\1\x08" + b"line of text" * 9, None),
        (b"\n", None),
        (b"MM\0*\0\0\0\x08", "image/tiff"),
        (b"MM\0+\0\x08\0\0\0\0\0\0", "image/tiff"),
        (b"II*\0\x10\0\0\0CR\x02\0", "image/tiff"),  # Canon raw stays what it says it is
        (brands(b"heic", b"mif1", b"heic"), "image/heic"),
        (brands(b"mif1", b"mif1", b"heic"), "image/heic"),
        (brands(b"mif1", b"mif1", b"avif"), "image/avif"),
        (brands(b"msf1", b"hevc"), "image/heic"),
        (brands(b"mif1", b"mif1"), "image/heif"),
        (brands(b"mif1"), "image/heif"),
        (brands(b"crx ", b"isom"), "image/x-canon-cr3"),
        (b"8BPS\0\x01", "image/vnd.adobe.photoshop"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
        (b"\xff\x0a\xfa\x1f", "image/jxl"),
        (b"II\xbc\x01\x20\0\0\0", "image/jxr"),
        (b"FUJIFILMCCD-RAW 0201", "image/x-fuji-raf"),
        (b"IIRO\x08\0\0\0", "image/x-olympus-orf"),
        (b"IIU\0\x18\0\0\0", "image/x-panasonic-rw2"),
        (b"II\x1a\0\0\0HEAPCCDR\x02", "image/x-canon-crw"),
        (b"FOVb\0\0\x02\0", "image/x-sigma-x3f"),
        (b"\0MRM\0\0", "image/x-minolta-mrw"),
        (b"P6\n# a comment\n# another\n640 480\n255\n", "image/x-portable-anymap"),
    ],
)
def test_kinds_known_by_their_beginning(head, kind):
    assert picture_kind(head) == kind


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"BM",
        b"BM is not always a bitmap, whatever `file` says",
        b"P6 is a name too",
        b"P5",
        b"\0\0\1\0",
        b"\0\0\1\0\0\0" + bytes(20),
        b"\0\0\1\0\1\0" + b"\xff" * 4 + bytes(20),
        b"RIFF\0\0\0\0WAVEfmt ",
        b"%PDF-1.7",
        b"<svg xmlns=",
        b"MZ\x90\0",
        b"PK\x03\x04",
        brands(b"isom", b"mp42"),
        brands(b"qt  "),
        b"\0\0\0\x08ftyp",
        "P6 ภาพ".encode(),
    ],
)
def test_what_is_no_picture_passes_for_none(head):
    assert picture_kind(head) is None


def test_a_brand_beyond_the_brands_box_does_not_count():
    box = brands(b"mif1")
    assert picture_kind(box[:16] + b"heic") == "image/heif"


@given(st.binary(max_size=80))
def test_any_bytes_have_an_answer(head):
    assert is_picture(head) is (picture_kind(head) is not None)
