"""Other programs run on the same file in the same test: where they fail or keep silent, we do not.

A program that is not installed skips its tests by name; ``make tools`` installs them.
"""

import hashlib
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from hashmatch.errors import ExitCode
from tests.rival_lists import PLAIN, VIC, Desk, md5, new, sha1, sha256, table

MEASURED = False  # other modules run the same commands

EMPTY = hashlib.md5(b"").hexdigest()


@pytest.fixture
def desk(bench):
    return Desk(bench)


def rival(desk, program, *words, stdin=None):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here; 'make tools' installs it")
    return subprocess.run(
        [program, *map(os.fspath, words)],
        cwd=desk.bench.root,
        capture_output=True,
        check=False,
        timeout=60,
        input=stdin,
    )


@pytest.fixture
def unreadable():
    """A folder of regular files none of which can be read, not even by an administrator."""
    sleeper = subprocess.Popen(["sleep", "300"])
    folder = Path(f"/proc/{sleeper.pid}/attr")
    try:
        if not folder.is_dir():
            pytest.skip("this system has no such files")
        try:
            (folder / "current").read_bytes()
        except OSError:
            yield folder
        else:
            pytest.skip("a security module of this system answers these files")
    finally:
        sleeper.kill()
        sleeper.wait()


@pytest.mark.parametrize("program", ["hashdeep", "md5deep"])
def test_a_file_that_cannot_be_read_is_no_empty_file(desk, unreadable, program):
    """hashdeep and md5deep give it the digest of nothing, say nothing, and exit 0."""
    theirs = rival(desk, program, "-r", unreadable)
    assert (theirs.returncode, theirs.stderr) == (0, b"")
    assert theirs.stdout.count(EMPTY.encode()) == len(list(unreadable.iterdir()))
    desk.take(table(["md5"], [EMPTY], [md5("a")]), *PLAIN)
    ours = desk.bench.ok("scan", unreadable, "--case", "CASE", code=ExitCode.INCOMPLETE)
    assert "= 0 examined + " in ours.stdout + ours.stderr
    problems = (desk.bench.only_run() / "problems.jsonl").read_text().splitlines()
    assert len(problems) == len(list(unreadable.iterdir()))
    assert all('"problem":"failed"' in line for line in problems)


def test_a_broken_line_is_not_passed_by(desk):
    """hfind makes its index without a word, answers "not found" and exits 0."""
    path = desk.write(f"{md5('a')}  a\n{md5('b')[:31]}  b\n", "list.md5")
    assert rival(desk, "hfind", "-i", "md5sum", path).returncode == 0
    asked = rival(desk, "hfind", path, md5("b"))
    assert (asked.returncode, b"Not Found" in asked.stdout) == (0, True)
    told = desk.refused(path.read_bytes(), *PLAIN, file="list.md5").stderr
    assert "list.md5" in told
    assert md5("b")[:31] not in told


def test_a_broken_line_is_not_passed_by_when_lists_are_checked(desk):
    """md5sum -c warns of the line and exits 0."""
    (desk.bench.root / "a.bin").write_bytes(b"a")
    path = desk.write(f"{md5('a')}  a.bin\nzz{md5('b')[2:]}  b.bin\n", "list.md5")
    assert rival(desk, "md5sum", "-c", path).returncode == 0
    assert desk.bench.run("lint", path).returncode == ExitCode.HITS
    desk.refused(path.read_bytes(), *PLAIN, file="list.md5")


