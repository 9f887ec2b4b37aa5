import pytest

from hashmatch.errors import CustodyError
from hashmatch.model.noted import Floods
from hashmatch.report.stored_run import StoredRun
from tests import report_runs
from tests.report_runs import chance, flood


def record(tmp_path, noted):
    run = report_runs.empty()
    run.noted = noted
    return StoredRun.open(run.seal(tmp_path / "run")).record


def test_a_run_of_an_earlier_version_notes_nothing(tmp_path):
    run = record(tmp_path, {})
    assert (run.floods, run.chance) == (Floods(), ())


def test_floods_and_chance_are_read_back(tmp_path):
    noted = {"floods": {"limit": 20, "records": 7, "named": [flood()]}, "chance": [chance()]}
    run = record(tmp_path, noted)
    assert (run.floods.limit, run.floods.records) == (20, 7)
    assert [(one.record, one.entry, one.files, one.quality) for one in run.floods.named] == [
        (17, "media-17", 4_321, 64)
    ]
    (one,) = run.chance
    assert (one.measured.number, one.measured.extrapolated) == (3e-5, 6e-10)
    assert not one.measured.many


@pytest.mark.parametrize(
    "noted",
    [
        {"floods": {"limit": 20, "records": 0, "named": [flood()]}},
        {"floods": {"limit": 20, "records": 1, "named": [flood(files="many")]}},
        {"chance": [chance(method="guess")]},
        {"chance": [chance(measured=chance()["measured"] | {"number": "inf"})]},
        {"chance": [chance(measured=chance()["measured"] | {"number": "1_0e+05"})]},
        {"chance": [chance(queries=-1)]},
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, noted):
    with pytest.raises(CustodyError):
        record(tmp_path, noted)
