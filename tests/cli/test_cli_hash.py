"""``hashmatch hash`` beside the programs whose formats it writes."""

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from hashmatch.commands.hash import FORMS
from hashmatch.errors import ExitCode
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.registry import by_name, detect
from hashmatch.jobs import digest_lines
from hashmatch.model.names import from_json
from hashmatch.model.records import HashRecord

ODD = (
    *(b"a.txt", b"sub/b.txt", b"sub/deep/c", b"-dash", b"=1+1", b"comma,x", b"\xff\xfe"),
    *("bidi\u202ex".encode(), b"back\\slash", b" sp ", b'"q"', b"tab\tx", b"#h", b".hidden"),
)
BREAKS = (b"new\nline", b"carriage\rreturn", b"1,a,b\n2,forged", b"cr\r")


def tree(root, *names):
    for name in names:
        path = root / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(name * 3)
    (root / "empty").touch()


def output(bench, *words, code=0, **more):
    done = subprocess.run(
        bench.command("hash", *words),
        capture_output=True,
        check=False,
        cwd=bench.root,
        env=bench.environment(),
        timeout=60,
        **more,
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture
def odd(bare):
    bare.evidence.mkdir()
    tree(bare.evidence, *ODD)
    return bare


def test_the_forms_are_those_of_the_job():
    assert tuple(digest_lines.FORMS) == FORMS


@pytest.mark.skipif(shutil.which("hashdeep") is None, reason="hashdeep is not installed")
@pytest.mark.parametrize(("how", "theirs"), [("--relative", ["-l"]), ("--absolute", [])])
def test_hashdeep_writes_the_same_lines(odd, how, theirs):
    (odd.evidence / "big").write_bytes(bytes(range(256)) * 20_000)
    words = ["hashdeep", "-c", "md5,sha1,sha256", "-r", *theirs, "evidence"]
    expected = subprocess.run(words, capture_output=True, check=True, cwd=odd.root).stdout
    own = output(odd, "evidence", how).stdout
    assert [one for one in own.splitlines() if not one.startswith(b"##")][:2] == (
        expected.splitlines()[:2]
    )

    def rows(text):
        return sorted(one for one in text.split(b"\n") if one[:2] not in {b"##", b"%%", b""})

    assert rows(own) == rows(expected)
    assert len(rows(own)) == len(ODD) + 2


@pytest.mark.skipif(shutil.which("hashdeep") is None, reason="hashdeep is not installed")
def test_hashdeep_audits_by_our_list(odd):
    (odd.root / "known").write_bytes(output(odd, "evidence").stdout)
    words = ["hashdeep", "-a", "-r", "-l", "-k", "known", "evidence"]
    assert subprocess.run(words, cwd=odd.root, check=False, capture_output=True).returncode == 0


def test_a_name_with_a_line_break_forges_no_row(odd):
    tree(odd.evidence, *BREAKS)
    done = output(odd, "evidence", code=ExitCode.INCOMPLETE)
    assert b"forged" not in done.stdout
    assert b"new\xe2\x80\xb9U+000A\xe2\x80\xbaline: its name holds a line break" in done.stderr
    assert b"3 not digested or not written" in done.stderr


@pytest.mark.parametrize(
    ("digests", "program"), [((), "sha256sum"), (("--digests", "md5"), "md5sum")]
)
def test_checksum_tools_accept_the_sums(odd, digests, program):
    tree(odd.evidence, *BREAKS)
    (odd.root / "sums").write_bytes(output(odd, "evidence", "--format", "sum", *digests).stdout)
    words = [program, "--check", "--strict", "--quiet", "sums"]
    done = subprocess.run(words, cwd=odd.root, check=False, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (odd.evidence / "a.txt").write_bytes(b"other")
    assert subprocess.run(words, cwd=odd.root, check=False, capture_output=True).returncode == 1


def test_several_digests_have_tags_in_sums(odd):
    lines = output(odd, "evidence/a.txt", "--format", "sum", "--digests", "sha256,md5").stdout
    value = b"a.txt" * 3
    assert lines.decode() == (
        f"MD5 (evidence/a.txt) = {hashlib.md5(value).hexdigest()}\n"
        f"SHA256 (evidence/a.txt) = {hashlib.sha256(value).hexdigest()}\n"
    )


@pytest.mark.parametrize("form", FORMS)
def test_own_readers_read_every_digest_back(odd, form):
    names = ODD if form == "hashdeep" else (*ODD, *BREAKS)
    tree(odd.evidence, *names)
    text = output(odd, "evidence", "--format", form, "--digests", "sha256").stdout
    if form == "jsonl":
        found = {json.loads(line)["sha256"] for line in text.splitlines()}
    else:
        path = odd.root / "list"
        path.write_bytes(text)
        reader = by_name({"sum": "sums"}.get(form, form))
        assert detect(text, "list") is reader
        with path.open("rb") as stream:
            events = [*reader.read(stream, ReadOptions())]
        found = {d.hex for one in events if isinstance(one, HashRecord) for d in one.digests}
    assert found == {hashlib.sha256(name * 3).hexdigest() for name in (*names, b"")}


def test_json_lines_and_xml_keep_the_bytes_of_names(odd):
    tree(odd.evidence, *BREAKS)
    expected = {b"evidence/" + name for name in (*ODD, *BREAKS, b"empty")}
    lines = output(odd, "evidence", "--format", "jsonl").stdout.splitlines()
    assert {from_json(json.loads(line)) for line in lines} == expected
    root = ET.fromstring(output(odd, "evidence", "--format", "dfxml").stdout)  # noqa: S314
    files = [one for one in root if one.tag.endswith("fileobject")]
    read = set()
    for one in files:
        exact = one.find("{urn:hashmatch:dfxml}path_b64")
        shown = next(part for part in one if part.tag.endswith("filename")).text
        read.add(base64.b64decode(exact.text) if exact is not None else shown.encode())
    assert read == expected


def test_no_cell_of_the_table_is_a_formula(odd):
    text = output(odd, "evidence/=1+1", "evidence/-dash", "--format", "csv").stdout
    assert b'"evidence/=1+1"' in text
    done = subprocess.run(
        odd.command("hash", "--format", "csv", "--", "-dash", "=1+1"),
        capture_output=True,
        check=True,
        cwd=odd.evidence,
        env={**odd.environment(), "PYTHONPATH": str(Path(digest_lines.__file__).parents[2])},
    )
    assert b'"\'-dash",2d64617368\r\n' in done.stdout
    assert b'"\'=1+1",3d312b31\r\n' in done.stdout


def test_the_number_of_workers_changes_nothing(bare):
    bare.evidence.mkdir()
    for number in range(400):
        (bare.evidence / f"{number:03d}").write_bytes(b"%d" % number * (number % 50))
    (bare.evidence / "200-big").write_bytes(b"big" * 3_000_000)
    texts = {output(bare, "evidence", "--format", "sum", "--workers", n).stdout for n in "124"}
    (text,) = texts
    names = [line.split(b"  ")[1] for line in text.splitlines()]
    assert names == sorted(names)
    assert len(names) == 401


def test_what_is_no_file_is_left_out_and_counted(odd):
    os.mkfifo(odd.evidence / "pipe")
    (odd.evidence / "link").symlink_to("a.txt")
    (odd.evidence / "loop").symlink_to(".")
    done = output(odd, "evidence")
    assert b"1 fifo left out; 2 symbolic-link left out" in done.stderr
    assert b"loop" not in done.stdout
    # what somebody names is meant: a link is followed, and a pipe is not passed over
    done = output(odd, "evidence/pipe", code=ExitCode.INCOMPLETE)
    assert b"evidence/pipe: not digested: fifo" in done.stderr
    assert b",evidence/link\n" in output(odd, "evidence/link").stdout


def test_lists_of_names(odd):
    names = b"evidence/\xff\xfe\0evidence/sub\0evidence/gone\0"
    done = output(odd, "-0", "--files-from", "-", input=names, code=ExitCode.INCOMPLETE)
    rows = [one for one in done.stdout.split(b"\n") if one[:1] not in {b"#", b"%", b""}]
    assert [row.split(b",")[-1] for row in rows] == [
        b"evidence/\xff\xfe", b"evidence/sub/b.txt", b"evidence/sub/deep/c",
    ]  # fmt: skip
    assert done.stderr.startswith(b"evidence/gone: does not exist\n")
    (odd.root / "names").write_text("evidence/a.txt\nevidence/empty\n")
    assert output(odd, "--files-from", "names").stdout.count(b",evidence/") == 2


@pytest.mark.parametrize(
    "words",
    [
        *([], ["nowhere"], ["evidence", "nowhere"], ["evidence", "-0"]),
        *(["evidence", "--digests", "tiger"], ["evidence", "--digests", "md5,"]),
        *(["evidence", "--digests", "sha512"], ["--files-from", "nowhere"]),
    ],
    ids=" ".join,
)
def test_wrong_words_print_nothing(odd, words):
    assert output(odd, *words, code=ExitCode.USAGE).stdout == b""


def test_output_never_lands_among_what_is_read(odd):
    before = sorted(odd.evidence.iterdir())
    for target in ("evidence/sums", "evidence/sub/../sums"):
        done = output(odd, "evidence", "--output", target, code=ExitCode.OUTPUT)
        assert b"lies among what is digested" in done.stderr
    assert sorted(odd.evidence.iterdir()) == before
    output(odd, "evidence", "--output", "list")
    assert (odd.root / "list").read_bytes().endswith(b",evidence/\xff\xfe\n")
    done = output(odd, "evidence", "--output", "list", code=ExitCode.OUTPUT)
    assert b"list is there already; name a new file" in done.stderr


def test_a_reader_that_goes_away_ends_it(bare):
    bare.evidence.mkdir()
    for number in range(3000):
        (bare.evidence / f"{number}").touch()
    with subprocess.Popen(
        bare.command("hash", "evidence"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=bare.root,
        env=bare.environment(),
    ) as process:
        process.stdout.read(10)
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(30) == ExitCode.OUTPUT
    assert b"could not be written" in errors
    assert b"Traceback" not in errors


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_command(bare, how):
    bare.evidence.mkdir()
    for number in range(4):
        with (bare.evidence / f"{number}").open("wb") as out:
            out.truncate(1 << 40)  # a hole: no room on the disk, and very long to digest
    with subprocess.Popen(
        bare.command("hash", "evidence", "--workers", "2"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=bare.root,
        env=bare.interruptible(),
    ) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while len(children.read_text().split()) < 2:
            time.sleep(0.02)
        process.send_signal(how)
        errors = process.stderr.read()  # ends when the last process has let go of it
        code = process.wait(60)
    assert code == (-how if how == signal.SIGKILL else ExitCode.INTERRUPTED)
    assert b"Traceback" not in errors
