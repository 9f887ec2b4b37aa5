"""The life of a set on the command line: archives in, updates, differences, exports, bundles."""

import gzip
import hashlib
import json
import signal
import stat
import subprocess
import zipfile

import pytest

from hashmatch.commands.library_reading import ABOUT, READING
from hashmatch.errors import ExitCode
from hashmatch.formats.interface import ReadOptions


def md5(word):
    return hashlib.md5(str(word).encode()).hexdigest()


def table(*words, category="1"):
    return "md5,category,note\n" + "".join(f"{md5(w)},{category},n {w}\n" for w in words)


def write(bench, name, text):
    path = bench.root / name
    path.write_text(text)
    return path


def take(bench, *files, name="s", code=0):
    words = ["--set", name, "--kind", "categorized", "--scheme", "vic-us", "--replace"]
    return bench.ok("library", "import", *files, *words, code=code)


def versions(bench, *words):
    return json.loads(bench.ok("library", "list", *words, "--format", "json").stdout)


@pytest.fixture
def started(bench):
    write(bench, "first.csv", table("a", "b", "c"))
    take(bench, "first.csv")
    return bench


def test_the_options_are_those_of_reading_and_of_a_description():
    assert set(READING) == {"algorithm", "columns", "delimiter", "environment", "mapping"}
    assert set(READING) <= set(ReadOptions.__dataclass_fields__)
    from hashmatch.db.description import SetDescription

    assert set(ABOUT) <= set(SetDescription.__dataclass_fields__)


def test_an_archive_a_pattern_and_a_gzip_file_are_imported_and_said(bench):
    with zipfile.ZipFile(bench.root / "l.zip", "w") as archive:
        archive.writestr("1.csv", table("a"))
        archive.writestr("2.csv", table("b"))
    told = take(bench, "l.zip")
    assert "l.zip/1.csv" in told.stdout
    assert "read as" in told.stdout
    assert "csv, known by a column named after a hash" in told.stdout
    (bench.root / "g.csv.gz").write_bytes(gzip.compress(table("c").encode()))
    write(bench, "h.csv", table("d"))
    take(bench, "?.csv*", name="t")
    (facts,) = [one for one in versions(bench) if one["name"] == "t"]
    assert [one["name"] for one in facts["files"]] == ["g.csv.gz/g.csv", "h.csv"]


def test_a_damaged_archive_is_refused_in_one_sentence(bench):
    (bench.root / "l.zip").write_bytes(b"PK\x03\x04" + b"junk")
    refused = take(bench, "l.zip", code=ExitCode.HASH_SET)
    assert refused.stderr.count("\n") == 1
    assert "damaged or cut short" in refused.stderr


def test_progress_says_how_long_the_rest_may_take(bench):
    write(bench, "big.csv", table(*range(40_000)))
    words = ["--set", "s", "--kind", "categorized", "--scheme", "vic-us"]
    told = bench.ok("library", "import", "big.csv", *words, HASHMATCH_HEARTBEAT="0")
    assert "records read: " in told.stderr
    assert " left" in told.stderr
    assert "MiB of" in told.stderr or "KiB of" in told.stderr


