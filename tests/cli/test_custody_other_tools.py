"""Tools that know nothing of hashmatch come to the same result."""

import base64
import shutil
import subprocess
import sys

import pytest

from hashmatch.custody import checkpoint, sums
from hashmatch.errors import ExitCode
from tests.custody_case import RUN_ID, make_case, make_key

needs_sha256sum = pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path / "k.pem")


@pytest.fixture
def case(tmp_path, key):
    (tmp_path / "public.pem").write_text(key.public.pem)
    return make_case(tmp_path / "case", key)


def run(*argv, folder):
    return subprocess.run(argv, cwd=folder, capture_output=True, check=False)


@needs_sha256sum
def test_sha256sum_agrees_on_a_run_and_on_a_flipped_bit(case):
    folder = case.run(RUN_ID)
    assert run("sha256sum", "-c", "--strict", "SHA256SUMS", folder=folder.root).returncode == 0
    content = bytearray(folder.hits.read_bytes())
    content[3] ^= 1
    folder.hits.write_bytes(content)
    checked = run("sha256sum", "-c", "SHA256SUMS", folder=folder.root)
    assert checked.returncode == 1
    assert b"hits.jsonl: FAILED" in checked.stdout


@needs_sha256sum
def test_sha256sum_writes_the_same_lines_whatever_the_names(tmp_path):
    names = ["plain", "two words", "back\\slash", "line\nfeed", "return\rcarriage", "ภาพ.jpg", "*x"]
    for name in names:
        (tmp_path / name).write_text(name)
    sums.write(tmp_path, names)
    theirs = run("sha256sum", "--", *names, folder=tmp_path)
    assert (tmp_path / "SHA256SUMS").read_bytes() == theirs.stdout
    assert run("sha256sum", "-c", "--strict", "SHA256SUMS", folder=tmp_path).returncode == 0
    sums.check(tmp_path, names)


@needs_openssl
def test_openssl_agrees_on_a_signature_and_on_a_flipped_bit(case, tmp_path, key):
    found = checkpoint.parse((case.checkpoints / "00000004.ckpt").read_bytes())
    (tmp_path / "sig").write_bytes(found.signature)
    for change, expected in ((0, 0), (1, 1)):
        body = bytearray(found.body)
        body[-5] ^= change
        (tmp_path / "body").write_bytes(body)
        verified = run(
            "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin",
            "-in", "body", "-sigfile", "sig",
            folder=tmp_path,
        )  # fmt: skip
        assert verified.returncode == expected
        assert key.public.verifies(found.signature, bytes(body)) == (expected == 0)


@needs_openssl
def test_openssl_reads_the_signing_key_and_signs_the_same(key, tmp_path):
    (tmp_path / "body").write_bytes(b"words")
    signed = run(
        "openssl", "pkeyutl", "-sign", "-inkey", "k.pem", "-rawin", "-in", "body", folder=tmp_path
    )
    assert signed.stdout == key.sign(b"words")
    public = run("openssl", "pkey", "-in", "k.pem", "-pubout", folder=tmp_path)
    assert public.stdout.decode() == key.public.pem


def test_the_verifier_in_the_case_needs_nothing_but_python(case, tmp_path):
    argv = [sys.executable, "-I", "-S", "-W", "error", str(case.verifier), str(case.root)]
    whole = subprocess.run([*argv, str(tmp_path / "public.pem")], capture_output=True, check=False)
    assert (whole.returncode, whole.stderr) == (ExitCode.CLEAR, b"")
    assert b"FAIL" not in whole.stdout
    unknown = subprocess.run(argv, capture_output=True, check=False)
    assert unknown.returncode == ExitCode.INCOMPLETE
    content = bytearray(case.ledger.read_bytes())
    content[100] ^= 1
    case.ledger.write_bytes(content)
    altered = subprocess.run(argv, capture_output=True, check=False)
    assert altered.returncode == ExitCode.CUSTODY
    assert b"FAIL        ledger and checkpoints" in altered.stdout


def test_the_verifier_prints_hostile_names_without_their_tricks(case):
    (case.runs / "\u202eexe\x1b[2J").mkdir()
    argv = [sys.executable, "-I", str(case.verifier), str(case.root)]
    shown = subprocess.run(argv, capture_output=True, check=False).stdout
    assert shown.isascii()
    assert b"\x1b" not in shown


def test_the_signature_line_can_be_taken_apart_by_hand(case, key):
    text = (case.checkpoints / "00000001.ckpt").read_text()
    body, _, line = text.partition("\n\n")
    dash, name, blob = line.split()
    raw = base64.b64decode(blob)
    assert dash == "—"
    assert raw[:4] == key.public.key_id(name)
    assert key.public.verifies(raw[4:], body.encode() + b"\n")
