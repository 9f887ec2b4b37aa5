"""How far a scan is, told while it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.jobs.scan_request import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from hashmatch.cases.run_writer import RunWriter
    from hashmatch.jobs.plan import Plan


@dataclass(frozen=True, slots=True)
class Meter:
    """Turns what was written into progress."""

    plan: Plan
    bytes_before: int
    tell: Callable[[Progress], None]

    def show(self, writer: RunWriter) -> None:
        """Tell how far it is."""
        self.tell(
            Progress(
                entries_done=writer.entries,
                entries_total=sum(one.entries for one in self.plan.before),
                bytes_done=writer.tally.bytes,
                bytes_total=sum(one.bytes for one in self.plan.before),
                bytes_before=self.bytes_before,
                hits=writer.tally.items_with_hits,
                failed=writer.tally.failed,
            )
        )
