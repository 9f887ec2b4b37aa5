"""Bring an installed set up to date: a whole new list, changes to it, or withdrawals."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.db.description import SetKind
from hashmatch.errors import HashmatchError, HashSetError, UsageError
from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs.compare import Difference, compare
from hashmatch.jobs.ingest import OF_CHANGES, Import, Reached, Reading, ingest
from hashmatch.jobs.list_files_format import STATED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hashmatch.db.description import SetDescription
    from hashmatch.db.library import Library
    from hashmatch.db.manifest import Manifest
    from hashmatch.model.people import Setting

_OF_THE_LIST = ("list_version", "list_date", "issued", "expires")
"""What is said of one list, not of the set, and does not hold for the next one."""

_PIECES = re.compile(r"\d+|\D+")


@dataclass(frozen=True, slots=True)
class Update:
    """What is to be taken into a set.

    ``reading`` and ``stated`` hold what the operator states; what is not stated is as at the last
    import. With ``delta`` the files are changes to the current version, with ``withdraw`` each
    of their records takes one back.
    """

    name: str
    reading: Reading
    stated: Mapping[str, object] = field(default_factory=dict)
    delta: bool = False
    withdraw: bool = False
    allow_shrink: bool = False
    allow_older: bool = False
    allow_expired: bool = False


@dataclass(frozen=True, slots=True)
class Updated:
    """The new version and how it differs from the one before.

    ``difference`` is None where that could not be found out, and ``why`` says the reason; the
    new version is in use all the same.
    """

    manifest: Manifest
    difference: Difference | None
    why: str | None = None


def update(
    request: Update, library: Library, setting: Setting, show: Callable[[Reached], None]
) -> Updated:
    """Install a new version of a set; the one before stays for the reports that name it.

    Raises:
        UsageError: there is no such set, a file is missing, or changes to a list would change
            what its other records mean.
        HashSetError: the list is refused, is older than the installed one, or would take away
            more than half of the set or of one kind of its hashes; the library is as it was.
        OutputError: the library cannot be written; it is as it was.
    """
    before = library.current(request.name)
    description = _described(request, before)
    if not request.allow_older:
        _refuse_older(description, _line_of(library, before))

    def check(new: Manifest) -> None:
        if not request.allow_shrink:
            _refuse_shrunk(before, new)

    wanted = Import(
        _inherited(request, before.stated.importer, description.kind),
        description,
        allow_expired=request.allow_expired,
        delta=request.delta or request.withdraw,
        withdraw=request.withdraw,
        check=check,
    )
    manifest = ingest(wanted, library, setting, show)
    try:
        return Updated(manifest, compare(library, before, manifest))
    except HashmatchError as error:
        return Updated(manifest, None, str(error))
    except KeyboardInterrupt:  # the new version is in use: that must be said, not that it is not
        return Updated(manifest, None, "interrupted; see 'hashmatch library diff'")


def _described(request: Update, before: Manifest) -> SetDescription:
    """Describe the set with what is stated now; a whole list has its own dates and number.

    Raises:
        UsageError: changes to a list come with another meaning than its records have.
        HashSetError: the last day of a new list is not stated.
    """
    whole = not (request.delta or request.withdraw)
    forgotten = dict.fromkeys(_OF_THE_LIST) if whole else {}
    stated = {key: value for key, value in request.stated.items() if value is not None}
    changes: dict[str, object] = {**forgotten, "accept_losses": False, **stated}
    until = before.stated.expires
    if whole and until is not None and "expires" not in stated:
        msg = (
            f"the installed list expires on {until.isoformat()}; say with --expires until when "
            "the new one may be used"
        )
        raise HashSetError(msg)
    if "profile" not in changes and changes.get("kind") not in {None, before.kind}:
        changes["profile"] = None
    description = replace(before.stated, **changes)  # type: ignore[arg-type]
    meaning = description.kind, description.profile
    if not whole and meaning != (before.kind, before.stated.profile):
        msg = (
            "--kind and --scheme say what every record means, and with --delta or --withdraw most "
            "are not read again; give the whole list to change that"
        )
        raise UsageError(msg)
    if request.reading.ignore_categories and description.kind is SetKind.CATEGORIZED:
        msg = (
            f"--scheme none leaves codes aside and the set {before.name} is told by them; "
            "say with --kind what all its records mean"
        )
        raise UsageError(msg)
    return description


def _inherited(request: Update, importer: Mapping[str, str], kind: SetKind) -> Reading:
    """Add what was stated at the last import, as far as it means something for these files.

    Changes are read as the last changes were, or as the whole list; a whole list as the last
    whole list, whatever changes came in between.
    """
    reading = request.reading
    changes = {
        key.removeprefix(OF_CHANGES): text
        for key, text in importer.items()
        if key.startswith(OF_CHANGES)
    }
    whole = {key: text for key, text in importer.items() if not key.startswith(OF_CHANGES)}
    earlier = [changes, whole] if request.delta or request.withdraw else [whole]
    stated, last = reading.format_name, next(filter(None, earlier), {})
    if stated is None:
        stated = _stated(last)
    words = reading.options
    likely = replace(reading, format_name=stated, options=_options(words, last))
    form = likely.chosen().format
    now = next((one for one in earlier if one.get("format") == form.name), None)
    if now is None:
        return replace(reading, format_name=stated)
    inherited = "ignore_categories" in now and kind is not SetKind.CATEGORIZED
    ignore = reading.ignore_categories or inherited
    return replace(likely, options=_options(words, now), ignore_categories=ignore)


def _options(words: ReadOptions, now: Mapping[str, str]) -> ReadOptions:
    """Add to what is stated what was stated at an earlier import."""
    return ReadOptions(
        words.algorithm or now.get("type"),
        words.columns or json.loads(now.get("map", "{}")),
        words.delimiter or now.get("delimiter"),
        words.environment or now.get("environment"),
        words.mapping or now.get("mapping"),
    )


def _stated(importer: Mapping[str, str]) -> str | None:
    """Name the format of an earlier import if the operator stated it."""
    return importer["format"] if importer.get("recognised") == STATED else None


def _refuse_shrunk(before: Manifest, new: Manifest) -> None:
    """Refuse a list that is likely only a part of what it should be.

    Raises:
        HashSetError: it has less than half the records of the version before, or less than
            half of its values of one kind.
    """
    if 2 * new.counts.kept < before.counts.kept:
        msg = (
            f"the set would shrink from {before.counts.kept} records to {new.counts.kept}, as from "
            "a part of a list; give all its files, or say --allow-shrink"
        )
        raise HashSetError(msg)
    for kind, number in sorted(before.counts.values.items()):
        left = new.counts.values[kind]
        if 2 * left < number:
            msg = (
                f"the set would have {left} {kind} values instead of {number}, as from a list "
                "without that column; give the whole list, or say --allow-shrink"
            )
            raise HashSetError(msg)


def _line_of(library: Library, manifest: Manifest) -> Iterator[Manifest]:
    """Give a version and those that it took the place of, the newest first."""
    yield manifest
    while manifest.supersedes is not None:
        manifest = library.manifest(manifest.supersedes)
        yield manifest


def _refuse_older(description: SetDescription, installed: Iterable[Manifest]) -> None:
    """Refuse a list that its publisher has replaced.

    It is compared with the newest version that says its date or number; one before that may
    have had a wrong one.

    Raises:
        HashSetError: that version has a later date or number.
    """
    for manifest in installed:
        later = _is_later(manifest.stated, description)
        if later is False:
            return
        if later:
            told = manifest.stated.list_date or manifest.stated.list_version
            msg = (
                f"the list is older than that of {told}, installed as {manifest.version}; "
                "get the newest one, or say --allow-older"
            )
            raise HashSetError(msg)


def _is_later(one: SetDescription, other: SetDescription) -> bool | None:
    """Compare two lists by their dates, or by their numbers where a date is missing.

    None where they say nothing that can be compared.
    """
    if one.list_date is not None and other.list_date is not None:
        return one.list_date > other.list_date
    if one.list_version is None or other.list_version is None:
        return None
    return _ordered(one.list_version) > _ordered(other.list_version)


def _ordered(text: str) -> list[tuple[bool, int, str]]:
    """Order version numbers as people do: 9 before 10."""
    return [
        (piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece)
        for piece in _PIECES.findall(text)
    ]
