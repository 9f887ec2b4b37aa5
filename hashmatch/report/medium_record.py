"""What a run record says of an image or device: its files, headers, digests, damage, volumes.

Plain values; :mod:`hashmatch.report.medium_reading` makes them from ``run.json``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.records import Json


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of an image; ``sha256`` of the file itself, None where its content is the medium."""

    name: bytes
    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes that cannot be read as stored; ``why`` is a code, ``part`` names a chunk or piece."""

    offset: int
    length: int
    why: str
    part: str


@dataclass(frozen=True, slots=True)
class Damage:
    """All such stretches: how many, how many bytes in all, and the first of them."""

    count: int = 0
    bytes: int = 0
    first: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """What reading a whole medium gave; ``digests`` is empty where not all of it was there."""

    size: int
    read: int
    digests: Mapping[str, str]
    damage: Damage


@dataclass(frozen=True, slots=True)
class Noted:
    """A digest that a file beside the image states, and how it compares with the content."""

    file: bytes
    line: int
    algorithm: str
    value: str
    of: str
    result: str


@dataclass(frozen=True, slots=True)
class VolumeUse:
    """One stretch of a medium that was looked into; ``gap`` where no partition covers it."""

    number: int
    place: str
    offset: int
    size: int
    kind: str
    gap: bool
    trouble: str | None
    advice: str


@dataclass(frozen=True, slots=True)
class MediumUse:
    """One image or device as this run read it.

    ``said`` are fields of its headers, ``stored`` the digests of the content that its files carry.
    ``imager`` is what could not be read when it was made. ``check`` and ``again`` are what
    digesting it gave before and after everything else. ``sidecars`` are digests that files beside
    it note, ``unread`` such files and why they could not be read.
    """

    size: int
    said: Mapping[str, Json]
    stored: Mapping[str, str]
    imager: Damage
    verify: str
    verdict: str
    doubtful: bool
    volumes: tuple[VolumeUse, ...]
    check: Check | None = None
    again: Check | None = None
    sidecars: tuple[Noted, ...] = ()
    unread: tuple[tuple[bytes, str], ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the content had other digests at the end."""
        before, after = self.check, self.again
        return before is not None and after is not None and before.digests != after.digests


@dataclass(frozen=True, slots=True)
class PhoneUse:
    """A backup of a phone among the items of a source; ``path`` is that of its list of files.

    ``encrypted`` is None where its properties do not say. ``named`` items were given the names that
    they had on the phone, ``unnamed`` stored files are not in the list. ``unfit`` names were left
    out; ``missing`` says why others are not there.
    """

    path: bytes
    encrypted: bool | None
    named: int
    unnamed: int
    unfit: int
    missing: str | None


@dataclass(frozen=True, slots=True)
class Guard:
    """How a source was kept from being written to, as the system said; None where it did not.

    ``about`` holds what the system says of mount and device in its own words, empty where nothing.
    """

    mount: bool | None = None
    device: bool | None = None
    removable: bool | None = None
    loop: bool | None = None
    about: Mapping[str, str] = field(default_factory=dict)
