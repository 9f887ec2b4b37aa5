"""How each entry of the evidence ended, and the tally of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, assert_never

from hashmatch.errors import ExitCode
from hashmatch.model.hashes import Method
from hashmatch.model.hits import Claim, Disposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.hashes import Digest, FrameHash, PictureHash
    from hashmatch.model.hits import Hit
    from hashmatch.model.records import Json


class Stage(StrEnum):
    """The step at which an entry failed."""

    LIST = "list"
    STAT = "stat"
    OPEN = "open"
    READ = "read"
    DECODE = "decode"


class Reason(StrEnum):
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
    DAMAGED_VIDEO = "damaged-video"
    INCOMPLETE_VIDEO = "incomplete-video"
    UNSUPPORTED_VIDEO = "unsupported-video-format"
    NO_VIDEO_DECODER = "no-video-decoder"
    HASHER = "hasher-failed"


class Rule(StrEnum):
    """Named rules by which an entry that is not a regular file is left out."""

    SYMLINK = "symbolic-link"
    FIFO = "fifo"
    SOCKET = "socket"
    CHARACTER_DEVICE = "character-device"
    BLOCK_DEVICE = "block-device"
    FOLDER_LOOP = "folder-loop"
    UNKNOWN_KIND = "unknown-kind"


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
    usable hash; ``partial`` that the hash is of a truncated picture's readable part. ``unhashed``
    are methods beside PDQ that were asked for and whose hasher failed on this picture.
    """

    kind: str
    width: int = 0
    height: int = 0
    frames: int = 0
    hashes: tuple[PictureHash, ...] = ()
    trouble: Reason | None = None
    partial: bool = False
    unhashed: tuple[Method, ...] = ()


