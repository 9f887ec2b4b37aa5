"""RAR archives that libarchive cannot unpack, and version 4 with encrypted headers."""

import hashlib
import struct
import zlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hashmatch.evidence.members import libarchive, rar, rar_content, rar_program
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.rar_program import Superseded
from hashmatch.model.outcomes import Reason
from tests.archives import contents, inside, rar4_block, rar4_file, rar4_of, rar5_block, rar5_of
from tests.rar_packer import packed, rar4_packed, rar4_solid

FIRST = b"0123456789abcdefgh" * 30 + bytes(range(256))
SECOND = FIRST[-9:-6] + b"a second member, " * 20
THIRD = SECOND[-9:] * 9
SOLID = rar4_solid((b"a", FIRST), (b"b", SECOND), (b"c", THIRD))
SALT = bytes(range(8))


class Says:
    """A program that says what a test wants, in pieces, whatever the archive is."""

    def __init__(self, *pieces, trouble=None):
        self.archives = []
        self.pieces, self.trouble = pieces, trouble
        self.superseded = 0

    def output(self, archive):
        self.archives.append(b"".join(archive))
        for piece in self.pieces:
            yield piece
            if self.superseded:
                self.superseded -= 1
                raise Superseded
        if self.trouble is not None:
            raise MemberError(self.trouble)


@pytest.fixture
def lend():
    """Lend a program for the length of one test."""

    def says(*pieces, trouble=None):
        program = Says(*pieces, trouble=trouble)
        rar_program.use(program)
        return program

    yield says
    rar_program.use(None)


@pytest.fixture(autouse=True)
def _needs_libarchive():
    if libarchive.library() is None:
        pytest.skip("libarchive is not installed")


def sliced(data, size):
    return [data[place : place + size] for place in range(0, len(data), size)]


def test_what_libarchive_unpacks_no_program_is_asked_for(lend):
    program = lend()
    assert contents(rar, rar4_of(rar4_packed(b"a", FIRST, packed(FIRST)))) == [(b"a", FIRST)]
    assert program.archives == []


def test_members_that_build_on_each_other_are_unpacked_by_a_program_in_one_go(lend):
    program = lend(*sliced(FIRST + SECOND + THIRD, 100))
    assert contents(rar, SOLID) == [(b"a", FIRST), (b"b", SECOND), (b"c", THIRD)]
    (archive,) = program.archives
    assert len(archive) > 64
    assert [name for name, _ in contents(rar, archive)] == [b"m"] * 3


def test_without_a_program_what_is_not_supported_is_not_called_damaged():
    refused = [(b"b", Reason.UNSUPPORTED_CONTAINER), (b"c", Reason.UNSUPPORTED_CONTAINER)]
    assert contents(rar, SOLID) == [(b"a", FIRST), *refused]


def test_a_program_that_was_asked_for_another_archive_in_between_is_asked_again(lend):
    program = lend(*sliced(FIRST + SECOND + THIRD, 700))
    program.superseded = 2
    assert contents(rar, SOLID) == [(b"a", FIRST), (b"b", SECOND), (b"c", THIRD)]
    assert len(program.archives) == 3


def test_members_can_be_asked_for_again(lend):
    lend(*sliced(FIRST + SECOND + THIRD, 64))
    members = inside(rar, SOLID)
    for number in 2, 1, 2:
        assert members[number].open().read() == (FIRST, SECOND, THIRD)[number]


def test_what_a_program_says_is_believed_only_with_the_right_checksum(lend):
    lend(FIRST + SECOND[:-1] + b"?" + THIRD)
    assert contents(rar, SOLID) == [(b"a", FIRST), (b"b", Reason.CHECKSUM), (b"c", THIRD)]
    lend(FIRST + SECOND + THIRD)
    wrong = rar4_solid((b"a", FIRST), (b"b", SECOND), (b"c", THIRD), wrong=(b"b",))
    assert contents(rar, wrong) == [(b"a", FIRST), (b"b", Reason.CHECKSUM), (b"c", THIRD)]


def test_what_follows_a_member_of_unknown_size_cannot_be_told_from_it():
    pieces = rar_program.Pieces(Says(b"abc", b"defg"), lambda: iter(()), [1, 2, -1, 1])
    assert [b"".join(pieces.member(number)) for number in (0, 1, 2)] == [b"a", b"bc", b"defg"]
    with pytest.raises(MemberError, match="unsupported"):
        next(pieces.member(3))


def test_many_small_members_are_cut_from_one_block():
    """Each costs what it has itself, not what there is."""
    count = 1 << 16
    pieces = rar_program.Pieces(Says(bytes(count)), lambda: iter(()), [1] * count)
    assert sum(len(block) for number in range(count) for block in pieces.member(number)) == count


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (None, Reason.DAMAGED_CONTAINER),
        (Reason.DAMAGED_CONTAINER, Reason.DAMAGED_CONTAINER),
        (Reason.TIME_LIMIT, Reason.TIME_LIMIT),
        (Reason.LIMIT_KEPT, Reason.LIMIT_KEPT),
    ],
)
def test_where_a_program_fails_too_it_is_said(lend, trouble, said):
    lend(FIRST, SECOND[:40], trouble=trouble)
    assert contents(rar, SOLID) == [(b"a", FIRST), (b"b", said), (b"c", said)]


