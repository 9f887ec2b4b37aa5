"""Attachments of mail come byte for byte, whatever they are coded in."""

import base64
import binascii
import io
import quopri
import random
import struct
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.evidence.members import emlx, mbox, mime, mime_parts, registry, tnef
from hashmatch.evidence.members.interface import MemberError, Trouble
from hashmatch.evidence.members.unpacked import unpacked
from hashmatch.model.outcomes import Reason
from tests.members_reader import contents, read

PNG = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(3000)
JPEG = b"\xff\xd8\xff\xe0" + random.Random(2).randbytes(100_000)
HEAD = b"From: a@example.org\nTo: b@example.org\nMIME-Version: 1.0\n"


def message(**attached):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@example.org", "b@example.org", "s"
    made.set_content("a text\n" * 9)
    for name, content in attached.items():
        made.add_attachment(content, maintype="image", subtype="png", filename=name)
    return made


def one_part(content, *headers):
    return HEAD + b"".join(line + b"\n" for line in headers) + b"\n" + content


@pytest.mark.parametrize("policy", [default, SMTP], ids=["lf", "crlf"])
def test_attachments_also_of_messages_in_messages(policy):
    made = message(**{"ภาพ 1.png": PNG})
    inner = message(**{"b.jpg": JPEG})
    inner.add_attachment(message(**{"c.png": PNG}))
    alone = EmailMessage()
    alone["From"], alone["Subject"] = "a@example.org", "alone"
    alone.set_content(JPEG, maintype="image", subtype="jpeg", filename="d.jpg")
    made.add_attachment(inner)
    made.add_attachment(alone)
    raw = made.as_bytes(policy=policy)
    assert mime.recognise(raw[:4096], b"x.bin")
    found, end = read(mime, raw)
    assert end is None
    assert {given.doubt for given, _, _ in found} == {None}
    assert [(str(given.layer), given.name.decode(), data) for given, data, _ in found] == [
        ("mime:2;name=ภาพ 1.png", "ภาพ 1.png", PNG),
        ("mime:3.2;name=b.jpg", "b.jpg", JPEG),
        ("mime:3.3.2;name=c.png", "c.png", PNG),
        ("mime:4.1;name=d.jpg", "d.jpg", JPEG),
    ]


def test_a_message_that_is_one_picture():
    raw = one_part(base64.encodebytes(PNG), b"Content-Type: image/png", *[
        b"Content-Transfer-Encoding: BASE64"
    ])  # fmt: skip
    ((given, data, trouble),), end = read(mime, raw)
    assert (str(given.layer), given.name, data) == ("mime:1", b"part-1", PNG)
    assert (given.doubt, trouble, end) == (None, None, None)


@given(st.binary(max_size=2000), st.integers(1, 200), st.sampled_from([b"\n", b"\r\n"]))
@settings(max_examples=60, deadline=None)
def test_codings_give_what_was_coded(content, width, end):
    text = base64.b64encode(content)
    lines = end.join(text[place : place + width] for place in range(0, len(text), width))
    quoted = quopri.encodestring(content, quotetabs=True).replace(b"\n", end)
    lines_uu = [
        binascii.b2a_uu(content[place : place + 45]) for place in range(0, len(content), 45)
    ]
    uu = b"begin 644 x\n" + b"".join(lines_uu) + b"`\nend\n"
    for coding, body in (
        (b"base64", lines), (b"quoted-printable", quoted), (b"x-uuencode", uu), (b"8bit", content)
    ):  # fmt: skip
        if coding == b"quoted-printable" and (b"\n" in content or b"\r" in content):
            continue  # line ends of text are those of the message
        headers = b"Content-Type: x/y", b"Content-Transfer-Encoding: " + coding
        assert contents(mime, one_part(body, *headers)) == [content]


def test_damaged_base64_is_said_after_what_could_be_decoded():
    text = base64.encodebytes(PNG)
    for damaged, wanted in (
        (text[:2000] + b"\x80*" + text[2000:], PNG),
        (text.rstrip() + b"\nA footer of a list\n", PNG),
    ):
        headers = b"Content-Type: x/y", b"Content-Transfer-Encoding: base64"
        ((_, data, trouble),), _ = read(mime, one_part(damaged, *headers))
        assert data.startswith(wanted[:1400])
        assert trouble is Reason.DAMAGED_CONTAINER
    assert contents(mime, one_part(text.rstrip(b"=\n"), *headers)) == [PNG]


def test_a_message_that_is_cut_off_says_so():
    raw = message(**{"a.png": PNG, "b.png": JPEG}).as_bytes()
    found, end = read(mime, raw[:60_000])
    assert end is Reason.DAMAGED_CONTAINER
    assert [given.doubt for given, _, _ in found] == [None, Reason.DAMAGED_CONTAINER]
    assert found[0][1] == PNG
    assert JPEG.startswith(found[1][1])


