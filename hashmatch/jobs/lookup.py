"""Look single values up in installed sets, as a person or a script asks them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.db.radii import DEFAULT, GREATEST
from hashmatch.errors import UsageError
from hashmatch.formats.hash_text import BY_TYPE, VPDQ, read_hash
from hashmatch.matching.merge import capped, exact_claim
from hashmatch.model.hashes import Digest, PerceptualHash
from hashmatch.model.hits import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.library import Library
    from hashmatch.formats.hash_text import Kind
    from hashmatch.model.records import Json

TYPES: Mapping[str, Kind] = {**BY_TYPE, VPDQ.name: VPDQ}
"""What a value can be said to be."""

_BY_LENGTH = {32: "md5", 40: "sha1", 96: "sha384", 128: "sha512", 288: "photodna"}
"""Digits of values that are taken for the usual kind of that length."""


@dataclass(frozen=True, slots=True)
class How:
    """What the values are, where that was stated, and how near counts as near.

    ``threshold`` is the greatest distance, inclusive: bits, for PhotoDNA the sum of squared
    differences; None for what is usual for each method.
    """

    algorithm: str | None = None
    threshold: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the sets said: one answer for each agreement, and the kinds that none of them holds.

    ``answers`` are in the order of the values, sets and records; the values in them are those
    that were asked, never a list's. A value of an ``unheld`` kind was compared with nothing.
    ``hints`` are the values of which a filter of known files says "maybe": no hit, and no proof
    of anything.
    """

    answers: list[dict[str, Json]]
    unheld: tuple[str, ...]
    hints: list[dict[str, Json]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A value: which of those given, its text, what it is."""

    at: int
    text: str
    value: Digest | PerceptualHash

    @property
    def kind(self) -> str:
        value = self.value
        return str(value.algorithm if isinstance(value, Digest) else value.method)


def lookup(library: Library, sets: Sequence[str], values: Sequence[str], how: How) -> Found:
    """Find every record of every set that agrees with a value.

    Raises:
        UsageError: no value, one that is no hash or may be of two kinds; no such set; a
            threshold beyond the greatest distance of a kind that is asked.
        HashSetError: a set is not the one that was installed.
    """
    if not values:
        msg = "no value to look up was given"
        raise UsageError(msg)
    asked = [_Asked(at, text, _parse(text, how.algorithm)) for at, text in enumerate(values)]
    _check_threshold(asked, how.threshold)
    manifests = library.resolve(sets)
    answers: list[tuple[int, dict[str, Json]]] = []
    hints: list[tuple[int, dict[str, Json]]] = []
    with ExitStack() as stack:
        for manifest in manifests:
            installed = stack.enter_context(library.open_set(manifest.version))
            answers += _exact(installed, asked)
            answers += _near(installed, asked, how.threshold)
            hints += _hints(installed, asked)
    held = {kind for manifest in manifests for kind, n in manifest.counts.values.items() if n}
    held |= {str(one.algorithm) for manifest in manifests for one in manifest.filters}
    unheld = {one.kind for one in asked} - held
    return Found(_in_order(answers), tuple(sorted(unheld)), _in_order(hints))


def _check_threshold(asked: Sequence[_Asked], threshold: int | None) -> None:
    for method, greatest in GREATEST.items():
        if (threshold or 0) > greatest and any(one.kind == method for one in asked):
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
            yield one.at, _answer(installed, record, one.text, claim, None)


def _near(
    installed: InstalledSet, asked: Sequence[_Asked], threshold: int | None
) -> Iterator[tuple[int, dict[str, Json]]]:
    for method in DEFAULT:
        own = [one for one in asked if one.kind == method]
        if not own or not installed.manifest.counts.values.get(method):
            continue
        radius = DEFAULT[method] if threshold is None else threshold
        values = [one.value.value for one in own]
        best: dict[tuple[int, int], int] = {}  # a record may carry several hashes
        for number, record, distance in installed.search_near(method, values, radius):
            known = best.get((number, record), distance)
            best[number, record] = min(known, distance)
        for (number, record), distance in best.items():
            one = own[number]
            yield one.at, _answer(installed, record, one.text, Claim.NEAR, distance)


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
                    "set": installed.manifest.name,
                    "set_version": installed.manifest.version,
                    "hint": True,
                },
            )


def _answer(
    installed: InstalledSet, record: int, text: str, claim: Claim, distance: int | None
) -> dict[str, Json]:
    stored, manifest = installed.record(record), installed.manifest
    return {
        "value": text,
        "set": manifest.name,
        "set_version": manifest.version,
        "record": record,
        "entry": stored.entry,
        "scheme": manifest.scheme,
        "category": stored.category,
        "disposition": str(capped(manifest.disposition(stored.category), claim)),
        "claim": str(claim),
        "distance": distance,
        "flags": dict(stored.flags),
    }


def _parse(text: str, stated: str | None) -> Digest | PerceptualHash:
    if stated is not None and stated not in TYPES:
        msg = f"--type names no hash that can be looked up; expected one of {', '.join(TYPES)}"
        raise UsageError(msg)
    name = stated or _by_length(text.strip())
    value = read_hash(TYPES[name], text) if text else None
    if isinstance(value, Digest | PerceptualHash):
        return value
    if stated is None:
        msg = "a value is not hexadecimal; say what it is with --type"
    else:
        msg = "a value is not a hash of the stated kind: hexadecimal of the right length expected"
    raise UsageError(msg)


def _by_length(text: str) -> str:
    """Take the usual kind of a length; where several are usual, refuse to guess."""
    digits = len(text)
    if digits in _BY_LENGTH:
        return _BY_LENGTH[digits]
    kinds = [name for name, kind in TYPES.items() if 2 * kind.size == digits]
    if not kinds:
        msg = "a value has the length of no known hash; expected 32, 40, 64 or 128 digits, "
        msg += "or say with --type what it is"
        raise UsageError(msg)
    shown = " or ".join(f"--type {name}" for name in kinds)
    msg = f"{digits} digits may be {' or '.join(kinds)}: say which with {shown}"
    raise UsageError(msg)
