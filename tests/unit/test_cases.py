"""Case files and the result files of a run, at every point where writing them can stop."""

import errno
import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hashmatch.cases import casefile, journal, listing, run_writer
from hashmatch.cases.casefile import CaseFile, PublicKey
from hashmatch.cases.journal import Mark
from hashmatch.cases.layout import RESULT_FILES, CaseFolder, RunFolder
from hashmatch.cases.lines import outcome_line
from hashmatch.cases.run_writer import RunWriter
from hashmatch.custody.keys import SigningKey
from hashmatch.errors import CaseError, CustodyError, OutputError
from hashmatch.model import names
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.hashes import ALWAYS, Algorithm, Digest, Method, PictureHash
from hashmatch.model.hits import Claim, Disposition, Hit, Near
from hashmatch.model.outcomes import (
    Examined,
    Failed,
    Picture,
    Reading,
    Reason,
    Rule,
    Skipped,
    Stage,
)
from hashmatch.model.tally import Tally


def case(**changes):
    words = {"reference": "R", "agency": "A", "operator": "O"} | changes
    return CaseFile("id", created="2026-11-22T00:00:00Z", public_key=PublicKey("n", "pem"), **words)


def test_a_case_file_is_read_as_it_was_written(tmp_path):
    written = case(reference="TH-๑", references=(("court", "x"), ("hub", "y")))
    casefile.create(tmp_path / "CASE", written)
    assert casefile.read(tmp_path / "CASE") == written
    assert written.opened_by.agency == "A"


@pytest.mark.parametrize("value", ["", " ", "a\nb", "x" * 201, "\x1b[2J"])
@pytest.mark.parametrize("key", ["reference", "agency", "operator"])
def test_a_case_is_not_opened_with_an_unprintable_word(key, value):
    with pytest.raises(CaseError, match=key):
        case(**{key: value})


@pytest.mark.parametrize(
    "content",
    [b"", b"{}\n", b"nonsense", b"\xff\xfe", b'{"schema":"other"}\n', b"[]\n"],
)
def test_a_file_that_was_not_written_here_is_no_case_file(tmp_path, content):
    (tmp_path / "case.json").write_bytes(content)
    with pytest.raises(CaseError, match="not a case file"):
        casefile.read(tmp_path)


def test_a_case_file_that_cannot_be_read_is_told_from_a_missing_one(tmp_path):
    with pytest.raises(CaseError, match="hashmatch case open"):
        casefile.read(tmp_path)
    (tmp_path / "case.json").mkdir()
    with pytest.raises(CaseError, match="cannot be read"):
        casefile.read(tmp_path)


def test_a_case_file_without_keys_is_no_case_file(tmp_path):
    line = case().encode().replace(b'"public_keys":[', b'"public_keys":{"a":[').replace(b"]", b"]}")
    (tmp_path / "case.json").write_bytes(line)
    with pytest.raises(CaseError, match="not a case file"):
        casefile.read(tmp_path)


def test_a_case_is_opened_in_an_empty_folder_only(tmp_path):
    (tmp_path / "something").touch()
    with pytest.raises(CaseError, match="not empty"):
        casefile.create(tmp_path, case())


def test_a_case_folder_below_a_file_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        casefile.create(tmp_path / "file" / "CASE", case())


@given(st.integers(0, 2**40), st.integers(0, 40))
def test_the_last_whole_line_of_a_torn_journal_counts(tmp_path_factory, entries, cut):
    run = RunFolder(tmp_path_factory.mktemp("run"))
    run.state.mkdir()
    tally = Tally(examined=entries)
    tally.failed_by["open:busy"] = 3
    first = Mark(entries, (1, 2, 3), ("a", "b", "c"), tally)
    journal.append(run, first, KEY)
    path = run.state / journal.FILE
    whole = path.read_bytes()
    journal.append(run, Mark(entries + 1, (4, 5, 6), ("d", "e", "f"), tally), KEY)
    path.write_bytes(path.read_bytes()[: len(whole) + cut])
    assert journal.last(run, KEY) == first


@pytest.mark.parametrize("content", [b"", b"{", b'{"entries":1', b"\xff"])
def test_a_journal_without_a_whole_line_means_the_start(tmp_path, content):
    run = RunFolder(tmp_path)
    run.state.mkdir()
    (run.state / journal.FILE).write_bytes(content)
    assert journal.last(run, KEY) is None


