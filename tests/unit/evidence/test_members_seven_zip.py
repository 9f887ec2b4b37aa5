"""7z archives: every method that is read, passwords, order, damage, and what is refused."""

import bz2
import io
import random
import zlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hashmatch.evidence.members import seven_zip, seven_zip_folder, seven_zip_stream
from hashmatch.evidence.members.interface import Inside, MemberError
from hashmatch.evidence.members.seven_zip_folder import Coder, Passwords
from hashmatch.evidence.members.unpacked import Stretch
from hashmatch.model.outcomes import Reason, Rule
from hashmatch.model.secrets import Secrets
from tests.archives import contents, inside

py7zr = pytest.importorskip("py7zr")

FILES = {"d/a.jpg": b"\xff\xd8\xff" + b"picture" * 3000, "ภาพ": random.Random(7).randbytes(5000)}
FILES |= {"empty": b"", "last": b"12345" * 400}
EXPECTED = [(name.encode(), plain) for name, plain in FILES.items()]
LZMA2 = {"id": py7zr.FILTER_LZMA2, "preset": 1}
AES = {"id": py7zr.FILTER_CRYPTO_AES256_SHA256}


def archive(filters=(LZMA2,), password=None, *, hide=False, files=FILES):
    whole = io.BytesIO()
    with py7zr.SevenZipFile(
        whole, "w", filters=list(filters), password=password, header_encryption=hide
    ) as made:
        for name, plain in files.items():
            made.writestr(plain, name)
    return whole.getvalue()


@pytest.mark.parametrize(
    "filters",
    [
        [LZMA2],
        [{"id": py7zr.FILTER_LZMA, "preset": 1}],
        [{"id": py7zr.FILTER_BZIP2}],
        [{"id": py7zr.FILTER_COPY}],
        [{"id": py7zr.FILTER_X86}, LZMA2],
        [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA, "preset": 1}],
        [{"id": py7zr.FILTER_DELTA, "dist": 3}, LZMA2],
        [{"id": py7zr.FILTER_DEFLATE}],
        [{"id": py7zr.FILTER_ZSTD, "level": 3}],
    ],
    ids=["lzma2", "lzma", "bzip2", "copy", "x86", "x86-lzma", "delta", "deflate", "zstd"],
)
def test_files_come_back_with_every_method(filters):
    assert contents(seven_zip, archive(filters)) == EXPECTED


