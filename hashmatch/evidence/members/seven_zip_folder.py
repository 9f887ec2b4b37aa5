"""One packed stream of a 7z archive: a row of methods, through which files come one after another.

Only rows are known, in which each method takes what the one before gives; what mixes several
streams (BCJ2) is refused. So is PPMd: damaged input destroys memory in the library for it.

Source: 7-Zip, DOC/7zFormat.txt and DOC/Methods.txt of the LZMA SDK.
"""

from __future__ import annotations

import hashlib
import lzma
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hashmatch.evidence.members import methods
from hashmatch.evidence.members.aes_cbc import decrypted
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import exactly
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

AES = bytes.fromhex("06f10701")
_MOST_CODERS = 8
_MOST_ROUNDS = 24  # of the key derivation, as a power of two
_BRANCHES = {
    bytes.fromhex("03030103"): "BCJDecoder",
    bytes.fromhex("04"): "BCJDecoder",
    bytes.fromhex("03030205"): "PPCDecoder",
    bytes.fromhex("05"): "PPCDecoder",
    bytes.fromhex("03030501"): "ARMDecoder",
    bytes.fromhex("07"): "ARMDecoder",
    bytes.fromhex("03030701"): "ARMTDecoder",
    bytes.fromhex("08"): "ARMTDecoder",
    bytes.fromhex("03030805"): "SparcDecoder",
    bytes.fromhex("09"): "SparcDecoder",
}
SHAPELESS = frozenset((AES, b"\0", b"\x03", *_BRANCHES))
"""Methods that take anything as their input, and so never say that a password is wrong."""


@dataclass(frozen=True, slots=True)
class Coder:
    """A method: its number, what sets it up, and how many bytes come out of it."""

    method: bytes
    setup: bytes
    size: int


@dataclass(slots=True)
class Passwords:
    """Passwords to try, and the keys that were derived from them, which takes long."""

    words: list[bytes]
    _keys: dict[tuple[bytes, bytes, int], bytes] = field(default_factory=dict)

    def key(self, word: bytes, salt: bytes, power: int) -> bytes:
        """Derive a key."""
        which = word, salt, power
        if which not in self._keys:
            self._keys[which] = _derived(*which)
        return self._keys[which]

    def prefer(self, word: bytes) -> None:
        """Try this one first from now on."""
        self.words.remove(word)
        self.words.insert(0, word)


def row(folder: Any) -> tuple[Coder, ...]:  # noqa: ANN401  # of a library without types
    """Put the methods of a folder, as py7zr read it, into the order in which they are undone.

    Raises:
        MemberError: they form no row.
    """
    coders, bonds = folder.coders, {one.outcoder: one.incoder for one in folder.bindpairs}
    simple = all(one["numinstreams"] == one["numoutstreams"] == 1 for one in coders)
    if not simple or len(coders) > _MOST_CODERS or len(folder.packed_indices) != 1:
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    order = [folder.packed_indices[0]]
    while order[-1] in bonds and len(order) <= len(coders):
        order.append(bonds[order[-1]])
    if sorted(order) != list(range(len(coders))) or len(folder.unpacksizes) != len(coders):
        raise MemberError(Reason.DAMAGED_CONTAINER)
    return tuple(
        Coder(bytes(coders[n]["method"]), bytes(coders[n]["properties"] or b""), size)
        for n, size in ((n, int(folder.unpacksizes[n])) for n in order)
    )


def undone(
    packed: Iterable[bytes], coders: tuple[Coder, ...], word: bytes | None, keys: Passwords
) -> Iterator[bytes]:
    """Unpack: give what the last method of the row gives, and exactly as much as it should.

    Raises:
        MemberError: a method is not known, wants a password, or cannot make sense of what it gets.
    """
    blocks = iter(packed)
    for coder in coders:
        if coder.method == AES:
            blocks = _decrypted(blocks, coder, word, keys)
        else:
            blocks = _method(coder)(blocks)
        blocks = exactly(filter(None, blocks), coder.size)  # some methods give nothing now and then
    return blocks


def _method(coder: Coder) -> Callable[[Iterator[bytes]], Iterator[bytes]]:
    if coder.method in _BRANCHES:
        return lambda blocks: _branches(blocks, _BRANCHES[coder.method], coder.size)
    if coder.method in _METHODS:
        return lambda blocks: _METHODS[coder.method](blocks, coder)
    raise MemberError(Reason.UNSUPPORTED_CONTAINER)


