"""The records of an installed set on their way out: those in force, with what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.formats.writers.interface import About, Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.manifest import Manifest
    from hashmatch.model.hits import Disposition

_MEANINGS = 1 << 10  # categories whose meaning is remembered


def outgoing(installed: InstalledSet) -> Iterator[Outgoing]:
    """Give every record of a set that was not withdrawn or replaced."""
    manifest = installed.manifest
    meanings: dict[str | None, Disposition] = {}
    for record in installed.live_records():
        category = record.category
        meaning = meanings.get(category)
        if meaning is None:
            meaning = manifest.disposition(category)
            if len(meanings) < _MEANINGS:
                meanings[category] = meaning
        yield Outgoing(record, meaning)


def about(manifest: Manifest, algorithm: str | None = None) -> About:
    """Describe a set for a writer."""
    profile = manifest.stated.profile
    said = {file.facts["context"] for file in manifest.files if "context" in file.facts}
    # What the list said goes first: a scheme may be for a country under several names.
    countries = sorted(said) or (profile.contexts if profile is not None else None) or ()
    return About(
        name=manifest.name,
        version=manifest.version,
        kind=str(manifest.kind),
        scheme=manifest.scheme,
        publisher=manifest.stated.publisher,
        context=countries[0] if len(countries) == 1 else None,
        origin=manifest.stated.importer.get("origin"),
        algorithm=algorithm,
    )
