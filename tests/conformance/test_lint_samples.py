"""Every sample list ends in a report; the sound ones have no error."""

import os
from pathlib import Path

import pytest

from tests.lint_lists import check, told

SAMPLES = Path(os.environ.get("HASHMATCH_SAMPLES", "../shared")) / "samples" / "synthetic"
pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the sample lists are not here; set HASHMATCH_SAMPLES"
)
SOUND = (
    "vics/vics-1.1-list.json",
    "vics/vics-1.3-list.json",
    "vics/vics-2.0-list-us.json",
    "icse/icse-minimal.csv",
    "text/md5sum.txt",
    "text/sha256sum-tag.txt",
    "text/generic.csv",
    "text/griffeye-export-semicolon.csv",
    "text/powershell-get-filehash.csv",
    "text/powershell-get-filehash-utf16.txt",
    "text/hashdeep.txt",
)


def every_file():
    return sorted(one for one in SAMPLES.rglob("*") if one.is_file() and "files" not in one.parts)


@pytest.mark.parametrize("path", every_file(), ids=lambda one: str(one.relative_to(SAMPLES)))
def test_every_sample_ends_in_a_report(path):
    if path.suffix == ".md":
        pytest.skip("a text is no list, and is passed by")
    report = check(path)
    assert report.lists
    assert all(one.unreadable or one.records or one.open for one in report.lists)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_sample_has_no_error(name):
    report = check(SAMPLES / name)
    assert [one for one in report.findings() if one.level == "error"] == []
    assert report.lists[0].records


def test_a_record_with_two_categories_is_found():
    found = told(check(SAMPLES / "vics" / "quirks-2.0-order.json"))
    assert "HM203" in {rule for rule, _ in found}
