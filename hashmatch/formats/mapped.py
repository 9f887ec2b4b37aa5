"""Lists that are read as a mapping profile says: tables, JSON documents and lines of JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats import mapping
from hashmatch.formats.gathering import each, requiring_records
from hashmatch.formats.interface import Certainty
from hashmatch.formats.json_stream import Document, parse
from hashmatch.formats.mapped_object import read_object
from hashmatch.formats.mapped_table import read_table
from hashmatch.formats.text import TextLines
from hashmatch.model.records import Dropped, ListFacts, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.formats.mapping import MappingProfile
    from hashmatch.model.records import ListEvent


@dataclass(frozen=True, slots=True)
class Mapped:
    """Reads lists by a profile; never recognised, always stated."""

    name: str = "mapped"
    title: str = "any table or JSON list, read by a mapping profile"
    has_categories: bool = True
    certainty: Certainty = Certainty.BARE
    takes: tuple[str, ...] = ("mapping",)

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # never guessed
        """Recognise nothing: which profile fits is for the operator to say."""
        return False

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the list.

        Raises:
            HashSetError: no profile is stated, or the list is not as it says.
            UsageError: there is no such profile.
        """
        if options.mapping is None:
            msg = "a list of this form needs a profile; state it with --mapping"
            raise HashSetError(msg)
        profile = mapping.load(options.mapping)
        yield ListFacts({"mapping": profile.name, "mapping_sha256": profile.sha256})
        readers = {"csv": read_table, "json": _document, "ndjson": _lines}
        yield from requiring_records(
            readers[profile.form](stream, options, profile),
            "the list has no record with a hash where the mapping profile says; check --mapping",
        )


def _document(
    stream: BinaryIO, options: ReadOptions, profile: MappingProfile
) -> Iterator[ListEvent]:
    document = Document(stream, options)
    yield ListFacts({"encoding": document.encoding})
    yield from each(document.at(profile.path), partial(read_object, profile=profile))


def _lines(stream: BinaryIO, options: ReadOptions, profile: MappingProfile) -> Iterator[ListEvent]:
    lines = TextLines(stream, replace(options, maximum_line=options.maximum_record))
    for place, line in lines:
        if line is not None and not line.strip():
            continue
        try:
            value = parse(line or "")
        except ValueError:
            value = None
        if isinstance(value, dict):
            yield from read_object(place, value, profile)
        else:
            yield Dropped(place, Loss.MALFORMED)
    yield lines.facts()


FORMAT = Mapped()
