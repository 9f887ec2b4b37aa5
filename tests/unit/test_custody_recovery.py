"""Crashes: whatever moment an append stops at, the next opening settles it and nothing is lost."""

import hashlib
import os
import shutil

import pytest

from hashmatch.custody import chain, checkpoint, checks
from hashmatch.custody.audit import Audit
from hashmatch.custody.ledger import Ledger
from hashmatch.errors import CaseError, CustodyError, ExitCode
from tests.custody_case import CASE_ID, author, make_key, naive_root

STEPS = ("fsync", "rename", "write", "ftruncate", "unlink")


class Crash(BaseException):
    """The power goes: nothing that a program does on errors happens any more."""


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """A crash is told by an exception here; the order of the syncs is what matters."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return make_key(tmp_path_factory.mktemp("key") / "k.pem")


@pytest.fixture
def folder(tmp_path, key):
    with Ledger.create(tmp_path / "ledger", author(key)) as ledger:
        ledger.append("case.open", {})
        ledger.append("note", {"n": 1})
    return tmp_path / "ledger"


def entries(folder):
    return list(chain.read(folder / "ledger.jsonl"))


def audit(folder, key):
    return checks.exit_code(Audit(folder, CASE_ID, key.public).run(lambda _: None))


def crash_at(patched, number, *, before):
    """Stop at the n-th step, before or after it takes effect; give the steps made."""
    made = []

    def stopping(name, real):
        def call(*args, **kwargs):
            made.append(name)
            if len(made) == number and before:
                raise Crash
            result = real(*args, **kwargs)
            if len(made) == number:
                raise Crash
            return result

        return call

    for name in STEPS:
        patched.setattr(os, name, stopping(name, getattr(os, name)))
    return made


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 7))
def test_an_append_that_stops_anywhere_is_settled(folder, key, number, before):
    ledger = Ledger.open(folder, author(key))
    with pytest.MonkeyPatch.context() as patched, pytest.raises(Crash):
        crash_at(patched, number, before=before)
        ledger.append("note", {"n": 2})
    ledger.close()
    assert audit(folder, key) in {ExitCode.CLEAR, ExitCode.INCOMPLETE}
    with Ledger.open(folder, author(key)) as ledger:
        assert ledger.size in {2, 3}
        ledger.append("note", {"n": 3})
    assert [e.body.get("n") for e in entries(folder)] in ([None, 1, 3], [None, 1, 2, 3])
    assert audit(folder, key) is ExitCode.CLEAR


def test_an_append_has_six_steps_to_stop_at(folder, key):
    ledger = Ledger.open(folder, author(key))
    with pytest.MonkeyPatch.context() as patched:
        made = crash_at(patched, 99, before=True)
        ledger.append("note", {})
    ledger.close()
    assert made == ["fsync", "fsync", "write", "fsync", "rename", "fsync"]


@pytest.fixture
def next_line(folder, key, tmp_path):
    """The third line and its checkpoint, as they would be written."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with Ledger.open(copy, author(key)) as ledger:
        ledger.append("note", {"n": 2})
    line = (copy / "ledger.jsonl").read_bytes().splitlines(keepends=True)[2]
    return line, (copy / "checkpoints" / "00000003.ckpt").read_bytes()


def leave(folder, tail, pending):
    with (folder / "ledger.jsonl").open("ab") as stream:
        stream.write(tail)
    if pending is not None:
        (folder / "checkpoints" / "00000003.ckpt.new").write_bytes(pending)


def test_a_whole_line_with_its_pending_checkpoint_is_completed(folder, key, next_line):
    line, note = next_line
    leave(folder, line, note)
    assert audit(folder, key) is ExitCode.INCOMPLETE
    Ledger.open(folder, author(key)).close()
    assert [e.type for e in entries(folder)] == ["case.open", "note", "note"]
    assert (folder / "checkpoints" / "00000003.ckpt").read_bytes() == note
    assert audit(folder, key) is ExitCode.CLEAR


