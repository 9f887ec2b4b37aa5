"""How items and sources are named in a report: by their path made safe, or by a number alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.volumes.interface import LAYERS
from hashmatch.model import locators, names
from hashmatch.report import masking

if TYPE_CHECKING:
    from hashmatch.model.facts import Facts
    from hashmatch.report.lines import Place
    from hashmatch.report.run_record import SourceUse

_SHORT_ENDING = re.compile(rb"[^/]\.([A-Za-z0-9]{1,5})\Z")


@dataclass(frozen=True, slots=True)
class ItemNames:
    """Gives the name of an item as the reader of a report may see it.

    A masked name is ``item-<n>`` with the number of the entry in the run, plus the ending of
    the name when that is short and plain; nothing else of the path or of the place of the
    source is given. ``n`` leads back to the name for whoever holds the case folder. The id of an
    item is withheld as well: it is made from its locator, so that a guessed name could be tried.
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

    def locator(self, place: Place) -> str | None:
        """Give the line that names an item from the exhibit down; None where the run has none."""
        return None if place.locator is None else self.where(place.locator)

    def identity(self, place: Place) -> str | None:
        """Give the id of an item; None when masked."""
        return None if self.mask else place.item

    def facts(self, place: Place) -> Facts | None:
        """Give what is known of an item beside its name."""
        facts = place.facts
        return masking.masked_facts(facts) if self.mask and facts is not None else facts

    def where(self, locator: str) -> str:
        """Give any locator."""
        return masking.masked_locator(locator) if self.mask else locator

    def volume(self, place: str) -> str:
        """Give the place of a volume in its medium."""
        return masking.masked_place(place) if self.mask else place

    def file(self, name: bytes, number: int) -> str:
        """Name a file of an image, or one beside it; by its number among them when masked."""
        return f"file-{number}" if self.mask else names.shown(name)


def inside(place: Place) -> int | None:
    """Count the containers that an item is in; None where its run has no locator for it."""
    if place.locator is None:
        return None
    try:
        layers = locators.parse(place.locator)[1]
    except ValueError:
        return None
    return max(0, sum(one.kind not in LAYERS for one in layers) - 1)
