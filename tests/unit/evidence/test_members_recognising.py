"""A container is recognised as itself, whatever the first thing in it begins with."""

import io
import tarfile
import zipfile

import pytest

from hashmatch.evidence.members import registry
from tests.archives import rar4_file, rar4_of, rar5_file, rar5_of

PDF = b"%PDF-1.4\n%\xe2\xe3\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
CLASHES = {
    "pdf": PDF,
    "jpeg": b"\xff\xd8\xff\xe0" + bytes(300),
    "boot": bytes(510) + b"\x55\xaaEFI PART" + bytes(600),
    "mail": b"From: a\nTo: b\nSubject: c\n\n%PDF-1.4\n",
    "mailbox": b"From a@b Mon Jan 01 00:00:00 2020\nSubject: x\n\n",
    "rar": b"Rar!\x1a\x07\x01\x00" + bytes(100),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
    "zip": b"PK\3\4" + bytes(100),
    "program": b"MZ" + bytes(100),
}


def tar(first):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as made:
        one = tarfile.TarInfo("a.bin")
        one.size = len(first)
        made.addfile(one, io.BytesIO(first))
    return whole.getvalue()


def stored(first):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as made:
        made.writestr("a.bin", first)
    return whole.getvalue()


KINDS = {
    "tar": tar,
    "zip": stored,
    "rar": lambda first: rar5_of(rar5_file(b"a.bin", first, first)),
    "7z": lambda first: b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24) + first,
    "mime": lambda first: b"From: a\nTo: b\nContent-Type: image/png\n\n" + first,
    "mbox": lambda first: b"From a@b Mon Jan 01 00:00:00 2020\nSubject: x\nTo: y\n\n" + first,
    "exif": lambda first: b"\xff\xd8\xff\xe0\0\x10JFIF\0" + first,
    "gzip": lambda first: b"\x1f\x8b\x08\0\0\0\0\0\0\3" + first,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_container_is_itself_whatever_comes_first_in_it(kind):
    for first in CLASHES.values():
        head = KINDS[kind](first)[:4096]
        found = registry.recognise(head, b"x")
        assert found is not None
        if found.NAME == "disk-image":  # looks into it as what else it may be
            found = next(
                one
                for one in registry.containers()
                if one is not found and one.recognise(head, b"")
            )
        assert kind == found.NAME


def test_an_old_archive_with_a_document_first():
    head = rar4_of(rar4_file(b"a.pdf", PDF))
    assert registry.recognise(head, b"x").NAME == "rar"


@pytest.mark.parametrize("name", ["%PDF-1.4", "MZ", "CMMM", "GIF89a", "BZh91AY&SY", "7z", "PK"])
def test_a_tar_whose_first_name_looks_like_a_sign(name):
    made = tarfile.TarInfo(name).tobuf() + bytes(1024)
    assert registry.recognise(made[:4096], b"x").NAME == "tar"


def test_a_document_behind_a_little_of_something_else_is_one():
    assert registry.recognise(b"\n\n#!/bin/something\n" + PDF, b"x").NAME == "pdf"