def test_names_in_all_the_ways_they_are_written():
    for line, name in (
        (b'attachment; filename="a \\"b\\".jpg"', 'a "b".jpg'),
        (b"attachment; filename=plain.jpg; x=y", "plain.jpg"),
        (b"attachment; filename*=utf-8'th'%E0%B8%A0.jpg", "ภ.jpg"),
        (b"attachment; filename*0*=tis-620''%C0; filename*1*=%D2.jpg", "ภา.jpg"),
        (b'attachment; filename*0="long-"; filename*1="name.jpg"', "long-name.jpg"),
        (b'attachment;\n filename="=?utf-8?B?4Lig?=\n =?utf-8?Q?=2Ejpg?="', "ภ.jpg"),
        (b'attachment; filename="=?no-such-set?Q?a.jpg?="', "a.jpg"),
        (b"attachment; filename*=broken%E0", "broken%E0"),
    ):
        raw = one_part(b"x", b"Content-Type: text/plain", b"Content-Disposition: " + line)
        ((given, _, _),), _ = read(mime, raw)
        assert given.name.decode() == name


def test_pictures_in_disguise_and_in_texts():
    raw = one_part(base64.encodebytes(PNG), b"Content-Transfer-Encoding: base64")
    assert contents(mime, raw) == [PNG]
    lines = [binascii.b2a_uu(PNG[place : place + 45]) for place in range(0, len(PNG), 45)]
    text = b"look:\nbegin 644 a.png\n" + b"".join(lines) + b"`\nend\nbye\n"
    (first, second), _ = read(mime, one_part(text + text[:300]))
    assert (str(first[0].layer), first[1]) == ("mime:1;name=a.png;uu=0", PNG)
    assert (str(second[0].layer), second[2]) == (
        "mime:1;name=a.png;uu=1", Reason.DAMAGED_CONTAINER
    )  # fmt: skip
    assert contents(mime, one_part(b"only a text\n")) == []


def test_lines_of_uuencode_with_more_than_they_count():
    lines = [
        binascii.b2a_uu(PNG[place : place + 45], backtick=True) for place in range(0, len(PNG), 45)
    ]
    body = b"text\n\nbegin 644 a.png\n" + b"".join(one.rstrip() + b"X\n" for one in lines)
    headers = b"Content-Type: x/y", b"Content-Transfer-Encoding: x-uuencode"
    assert contents(mime, one_part(body + b"`\nend\n", *headers)) == [PNG]
    ((_, data, trouble),), _ = read(mime, one_part(body, *headers))
    assert (data, trouble) == (PNG, Reason.DAMAGED_CONTAINER)
    ((_, data, trouble),), _ = read(mime, one_part(body + b"M\x80\n", *headers))
    assert (data, trouble) == (PNG, Reason.DAMAGED_CONTAINER)


def test_damaged_quoted_printable_is_said():
    headers = b"Content-Type: x/y", b"Content-Transfer-Encoding: quoted-printable"
    ((_, data, trouble),), _ = read(mime, one_part(b"a=41=\n=ZZ", *headers))
    assert (data, trouble) == (b"aA=ZZ", Reason.DAMAGED_CONTAINER)
    long_line = b"=41" * 200_000
    assert contents(mime, one_part(long_line, *headers)) == [b"A" * 200_000]


def test_base64_goes_on_over_blocks_and_ends_at_its_padding():
    text = base64.encodebytes(JPEG * 5 + b"1")
    headers = b"Content-Type: x/y", b"Content-Transfer-Encoding: base64"
    assert contents(mime, one_part(text, *headers)) == [JPEG * 5 + b"1"]
    ((_, data, trouble),), _ = read(mime, one_part(text + b"A" * 600_000, *headers))
    assert (data, trouble) == (JPEG * 5 + b"1", Reason.DAMAGED_CONTAINER)


def test_long_headers_and_parts_without_any():
    many = b"".join(b"X-Other-%d: %s\n" % (number, b"y" * 60) for number in range(3000))
    body = b"--x\n" + many + b"Content-Type: a/b\n\n1\n--x\n\n2\n--x\nContent-Type: c/d\n--x--\n"
    raw = one_part(body, b"Content-Type: multipart/mixed; boundary=x")
    assert contents(mime, raw) == [b"1", b""]
    endless = HEAD + b"Content-Type: a/b\n" + b"X: y\n" * 300_000
    assert read(mime, endless)[1] is None


def test_an_unknown_coding_is_told():
    raw = one_part(b"x", b"Content-Type: image/png", b"Content-Transfer-Encoding: yenc")
    ((given, _, trouble),), _ = read(mime, raw)
    assert isinstance(given, Trouble)
    assert trouble is Reason.UNSUPPORTED_CONTAINER


