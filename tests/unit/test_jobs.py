"""Jobs in one process: resumed at chosen points, refused for the right reason."""

import dataclasses
import datetime
import hashlib
import json
import os
import random
from pathlib import Path

import pytest
from PIL import Image

from hashmatch.cases.layout import RESULT_FILES
from hashmatch.db.description import SetDescription, SetKind
from hashmatch.db.keys import KeyFile
from hashmatch.db.library import Library
from hashmatch.errors import (
    CaseError,
    CustodyError,
    EvidenceError,
    ExitCode,
    HashmatchError,
    HashSetError,
    OutputError,
    UsageError,
)
from hashmatch.evidence.folder import FolderSource
from hashmatch.hashing import known_answers
from hashmatch.jobs import (
    demo,
    examine,
    hasher_trial,
    ingest,
    open_case,
    plan,
    pool,
    render,
    runs,
    scan,
    self_test,
    windows,
)
from hashmatch.jobs.confinement.levels import Level, Mode
from hashmatch.jobs.examine import Limits as ItemLimits
from hashmatch.matching.near import Limits
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import ALWAYS
from hashmatch.model.outcomes import Failed, Reason, Stage
from hashmatch.model.people import Operator, Setting
from hashmatch.model.wanted import Wanted
from tests.unit.test_jobs_phone_names import backup


class StoppedError(Exception):
    """Stands for a kill at a chosen moment."""


class Desk:
    """A setting with a counting clock, a library that knows b"known", an open case."""

    def __init__(self, root):
        self.root = root
        self.chance = random.Random(1)
        self.seconds = 0
        self.setting = Setting(
            self.clock,
            self.chance.randbytes,
            "host",
            "system",
            str(root),
            (),
            {"name": "test", "version": "1", "python": "3"},
        )
        self.key = root / "signing.pem"
        self.evidence = root / "evidence"
        self.evidence.mkdir()
        secret = KeyFile(root / "library.key")
        secret.create(self.chance.randbytes)
        self.library = Library.create(
            root / "library", secret, clock=self.clock, entropy=self.chance.randbytes
        )
        self.install("known", b"known")
        self.case = self.open("CASE")

    def clock(self):
        self.seconds += 1
        start = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
        return start + datetime.timedelta(seconds=self.seconds)

    def install(self, name, content):
        path = self.root / f"{name}.txt"
        path.write_text(hashlib.sha256(content).hexdigest() + "  name\n")
        description = SetDescription(name, SetKind.ILLEGAL)
        reading = ingest.Reading((path,))
        wanted = ingest.Import(reading, description)
        return ingest.ingest(wanted, self.library, self.setting, lambda _: None)

    def open(self, name):
        opening = open_case.Opening("R", "A", "O")
        open_case.open_case(self.root / name, opening, self.setting, self.key)
        return self.root / name

    def request(self, case=None, **changes):
        words = {"sets": (), "near": Limits(), "workers": 1} | changes
        return scan.Request((self.evidence,), case or self.case, **words)

    def scan(self, show=lambda _: None, **changes):
        return scan.scan(self.request(**changes), self.library, self.setting, show, self.key)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture
def _small(monkeypatch):
    monkeypatch.setattr(windows, "SPAN", windows.Span(entries=3))
    monkeypatch.setattr(scan, "SYNC_SECONDS", -1.0)


def stop_after(count):
    def show(now):
        if now.entries_done >= count:
            raise StoppedError

    return show


def results(folder):
    return {name: (folder.root / name).read_bytes() for name in RESULT_FILES}


