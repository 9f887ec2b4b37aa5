"""Which format the files of a list have: as stated, else the one that all are recognised as."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, Certainty
from hashmatch.jobs.list_files import head_of
from hashmatch.jobs.list_files_beside import Companion, companions, is_companion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.formats.interface import ListFormat, ReadOptions
    from hashmatch.jobs.list_files import ListSource

HOW_SURE = {
    Certainty.MAGIC: "a fixed mark in the file",
    Certainty.MARKUP: "the root element",
    Certainty.KEYS: "the keys of the document",
    Certainty.HEADER: "a header line that only this format has",
    Certainty.TABLE: "a column named after a hash",
    Certainty.LINES: "the form of the lines",
    Certainty.BARE: "nothing but values",
}
"""By what a format is recognised, in words; the first is the surest sign."""

STATED = "stated with --format"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A format with the lists to be read as it. ``total`` counts their bytes, for progress."""

    format: ListFormat
    recognised: bool
    lists: tuple[ListSource, ...]
    companions: tuple[Companion, ...]
    total: int

    @property
    def how(self) -> str:
        """By what the format is known."""
        return HOW_SURE[self.format.certainty] if self.recognised else STATED


def choose_format(sources: Sequence[ListSource], stated: str | None) -> Chosen:
    """Take the format that was named, else the one that all lists are recognised as.

    Raises:
        UsageError: a file is missing or is not a regular file, or no format has that name.
        HashSetError: a list is not recognised, or no single format fits all lists.
    """
    form = registry.by_name(stated) if stated else None
    total = 0
    found: dict[ListSource, ListFormat | None] = {}
    for source in sources:
        with source.opened() as opened:
            head = head_of(opened.stream, HEAD_SIZE, source.name)
            found[source] = form or registry.detect(head, source.base)
            total += opened.total
    forms = {one.name: one for one in found.values() if one is not None}.values()
    beside = {one: None for one in found if any(is_companion(one, form) for form in forms)}
    lists = {source: one for source, one in found.items() if source not in beside}
    form = form or _only(lists)
    if not lists:
        msg = f"only files that complete a list were named; name the {form.title} itself"
        raise HashSetError(msg)
    own = companions(form, tuple(lists), beside)
    return Chosen(form, stated is None, tuple(lists), own, total)


def refuse_idle_words(options: ReadOptions, chosen: ListFormat) -> None:
    """Refuse a statement that the format would not look at: what it says would not happen."""
    idle = [f"--{word}" for word in options.stated if word not in chosen.takes]
    if idle:
        msg = f"{' and '.join(idle)} means nothing for a {chosen.title}, which says it itself"
        raise UsageError(msg)


def _only(found: dict[ListSource, ListFormat | None]) -> ListFormat:
    for source, one in found.items():
        if one is None:
            msg = (
                f"{source.path if not source.steps else source.name} is not recognised as a hash "
                "list by its first 64 KiB; name its form with --format (see 'hashmatch library "
                "formats'), or describe it: --format mapped --mapping FILE.yaml"
            )
            raise HashSetError(msg)
    counts = Counter(one.name for one in found.values() if one)
    if len(counts) > 1:
        told = ", ".join(f"{name}: {number} files" for name, number in sorted(counts.items()))
        msg = f"the files have different formats ({told}); import them one by one"
        raise HashSetError(msg)
    return registry.by_name(next(iter(counts)))
