"""The names of a folder of ext2, ext3 and ext4: those in use, and those left between them.

The Sleuth Kit takes parts of the index of a large folder for names, and may lose true ones by it.

Source: "Linear (Classic) Directories" and "Hash Tree Directories" of the ext4 documentation of the
Linux kernel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD = 8
"""Bytes of a name's entry before the name."""
_ANY = 0xFFFFFFFF
_KINDS = 8
_ROOT, _ROOT_SIZE = 24, 8
"""Where the first block of an index has its head, behind the names of itself and above."""
_NODE, _PAIR = 8, 8
"""Where other blocks of an index begin, and bytes of what they are made of."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a folder and the record that it leads to; deleted ones lie between the others."""

    name: bytes
    number: int
    deleted: bool


def of_blocks(blocks: Iterable[bytes], most: int, *, typed: bool) -> Iterator[Name]:
    """Yield the names of a folder that lie in blocks; a deleted one that is there still, once.

    Args:
        blocks: all of the folder.
        most: the largest number of a record.
        typed: whether names have their kind beside them, so that their length is one byte.

    Raises:
        ValueError: some names could not be read; all others were given before.
    """
    there: set[tuple[bytes, int]] = set()
    gone: dict[tuple[bytes, int], Name] = {}
    trouble: ValueError | None = None
    for block in blocks:
        try:
            for one in listed(block, most, typed=typed, spare=not is_index(block)):
                key = one.name, one.number
                if one.deleted:
                    gone.setdefault(key, one)
                else:
                    there.add(key)
                    yield one
        except ValueError as error:
            trouble = error
    yield from (one for key, one in gone.items() if key not in there)
    if trouble is not None:
        raise trouble


def listed(part: bytes, most: int = _ANY, *, typed: bool, spare: bool = True) -> Iterator[Name]:
    """Yield the names of one block, or of what is kept like one.

    Args:
        part: the block.
        most: the largest number of a record that a deleted name may have.
        typed: as :func:`of_blocks` has it.
        spare: whether deleted names may lie between the others.

    Raises:
        ValueError: the list breaks off.
    """
    place = 0
    while place < len(part):
        length, used = _number(part, place + 4, 2), _used(part, place, typed=typed)
        whole = _HEAD <= used <= length and place + length <= len(part) and not length % 4
        name, number = _name(part, place, typed=typed), _number(part, place, 4)
        if not whole or (number and not _can_be(name)):
            msg = "a folder's list of names breaks off"
            raise ValueError(msg)
        if number and name not in {b".", b".."}:
            yield Name(name, number, deleted=False)
        if spare:
            rest = part[place : place + length]
            yield from _between(rest, used if number else 0, most, typed=typed)
        place += length


def _between(part: bytes, place: int, most: int, *, typed: bool) -> Iterator[Name]:
    """Yield what can be names in space that an entry has and does not need."""
    while place + _HEAD < len(part):
        name, number = _name(part, place, typed=typed), _number(part, place, 4)
        used = _used(part, place, typed=typed)
        length = _number(part, place + 4, 2)
        known = 0 < number <= most and (not typed or part[place + 7] < _KINDS)
        fits = used <= length and not length % 4 and place + used <= len(part)
        if known and fits and _can_be(name) and name not in {b".", b".."}:
            yield Name(name, number, deleted=True)
            place += used
        else:
            place += 4


def is_index(block: bytes) -> bool:
    """Tell whether numbers of an index lie where deleted names may lie in other blocks."""
    own = _number(block, 4, 2)
    if block[8:12] == b".\0\0\0" and own + _number(block, own + 4, 2) == len(block):
        return not any(block[_ROOT : _ROOT + 4]) and block[_ROOT + 5] == _ROOT_SIZE
    room = (len(block) - _NODE) // _PAIR
    most, used = _number(block, _NODE, 2), _number(block, _NODE + 2, 2)
    empty = not any(block[:4]) and own == len(block)
    return empty and most in {room, room - 1} and 0 < used <= most


def _used(part: bytes, place: int, *, typed: bool) -> int:
    """Give how many bytes an entry needs."""
    return _HEAD + -(-_number(part, place + 6, 1 if typed else 2) // 4) * 4


def _name(part: bytes, place: int, *, typed: bool) -> bytes:
    length = _number(part, place + 6, 1 if typed else 2)
    return part[place + _HEAD : place + _HEAD + length]


def _can_be(name: bytes) -> bool:
    return bool(name) and b"/" not in name and b"\0" not in name


def _number(content: bytes, place: int, size: int) -> int:
    return int.from_bytes(content[place : place + size], "little")
