"""The shell lines that a report prints, run as a reader would run them."""

import base64
import hashlib
import json
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hashmatch.cases.layout import CaseFolder
from hashmatch.report.verify_commands import commands
from tests import report_runs
from tests.report_runs import RUN

NAME = "hashmatch-case/3f0c2a54-5d1e-4c6f-9b1a-0c9d3a7e5b10"
ROOT = base64.b64encode(hashlib.sha256(b"root").digest()).decode()

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


def note(key, size):
    """A signed note, put together from its specification (C2SP signed-note, tlog-checkpoint)."""
    body = f"{NAME}\n{size}\n{ROOT}\n"
    public = key.public_key().public_bytes_raw()
    key_id = hashlib.sha256(NAME.encode() + b"\n\x01" + public).digest()[:4]
    signature = base64.b64encode(key_id + key.sign(body.encode())).decode()
    return f"{body}\n— {NAME} {signature}\n"


@pytest.fixture
def case(tmp_path):
    folder = CaseFolder(tmp_path / "my case")
    report_runs.full().seal(folder.run(RUN).root)
    key, older = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    public = {"name": NAME, "algorithm": "ed25519", "pem": pem.decode()}
    folder.file.write_text(json.dumps({"public_keys": [public]}) + "\n")
    folder.checkpoints.mkdir(parents=True)
    (folder.checkpoints / "00000003.ckpt").write_text(note(older, 3), encoding="utf-8")
    (folder.checkpoints / "00000012.ckpt").write_text(note(key, 12), encoding="utf-8")
    return folder


def run(case, what):
    script = "set -e\n" + "\n".join(commands(RUN)[what]).replace("CASE", f"'{case.root}'")
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)


def test_the_lines_for_sha256sum_check_every_file_of_the_run(case):
    done = run(case, "sums")
    assert done.returncode == 0
    assert done.stdout.count(": OK") == 4


def test_the_lines_for_sha256sum_notice_a_changed_byte(case):
    hits = case.run(RUN).hits
    hits.write_bytes(hits.read_bytes().replace(b"exact-2", b"exact-1", 1))
    done = run(case, "sums")
    assert done.returncode != 0
    assert "hits.jsonl: FAILED" in done.stdout


@needs_openssl
def test_the_lines_for_openssl_verify_the_newest_checkpoint(case):
    done = run(case, "signature")
    assert (done.returncode, done.stdout) == (0, "Signature Verified Successfully\n"), done.stderr


@needs_openssl
@pytest.mark.parametrize(("old", "new"), [("\n12\n", "\n13\n"), ("hashmatch", "hashmarch")])
def test_the_lines_for_openssl_notice_a_changed_checkpoint(case, old, new):
    newest = case.checkpoints / "00000012.ckpt"
    newest.write_text(newest.read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    done = run(case, "signature")
    assert done.returncode != 0
    assert "Verified Successfully" not in done.stdout


@needs_openssl
def test_all_lines_work_when_pasted_one_group_after_the_other(case):
    case.verifier.write_text("print('standalone ran')\n", "utf-8")
    groups = [*commands(RUN).items(), *commands(RUN).items()]
    lines = [line for what, group in groups if what != "tool" for line in group]
    script = "\n".join(lines).replace("CASE", "'my case'")
    done = subprocess.run(
        ["sh"], input=script, cwd=case.root.parent, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("standalone ran", "hits.jsonl: OK", "Signature Verified Successfully"):
        assert done.stdout.count(words) == 2


def test_the_lines_leave_the_case_as_it_was(case):
    before = sorted(case.root.rglob("*"))
    for what in ("sums", "signature"):
        run(case, what)
    assert sorted(case.root.rglob("*")) == before


def test_the_lines_name_the_places_of_the_case_folder(case):
    assert commands(RUN)["standalone"][1].split()[1] == str(case.verifier.relative_to(case.root))
    assert commands(RUN)["sums"][0] == f"(cd CASE/{case.run(RUN).root.relative_to(case.root)} &&"
    assert f"{case.checkpoints.relative_to(case.root)}/*.ckpt" in commands(RUN)["signature"][1]