def test_an_interrupted_import_leaves_the_library_as_it_was(started):
    write(started, "big.csv", table(*range(300_000)))
    before = started.ok("library", "list", "--all", "--format", "json").stdout
    command = started.command(
        *("library", "import", "big.csv", "--set", "s", "--kind", "illegal", "--scheme", "none"),
        "--replace",
    )
    running = subprocess.Popen(
        command,
        cwd=started.root,
        env=started.interruptible(HASHMATCH_HEARTBEAT="0"),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    running.stderr.readline()
    running.send_signal(signal.SIGINT)
    running.communicate()
    assert running.returncode == ExitCode.INTERRUPTED
    assert started.ok("library", "list", "--all", "--format", "json").stdout == before
    assert not list((started.root / "home/library/sets").glob(".staging-*"))


def test_an_update_tells_what_changed_and_a_diff_shows_it(started):
    write(started, "next.csv", table("b", "c", "d"))
    told = started.ok("library", "update", "s", "next.csv").stdout
    assert "added" in told
    assert "removed" in told
    differ = started.ok("library", "diff", "s", code=ExitCode.HITS).stdout
    assert "1 record" in differ
    lines = started.ok("library", "diff", "s", "--format", "jsonl", code=ExitCode.HITS).stdout
    changes = [json.loads(line) for line in lines.splitlines()]
    assert [one["change"] for one in changes] == ["added", "removed"]
    assert changes[0]["new"]["disposition"] == "illegal"
    assert md5("a") not in lines
    shown = started.ok(
        "library", "diff", "s", "--format", "jsonl", "--show-digests", code=ExitCode.HITS
    )
    assert md5("a") in shown.stdout
    started.ok("library", "diff", "s", "s", code=ExitCode.CLEAR)


def test_a_delta_and_a_withdrawal(started):
    write(started, "delta.csv", table("d"))
    started.ok("library", "update", "s", "delta.csv", "--delta")
    write(started, "back.csv", table("a", "unknown"))
    taken = started.ok("library", "update", "s", "back.csv", "--withdraw")
    assert "found no record" in taken.stderr
    nothing = started.ok(
        "library", "update", "s", "back.csv", "--withdraw", code=ExitCode.INCOMPLETE
    )
    assert "nothing was withdrawn" in nothing.stderr
    (facts,) = [one for one in versions(started) if one["name"] == "s"]
    assert facts["records"]["kept"] == 3
    started.ok("library", "lookup", md5("a"), code=ExitCode.CLEAR)
    started.ok("library", "lookup", md5("d"), code=ExitCode.HITS)


def test_a_part_of_a_list_and_an_older_one_are_refused(started):
    write(started, "part.csv", table("a"))
    refused = started.ok("library", "update", "s", "part.csv", code=ExitCode.HASH_SET)
    assert "--allow-shrink" in refused.stderr
    write(started, "same.csv", table("a", "b", "c"))
    started.ok("library", "update", "s", "same.csv", "--list-date", "2026-11-02")
    words = ["library", "update", "s", "same.csv", "--list-date", "2026-11-01"]
    assert "--allow-older" in started.ok(*words, code=ExitCode.HASH_SET).stderr
    started.ok(*words, "--allow-older")
    started.ok("library", "update", "none", "same.csv", code=ExitCode.USAGE)


def test_a_set_is_taken_out_of_use_and_its_files_deleted_when_asked(started):
    (facts,) = [one for one in versions(started) if one["name"] == "s"]
    pinned = f"s@{facts['version']}"
    started.ok("library", "remove", pinned, code=ExitCode.USAGE)
    started.ok("library", "remove", pinned, "--purge", code=ExitCode.USAGE)
    started.ok("library", "remove", "s")
    assert "s" not in [one["name"] for one in versions(started)]
    assert "kept" in started.ok("library", "list", "--all").stdout
    started.ok("library", "show", pinned)
    started.ok("library", "remove", pinned, "--purge")
    assert "purged on" in started.ok("library", "list", "--all").stdout
    started.ok("library", "show", pinned)
    gone = started.ok("library", "lookup", md5("a"), "--set", pinned, code=ExitCode.HASH_SET)
    assert "were purged on" in gone.stderr


def test_the_version_in_use_is_deleted_only_with_yes(started):
    started.ok("library", "remove", "s", "--purge", code=ExitCode.USAGE)
    started.ok("library", "remove", "s", "--purge", "--yes")
    started.ok("library", "lookup", md5("a"), "--set", "s", code=ExitCode.USAGE)


def test_an_export_is_private_told_and_shown(started):
    words = ["library", "export", "s", "out.txt", "--to", "plain", "--algorithm", "md5"]
    started.ok(*words, code=ExitCode.USAGE)  # without a purpose
    told = started.ok(*words, "--purpose", "unit B", "--operator", "K. Name")
    path = started.root / "out.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().splitlines() == [md5(w) for w in "abc"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() in told.stdout
    assert "unit B" in started.ok("library", "show", "s").stdout
    shown = json.loads(started.ok("library", "show", "s", "--format", "json").stdout)
    assert shown["exports"][0]["operator"] == "K. Name"
    started.ok(*words, "--purpose", "again", code=ExitCode.USAGE)


def test_what_an_export_leaves_out_is_said_and_an_error_when_strict(started):
    write(started, "p.csv", "md5,pdq\n" + f"{md5('x')},\n,{'0123456789abcdef' * 4}\n")
    started.ok("library", "import", "p.csv", "--set", "p", "--kind", "illegal")
    words = ["library", "export", "p", "--to", "vics", "--purpose", "x"]
    told = started.ok(*words, "v.json")
    assert "1 record was left out: no MD5" in told.stderr
    started.ok(*words, "w.json", "--strict", code=ExitCode.OUTPUT)
    assert not (started.root / "w.json").exists()


def test_an_export_of_a_case_stands_in_its_ledger(started):
    words = ["library", "export", "s", "o.csv", "--to", "csv", "--purpose", "x", "--case", "CASE"]
    started.ok(*words)
    assert "library.export" in (started.case / "ledger" / "ledger.jsonl").read_text()
    started.ok("verify", "CASE", code=ExitCode.CLEAR)


def test_what_comes_out_goes_in_again_without_a_difference(started):
    for to in ("csv", "ndjson"):
        started.ok("library", "export", "s", f"o.{to}", "--to", to, "--purpose", "x")
        take(started, f"o.{to}")
        started.ok("library", "diff", "s", code=ExitCode.CLEAR)


def test_a_bundle_goes_from_one_library_to_another(started):
    write(started, "words.txt", "correct horse battery staple\n")
    started.ok("library", "trust", "own", "unit-a.pem")
    words = ["--recipient-passphrase-file", "words.txt"]
    started.ok(
        *("library", "bundle", "b.hmb", "--set", "s", "--publisher", "Unit A"),
        *("--expires", "2999-01-01", "--purpose", "monthly", *words),
    )
    theirs = {"HASHMATCH_HOME": str(started.root / "theirs")}
    started.ok("library", "init", **theirs)
    refused = started.ok("library", "install", "b.hmb", *words, code=ExitCode.HASH_SET, **theirs)
    assert "trust add" in refused.stderr
    started.ok("library", "bundle-show", "b.hmb", code=ExitCode.HASH_SET, **theirs)
    started.ok("library", "trust", "add", "unit-a", "unit-a.pem", **theirs)
    shown = started.ok("library", "bundle-show", "b.hmb", **theirs).stdout
    assert "Unit A" in shown
    assert "signed by" in shown
    started.ok("library", "install", "b.hmb", "--trust", "unit-a", *words, **theirs)
    started.ok("library", "lookup", md5("a"), code=ExitCode.HITS, **theirs)
    assert "1" in started.ok("library", "trust", "list", **theirs).stdout
    started.ok("library", "trust", "remove", "unit-a", **theirs)
    started.ok("library", "install", "b.hmb", *words, code=ExitCode.HASH_SET, **theirs)


def test_a_bundles_passphrase_is_asked_for_where_no_file_holds_it(started):
    words = "correct horse battery staple"
    made = started.ok(
        *("library", "bundle", "b.hmb", "--set", "s", "--publisher", "A"),
        *("--expires", "2999-01-01", "--purpose", "x"),
        stdin=f"{words}\n{words}\n",
    )
    assert words not in made.stdout + made.stderr
    started.ok("library", "trust", "own", "k.pem")
    again = started.ok("library", "trust", "own", "k.pem", code=ExitCode.USAGE)
    assert "already a file" in again.stderr
    started.ok("library", "trust", "add", "me", "k.pem")
    started.ok("library", "install", "b.hmb", "--replace", stdin=f"{words}\n")
    silent = started.ok("library", "install", "b.hmb", stdin="", code=ExitCode.USAGE)
    assert "no passphrase was given" in silent.stderr
