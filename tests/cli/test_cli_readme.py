"""The README's tables are the program's own words."""

from pathlib import Path

import pytest

import hashmatch
from hashmatch import cli
from hashmatch.errors import ExitCode
from hashmatch.formats import registry as formats
from hashmatch.report import registry as reports

MEASURED = False  # other modules run the same commands

README = (Path(hashmatch.__file__).parent.parent / "README.md").read_text("utf-8")


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_stands_in_the_readme(code):
    assert f"| {code.value} | {code.name} | {code.meaning} |" in README


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_stands_in_the_readme(name):
    assert f"`hashmatch {name}" in README


@pytest.mark.parametrize("name", formats.names())
def test_every_list_format_stands_in_the_readme(name):
    assert f"| `{name}` |" in README


@pytest.mark.parametrize("name", sorted(reports.reports()))
def test_every_report_stands_in_the_readme(name):
    assert f"| `{name}` |" in README
