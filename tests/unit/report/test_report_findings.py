import pytest

from hashmatch.errors import CustodyError
from hashmatch.model.hits import Claim, Disposition
from hashmatch.report.findings import Rows, gather
from hashmatch.report.lines import Problem
from hashmatch.report.stored_run import StoredRun
from tests import report_runs
from tests.report_runs import benign, exact, lead, near


def found_in(builder, tmp_path, limit=5_000):
    run = StoredRun.open(builder.seal(tmp_path / "run"))
    return gather(run.hits(), run.problems(), run.record.counts, limit)


def test_a_table_keeps_the_first_rows_and_counts_the_rest():
    rows = Rows(2)
    for number in range(5):
        rows.add(number)
    assert (list(rows), rows.total, rows.more) == ([0, 1], 5, 3)


def test_every_hit_stands_in_exactly_one_of_exact_near_and_benign(tmp_path):
    found = found_in(report_runs.full(), tmp_path)
    assert all(hit.notable and hit.near is None for hit in found.exact)
    assert all(hit.notable and hit.near for hit in found.near)
    assert all(hit.claim is Claim.LEAD for hit in found.leads)
    rows = (found.exact.total, found.near.total, found.leads.total, found.benign)
    assert rows == (15, 4, 1, 2)


def test_notable_items_are_counted_once_by_their_strongest_claim(tmp_path):
    run = report_runs.Builder()
    run.examined(b"a", [near(), exact("exact-1"), exact("exact-2")])
    run.examined(b"b", [near(), exact("exact-1")])
    run.examined(b"c", [near(), near(9), benign()])
    run.examined(b"d", [benign()])
    strongest = found_in(run, tmp_path).strongest
    assert strongest == {Claim.EXACT_2: 1, Claim.EXACT_1: 1, Claim.NEAR: 1}


def test_a_lead_is_counted_apart_and_carries_no_meaning(tmp_path):
    run = report_runs.Builder()
    run.examined(b"a", [lead()])
    run.examined(b"b", [lead(), near()])
    run.examined(b"c", [lead(), benign()])
    found = found_in(run, tmp_path)
    assert found.strongest == {Claim.LEAD: 2, Claim.NEAR: 1}
    assert found.meanings == {Disposition.SUSPECTED: 1, Disposition.BENIGN: 1}
    assert (found.near.total, found.leads.total) == (1, 3)


def test_items_are_counted_under_each_of_their_meanings_once(tmp_path):
    run = report_runs.Builder()
    run.examined(b"a", [exact(), exact(record=18), benign()])
    meanings = found_in(run, tmp_path).meanings
    assert meanings == {Disposition.ILLEGAL: 1, Disposition.BENIGN: 1}


def test_both_sides_of_a_conflict_are_kept(tmp_path):
    conflicts = list(found_in(report_runs.full(), tmp_path).conflicts)
    assert {hit.disposition for hit in conflicts} == {Disposition.ILLEGAL, Disposition.BENIGN}


def test_a_limit_leaves_out_rows_but_nothing_from_the_counts(tmp_path):
    found = found_in(report_runs.full(), tmp_path, limit=1)
    assert (len(list(found.exact)), found.exact.more) == (1, 14)
    assert (len(list(found.problems)), found.problems.more) == (1, 4)
    assert found.by_problem[Problem.FAILED] == 2


@pytest.mark.parametrize("drop", ["hits", "problems"])
def test_lines_that_do_not_come_to_the_counts_are_refused(tmp_path, drop):
    run = report_runs.full()
    run.counts = run._counted()
    getattr(run, drop).pop()
    with pytest.raises(CustodyError, match="result files hold"):
        found_in(run, tmp_path)


@pytest.mark.parametrize(
    "name", ["items_with_hits", "items_with_notable_hits", "conflicts", "low_quality"]
)
def test_a_count_that_no_line_bears_out_is_refused(tmp_path, name):
    run = report_runs.full()
    run.counts = {name: 0}
    with pytest.raises(CustodyError, match=name):
        found_in(run, tmp_path)
