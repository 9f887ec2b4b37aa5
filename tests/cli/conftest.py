"""Real processes with a home of their own; a library and a case made once and copied."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest


def inherited(*, measured):
    """Give this process's environment, on request without what measures coverage in a child."""
    return {k: v for k, v in os.environ.items() if measured or not k.startswith("COVERAGE_")}


@dataclass(frozen=True)
class Bench:
    """A folder in which one test works, with its own keys, library and case.

    Measuring coverage makes a process half as slow again, and needs to write a file of its own.
    A module whose commands are measured by others says ``MEASURED = False``.
    """

    root: Path
    measured: bool = True

    @property
    def case(self):
        return self.root / "CASE"

    @property
    def evidence(self):
        return self.root / "evidence"

    def environment(self, **extra):
        own = {"HASHMATCH_HOME": str(self.root / "home"), "HASHMATCH_HEARTBEAT": "3600"}
        return {**inherited(measured=self.measured), "PYTHONDONTWRITEBYTECODE": "1", **own, **extra}

    def interruptible(self, **extra):
        """Give the environment of a process that is interrupted.

        Coverage is not measured in it: an interruption that comes while that holds a lock of its
        own leaves the lock shut, and the process waits for it for ever.
        """
        own = self.environment(**extra)
        return {key: value for key, value in own.items() if not key.startswith("COVERAGE_")}

    def command(self, *arguments):
        return [sys.executable, "-m", "hashmatch", *map(os.fspath, arguments)]

    def run(self, *arguments, stdin=None, **extra):
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            input=stdin,
            env=self.environment(**extra),
            cwd=self.root,
            timeout=120,
        )

    def ok(self, *arguments, code=0, **extra):
        result = self.run(*arguments, **extra)
        assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
        return result

    def scan(self, *arguments, code=0):
        return self.ok("scan", "evidence", "--case", "CASE", *arguments, code=code)

    def list_of(self, *contents, name="list.txt"):
        path = self.root / name
        path.write_text("".join(hashlib.sha256(c).hexdigest() + "\n" for c in contents))
        return path

    def only_run(self):
        (run,) = (self.case / "runs").iterdir()
        return run


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("prepared"))
    bench.evidence.mkdir()
    bench.ok("library", "init")
    bench.list_of(b"known")
    bench.ok(
        "library", "import", "list.txt", "--set", "known", "--kind", "illegal", "--type", "sha256"
    )
    bench.ok(
        "case", "open", "CASE", "--reference", "R-1", "--agency", "Agency", "--operator", "Name"
    )
    return bench


@pytest.fixture
def bench(prepared, tmp_path, request):
    """A library with one set that knows ``b"known"``, an open case, an empty evidence folder."""
    for part in ("home", "CASE", "evidence"):
        shutil.copytree(prepared.root / part, tmp_path / part, copy_function=shutil.copy2)
    return Bench(tmp_path, _measured(request))


@pytest.fixture
def bare(tmp_path, request):
    """A folder with nothing in it."""
    return Bench(tmp_path, _measured(request))


def _measured(request):
    return getattr(request.module, "MEASURED", True)
