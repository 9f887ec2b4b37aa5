"""Cases, reports and verification as a user meets them."""

import json
import shutil
import subprocess
import sys

import pytest

from hashmatch import cli
from hashmatch.errors import ExitCode


@pytest.fixture
def scanned(bench):
    (bench.evidence / "secret name.jpg").write_bytes(b"known")
    (bench.evidence / "other").write_bytes(b"unknown")
    bench.scan(code=ExitCode.HITS)
    return bench


def test_a_case_keeps_the_numbers_that_others_gave_it(bare):
    bare.ok(
        "case", "open", "CASE", "--reference", "TH-๑", "--agency", "กรมสอบสวนคดีพิเศษ",
        "--operator", "ชื่อ", "--ref", "cybertip=123", "--ref", "court=อ. 1/2569",
    )  # fmt: skip
    shown = json.loads(bare.ok("case", "show", "CASE", "--format", "json").stdout)
    assert shown["agency"] == "กรมสอบสวนคดีพิเศษ"
    assert shown["references"] == {"court": "อ. 1/2569", "cybertip": "123"}
    assert "cybertip:" in bare.ok("case", "show", "CASE").stdout
    bare.ok(
        "case", "open", "X", "--reference", "R", "--agency", "A", "--operator", "O",
        "--ref", "nonsense", code=ExitCode.USAGE,
    )  # fmt: skip


def test_words_that_no_case_file_can_hold_are_refused_and_nothing_is_made(bare):
    words = ["case", "open", "X", "--reference", "R", "--agency", "A", "--operator"]
    twice = bare.ok(*words, "O", "--ref", "a=1", "--ref", "a=2", code=ExitCode.USAGE)
    assert "--ref a=... is given twice" in twice.stderr
    foreign = bare.ok(*words, b"K\xe9vin", code=ExitCode.CASE)
    assert "the operator must be 1 to 200 printable characters in UTF-8" in foreign.stderr
    assert not (bare.root / "X").exists()


