"""Documents inside mail inside mailboxes: each layer is recognised and found again by its place."""

import io
import random
from email.message import EmailMessage

import pytest
from PIL import Image

from hashmatch.evidence.members import registry
from hashmatch.evidence.members.walk import find
from hashmatch.model.locators import parse_place, place
from hashmatch.model.profile import MemberLimits
from hashmatch.model.secrets import Secrets
from tests.members_reader import read
from tests.ole_maker import compound


def jpeg():
    stream = io.BytesIO()
    Image.frombytes("L", (80, 80), random.Random(4).randbytes(6400)).save(stream, "JPEG")
    return stream.getvalue()


def mailbox(content, name):
    made = EmailMessage()
    made["From"], made["To"] = "a@example.org", "b@example.org"
    made.set_content("text")
    made.add_attachment(content, maintype="application", subtype="x", filename=name)
    line = b"From a@example.org Mon Nov 23 08:00:00 2026\n"
    return line + b"Subject: x\nTo: y\n\nfirst\n\n" + line + made.as_bytes() + b"\n"


def leaves(content, name, above=()):
    """Yield the place and content of everything that holds nothing further."""
    kind = registry.recognise(content[:4096], name)
    found, end = read(kind, content) if kind else ([], None)
    assert end is None
    for given, data, trouble in found:
        assert trouble is None
        yield from leaves(data, given.name, (*above, given.layer))
    if not found:
        yield above, content


def documents():
    picture = jpeg()
    yield compound({"Data": bytes(5000) + picture + bytes(99)}), picture
    pikepdf = pytest.importorskip("pikepdf")
    made = pikepdf.new()
    made.add_blank_page()
    made.attachments["a.jpg"] = picture
    stream = io.BytesIO()
    made.save(stream)
    yield stream.getvalue(), picture


def test_a_picture_in_a_document_in_a_mail_in_a_mailbox_is_found_again():
    for document, picture in documents():
        box = mailbox(document, "แฟ้ม.doc")
        ((layers, data),) = [one for one in leaves(box, b"box") if one[1] == picture]
        assert [one.kind for one in layers][:2] == ["mbox", "mime"]
        assert parse_place(place(layers)) == layers
        stream = io.BytesIO(box)
        content, given = find(stream, b"box", layers, Secrets(), MemberLimits(), len(box))
        assert content.read() == data
        assert given.layer == layers[-1]
