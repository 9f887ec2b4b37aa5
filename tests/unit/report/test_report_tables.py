import codecs
import csv
import json

import pytest

from hashmatch.errors import CustodyError
from hashmatch.report import csv as csv_report
from hashmatch.report import jsonl
from hashmatch.report.options import ReportOptions
from hashmatch.report.stored_run import StoredRun
from tests import report_runs
from tests.report_runs import HOSTILE, NAMED, RUN


def rendered(report, tmp_path, builder=None, **options):
    run = StoredRun.open((builder or report_runs.full()).seal(tmp_path / "run"))
    names = report.write(run, tmp_path, ReportOptions(**options))
    return {name: tmp_path / name for name in names}


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_the_headers_of_the_tables_are_fixed(tmp_path):
    files = rendered(csv_report.REPORT, tmp_path, report_runs.empty(), byte_order_mark=False)
    assert [path.read_text().splitlines()[0] for path in files.values()] == [
        ",".join(csv_report.HITS),
        "run,n,source,path,path_hex,problem,stage,reason,locator,id,inside,standing,recovery,times,notes",
        "run,measure,code,count",
    ]


def test_the_columns_of_a_hit_are_fixed():
    item = ["run", "n", "source", "path", "path_hex", "size", "sha256", "claim", "disposition"]
    record = ["set", "set_version", "record", "entry", "scheme", "category"]
    marks = ["agreeing", "disagreeing", "conflict", "needs_confirmation", "viewed"]
    near = [
        "method",
        "distance",
        "band",
        "threshold",
        "quality",
        "list_quality",
        "variant",
        "rendering",
    ]
    frames = ["frames_matched", "frames_of", "frames_agreeing", "frames_asked"]
    near += ["phase", "also", *frames, "longest_ms", "ranges_ms"]
    found = [*item, *record, *marks, *near, "files_near_record", "flags"]
    where = ["locator", "id", "inside", "standing", "recovery", "times", "notes", "partial"]
    assert list(csv_report.HITS) == [*found, *where]


def test_every_hit_has_a_row_with_all_that_makes_it_one(tmp_path):
    rows = table(rendered(csv_report.REPORT, tmp_path)["hits.csv"])
    assert len(rows) == 22
    near = next(row for row in rows if row["distance"] == "12")
    expected = {"run": RUN, "n": "11", "path": "pictures/resized.png", "path_hex": ""}
    expected |= {"claim": "near", "disposition": "comparison", "scheme": "vic-us", "category": "4"}
    expected |= {"set": "provider-test", "record": "17", "entry": "media-17", "conflict": "no"}
    expected |= {"needs_confirmation": "yes", "viewed": "no", "threshold": "31", "method": "pdq"}
    expected |= {"band": "P2"}
    expected |= {"quality": "100", "list_quality": "", "variant": "rot90", "rendering": "stored"}
    assert near.items() >= expected.items()
    assert {near[name] for name in csv_report.FRAMES} == {""}
    video = next(row for row in rows if row["method"] == "vpdq")
    assert [video[name] for name in csv_report.FRAMES] == [
        *("12", "30", "90", "240", "4200"),
        "0-4200 61000-3725500",
    ]
    conflict = [row for row in rows if row["conflict"] == "yes"]
    assert [row["disagreeing"] for row in conflict] == ["sha256", ""]
    assert conflict[0]["agreeing"] == "md5 sha1"


def test_every_problem_has_a_row(tmp_path):
    rows = table(rendered(csv_report.REPORT, tmp_path)["problems.csv"])
    found = [(row["path"], row["problem"], row["stage"], row["reason"]) for row in rows]
    assert found == [
        ("pictures/flat.png", "low-quality", "", "too-little-structure"),
        ("pictures/half.jpg", "partial", "decode", "truncated-picture"),
        ("pictures/broken.jpg", "not-compared", "decode", "corrupt-picture"),
        ("private", "failed", "open", "permission-denied"),
        ("locked folder", "failed", "list", "permission-denied"),
    ]


def test_the_coverage_table_adds_up(tmp_path):
    rows = table(rendered(csv_report.REPORT, tmp_path)["coverage.csv"])
    counts = {(row["measure"], row["code"]): int(row["count"]) for row in rows}
    ended = [counts[name, ""] for name in ("examined", "failed", "skipped")]
    assert counts["seen", ""] == sum(ended) == 27
    assert counts["failed_by", "list:permission-denied"] == 1
    assert counts["skipped_by", "fifo"] == 1
    assert counts["not_compared_by", "corrupt-picture"] == 1
    assert counts["pictures_not_asked", ""] == 0
    assert counts["records_near_many_files", ""] == 3
    assert counts["files_near", f"provider-test@{NAMED}#17"] == 4_321


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "=cmd()|x", "-1"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(start):
    assert csv_report.cell(start) == f"'{start}"


