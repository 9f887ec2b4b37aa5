"""``hashmatch library formats``: which lists can be imported, and what must be stated of each."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING

import click

from hashmatch.commands import printing
from hashmatch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.formats.interface import ListFormat

NEVER = "nothing: state --format"


@click.command("formats")
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, hidden=True, help="All of them, as docs/formats.md.")
def command(name: str | None, markdown: bool) -> int:
    """List the formats for --format, or describe one.

    \b
    Examples:
      hashmatch library formats
      hashmatch library formats ncmec
    """
    from hashmatch.formats import registry  # noqa: PLC0415

    if name is not None:
        _describe(registry.by_name(name))
        return ExitCode.CLEAR
    forms = sorted(registry.all_formats(), key=lambda one: one.name)
    if markdown:
        click.echo("\n".join(_markdown(forms)))
    else:
        rows = [[one.name, _words(one) or "-", one.title] for one in forms]
        printing.table(rows, ("format", "may be told", "reads"))
    return ExitCode.CLEAR


def _describe(form: ListFormat) -> None:
    click.echo(f"{form.name}: {form.title}")
    for label, text in _facts(form):
        click.echo(f"  {label + ':':<16}{text}")
    click.echo(f"\n{_story(form)}")


def _markdown(forms: Sequence[ListFormat]) -> list[str]:
    """Give the sections of all formats, with the text of their own modules."""
    lines = []
    for form in forms:
        facts = ". ".join(f"{label[0].upper()}{label[1:]}: {text}" for label, text in _facts(form))
        lines += [f"### {form.name}", "", f"**{form.title}.** {facts}.", "", _story(form), ""]
    return lines[:-1]


def _facts(form: ListFormat) -> list[tuple[str, str]]:
    from hashmatch.formats.interface import Accompanied  # noqa: PLC0415
    from hashmatch.jobs.list_files_format import HOW_SURE  # noqa: PLC0415

    facts = [
        ("recognised by", NEVER if "mapping" in form.takes else HOW_SURE[form.certainty]),
        ("categories", "may have codes" if form.has_categories else "none"),
        ("may be told", _words(form) or "nothing, it says all itself"),
    ]
    if isinstance(form, Accompanied):
        facts.append(("completed by", ", ".join(form.companions)))
    return facts


def _words(form: ListFormat) -> str:
    return " ".join(f"--{word}" for word in form.takes)


def _story(form: ListFormat) -> str:
    """Give what the format's module says of it; empty where Python runs without docstrings."""
    return inspect.getdoc(sys.modules[type(form).__module__]) or ""
