"""What ``run.json`` notes about near hits: records near too many files, and what chance brings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hashmatch.model.hashes import Method
from hashmatch.model.noted import Expectation, Expected, Flood, Floods

if TYPE_CHECKING:
    from hashmatch.report.fields import Fields

_ROUGH = re.compile(r"\d(\.\d+)?e[+-]\d{1,3}")


def floods(line: Fields) -> Floods:
    """Read which records agree with too many files; runs of earlier versions do not say."""
    if not line.has("floods"):
        return Floods()
    one = line.object("floods")
    named = tuple(
        Flood(
            set_name=flood.text("set"),
            set_version=flood.hex("set_version", 32),
            record=flood.number("record"),
            entry=flood.optional_text("entry"),
            files=flood.number("files"),
            quality=flood.number("quality"),
        )
        for flood in one.objects("named")
    )
    if one.number("records") < len(named):
        one.refuse("records", "less than the records that are named")
    return Floods(one.number("limit"), one.number("records"), named)


def chance(line: Fields) -> tuple[Expectation, ...]:
    """Read what is to be expected by chance; runs of earlier versions do not say."""
    if not line.has("chance"):
        return ()
    return tuple(
        Expectation(
            set_name=one.text("set"),
            set_version=one.hex("set_version", 32),
            method=one.word("method", Method),
            threshold=one.number("threshold"),
            queries=one.number("queries"),
            entries=one.number("entries"),
            measured=_measured(one.optional_object("measured")),
        )
        for one in line.objects("chance")
    )


def _measured(one: Fields | None) -> Expected | None:
    if one is None:
        return None
    extrapolated = one.optional_text("extrapolated")
    return Expected(
        sample=one.text("sample"),
        pairs=one.number("pairs"),
        seen=one.number("seen"),
        number=_rough(one, "number"),
        extrapolated=None if extrapolated is None else _rough(one, "extrapolated"),
    )


def _rough(one: Fields, key: str) -> float:
    """Read a broken number, which is written as text."""
    text = one.text(key)
    return float(text) if _ROUGH.fullmatch(text) else one.refuse(key, "not a number as text")
