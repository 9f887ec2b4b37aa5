"""The cells of a column as one JSON value, said as shortly as they allow, and exactly.

A column that repeats a hash of its records, another column, one value, or counts on is said in a
word. Equal is not enough to be the same: 1, 1.0 and true are equal, and are kept apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_CERTAIN = frozenset({str, type(None)})
_ALONE = frozenset({int, bool, tuple})
"""Types of which equal values are the same, where they do not meet others in a column."""


def say(columns: Sequence[Sequence[Any] | None], hexes: Mapping[str, Any]) -> list[object]:
    """Say each of the columns of one batch, none of which is empty.

    Args:
        columns: of equal length; None for one that is not there.
        hexes: for the joined digits of a column of hashes the words that stand for it.
    """
    said: list[object] = []
    kinds = [frozenset(map(type, cells or ())) for cells in columns]
    for at, cells in enumerate(columns):
        kind = kinds[at]
        same = None
        if cells is not None and _is_plain(kind):
            before = (n for n in range(at) if kinds[n] == kind and columns[n] == cells)
            same = next(before, None)
        if same is not None:
            said.append({"as": same})
        elif cells is not None and kind == {int} and (texts := _texts(columns[:at], kinds, cells)):
            said.append(texts)
        else:
            said.append(_alone(cells, kind, hexes))
    return said


def _is_plain(kind: frozenset[type]) -> bool:
    return kind <= _CERTAIN or (len(kind) == 1 and kind <= _ALONE)


def _texts(
    before: Sequence[Sequence[Any] | None], kinds: Sequence[frozenset[type]], cells: Sequence[int]
) -> dict[str, int] | None:
    """Find a column of texts that says the same numbers."""
    found = [n for n, one in enumerate(before) if one and kinds[n] == {str}]
    found = [n for n in found if (before[n] or "")[0] == str(cells[0])]
    if not found:
        return None
    texts = list(map(str, cells))
    return next(({"number": n} for n in found if before[n] == texts), None)


def _alone(cells: Sequence[Any] | None, kind: frozenset[type], hexes: Mapping[str, Any]) -> object:
    if cells is None:
        return None
    first = cells[0]
    if kind == {int}:
        counting = range(first, first + len(cells))
        if cells == counting or (cells[-1] == counting[-1] and list(cells) == list(counting)):
            return {"from": first}
    elif kind == {str} and len(first) >= 16:
        joined = "".join(cells)
        if joined in hexes and len(set(map(len, cells))) == 1:
            return hexes[joined]
    if (_is_plain(kind) or kind == {dict}) and cells.count(first) == len(cells):
        return {"all": first}
    return list(cells)


def opened(said: Any, count: int, before: Sequence[Any], digits: Callable[[str, int], Any]) -> Any:  # noqa: ANN401  # JSON
    """Give the cells that :func:`say` said.

    Args:
        said: what it gave for this column.
        count: how many cells there are.
        before: the columns before this one.
        digits: gives the digits (``lower`` or ``upper``) of the hashes at a place.
    """
    if isinstance(said, list):
        return said
    ((word, value),) = (said or {"all": None}).items()
    if word == "all":
        return [value] * count
    if word == "from":
        return range(value, value + count)
    if word == "as":
        return before[value]
    if word == "number":
        return list(map(int, before[value]))
    return digits(word, value)
