"""What a medium is: the bytes of a disk or volume, wherever they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from hashmatch.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.model.records import Json
    from hashmatch.model.secrets import Secrets


HEAD_SIZE = 68 << 10
"""So many first bytes of a file are looked at: enough for the signature of btrfs at 64 KiB."""

TAIL_SIZE = 4096
"""So many last bytes."""


class MediumError(EvidenceError):
    """A medium cannot be used as a whole: what it is, what was expected, what would help."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a medium that could not be read, or not as they were stored.

    ``why`` is a word: ``unreadable``, ``checksum``, ``missing``, ``truncated``; ``part`` names the
    chunk or segment where the form has such.
    """

    offset: int
    length: int
    why: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a medium: absolute path and size in bytes."""

    path: bytes
    size: int


@dataclass(frozen=True, slots=True)
class MediumFacts:
    """What the files of a medium say about it.

    ``form`` is the registered name of its form. ``stored`` are digests of the content that the
    files carry, hexadecimal, by algorithm (``md5``, ``sha1``, ``sha256``). ``said`` are fields of
    headers as they stand there. ``bad`` are stretches that whoever made the image could not read.
    ``must_verify`` says that damage may pass unnoticed until the medium was read through as a whole
    and compared with what is stored: what is read before is not to be believed.
    """

    form: str
    size: int
    segments: tuple[Segment, ...]
    stored: tuple[tuple[str, str], ...] = ()
    said: dict[str, Json] = field(default_factory=dict)
    bad: tuple[Stretch, ...] = ()
    must_verify: bool = False


class Medium(Protocol):
    """The content of a medium, at any place, always the same. Used by one thread at a time.

    A medium is opened by each process that reads it, never carried over a fork: positions and
    caches of an open file would be shared.
    """

    @property
    def size(self) -> int:
        """Bytes of content."""

    @property
    def facts(self) -> MediumFacts:
        """What its files say about it."""

    @property
    def damage(self) -> Sequence[Stretch]:
        """Stretches met so far that could not be read as stored; each once, in any order.

        It grows at its end; see :class:`hashmatch.evidence.media.damage.Damage`, which does so.
        """

    def read_at(self, offset: int, length: int) -> bytes:
        """Read; fewer bytes than asked for only at the end of the medium.

        What cannot be read, or fails its checksum, comes as zeros and is noted in ``damage``:
        nothing wrong ever passes for content unnoticed, and what lies beyond is still examined.
        """

    def close(self) -> None:
        """Let go of the files."""


class Form(Protocol):
    """A module of this package that reads one form of image. Registered by its ``NAME``.

    To add a form, write one module with these names at module level; nothing else has to be told.
    It may also only know a form in order to refuse it with advice. Loading it must cost nothing:
    libraries are imported when something is opened.
    """

    CERTAINTY: int
    """Order of recognition: 0 for a device, 1 for a signature at the beginning, 2 for one at the
    end, 5 and more for what is told by a file system inside."""
    NAME: str
    """Such as ``e01``; appears in records."""
    TITLE: str
    """As people call it, such as ``Expert Witness (E01)``."""

    def recognise(self, head: bytes, tail: bytes, path: bytes) -> bool:
        """Tell by its first and last bytes, and its name and kind at most, whether it is this form.

        Args:
            head: the first :data:`HEAD_SIZE` bytes; fewer where the file has no more.
            tail: the last :data:`TAIL_SIZE` bytes; fewer where the file has no more.
            path: absolute. Never raises, whatever the file holds.
        """

    def open_medium(self, path: bytes, secrets: Secrets) -> Medium:
        """Open it.

        Raises:
            MediumError: it is of this form, and cannot be read: a segment is missing, it is
                encrypted, its parent is missing, a library is not installed.
        """

    def files(self, path: bytes) -> tuple[bytes, ...]:
        """Name every file that reading it opens: segments, extents, parents; absolute paths.

        Those that are there: what is missing is said by :meth:`open_medium`. Never raises.
        """
