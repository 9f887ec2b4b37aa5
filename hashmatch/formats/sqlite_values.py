"""Hashes and texts as columns of a database hold them, whatever the type of each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import BY_TYPE
from hashmatch.model.hashes import Digest
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from hashmatch.model.hashes import Algorithm


class Taken(Gathering):
    """A :class:`Gathering` whose hashes come as bytes, or as hexadecimal text."""

    __slots__ = ()

    def cell(self, algorithm: Algorithm, value: object) -> None:
        """Read one cell; NULL and nothing are no hash, a number is a loss."""
        if isinstance(value, bytes) and len(value) == algorithm.size:
            self.add(Digest(algorithm, value))
        elif isinstance(value, str) and value.strip():
            self.take(BY_TYPE[algorithm], value)
        elif isinstance(value, bytes) and value:
            self.lose(Loss.WRONG_LENGTH)
        elif value not in {None, "", b""} and not isinstance(value, str):
            self.lose(Loss.BAD_VALUE)

    def text(self, value: object) -> str | None:
        """Read a cell that holds text; NULL stays None, bytes that are no text are a loss."""
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bytes):
            self.lose(Loss.BAD_ENCODING)
            return None
        return str(value)
