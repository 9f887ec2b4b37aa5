"""Who acted, on which machine, with which build, at what time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present time with its zone. Passed in, so that tests decide what time it is."""

Entropy: TypeAlias = Callable[[int], bytes]
"""Gives that many random bytes."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The person at the keyboard and the body responsible; both as stated, not verified."""

    name: str
    agency: str


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and with what a command runs. Built once at the edge and handed down.

    ``home`` is the folder for keys and the default library. ``host`` and ``system`` name the
    machine, ``tool`` the build with the versions of the libraries that affect results.
    """

    clock: Clock
    entropy: Entropy
    host: str
    system: str
    home: str
    argv: tuple[str, ...]
    tool: dict[str, str]
