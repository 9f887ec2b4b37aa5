"""Facts of an entry as plain values, and back again: how they travel between processes.

Who sends them brings them within bounds; who takes them builds them anew and refuses the rest.
"""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from hashmatch.jobs import plain_values
from hashmatch.model.facts import MOST_EXTENTS, Facts, Recovery, Standing

if TYPE_CHECKING:
    Pairs = tuple[tuple[str, str], ...]

_MOST_PAIRS = 64
_MOST_TEXT = 1 << 18
"""Characters of all words of one kind: a record has room for them, whatever they are."""
_CUT = "…"

PlainFacts = tuple[object, ...]


def out(facts: Facts) -> PlainFacts:
    """Give facts as plain values."""
    recovery = None if facts.recovery is None else str(facts.recovery)
    known = (facts.times, facts.extents, facts.fragments, facts.extents_on, facts.notes)
    return (str(facts.standing), recovery, *known)


def read(values: object) -> Facts:
    """Build facts of what :func:`out` gave.

    Whether a word can be printed says nothing against it: it is escaped where it is shown.

    Raises:
        TypeError, ValueError and others: it is not of that form, see
            :data:`hashmatch.jobs.plain_values.BROKEN`.
    """
    standing, recovery, times, extents, fragments, extents_on, notes = cast(
        "tuple[Any, ...]", values
    )
    if type(extents) is not tuple or len(extents) > MOST_EXTENTS:
        raise ValueError
    for one in extents:
        _pair(one)
        plain_values.numbers(*one)
    plain_values.numbers(fragments)
    plain_values.texts(standing, extents_on)
    found = None if recovery is None else Recovery(recovery)
    kept = (_pairs(times), extents, fragments, extents_on, _pairs(notes))
    return Facts(Standing(standing), found, *kept)


def bounded(facts: Facts) -> Facts:
    """Bring words and their names within bounds; what is longer ends in ``…``.

    Extents that cannot be are left as they are, and are refused at the other end.
    """
    fragments = min(facts.fragments, plain_values.MOST)
    times, notes = _fitted(facts.times), _fitted(facts.notes)
    return replace(facts, times=times, notes=notes, fragments=fragments)


def _fitted(pairs: Pairs) -> Pairs:
    fitted = _shortened(pairs[:_MOST_PAIRS], plain_values.LONGEST_TEXT)
    if sum(map(len, itertools.chain.from_iterable(fitted))) <= _MOST_TEXT:
        return fitted
    return _shortened(fitted, _MOST_TEXT // (2 * _MOST_PAIRS))


def _shortened(pairs: Pairs, most: int) -> Pairs:
    return tuple(
        (_short(unicodedata.normalize("NFC", _plain(name)), most), _short(_plain(word), most))
        for name, word in pairs
    )


def _plain(word: str) -> str:
    """Give a word that can be written as UTF-8."""
    return word.encode("utf-8", "replace").decode()


def _short(word: str, most: int) -> str:
    return word if len(word) <= most else word[: most - 1] + _CUT


def _pairs(pairs: object) -> Pairs:
    if type(pairs) is not tuple or len(pairs) > _MOST_PAIRS:
        raise ValueError
    for one in pairs:
        _pair(one)
        plain_values.texts(*one)
        if not (one[0].isascii() or unicodedata.is_normalized("NFC", one[0])):
            raise ValueError  # no record can have such a key
    if sum(map(len, itertools.chain.from_iterable(pairs))) > _MOST_TEXT:
        raise ValueError
    return pairs


def _pair(one: object) -> None:
    if type(one) is not tuple or len(one) != 2:
        raise ValueError
