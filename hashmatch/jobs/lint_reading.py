"""Open the lists that rules look at: any format, packed or not, each read once."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, cast

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import (
    HEAD_SIZE,
    BatchFormat,
    Certainty,
    RandomAccess,
    ReadOptions,
    read_fast,
)
from hashmatch.jobs.lint_guess import guess
from hashmatch.jobs.list_files_beside import beside
from hashmatch.jobs.list_files_digest import buffered
from hashmatch.jobs.list_files_format import choose_format, refuse_idle_words
from hashmatch.jobs.list_files_packed import in_memory
from hashmatch.linting.reference import Reference
from hashmatch.linting.scan_bytes import Bytes, Watched
from hashmatch.linting.stretches import Stretches
from hashmatch.model.records import HashRecord, RecordBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hashmatch.jobs.list_files import ListSource
    from hashmatch.jobs.list_files_format import Chosen
    from hashmatch.linting.spool import Folder
    from hashmatch.model.records import FastEvent

_SLICE = 1 << 20


@dataclass(frozen=True, slots=True)
class Words:
    """What the operator states about reading: a format's name, and options for it."""

    format_name: str | None = None
    options: ReadOptions = field(default_factory=ReadOptions)


@dataclass(frozen=True, slots=True)
class Reading:
    """An open list. ``seen`` gathers what its bytes are like; None for a list that is no text."""

    chosen: Chosen
    events: Iterator[FastEvent]
    seen: Bytes | None


@contextmanager
def reading(source: ListSource, words: Words) -> Iterator[Reading]:
    """Open one list.

    Raises:
        UsageError: the file is missing, or a word means nothing for its format.
        HashSetError: it is not recognised, or an archive around it is damaged; the events raise
            it too.
    """
    chosen = _chosen(source, words)
    form = chosen.format
    refuse_idle_words(words.options, form)
    options = replace(words.options, beside=beside(source, chosen.companions))
    with source.opened() as opened:
        seen = None
        if isinstance(form, RandomAccess):
            stream: BinaryIO = (
                io.BytesIO(in_memory(opened.stream, source.name))
                if source.steps
                else buffered(opened.stream)
            )
        else:
            stream = opened.stream
            if form.certainty is not Certainty.MAGIC:
                seen = Bytes()
                stream = cast("BinaryIO", Watched(stream, seen))
            stream = buffered(stream)
        yield Reading(chosen, _events(source, chosen, stream, options), seen)


def _chosen(source: ListSource, words: Words) -> Chosen:
    """Choose the format; the type that was stated is enough where most lines are bare values."""
    try:
        return choose_format((source,), words.format_name)
    except HashSetError:
        with source.opened() as opened:
            head = opened.stream.read(HEAD_SIZE)
        if not head:
            msg = "the file is empty"
            raise HashSetError(msg) from None
        likely = guess(head)
        if likely is None or words.format_name:
            raise
        if words.options.algorithm is not None:
            return choose_format((source,), likely.format_name)
        msg = (
            f"line {likely.line} is unlike the others, so that no format fits; correct it, or state"
            f" --list-format {likely.format_name} and --type"
        )
        raise HashSetError(msg) from None


def _events(
    source: ListSource, chosen: Chosen, stream: BinaryIO, options: ReadOptions
) -> Iterator[FastEvent]:
    """Yield all events, then take what a reader left, so that every byte was seen."""
    try:
        yield from _from_batches(source, chosen, stream, options)
        if not isinstance(chosen.format, RandomAccess):
            while stream.read(_SLICE):
                pass
    except OSError as error:
        msg = f"{source.name} cannot be read to its end: {error.strerror}"
        raise HashSetError(msg) from None


def _from_batches(
    source: ListSource, chosen: Chosen, stream: BinaryIO, options: ReadOptions
) -> Iterator[FastEvent]:
    """Read in batches; a short list that breaks off before the first is read record by record."""
    records = False
    try:
        for event in read_fast(chosen.format, stream, options):
            records = records or isinstance(event, HashRecord | RecordBatch)
            yield event
    except HashSetError:
        if records or not isinstance(chosen.format, BatchFormat):
            raise
        with source.opened() as again:
            yield from chosen.format.read(buffered(again.stream), options)
        raise


def fitting(sources: Sequence[ListSource], words: Words) -> Words:
    """Give the words about another list, where the format of these takes all of them; else none.

    Raises:
        UsageError: a file is missing.
        HashSetError: the lists are not recognised.
    """
    if not words.options.stated:
        return Words()
    takes = choose_format(sources, None).format.takes
    return Words(None, words.options) if set(words.options.stated) <= set(takes) else Words()


def reference(path: Path, sources: tuple[ListSource, ...], words: Words, at: Folder) -> Reference:
    """Read another list, of any format, to compare with.

    Raises:
        UsageError: a file is missing.
        HashSetError: it cannot be read in full as a list.
    """
    stretches = Stretches()
    events = (event for source in sources for event in _all(source, words))
    return Reference.of(path.name, stretches.of(events), stretches.facts, at)


def _all(source: ListSource, words: Words) -> Iterator[FastEvent]:
    with reading(source, words) as opened:
        yield from opened.events