def test_the_name_of_a_list_is_never_a_command(desk):
    """hfind hands the name of the file to a shell in order to sort, and the shell obeys it."""
    name = "l$(touch made).md5"
    path = desk.write(f"{md5('a')}  a\n", name)
    made = desk.bench.root / "made"
    rival(desk, "hfind", "-i", "md5sum", path.name)
    assert made.exists()
    made.unlink()
    desk.take(path.read_bytes(), *PLAIN, file=name)
    assert not made.exists()
    assert desk.dispositions(md5("a")) == ["illegal"]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_lists_of_longer_digests_are_known_for_what_they_are(desk, algorithm):
    """hfind: "Cannot determine hash database type", since it asks for MD5 only."""
    value = hashlib.new(algorithm, b"a").hexdigest()
    path = desk.write(f"{value}  a\n", "list.txt")
    theirs = rival(desk, "hfind", "-i", "md5sum", path)
    assert theirs.returncode == 1
    assert b"Cannot determine" in theirs.stderr
    desk.take(path.read_bytes(), *PLAIN, file="list.txt")
    assert desk.dispositions(value, kind=algorithm) == ["illegal"]


def test_an_nsrl_table_without_the_last_column_is_read(desk):
    """hfind makes an index of it, and then calls the list corrupt when it is asked."""
    header = '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode"'
    row = f'"{sha1("a")}","{md5("a").upper()}","0","a",1,1,"WIN"'
    path = desk.write(f"{header}\n{row}\n", "NSRLFile.txt")
    rival(desk, "hfind", "-i", "nsrl-md5", path)
    assert rival(desk, "hfind", path, md5("a")).returncode == 1
    desk.take(path.read_bytes(), "--kind", "benign", file="NSRLFile.txt")
    assert desk.dispositions(md5("a"), sha1("a")) == ["benign"] * 2


LISTS = (
    b"\xef\xbb\xbf" + f"{md5('a')}  a\n".encode(),
    "MD5\r\n{}\r\n".format(md5("a")).encode("utf-16"),
    table(["md5", "note"], [md5("a"), "1"]),
    table(["md5", "note"], [md5("a"), "1"], delimiter=";"),
)


def test_a_list_with_a_mark_or_another_delimiter_is_read(desk):
    """md5deep finds "Unable to find any hashes in file", hfind no type of database."""
    (desk.bench.evidence / "f").write_bytes(b"a")
    for number, data in enumerate(LISTS):
        path = desk.write(data, f"list{number}.txt")
        theirs = rival(desk, "md5deep", "-m", path, "evidence/f")
        assert b"Unable to find any hashes" in theirs.stderr
        assert theirs.stdout == b""
        assert rival(desk, "hfind", "-i", "md5sum", path).returncode == 1
        desk.take(data, *PLAIN, name=f"s{number}", file=path.name)
    told = desk.bench.scan(code=ExitCode.HITS)
    hits = (desk.bench.only_run() / "hits.jsonl").read_text().splitlines()
    assert len(hits) == len(LISTS), told


def test_a_name_with_a_line_end_breaks_nothing(desk):
    """hashdeep writes the name as two lines, and its audit of the same file then fails."""
    (desk.bench.evidence / "a\nb").write_bytes(b"known")
    written = rival(desk, "hashdeep", "-l", "-r", "evidence").stdout
    path = desk.write(written, "audit.txt")
    audit = rival(desk, "hashdeep", "-l", "-a", "-k", path, "-r", "evidence")
    assert audit.returncode == 1
    assert b"Audit failed" in audit.stdout + audit.stderr
    desk.bench.scan("--set", "known", code=ExitCode.HITS)
    desk.refused(written, *PLAIN, file="audit.txt")


def test_lists_with_different_digests_are_one_set(desk):
    """hashdeep: "Hashes not in same format as previously loaded"; the second list is left out."""
    (desk.bench.evidence / "f").write_bytes(b"a")
    for name in ("md5", "sha1"):
        desk.write(rival(desk, "hashdeep", "-l", "-c", name, "evidence/f").stdout, name)
    theirs = rival(desk, "hashdeep", "-a", "-k", "md5", "-k", "sha1", "evidence/f")
    assert b"not in same format" in theirs.stderr
    desk.bench.ok("library", "import", "md5", "sha1", "--set", "s", *PLAIN)
    assert desk.facts()["values"] == {"md5": 1, "sha1": 1}
    assert desk.dispositions(md5("a"), sha1("a")) == ["illegal"] * 2


