"""The tables of docs/robustness.md: of the program's form, and their main cells reproduced."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CELL = re.compile(r"\d+ %: \d+\.\d / \d+ / \d+")


@pytest.fixture(scope="module")
def program():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import robustness

    yield robustness
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def document(program):
    text = program.DOCUMENT.read_text(encoding="utf-8")
    _, rest = text.split(program.BEGIN)
    tables, _ = rest.split(program.END)
    return tables


def rows(table):
    return {line.split(" | ")[0].strip("| "): line for line in table if line.startswith("| ")}


def test_the_tables_have_the_rows_and_columns_that_the_program_writes(program, document):
    lines = document.splitlines()
    assert program.HEAD in lines
    names = set(program.changes())
    missing = {form for form in names if form.startswith("HEIF")}  # only where it can be written
    written = rows(lines)
    assert names - missing <= set(written)
    for name in names & set(written):
        assert len(CELL.findall(written[name])) == 4, name
    import robust_dialects

    assert set(robust_dialects.DIALECTS) <= set(written)


@pytest.fixture(scope="module")
def drawn(program):
    small = [(kind, image.resize((640, 480))) for kind, image in program.pictures(2)]
    assert {kind for kind, _ in small} > {program.PHOTOGRAPH}
    return small


@pytest.mark.parametrize(
    ("change", "fast", "standard", "thorough"),
    [
        ("JPEG quality 30", True, True, True),
        ("mirrored upside down", False, True, True),
        ("inverted", False, True, True),
        ("black border, 5 %", False, True, True),
        ("white border in a black one, 5 % each", False, True, True),
        ("inverted and turned", False, False, True),
        ("bordered and turned", False, True, True),
        ("bordered, inverted and turned", False, False, True),
        ("crop all round, 20 %", False, False, False),
    ],
)
def test_a_small_run_gives_the_main_cells_of_the_document(
    program, document, drawn, change, fast, standard, thorough
):
    """Those of photographs, at each effort."""
    row = rows(program.robustness_table(drawn, change))[change]
    expected = ["100 %" if found else "0 %" for found in (fast, standard, thorough)]
    assert [cell.split(":")[0] for cell in CELL.findall(row)][:3] == expected
    written = rows(document.splitlines())[change]
    assert [cell.split(":")[0] for cell in CELL.findall(written)][:3] == expected
