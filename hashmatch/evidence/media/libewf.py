"""Expert Witness images that are read through libewf: Ex01, SMART (S01), and logical L01 and Lx01.

The library gives zeros for a chunk whose checksum is wrong and does not say so. Zeros are therefore
looked up in the tables of chunks (:mod:`.libewf_proof`), and the medium is to be verified as a
whole before it is believed.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from hashmatch.evidence.media import ewf_sections, libewf_segments
from hashmatch.evidence.media.damage import Damage
from hashmatch.evidence.media.interface import MediumError, MediumFacts
from hashmatch.evidence.media.libewf_proof import Proof
from hashmatch.evidence.media.libewf_segments import FIRST, LOGICAL, SECOND, SECOND_LOGICAL
from hashmatch.evidence.media.mapped import believable
from hashmatch.evidence.media.segments import Segments
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.evidence.media.interface import Stretch
    from hashmatch.model.records import Json
    from hashmatch.model.secrets import Secrets

NAME = "libewf"
TITLE = "Expert Witness through libewf (Ex01, L01, Lx01, S01)"
CERTAINTY = 1

_KINDS = {FIRST: "s01", LOGICAL: "l01", SECOND: "ex01", SECOND_LOGICAL: "lx01"}
_ALGORITHMS = {"MD5": 16, "SHA1": 20, "SHA256": 32}
_SECTOR = 512
TROUBLES = (OSError, RuntimeError, ValueError, TypeError, OverflowError, MemoryError)
"""What the library may raise, whatever it is given."""


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:  # noqa: ARG001
    """Tell by the signature; that of E01 only where the name is one of SMART."""
    if head.startswith((LOGICAL, SECOND, SECOND_LOGICAL)):
        return True
    return head.startswith(FIRST) and ewf_sections.is_smart(path)


def files(path: bytes) -> tuple[bytes, ...]:
    """Name the segments that are there."""
    return libewf_segments.paths(path)


def open_medium(path: bytes, secrets: Secrets) -> LibEwf:  # noqa: ARG001
    """Open all segments of an image.

    Raises:
        MediumError: the library is not installed, a segment is missing, it is encrypted, or the
            library cannot read it.
    """
    segments = Segments(libewf_segments.paths(path))
    try:
        libewf_segments.judge(segments)
        return LibEwf(segments)
    except BaseException:
        segments.close()
        raise


class LibEwf:
    """The content of an image, or for a logical one the content of its files in a row."""

    def __init__(self, segments: Segments) -> None:
        """Take over open segments.

        Raises:
            MediumError: they cannot be read as an image.
        """
        self._segments = segments
        self.handle = _opened(segments)
        """The library's own, for what files a logical image holds."""
        shown = names.shown(segments.all[0].path)
        kind = _KINDS[_signature(segments)]
        size = _asked(self.handle.get_media_size, 0)
        self._size = size if kind in {"l01", "lx01"} and not size else believable(size, shown)
        said: dict[str, Json] = {"kind": kind, "logical": kind in {"l01", "lx01"}}
        said.update(_texts(_asked(self.handle.get_header_values, {})))
        stored = _digests(_asked(self.handle.get_hash_values, {}))
        self._facts = MediumFacts(NAME, self._size, segments.all, stored, said, must_verify=True)
        self._damage = Damage(self._size)
        self._chunk = max(_SECTOR, int(_asked(self.handle.get_chunk_size, 0)))
        try:
            self._proof = Proof(segments, self._chunk, self._size)
        except OSError as error:
            msg = f"{shown} cannot be read ({error})"
            raise MediumError(msg) from None

    @property
    def size(self) -> int:
        """Bytes of content."""
        return self._size

    @property
    def facts(self) -> MediumFacts:
        """What its segments say about it; must be verified."""
        return self._facts

    @property
    def damage(self) -> Sequence[Stretch]:
        """Chunks that the library refused to read, or gave zeros for without any being stored."""
        return self._damage

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; zeros stand for what the library refuses to read."""
        length = min(length, self._size - offset)
        if offset < 0 or length <= 0:
            return b""
        found = self._piece(offset, length)
        if found is not None:
            self._prove(offset, found)
            return found
        parts: list[bytes] = []
        for place in range(offset, offset + length, _SECTOR):
            wanted = min(_SECTOR, offset + length - place)
            piece = self._piece(place, wanted)
            if piece is None:
                self._damage.note(place, wanted, "unreadable")
            parts.append(bytes(wanted) if piece is None else piece)
        return b"".join(parts)

    def close(self) -> None:
        """Let go of the segments."""
        with contextlib.suppress(*TROUBLES):  # nothing is read from it any more
            self.handle.close()
        self._segments.close()

    def _prove(self, offset: int, found: bytes) -> None:
        """Note the chunks that are zeros here and do not pass their checksums."""
        end = offset + len(found)
        for number in range(offset // self._chunk, -(-end // self._chunk)):
            start = number * self._chunk
            piece = found[max(0, start - offset) : start + self._chunk - offset]
            if piece.count(0) == len(piece) and not self._proof.sound(number):
                length = min(self._chunk, self._size - start)
                self._damage.note(start, length, "checksum", number)

    def _piece(self, offset: int, length: int) -> bytes | None:
        try:
            found: bytes = self.handle.read_buffer_at_offset(length, offset)
        except TROUBLES:
            return None
        return found if len(found) == length else None


class _File:
    """One segment as the library wants it."""

    def __init__(self, segments: Segments, number: int) -> None:
        self._segments = segments
        self._number = number
        self._place = 0

    def read(self, size: int = -1) -> bytes:
        file = self._segments.stored(self._number)
        found = file.read(self._place, file.size if size < 0 else size)
        self._place += len(found)
        return found

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        base = {os.SEEK_CUR: self._place, os.SEEK_END: self.get_size()}.get(whence, 0)
        self._place = max(0, base + offset)

    def tell(self) -> int:
        return self._place

    def get_size(self) -> int:
        return self._segments.all[self._number].size


def _opened(segments: Segments) -> Any:  # noqa: ANN401  # an object of the library
    try:
        import pyewf  # noqa: PLC0415  # optional
    except ImportError:
        msg = "Ex01, L01 and S01 images are read through libewf: pip install 'hashmatch[disk]'"
        raise MediumError(msg) from None
    handle = pyewf.handle()
    try:
        handle.open_file_objects([_File(segments, number) for number in range(len(segments.all))])
    except TROUBLES as error:
        where, why = names.shown(segments.all[0].path), names.shown(str(error).partition(". ")[0])
        msg = f"libewf cannot read {where} ({why}); export an E01 or raw image and scan that"
        raise MediumError(msg) from None
    return handle


def _signature(segments: Segments) -> bytes:
    try:
        return segments.stored(0).read(0, 8)
    except OSError as error:
        raise MediumError(str(error)) from None


def _asked(question: Any, otherwise: Any) -> Any:  # noqa: ANN401  # whatever the library has
    try:
        found = question()
    except TROUBLES:
        return otherwise
    return otherwise if found is None else found


def _texts(values: dict[str, Any]) -> dict[str, Json]:
    return {str(name): str(value) for name, value in values.items() if value is not None}


def _digests(values: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        size = _ALGORITHMS.get(str(name).upper().replace("-", ""))
        if size is not None and _is_hex(str(value), size):
            found.append((str(name).lower().replace("-", ""), str(value).lower()))
    return tuple(sorted(found))


def _is_hex(text: str, size: int) -> bool:
    try:
        return len(bytes.fromhex(text)) == size
    except ValueError:
        return False
