"""Look inside what a worker sent: that it is built as it must be, of plain values, in bounds.

A value of the right class is no proof: read from a message, its fields can hold anything or be
missing. Whether what they say is true cannot be told from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.hashing.digests import ALWAYS_ONE
from hashmatch.jobs import plain_facts, plain_values
from hashmatch.model import locators
from hashmatch.model.hashes import Digest, FrameHash, Method, PictureHash
from hashmatch.model.outcomes import (
    Failed,
    Picture,
    Reading,
    Reason,
    Rule,
    Skipped,
    Stage,
    Video,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.model.hashes import Algorithm

_LONGEST = 100  # characters of a word
_LONGEST_WAY = 1 << 20  # bytes of a path, characters of a place
MOST_TIME = 1 << 63
"""Nanoseconds before or after 1970 at which no time of a member is any more."""


def sound(result: object, algorithms: Sequence[Algorithm]) -> bool:
    """Tell whether this is a result of reading an item.

    Args:
        result: anything that was read from a message.
        algorithms: those of the digests that are computed.
    """
    try:
        if isinstance(result, Failed):
            return _failed(result)
        return isinstance(result, Reading) and _reading(result, algorithms)
    except AttributeError:  # a field is missing
        return False


def sound_member(member: tuple[object, ...]) -> bool:
    """Tell whether this is a member as it travels; what was read of it is looked at apart.

    Args:
        member: six values from a message.
    """
    path, place, size, modified, read, facts = member
    try:
        rule = getattr(read, "rule", None)
        if isinstance(read, Skipped) and not isinstance(rule, Rule):
            return False
        return (
            is_named(path, place)
            and _number(size)
            and (type(modified) is int and abs(modified) < MOST_TIME)
            and (facts is None or _facts(facts))
        )
    except AttributeError:  # a field is missing
        return False


def is_named(path: object, place: object) -> bool:
    """Tell whether these are path and place of a member, and no longer than they may be."""
    return _inside(path) and _place(place)


def _failed(failed: Failed) -> bool:
    stage, reason = isinstance(failed.stage, Stage), isinstance(failed.reason, Reason)
    return _way(failed.path) and stage and reason and _place(failed.place) and failed.facts is None


def _way(path: object) -> bool:
    return type(path) is bytes and len(path) <= _LONGEST_WAY


def _inside(path: object) -> bool:
    return isinstance(path, bytes) and _way(path) and path.startswith(b"!/")


def _place(place: object) -> bool:
    if type(place) is not str or len(place) > _LONGEST_WAY:
        return False
    try:
        return locators.place(locators.parse_place(place)) == place
    except ValueError:
        return False


def _facts(facts: object) -> bool:
    try:
        plain_facts.read(facts)
    except plain_values.BROKEN:
        return False
    return True


def _reading(reading: Reading, algorithms: Sequence[Algorithm]) -> bool:
    return (
        _digests(reading.digests, algorithms)
        and _reasons(reading.partial)
        and (reading.picture is None or _picture(reading.picture))
        and (reading.video is None or _video(reading.video))
    )


def _digests(digests: object, algorithms: Sequence[Algorithm]) -> bool:
    """Each algorithm in its turn; those of which a content can have two values, up to twice."""
    if type(digests) is not tuple or not all(isinstance(one, Digest) for one in digests):
        return False
    found = [one.algorithm for one in digests]
    if list(dict.fromkeys(found)) != list(algorithms):
        return False
    return all(type(d.value) is bytes and len(d.value) == d.algorithm.size for d in digests) and (
        all(found.count(one) <= (1 if one in ALWAYS_ONE else 2) for one in algorithms)
    )


def _picture(picture: object) -> bool:
    return (
        isinstance(picture, Picture)
        and _word(picture.kind)
        and all(map(_number, (picture.width, picture.height, picture.frames)))
        and type(picture.hashes) is tuple
        and all(map(_picture_hash, picture.hashes))
        and _reasons(picture.trouble, picture.damage)
        and type(picture.unhashed) is tuple
        and all(map(_method, picture.unhashed))
        and _flag(picture.sampled)
    )


def _picture_hash(one: object) -> bool:
    return (
        isinstance(one, PictureHash)
        and _method(one.method)
        and _word(one.rendering)
        and _word(one.phase)
        and _number(one.quality, 100)
        and type(one.variants) is tuple
        and type(one.names) is tuple
        and len(one.variants) == len(one.names)
        and all(_value(value, one.method) for value in one.variants)
        and all(map(_word, one.names))
    )


def _video(video: object) -> bool:
    return (
        isinstance(video, Video)
        and _word(video.kind)
        and _word(video.codec)
        and all(map(_number, (video.width, video.height, video.length, video.frames)))
        and type(video.hashes) is tuple
        and all(map(_frame_hash, video.hashes))
        and _reasons(video.trouble, video.damage)
    )


def _frame_hash(one: object) -> bool:
    return (
        isinstance(one, FrameHash)
        and _number(one.at)
        and _number(one.quality, 100)
        and _value(one.value, Method.VPDQ)
    )


def _reasons(*reasons: object) -> bool:
    return all(one is None or isinstance(one, Reason) for one in reasons)


def _method(one: object) -> bool:
    return isinstance(one, Method)


def _flag(one: object) -> bool:
    return isinstance(one, bool)


def _word(text: object) -> bool:
    return type(text) is str and len(text) <= _LONGEST and text.isascii() and text.isprintable()


def _number(number: object, most: int = plain_values.MOST) -> bool:
    return type(number) is int and 0 <= number <= most


def _value(value: object, method: Method) -> bool:
    return type(value) is bytes and len(value) == method.size
