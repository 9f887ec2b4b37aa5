"""HM101, HM103, HM106, HM108, HM109: values that are not what their column promises."""

from __future__ import annotations

import re
import string
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from hashmatch.formats.hash_text import kind_named
from hashmatch.linting.check import Check, Family, Subject, Terms
from hashmatch.linting.finding import Sighting
from hashmatch.linting.rule import Level, Rule, Words
from hashmatch.model.hashes import STRONG, Algorithm
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hashmatch.linting.stretch import Cells, Hashes, Stretch

SPELLING = Rule(
    "HM101",
    Level.ERROR,
    Words("value is not a hash of its algorithm", "ค่าไม่ใช่ค่าแฮชของอัลกอริทึมนั้น"),
    "A value with a wrong length, with other signs than hexadecimal digits, or wrapped in quotes,"
    " blanks or 0x is lost by some readers and never hits.",
    Words("write plain hexadecimal of the right length", "เขียนเลขฐานสิบหกล้วนให้ครบความยาว"),
)
CONSTANT = Rule(
    "HM103",
    Level.ERROR,
    Words("digest is a constant or a pattern", "ค่าแฮชเป็นค่าคงที่หรือรูปแบบซ้ำ"),
    "No file has such a digest; it stands for a missing value or a placeholder.",
    Words("remove the value; look for what the source meant", "ลบค่านี้ และตรวจต้นทาง"),
    about=("digest",),
)
CASE = Rule(
    "HM106",
    Level.WARNING,
    Words(
        "mixed case, wrong column, or algorithm known by length only",
        "ตัวพิมพ์ปนกัน ผิดคอลัมน์ หรือรู้อัลกอริทึมจากความยาวเท่านั้น",
    ),
    "Readers that compare texts miss values in the other case; 32 digits may be MD5, MD4 or ed2k,"
    " and 64 may be SHA-256 or PDQ: taken for the wrong one, nothing ever hits.",
    Words("write lower case; name the algorithm in a header", "ใช้ตัวพิมพ์เล็ก และระบุอัลกอริทึมในหัวตาราง"),
)
WEAK = Rule(
    "HM108",
    Level.WARNING,
    Words("records carry broken digests only", "ระเบียนมีเฉพาะค่าแฮชที่ไม่ปลอดภัยแล้ว"),
    "Files that share an MD5 or SHA-1 can be made on purpose, so that a hit proves less.",
    Words("add SHA-256", "เพิ่ม SHA-256"),
    about=("digest",),
)
LOST = Rule(
    "HM109",
    Level.ERROR,
    Words("record or value is lost when the list is read", "ระเบียนหรือค่าสูญหายเมื่ออ่านรายการ"),
    "A row with too few or too many cells, without any usable hash, or with a value that cannot be"
    " read is a missed hit.",
    Words("repair the row", "แก้ไขแถวนี้"),
)

_WRAPPED = re.compile(r"[\s\"'=:x-]")
_AS_SHA256 = 50  # values from which a share says something
_MEDIAN_SPLIT = (126, 130)
_BOTH = 3
_DIGITS = frozenset(string.hexdigits)


