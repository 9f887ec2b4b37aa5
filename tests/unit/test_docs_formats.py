"""``docs/formats.md`` says what the code says: its formats, its hash kinds, its tests of faults.

To write the parts that are generated anew: ``python -m tests.unit.test_docs_formats``.
"""

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from hashmatch.cli import program
from hashmatch.db import profiles
from hashmatch.formats import registry
from hashmatch.formats.interface import TYPES
from hashmatch.hashing.digests import COMPUTED
from hashmatch.model.hashes import ALWAYS, Algorithm, Method
from tests.unit.test_demo_guide import examples, headings, parse

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "formats.md"
FAULTS = [ROOT / "tests" / "cli" / f"test_cli_rival_{name}.py" for name in ("faults", "programs")]


def formats():
    result = CliRunner().invoke(program, ["library", "formats", "--markdown"])
    assert result.exit_code == 0
    return result.output.strip()


SCANNED = {Method.PDQ: "every picture", Method.VPDQ: "every video, with `[video]`"}


def kinds():
    lines = ["| kind | what it is | in a scan | looked up |", "|---|---|---|---|"]
    for algorithm in Algorithm:
        if algorithm in ALWAYS:
            scan = "always"
        else:
            scan = "when a set holds it" if algorithm in COMPUTED else "no"
        lines.append(f"| `{algorithm}` | digest, {algorithm.size} bytes | {scan} | equal |")
    for method in Method:
        scan = SCANNED.get(method, "on request, with a [hasher](plugins.md)")
        lines.append(f"| `{method}` | perceptual hash, {method.size} bytes | {scan} | near |")
    return "\n".join(lines)


def faults():
    """A row for each test: what another program does, and the test's name as what we do."""
    lines = ["| | others | here |", "|---|---|---|"]
    for path in FAULTS:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                others = " ".join((ast.get_docstring(node) or "").split()).replace("|", "\\|")
                ours = node.name.removeprefix("test_").replace("_", " ")
                lines.append(f"| {len(lines) - 1} | {others} | {ours} |")
    return "\n".join(lines)


PARTS = {"formats": formats, "kinds": kinds, "faults": faults}


def around(name):
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(<!-- end of {name} -->)", re.DOTALL)


@pytest.mark.parametrize("name", PARTS)
def test_what_is_generated_is_up_to_date(name):
    (_, written, _) = around(name).search(PAGE.read_text("utf-8")).groups()
    assert written.strip() == PARTS[name](), "python -m tests.unit.test_docs_formats"


def test_every_format_has_a_section_and_every_hash_kind_a_row():
    text = PAGE.read_text("utf-8")
    assert [one for one in registry.names() if f"\n### {one}\n" not in text] == []
    assert [one for one in TYPES if f"| `{one}` |" not in text] == []


def test_every_test_of_a_fault_names_the_other_program():
    assert len(faults().splitlines()) > 40
    assert all(len(line.split(" | ")[1]) > 20 for line in faults().splitlines()[2:])


@pytest.mark.parametrize("page", [PAGE, ROOT / "README.md"], ids=lambda page: page.name)
def test_every_example_is_a_command_that_exists_with_schemes_that_exist(page):
    known = {one.name for one in profiles.all_profiles()}
    found = list(examples(page))
    assert len(found) > 10
    for words in found:
        parse(program, words)
        if "--scheme" in words:
            assert words[words.index("--scheme") + 1] in known


def test_links_lead_to_files_and_headings_that_exist():
    for target in re.findall(r"\]\(([^)]+)\)", PAGE.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        aimed = PAGE.parent / name if name else PAGE
        assert aimed.is_file(), target
        assert not anchor or anchor in headings(aimed), target


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    for part, render in PARTS.items():
        text = render()
        page = around(part).sub(lambda found, text=text: f"{found[1]}{text}\n{found[3]}", page)
    PAGE.write_text(page, "utf-8")
