"""Import the files of one list as a new version of a set."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from hashmatch.db.description import SetKind
from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats.interface import RandomAccess, ReadOptions, read_fast
from hashmatch.jobs.list_files import ListSource, sources_of
from hashmatch.jobs.list_files_beside import beside
from hashmatch.jobs.list_files_digest import Digesting, Seekable, buffered, digested
from hashmatch.jobs.list_files_format import Chosen, choose_format, refuse_idle_words
from hashmatch.model.records import Dropped, HashRecord, Loss, RecordBatch, Withdrawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from hashmatch.db.builder import SetBuilder
    from hashmatch.db.description import SetDescription
    from hashmatch.db.library import Library
    from hashmatch.db.manifest import Manifest
    from hashmatch.jobs.list_files import Opened
    from hashmatch.model.people import Setting
    from hashmatch.model.records import FastEvent

SEVERAL = "several"
"""The origin of a set that came from lists of different formats."""

OF_CHANGES = "changes_"
"""Before the words about a list of changes, so that those about the last whole list stay."""

_OF_READING = ("type", "map", "delimiter", "environment", "mapping", "ignore_categories")
_OF_WHOLE = frozenset({*_OF_READING, "format", "recognised", "hashmatch"})

TELL_EVERY = 1 << 14  # records between two words about the progress


@dataclass(frozen=True, slots=True)
class Reading:
    """How files, folders, globs or archives are to be read as one list.

    ``ignore_categories`` is what the operator states to use a list with category codes as a
    whole, with one meaning for every record. With ``skip`` files that are no lists are left out.
    """

    files: tuple[Path, ...]
    format_name: str | None = None
    options: ReadOptions = field(default_factory=ReadOptions)
    ignore_categories: bool = False
    skip: bool = False

    def chosen(self) -> Chosen:
        """Choose the format of the files; raises as :func:`choose_format` does."""
        sources = sources_of(self.files)
        return choose_format(sources, self.format_name, self.options, skip=self.skip)

    def stated(self) -> dict[str, str]:
        """What was stated about the list, for the manifest and for the next update."""
        options = self.options
        words = {
            "type": options.algorithm,
            "map": json.dumps(dict(options.columns), sort_keys=True) if options.columns else None,
            "delimiter": options.delimiter,
            "environment": options.environment,
            "mapping": options.mapping,
            "ignore_categories": "yes" if self.ignore_categories else None,
        }
        return {word: value for word, value in words.items() if value}


@dataclass(frozen=True, slots=True)
class Reached:
    """How far an import is: records so far, bytes read of all bytes of the files."""

    records: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Import:
    """A reading of files together with what the operator states about the set.

    With ``new`` there must be no set of that name yet. With ``delta`` the records are added to
    those of the set's current version, or replace or withdraw them; with ``withdraw`` every record
    of the files is a withdrawal. ``check`` is shown the complete version before it is taken into
    use, and may refuse it.
    """

    reading: Reading
    description: SetDescription
    allow_expired: bool = False
    delta: bool = False
    withdraw: bool = False
    new: bool = False
    check: Callable[[Manifest], None] | None = None


def ingest(
    request: Import, library: Library, setting: Setting, show: Callable[[Reached], None]
) -> Manifest:
    """Import all files of a list as one new set version.

    Args:
        request: the files, how to read them, what they are.
        library: where to install the set.
        setting: clock and chance.
        show: called now and then with how far the import is.

    Raises:
        UsageError: a file is missing or is not a regular file, or there is such a set already.
        HashSetError: the list is refused or not recognised; the library is as it was.
        OutputError: the library cannot be written; it is as it was.
    """
    reading, name = request.reading, request.description.name
    if request.new and name in library.pointer().current:
        msg = (
            f"there is already a set {name}; bring it up to date with 'hashmatch library update', "
            "which compares, or say --replace to put another list in its place"
        )
        raise UsageError(msg)
    chosen = reading.chosen()
    refuse_idle_words(reading.options, chosen.format)
    reader = _Reader(request, chosen, show)
    with library.stage(
        _with_importer(request, chosen, setting),
        clock=setting.clock,
        entropy=setting.entropy,
        allow_expired=request.allow_expired,
        delta=request.delta,
    ) as builder:
        for source in chosen.lists:
            with source.opened() as opened:
                reader.add(builder, source, opened)
        return library.publish(builder, request.check)


def _with_importer(request: Import, chosen: Chosen, setting: Setting) -> SetDescription:
    """Note how the list was taken. ``origin`` is the one format of all records of the set.

    Changes are noted beside what was noted of the last whole list, which the next one needs.
    """
    name, before = chosen.format.name, request.description.importer
    stated = {
        **request.reading.stated(),
        "format": name,
        "recognised": chosen.how,
        "hashmatch": setting.tool.get("version"),
    }
    told = {key: text for key, text in stated.items() if text}
    if not request.delta:
        return replace(request.description, importer={**told, "origin": name})
    kept = {key: text for key, text in before.items() if key in _OF_WHOLE}
    changes = {f"{OF_CHANGES}{key}": text for key, text in told.items()}
    origin = before.get("origin", SEVERAL)
    if not request.withdraw and origin != name:
        origin = SEVERAL
    return replace(request.description, importer={**kept, **changes, "origin": origin})


class _Reader:
    """Reads the files of one list and watches what the operator must have stated."""

    def __init__(self, request: Import, chosen: Chosen, show: Callable[[Reached], None]) -> None:
        self._request, self._chosen, self._show = request, chosen, show
        self._records = 0
        self._before = 0
        self._outer: dict[Path, str] = {}

    def add(self, builder: SetBuilder, source: ListSource, opened: Opened) -> None:
        """Take one file into the set."""
        facts = self._facts(source)
        if isinstance(self._chosen.format, RandomAccess):
            seekable = Seekable.of(source, opened, facts)
            with seekable.stream as stream:
                builder.add_file(self._events(source, stream, opened), seekable.describe)
        else:
            digesting = Digesting(opened.stream)
            events = self._events(source, buffered(digesting), opened)
            builder.add_file(events, partial(digesting.finish, source.name, facts))
        self._before += opened.total

    def _facts(self, source: ListSource) -> dict[str, str]:
        """State which archive holds the list, and which files complete it."""
        facts = {} if source.exact_name is None else {"name_b64": source.exact_name}
        if source.steps:
            if source.path not in self._outer:
                file = digested(ListSource(source.path))
                outer = f"{file.name}, {file.size} bytes, sha256 {file.sha256}"
                self._outer[source.path] = outer
            facts["outer"] = self._outer[source.path]
        if self._chosen.skipped and source == self._chosen.lists[0]:
            facts["skipped"] = ", ".join(self._chosen.skipped)
        own = beside(source, self._chosen.companions)
        if own:
            told = [one.described for one in self._chosen.companions if one.name in own]
            facts["beside"] = "; ".join(told)
        return facts

    def _events(self, source: ListSource, stream: BinaryIO, opened: Opened) -> Iterator[FastEvent]:
        """Yield a file's events; trouble names the file."""
        reading = self._request.reading
        options = replace(reading.options, beside=beside(source, self._chosen.companions))
        try:
            for event in read_fast(self._chosen.format, stream, options):
                self._watch(event, opened)
                if self._request.withdraw:
                    yield from _withdrawals(event)
                else:
                    yield event
        except HashSetError as error:
            msg = f"{source.name}: {error}"
            raise HashSetError(msg) from None
        except OSError as error:
            msg = f"{source.name} cannot be read to its end: {error.strerror}"
            raise HashSetError(msg) from None

    def _watch(self, event: FastEvent, opened: Opened) -> None:
        if isinstance(event, HashRecord):
            coded = event.place if event.category is not None else None
            number = 1
        elif isinstance(event, RecordBatch):
            coded = _first_coded(event)
            number = len(event)
        else:
            return
        if coded is not None:
            self._refuse_category(coded)
        before, self._records = self._records // TELL_EVERY, self._records + number
        if self._records // TELL_EVERY > before:
            done = self._before + opened.position()
            self._show(Reached(self._records, done, self._chosen.total))

    def _refuse_category(self, place: int) -> None:
        kind = self._request.description.kind
        if kind is SetKind.CATEGORIZED or self._request.reading.ignore_categories:
            return
        msg = (
            f"record {place} carries a category code: state what the codes mean with "
            "--kind categorized --scheme NAME, or --scheme none to give all records the "
            f"meaning {kind}"
        )
        raise HashSetError(msg)


def _first_coded(batch: RecordBatch) -> int | None:
    if batch.categories is None:
        return None
    places = zip(batch.places, batch.categories, strict=True)
    return next((place for place, code in places if code is not None), None)


def _withdrawals(event: FastEvent) -> Iterator[FastEvent]:
    """Turn records into withdrawals: by digests, or by an entry of a format that re-sends them."""
    if isinstance(event, RecordBatch):
        for record in event.records():
            yield from _withdrawals(record)
    elif not isinstance(event, HashRecord):
        yield event
    elif event.entry is not None and event.updated is not None:
        yield Withdrawn(event.place, event.entry, updated=event.updated)
    elif event.digests:
        yield Withdrawn(event.place, digests=event.digests)
    else:
        yield Dropped(event.place, Loss.NO_HASH)
