"""Rows with commas or quotes inside one cell that nothing marks: taken apart from both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def split(line: str, before: int, after: int) -> list[str] | None:
    """Split a row at commas, all but those inside one cell in the middle.

    Args:
        line: one row.
        before: how many cells stand before the one that may hold anything.
        after: how many stand after it.

    Returns:
        The cells as written, with their quotes; None when there are too few.
    """
    left = line.split(",", before)
    right = left.pop().rsplit(",", after)
    if len(left) != before or len(right) != after + 1:
        return None
    return left + right


def unquoted(cell: str) -> str:
    """Take the quotes off a cell; a doubled quote inside them counts as one."""
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def all_unquoted(cells: Sequence[str]) -> list[str]:
    """Take the quotes off a whole column of one-line cells, as :func:`unquoted` does."""
    text = "\n".join(cells)
    if text.count('"') == 2 * len(cells) and text[0] == text[-1] == '"':
        inner = text[1:-1].split('"\n"')
        if len(inner) == len(cells):
            return inner
    return [*cells] if text.replace("\n", "").isdigit() else [unquoted(cell) for cell in cells]