def _lzma(blocks: Iterator[bytes], coder: Coder) -> Iterator[bytes]:
    return methods.raw_lzma(blocks, [methods.lzma_properties(coder.setup)])


def _lzma2(blocks: Iterator[bytes], coder: Coder) -> Iterator[bytes]:
    if len(coder.setup) != 1 or coder.setup[0] > 40:
        raise MemberError(Reason.DAMAGED_CONTAINER)
    bits = coder.setup[0]
    size = (2 | bits & 1) << (bits // 2 + 11)
    return methods.raw_lzma(blocks, [{"id": lzma.FILTER_LZMA2, "dict_size": size}])


def _delta(blocks: Iterator[bytes], coder: Coder) -> Iterator[bytes]:
    """Undo differences: each byte is the sum of itself and the one some bytes before."""
    distance = coder.setup[0] + 1 if coder.setup else 1
    before = np.zeros(distance, np.uint8)
    for block in blocks:
        rows = -(-len(block) // distance)
        padded = np.zeros((rows, distance), np.uint8)
        padded.reshape(-1)[: len(block)] = np.frombuffer(block, np.uint8)
        padded[0] += before
        sums = np.add.accumulate(padded, axis=0, dtype=np.uint8).reshape(-1)[: len(block)]
        both = np.concatenate((before, sums))
        before = both[-distance:].copy()
        yield sums.tobytes()


_METHODS: dict[bytes, Callable[[Iterator[bytes], Coder], Iterator[bytes]]] = {
    b"\0": lambda blocks, _: blocks,
    b"\x21": _lzma2,
    bytes.fromhex("030101"): _lzma,
    b"\x03": _delta,
    bytes.fromhex("040108"): lambda blocks, _: methods.inflate(blocks),
    bytes.fromhex("040109"): lambda blocks, _: methods.inflate64(blocks),
    bytes.fromhex("040202"): lambda blocks, _: methods.bunzip2(blocks),
    bytes.fromhex("04f71101"): lambda blocks, _: methods.unzstd(blocks),
}


def _branches(blocks: Iterator[bytes], name: str, size: int) -> Iterator[bytes]:
    """Undo what makes addresses in programs easier to pack."""
    decoder = getattr(methods.library("bcj"), name)(size)
    for block in blocks:
        with methods.damage():
            part = bytes(decoder.decode(block))
        yield part


def _decrypted(
    blocks: Iterator[bytes], coder: Coder, word: bytes | None, keys: Passwords
) -> Iterator[bytes]:
    if word is None:
        raise MemberError(Reason.KEY_NEEDED)
    power, salt, start = _aes_setup(coder.setup)
    key = keys.key(word, salt, power)
    yield from decrypted(blocks, key, start)


def _aes_setup(setup: bytes) -> tuple[int, bytes, bytes]:
    """Read rounds as a power of two, salt and starting block."""
    if len(setup) < 2:
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    salt_size = (setup[0] >> 7 & 1) + (setup[1] >> 4)
    start_size = (setup[0] >> 6 & 1) + (setup[1] & 15)
    power = setup[0] & 0x3F
    if len(setup) != 2 + salt_size + start_size or power > _MOST_ROUNDS:
        raise MemberError(Reason.UNSUPPORTED_CONTAINER)
    return power, setup[2 : 2 + salt_size], setup[2 + salt_size :].ljust(16, b"\0")


def _derived(word: bytes, salt: bytes, power: int) -> bytes:
    """Digest salt, password and a counter of eight bytes, over and over, as one text."""
    text = word.decode("utf-8", "replace").encode("utf-16-le", "replace")
    total, step = 1 << power, min(1 << power, 1 << 12)
    size = len(salt) + len(text)
    rows = np.zeros((step, size + 8), np.uint8)
    rows[:, :size] = np.frombuffer(salt + text, np.uint8)
    digest = hashlib.sha256()
    for start in range(0, total, step):
        numbers = np.arange(start, start + step, dtype="<u8")
        rows[:, size:] = numbers.view(np.uint8).reshape(step, 8)
        digest.update(rows.tobytes())
    return digest.digest()
