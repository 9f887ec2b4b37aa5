"""Images among files are said to be not looked into; what only looks like one is left in peace."""

import gzip
import io
import struct
import zipfile

import pytest

from hashmatch.evidence.media import refused
from hashmatch.evidence.members import disk_image, registry
from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason
from hashmatch.model.secrets import Secrets

NTFS = b"\xeb\x52\x90NTFS    ".ljust(510, b"\0") + b"\x55\xaa" + bytes(64 << 10)


def table(start, sectors):
    """Give a boot record with one partition."""
    entry = struct.pack("<B3xB3xII", 0x80, 7, start, sectors)
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"


def ext():
    head = bytearray(64 << 10)
    struct.pack_into("<7I", head, 1024, 128, 512, 0, 0, 0, 1, 0)
    head[1080:1082] = b"\x53\xef"
    return bytes(head)


def iso():
    disc = bytearray(64 << 10)
    disc[0x8001:0x8006] = b"CD001"
    return bytes(disc)


IMAGES = {
    "disk.E01": b"EVF\x09\r\n\xff\0".ljust(5000, b"\1"),
    "disk.Ex01": b"EVF2\r\n\x81\0".ljust(5000, b"\1"),
    "files.L01": b"LVF\x09\r\n\xff\0".ljust(5000, b"\1"),
    "disk.qcow2": b"QFI\xfb\0\0\0\3".ljust(5000, b"\0"),
    "disk.vmdk": b"KDMV\1\0\0\0".ljust(5000, b"\0"),
    "disk.vhdx": b"vhdxfile".ljust(5000, b"\0"),
    "fixed.vhd": bytes(5000) + b"conectix".ljust(512, b"\0"),
    "mac.dmg": b"x\x01" + bytes(5000) + b"koly\0\0\0\4\0\0\2\0".ljust(512, b"\0"),
    "disc.iso": iso(),
    "disc": iso(),
    "volume.dd": NTFS,
    "linux.bin": ext(),
    "disk.dd": table(8, 128).ljust(8 * 512, b"\0") + NTFS,
}
NONE = {
    "kernel": table(9, 90).ljust(100_000, b"\xaa"),
    "far.bin": table(1 << 30, 90).ljust(100_000, b"\0"),
    "bootsect.bak": NTFS[:512],
    "empty.iso": bytes(50_000),
    "text.img": b"nothing of the kind",
    "nothing.dmg": b"",
    "zeros": bytes(50_000),
}


def given(content, name):
    stream = io.BytesIO(content)
    kind = registry.recognise(content[:4096], name.encode())
    return kind, [] if kind is None else list(kind.members(stream, Secrets()))


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_among_files_is_said_to_be_not_looked_into(name):
    content = IMAGES[name]
    kind = registry.recognise(content[:4096], name.encode())
    assert kind is disk_image
    with pytest.raises(MemberError) as caught:
        list(kind.members(io.BytesIO(content), Secrets()))
    assert caught.value.reason is Reason.IMAGE_INSIDE


@pytest.mark.parametrize("name", NONE)
def test_what_only_looks_like_one_gives_nothing(name):
    assert given(NONE[name], name)[1] == []


def test_every_form_that_is_refused_is_recognised_among_files_too():
    for place, sign, _, _ in refused._HEADS:
        content = (bytes(place) + sign).ljust(5000, b"\0")
        assert registry.recognise(content[:4096], b"x") is disk_image
        with pytest.raises(MemberError):
            given(content, "x")


def test_an_aff4_container_gives_what_it_holds_as_a_zip_and_is_said_to_be_an_image():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("container.description", "information.turtle", "a.jpg"):
            archive.writestr(name, name)
    kind = registry.recognise(stream.getvalue()[:4096], b"x.aff4")
    assert kind is disk_image
    members = kind.members(stream, Secrets())
    names = [next(members).name for _ in range(3)]
    assert names[2] == b"a.jpg"
    with pytest.raises(MemberError):
        next(members)


def test_something_else_under_the_name_of_an_image_is_looked_into():
    kind, found = given(gzip.compress(b"content"), "disk.img")
    assert kind is disk_image
    assert [str(one.layer) for one in found] == ["gzip:content;n=0"]
    with found[0].open() as content:
        assert content.read() == b"content"
