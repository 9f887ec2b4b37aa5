"""Bloom filters as hashlookup publishes them and DCSO's ``bloom`` writes them.

The file has no magic: it is recognised by numbers that belong together. Such a filter holds no
records, it says "maybe" or "no". hashlookup's hold SHA-1; ``--type`` states another hash. Data
after the filter is only counted. Source: DCSO bloom, file format; hashlookup, "Bloom filter".
"""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import Certainty
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import ListFacts, MembershipFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import ListEvent

_HEADER = struct.Struct("<QQdQQQ")
_VERSION = 1
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class HashlookupBloom:
    """Reads Bloom filters."""

    name: str = "hashlookup-bloom"
    title: str = "Bloom filter (hashlookup, DCSO bloom)"
    has_categories: bool = False
    certainty: Certainty = Certainty.MAGIC
    takes: tuple[str, ...] = ("type",)
    random_access: bool = True

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise a header whose numbers fit one another."""
        return _header(head) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Give the filter; its blocks must be taken while the stream is open.

        Raises:
            HashSetError: this is no such filter, or it is cut off, or is of another hash than
                can be looked up.
        """
        header = _header(stream.read(_HEADER.size))
        if header is None:
            msg = "the file does not begin with the numbers of a Bloom filter; check --format"
            raise HashSetError(msg)
        size = stream.seek(0, os.SEEK_END)
        if size < header.end:
            msg = f"the filter says that it has {header.bits} bits, the file ends before; cut off"
            raise HashSetError(msg)
        facts = {"format_version": str(_VERSION), "bytes_after_filter": str(size - header.end)}
        if header.inserted > header.capacity:
            facts["overfull"] = "more values than planned: false maybes are more frequent"
        yield ListFacts(facts)
        yield MembershipFilter(
            _algorithm(options),
            header.capacity,
            header.rate,
            header.functions,
            header.bits,
            header.inserted,
            _blocks(stream, header.end),
        )


@dataclass(frozen=True, slots=True)
class _Header:
    capacity: int
    rate: float
    functions: int
    bits: int
    inserted: int

    @property
    def end(self) -> int:
        """Where the bits end in the file."""
        return _HEADER.size + (self.bits + 63) // 64 * 8

    @property
    def fits(self) -> bool:
        """Whether bits and functions are what capacity and rate ask for."""
        if not (self.capacity and 0 < self.rate < 1 and 0 < self.functions < 1100):
            return False
        bits = -self.capacity * math.log(self.rate) / math.log(2) ** 2
        functions = math.log(2) * self.bits / self.capacity
        return abs(self.bits - bits) < 2 + bits / 1000 and abs(self.functions - functions) < 1.01


def _header(head: bytes) -> _Header | None:
    """Read the header; None for numbers that no such filter has."""
    if len(head) < _HEADER.size:
        return None
    flags, *numbers = _HEADER.unpack_from(head)
    header = _Header(*numbers)
    return header if flags == _VERSION and header.fits else None


def _algorithm(options: ReadOptions) -> Algorithm:
    if options.algorithm is None:
        return Algorithm.SHA1
    try:
        return Algorithm(options.algorithm)
    except ValueError:
        msg = f"--type says {options.algorithm}, which no Bloom filter can hold; expected a digest"
        raise HashSetError(msg) from None


def _blocks(stream: BinaryIO, end: int) -> Iterator[bytes]:
    """Give the bits in order."""
    at = stream.seek(_HEADER.size)
    while at < end:
        block = stream.read(min(_BLOCK, end - at))
        if not block:
            msg = "the file became shorter while it was read; import it again"
            raise HashSetError(msg)
        at += len(block)
        yield block


FORMAT = HashlookupBloom()
