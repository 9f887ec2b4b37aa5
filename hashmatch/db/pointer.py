"""The pointer file of a library: which versions it holds and which of them are current."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.db.strict import canonical, parse
from hashmatch.db.trust import Trust
from hashmatch.errors import HashSetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.db.keys import LibraryKey
    from hashmatch.model.records import Json

FORMAT = "hashmatch.current/1"
CURRENT = "current.json"


@dataclass(frozen=True, slots=True)
class Pointer:
    """``current``: set name to version; ``versions``: every version ever published, to its name.

    ``purged`` gives for a version whose files were deleted the day of that; ``trust`` says whose
    bundles are taken.

    The file carries a keyed check value. As versions are named by their manifest's digest, nobody
    without the key can plant a set, change one or put another in its place. An older copy of the
    whole library cannot be told from the present one.
    """

    current: Mapping[str, str]
    versions: Mapping[str, str]
    purged: Mapping[str, str]
    trust: Trust = field(default_factory=Trust)

    def with_version(self, name: str, version: str) -> Pointer:
        """Give the pointer after a version was published: it becomes the current one."""
        return replace(
            self,
            current={**self.current, name: version},
            versions={**self.versions, version: name},
        )

    def without(self, name: str) -> Pointer:
        """Give the pointer after a set was taken out of use; its versions stay."""
        kept = {one: version for one, version in self.current.items() if one != name}
        return replace(self, current=kept)

    def state(self, version: str) -> str:
        """Say ``in use``, ``kept`` or ``purged on`` a day."""
        if version in self.purged:
            return f"purged on {self.purged[version]}"
        return "in use" if version in self.current.values() else "kept"

    def with_purged(self, version: str, day: str) -> Pointer:
        """Give the pointer after the files of a version were deleted."""
        return replace(self, purged={**self.purged, version: day})

    def to_bytes(self, key: LibraryKey) -> bytes:
        """Give the content of the file."""
        body = self._body()
        return canonical(body | {"check": key.tag("current", canonical(body))})

    def _body(self) -> dict[str, Json]:
        current, versions = dict[str, "Json"](self.current), dict[str, "Json"](self.versions)
        purged = dict[str, "Json"](self.purged)
        return {
            "format": FORMAT,
            "current": current,
            "versions": versions,
            "purged": purged,
            "trust": self.trust.to_json(),
        }

    @classmethod
    def from_bytes(cls, data: bytes, key: LibraryKey) -> Pointer:
        """Read the file.

        Raises:
            HashSetError: damaged, or not written by a holder of the key.
        """
        fields = parse(data, CURRENT)
        if fields.text("format") != FORMAT:
            fields.refuse("format", f"{FORMAT}; a newer hashmatch may be needed")
        pointer = cls(
            fields.texts("current"),
            fields.texts("versions"),
            fields.texts("purged"),
            Trust.from_json(fields.inner("trust")),
        )
        check = fields.text("check")
        fields.finish()
        expected = key.tag("current", canonical(pointer._body()))
        if not hmac.compare_digest(check.encode(), expected.encode()):
            msg = f"{CURRENT} was altered by somebody without the key; restore the library"
            raise HashSetError(msg)
        return pointer
