"""A bundle: sets for other libraries in one signed file.

Layout: magic, length and bytes of the head, length and bytes of the signatures, then the sealed
records of each set (``bundle_seal``). The head is canonical JSON and names everything that follows
by length and SHA-256, so that no part can be changed, left out, or taken from another bundle. It
says who published it, its number, and until when it may be used. Source: the rules of TUF.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.db.keys import Lock
from hashmatch.db.strict import Fields, canonical, parse
from hashmatch.db.trust import Reached, id_of
from hashmatch.errors import HashSetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hashmatch.custody.keys import PublicKey, SigningKey
    from hashmatch.model.records import Json

FORMAT = "hashmatch.bundle/1"
MAGIC = b"HMBNDL\x00\x01"
_SIGNED = b"hashmatch bundle 1\n"
_LENGTH = struct.Struct(">I")
_LONGEST = 1 << 24  # bytes of a head


@dataclass(frozen=True, slots=True)
class BundledSet:
    """One set of a bundle: what it was in the library it came from, and its sealed records.

    ``lost`` is what was lost, by reason, of the lists that it was made from.
    """

    name: str
    version: str
    kind: str
    scheme: str | None
    counts: Mapping[str, int]
    lost: Mapping[str, int]
    size: int
    sha256: str

    def to_json(self) -> dict[str, Json]:
        """Give the form in the head."""
        return {
            "name": self.name,
            "version": self.version,
            "kind": self.kind,
            "scheme": self.scheme,
            "counts": dict[str, "Json"](self.counts),
            "lost": dict[str, "Json"](self.lost),
            "size": self.size,
            "sha256": self.sha256,
        }

    @classmethod
    def from_json(cls, fields: Fields) -> BundledSet:
        """Read back what :meth:`to_json` gave; raises ``HashSetError``."""
        one = cls(
            fields.text("name"),
            fields.text("version"),
            fields.text("kind"),
            fields.maybe_text("scheme"),
            fields.counts("counts"),
            fields.counts("lost"),
            fields.whole("size"),
            fields.octets("sha256").hex(),
        )
        fields.finish()
        return one


@dataclass(frozen=True, slots=True)
class Head:
    """What is signed. ``keys`` are ids of the keys that may sign, the publisher's own first."""

    publisher: str
    version: int
    issued: date
    expires: date
    threshold: int
    keys: tuple[str, ...]
    lock: Lock
    sets: tuple[BundledSet, ...]

    def to_bytes(self) -> bytes:
        """Give the one byte form that is signed."""
        return canonical(
            {
                "format": FORMAT,
                "publisher": self.publisher,
                "bundle_version": self.version,
                "issued": self.issued.isoformat(),
                "expires": self.expires.isoformat(),
                "threshold": self.threshold,
                "keys": list(self.keys),
                "lock": self.lock.to_json(),
                "sets": [one.to_json() for one in self.sets],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Head:
        """Read a head; raises ``HashSetError`` where it is not canonical or not of this form."""
        fields = parse(data, "the bundle's head")
        if fields.text("format") != FORMAT:
            fields.refuse("format", f"{FORMAT}; a newer hashmatch may be needed")
        head = cls(
            fields.text("publisher"),
            fields.whole("bundle_version"),
            _date(fields, "issued"),
            _date(fields, "expires"),
            fields.whole("threshold"),
            _texts(fields, "keys"),
            Lock.from_json(fields.inner("lock")),
            tuple(BundledSet.from_json(one) for one in fields.each("sets")),
        )
        fields.finish()
        if not 1 <= head.threshold <= len(head.keys) or not head.sets:
            fields.refuse("threshold", "from 1 to the number of keys, with a set at least")
        if len({one.name for one in head.sets}) != len(head.sets):
            fields.refuse("sets", "one version of each set")
        if head.issued > head.expires:
            fields.refuse("expires", "no day before the one of issue")
        return head

    @property
    def reached(self) -> Reached:
        """What is remembered of a publisher whose bundle was installed."""
        return Reached(self.version, hashlib.sha256(self.to_bytes()).hexdigest())


@dataclass(frozen=True, slots=True)
class Signed:
    """A head with signatures by key id; nothing is said yet about whether they hold."""

    head: Head
    signatures: Mapping[str, bytes]

    @classmethod
    def sign(cls, head: Head, keys: Sequence[SigningKey]) -> Signed:
        """Sign a head with every key."""
        message = _SIGNED + head.to_bytes()
        return cls(head, {id_of(key.public): key.sign(message) for key in keys})

    def to_bytes(self) -> bytes:
        """Give what stands before the sealed records."""
        signatures = canonical({key: one.hex() for key, one in self.signatures.items()})
        parts = (self.head.to_bytes(), signatures)
        return MAGIC + b"".join(_LENGTH.pack(len(part)) + part for part in parts)

    @classmethod
    def read(cls, stream: BinaryIO) -> Signed:
        """Read what stands before the sealed records.

        Raises:
            HashSetError: no bundle, cut short, or of another form.
        """
        if stream.read(len(MAGIC)) != MAGIC:
            msg = "this is not a bundle that hashmatch made; expected a file from 'library bundle'"
            raise HashSetError(msg)
        head = Head.from_bytes(_part(stream))
        fields = parse(_part(stream), "the bundle's signatures")
        return cls(head, {key: fields.octets(key) for key in fields.names()})

    def check(self, trusted: Mapping[str, PublicKey], threshold: int = 1) -> tuple[str, ...]:
        """Check that enough trusted keys signed, and give the operator's names for them.

        The publisher's own key must be among them: a trusted key speaks for nobody else.

        Args:
            trusted: keys by the operator's names for them.
            threshold: how many of them must have signed, where the bundle asks for fewer.

        Raises:
            HashSetError: a signature does not hold, too few trusted keys signed, or the
                publisher's own key is none of them.
        """
        message = _SIGNED + self.head.to_bytes()
        names, ids = [], set[str]()
        for name, key in sorted(trusted.items()):
            signature = self.signatures.get(id_of(key))
            if signature is None or id_of(key) not in self.head.keys:
                continue
            if not key.verifies(signature, message):
                msg = f"the signature of {name} does not hold: the bundle was altered; get it again"
                raise HashSetError(msg)
            names.append(name)
            ids.add(id_of(key))
        needed = max(self.head.threshold, threshold)
        if not names:
            msg = (
                "no key that signed the bundle is trusted here; get the publisher's key from the "
                "publisher and pin it with 'hashmatch library trust add'"
            )
            raise HashSetError(msg)
        if self.head.keys[0] not in ids:
            msg = (
                "the bundle names a publisher whose own key did not sign it or is not trusted "
                "here; ask that publisher for the bundle"
            )
            raise HashSetError(msg)
        if len(names) < needed:
            msg = f"the bundle is signed by {len(names)} trusted keys and needs {needed}"
            raise HashSetError(msg)
        return tuple(names)


def check_days(head: Head, today: date) -> None:
    """Refuse a bundle outside the days for which its publisher stands behind it.

    Raises:
        HashSetError: its first day is not yet come, or its last day is past.
    """
    if today < head.issued:
        msg = (
            f"the bundle was issued on {head.issued.isoformat()} and today is {today.isoformat()}; "
            "check the clock, or install it with --allow-expired, which is recorded"
        )
        raise HashSetError(msg)
    if today > head.expires:
        msg = (
            f"the bundle expired on {head.expires.isoformat()}; get the newest one, or install it "
            "with --allow-expired, which is recorded"
        )
        raise HashSetError(msg)


def chosen(trusted: Mapping[str, PublicKey], names: Sequence[str]) -> dict[str, PublicKey]:
    """Give the pinned keys of those names, all where none is named.

    Raises:
        UsageError: there is no such key.
    """
    unknown = [name for name in names if name not in trusted]
    if unknown:
        msg = f"there is no trusted key {unknown[0]}; pin it with 'hashmatch library trust add'"
        raise UsageError(msg)
    return {name: key for name, key in trusted.items() if not names or name in names}


def _part(stream: BinaryIO) -> bytes:
    prefix = stream.read(_LENGTH.size)
    length = _LENGTH.unpack(prefix)[0] if len(prefix) == _LENGTH.size else 0
    data = stream.read(min(length, _LONGEST))
    if not data or len(data) != length:
        msg = "the bundle is cut short in its head; get it again"
        raise HashSetError(msg)
    return data


def _date(fields: Fields, key: str) -> date:
    try:
        return date.fromisoformat(fields.text(key))
    except ValueError:
        fields.refuse(key, "a date like 2026-11-22")


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    value = fields.value(key)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        fields.refuse(key, "a list of texts")
    if len(set(value)) != len(value):
        fields.refuse(key, "texts that differ")
    return tuple(value)
