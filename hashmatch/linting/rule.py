"""What a rule is: an id, a level, and words for people in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    """The list must not be used as it is."""
    WARNING = "warning"
    """Somebody should look at it."""
    INFO = "info"
    """A fact worth knowing; nothing has to be done."""

    @property
    def rank(self) -> int:
        """A number that is higher for a graver level."""
        return _RANKS[self]


_RANKS = {Level.INFO: 0, Level.WARNING: 1, Level.ERROR: 2}


@dataclass(frozen=True, slots=True)
class Words:
    """One short text in English and in Thai."""

    en: str
    th: str

    def text(self, language: str) -> str:
        """Give the text in ``en`` or ``th``."""
        return self.th if language == "th" else self.en


@dataclass(frozen=True, slots=True)
class Rule:
    """One check. ``level`` is the usual level; a finding may be milder than its rule.

    ``why`` says what goes wrong when nobody looks, ``remedy`` what to do. ``needs`` names the
    option without which the rule has nothing to compare with; None where it always applies.
    ``about`` names what a list must carry for the rule to say anything, one of it at least:
    algorithms and methods, or ``digest``, ``quality``, ``category``, ``size``, ``entry``,
    ``text`` (a text file) and ``cells`` (texts beside the hashes). ``across`` says that it compares
    several lists.
    """

    id: str
    level: Level
    title: Words
    why: str
    remedy: Words
    needs: str | None = None
    about: tuple[str, ...] = ()
    across: bool = False
