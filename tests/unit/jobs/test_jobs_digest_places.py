"""What was named for digests: one place that cannot be read costs no other."""

import json
import os

import pytest
from click.testing import CliRunner

from hashmatch.commands import hash as hash_command
from hashmatch.errors import ExitCode, OutputError
from hashmatch.jobs import audit, audit_known, digest_lines, digest_places, digest_tree
from hashmatch.model.hashes import Algorithm


@pytest.fixture
def places(tmp_path):
    """Two folders and a file; the first folder goes away after it was named."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "inside").write_text(name)
    (tmp_path / "single").write_text("single")
    named = [os.fsencode(tmp_path / name) for name in ("first", "second", "single")]
    found = digest_places.places_of(named, [], absolute=True)
    (tmp_path / "first/inside").unlink()
    (tmp_path / "first").rmdir()
    return found


def test_a_folder_that_cannot_be_listed_costs_its_own_digests_only(places, tmp_path):
    about = digest_lines.About((Algorithm.SHA256,), b"/", (), "0")
    written, missing = [], []
    account = digest_tree.write(
        places,
        about.algorithms,
        digest_lines.JsonLines(about),
        2,
        written.append,
        lambda name, why: missing.append((name, why)),
    )
    names = [json.loads(line)["path"] for line in b"".join(written).splitlines()]
    assert names == [str(tmp_path / "second/inside"), str(tmp_path / "single")]
    assert missing == [(os.fsencode(tmp_path / "first"), "list: vanished")]
    assert account.exit_code() is ExitCode.INCOMPLETE


def test_an_audit_checks_the_others_too(places, tmp_path):
    rows = [
        audit_known.Row(str(tmp_path / name), None, ((Algorithm.MD5, "0" * 32),))
        for name in ("first/inside", "second/gone")
    ]
    found = audit.audit(places, audit_known.Known(tuple(rows), 0), 2)
    assert found.files == {audit.Class.FAILED: 1, audit.Class.NEW: 2}
    assert found.rows == {audit.Class.UNCHECKED: 1, audit.Class.MISSING: 1}


def test_a_file_that_may_not_be_read_is_told_among_the_others(tmp_path, monkeypatch):
    for name in ("closed", "open"):
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: os.fsencode(path) != b"closed")
    done = CliRunner().invoke(hash_command.command, ["closed", "open", "--workers", "1"])
    assert b"open\n" in done.stdout_bytes  # whether it can be read is found out by reading


def test_a_name_that_no_file_can_have_does_not_stop_the_output(tmp_path):
    names = [b"a\0b", os.fsencode(tmp_path / "a")]
    places = digest_places.places_of([], names, absolute=False)
    digest_places.refuse_inside(os.fsencode(tmp_path / "list"), places)
    with pytest.raises(OutputError):
        digest_places.refuse_inside(names[1], places)


def test_lines_of_a_list_that_are_nothing_are_lost_and_empty_ones_are_not(tmp_path):
    good = json.dumps({"path": "a", "md5": "0" * 32})
    (tmp_path / "known").write_text(f"{good}\n{'[' * 200_000}\n[]\n\n{good}\n\n")
    found = audit_known.read([tmp_path / "known"])
    assert ([row.name for row in found.rows], found.lost) == (["a", "a"], 2)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (b"gone", "does not exist"),
        (b"a\0b\0", "does not exist; the names seem to end with NUL: say so with -0"),
        (b"a\nb\n", "does not exist; the names seem to end with line breaks: leave out -0"),
        (b"a\r", "does not exist; the list of names seems to have Windows line ends"),
        (b"\xef\xbb\xbfa", "does not exist; the list of names begins with a byte order mark"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_what_may_be_wrong(name, words):
    places = digest_places.places_of([], [name], absolute=False)
    ((number, failed),) = places.entries()
    assert places.why(number, failed) == words


@pytest.mark.parametrize(
    ("named", "repeated"),
    [
        (["d/x", "e"], 0),
        (["d/x", "d/./x"], 1),
        (["d", "d/x", "link"], 2),
        (["d/x", "d", "e"], 1),
        (["d", "d"], 1),
        (["dd", "d"], 0),
        (["/", "d"], 1),
    ],
)
def test_what_is_named_twice_is_counted(tmp_path, monkeypatch, named, repeated):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    for name in ("d/x", "e", "dd"):
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("d/x")
    places = digest_places.places_of([*map(os.fsencode, named)], [], absolute=False)
    assert places.repeated == repeated
