"""Results that may be the fault of the worker that gave them: another one might do better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.model.evidence import Item
from hashmatch.model.outcomes import Failed, ItemError, Reading, Reason, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hashmatch.jobs.packing import PackedMember, Result
    from hashmatch.jobs.windows import Numbered
    from hashmatch.model.evidence import Source


def doubtful(
    sources: Sequence[Source], entry: Numbered, result: Result, inside: Iterable[PackedMember]
) -> bool:
    """Tell whether an item should be read once more, by a fresh worker.

    One that has worked may have less memory left, for the item or for a member, and what was
    mounted anew since it was confined is refused to it. A refusal is its own when the parent is
    not refused.

    Args:
        sources: those of the run.
        entry: the item, with the number of its source.
        result: what came of it.
        inside: its members, packed.
    """
    if _starved(result) or any(_starved(member[4]) for member in inside):
        return True
    number, item = entry
    if not isinstance(result, Failed) or not isinstance(item, Item):
        return False
    if result.reason is not Reason.PERMISSION or not sources[number].trusted:
        return False  # parsers that a hostile image meets do not run here
    try:
        sources[number].open(item).close()
    except ItemError:
        return False
    return True


def _starved(read: Reading | Failed | Skipped | bytes) -> bool:
    """Tell whether memory did not suffice."""
    if isinstance(read, Failed):
        return read.reason is Reason.OUT_OF_MEMORY
    if not isinstance(read, Reading):
        return False
    decoded = read.picture or read.video
    return decoded is not None and Reason.OUT_OF_MEMORY in (decoded.trouble, decoded.damage)
