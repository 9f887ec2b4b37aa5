"""The tally of a run: how its entries ended, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, assert_never

from hashmatch.errors import ExitCode
from hashmatch.model.facts import Standing
from hashmatch.model.hashes import Method
from hashmatch.model.hits import Claim, Disposition
from hashmatch.model.outcomes import PARTS, Examined, Failed, Reason, Skipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.model.outcomes import Outcome, Picture, Video
    from hashmatch.model.records import Json


@dataclass(slots=True)
class Tally:
    """Counts of outcomes; basis of the exit code and of the coverage in every report.

    ``uncompared_records`` counts the records of sets, benign ones aside, of which the run could
    compare nothing: what only they describe was not looked for. ``items_with_leads`` are those
    with notable leads and no other notable hit; no item stands in both counts.
    ``pictures_sampled`` are those that were asked about with only some of their frames, whatever
    else they are counted as. ``inside``
    counts entries found inside items, which are part of ``seen``; ``deleted`` and ``carved`` those
    examined that no file system lists any more. ``partial_by`` are items of which not all could be
    read as it was stored. ``media_doubtful`` are sources whose medium is damaged or not what was
    recorded of it, ``backups_locked`` encrypted backups of phones, the files of which cannot be
    compared, ``reopened_differ`` items with hits that were not found again by their locators
    as they were. ``queries_by`` counts the perceptual hashes that were looked for, by method: each
    rotation, each frame.
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
    pictures_sampled: int = 0
    videos: int = 0
    videos_compared: int = 0
    videos_low_quality: int = 0
    items_with_hits: int = 0
    items_with_notable_hits: int = 0
    items_with_leads: int = 0
    hits: int = 0
    conflicts: int = 0
    uncompared_records: int = 0
    inside: int = 0
    deleted: int = 0
    carved: int = 0
    media_doubtful: int = 0
    backups_locked: int = 0
    reopened_differ: int = 0
    changed_source: bool = False
    failed_by: Counter[str] = field(default_factory=Counter)
    skipped_by: Counter[str] = field(default_factory=Counter)
    not_compared_by: Counter[str] = field(default_factory=Counter)
    videos_not_compared_by: Counter[str] = field(default_factory=Counter)
    partial_by: Counter[str] = field(default_factory=Counter)
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
        """``seen`` is counted on the way in, the others as outcomes are written: they must agree.

        Entries of a source are counted when they are listed, members when they come from a worker;
        what a worker never told of cannot be missed here.
        """
        return self.seen == self.ended

    @property
    def ended(self) -> int:
        """Entries counted so far, however they ended."""
        return self.examined + self.failed + self.skipped

    @property
    def partial(self) -> int:
        """Items of which not all could be read as it was stored."""
        return self.partial_by.total()

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
                self._add_standing(outcome)
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

    def _add_standing(self, outcome: Examined) -> None:
        if outcome.facts is not None:
            self.deleted += outcome.facts.standing in {Standing.DELETED, Standing.ORPHAN}
            self.carved += outcome.facts.standing is Standing.CARVED
        if outcome.reading.partial in PARTS:
            self.partial_by[str(outcome.reading.partial)] += 1

    def _add_hits(self, outcome: Examined) -> None:
        if not outcome.hits:
            return
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
        self.pictures_sampled += picture.sampled
        for one in picture.hashes:
            if one.quality >= gate:
                self.queries_by[str(one.method)] += len(one.variants)
        if picture.trouble is not None:
            self.not_compared_by[str(picture.trouble)] += 1
        elif picture.damage is not None:
            self.not_compared_by[str(picture.damage)] += 1
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
        elif video.damage is not None:
            self.videos_not_compared_by[str(video.damage)] += 1
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
        unread = self.failed or self.partial or self.media_doubtful or self.backups_locked
        incomplete = unread or unlooked or self.reopened_differ or self.changed_source
        found = self.items_with_notable_hits or self.items_with_leads
        base = ExitCode.HITS if found else ExitCode.CLEAR
        return ExitCode(base + (ExitCode.INCOMPLETE if incomplete else 0))
