"""Which steps of examining one item ended a worker before, and at which step one is now.

Step ``2k`` reads content ``k`` of an item: 0 is the item itself, then follow its members as they
come. Step ``2k + 1`` is what comes after it: looking into it, and going on to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hashmatch.model.outcomes import Reason

Spared = tuple[tuple[int, "Reason"], ...]
"""Steps that ended a worker, and how; a step stands there once for each time."""

READING, ENTERING = 0, 1
"""The steps of the item itself: reading it, looking into it."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What to leave out of one item.

    ``tell``, where given, is called with each step before it is taken, so that whoever starts
    workers knows which one ended it.
    """

    spared: Spared = ()
    tell: Callable[[int], object] | None = None

    def begin(self, step: int) -> None:
        """Say which step comes now."""
        if self.tell is not None:
            self.tell(step)

    def reason(self, step: int, times: int = 1) -> Reason | None:
        """Give how a step ended a worker, if it did so that many times at least."""
        found = [reason for one, reason in self.spared if one == step]
        return found[0] if len(found) >= times else None


FREE = Guard()
"""Nothing is left out, nobody is told."""
