"""MISP's ``hashes.csv``: a cache that looks like a hash list and is none.

Its MD5s are those of the texts of attributes, such as of an address or of another hash. Taken for
hashes of files they would never agree with one, and nobody would notice. So this is recognised in
order to be refused. Source: MISP feed format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import Certainty
from hashmatch.formats.text import opening_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_ROW = re.compile(r"[0-9a-f]{32},[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MispCache:
    """Refuses MISP's hash cache."""

    name: str = "misp-cache"
    title: str = "MISP hashes.csv (refused: no hashes of files)"
    has_categories: bool = False
    certainty: Certainty = Certainty.HEADER
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise rows of an MD5 and a UUID, nothing else."""
        lines = opening_lines(head)
        return bool(lines) and all(_ROW.fullmatch(line) for line in lines)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:  # noqa: ARG002
        """Refuse the file, whatever it holds.

        Raises:
            HashSetError: always.
        """
        msg = (
            "this is a cache of MISP (pairs of MD5 and event), whose MD5s are those of texts and"
            " not of files; import the event files of the same feed, with --format misp"
        )
        raise HashSetError(msg)


FORMAT = MispCache()