def test_a_message_is_known_by_two_hops_alone():
    assert mime.recognise(b"Received: from a\n by b\nReceived: from c\nX-Other: d\n\n", b"")
    assert not mime.recognise(b"Received: from a\n by b\nX-Other: d\n\n", b"")


def test_other_texts_are_no_messages():
    for head in (
        b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:\n", b"", b"Subject: only one\n\nx",
        b"key: value\nother: value\n", b"\xff\xd8\xff", b"From here on: a text\nwithout fields\n",
        b"Date: x\nnot a field\nFrom: y\nTo: z\n",
    ):  # fmt: skip
        assert not mime.recognise(head, b"mail.eml")
    assert not mbox.recognise(b"From here on\nSubject: x\n", b"mbox")


def test_many_parts_and_deep_ones_end(monkeypatch):
    monkeypatch.setattr(mime_parts, "_MOST_PARTS", 1000)
    many = one_part(b"--x\n\n" * 1001, b"Content-Type: multipart/mixed; boundary=x")
    found, end = read(mime, many)
    assert (found, end) == ([], Reason.LIMIT_COUNT)
    deep = HEAD
    for number in range(40):
        deep += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number)
    found, end = read(mime, deep)
    assert end is Reason.LIMIT_DEPTH


FROM = b"From a@example.org Mon Nov 23 08:00:00 2026\n"


def test_a_mailbox_gives_its_messages_as_they_stand():
    mails = [message(**{f"{number}.png": PNG * number}).as_bytes() for number in (1, 200, 2)]
    mails[0] += b"\nFrom here on a sentence\n\nFrom me at 12:00:00 2026\nno field\n"
    box = b"".join(FROM + mail + b"\n" for mail in mails)
    assert mbox.recognise(box[:4096], b"x")
    found, end = read(mbox, box)
    assert end is None
    assert [str(given.layer) for given, _, _ in found] == ["mbox;n=0", "mbox;n=1", "mbox;n=2"]
    assert [data.rstrip(b"\n") for _, data, _ in found] == [mail.rstrip(b"\n") for mail in mails]
    assert contents(mime, found[1][1]) == [PNG * 200]


def test_a_mailbox_is_read_forward_only_and_messages_may_be_skipped():
    class Forward(io.RawIOBase):
        def __init__(self, content):
            self._rest = io.BytesIO(content)

        def read(self, size=-1):
            return self._rest.read(min(size, 777))

    box = b"".join(FROM + HEAD + b"\n%d\n\n" % number for number in range(5000))
    stream = Forward(box)
    taken = [
        one.open().read()
        for one in mbox.members(stream, None)
        if one.layer.number("n") % 1000 == 999
    ]
    first = next(mbox.members(Forward(box), None))
    assert first.open().read() == HEAD + b"\n0\n\n"
    with pytest.raises(MemberError):
        first.open()
    assert taken == [HEAD + b"\n%d\n\n" % number for number in range(999, 5000, 1000)]


def test_the_message_in_a_file_of_apple_mail():
    mail = message(**{"a.png": PNG}).as_bytes()
    raw = b"%-10d\n" % len(mail) + mail + b"<?xml version='1.0'?><plist/>\n"
    assert registry.recognise(raw[:4096], b"1.emlx") is emlx
    assert not emlx.recognise(b"12\nno message\n", b"1.emlx")
    assert contents(emlx, raw) == [mail]
    ((_, data, trouble),), _ = read(emlx, raw[:2000])
    assert (data, trouble) == (raw[11:2000], Reason.DAMAGED_CONTAINER)


def attribute(level, kind, content):
    total = sum(content) & 0xFFFF
    return struct.pack("<BII", level, kind, len(content)) + content + struct.pack("<H", total)


def test_attachments_of_a_winmail_dat():
    long_name = b"\x1f\0\x07\x37" + struct.pack("<II", 1, 14) + "ยาว.png".encode("utf-16-le")
    raw = b"\x78\x9f\x3e\x22\1\0" + attribute(1, 0x89006, b"version!")
    raw += attribute(2, 0x69002, bytes(14)) + attribute(2, 0x18010, b"A.PNG\0")
    raw += attribute(2, 0x6800F, PNG) + attribute(2, 0x69005, bytes(4) + long_name)
    raw += attribute(2, 0x69002, bytes(14)) + attribute(2, 0x6800F, JPEG)
    found, end = read(tnef, raw)
    assert end is None
    assert [(given.name.decode(), data) for given, data, _ in found] == [
        ("ยาว.png", PNG), ("attachment-1", JPEG)
    ]  # fmt: skip
    found, end = read(tnef, raw.replace(JPEG[500:510], b"otherbytes"))
    assert found[1][2] is Reason.CHECKSUM
    found, end = read(tnef, raw[:-20])
    assert Reason.DAMAGED_CONTAINER in (end, found[1][2])


