"""RAR archives of both generations: headers, names, passwords, checksums, what is refused."""

import hashlib
import hmac
import struct
import zlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hashmatch.evidence.members import libarchive, rar
from hashmatch.evidence.members.rar_secrets import Blake2sp
from hashmatch.model.outcomes import Reason, Rule
from tests.archives import (
    contents,
    inside,
    number,
    rar4_block,
    rar4_file,
    rar4_of,
    rar5_block,
    rar5_extra,
    rar5_file,
    rar5_of,
)

PLAIN = b"\xff\xd8\xff" + b"what a camera made " * 200
SALT, START = bytes(range(16)), bytes(range(16, 32))


def aes(plain, key, start=START):
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return encryptor.update(plain + bytes(-len(plain) % 16))


def key(password, more=0):
    return hashlib.pbkdf2_hmac("sha256", password, SALT, (1 << 4) + more)


def check(password):
    value = key(password, 32)
    folded = bytes(value[n] ^ value[n + 8] ^ value[n + 16] ^ value[n + 24] for n in range(8))
    return folded + hashlib.sha256(folded).digest()[:4]


def lock(password, flags=1):
    data = (
        number(0) + number(flags) + b"\x04" + SALT + START + (check(password) if flags & 1 else b"")
    )
    return rar5_extra(1, data)


@pytest.fixture(params=["rar4", "rar5"])
def made(request):
    """Write stored members in either generation."""
    if request.param == "rar5":
        return lambda *names: rar5_of(*(rar5_file(name, PLAIN, PLAIN) for name in names))
    return lambda *names: rar4_of(*(rar4_file(name, PLAIN) for name in names))


def test_stored_members_come_back(made):
    names = b"d/a.jpg", "ภาพ".encode(), b"d/a.jpg"
    assert rar.recognise(made(*names)[:4096], b"")
    assert contents(rar, made(*names)) == [(name, PLAIN) for name in names]
    places = [str(one.layer) for one in inside(rar, made(*names))]
    assert places == ["rar:d/a.jpg;n=0", "rar:ภาพ;n=1", "rar:d/a.jpg;n=2"]


def test_damage_is_said(made):
    whole = made(b"a", b"b")
    changed = bytearray(whole)
    changed[whole.index(PLAIN) + 7] ^= 1
    assert contents(rar, bytes(changed)) == [(b"a", Reason.CHECKSUM), (b"b", PLAIN)]
    second = whole.rindex(PLAIN)
    cut = contents(rar, whole[: second + 9])
    assert cut[:2] == [(b"a", PLAIN), (b"b", Reason.DAMAGED_CONTAINER)]
    changed = bytearray(whole)
    changed[second - 3] ^= 1
    assert contents(rar, bytes(changed)) == [(b"a", PLAIN), (b"", Reason.DAMAGED_CONTAINER)]


def test_times_links_and_digests_of_version_5():
    digest = Blake2sp()
    digest.update(PLAIN)
    nanoseconds = struct.pack("<BII", 0x13, 1, 5)
    extra = rar5_extra(2, b"\0" + digest.digest()) + rar5_extra(3, nanoseconds)
    wrong = rar5_extra(2, b"\0" + bytes(32))
    windows = rar5_extra(3, struct.pack("<BQ", 2, 116444736000000001))

    def link(kind):
        return rar5_extra(5, number(kind) + b"\0" + b"\x01a")

    whole = rar5_of(
        rar5_file(b"a", PLAIN, PLAIN, extra),
        rar5_file(b"wrong", PLAIN, PLAIN, wrong),
        rar5_file(b"w", PLAIN, PLAIN, windows),
        rar5_file(b"copy", b"", b"", link(5)),
        rar5_file(b"hard", b"", b"", link(4)),
        rar5_file(b"soft", b"", b"", link(1)),
        rar5_file(b"pipe", b"", b"", mode=0o010644),
        rar5_file(b"lost", b"", b"", rar5_extra(5, b"\x05\0\x01?")),
        rar5_block((2, 1, 0, 0o40755, 0, 1, 1, b"d")),
    )
    assert contents(rar, whole) == [
        *((b"a", PLAIN), (b"wrong", Reason.CHECKSUM), (b"w", PLAIN), (b"copy", PLAIN)),
        *((b"hard", Rule.HARD_LINK), (b"soft", Rule.SYMLINK), (b"pipe", Rule.FIFO)),
        (b"lost", Reason.DAMAGED_CONTAINER),
    ]
    first, _, third, *_ = inside(rar, whole)
    assert first.facts.times == (("modified", "1970-01-01T00:00:01.000000005Z"),)
    assert (third.facts.times[0][1], third.modified_ns) == ("1970-01-01T00:00:00.0000001Z", 100)


def test_what_is_called_a_link_or_folder_and_holds_more_is_a_file():
    long = b"1" * 4097
    link = rar5_extra(5, b"\1\0\1a")
    whole = rar5_of(
        rar5_file(b"soft", long, long, link),
        rar5_file(b"pipe", b"1", b"1", mode=0o010644),
        rar5_file(b"copy", long, long, rar5_extra(5, b"\5\0\1?")),
        rar5_block((2, 1, 1, 0o40755, 0, 0, 1, b"d"), b"1"),
    )
    assert contents(rar, whole) == [
        *((b"soft", long), (b"pipe", b"1"), (b"copy", long), (b"d", b"1"))
    ]


