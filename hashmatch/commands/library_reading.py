"""Options that say how the files of a list are read and what is known about the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from hashmatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from hashmatch.formats.interface import ReadOptions

Command = TypeVar("Command", bound="Callable[..., Any]")

_DAY = click.DateTime(["%Y-%m-%d"])
_READING = (
    click.option("--format", "format_name", help="List format. [default: as recognised]"),
    click.option("--type", "algorithm", help="Hash of bare values: md5, sha1, sha256, pdq, ..."),
    click.option(
        "--map", "columns", multiple=True, metavar="ROLE=COLUMN", help="Which column holds what."
    ),
    click.option("--delimiter", help="The character between columns."),
    click.option("--environment", help="Where a list comes from, where its format asks for that."),
    click.option("--mapping", help="Mapping profile of a table: its name, or a YAML file."),
)
_ABOUT = (
    click.option("--publisher", help="Who issued the list."),
    click.option("--list-version", help="The publisher's own version."),
    click.option("--list-date", type=_DAY, help="Date of the list."),
    click.option("--issued", type=_DAY, help="First day it may be used."),
    click.option("--expires", type=_DAY, help="Last day it may be used."),
    click.option("--handling", help="Handling marking, kept and shown in reports."),
)
_TAKING = (
    click.option(
        "--skip-unrecognised",
        is_flag=True,
        help="Leave out files that are no lists, such as a README; recorded.",
    ),
    click.option("--accept-losses", is_flag=True, help="Install although rows were lost."),
    click.option(
        "--allow-expired", is_flag=True, help="Install before its first or after its last day."
    ),
)
READING = ("algorithm", "columns", "delimiter", "environment", "mapping")
"""Names of the arguments that :func:`read_options` takes."""

ABOUT = ("publisher", "list_version", "list_date", "issued", "expires", "handling")
"""Names of the arguments that :func:`about` takes."""


def reading_options(command: Command) -> Command:
    """Add every option about reading a list, what is known of it, and what is accepted."""
    for option in reversed((*_READING, *_ABOUT, *_TAKING)):
        command = option(command)
    return command


def read_options(words: Mapping[str, Any]) -> ReadOptions:
    """Give what was stated about the form of a list.

    Raises:
        UsageError: a word that means nothing there.
    """
    from hashmatch.formats.interface import ReadOptions  # noqa: PLC0415

    stated = {name: words[name] for name in READING}
    return ReadOptions(**stated | {"columns": roles(words["columns"])})


def about(words: Mapping[str, Any]) -> dict[str, Any]:
    """Give what was stated about the list, by the names of a set's description."""
    return {name: _day(words[name]) for name in ABOUT}


def _day(value: str | datetime | None) -> str | date | None:
    return value if value is None or isinstance(value, str) else value.date()


def roles(words: tuple[str, ...]) -> dict[str, str]:
    """Read which column holds what; raises ``UsageError`` where a word does not say that."""
    pairs = [word.partition("=") for word in words]
    if not all(role and equals and column for role, equals, column in pairs):
        msg = "--map expects ROLE=COLUMN, for example --map md5=2 or --map sha1='SHA-1'"
        raise UsageError(msg)
    return {role: column for role, _, column in pairs}
