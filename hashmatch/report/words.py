"""Every text of a report, in each language. Codes are never translated, only explained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNITS = ("kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language.

    ``texts`` holds sentences with named places, ``codes`` one short explanation for each code
    by family, ``months`` the twelve names, ``glossary`` rows of (English, Thai, meaning).
    """

    language: str
    texts: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]]
    months: tuple[str, ...]
    glossary: tuple[tuple[str, str, str], ...]

    def text(self, key: str, **values: object) -> str:
        """Give one text with its places filled; whole numbers get separators.

        A key with the ending ``.one`` is used instead when the value ``n`` is 1 and the
        language has such a form.

        Raises:
            KeyError: no such text, or a place without a value.
        """
        if values.get("n") == 1 and f"{key}.one" in self.texts:
            key = f"{key}.one"
        return self.texts[key].format_map({name: number(one) for name, one in values.items()})

    def code(self, family: str, code: str) -> str:
        """Explain a code; a code that this version does not know is said to be unknown."""
        return self.codes[family].get(code, self.texts["unknown code"])


def number(value: object) -> str:
    """Write a whole number with separators; leave anything else as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def size(count: int) -> str:
    """Write a number of bytes exactly, with a rounded form in front from 1,000 bytes on."""
    exact = f"{count:,} B"
    steps = min((len(str(count)) - 1) // 3, len(_UNITS))
    if steps == 0:
        return exact
    return f"{count / 1000**steps:.1f} {_UNITS[steps - 1]} ({exact})"


def rough(value: float) -> str:
    """Write a number of which only the first digit is known: ``0.8``, ``4,000``, ``2 × 10⁻⁹``."""
    if value == 0:
        return "0"
    if 0.001 <= value < 1_000_000:
        return f"{value:.1g}" if value < 1 else f"{round(value):,}"
    digit, _, exponent = f"{value:.0e}".partition("e")
    return f"{digit} × 10{str(int(exponent)).translate(_RAISED)}"


def clock(milliseconds: int) -> str:
    """Write a moment or a length of a video: ``0:04.2``, ``1:02:05.5``; a tenth is cut off."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    long = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{long}:{seconds:02}.{rest // 100}"


@cache
def words(language: str) -> Words:
    """Load the texts of a language."""
    source = resources.files("hashmatch.report") / "words" / f"{language}.yaml"
    read = yaml.safe_load(source.read_text(encoding="utf-8"))
    return Words(
        language=language,
        texts={key: text.strip() for key, text in read["texts"].items()},
        codes=read["codes"],
        months=tuple(read["months"]),
        glossary=tuple((row["en"], row["th"], row["meaning"]) for row in read["glossary"]),
    )
