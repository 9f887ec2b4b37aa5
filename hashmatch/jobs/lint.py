"""Check hash lists by rules: read each once, compare them, and say what is wrong with them."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.errors import ExitCode, HashSetError, UsageError
from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, Certainty
from hashmatch.jobs import lint_reading
from hashmatch.jobs.lint_reading import Words
from hashmatch.jobs.list_files import sources_of
from hashmatch.jobs.list_files_beside import is_companion
from hashmatch.linting import warninglist
from hashmatch.linting.check import Subject
from hashmatch.linting.checksums import ENDINGS, is_sums
from hashmatch.linting.media import HEAD, media
from hashmatch.linting.reference import Reference
from hashmatch.linting.run import Plan, Run
from hashmatch.linting.signatures import SIGNATURES
from hashmatch.linting.spool import Folder
from hashmatch.linting.stretches import Stretches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hashmatch.db.library import Library
    from hashmatch.jobs.list_files import ListSource
    from hashmatch.linting.report import Report
    from hashmatch.linting.rule import Level
    from hashmatch.model.people import Entropy


_PROSE = frozenset({".md", ".rst", ".yaml", ".yml"})
_BY_LINE = frozenset({Certainty.HEADER, Certainty.TABLE, Certainty.LINES, Certainty.BARE})
"""Formats whose records are told by their lines."""


def scratch(path: Path, entropy: Entropy) -> Folder:
    """Say where numbers about records may be kept while a run compares them."""
    return Folder(path, int.from_bytes(entropy(8)))


def other_list(path: Path, at: Folder, words: Words | None = None) -> Reference:
    """Read the list of ``--previous`` or ``--benign``, recognised by its structure.

    A warning list of MISP is read too: its values are known to be harmless. The words about
    reading are those of the list that is checked; they count where the other's format takes them.

    Raises:
        UsageError: the file is missing.
        HashSetError: it is not recognised, or cannot be read in full.
    """
    data = _warning_list(path)
    if data is not None:
        return Reference.of(path.name, Stretches().of(warninglist.read(data)), {}, at)
    sources = sources_of((path,))
    fitting = lint_reading.fitting(sources, words or Words())
    return lint_reading.reference(path, sources, fitting, at)


def _warning_list(path: Path) -> bytes | None:
    """Read a warning list; None for any other file, and for one that cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > warninglist.MOST:
            return None
        with path.open("rb") as stream:
            head = stream.read(HEAD_SIZE)
            if not warninglist.detect(head) or registry.detect(head, path.name) is not None:
                return None
            return head + stream.read()
    except OSError:
        return None  # the general reader says what is wrong


def installed_list(library: Library, name: str, at: Folder) -> Reference:
    """Read the records of an installed set that count, to compare with.

    Args:
        library: opened.
        name: of a set, or ``name@version``.
        at: where numbers about the records may be kept.

    Raises:
        UsageError: there is no such set, or it is a filter without records.
        HashSetError: the library is damaged.
    """
    manifest = library.find(name)
    if not manifest.counts.stored:
        msg = f"the set {name} holds no records; nothing can be compared with it"
        raise UsageError(msg)
    days = {"list_date": manifest.stated.list_date, "issued": manifest.stated.issued}
    facts = {key: value for one in manifest.files for key, value in one.facts.items()}
    facts |= {key: day.isoformat() for key, day in days.items() if day is not None}
    with library.open_set(manifest.version) as installed:
        records = installed.live_records()
        found = Reference.of(manifest.files[0].name, Stretches().of(records), facts, at)
    found.superseded.update(
        (file.sha256, before.created[:10])
        for before in library.versions(manifest.name)
        if before.created < manifest.created
        for file in before.files
    )
    for file in manifest.files:
        found.superseded.pop(file.sha256, None)
    return found


@dataclass(frozen=True, slots=True)
class Request:
    """The files and how to read them. Names in findings are as the operator wrote them."""

    files: tuple[Path, ...]
    words: Words
    plan: Plan


def lint(request: Request) -> Report:
    """Read every list and apply the rules.

    Raises:
        UsageError: the only file is missing, no list was named, or a word means nothing for a
            format. One of several files that is missing is reported as a list that is unreadable.
        OutputError: there is no room to compare the records.
    """
    run = Run(request.plan)
    missing = ""
    for path in request.files:
        try:
            sources = sources_of((path,))
        except (HashSetError, UsageError) as error:
            run.refuse(str(path), str(error))
            missing = str(error) if isinstance(error, UsageError) else missing
            continue
        for source in sources:
            if is_prose(source.path) or (path.is_dir() and _accompanies(source)):
                run.pass_by(_name(source))
            else:
                _read(run, source, request)
    if missing and len(run.lists) == 1:
        raise UsageError(missing)
    if not run.lists:
        msg = "no hash list was named, only files that are none; name one"
        raise UsageError(msg)
    return run.finish()


def is_prose(path: Path) -> bool:
    """Tell texts and settings, which are never lists, by their endings."""
    return path.suffix.lower() in _PROSE


def _accompanies(source: ListSource) -> bool:
    """Tell files of a folder that belong to a list beside them, or to the checking itself."""
    path = source.path
    if source.steps:
        return False
    if path.name.startswith(".") or is_sums(path.name):
        return True
    if path.suffix in SIGNATURES | ENDINGS and path.with_suffix("").exists():
        return True
    return any(is_companion(source, form) for form in registry.all_formats())


def _name(source: ListSource) -> str:
    """Give the name that findings have: the file as it was named, and the way into it."""
    return "/".join((str(source.path), *(step.name for step in source.steps)))


def _read(run: Run, source: ListSource, request: Request) -> None:
    name = _name(source)
    try:
        with source.opened():
            pass
    except (UsageError, HashSetError) as error:
        run.refuse(name, str(error))
        return
    try:
        with lint_reading.reading(source, request.words) as opened:
            stretches = Stretches()
            form = opened.chosen.format
            typed = request.words.options.algorithm is not None
            subject = Subject(
                source.path,
                name,
                len(run.lists),
                stretches.facts,
                opened.seen,
                declared_type=typed,
                by_line=form.certainty in _BY_LINE,
            )
            run.read(subject, form.title, stretches, opened.events)
    except HashSetError as error:
        run.refuse(name, str(error))


def code_of(report: Report, fail_level: Level) -> ExitCode:
    """Say how a run ends: 21 before 13 before 10 before 3 before 0."""
    if any(one.unreadable for one in report.lists):
        return ExitCode.HASH_SET
    if report.at_least(fail_level):
        return ExitCode.HITS_INCOMPLETE if report.incomplete else ExitCode.HITS
    return ExitCode.INCOMPLETE if report.incomplete else ExitCode.CLEAR


def media_among(files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the files that are pictures, films, sounds or archives, with what they are.

    Raises:
        UsageError: a file cannot be read.
    """
    for path in files:
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                continue
            with path.open("rb") as stream:
                found = media(stream.read(HEAD))
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror}"
            raise UsageError(msg) from None
        if found:
            yield path, found


__all__ = ["Request", "Words", "code_of", "installed_list", "lint", "media_among", "other_list"]
