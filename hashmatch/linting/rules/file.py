"""HM001-HM006: the file as a whole, before anything it says is believed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hashmatch.linting import checksums
from hashmatch.linting.check import Check, Family, Subject, Terms
from hashmatch.linting.dates import day_of
from hashmatch.linting.finding import Sighting
from hashmatch.linting.manifests import agrees
from hashmatch.linting.rule import Level, Rule, Words
from hashmatch.linting.signatures import NO_SIGNATURE, openpgp_beside
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hashmatch.linting.scan_bytes import Bytes
    from hashmatch.linting.stretch import Stretch

CHECKSUM = Rule(
    "HM001",
    Level.ERROR,
    Words("file differs from its checksum", "ไฟล์ไม่ตรงกับผลรวมตรวจสอบ"),
    "The list was changed or damaged after its checksum was made, or is not the one that was sent.",
    Words("fetch the list again", "ขอรับรายการใหม่"),
)
SIGNATURE = Rule(
    "HM002",
    Level.ERROR,
    Words("signature is missing or does not hold", "ไม่มีลายมือชื่อหรือลายมือชื่อไม่ถูกต้อง"),
    "Nobody knows who made the list.",
    Words("fetch list and signature again from the issuer", "ขอรับรายการและลายมือชื่อใหม่จากผู้จัดทำ"),
    needs="--key",
)
ROLLBACK = Rule(
    "HM003",
    Level.ERROR,
    Words("list is older than the version before it", "รายการเก่ากว่ารุ่นก่อนหน้า"),
    "An old copy brings back what was corrected or withdrawn.",
    Words("take the newest version", "ใช้รุ่นล่าสุด"),
    needs="--previous",
)
OLD = Rule(
    "HM004",
    Level.WARNING,
    Words("list is old", "รายการเก่าเกินกำหนด"),
    "New material is missing in it.",
    Words("fetch a newer version", "ขอรับรุ่นที่ใหม่กว่า"),
    needs="--max-age",
)
TRUNCATED = Rule(
    "HM005",
    Level.ERROR,
    Words("list is only a part, or breaks off", "รายการไม่ครบหรือขาดตอน"),
    "What is missing is never found.",
    Words("fetch the whole list again", "ขอรับรายการฉบับเต็มใหม่"),
)
ENCODING = Rule(
    "HM006",
    Level.ERROR,
    Words("text encoding or line ends are damaged", "การเข้ารหัสอักขระหรือการขึ้นบรรทัดเสียหาย"),
    "Bytes that are no UTF-8, zero bytes, marks in mid-text and mixed line ends split or join"
    " records in some readers.",
    Words("save as UTF-8 with one kind of line end", "บันทึกเป็น UTF-8 และขึ้นบรรทัดแบบเดียว"),
    about=("text",),
)

_KIND_NAMES = {kind: kind.upper().replace("SHA", "SHA-") for kind in checksums.KINDS}
_OPENPGP = "the signature beside the list is one of OpenPGP; only Ed25519 and minisign are known"


class File(Check):
    """Looks at bytes, companions and what the list says of itself."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._last = self._last_lost = 0

    def begin(self, subject: Subject) -> None:
        """Forget the list before."""
        del subject
        self._last = self._last_lost = 0

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Note values that could not be decoded."""
        del subject
        lost = [loss.place for loss in stretch.losses]
        self._last_lost = max(lost, default=self._last_lost)
        taken = [one.place for one in stretch.withdrawn]
        self._last = max(self._last, int(stretch.places.max(initial=0)), *lost, *taken, 0)
        found = [loss.place for loss in stretch.losses if loss.reason is Loss.BAD_ENCODING]
        if found:
            yield Sighting(ENCODING, found, note=Loss.BAD_ENCODING.value.replace("-", " "))

    def end(self, subject: Subject) -> Iterator[Sighting]:
        """Tell what the whole file is like."""
        try:
            yield from self._checksum(subject)
            yield from self._manifest(subject)
            yield from self._signature(subject)
            yield from self._rollback(subject)
        except OSError as error:
            reason = f"the list or a file beside it cannot be read again: {error.strerror}"
            self.unchecked.update(dict.fromkeys((CHECKSUM.id, SIGNATURE.id, ROLLBACK.id), reason))
        yield from self._age(subject)
        if "partial" in subject.facts:
            yield Sighting(TRUNCATED, note="the list says itself that it is only a part")
        yield from self._cut_off(subject)
        if subject.seen is not None:
            for note in _troubles(subject.seen):
                yield Sighting(ENCODING, note=note)

    def _cut_off(self, subject: Subject) -> Iterator[Sighting]:
        """Tell a last line that was lost and has no end, and a list shorter than it declares."""
        seen = subject.seen
        if seen is None:
            return
        lost = self._last_lost
        if subject.by_line and not seen.ended and lost and lost >= max(self._last, seen.lines):
            yield Sighting(TRUNCATED, [self._last_lost], note="the last line breaks off")
        declared = seen.declared()
        whole = "partial" not in subject.facts and "case" not in subject.facts.get("shape", "")
        if declared is not None and whole and not subject.by_line and declared != self._last:
            note = f"it declares {declared:,} records and has {self._last:,}"
            yield Sighting(TRUNCATED, note=note)

    def _checksum(self, subject: Subject) -> Iterator[Sighting]:
        manifest = self.terms.manifest
        own = manifest.file if manifest else None
        folder = subject.path.absolute().parent
        stated = [one for one in checksums.beside(subject.path) if folder / one.file != own]
        values = {one.kind: bytes.fromhex(one.value) for one in stated if one.value is not None}
        if not values and manifest is None:
            silent = next((one.file for one in stated), None)
            self.idle[CHECKSUM.id] = (
                f"{silent} does not name the list"
                if silent
                else "no checksum file beside the list, and no --manifest"
            )
        for one in stated:
            name = _KIND_NAMES[one.kind]
            if one.value is not None:
                if not agrees(subject.path, {one.kind: bytes.fromhex(one.value)}):
                    yield Sighting(CHECKSUM, note=f"not the {name} stated in {one.file}")
            elif one.alone:
                yield Sighting(CHECKSUM, note=f"no {name} for the list can be read in {one.file}")

    def _manifest(self, subject: Subject) -> Iterator[Sighting]:
        manifest = self.terms.manifest
        if manifest is None:
            return
        stated = manifest.of(subject.path)
        if not stated:
            yield Sighting(CHECKSUM, note="the manifest does not name the list")
        elif not agrees(subject.path, stated):
            yield Sighting(CHECKSUM, note="not the bytes stated in the manifest")

    def finish(self) -> Iterator[Sighting]:
        """Tell the files of the delivery that are not there."""
        missing = self.terms.manifest.missing() if self.terms.manifest else 0
        if missing:
            note = "files that the manifest names are missing"
            yield Sighting(CHECKSUM, note=note, count=missing, list_number=0)

    def _signature(self, subject: Subject) -> Iterator[Sighting]:
        pgp = openpgp_beside(subject.path)
        if self.terms.key is None:
            if pgp:
                self.idle[SIGNATURE.id] = f"{_OPENPGP}; needs --key"
            return
        if self.terms.key.expired(self.terms.today):
            yield Sighting(SIGNATURE, note=f"the pinned key expired on {self.terms.key.expires}")
        try:
            trouble = self.terms.key.trouble(subject.path)
        except OverflowError as error:
            self.unchecked[SIGNATURE.id] = str(error)
            return
        if trouble is NO_SIGNATURE and pgp:
            self.unchecked[SIGNATURE.id] = _OPENPGP
        elif trouble:
            yield Sighting(SIGNATURE, note=trouble)

    def _rollback(self, subject: Subject) -> Iterator[Sighting]:
        day = day_of(subject.facts, subject.path.name)
        previous = self.terms.previous
        if previous is not None:
            before = day_of(previous.facts, previous.name)
            known = previous.superseded.get(_sha256(subject.path) if previous.superseded else "")
            if known is not None:
                note = f"the same file was installed on {known} and replaced since"
                yield Sighting(ROLLBACK, note=note)
            elif day is None or before is None:
                self.idle[ROLLBACK.id] = "not both versions state a day, nor do their names"
            elif day < before:
                yield Sighting(ROLLBACK, note=f"{day} comes before {before}")

    def _age(self, subject: Subject) -> Iterator[Sighting]:
        if self.terms.oldest is not None:
            day = day_of(subject.facts, subject.path.name)
            if day is None:
                self.idle[OLD.id] = "neither the list nor its name states a day"
            elif day > self.terms.today:
                yield Sighting(OLD, note=f"it is dated in the future: {day}")
            elif (age := (self.terms.today - day).days) > self.terms.oldest:
                yield Sighting(OLD, note=f"{age} days, expected at most {self.terms.oldest}")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _troubles(seen: Bytes) -> Iterator[str]:
    if not seen.utf8:
        yield "not UTF-8"
    if seen.nul and seen.feeds:
        yield "zero bytes"
    if seen.marks:
        yield "a byte order mark in mid-text"
    kinds = [seen.returned_feeds, seen.feeds - seen.returned_feeds, seen.lone_returns]
    if sum(map(bool, kinds)) > 1:
        yield "mixed line ends"


FAMILY = Family((CHECKSUM, SIGNATURE, ROLLBACK, OLD, TRUNCATED, ENCODING), File)