def forged(folder, change):
    path = folder.state / journal.FILE
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    "change",
    [
        lambda line: b"garbage\n",
        lambda line: b'{"x":1}\n',
        lambda line: line.replace(b'"entries":1', b'"entries":0'),
        lambda line: line.replace(b'"examined":1', b'"examined":0'),
        lambda line: line.replace(b'"signature":"', b'"signature":"0'),
    ],
)
def test_a_journal_that_somebody_wrote_is_not_followed(folder, change):
    with writer(folder) as out:
        out.write(0, OUTCOMES[0])
        out.sync()
    forged(folder, change)
    with pytest.raises(CustodyError, match="--new-run"):
        writer(folder)


def test_a_journal_of_another_run_or_key_is_not_followed(folder):
    with writer(folder) as out:
        out.write(0, OUTCOMES[0])
        out.sync()
    with pytest.raises(CustodyError, match="not as hashmatch left it"):
        journal.last(folder, OTHER_KEY)
    other = RunFolder(folder.root.with_name("other"))
    folder.root.rename(other.root)
    with pytest.raises(CustodyError, match="not as hashmatch left it"):
        journal.last(other, KEY)


@pytest.mark.parametrize("name", RESULT_FILES)
@pytest.mark.parametrize("change", ["flip", "shorten", "remove"])
def test_results_that_were_changed_while_interrupted_are_not_sealed(folder, name, change):
    with writer(folder) as out:
        for outcome in OUTCOMES:
            out.write(0, outcome)
        out.sync()
    path = folder.root / name
    content = bytearray(path.read_bytes())
    if change == "remove":
        path.unlink()
    elif change == "shorten":
        path.write_bytes(content[:-1])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(CustodyError, match=name):
        writer(folder)


HASHED = PictureHash(Method.PDQ, "stored", 80, (bytes(32),) * 8)
FLAT = PictureHash(Method.PDQ, "stored", 10, (bytes(32),) * 8)
NEAR = Near(Method.PDQ, 4, 31, 80, None, "rot90", "stored")


def examined(path=b"a", picture=None, hits=()):
    digests = tuple(Digest(a, bytes(a.size)) for a in ALWAYS)
    return Examined(path, 5, 7, Reading(digests, picture), tuple(hits))


def hit(disposition=Disposition.ILLEGAL, near=None):
    claim = Claim.NEAR if near else Claim.EXACT_2
    return Hit("s", "v", 1, "e", claim, disposition, "vic-us", "1", near=near)


def test_both_values_of_a_digest_that_has_two_are_written():
    values = (Digest(Algorithm.ED2K, bytes(16)), Digest(Algorithm.ED2K, bytes([1] * 16)))
    line = outcome_line(1, 0, Examined(b"a", 5, 7, Reading(values), ()))
    assert line["digests"] == {"ed2k": "00" * 16, "ed2k-2": "01" * 16}


OUTCOMES = [
    examined(b"plain"),
    examined(b"bad\xff", Picture("image/png", 1, 2, 3, (HASHED,)), [hit(near=NEAR), hit()]),
    examined(b"blank", Picture("image/png", 1, 1, 1, (FLAT,))),
    examined(b"broken", Picture("image/png", trouble=Reason.CORRUPT)),
    examined(b"half", Picture("image/png", 1, 1, 1, (HASHED,), damage=Reason.OUT_OF_MEMORY)),
    examined(b"both", None, [hit(), hit(Disposition.BENIGN)]),
    Failed(b"gone", Stage.STAT, Reason.VANISHED),
    Skipped(b"link", Rule.SYMLINK),
]


@pytest.fixture
def folder(tmp_path):
    made = CaseFolder(tmp_path).run("run")
    made.root.parent.mkdir()
    run_writer.begin(made, b"the plan")
    return made


KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER_KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"1"))


def writer(folder):
    return RunWriter(folder, KEY, near=True, quality_gate=50)


def lengths(folder):
    point = journal.last(folder, KEY)
    return point.lengths if point else (0, 0, 0)


def contents(folder):
    return {name: (folder.root / name).read_bytes() for name in RESULT_FILES}


def lines(folder, name):
    return [json.loads(line) for line in (folder.root / name).read_text("utf-8").splitlines()]


LISTED = [
    Item(b"plain", 1, 2, 0o100644, (3, 4)),
    Item(b"bad\xff\n", 2**40, -1, 0o100600, (2**63, 2**63)),
    Folder(b"folder"),
    Failed(b"gone", Stage.STAT, Reason.VANISHED),
    Skipped(b"link", Rule.SYMLINK),
]