def test_encrypted_members_of_version_5():
    """With plain checksums, and with checksums that the key changed."""
    text = aes(PLAIN, key(b"pass"))
    words = struct.unpack(
        "<8I", hmac.digest(key(b"pass", 16), struct.pack("<I", zlib.crc32(PLAIN)), "sha256")
    )
    tweaked = 0
    for word in words:
        tweaked ^= word
    whole = rar5_of(
        rar5_file(b"a", text, PLAIN, lock(b"pass")),
        rar5_file(b"b", text, PLAIN, lock(b"pass", 3), crc=tweaked),
    )
    assert contents(rar, whole, [b"no", b"pass"]) == [(b"a", PLAIN), (b"b", PLAIN)]
    refused = [(b"a", Reason.KEY_NEEDED), (b"b", Reason.KEY_NEEDED)]
    assert contents(rar, whole, [b"no"]) == contents(rar, whole) == refused


def test_encrypted_headers_of_version_5():
    def sealed(block, data=b""):
        return START + aes(block, key(b"pass")) + data

    text = aes(PLAIN, key(b"pass"))
    file = rar5_file(b"a", text, PLAIN, lock(b"pass"))
    whole = b"Rar!\x1a\x07\x01\0"
    whole += rar5_block((4, 0, 1, b"\x04" + SALT + check(b"pass"))) + sealed(rar5_block((1, 0)))
    whole += sealed(file[: -len(text)], text) + sealed(rar5_block((5, 0)))
    assert contents(rar, whole, [b"no", b"pass"]) == [(b"a", PLAIN)]
    assert contents(rar, whole) == [(b"", Reason.KEY_NEEDED)]


def test_encrypted_members_of_version_4():
    salt = bytes(range(8))
    seed = "pass".encode("utf-16-le") + salt
    digest, start = hashlib.sha1(), b""
    for n in range(0x40000):
        digest.update(seed + n.to_bytes(4, "little")[:3])
        start += digest.digest()[19:] if not n % 0x4000 else b""
    secret = struct.pack("<4I", *struct.unpack(">4I", digest.digest()[:16]))
    text = aes(PLAIN, secret, start)
    whole = rar4_of(rar4_file(b"a", PLAIN, 0x8404, text, salt))
    assert contents(rar, whole, [b"no", b"pass"]) == [(b"a", PLAIN)]
    assert contents(rar, whole, [b"no"]) == [(b"a", Reason.KEY_NEEDED)]


def test_names_of_version_4_in_two_encodings():
    packed = b"?.jpg\0" + b"\x0e" + bytes((0b01_11_00_00, 0x20)) + b"\x03"
    whole = rar4_of(rar4_file(b"d\\" + b"x", PLAIN), rar4_file(packed, PLAIN, 0x8200))
    assert [name for name, _ in contents(rar, whole)] == [b"d/x", "\u0e20.jpg".encode()]
    assert inside(rar, whole)[0].facts.times == (("modified", "2025-06-11T01:16:00"),)


def test_parts_of_several_files_are_said():
    whole = rar5_of(rar5_file(b"a", PLAIN, PLAIN, flags=16), more=1)
    split = [(b"a", Reason.UNSUPPORTED_CONTAINER), (b"", Reason.UNSUPPORTED_CONTAINER)]
    assert contents(rar, whole) == split
    whole = rar4_of(rar4_file(b"a", PLAIN, 0x8002))[:-7] + rar4_block(0x7B, 1, b"")
    assert contents(rar, whole) == split
    assert contents(rar, b"RE\x7e\x5e" + bytes(90)) == [(b"", Reason.UNSUPPORTED_CONTAINER)]


def test_without_libarchive_only_packed_members_are_refused(monkeypatch):
    monkeypatch.setattr(libarchive, "library", lambda: None)
    fields = (2, 0, 9, 0o100644, 3 << 7, 1, 1, b"p")
    whole = rar5_of(rar5_file(b"a", PLAIN, PLAIN), rar5_block(fields, b"packed"))
    assert contents(rar, whole) == [(b"a", PLAIN), (b"p", Reason.NO_BACKEND)]


def test_what_libarchive_cannot_read_is_said():
    if libarchive.library() is None:
        pytest.skip("libarchive is not installed")
    fields = (2, 0, 9, 0o100644, 3 << 7, 1, 1, b"p")
    huge = (2, 0, 9, 0o100644, 3 << 7 | 15 << 10, 1, 1, b"q")
    whole = rar5_of(rar5_block(fields, b"packed"), rar5_block(huge, b"packed"))
    assert contents(rar, whole) == [(b"p", Reason.DAMAGED_CONTAINER), (b"q", Reason.LIMIT_KEPT)]


def test_blake2sp_is_that_of_its_paper():
    """The first of the published test vectors (key-less), and pieces that do not fit blocks."""
    whole, pieces = Blake2sp(), Blake2sp()
    whole.update(PLAIN)
    for place in range(0, len(PLAIN), 77):
        pieces.update(PLAIN[place : place + 77])
    assert whole.digest() == pieces.digest()
    empty = "dd0e891776933f43c7d032b08a917e25741f8aa9a12c12e1cac8801500f2ca4f"
    assert Blake2sp().digest().hex() == empty


def test_what_follows_the_archive_is_said(made):
    whole = made(b"a")
    assert contents(rar, whole + bytes(600)) == [(b"a", PLAIN)]
    assert contents(rar, whole + whole) == [(b"a", PLAIN), (b"", Reason.DAMAGED_CONTAINER)]