@pytest.mark.usefixtures("_small")
def test_a_run_stopped_anywhere_ends_as_if_it_had_not_been(desk):
    for number in range(10):
        (desk.evidence / f"{number}").write_bytes(b"known" if number % 4 == 0 else b"%d" % number)
    (desk.evidence / "link").symlink_to("nowhere")
    whole = desk.scan(case=desk.open("WHOLE"))
    assert not whole.resumed
    for count in range(1, 8, 3):
        case = desk.open(f"STOPPED-{count}")
        for _ in range(2):
            with pytest.raises(StoppedError):
                desk.scan(stop_after(count), case=case)
        again = desk.scan(case=case)
        assert again.resumed
        assert results(again.folder) == results(whole.folder)
        assert again.tally == whole.tally
        record = json.loads(again.folder.record.read_text())
        assert len(record["resumed"]) == 2


@pytest.mark.usefixtures("_small")
def test_names_of_a_phone_are_the_same_in_a_run_that_was_stopped(desk):
    files = [("HomeDomain", "known"), *(("HomeDomain", str(n)) for n in range(6))]
    backup(desk.evidence, files, encrypted=True)
    whole = desk.scan(case=desk.open("WHOLE"))
    with pytest.raises(StoppedError):
        desk.scan(stop_after(4))
    again = desk.scan()
    assert again.resumed
    assert results(again.folder) == results(whole.folder)
    assert again.tally == whole.tally
    assert again.tally.backups_locked == 1
    assert again.tally.failed_by == {"unpack:key-or-password-needed": 1}
    assert [one.named for one in again.phones] == [7]
    (hit,) = map(json.loads, again.folder.hits.read_text().splitlines())
    assert hit["facts"]["notes"] == {"original": "HomeDomain-known"}


@pytest.mark.usefixtures("_small")
def test_an_interrupted_run_belongs_to_its_sets_and_its_evidence(desk, monkeypatch):
    (desk.evidence / "a").write_bytes(b"a")
    with pytest.raises(StoppedError):
        desk.scan(stop_after(0))
    with pytest.raises(CaseError, match=r"was another one \(with other algorithms\); repeat"):
        desk.scan(digests=("sha512",))
    with monkeypatch.context() as other:
        other.setattr(hasher_trial, "implementations", lambda *_: {"pdq": "another/1"})
        with pytest.raises(CaseError, match="with other hashers"):
            desk.scan()
    manifest = desk.install("second", b"second")
    with pytest.raises(CaseError, match="with other sets"):
        desk.scan()
    with pytest.raises(CaseError, match="near threshold was 31"):
        desk.scan(sets=("known",), near=Limits(20))
    first, desk.evidence = desk.evidence, desk.root / "second"
    desk.evidence.mkdir()
    (desk.evidence / "b").touch()
    with pytest.raises(CaseError, match=f"of {first}"):
        desk.scan(sets=("known",))
    desk.evidence = first
    (desk.evidence / "a").write_bytes(b"other")
    with pytest.raises(EvidenceError, match="not as it was"):
        desk.scan(sets=("known",))
    assert desk.scan(new_run=True).tally.seen == 1
    assert manifest.name == "second"


def test_a_run_whose_folder_was_never_made_is_given_up(desk):
    (desk.evidence / "a").touch()
    with open_case.ledger_of(desk.case, desk.setting, desk.key) as ledger:
        ledger.append("run.start", {"run": "never-made"})
    result = desk.scan()
    assert not result.resumed
    with open_case.ledger_of(desk.case, desk.setting, desk.key) as ledger:
        kinds = [entry.type for entry in ledger.entries()]
    assert kinds == ["case.open", "run.start", "run.abort", "run.start", "run.end"]


def vanishing(monkeypatch, path):
    """Make a folder vanish once the listing is made, as a mount does that comes and goes."""
    real = scan._list

    def listed_then_gone(sources, target):
        states = real(sources, target)
        path.rename(path.with_name("hidden"))
        return states

    monkeypatch.setattr(scan, "_list", listed_then_gone)