def test_a_line_torn_anywhere_is_set_aside_and_recorded(folder, key, next_line):
    line, note = next_line
    fresh = folder.with_name("fresh")
    shutil.copytree(folder, fresh)
    for length in (1, 2, 100, len(line) - 2, len(line) - 1):
        shutil.rmtree(folder)
        shutil.copytree(fresh, folder)
        torn = line[:length]
        leave(folder, torn, note)
        assert audit(folder, key) is ExitCode.INCOMPLETE
        Ledger.open(folder, author(key)).close()
        digest = hashlib.sha256(torn).hexdigest()
        kept = f"ledger.torn-{digest[:16]}"
        assert (folder / kept).read_bytes() == torn
        last = entries(folder)[-1]
        assert (last.type, last.seq) == ("recover", 2)
        assert last.body == {"bytes": length, "sha256": digest, "kept_as": kept}
        assert audit(folder, key) is ExitCode.CLEAR


def test_the_same_torn_line_twice_is_recorded_and_kept_once(folder, key, next_line):
    line, note = next_line
    leave(folder, line[:5], note)
    Ledger.open(folder, author(key)).close()
    with (folder / "ledger.jsonl").open("ab") as stream:
        stream.write(line[:5])
    tree_root = naive_root((folder / "ledger.jsonl").read_bytes().splitlines()[:3])
    origin = checkpoint.origin_of(CASE_ID)
    pending = checkpoint.sign(origin, 4, tree_root, key)
    (folder / "checkpoints" / "00000004.ckpt.new").write_bytes(pending)
    Ledger.open(folder, author(key)).close()
    assert [e.type for e in entries(folder)] == ["case.open", "note", "recover"]
    assert audit(folder, key) is ExitCode.CLEAR


@pytest.mark.parametrize("content", [b"", b"half a check", None], ids=["empty", "half", "whole"])
def test_a_pending_checkpoint_without_a_line_is_dropped(folder, key, next_line, content):
    leave(folder, b"", next_line[1] if content is None else content)
    assert audit(folder, key) is ExitCode.INCOMPLETE
    Ledger.open(folder, author(key)).close()
    assert sorted(p.name for p in (folder / "checkpoints").iterdir()) == [
        "00000001.ckpt",
        "00000002.ckpt",
    ]
    assert audit(folder, key) is ExitCode.CLEAR


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 14))
def test_a_recovery_that_stops_anywhere_is_settled_the_next_time(
    folder, key, next_line, number, before
):
    line, note = next_line
    leave(folder, line[:77], note)
    with pytest.MonkeyPatch.context() as patched:
        made = crash_at(patched, number, before=before)
        try:
            Ledger.open(folder, author(key)).close()
        except Crash:
            assert len(made) == number
        else:
            assert len(made) < number
    assert audit(folder, key) in {ExitCode.CLEAR, ExitCode.INCOMPLETE}
    Ledger.open(folder, author(key)).close()
    kinds = [e.type for e in entries(folder)]
    assert kinds == ["case.open", "note", "recover"]
    assert audit(folder, key) is ExitCode.CLEAR


def test_a_torn_second_recovery_keeps_both_torn_lines(folder, key, next_line):
    line, note = next_line
    leave(folder, line[:77], note)
    with pytest.MonkeyPatch.context() as patched, pytest.raises(Crash):
        patched.setattr(os, "write", tear(os.write))
        Ledger.open(folder, author(key))
    assert audit(folder, key) is ExitCode.INCOMPLETE
    Ledger.open(folder, author(key)).close()
    recovered = [e.body for e in entries(folder)[2:]]
    assert {body["bytes"] for body in recovered} == {77, 30}
    assert audit(folder, key) is ExitCode.CLEAR


def tear(real):
    def write(handle, content):
        real(handle, content[:30])
        raise Crash

    return write


def forged(key, size=3):
    return checkpoint.sign(checkpoint.origin_of(CASE_ID), size, b"\0" * 32, key)


