"""What a record states of yes and no stands beside its hits, in every report."""

import csv
import json
from dataclasses import replace

import pytest

from hashmatch.cases import lines as case_lines
from hashmatch.errors import CustodyError
from hashmatch.model.hits import Claim, Disposition, Hit
from hashmatch.model.records import FLAGS
from hashmatch.report import csv as csv_report
from hashmatch.report import html, jsonl
from hashmatch.report.options import ReportOptions
from hashmatch.report.stored_run import StoredRun
from hashmatch.report.words import words
from tests import report_runs
from tests.report_runs import canonical, reseal

STATED = {"viewed_by_esp": True, "is_distributed": False}


@pytest.fixture
def folder(tmp_path):
    """A run whose first hit has flags."""
    return flagged(report_runs.full().seal(tmp_path / "run"), STATED)


def flagged(folder, flags):
    path = folder / "hits.jsonl"
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(canonical({**json.loads(first), "flags": flags}) + b"".join(rest))
    reseal(folder)
    return folder


def written(report, folder, tmp_path, **options):
    names = report.write(StoredRun.open(folder), tmp_path, ReportOptions(**options))
    return (tmp_path / next(iter(names))).read_text(encoding="utf-8-sig")


def test_a_hit_is_recorded_with_its_flags_only_where_there_are_some():
    given = {"record": 1, "entry": None, "claim": Claim.EXACT_1, "disposition": Disposition.ILLEGAL}
    hit = Hit("s", "v", **given, scheme=None, category=None, flags={"baseline": True})
    assert case_lines._hit(hit)["flags"] == {"baseline": True}
    plain = Hit("s", "v", **given, scheme=None, category=None)
    assert "flags" not in case_lines._hit(plain)
    assert hash(plain) == hash(hit)


def test_flags_come_back_from_a_stored_run(folder):
    hits = list(StoredRun.open(folder).hits())
    assert hits[0].flags == STATED
    assert all(hit.flags == {} for hit in hits[1:])


def test_flags_stand_in_the_tables_and_lines(folder, tmp_path):
    table = csv.DictReader(written(csv_report.REPORT, folder, tmp_path).splitlines())
    assert [row["flags"] for row in table][:2] == ["is_distributed=no viewed_by_esp=yes", ""]
    lines = [json.loads(one) for one in written(jsonl.REPORT, folder, tmp_path).splitlines()]
    hits = [one for one in lines if "claim" in one]
    assert hits[0]["flags"] == STATED
    assert "flags" not in hits[1]


@pytest.mark.parametrize("language", ["en", "th"])
def test_flags_stand_on_the_page_in_words(folder, tmp_path, language):
    page = written(html.REPORT, folder, tmp_path, language=language)
    say = words(language)
    for name, stated in STATED.items():
        answer = say.text("yes" if stated else "no")
        assert f"{name}</code> {say.code('flag', name)}: {answer}" in page


@pytest.mark.parametrize("language", ["en", "th"])
def test_every_flag_has_its_words(language):
    assert set(words(language).codes["flag"]) == set(FLAGS)


@pytest.mark.parametrize("flags", [{"baseline": 1}, {"baseline": None}, "yes"])
def test_a_flag_that_is_neither_yes_nor_no_is_refused(tmp_path, flags):
    folder = flagged(report_runs.full().seal(tmp_path / "run"), flags)
    with pytest.raises(CustodyError, match=r"flags|baseline"):
        list(StoredRun.open(folder).hits())


def test_records_that_were_replaced_and_withdrawn_are_told(tmp_path):
    page = written(html.REPORT, _with_changes(tmp_path), tmp_path)
    assert "5 taken over from the version before; 2 replaced by a later one and 3 withdrawn" in page


def _with_changes(tmp_path):
    folder = report_runs.full().seal(tmp_path / "run")
    path = folder / "run.json"
    run = json.loads(path.read_bytes())
    run["sets"][0]["records"] |= {"carried": 5, "superseded": 2, "withdrawn": 3}
    path.write_bytes(canonical(run))
    reseal(folder)
    return folder


def test_changed_records_that_do_not_add_up_are_refused(tmp_path):
    folder = _with_changes(tmp_path)
    path = folder / "run.json"
    run = json.loads(path.read_bytes())
    run["sets"][0]["records"]["carried"] = 4
    path.write_bytes(canonical(run))
    reseal(folder)
    with pytest.raises(CustodyError, match="read is not kept"):
        StoredRun.open(folder)


def test_only_values_of_computed_methods_make_pictures_be_compared(tmp_path):
    run = StoredRun.open(report_runs.full().seal(tmp_path / "run")).record
    assert run.near_asked
    others = tuple(replace(one, values={"photodna": 3, "vpdq": 2, "md5": 1}) for one in run.sets)
    assert not replace(run, sets=others).near_asked
    settings = {**run.settings, "methods": ["pdq", "photodna"]}
    assert replace(run, sets=others, settings=settings).near_asked