def test_whatever_vanishes_after_the_listing_is_named_and_makes_the_run_incomplete(
    desk, monkeypatch
):
    part = desk.root / "evidence" / "part"
    part.mkdir()
    for name in "abc":
        (part / name).write_bytes(b"known")
    (desk.evidence / "z").write_bytes(b"known")
    vanishing(monkeypatch, part)
    result = desk.scan()
    assert (result.tally.seen, result.tally.failed, result.tally.items_with_hits) == (4, 3, 1)
    assert result.tally.changed_source
    assert result.tally.exit_code() is ExitCode.HITS_INCOMPLETE
    problems = [json.loads(x) for x in result.folder.problems.read_text().splitlines()]
    assert [(p["path"], p["reason"]) for p in problems] == [
        (f"part/{name}", "vanished") for name in "abc"
    ]


def test_evidence_with_folders_only_is_not_examined(desk):
    (desk.evidence / "lost+found").mkdir()
    with pytest.raises(UsageError, match="only folders"):
        desk.scan()
    assert sorted(p.name for p in desk.case.iterdir()) == ["case.json", "ledger", "reports", "runs"]


def test_a_run_that_stopped_before_it_had_a_plan_is_begun_anew(desk, monkeypatch):
    (desk.evidence / "a").touch()

    def stop(_folder, _plan):
        raise StoppedError

    with monkeypatch.context() as changed:
        changed.setattr(runs.run_writer, "begin", stop)
        with pytest.raises(StoppedError):
            desk.scan()
    assert not desk.scan().resumed


def test_a_plan_that_is_cut_short_is_not_followed(desk):
    (desk.evidence / "a").touch()
    with pytest.raises(StoppedError):
        desk.scan(stop_after(0))
    (made,) = (desk.case / "runs").iterdir()
    for forged in (b"", b'{"sources":[1]}', (made / "state" / "plan.json").read_bytes() + b" "):
        (made / "state" / "plan.json").write_bytes(forged)
        with pytest.raises(CustodyError, match=r"plan\.json"):
            desk.scan()
    assert desk.scan(new_run=True).tally.seen == 1


def test_a_run_is_resumed_only_with_the_versions_it_began_with(desk):
    (desk.evidence / "a").touch()
    with pytest.raises(StoppedError):
        desk.scan(stop_after(0))
    desk.setting.tool["pillow-heif"] = "1.0"
    with pytest.raises(CaseError, match="with other versions of programs"):
        desk.scan()


def test_a_run_is_resumed_only_with_the_limits_it_began_with(desk):
    (desk.evidence / "a").touch()
    with pytest.raises(StoppedError):
        desk.scan(stop_after(0))
    with pytest.raises(CaseError, match="max memory bytes was"):
        desk.scan(limits=ItemLimits(memory=1 << 30))
    assert desk.scan().resumed


def test_words_that_are_not_unicode_do_not_keep_a_run_from_its_seal(desk):
    (desk.evidence / "a").touch()
    desk.setting = dataclasses.replace(desk.setting, argv=("scan", "ev\udcff"))
    record = json.loads(desk.scan().folder.record.read_text())
    assert record["argv"] == ["scan", "ev‹U+DCFF›"]


@pytest.mark.parametrize("lead", ["link", "hard link"])
@pytest.mark.parametrize("name", [*RESULT_FILES, "state/journal.jsonl"])
def test_nothing_is_written_through_what_somebody_put_in_a_run(desk, lead, name):
    item = desk.evidence / "a"
    item.write_bytes(b"evidence")
    with pytest.raises(StoppedError):
        desk.scan(stop_after(0))
    (made,) = (desk.case / "runs").iterdir()
    (made / name).unlink(missing_ok=True)
    (made / name).symlink_to(item) if lead == "link" else (made / name).hardlink_to(item)
    with pytest.raises((CustodyError, EvidenceError)):
        desk.scan()
    assert item.read_bytes() == b"evidence"


def test_a_run_whose_plan_somebody_removed_can_be_given_up(desk):
    (desk.evidence / "a").touch()
    with pytest.raises(StoppedError):
        desk.scan(stop_after(0))
    (made,) = (desk.case / "runs").iterdir()
    (made / "state" / "plan.json").unlink()
    with pytest.raises(CustodyError, match="--new-run"):
        desk.scan()
    assert desk.scan(new_run=True).tally.seen == 1
    assert not (made / "state").exists()


