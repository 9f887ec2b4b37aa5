"""``hashmatch audit`` beside ``hashdeep -a``, and with every list that can be its basis."""

import base64
import csv
import io
import json
import re
import shutil
import subprocess

import pytest

from hashmatch.errors import ExitCode

FORMS = ("hashdeep", "sum", "csv", "jsonl", "dfxml")


@pytest.fixture
def known(bare):
    """A folder whose files are listed, and then changed in every way."""
    bare.evidence.mkdir()
    (bare.evidence / "sub").mkdir()
    for name in ("same", "moves", "changes", "goes", "copied", "sub/deep", "b\u202ed", " sp "):
        (bare.evidence / name).write_text(name)
    (bare.evidence / "empty").touch()
    return bare


def listed(bench, *words, name="known"):
    path = bench.root / name
    done = subprocess.run(
        bench.command("hash", "evidence", *words),
        check=True, capture_output=True, cwd=bench.root, env=bench.environment(),
    )  # fmt: skip
    path.write_bytes(done.stdout)


def changed(bench):
    folder = bench.evidence
    (folder / "moves").rename(folder / "sub/moved")
    (folder / "changes").write_text("changed")
    (folder / "goes").unlink()
    (folder / "copy").write_text("copied")
    (folder / "added").write_text("new")


def summary(bench, *words, code):
    done = bench.ok("audit", "-k", "known", "evidence", "--format", "json", *words, code=code)
    return json.loads(done.stdout)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_hash_is_a_basis(known, form):
    raw = known.evidence / "\udcff\udcfe"
    raw.write_bytes(b"raw")
    if form != "hashdeep":
        (known.evidence / "line\nbreak").write_text("x")
    if form in {"csv", "jsonl", "dfxml"}:
        (known.evidence / "carriage\rreturn").write_text("y")
    listed(known, "--format", form)
    number = len([one for one in known.evidence.rglob("*") if one.is_file()])
    found = summary(known, code=ExitCode.CLEAR)
    assert found["files"] == found["known"] == {"matched": number}
    assert found["passed"] is True


def test_each_file_and_row_ends_in_one_class(known):
    listed(known)
    changed(known)
    found = summary(known, code=ExitCode.HITS)
    assert found["files"] == {"matched": 6, "moved": 2, "new": 2}
    assert found["known"] == {"matched": 6, "moved": 1, "missing": 2}
    lines = {(one["class"], one.get("path"), one.get("known")) for one in found["lines"]}
    assert lines == {
        ("moved", "evidence/sub/moved", "evidence/moves"),
        ("moved", "evidence/copy", "evidence/copied"),
        ("new", "evidence/changes", None),
        ("new", "evidence/added", None),
        ("missing", None, "evidence/changes"),
        ("missing", None, "evidence/goes"),
    }


@pytest.mark.skipif(shutil.which("hashdeep") is None, reason="hashdeep is not installed")
@pytest.mark.parametrize("change", [False, True])
def test_hashdeep_counts_the_same(known, change):
    (known.evidence / "b\u202ed").unlink()
    words = ["hashdeep", "-c", "md5,sha1", "-r", "-l", "evidence"]
    made = subprocess.run(words, capture_output=True, check=True, cwd=known.root).stdout
    (known.root / "known").write_bytes(made)
    if change:
        changed(known)
        text = (known.root / "known").read_text()  # one digest of two: agrees in part
        other = re.sub(r",[0-9a-f]{40},evidence/same", f",{1:040x},evidence/same", text)
        (known.root / "known").write_text(other)
    words = ["hashdeep", "-a", "-vv", "-r", "-l", "-k", "known", "evidence"]
    done = subprocess.run(words, capture_output=True, check=False, cwd=known.root, text=True)
    theirs = {k.strip(): int(v) for k, v in re.findall(r"^([^:\n]+): +(\d+)$", done.stdout, re.M)}
    found = summary(known, code=ExitCode.HITS if change else ExitCode.CLEAR)
    files, rows = found["files"], found["known"]
    assert done.returncode == (1 if change else 0)
    assert theirs["Files matched"] == files["matched"]
    assert theirs["Files partially matched"] == files.get("partial", 0) == change
    assert theirs["Files moved"] == files.get("moved", 0) == 2 * change
    assert theirs["New files found"] == files.get("new", 0) == 2 * change
    assert theirs["Known files not found"] == rows.get("missing", 0) == 2 * change


def test_one_content_under_several_names(known):
    for name in ("one", "two"):
        (known.evidence / name).write_text("twice")
    listed(known)
    (known.evidence / "one").rename(known.evidence / "three")
    found = summary(known, code=ExitCode.HITS)
    assert found["files"] == {"matched": 10, "moved": 1}
    assert found["known"] == {"matched": 10, "moved": 1}
    assert found["lines"] == [{"class": "moved", "path": "evidence/three", "known": "evidence/one"}]


