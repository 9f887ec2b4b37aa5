"""The content of members of a RAR archive: decrypted and checked here, unpacked by libarchive.

libarchive gets each member without its encryption and name, in an archive made for it: so what it
cannot read costs one member, or those that build on it, and every result is compared with the
checksum of the real archive. Where it fails, an installed program gets the same archive.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import aes_cbc, rar4_headers, rar5_headers, rar_program, rar_secrets
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.libarchive import Reader
from hashmatch.evidence.members.methods import MOST_MEMORY
from hashmatch.evidence.members.rar_secrets import Blake2sp
from hashmatch.evidence.members.unpacked import exactly
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.members.rar_entries import Entry
    from hashmatch.evidence.members.rar_secrets import Passwords

_MOST = 1 << 18


@dataclass(slots=True)
class _Check:
    """Length and checksums of what comes by, compared with those stated."""

    entry: Entry
    tweak: bytes | None

    def passed(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass blocks on; raises ``MemberError`` at the end where they are not what is stated."""
        entry = self.entry
        digest = Blake2sp() if entry.blake else None
        size = crc = 0
        for block in blocks:
            size, crc = size + len(block), zlib.crc32(block, crc)
            if digest is not None:
                digest.update(block)
            yield block
        if self.tweak is not None:
            crc = rar_secrets.tweaked_crc(crc, self.tweak)
        right = entry.size in {-1, size} and entry.crc in {-1, crc}
        if digest is not None:
            found = digest.digest()
            if self.tweak is not None:
                found = rar_secrets.tweaked_blake(found, self.tweak)
            right = right and found == entry.blake
        if not right:
            raise MemberError(Reason.CHECKSUM)


class Group:
    """Members that build on each other, in order; most are alone.

    Args:
        stream: the archive.
        new: whether it is of version 5 or later.
        keys: passwords to try.
    """

    def __init__(self, stream: BinaryIO, keys: Passwords, *, new: bool) -> None:
        self._stream, self._keys, self._new = stream, keys, new
        self._entries: list[Entry] = []
        self._reader: Reader | None = None
        self._pieces: rar_program.Pieces | None = None
        self._at = -1
        self._word = b""
        self._proven = False

    def add(self, entry: Entry) -> int:
        """Add the next member; gives its number. All must be there before any is unpacked.

        Raises:
            MemberError: there are too many.
        """
        if len(self._entries) >= _MOST:
            raise MemberError(Reason.LIMIT_COUNT)
        self._entries.append(entry)
        return len(self._entries) - 1

    def content(self, number: int) -> Iterator[bytes]:
        """Give the content of one.

        Raises:
            MemberError: it cannot be unpacked, wants a password, or is not what its checksum says.
        """
        entry = self._entries[number]
        if entry.window > MOST_MEMORY and rar_program.lent() is None:
            raise MemberError(Reason.LIMIT_KEPT)
        lock, tweak = entry.lock, None
        if lock is not None and self._new:
            key = self._keys.fitting(lock)
            tweak = key.tweak if lock.tweaked else None
        if lock is not None and not self._new:
            yield from self._with_old_passwords(number)
        else:
            yield from _Check(entry, tweak).passed(self._unpacked(number))

    def _with_old_passwords(self, number: int) -> Iterator[bytes]:
        """Unpack with the first password that gives what the checksum says: nothing else tells."""
        words = self._keys.words
        if not self._proven:  # by a member before it, in the same group
            self._word = next((word for word in words if self._fits(word, number)), b"")
            if not self._word:
                raise MemberError(Reason.KEY_NEEDED)
            self._keys.prefer(self._word)
            self._proven = self._entries[number].size > 0
        yield from _Check(self._entries[number], None).passed(self._unpacked(number))

    def _fits(self, word: bytes, number: int) -> bool:
        self._word, self._reader, self._pieces = word, None, None
        try:
            for _ in _Check(self._entries[number], None).passed(self._unpacked(number)):
                continue
        except MemberError as error:
            if error.reason is Reason.NO_BACKEND:
                raise
            return False
        finally:
            self._reader = self._pieces = None
        return True

    def _unpacked(self, number: int) -> Iterator[bytes]:
        entry = self._entries[number]
        if entry.stored:
            plain = self._decrypted(entry)
            yield from exactly(plain, entry.size) if entry.size >= 0 else plain
            return
        given = crc = 0
        refused = Reason.LIMIT_KEPT if entry.window > MOST_MEMORY else Reason.DAMAGED_CONTAINER
        if self._pieces is None and entry.window <= MOST_MEMORY:
            try:
                for block in self._by_libarchive(number):
                    given, crc = given + len(block), zlib.crc32(block, crc)
                    yield block
            except MemberError as error:
                refused = error.reason
            else:
                return
        yield from _following(self._by_program(number, refused), given, crc)

    def _by_libarchive(self, number: int) -> Iterator[bytes]:
        """Unpack one, which comes after those before; raises ``MemberError`` where it is short."""
        if self._reader is None or number <= self._at:
            self._reader = Reader(self._archive(), "rar5" if self._new else "rar")
            self._at = -1
        while self._at < number:
            self._reader.go_on()
            self._at += 1
        size = self._entries[number].size
        blocks = self._reader.blocks(size)
        yield from exactly(blocks, size) if size >= 0 else blocks

    def _by_program(self, number: int, refused: Reason) -> Iterator[bytes]:
        """Let an installed program unpack the whole group, from the first member on.

        Where there is none, or it fails too, the reason is the one that was there before.
        """
        program = rar_program.lent()
        if program is None:
            grouped = not self._new and number > 0  # which libarchive takes for damage
            damaged = refused is Reason.DAMAGED_CONTAINER
            raise MemberError(Reason.UNSUPPORTED_CONTAINER if grouped and damaged else refused)
        if self._pieces is None:
            sizes = [one.size for one in self._entries]
            self._pieces = rar_program.Pieces(program, self._archive, sizes)
        try:
            yield from self._pieces.member(number)
        except MemberError as error:
            damaged = error.reason is Reason.DAMAGED_CONTAINER
            raise MemberError(refused if damaged else error.reason) from None

    def _archive(self) -> Iterator[bytes]:
        """Make an archive of the members alone, as libarchive goes through it."""
        form = rar5_headers if self._new else rar4_headers
        yield form.beginning(solid=len(self._entries) > 1)
        for entry in self._entries:
            yield entry.header
            yield from self._decrypted(entry)
        yield form.end()  # libarchive looks farther than it reads

    def _decrypted(self, entry: Entry) -> Iterator[bytes]:
        """Give what lies in the archive for a member, without its encryption."""
        blocks = entry.data.blocks(self._stream)
        if entry.lock is None:
            return blocks
        if self._new:
            return aes_cbc.decrypted(blocks, self._keys.fitting(entry.lock).key, entry.lock.start)
        key, start = self._keys.old(self._word, entry.lock.salt)
        return aes_cbc.decrypted(blocks, key, start)


def _following(blocks: Iterator[bytes], given: int, crc: int) -> Iterator[bytes]:
    """Give the rest of what was given in part already, if it begins the same."""
    left, found = given, 0
    for block in blocks:
        found = zlib.crc32(block[:left], found)
        yield block[left:]
        left -= min(left, len(block))
        if not left and found != crc:
            break
    else:
        if not left:
            return
    raise MemberError(Reason.CHECKSUM)
