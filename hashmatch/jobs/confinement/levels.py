"""How far a worker is confined: what is asked for, what it found when it tried."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hashmatch.model.code import Code

if TYPE_CHECKING:
    from collections.abc import Iterable


class Mode(StrEnum):
    """What the operator asks for: as much as there is, all of it or nothing."""

    AUTO = "auto"
    REQUIRED = "required"
    OFF = "off"

    @property
    def target(self) -> Level:
        """The strongest level to aim for."""
        return Level.PROCESSES if self is Mode.OFF else Level.LANDLOCK

    @property
    def least(self) -> Level:
        """The weakest level to go on with."""
        return Level.LANDLOCK if self is Mode.REQUIRED else Level.PROCESSES


class Level(Code):
    """What holds a worker, strongest first.

    With Landlock nothing can be opened but for reading, and only in the evidence and in Python's
    own libraries. With seccomp only the system calls that decoding needs are left: no network, no
    program, no process, no signal to others, nothing opened for writing. Limits bound memory, open
    files and the size of what is written. What a level lacks, the ones below it lack too.
    """

    LANDLOCK = "landlock+seccomp+limits"
    SECCOMP = "seccomp+limits"
    LIMITS = "limits"
    PROCESSES = "separate processes"

    @property
    def weaker(self) -> Level | None:
        """The next level down; None below the last."""
        return next(iter(_ORDER[_ORDER.index(self) + 1 :]), None)

    def reaches(self, other: Level) -> bool:
        """Tell whether this level is at least as strong as another."""
        return _ORDER.index(self) <= _ORDER.index(other)


_ORDER = list(Level)


def weakest(levels: Iterable[Level]) -> Level:
    """Give the weakest of some levels, which is all that can be said of them together."""
    return max(levels, key=_ORDER.index)


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that a confined worker tried to do.

    ``hindrance`` is the part of the confinement that was to stop it, and is proven by it.
    """

    name: str
    hindrance: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker says of itself before it gets any work.

    ``trials`` is empty where nothing was asked for or the system has no confinement. ``unpacker``
    is a program that unpacks for it and its version, None where there is none; it runs in a
    process of its own, which is confined as far as this one, and more than it except that it
    starts that program.
    """

    level: Level
    trials: tuple[Trial, ...] = ()
    unpacker: tuple[str, str] | None = None

    @property
    def tools(self) -> dict[str, str]:
        """Programs besides this one that results depend on, and their versions."""
        return dict([self.unpacker]) if self.unpacker else {}
