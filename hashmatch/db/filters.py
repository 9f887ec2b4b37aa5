"""Membership filters: sealed Bloom filters that say "maybe" about known files, never more."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.db.sealed import SealedFile, SealedWriter
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Algorithm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hashmatch.db.strict import Fields
    from hashmatch.model.hashes import Digest
    from hashmatch.model.records import Json, MembershipFilter

KIND = b"filter"
_CHUNK = 1 << 16
_KEPT = 256  # chunks that stay open in memory: 16 MB
_OFFSET, _PRIME = 0xCBF29CE484222325, 0x100000001B3
_MODULUS, _FACTOR = 18446744073709551557, 18446744073709550147
_WORD = (1 << 64) - 1
_MOST_FUNCTIONS = 1000


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as the manifest has it; ``chunk`` is the number of its first chunk."""

    algorithm: Algorithm
    capacity: int
    rate: str
    functions: int
    bits: int
    inserted: int
    chunk: int

    def to_json(self) -> dict[str, Json]:
        """Give the form kept in a manifest."""
        return {
            "algorithm": str(self.algorithm),
            "capacity": self.capacity,
            "rate": self.rate,
            "functions": self.functions,
            "bits": self.bits,
            "inserted": self.inserted,
            "chunk": self.chunk,
        }

    @classmethod
    def from_json(cls, fields: Fields) -> Filter:
        """Read back what :meth:`to_json` gave; raises ``HashSetError``."""
        name = fields.text("algorithm")
        if name not in set(Algorithm):
            fields.refuse("algorithm", "the name of a digest")
        numbers = ("functions", "bits", "inserted", "chunk")
        capacity, rate = fields.whole("capacity"), fields.text("rate")
        one = cls(Algorithm(name), capacity, rate, *(fields.whole(key) for key in numbers))
        fields.finish()
        return one


def places(text: bytes, functions: int, bits: int) -> Iterator[int]:
    """Give the bits that stand for a text.

    Source:
        DCSO bloom, file version 1: FNV-1 of 64 bits, then a multiplicative generator.
    """
    value = _OFFSET
    for byte in text:
        value = (value * _PRIME & _WORD) ^ byte
    value %= _MODULUS
    for _ in range(functions):
        value = (value * _FACTOR & _WORD) % _MODULUS
        yield value % bits


class FilterWriter:
    """Seals the filters of a new set version into one file."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._sealed = SealedWriter(path, key, KIND)
        self._chunk = 0

    def add(self, event: MembershipFilter) -> Filter:
        """Store a filter, in constant memory.

        Raises:
            HashSetError: its numbers cannot be, or its bits are more or fewer than it states.
        """
        if not (event.bits > 0 and 0 < event.functions <= _MOST_FUNCTIONS):
            msg = "the filter states no bits or an impossible number of functions; get a sound copy"
            raise HashSetError(msg)
        first, length, held = self._chunk, 0, bytearray()
        for block in event.blocks:
            held += block
            length += len(block)
            while len(held) >= _CHUNK:
                self._add(bytes(held[:_CHUNK]))
                del held[:_CHUNK]
        if held:
            self._add(bytes(held))
        if length != (event.bits + 63) // 64 * 8:
            msg = "the filter does not hold as many bits as it states; get a sound copy"
            raise HashSetError(msg)
        return Filter(
            event.algorithm,
            event.capacity,
            repr(event.rate),
            event.functions,
            event.bits,
            event.inserted,
            first,
        )

    def _add(self, chunk: bytes) -> None:
        self._sealed.add(chunk)
        self._chunk += 1

    def finish(self) -> None:
        """Complete the file on the disk."""
        self._sealed.finish()

    def close(self) -> None:
        """Let go of the file; without :meth:`finish` it stays unreadable."""
        self._sealed.close()


class FilterFile:
    """The filters of an installed set version."""

    def __init__(self, path: Path, key: bytes, filters: tuple[Filter, ...]) -> None:
        """Open the file; raises ``HashSetError`` when it was altered."""
        self._sealed = SealedFile(path, key, KIND)
        self._filters = filters
        self._chunks: OrderedDict[int, bytes] = OrderedDict()

    def maybe(self, digest: Digest) -> bool:
        """Tell whether a filter may have been made with the digest; False is certain."""
        text = digest.hex.upper().encode()
        return any(
            all(self._bit(one.chunk, bit) for bit in places(text, one.functions, one.bits))
            for one in self._filters
            if one.algorithm is digest.algorithm
        )

    def _bit(self, first: int, bit: int) -> bool:
        chunk, byte = divmod(bit // 8, _CHUNK)
        return bool(self._opened(first + chunk)[byte] >> (bit % 8) & 1)

    def _opened(self, number: int) -> bytes:
        if number in self._chunks:
            self._chunks.move_to_end(number)
            return self._chunks[number]
        self._chunks[number] = self._sealed.chunk(number)
        if len(self._chunks) > _KEPT:
            self._chunks.popitem(last=False)
        return self._chunks[number]

    def close(self) -> None:
        """Let go of the file."""
        self._chunks.clear()
        self._sealed.close()