@pytest.mark.parametrize("what", ["nothing", "rubbish", "other key", "other size"])
@pytest.mark.parametrize("tail", ["whole", "torn"])
def test_bytes_that_no_pending_checkpoint_accounts_for_are_tampering(
    folder, key, next_line, tmp_path, what, tail
):
    line, _ = next_line
    pending = {
        "nothing": None,
        "rubbish": b"rubbish",
        "other key": forged(make_key(tmp_path / "2.pem", b"2")),
        "other size": forged(key, 4),
    }[what]
    leave(folder, line if tail == "whole" else line[:50], pending)
    before = (folder / "ledger.jsonl").read_bytes()
    assert audit(folder, key) is ExitCode.CUSTODY
    with pytest.raises(CustodyError):
        Ledger.open(folder, author(key))
    assert (folder / "ledger.jsonl").read_bytes() == before


def test_a_whole_line_that_the_pending_checkpoint_was_not_made_for_is_tampering(
    folder, key, next_line
):
    leave(folder, next_line[0], forged(key))
    with pytest.raises(CustodyError, match="ledger line 3 is not covered by a checkpoint"):
        Ledger.open(folder, author(key))
    assert audit(folder, key) is ExitCode.CUSTODY


def test_a_line_and_a_bit_more_is_tampering(folder, key, next_line):
    line, note = next_line
    leave(folder, line + b"{", note)
    with pytest.raises(CustodyError, match="line 3 is not covered"):
        Ledger.open(folder, author(key))
    assert audit(folder, key) is ExitCode.CUSTODY


def test_a_pending_checkpoint_far_ahead_is_refused(folder, key):
    (folder / "checkpoints" / "00000009.ckpt.new").write_bytes(b"")
    with pytest.raises(CustodyError, match=r"00000009\.ckpt\.new does not belong here"):
        Ledger.open(folder, author(key))
    assert audit(folder, key) is ExitCode.CUSTODY


def test_cut_off_lines_are_noticed_at_opening(folder, key):
    lines = (folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "ledger.jsonl").write_bytes(lines[0])
    with pytest.raises(CustodyError, match="covers 2 entries, the ledger has 1"):
        Ledger.open(folder, author(key))


def test_rewritten_lines_are_noticed_at_opening(tmp_path, folder, key):
    with Ledger.create(tmp_path / "other", author(key)) as ledger:
        ledger.append("case.open", {})
        ledger.append("note", {"n": 7})
    shutil.copy(tmp_path / "other" / "ledger.jsonl", folder / "ledger.jsonl")
    with pytest.raises(CustodyError, match="not those that their checkpoint was signed for"):
        Ledger.open(folder, author(key))


def test_a_torn_line_changed_after_it_was_set_aside_is_noticed(folder, key, next_line):
    line, note = next_line
    leave(folder, line[:77], note)
    Ledger.open(folder, author(key)).close()
    kept = next(folder.glob("ledger.torn-*"))
    kept.write_bytes(line[:78])
    assert audit(folder, key) is ExitCode.CUSTODY
    with pytest.raises(CustodyError, match="was changed after it was set aside"):
        Ledger.open(folder, author(key))


def test_a_torn_line_that_is_gone_is_noticed(folder, key, next_line):
    line, note = next_line
    leave(folder, line[:77], note)
    Ledger.open(folder, author(key)).close()
    next(folder.glob("ledger.torn-*")).unlink()
    assert audit(folder, key) is ExitCode.CUSTODY


def test_a_torn_first_line_means_that_the_case_was_never_opened(tmp_path, key, folder):
    ledger = Ledger.create(tmp_path / "new", author(key))
    with pytest.MonkeyPatch.context() as patched, pytest.raises(Crash):
        patched.setattr(os, "write", tear(os.write))
        ledger.append("case.open", {})
    ledger.close()
    with pytest.raises(CaseError, match="never begun; remove the case and open it again"):
        Ledger.open(tmp_path / "new", author(key))
    assert audit(tmp_path / "new", key) is ExitCode.INCOMPLETE


def test_a_whole_first_line_is_completed(tmp_path, key):
    ledger = Ledger.create(tmp_path / "new", author(key))
    with pytest.MonkeyPatch.context() as patched, pytest.raises(Crash):
        crash_at(patched, 5, before=True)
        ledger.append("case.open", {})
    ledger.close()
    with Ledger.open(tmp_path / "new", author(key)) as ledger:
        assert ledger.size == 1
    assert audit(tmp_path / "new", key) is ExitCode.CLEAR
