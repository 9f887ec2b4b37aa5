import errno
import hashlib
import json
import os
import resource
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from hashmatch.cases.layout import CaseFolder
from hashmatch.custody import canonical, chain, checkpoint, checks, entry, standalone
from hashmatch.custody import ledger as module
from hashmatch.custody.audit import Audit
from hashmatch.custody.ledger import Ledger
from hashmatch.errors import CaseError, CustodyError, OutputError
from tests.custody_case import CASE_ID, START, author, make_key, naive_root


@pytest.fixture
def key(tmp_path):
    return make_key(tmp_path / "k.pem")


@pytest.fixture
def folder(tmp_path, key):
    """A ledger of two entries."""
    with Ledger.create(tmp_path / "ledger", author(key)) as ledger:
        ledger.append("case.open", {"a": 1})
        ledger.append("note", {"b": ["ก", None, True]})
    return tmp_path / "ledger"


def types(folder):
    return [one.type for one in chain.read(folder / "ledger.jsonl")]


def whole(folder, key):
    return {check.verdict for check in Audit(folder, CASE_ID, key.public).run(lambda _: None)} == {
        checks.Verdict.PASS
    }


def test_a_line_holds_who_did_what_when_with_what(folder):
    first, second = (json.loads(one) for one in (folder / "ledger.jsonl").read_bytes().splitlines())
    assert first == {
        "v": 1,
        "seq": 0,
        "prev": "0" * 64,
        "id": first["id"],
        "case": CASE_ID,
        "at": "2026-11-22T01:08:47.123456Z",
        "utc_offset": "+07:00",
        "clock": {"source": "host", "backwards": False},
        "actor": {"name": "O", "agency": "A"},
        "host": {"name": "h", "system": "s"},
        "tool": {"name": "hashmatch", "version": "0"},
        "type": "case.open",
        "body": {"a": 1},
        "refs": [],
    }
    assert second["seq"] == 1
    assert second["at"] == "2026-11-22T01:08:48.123456Z"
    assert second["body"] == {"b": ["ก", None, True]}
    assert second["id"] > first["id"]


def test_each_line_names_the_digest_of_the_line_before(folder):
    lines = (folder / "ledger.jsonl").read_bytes().splitlines()
    assert json.loads(lines[1])["prev"] == hashlib.sha256(lines[0]).hexdigest()


def test_every_entry_has_its_signed_checkpoint(folder, key):
    lines = (folder / "ledger.jsonl").read_bytes().splitlines()
    names = sorted(path.name for path in (folder / "checkpoints").iterdir())
    assert names == ["00000001.ckpt", "00000002.ckpt"]
    for size, name in enumerate(names, start=1):
        found = checkpoint.parse((folder / "checkpoints" / name).read_bytes())
        assert (found.size, found.root) == (size, naive_root(lines[:size]))
        assert found.origin == f"hashmatch-case/{CASE_ID}"
        assert found.signed_by(key.public)


def test_append_returns_the_entry_that_was_written(folder, key):
    with Ledger.open(folder, author(key)) as ledger:
        added = ledger.append("note", {"x": 1})
        assert ledger.size == 3
        assert list(ledger.entries())[-1] == added
        assert (added.seq, added.type, added.body) == (2, "note", {"x": 1})
    assert whole(folder, key)


def test_the_names_are_those_of_the_case_layout(tmp_path, folder):
    layout = CaseFolder(tmp_path)
    assert layout.ledger == folder / "ledger.jsonl"
    assert layout.ledger.exists()
    assert layout.checkpoints.is_dir()
    assert layout.verifier == folder / standalone.NAME


def test_files_are_for_the_owner_alone(folder):
    below = [folder, *folder.rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in below} == {0}


@pytest.mark.parametrize(
    "body", [{"x": 1.5}, {"x": "\ud800"}, {"e\u0301": 1}, {"x": b""}, {1: 2}], ids=repr
)
def test_what_a_line_cannot_carry_is_refused_and_nothing_written(folder, key, body):
    with Ledger.open(folder, author(key)) as ledger:
        with pytest.raises(CustodyError, match=r"^a note entry cannot be written"):
            ledger.append("note", body)
        ledger.append("note", {})
    assert types(folder) == ["case.open", "note", "note"]


