"""How each entry of the evidence ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hashmatch.model.code import Code
from hashmatch.model.hits import Claim, Disposition

if TYPE_CHECKING:
    from hashmatch.model.facts import Facts
    from hashmatch.model.hashes import Digest, FrameHash, Method, PictureHash
    from hashmatch.model.hits import Hit


class Stage(Code):
    """The step at which an entry failed."""

    LIST = "list"
    STAT = "stat"
    OPEN = "open"
    READ = "read"
    DECODE = "decode"
    UNPACK = "unpack"


class Reason(Code):
    """Why an entry failed or a picture could not be compared. Codes are never translated."""

    PERMISSION = "permission-denied"
    VANISHED = "vanished"
    REPLACED = "replaced-since-listed"
    CHANGED = "changed-while-read"
    IO = "input-output-error"
    NAME_TOO_LONG = "name-too-long"
    LOOP = "too-many-links"
    BUSY = "busy"
    OTHER_OS = "operating-system-error"
    WORKER_DIED = "worker-died"
    TIME_LIMIT = "time-limit"
    CORRUPT = "corrupt-picture"
    TRUNCATED = "truncated-picture"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_MANY_BYTES = "too-many-bytes"
    TOO_SMALL = "too-few-pixels"
    UNSUPPORTED = "unsupported-picture-format"
    OUT_OF_MEMORY = "out-of-memory"
    FRAMES_NOT_REACHED = "frames-not-reached"
    DAMAGED_VIDEO = "damaged-video"
    INCOMPLETE_VIDEO = "incomplete-video"
    TOO_MANY_FRAMES = "too-many-frames"
    UNSUPPORTED_VIDEO = "unsupported-video-format"
    NO_VIDEO_DECODER = "no-video-decoder"
    HASHER = "hasher-failed"
    DAMAGED_MEDIUM = "damaged-medium"
    CARVED_IN_PART = "carved-in-part"
    NO_FILE = "no-file-of-its-own"
    DAMAGED_VOLUMES = "damaged-partition-table"
    DAMAGED_FILE_SYSTEM = "damaged-file-system"
    UNKNOWN_FILE_SYSTEM = "unknown-file-system"
    UNSUPPORTED_FILE_SYSTEM = "unsupported-file-system"
    UNSUPPORTED_STORAGE = "unsupported-way-of-storing"
    KEY_NEEDED = "key-or-password-needed"
    NO_BACKEND = "library-not-installed"
    DAMAGED_CONTAINER = "damaged-container"
    UNSUPPORTED_CONTAINER = "unsupported-container"
    IMAGE_INSIDE = "image-inside"
    CHECKSUM = "checksum-mismatch"
    LIMIT_DEPTH = "limit-depth"
    LIMIT_COUNT = "limit-count"
    LIMIT_SIZE = "limit-member-size"
    LIMIT_TOTAL = "limit-total"
    LIMIT_RATIO = "limit-ratio"
    LIMIT_KEPT = "limit-memory"
    LIMIT_TIME = "limit-time"


class Rule(Code):
    """Named rules by which an entry is left out: it is no regular file, or has no content left."""

    SYMLINK = "symbolic-link"
    FIFO = "fifo"
    SOCKET = "socket"
    CHARACTER_DEVICE = "character-device"
    BLOCK_DEVICE = "block-device"
    FOLDER_LOOP = "folder-loop"
    UNKNOWN_KIND = "unknown-kind"
    NAME_ONLY = "deleted-name-only"
    METADATA = "file-system-metadata"
    HARD_LINK = "hard-link"


class ItemError(Exception):
    """One item cannot be examined; becomes a :class:`Failed` and never ends a run."""

    def __init__(self, stage: Stage, reason: Reason) -> None:
        super().__init__(stage, reason)
        self.stage = stage
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """What was learnt from decoding a picture: facts and hashes, never pixels.

    ``kind`` is the format by content, such as ``image/jpeg``. ``width`` and ``height`` in pixels
    and ``frames`` are 0 where the header could not be read. ``trouble`` says why there is no
    usable hash; ``damage`` why the hashes are only of a part of what the file should hold;
    ``sampled`` that only some of its frames or pages were looked at, as the effort asks for.
    ``unhashed`` are methods beside PDQ that were asked for and whose hasher failed on this
    picture.
    """

    kind: str
    width: int = 0
    height: int = 0
    frames: int = 0
    hashes: tuple[PictureHash, ...] = ()
    trouble: Reason | None = None
    damage: Reason | None = None
    unhashed: tuple[Method, ...] = ()
    sampled: bool = False

    @property
    def partial(self) -> bool:
        """Whether only a part of it was hashed."""
        return self.damage is not None


@dataclass(frozen=True, slots=True)
class Video:
    """What was learnt from decoding a video: facts and hashes of frames, never pixels.

    ``kind`` is the format by content, such as ``video/mp4``. ``codec``, ``width`` and ``height``
    are those of the stream that was decoded, ``length`` is the running time in milliseconds that
    the container states; empty or 0 where unknown. ``frames`` were decoded; ``hashes`` are those
    that differ enough from the one before, stream by stream, then those of frames without a
    plain border. ``trouble`` says why there is no usable hash;
    ``damage`` why the end was not reached, that damaged stretches were passed over, or that there
    were too many frames to keep the hashes of all that were due.
    """

    kind: str
    codec: str = ""
    width: int = 0
    height: int = 0
    length: int = 0
    frames: int = 0
    hashes: tuple[FrameHash, ...] = ()
    trouble: Reason | None = None
    damage: Reason | None = None

    @property
    def partial(self) -> bool:
        """Whether only a part of it was hashed."""
        return self.damage is not None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one read of an item gave, before anything is looked up.

    ``partial`` says why what was read is not to the byte what the item held. The digests are then
    those of what was read; they are looked up unless there never was a file of just that
    (:data:`MADE`).
    """

    digests: tuple[Digest, ...]
    picture: Picture | None = None
    video: Video | None = None
    partial: Reason | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """The whole item was read and compared.

    A picture that cannot be decoded is still examined by its digests; ``reading.picture.trouble``
    then says that no near comparison was possible, and the tally counts it.
    """

    path: bytes
    size: int
    modified_ns: int
    reading: Reading
    hits: tuple[Hit, ...] = ()
    place: str = ""
    facts: Facts | None = None

    @property
    def conflict(self) -> bool:
        """Sets disagree about this item: benign in one, something else in another.

        A lead says too little to disagree.
        """
        sure = (hit for hit in self.hits if hit.claim is not Claim.LEAD)
        kinds = {hit.disposition is Disposition.BENIGN for hit in sure}
        return len(kinds) == 2


