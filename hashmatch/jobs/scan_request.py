"""What a scan is asked for, how far it is, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.evidence.opening import AUTO, Wishes
from hashmatch.jobs.confinement.levels import Mode
from hashmatch.jobs.examine import Limits
from hashmatch.jobs.verifying import Verify
from hashmatch.model.profile import Profile
from hashmatch.model.secrets import Secrets
from hashmatch.model.wanted import Effort

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.cases.layout import RunFolder
    from hashmatch.jobs.medium_account import Account
    from hashmatch.jobs.phone_backups import Backup
    from hashmatch.jobs.seal import Findings
    from hashmatch.jobs.set_gaps import Gap
    from hashmatch.matching.near import Limits as NearLimits
    from hashmatch.model.tally import Tally


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asked for.

    ``hashes`` and ``digests`` are words as :mod:`hashmatch.jobs.choice` reads them. ``form`` is
    how files are to be read, see :mod:`hashmatch.evidence.opening`. ``allow_rw_mount``: also read
    what lies on a removable drive that is mounted for writing.
    """

    sources: tuple[Path, ...]
    case: Path
    sets: tuple[str, ...]
    near: NearLimits
    workers: int
    operator: str | None = None
    new_run: bool = False
    limits: Limits = field(default_factory=Limits)
    confine: Mode = Mode.AUTO
    effort: Effort = Effort.STANDARD
    hashes: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    videos: bool = True
    profile: Profile = field(default_factory=Profile)
    secrets: Secrets = field(default_factory=Secrets)
    form: str = AUTO
    verify: Verify = Verify.FULL
    allow_rw_mount: bool = False

    @property
    def wishes(self) -> Wishes:
        """How images are to be read."""
        profile = self.profile
        return Wishes(self.form, self.secrets, profile.deleted, profile.carve)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; totals are from the listing made before anything is read."""

    entries_done: int
    entries_total: int
    bytes_done: int
    bytes_total: int
    bytes_before: int
    hits: int
    failed: int


@dataclass(frozen=True, slots=True)
class Result:
    """A sealed run.

    ``found`` is what the hits come to; ``expired`` names the sets whose publisher no longer
    stands behind them; ``gaps`` says of which sets not all was compared; ``media`` are the images
    among the sources; ``phones`` are the backups of phones that were met. ``warnings`` say in
    sentences of which devices somebody may have written meanwhile; ``left_out`` names what the
    profile does not look for.
    """

    folder: RunFolder
    tally: Tally
    resumed: bool
    found: Findings
    expired: tuple[str, ...]
    gaps: tuple[Gap, ...]
    media: tuple[Account, ...] = ()
    phones: tuple[Backup, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
