"""What a run says of the backups of phones that it met, and the names that their files had."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.model import locators, names
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hashmatch.model.records import Json

_ID = 20  # bytes of the digest by which a backup calls a file

_WHY = {
    Reason.KEY_NEEDED: "its list is encrypted, or is none",
    Reason.DAMAGED_CONTAINER: "its list is damaged",
    Reason.UNSUPPORTED_CONTAINER: "its list is of a form that is not read (iOS 9 and before)",
    Reason.LIMIT_COUNT: "there are more backups, or names in them, than are kept",
    Reason.LIMIT_KEPT: "its list is too large",
    Reason.OUT_OF_MEMORY: "its list is too large for the memory there is",
    Reason.TIME_LIMIT: "reading its list took too long",
    Reason.WORKER_DIED: "the process that read its list broke down",
}


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup among the items of a source.

    ``path`` is that of the file by which it was known, its list of files. ``locked``: what its
    properties say of its being encrypted, None where they say nothing. ``named`` items got the
    names that they had on the phone, ``unnamed`` stored files are not in the list though it was
    read to its end. ``unfit`` names in the list are not those of the files they are given for, and
    were left out. ``reason`` says why names are missing.
    """

    source: int
    path: bytes
    locked: bool | None = None
    named: int = 0
    unnamed: int = 0
    unfit: int = 0
    reason: Reason | None = None

    @property
    def shut(self) -> bool:
        """Whether its files hold nothing to compare, as they are encrypted, or may be so."""
        return self.locked or (self.locked is None and self.reason is Reason.KEY_NEEDED)

    def to_json(self) -> dict[str, Json]:
        """Give it as part of the record of a run."""
        line: dict[str, Json] = {**names.to_json(self.path), "encrypted": self.locked}
        line |= {"named": self.named, "unnamed": self.unnamed}
        line["unfit_names"] = self.unfit
        return line | ({"names_missing": str(self.reason)} if self.reason is not None else {})

    def told(self) -> Iterator[str]:
        """Say in sentences what people should know of it."""
        where = f"{locators.label(self.source)}: {names.shown(self.path)}"
        if self.shut:
            how = "is encrypted" if self.locked else "is encrypted, or its list is damaged"
            yield (
                f"WARNING: {where}: this backup of a phone {how}; its files were examined as they"
                " are stored, and nothing that is encrypted could be compared."
            )
        if self.reason is not None:
            why = _WHY.get(self.reason, str(self.reason))
            yield f"NOTE: {where}: not all files of this backup have the names of the phone: {why}."
        if self.unnamed:
            yield f"NOTE: {where}: stored files that are not in this list: {self.unnamed:,}."
        if self.unfit:
            yield (
                f"NOTE: {where}: names that are not those of the files they are given for, and"
                f" were left out: {self.unfit:,}."
            )


def per_source(found: Iterable[Backup], source: int) -> dict[str, Json]:
    """Give what the record says of the backups in one source; nothing where there are none."""
    here: list[Json] = [one.to_json() for one in found if one.source == source]
    return {"phone_backups": here} if here else {}


class Names:
    """Names of files by their digests, in little memory.

    Digests are true ones: nobody can make many that begin alike, so that looking is quick.
    """

    def __init__(self) -> None:
        self._digests = bytearray()
        self._beginnings = array("Q")  # of the digests: these are quick to look through
        self._ends = array("Q")
        self._text = bytearray()

    def __len__(self) -> int:
        """So many there are."""
        return len(self._ends)

    @property
    def room(self) -> int:
        """Bytes that the names take."""
        return len(self._text)

    def add(self, digest: bytes, name: str) -> None:
        """Take another; its digest of 20 bytes is greater than all before."""
        self._digests += digest
        self._beginnings.append(_beginning(digest))
        self._text += name.encode()
        self._ends.append(len(self._text))

    def of(self, digest: bytes) -> str | None:
        """Give the name of a file, None where there is none."""
        wanted = _beginning(digest)
        at = bisect_left(self._beginnings, wanted)
        while at < len(self) and self._beginnings[at] == wanted:
            if self._digests[at * _ID : (at + 1) * _ID] == digest:
                begin = self._ends[at - 1] if at else 0
                return self._text[begin : self._ends[at]].decode()
            at += 1
        return None


def _beginning(digest: bytes) -> int:
    return int.from_bytes(digest[:8])
