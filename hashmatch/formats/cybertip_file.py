"""One file of a CyberTipline report: its hashes and what may be kept of the rest.

A report is about people. Of a file only what identifies or describes the file is taken over;
addresses, devices, places, captures and free text stay in the report, and are counted. A digest
of the file as its user uploaded it and one of the file as NCMEC holds it may differ, and so they
make two records, told apart by the field ``origin``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.formats.gathering import Gathering
from hashmatch.formats.hash_text import MD5, kind_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hashmatch.model.records import Json, ListEvent

ORIGINAL = "reported-original"
AS_HELD = "as-held"
NO_HASHES = (
    "the report has no file hashes, so that there is nothing to match;"
    " expected file details with hashes, which a report may carry in documents of their own"
)

_KEPT = frozenset(
    {
        *("reportId", "fileId", "fileName", "filename", "originalFileName", "originalFilename"),
        *("fileRelevance", "industryClassification", "fileViewedByEsp", "viewedByEsp"),
        *("exifViewedByEsp", "publiclyAvailable", "potentialMeme", "fileAnnotations"),
        *("uploadedToEspTimestamp", "ncmecTags"),
    }
)
_FLAGS = {
    "fileViewedByEsp": "viewed_by_esp",
    "viewedByEsp": "viewed_by_esp",
    "exifViewedByEsp": "exif_viewed_by_esp",
    "publiclyAvailable": "publicly_available",
    "potentialMeme": "potential_meme",
}
_ANNOTATIONS = {
    "potentialMeme": "potential_meme",
    "viral": "viral",
    "liveStreaming": "live_streaming",
    "generativeAi": "generative_ai",
    "animeDrawingVirtualHentai": "animated",
}


class Files:
    """Turns the files of one report into events; ``left_out`` counts what was not taken over."""

    def __init__(self) -> None:
        self.left_out = 0
        self._places = 0
        self._files = 0

    def events(
        self,
        fields: Mapping[str, Json],
        originals: Iterable[tuple[str, str]],
        held: Iterable[str] = (),
    ) -> Iterator[ListEvent]:
        """Yield one record for each origin of hashes, or the loss of a file without any.

        Args:
            fields: what the report says of the file, hashes left out.
            originals: pairs of a hash's name and its text, as the provider gave them.
            held: MD5s of the file as NCMEC holds it.
        """
        self._files += 1
        kept = {name: value for name, value in fields.items() if name in _KEPT}
        self.left_out += len(fields) - len(kept)
        stated = {
            ORIGINAL: [(name, text) for name, text in originals if text],
            AS_HELD: [(MD5.name, text) for text in held if text],
        }
        told = {origin: pairs for origin, pairs in stated.items() if pairs}
        for origin, pairs in (told or {ORIGINAL: []}).items():
            yield from self._record(origin, pairs, kept)

    def _record(
        self, origin: str, pairs: list[tuple[str, str]], kept: dict[str, Json]
    ) -> Iterator[ListEvent]:
        self._places += 1
        gathering = _gathered(pairs)
        hashes: list[Json] = [{"name": name, "value": text} for name, text in pairs]
        entry = kept.get("fileId")
        category = kept.get("industryClassification")
        yield from gathering.events(
            self._places,
            {"origin": origin, **kept, "hashes": hashes},
            entry=str(entry).strip() if entry else str(self._files),
            category=(str(category).strip() or None) if category is not None else None,
            flags=_flags(kept, gathering),
        )


def _gathered(pairs: list[tuple[str, str]]) -> Gathering:
    gathering = Gathering()
    for name, text in pairs:
        kind = kind_named(name)
        if kind is not None:
            gathering.take(kind, text)
        else:
            gathering.carry("unknown")
    return gathering


def _flags(kept: Mapping[str, Json], gathering: Gathering) -> dict[str, bool]:
    annotations = kept.get("fileAnnotations")
    said = [(flag, kept.get(name)) for name, flag in _FLAGS.items()]
    if isinstance(annotations, dict):
        said += [(flag, annotations.get(name)) for name, flag in _ANNOTATIONS.items()]
    flags: dict[str, bool] = {}
    for flag, value in said:
        gathering.flag(flag, value, flags)
    return flags
