"""Which digests and which perceptual methods a run computes, by its sets and by what is asked."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from hashmatch.errors import UsageError
from hashmatch.hashing import digests, hashers
from hashmatch.model.hashes import ALWAYS, Algorithm, Method
from hashmatch.model.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hashmatch.db.manifest import Manifest

NEEDED = "needed"
"""In place of a digest: SHA-256 and what the sets need, and no other unless it is named."""

ALL = "all"
"""In place of a method: each for which there is a hasher, and of which a set has values."""

FURTHER = tuple(method for method in Method if method not in hashers.OWN)
"""Methods that are computed on request only."""


def digests_for(sets: Iterable[Manifest], words: Sequence[str] = ()) -> tuple[Algorithm, ...]:
    """The digests to compute: SHA-256, those that a set can be asked with, and those asked for.

    Args:
        sets: the sets of the run.
        words: names of digests, separated by commas; :data:`NEEDED` leaves out the usual ones.

    Raises:
        UsageError: a word is none of these.
    """
    asked = _split(words)
    carried = {name for one in sets for name in one.counts.values}
    carried |= {f.algorithm for one in sets for f in one.filters}
    usual = {Algorithm.SHA256} if NEEDED in asked else {*ALWAYS}
    known = (*digests.COMPUTED, NEEDED)
    _refuse_unknown("--digests", asked, known)
    return tuple(a for a in digests.COMPUTED if a in usual or a in carried or a in asked)


def methods_for(sets: Iterable[Manifest], words: Sequence[str] = ()) -> tuple[Method, ...]:
    """The perceptual methods to compute of pictures: PDQ, and those asked for.

    Args:
        sets: the sets of the run.
        words: names of methods, separated by commas, or :data:`ALL`.

    Raises:
        UsageError: a word is none of these, or nothing here computes the method.
    """
    asked = _split(words)
    _refuse_unknown("--hashes", asked, (Method.PDQ, *FURTHER, ALL))
    named = tuple(method for method in FURTHER if method in asked)
    there = hashers.offers() if asked else {}
    for method in named:
        if method not in there:
            msg = f"there is no hasher for {method} here: {hashers.absent(method)}"
            raise UsageError(msg)
    if ALL in asked:
        carried = {name for one in sets for name, number in one.counts.values.items() if number}
        named = tuple(m for m in FURTHER if m in named or (m in there and m in carried))
    return (Method.PDQ, *named)


def refuse_idle(sets: Iterable[Manifest], wanted: Wanted) -> None:
    """Refuse to scan where no set holds anything that a scan could meet.

    Raises:
        UsageError: every set holds only values of kinds that no scan computes, such as the
            hashes of torrents; a run would end as if nothing had been found.
    """
    values = computed(wanted)
    if any(one.filters or not values.isdisjoint(one.counts.values) for one in sets):
        return
    carried = {name for one in sets for name in one.counts.values}
    if methods := [method for method in FURTHER if method in carried]:
        msg = (
            f"the sets hold only hashes that no scan computes unless asked to ({', '.join(methods)}"
            "); ask for them with --hashes, where a hasher is installed ('hashmatch doctor')"
        )
    else:
        msg = (
            "the sets hold only hashes that no scan computes, such as those of torrents;"
            " ask them with 'hashmatch library lookup'"
        )
    raise UsageError(msg)


def computed(wanted: Wanted) -> frozenset[str]:
    """Name the algorithms and methods whose values a run computes; no others are evaluated."""
    frames = (Method.VPDQ,) if wanted.videos else ()
    return frozenset(map(str, (*wanted.algorithms, *wanted.methods, *frames)))


def not_scanned(manifest: Manifest) -> tuple[str, ...]:
    """Name the kinds of values of a set that no scan computes unless asked to."""
    held = manifest.counts.values
    return tuple(sorted({kind for kind in held if held[kind]} - computed(Wanted(digests.COMPUTED))))


class Why(StrEnum):
    """Why a run does not compare values of a kind. Codes are never translated."""

    NOT_ASKED = "not-asked-for"
    NO_HASHER = "no-hasher-installed"
    NOT_COMPUTED = "not-computed-by-any-scan"


def why_not(kind: str, offers: Collection[str]) -> Why:
    """Say why a kind of values is not compared by a run that does not compute it.

    Args:
        kind: an algorithm, a method, or what else a list carries.
        offers: methods for which a hasher is installed.
    """
    if kind not in FURTHER:
        return Why.NOT_COMPUTED
    return Why.NOT_ASKED if kind in offers else Why.NO_HASHER


def _split(words: Sequence[str]) -> list[str]:
    return [one.strip().lower() for word in words for one in word.split(",")]


def _refuse_unknown(option: str, asked: Iterable[str], known: Sequence[str]) -> None:
    if not {*asked} <= {*known}:
        msg = f"{option} takes {', '.join(known)}, separated by commas"
        raise UsageError(msg)
