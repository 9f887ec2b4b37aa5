"""Ex01 through libewf: right content, what is missing or encrypted refused, doubt said."""

import hashlib
import random
import shutil
import subprocess
import sys

import pytest

from hashmatch.evidence.media import check, libewf, libewf_segments, refused, registry
from hashmatch.evidence.media.interface import MediumError
from hashmatch.model.secrets import Secrets
from tests import image_makers as make

pytest.importorskip("pyewf", reason="pyewf is not installed")

CONTENT = make.disk(512 * 1024)


def put(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return bytes(path)


def test_an_ex01_gives_its_content_and_must_be_verified(tmp_path):
    path = put(tmp_path, "disk.Ex01", make.ex01(CONTENT))
    assert registry.find(path) is libewf
    medium = libewf.open_medium(path, Secrets())
    assert medium.size == len(CONTENT)
    assert medium.read_at(1000, 70_000) == CONTENT[1000:71_000]
    assert medium.read_at(len(CONTENT) - 5, 70) == CONTENT[-5:]
    assert medium.read_at(len(CONTENT), 5) == medium.read_at(-1, 5) == b""
    assert medium.facts.must_verify
    assert medium.facts.said["kind"] == "ex01"
    assert medium.facts.said["case_number"] == "7"
    assert check.check(medium, lambda done: None).verdict == "match"
    medium.close()


@pytest.mark.parametrize("chunk", range(16))
def test_a_damaged_chunk_is_told_though_the_library_is_silent(tmp_path, chunk):
    """The library gives zeros and says nothing; what is stored for them is looked at."""
    image = bytearray(make.ex01(CONTENT, stored=False))
    piece = CONTENT[chunk * 32768 : (chunk + 1) * 32768]
    place = image.index(make.deflated(piece) if chunk % 2 else piece)
    image[place + 9] ^= 1
    medium = libewf.open_medium(put(tmp_path, "disk.Ex01", bytes(image)), Secrets())
    assert medium.facts.must_verify
    found = medium.read_at(0, medium.size)
    expected = CONTENT[: chunk * 32768] + bytes(32768) + CONTENT[(chunk + 1) * 32768 :]
    assert found == expected
    assert [(one.offset, one.length, one.why) for one in medium.damage] == [
        (chunk * 32768, 32768, "checksum")
    ]
    medium.close()


def test_zeros_that_are_stored_are_no_damage(tmp_path):
    content = bytes(100_352) + CONTENT[:4096] + bytes(4096)
    path = put(tmp_path, "disk.Ex01", make.ex01(content))
    medium = libewf.open_medium(path, Secrets())
    for place in range(0, len(content), 5000):
        assert medium.read_at(place, 5000) == content[place : place + 5000]
    assert not medium.damage
    medium.close()
    other = make.ex01(content, digest=hashlib.md5(b"other content").digest())
    medium = libewf.open_medium(put(tmp_path, "disk.Ex01", other), Secrets())
    assert check.check(medium, lambda done: None).verdict == "mismatch"
    medium.close()


@pytest.mark.skipif(shutil.which("ewfacquire") is None, reason="ewfacquire is not installed")
@pytest.mark.parametrize("packing", ["none", "fast"])
def test_a_smart_image_made_by_another_tool(tmp_path, packing):
    content = CONTENT + bytes(65536)
    raw = put(tmp_path, "raw", content)
    words = ["ewfacquire", "-q", "-u", "-f", "smart", "-c", f"deflate:{packing}", "-t", "smart"]
    subprocess.run([*words, raw], cwd=tmp_path, check=True, timeout=60, capture_output=True)
    path = bytes(tmp_path / "smart.s01")
    assert registry.find(path) is libewf
    medium = libewf.open_medium(path, Secrets())
    assert medium.read_at(0, medium.size) == content
    assert not medium.damage
    assert check.check(medium, lambda done: None).verdict == "match"
    medium.close()
    image = bytearray((tmp_path / "smart.s01").read_bytes())
    image[len(image) // 2] ^= 1
    medium = libewf.open_medium(put(tmp_path, "hurt.s01", bytes(image)), Secrets())
    found = medium.read_at(0, medium.size)
    assert found != content
    assert len(medium.damage) == 1
    medium.close()


def test_without_a_stored_digest_nothing_can_be_compared(tmp_path):
    path = put(tmp_path, "disk.Ex01", make.ex01(CONTENT, stored=False))
    medium = libewf.open_medium(path, Secrets())
    assert medium.facts.stored == ()
    assert check.check(medium, lambda done: None).verdict == "not-stored"
    medium.close()


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (make.ex01(CONTENT, encrypted=True), "encrypted"),
        (make.ex01(CONTENT, end=0x0D), "segment that follows it is missing"),
        (make.ex01(CONTENT)[:-70], "cut off"),
        (make.ex01(CONTENT)[:100], "cut off"),
        (b"EVF2\r\n\x81\0", "cut off"),
        (b"LVF\x09\r\n\xff\0" + bytes(200), "cut off"),
    ],
)
def test_what_is_not_whole_or_encrypted_is_refused(tmp_path, image, word):
    path = put(tmp_path, "disk.Ex01", image)
    assert registry.find(path) is libewf
    with pytest.raises(MediumError, match=word):
        libewf.open_medium(path, Secrets())


