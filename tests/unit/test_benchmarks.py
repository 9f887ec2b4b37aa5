"""The measuring programs run; their figures are for people to read."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import inherited

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("lists.py", "--rows", "300"), "import vics"),
        (("memory.py", "--small", "20", "--large", "30"), "scan 30 tiny files"),
        (
            (
                "evidence.py",
                "--megabytes",
                "1",
                "--files",
                "20",
                "--runs",
                "1",
                "--only",
                "members",
            ),
            "members of a zip, deflated",
        ),
        (("compare.py", "--only", "help", "--corpus", "."), "hashmatch --help"),
    ],
)
def test_a_program_measures_and_prints_a_table(words, told):
    done = subprocess.run(
        [sys.executable, BENCHMARKS / words[0], *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        env=inherited(measured=False),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert told in done.stdout