@pytest.mark.parametrize("kind", ["", "Note", "a b", "a..b", ".a", "a\n"])
def test_an_unreadable_type_is_refused_before_it_is_written(folder, key, kind):
    with Ledger.open(folder, author(key)) as ledger, pytest.raises(CustodyError, match="'type'"):
        ledger.append(kind, {})
    assert types(folder) == ["case.open", "note"]
    assert whole(folder, key)


def test_a_clock_without_zone_is_refused(folder, key):
    clockless = author(key, clock=lambda: datetime(2026, 1, 1))  # noqa: DTZ001
    with Ledger.open(folder, clockless) as ledger, pytest.raises(CustodyError, match="no zone"):
        ledger.append("note", {})


def test_a_clock_that_goes_backwards_is_accepted_and_marked(folder, key):
    times = iter([START - timedelta(days=1), START - timedelta(hours=1), START])
    with Ledger.open(folder, author(key, clock=lambda: next(times))) as ledger:
        marks = [ledger.append("note", {}).backwards for _ in range(3)]
    assert marks == [True, False, False]
    assert whole(folder, key)


def test_a_second_writer_is_refused_at_once(folder, key):
    with (
        Ledger.open(folder, author(key)),
        pytest.raises(CaseError, match="another hashmatch command is writing to this case"),
    ):
        Ledger.open(folder, author(key))
    Ledger.open(folder, author(key)).close()


def test_a_second_process_is_refused_at_once(folder, key):
    code = (
        f"import fcntl; lock = open({str(folder / 'lock')!r}); fcntl.flock(lock, fcntl.LOCK_EX);"
        "print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        with pytest.raises(CaseError, match="another hashmatch command"):
            Ledger.open(folder, author(key))
        other.communicate(b"\n")
    Ledger.open(folder, author(key)).close()


def test_a_refused_opening_leaves_the_ledger_free(folder, key, tmp_path):
    with pytest.raises(CustodyError, match="not signed by the key of this case"):
        Ledger.open(folder, author(make_key(tmp_path / "2.pem", b"2")))
    Ledger.open(folder, author(key)).close()


def test_another_case_is_refused(folder, key):
    with pytest.raises(CustodyError, match="made for another ledger"):
        Ledger.open(folder, author(key, case=CASE_ID[::-1]))


def test_lines_of_another_case_under_a_checkpoint_of_this_one_are_refused(folder, key):
    other = CASE_ID[:-1] + "1"
    for path in (folder / "checkpoints").iterdir():
        found = checkpoint.parse(path.read_bytes())
        note = checkpoint.sign(checkpoint.origin_of(other), found.size, found.root, key)
        path.write_bytes(note)
    with pytest.raises(CustodyError, match="belongs to another case"):
        Ledger.open(folder, author(key, case=other))


def test_a_ledger_is_begun_only_once(folder, key):
    before = (folder / "ledger.jsonl").read_bytes()
    with pytest.raises(CustodyError, match="begun only once"):
        Ledger.create(folder, author(key))
    assert (folder / "ledger.jsonl").read_bytes() == before
    Ledger.open(folder, author(key)).close()


def test_a_missing_ledger_is_said_to_be_missing(tmp_path, key):
    with pytest.raises(CustodyError, match="there is no ledger in"):
        Ledger.open(tmp_path, author(key))


def test_a_ledger_folder_that_may_not_be_entered_is_told_in_a_sentence(folder, key):
    """Root may enter everything, so the tests act as nobody where they run as root."""
    user = os.geteuid()
    folder.chmod(0)
    if user == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(OutputError, match="Permission denied; make room or mend the perm"):
            Ledger.open(folder, author(key))
    finally:
        os.seteuid(user)
        folder.chmod(0o700)


def test_a_ledger_that_was_never_begun_is_not_opened(tmp_path, key):
    Ledger.create(tmp_path / "ledger", author(key)).close()
    with pytest.raises(CaseError, match="never begun"):
        Ledger.open(tmp_path / "ledger", author(key))


def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path, key):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="could not be written"):
        Ledger.create(tmp_path / "file", author(key))
    with pytest.raises(OutputError, match="could not be written"):
        Ledger.create(tmp_path / "none" / "ledger", author(key))