def test_a_method_that_gives_nothing_now_and_then_is_followed_by_differences():
    packed = bz2.compress(bytes([1]) * 900)  # read in pieces that are too few for a block
    rows = (Coder(bytes.fromhex("040202"), b"", 900), Coder(b"\x03", b"\2", 900))
    blocks = [packed[place : place + 9] for place in range(0, len(packed), 9)]
    made = b"".join(seven_zip_folder.undone(blocks, rows, None, Passwords([])))
    assert made == bytes((n // 3 + 1) % 256 for n in range(900))


def test_ppmd_is_refused_for_each_member_and_its_library_never_called(monkeypatch):
    made = archive([{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 16}])
    monkeypatch.setitem(__import__("sys").modules, "pyppmd", None)
    found = contents(seven_zip, made)
    assert {one for name, one in found if name != b"empty"} == {Reason.UNSUPPORTED_CONTAINER}


@pytest.mark.parametrize("hide", [False, True])
def test_encrypted_archives_open_with_the_right_password(hide):
    made = archive([LZMA2, AES], "pass", hide=hide)
    assert contents(seven_zip, made, [b"wrong", b"pass"]) == EXPECTED
    for words in ([], [b"wrong"]):
        found = contents(seven_zip, made, words)
        assert {one for name, one in found if name != b"empty"} == {Reason.KEY_NEEDED}


def test_members_come_in_any_order_and_again():
    members = inside(seven_zip, archive())
    for one in [*reversed(members), *members, members[-1], members[0]]:
        assert one.open().read() == FILES[one.name.decode()]
    assert str(members[0].layer) == "7z:d/a.jpg;n=0"
    half = members[0].open()
    assert half.read(10) == FILES["d/a.jpg"][:10]
    assert members[1].open().read() == FILES["ภาพ"]


def test_only_what_is_asked_for_is_unpacked():
    """Names are listed without unpacking; the last file is reached through the first."""
    made = archive()
    names = [one.name for one in seven_zip.members(io.BytesIO(made), Secrets())]
    assert names == [name for name, _ in EXPECTED]


def test_damage_costs_what_it_hits_and_is_said():
    made = bytearray(archive([{"id": py7zr.FILTER_COPY}]))
    place = made.index(FILES["ภาพ"])
    made[place + 9] ^= 1
    expected = dict(EXPECTED) | {"ภาพ".encode(): Reason.CHECKSUM}
    assert dict(contents(seven_zip, bytes(made))) == expected
    made = archive()
    for broken in (made[:-20], made[:40], made[:32]):
        assert contents(seven_zip, broken) == [(b"", Reason.DAMAGED_CONTAINER)]


def test_what_follows_the_archive_is_said():
    made = archive()
    assert contents(seven_zip, made + bytes(600)) == EXPECTED
    assert contents(seven_zip, made + b"more") == [*EXPECTED, (b"", Reason.DAMAGED_CONTAINER)]


def test_links_are_left_out_and_times_are_told():
    made = archive(files={"link": b"target", "long": b"1" * 4097, "file": b"1"})
    stream = io.BytesIO(made)

    class Linked(py7zr.SevenZipFile):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            for one in self.files.files_list[:2]:
                one["attributes"] = 0o120777 << 16 | 0x8000

    library = seven_zip._library()
    whole = library.SevenZipFile
    library.SevenZipFile = Linked
    try:
        link, long, file = seven_zip.members(stream, Secrets())
    finally:
        library.SevenZipFile = whole
    assert (link.name, link.rule) == (b"link", Rule.SYMLINK)
    assert isinstance(long, Inside)  # no path is as long
    assert isinstance(file, Inside)
    ((name, moment),) = file.facts.times[:1]
    assert (name, moment[-1], file.modified_ns > 10**18) == ("modified", "Z", True)


def test_a_missing_library_is_said(monkeypatch):
    made = archive()
    seven_zip._library.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "py7zr", None)
    assert seven_zip.recognise(made, b"")
    assert contents(seven_zip, made) == [(b"", Reason.NO_BACKEND)]


def test_a_password_is_taken_only_when_the_whole_file_proves_it(monkeypatch):
    """What is only stored and encrypted takes any password up to its checksum."""
    monkeypatch.setattr(seven_zip_stream, "_TRIED", 100)
    made = archive([{"id": py7zr.FILTER_COPY}, AES], "right")
    assert contents(seven_zip, made, [b"wrong", b"other", b"right"]) == EXPECTED


def test_stored_content_without_a_checksum_is_no_proof_of_a_password():
    plain = b"\xff\xd8\xff\xe0" + b"picture!" * 63 + b"...."
    key = seven_zip_folder.Passwords([]).key(b"right", b"", 4)
    cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    sealed = cipher.update(plain)
    coders = (seven_zip_folder.Coder(seven_zip_folder.AES, b"\x44\x0f" + bytes(16), len(plain)),)

    def part(*words, crc=-1):
        keys = seven_zip_folder.Passwords(list(words))
        data = Stretch(0, len(sealed))
        packed = seven_zip_stream.PackedStream(io.BytesIO(sealed), data, coders, keys)
        return seven_zip_stream.Part(packed, 0, len(plain), crc)

    with pytest.raises(MemberError) as failed:
        list(part(b"wrong", b"right").blocks())
    assert failed.value.reason is Reason.KEY_NEEDED
    assert not part(b"right").provable
    assert b"".join(part(b"right").blocks()) == plain
    sure = part(b"wrong", b"right", crc=zlib.crc32(plain))
    assert sure.provable
    assert b"".join(sure.blocks()) == plain
