"""What a run says of images: digests, damage, hash files beside them, and refusals before it."""

import hashlib
import os
from contextlib import closing
from pathlib import Path

import pytest

from hashmatch.errors import EvidenceError, OutputError, UsageError
from hashmatch.evidence import protection
from hashmatch.evidence.opening import Wishes
from hashmatch.evidence.protection import Protection
from hashmatch.jobs import plan
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.lister import Terms
from hashmatch.jobs.media import Media
from hashmatch.jobs.verifying import Verify
from tests import ewf_maker, image_makers, small_disks

pytest.importorskip("pytsk3")
TERMS = Terms(target=Level.PROCESSES)


@pytest.fixture(scope="module")
def content():
    return small_disks.disk()


def run(path, verify, between=lambda: None, terms=TERMS):
    """Do what a run does with one image; gives its account, states and progress."""
    shown = []
    sources = plan.sources_from([path], outputs=())
    with closing(Media(sources, terms, verify, shown.append)) as media:
        media.open()
        media.check()
        before = tuple(media.state(number, lambda _: None) for number in media.numbers)
        between()
        after = media.after()
        return media.accounts()[0], before, after, shown


def test_an_image_is_digested_before_and_after(tmp_path, content):
    path = tmp_path / "disk.dd"
    path.write_bytes(content)
    sha1 = hashlib.sha1(content).hexdigest()
    (tmp_path / "disk.dd.sha1").write_text(f"{sha1}  disk.dd\n")
    account, before, after, _ = run(path, Verify.FULL)
    assert before == after
    assert (before[0].entries, before[0].folders) == (account_entries(path), 3)
    line = account.to_json()
    assert line["check"]["digests"]["sha1"] == sha1
    assert line["check_after"] == line["check"]
    assert [(one["algorithm"], one["result"]) for one in line["sidecars"]] == [("sha1", "agree")]
    assert (account.verdict, account.doubtful, account.files) == ("not-stored", False, ())
    kinds = [one.get("kind") for one in line["volumes"] if not one.get("gap")]
    assert kinds == ["fat12", "fat12"]


def account_entries(path):
    (source,) = plan.sources_from([path], outputs=())
    return sum(type(one).__name__ != "Folder" for one in source.entries())


def test_a_digest_noted_beside_an_image_that_differs_is_a_doubt(tmp_path, content):
    path = tmp_path / "disk.dd"
    path.write_bytes(content)
    (tmp_path / "disk.dd.md5").write_text("0" * 32 + "  disk.dd\n")
    account, *_ = run(path, Verify.BEFORE)
    assert account.after is None
    assert account.doubtful
    (told,) = account.doubts()
    assert "does not have the md5 noted in" in told


def test_damage_and_other_digests_than_stored_are_doubts(tmp_path, content):
    path = ewf_maker.write(tmp_path / "disk.E01", content, packed=False)
    account, *_ = run(path, Verify.BEFORE)
    assert (account.verdict, account.doubtful) == ("match", False)
    assert account.files == (hashlib.sha256(path.read_bytes()).hexdigest(),)
    assert account.to_json()["said"]
    raw = bytearray(path.read_bytes())
    raw[raw.index(small_disks.FILES[b"p1/DCIM/LONG.BIN"][:16])] ^= 1
    path.write_bytes(raw)
    account, *_ = run(path, Verify.BEFORE)
    told = " ".join(account.doubts())
    assert account.verdict == "mismatch"
    assert "does not have the digest" in told
    assert "cannot be read as stored" in told
    account, *_ = run(path, Verify.NONE)
    assert (account.verdict, account.before, account.files) == ("not-verified", None, ())


def test_an_image_that_changes_meanwhile_is_noticed(tmp_path, content):
    path = tmp_path / "disk.dd"
    path.write_bytes(content)
    _, before, after, _ = run(path, Verify.FULL, lambda: os.utime(path, ns=(5, 5)))
    assert before != after
    _, before, after, _ = run(path, Verify.NONE, path.unlink)
    assert before != after


def test_content_that_changes_and_keeps_its_time_is_noticed(tmp_path, content):
    path = tmp_path / "disk.dd"
    path.write_bytes(content)
    time = path.stat().st_mtime_ns

    def alter():
        with path.open("r+b") as file:
            file.seek(len(content) - 1)
            file.write(b"\1")
        os.utime(path, ns=(time, time))

    account, before, after, _ = run(path, Verify.FULL, alter)
    assert before != after
    assert "changed while it was examined" in " ".join(account.doubts())


def test_a_folder_needs_no_process(tmp_path):
    (tmp_path / "a").touch()
    sources = plan.sources_from([tmp_path], outputs=())
    with closing(Media(sources, TERMS, Verify.FULL, lambda _: None)) as media:
        media.open()
        media.check()
        assert media.state(0, lambda _: None) == media.after()[0]
        assert media.accounts() == {}


def test_what_must_be_verified_is(tmp_path):
    path = tmp_path / "disk.Ex01"
    path.write_bytes(image_makers.ex01(bytes(1 << 16)))
    sources = plan.sources_from([path], outputs=())
    with (
        closing(Media(sources, TERMS, Verify.NONE, lambda _: None)) as media,
        pytest.raises(UsageError, match="do without --verify none"),
    ):
        media.open()


def test_nothing_is_written_beside_an_image(tmp_path, content):
    path = tmp_path / "evidence" / "disk.dd"
    path.parent.mkdir()
    path.write_bytes(content)
    case, elsewhere = path.parent / "CASE", tmp_path / "CASE"
    for folder in (case, elsewhere):
        folder.mkdir()
    assert plan.sources_from([path], outputs=[elsewhere / "runs"], apart=[elsewhere])
    for beside in (case, path.parent):
        with pytest.raises(OutputError, match="lies beside the evidence"):
            plan.sources_from([path], outputs=[], apart=[beside])
    with pytest.raises(OutputError, match="inside the evidence"):
        plan.sources_from([path], outputs=[path.parent], apart=[])


def test_images_that_share_a_file_are_named_once(tmp_path, content):
    first = tmp_path / "a.001"
    half = len(content) // 2
    first.write_bytes(content[:half])
    (tmp_path / "a.002").write_bytes(content[half:])
    (source,) = plan.sources_from([first], outputs=())
    assert [Path(os.fsdecode(part.path)).name for part in source.parts] == ["a.001", "a.002"]
    assert [one["name"] for one in plan.described(source)["segments"]] == ["a.001", "a.002"]
    for pair in ([first, first], [first, tmp_path], [tmp_path, first]):
        with pytest.raises(UsageError, match="overlap"):
            plan.sources_from(pair, outputs=())
    later = plan.sources_from([tmp_path / "a.002"], outputs=())
    media = Media(later, TERMS, Verify.NONE, lambda _: None)
    with closing(media), pytest.raises(EvidenceError, match=r"a\.001"):
        media.open()


def test_a_removable_drive_mounted_for_writing_is_refused_unless_allowed(tmp_path, monkeypatch):
    (tmp_path / "a").touch()
    sources = plan.sources_from([tmp_path], outputs=(), wishes=Wishes())
    found = Protection(read_only_mount=False, device="sdz1", removable=True)
    monkeypatch.setattr(protection, "of", lambda _: found)
    with pytest.raises(UsageError, match="--allow-rw-mount"):
        plan.protected(sources, allow_rw_mount=False)
    assert plan.protected(sources, allow_rw_mount=True) == (found,)
