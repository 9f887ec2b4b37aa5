"""``hashmatch lint``: check hash lists before anybody relies on them."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from hashmatch.commands import lint_terms
from hashmatch.commands.options import FOLDER, library_options
from hashmatch.commands.printing import tell
from hashmatch.commands.setting import present
from hashmatch.errors import ExitCode, OutputError, UsageError
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from hashmatch.linting.report import Report

Command = TypeVar("Command", bound="Callable[..., Any]")

_DAY = click.DateTime(["%Y-%m-%d"])

FORMATS = ("text", "json", "jsonl", "sarif", "junit", "github", "gitlab", "markdown")
"""As ``linting.registry`` finds them, stated here so that help needs no import; tested equal."""

_OPTIONS = (
    click.option("--select", multiple=True, metavar="ID", help="Only rules that begin like this."),
    click.option("--ignore", multiple=True, metavar="ID", help="No rules that begin like this."),
    click.option(
        "--fail-level", type=click.Choice(lint_terms.LEVELS), help="What ends with 10. [error]"
    ),
    click.option("--format", "output_format", type=click.Choice(FORMATS), default="text"),
    click.option("--output", type=FOLDER, help="Write the report to this file."),
    click.option("--lang", type=click.Choice(["en", "th"]), default="en"),
    click.option("-v", "--verbose", is_flag=True, help="Say why each rule was not checked."),
    click.option("--max-findings", type=click.IntRange(0), help="Told of one rule. [1000]"),
    click.option("--show-digests", is_flag=True, help="Show the first 8 digits of values."),
    click.option("--fix-to", type=FOLDER, help="Write a copy without bad and repeated rows here."),
    click.option("--baseline", type=FOLDER, help="Accept the findings in this file."),
    click.option("--write-baseline", type=FOLDER, help="Write all findings to a new baseline."),
    click.option("--waivers", type=FOLDER, help="YAML file of accepted findings with reasons."),
    click.option("--config", type=FOLDER, help="Settings. [.hashmatch-lint.yaml, pyproject.toml]"),
    click.option("--kind", help="What the list is for, as 'library import' takes it."),
    click.option("--scheme", help="What category codes mean, as 'library import' takes it."),
    click.option("--previous", type=FOLDER, help="An earlier version of the list."),
    click.option("--previous-set", metavar="SET", help="The same, as it is in the library."),
    click.option("--benign", type=FOLDER, help="A list of harmless files."),
    click.option("--benign-set", metavar="SET", help="The same, as it is in the library."),
    click.option("--key", type=FOLDER, help="Public key (PEM or minisign) that signs the list."),
    click.option("--key-expires", type=_DAY, help="Last day on which that key counts."),
    click.option("--manifest", type=FOLDER, help="SHA256SUMS, BagIt or JSON that names the list."),
    click.option("--max-age", type=click.IntRange(0), help="Days from which a list is old."),
    click.option("--max-removed", type=click.FloatRange(0, 1), help="Share that may go. [0.10]"),
    click.option("--max-changed", type=click.FloatRange(0, 1), help="Share recategorized. [0.05]"),
    click.option("--columns", multiple=True, metavar="NAME", help="The only columns allowed."),
    click.option("--hub", type=click.IntRange(1), help="Near neighbours that are many. [20]"),
    click.option("--list-format", help="Format of the list. [default: recognised]"),
    click.option("--type", help="Hash of bare values: md5, sha1, sha256, pdq, ..."),
    click.option("--map", multiple=True, metavar="ROLE=COLUMN", help="Which column holds what."),
    click.option("--delimiter", help="The character between columns."),
    click.option("--environment", help="Where a list comes from, where its format asks for that."),
    click.option("--mapping", help="Mapping profile of a table: its name, or a YAML file."),
    click.option("--scratch", type=FOLDER, help="Folder for unnamed files. [TMPDIR or /tmp]"),
    click.option("--list-rules", is_flag=True, help="Show every rule and end."),
    click.option("--explain", metavar="ID", help="Say why a rule is there and what to do."),
    click.option("--no-media", is_flag=True, hidden=True),
)


def _options(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("lint")
@click.argument("files", nargs=-1, type=FOLDER, metavar="FILE...")
@_options
@library_options
def command(files: tuple[Path, ...], **words: Any) -> int:  # noqa: ANN401  # the options above
    """Check hash lists: values, duplicates, categories, perceptual hashes, changes, content.

    Any format that can be imported can be checked. A finding names the rule and the line or
    record, never the content of a list. Ends with 0, 10 for findings at or above --fail-level, 3
    or 13 where something could not be checked, 21 for a file that is no list.

    \b
    Examples:
      hashmatch lint lists/*.csv
      hashmatch lint new.json --previous old.json --scheme vic-us --kind categorized
      hashmatch lint lists --format sarif --output lint.sarif
      hashmatch lint lists/a.csv --baseline known.json --ignore HM108
      hashmatch lint lists/a.csv --fix-to clean/a.csv
      hashmatch lint --explain HM302
    """
    if words["list_rules"] or words["explain"]:
        return _tell_rules(words["explain"], words["lang"])
    if not files:
        msg = "no file was named; name at least one hash list"
        raise UsageError(msg)
    if Path("-") in files:
        msg = "a list is not read from standard input; save it to a file and name that"
        raise UsageError(msg)
    if words["no_media"]:
        return _refuse_media(files)
    from hashmatch.jobs import lint, lint_clean, lint_targets  # noqa: PLC0415  # numpy takes a while
    from hashmatch.linting.rule import Level  # noqa: PLC0415

    stated = lint_terms.merged(words, files[0].parent if not files[0].is_dir() else files[0])
    lint_targets.refuse_overwriting(lint_terms.targets(stated), lint_terms.read(files, stated))
    folder = words["scratch"] or Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108
    request = lint_terms.request(files, stated, folder, present())
    cleaning = lint_clean.prepared(request, words["fix_to"]) if words["fix_to"] else None
    report = lint.lint(request)
    for line in lint_clean.write(cleaning, request, report) if cleaning else ():
        tell(line)
    _write(report, words["output_format"], words["output"], words["lang"])
    if words["write_baseline"]:
        with _written(words["write_baseline"]) as stream:
            stream.write(request.plan.acceptance.to_json())
    return lint.code_of(report, Level(stated["fail_level"]))


def _write(report: Report, name: str, path: Path | None, language: str) -> None:
    from hashmatch.linting import registry  # noqa: PLC0415

    outputs = registry.outputs()
    with _written(path) as stream:
        outputs[name].write(report, stream, language)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if name == "github" and summary:
        with _written(Path(summary), "a") as stream:
            outputs["markdown"].write(report, stream, language)


@contextmanager
def _written(path: Path | None, mode: Literal["w", "a"] = "w") -> Iterator[TextIO]:
    """Open a file to write to; without one, standard output."""
    if path is None:
        yield sys.stdout
        return
    try:
        new = not path.exists()
        with path.open(mode, encoding="utf-8", errors="backslashreplace") as stream:
            if new:  # a report is no secret of one account: others of a build read it
                os.fchmod(stream.fileno(), 0o666 & ~_usual_umask())
            yield stream
    except OSError as error:
        msg = f"{path} could not be written: {error.strerror}"
        raise OutputError(msg) from None


def _usual_umask() -> int:
    """Give the mask that the caller has: the program's own keeps cases secret."""
    try:
        told = Path(f"/proc/{os.getppid()}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0o077
    found = re.search(r"^Umask:\s*([0-7]+)", told, re.MULTILINE)
    return int(found[1], 8) if found else 0o077


def _tell_rules(explained: str | None, language: str) -> int:
    from hashmatch.linting import registry, told  # noqa: PLC0415

    rules = registry.rules()
    if explained is None:
        for rule in rules.values():
            click.echo(f"{rule.id}  {rule.level:<8} {rule.title.text(language)}")
        return ExitCode.CLEAR
    found = rules.get(explained.upper())
    if found is None:
        msg = "--explain names no rule; --list-rules shows them all"
        raise UsageError(msg)
    click.echo(f"{found.id} ({found.level}) {found.title.text(language)}\n")
    click.echo(f"{told.why(found, language)}\n\n{found.remedy.text(language)}")
    if found.needs:
        click.echo(f"\n{found.needs}")
    return ExitCode.CLEAR


def _refuse_media(files: tuple[Path, ...]) -> int:
    from hashmatch.jobs.lint import media_among  # noqa: PLC0415

    code = ExitCode.CLEAR
    for path, what in media_among(files):
        click.echo(f"{shown(str(path))}: {what}; only lists of hashes may be here")
        code = ExitCode.HITS
    return code