def test_the_xml_that_hashdeep_writes_is_read_back(desk):
    """hashdeep cannot read its own DFXML: "Unable to identify file format"."""
    (desk.bench.evidence / "f").write_bytes(b"a")
    written = rival(desk, "hashdeep", "-d", "evidence/f").stdout
    path = desk.write(written, "audit.xml")
    theirs = rival(desk, "hashdeep", "-a", "-k", path, "evidence/f")
    assert b"Unable to identify" in theirs.stderr
    desk.take(written, *PLAIN, file="audit.xml")
    assert desk.dispositions(md5("a")) == ["illegal"]


ENTRY = (
    '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="1"'
    ' maxTimestamp="2024-01-02T00:00:00Z"><image><member id="1">Made up ภ</member>'
    "<timestamp>2024-01-02T00:00:00Z</timestamp><id>e1</id><classification>A1</classification>"
    "<fingerprints><md5>{md5}</md5></fingerprints></image></images></queryResult>"
)


@pytest.mark.parametrize(
    ("said", "is_"), [("us-ascii", "utf-8"), ("utf-16", "utf-8"), ("utf-8", "utf-16")]
)
def test_a_prolog_that_lies_about_the_encoding_loses_no_entry(desk, said, is_):
    """Python's ElementTree (expat) believes the prolog and gives the document up."""
    text = f'<?xml version="1.0" encoding="{said}"?>' + ENTRY.format(md5=md5("a"))
    data = text.encode(is_)
    with pytest.raises(ET.ParseError):
        ET.fromstring(data)  # noqa: S314  # ours, and benign
    words = ("--kind", "categorized", "--scheme", "ncmec-industry", "--environment", "industry")
    desk.take(data, *words, file="answer.xml")
    assert [one["category"] for one in desk.ask(md5("a"))] == ["A1"]


def test_sql_of_a_delta_is_not_executed(desk):
    """Fed to sqlite3, as is usual, a delta may attach and write any file."""
    sql = f"ATTACH DATABASE 'made.db' AS x;\nCREATE TABLE x.t(a);\n-- {sha256('a')}\n"
    path = desk.write(sql, "delta.sql")
    assert rival(desk, "sqlite3", "n.db", stdin=sql.encode()).returncode == 0
    made = desk.bench.root / "made.db"
    assert made.exists()
    made.unlink()
    desk.refused(path.read_bytes(), "--kind", "benign", "--format", "nsrl-delta", file="delta.sql")
    assert not made.exists()


def test_the_later_of_two_equal_keys_does_not_win_unnoticed(desk):
    """Python's ``json`` (and most readers) keep the last: here it turns category 1 into 5."""
    data = new("US", {"MD5": md5("a"), "Category": 1}).replace(
        b'"Category": 1', b'"Category": 1, "Category": 5'
    )
    path = desk.write(data)
    theirs = rival(desk, "jq", ".value[0].Category", path)
    assert theirs.stdout.strip() == b"5"
    result = desk.bench.run("library", "import", path, "--set", "s", *VIC)
    assert result.returncode == ExitCode.HASH_SET


def test_both_ed2k_hashes_of_whole_parts_are_found(desk):
    """rhash and IPED each know one of the two values that programs give such a file."""
    both = {"fc21d9af828f92a8df64beac3357425d", "d7def262a127cd79096a108e7a9fc138"}
    (desk.bench.evidence / "f").write_bytes(bytes(9_728_000))
    theirs = rival(desk, "rhash", "--ed2k", "--simple", "evidence/f").stdout.split()
    assert len(both & {one.decode() for one in theirs}) == 1
    for number, value in enumerate(sorted(both)):
        desk.take(table(["ed2k", "note"], [value, "n"]), *PLAIN, name=f"s{number}")
        desk.bench.scan("--set", f"s{number}", code=ExitCode.HITS)
