"""What every kind of report promises, whatever it looks like."""

from pathlib import Path

import pytest

import hashmatch.report
from hashmatch.errors import CustodyError, OutputError
from hashmatch.report.options import LANGUAGES, ReportOptions
from hashmatch.report.registry import reports
from hashmatch.report.stored_run import StoredRun
from tests import report_runs
from tests.report_runs import source

KINDS = sorted(reports())

SECRET = (
    "ลับมาก/ห้อง นอน/Somchai Secretname.jpg".encode(),
    b"zz-private-folder/\xff-hidden-name.secretending",
    b".dotsecretname",
    b"linksecretname",
    b"lockedsecretname",
    b"brokensecretname.gif",
)
MOUNT = "/media/สมชาย-secretmount".encode()


def secretive():
    run = report_runs.Builder()
    run.sources = [source(0, MOUNT)]
    run.record = {"argv": ["scan", MOUNT.decode(), "--case", "CASE"]}
    for path in SECRET[:3]:
        run.examined(path, [report_runs.exact(), report_runs.benign()])
    run.skipped(SECRET[3])
    run.failed(SECRET[4])
    run.picture(SECRET[5], [report_runs.near()], trouble="corrupt-picture")
    return run


@pytest.fixture(params=KINDS)
def report(request):
    return reports()[request.param]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return StoredRun.open(report_runs.full().seal(tmp_path_factory.mktemp("case") / "run"))


def test_the_registry_holds_every_module_with_a_report():
    folder = Path(hashmatch.report.__file__).parent
    with_report = {
        path.stem for path in folder.glob("*.py") if "\nREPORT = " in path.read_text("utf-8")
    }
    assert set(reports()) == with_report == {"csv", "html", "jsonl"}
    assert list(reports()) == KINDS


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mask", [False, True])
def test_the_same_run_gives_the_same_bytes(report, full, tmp_path, language, mask):
    options = ReportOptions(language=language, mask_names=mask)
    contents = []
    for attempt in ("one", "two"):
        folder = tmp_path / attempt
        folder.mkdir()
        names = report.write(full, folder, options)
        assert sorted(names) == sorted(path.name for path in folder.iterdir())
        contents.append([(folder / name).read_bytes() for name in names])
    assert contents[0] == contents[1]
    assert all(contents[0])


def test_a_masked_report_holds_no_name_of_the_exhibit(report, tmp_path):
    run = StoredRun.open(secretive().seal(tmp_path / "run"))
    words = {"Somchai", "Secretname", "ลับมาก", "ห้อง", "private-folder", "hidden-name"}
    words |= {"secretending", "secretmount", "สมชาย-", "dotsecret", "linksecret", "lockedsecret"}
    words |= {"brokensecret", SECRET[1].hex()[:20]}
    folder = tmp_path / "out"
    folder.mkdir()
    for language in LANGUAGES:
        options = ReportOptions(language=language, mask_names=True, perceptual=True)
        for name in report.write(run, folder, options):
            content = (folder / name).read_text(encoding="utf-8")
            spelt = content + content.encode().decode("unicode_escape", "ignore")
            assert [word for word in words if word in spelt] == []
            assert "item-" in content or "coverage" in name


def test_a_full_report_does_hold_the_names(report, tmp_path):
    """Guards the test above: without the mask the same words are found."""
    run = StoredRun.open(secretive().seal(tmp_path / "run"))
    names = report.write(run, tmp_path, ReportOptions())
    assert "Secretname" in (tmp_path / names[0]).read_text(encoding="utf-8")


def test_masked_and_full_reports_never_overwrite_each_other(report, full, tmp_path):
    masked = report.write(full, tmp_path, ReportOptions(mask_names=True))
    assert not set(masked) & set(report.write(full, tmp_path, ReportOptions()))


def test_a_line_that_does_not_fit_stops_the_report_and_leaves_nothing(report, tmp_path):
    run = report_runs.full()
    run.problems[-1]["stage"] = "guessing"
    stored = StoredRun.open(run.seal(tmp_path / "run"))
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(CustodyError):
        report.write(stored, folder, ReportOptions())
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_output_error(report, full, tmp_path):
    with pytest.raises(OutputError):
        report.write(full, tmp_path / "nowhere", ReportOptions())


def test_rendering_does_not_change_the_run(report, tmp_path):
    folder = report_runs.full().seal(tmp_path / "run")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    report.write(StoredRun.open(folder), tmp_path, ReportOptions())
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    assert before == after
