"""TMK+PDQF hashes of videos, as Meta's tool writes them: one file for one video.

The header is checked and the length, which follows from it. Such hashes are not compared by this
version: the record names the kind, and the file by its own SHA-256.

Source: Meta, ThreatExchange/tmk.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import Certainty
from hashmatch.model.records import HashRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_MAGIC = b"TMK1FVECPDQF"
_NUMBERS = struct.Struct("<5i")
_HEADER = len(_MAGIC) + _NUMBERS.size
_FLOAT = 4
_MOST = 1 << 12
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Tmk:
    """Reads TMK hashes."""

    name: str = "tmk"
    title: str = "TMK+PDQF hash of one video"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the letters with which the file begins."""
        return head.startswith(_MAGIC)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:  # noqa: ARG002
        """Read the file.

        Raises:
            HashSetError: the header is another, or the file is not as long as it says.
        """
        header = stream.read(_HEADER)
        if not header.startswith(_MAGIC) or len(header) < _HEADER:
            msg = "the file does not begin as a TMK hash does; expected 'TMK1FVECPDQF' and numbers"
            raise HashSetError(msg)
        rate, periods, coefficients, dimension, frames = _NUMBERS.unpack(header[len(_MAGIC) :])
        if not all(0 < one <= _MOST for one in (periods, coefficients, dimension)) or frames < 0:
            msg = "the header has numbers that no TMK hash has; get the file again"
            raise HashSetError(msg)
        # The periods, the coefficients, the mean, then a cosine and a sine for each of them.
        values = periods + coefficients + dimension + 2 * periods * coefficients * dimension
        expected = _HEADER + _FLOAT * values
        length, digest = _rest(stream, header, expected)
        if length != expected:
            found = "more" if length > expected else str(length)
            msg = f"the file has {found} of {expected} bytes that its header asks for; get it again"
            raise HashSetError(msg)
        yield HashRecord(
            1,
            other=("tmk",),
            fields={
                "sha256": digest,
                "length": length,
                "frames_per_second": rate,
                "frames": frames,
            },
        )


def _rest(stream: BinaryIO, header: bytes, most: int) -> tuple[int, str]:
    """Give the length and the SHA-256 of the file, read no further than ``most`` and a block."""
    running = hashlib.sha256(header)
    length = len(header)
    while length <= most and (block := stream.read(_BLOCK)):
        running.update(block)
        length += len(block)
    return length, running.hexdigest()


FORMAT = Tmk()