def test_a_closed_ledger_does_not_write(folder, key):
    ledger = Ledger.open(folder, author(key))
    ledger.close()
    ledger.close()
    with pytest.raises(CustodyError, match="is closed"):
        ledger.append("note", {})
    assert len(list(ledger.entries())) == 2


def test_a_change_by_something_else_while_open_is_noticed(folder, key):
    with Ledger.open(folder, author(key)) as ledger:
        with (folder / "ledger.jsonl").open("ab") as stream:
            stream.write(b"x")
        with pytest.raises(CustodyError, match="was changed by something else"):
            ledger.append("note", {})


def test_entries_that_cannot_be_read_are_a_custody_error(folder, key):
    with Ledger.open(folder, author(key)) as ledger:
        (folder / "ledger.jsonl").unlink()
        with pytest.raises(CustodyError, match="cannot be read: No such file"):
            list(ledger.entries())


def test_reading_stops_at_the_first_line_that_does_not_follow(folder):
    path = folder / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"a":1', b'"a":2'))
    read = chain.read(path)
    assert next(read).body == {"a": 2}
    with pytest.raises(chain.BrokenLinkError, match="line 2 does not follow from line 1"):
        next(read)


def resealed(folder, number, change):
    """Change one line by its fields; the following lines and all checkpoints are left alone."""
    lines = (folder / "ledger.jsonl").read_bytes().splitlines()
    fields = json.loads(lines[number])
    change(fields)
    lines[number] = canonical.encode(fields)
    return b"\n".join(lines) + b"\n"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f: f.update(v=2), "unexpected in 'v'"),
        (lambda f: f.update(v=True), "unexpected in 'v'"),
        (lambda f: f.update(seq=True), "unexpected in 'seq'"),
        (lambda f: f.update(seq=0), "says that it is entry 0, not 1"),
        (lambda f: f.update(prev="0" * 64), "does not follow from line 1"),
        (lambda f: f.update(prev="A" * 64), "unexpected in 'prev'"),
        (lambda f: f.update(at="2026-11-22T01:08:46.123456Z"), "wrong thing about its clock"),
        (lambda f: f.update(at="2026-11-22T01:08:48Z"), "unexpected in 'at'"),
        (lambda f: f.update(utc_offset="+7"), "unexpected in 'utc_offset'"),
        (lambda f: f["clock"].update(backwards=True), "wrong thing about its clock"),
        (lambda f: f["clock"].update(source="ntp"), "unexpected in 'clock'"),
        (lambda f: f["clock"].update(backwards=0), "unexpected in 'clock'"),
        (lambda f: f["actor"].update(name=1), "unexpected in 'actor'"),
        (lambda f: f["host"].pop("name"), "unexpected in 'host'"),
        (lambda f: f["tool"].update(x=None), "unexpected in 'tool'"),
        (lambda f: f.update(tool=[]), "unexpected in 'tool'"),
        (lambda f: f.update(case=CASE_ID.replace("0", "1")), "belongs to another case"),
        (lambda f: f.update(id="x"), "unexpected in 'id'"),
        (lambda f: f.update(body=[]), "unexpected in 'body'"),
        (lambda f: f.update(refs=["x"]), "unexpected in 'refs'"),
        (lambda f: f.update(type=1), "unexpected in 'type'"),
        (lambda f: f.update(extra=1), "does not have the fields of an entry"),
        (lambda f: f.pop("refs"), "does not have the fields of an entry"),
    ],
)
def test_a_well_written_line_with_wrong_content_is_named(folder, change, sentence):
    path = folder / "ledger.jsonl"
    path.write_bytes(resealed(folder, 1, change))
    with pytest.raises(CustodyError, match=f"^ledger line 2 .*{sentence}"):
        list(chain.read(path))


