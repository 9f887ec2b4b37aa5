"""Bring an installed set up to date: a whole new list, changes to it, or withdrawals."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import ReadOptions
from hashmatch.jobs.compare import Difference, compare
from hashmatch.jobs.ingest import Import, Reached, Reading, ingest
from hashmatch.jobs.list_files import sources_of
from hashmatch.jobs.list_files_format import STATED, choose_format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    """The new version and how it differs from the one before."""

    manifest: Manifest
    difference: Difference


def update(
    request: Update, library: Library, setting: Setting, show: Callable[[Reached], None]
) -> Updated:
    """Install a new version of a set; the one before stays for the reports that name it.

    Raises:
        UsageError: there is no such set, or a file is missing.
        HashSetError: the list is refused, is older than the installed one, or would take away
            more than half of the set; the library is as it was.
        OutputError: the library cannot be written; it is as it was.
    """
    before = library.current(request.name)
    description = _described(request, before)
    if not request.allow_older:
        _refuse_older(description, library.versions(request.name))

    def check(new: Manifest) -> None:
        if not request.allow_shrink:
            _refuse_shrunk(before, new)

    wanted = Import(
        _inherited(request.reading, before.stated.importer),
        description,
        allow_expired=request.allow_expired,
        delta=request.delta or request.withdraw,
        withdraw=request.withdraw,
        check=check,
    )
    manifest = ingest(wanted, library, setting, show)
    return Updated(manifest, compare(library, before, manifest))


def _described(request: Update, before: Manifest) -> SetDescription:
    """Describe the set with what is stated now; a whole list has its own dates and number."""
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
    importer = dict(before.stated.importer)
    if not request.withdraw:
        importer = {key: text for key, text in importer.items() if key == "origin"}
    return replace(before.stated, **changes, importer=importer)  # type: ignore[arg-type]


def _inherited(reading: Reading, importer: Mapping[str, str]) -> Reading:
    """Add what was stated at the last import, as far as it means something for these files."""
    stated = reading.format_name
    if stated is None and importer.get("recognised") == STATED:
        stated = importer["format"]
    form = choose_format(sources_of(reading.files), stated).format
    if form.name != importer.get("format"):
        return replace(reading, format_name=stated)
    words, now = reading.options, importer
    options = ReadOptions(
        words.algorithm or now.get("type"),
        words.columns or json.loads(now.get("map", "{}")),
        words.delimiter or now.get("delimiter"),
        words.environment or now.get("environment"),
        words.mapping or now.get("mapping"),
    )
    ignore = reading.ignore_categories or "ignore_categories" in now
    return Reading(reading.files, stated, options, ignore)


def _refuse_shrunk(before: Manifest, new: Manifest) -> None:
    """Refuse a list that is likely only a part of what it should be.

    Raises:
        HashSetError: it has less than half the records of the version before.
    """
    if 2 * new.counts.kept < before.counts.kept:
        msg = (
            f"the set would shrink from {before.counts.kept} records to {new.counts.kept}, as from "
            "a part of a list; give all its files, or say --allow-shrink"
        )
        raise HashSetError(msg)


def _refuse_older(description: SetDescription, installed: Sequence[Manifest]) -> None:
    """Refuse a list that its publisher has replaced.

    Raises:
        HashSetError: a version with a later date or number was installed.
    """
    for manifest in installed:
        if _is_later(manifest.stated, description):
            told = manifest.stated.list_date or manifest.stated.list_version
            msg = (
                f"the list is older than that of {told}, installed as {manifest.version}; "
                "get the newest one, or say --allow-older"
            )
            raise HashSetError(msg)


def _is_later(one: SetDescription, other: SetDescription) -> bool:
    """Compare two lists by their dates, or by their numbers where a date is missing."""
    if one.list_date is not None and other.list_date is not None:
        return one.list_date > other.list_date
    if one.list_version is None or other.list_version is None:
        return False
    return _ordered(one.list_version) > _ordered(other.list_version)


def _ordered(text: str) -> list[tuple[bool, int, str]]:
    """Order version numbers as people do: 9 before 10."""
    return [
        (piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece)
        for piece in _PIECES.findall(text)
    ]
