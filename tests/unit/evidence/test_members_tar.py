"""Tar archives of every dialect, read forward, whole or damaged."""

import io
import tarfile

import pytest

from hashmatch.evidence.members import tar, tar_headers
from hashmatch.evidence.members.interface import Inside
from hashmatch.model.outcomes import Reason, Rule
from hashmatch.model.secrets import Secrets
from tests.archives import Forward, contents, inside

FILES = {
    "a.jpg": b"\xff\xd8\xff" + b"1" * 700,
    "d/" + "x" * 150: b"2" * 512,
    "d/ภาพ": b"",
    "z": b"3",
}


def info(name, size=0, **fields):
    made = tarfile.TarInfo(name)
    made.size, made.mtime = size, 1_000_000_000
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def tar_of(files, form=tarfile.GNU_FORMAT):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=form) as archive:
        archive.addfile(info("d", type=tarfile.DIRTYPE))
        for name, plain in files.items():
            archive.addfile(info(name, len(plain)), io.BytesIO(plain))
    return whole.getvalue()


EXPECTED = [(name.encode(), plain) for name, plain in FILES.items()]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_archives_come_back_seekable_or_not(form):
    made = tar_of(FILES, form)
    assert contents(tar, made) == EXPECTED
    assert contents(tar, Forward(made)) == EXPECTED
    unread = [one.name for one in tar.members(Forward(made), Secrets()) if isinstance(one, Inside)]
    assert unread == [name for name, _ in EXPECTED]


def test_a_member_can_be_opened_again_where_the_stream_can_go_back():
    members = inside(tar, tar_of(FILES))
    assert [one.open().read() for one in reversed(members)] == [*FILES.values()][::-1]
    assert [one.open().read() for one in members] == [*FILES.values()]


def test_what_is_said_of_a_lost_member_is_not_said_of_another():
    name = info("d/" + "n" * 200 + ".jpg", 3).tobuf(tarfile.GNU_FORMAT)
    size = info("x", 3, pax_headers={"size": "512", "comment": "c"}).tobuf(tarfile.PAX_FORMAT)
    damaged = (b"", Reason.DAMAGED_CONTAINER)
    for before in (name[:-512], size[:-512]):
        lost = bytearray(info("lost", 3).tobuf())
        lost[150] ^= 1
        after = info("mine", 3).tobuf() + b"123".ljust(512, b"\0") + bytes(1024)
        for gap in (bytes(lost) + b"abc".ljust(512, b"\0"), bytes(512)):
            assert contents(tar, before + gap + after) == [(b"mine", b"123"), damaged]


def test_the_old_dialect_has_folders_by_name_and_no_magic():
    made = bytearray(tar_of({"f": b"1"}, tarfile.USTAR_FORMAT))
    for place in (0, 512):
        made[place + 156] = 0
        made[place + 257 : place + 265] = bytes(8)
        made[place + 148 : place + 156] = b" " * 8
        made[place + 148 : place + 156] = b"%06o\0 " % sum(made[place : place + 512])
    assert tar.recognise(bytes(made[:4096]), b"")
    assert contents(tar, bytes(made)) == [(b"f", b"1")]


def test_times_are_as_exact_as_they_are_stored():
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as archive:
        headers = {
            "mtime": "1.000000001",
            "atime": "-1.5",
            "ctime": "x",
            "LIBARCHIVE.creationtime": "9",
        }
        archive.addfile(info("a", pax_headers=headers))
        archive.addfile(info("b"))
    first, second = inside(tar, whole.getvalue())
    assert dict(first.facts.times) == {
        "modified": "1970-01-01T00:00:01.000000001Z",
        "accessed": "1969-12-31T23:59:58.5Z",
        "created": "1970-01-01T00:00:09Z",
    }
    assert first.modified_ns == 1_000_000_001
    assert second.facts.times == (("modified", "2001-09-09T01:46:40Z"),)


def test_links_and_devices_are_left_out_by_their_rules():
    kinds = {
        tarfile.LNKTYPE: Rule.HARD_LINK,
        tarfile.SYMTYPE: Rule.SYMLINK,
        tarfile.CHRTYPE: Rule.CHARACTER_DEVICE,
        tarfile.BLKTYPE: Rule.BLOCK_DEVICE,
        tarfile.FIFOTYPE: Rule.FIFO,
    }
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for kind in kinds:
            archive.addfile(info("n", type=kind, linkname="a"))
    assert [one for _, one in contents(tar, whole.getvalue())] == [*kinds.values()]


