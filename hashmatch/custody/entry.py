"""One line of a ledger: what happened, who did it, when, with what, and after which line.

The fields of a line (custody record, version 1):

- ``v`` 1; ``seq`` counts from 0; ``prev`` SHA-256 of the line before without its line end,
  64 zeros in the first line; ``id`` UUIDv7; ``case`` the case's id
- ``at`` the moment in UTC, ``utc_offset`` what the host's clock zone was, ``clock`` where the
  time is from (``source``) and whether it lies before the previous entry's (``backwards``)
- ``actor`` name and agency as stated, ``host`` name and system, ``tool`` build and libraries
- ``type`` and ``body`` what happened; ``refs`` the ``seq`` of earlier lines that it is about
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.custody import canonical
from hashmatch.custody.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from hashmatch.model.people import Operator, Setting
    from hashmatch.model.records import Json

GENESIS = "0" * 64
"""What the first line follows."""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")
_LINK = re.compile(r"[0-9a-f]{64}")
_TYPE = re.compile(r"[a-z]+(?:\.[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Entry:
    """A well-formed line. That it follows from the one before is for the chain to say."""

    seq: int
    prev: str
    id: str
    case: str
    at: str
    backwards: bool
    type: str
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a ledger the next line goes: its number, what it follows, and when that was."""

    seq: int = 0
    prev: str = GENESIS
    at: str = ""


def write(
    place: Place, kind: str, body: Mapping[str, Json], case: str, actor: Operator, setting: Setting
) -> bytes:
    """Give the bytes of a new line, without its line end.

    Raises:
        ValueError: the body holds what a canonical line cannot, or the clock has no zone.
    """
    now = setting.clock()
    at = instant(now)
    return canonical.encode(
        {
            "v": 1,
            "seq": place.seq,
            "prev": place.prev,
            "id": uuid7(now, setting.entropy),
            "case": case,
            "at": at,
            "utc_offset": now.isoformat()[-6:],
            "clock": {"source": "host", "backwards": at < place.at},
            "actor": {"name": actor.name, "agency": actor.agency},
            "host": {"name": setting.host, "system": setting.system},
            "tool": dict(setting.tool),
            "type": kind,
            "body": dict(body),
            "refs": [],
        }
    )


def parse(line: bytes) -> Entry:
    """Read one line, without its line end.

    Raises:
        ValueError: the line is not in canonical form, or its fields are not those of an entry.
    """
    fields = canonical.decode(line)
    if fields.keys() != _FIELDS.keys():
        msg = "does not have the fields of an entry"
        raise ValueError(msg)
    for name, fits in _FIELDS.items():
        if not fits(fields[name]):
            msg = f"has something unexpected in {name!r}"
            raise ValueError(msg)
    return Entry(
        seq=fields["seq"],  # type: ignore[arg-type]  # each was looked at above
        prev=fields["prev"],  # type: ignore[arg-type]
        id=fields["id"],  # type: ignore[arg-type]
        case=fields["case"],  # type: ignore[arg-type]
        at=fields["at"],  # type: ignore[arg-type]
        backwards=fields["clock"]["backwards"],  # type: ignore[index]
        type=fields["type"],  # type: ignore[arg-type]
        body=fields["body"],  # type: ignore[arg-type]
    )


def instant(moment: datetime) -> str:
    """Give a moment in UTC to the microsecond; such texts sort by time."""
    offset = moment.utcoffset()
    if offset is None:
        msg = "the clock gives no zone"
        raise ValueError(msg)
    return (moment - offset).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _texts(*names: str) -> Callable[[object], bool]:
    """A field that is an object of texts; of exactly these names, if any are given."""

    def fits(value: object) -> bool:
        return (
            isinstance(value, dict)
            and (not names or value.keys() == set(names))
            and all(isinstance(text, str) for text in value.values())
        )

    return fits


def _is_clock(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"source", "backwards"}
        and value["source"] == "host"
        and isinstance(value["backwards"], bool)
    )


def _is_seqs(value: object) -> bool:
    return isinstance(value, list) and all(type(one) is int for one in value)


_FIELDS: dict[str, Callable[[object], bool]] = {
    "v": lambda value: type(value) is int and value == 1,
    "seq": lambda value: type(value) is int,
    "prev": _matches(_LINK),
    "id": _matches(_ID),
    "case": _matches(_ID),
    "at": _matches(_AT),
    "utc_offset": _matches(_OFFSET),
    "clock": _is_clock,
    "actor": _texts("name", "agency"),
    "host": _texts("name", "system"),
    "tool": _texts(),
    "type": _matches(_TYPE),
    "body": lambda value: isinstance(value, dict),
    "refs": _is_seqs,
}
