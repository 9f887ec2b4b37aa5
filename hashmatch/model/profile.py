"""How far into the evidence a run looks: members, deleted entries, carving."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProfileName(StrEnum):
    """The depths that have a name."""

    QUICK = "quick"
    STANDARD = "standard"
    DEEP = "deep"


@dataclass(frozen=True, slots=True)
class MemberLimits:
    """How much may come out of one item that holds others; counted by what is really unpacked.

    ``depth`` is the number of containers inside each other, ``count`` that of members, ``bytes``
    of one member, ``total`` that of all or ``times`` what the item itself has, whichever is more;
    ``ratio`` what a member may be larger than what it is
    packed in after the first ``free`` bytes. ``kept`` bounds what of one member is held in memory
    to look into it, ``seconds`` the time for all, with one more for each MiB of the item.
    """

    depth: int = 5
    count: int = 1_000_000
    bytes: int = 8 << 30
    total: int = 4 << 30
    times: int = 20
    ratio: int = 200
    free: int = 64 << 20
    kept: int = 1 << 30
    seconds: int = 3600


@dataclass(frozen=True, slots=True)
class Profile:
    """What is looked for beside the allocated entries themselves.

    ``deleted``: entries that file systems no longer list, and orphans. ``members``: what archives,
    documents, mail and thumbnail stores hold. ``carve``: pictures and videos in space that no
    file system has allocated.
    """

    name: ProfileName = ProfileName.STANDARD
    deleted: bool = True
    members: bool = True
    carve: bool = False
    limits: MemberLimits = MemberLimits()

    @property
    def left_out(self) -> tuple[str, ...]:
        """What this profile does not look for; part of the coverage of every run."""
        parts = {"deleted": self.deleted, "members": self.members, "carving": self.carve}
        return tuple(name for name, wanted in parts.items() if not wanted)


_PROFILES = {
    ProfileName.QUICK: Profile(ProfileName.QUICK, deleted=False, members=False),
    ProfileName.STANDARD: Profile(),
    ProfileName.DEEP: Profile(ProfileName.DEEP, carve=True),
}


def profile(name: ProfileName) -> Profile:
    """Give the depth of a name."""
    return _PROFILES[name]
