"""Members of documents are those that independent tools find."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hashmatch.evidence.members import pdf
from hashmatch.evidence.members.interface import Inside
from tests.members_reader import contents, read

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
IMAGES = (SHARED.parent if SHARED.name == "samples" else SHARED) / "images" / "own-synthetic"
DOCUMENT = IMAGES / "images63.pdf"

pytestmark = pytest.mark.skipif(
    not DOCUMENT.is_file(), reason="the folder of shared images is not there (HASHMATCH_SAMPLES)"
)


def digests(many):
    return {hashlib.sha256(one).hexdigest() for one in many}


def test_all_pictures_of_a_document_come_byte_for_byte():
    pytest.importorskip("pikepdf")
    found = contents(pdf, DOCUMENT.read_bytes())
    assert len(found) == len(digests(found)) == 63
    assert all(one.startswith(b"\xff\xd8\xff") for one in found)


def test_pictures_on_pages_are_those_of_poppler(tmp_path):
    pytest.importorskip("pikepdf")
    program = shutil.which("pdfimages")
    if program is None:
        pytest.skip("pdfimages is not installed")
    subprocess.run([program, "-all", DOCUMENT, tmp_path / "p"], check=True, timeout=60)
    wanted = digests(path.read_bytes() for path in tmp_path.iterdir())
    assert len(wanted) == 60  # two that no page shows and one that is attached are not among them
    assert wanted < digests(contents(pdf, DOCUMENT.read_bytes()))


def test_a_document_that_is_cut_off_gives_what_is_left_and_says_so():
    pytest.importorskip("pikepdf")
    content = DOCUMENT.read_bytes()
    whole = digests(contents(pdf, content))
    found, end = read(pdf, content[: len(content) * 2 // 3])
    given = [data for one, data, trouble in found if isinstance(one, Inside) and trouble is None]
    assert end is not None
    assert len(given) >= 40
    assert len(digests(given) - whole) <= 1  # the one in which it breaks off
