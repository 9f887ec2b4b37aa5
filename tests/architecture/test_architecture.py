"""The shape of the code: layers, file length, no excluded lines, no picture written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import hashmatch

ROOT = Path(hashmatch.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
IDS = [str(path.relative_to(ROOT)) for path in MODULES]


def test_data_flows_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint], cwd=ROOT.parent, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("module", MODULES, ids=IDS)
def test_one_idea_fits_on_few_pages(module):
    assert len(module.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("module", MODULES, ids=IDS)
def test_no_line_is_excluded_from_coverage(module):
    assert "pragma: no cover" not in module.read_text("utf-8")


@pytest.mark.parametrize("module", MODULES, ids=IDS)
def test_a_module_tells_its_idea_in_one_docstring_line(module):
    first = module.read_text("utf-8").splitlines()[0]
    assert re.match(r'^(#!/|r?""")', first)


def test_only_the_demo_writes_pictures():
    writes = re.compile(r"\.save\(|imwrite|imencode|imshow")
    guilty = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if "demo" not in path.relative_to(ROOT).parts and writes.search(path.read_text("utf-8"))
    ]
    assert guilty == []
