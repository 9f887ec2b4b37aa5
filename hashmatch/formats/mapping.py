"""Mapping profiles: how to read lists of a form that no format knows.

A profile is a YAML file. It names columns of a table, or keys of JSON objects, and says which
role each has; nothing is guessed. Those shipped lie in ``mappings``; one of the operator's own is
given by its path.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats import strict_yaml
from hashmatch.formats.interface import ROLES
from hashmatch.model.records import FLAGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.formats.strict_yaml import Reading

SHIPPED = Path(__file__).parent / "mappings"
_MOST_BYTES = 1 << 20
_FORMS = ("csv", "json", "ndjson")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Objects that each name an algorithm and hold a value: where they stand, and their keys."""

    at: str
    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class MappingProfile:
    """What the columns or keys of a list mean.

    ``columns`` are roles, each with its column (a header, or a number from 1) or its key (keys of
    nested objects are joined by dots). ``optional`` are such that a list may lack. ``flags`` and
    ``carried`` are columns or keys of statements, and of hashes that cannot be compared; a list
    may lack them. ``named_hashes``: columns that are named after a hash are read as well.
    ``path`` leads to the array of records in a JSON document. ``categories`` replaces codes, as
    ``words`` does words of yes and no; a code that is not in it stays as it is.
    ``sha256`` is the digest of the file.
    """

    name: str
    title: str
    form: str
    columns: Mapping[str, str]
    optional: Mapping[str, str]
    flags: Mapping[str, str]
    carried: Mapping[str, str]
    categories: Mapping[str, str]
    words: Mapping[str, bool]
    category: str | None
    path: tuple[str, ...]
    pairs: Pairs | None
    delimiter: str | None
    header: bool | None
    named_hashes: bool
    sha256: str

    def code(self, written: str | None) -> str | None:
        """Give the category code for what a record says, or for one that says nothing."""
        return self.category if written is None else self.categories.get(written, written)


def names() -> list[str]:
    """List the profiles that are shipped."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load(name_or_path: str) -> MappingProfile:
    """Load a profile by the name of a shipped one, or by the path of a YAML file.

    Raises:
        UsageError: there is no such profile; the message lists the ones there are.
        HashSetError: the file is not a profile.
    """
    if name_or_path in names():
        path = SHIPPED / f"{name_or_path}.yaml"
    elif name_or_path.endswith((".yaml", ".yml")):
        path = Path(name_or_path)
    else:
        msg = f"--mapping names no profile; known are {', '.join(names())}, or a path to a .yaml"
        raise UsageError(msg)
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        msg = f"the mapping profile {path} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    if len(data) > _MOST_BYTES:
        msg = f"the mapping profile {path.name} is larger than {_MOST_BYTES} bytes"
        raise HashSetError(msg)
    return parse(data, f"the mapping profile {path.name}")


@lru_cache(maxsize=16)
def parse(data: bytes, where: str) -> MappingProfile:
    """Read a profile strictly.

    Raises:
        HashSetError: a key is missing, unknown or not of its type, or no hash is mapped.
    """
    reading = strict_yaml.load(data, where)
    form = reading.text("reads")
    if form not in _FORMS:
        reading.refuse("reads", "one of " + ", ".join(_FORMS))
    path = reading.text("path", "")
    profile = MappingProfile(
        name=reading.text("name"),
        title=reading.text("title"),
        form=form,
        columns=_roles(reading, "columns"),
        optional=_roles(reading, "optional"),
        flags=_flags(reading),
        carried=reading.texts("carried"),
        categories=reading.texts("categories"),
        words={word.lower(): said for word, said in reading.truths("words").items()},
        category=reading.text("category", "") or None,
        path=tuple(path.split(".")) if path else (),
        pairs=_pairs(reading.inner("pairs")),
        delimiter=reading.text("delimiter", "") or None,
        header=reading.truth("header"),
        named_hashes=reading.truth("named_hashes") is True,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    reading.finish()
    _check(profile, reading)
    return profile


def _check(profile: MappingProfile, reading: Reading) -> None:
    if profile.delimiter is not None and len(profile.delimiter) != 1:
        reading.refuse("delimiter", "one character")
    if profile.form == "csv" and (profile.path or profile.pairs is not None):
        reading.refuse("reads", "json or ndjson where path or pairs are given")
    if profile.form != "csv" and (
        profile.delimiter or profile.header is not None or profile.named_hashes
    ):
        reading.refuse("reads", "csv where delimiter, header or named_hashes are given")
    hashes = {*profile.columns, *profile.optional} - {"category", "entry", "size", "quality"}
    if not (hashes or profile.named_hashes or profile.pairs):
        reading.refuse("columns", "such that at least one of them is a hash")


def _roles(reading: Reading, key: str) -> dict[str, str]:
    roles = reading.texts(key)
    if not set(ROLES).issuperset(roles):
        reading.refuse(key, "an object with the roles " + ", ".join(ROLES))
    return roles


def _flags(reading: Reading) -> dict[str, str]:
    flags = reading.texts("flags")
    if not set(FLAGS).issuperset(flags):
        reading.refuse("flags", "an object with the names " + ", ".join(FLAGS))
    return flags


def _pairs(reading: Reading) -> Pairs | None:
    at = reading.text("at", "")
    found = Pairs(at, reading.text("algorithm"), reading.text("value")) if at else None
    reading.finish()
    return found
