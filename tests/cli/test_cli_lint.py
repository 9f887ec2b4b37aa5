"""``hashmatch lint`` as a real process: exact exit codes, files written, hooks and templates."""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from functools import reduce
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import hashmatch as package
from hashmatch.commands import lint_terms
from hashmatch.db.description import SetKind
from hashmatch.formats.interface import TYPES
from hashmatch.linting import registry
from tests.lint_lists import csv, row

ROOT = Path(package.__file__).parent.parent
START = (
    "from hashmatch import cli\ncli.COMMANDS.setdefault('lint', 'Check hash lists.')\ncli.main()\n"
)
SOUND = csv(row("a"), row("b"))


@pytest.fixture
def hashmatch(tmp_path):
    def run(*arguments, **extra):
        clean = {key: one for key, one in os.environ.items() if key != "GITHUB_STEP_SUMMARY"}
        return subprocess.run(
            [sys.executable, "-c", START, *map(os.fspath, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            timeout=60,
            env=clean | {"HASHMATCH_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)} | extra,
        )

    return run


@pytest.fixture
def lint(hashmatch):
    return lambda *arguments, **extra: hashmatch("lint", *arguments, **extra)


def put(folder, name, text):
    (folder / name).write_text(text)
    return name


@pytest.mark.parametrize(
    ("content", "words", "code"),
    [
        (SOUND, (), 0),
        (SOUND, ("--fail-level", "info"), 10),
        (csv(row("a", MD5="0" * 32)), (), 10),
        (csv(row("a"), row("a")), (), 0),
        (csv(row("a"), row("a")), ("--fail-level", "warning"), 10),
        (csv(row("a", MD5="0" * 32)), ("--ignore", "HM103"), 0),
        (csv(row("a", MD5="0" * 32)), ("--select", "HM2"), 0),
        (SOUND, ("--select", "HM105"), 3),
        (csv(row("a", MD5="0" * 32)), ("--select", "HM105", "--select", "HM103"), 13),
        ("nothing at all\n", (), 21),
        (SOUND, ("--select", "HM9999"), 2),
        (SOUND, ("--delimiter", "ab"), 2),
        (SOUND, ("--kind", "bad"), 2),
        (SOUND, ("--map", "md5"), 2),
        (SOUND, ("--output", "no/such/folder.txt"), 24),
    ],
)
def test_how_it_ends(lint, tmp_path, content, words, code):
    put(tmp_path, "list.csv", content)
    result = lint("list.csv", *words)
    assert result.returncode == code, (result.stdout, result.stderr)
    assert "Traceback" not in result.stderr


def test_a_missing_file_is_bad_usage(lint):
    assert lint("none.csv").returncode == 2
    assert lint().returncode == 2
    result = lint("-")
    assert (result.returncode, "standard input" in result.stderr) == (2, True)


def test_a_folder_without_a_list_is_not_taken_for_a_clean_one(lint, tmp_path):
    (tmp_path / "lists").mkdir()
    put(tmp_path / "lists", "SHA256SUMS", "")
    assert lint("lists").returncode == 2


def test_an_unreadable_file_does_not_hide_the_others(lint, tmp_path):
    put(tmp_path, "a.csv", "nothing\n")
    put(tmp_path, "b.csv", csv(row("a", MD5="0" * 32)))
    result = lint("a.csv", "b.csv")
    assert result.returncode == 21
    assert "HM103" in result.stdout


def test_folders_and_archives_are_looked_into(lint, tmp_path):
    with zipfile.ZipFile(tmp_path / "lists.zip", "w") as archive:
        archive.writestr("inner.csv", csv(row("a", MD5="0" * 32)))
    result = lint("lists.zip")
    assert result.returncode == 10
    assert "lists.zip/inner.csv:2: error HM103" in result.stdout


def test_what_stands_beside_the_lists_of_a_folder_is_no_list(lint, tmp_path):
    (tmp_path / "lists").mkdir()
    put(tmp_path / "lists", "a.csv", SOUND)
    value = hashlib.sha256(SOUND.encode()).hexdigest()
    put(tmp_path / "lists", "a.csv.sha256", f"{value}  a.csv\n")
    put(tmp_path / "lists", "SHA256SUMS", f"{value}  a.csv\n")
    put(tmp_path / "lists", "a.csv.minisig", "a signature\n")
    put(tmp_path / "lists", ".hashmatch-lint.yaml", "ignore: [HM108]\n")
    result = lint("lists")
    assert result.returncode == 0, result.stdout
    assert "1 list, 2 records" in result.stdout


def test_a_baseline_is_written_and_accepted(lint, tmp_path):
    put(tmp_path, "a.csv", csv(row("a", MD5="0" * 32)))
    assert lint("a.csv", "--write-baseline", "known.json").returncode == 10
    assert lint("a.csv", "--baseline", "known.json").returncode == 0


def test_settings_beside_the_list_count_and_the_command_line_wins(lint, tmp_path):
    put(tmp_path, "a.csv", csv(row("a", MD5="0" * 32)))
    put(tmp_path, ".hashmatch-lint.yaml", "ignore: [HM103]\nmax-age: 100\n")
    assert lint("a.csv").returncode == 0
    assert lint("a.csv", "--ignore", "HM2").returncode == 10
    put(tmp_path, "own.yaml", "fail-level: nothing\n")
    assert lint("a.csv", "--config", "own.yaml").returncode == 2


def test_every_comparison_list_and_key_is_read(lint, tmp_path):
    put(tmp_path, "a.csv", SOUND)
    put(tmp_path, "waivers.yaml", "[]")
    words = ("--previous", "a.csv", "--scheme", "vic-us", "--waivers", "waivers.yaml")
    result = lint("a.csv", *words, "--benign", "a.csv", "--kind", "benign")
    assert result.returncode == 10, result.stderr  # codes that are notable in a benign list
    assert lint("a.csv", *words, "--kind", "categorized").returncode == 0


def test_installed_sets_are_compared_with(lint, hashmatch, tmp_path):
    put(tmp_path, "new-2026-02-01.csv", csv(row("a"), row("b")))
    put(tmp_path, "old-2026-01-01.csv", csv(row("a"), row("b")))
    assert hashmatch("library", "init").returncode == 0
    words = ("--set", "known", "--kind", "categorized", "--scheme", "vic-us")
    done = hashmatch("library", "import", "new-2026-02-01.csv", *words)
    assert done.returncode == 0, done.stderr
    result = lint("old-2026-01-01.csv", "--previous-set", "known")
    assert result.returncode == 10, result.stderr
    assert "HM003" in result.stdout
    result = lint("old-2026-01-01.csv", "--benign-set", "known", "--fail-level", "warning")
    assert "HM105" in result.stdout
    assert lint("new-2026-02-01.csv", "--previous-set", "none").returncode == 2
    both = ("--previous-set", "known", "--previous", "old-2026-01-01.csv")
    assert lint("new-2026-02-01.csv", *both).returncode == 2


def test_words_about_reading_reach_the_format(lint, tmp_path):
    put(tmp_path, "a.csv", SOUND)
    result = lint("a.csv", "--environment", "NCMEC")
    assert (result.returncode, "--environment means nothing" in result.stderr) == (2, True)
    result = lint("a.csv", "--mapping", "no-such-mapping")
    assert result.returncode == 2, result.stderr


def test_manifests_and_keys_that_ended_are_told(lint, tmp_path):
    put(tmp_path, "a.csv", SOUND)
    digest = hashlib.sha256(SOUND.encode()).hexdigest()
    put(tmp_path, "m.json", json.dumps({"a.csv": digest}))
    assert lint("a.csv", "--manifest", "m.json").returncode == 0
    put(tmp_path, "m.json", json.dumps({"b.csv": digest}))
    assert lint("a.csv", "--manifest", "m.json").returncode == 10
    assert lint("a.csv", "--manifest", "a.csv").returncode == 2
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    (tmp_path / "a.csv.sig").write_bytes(key.sign(SOUND.encode()))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, form)
    (tmp_path / "k.pem").write_bytes(pem)
    assert lint("a.csv", "--key", "k.pem", "--key-expires", "2999-01-01").returncode == 0
    put(tmp_path, ".hashmatch-lint.yaml", "key: k.pem\nkey-expires: 2020-01-01\n")
    result = lint("a.csv")
    assert result.returncode == 10, result.stderr
    assert "expired on 2020-01-01" in result.stdout


def test_a_cleaned_copy_is_written_once(lint, tmp_path):
    put(tmp_path, "a.csv", csv(row("a"), row("b", MD5="0" * 32), row("a")))
    result = lint("a.csv", "--fix-to", "clean.csv")
    assert result.returncode == 10
    assert "2 rows left out" in result.stderr
    assert (tmp_path / "clean.csv").read_text() == csv(row("a"))
    assert lint("clean.csv").returncode == 0
    assert lint("a.csv", "--fix-to", "clean.csv").returncode == 2
    assert lint("a.csv", "--fix-to", "a.csv").returncode == 2


def test_a_report_goes_to_a_file(lint, tmp_path):
    put(tmp_path, "a.csv", SOUND)
    result = lint("a.csv", "--format", "json", "--output", "out.json")
    assert (result.returncode, result.stdout) == (0, "")
    assert json.loads((tmp_path / "out.json").read_text())["lists"][0]["records"] == 2


def test_the_step_summary_is_written_only_where_it_is_named(lint, tmp_path):
    put(tmp_path, "a.csv", csv(row("a", MD5="0" * 32)))
    summary = tmp_path / "summary.md"
    lint("a.csv", "--format", "text", GITHUB_STEP_SUMMARY=str(summary))
    assert not summary.exists()
    lint("a.csv", "--format", "github", GITHUB_STEP_SUMMARY=str(summary))
    assert "HM103" in summary.read_text()


def test_rules_are_listed_and_explained(lint):
    listed = lint("--list-rules").stdout
    assert all(rule in listed for rule in registry.rules())
    assert "median" in lint("--explain", "hm302").stdout
    assert "--benign" in lint("--explain", "HM105", "--lang", "th").stdout
    assert lint("--explain", "HM999").returncode == 2


def test_media_are_refused_by_their_first_bytes(lint, tmp_path):
    put(tmp_path, "a.csv", SOUND)
    (tmp_path / "b.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    (tmp_path / "c.txt").write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(20))
    (tmp_path / "d.txt").write_bytes(b"PK\x03\x04" + bytes(20))
    assert lint("--no-media", "a.csv", ".").returncode == 0
    result = lint("--no-media", "a.csv", "b.csv", "c.txt", "d.txt")
    assert result.returncode == 10
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [
        "b.csv",
        "c.txt",
        "d.txt",
    ]
    assert lint("--no-media", "none").returncode == 2


@pytest.mark.parametrize(
    "words",
    [
        ("a.csv", "--output", "a.csv"),
        ("a.csv", "--write-baseline", "a.csv"),
        ("lists", "--output", "lists/b.csv"),
        ("a.csv", "--output", "link.csv"),
        ("a.csv", "--previous", "lists/b.csv", "--output", "lists/b.csv"),
        ("a.csv", "--benign", "lists/b.csv", "--write-baseline", "lists/../lists/b.csv"),
        ("a.csv", "--output", "new.json", "--write-baseline", "new.json"),
    ],
)
def test_no_report_ever_replaces_a_list(lint, tmp_path, words):
    (tmp_path / "lists").mkdir()
    for name in ("a.csv", "lists/b.csv"):
        put(tmp_path, name, SOUND)
    (tmp_path / "link.csv").symlink_to("a.csv")
    result = lint(*words)
    assert result.returncode == 2, result.stdout
    assert "name another file" in result.stderr or "name two" in result.stderr
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "lists" / "b.csv").read_text() == SOUND
    assert not (tmp_path / "new.json").exists()


@pytest.mark.parametrize(
    ("name", "excluded"),
    [
        *((one, True) for one in ("README.md", "lists/waivers.yaml", "lists/SHA256SUMS")),
        *((one, True) for one in ("lists/md5sums.txt", "a.csv.sha256", "a.csv.minisig")),
        *((one, False) for one in ("lists/a.csv", "lists/sums.txt", "lists/b.json")),
    ],
)
def test_the_hook_leaves_out_what_stands_beside_lists(name, excluded):
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert bool(re.search(hooks[0]["exclude"], name)) is excluded


def test_the_hooks_name_commands_that_run(lint, tmp_path):
    put(tmp_path, "a.csv", SOUND)
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"] for hook in hooks} == {"hashmatch-lint", "hashmatch-no-media"}
    for hook in hooks:
        program, command, *words = shlex.split(hook["entry"])
        assert (program, command) == ("hashmatch", "lint")
        assert lint(*words, "a.csv").returncode == 0


@pytest.mark.parametrize("name", ["action.yml", "docs/lint.gitlab-ci.yml"])
def test_the_templates_name_commands_that_run(lint, tmp_path, name):
    (tmp_path / "lists").mkdir()
    put(tmp_path / "lists", "a.csv", SOUND)
    text = (ROOT / name).read_text()
    yaml.safe_load(text)
    settings = (("$ARGUMENTS", ""), ("$FILES", "lists"), ('"$SARIF"', "out.sarif"))
    found = [line.strip().removeprefix("- ").removeprefix("run: ") for line in text.splitlines()]
    found = [line for line in found if line.startswith("hashmatch lint")]
    assert len(found) == 2
    for line in found:
        words = shlex.split(reduce(lambda text, pair: text.replace(*pair), settings, line))
        words = words[2 : words.index("||") if "||" in words else None]
        assert lint(*words).returncode == 0


def test_what_help_says_without_loading_is_what_there_is():
    assert {kind.value for kind in SetKind} == lint_terms.KINDS
    assert set(TYPES) >= {"md5", "pdq"}


def test_the_guide_lists_every_rule_as_it_is():
    text = (ROOT / "docs" / "lint.md").read_text()
    for rule in registry.rules().values():
        needs = f"`{rule.needs}`" if rule.needs else ""
        expected = (
            f"| {rule.id} | {rule.level} | {rule.title.en} | {rule.why} | {rule.remedy.en} "
            f"| {needs} |"
        )
        assert expected in text
    assert text.count("\n| HM") == len(registry.rules())


def test_a_report_has_the_mode_that_the_caller_wants(lint, tmp_path):
    put(tmp_path, "a.csv", SOUND)
    before = os.umask(0o022)
    try:
        assert lint("a.csv", "--output", "out.txt").returncode == 0
    finally:
        os.umask(before)
    assert (tmp_path / "out.txt").stat().st_mode & 0o777 == 0o644


def test_words_are_split_at_commas_and_wrong_ones_are_named(lint, tmp_path):
    put(tmp_path, "a.csv", csv(row("a", MD5="0" * 32)))
    assert lint("a.csv", "--ignore", "HM103,HM108").returncode == 0
    assert "HM77" in lint("a.csv", "--select", "HM1,HM77").stderr
    put(tmp_path, "own.yaml", "colour: red\n")
    assert "colour is no setting" in lint("a.csv", "--config", "own.yaml").stderr
    assert "cannot be read" in lint("a.csv", "--baseline", "none.json").stderr


def test_two_files_of_settings_beside_each_other_are_refused(lint, tmp_path):
    put(tmp_path, "a.csv", SOUND)
    put(tmp_path, ".hashmatch-lint.yaml", "ignore: [HM108]\n")
    put(tmp_path, "pyproject.toml", "[tool.other]\nx = 1\n")
    assert lint("a.csv").returncode == 0
    put(tmp_path, "pyproject.toml", "[tool.hashmatch.lint]\nignore = ['HM101']\n")
    assert "keep one of them" in lint("a.csv").stderr


def test_the_templates_install_what_was_pinned_and_nothing_from_an_index():
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert action["inputs"]["requirement"]["default"] == ""
    assert "${REQUIREMENT:-$GITHUB_ACTION_PATH}" in action["runs"]["steps"][0]["run"]
    text = (ROOT / "docs" / "lint.gitlab-ci.yml").read_text()
    assert 'pip install --quiet "$HASHMATCH"' in text
    assert yaml.safe_load(text)["variables"]["HASHMATCH"].startswith("./")