@pytest.mark.parametrize("start", ["\t=1", "\r=1"])
def test_a_cell_that_begins_with_a_tab_or_return_shows_it_and_runs_nothing(start):
    assert csv_report.cell(start).startswith("‹U+00")


@pytest.mark.parametrize("value", ["a=b", "", "plain", 7, None])
def test_other_cells_stay_as_they_are(value):
    assert csv_report.cell(value) == value


def test_a_formula_in_any_column_of_the_file_is_made_harmless(tmp_path):
    run = report_runs.empty()
    run.examined(b"=path", [report_runs.exact(entry="=entry", category="@category")])
    (row,) = table(rendered(csv_report.REPORT, tmp_path, run)["hits.csv"])
    assert (row["path"], row["entry"], row["category"]) == ("'=path", "'=entry", "'@category")


def test_the_exact_bytes_of_a_name_stand_beside_the_shown_one(tmp_path):
    rows = table(rendered(csv_report.REPORT, tmp_path)["hits.csv"])
    broken = next(row for row in rows if row["n"] == "5")
    assert bytes.fromhex(broken["path_hex"]) == b"names/" + HOSTILE[5]


def test_the_byte_order_mark_for_excel_can_be_left_out(tmp_path):
    files = rendered(csv_report.REPORT, tmp_path)
    assert all(path.read_bytes().startswith(codecs.BOM_UTF8) for path in files.values())
    (tmp_path / "b").mkdir()
    files = rendered(csv_report.REPORT, tmp_path / "b", byte_order_mark=False)
    assert not any(path.read_bytes().startswith(codecs.BOM_UTF8) for path in files.values())


def test_rows_end_with_carriage_return_and_line_feed(tmp_path):
    content = rendered(csv_report.REPORT, tmp_path)["hits.csv"].read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == 23


def test_a_masked_table_has_numbers_for_names_and_no_bytes_of_them(tmp_path):
    rows = table(rendered(csv_report.REPORT, tmp_path, mask_names=True)["hits.masked.csv"])
    assert rows[0]["path"] == "item-0.jpg"
    assert {row["path_hex"] for row in rows} == {""}


def test_tables_of_a_run_whose_lines_do_not_fit_its_counts_are_refused(tmp_path):
    run = report_runs.full()
    run.counts = run._counted()
    run.hits.pop()
    with pytest.raises(CustodyError):
        rendered(csv_report.REPORT, tmp_path, run)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_json_lines_hold_the_run_then_every_line_then_their_numbers(tmp_path):
    run = report_runs.full()
    found = lines(rendered(jsonl.REPORT, tmp_path, run)["run.jsonl"])
    assert [found[0]["type"], found[-1]["type"]] == ["run", "end"]
    numbers = {"run": 1, "outcome": 27, "hit": 22, "problem": 5}
    assert found[-1]["lines"] == numbers
    assert len(found) == sum(numbers.values()) + 1
    assert found[0]["counts"]["seen"] == 27
    assert found[0]["argv"] == ["scan", "/mnt/exhibit-7", "--case", "CASE"]


def test_the_json_lines_give_outcomes_hits_and_problems_as_they_are_stored(tmp_path):
    run = report_runs.full()
    found = lines(rendered(jsonl.REPORT, tmp_path, run, perceptual=True)["run.perceptual.jsonl"])
    by_type = {kind: [] for kind in ("outcome", "hit", "problem")}
    for line in found[1:-1]:
        by_type[line.pop("type")].append(line)
    assert by_type == {"outcome": run.outcomes, "hit": run.hits, "problem": run.problems}


def test_perceptual_hashes_are_left_out_unless_asked_for(tmp_path):
    run = report_runs.full()
    path = rendered(jsonl.REPORT, tmp_path, run)["run.jsonl"]
    values = [
        v
        for o in run.outcomes
        if "picture" in o
        for h in o["picture"]["hashes"]
        for v in h["variants"]
    ]
    assert len(values) == 40
    assert not [value for value in values if value in path.read_text()]
    picture = next(line["picture"] for line in lines(path) if "picture" in line)
    kept = {"method": "pdq", "rendering": "stored", "phase": "native", "quality": 90}
    assert picture["hashes"] == [kept]
    video = next(line["video"] for line in lines(path) if "video" in line)
    assert video["hashes"] == [[0, 90], [40, 88]]


def test_masked_json_lines_leave_out_the_command_and_the_place(tmp_path):
    head = lines(rendered(jsonl.REPORT, tmp_path, mask_names=True)["run.masked.jsonl"])[0]
    assert "argv" not in head
    assert head["names_masked"] is True
    assert [source["location"] for source in head["sources"]] == ["source-0"]


def test_every_character_of_the_json_lines_is_printable_ascii(tmp_path):
    run = report_runs.full()
    run.examined("\x7f\x80ก".encode())
    content = rendered(jsonl.REPORT, tmp_path, run)["run.jsonl"].read_text(encoding="ascii")
    assert all(line.isprintable() for line in content.split("\n"))
    assert "\\u007f" in content