def test_the_verifier_beside_the_ledger_needs_nothing_but_python(scanned, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(scanned.case, moved)
    command = [sys.executable, "-I", "-S", moved / "ledger" / "verify_case.py", moved]
    stranger = subprocess.run(command, capture_output=True, text=True, check=False)
    assert stranger.returncode == ExitCode.INCOMPLETE
    assert "NOT CHECKED signed by the key you trust" in stranger.stdout
    public = tmp_path / "signer.pem"
    public.write_text(json.loads((moved / "case.json").read_text())["public_keys"][0]["pem"])
    command.append(public)
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "FAIL" not in good.stdout
    outcomes = next(moved.glob("runs/*/outcomes.jsonl"))
    outcomes.write_bytes(outcomes.read_bytes().replace(b"other", b"0ther"))
    bad = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bad.returncode == ExitCode.CUSTODY
    assert "FAIL" in bad.stdout


def test_a_case_from_another_machine_is_verified_with_its_public_key(scanned, tmp_path):
    pem = json.loads((scanned.case / "case.json").read_text())["public_keys"][0]["pem"]
    public = tmp_path / "signer.pem"
    public.write_text(pem)
    elsewhere = {"HASHMATCH_HOME": str(tmp_path / "nobody")}
    unknown = scanned.ok("verify", "CASE", code=ExitCode.INCOMPLETE, **elsewhere)
    assert "--key" in unknown.stdout
    scanned.ok("verify", "CASE", "--key", public, code=ExitCode.CLEAR, **elsewhere)


def test_a_key_or_checkpoint_that_is_none_is_a_slip_and_no_finding(bench, tmp_path):
    (tmp_path / "rubbish").write_bytes(b"rubbish")
    for option in ("--key", "--against"):
        for name in ("missing", "rubbish"):
            said = bench.ok("verify", "CASE", option, tmp_path / name, code=ExitCode.USAGE)
            assert str(tmp_path / name) in said.stderr
            assert said.stdout == ""


def test_a_record_rolled_back_as_a_whole_is_noticed_with_an_older_checkpoint(scanned, tmp_path):
    early = tmp_path / "early"
    shutil.copytree(scanned.case, early)
    scanned.ok("report", "CASE", "--to", "csv")
    newest = max((scanned.case / "ledger" / "checkpoints").iterdir())
    kept = tmp_path / newest.name
    shutil.copy(newest, kept)
    scanned.ok("verify", "CASE", "--against", kept)
    scanned.ok("verify", early, code=ExitCode.CLEAR)
    scanned.ok("verify", early, "--against", kept, code=ExitCode.CUSTODY)


def test_verify_speaks_json(scanned):
    checks = json.loads(scanned.ok("verify", "CASE", "--format", "json").stdout)
    assert {c["verdict"] for c in checks} == {"PASS", "NOT CHECKED"}


def test_every_kind_of_report_in_both_languages(scanned):
    for language in ("en", "th"):
        printed = scanned.ok("report", "CASE", "--to", "html,csv,jsonl", "--lang", language)
        for line in printed.stdout.splitlines():
            assert (scanned.root / line).stat().st_size
    scanned.ok("verify", "CASE")


def test_masked_reports_hold_no_name_of_the_exhibit(scanned):
    printed = scanned.ok("report", "CASE", "--to", "html,csv,jsonl", "--mask-names")
    for line in printed.stdout.splitlines():
        assert "secret name" not in (scanned.root / line).read_text("utf-8-sig")


def test_a_report_is_made_without_the_evidence(scanned):
    shutil.rmtree(scanned.evidence)
    scanned.ok("report", "CASE", "--to", "html")


def test_what_an_interrupted_report_leaves_is_told_and_mended_by_the_next(scanned):
    folder = scanned.case / "reports" / scanned.only_run().name
    folder.mkdir()
    for name in ("report.en.html", ".report.en.html.part"):
        (folder / name).write_text("the beginning of a page")
    said = scanned.ok("verify", "CASE", code=ExitCode.CUSTODY).stdout
    assert f"{name} is not in the ledger" in said
    assert "then render this report again" in said
    scanned.ok("report", "CASE", "--to", "html")
    scanned.ok("verify", "CASE")


def test_a_report_of_an_altered_run_is_refused(scanned):
    hits = scanned.only_run() / "hits.jsonl"
    hits.write_bytes(hits.read_bytes().replace(b"illegal", b"benign "))
    scanned.ok("report", "CASE", code=ExitCode.CUSTODY)
    assert not list((scanned.case / "reports").rglob("*.html"))


def test_a_report_of_one_run_of_several(scanned):
    first = scanned.only_run().name
    scanned.scan(code=ExitCode.HITS)
    printed = scanned.ok("report", "CASE", "--run", first, "--to", "csv")
    assert first in printed.stdout
    scanned.ok("report", "CASE", "--run", "nonsense", code=ExitCode.CASE)


def test_another_operator_is_named_in_the_record(scanned):
    (scanned.evidence / "more").touch()
    scanned.scan("--operator", "Somebody else", code=ExitCode.HITS)
    operators = {
        json.loads((run / "run.json").read_text())["operator"]["name"]
        for run in (scanned.case / "runs").iterdir()
    }
    assert operators == {"Name", "Somebody else"}


COMMANDS = [
    [],
    *([name] for name in cli.COMMANDS),
    *(["library", name] for name in ("init", "import", "list", "show", "lookup")),
    *(["case", name] for name in ("open", "show")),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(bare, words):
    shown = bare.ok(*words, "--help").stdout
    assert "Usage:" in shown
    assert "\\b" not in shown
    if "Example" in shown:
        assert "\n  hashmatch " in shown.replace("    ", "  ")


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_the_list_of_commands_says_what_the_commands_say(name):
    command = cli.program.get_command(None, name)
    assert command.name == name
    assert command.help


def test_a_mistyped_command_is_answered_with_the_right_one(bare):
    assert "scan" in bare.ok("scna", code=ExitCode.USAGE).stderr


def test_doctor_says_what_is_there_and_tests_itself(bench):
    shown = bench.ok("doctor").stdout
    assert "test sha256" in shown
    assert "FAILED" not in shown
    assert "library.key" in shown


def test_doctor_names_the_library_that_commands_would_take(bench, tmp_path):
    place, key = tmp_path / "lib", tmp_path / "lib.key"
    bench.ok("library", "init", "--library", place, "--library-key", key)
    set_so = {"HASHMATCH_LIBRARY": str(place), "HASHMATCH_LIBRARY_KEY": str(key)}
    shown = bench.ok("doctor", **set_so).stdout.splitlines()
    told = {line[:31].rstrip(): line[32:] for line in shown}
    assert (told["library"], told["library key"]) == (str(place), str(key))


def test_help_loads_nothing_heavy(bare):
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hashmatch", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=bare.environment(),
    ).stderr
    for heavy in ("numpy", "PIL", "cryptography", "jinja2", "rich", "yaml"):
        assert f"| {heavy}\n" not in loaded.replace(" ", "").replace("|", "| ")


def test_a_slip_with_the_key_is_no_finding_for_the_small_verifier_either(scanned, tmp_path):
    verifier = scanned.case / "ledger" / "verify_case.py"
    (tmp_path / "no.pem").write_text("nothing")
    for slip in (tmp_path / "missing.pem", tmp_path / "no.pem"):
        command = [sys.executable, "-I", verifier, scanned.case, slip]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert found.returncode == ExitCode.USAGE, found.stdout + found.stderr


def test_what_lies_beside_the_record_is_named(scanned):
    (scanned.case / "listing.new").mkdir()
    shown = scanned.ok("verify", "CASE").stdout
    assert "listing.new" in shown
