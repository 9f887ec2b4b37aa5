"""BitLocker volumes that are made here: libbde reads them, and so does what is built on it."""

import builtins
import functools
import hashlib
import itertools
import random
import struct
import sys
import uuid
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.evidence import opening
from hashmatch.evidence.filesystems import patience
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.media.as_file import MediumFile
from hashmatch.evidence.media.interface import Stretch
from hashmatch.evidence.volumes import bitlocker, finding, fve, fve_keys
from hashmatch.evidence.volumes.unlocked import Unlocked
from hashmatch.model.locators import parse_place, place
from hashmatch.model.outcomes import ItemError, Reason
from hashmatch.model.secrets import Secrets
from tests import bitlocker_maker as maker
from tests.fat_maker import FatMaker
from tests.ntfs_maker import Data, NtfsVolume
from tests.volume_maker import Bytes

NONE = Secrets()
KEY = bytes(range(50, 82))
OTHER = "-".join(["000011"] * 8)
WORD, RECOVERY = Secrets((maker.PASSWORD.encode(),)), Secrets((maker.RECOVERY.encode(),))
RIGHT = maker.of_recovery(maker.RECOVERY), maker.of_password(maker.PASSWORD)
BEK = Secrets(keys=(b"\0" * 500, maker.startup_key_file(KEY)))
CLEAR = maker.Volume((maker.by_clear_key(),))


