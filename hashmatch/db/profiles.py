"""Category profiles: what the codes of a list mean, stated by the operator and never guessed.

The same digit means opposite things in different countries and versions, so that a profile
names the list contexts it is for. It is a YAML file; the ones shipped lie in
``category_profiles``, and one of the user's own is given by its path.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hashmatch.db import files
from hashmatch.db.strict import Fields
from hashmatch.errors import HashSetError, UsageError
from hashmatch.model.hits import Disposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.records import Json

SHIPPED = Path(__file__).parent / "category_profiles"
ANY = "any"
_MOST_BYTES = 1 << 20
_LANGUAGES = ("en", "th")


@dataclass(frozen=True, slots=True)
class CategoryMeaning:
    """What one code means; ``words`` holds a neutral label for each language."""

    disposition: Disposition
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """A category scheme. ``contexts`` is None where the profile fits lists of any country.

    ``versions`` gives by name of a list format the versions of it that the profile is for, where
    codes changed their meaning between them; a format that it does not name is not checked.
    """

    name: str
    version: str
    title: Mapping[str, str]
    contexts: tuple[str, ...] | None
    categories: Mapping[str, CategoryMeaning]
    sha256: str
    versions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def disposition(self, code: str | None) -> Disposition:
        """Say what a code means; a code that is absent or not in the scheme decides nothing."""
        meaning = self.categories.get(code) if code is not None else None
        return Disposition.UNCATEGORIZED if meaning is None else meaning.disposition

    def fits(self, context: str) -> bool:
        """Tell whether the profile is meant for lists of that country."""
        return self.contexts is None or context.upper() in self.contexts

    def fits_version(self, form: str | None, version: str | None) -> bool:
        """Tell whether the profile is meant for lists of that version of a format."""
        known = self.versions.get(form or "")
        return known is None or version is None or version in known

    def knows(self, code: str) -> bool:
        """Tell whether the code has a meaning; all have none where the profile keeps them only."""
        return not self.categories or code in self.categories

    @property
    def only_benign(self) -> bool:
        """Whether every code it knows means benign; such a list can never become notable."""
        kinds = {one.disposition for one in self.categories.values()}
        return kinds == {Disposition.BENIGN}

    def to_json(self) -> dict[str, Json]:
        """Give the copy that a manifest keeps."""
        form: dict[str, Json] = {
            "name": self.name,
            "version": self.version,
            "title": dict(self.title),
            "contexts": ANY if self.contexts is None else list(self.contexts),
            "categories": {
                code: {"disposition": one.disposition.value, **one.words}
                for code, one in self.categories.items()
            },
            "sha256": self.sha256,
        }
        if self.versions:
            form["versions"] = {name: list(known) for name, known in self.versions.items()}
        return form


def from_fields(fields: Fields, sha256: str | None = None) -> Profile:
    """Read a profile strictly.

    Args:
        fields: the object; with a key ``sha256`` where it is the copy in a manifest.
        sha256: digest of the YAML file where it is read from one.

    Raises:
        HashSetError: a key is missing, unknown or not of its type, or a disposition is unknown.
    """
    profile = Profile(
        name=fields.text("name"),
        version=fields.text("version"),
        title=_words(fields.inner("title")),
        contexts=_contexts(fields),
        categories=_categories(fields.inner("categories")),
        sha256=fields.text("sha256") if sha256 is None else sha256,
        versions=_versions(fields),
    )
    fields.finish()
    return profile


def _words(fields: Fields) -> dict[str, str]:
    words = {language: fields.text(language) for language in _LANGUAGES}
    fields.finish()
    return words


def _contexts(fields: Fields) -> tuple[str, ...] | None:
    value = fields.value("contexts")
    if value == ANY:
        return None
    if not isinstance(value, list) or not value:
        fields.refuse("contexts", f"a list of countries or the word {ANY}")
    if not all(isinstance(one, str) and one.isalpha() and one.isupper() for one in value):
        fields.refuse("contexts", "countries as quoted capital letters")
    return tuple(value)


def _versions(fields: Fields) -> dict[str, tuple[str, ...]]:
    given = fields.maybe_inner("versions") if "versions" in fields.names() else None
    if given is None:
        return {}
    versions: dict[str, tuple[str, ...]] = {}
    for form in given.names():
        known = given.value(form)
        if not isinstance(known, list) or not known or not all(isinstance(v, str) for v in known):
            given.refuse(form, "a list of quoted version numbers")
        versions[form] = tuple(known)
    return versions


def _categories(fields: Fields) -> dict[str, CategoryMeaning]:
    return {code: _meaning(fields.inner(code)) for code in fields.names()}


def _meaning(fields: Fields) -> CategoryMeaning:
    known = [one.value for one in Disposition if one is not Disposition.RETRACTED]
    word = fields.text("disposition")
    if word not in known:
        fields.refuse("disposition", "one of " + ", ".join(known))
    return CategoryMeaning(Disposition(word), _words(fields))


def names() -> list[str]:
    """List the profiles that are shipped."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def all_profiles() -> list[Profile]:
    """Give the profiles that are shipped, by name."""
    return [read(SHIPPED / f"{name}.yaml") for name in names()]


def load(name_or_path: str) -> Profile:
    """Load a profile by the name of a shipped one, or by the path of a YAML file.

    Raises:
        UsageError: no such profile; the message lists the ones there are.
        HashSetError: the file is not a profile.
    """
    if name_or_path in names():
        return read(SHIPPED / f"{name_or_path}.yaml")
    if not name_or_path.endswith((".yaml", ".yml")):
        msg = f"no scheme {name_or_path}; known are {', '.join(names())}, or a path to a .yaml file"
        raise UsageError(msg)
    return read(Path(name_or_path))


def read(path: Path) -> Profile:
    """Read a profile from a YAML file; raises ``HashSetError`` as :func:`from_fields`."""
    with files.reading(f"the category profile {path}"), path.open("rb") as stream:
        data = stream.read(_MOST_BYTES + 1)
    where = f"the category profile {path.name}"
    if len(data) > _MOST_BYTES:
        msg = f"{where} is larger than {_MOST_BYTES} bytes"
        raise HashSetError(msg)
    from hashmatch.formats import strict_yaml  # noqa: PLC0415  # installed sets do without

    value = strict_yaml.parsed(data, where)
    return from_fields(Fields(value, where), hashlib.sha256(data).hexdigest())
