"""Look single values up in installed sets, as a person or a script asks them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.db.radii import DEFAULT, GREATEST
from hashmatch.errors import UsageError
from hashmatch.formats.hash_text import BY_TYPE, SHA1, VPDQ, read_hash
from hashmatch.matching.merge import capped, exact_claim, near_claim
from hashmatch.model import photodna
from hashmatch.model.bands import band
from hashmatch.model.hashes import VARIANTS, Digest, Method, PerceptualHash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.library import Library
    from hashmatch.formats.hash_text import Kind
    from hashmatch.model.hits import Claim
    from hashmatch.model.records import Json

TYPES: Mapping[str, Kind] = {
    **BY_TYPE,
    VPDQ.name: VPDQ,
    SHA1.name: replace(SHA1, base32=True),  # as networks write it
}
"""What a value can be said to be."""

_BY_LENGTH = {32: "md5", 40: "sha1", 96: "sha384", 128: "sha512", 288: "photodna"}
"""The usual kind of a value with so many digits; others are asked where a set holds them."""


@dataclass(frozen=True, slots=True)
class How:
    """What the values are, where that was stated, and how near counts as near.

    ``threshold`` is the greatest distance, inclusive: bits, for PhotoDNA the sum of squared
    differences; None for what is usual for each method. ``numbered`` is what messages call one
    value: the lines of a text, of which blank ones are no values.
    """

    algorithm: str | None = None
    threshold: int | None = None
    numbered: str = "value"


@dataclass(frozen=True, slots=True)
class Found:
    """What the sets said: one answer for each agreement, and what no set agreed with.

    ``answers`` are in the order of the values, sets and records; the values in them are those
    that were asked, never a list's. Of a value of an ``unheld`` kind that kind was compared with
    nothing. ``hints`` are the values of which a filter of known files says "maybe": no hit, and
    no proof of anything. ``unknown`` are the values that stand in neither.
    """

    answers: list[dict[str, Json]]
    unheld: tuple[str, ...]
    hints: list[dict[str, Json]] = field(default_factory=list)
    unknown: list[dict[str, Json]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A value as one kind: which of those given, its text, what it is."""

    at: int
    text: str
    kind: str
    value: Digest | PerceptualHash


def lookup(library: Library, sets: Sequence[str], values: Sequence[str], how: How) -> Found:
    """Find every record of every set that agrees with a value.

    Raises:
        UsageError: no value, one that is no hash or may be of two kinds; no such set; a
            threshold beyond the greatest distance of a kind that is asked.
        HashSetError: a set is not the one that was installed.
    """
    if not any(values):
        msg = "no value to look up was given"
        raise UsageError(msg)
    if how.algorithm is not None and how.algorithm not in TYPES:
        msg = f"--type names no hash that can be looked up; expected one of {', '.join(TYPES)}"
        raise UsageError(msg)
    manifests = library.resolve(sets)
    held = {kind for manifest in manifests for kind, n in manifest.counts.values.items() if n}
    held |= {str(one.algorithm) for manifest in manifests for one in manifest.filters}
    kinds = _Kinds(how.algorithm, held)
    asked = [one for at, text in enumerate(values) for one in _asked(at, text, how, kinds)]
    _check_threshold(asked, how.threshold)
    answers: list[tuple[int, dict[str, Json]]] = []
    hints: list[tuple[int, dict[str, Json]]] = []
    with ExitStack() as stack:
        for manifest in manifests:
            installed = stack.enter_context(library.open_set(manifest.version))
            answers += _exact(installed, asked)
            answers += _near(installed, asked, how.threshold)
            hints += _hints(installed, asked)
    found = {at for at, _ in answers}
    unheld = {one.kind for one in asked if one.at not in found} - held
    unknown = _unknown(asked, found | {at for at, _ in hints})
    return Found(_in_order(answers), tuple(sorted(unheld)), _in_order(hints), unknown)


def _unknown(asked: Sequence[_Asked], found: set[int]) -> list[dict[str, Json]]:
    """List the values about which no set says anything, with the kinds they were asked as."""
    kinds: dict[int, tuple[str, list[Json]]] = {}
    for one in asked:
        if one.at not in found:
            kinds.setdefault(one.at, (one.text, []))[1].append(one.kind)
    return [{"value": text, "found": False, "kinds": own} for text, own in kinds.values()]


def _check_threshold(asked: Sequence[_Asked], threshold: int | None) -> None:
    kinds = {one.kind for one in asked}
    for method, greatest in GREATEST.items():
        if (threshold or 0) > greatest and method in kinds:
            msg = f"--threshold {threshold} is beyond the greatest distance of {method}, {greatest}"
            raise UsageError(msg)


def _in_order(answers: list[tuple[int, dict[str, Json]]]) -> list[dict[str, Json]]:
    return [answer for _, answer in sorted(answers, key=lambda pair: pair[0])]


