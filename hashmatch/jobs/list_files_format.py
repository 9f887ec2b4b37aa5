"""Which format the files of a list have: as stated, else the one that all are recognised as."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats import registry
from hashmatch.formats.interface import HEAD_SIZE, Certainty, ReadOptions
from hashmatch.jobs import list_files_foreign as foreign
from hashmatch.jobs.list_files import head_of
from hashmatch.jobs.list_files_beside import Companion, companions, is_companion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hashmatch.formats.interface import ListFormat
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

_MOST_NAMED = 10

STATED = "stated with --format"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A format with the lists to be read as it. ``total`` counts their bytes, for progress.

    ``skipped`` names the files beside them that were left out, as they are no lists.
    """

    format: ListFormat
    recognised: bool
    lists: tuple[ListSource, ...]
    companions: tuple[Companion, ...]
    total: int
    skipped: tuple[str, ...] = ()

    @property
    def how(self) -> str:
        """By what the format is known."""
        return HOW_SURE[self.format.certainty] if self.recognised else STATED


def choose_format(
    sources: Sequence[ListSource],
    stated: str | None,
    options: ReadOptions | None = None,
    *,
    skip: bool = False,
) -> Chosen:
    """Take the format that was named, else the one that all lists are recognised as.

    Args:
        sources: the files.
        stated: name of the format.
        options: what else was stated; a list that is not recognised may be known by it.
        skip: leave out what is not recognised, as long as something is.

    Raises:
        UsageError: a file is missing or is not a regular file, or no format has that name.
        HashSetError: a list is not recognised, empty or packed in a way that is not read, or no
            single format fits all lists.
    """
    known = options or ReadOptions()
    form = registry.by_name(stated) if stated else None
    total = 0
    found: dict[ListSource, ListFormat | None] = {}
    for source in sources:
        with source.opened() as opened:
            head = head_of(opened.stream, HEAD_SIZE, source.name)
            if not skip:
                foreign.refuse(head, _named(source))
            found[source] = form or _recognised(source, head, known)
            total += opened.total
    forms = {one.name: one for one in found.values() if one is not None}.values()
    beside = {one: None for one in found if any(is_companion(one, form) for form in forms)}
    some = {source: one for source, one in found.items() if source not in beside}
    skipped = _unknown(some, skip=skip)
    lists = {source: one for source, one in some.items() if one is not None}
    form = form or _only(lists)
    if not lists:
        msg = f"only files that complete a list were named; name the {form.title} itself"
        raise HashSetError(msg)
    own = companions(form, tuple(lists), beside)
    return Chosen(form, stated is None, tuple(lists), own, total, skipped)


def _recognised(source: ListSource, head: bytes, options: ReadOptions) -> ListFormat | None:
    """Recognise one list by its structure, else by what was stated about its values."""
    found = registry.detect(head, source.base)
    if found is None and (name := foreign.as_stated(head, options)):
        return registry.by_name(name)
    if found is None:
        foreign.refuse_unmarked(head, _named(source))
    return found


def _named(source: ListSource) -> str:
    return source.name if source.steps else str(source.path)


def _unknown(found: Mapping[ListSource, ListFormat | None], *, skip: bool) -> tuple[str, ...]:
    """Name the files that are no lists; refuse them unless they may be skipped."""
    unknown = [one for one, form in found.items() if form is None]
    if not unknown or (skip and len(unknown) < len(found)):
        return tuple(one.name for one in unknown)
    told = ", ".join(map(_named, unknown[:_MOST_NAMED]))
    more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
    verb = "is not recognised as a hash list" if len(unknown) == 1 else "are no known hash lists"
    leave = "" if len(unknown) == len(found) else "; --skip-unrecognised takes only the others"
    msg = (
        f"{told}{more} {verb} by the first 64 KiB; name the form with --format (see 'hashmatch "
        f"library formats'), or describe it: --format mapped --mapping FILE.yaml{leave}"
    )
    raise HashSetError(msg)


def refuse_idle_words(options: ReadOptions, chosen: ListFormat) -> None:
    """Refuse a statement that the format would not look at: what it says would not happen."""
    idle = [f"--{word}" for word in options.stated if word not in chosen.takes]
    if idle:
        msg = f"{' and '.join(idle)} means nothing for a {chosen.title}, which says it itself"
        raise UsageError(msg)


def _only(found: Mapping[ListSource, ListFormat]) -> ListFormat:
    counts = Counter(one.name for one in found.values())
    if len(counts) > 1:
        told = ", ".join(f"{name}: {number} files" for name, number in sorted(counts.items()))
        msg = f"the files have different formats ({told}); import them one by one"
        raise HashSetError(msg)
    return registry.by_name(next(iter(counts)))