@dataclass(frozen=True, slots=True)
class Video:
    """What was learnt from decoding a video: facts and hashes of frames, never pixels.

    ``kind`` is the format by content, such as ``video/mp4``. ``codec``, ``width`` and ``height``
    are those of the stream that was decoded, ``length`` is the running time in milliseconds that
    the container states; empty or 0 where unknown. ``frames`` were decoded; ``hashes`` are those
    that differ enough from the one before. ``trouble`` says why there is no usable hash;
    ``partial`` that the end was not reached, or that damaged stretches were passed over.
    """

    kind: str
    codec: str = ""
    width: int = 0
    height: int = 0
    length: int = 0
    frames: int = 0
    hashes: tuple[FrameHash, ...] = ()
    trouble: Reason | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What one read of an item gave, before anything is looked up."""

    digests: tuple[Digest, ...]
    picture: Picture | None = None
    video: Video | None = None


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


@dataclass(frozen=True, slots=True)
class Skipped:
    """The entry is not a regular file; a named rule leaves it out."""

    path: bytes
    rule: Rule


Outcome: TypeAlias = Examined | Failed | Skipped


@dataclass(slots=True)
class Tally:
    """Counts of outcomes; basis of the exit code and of the coverage in every report.

    ``uncompared_records`` counts the records of sets, benign ones aside, of which the run could
    compare nothing: what only they describe was not looked for. ``items_with_leads`` are those
    with notable leads and no other notable hit; no item stands in both counts. ``queries_by``
    counts the perceptual hashes that were looked for, by method: each rotation, each frame.
    """

    seen: int = 0
    examined: int = 0
    failed: int = 0
    skipped: int = 0
    folders: int = 0
    bytes: int = 0
    pictures: int = 0
    compared_near: int = 0
    low_quality: int = 0
    videos: int = 0
    videos_compared: int = 0
    videos_low_quality: int = 0
    items_with_hits: int = 0
    items_with_notable_hits: int = 0
    items_with_leads: int = 0
    hits: int = 0
    conflicts: int = 0
    uncompared_records: int = 0
    changed_source: bool = False
    failed_by: Counter[str] = field(default_factory=Counter)
    skipped_by: Counter[str] = field(default_factory=Counter)
    not_compared_by: Counter[str] = field(default_factory=Counter)
    videos_not_compared_by: Counter[str] = field(default_factory=Counter)
    queries_by: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Json]:
        """Give every count under its name; :meth:`from_json` reads it back."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {k: dict(v) if isinstance(v, Counter) else int(v) for k, v in values.items()}

    @classmethod
    def from_json(cls, counts: Mapping[str, Json]) -> Tally:
        """Read back what :meth:`to_json` gave."""
        tally = cls()
        for name, value in counts.items():
            setattr(tally, name, Counter(value) if isinstance(value, dict) else value)
        tally.changed_source = bool(tally.changed_source)
        return tally

    def balanced(self) -> bool:
        """``seen`` was counted at the source, the others at the end: they must agree."""
        return self.seen == self.examined + self.failed + self.skipped

    @property
    def not_compared(self) -> int:
        """Pictures that were asked about and could not be compared, or only by a part of them."""
        return self.not_compared_by.total()

    @property
    def videos_not_compared(self) -> int:
        """Videos that were asked about and could not be compared, or only by a part of them."""
        return self.videos_not_compared_by.total()

    def add(self, outcome: Outcome, *, near: bool, quality_gate: int, videos: bool = False) -> None:
        """Count one outcome.

        Args:
            outcome: how the entry ended.
            near: whether a loaded set can be asked about pictures at all.
            quality_gate: least quality at which a perceptual hash may be compared.
            videos: whether a loaded set can be asked about videos, and the run decodes them.
        """
        match outcome:
            case Examined():
                self.examined += 1
                self.bytes += outcome.size
                self._add_hits(outcome)
                if outcome.reading.picture is not None:
                    self._add_picture(outcome.reading.picture, near, quality_gate)
                if outcome.reading.video is not None:
                    self._add_video(outcome.reading.video, videos, quality_gate)
            case Failed():
                self.failed += 1
                self.failed_by[f"{outcome.stage}:{outcome.reason}"] += 1
            case Skipped():
                self.skipped += 1
                self.skipped_by[str(outcome.rule)] += 1
            case _:
                assert_never(outcome)

    def _add_hits(self, outcome: Examined) -> None:
        self.hits += len(outcome.hits)
        self.items_with_hits += bool(outcome.hits)
        notable = {hit.claim for hit in outcome.hits if hit.disposition is not Disposition.BENIGN}
        self.items_with_notable_hits += bool(notable - {Claim.LEAD})
        self.items_with_leads += notable == {Claim.LEAD}
        self.conflicts += outcome.conflict

    def _add_picture(self, picture: Picture, near: bool, gate: int) -> None:  # noqa: FBT001
        self.pictures += 1
        if not near:
            return
        for one in picture.hashes:
            if one.quality >= gate:
                self.queries_by[str(one.method)] += len(one.variants)
        if picture.trouble is not None:
            self.not_compared_by[str(picture.trouble)] += 1
        elif picture.partial:
            self.not_compared_by[str(Reason.TRUNCATED)] += 1
        elif picture.unhashed:
            self.not_compared_by[str(Reason.HASHER)] += 1
        elif any(one.quality >= gate for one in picture.hashes):
            self.compared_near += 1
        else:
            self.low_quality += 1

    def _add_video(self, video: Video, asked: bool, gate: int) -> None:  # noqa: FBT001
        self.videos += 1
        if not asked:
            return
        self.queries_by[str(Method.VPDQ)] += sum(one.quality >= gate for one in video.hashes)
        if video.trouble is not None:
            self.videos_not_compared_by[str(video.trouble)] += 1
        elif video.partial:
            self.videos_not_compared_by[str(Reason.INCOMPLETE_VIDEO)] += 1
        elif any(one.quality >= gate for one in video.hashes):
            self.videos_compared += 1
        else:
            self.videos_low_quality += 1

    def exit_code(self) -> ExitCode:
        """Say in one number how the run ended.

        Agreement with benign sets alone is no hit. Leads are what the operator asked for with a
        wide threshold, and say so as hits do.
        """
        unlooked = self.not_compared or self.videos_not_compared or self.uncompared_records
        incomplete = self.failed or unlooked or self.changed_source
        found = self.items_with_notable_hits or self.items_with_leads
        base = ExitCode.HITS if found else ExitCode.CLEAR
        return ExitCode(base + (ExitCode.INCOMPLETE if incomplete else 0))


NEEDS_CONFIRMATION = frozenset({Claim.NEAR, Claim.LEAD})
"""Claims that a person or a second method must confirm."""
