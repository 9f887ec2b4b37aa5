"""Makes small libraries for tests: fixed clock, seeded randomness, synthetic records."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime

from hashmatch.db import profiles
from hashmatch.db.description import SetDescription, SetKind
from hashmatch.db.keys import LibraryKey
from hashmatch.db.library import Library
from hashmatch.db.manifest import ListFile
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord

KEY = LibraryKey(bytes(range(32)))


def clock():
    return datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def entropy_from(seed):
    chance = random.Random(seed)
    return chance.randbytes


def digests(number, *algorithms):
    data = f"known file {number}".encode()
    return tuple(
        Digest(one, hashlib.new(one, data).digest())
        for one in algorithms or (Algorithm.MD5, Algorithm.SHA1)
    )


def pdq(number, quality=90):
    half = hashlib.sha256(f"picture {number}".encode()).digest()[:16]
    value = half + bytes(byte ^ 0xFF for byte in half)  # half of the bits are 1, as in any PDQ
    return PerceptualHash(Method.PDQ, value, quality)


def record(number, *, perceptual=(), **kwargs):
    kwargs.setdefault("digests", digests(number))
    kwargs.setdefault("entry", f"media-{number}")
    return HashRecord(number + 1, perceptual=perceptual, **kwargs)


def list_file(name="list.json"):
    return ListFile(name, 123, "ab" * 32)


def make_library(folder, key=KEY):
    return Library.create(folder / "library", key, clock=clock, entropy=entropy_from(folder.name))


def description(name="known", kind=SetKind.ILLEGAL, scheme=None, **kwargs):
    profile = None if scheme is None else profiles.load(scheme)
    return SetDescription(name, kind, profile, **kwargs)


def install(library, events, stated=None, *, seed=None, clock=clock, allow_expired=False):
    """Import events as one file, or as several when given a list of lists."""
    nested = isinstance(events, list) and events and isinstance(events[0], list)
    lists = events if nested else [events]
    entropy = entropy_from(seed if seed is not None else len(library.pointer().versions))
    with library.stage(
        stated or description(), clock=clock, entropy=entropy, allow_expired=allow_expired
    ) as builder:
        for number, one in enumerate(lists):
            builder.add_file(iter(one), lambda number=number: list_file(f"list-{number}.json"))
        return library.publish(builder)
