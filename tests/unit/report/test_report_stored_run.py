import json

import pytest

from hashmatch.cases import layout
from hashmatch.errors import CaseError, CustodyError
from hashmatch.model.hits import Claim, Disposition
from hashmatch.report import stored_run
from hashmatch.report.lines import Ended, Problem
from hashmatch.report.stored_run import StoredRun
from tests import report_runs
from tests.report_runs import HOSTILE, canonical, exact, near, reseal, source


@pytest.fixture
def full(tmp_path):
    return report_runs.full().seal(tmp_path / "run")


def change(folder, name, edit, line=0):
    """Edit one line of a file and seal the run again, as if it had been written so."""
    lines = (folder / name).read_bytes().splitlines()
    value = json.loads(lines[line])
    edit(value)
    lines[line] = canonical(value).rstrip(b"\n")
    (folder / name).write_bytes(b"".join(one + b"\n" for one in lines))
    reseal(folder)


def test_a_sealed_run_gives_back_every_line_that_was_written(full):
    run = StoredRun.open(full)
    outcomes, hits, problems = list(run.outcomes()), list(run.hits()), list(run.problems())
    assert [one.place.n for one in outcomes] == list(range(run.record.counts["seen"]))
    assert len(hits) == run.record.counts["hits"]
    assert {one.outcome for one in outcomes} == set(Ended)
    elsewhere = {one for one in Problem if one.startswith("video-")} | {Problem.CONTENT_PARTIAL}
    assert {one.problem for one in problems} == set(Problem) - elsewhere
    assert {one.claim for one in hits} == set(Claim)


def test_names_come_back_byte_for_byte(full):
    paths = [one.place.path for one in StoredRun.open(full).outcomes()]
    assert paths[: len(HOSTILE)] == [b"names/" + name for name in HOSTILE]


def test_a_source_whose_place_is_not_utf_8_comes_back_byte_for_byte(tmp_path):
    run = report_runs.empty()
    run.sources = [source(0, b"/mnt/\xff")]
    assert StoredRun.open(run.seal(tmp_path / "run")).record.sources[0].location == b"/mnt/\xff"


def test_the_files_that_are_read_are_those_that_the_case_folder_seals():
    assert (layout.RUN_RECORD, *layout.RESULT_FILES) == stored_run.SEALED
    assert stored_run.sums.FILE == layout.SUMS


def test_the_digests_of_the_sealed_files_are_known(full):
    sealed = StoredRun.open(full).sealed
    assert list(sealed) == list(stored_run.SEALED)
    assert f"{sealed['hits.jsonl']}  hits.jsonl\n" in (full / "SHA256SUMS").read_text()


def test_an_unsealed_run_is_refused_with_what_to_do(full):
    (full / "SHA256SUMS").unlink()
    with pytest.raises(CaseError, match=r"not sealed.*running the same scan again"):
        StoredRun.open(full)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CaseError, match="not sealed"):
        StoredRun.open(tmp_path / "nothing")


