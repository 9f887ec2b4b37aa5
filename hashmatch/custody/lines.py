"""Lines of a record file, read one at a time; what was cut short or runs on is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.custody import canonical, regular
from hashmatch.errors import CustodyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST = 16 << 20  # bytes with line end; what hashmatch writes stays far below


def whole(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file without their line ends.

    Raises:
        CustodyError: the last line has no end, or a line is longer than ``LONGEST``.
        OSError: the file cannot be read.
    """
    with regular.open_regular(path) as stream:
        number = 0
        while line := stream.readline(LONGEST):
            number += 1
            if not line.endswith(b"\n"):
                fault = "is too long" if len(line) == LONGEST else "has no line end"
                msg = f"{path.name} line {number} {fault}"
                raise CustodyError(msg)
            yield line[:-1]


def objects(path: Path) -> Iterator[dict[str, object]]:
    """Yield the JSON objects of a file of canonical lines.

    Raises:
        CustodyError: as :func:`whole`, or a line is not in canonical form.
        OSError: the file cannot be read.
    """
    for number, line in enumerate(whole(path), start=1):
        try:
            yield canonical.decode(line)
        except ValueError as error:
            msg = f"{path.name} line {number} is {error}"
            raise CustodyError(msg) from None
