"""Base of the words that travel between processes."""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn


class Code(StrEnum):
    """A closed list of words, of which a message can name one and alter none.

    What reads messages lets them set fields of what they name, and would do so to the list that
    the whole process shares.
    """

    def __setstate__(self, state: object) -> NoReturn:
        """Refuse a state; a word has none.

        Raises:
            TypeError: always.
        """
        msg = "a code has no state"
        raise TypeError(msg)
