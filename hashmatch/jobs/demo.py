"""Run the whole chain on a benign exhibit and compare its outcome with what is known of it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.custody.keys import SigningKey
from hashmatch.db import profiles
from hashmatch.db.description import SetDescription, SetKind
from hashmatch.db.keys import KeyFile
from hashmatch.db.library import Library
from hashmatch.demo import exhibit, lists
from hashmatch.demo.truth import ExpectedFile, ExpectedSkip
from hashmatch.errors import HashmatchError, OutputError, UsageError
from hashmatch.jobs import ingest, open_case, render, scan, verify
from hashmatch.jobs.confinement.levels import Mode
from hashmatch.jobs.known_files import known_file
from hashmatch.matching.near import Limits
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from hashmatch.custody.checks import Check
    from hashmatch.demo.exhibit import Exhibit
    from hashmatch.demo.lists import WrittenList
    from hashmatch.demo.truth import Expected
    from hashmatch.jobs.scan import Progress, Result
    from hashmatch.jobs.verifying import Checking
    from hashmatch.model.people import Setting

SEED = 1
MARK = "made-by-hashmatch-demo.txt"
MADE = ("exhibit", "lists", "library", "keys", "CASE")
_MARK_TEXT = "A benign exhibit drawn by 'hashmatch demo'. Nothing here is evidence.\n"


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo did: its folders, the scan, the reports, the checks."""

    folder: Path
    exhibit: Exhibit
    lists: tuple[WrittenList, ...]
    result: Result
    reports: tuple[Path, ...]
    checks: tuple[Check, ...]


def demo(
    folder: Path,
    setting: Setting,
    tell: Callable[[str], None],
    show: Callable[[Progress | Checking], None],
    *,
    workers: int,
    confine: Mode = Mode.AUTO,
) -> Demo:
    """Build an exhibit and lists, then import, scan, report and verify.

    Args:
        folder: a new or empty folder; keys and library of the demo stay inside it.
        setting: clock, chance and machine.
        tell: called with one line before each step.
        show: called with the progress of the scan.
        workers: worker processes of the scan.
        confine: how far they are to be confined.

    Raises:
        UsageError: the folder holds something.
        OutputError: the folder cannot be written.
        HashmatchError: the outcome is not what is known of the exhibit: a defect.
    """
    _begin(folder)
    tell("drawing a benign exhibit")
    built = exhibit.build(folder / "exhibit", SEED)
    tell("writing hash lists about some of its files")
    written = lists.write(folder / "lists", map(known_file, built.originals))
    library = _library(folder, written, setting, tell)
    case, key = folder / "CASE", folder / "keys" / "signing.pem"
    tell("opening a case")
    open_case.open_case(case, open_case.Opening("DEMO-1", "Demo agency", "Demo"), setting, key)
    tell("scanning the exhibit")
    request = scan.Request((folder / "exhibit",), case, (), Limits(), workers, confine=confine)
    result = scan.scan(request, library, setting, show, key)
    compare(built.entries, result)
    tell("writing reports in English and Thai")
    reports = [
        path
        for language, kinds in (("en", ("html", "csv", "jsonl")), ("th", ("html",)))
        for path in render.render(render.Request(case, kinds, language), setting, key)
    ]
    tell("verifying the case")
    public = SigningKey.load(key).public
    checks = verify.verify_case(case, trusted_key=public, against=None)
    return Demo(folder, built, written, result, tuple(reports), tuple(checks))


