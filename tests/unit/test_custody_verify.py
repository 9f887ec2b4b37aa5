"""Whatever is changed in a case is noticed, by hashmatch and by the verifier that goes with it."""

import hashlib
import io
import itertools
import json
import os
import shutil
from contextlib import contextmanager

import pytest

from hashmatch.cases.layout import CaseFolder
from hashmatch.custody import chain, checkpoint, checks, standalone
from hashmatch.custody.checks import Verdict
from hashmatch.custody.keys import PublicKey
from hashmatch.custody.ledger import Ledger
from hashmatch.custody.standalone import verify_case as alone
from hashmatch.errors import CaseError, CustodyError, ExitCode, UsageError
from hashmatch.jobs.verify import trusted_key, verify_case
from tests import custody_case as made
from tests.custody_case import CASE_ID, RUN_ID, make_case, make_key

OTHER_RUN = RUN_ID[:-1] + "1"


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """What stands in the files is looked at here; nobody pulls the plug."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    key = make_key(folder / "k.pem")
    (folder / "public.pem").write_text(key.public.pem)
    return folder


@pytest.fixture(scope="module")
def key(keys):
    return make_key(keys / "again" / "k.pem")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory, key):
    """A whole case; nobody changes it."""
    root = tmp_path_factory.mktemp("sealed") / "case"
    return make_case(root, key)


@pytest.fixture
def case(tmp_path, sealed):
    """A copy of it, to be changed."""
    shutil.copytree(sealed.root, tmp_path / "case", symlinks=True)
    return CaseFolder(tmp_path / "case")


@pytest.fixture
def verified(keys, key, capsys):
    """Verify with both verifiers; they must agree."""

    def verify(case, against=None):
        found = verify_case(case.root, trusted_key=key.public, against=against)
        code = checks.exit_code(found)
        assert alone.main(["", str(case.root), str(keys / "public.pem")]) == code, (
            [str(check) for check in found],
            capsys.readouterr().out,
        )
        return {check.name: check for check in found}, code

    return verify


def failed(found):
    return {name for name, check in found.items() if check.verdict is Verdict.FAIL}


def files_of(case):
    run = case.run(RUN_ID)
    newest = max(case.checkpoints.iterdir())
    return [
        case.file, case.ledger, newest, case.verifier, run.outcomes, run.hits, run.problems,
        run.record, run.sums, case.reports / RUN_ID / "report.th.html",
    ]  # fmt: skip


NAMES = [
    "case.json", "ledger.jsonl", "00000004.ckpt", "verify_case.py", "outcomes.jsonl", "hits.jsonl",
    "problems.jsonl", "run.json", "SHA256SUMS", "report.th.html",
]  # fmt: skip


@pytest.fixture(params=range(10), ids=NAMES)
def path(request, case):
    found = files_of(case)[request.param]
    assert found.name == NAMES[request.param]
    return found


def test_a_whole_case_passes_every_check_in_order(case, verified):
    found, code = verified(case)
    assert list(found) == [
        "case file", "verifier file", "folders", "ledger form", "ledger chain", "checkpoints",
        "interrupted writes", "signer", "older checkpoint", "run folders", f"run {RUN_ID} sums",
        f"run {RUN_ID} files", f"run {RUN_ID} roots", f"run {RUN_ID} counts",
        f"run {RUN_ID} record", "reports", "source",
    ]  # fmt: skip
    not_passed = {name for name, check in found.items() if check.verdict is not Verdict.PASS}
    assert not_passed == {"older checkpoint", "source"}
    assert code is ExitCode.CLEAR


def test_verifying_writes_nothing(case, verified):
    def state():
        return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in case.root.rglob("*")}

    before = state()
    verified(case)
    assert state() == before


def test_no_record_can_be_missed_bit_by_bit_in_the_ledger(sealed):
    """All bits: the lines must break, or end at another root than the one that was signed."""
    content = sealed.ledger.read_bytes()
    signed = checkpoint.parse(max(sealed.checkpoints.iterdir()).read_bytes())

    def holds(changed):
        walk = chain.Walk(io.BytesIO(changed))
        try:
            for _ in walk:
                pass
        except CustodyError:
            return False
        return not walk.rest and walk.chain.tree.root() == signed.root

    assert holds(content)
    for bit in range(len(content) * 8):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        assert not holds(bytes(changed)), bit


@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_a_flipped_bit_anywhere_is_noticed(path, case, key):
    """One bit of each byte through the whole of verify; it moves on from byte to byte."""
    content = path.read_bytes()
    step = 1 + len(content) // 400
    for place in range(0, len(content), step):
        changed = bytearray(content)
        changed[place] ^= 1 << (place // step) % 8
        path.write_bytes(changed)
        code = checks.exit_code(verify_case(case.root, trusted_key=key.public))
        assert code is ExitCode.CUSTODY, (path.name, place)


def test_every_flipped_bit_of_a_run_is_noticed_by_its_sums(sealed):
    run = sealed.run(RUN_ID)
    end = next(e.body for e in chain.read(sealed.ledger) if e.type == "run.end")
    listed = run.sums.read_text()
    assert hashlib.sha256(run.sums.read_bytes()).hexdigest() == end["sums_sha256"]
    for path in (run.outcomes, run.hits, run.problems, run.record):
        content = path.read_bytes()
        for bit in range(len(content) * 8):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            assert hashlib.sha256(changed).hexdigest() not in listed


def test_both_verifiers_notice_a_flipped_bit(path, case, verified):
    content = path.read_bytes()
    for place in range(0, len(content), 1 + len(content) // 12):
        changed = bytearray(content)
        changed[place] ^= 4
        path.write_bytes(changed)
        assert verified(case)[1] is ExitCode.CUSTODY, place


@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_truncation_at_any_offset_is_noticed(path, case, key):
    content = path.read_bytes()
    for length in range(0, len(content), 1 + len(content) // 300):
        path.write_bytes(content[:length])
        code = checks.exit_code(verify_case(case.root, trusted_key=key.public))
        assert code is ExitCode.CUSTODY, (path.name, length)


LINE_CHANGES = {
    "first line removed": lambda lines: lines[1:],
    "middle line removed": lambda lines: lines[:1] + lines[2:],
    "last line removed": lambda lines: lines[:-1],
    "all lines removed": lambda lines: [],
    "line duplicated": lambda lines: lines[:1] + lines,
    "last line duplicated": lambda lines: lines + lines[-1:],
    "blank line added": lambda lines: [*lines, b"\n"],
    "line added": lambda lines: [*lines, b"{}\n"],
    "lines swapped": lambda lines: [lines[-1], *lines[1:-1], lines[0]] if lines[1:] else [b"\n"],
    "CRLF": lambda lines: [line[:-1] + b"\r\n" for line in lines],
    "byte order mark": lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]],
    "duplicate key": lambda lines: [b'{"a":1,' + lines[0][1:], *lines[1:]],
    "blank": lambda lines: [lines[0].replace(b":", b": ", 1).replace(b"  ", b"   "), *lines[1:]],
    "no line end": lambda lines: [*lines[:-1], lines[-1][:-1]],
    "no UTF-8": lambda lines: [b"\xff" + lines[0], *lines[1:]],
    "zeros": lambda lines: [b"\0" * len(line) for line in lines],
}


@pytest.mark.parametrize("change", LINE_CHANGES.values(), ids=LINE_CHANGES)
@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_added_removed_and_reordered_lines_are_noticed(path, case, verified, change):
    lines = path.read_bytes().splitlines(keepends=True)
    changed = b"".join(change(lines))
    if changed == path.read_bytes():
        changed += b"\n"
    path.write_bytes(changed)
    assert verified(case)[1] is ExitCode.CUSTODY


def test_a_pretty_printed_line_is_noticed(case, verified):
    lines = case.ledger.read_bytes().splitlines(keepends=True)
    pretty = json.dumps(json.loads(lines[1]), indent=1).encode() + b"\n"
    case.ledger.write_bytes(b"".join([lines[0], pretty, *lines[2:]]))
    found, code = verified(case)
    assert code is ExitCode.CUSTODY
    assert found["ledger form"].detail == "ledger line 2 is not an entry: not in canonical form"


def test_a_missing_file_is_named(path, case, verified):
    if path == case.file:
        path.unlink()
        with pytest.raises(CaseError, match="no case in"):
            verify_case(case.root)
        return
    path.unlink()
    found, code = verified(case)
    assert code is ExitCode.CUSTODY
    assert any(path.name in check.detail or path.suffix == ".ckpt" for check in found.values())


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_a_file_exchanged_for_something_else_is_noticed(path, case, verified, kind, tmp_path):
    if path == case.file and kind != "link":
        return
    path.rename(tmp_path / "aside")
    if kind == "link":
        path.symlink_to(tmp_path / "aside")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert verified(case)[1] is ExitCode.CUSTODY


@pytest.mark.parametrize(
    "name",
    [
        "ledger/note.txt",
        "ledger/checkpoints/00000009.ckpt.bak",
        "ledger/checkpoints/4.ckpt",
        "ledger/checkpoints/00000000.ckpt",
        "ledger/checkpoints/000000004.ckpt",
        f"runs/{RUN_ID}/more.jsonl",
        f"runs/{OTHER_RUN}/run.json",
        "runs/stray",
        "reports/stray.html",
        f"reports/{RUN_ID}/report.en.html",
        f"reports/{RUN_ID}/sub/report.th.html",
        f"reports/{OTHER_RUN}/report.th.html",
    ],
)
def test_a_file_that_the_ledger_does_not_know_is_noticed(case, verified, name):
    stray = case.root / name
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"{}\n")
    assert verified(case)[1] is ExitCode.CUSTODY


def test_a_linked_folder_of_reports_is_noticed(case, verified):
    (case.reports / "linked").symlink_to(case.reports / RUN_ID)
    assert verified(case)[1] is ExitCode.CUSTODY


@pytest.mark.parametrize(
    "name", ["ledger", "ledger/checkpoints", "runs", f"runs/{RUN_ID}", "reports"]
)
@pytest.mark.parametrize("kind", ["link", "file", "nothing"])
def test_a_folder_exchanged_for_something_else_is_noticed(case, verified, tmp_path, name, kind):
    folder, away = case.root / name, tmp_path / "away"
    folder.rename(away)
    if kind == "link":
        folder.symlink_to(away)
    elif kind == "file":
        folder.touch()
    found, code = verified(case)
    assert code is ExitCode.CUSTODY
    if kind != "nothing":
        assert found["folders"].verdict is Verdict.FAIL


def test_the_folder_of_a_run_that_was_given_up_must_not_be_a_link_either(tmp_path, key, verified):
    case = with_entries(tmp_path, key, START, ABORT)
    (case.runs / RUN_ID).symlink_to(tmp_path)
    found, code = verified(case)
    assert code is ExitCode.CUSTODY
    assert failed(found) == {"folders"}


def test_files_beside_the_record_are_listed_and_not_judged(case, verified):
    (case.root / "handovers").mkdir()
    (case.root / "handovers" / "note").write_bytes(b"")
    found, code = verified(case)
    assert code is ExitCode.CLEAR
    others = found["other files"]
    assert (others.verdict, others.required) == (Verdict.NOT_CHECKED, False)
    assert others.detail == "1 entry that is not part of the record: handovers"
    for name in (b"a\xe9", "a\u202egpj.exe".encode(), b"b", b"c", b"d"):
        (case.root / os.fsdecode(name)).symlink_to("nothing")
    assert verified(case)[0]["other files"].detail == (
        "6 entries that are not part of the record: a‹U+202E›gpj.exe, a\\xe9, b, c, d, ..."
    )


@contextmanager
def closed(folder, mode):
    """Root may enter everything, so the tests act as nobody where they run as root."""
    user, before = os.geteuid(), folder.stat().st_mode
    folder.chmod(mode)
    for path in (folder, *folder.rglob("*")) if user == 0 else ():
        os.chown(path, 65534, -1)
    for above in folder.parents:
        if user == 0 and above.name.startswith(("pytest-", "test_", "popen-")):
            above.chmod(0o755)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(before)


def test_a_case_folder_that_may_not_be_entered_is_said_to_be(case):
    with closed(case.root, 0), pytest.raises(CaseError, match="cannot be entered: Permission"):
        verify_case(case.root)


def test_a_case_folder_that_may_not_be_listed_is_checked_all_the_same(case, key):
    with closed(case.root, 0o100):
        found = {check.name: check for check in verify_case(case.root, trusted_key=key.public)}
    assert found["other files"].detail == "the case folder cannot be listed: Permission denied"
    assert checks.exit_code(found.values()) is ExitCode.CLEAR


def test_a_listing_under_way_or_left_by_a_crash_is_named_and_changes_nothing(case, verified):
    case.listing.write_bytes(b"{}\n")
    other = verified(case)[0]["other files"]
    assert other.verdict is Verdict.NOT_CHECKED
    assert not other.required
    assert "listing.new" in other.detail


def test_what_lies_beside_the_record_is_listed_even_if_the_ledger_fails(case, verified):
    (case.root / "note").touch()
    case.ledger.write_bytes(b"")
    assert "other files" in verified(case)[0]


def test_a_state_left_by_a_crash_after_sealing_is_no_change(case, verified):
    state = case.run(RUN_ID).state
    state.mkdir()
    assert verified(case)[1] is ExitCode.CLEAR
    for name in ("plan.json", "journal.jsonl", "listing.jsonl"):
        (state / name).write_bytes(b"x")
    assert verified(case)[1] is ExitCode.CLEAR


@pytest.mark.parametrize("kind", ["file", "link", "stray", "folder inside", "link inside"])
def test_a_state_that_no_run_leaves_is_noticed(case, verified, tmp_path, kind):
    state = case.run(RUN_ID).state
    if kind == "file":
        state.write_bytes(b"x")
    elif kind == "link":
        state.symlink_to(tmp_path)
    else:
        state.mkdir()
    if kind == "stray":
        (state / "kept.jpg").write_bytes(b"x")
    elif kind == "folder inside":
        (state / "plan.json").mkdir()
    elif kind == "link inside":
        (state / "plan.json").symlink_to(case.file)
    found, code = verified(case)
    assert code is ExitCode.CUSTODY
    assert failed(found) == {f"run {RUN_ID} files"}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_missing_older_checkpoint_is_noticed(case, verified, size):
    (case.checkpoints / f"{size:08d}.ckpt").unlink()
    found, code = verified(case)
    assert code is ExitCode.CUSTODY
    assert failed(found) == {"checkpoints"}


def test_checkpoints_that_change_places_are_noticed(case, verified):
    one, two = (case.checkpoints / f"0000000{n}.ckpt" for n in (1, 2))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert failed(verified(case)[0]) == {"checkpoints"}


def test_a_checkpoint_of_another_root_by_the_same_key_is_noticed(case, verified, key):
    origin = checkpoint.origin_of(CASE_ID)
    forged = checkpoint.sign(origin, 3, b"\0" * 32, key)
    (case.checkpoints / "00000003.ckpt").write_bytes(forged)
    found, _ = verified(case)
    assert found["checkpoints"].detail == (
        "the first 3 ledger lines are not those that were signed for"
    )


def test_a_line_that_follows_but_was_not_signed_for_is_noticed(case, verified, tmp_path, key):
    copy = CaseFolder(tmp_path / "copy")
    shutil.copytree(case.root, copy.root)
    with Ledger.open(copy.ledger.parent, made.author(key)) as ledger:
        ledger.append("note", {})
    shutil.copy(copy.ledger, case.ledger)
    found, _ = verified(case)
    assert failed(found) == {"checkpoints"}
    assert found["checkpoints"].detail == "ledger line 5 is not covered by a checkpoint"


def rebuilt(tmp_path, key, case_id=CASE_ID, **kwargs):
    """The case written anew by somebody else, in full and without a mistake."""
    with made.begin(tmp_path / "rebuilt", key, case_id) as ledger:
        made.add_run(tmp_path / "rebuilt", ledger, **kwargs)
        made.add_report(tmp_path / "rebuilt", ledger)
    return CaseFolder(tmp_path / "rebuilt")


def test_a_case_rebuilt_with_another_key_is_noticed_by_who_knows_the_signer(tmp_path, verified):
    case = rebuilt(tmp_path, make_key(tmp_path / "2.pem", b"2"))
    found, code = verified(case)
    assert failed(found) == {"signer"}
    assert code is ExitCode.CUSTODY


def test_without_a_trusted_key_the_signer_is_not_checked(case):
    found = verify_case(case.root)
    assert checks.exit_code(found) is ExitCode.INCOMPLETE
    assert alone.main(["", str(case.root)]) == ExitCode.INCOMPLETE
    assert "--key PUBLIC.pem" in next(c.detail for c in found if c.name == "signer")


def test_a_ledger_signed_again_by_another_key_is_noticed(case, verified, tmp_path):
    other = rebuilt(tmp_path, make_key(tmp_path / "2.pem", b"2"))
    shutil.rmtree(case.ledger.parent)
    shutil.copytree(other.ledger.parent, case.ledger.parent)
    assert {"case file", "checkpoints"} <= failed(verified(case)[0])


def cut(case, size):
    lines = case.ledger.read_bytes().splitlines(keepends=True)
    case.ledger.write_bytes(b"".join(lines[:size]))
    for path in case.checkpoints.iterdir():
        if int(path.name[:8]) > size:
            path.unlink()


def test_a_tail_cut_off_with_its_checkpoints_is_noticed_by_who_kept_one(case, verified, tmp_path):
    kept = shutil.copy(case.checkpoints / "00000004.ckpt", tmp_path / "kept.ckpt")
    shutil.rmtree(case.reports / RUN_ID)
    cut(case, 3)
    assert verified(case)[1] is ExitCode.CLEAR
    found = verify_case(case.root, against=kept)
    older = next(check for check in found if check.name == "older checkpoint")
    assert older.verdict is Verdict.FAIL
    assert older.detail == "the ledger does not continue the 4 entries of the checkpoint you hold"


def test_a_history_rewritten_with_the_same_key_is_noticed_by_who_kept_one(
    case, verified, key, tmp_path
):
    kept = shutil.copy(case.checkpoints / "00000004.ckpt", tmp_path / "kept.ckpt")
    counts = {**made.COUNTS, "hits": 0, "items_with_hits": 0}
    outcomes = [dict(one, hits=0) if "hits" in one else one for one in made.OUTCOMES]
    other = rebuilt(tmp_path, key, groups=(outcomes, (), made.PROBLEMS), counts=counts)
    assert verified(other)[1] is ExitCode.CLEAR
    found = {check.name: check for check in verify_case(other.root, against=kept)}
    assert found["older checkpoint"].verdict is Verdict.FAIL


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_older_checkpoint_of_a_whole_case_holds(case, verified, size):
    found, code = verified(case, against=case.checkpoints / f"{size:08d}.ckpt")
    assert found["older checkpoint"].verdict is Verdict.PASS
    assert code is ExitCode.CLEAR


def test_a_checkpoint_of_something_else_does_not_pass(case, tmp_path, key):
    other = make_key(tmp_path / "2.pem", b"2")
    origin = checkpoint.origin_of(CASE_ID)
    root = checkpoint.parse((case.checkpoints / "00000002.ckpt").read_bytes()).root
    for number, note in enumerate(
        [
            checkpoint.sign(origin, 2, root, other),
            checkpoint.sign("hashmatch-case/x", 2, root, key),
        ]
    ):
        path = tmp_path / str(number)
        path.write_bytes(note)
        found = {check.name: check for check in verify_case(case.root, against=path)}
        assert failed(found) == {"older checkpoint"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file"),
        (b"rubbish", "is not a checkpoint that hashmatch wrote; pass a .ckpt file"),
        (b"", "is not a checkpoint that hashmatch wrote; pass a .ckpt file"),
    ],
)
def test_what_is_no_checkpoint_is_a_slip_of_the_user_and_no_finding(
    case, tmp_path, content, sentence
):
    path = tmp_path / "kept.ckpt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=sentence):
        verify_case(case.root, against=path)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        verify_case(case.root, against=tmp_path)


def test_a_case_file_without_usable_key_is_said_to_have_none(case, verified):
    content = case.file.read_bytes()
    no_text = json.loads(content)
    no_text["public_keys"][0]["pem"] = 5
    for changed in (
        b"rubbish",
        content.replace(b"PUBLIC", b"POBLIC"),
        content.replace(b"/", b""),
        made.line(no_text),
    ):
        case.file.write_bytes(changed)
        found, code = verified(case)
        assert "case file" in failed(found)
        assert found["signer"].verdict is Verdict.NOT_CHECKED
        assert found["checkpoints"].verdict is Verdict.NOT_CHECKED
        assert code is ExitCode.CUSTODY


def test_torn_bytes_are_not_excused_when_there_is_no_key(case, verified):
    case.file.write_bytes(b"rubbish")
    with case.ledger.open("ab") as stream:
        stream.write(b"{")
    assert "ledger form" in failed(verified(case)[0])


def test_the_case_file_of_another_case_is_noticed(case, verified, tmp_path, key):
    other = rebuilt(tmp_path, key, case_id=CASE_ID[:-1] + "1")
    shutil.copy(other.file, case.file)
    found, _ = verified(case)
    assert "ledger chain" in failed(found)


def test_an_interrupted_write_is_neither_passed_nor_called_tampering(case, verified, key):
    pending = case.checkpoints / "00000005.ckpt.new"
    pending.write_bytes(b"")
    found, code = verified(case)
    assert found["interrupted writes"].verdict is Verdict.NOT_CHECKED
    assert code is ExitCode.INCOMPLETE


def test_a_torn_line_is_neither_passed_nor_called_tampering(case, verified, key):
    origin = checkpoint.origin_of(CASE_ID)
    pending = checkpoint.sign(origin, 5, b"\0" * 32, key)
    (case.checkpoints / "00000005.ckpt.new").write_bytes(pending)
    with case.ledger.open("ab") as stream:
        stream.write(b'{"actor')
    found, code = verified(case)
    assert found["interrupted writes"].verdict is Verdict.NOT_CHECKED
    assert code is ExitCode.INCOMPLETE
    with Ledger.open(case.ledger.parent, made.author(key)):
        pass
    assert verified(case)[1] is ExitCode.CLEAR


def test_a_whole_line_whose_checkpoint_is_pending_is_neither(case, verified, key):
    with Ledger.open(case.ledger.parent, made.author(key)) as ledger:
        ledger.append("note", {})
    newest = case.checkpoints / "00000005.ckpt"
    newest.rename(newest.with_name("00000005.ckpt.new"))
    assert verified(case)[1] is ExitCode.INCOMPLETE


def test_a_torn_line_set_aside_and_not_yet_recorded_is_neither(case, verified):
    digest = hashlib.sha256(b"torn").hexdigest()
    (case.ledger.parent / f"ledger.torn-{digest[:16]}").write_bytes(b"torn")
    assert verified(case)[1] is ExitCode.INCOMPLETE


def test_an_empty_ledger_fails(case, verified):
    cut(case, 0)
    found, code = verified(case)
    assert {"case file", "checkpoints"} <= failed(found)
    assert code is ExitCode.CUSTODY


def with_entries(tmp_path, key, *entries):
    root = tmp_path / "own"
    with made.begin(root, key) as ledger:
        for kind, body in entries:
            ledger.append(kind, body)
    return CaseFolder(root)


START, ABORT = ("run.start", {"run": RUN_ID}), ("run.abort", {"run": RUN_ID, "reason": "why"})
RESUME, END = ("run.resume", {"run": RUN_ID}), ("run.end", {"run": RUN_ID})


@pytest.mark.parametrize("entries", [[START], [START, RESUME]])
def test_an_interrupted_run_is_to_be_resumed_or_given_up(tmp_path, key, verified, entries):
    case = with_entries(tmp_path, key, *entries)
    (case.runs / RUN_ID).mkdir()
    found, code = verified(case)
    assert code is ExitCode.INCOMPLETE
    assert found[f"run {RUN_ID}"].detail == (
        "has not ended: it is still running, or was interrupted; "
        "repeat its scan to resume it, or give it up with scan --new-run"
    )


@pytest.mark.parametrize("folder", [True, False])
def test_a_run_that_was_given_up_is_noted(tmp_path, key, verified, folder):
    case = with_entries(tmp_path, key, START, ABORT)
    if folder:
        (case.runs / RUN_ID).mkdir()
    found, code = verified(case)
    assert code is ExitCode.CLEAR
    assert "given up (why)" in found[f"run {RUN_ID}"].detail


def test_a_sealed_run_without_its_folder_is_noticed(case, verified):
    shutil.rmtree(case.run(RUN_ID).root)
    found, _ = verified(case)
    assert found["run folders"].detail == f"the folder of run {RUN_ID} is missing"


REPORT = ("report.write", {"run": RUN_ID, "files": [{"name": "x", "sha256": "0"}]})


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([END], "line 2 speaks of a run that is not under way"),
        ([RESUME], "line 2 speaks of a run that is not under way"),
        ([START, START], "line 3 starts a run that it cannot start"),
        ([START, ABORT, START], "line 4 starts a run that it cannot start"),
        ([START, ABORT, END], "line 4 speaks of a run that is not under way"),
        ([("run.start", {"run": "../.."})], "line 2 starts a run that it cannot start"),
        ([("run.start", {})], "line 2 starts a run that it cannot start"),
        ([("case.open", {})], "line 2 opens the case again"),
        ([REPORT], "line 2 speaks of a report on a run that has not ended"),
        ([START, REPORT], "line 3 speaks of a report on a run that has not ended"),
    ],
)
def test_entries_that_contradict_each_other_are_named(tmp_path, key, entries, sentence):
    case = with_entries(tmp_path, key, *entries)
    found = {check.name: check for check in verify_case(case.root, trusted_key=key.public)}
    assert found["run folders"].detail == f"ledger {sentence}"


@pytest.mark.parametrize("name", ["..", "a/b", "", None, ".", "x\0"])
def test_a_report_file_that_cannot_be_one_is_named(tmp_path, key, case, name):
    with Ledger.open(case.ledger.parent, made.author(key)) as ledger:
        body = {"run": RUN_ID, "files": [{"name": name, "sha256": "0"}, "x"]}
        ledger.append("report.write", body)
    found = {check.name: check for check in verify_case(case.root, trusted_key=key.public)}
    assert found["run folders"].detail == "ledger line 5 names a report file that cannot be one"


def test_a_ledger_that_does_not_begin_with_the_opening_is_noticed(tmp_path, key, sealed, verified):
    root = tmp_path / "own"
    shutil.copytree(sealed.root, root)
    shutil.rmtree(root / "ledger")
    case = CaseFolder(root)
    with Ledger.create(case.ledger.parent, made.author(key)) as ledger:
        ledger.append("note", {})
    case.verifier.write_bytes(standalone.source())
    found, code = verified(case)
    assert "case file" in failed(found)
    assert code is ExitCode.CUSTODY


def test_a_report_written_again_counts_in_its_latest_form(case, verified, key):
    with Ledger.open(case.ledger.parent, made.author(key)) as ledger:
        made.add_report(case.root, ledger, content=b"second")
    assert verified(case)[1] is ExitCode.CLEAR
    (case.reports / RUN_ID / "report.th.html").write_bytes(b"<p>")
    found, _ = verified(case)
    assert (
        found["reports"].detail == f"report report.th.html of run {RUN_ID} is not as it was written"
    )


def test_several_runs_and_reports_are_all_checked(case, verified, key):
    with Ledger.open(case.ledger.parent, made.author(key)) as ledger:
        made.add_run(case.root, ledger, OTHER_RUN)
        made.add_report(case.root, ledger, OTHER_RUN, name="hits.csv")
    found, code = verified(case)
    assert code is ExitCode.CLEAR
    assert f"run {OTHER_RUN} counts" in found
    case.run(OTHER_RUN).hits.write_bytes(b"")
    assert verified(case)[1] is ExitCode.CUSTODY


def own(tmp_path, key, groups=None, **counts):
    """A case whose writer is the liar: everything is signed, the run contradicts itself."""
    groups = groups or (made.OUTCOMES, made.HITS, made.PROBLEMS)
    return rebuilt(tmp_path, key, groups=groups, counts={**made.COUNTS, **counts})


@pytest.mark.parametrize("name", sorted(made.COUNTS))
def test_a_count_that_the_lines_do_not_bear_out_is_noticed(tmp_path, key, name):
    case = own(tmp_path, key, **{name: made.COUNTS[name] + 1})
    found = {check.name: check for check in verify_case(case.root, trusted_key=key.public)}
    assert failed(found) == {f"run {RUN_ID} counts"}


def changed(group, number, **fields):
    return tuple({**one, **fields} if n == number else one for n, one in enumerate(group))


LIES = {
    "n out of order": (changed(made.OUTCOMES, 1, n=2), made.HITS, made.PROBLEMS),
    "n missing": (made.OUTCOMES[:2] + made.OUTCOMES[3:], made.HITS, made.PROBLEMS),
    "unknown outcome": (changed(made.OUTCOMES, 1, outcome="lost"), made.HITS, made.PROBLEMS),
    "hits is no number": (changed(made.OUTCOMES, 0, hits="2"), made.HITS, made.PROBLEMS),
    "too few hits": (made.OUTCOMES, made.HITS[:1], made.PROBLEMS),
    "too many hits": (made.OUTCOMES, (*made.HITS, {"n": 3}), made.PROBLEMS),
    "hit of no entry": (made.OUTCOMES, (made.HITS[0], {"n": 9}), made.PROBLEMS),
    "problem of no entry": (made.OUTCOMES, made.HITS, changed(made.PROBLEMS, 1, n=4)),
    "problem without entry": (made.OUTCOMES, made.HITS, changed(made.PROBLEMS, 1, n=None)),
    "failure not told": (made.OUTCOMES, made.HITS, made.PROBLEMS[1:]),
    "float": (changed(made.OUTCOMES, 0, size=1.5), made.HITS, made.PROBLEMS),
}


@pytest.mark.parametrize("groups", LIES.values(), ids=LIES)
def test_result_lines_that_contradict_each_other_are_noticed(tmp_path, key, groups):
    case = own(tmp_path, key, groups)
    found = {check.name: check for check in verify_case(case.root, trusted_key=key.public)}
    assert failed(found) == {f"run {RUN_ID} counts"}


@pytest.mark.parametrize(
    "change",
    [
        lambda record: b"",
        lambda record: record + record,
        lambda record: record.replace(RUN_ID.encode(), OTHER_RUN.encode()),
        lambda record: record.replace(b'"exit_code":13', b'"exit_code":0'),
        lambda record: record.replace(b'"complete"', b'"partial"'),
        lambda record: record.replace(b'"seen":4', b'"seen":5'),
        lambda record: record.replace(b'"counts":{', b'"xounts":{'),
        lambda record: record.replace(b'"roots":{"', b'"roots":{"a":"","'),
        lambda record: record.replace(b":", b": "),
    ],
)
def test_a_run_record_that_contradicts_the_ledger_is_noticed(tmp_path, key, change):
    root = tmp_path / "own"
    with made.begin(root, key) as ledger:
        ledger.append("run.start", {"run": RUN_ID})
        case = CaseFolder(root)
        end = made.write_run(case)
        record = case.run(RUN_ID).record
        record.write_bytes(change(record.read_bytes()))
        ledger.append("run.end", {**end, "sums_sha256": made.write_sums(record.parent)})
    found = {check.name: check for check in verify_case(root, trusted_key=key.public)}
    assert failed(found) == {f"run {RUN_ID} record"}


def test_an_end_without_counts_is_no_end(tmp_path, key):
    root = tmp_path / "own"
    with made.begin(root, key) as ledger:
        ledger.append("run.start", {"run": RUN_ID})
        end = made.write_run(CaseFolder(root))
        ledger.append("run.end", {**end, "counts": None})
    found = {check.name: check for check in verify_case(root, trusted_key=key.public)}
    assert failed(found) == {f"run {RUN_ID} counts", f"run {RUN_ID} record"}


def test_an_unreadable_file_is_not_checked_and_named(path, case, monkeypatch, key, keys):
    """Root may read everything, so the refusal is put in where the kernel would give it."""

    def refuse(real):
        def refusing(where, *args, **kwargs):
            if not isinstance(where, int) and os.fspath(where) == str(path):
                raise PermissionError(13, "Permission denied", str(path))
            return real(where, *args, **kwargs)

        return refusing

    for module in (os, io):
        monkeypatch.setattr(module, "open", refuse(module.open))
    found = verify_case(case.root, trusted_key=key.public)
    assert alone.main(["", str(case.root), str(keys / "public.pem")]) == ExitCode.INCOMPLETE
    assert checks.exit_code(found) is ExitCode.INCOMPLETE
    named = [c for c in found if c.detail == f"{path} cannot be read: Permission denied"]
    assert named
    assert all(c.required for c in named)


@pytest.mark.parametrize("name", ["nothing", "file"])
def test_a_folder_that_is_no_case_is_refused(tmp_path, name):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CaseError, match="no case in"):
        verify_case(tmp_path / name)
    assert alone.main(["", str(tmp_path / name)]) == ExitCode.CASE


def test_no_detail_holds_a_digest(case, key):
    details = " ".join(check.detail for check in verify_case(case.root, trusted_key=key.public))
    hexadecimal = set("0123456789abcdef")
    longest = max(
        len(list(group)) for is_hex, group in itertools.groupby(details, hexadecimal.__contains__)
        if is_hex
    )  # fmt: skip
    assert longest <= 12  # the last part of a run's id


def test_the_trusted_key_is_the_stated_one_or_the_own_one(keys, key, tmp_path):
    assert trusted_key(keys / "public.pem", tmp_path / "none") == key.public
    assert trusted_key(None, keys / "k.pem") == key.public
    assert trusted_key(None, tmp_path / "none") is None
    for stated in (keys / "k.pem", keys / "none", keys):
        with pytest.raises(UsageError, match="the key you trust cannot be used: "):
            trusted_key(stated, keys / "k.pem")
    assert isinstance(trusted_key(None, keys / "k.pem"), PublicKey)


def test_the_lone_verifier_knows_the_signatures_of_rfc_8032():
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert alone._signed(public, signature, b"\x72")
    assert not alone._signed(public, signature, b"\x73")
    larger = int.from_bytes(signature[32:], "little") + alone.Q
    assert not alone._signed(public, signature[:32] + larger.to_bytes(32, "little"), b"\x72")