def test_a_program_goes_on_where_libarchive_stopped(lend, monkeypatch):
    def stops(self, number):
        yield FIRST[:500]
        raise MemberError(Reason.DAMAGED_CONTAINER)

    monkeypatch.setattr(rar_content.Group, "_by_libarchive", stops)
    whole = rar4_of(rar4_packed(b"a", FIRST, packed(FIRST)))
    for size in 64, 500, 5000:
        lend(*sliced(FIRST, size))
        assert contents(rar, whole) == [(b"a", FIRST)]
    lend(b"?" + FIRST[1:])  # it begins otherwise than what was given already
    assert contents(rar, whole) == [(b"a", Reason.CHECKSUM)]


def test_a_member_of_unknown_size_ends_with_the_program(lend, monkeypatch):
    def fails(self, number):
        raise MemberError(Reason.DAMAGED_CONTAINER)
        yield

    monkeypatch.setattr(rar_content.Group, "_by_libarchive", fails)
    crc = struct.pack("<I", zlib.crc32(FIRST))
    whole = rar5_of(rar5_block((2, 4 | 8, 0, 0o100644, crc, 3 << 7, 1, 1, b"u"), b"packed"))
    lend(*sliced(FIRST, 300))
    assert contents(rar, whole) == [(b"u", FIRST)]
    lend(FIRST, trouble=Reason.DAMAGED_CONTAINER)
    assert contents(rar, whole) == [(b"u", Reason.DAMAGED_CONTAINER)]


def test_a_window_too_large_for_this_process_is_left_to_the_program(lend):
    crc = struct.pack("<I", zlib.crc32(FIRST))
    fields = (2, 4, len(FIRST), 0o100644, crc, 3 << 7 | 15 << 10, 1, 1, b"q")
    whole = rar5_of(rar5_block(fields, b"packed"))
    lend(FIRST)
    assert contents(rar, whole) == [(b"q", FIRST)]
    lend(trouble=Reason.DAMAGED_CONTAINER)  # nor has it the memory
    assert contents(rar, whole) == [(b"q", Reason.LIMIT_KEPT)]


# Version 4 with encrypted headers.


def secrets(password):
    """Derive key and starting block as version 3 does, a round at a time."""
    seed = password.encode("utf-16-le") + SALT
    digest, start = hashlib.sha1(), b""
    for n in range(0x40000):
        digest.update(seed + n.to_bytes(4, "little")[:3])
        start += digest.digest()[19:] if not n % 0x4000 else b""
    key = struct.pack("<4I", *struct.unpack(">4I", digest.digest()[:16]))
    return key, start


@pytest.fixture(scope="module")
def lock():
    """Encrypt with one password and one salt."""
    key, start = secrets("pass")

    def encrypted(plain):
        encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
        return encryptor.update(plain + bytes(-len(plain) % 16))

    return encrypted


def locked(lock, *members):
    """Write an archive whose headers are encrypted, each after its salt."""
    parts = [b"Rar!\x1a\x07\0", rar4_block(0x73, 0x80, bytes(6))]
    for header, data in members:
        parts += [SALT, lock(header), data]
    return b"".join((*parts, SALT, lock(rar4_block(0x7B, 0x4000, b""))))


def test_encrypted_headers_of_version_4(lock):
    members = []
    for name in b"a.jpg", b"d\\b.jpg":
        data = lock(FIRST)
        members.append((rar4_file(name, FIRST, 0x8404, data, SALT)[: -len(data)], data))
    whole = locked(lock, *members)
    found = [(b"a.jpg", FIRST), (b"d/b.jpg", FIRST)]
    assert contents(rar, whole, [b"no", b"pass"]) == found
    assert contents(rar, whole, [b"no"]) == contents(rar, whole) == [(b"", Reason.KEY_NEEDED)]
    cut = whole[: whole.rindex(SALT) + 20]
    assert contents(rar, cut, [b"pass"]) == [*found, (b"", Reason.DAMAGED_CONTAINER)]


def test_encrypted_members_that_build_on_each_other(lock, lend):
    """The program gets them without encryption, and each word is tried once for all."""
    program = lend(FIRST + SECOND)
    texts = lock(packed(FIRST)), lock(packed(SECOND, FIRST))
    parts = [rar4_block(0x73, 8, bytes(6))]
    for name, plain, text, solid in ((b"a", FIRST, texts[0], 0), (b"b", SECOND, texts[1], 0x10)):
        sizes = len(text), len(plain), 3, zlib.crc32(plain), 0x5ACB0A00, 29, 0x33, 1, 0o100644
        head = struct.pack("<IIBIIBBHI", *sizes) + name + SALT
        parts.append(rar4_block(0x74, 0x8404 | solid, head, text))
    whole = b"Rar!\x1a\x07\0" + b"".join(parts) + rar4_block(0x7B, 0x4000, b"")
    assert contents(rar, whole, [b"pass"]) == [(b"a", FIRST), (b"b", SECOND)]
    assert texts[0] not in program.archives[0]
    assert packed(FIRST) in program.archives[0]
