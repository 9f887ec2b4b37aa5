"""A scan of a RAR archive that only an installed program unpacks, from the set to the record."""

import json
import shutil
import sys

import pytest

from hashmatch.errors import ExitCode
from hashmatch.evidence.members import libarchive
from tests.rar_packer import rar4_solid

MEASURED = False  # other modules run the same commands

FIRST = b"0123456789abcdefgh" * 30
SECOND = FIRST[-9:-6] + b"a second member, " * 20


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such program here")
def test_members_are_found_recorded_and_opened_again(bench, tmp_path):
    if shutil.which("unar") is None or libarchive.library() is None:
        pytest.skip("unar and libarchive are needed")
    (bench.evidence / "solid.rar").write_bytes(rar4_solid((b"a", FIRST), (b"b", SECOND)))
    known = bench.list_of(FIRST, SECOND)
    bench.ok("library", "import", known, "--set", "more", "--kind", "reported", "--type", "sha256")
    bench.scan("--set", "more", code=ExitCode.HITS)
    record = json.loads((bench.only_run() / "run.json").read_text("utf-8"))
    assert record["reopened"]["agreed"] == 2
    assert record["tool"]["unar"]
    where = "EV01!dir:/solid.rar!rar:b;n=1"
    shown = json.loads(bench.ok("show-info", where, "--case", "CASE", "--format", "json").stdout)
    assert (shown["size"], shown["as_recorded"]) == (len(SECOND), True)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    told = bench.run("scan", "evidence", "--case", "CASE", "--set", "more", PATH=str(nothing))
    assert told.returncode == ExitCode.HITS_INCOMPLETE, told.stderr
    assert "3 seen = 2 examined + 1 failed" in told.stdout
