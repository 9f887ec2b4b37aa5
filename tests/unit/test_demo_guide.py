"""The guides say what the program does: commands parse, tables are whole, links lead on."""

import re
import shlex
from pathlib import Path

import click
import pytest

from hashmatch.cli import COMMANDS, program
from hashmatch.db.description import SetKind
from hashmatch.errors import ExitCode
from hashmatch.model.hits import Claim, Disposition

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = {"en": DOCS / "guide.md", "th": DOCS / "guide.th.md"}
DECISIONS = sorted((DOCS / "decisions").glob("0*.md"))
PAGES = [*GUIDES.values(), DOCS / "decisions" / "README.md", *DECISIONS]


def examples(page):
    """Every hashmatch command of the page's shell blocks, as lists of words."""
    text = page.read_text("utf-8")
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["hashmatch"]:
                yield words[1:]


def parse(command, words):
    """Let click read the words as the program would, without running anything."""
    if isinstance(command, click.Group):
        _, inner, rest = command.resolve_command(click.Context(command), list(words))
        parse(inner, rest)
    else:
        command.make_context(command.name, list(words))


@pytest.mark.parametrize("language", GUIDES)
def test_every_example_is_a_command_that_exists_with_options_that_exist(language):
    found = list(examples(GUIDES[language]))
    assert {words[0] for words in found} == set(COMMANDS)
    for words in found:
        parse(program, words)


@pytest.mark.parametrize(
    "words", [["scan", "x"], ["library", "import", "x", "--kindd", "benign"], ["no-such"]]
)
def test_an_example_that_does_not_exist_would_be_noticed(words):
    with pytest.raises(click.UsageError):
        parse(program, words)


@pytest.mark.parametrize("code", ExitCode)
def test_both_guides_list_every_exit_code(code):
    assert f"| {code.value} | {code.name} | {code.meaning} |" in GUIDES["en"].read_text("utf-8")
    assert f"| {code.value} | {code.name} | " in GUIDES["th"].read_text("utf-8")


@pytest.mark.parametrize("language", GUIDES)
def test_the_guides_list_no_exit_code_that_does_not_exist(language):
    rows = re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", GUIDES[language].read_text("utf-8"), re.M)
    assert rows == [(str(code.value), code.name) for code in ExitCode]


@pytest.mark.parametrize("claim", Claim)
def test_both_guides_explain_every_claim(claim):
    assert all(f"| `{claim}` | " in page.read_text("utf-8") for page in GUIDES.values())


def test_the_guide_explains_every_disposition_and_every_kind():
    text = GUIDES["en"].read_text("utf-8")
    assert [name for name in Disposition if f"| `{name}` | " not in text] == []
    assert [kind for kind in SetKind if f"`{kind}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_exist(page):
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        name, _, anchor = target.partition("#")
        aimed = (page.parent / name).resolve() if name else page
        assert aimed.is_file(), target
        if anchor:
            assert anchor in headings(aimed), target


def headings(page):
    lines = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_the_index_lists_every_decision_under_its_title():
    index = (DOCS / "decisions" / "README.md").read_text("utf-8")
    rows = re.findall(r"\| \[(\d{4})\]\(([^)]+)\) \| (.+?) \| (\w+) \|", index)
    assert [name for _, name, _, _ in rows] == [page.name for page in DECISIONS]
    for number, name, title, status in rows:
        text = (DOCS / "decisions" / name).read_text("utf-8")
        assert text.startswith(f"# {number}: {title}\n")
        assert f"- Status: {status}\n- Date: 2026-" in text


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_tells_context_options_outcome_and_cost(page):
    sections = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.M)
    assert sections == ["Context", "Options", "Outcome", "What we give up"]
    assert page.read_text("utf-8").count("- Bad: ") + page.read_text("utf-8").count("- Good: ") >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_promises_what_a_tool_cannot_promise(page):
    text = page.read_text("utf-8").lower()
    assert not re.search(r"court-approved|certified|admissible|error-free|forensically sound", text)
