"""How words and numbers reach a person: plain text, names made safe, nothing interpreted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Sequence


def tell(text: str) -> None:
    """Print one line for people on standard error."""
    click.echo(shown(text), err=True)


def table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> None:
    """Print aligned columns on standard output; numbers to the right."""
    texts = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[at]) for row in texts) for at in range(len(header))]
    right = [
        all(isinstance(row[at], int) for row in rows) and bool(rows) for at in range(len(widths))
    ]
    for row in texts:
        cells = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        )
        click.echo("  ".join(cells).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else shown(str(value))


def several(number: int, one: str, more: str | None = None) -> str:
    """Say how many there are: ``1 record``, ``2 records``; ``more`` is a plural of its own."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def amount(size: float) -> str:
    """Give a number of bytes in the unit that reads best (powers of 1024)."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def span(seconds: float) -> str:
    """Give a time span as people say it: ``45 s``, ``3 min 20 s``, ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
