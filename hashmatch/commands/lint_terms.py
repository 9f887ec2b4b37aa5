"""What ``hashmatch lint`` is asked for: words of the command line over those of the settings."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hashmatch.commands.library_reading import roles
from hashmatch.commands.options import open_library
from hashmatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.jobs.lint import Request
    from hashmatch.linting.acceptance import Acceptance
    from hashmatch.linting.check import Terms
    from hashmatch.linting.reference import Reference
    from hashmatch.linting.spool import Folder
    from hashmatch.model.people import Setting

LEVELS = ("error", "warning", "info")

KINDS = frozenset(
    (
        *("categorized", "illegal", "baseline", "suspected", "exploitative", "cgi", "comparison"),
        *("reported", "ncii", "other-notable", "benign"),
    )
)
"""As ``db.description.SetKind``; tested equal."""


def merged(words: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Give the words of the command line, and those of the settings where it says nothing.

    Raises:
        UsageError: the settings are damaged or have an unknown key.
    """
    from hashmatch.linting import settings  # noqa: PLC0415  # yaml takes a while

    path = words["config"]
    found = settings.read(path) if path else None
    if found is None:
        nearest = settings.found_from(folder)
        found = nearest[1] if nearest else {}
    stated = dict(words)
    for key, value in found.items():
        name = key.replace("-", "_")
        if stated[name] is None or stated[name] == ():
            stated[name] = tuple(value) if isinstance(value, list) else value
    for name in ("select", "ignore", "columns"):
        parts = (part.strip() for word in stated[name] for part in word.split(","))
        stated[name] = tuple(part for part in parts if part)
    stated["fail_level"] = stated["fail_level"] or LEVELS[0]
    if stated["fail_level"] not in LEVELS:
        msg = f"fail-level is none of {', '.join(LEVELS)}"
        raise UsageError(msg)
    return stated


def targets(stated: Mapping[str, Any]) -> dict[str, Path]:
    """Give the files that will be written, by option."""
    words = {"--output": "output", "--write-baseline": "write_baseline", "--fix-to": "fix_to"}
    return {option: Path(stated[word]) for option, word in words.items() if stated[word]}


def read(files: tuple[Path, ...], stated: Mapping[str, Any]) -> list[Path]:
    """Give the files that will be read and that nothing may be written over.

    A baseline is not among them: it may be written anew.
    """
    words = ("previous", "benign", "key", "manifest", "waivers", "mapping", "config")
    return [*files, *(Path(stated[word]) for word in words if stated[word])]


def request(files: tuple[Path, ...], stated: Mapping[str, Any], at: Path, now: Setting) -> Request:
    """Give the whole request.

    Raises:
        UsageError: a word means nothing, or a file that it names cannot be read.
        HashSetError: an earlier or benign list cannot be read in full.
    """
    from hashmatch.formats.interface import ReadOptions  # noqa: PLC0415
    from hashmatch.jobs import lint  # noqa: PLC0415
    from hashmatch.linting import registry  # noqa: PLC0415
    from hashmatch.linting.removal import Removal  # noqa: PLC0415
    from hashmatch.linting.run import Plan  # noqa: PLC0415

    chosen = registry.chosen(tuple(stated["select"]), tuple(stated["ignore"]))
    named = frozenset(word.upper() for word in stated["select"]) & chosen
    options = ReadOptions(
        stated["type"],
        roles(stated["map"]),
        stated["delimiter"],
        stated["environment"],
        stated["mapping"],
    )
    plan = Plan(
        terms=_terms(stated, lint.scratch(at, now.entropy), now, options),
        chosen=chosen,
        named=named,
        acceptance=_acceptance(stated, now),
        most=1000 if stated["max_findings"] is None else stated["max_findings"],
        version=now.tool["version"],
        show_digests=stated["show_digests"],
        verbose=stated["verbose"],
        removal=Removal() if stated["fix_to"] else None,
    )
    return lint.Request(files, lint.Words(stated["list_format"], options), plan)


def _terms(stated: Mapping[str, Any], folder: Folder, now: Setting, options: ReadOptions) -> Terms:
    from hashmatch.db.profiles import load  # noqa: PLC0415
    from hashmatch.linting.check import Terms  # noqa: PLC0415
    from hashmatch.linting.manifests import Manifest  # noqa: PLC0415
    from hashmatch.linting.signatures import PinnedKey  # noqa: PLC0415

    kind, scheme = stated["kind"], stated["scheme"]
    if kind is not None and kind not in KINDS:
        msg = f"--kind is none of {', '.join(sorted(KINDS))}"
        raise UsageError(msg)
    limits = {"most_removed": "max_removed", "most_changed": "max_changed", "hub": "hub"}
    return Terms(
        today=now.clock().date(),
        scratch=folder,
        profile=load(scheme) if scheme and scheme != "none" else None,
        kind=kind,
        key=PinnedKey.load(Path(stated["key"]), _day(stated["key_expires"]))
        if stated["key"]
        else None,
        manifest=Manifest.load(Path(stated["manifest"])) if stated["manifest"] else None,
        previous=_other("previous", stated, folder, options),
        benign=_other("benign", stated, folder, options),
        columns=frozenset(stated["columns"]) or None,
        oldest=stated["max_age"],
        waivers=stated["waivers"] is not None,
        **{name: stated[word] for name, word in limits.items() if stated[word] is not None},
    )


def _day(value: datetime.date | None) -> datetime.date | None:
    """Give a day, as settings have it; the command line gives its first moment."""
    return value.date() if isinstance(value, datetime.datetime) else value


def _other(
    word: str, stated: Mapping[str, Any], folder: Folder, options: ReadOptions
) -> Reference | None:
    """Read the list to compare with, from its file or from the library."""
    from hashmatch.jobs import lint  # noqa: PLC0415

    path, name = stated[word], stated[f"{word}_set"]
    if path and name:
        msg = f"--{word} and --{word}-set name two lists; state one of them"
        raise UsageError(msg)
    if name:
        where = (stated[one] for one in ("library_folder", "library_key", "passphrase_file"))
        return lint.installed_list(open_library(*where), name, folder)
    words = lint.Words(None, options)
    return lint.other_list(Path(path), folder, words) if path else None


def _acceptance(stated: Mapping[str, Any], now: Setting) -> Acceptance:
    from hashmatch.linting.acceptance import (  # noqa: PLC0415
        Acceptance,
        read_baseline,
        read_waivers,
    )

    found = Acceptance(now.clock().date(), keep=stated["write_baseline"] is not None)
    if stated["baseline"]:
        found.baseline = read_baseline(Path(stated["baseline"]))
    if stated["waivers"]:
        found.waivers = read_waivers(Path(stated["waivers"]))
    return found
