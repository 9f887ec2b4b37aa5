"""Whole reports, byte for byte. A change here is a change that readers will see."""

import difflib
from pathlib import Path

import pytest

from hashmatch.report.options import ReportOptions
from hashmatch.report.registry import reports
from hashmatch.report.stored_run import StoredRun
from tests import report_runs

GOLDEN = Path(__file__).parent / "report"
REFRESH = ".venv/bin/pytest tests/golden --update-golden"

RENDERINGS = [
    ("full", report_runs.full, ReportOptions(language="en")),
    ("full", report_runs.full, ReportOptions(language="th")),
    ("masked", report_runs.full, ReportOptions(language="th", mask_names=True)),
    ("empty", report_runs.empty, ReportOptions(language="en")),
    ("imaged", report_runs.imaged, ReportOptions(language="en")),
    ("imaged", report_runs.imaged, ReportOptions(language="th")),
    ("imaged-masked", report_runs.imaged, ReportOptions(language="en", mask_names=True)),
    ("incomplete", report_runs.incomplete, ReportOptions(language="th", row_limit=1)),
]


@pytest.mark.parametrize("kind", sorted(reports()))
@pytest.mark.parametrize(("name", "build", "options"), RENDERINGS)
def test_reports_are_what_was_agreed(tmp_path, kind, name, build, options, update_golden):
    run = StoredRun.open(build().seal(tmp_path / "run"))
    for file in reports()[kind].write(run, tmp_path, options):
        made, agreed = (tmp_path / file).read_bytes(), GOLDEN / name / file
        if update_golden:
            agreed.parent.mkdir(parents=True, exist_ok=True)
            agreed.write_bytes(made)
        assert made == agreed.read_bytes(), difference(agreed, made)


def test_every_golden_file_belongs_to_a_rendering(tmp_path):
    expected = set()
    for number, (name, build, options) in enumerate(RENDERINGS):
        folder = tmp_path / str(number)
        run = StoredRun.open(build().seal(folder / "run"))
        for report in reports().values():
            expected |= {f"{name}/{file}" for file in report.write(run, folder, options)}
    assert {str(p.relative_to(GOLDEN)) for p in GOLDEN.rglob("*") if p.is_file()} == expected


def difference(agreed, made):
    before = agreed.read_text(encoding="utf-8").splitlines()
    lines = difflib.unified_diff(before, made.decode().splitlines(), str(agreed), "now", "", "", 1)
    return "\n".join([*list(lines)[:80], f"if this is meant: {REFRESH}"])
