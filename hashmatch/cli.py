"""The command line: find the command, run it, end with a documented code."""

from __future__ import annotations

import difflib
import importlib
import io
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashmatch import __version__
from hashmatch.errors import ExitCode, HashmatchError, OutputError
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from types import FrameType
    from typing import TextIO

    from typing_extensions import Buffer

COMMANDS = {
    "demo": "Build a benign exhibit and sets, run the whole chain, show where the report is.",
    "scan": "Examine folders, images and devices; keep the record in a case.",
    "hash": "Print digests of files and folders, as hashdeep and other programs read them.",
    "triage": "Look at the most promising files first and stop early; no examination.",
    "audit": "Compare files with a list of known ones: matched, moved, new, missing.",
    "library": "Install hash lists as sealed sets; look at them; look digests up.",
    "lint": "Check hash lists before anybody relies on them.",
    "case": "Open a case folder; show what it holds.",
    "show-info": "Show what is known of the item that a locator names; never its content.",
    "report": "Render a stored run as HTML, CSV or JSON lines, in Thai or English.",
    "verify": "Check that a case folder is whole and unaltered.",
    "doctor": "Show what is installed and what is missing, and run the self-test.",
}
"""Every command with its first help line, so that the list needs no command to be loaded."""

LEAVE_FILES = frozenset(
    {
        *("demo", "scan", "report", "case open"),
        *("library init", "library import", "library update", "library remove"),
        *("library export", "library bundle", "library install"),
        *("library trust add", "library trust remove", "library trust own"),
    }
)
"""Commands whose result is in files. Of the others, what is printed is the result."""

EXIT_CODES = "\b\nExit codes:\n" + "\n".join(
    f"  {code.value:>3}  {code.name:<15} {code.meaning}" for code in ExitCode
)


class _Commands(click.Group):
    """A group that imports a command only when it is used: help stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order of the table."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command's module."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"hashmatch.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Answer a mistyped command with those that look like it."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            alike = difflib.get_close_matches(args[0], COMMANDS, n=2)
            hint = f" Did you mean {' or '.join(alike)}?" if alike else ""
            msg = f"No such command.{hint}"
            raise click.UsageError(msg, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table alone."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands,
    epilog=EXIT_CODES,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "HASHMATCH",
        "max_content_width": 100,
    },
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show where in the program an error came from.")
def program(*, debug: bool) -> None:
    """Match seized media against known-material hash sets without viewing content.

    \b
    The usual chain:
      hashmatch library init
      hashmatch library import list.json --set vic --kind categorized --scheme vic-us
      hashmatch case open CASE --reference R-1 --agency "My agency" --operator "My name"
      hashmatch scan /mnt/exhibit --case CASE
      hashmatch report CASE --to html,csv --lang th
      hashmatch verify CASE
    """
    del debug  # read by _run(), which meets the errors


def main(arguments: list[str] | None = None) -> None:
    """Run the program and exit with a documented code.

    SIGTERM is an interruption like Ctrl-C: work in progress stays resumable.
    """
    _open_streams()
    arguments = sys.argv[1:] if arguments is None else arguments
    signal.signal(signal.SIGTERM, _interrupt)
    os.umask(0o077)  # what is written is for its owner alone
    if "_HASHMATCH_COMPLETE" in os.environ:
        program.main(arguments, prog_name="hashmatch")  # asked by a shell; does not return
    raise SystemExit(int(_run(arguments)))


class _Printed(io.FileIO):
    """Standard output; trouble with it is told from trouble with any other file."""

    def write(self, data: Buffer) -> int:
        """Write some bytes; raises ``OutputError`` where that fails."""
        try:
            return super().write(data)
        except OSError as error:
            # What is still buffered would fail again at exit; nobody can read it any more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            msg = f"the output could not be written: {error.strerror}"
            raise OutputError(msg) from error


class _Closed(io.FileIO):
    """Standard output that was closed at the start: what is printed there reaches nobody."""

    _refused = False

    def write(self, data: Buffer) -> int:
        """Lose some bytes; raises ``OutputError`` once where they are what a command is for."""
        context = click.get_current_context(silent=True)
        command = context.command_path.partition(" ")[2] if context else ""
        if command not in LEAVE_FILES and not self._refused:
            self._refused = True
            msg = "the output could not be written: standard output is closed"
            raise OutputError(msg)
        return memoryview(data).nbytes


class _Told(io.FileIO):
    """Standard error; words that nobody can read never change how a run ends."""

    def write(self, data: Buffer) -> int:
        """Write some bytes; they are lost where that fails."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _open_streams() -> None:
    """Make all three streams fit for use, those too that were closed at the start.

    Their numbers are taken first: no file of a case, nor a worker's pipe, may get one of them.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed, so that the lowest free number is this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  # open to the end
    sys.stdout = _writable(1, sys.stdout, _Printed if sys.stdout else _Closed)
    sys.stderr = _writable(2, sys.stderr, _Told)


def _writable(number: int, stream: TextIO | None, kind: type[io.FileIO]) -> TextIO:
    raw = io.BufferedWriter(kind(number, "w", closefd=False))
    encoding = stream.encoding if stream else "utf-8"
    # A console that cannot show a name must never end a scan.
    return io.TextIOWrapper(raw, encoding, "backslashreplace", line_buffering=number == 2)


def _run(arguments: list[str]) -> int:
    debug = False
    try:
        # Not program.main(): it ends a run whose reader went away with a code of its own.
        with program.make_context("hashmatch", [*arguments]) as context:
            debug = context.params["debug"]
            code = program.invoke(context) or 0
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        msg = "interrupted; run the same command again (a scan goes on where it was)"
        click.echo(f"\nhashmatch: {msg}", err=True)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (HashmatchError, OSError) as error:
        if debug:
            traceback.print_exc()
        click.echo(f"hashmatch: {_sentence(error)}", err=True)
        return error.exit_code if isinstance(error, HashmatchError) else ExitCode.OUTPUT
    return int(code)


def _sentence(error: HashmatchError | OSError) -> str:
    if isinstance(error, HashmatchError):
        return shown(str(error))
    if error.filename is None:
        return f"the system refused: {error.strerror or error}"
    name = shown(os.fsdecode(error.filename)) if not isinstance(error.filename, int) else "a file"
    return f"{name}: {error.strerror}; check that it is there, may be used and has room"


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