def test_the_first_line_follows_from_nothing(folder):
    path = folder / "ledger.jsonl"
    path.write_bytes(resealed(folder, 0, lambda f: f.update(prev="1" * 64)))
    with pytest.raises(CustodyError, match="line 1 does not follow from nothing"):
        list(chain.read(path))


def test_a_line_without_end_is_no_entry(folder):
    path = folder / "ledger.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(chain.MalformedLineError, match="line 2 has no line end"):
        list(chain.read(path))
    with pytest.raises(chain.MalformedLineError, match="line 1 has no line end"):
        chain.Chain().follow(b"{}")


def test_an_endless_line_is_not_read_to_its_end(folder, monkeypatch):
    monkeypatch.setattr("hashmatch.custody.lines.LONGEST", 1000)
    path = folder / "ledger.jsonl"
    path.write_bytes(path.read_bytes() + b"x" * 5000)
    with pytest.raises(chain.MalformedLineError, match="line 3 is too long"):
        list(chain.read(path))


def test_a_full_disk_leaves_the_ledger_as_it_was(folder, key):
    """The kernel itself refuses half of the line: the file may not grow beyond a limit."""
    before = (folder / "ledger.jsonl").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Ledger.open(folder, author(key)) as ledger:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
        try:
            with pytest.raises(OutputError, match="could not be written: File too large"):
                ledger.append("note", {"x": "y" * 1000})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (folder / "ledger.jsonl").read_bytes() == before
    assert whole(folder, key)
    with Ledger.open(folder, author(key)) as ledger:
        ledger.append("note", {})
    assert types(folder) == ["case.open", "note", "note"]


STEPS = ("fsync", "rename", "write")


def refuse_at(monkeypatch, number):
    """Let the disk refuse the n-th sync, rename or write; give how many there were."""
    count = []

    def counted(real):
        def call(*args, **kwargs):
            count.append(real.__name__)
            if len(count) == number:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **kwargs)

        return call

    for name in STEPS:
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    return count


def test_whichever_step_the_disk_refuses_the_ledger_stays_whole(folder, key, tmp_path):
    refused = 0
    for number in range(1, 20):
        ledger = Ledger.open(folder, author(key))
        with pytest.MonkeyPatch.context() as patched:
            count = refuse_at(patched, number)
            try:
                ledger.append("note", {})
            except OutputError:
                refused += 1
            finally:
                ledger.close()
        assert whole(folder, key), count
        if len(count) < number:
            break
    assert refused == len(count) == 6


def test_even_when_nothing_can_be_undone_the_next_opening_settles_it(folder, key):
    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    ledger = Ledger.open(folder, author(key))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "rename", refuse)
        patched.setattr(os, "ftruncate", refuse)
        with pytest.raises(OutputError):
            ledger.append("note", {})
    with pytest.raises(CustodyError, match="is closed"):
        ledger.append("note", {})
    Ledger.open(folder, author(key)).close()
    assert types(folder) == ["case.open", "note", "note"]
    assert whole(folder, key)


def test_an_entry_in_force_is_kept_though_its_last_sync_failed(folder, key):
    with pytest.MonkeyPatch.context() as patched:
        ledger = Ledger.open(folder, author(key))
        refuse_at(patched, 6)
        with pytest.raises(OutputError):
            ledger.append("note", {})
    assert types(folder) == ["case.open", "note", "note"]


def test_moments_are_given_in_utc_to_the_microsecond():
    assert entry.instant(START) == "2026-11-22T01:08:47.123456Z"
    assert entry.instant(START.replace(microsecond=0)) == "2026-11-22T01:08:47.000000Z"


def test_a_short_write_is_continued(folder, key):
    real = os.write
    with pytest.MonkeyPatch.context() as patched, Ledger.open(folder, author(key)) as ledger:
        patched.setattr(module.os, "write", lambda handle, content: real(handle, content[:7]))
        ledger.append("note", {})
    assert whole(folder, key)
