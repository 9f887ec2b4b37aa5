"""The text that describes a VMware disk: of which extents it consists, and on what it lies.

Source: VMware, Virtual Disk Format 5.0 (technical note), "The Descriptor File".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hashmatch.evidence.media.interface import MediumError
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.model.records import Json

BEGIN = b"# Disk DescriptorFile"
LONGEST = 1 << 20
"""Bytes of a descriptor that are looked at; those of thousands of extents are shorter."""
ALONE = "ffffffff"
"""The content identifier of a parent that there is none."""
_MOST_EXTENTS = 8192
_EXTENT = re.compile(rb'(RW|RDONLY|NOACCESS)[ \t]+(\d{1,16})[ \t]+([A-Z]+)(?:[ \t]+"([^"]*)")?')
_OFFSET = re.compile(rb'"[ \t]+(\d{1,16})[ \t]*$')
_FIELD = re.compile(rb'([A-Za-z][\w.]*)[ \t]*=[ \t]*"?([^"]*)"?')


@dataclass(frozen=True, slots=True)
class Extent:
    """One line of the list: sectors of 512 bytes, kind, file name, first sector in that file."""

    access: bytes
    sectors: int
    kind: bytes
    name: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a descriptor says. Identifiers are hexadecimal in small letters."""

    extents: tuple[Extent, ...]
    kind: bytes
    cid: str
    parent_cid: str
    parent: bytes

    @property
    def said(self) -> dict[str, Json]:
        """What of it belongs into a record."""
        said: dict[str, Json] = {"create_type": names.shown(self.kind), "cid": self.cid}
        if self.parent_cid != ALONE:
            said["below"] = names.shown(self.parent)
        return said


def parse(text: bytes, shown: str) -> Descriptor:
    """Read a descriptor.

    Args:
        text: of it; zeros may follow.
        shown: what messages call its file.

    Raises:
        MediumError: a line of the list of extents is not understood, or there is none.
    """
    fields: dict[bytes, bytes] = {}
    extents: list[Extent] = []
    text = text.partition(b"\0")[0]
    if len(text) > LONGEST:
        msg = f"the VMDK descriptor of {shown} is longer than {LONGEST} bytes, which is not read"
        raise MediumError(msg)
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith((b"RW ", b"RDONLY ", b"NOACCESS ", b"RW\t", b"RDONLY\t", b"NOACCESS\t")):
            extents.append(_extent(line, shown))
        elif (found := _FIELD.fullmatch(line)) is not None:
            fields.setdefault(found[1].lower(), found[2].strip())
    if not 0 < len(extents) <= _MOST_EXTENTS:
        msg = f"the VMDK descriptor of {shown} is damaged: it lists {len(extents)} extents"
        raise MediumError(msg)
    return Descriptor(
        tuple(extents),
        fields.get(b"createtype", b""),
        _identifier(fields.get(b"cid", b"")),
        _identifier(fields.get(b"parentcid", b"")) or ALONE,
        fields.get(b"parentfilenamehint", b""),
    )


def _extent(line: bytes, shown: str) -> Extent:
    found = _EXTENT.match(line)
    offset = _OFFSET.search(line)
    rest = b"" if found is None else line[found.end() :].strip()
    if found is None or (rest and not rest.isdigit() and not found[3].startswith(b"VMFSR")):
        msg = f"the VMDK descriptor of {shown} is damaged: an extent is not understood"
        raise MediumError(msg)
    return Extent(
        found[1], int(found[2]), found[3], found[4] or b"", int(offset[1]) if offset else 0
    )


def _identifier(text: bytes) -> str:
    word = text.decode("ascii", "replace").strip().lower()
    return word.lstrip("0").rjust(8, "0") if word else ""
