"""Which digests and which perceptual methods a run computes, by its sets and by what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.errors import UsageError
from hashmatch.hashing import digests, hashers
from hashmatch.model.hashes import ALWAYS, Algorithm, Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def _split(words: Sequence[str]) -> list[str]:
    return [one.strip().lower() for word in words for one in word.split(",")]


def _refuse_unknown(option: str, asked: Iterable[str], known: Sequence[str]) -> None:
    if not {*asked} <= {*known}:
        msg = f"{option} takes {', '.join(known)}, separated by commas"
        raise UsageError(msg)
