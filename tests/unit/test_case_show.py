"""What is shown of a case is what its ledger says, each thing counted once."""

import pytest

from hashmatch.custody.ledger import Ledger
from hashmatch.jobs import show_case
from tests import custody_case as made
from tests.custody_case import RUN_ID

OTHER_RUN = RUN_ID[:-1] + "1"


def test_a_report_made_again_is_counted_once(tmp_path):
    key = made.make_key(tmp_path / "k.pem")
    case = made.make_case(tmp_path / "case", key)
    with Ledger.open(case.ledger.parent, made.author(key)) as ledger:
        made.add_report(case.root, ledger, content=b"again")
        made.add_report(case.root, ledger, name="report.en.html")
        made.add_run(case.root, ledger, OTHER_RUN)
        made.add_report(case.root, ledger, OTHER_RUN)
    shown = show_case.show(case.root)
    assert {run["run"]: run["reports"] for run in shown["runs"]} == {RUN_ID: 2, OTHER_RUN: 1}


@pytest.mark.parametrize("files", [None, "report.html", ["report.html"]])
def test_an_entry_that_names_no_report_files_adds_none(tmp_path, files):
    key = made.make_key(tmp_path / "k.pem")
    case = made.make_case(tmp_path / "case", key)
    with Ledger.open(case.ledger.parent, made.author(key)) as ledger:
        ledger.append("report.write", {"run": RUN_ID, "files": files})
    assert show_case.show(case.root)["runs"][0]["reports"] == 1
