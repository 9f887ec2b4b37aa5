"""One pass over a medium: digests, damage, and what its maker noted beside it."""

import hashlib
import json
import os
import pickle  # what a value must survive between processes

import pytest

from hashmatch.evidence.media import check, ewf, raw, sidecars
from hashmatch.evidence.media.check import MediumCheck
from hashmatch.evidence.media.interface import Stretch
from hashmatch.model.secrets import Secrets
from tests import ewf_maker

CONTENT = bytes(range(256)) * 5000
DIGESTS = {name: hashlib.new(name, CONTENT).hexdigest() for name in ("md5", "sha1", "sha256")}


def checked(path, form=ewf, progress=None):
    medium = form.open_medium(os.fsencode(path), Secrets())
    try:
        return check.check(medium, progress)
    finally:
        medium.close()


def test_all_digests_come_from_one_pass(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    seen = []
    found = checked(path, progress=seen.append)
    assert dict(found.digests) == DIGESTS
    assert (found.verdict, found.sound, found.damaged_bytes) == ("match", True, 0)
    assert seen == [1 << 20, len(CONTENT)]
    assert MediumCheck.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


def test_a_damaged_chunk_is_listed_and_nothing_matches(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, packed=False)
    data = bytearray(path.read_bytes())
    for number in (3, 4, 9):
        data[ewf_maker.make(CONTENT, packed=False).chunks[number][1] + 50] ^= 1
    path.write_bytes(data)
    found = checked(path)
    assert (found.verdict, found.sound) == ("mismatch", False)
    assert found.damage == (
        Stretch(12288, 8192, "checksum", "chunks 3-4"),
        Stretch(36864, 4096, "checksum", "chunk 9"),
    )
    assert (found.damaged_stretches, found.damaged_bytes) == (2, 12288)
    assert MediumCheck.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_content_that_was_changed_under_right_checksums_is_a_mismatch(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, packed=False)
    data = bytearray(path.read_bytes())
    _, start, end = ewf_maker.make(CONTENT, packed=False).chunks[3]
    data[start] ^= 1
    data[start:end] = ewf_maker.checked(bytes(data[start : end - 4]))
    path.write_bytes(data)
    found = checked(path)
    assert (found.verdict, found.sound, found.damage) == ("mismatch", False, ())


def test_nothing_stored_is_said_so(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT, with_digests=False)
    found = checked(path)
    assert (found.verdict, found.sound, found.stored) == ("not-stored", True, ())


def test_an_end_that_no_file_holds_is_not_hashed(tmp_path):
    path = ewf_maker.write(tmp_path / "disk.E01", CONTENT[: 300 * 4096], claimed_sectors=1 << 50)
    found = checked(path)
    assert found.size == 1 << 59
    assert found.read == 300 * 4096
    assert (found.digests, found.verdict) == ((), "mismatch")
    assert found.damaged_bytes == found.size - found.read


def test_only_so_many_stretches_are_listed_and_all_are_counted(tmp_path, monkeypatch):
    path = tmp_path / "disk.img"
    path.write_bytes(CONTENT)
    medium = raw.open_medium(os.fsencode(path), Secrets())
    for number in range(1500):
        medium.damage.note(number * 600, 10, "unreadable")
    found = check.check(medium)
    assert len(found.damage) == check.MOST_LISTED
    assert (found.damaged_stretches, found.damaged_bytes) == (1500, 15000)


def test_merging_counts_no_byte_twice():
    one, two, three = (Stretch(at, 10, "checksum", f"chunk {at // 10}") for at in (0, 10, 20))
    assert check.merge([three, one, two]) == [Stretch(0, 30, "checksum", "chunk 0 to chunk 2")]
    assert check.merge([Stretch(5, 50, "missing"), two]) == [Stretch(5, 50, "missing")]
    assert check.merge([one, Stretch(10, 5, "missing")]) == [one, Stretch(10, 5, "missing")]
    assert check.merge([one, Stretch(5, 10, "missing")]) == [Stretch(0, 15, "checksum", "chunk 0")]
    assert check.merge([]) == []


NOTES = {
    "md5sum": ("disk.img.md5", f"{DIGESTS['md5']}  disk.img\n", ["file"]),
    "binary": ("disk.img.sha1", f"{DIGESTS['sha1']} */case/disk.img\n", ["file"]),
    "bare": ("disk.sha256", DIGESTS["sha256"].upper(), ["unclear"]),
    "stdin": ("disk.img.md5", f"{DIGESTS['md5']}  -\n", ["unclear"]),
    "bsd": ("disk.MD5", f"MD5 (disk.img) = {DIGESTS['md5']}\n", ["file"]),
    "ftk": (
        "disk.img.txt",
        (
            "Created By AccessData FTK\ufeff Imager 4\r\n\r\n[Computed Hashes]\r\n"
            f" MD5 checksum:    {DIGESTS['md5']}\r\n SHA1 checksum:   {DIGESTS['sha1']}\r\n"
            "Image Verification Results:\r\n Verification started:  Mon\r\n"
            f" MD5 checksum:    {DIGESTS['md5']} : verified\r\n"
        ),
        ["content", "content"],
    ),
    "guymager": (
        "disk.info",
        (
            f"MD5 hash                   : {DIGESTS['md5']}\nMD5 hash verified source   : --\n"
            f"SHA256 hash                : {DIGESTS['sha256']}\nSHA1 hash    : --\n"
        ),
        ["content", "content"],
    ),
    "dc3dd": (
        "disk.log",
        (
            f"input results for device `/dev/sdb':\n   0 bad sectors\n   {DIGESTS['md5']} (md5)\n"
            f"   [ok] {DIGESTS['sha256']} (sha256)\n"
        ),
        ["content", "content"],
    ),
    "dcfldd": ("disk.img.log", f"0 - 1: {'0' * 32}\nTotal (md5): {DIGESTS['md5']}\n", ["content"]),
    "ewfacquire": (
        "disk.log",
        (
            f"MD5 hash calculated over data:\t\t{DIGESTS['md5']}\n"
            f"SHA1 hash calculated over data:\t\t{DIGESTS['sha1']}\n"
        ),
        ["content", "content"],
    ),
}


@pytest.mark.parametrize(("name", "text", "of"), NOTES.values(), ids=NOTES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_notes_of_every_maker_are_read_and_agree(tmp_path, name, text, of, encoding):
    image = tmp_path / "disk.img"
    image.write_bytes(CONTENT)
    (tmp_path / name).write_bytes(text.encode(encoding))
    noted, unread = sidecars.find(os.fsencode(image))
    assert unread == ()
    assert [one.of for one in noted] == of
    assert all(DIGESTS[one.algorithm] == one.value for one in noted)
    medium = raw.open_medium(os.fsencode(image), Secrets())
    results = sidecars.compare(check.check(medium), medium.facts, noted)
    assert {one.result for one in results} == {"agree"}


def test_a_note_that_differs_is_said(tmp_path):
    image = tmp_path / "disk.img"
    image.write_bytes(CONTENT)
    (tmp_path / "disk.img.md5").write_text("0" * 32 + "  disk.img\n")
    medium = raw.open_medium(os.fsencode(image), Secrets())
    noted, _ = sidecars.find(os.fsencode(image))
    (one,) = sidecars.compare(check.check(medium), medium.facts, noted)
    assert (one.result, one.noted.line) == ("differ", 1)


def test_a_digest_of_the_file_says_nothing_of_what_a_packed_image_holds(tmp_path):
    image = ewf_maker.write(tmp_path / "disk.E01", CONTENT)
    file = hashlib.md5(image.read_bytes()).hexdigest()
    (tmp_path / "disk.E01.md5").write_text(f"{file}  disk.E01\n")
    (tmp_path / "disk.E01.txt").write_text(f"MD5 checksum: {'1' * 32}\n")
    medium = ewf.open_medium(os.fsencode(image), Secrets())
    noted, _ = sidecars.find(os.fsencode(image))
    results = sidecars.compare(check.check(medium), medium.facts, noted)
    assert [one.result for one in results] == ["not-compared", "differ"]


def test_lines_that_are_something_else_are_left_out(tmp_path):
    image = tmp_path / "disk.img"
    image.write_bytes(b"x")
    digest = "a" * 32
    lines = [
        f"{digest}  other.img",
        f"see {digest} for details",
        f"MD5 checksum: {digest[:-1]}",
        f"SHA1 checksum: {digest}",
        f"serial: {digest}",
        f"MD5 and SHA1: {digest}",
        f"{digest} (sha1)",
        f"x{digest}",
        "MD5:",
        "",
    ]
    (tmp_path / "disk.txt").write_text("\n".join(lines))
    assert sidecars.find(os.fsencode(image)) == ((), ())
    (tmp_path / "disk.txt").write_text(f"MD5 of segment 1: {digest}")
    assert [one.of for one in sidecars.find(os.fsencode(image))[0]] == ["unclear"]


def test_notes_that_cannot_be_read_are_said(tmp_path):
    image = tmp_path / "disk.img"
    image.write_bytes(b"x")
    (tmp_path / "disk.log").write_bytes(bytes(sidecars.MOST_BYTES + 1))
    (tmp_path / "disk.txt").mkdir()
    many = "\n".join(f"MD5: {number:032x}" for number in range(sidecars.MOST_VALUES + 5))
    noted, unread = sidecars.find(os.fsencode(image))
    assert noted == ()
    assert [path.rpartition(b".")[2] for path, _ in unread] == [b"txt", b"log"]
    (tmp_path / "disk.md5").write_text(many)
    noted, unread = sidecars.find(os.fsencode(image))
    assert len(noted) == sidecars.MOST_VALUES
    assert "more digests than belong" in unread[-1][1]