@dataclass(frozen=True, slots=True)
class Failed:
    """The entry could not be read to its end; nothing is claimed about its content."""

    path: bytes
    stage: Stage
    reason: Reason
    place: str = ""
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """The entry is not a regular file, or has no content left; a named rule leaves it out."""

    path: bytes
    rule: Rule
    place: str = ""
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """How one entry inside an item ended: a file in an archive, a picture in a document.

    ``path`` and ``place`` are what follows those of the item: ``!/name`` for each container on
    the way, and the layers. A container that broke off, or was left at a limit, has after its
    last member a ``Failed`` with a path that ends in ``!/``: the rest of it was not examined.
    """

    path: bytes
    place: str
    size: int
    modified_ns: int
    read: Reading | Failed | Skipped
    facts: Facts | None = None


Outcome: TypeAlias = Examined | Failed | Skipped

PARTS = frozenset(
    {Reason.DAMAGED_MEDIUM, Reason.DAMAGED_FILE_SYSTEM, Reason.DAMAGED_CONTAINER}
    | {Reason.CHECKSUM, Reason.IO}
)
"""Why an item's content may be partial though there should be more of it.

What was carved in part, or made from a document's samples, is all that there is.
"""

MADE = frozenset({Reason.CARVED_IN_PART, Reason.NO_FILE})
"""Why an item is no file that anybody had: only its picture is compared."""

NEEDS_CONFIRMATION = frozenset({Claim.NEAR, Claim.LEAD})
"""Claims that a person or a second method must confirm."""
