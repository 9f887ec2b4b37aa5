"""What a listing process and its parent say to each other: plain values of a known form.

The process has read a hostile image and may not be itself any more. What it sends is built anew
here from plain values, each in bounds. Whether it is true cannot be told from here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never, cast

from hashmatch.evidence.media.interface import MediumFacts, Segment, Stretch
from hashmatch.evidence.volumes.interface import Volume
from hashmatch.jobs import plain_facts, plain_values
from hashmatch.model import locators
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, Reason, Rule, Skipped, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hashmatch.model.evidence import Entry

LONGEST_PATH = 1 << 20
_LONGEST_PLACE = 4 << 20
_MOST_TIME = 1 << 63  # nanoseconds
_MOST_STRETCHES = 100_000
MOST_SEGMENTS = 100_000
_MOST_VOLUMES = 4096


def entry_out(entry: Entry) -> tuple[object, ...]:
    """Give an entry as plain values."""
    facts = entry.facts if not isinstance(entry, Folder) else None
    known = None if facts is None else plain_facts.out(facts)
    match entry:
        case Item():
            values: tuple[object, ...] = (entry.size, entry.modified_ns, entry.mode, entry.identity)
            return ("item", entry.path, entry.place, known, *values)
        case Failed():
            return ("failed", entry.path, entry.place, known, str(entry.stage), str(entry.reason))
        case Skipped():
            return ("skipped", entry.path, entry.place, known, str(entry.rule))
        case Folder():
            return ("folder", entry.path, "", None)
        case _:
            assert_never(entry)


def fitted(entry: Entry, volume: Volume) -> Entry | None:
    """Give an entry as it is taken at the other end; a file system may state any numbers.

    Times, and words beside the name, are brought within bounds.

    Returns:
        None where anything else of it cannot be.
    """
    if not isinstance(entry, Folder) and entry.facts is not None:
        entry = replace(entry, facts=plain_facts.bounded(entry.facts))
    if isinstance(entry, Item):
        most = _MOST_TIME - 1
        entry = replace(entry, modified_ns=max(-most, min(entry.modified_ns, most)))
    try:
        return entry_in(entry_out(entry), volume)
    except EOFError:
        return None


def entry_in(values: object, volume: Volume) -> Entry:
    """Build an entry of a volume.

    Raises:
        EOFError: it is none.
    """
    try:
        return _entry(values, volume)
    except plain_values.BROKEN:
        raise EOFError from None


def _entry(values: object, volume: Volume) -> Entry:
    kind, path, place, known, *rest = cast("tuple[Any, ...]", values)
    _path(path, volume.prefix)
    if kind == "folder":
        return Folder(path)
    _place(place, volume)
    facts = None if known is None else plain_facts.read(known)
    match kind, rest:
        case "item", (size, modified, mode, (number, at)):
            plain_values.numbers(size, mode, at)
            if type(modified) is not int or abs(modified) >= _MOST_TIME or number != volume.number:
                raise ValueError
            return Item(path, size, modified, mode, (volume.number, at), place, facts)
        case "failed", (stage, reason):
            return Failed(path, Stage(stage), Reason(reason), place, facts)
        case "skipped", (rule,):
            return Skipped(path, Rule(rule), place, facts)
        case _:
            raise ValueError


def _path(path: object, prefix: bytes) -> None:
    if type(path) is not bytes or len(path) > LONGEST_PATH:
        raise ValueError
    if not path.startswith(prefix) and path != prefix.rstrip(b"/"):
        raise ValueError


def _place(place: object, volume: Volume) -> None:
    """See that a place is written as places are, and lies in the volume."""
    if type(place) is not str or len(place) > _LONGEST_PLACE:
        raise ValueError
    layers = locators.parse_place(place)
    if not layers or locators.place(layers) != place:
        raise ValueError
    if layers[: len(volume.layers)] != volume.layers:
        raise ValueError


def volumes_out(volumes: Iterable[Volume]) -> list[tuple[object, ...]]:
    """Give volumes as plain values."""
    return [
        (
            *(one.number, [str(layer) for layer in one.layers], one.prefix, one.offset, one.size),
            *(None if one.trouble is None else str(one.trouble), one.advice, one.gap),
        )
        for one in volumes
    ]


def volumes_in(values: object) -> tuple[Volume, ...]:
    """Build the volumes of a medium; no two have a number, or names in locators, in common.

    Raises:
        EOFError: they are none.
    """
    try:
        found = tuple(_volume(*one) for one in plain_values.listed(values, _MOST_VOLUMES))
    except plain_values.BROKEN:
        raise EOFError from None
    if len({one.number for one in found}) < len(found):
        raise EOFError
    return found


def _volume(*values: Any) -> Volume:  # noqa: ANN401  # of a message
    number, parts, prefix, offset, size, trouble, advice, gap = values
    plain_values.numbers(number, offset, size)
    plain_values.texts(advice, *parts)
    _path(prefix, b"")
    layers = tuple(layer for part in parts for layer in locators.parse_place(part))
    reason = None if trouble is None else Reason(trouble)
    return Volume(number, layers, prefix, offset, size, reason, advice, gap is True)


def facts_out(facts: MediumFacts) -> tuple[object, ...]:
    """Give what is known of a medium as plain values."""
    segments = [(one.path, one.size) for one in facts.segments]
    bad = [_stretch_out(one) for one in facts.bad[:_MOST_STRETCHES]]
    known = (facts.form, facts.size, segments, list(facts.stored), facts.said, bad)
    return (*known, facts.must_verify)


def facts_in(values: object) -> MediumFacts:
    """Build what is known of a medium.

    Raises:
        EOFError: it is not of that form.
    """
    try:
        form, size, segments, stored, said, bad, must = cast("tuple[Any, ...]", values)
        plain_values.texts(form)
        plain_values.numbers(size)
        parts = []
        for path, length in plain_values.listed(segments, MOST_SEGMENTS):
            _path(path, b"")
            plain_values.numbers(length)
            parts.append(Segment(path, length))
        pairs = []
        for name, value in plain_values.listed(stored, 16):
            plain_values.texts(name, value)
            pairs.append((name, value))
        damage = tuple(stretch_in(one) for one in plain_values.listed(bad, _MOST_STRETCHES))
        if type(said) is not dict or type(must) is not bool:
            raise EOFError
        plain_values.plain(said)
    except plain_values.BROKEN:
        raise EOFError from None
    return MediumFacts(form, size, tuple(parts), tuple(pairs), said, damage, must)


def _stretch_out(one: Stretch) -> tuple[object, ...]:
    return (one.offset, one.length, one.why, one.part)


def stretch_in(values: object) -> Stretch:
    """Build a stretch; raises what building values of a wrong form raises."""
    offset, length, why, part = cast("tuple[Any, ...]", values)
    plain_values.numbers(offset, length)
    plain_values.texts(why, part)
    return Stretch(offset, length, why, part)
