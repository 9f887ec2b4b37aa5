"""Look single values up in installed sets, as a person or a script asks them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.errors import UsageError
from hashmatch.matching.merge import capped, exact_claim
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.hits import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.library import Library
    from hashmatch.model.records import Json

_BY_LENGTH = {32: Algorithm.MD5, 40: Algorithm.SHA1, 128: Algorithm.SHA512}


@dataclass(frozen=True, slots=True)
class How:
    """What the values are, where that was stated, and how near counts as near (bits)."""

    algorithm: str | None = None
    threshold: int = 31


@dataclass(frozen=True, slots=True)
class Found:
    """What the sets said: one answer for each agreement, and the kinds that none of them holds.

    ``answers`` are in the order of the values, sets and records; the values in them are those
    that were asked, never a list's. A value of an ``unheld`` kind was compared with nothing.
    """

    answers: list[dict[str, Json]]
    unheld: tuple[str, ...]


def lookup(library: Library, sets: Sequence[str], values: Sequence[str], how: How) -> Found:
    """Find every record of every set that agrees with a value.

    Raises:
        UsageError: no value, one that is no hash or may be of two kinds; no such set.
        HashSetError: a set is not the one that was installed.
    """
    if not values:
        msg = "no value to look up was given"
        raise UsageError(msg)
    asked = [(text, _parse(text, how.algorithm)) for text in values]
    manifests = library.resolve(sets)
    answers: list[tuple[int, dict[str, Json]]] = []
    with ExitStack() as stack:
        for manifest in manifests:
            installed = stack.enter_context(library.open_set(manifest.version))
            installed.check()  # a damaged index would say "unknown"
            answers += _exact(installed, asked)
            answers += _near(installed, asked, how.threshold)
    in_order = [answer for _, answer in sorted(answers, key=lambda pair: pair[0])]
    held = {kind for manifest in manifests for kind, n in manifest.counts.values.items() if n}
    kinds = {_kind(value) for _, value in asked}
    return Found(in_order, tuple(sorted(kinds - held)))


def _kind(value: Digest | PerceptualHash) -> str:
    return str(value.algorithm if isinstance(value, Digest) else value.method)


def _exact(
    installed: InstalledSet, asked: Sequence[tuple[str, Digest | PerceptualHash]]
) -> Iterator[tuple[int, dict[str, Json]]]:
    digests = [(at, text, d) for at, (text, d) in enumerate(asked) if isinstance(d, Digest)]
    found = installed.lookup([digest for _, _, digest in digests])
    for (at, text, digest), records in zip(digests, found, strict=True):
        for record in records:
            claim = exact_claim((digest.algorithm,))
            yield at, _answer(installed, record, text, claim, None)


def _near(
    installed: InstalledSet, asked: Sequence[tuple[str, Digest | PerceptualHash]], threshold: int
) -> Iterator[tuple[int, dict[str, Json]]]:
    hashes = [(at, text, h) for at, (text, h) in enumerate(asked) if isinstance(h, PerceptualHash)]
    if not hashes or not installed.has_near:
        return
    values = [one.value for _, _, one in hashes]
    for number, record, distance in installed.search_near(Method.PDQ, values, threshold):
        at, text, _ = hashes[number]
        yield at, _answer(installed, record, text, Claim.NEAR, distance)


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
    }


def _parse(text: str, stated: str | None) -> Digest | PerceptualHash:
    try:
        if stated in set(Method):
            return PerceptualHash.parse(Method(stated), text)
        algorithm = Algorithm(stated) if stated else _BY_LENGTH.get(len(text))
        if algorithm is not None:
            return Digest.parse(algorithm, text)
    except ValueError:
        msg = "a value is not a hash of the stated kind: hexadecimal of the right length expected"
        raise UsageError(msg) from None
    if len(text) == 64:
        msg = "64 digits may be SHA-256 or PDQ: say which with --type sha256 or --type pdq"
        raise UsageError(msg)
    msg = "a value has the length of no known hash; expected 32, 40, 64 or 128 digits"
    raise UsageError(msg)
