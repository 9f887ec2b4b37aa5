"""What a place names is found, digested and described; what is not there has failed."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from hashmatch.commands.show_info import of_facts
from hashmatch.errors import EvidenceError, UsageError
from hashmatch.evidence.folder import FolderSource
from hashmatch.jobs import look
from hashmatch.jobs.confinement.levels import Level
from hashmatch.jobs.show_info import Shown
from hashmatch.model import locators
from hashmatch.model.facts import Facts
from hashmatch.model.hashes import Algorithm
from hashmatch.model.outcomes import Failed, Member, Reading, Reason

if TYPE_CHECKING:
    from pathlib import Path


def question(folder: Path, place: str) -> look.Question:
    """Ask about a place in a folder."""
    return look.Question(FolderSource(bytes(folder)), locators.parse_place(place))


def sha256(read: object) -> str:
    """Give the digest of what was read."""
    assert isinstance(read, Reading)
    return next(one.hex for one in read.digests if one.algorithm is Algorithm.SHA256)


def test_items_and_members_are_looked_at_alike(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (70, 50), "red").save(out, "PNG")
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("p.png", out.getvalue())
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        packed.writestr("inner.zip", inner.getvalue())
    (tmp_path / "p.png").write_bytes(out.getvalue())
    for place in ("dir:/p.png", "dir:/z.zip!zip:inner.zip;n=0!zip:p.png;n=0"):
        found = look.found(question(tmp_path, place))
        assert sha256(found.read) == hashlib.sha256(out.getvalue()).hexdigest()
        assert found.size == len(out.getvalue())
        assert isinstance(found.read, Reading)
        picture = found.read.picture
        assert picture is not None
        assert (picture.kind, picture.width, picture.height) == ("image/png", 70, 50)


@pytest.mark.parametrize(
    "place", ["dir:/gone", "dir:/a!zip:x;n=0", "dir:/z.zip!zip:x;n=7", "ntfs:/a;id=1-1"]
)
def test_what_is_not_there_has_vanished(tmp_path: Path, place: str) -> None:
    (tmp_path / "a").write_bytes(b"a")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        packed.writestr("x", b"x")
    found = look.found(question(tmp_path, place))
    assert isinstance(found.read, Failed)
    assert found.read.reason is Reason.VANISHED


def test_a_process_answers_as_far_confined_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    asked = question(tmp_path, "dir:/a")
    found = look.look(asked, Level.LANDLOCK, Level.PROCESSES)
    assert sha256(found.read) == hashlib.sha256(b"a").hexdigest()
    with pytest.raises(UsageError, match="cannot be confined"):
        look.look(asked, Level.PROCESSES, Level.LANDLOCK)


def test_a_process_that_breaks_down_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"a")
    with pytest.raises(EvidenceError, match="without an answer"):
        look.look(question(tmp_path, "dir:/a"), Level.PROCESSES, Level.PROCESSES, seconds=0)


def test_only_what_was_recorded_is_compared() -> None:
    member = Member(b"!/", "", 0, 10**30, Failed(b"!/", look.Stage.READ, Reason.IO))
    shown = Shown("EV01!dir:/a", locators.parse_place("dir:/a"), {}, member, ({"sha256": "00"},))
    assert shown.agrees is None
    assert shown.modified == ""
    assert shown.exit_code() == 3
    assert shown.to_json()["failed"] == {"stage": "read", "reason": "input-output-error"}


def test_times_without_a_zone_are_told_as_such() -> None:
    times = (("a", "2026-11-22"), ("b", "2026-11-22T01:28:36"), ("c", "2026-11-22T01:28:36-07:00"))
    facts = Facts(
        times=(*times, ("d", "2026-11-22T01:28:36.5Z")), extents=((4096, 9),), fragments=3
    )
    told = [text for _, text in of_facts(facts)]
    assert told == [
        "allocated",
        "a 2026-11-22 (zone not known)",
        "b 2026-11-22T01:28:36 (zone not known)",
        "c 2026-11-22T01:28:36-07:00",
        "d 2026-11-22T01:28:36.5Z",
        "9 bytes at 4,096",
        "3 in all",
    ]