class Values(Check):
    """Looks at every value by itself."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._weak = self._all = self._first_weak = 0
        self._cases: dict[str, int] = {}
        self._split: Counter[bool] = Counter()

    def begin(self, subject: Subject) -> None:
        """Forget the list before."""
        del subject
        self._weak = self._all = self._first_weak = 0
        self._cases, self._split = {}, Counter()

    def see(self, subject: Subject, stretch: Stretch) -> Iterator[Sighting]:
        """Look at losses, patterns and spelling."""
        del subject
        yield from _losses(stretch)
        for kind, hashes in stretch.digests().items():
            constant = _patterns(hashes)
            if len(constant):
                values = hashes.prints[constant]
                yield Sighting(CONSTANT, stretch.at(hashes, constant), values, kind.value)
        self._count_weak(stretch)
        self._look_for_pdq(stretch)
        yield from self._spelling(stretch)

    def end(self, subject: Subject) -> Iterator[Sighting]:
        """Tell what concerns the list as a whole."""
        if self._weak:
            note = "all records" if self._weak == self._all else "some records"
            yield Sighting(WEAK, [self._first_weak], note=note, count=self._weak, of_list=True)
        if subject.declared_type:
            yield Sighting(CASE, note="the list does not name its algorithm")
        total = sum(self._split.values())
        if total >= _AS_SHA256 and self._split[True] > 0.9 * total:
            yield Sighting(CASE, note="the SHA-256 column seems to hold PDQ", count=total)

    def _count_weak(self, stretch: Stretch) -> None:
        strong = np.zeros(len(stretch), bool)
        weak = np.zeros(len(stretch), bool)
        for kind, hashes in stretch.digests().items():
            (strong if kind in STRONG else weak)[hashes.rows] = True
        only = np.flatnonzero(weak & ~strong)
        self._all += len(stretch)
        if len(only) and not self._weak:
            self._first_weak = int(stretch.places[only[0]])
        self._weak += len(only)

    def _look_for_pdq(self, stretch: Stretch) -> None:
        """PDQ splits at the median, so that half of its bits are set; a digest's are by chance."""
        hashes = stretch.hashes.get(Algorithm.SHA256)
        if hashes is not None and sum(self._split.values()) < 1000:
            ones = np.bitwise_count(hashes.values[:1000]).sum(axis=1, dtype=np.int64)
            low, high = _MEDIAN_SPLIT
            self._split.update(map(bool, ((ones >= low) & (ones <= high)).tolist()))

    def _spelling(self, stretch: Stretch) -> Iterator[Sighting]:
        if stretch.regular:
            for name, joined in stretch.plain_columns().items():
                yield from self._case(name, joined, stretch, stretch.cells[name])
            return
        values = _hexes(stretch)
        for name, cells in stretch.cells.items():
            wrapped = [at for at, text in enumerate(cells.texts) if _is_wrapped(text, values)]
            if wrapped:
                places = stretch.places[cells.rows[wrapped]]
                kind = kind_named(name)
                about = kind.name if kind else None
                yield Sighting(SPELLING, places, kind=about, note="signs around the digits")
            joined = "".join(text for text in cells.texts if text.lower() in values)
            yield from self._case(name, joined, stretch, cells)

    def _case(self, name: str, joined: str, stretch: Stretch, cells: Cells) -> Iterator[Sighting]:
        """Tell values in both cases, and a column whose values differ in case."""
        if not joined or joined.isdigit():
            return
        found = 1 * (joined != joined.upper()) + 2 * (joined != joined.lower())
        if found == _BOTH and (mixed := _mixed(cells.texts)):
            places = stretch.places[cells.rows[mixed]]
            yield Sighting(CASE, places, note="both cases in one value")
        before = self._cases.get(name, 0)
        self._cases[name] = before | found
        if before | found == _BOTH and before != _BOTH:
            yield Sighting(CASE, note="values in upper and in lower case")


def _losses(stretch: Stretch) -> Iterator[Sighting]:
    places: dict[Loss, list[int]] = defaultdict(list)
    for loss in stretch.losses:
        places[loss.reason].append(loss.place)
    for reason, found in places.items():
        if reason is Loss.BAD_ENCODING:
            continue
        spelled = reason in {Loss.NOT_HEX, Loss.WRONG_LENGTH}
        yield Sighting(SPELLING if spelled else LOST, found, note=reason.value.replace("-", " "))


def _patterns(hashes: Hashes) -> NDArray[np.int64]:
    """Find the values with hardly any different bytes, or with a period of up to four bytes.

    Nearly no value has two equal words of four bytes side by side, so that only those are
    looked at closely. A value with all bits set is found by that too.
    """
    words = np.ascontiguousarray(hashes.values).view(">u4")
    near = np.flatnonzero((words[:, 1:] == words[:, :-1]).any(axis=1))
    sure = [at for at in near.tolist() if _is_pattern(hashes.values[at].tobytes())]
    return np.array(sure, np.int64)


def _is_pattern(value: bytes) -> bool:
    return len(set(value)) <= 2 or value[4:] == value[:-4] or value.count(0) > len(value) * 3 // 4


def _hexes(stretch: Stretch) -> frozenset[str]:
    found: set[str] = set()
    for hashes in stretch.hashes.values():
        width = 2 * hashes.values.shape[1]
        text = hashes.values.tobytes().hex()
        found.update(text[at : at + width] for at in range(0, len(text), width))
    return frozenset(found)


def _is_wrapped(text: str, values: frozenset[str]) -> bool:
    if not 16 <= len(text) <= 1024 or (text.isalnum() and text[:2] not in {"0x", "0X"}):
        return False
    bare = text.strip(" \t\"'=").lower()
    return text.lower() not in values and _WRAPPED.sub("", bare.removeprefix("0x")) in values


def _mixed(texts: Sequence[str]) -> list[int]:
    """Find the values that have letters of both cases; other texts are none of hexadecimal."""
    return [
        at
        for at, text in enumerate(texts)
        if text.lower() != text != text.upper() and _DIGITS.issuperset(text)
    ]


FAMILY = Family((SPELLING, CONSTANT, CASE, WEAK, LOST), Values)