def test_a_listing_gives_back_every_entry_that_is_no_folder(tmp_path):
    path = tmp_path / listing.FILE
    with path.open("wb") as out:
        for source in (0, 1):
            for entry in LISTED:
                listing.noter(out, source)(entry)
    kept = [entry for entry in LISTED if not isinstance(entry, Folder)]
    assert list(listing.read(path)) == [(s, entry) for s in (0, 1) for entry in kept]


def test_a_listing_that_was_not_written_here_is_refused(tmp_path):
    path = tmp_path / listing.FILE
    path.write_text('[0,"other","a"]\n')
    with pytest.raises(ValueError, match="listing"):
        list(listing.read(path))


def test_each_entry_has_its_lines(folder):
    with writer(folder) as out:
        for outcome in OUTCOMES:
            out.write(0, outcome)
        out.sync()
    outcomes = lines(folder, "outcomes.jsonl")
    assert [line["n"] for line in outcomes] == list(range(8))
    assert list(map(names.from_json, outcomes)) == [o.path for o in OUTCOMES]
    assert [line["outcome"] for line in outcomes[5:]] == ["examined", "failed", "skipped"]
    hits = lines(folder, "hits.jsonl")
    assert [(h["n"], h["claim"], h["conflict"]) for h in hits] == [
        (1, "near", False), (1, "exact-2", False), (5, "exact-2", True), (5, "exact-2", True),
    ]  # fmt: skip
    assert hits[0]["near"]["variant"] == "rot90"
    assert hits[0]["needs_confirmation"] is True
    problems = lines(folder, "problems.jsonl")
    assert [(p["n"], p["problem"], p["stage"], p["reason"]) for p in problems] == [
        (2, "low-quality", None, "too-little-structure"),
        (3, "not-compared", "decode", "corrupt-picture"),
        (4, "partial", "decode", "out-of-memory"),
        (6, "failed", "stat", "vanished"),
    ]


def test_pictures_are_no_problem_where_no_set_asks_about_them(folder):
    with RunWriter(folder, KEY, near=False, quality_gate=50) as out:
        for outcome in OUTCOMES:
            out.write(0, outcome)
        out.sync()
    assert [p["problem"] for p in lines(folder, "problems.jsonl")] == ["failed"]


@pytest.mark.parametrize("synced", range(len(OUTCOMES) + 1))
@pytest.mark.parametrize("torn", [0, 1, 30, 400])
def test_whatever_was_written_after_the_last_sync_is_written_again(folder, synced, torn):
    with writer(folder) as out:
        for n, outcome in enumerate(OUTCOMES):
            if n == synced:
                out.sync()
            out.write(0, outcome)
    for name in RESULT_FILES:  # the power went: an unknown part of the rest reached the disk
        length = (folder.root / name).stat().st_size
        kept = dict(zip(RESULT_FILES, lengths(folder), strict=True))[name]
        os.truncate(folder.root / name, min(length, kept + torn))
    with writer(folder) as again:
        assert again.entries == (synced if synced < len(OUTCOMES) else 0)
        for outcome in OUTCOMES[again.entries :]:
            again.write(0, outcome)
        again.sync()
        tally = again.tally
    whole = RunFolder(folder.root.parent / "whole")
    run_writer.begin(whole, b"")
    with writer(whole) as out:
        for outcome in OUTCOMES:
            out.write(0, outcome)
        out.sync()
        assert out.tally == tally
    assert contents(folder) == contents(whole)


def test_a_run_begins_once_and_remembers_its_plan(folder):
    assert run_writer.plan_of(folder) == b"the plan"
    with pytest.raises(OutputError, match="resume"):
        run_writer.begin(folder, b"again")
    (folder.state / run_writer.PLAN).unlink()
    assert run_writer.plan_of(folder) is None
    folder.outcomes.touch()
    with pytest.raises(CustodyError, match="--new-run"):
        run_writer.plan_of(folder)


class FullDisk:
    """A file that takes nothing any more."""

    def write(self, _):
        raise OSError(errno.ENOSPC, "No space left on device")

    flush = fileno = lambda self: self.write(b"")


@pytest.mark.parametrize("step", ["write", "sync"])
def test_a_full_disk_is_said_and_leaves_the_run_resumable(folder, step):
    with writer(folder) as out:
        out.write(0, OUTCOMES[0])
        out.sync()
        kept, out._files = out._files, [FullDisk()] * 3
        with pytest.raises(OutputError, match="resume"):
            out.write(0, OUTCOMES[1]) if step == "write" else out.sync()
        out._files = kept
    assert journal.last(folder, KEY).entries == 1


def test_a_run_folder_that_cannot_be_opened_is_said(folder):
    folder.hits.mkdir()
    with pytest.raises(OutputError, match="could not be written"):
        writer(folder)