def sparse(form):
    """Make a file of 6 bytes at 4096, then a hole to 10000, in one of three ways."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as archive:
        if form == "0.1":
            headers = {"GNU.sparse.map": "4096,6", "GNU.sparse.size": "10000"}
            headers["GNU.sparse.name"] = "s"
            archive.addfile(info("x", 6, pax_headers=headers), io.BytesIO(b"middle"))
        elif form == "1.0":
            headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
            headers |= {"GNU.sparse.name": "s", "GNU.sparse.realsize": "10000"}
            stored = b"1\n4096\n6\n".ljust(512, b"\0") + b"middle"
            archive.addfile(info("x", len(stored), pax_headers=headers), io.BytesIO(stored))
        elif form == "0.0":
            headers = {"GNU.sparse.size": "10000", "GNU.sparse.numblocks": "1"}
            archive.addfile(info("s", 6, pax_headers=headers), io.BytesIO(b"middle"))
        archive.addfile(info("after", 1), io.BytesIO(b"!"))
    return whole.getvalue()


def old_sparse():
    made = bytearray(tar_of({"s": b"middle", "after": b"!"}))
    place = 512
    made[place + 156 : place + 157] = b"S"
    made[place + 386 : place + 410] = b"%011o\0%011o\0" % (4096, 6)
    made[place + 483 : place + 495] = b"%011o\0" % 10000
    made[place + 148 : place + 156] = b" " * 8
    made[place + 148 : place + 156] = b"%06o\0 " % sum(made[place : place + 512])
    return bytes(made)


def test_holes_are_filled_in_or_said():
    whole = bytes(4096) + b"middle" + bytes(10000 - 4102)
    for made in (sparse("0.1"), sparse("1.0"), old_sparse()):
        assert contents(tar, made) == [(b"s", whole), (b"after", b"!")]
        assert contents(tar, Forward(made)) == [(b"s", whole), (b"after", b"!")]
    assert contents(tar, sparse("0.0")) == [(b"s", Reason.UNSUPPORTED_STORAGE), (b"after", b"!")]


def test_an_archive_cut_off_says_so():
    made = tar_of(FILES)
    whole = (b"", Reason.DAMAGED_CONTAINER)
    assert contents(tar, made[: 512 * 2 + 300]) == [(b"a.jpg", Reason.DAMAGED_CONTAINER), whole]
    end = made.rindex(b"3") // 512 * 512 + 512
    assert contents(tar, made[:end]) == [*EXPECTED, whole]  # no mark of the end
    assert contents(tar, made[: end + 512]) == EXPECTED


def test_a_broken_header_costs_its_member_and_is_said():
    made = bytearray(tar_of(FILES))
    made[512 + 3] ^= 1
    assert contents(tar, bytes(made)) == [*EXPECTED[1:], (b"", Reason.DAMAGED_CONTAINER)]


def test_what_follows_the_end_is_looked_into():
    made = tar_of(FILES)
    assert contents(tar, made + made) == [*EXPECTED, *EXPECTED]
    assert contents(tar, made + b"garbage") == [*EXPECTED, (b"", Reason.DAMAGED_CONTAINER)]


def test_names_too_long_are_refused_before_they_are_read():
    head = bytearray(tar_of({"f": b""})[512:1024])
    head[156:157] = b"L"
    head[124:136] = b"%011o\0" % (1 << 30)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    assert contents(tar, bytes(head))[0] == (b"f", Reason.LIMIT_SIZE)


def test_an_extended_header_that_is_none_is_said():
    made = bytearray(tar_of({"ภ": b"1"}, tarfile.PAX_FORMAT))
    place = made.index(b" path=")
    made[place] = 65
    found = contents(tar, bytes(made))
    assert found[0][1] is Reason.DAMAGED_CONTAINER


def test_numbers_are_octal_or_binary():
    assert tar_headers.number(b"0000017 \0\0\0\0") == 15
    assert tar_headers.number(b"\x80" + bytes(9) + b"\x01\x00") == 256
    assert tar_headers.number(b"\xff" * 12) == -1
    with pytest.raises(ValueError, match="octal"):
        tar_headers.number(b"9" * 12)


def test_other_content_is_no_tar():
    assert not tar.recognise(bytes(4096), b"a.tar")
    assert not tar.recognise(b"\xff\xd8\xff" * 1000, b"a.tar")
    assert not tar.recognise(b"", b"a.tar")


def headed(name, kind, plain=b"", size=None):
    """Write a member whose header says what it likes."""
    one = info(name, len(plain) if size is None else size, type=kind)
    padding = bytes(-len(plain) % 512)
    return one.tobuf(tarfile.USTAR_FORMAT) + plain + padding


@pytest.mark.parametrize("kind", [b"5", b"1", b"2"])
def test_what_has_no_content_and_yet_some_is_noticed(kind):
    file = headed("a.jpg", tarfile.REGTYPE, FILES["a.jpg"])
    held = headed("x", kind, b"held" * 300)
    found = contents(tar, held + file + bytes(1024))
    assert (b"a.jpg", FILES["a.jpg"]) in found
    assert found[-1] == (b"", Reason.DAMAGED_CONTAINER)
    sized = headed("x", kind, size=5000)  # a size alone, such as a limit of a folder, is nothing
    found = contents(tar, sized + file + bytes(1024))
    assert found[-1] == (b"a.jpg", FILES["a.jpg"])


@pytest.mark.parametrize("kind", [b"V", b"N", b"A", b"D"])
def test_what_is_said_about_files_is_given_where_there_is_any(kind):
    made = headed("x", kind, b"lists") + headed("y", kind) + headed("z", tarfile.REGTYPE, b"3")
    assert contents(tar, made + bytes(1024)) == [(b"x", b"lists"), (b"z", b"3")]