def test_what_the_library_cannot_read_is_refused_in_one_line(tmp_path):
    image = bytearray(make.ex01(CONTENT))
    image[40:120] = bytes(80)
    with pytest.raises(MediumError, match="libewf cannot read") as caught:
        libewf.open_medium(put(tmp_path, "disk.Ex01", bytes(image)), Secrets())
    assert "\n" not in str(caught.value)


def test_the_library_may_be_missing(tmp_path, monkeypatch):
    path = put(tmp_path, "disk.Ex01", make.ex01(CONTENT))
    monkeypatch.setitem(sys.modules, "pyewf", None)
    with pytest.raises(MediumError, match=r"pip install 'hashmatch\[disk\]'"):
        libewf.open_medium(path, Secrets())


def test_segments_are_named_as_their_makers_name_them(tmp_path):
    endings = {
        b"Ex01": (b"Ex99", b"ExAA", b"ExZZ", b"EyAA"),
        b"s01": (b"s99", b"saa", b"szz", b"taa"),
        b"L01": (b"L99", b"LAA", b"LZZ", b"MAA"),
        b"Lx01": (b"Lx99", b"LxAA", b"LxZZ", b"LyAA"),
    }
    for first, expected in endings.items():
        numbers = (99, 100, 100 + 675, 100 + 676)
        found = tuple(libewf_segments._ending(first[:-2], number) for number in numbers)
        assert found == expected
    assert libewf_segments._ending(b"z", 100 + 676) is None
    for name in ("a.Ex01", "a.Ex02", "a.Ex04"):
        (tmp_path / name).touch()
    folder = bytes(tmp_path) + b"/"
    assert libewf.files(folder + b"a.Ex01") == (folder + b"a.Ex01", folder + b"a.Ex02")
    assert libewf.files(folder + b"a.Ex02") == (folder + b"a.Ex02",)


def test_whatever_bytes_are_changed_it_is_refused_or_read(tmp_path):
    whole = make.ex01(CONTENT[: 64 * 1024])
    chance = random.Random(3)
    for _ in range(60):
        image = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            near = chance.choice((chance.randrange(400), len(image) - 1 - chance.randrange(400)))
            image[near] = chance.choice((0, 255, chance.randrange(256)))
        path = put(tmp_path, "disk.Ex01", bytes(image))
        try:
            medium = libewf.open_medium(path, Secrets())
        except MediumError as error:
            assert "\n" not in str(error)
            continue
        assert len(medium.read_at(0, 100)) == min(100, medium.size)
        medium.close()


REFUSED = {
    "AD1": b"ADSEGMENTEDFILE\0",
    "encrypted by AccessData": b"ADCRYPT\0",
    "encrypted Apple": b"encrcdsa",
    "sparse": b"sprs\0\0\0\3",
    "Parallels": b"WithoutFreeSpace",
    "VirtualBox": bytes(64) + b"\x7f\x10\xda\xbe",
    "WIM": b"MSWIM\0\0\0",
    "AFF image": b"AFF10\r\n\0",
    "QED": b"QED\0",
    "AFF4": b"PK\x03\x04 container.description ... information.turtle",
}


@pytest.mark.parametrize("name", REFUSED)
def test_known_forms_that_are_not_read_are_refused_with_advice(tmp_path, name):
    path = put(tmp_path, "image", REFUSED[name].ljust(9000, b"\0"))
    assert registry.find(path) is refused
    assert refused.files(path) == (path,)
    with pytest.raises(MediumError, match=f"{name}.* is not read.*; .* (scan|with) "):
        refused.open_medium(path, Secrets())


def test_an_old_encrypted_apple_image_is_told_by_its_end_and_others_are_left_alone(tmp_path):
    path = put(tmp_path, "image", bytes(9000) + b"cdsaencr")
    assert registry.find(path) is refused
    for other in (b"", b"PK\x03\x04 word/document.xml", bytes(9000)):
        plain = put(tmp_path, "plain", other)
        assert registry.find(plain) is None
        with pytest.raises(MediumError, match="no longer what it was"):
            refused.open_medium(plain, Secrets())
