"""How items and sources are named in a report: by their path made safe, or by a number alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.report.lines import Place
    from hashmatch.report.run_record import SourceUse

_SHORT_ENDING = re.compile(rb"[^/]\.([A-Za-z0-9]{1,5})\Z")


@dataclass(frozen=True, slots=True)
class ItemNames:
    """Gives the name of an item as the reader of a report may see it.

    A masked name is ``item-<n>`` with the number of the entry in the run, plus the ending of
    the name when that is short and plain; nothing else of the path or of the place of the
    source is given. ``n`` leads back to the name for whoever holds the case folder.
    """

    mask: bool

    def item(self, place: Place) -> str:
        """Name one item."""
        if not self.mask:
            return names.shown(place.path)
        ending = _SHORT_ENDING.search(place.path)
        return f"item-{place.n}" + (f".{ending[1].decode()}" if ending else "")

    def source(self, source: SourceUse) -> str:
        """Name one source."""
        return f"source-{source.index}" if self.mask else names.shown(source.location)

    def exact(self, place: Place) -> bytes | None:
        """The raw bytes of a path that cannot be read off the shown name; None when masked."""
        exactly_shown = self.mask or names.shown(place.path).encode() == place.path
        return None if exactly_shown else place.path
