"""Reports of phone extractions (UFDR): a zip whose ``report.xml`` says where the phone had a file.

Each member gets its path on the phone as a note, and stands as deleted where the report says so.
A report that cannot be read costs these facts, not the members, and is said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from hashmatch.evidence.members import zip as zip_archive
from hashmatch.evidence.members.interface import Given, Inside, MemberError, Trouble
from hashmatch.evidence.members.ufdr_report import Told, read
from hashmatch.model.facts import Facts, Standing
from hashmatch.model.locators import layer
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hashmatch.model.secrets import Secrets

NAME = "ufdr"
TITLE = "phone extraction report (UFDR)"
HELP = zip_archive.HELP
RANK = 5
_REPORT = b"report.xml"
_PROTECTED = b"\x2d\x06\x52\x6d"


def recognise(head: bytes, name: bytes) -> bool:
    """Tell by its being a zip and by its name, since the report can be anywhere in it."""
    return zip_archive.recognise(head, name) and name.lower().endswith(b".ufdr")


def members(stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:
    """Yield every member; see :class:`hashmatch.evidence.members.interface.Container`."""
    told: Mapping[bytes, Told] = {}
    trouble: Reason | None = Reason.DAMAGED_CONTAINER  # there is no report
    for given in zip_archive.Archive(stream, secrets, NAME).members():
        if isinstance(given, Inside) and given.name.lower() == _REPORT:
            told, trouble = _read(given)
            break
    for given in zip_archive.Archive(stream, secrets, NAME).members():
        yield _with(given, told) if isinstance(given, Inside) else given
    if trouble is not None:
        yield Trouble(b"", layer(NAME), trouble)


def _read(report: Inside) -> tuple[Mapping[bytes, Told], Reason | None]:
    """Read the report; what was read of it before it broke off counts."""
    told: dict[bytes, Told] = {}
    try:
        stream = report.open()
        begin = stream.read(len(_PROTECTED))
        if begin == _PROTECTED:
            return told, Reason.KEY_NEEDED
        read(begin, stream, told)
    except MemberError as error:
        return told, error.reason
    return told, None


def _with(given: Inside, told: Mapping[bytes, Told]) -> Inside:
    found = told.get(given.name)
    if found is None:
        return given
    facts = given.facts or Facts()
    notes = (*facts.notes, *found.notes)
    standing = Standing.DELETED if found.deleted else facts.standing
    times = found.times or facts.times
    return replace(given, facts=replace(facts, standing=standing, times=times, notes=notes))