def test_nothing_is_removed_through_a_link_in_the_place_of_an_ended_run(desk):
    (desk.evidence / "state").mkdir()
    for name in ("plan.json", "mine"):
        (desk.evidence / "state" / name).write_text("evidence")
    first = desk.scan().folder
    first.root.rename(desk.root / "moved")
    first.root.symlink_to(desk.evidence)
    desk.scan()
    assert sorted(p.name for p in (desk.evidence / "state").iterdir()) == ["mine", "plan.json"]


def test_what_somebody_put_into_the_state_of_an_ended_run_stays(desk):
    (desk.evidence / "a").touch()
    first = desk.scan().folder
    first.state.mkdir()
    for name in ("plan.json", "theirs"):
        (first.state / name).touch()
    desk.scan()
    assert [p.name for p in first.state.iterdir()] == ["theirs"]


@pytest.mark.parametrize("part", ["", "state"])
def test_a_run_folder_that_is_a_link_is_not_written_to(desk, part):
    (desk.evidence / "a").touch()
    with pytest.raises(StoppedError):
        desk.scan(stop_after(0))
    (made,) = (desk.case / "runs").iterdir()
    moved = desk.root / "moved"
    place = made / part if part else made
    place.rename(moved)
    place.symlink_to(moved)
    with pytest.raises(CustodyError, match="--new-run"):
        desk.scan()


def test_a_listing_is_not_written_through_a_link_or_into_a_pipe(desk):
    item = desk.evidence / "a"
    item.write_bytes(b"evidence")
    target = desk.case / "listing.new"
    for put in (lambda: target.symlink_to(item), lambda: os.mkfifo(target)):
        put()
        desk.scan()
        assert item.read_bytes() == b"evidence"
        assert not os.path.lexists(target)


def test_an_operator_is_a_word_that_a_record_can_hold(desk):
    (desk.evidence / "a").touch()
    for word in ("x\udcff", "a\nb", " "):
        with pytest.raises(CaseError, match="operator"):
            desk.scan(operator=word)
    assert not list((desk.case / "runs").iterdir())


def test_a_state_that_a_crash_left_behind_is_removed_by_the_next_run(desk):
    (desk.evidence / "a").touch()
    first = desk.scan()
    first.folder.state.mkdir()
    desk.scan()
    assert not first.folder.state.exists()


def test_an_expired_set_is_named(desk):
    (desk.evidence / "a").touch()
    expired = SetDescription("old", SetKind.ILLEGAL, expires=datetime.date(2026, 11, 23))
    reading = ingest.Reading((desk.root / "known.txt",))
    ingest.ingest(ingest.Import(reading, expired), desk.library, desk.setting, lambda _: None)
    assert desk.scan().expired == ()
    desk.seconds += 3 * 86400
    assert desk.scan().expired == ("old",)


def test_more_workers_than_the_system_allows_is_said(desk, monkeypatch):
    (desk.evidence / "a").touch()

    def refuse(_order):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(pool, "Worker", refuse)
    with pytest.raises(UsageError, match="--workers"):
        desk.scan()


def test_a_listing_that_the_disk_does_not_take_is_said(desk):
    (desk.evidence / "a").touch()
    (desk.case / "listing.new").mkdir()
    with pytest.raises(OutputError, match="listing"):
        desk.scan()


def test_a_case_is_written_with_the_key_it_was_opened_with(desk):
    (desk.evidence / "a").touch()
    desk.key.unlink()
    desk.open("OTHER")
    with pytest.raises(CaseError, match="another key"):
        desk.scan()