@pytest.fixture(scope="module")
def plain():
    """A file system with a file on both sides of what BitLocker needs for itself."""
    fat = FatMaker(12, clusters=1400)
    fat.file(b"FIRST.BIN", random.Random(1).randbytes(5000))
    fat.next = (maker.ROOM[1] >> 9) + 10
    fat.file(b"LAST.BIN", random.Random(2).randbytes(150_000))
    return fat.image()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Do not stretch what is known, nor what is wrong."""

    def stretched(digest, salt):
        if salt == maker.SALT and digest in RIGHT:
            return maker.stretched(digest)
        return hashlib.sha256(digest + salt).digest()

    monkeypatch.setattr(fve_keys, "stretched", stretched)


def shown(disk, secrets=NONE):
    (volume,) = finding.volumes(Bytes(disk), secrets)
    return place(volume.layers), volume.trouble


def content(disk, secrets=NONE):
    opened = finding.open_volume(Bytes(disk), parse_place("bde"), secrets)
    return opened.content


def by_libbde(disk, way=None, word=None):
    pybde = pytest.importorskip("pybde")
    volume = pybde.volume()
    if way:
        getattr(volume, way)(word)
    volume.open_file_object(MediumFile(Bytes(disk)))
    return None if volume.is_locked() else volume.read_buffer_at_offset(len(disk), 0)


@pytest.mark.parametrize("method", maker.KEY_SIZES)
def test_libbde_reads_what_is_made_here(plain, method, tmp_path):
    key = tmp_path / "a.bek"
    key.write_bytes(BEK.keys[1])
    ways = (maker.by_clear_key(),), (maker.by_chip(), maker.by_startup_key(KEY))
    disks = [
        maker.Volume(way, method, to_go=True, sectors=len(plain) // 512).image(plain)
        for way in ways
    ]
    assert disks[0][:512] != plain[:512]
    assert by_libbde(disks[0]) == plain
    assert by_libbde(disks[1]) is None
    assert by_libbde(disks[1], "read_startup_key", str(key)) == plain


def test_libbde_stretches_a_password_as_is_done_here(plain):
    made = maker.Volume((maker.by_password(),), sectors=len(plain) // 512)
    assert by_libbde(made.image(plain), "set_password", maker.PASSWORD) == plain


def test_a_recovery_password_is_stretched_as_long_as_it_must_be(monkeypatch):
    monkeypatch.undo()
    assert fve_keys.ROUNDS == 0x100000
    assert fve_keys.stretched(RIGHT[0], maker.SALT) == maker.stretched(RIGHT[0])
    monkeypatch.setattr(fve_keys, "ROUNDS", 3)
    last = bytes(32)
    for count in range(3):
        last = hashlib.sha256(last + bytes(48) + struct.pack("<Q", count)).digest()
    assert fve_keys.stretched(bytes(32), bytes(16)) == last


@pytest.mark.parametrize("method", maker.KEY_SIZES)
def test_a_volume_opens_with_each_of_what_protects_it(plain, method):
    pytest.importorskip("pybde")
    other = maker.by_recovery(OTHER)  # libbde by itself tries the first one alone
    ways = (maker.by_chip(), other, maker.by_startup_key(b"o" * 32), maker.by_startup_key(KEY))
    ways += (maker.by_recovery(), maker.by_password())
    disk = maker.Volume(ways, method, to_go=bool(method % 2)).image(plain)
    assert shown(disk) == ("", Reason.KEY_NEEDED)
    several = Secrets((b"no", b"9" * 6, *RECOVERY.passwords))
    for secrets in (WORD, RECOVERY, BEK, several):
        opened = content(disk, secrets)
        assert opened.size == len(plain)
        assert opened.read_at(0, 9000) == plain[:9000]
        assert opened.read_at(513, 700) == plain[513:1213]
        assert not opened.damage
        assert opened.facts.form == "bde"
        opened.close()
    assert content(disk, BEK).read_at(0, len(plain) + 9) == plain
    assert shown(disk, WORD) == ("bde", None)


def test_a_volume_whose_protection_is_suspended_opens_alone(plain):
    pytest.importorskip("pybde")
    disk = maker.Volume((maker.by_chip(), maker.by_clear_key())).image(plain)
    for secrets in (NONE, Secrets((b"wrong",), (b"key",))):
        assert content(disk, secrets).read_at(0, len(plain)) == plain


def test_a_volume_of_windows_vista_has_its_first_sectors_in_the_open():
    pytest.importorskip("pybde")
    held = [Data(random.Random(6).randbytes(9000))]
    clear = NtfsVolume({"A.BIN": held}, clusters=2048).made()
    mirror = int.from_bytes(clear[56:64], "little")
    made = maker.Volume(
        (maker.by_startup_key(KEY), maker.by_clear_key()), maker.DIFFUSED128, vista=mirror
    )
    disk = made.image(clear)
    assert disk[:3] + disk[11:56] == clear[:3] + clear[11:56]
    assert by_libbde(disk)[64:] == clear[64:]  # before, it forgets where a table lies
    assert content(disk).read_at(0, 1 << 30) == clear
    for others in (maker.PLACES[1:], maker.PLACES[1:2]):  # the first one names the others
        assert content(changed(disk, 0, bytes(2000), others)).read_at(0, 1 << 30) == clear
    assert shown(changed(disk, 0, bytes(2000), maker.PLACES[:1])) == ("", Reason.DAMAGED_VOLUMES)


def test_what_is_not_encrypted_yet_is_read_as_it_is(plain):
    pytest.importorskip("pybde")
    disk = maker.Volume((maker.by_clear_key(),), encrypted=600 * 1024).image(plain)
    assert disk[-1000:] == plain[-1000:]
    assert content(disk).read_at(0, len(plain)) == plain


def test_a_volume_that_stays_locked_says_what_opens_it(plain):
    pytest.importorskip("pybde")
    known = uuid.UUID("0011223a-4455-6677-8899-aabbccddeeff")
    ways = [maker.by_chip(), maker.by_startup_key(KEY, known), maker.by_recovery()]

    def advice(secrets, ways):
        volume = next(finding.volumes(Bytes(maker.Volume(tuple(ways)).image(plain)), secrets))
        assert volume.trouble is Reason.KEY_NEEDED
        return volume.advice

    said = advice(NONE, ways)
    assert said.startswith("the volume is encrypted with BitLocker; what opens it: the chip (TPM)")
    assert "0011223A-4455-6677-8899-AABBCCDDEEFF.BEK (--key-file)" in said
    assert "identifier 00000000-0000-0000-0000-000000000800 (--passwords)" in said
    assert "its password" not in said
    # A password where the volume has none, and words that only look like a recovery password.
    twelve, high = b"-".join([b"123456"] * 8), b"-".join([b"999999"] * 8)
    for secrets in (WORD, Secrets((twelve, high, b"\xff")), Secrets(keys=(b"short",))):
        said = advice(secrets, ways)
        assert said.startswith("none of the passwords and keys given opens this BitLocker volume")
        assert not any(word.decode("utf-8", "replace") in said for word in secrets.passwords)
    assert advice(NONE, [maker.by_startup_key(KEY, uuid.UUID(int=n)) for n in range(9)]).endswith(
        "000000000003.BEK (--key-file), ..."
    )
    assert "nothing that is known" in advice(NONE, [maker.protector(0x4000)])
    assert "its password (--passwords)" in advice(RECOVERY, [maker.by_password()])


def test_a_key_that_opens_to_something_else_is_none(plain):
    """Whoever has the password can seal anything; whoever has not cannot change a bit of it."""
    pytest.importorskip("pybde")
    bad = maker.protector(0, maker.key_entry(KEY), maker.sealed(KEY, maker.key_entry(KEY[:9])))
    assert shown(maker.Volume((bad,)).image(plain)) == ("", Reason.KEY_NEEDED)
    bad = maker.protector(0, maker.key_entry(KEY), maker.sealed(KEY, b"\7\0" + bytes(60)))
    assert shown(maker.Volume((bad,)).image(plain)) == ("", Reason.KEY_NEEDED)
    bad = maker.protector(0, maker.key_entry(KEY), maker.entry(0, 5, b"short"))
    assert shown(maker.Volume((bad,)).image(plain)) == ("", Reason.KEY_NEEDED)
    other = maker.Volume((maker.by_clear_key(vmk=bytes(32)),)).image(plain)
    assert shown(other) == ("", Reason.DAMAGED_VOLUMES)


def changed(disk, at, value, copies=maker.PLACES, *, sum_too=False):
    """Change all copies of the metadata, and their checksum where wanted."""
    out = bytearray(disk)
    for copy in copies:
        out[copy + at : copy + at + len(value)] = value
        if sum_too:
            length = int.from_bytes(out[copy + 8 : copy + 10], "little") << 4
            struct.pack_into("<I", out, copy + length + 4, zlib.crc32(out[copy : copy + length]))
    return bytes(out)


def test_one_copy_of_the_metadata_is_enough(plain):
    """Libbde by itself reads the first, and refuses the volume where any is damaged."""
    pytest.importorskip("pybde")
    disk = CLEAR.image(plain)
    for whole in maker.PLACES:
        others = [one for one in maker.PLACES if one != whole]
        for at, value in ((0, bytes(2000)), (9, b"\xff"), (64, b"\xff\xff"), (110, b"\xff" * 9)):
            assert content(changed(disk, at, value, others)).read_at(0, len(plain)) == plain
    assert shown(changed(disk, 0, bytes(2000))) == ("", Reason.DAMAGED_VOLUMES)
    alone = changed(disk, 0, bytes(2000), maker.PLACES[:2])
    assert shown(changed(alone, 17, b"\1", maker.PLACES[2:])) == ("", Reason.DAMAGED_VOLUMES)
    first = bytearray(disk)
    struct.pack_into("<2Q", first, 176, 0, 1 << 63)  # the copy that is found names the others
    assert content(first).read_at(0, len(plain)) == plain


def test_a_copy_that_says_something_else_is_believed_by_its_checksum_alone(plain):
    pytest.importorskip("pybde")
    disk = CLEAR.image(plain)
    less = struct.pack("<Q", 1 << 18)  # so much would be encrypted
    for copy in maker.PLACES:
        assert content(changed(disk, 16, less, [copy])).read_at(0, len(plain)) == plain
        both = changed(disk, 16, less, [copy], sum_too=True)
        assert shown(both) == ("", Reason.DAMAGED_VOLUMES)
    assert "do not agree" in next(finding.volumes(Bytes(both), NONE)).advice
    sums = changed(disk, 4, b"")
    for at in maker.PLACES:  # no checksum that is known: three copies that agree are believed
        sums = (
            sums[:at]
            + sums[at : at + 65536].replace(b"\x08\0\x02\0", b"\0" * 4)
            + sums[at + 65536 :]
        )
    assert content(sums).read_at(0, len(plain)) == plain


def test_metadata_that_cannot_be_are_refused(plain):
    pytest.importorskip("pybde")
    disk = CLEAR.image(plain)
    for at, value in (
        (10, b"\x03"),  # version of the block
        (64, b"\x10\0\0\0"),  # size, not that of its copy
        (68, b"\x02"),  # version
        (72, b"\x40"),  # size of the head
        (112, b"\x03\0"),  # an entry too short
        (112, b"\xff\xff"),  # too long
        (112, bytes(8)),  # the end before any key
    ):
        assert shown(changed(disk, at, value)) == ("", Reason.DAMAGED_VOLUMES), at
        assert shown(changed(disk, at, value, sum_too=True)) == ("", Reason.DAMAGED_VOLUMES), at
    assert shown(changed(disk, 100, b"\x05\x80")) == ("", Reason.DAMAGED_VOLUMES)
    assert bitlocker.recognise(Bytes(disk))
    assert bitlocker.recognise(Bytes(maker.Volume((), to_go=True).head()))
    assert not bitlocker.recognise(Bytes(bytes(600)))
    assert shown(b"\xeb\x52\x90-FVE-FS-" + bytes(1 << 16)) == ("", Reason.DAMAGED_VOLUMES)


def test_a_way_of_encrypting_that_is_not_known_is_named(plain, monkeypatch):
    pytest.importorskip("pybde")
    monkeypatch.setitem(maker.KEY_SIZES, 0x8006, 32)
    disk = maker.Volume(CLEAR.protectors, 0x8006).image(plain)
    assert shown(disk) == ("", Reason.UNSUPPORTED_STORAGE)
    assert "0x8006" in next(finding.volumes(Bytes(disk), NONE)).advice


def test_a_first_sector_without_sizes_is_made_good_or_refused(plain):
    """Libbde by itself divides by the size of a sector, and opens nothing but NTFS then."""
    pytest.importorskip("pybde")
    disk = bytearray(CLEAR.image(plain))
    disk[11:13] = b"\0\0"
    disk[32:36] = b"\xff" * 4
    assert content(disk).read_at(0, len(plain)) == plain
    disk[11:13] = b"\x10\0"
    assert shown(disk) == ("", Reason.DAMAGED_VOLUMES)
    assert "size of sectors" in next(finding.volumes(Bytes(disk), NONE)).advice
    none = changed(disk, 28, bytes(4), sum_too=True)
    assert shown(none[:11] + b"\0\0" + none[13:]) == ("", Reason.DAMAGED_VOLUMES)


def test_a_volume_of_which_used_space_alone_is_encrypted_is_known(plain):
    """What marks the unused space, which libbde reads, is not made here."""
    pytest.importorskip("pybde")
    disk = bytearray(CLEAR.image(plain))
    disk[160:176] = uuid.UUID("92a84d3b-dd80-4d0e-9e4e-b1e3284eaed8").bytes_le
    assert content(disk).read_at(0, len(plain)) == plain


def test_what_lies_beyond_the_file_system_is_read_too(plain):
    """No size that the head of a file system tells ends the volume."""
    pytest.importorskip("pybde")
    longer = plain + b"x" * 5120
    assert content(CLEAR.image(longer)).read_at(0, 1 << 30) == longer


@functools.cache
def small():
    """Give a volume without a file system, and what it holds."""
    clear = random.Random(3).randbytes(maker.ROOM[0]) + bytes(maker.ROOM[1] - maker.ROOM[0])
    return CLEAR.image(clear), clear


@settings(max_examples=60, deadline=None)
@given(
    copy=st.sampled_from(maker.PLACES),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_whatever_one_copy_says_no_byte_is_wrong(copy, changes):
    pytest.importorskip("pybde")
    disk, clear = small()
    disk = bytearray(disk)
    for at, value in changes:
        disk[copy + at] = value
    opened = bitlocker.unlock(Bytes(disk), NONE)
    places = (0, 1 << 17, *maker.PLACES, maker.HEAD_AT)
    assert all(opened.read_at(at, 4096) == clear[at : at + 4096] for at in places)


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1, max_size=6),
    key=st.binary(max_size=200),
)
def test_whatever_metadata_and_key_files_say_there_is_an_answer(changes, key):
    raw = bytearray(maker.Volume((maker.by_startup_key(KEY), maker.by_clear_key())).metadata())
    bek = bytearray(BEK.keys[1])
    for at, value in changes:
        raw[at % len(raw)] = value
        bek[at % len(bek)] = value
    disk = Bytes(maker.Volume((), places=(512, 512, 512)).head() + bytes(raw).ljust(1 << 16, b"\0"))
    try:
        metadata = fve.read(disk)
    except fve.FveError:
        return
    fve_keys.volume_key(metadata, Secrets(keys=(bytes(bek), key)), patience.Patience())
    assert isinstance(fve_keys.ways(metadata), str)


def test_passwords_are_tried_no_longer_than_is_told(plain, monkeypatch):
    pytest.importorskip("pybde")
    disk = maker.Volume((maker.by_password(), maker.by_startup_key(KEY))).image(plain)
    clock = itertools.count(0, patience.SECONDS)
    monkeypatch.setattr(patience.time, "monotonic", lambda: next(clock))
    many = Secrets((b"no", b"nor", *WORD.passwords))
    volume = next(finding.volumes(Bytes(disk), many))
    assert volume.trouble is Reason.LIMIT_TIME
    assert "not all passwords" in volume.advice
    assert "BitLocker" in volume.advice
    assert shown(disk, Secrets(many.passwords, BEK.keys)) == ("bde", None)  # takes no time


def test_all_volumes_of_a_medium_share_the_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    time = patience.Patience()
    for _ in range(patience.WHOLE // patience.SECONDS):
        with time.of_volume():
            time.check("LUKS", "")
            now[0] += patience.SECONDS
            time.check("LUKS", "")
        now[0] += 1000  # what lies between them does not count
    with time.of_volume():
        time.check("LUKS", "")
        now[0] += 1
        with pytest.raises(MountError) as caught:
            time.check("LUKS", "do something else")
    assert caught.value.reason is Reason.LIMIT_TIME
    assert caught.value.advice.endswith("this LUKS volume, or do something else")


def test_a_place_in_a_volume_that_is_locked_is_not_said_to_be_gone(plain, tmp_path):
    pytest.importorskip("pybde")
    path = tmp_path / "a.dd"
    path.write_bytes(maker.Volume((maker.by_startup_key(KEY),)).image(plain))
    where = parse_place("bde!fat12:/FIRST.BIN;id=3")
    for secrets, reason in ((NONE, Reason.KEY_NEEDED), (BEK, None)):
        source = opening.source_of(str(path).encode(), opening.Wishes("raw", secrets))
        if reason is None:
            assert source.at(where).size == 5000
            continue
        with pytest.raises(ItemError) as caught:
            source.at(where)
        assert caught.value.reason is reason
        with pytest.raises(ItemError) as caught:
            source.at(parse_place("gpt:p9!fat12:/FIRST.BIN;id=3"))
        assert caught.value.reason is Reason.VANISHED


def test_without_the_library_what_to_install_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pybde", None)
    disk = Bytes(maker.Volume((maker.by_password(),)).head())
    with pytest.raises(MountError) as caught:
        bitlocker.unlock(disk, NONE)
    assert caught.value.reason is Reason.NO_BACKEND
    assert "hashmatch[disk]" in caught.value.advice


def test_what_libbde_does_not_open_after_all_is_told(plain, monkeypatch):
    pytest.importorskip("pybde")
    disk = changed(CLEAR.image(plain), 56, struct.pack("<Q", 5), sum_too=True)
    assert shown(disk) == ("", Reason.UNSUPPORTED_STORAGE)


def test_no_file_is_opened_for_a_start_up_key(plain, monkeypatch):
    pytest.importorskip("pybde")
    disk = maker.Volume((maker.by_startup_key(KEY),)).image(plain)
    met = []
    monkeypatch.setattr(builtins, "open", lambda *words, **more: met.append(words))
    assert content(disk, BEK).read_at(0, 512) == plain[:512]
    assert not met


class Fails:
    """Stands for libbde's volume: what is ``broken`` it does not decrypt."""

    def __init__(self, below):
        self.below = below

    def read_buffer_at_offset(self, size, offset):
        found = self.below.read_at(offset, size)
        if b"broken" in found:
            msg = "no"
            raise OSError(msg)
        return found


def test_what_cannot_be_decrypted_or_read_is_damage():
    disk = bytearray(3 << 20)
    disk[(1 << 20) + 5 : (1 << 20) + 11] = b"broken"
    medium = Bytes(disk)
    opened = Unlocked(Fails(medium), len(disk), medium, "bde")
    assert opened.read_at(0, 10) == bytes(10)
    assert not opened.damage
    medium.damage.append(Stretch(4096, 512, "unreadable"))
    opened.read_at(100, 10)
    assert list(opened.damage) == [Stretch(0, 1 << 20, "unreadable")]
    assert opened.read_at(1 << 20, 100) == bytes(100)
    assert sum(one.length for one in opened.damage) == 2 << 20
