"""CyberTipline reports in JSON, as law enforcement downloads them: the files of one report.

Like the XML ones they make a case's own list of what was reported. The MD5 of a file is that of
the file as NCMEC holds it. Nothing of the people, captures and free text is taken over.
Source: the layout as several readers of such reports know it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.errors import HashSetError
from hashmatch.formats import json_stream
from hashmatch.formats.cybertip_file import NO_HASHES, Files
from hashmatch.formats.encoding import opening_text
from hashmatch.formats.gathering import requiring_records
from hashmatch.formats.interface import Certainty
from hashmatch.model.records import ListFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.formats.interface import ReadOptions
    from hashmatch.model.records import Json, ListEvent

_HELD = "verificationHash"
_INFORMATION = "reportedInformation"
_SIGN = re.compile(rf'"{_INFORMATION}"\s*:')


@dataclass(frozen=True, slots=True)
class CybertipJson:
    """Reads one report."""

    name: str = "cybertip-json"
    title: str = "CyberTipline report (JSON)"
    has_categories: bool = True
    certainty: Certainty = Certainty.KEYS
    takes: tuple[str, ...] = ()

    def detect(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  # structure decides
        """Recognise the key under which everything reported stands."""
        text = opening_text(head).lstrip()
        return text.startswith("{") and bool(_SIGN.search(text))

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[ListEvent]:
        """Read the files of the report.

        Raises:
            HashSetError: it is no such report, is longer than one record may be, or none of its
                files has a hash.
        """
        return requiring_records(_events(json_stream.whole(stream, options)), NO_HASHES)


def _events(report: Json) -> Iterator[ListEvent]:
    information = _at(report, _INFORMATION)
    if not isinstance(report, dict) or not isinstance(information, dict):
        msg = f"the document has no '{_INFORMATION}'; expected a CyberTipline report"
        raise HashSetError(msg)
    number = report.get("reportId")
    if isinstance(number, int | str):
        yield ListFacts({"publisher": f"NCMEC CyberTipline, report {number}"})
    files = Files()
    listed = _at(information, "uploadedFiles", "uploadedFiles")
    uploaded = listed if isinstance(listed, list) else []
    for one in uploaded:
        yield from _file(one, files)
    for one in _elsewhere(report, uploaded):
        yield from _file(one, files)
    others = len(report) + len(information) - 2
    yield ListFacts({"left_out": f"{others + files.left_out} statements of the report"})


def _elsewhere(value: Json, uploaded: Json) -> Iterator[Json]:
    """Give files that stand at another place than known, so that no hash is missed."""
    if value is uploaded:
        return
    if isinstance(value, dict) and _HELD in value:
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _elsewhere(one, uploaded)


def _file(one: Json, files: Files) -> Iterator[ListEvent]:
    if not isinstance(one, dict):
        return files.events({}, ())
    held = one.get(_HELD)
    fields = {name: value for name, value in one.items() if name != _HELD}
    return files.events(fields, (), [] if held is None else [str(held).strip()])


def _at(value: Json, *keys: str) -> Json:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


FORMAT = CybertipJson()