def _begin(folder: Path) -> None:
    """Mark an empty folder first of all: what bears the mark holds nothing but a demo's work."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        inside = any(folder.iterdir())
        if not inside:
            (folder / MARK).write_text(_MARK_TEXT, "utf-8")
    except OSError as error:
        msg = f"the demo cannot be written to {folder}: {error.strerror}; name another folder"
        raise OutputError(msg) from None
    if inside:
        msg = (
            f"{folder} is not empty; name a new folder, "
            "or give --replace to remove what an earlier demo made there"
        )
        raise UsageError(msg)


def clear(folder: Path) -> None:
    """Remove what an earlier demo made; refuse to remove anything else.

    The mark goes last, so that a removal that was interrupted can be repeated.

    Raises:
        OutputError: the folder is not a demo's, holds something else, or cannot be removed.
    """
    try:
        if not os.path.lexists(folder):
            return
        foreign = {path.name for path in folder.iterdir()} - {*MADE, MARK}
        if foreign or (any(folder.iterdir()) and not (folder / MARK).is_file()):
            what = f"{folder / min(foreign)}" if foreign else f"{folder}"
            msg = f"{what} was not made by 'hashmatch demo' and is not removed; name another folder"
            raise OutputError(msg)
        for name in MADE:
            if (folder / name).exists():
                shutil.rmtree(folder / name)
        (folder / MARK).unlink(missing_ok=True)
    except OSError as error:
        msg = f"{folder} cannot be removed: {error.strerror}"
        raise OutputError(msg) from None


def _library(
    folder: Path, written: Iterable[WrittenList], setting: Setting, tell: Callable[[str], None]
) -> Library:
    (folder / "keys").mkdir(mode=0o700)
    key = KeyFile(folder / "keys" / "library.key")
    key.create(setting.entropy)
    library = Library.create(folder / "library", key, clock=setting.clock, entropy=setting.entropy)
    for one in written:
        tell(f"importing {one.path.name} as set {one.list}")
        description = SetDescription(
            name=str(one.list),
            kind=SetKind(one.kind),
            profile=profiles.load(one.scheme) if one.scheme else None,
            publisher=one.publisher,
        )
        reading = ingest.Reading((one.path,), one.format)
        ingest.ingest(ingest.Import(reading, description), library, setting, lambda _: None)
    return library


def compare(expected: Iterable[Expected], result: Result) -> None:
    """Compare every outcome and hit of a run with the truth about its exhibit.

    Raises:
        HashmatchError: they differ; names the first entry that does.
    """
    truth = {entry.path: entry for entry in expected}
    claims = _claims(result.folder.hits)
    with result.folder.outcomes.open("rb") as lines:
        for text in lines:
            line = json.loads(text)
            path = names.from_json(line)
            entry = truth.pop(path, None)
            if entry is None or not _as_expected(entry, line, claims.get(path, {})):
                raise _defect(path)
    for path in truth:
        raise _defect(path)


def _claims(hits: Path) -> dict[bytes, dict[str, str]]:
    """By path and set the strongest claim; claims sort by strength in the order of the words."""
    found: dict[bytes, dict[str, str]] = {}
    order = ("exact-2", "exact-1", "near")
    with hits.open("rb") as lines:
        for text in lines:
            line = json.loads(text)
            sets = found.setdefault(names.from_json(line), {})
            known = sets.get(line["set"], "near")
            sets[line["set"]] = min(known, line["claim"], key=order.index)
    return found


def _as_expected(entry: Expected, line: dict[str, object], claims: dict[str, str]) -> bool:
    if isinstance(entry, ExpectedSkip):
        return line["outcome"] == "skipped" and line["rule"] == entry.rule
    picture = line.get("picture")
    return (
        line["outcome"] == "examined"
        and line["size"] == entry.size
        and claims == {str(name): str(claim) for name, claim in entry.claims.items()}
        and (isinstance(picture, dict) == entry.is_picture)
        and (not isinstance(picture, dict) or _picture_as_expected(entry, picture))
    )


def _picture_as_expected(entry: ExpectedFile, picture: dict[str, object]) -> bool:
    return picture["trouble"] == entry.trouble and picture["partial"] == entry.partial


def _defect(path: bytes) -> HashmatchError:
    msg = (
        f"{names.shown(path)} did not end as the demo knows it must: this installation does not "
        "work as it should; run 'hashmatch doctor' and report this"
    )
    return HashmatchError(msg)
