"""Findings that somebody has accepted: a baseline of fingerprints, and waivers with a reason."""

from __future__ import annotations

import datetime
import fnmatch
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.errors import UsageError
from hashmatch.linting import registry
from hashmatch.linting.finding import Sighting
from hashmatch.linting.rules.waivers import EXPIRED, UNUSED
from hashmatch.linting.settings import load_yaml, refuse
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hashmatch.linting.finding import Finding

_FORM = "hashmatch-lint-baseline"
_MOST = 1 << 28
_KEYS = {"rule", "file", "fingerprint", "place", "reason", "expires"}


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted finding, or several: of a rule, in files that fit a pattern, until a day."""

    rule: str
    file: str
    reason: str
    expires: datetime.date
    fingerprint: str | None = None
    place: int | None = None

    def fits(self, finding: Finding) -> bool:
        """Tell whether the finding is meant."""
        return (
            self.rule == finding.rule.id
            and fnmatch.fnmatchcase(finding.file, self.file)
            and self.fingerprint in {None, finding.fingerprint}
            and self.place in {None, finding.place}
        )


@dataclass(slots=True)
class Acceptance:
    """Everything that is accepted, and which of it was needed.

    A fingerprint is accepted as often as the baseline counts it.
    """

    today: datetime.date
    baseline: Counter[str] = field(default_factory=Counter)
    waivers: tuple[Waiver, ...] = ()
    keep: bool = False
    seen: Counter[str] = field(default_factory=Counter)
    _used: set[Waiver] = field(default_factory=set)

    @property
    def idle(self) -> bool:
        """Whether no finding has to be looked at one by one."""
        return not (self.baseline or self.waivers or self.keep)

    def accepts(self, finding: Finding) -> bool:
        """Tell whether a finding is accepted, and use it up."""
        if self.keep:
            self.seen[finding.fingerprint] += 1
        for waiver in self.waivers:
            if waiver.fits(finding):
                self._used.add(waiver)
                if waiver.expires >= self.today:
                    return True
        if self.baseline[finding.fingerprint] > 0:
            self.baseline[finding.fingerprint] -= 1
            return True
        return False

    def about_waivers(self) -> Iterator[Sighting]:
        """Tell the waivers that are over, and those that fitted nothing."""
        for number, waiver in enumerate(self.waivers, 1):
            if waiver.expires < self.today:
                note = f"number {number}, for {waiver.rule}, ended on {waiver.expires}"
                yield Sighting(EXPIRED, note=note)
            elif waiver not in self._used:
                yield Sighting(UNUSED, note=f"number {number}, for {waiver.rule}")

    def to_json(self) -> str:
        """Give the baseline of all that was seen."""
        value = {"form": _FORM, "version": 1, "fingerprints": dict(sorted(self.seen.items()))}
        return json.dumps(value, indent=1) + "\n"


def read_baseline(path: Path) -> Counter[str]:
    """Read a file that ``--write-baseline`` wrote.

    Raises:
        UsageError: it cannot be read, or is something else.
    """
    try:
        with path.open("rb") as stream:
            value = json.loads(stream.read(_MOST))
    except OSError as error:
        msg = f"the baseline {path} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    except (ValueError, RecursionError):
        value = None
    known = value.get("fingerprints") if isinstance(value, dict) else None
    if not isinstance(value, dict) or value.get("form") != _FORM or not isinstance(known, dict):
        msg = f"{path} is no baseline; write one with --write-baseline"
        raise UsageError(msg)
    if not all(type(number) is int and number > 0 for number in known.values()):
        msg = f"{path} is a damaged baseline; write it again with --write-baseline"
        raise UsageError(msg)
    return Counter(known)


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """Read a YAML list of waivers, each with rule, file, reason and expires.

    Raises:
        UsageError: it cannot be read, a key is missing or unknown, or a value is none.
    """
    value = load_yaml(path)
    if not isinstance(value, list):
        refuse(path, "expected a list of waivers")
    found = tuple(_waiver(path, number, one) for number, one in enumerate(value, 1))
    for number, waiver in enumerate(found, 1):
        if waiver.rule not in registry.rules():
            refuse(path, f"waiver {number}: there is no rule {shown(waiver.rule[:40])}")
    return found


def _waiver(path: Path, number: int, value: object) -> Waiver:
    where = f"waiver {number}"
    if not isinstance(value, dict) or not set(value) <= _KEYS:
        refuse(path, f"{where} has other keys than {', '.join(sorted(_KEYS))}")
    place = value.get("place")
    if place is not None and type(place) is not int:
        refuse(path, f"{where}: place must be a number")
    expires = value.get("expires")
    if not isinstance(expires, datetime.date) or isinstance(expires, datetime.datetime):
        refuse(path, f"{where}: expires must be a day such as 2027-01-31")
    fingerprint = value.get("fingerprint")
    return Waiver(
        _text(path, where, value, "rule").upper(),
        _text(path, where, value, "file"),
        _text(path, where, value, "reason"),
        expires,
        _text(path, where, value, "fingerprint") if fingerprint is not None else None,
        place,
    )


def _text(path: Path, where: str, value: Mapping[str, object], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text.strip():
        refuse(path, f"{where}: {key} must be a text")
    return text
