"""The sample archives hold what is known of them, and the same as other programs find in them."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hashmatch.evidence.members import libarchive, rar, seven_zip
from hashmatch.evidence.members import zip as zips
from hashmatch.model.outcomes import Reason
from hashmatch.model.secrets import Secrets
from tests.archives import contents

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HASHMATCH_SHARED", ROOT.parent / "shared"))
IMAGES = SHARED / "images"
PICTURE = "a2713b045416637100c9b8337275188f"
RAR_TEXT = "2c3dc8055c457947e5a16d46c969ea79"

pytestmark = pytest.mark.skipif(
    not IMAGES.is_dir(), reason="the folder of shared images is not there (HASHMATCH_SHARED)"
)


def digests(kind, name, passwords=()):
    found = contents(kind, (IMAGES / name).read_bytes(), passwords)
    return [
        (one, hashlib.md5(what).hexdigest() if isinstance(what, bytes) else what)
        for one, what in found
    ]


def test_synthetic_zips():
    assert digests(zips, "own-synthetic/aes.zip", [b"no", b"pass"]) == [(b"a.jpg", PICTURE)]
    assert digests(zips, "own-synthetic/aes.zip") == [(b"a.jpg", Reason.KEY_NEEDED)]
    ((name, _),) = digests(zips, "own-synthetic/thai.zip")
    assert name.decode() == "ภาพทดส.jpg"
    twins = digests(zips, "own-synthetic/dup.zip")
    assert [name for name, _ in twins] == [b"a.jpg", b"a.jpg"]
    assert len(dict.fromkeys(found for _, found in twins)) == 2


def test_a_size_that_lies_does_not_end_what_is_read():
    with (IMAGES / "own-synthetic/lie.zip").open("rb") as stream:
        member, end = zips.members(stream, Secrets())  # the header before it says another size
        content = member.open()
        assert not any(content.read(1 << 20).strip(b"\0") for _ in range(40))
        assert content.tell() == 40 << 20
    assert (member.size, end.reason) == (10, Reason.DAMAGED_CONTAINER)


def test_the_7z_archive_with_hidden_names():
    found = dict(digests(seven_zip, "own-synthetic/enc.7z", [b"pass"]))
    assert found[b"Pictures/a.jpg"] == PICTURE
    assert "Pictures/ภาพ-ทดสอบ.jpg".encode() in found
    assert digests(seven_zip, "own-synthetic/enc.7z") == [(b"", Reason.KEY_NEEDED)]


@pytest.mark.skipif(libarchive.library() is None, reason="libarchive is not installed")
@pytest.mark.parametrize(
    ("name", "count"),
    [("blake", 2), ("crc", 2), ("dups", 9), ("hpsw", 2), ("psw", 2), ("solid", 2)],
)
def test_rar_archives_packed_solid_encrypted_and_with_copies(name, count):
    path = f"rarfile/rar5-{name}.rar"
    expected = [(b"stest%d.txt" % n, RAR_TEXT) for n in range(1, count + 1)]
    assert digests(rar, path, [b"no", b"password"]) == expected
    if name.endswith("psw"):
        assert {found for _, found in digests(rar, path)} == {Reason.KEY_NEEDED}


@pytest.mark.skipif(shutil.which("unar") is None, reason="unar is not installed")
def test_rar_names_and_content_are_those_of_another_program(tmp_path):
    path = IMAGES / "rarfile/rar5-subdirs.rar"
    subprocess.run(["unar", "-q", "-D", "-o", tmp_path, path], check=True, timeout=60)
    expected = {
        os.fsencode(one.relative_to(tmp_path)): one.read_bytes()
        for one in tmp_path.rglob("*")
        if one.is_file()
    }
    assert dict(contents(rar, path.read_bytes())) == expected
