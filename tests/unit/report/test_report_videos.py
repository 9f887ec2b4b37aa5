"""Reports account for every video, and say what of one was not compared."""

import csv
import re

import pytest

from hashmatch.errors import CustodyError
from hashmatch.report import findings
from hashmatch.report.csv import REPORT as TABLES
from hashmatch.report.html import REPORT as PAGE
from hashmatch.report.options import ReportOptions
from hashmatch.report.stored_run import StoredRun
from tests.report_runs import Builder

BROKEN = {"trouble": "damaged-video", "hashes": []}


@pytest.fixture
def sealed(tmp_path):
    run = Builder()
    run.video(b"good.mp4")
    run.video(b"black.mkv", quality=20)
    run.video(b"half.mov", partial=True)
    run.video(b"broken.avi", **BROKEN)
    return run.seal(tmp_path / "run")


def test_every_video_stands_in_one_row_of_the_coverage(sealed, tmp_path):
    run = StoredRun.open(sealed)
    assert run.record.exit_code == 3
    PAGE.write(run, tmp_path, ReportOptions())
    text = (tmp_path / "report.en.html").read_text("utf-8")
    table = text.split("Videos and comparison of their frames", 1)[1].split("</table>")[0]
    assert re.findall(r'<td class="number">(\d+)</td>', table) == ["1", "2", "1", "4"]
    assert "2 videos could not be compared" in text
    assert "Videos were compared by frames taken at intervals" in text


def test_a_run_without_videos_says_nothing_of_them(tmp_path):
    run = Builder()
    run.picture(b"one.jpg")
    PAGE.write(StoredRun.open(run.seal(tmp_path / "run")), tmp_path, ReportOptions())
    assert "Videos were compared" not in (tmp_path / "report.en.html").read_text("utf-8")


def test_the_tables_name_why_a_video_was_not_compared(sealed, tmp_path):
    TABLES.write(StoredRun.open(sealed), tmp_path, ReportOptions())
    rows = list(csv.reader((tmp_path / "coverage.csv").read_text("utf-8-sig").splitlines()))
    found = {(row[1], row[2]): row[3] for row in rows}
    assert found["videos", ""] == "4"
    assert found["videos_not_compared_by", "damaged-video"] == "1"
    assert found["videos_not_compared_by", "incomplete-video"] == "1"


@pytest.mark.parametrize(
    "counts", [{"videos": 3}, {"videos_not_compared": 1}, {"videos_low_quality": 2}]
)
def test_counts_of_videos_that_do_not_add_up_are_refused(tmp_path, counts):
    run = Builder()
    run.video(b"black.mkv", quality=20)
    run.video(b"good.mp4")
    run.video(b"half.mov", partial=True)
    run.video(b"broken.avi", **BROKEN)
    run.counts = counts
    sealed = run.seal(tmp_path / "run")
    with pytest.raises(CustodyError, match="video"):
        _gathered(sealed)


def _gathered(folder):
    run = StoredRun.open(folder)
    return findings.gather(run.hits(), run.problems(), run.record.counts, 10)
