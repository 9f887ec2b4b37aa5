"""What the operator states about a hash set when it is imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from hashmatch.db.profiles import Profile, from_fields
from hashmatch.errors import UsageError
from hashmatch.model.hits import Disposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.db.strict import Fields
    from hashmatch.model.records import Json

_LONGEST_NAME = 100


class SetKind(StrEnum):
    """What an agreement with the set means: decided by category, or one thing for all records."""

    CATEGORIZED = "categorized"
    ILLEGAL = "illegal"
    BASELINE = "baseline"
    SUSPECTED = "suspected"
    EXPLOITATIVE = "exploitative"
    CGI = "cgi"
    COMPARISON = "comparison"
    REPORTED = "reported"
    NCII = "ncii"
    OTHER_NOTABLE = "other-notable"
    BENIGN = "benign"


_FLAT: dict[SetKind, Disposition] = {
    kind: Disposition(kind) for kind in SetKind if kind is not SetKind.CATEGORIZED
}


@dataclass(frozen=True, slots=True)
class SetDescription:
    """A set as stated by the operator; nothing here is guessed from the list.

    ``profile`` is the category scheme: given exactly when the kind is ``categorized``.
    ``importer`` names what read the list (``format``, ``hashmatch`` version).

    Raises:
        UsageError: the name cannot be used, kind and scheme do not go together, or the dates
            contradict each other.
    """

    name: str
    kind: SetKind
    profile: Profile | None = None
    publisher: str | None = None
    list_version: str | None = None
    list_date: date | None = None
    issued: date | None = None
    expires: date | None = None
    handling: str | None = None
    accept_losses: bool = False
    importer: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        name = self.name
        if not name.isprintable() or name != name.strip() or not 0 < len(name) <= _LONGEST_NAME:
            msg = f"a set name is 1 to {_LONGEST_NAME} visible characters without blanks around it"
            raise UsageError(msg)
        if "@" in name:
            msg = "a set name holds no @; the words after it would be taken for a version"
            raise UsageError(msg)
        if (self.kind is SetKind.CATEGORIZED) != (self.profile is not None):
            msg = "kind categorized needs a scheme, and a scheme goes only with kind categorized"
            raise UsageError(msg)
        if self.issued and self.expires and self.issued > self.expires:
            msg = "the list would expire before it was issued; check the two dates"
            raise UsageError(msg)

    def disposition(self, category: str | None) -> Disposition:
        """Say what an agreement with a record of that category means."""
        if self.profile is not None:
            return self.profile.disposition(category)
        return _FLAT[self.kind]

    def to_json(self) -> dict[str, Json]:
        """Give the form kept in a manifest; the profile is copied whole."""
        return {
            "name": self.name,
            "kind": self.kind.value,
            "profile": None if self.profile is None else self.profile.to_json(),
            "publisher": self.publisher,
            "list_version": self.list_version,
            "list_date": _text(self.list_date),
            "issued": _text(self.issued),
            "expires": _text(self.expires),
            "handling": self.handling,
            "accept_losses": self.accept_losses,
            "importer": dict(self.importer),
        }

    @classmethod
    def from_json(cls, fields: Fields) -> SetDescription:
        """Read back what :meth:`to_json` gave; raises ``HashSetError``."""
        kind, profile = fields.text("kind"), fields.maybe_inner("profile")
        if kind not in list(SetKind):
            fields.refuse("kind", "one of " + ", ".join(SetKind))
        description = cls(
            name=fields.text("name"),
            kind=SetKind(kind),
            profile=None if profile is None else from_fields(profile),
            publisher=fields.maybe_text("publisher"),
            list_version=fields.maybe_text("list_version"),
            list_date=_date(fields, "list_date"),
            issued=_date(fields, "issued"),
            expires=_date(fields, "expires"),
            handling=fields.maybe_text("handling"),
            accept_losses=fields.flag("accept_losses"),
            importer=fields.texts("importer"),
        )
        fields.finish()
        return description


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(fields: Fields, key: str) -> date | None:
    text = fields.maybe_text(key)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        fields.refuse(key, "a date like 2026-11-22")
