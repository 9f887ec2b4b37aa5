"""What a scan is to do, fixed before it starts; only the same plan resumes a run."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from hashmatch.custody import canonical
from hashmatch.errors import OutputError, UsageError
from hashmatch.evidence import opening, protection
from hashmatch.evidence.folder import FolderSource
from hashmatch.evidence.image import ImageSource
from hashmatch.evidence.opening import Wishes
from hashmatch.jobs import choice
from hashmatch.jobs.verifying import Verify
from hashmatch.model import names
from hashmatch.model.hashes import Method
from hashmatch.model.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from hashmatch.db.manifest import Manifest
    from hashmatch.evidence.protection import Protection
    from hashmatch.evidence.state import SourceState
    from hashmatch.jobs.examine import Limits
    from hashmatch.matching.near import Limits as NearLimits
    from hashmatch.model.evidence import Source
    from hashmatch.model.records import Json
    from hashmatch.model.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Plan:
    """Sources as they are now, set versions, settings and tool versions that decide results.

    ``hashers`` names what computes each perceptual method. ``limits`` are those of one item: where
    memory does not suffice, a picture is not compared. ``secrets`` differs where the passwords and
    keys do that are tried, and does not tell them.
    """

    sources: tuple[Source, ...]
    before: tuple[SourceState, ...]
    sets: tuple[Manifest, ...]
    wanted: Wanted
    near: NearLimits
    limits: Limits
    hashers: Mapping[str, str]
    tool: Mapping[str, str]
    profile: Profile = field(default_factory=Profile)
    verify: Verify = Verify.FULL
    secrets: str = ""

    @property
    def computed(self) -> frozenset[str]:
        """Algorithms and methods whose values the run computes; no others are evaluated."""
        return choice.computed(self.wanted)

    def named_hashers(self) -> list[Json]:
        """Methods, each with the implementation that computes it, as records name them."""
        return [f"{method} {implementation}" for method, implementation in self.hashers.items()]

    def encode(self) -> bytes:
        """One canonical line; equal lines mean equal results."""
        return canonical.encode(
            {
                "schema": "hashmatch.plan/1",
                "tool": dict(self.tool),
                "sources": [
                    described(source) | {"before": state.digest}
                    for source, state in zip(self.sources, self.before, strict=True)
                ],
                "sets": [{"name": one.name, "version": one.version} for one in self.sets],
                "algorithms": [str(algorithm) for algorithm in self.wanted.algorithms],
                "methods": [str(method) for method in self.wanted.methods],
                "hashers": self.named_hashers(),
                "near": str(self.wanted.effort),
                "videos": self.wanted.videos,
                "near_threshold": self.near.threshold,
                "quality_gate": self.near.quality_gate,
                "video_coverage": self.near.video_coverage,
                "max_pixels": self.limits.pixels,
                "max_picture_bytes": self.limits.picture_bytes,
                "max_memory_bytes": self.limits.memory,
                "verify": str(self.verify),
                "profile": str(self.profile.name),
                "left_out": list(self.profile.left_out),
                "member_limits": dict(asdict(self.profile.limits)),
                "secrets": self.secrets,
            }
        )


def described(source: Source) -> dict[str, Json]:
    """Name a source in a record: its kind, where it lies, and the files of an image."""
    line: dict[str, Json] = {"kind": source.kind, **names.to_json(source.location, "location")}
    if isinstance(source, ImageSource):
        line["form"] = source.form
        parts = () if source.device else source.parts  # the size of a device is not that of a file
        line["segments"] = [
            {**names.to_json(part.path.rpartition(b"/")[2], "name"), "size": part.size}
            for part in parts
        ]
    return line


_FRAMES = (Method.VPDQ, Method.PDQ)


def frames_for(sets: Iterable[Manifest]) -> bool:
    """Tell whether any set holds hashes with which frames of videos can be compared."""
    return any(one.counts.values.get(method) for one in sets for method in _FRAMES)


def sources_from(
    paths: Sequence[Path],
    *,
    outputs: Sequence[Path],
    wishes: Wishes | None = None,
    apart: Sequence[Path] = (),
) -> tuple[Source, ...]:
    """Turn the paths named on the command line into sources.

    Args:
        paths: folders, files, images and devices with evidence.
        outputs: folders that are written to.
        wishes: how to read them.
        apart: folders that may not even lie beside an image.

    Raises:
        UsageError: a path is missing, of no use, empty, or named twice.
        EvidenceError: a path is an image that cannot be read, or may be one.
        OutputError: something would be written inside the evidence, or is read where it is written.
    """
    sources: list[Source] = []
    for path in paths:
        location = os.path.realpath(os.fsencode(path))
        source = opening.source_of(location, wishes or Wishes())
        if isinstance(source, FolderSource):
            _refuse_unusable(path, location)
        for other in sources:
            if any(_inside(a, b) or _inside(b, a) for a in _all(source) for b in _all(other)):
                msg = f"{path} and another source overlap: name each of them once"
                raise UsageError(msg)
        for read in _all(source):
            _refuse_written(path, read, outputs)
            if isinstance(source, ImageSource) and not source.device:
                _refuse_beside(path, read, apart)
        sources.append(source)
    return tuple(sources)


def protected(sources: Iterable[Source], *, allow_rw_mount: bool) -> tuple[Protection, ...]:
    """Say of each source how it is kept from being written to.

    Raises:
        UsageError: one lies on a removable drive that is mounted for writing, which is not allowed.
        EvidenceError: one cannot be reached.
    """
    found = []
    for source in sources:
        one = protection.of(source.location)
        reason = None if allow_rw_mount else protection.refuse_reason(one, source.location)
        if reason is not None:
            raise UsageError(reason)
        found.append(one)
    return tuple(found)


def _all(source: Source) -> tuple[bytes, ...]:
    """Every file and folder of a source, without links."""
    return tuple(os.path.realpath(path) for path in source.readable)


def _refuse_written(path: Path, read: bytes, outputs: Sequence[Path]) -> None:
    for output in outputs:
        written = os.path.realpath(os.fsencode(output))
        if _inside(written, read) or _inside(read, written):
            msg = f"{output} lies inside the evidence {path}, or the other way round; keep "
            msg += "what is written apart from what is read"
            raise OutputError(msg)


def _refuse_beside(path: Path, read: bytes, apart: Sequence[Path]) -> None:
    folder = os.path.dirname(read)  # noqa: PTH120  # raw bytes
    for output in apart:
        written = os.path.realpath(os.fsencode(output))
        if folder in {written, os.path.dirname(written)}:  # noqa: PTH120
            msg = f"{output} lies beside the evidence {path}; nothing is written into a folder that"
            msg += " holds an image: keep the case elsewhere, or the image in a folder of its own"
            raise OutputError(msg)


def _refuse_unusable(path: Path, location: bytes) -> None:
    try:
        with os.scandir(location) as entries:
            empty = next(entries, None) is None
    except OSError as error:
        msg = f"{path} cannot be listed: {error.strerror}"
        raise UsageError(msg) from None
    if empty:
        msg = f"{path} is empty; is the exhibit mounted there?"
        raise UsageError(msg)


def _inside(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")
