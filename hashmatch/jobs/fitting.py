"""Bring what was read of evidence within the bounds of what is taken from a worker.

A container may say anything of its members. What the parent would refuse costs the worker, and
with it all that it had read of the item; so whoever sends sees to it first. Nothing is left out
in silence: a member that cannot be told as it is has failed.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from hashmatch.jobs import plain_facts, plain_values, shapes
from hashmatch.jobs.examine import undecoded
from hashmatch.model import locators
from hashmatch.model.outcomes import Failed, Member, Reading, Reason, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.model.facts import Facts
    from hashmatch.model.hashes import Algorithm

_SHORT = 4096


def member(one: Member, algorithms: Sequence[Algorithm]) -> Member:
    """Give a member as the other end takes it.

    Times and words are brought within bounds. The outcome of one that was not read has no names
    of its own any more: those of the member stand for it.
    """
    read = one.read
    read = (
        reading(read, algorithms)
        if isinstance(read, Reading)
        else replace(read, path=b"", place="", facts=None)
    )
    most = shapes.MOST_TIME - 1
    modified = max(-most, min(one.modified_ns, most))
    # Of one that was not read it is what the container says, which may be anything.
    size = one.size if 0 <= one.size <= plain_values.MOST else 0
    facts = None if one.facts is None else _facts(one.facts)
    if one.facts is not None and facts is None:
        read = Failed(b"", Stage.UNPACK, Reason.DAMAGED_CONTAINER)
    told = Member(one.path, one.place, size, modified, read, facts)
    return told if shapes.is_named(told.path, told.place) else _unnamed(told)


def reading(found: Reading, algorithms: Sequence[Algorithm]) -> Reading:
    """Give a reading as the other end takes it: by its digests alone where need be."""
    if shapes.sound(found, algorithms):
        return found
    return undecoded(found, Reason.WORKER_DIED)


def _facts(facts: Facts) -> Facts | None:
    try:
        return plain_facts.read(plain_facts.out(plain_facts.bounded(facts)))
    except plain_values.BROKEN:
        return None


def _unnamed(one: Member) -> Member:
    """Give the failure of a member whose name and place together are too long to be told."""
    digest = hashlib.sha256(one.path + b"\0" + one.place.encode("utf-8", "replace")).hexdigest()
    place = str(locators.layer("member", cut=digest))
    path = one.path[:_SHORT] if one.path.startswith(b"!/") else b"!/"
    failed = Failed(b"", Stage.UNPACK, Reason.NAME_TOO_LONG)
    return Member(path, place, 0, one.modified_ns, failed, one.facts)
