"""What every kind of report promises, whatever it looks like."""

import re
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
    name_everything(run)
    return run


def name_everything(run):
    """Put a word that must not appear wherever a run over an image may hold one."""
    word = "everywheresecret"
    noted = {**report_runs.medium()["sidecars"][0], "file": f"/{word}/{word}.txt"}
    bad = {"count": 1, "bytes": 512, "first": [[0, 512, "unreadable", word]]}
    check = report_runs.medium()["check"]
    check |= {"damage": [{"offset": 0, "length": 1, "why": "checksum", "part": word}]}
    medium = report_runs.medium(
        said={"examiner": word, word: word, "doubts": [word]},
        volumes=[
            report_runs.volume(1, f"gpt:p1;off=512!lvm:{word};vg={word}", advice=word),
            report_runs.volume(2, f"?{word}"),
        ],
        sidecars=[noted],
        sidecars_unread=[{"file": f"/{word}", "why": "Permission denied"}],
        unread_by_imager=bad,
        check=check,
    )
    image = report_runs.image_source(1, f"/{word}/{word}.E01".encode(), medium=medium)
    image["protection"] |= {"mount_point": word, "options": word, "device": word}
    backup = {"path": f"{word}/Manifest.db", "encrypted": False, "named": 1, "unnamed": 0}
    backup |= {"unfit_names": 0}
    image["phone_backups"] = [backup]
    run.sources.append(image)
    named = [{"locator": f"EV02!ntfs:/{word};id=1", "why": "other digests"}]
    counts = {"items": 1, "agreed": 0, "differed": 1, "unreachable": 0}
    run.record["reopened"] = counts | {"named": named}
    run.record["settings"] = report_runs.run_record()["settings"] | {"left_out": []}
    facts = {
        "standing": "deleted",
        "times": {"modified": "2020-01-01"},
        "extents_on": f"lvm:{word}",
    }
    facts |= {"notes": {"original-name": word}}
    for where in (f"ntfs:/{word};id=1-1;ads={word}!zip:{word};n=0!mime:1;name={word}", f"!{word}"):
        run.at(where, 1, **facts).picture(f"p1/{word}".encode(), [report_runs.exact()])
        run.read_in_part("damaged-medium")
        run.at(where, 1, **facts).failed(f"p1/{word}!/".encode(), "unpack", "limit-count")


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
    words |= {"brokensecret", SECRET[1].hex()[:20], "everywheresecret"}
    words |= set(re.findall(r'"id":"([0-9a-f]{16})"', (tmp_path / "run/hits.jsonl").read_text()))
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
    content = (tmp_path / names[0]).read_text(encoding="utf-8")
    assert {"Secretname", "everywheresecret"} <= set(
        re.findall(r"Secretname|everywheresecret", content)
    )


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
