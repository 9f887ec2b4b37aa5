"""What a locator names is shown without its content, with the case or without."""

import json
import zipfile

import pytest

from hashmatch.errors import CaseError, ExitCode, UsageError
from hashmatch.jobs.show_info import Request, show


def test_what_a_case_recorded_is_found_again_and_compared(bench):
    known, inner = b"known", b"inside" * 9
    (bench.evidence / "ภาพ!.bin").write_bytes(known)
    with zipfile.ZipFile(bench.evidence / "z.zip", "w") as packed:
        packed.writestr("deep/x.bin", inner)
    bench.ok(
        "library", "import", bench.list_of(known, inner), "--set", "more", "--kind", "reported",
        "--type", "sha256",
    )  # fmt: skip
    bench.scan("--set", "more", code=ExitCode.HITS)
    record = json.loads((bench.only_run() / "run.json").read_text("utf-8"))
    assert record["reopened"] == {
        "agreed": 2, "differed": 0, "items": 2, "named": [], "unreachable": 0,
    }  # fmt: skip
    where = "EV01!dir:/z.zip!zip:deep/x.bin;n=0"
    shown = json.loads(bench.ok("show-info", where, "--case", "CASE", "--format", "json").stdout)
    assert shown["size"] == len(inner)
    assert shown["as_recorded"] is True
    assert shown["steps"][1] == {"kind": "zip", "path": "deep/x.bin", "keys": {"n": "0"}}
    assert [hit["set"] for hit in shown["hits"]] == ["more"]
    assert shown["exhibit"]["location"] == str(bench.evidence)
    (bench.evidence / "ภาพ!.bin").write_bytes(b"other")
    text = bench.ok("show-info", "EV01!dir:/ภาพ%21.bin", "--case", "CASE", code=3).stdout
    assert "recorded:  ANOTHER DIGEST than now" in text
    assert "size:      5 bytes" in text
    assert "hit:       exact-2 in more, record 0" in text
    for arguments, code, told in (
        (["EV01!dir:/gone", "--case", "CASE"], ExitCode.EVIDENCE, "leads nowhere"),
        (["EV02!dir:/x", "--case", "CASE"], ExitCode.CASE, "has no exhibit EV02"),
        (["EV01!dir:/x", "--case", "CASE", "--run", "r"], ExitCode.CASE, "no run r that ended"),
    ):
        assert told in bench.ok("show-info", *arguments, code=code).stderr


def test_of_several_runs_the_one_that_recorded_the_hit_says_which_medium_is_meant(bench):
    """Each run counts its exhibits from one: the last run's may be another medium."""
    for name, content in (("first", b"known"), ("second", b"other")):
        (bench.root / name).mkdir()
        (bench.root / name / "a.jpg").write_bytes(content)
    for name, code in (("first", ExitCode.HITS), ("second", ExitCode.CLEAR)):
        bench.ok("scan", name, "--case", "CASE", code=code)
    runs = [one.name for one in sorted((bench.case / "runs").iterdir())]
    shown = bench.ok("show-info", "EV01!dir:/a.jpg", "--case", "CASE").stdout
    assert f"exhibit:   EV01 = {bench.root / 'first'} (folder)\nrun:       {runs[0]}\n" in shown
    assert "recorded:  the same digest" in shown
    words = ["show-info", "EV01!dir:/a.jpg", "--case", "CASE", "--run", runs[1]]
    assert f"EV01 = {bench.root / 'second'}" in bench.ok(*words).stdout
    gone = bench.ok("show-info", "EV01!dir:/b", "--case", "CASE", code=ExitCode.EVIDENCE).stderr
    assert f"second, EV01 of run {runs[1]}: there is no such entry" in gone


def test_words_that_lead_nowhere_are_refused(tmp_path):
    for request, error, told in (
        (Request("no locator"), UsageError, "a locator looks like"),
        (Request("EV01!dir:/100%", source=tmp_path), UsageError, "%25"),
        (Request("EV01!dir:/x"), UsageError, "--case CASE, or --source PATH"),
        (Request("EV01!dir:/x", source=tmp_path / "no"), UsageError, "does not exist"),
        (Request("EV01!dir:/x", case=tmp_path), CaseError, "case"),
    ):
        with pytest.raises(error, match=told):
            show(request)
