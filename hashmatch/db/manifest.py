"""The manifest of a set version: what it is, where it came from, which files hold it.

A version is named by the first 32 hexadecimal digits of the SHA-256 of its manifest's bytes, and
the manifest pins the other files of the version by size and SHA-256.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.db.counts import Counts, table
from hashmatch.db.description import SetDescription, SetKind
from hashmatch.db.filters import Filter
from hashmatch.db.strict import Fields, canonical, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from hashmatch.model.hashes import Method
    from hashmatch.model.hits import Disposition
    from hashmatch.model.records import Json

FORMAT = "hashmatch.set/5"
MANIFEST, EXACT, RECORDS = "manifest.json", "exact.idx", "records.db"
FILTER, LIVENESS = "filter.idx", "liveness.db"


def near_file(method: Method) -> str:
    """Name of the near index of a method inside a version's folder."""
    return f"near-{method}.idx"


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file of the list as it was imported: name without folder, bytes, SHA-256 (hex)."""

    name: str
    size: int
    sha256: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the version: bytes and SHA-256 (hex).

    ``pages`` pins the page sums of a file that is proved page by page: SHA-256 (hex) of its
    header and sums.
    """

    size: int
    sha256: str
    pages: str | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a list changed of what was there before.

    ``base`` is the version that a list of changes was applied to, None for a whole list.
    ``replaced`` and ``withdrawn`` count records of the base that were not carried over; ``idle``
    the withdrawals that found no record. ``lost`` is what was lost, by reason, of lists that are
    not counted here: those that made the base, or those of the publisher of a bundle.
    """

    base: str | None = None
    replaced: int = 0
    withdrawn: int = 0
    idle: int = 0
    lost: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about one set version but its content; self-contained and unchangeable."""

    stated: SetDescription
    files: tuple[ListFile, ...]
    counts: Counts
    parts: Mapping[str, Part]
    salt: bytes
    created: str
    supersedes: str | None
    changes: Changes = field(default_factory=Changes)
    filters: tuple[Filter, ...] = ()
    version: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.to_bytes()).hexdigest()
        object.__setattr__(self, "version", digest[:32])

    @property
    def name(self) -> str:
        """Name of the set; its versions share it."""
        return self.stated.name

    @property
    def kind(self) -> SetKind:
        """Whether the category decides, or one meaning holds for all records."""
        return self.stated.kind

    @property
    def scheme(self) -> str | None:
        """Name of the category profile, where there is one."""
        return None if self.stated.profile is None else self.stated.profile.name

    def disposition(self, category: str | None) -> Disposition:
        """Say what an agreement with a record of that category means."""
        return self.stated.disposition(category)

    def expired(self, today: date) -> bool:
        """Tell whether the list should no longer be used on that day."""
        return self.stated.expires is not None and today > self.stated.expires

    def to_bytes(self) -> bytes:
        """Give the canonical bytes that name the version."""
        return canonical(
            {
                "format": FORMAT,
                "stated": self.stated.to_json(),
                "files": [
                    {"name": f.name, "size": f.size, "sha256": f.sha256, "facts": dict(f.facts)}
                    for f in self.files
                ],
                "counts": self.counts.to_json(),
                "parts": {
                    name: {"size": part.size, "sha256": part.sha256, "pages": part.pages}
                    for name, part in self.parts.items()
                },
                "salt": self.salt.hex(),
                "created": self.created,
                "supersedes": self.supersedes,
                "changes": self._changes(),
                "filters": [one.to_json() for one in self.filters],
            }
        )

    def _changes(self) -> dict[str, Json]:
        said = self.changes
        return {
            "base": said.base,
            "replaced": said.replaced,
            "withdrawn": said.withdrawn,
            "idle": said.idle,
            "lost": table(said.lost),
        }

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            HashSetError: damaged, not canonical, of another format, or with unknown keys.
        """
        fields = parse(data, MANIFEST)
        if fields.text("format") != FORMAT:
            fields.refuse(
                "format", f"{FORMAT}; import the list again, or use the hashmatch that installed it"
            )
        parts = fields.inner("parts")
        manifest = cls(
            stated=SetDescription.from_json(fields.inner("stated")),
            files=tuple(_list_file(one) for one in fields.each("files")),
            counts=Counts.from_json(fields.inner("counts")),
            parts={name: _part(parts.inner(name)) for name in parts.names()},
            salt=fields.octets("salt"),
            created=fields.text("created"),
            supersedes=fields.maybe_text("supersedes"),
            changes=_changes(fields.inner("changes")),
            filters=tuple(Filter.from_json(one) for one in fields.each("filters")),
        )
        fields.finish()
        return manifest

    def provenance(self, computed: Collection[str] | None = None) -> dict[str, Json]:
        """Give what a run record says about a set it used.

        Args:
            computed: algorithms and methods that the run compared; values of others are listed
                under ``not_evaluated``. None to list all values that can be looked up.
        """
        stated, counts, profile = self.stated.to_json(), self.counts.to_json(), self.stated.profile
        copied = ("publisher", "list_version", "list_date", "issued", "expires", "handling")
        tables = ("lost_values", "quarantined_values")
        records = ("read", "kept", "dropped", "quarantined", "unmatchable")
        changed = ("carried", "superseded", "withdrawn")
        values = self.counts.values
        idle = {name for name in values if computed is not None and name not in computed}
        form: dict[str, Json] = {
            "name": self.name,
            "version": self.version,
            "kind": self.kind.value,
            "scheme": self.scheme,
            "scheme_title": None if profile is None else dict(profile.title),
            "categories": {} if profile is None else profile.to_json()["categories"],
            "files": [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in self.files],
            "records": {name: counts[name] for name in records}
            | {name: counts[name] for name in changed if counts[name]},
            "values": table(Counter({k: n for k, n in values.items() if k not in idle})),
            "not_evaluated": table(
                self.counts.not_evaluated + Counter({k: values[k] for k in idle})
            ),
            "dropped": counts["dropped_by"],
            "dispositions": counts["dispositions"],
            "quarantined": counts["quarantined_by"],
            "accepted_losses": bool(self.counts.losses or self.changes.lost),
        }
        if self.changes != Changes():
            form["changes"] = self._changes()
        if self.filters:
            form["filters"] = [one.to_json() for one in self.filters]
        form |= {name: stated[name] for name in copied}
        return form | {name: counts[name] for name in tables}


def _list_file(fields: Fields) -> ListFile:
    file = ListFile(
        fields.text("name"), fields.whole("size"), fields.text("sha256"), fields.texts("facts")
    )
    fields.finish()
    return file


def _part(fields: Fields) -> Part:
    part = Part(fields.whole("size"), fields.text("sha256"), fields.maybe_text("pages"))
    fields.finish()
    return part


def _changes(fields: Fields) -> Changes:
    changes = Changes(
        fields.maybe_text("base"),
        fields.whole("replaced"),
        fields.whole("withdrawn"),
        fields.whole("idle"),
        Counter(fields.counts("lost")),
    )
    fields.finish()
    return changes
