"""What other programs say of the same files: their lists go in, and every file agrees."""

import json
import shutil
import subprocess

import pytest

from hashmatch.errors import ExitCode

MEASURED = False  # other modules run the same commands

TOOLS = {
    "hashdeep": ["hashdeep", "-c", "md5,sha1,sha256", "-r", "-l", "evidence"],
    "md5sum": ["find", "evidence", "-type", "f", "-exec", "md5sum", "{}", "+"],
    "sha1sum": ["find", "evidence", "-type", "f", "-exec", "sha1sum", "--tag", "{}", "+"],
    "sha256sum": ["find", "evidence", "-type", "f", "-exec", "sha256sum", "{}", "+"],
    "openssl": ["find", "evidence", "-type", "f", "-exec", "openssl", "dgst", "-sha512", "{}", "+"],
}
CLAIMS = {"hashdeep": "exact-2", "md5sum": "exact-1", "sha1sum": "exact-1"}


@pytest.mark.parametrize("tool", TOOLS)
def test_every_file_that_another_program_digested_is_a_hit(bench, tool):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed here; 'make tools' installs it")
    (bench.evidence / "folder").mkdir()
    for number in range(20):
        name = f"folder/a, {number} (b) \\ ภาพ" if number % 2 else f"{number}"
        (bench.evidence / name).write_bytes(b"content %d" % number * (1 + number * 5000))
    listed = subprocess.run(TOOLS[tool], cwd=bench.root, capture_output=True, check=True).stdout
    (bench.root / "list").write_bytes(listed)
    bench.ok("library", "import", "list", "--set", "theirs", "--kind", "reported")
    bench.scan("--set", "theirs", code=ExitCode.HITS)
    lines = (bench.only_run() / "hits.jsonl").read_text("utf-8").splitlines()
    hits = [json.loads(line) for line in lines]
    assert len({hit["path"] for hit in hits}) == 20
    assert {hit["claim"] for hit in hits} == {CLAIMS.get(tool, "exact-2")}
    assert not any(hit["disagreeing"] for hit in hits)