def _exact(
    installed: InstalledSet, asked: Sequence[_Asked]
) -> Iterator[tuple[int, dict[str, Json]]]:
    digests = [(one, one.value) for one in asked if isinstance(one.value, Digest)]
    found = installed.lookup([digest for _, digest in digests])
    for (one, digest), records in zip(digests, found, strict=True):
        for record in records:
            claim = exact_claim((digest.algorithm,))
            yield one.at, _answer(installed, record, one, claim)


def _near(
    installed: InstalledSet, asked: Sequence[_Asked], threshold: int | None
) -> Iterator[tuple[int, dict[str, Json]]]:
    for method in DEFAULT:
        if not installed.manifest.counts.values.get(method):
            continue
        own = [one for one in asked if one.kind == method]
        if not own:
            continue
        radius = DEFAULT[method] if threshold is None else threshold
        queries = [
            (number, place, value)
            for number, one in enumerate(own)
            for place, value in enumerate(_turned(method, one.value.value))
        ]
        best: dict[tuple[int, int], tuple[int, int]] = {}  # a record may carry several hashes
        hits = installed.search_near(method, [value for _, _, value in queries], radius)
        for query, record, distance in hits:
            number, place, _ = queries[query]
            found = (distance, place)
            best[number, record] = min(best.get((number, record), found), found)
        for (number, record), (distance, place) in best.items():
            claim = near_claim(band(method, distance))
            one, answer = own[number], _answer(installed, record, own[number], claim)
            yield one.at, {**answer, "distance": distance, "variant": VARIANTS[place]}


def _turned(method: Method, value: bytes) -> Sequence[bytes]:
    """Give the values to ask for; those of the picture turned where they follow from the value."""
    if method is not Method.PHOTODNA:
        return (value,)
    return tuple(photodna.variants(value).values())


def _hints(
    installed: InstalledSet, asked: Sequence[_Asked]
) -> Iterator[tuple[int, dict[str, Json]]]:
    digests = [(one, one.value) for one in asked if isinstance(one.value, Digest)]
    maybe = installed.hinted([digest for _, digest in digests])
    for (one, _), said in zip(digests, maybe, strict=True):
        if said:
            yield (
                one.at,
                {
                    "value": one.text,
                    "kind": one.kind,
                    "found": False,
                    "set": installed.manifest.name,
                    "set_version": installed.manifest.version,
                    "hint": True,
                },
            )


def _answer(installed: InstalledSet, record: int, asked: _Asked, claim: Claim) -> dict[str, Json]:
    stored, manifest = installed.record(record), installed.manifest
    return {
        "value": asked.text,
        "kind": asked.kind,
        "found": True,
        "set": manifest.name,
        "set_version": manifest.version,
        "record": record,
        "entry": stored.entry,
        "scheme": manifest.scheme,
        "category": stored.category,
        "disposition": str(capped(manifest.disposition(stored.category), claim)),
        "claim": str(claim),
        "distance": None,
        "variant": None,
        "flags": dict(stored.flags),
    }


class _Kinds:
    """Which kinds a value may be, by the number of its digits; answered once for each number."""

    def __init__(self, stated: str | None, held: Collection[str]) -> None:
        self.stated = stated
        self._held = held
        self._of: dict[int, list[str]] = {}

    def of(self, text: str) -> list[str]:
        """Give the kind that was stated; else see :func:`_by_length`."""
        if self.stated:
            return [self.stated]
        digits = len(text)
        if digits not in self._of:
            self._of[digits] = _by_length(digits, self._held)
        return self._of[digits]


def _asked(at: int, text: str, how: How, kinds: _Kinds) -> list[_Asked]:
    """Read one of the values as each kind that it may be; a blank line is none."""
    if not text and how.numbered == "line":
        return []
    try:
        return [
            _Asked(at, text, kind, _parse(text, kind, kinds.stated))
            for kind in kinds.of(text.strip())
        ]
    except UsageError as error:
        msg = f"{how.numbered} {at + 1}: {error}"
        raise UsageError(msg) from None


def _parse(text: str, kind: str, stated: str | None) -> Digest | PerceptualHash:
    value = read_hash(TYPES[kind], text) if text else None
    if isinstance(value, Digest | PerceptualHash):
        return value
    if stated is None:
        msg = "it is not hexadecimal; say what it is with --type"
    else:
        msg = "it is not a hash of the stated kind: hexadecimal of the right length expected"
    raise UsageError(msg)


def _by_length(digits: int, held: Collection[str]) -> list[str]:
    """Take the usual kind of a length, and others that a set holds; else refuse to guess."""
    kinds = [name for name, kind in TYPES.items() if 2 * kind.size == digits]
    if digits in _BY_LENGTH:
        usual = _BY_LENGTH[digits]
        return [usual, *(name for name in kinds if name != usual and name in held)]
    if not kinds:
        msg = "it has the length of no known hash; expected 32, 40, 64 or 128 digits, "
        msg += "or say with --type what it is"
        raise UsageError(msg)
    shown = " or ".join(f"--type {name}" for name in kinds)
    msg = f"{digits} digits may be {' or '.join(kinds)}: say which with {shown}"
    raise UsageError(msg)