def test_what_cannot_be_read_is_not_called_missing(known):
    listed(known)
    (known.root / "names").write_text("evidence/same\nevidence/gone\n")
    (known.root / "short").write_text(
        "".join(
            line
            for line in (known.root / "known").read_text().splitlines(keepends=True)
            if line[0] in "%#" or line.endswith("/same\n")
        )
        + "3," + "0" * 32 + "," + "0" * 40 + "," + "0" * 64 + ",evidence/gone\nbroken row\n"
    )  # fmt: skip
    done = known.ok(
        "audit", "-k", "short", "--files-from", "names", code=ExitCode.INCOMPLETE
    ).stdout
    assert "failed    evidence/gone  (does not exist)" in done
    assert "files: 2 = 1 failed + 1 matched" in done
    assert "known: 2 = 1 matched + 1 unchecked" in done
    assert "1 rows or values of the lists could not be read" in done
    assert "not passed (3)" in done


def test_absolute_names_are_compared_with_absolute_names(known):
    listed(known, "--absolute")
    assert summary(known, code=ExitCode.CLEAR)["files"] == {"matched": 9}
    changed(known)
    assert known.run("audit", "-k", "known", "evidence").returncode == ExitCode.HITS


def test_the_table_and_lines_say_the_same(known):
    listed(known)
    changed(known)
    for name in ("=1\udcff", "=2", "'=2"):
        (known.evidence / name).write_text("formula")
    rows = list(csv.DictReader(io.StringIO(
        known.ok("audit", "-k", "known", "evidence", "-v", "--format", "csv", code=10).stdout
    )))  # fmt: skip
    text = known.ok("audit", "-k", "known", "evidence", "-v", "--format", "jsonl", code=10).stdout
    *lines, last = map(json.loads, text.splitlines())
    assert [row["class"] for row in rows] == [line["class"] for line in lines]
    assert last["summary"]["files"]["new"] == 5
    (odd,) = (row for row in rows if row["path_hex"] and row["class"] == "new")
    assert bytes.fromhex(odd["path_hex"]) == b"evidence/=1\xff"


def test_what_stands_before_a_formula_is_not_taken_for_the_name(known):
    listed(known)
    for name in ("=1", "'=1"):
        (known.root / name).write_text("formula")
    words = ["audit", "-k", "known", "--format", "csv", "--", "=1", "'=1"]
    rows = csv.DictReader(io.StringIO(known.ok(*words, code=10).stdout))
    told = [(row["path"], row["path_hex"]) for row in rows if row["class"] == "new"]
    assert told == [("'=1", b"=1".hex()), ("'=1", "")]


def test_a_row_left_over_is_named_by_its_bytes(known):
    raw = known.evidence / "\udcff"
    raw.write_bytes(b"raw")
    listed(known, "--format", "sum", "--digests", "sha512")
    raw.unlink()
    (known.evidence / "goes").rename(known.evidence / "came")
    sha512 = ["--type", "sha512"]
    moved, missing = summary(known, *sha512, code=ExitCode.HITS)["lines"]
    assert moved["known"] == "evidence/goes"
    assert base64.b64decode(missing["known_b64"]) == b"evidence/\xff"
    words = ["audit", "-k", "known", "evidence", *sha512, "--format"]
    assert "missing   evidence/\\xff\n" in known.ok(*words, "text", code=10).stdout
    assert "missing,,,evidence/\\xff," in known.ok(*words, "csv", code=10).stdout
    assert "say --type sha512" in known.ok("audit", "-k", "known", "evidence", code=21).stderr


def test_words_that_mean_nothing_for_a_list_are_told_as_those_of_an_audit(known):
    listed(known)
    done = known.ok("audit", "-k", "known", "evidence", "--list-format", "odd", code=2)
    assert "--list-format names no known format" in done.stderr
    done = known.ok("audit", "-k", "known", "evidence", "--type", "md5", code=2)
    assert "known cannot be used" in done.stderr
    assert "--type means nothing for a hashdeep audit file" in done.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("0" * 32 + "\n", 21),
        ("nothing of the kind\n", 21),
        ("", 21),
        ("[" * 200_000, 21),
        (None, 2),
    ],
    ids=["bare digests", "no list", "empty", "deep", "missing"],
)
def test_a_list_that_is_no_basis_is_refused(known, content, code):
    if content is not None:
        (known.root / "known").write_text(content)
    done = known.ok("audit", "-k", "known", "evidence", code=code)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
