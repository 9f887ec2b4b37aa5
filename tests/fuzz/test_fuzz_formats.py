"""A short fuzzing run of every list format; ``make fuzz`` runs as long as one likes."""

import subprocess
import sys
from pathlib import Path

import pytest

from hashmatch.formats import registry
from tests.cli.conftest import inherited

pytest.importorskip("atheris", reason="atheris is not installed: no wheel for this Python")
FUZZ = Path(__file__).with_name("fuzz_formats.py")


NAMES = sorted(registry.names())
SHARE = 12


@pytest.mark.parametrize("start", range(0, len(NAMES), SHARE))
def test_damaged_lists_give_events_or_a_typed_refusal(start, tmp_path):
    names = NAMES[start : start + SHARE]
    limits = ("-runs=600", "-seed=1", "-timeout=30", "-rss_limit_mb=1024", "-max_len=4096")
    # Two tracers in one process would only hinder each other.
    done = subprocess.run(
        [sys.executable, FUZZ, ",".join(names), tmp_path, *limits],
        cwd=tmp_path,
        env=inherited(measured=False),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count("Done 600 runs") == len(names)
