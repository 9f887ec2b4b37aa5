"""Streams that are closed, full or not read, and surroundings that are not as usual."""

import os
import shlex
import subprocess
import sys

import click
import pytest

from hashmatch import cli
from hashmatch.errors import ExitCode

MEASURED = False  # other modules run the same commands


def in_shell(bench, arguments, redirection, **extra):
    line = " ".join(map(shlex.quote, bench.command(*arguments)))
    return subprocess.run(
        ["sh", "-c", f"{line} {redirection}"],
        capture_output=True,
        text=True,
        check=False,
        env=bench.environment(**extra),
        cwd=bench.root,
        timeout=120,
    )


@pytest.mark.parametrize(
    "arguments", [["verify", "CASE"], ["library", "list"], ["--help"], ["scan", "--help"]]
)
def test_24_when_the_reader_of_the_output_went_away(bench, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        result = subprocess.run(
            bench.command(*arguments),
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=bench.environment(),
            cwd=bench.root,
        )
    assert result.returncode == ExitCode.OUTPUT
    assert result.stderr == "hashmatch: the output could not be written: Broken pipe\n"


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", "2>/dev/full"])
def test_streams_that_cannot_be_used_change_no_code_of_a_command_that_leaves_files(
    bench, redirection
):
    (bench.evidence / "a").write_bytes(b"known")
    scan = ["scan", "evidence", "--case", "CASE"]
    every = {"HASHMATCH_HEARTBEAT": "0"}
    unheard = redirection.startswith(">&-")
    assert in_shell(bench, scan, redirection, **every).returncode == ExitCode.HITS
    for arguments, code in (
        (["scan", "evidence", "--case", "nowhere"], ExitCode.CASE),
        (["scan", "nowhere", "--case", "CASE"], ExitCode.USAGE),
        (["no-such-command"], ExitCode.USAGE),
        (["library", "lookup", "f" * 128], ExitCode.OUTPUT if unheard else ExitCode.INCOMPLETE),
        (["library", "init", "--library", "other"], ExitCode.CLEAR),
        (["--debug", "library", "lookup", "nothex"], ExitCode.USAGE),
    ):
        assert in_shell(bench, arguments, redirection).returncode == code


def test_24_when_what_is_printed_is_the_result_and_the_output_is_closed(bare):
    (bare.root / "a").write_bytes(b"a")
    for arguments in (["hash", "a"], ["library", "formats"], ["--help"]):
        done = in_shell(bare, arguments, ">&-")
        assert done.returncode == ExitCode.OUTPUT
        assert "standard output is closed\n" in done.stderr
        assert done.stderr.count("closed") == 1
    assert in_shell(bare, ["hash", "a", "--output", "list"], ">&-").returncode == ExitCode.CLEAR


def test_the_commands_that_leave_files_are_commands():
    for words in cli.LEAVE_FILES:
        command = cli.program
        for word in words.split():
            command = command.get_command(click.Context(command), word)
        assert not isinstance(command, click.Group)


def test_a_passphrase_that_is_not_given_is_no_interruption(bare):
    result = in_shell(bare, ["library", "init", "--passphrase"], "</dev/null")
    assert result.returncode == ExitCode.USAGE
    assert "no passphrase was given" in result.stderr
    assert "interrupted" not in result.stderr
    assert not (bare.root / "home").exists()


@pytest.mark.parametrize("nonsense", ["nonsense", "nan", "-1"])
def test_a_heartbeat_that_is_no_number_is_refused(bench, nonsense):
    (bench.evidence / "a").touch()
    result = bench.ok(
        "scan", "evidence", "--case", "CASE", code=ExitCode.USAGE, HASHMATCH_HEARTBEAT=nonsense
    )
    assert "HASHMATCH_HEARTBEAT" in result.stderr
    assert not list((bench.case / "runs").iterdir())


def test_debug_may_be_asked_for_by_a_variable(bench):
    words = ["library", "lookup", "nothex"]
    assert "Traceback" in bench.ok(*words, code=ExitCode.USAGE, HASHMATCH_DEBUG="1").stderr
    assert "Traceback" in bench.ok("--debug", *words, code=ExitCode.USAGE).stderr
    assert "Traceback" not in bench.ok(*words, code=ExitCode.USAGE, HASHMATCH_DEBUG="0").stderr


def trouble(bare, words, *options, **extra):
    """Run the program with a command that meets trouble of the system."""
    program = (
        "import os, hashmatch.cli as cli, hashmatch.commands.doctor as d\n"
        f"def fail(**_): raise {words}\n"
        f"d.command.callback = fail; cli.main([*{list(options)}, 'doctor'])"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=bare.environment(**extra),
    )


def test_24_trouble_with_a_file_is_one_sentence_that_names_it(bare):
    words = "PermissionError(13, 'Permission denied', 'some\\x1bfile')"
    result = trouble(bare, words)
    assert result.returncode == ExitCode.OUTPUT
    assert result.stderr.startswith("hashmatch: some‹U+001B›file: Permission denied; ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" in trouble(bare, words, "--debug").stderr


def test_24_other_trouble_of_the_system_is_not_told_as_trouble_with_the_output(bare):
    result = trouble(bare, "OSError(24, 'Too many open files')")
    assert result.returncode == ExitCode.OUTPUT
    assert result.stderr == "hashmatch: the system refused: Too many open files\n"


def test_a_user_without_a_home_is_told_what_to_set(bare):
    program = (
        "import os\n"
        "os.setresuid(54321, 0, 0)  # unknown, and may still read the interpreter\n"
        "import hashmatch.cli as cli; cli.main(['library', 'list'])"
    )
    if os.getuid() != 0:
        pytest.skip("only root may become a user that is not known")
    own = {k: v for k, v in bare.environment().items() if k not in {"HASHMATCH_HOME", "HOME"}}
    own.pop("XDG_DATA_HOME", None)
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=own
    )
    assert result.returncode == ExitCode.USAGE, result.stderr
    assert "set HASHMATCH_HOME" in result.stderr


@pytest.mark.parametrize("home", ["/dev/null", "/dev/null/below", "/proc/hashmatch"])
@pytest.mark.parametrize("words", [[], ["--passphrase-file", "words.txt"]])
def test_24_a_home_that_cannot_be_used_is_told_in_a_sentence(bare, home, words):
    (bare.root / "words.txt").write_text("correct horse battery staple\n")
    result = bare.ok("library", "init", *words, code=ExitCode.OUTPUT, HASHMATCH_HOME=home)
    assert result.stderr.startswith("hashmatch: ")
    assert result.stderr.count("\n") == 1
    assert home in result.stderr


def test_24_doctor_names_a_home_that_cannot_be_used_after_the_self_test(bare):
    for home in ("/dev/null", "/dev/null/below", "n" * 300):
        result = bare.ok("doctor", code=ExitCode.OUTPUT, HASHMATCH_HOME=home)
        assert "passed" in result.stdout
        assert result.stderr.startswith(f"hashmatch: the data folder {home} cannot be used; ")
        assert result.stderr.count("\n") == 1
    bare.ok("doctor", code=ExitCode.CLEAR)


def test_2_every_command_says_the_same_where_there_is_no_library(bare):
    bare.list_of(b"known")
    for words in (["list"], ["import", "list.txt", "--set", "x", "--kind", "benign"]):
        result = bare.ok("library", *words, code=ExitCode.USAGE)
        assert result.stderr.startswith("hashmatch: there is no library at ")
        assert "hashmatch library init" in result.stderr


def test_a_shell_is_still_told_how_to_complete_words(bare):
    result = bare.run(_HASHMATCH_COMPLETE="bash_source")
    assert result.returncode == 0
    assert "_hashmatch_completion" in result.stdout