@pytest.mark.parametrize("name", stored_run.SEALED)
def test_a_changed_byte_in_any_file_is_refused(full, name):
    content = bytearray((full / name).read_bytes())
    content[len(content) // 2] ^= 1
    (full / name).write_bytes(content)
    with pytest.raises(CustodyError, match=name):
        StoredRun.open(full)


def test_a_missing_file_is_refused(full):
    (full / "hits.jsonl").unlink()
    with pytest.raises(CaseError, match="cannot be read"):
        StoredRun.open(full)


def test_a_file_that_vanishes_while_it_is_read_is_refused(full):
    run = StoredRun.open(full)
    (full / "hits.jsonl").unlink()
    with pytest.raises(CaseError, match="cannot be read"):
        list(run.hits())


@pytest.mark.parametrize(
    "content",
    [b"{}", b'{"n": 1}\n', b"[]\n", b"\n", b"\xff\n", b'{"n":1,"n":2}\n', b'{"n":1.5}\n', b"{\n"],
)
def test_a_line_that_is_not_canonical_is_refused_by_file_and_number(full, content):
    with (full / "hits.jsonl").open("ab") as stream:
        stream.write(content)
    reseal(full)
    run = StoredRun.open(full)
    number = run.record.counts["hits"] + 1
    with pytest.raises(CustodyError, match=f"hits.jsonl line {number} is not in canonical form"):
        list(run.hits())


@pytest.mark.parametrize("count", [0, 2])
def test_a_run_record_of_other_than_one_line_is_refused(full, count):
    (full / "run.json").write_bytes((full / "run.json").read_bytes() * count)
    reseal(full)
    with pytest.raises(CustodyError, match=f"{count} lines"):
        StoredRun.open(full)


HIT_CHANGES = {
    "n": -1,
    "source": True,
    "path": None,
    "path_b64": "***",
    "sha256": "A" * 64,
    "size": "1",
    "claim": "certain",
    "disposition": "unknown",
    "set_version": "a",
    "record": None,
    "entry": 7,
    "agreeing": ["md6"],
    "disagreeing": "md5",
    "conflict": 0,
    "viewed": None,
    "near": [],
    "surprise": 1,
}


@pytest.mark.parametrize("field", HIT_CHANGES)
def test_a_hit_with_a_field_that_does_not_fit_is_refused_by_line_and_field(full, field):
    change(full, "hits.jsonl", lambda hit: hit.update({field: HIT_CHANGES[field]}), line=2)
    with pytest.raises(CustodyError, match=rf"hits.jsonl line 3\b.*{field.removesuffix('_b64')}"):
        list(StoredRun.open(full).hits())


@pytest.mark.parametrize("field", ["n", "path", "claim", "category", "near", "needs_confirmation"])
def test_a_hit_without_a_field_is_refused(full, field):
    change(full, "hits.jsonl", lambda hit: hit.pop(field))
    with pytest.raises(CustodyError, match="line 1"):
        list(StoredRun.open(full).hits())


def test_a_near_hit_without_distance_and_an_exact_hit_with_one_are_refused(tmp_path):
    for number, hit in enumerate([near() | {"near": None}, exact() | {"near": near()["near"]}]):
        run = report_runs.empty()
        run.examined(b"a", [hit])
        folder = run.seal(tmp_path / str(number))
        with pytest.raises(CustodyError, match="near"):
            list(StoredRun.open(folder).hits())


@pytest.mark.parametrize(
    ("line", "edit"),
    [
        (0, {"outcome": "skimmed"}),
        (0, {"size": None}),
        (0, {"digests": {"md5": 1}}),
        (0, {"reason": "vanished"}),
        (10, {"picture": {}}),
        (10, {"picture": None}),
        (-1, {"rule": "other"}),
        (-4, {"reason": "other"}),
        (-4, {"stage": "other"}),
    ],
)
def test_an_outcome_that_does_not_fit_is_refused(full, line, edit):
    change(full, "outcomes.jsonl", lambda outcome: outcome.update(edit), line)
    with pytest.raises(CustodyError, match=r"outcomes\.jsonl line"):
        list(StoredRun.open(full).outcomes())


@pytest.mark.parametrize("edit", [{"problem": "odd"}, {"stage": "odd"}, {"reason": 1}, {"x": 1}])
def test_a_problem_that_does_not_fit_is_refused(full, edit):
    change(full, "problems.jsonl", lambda problem: problem.update(edit))
    with pytest.raises(CustodyError, match=r"problems\.jsonl line 1"):
        list(StoredRun.open(full).problems())


RECORD_CHANGES = [
    {"schema": "hashmatch.run/2"},
    {"run": "../../etc"},
    {"utc_offset": "Bangkok"},
    {"utc_offset": "+99:00"},
    {"started": "yesterday"},
    {"finished": "2026-11-22T02:40:03"},
    {"resumed": [1]},
    {"argv": "scan"},
    {"tool": {"version": 1}},
    {"sources": [{}]},
    {"sets": None},
    {"self_test": [{"name": "pdq", "passed": "yes"}]},
    {"exit_code": True},
]


@pytest.mark.parametrize("edit", RECORD_CHANGES, ids=lambda edit: next(iter(edit)))
def test_a_run_record_that_does_not_fit_is_refused(full, edit):
    change(full, "run.json", lambda record: record.update(edit))
    with pytest.raises(CustodyError, match=r"run\.json line 1"):
        StoredRun.open(full)


@pytest.mark.parametrize(
    ("edit", "sum_"),
    [
        ({"seen": 99}, "seen = examined"),
        ({"failed_by": {}}, "failed_by"),
        ({"skipped_by": {"fifo": 9}}, "skipped_by"),
        ({"not_compared_by": {}}, "not_compared_by"),
        ({"pictures": 0}, "pictures >="),
        ({"table": []}, "hits = sum"),
    ],
)
def test_counts_that_do_not_add_up_are_refused(full, edit, sum_):
    change(full, "run.json", lambda record: record["counts"].update(edit))
    with pytest.raises(CustodyError, match=f"do not add up .*{sum_}"):
        StoredRun.open(full)


def test_records_of_a_set_that_do_not_add_up_are_refused(full):
    change(full, "run.json", lambda record: record["sets"][0]["records"].update(read=99))
    with pytest.raises(CustodyError, match="kept"):
        StoredRun.open(full)


def test_times_are_given_in_the_zone_of_the_run(tmp_path):
    run = report_runs.empty()
    run.record = {"utc_offset": "-03:30"}
    started = StoredRun.open(run.seal(tmp_path / "run")).record.started
    assert started.isoformat() == "2026-11-21T21:38:47.123456-03:30"


def test_numbers_that_a_list_gives_as_its_version_or_date_are_kept_as_text(full):
    change(full, "run.json", lambda record: record["sets"][0].update(list_version=7, issued=None))
    facts = StoredRun.open(full).record.sets[0].facts
    assert (facts["list_version"], facts["issued"]) == ("7", None)


def test_labels_and_meanings_of_categories_are_read(full):
    category = StoredRun.open(full).record.sets[0].categories["1"]
    assert category.disposition is Disposition.ILLEGAL
    assert category.labels["th"] == "รูปทดสอบ ประเภท 1"


def test_messages_never_repeat_what_a_line_holds(full):
    change(full, "hits.jsonl", lambda hit: hit.update(sha256="secret-value", claim="secret-value"))
    with pytest.raises(CustodyError) as caught:
        list(StoredRun.open(full).hits())
    assert "secret-value" not in str(caught.value)