def test_a_boundary_may_be_written_as_long_names_are():
    for line in (b"boundary*=us-ascii''one%20two", b'boundary*0="one "; boundary*1=two'):
        body = b"--one two\nContent-Type: a/b\n\ncontent\n--one two--\n"
        raw = one_part(body, b"Content-Type: multipart/mixed; " + line)
        assert contents(mime, raw) == [b"content"]


def test_parts_with_the_boundary_of_what_they_are_in_are_all_given():
    inner = (
        b"--x\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: a/b\n\n1\n--x--\n"
    )
    body = inner + b"--x\nContent-Type: a/b\n\n2\n--x--\n"
    raw = one_part(body, b"Content-Type: multipart/mixed; boundary=x")
    assert contents(mime, raw) == [b"1", b"2"]


def test_boundaries_across_the_pieces_that_are_read_are_found():
    for size in (*range(4080, 4100), *range(1 << 14, (1 << 14) + 3)):
        body = b"--x\nContent-Type: a/b\n\n%b\n--x--\n" % (b"a" * size)
        raw = one_part(body, b"Content-Type: multipart/mixed; boundary=x")
        assert contents(mime, raw) == [b"a" * size]
    assert unpacked(iter([b"a"])).read() == b"a"


def test_a_mailbox_without_empty_lines_between_messages():
    separator = b"From a@b Mon Jan 01 00:00:00 2020\n"
    one = HEAD + b"\nFrom here on it is text\nFrom 10:00 to 11:00 in 2020\nno field\n"
    assert contents(mbox, (separator + one) * 3) == [one] * 3


PART = b"Content-Type: image/jpeg; name=a.jpg\nContent-Transfer-Encoding: base64\n\n"
PART += base64.encodebytes(JPEG)


@pytest.mark.parametrize(
    "kinds",
    [
        (b"Content-Type: text/plain", b"Content-Type: multipart/mixed; boundary=b"),
        (b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/plain"),
    ],
)
def test_two_kinds_of_one_message_are_said(kinds):
    found, end = read(mime, one_part(b"--b\n" + PART + b"--b--\n", *kinds))
    assert [data for _, data, _ in found] == [JPEG]
    assert end is Reason.DAMAGED_CONTAINER


def test_parts_without_a_boundary_to_tell_them_apart_are_said():
    raw = one_part(b"--b\n" + PART + b"--b--\n", b"Content-Type: multipart/mixed")
    found, end = read(mime, raw)
    assert [one.doubt for one, _, _ in found] == [Reason.DAMAGED_CONTAINER]
    assert end is Reason.DAMAGED_CONTAINER


@pytest.mark.parametrize(
    "head",
    [
        b"PK\3\4",
        b"Rar!\x1a\x07\x01\0",
        b"7z\xbc\xaf\x27\x1c",
        b"\x1f\x8b\x08",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"BZh91AY&SY",
        b"\xfd7zXZ\0",
    ],
)
def test_an_archive_without_a_name_that_claims_to_be_text(head):
    content = head + bytes(200)
    headers = b"Content-Type: text/plain", b"Content-Transfer-Encoding: base64"
    assert contents(mime, one_part(base64.encodebytes(content), *headers)) == [content]


def test_a_part_behind_the_last_boundary_is_given_and_said():
    inner = b"Content-Type: multipart/mixed; boundary=c\n\n--c\n\nhi\n--c--\n--c\n" + PART
    for late in (b"--b--\n--b\n" + PART, b"--b\n" + inner + b"--b--\n"):
        raw = one_part(b"--b\n\nhi\n" + late, b"Content-Type: multipart/mixed; boundary=b")
        found, end = read(mime, raw)
        assert [data for _, data, _ in found] == [JPEG]
        assert end is Reason.DAMAGED_CONTAINER


def test_parts_in_parts_with_one_boundary_for_both():
    inner = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + PART + b"--b--\n"
    raw = one_part(
        b"--b\n" + inner + b"--b\n" + PART + b"--b--\n",
        b"Content-Type: multipart/mixed; boundary=b",
    )
    assert contents(mime, raw) == [JPEG, JPEG]


@pytest.mark.parametrize("before", [b"\n", b"\r\n \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_what_stands_before_the_headers(before):
    raw = before + one_part(
        b"--b\n" + PART + b"--b--\n", b"Content-Type: multipart/mixed; boundary=b"
    )
    assert registry.recognise(raw[:4096], b"x") is mime
    assert contents(mime, raw) == [JPEG]
