"""Everything that agrees on one record, as one hit with one claim and one disposition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.model.bands import Band
from hashmatch.model.hashes import STRONG, Algorithm
from hashmatch.model.hits import Claim, Disposition, Hit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hashmatch.db.installed import InstalledSet
    from hashmatch.model.hashes import Digest
    from hashmatch.model.hits import Near

_ONE_OF = {Algorithm.AICH: Algorithm.SHA1}
"""Of a short file AICH is the SHA-1 itself, so that the two are no independent agreement."""

_AT_MOST_SUSPECTED = frozenset({Disposition.ILLEGAL, Disposition.BASELINE})


def exact_claim(agreeing: Sequence[Algorithm]) -> Claim:
    """Say how strong an exact agreement is: ``exact-2`` by a strong digest or by two of any."""
    independent = {_ONE_OF.get(one, one) for one in agreeing}
    return Claim.EXACT_2 if len(independent) > 1 or STRONG & independent else Claim.EXACT_1


def capped(disposition: Disposition, claim: Claim) -> Disposition:
    """Lower a disposition to what the claim can carry.

    A near hit alone is at most suspected. A lead says nothing about what the picture is, so that
    it takes over no category's meaning; one to a benign picture stays benign.
    """
    if claim is Claim.LEAD and disposition is not Disposition.BENIGN:
        return Disposition.UNCATEGORIZED
    if claim is Claim.NEAR and disposition in _AT_MOST_SUSPECTED:
        return Disposition.SUSPECTED
    return disposition


def near_claim(found: Band | None) -> Claim:
    """Say how strong a near agreement is; beyond the measured bands of copies it is a lead."""
    return Claim.LEAD if found is Band.LEAD else Claim.NEAR


def exact_hit(installed: InstalledSet, number: int, digests: Iterable[Digest]) -> Hit | None:
    """Compare an item with one record that a look-up named.

    The record's own digests decide, not the keyed fingerprint that led to it. Digests that the
    record carries with another value are reported as disagreeing.

    Returns:
        None when no digest agrees, which only two equal fingerprints could bring about.
    """
    record = installed.record(number)
    theirs = set(record.digests)  # a record may carry several values of one algorithm
    carried = {d.algorithm for d in theirs}
    shared = [d for d in digests if d.algorithm in carried]
    agreeing = tuple(dict.fromkeys(d.algorithm for d in shared if d in theirs))
    if not agreeing:
        return None
    claim = exact_claim(agreeing)
    return Hit(
        set_name=installed.manifest.name,
        set_version=installed.manifest.version,
        record=number,
        entry=record.entry,
        claim=claim,
        disposition=capped(installed.manifest.disposition(record.category), claim),
        scheme=installed.manifest.scheme,
        category=record.category,
        agreeing=agreeing,
        # An item may have two values of one algorithm (ed2k); one that agrees is enough.
        disagreeing=tuple(
            dict.fromkeys(d.algorithm for d in shared if d.algorithm not in agreeing)
        ),
        flags=record.flags,
    )


def near_hit(installed: InstalledSet, number: int, near: Near) -> Hit:
    """Give the hit for a record whose perceptual hash is within the threshold."""
    record = installed.record(number)
    claim = near_claim(near.band)
    return Hit(
        set_name=installed.manifest.name,
        set_version=installed.manifest.version,
        record=number,
        entry=record.entry,
        claim=claim,
        disposition=capped(installed.manifest.disposition(record.category), claim),
        scheme=installed.manifest.scheme,
        category=record.category,
        near=near,
        flags=record.flags,
    )
