"""Proves that an installed set answers for every record it holds: nothing is missed."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from hashmatch.db import never
from hashmatch.errors import HashSetError
from hashmatch.model.hashes import Method
from hashmatch.model.records import Quarantine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.db.installed import InstalledSet
    from hashmatch.db.records import StoredRecord

_BATCH = 256


def verify(installed: InstalledSet) -> None:
    """Check every file, then look up every value of every record and count the answers.

    Values that must never match are asked as well: an answer for one is a fault too. Takes about
    as long as the import did.

    Raises:
        HashSetError: a file is not the one that was installed, or a record is not found.
    """
    installed.check()
    counted: Counter[str] = Counter()
    records = map(installed.record, range(installed.manifest.counts.stored))
    while batch := list(islice(records, _BATCH)):
        _ask_exact(installed, batch, counted)
        _ask_near(installed, batch, counted)
    counts = installed.manifest.counts
    expected = counts.values + Counter({_SHARED: counts.quarantined_values[Quarantine.REPEATED]})
    if counted != expected:
        msg = (
            f"the set {installed.manifest.name} holds other numbers of values than its manifest "
            "states; import the list again"
        )
        raise HashSetError(msg)


_SHARED = "shared"


def _ask_exact(
    installed: InstalledSet, batch: Sequence[StoredRecord], counted: Counter[str]
) -> None:
    asked = [(record.number, digest) for record in batch for digest in record.digests]
    answers = installed.lookup([digest for _, digest in asked])
    for (number, digest), answer in zip(asked, answers, strict=True):
        matchable = never.digest_reason(digest) is None
        if (number in answer) != matchable:
            raise _missed(installed, number)
        counted[digest.algorithm] += matchable


def _ask_near(
    installed: InstalledSet, batch: Sequence[StoredRecord], counted: Counter[str]
) -> None:
    asked = [(record.number, hashed) for record in batch for hashed in record.perceptual]
    rows = installed.search_near(Method.PDQ, [hashed.value for _, hashed in asked], 0)
    found = {(query, number) for query, number, _ in rows}
    for query, (number, hashed) in enumerate(asked):
        if never.perceptual_reason(hashed) is not None:
            continue
        counted[hashed.method if (query, number) in found else _SHARED] += 1


def _missed(installed: InstalledSet, number: int) -> HashSetError:
    return HashSetError(
        f"the set {installed.manifest.name} does not answer as it should for its record {number}; "
        "import the list again, and report this as a defect of hashmatch"
    )