def test_a_case_whose_verifier_cannot_be_written_is_no_case(desk, monkeypatch):
    def full(_path, _content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(open_case.durable, "write_new", full)
    with pytest.raises(OutputError, match="No space left"):
        desk.open("FULL")


def test_a_set_that_was_altered_is_not_used(desk):
    (desk.evidence / "a").touch()
    exact = next((desk.root / "library" / "sets").glob("*/exact.idx"))
    content = bytearray(exact.read_bytes())
    content[-1] ^= 1
    exact.chmod(0o600)
    exact.write_bytes(content)
    with pytest.raises(HashSetError):
        desk.scan()
    assert not list((desk.case / "runs").iterdir())


def test_sources_are_named_once_and_lie_apart_from_what_is_written(desk):
    below = desk.evidence / "below"
    below.mkdir()
    (below / "file").touch()
    for pair in ((desk.evidence, below), (below, desk.evidence), (below, below)):
        with pytest.raises(UsageError, match="overlap"):
            plan.sources_from(pair, outputs=())
    with pytest.raises(OutputError, match="inside the evidence"):
        plan.sources_from([desk.evidence], outputs=[below / "CASE"])
    link = desk.root / "link"
    link.symlink_to(below)
    with pytest.raises(OutputError, match="inside the evidence"):
        plan.sources_from([desk.evidence], outputs=[link / "CASE"])
    with pytest.raises(OutputError, match="the other way round"):
        plan.sources_from([below], outputs=[desk.evidence])
    with pytest.raises(UsageError, match="cannot be examined"):
        plan.sources_from([Path("x" * 300)], outputs=())


def looked_at(folder, name, content, *, decode=True, limits=None):
    path = folder / name
    path.write_bytes(content)
    status = path.stat()
    item = Item(
        os.fsencode(name), status.st_size, status.st_mtime_ns, status.st_mode,
        (status.st_dev, status.st_ino),
    )  # fmt: skip
    source = FolderSource(os.fsencode(folder))
    return examine.examine(source, item, Wanted(), limits or examine.Limits(), decode=decode).result


def test_one_read_gives_digests_and_pictures_by_content(tmp_path):
    drawn = tmp_path / "drawn.png"
    Image.effect_mandelbrot((64, 64), (-2, -1, 1, 1), 50).save(drawn)
    content = drawn.read_bytes()
    read = looked_at(tmp_path, "named.txt", content)
    assert read.digests[2].value == hashlib.sha256(content).digest()
    assert (read.picture.kind, read.picture.trouble) == ("image/png", None)
    assert len(read.picture.hashes[0].variants) == 9
    assert looked_at(tmp_path, "text.png", b"text").picture is None


def test_a_picture_over_the_limit_is_digested_and_says_so(tmp_path):
    drawn = tmp_path / "drawn.bmp"
    Image.new("RGB", (64, 64)).save(drawn)
    read = looked_at(tmp_path, "a", drawn.read_bytes(), limits=examine.Limits(picture_bytes=99))
    assert (len(read.digests), read.picture.trouble) == (3, Reason.TOO_MANY_BYTES)
    spared = looked_at(tmp_path, "b", drawn.read_bytes(), decode=False)
    assert (len(spared.digests), spared.picture.trouble) == (3, None)
    both = examine.Limits(picture_bytes=99)
    spared = looked_at(tmp_path, "c", drawn.read_bytes(), decode=False, limits=both)
    assert spared.picture.trouble is None


def test_an_item_that_is_gone_is_a_value(tmp_path):
    gone = Item(b"gone", 1, 1, 0o100644, (1, 1))
    source = FolderSource(os.fsencode(tmp_path))
    found = examine.examine(source, gone, Wanted(), examine.Limits()).result
    assert found == Failed(b"gone", Stage.OPEN, Reason.VANISHED)


def test_an_installation_that_computes_wrong_does_no_work(desk, monkeypatch):
    (desk.evidence / "a").touch()
    monkeypatch.setattr(known_answers, "check", lambda _: [("md5", True), ("pdq", False)])
    with pytest.raises(HashmatchError, match="pdq"):
        self_test.self_test(ALWAYS)
    with pytest.raises(HashmatchError, match="hashmatch doctor"):
        desk.scan()


def test_a_report_folder_that_cannot_be_made_is_said(desk):
    (desk.evidence / "a").touch()
    desk.scan()
    (desk.case / "reports").rmdir()
    (desk.case / "reports").touch()
    with pytest.raises(OutputError, match="cannot be made"):
        render.render(render.Request(desk.case, ("csv",)), desk.setting, desk.key)


def test_a_demo_that_ends_otherwise_than_it_must_is_a_defect(tmp_path, monkeypatch):
    desk = Desk(tmp_path)
    made = demo.demo(tmp_path / "demo", desk.setting, lambda _: None, lambda _: None, workers=2)
    entries = made.exhibit.entries
    demo.compare(entries, made.result)
    for changed in (entries[1:], (*entries, entries[0].__class__(b"more", *rest(entries[0])))):
        with pytest.raises(HashmatchError, match="hashmatch doctor"):
            demo.compare(changed, made.result)
    wrong = [e for e in entries if getattr(e, "claims", None)]
    for one in wrong:
        others = [e for e in entries if e is not one]
        lie = type(one)(one.path, one.size + 1, one.sentence, one.claims, one.is_picture)
        with pytest.raises(HashmatchError):
            demo.compare([*others, lie], made.result)
    with pytest.raises(UsageError):
        demo.demo(tmp_path / "demo", desk.setting, lambda _: None, lambda _: None, workers=1)
    (tmp_path / "demo" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="notes"):
        demo.clear(tmp_path / "demo")
    (tmp_path / "demo" / "notes.txt").unlink()
    for _ in range(2):
        demo.clear(tmp_path / "demo")
        assert not list((tmp_path / "demo").iterdir())
    demo.clear(tmp_path / "never was")


def rest(entry):
    return [getattr(entry, name) for name in list(entry.__slots__)[1:]]


def test_a_demo_folder_that_cannot_be_removed_is_said(tmp_path, monkeypatch):
    (tmp_path / demo.MARK).touch()
    (tmp_path / "CASE").mkdir()

    def refuse(_folder):
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(demo.shutil, "rmtree", refuse)
    with pytest.raises(OutputError, match="busy"):
        demo.clear(tmp_path)
    assert (tmp_path / demo.MARK).exists()


@pytest.mark.usefixtures("_small")
def test_the_weakest_confinement_of_a_run_that_was_resumed_is_recorded(desk):
    for number in range(10):
        (desk.evidence / f"{number}").write_bytes(b"%d" % number)
    modes = (Mode.AUTO, Mode.OFF, Mode.AUTO)
    for count, mode in enumerate(modes[:2], 1):
        with pytest.raises(StoppedError):
            desk.scan(stop_after(3 * count), confine=mode)
    record = json.loads(desk.scan(confine=modes[2]).folder.record.read_text())
    assert record["settings"]["sandbox"] == Level.PROCESSES


def test_a_ledger_of_an_older_version_claims_no_confinement(desk):
    with open_case.ledger_of(desk.case, desk.setting, desk.key, Operator("O", "A")) as ledger:
        ledger.append("run.start", {"run": "old"})
        ledger.append("run.resume", {"run": "old", "sandbox": str(Level.LANDLOCK)})
        assert runs.sandboxes(ledger, "old") == (Level.PROCESSES, Level.LANDLOCK)
        ledger.append("run.abort", {"run": "old", "reason": "test"})


def test_a_scan_whose_workers_are_confined_less_than_required_reads_nothing(desk, monkeypatch):
    (desk.evidence / "a").write_bytes(b"known")
    monkeypatch.setattr(Mode, "target", property(lambda _: Level.SECCOMP))
    with pytest.raises(UsageError, match="required"):
        desk.scan(confine=Mode.REQUIRED)
    assert not list((desk.case / "runs").iterdir())
