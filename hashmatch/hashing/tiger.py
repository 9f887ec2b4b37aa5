"""Tiger over many messages of one length at once.

Written from the specification; the substitution boxes are made as its authors made theirs, by
the function itself out of a sentence, so that no table of constants can be mistyped.

Source: Anderson and Biham, "Tiger: A Fast New Hash Function", 1996.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]
    Bytes = NDArray[np.uint8]

SIZE = 24
"""Bytes of a digest."""

_BLOCK = 64
_START = (0x0123456789ABCDEF, 0xFEDCBA9876543210, 0xF096A5B4C3B2E187)
_SENTENCE = b"Tiger - A Fast New Hash Function, by Ross Anderson and Eli Biham"
_MULTIPLIERS = (np.uint64(5), np.uint64(7), np.uint64(9))
_A5, _01 = np.uint64(0xA5A5A5A5A5A5A5A5), np.uint64(0x0123456789ABCDEF)
_S19, _S23 = np.uint64(19), np.uint64(23)
# Which box each byte of a word goes through, lowest byte first: the even ones change ``a``.
_BOX_OF_BYTE = np.array((0, 3, 1, 2, 2, 1, 3, 0), np.intp)[:, None] * 256


def tiger(messages: Bytes) -> Bytes:
    """Give the digests, (n, 24), of the rows of ``messages``, (n, length)."""
    count, length = messages.shape
    padded = np.zeros((count, -(-(length + 9) // _BLOCK) * _BLOCK), np.uint8)
    padded[:, :length] = messages
    padded[:, length] = 1
    padded[:, -8:] = np.array([length * 8], "<u8").view(np.uint8)
    # One row for each word of the messages, so that a step works on neighbours in memory.
    words = np.ascontiguousarray(padded.view("<u8").T.astype(np.uint64))
    state = np.repeat(np.array(_START, np.uint64)[:, None], count, axis=1)
    boxes = _boxes()
    for first in range(0, len(words), 8):
        state = _compress(state, words[first : first + 8], boxes)
    return np.ascontiguousarray(state.T.astype("<u8")).view(np.uint8)


def _compress(state: Words, block: Words, boxes: Words) -> Words:
    """Take one block, (8, n), into the state, (3, n)."""
    a, b, c = (row.copy() for row in state)
    x = block.copy()
    step = _Step(x.shape[1], boxes)
    for turn, multiplier in enumerate(_MULTIPLIERS):
        if turn:
            _schedule(x)
        for word in x:
            step.take(a, b, c, word, multiplier)
            a, b, c = b, c, a
    # Twenty-four steps have brought each of the three back to its place.
    return np.stack((a ^ state[0], b - state[1], c + state[2]))


class _Step:
    """One step of a turn; its room is made once, since making it took as long as the step."""

    __slots__ = ("_both", "_boxes", "_found", "_places")

    def __init__(self, count: int, boxes: Words) -> None:
        self._boxes = boxes
        self._places = np.empty((8, count), np.intp)
        self._found = np.empty((8, count), np.uint64)
        self._both = np.empty((2, count), np.uint64)

    def take(self, a: Words, b: Words, c: Words, word: Words, multiplier: np.uint64) -> None:
        """Take one word of the message into the three, in place."""
        np.bitwise_xor(c, word, out=c)
        in_bytes = c.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8).T
        np.add(in_bytes, _BOX_OF_BYTE, out=self._places)
        # Every place is in the table; "wrap" only keeps numpy from looking twice.
        self._boxes.take(self._places, out=self._found, mode="wrap")
        # Rows of even bytes change ``a``, those of odd ones ``b``: both at once, two by two.
        pairs, both = self._found.reshape(4, 2, -1), self._both
        np.bitwise_xor(pairs[0], pairs[1], out=both)
        np.bitwise_xor(both, pairs[2], out=both)
        np.bitwise_xor(both, pairs[3], out=both)
        np.subtract(a, both[0], out=a)
        np.add(b, both[1], out=b)
        np.multiply(b, multiplier, out=b)


def _schedule(x: Words) -> None:
    """Change the words of a block for the next eight steps."""
    x[0] -= x[7] ^ _A5
    x[1] ^= x[0]
    x[2] += x[1]
    x[3] -= x[2] ^ (~x[1] << _S19)
    x[4] ^= x[3]
    x[5] += x[4]
    x[6] -= x[5] ^ (~x[4] >> _S23)
    x[7] ^= x[6]
    x[0] += x[7]
    x[1] -= x[0] ^ (~x[7] << _S19)
    x[2] ^= x[1]
    x[3] += x[2]
    x[4] -= x[3] ^ (~x[2] >> _S23)
    x[5] ^= x[4]
    x[6] += x[5]
    x[7] -= x[6] ^ _01


@lru_cache(maxsize=1)
def _boxes() -> Words:
    """Make the four boxes of 256 words, one after the other; takes a moment, once."""
    table = np.repeat(np.arange(1024, dtype=np.uint64) % 256, 8).astype(np.uint8).reshape(1024, 8)
    block = np.frombuffer(_SENTENCE, "<u8").astype(np.uint64)[:, None]
    state = np.array(_START, np.uint64)[:, None]
    columns = np.arange(8)
    turn = 2
    for _ in range(5):
        for row in range(256):
            for box in range(0, 1024, 256):
                turn = (turn + 1) % 3
                if not turn:
                    words = table.view("<u8").astype(np.uint64).reshape(-1)
                    state = _compress(state, block, words)
                other = box + state[turn].astype("<u8").view(np.uint8).astype(np.intp)
                swapped = table[other, columns]
                table[other, columns] = table[box + row]
                table[box + row] = swapped
    return table.view("<u8").astype(np.uint64).reshape(-1)
