"""Digests of files as Digital Forensics XML, as md5deep and fiwalk write it.

Source: the DFXML schema, version 1.1.1.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashmatch.jobs.digest_crew import Digested
    from hashmatch.model.hashes import Algorithm

_SPACE = "http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML"
_OWN = "urn:hashmatch:dfxml"


class DfxmlLines:
    """A document with one ``fileobject`` for each file.

    XML has no place for most control characters and for bytes that are not UTF-8. Such a name is
    shown as to a person, and its bytes stand beside it in base64, in a name space of our own.
    """

    def __init__(self, algorithms: Sequence[Algorithm], words: Sequence[str], version: str) -> None:
        self._algorithms = algorithms
        self._words = words
        self._version = version

    def opening(self) -> bytes:
        """Give the head of the document."""
        command = _escaped(names.shown(" ".join(("hashmatch", *self._words))))
        return (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            f"<dfxml version='1.1.1' xmlns='{_SPACE}' xmlns:hm='{_OWN}'"
            " xmlns:dc='http://purl.org/dc/elements/1.1/'>\n"
            "  <metadata><dc:type>Hash List</dc:type></metadata>\n"
            f"  <creator><program>hashmatch</program><version>{self._version}</version>"
            f"<execution_environment><command_line>{command}</command_line>"
            "</execution_environment></creator>\n"
        ).encode()

    def file(self, name: bytes, digested: Digested) -> bytes | None:
        """Give the object of a file."""
        text = names.shown(name)
        exact = ""
        if text.encode() != name:
            exact = f"<hm:path_b64>{base64.b64encode(name).decode()}</hm:path_b64>"
        digests = "".join(
            f"<hashdigest type='{algorithm}'>{value}</hashdigest>"
            for algorithm, value in zip(self._algorithms, digested.digests, strict=True)
        )
        return (
            f"  <fileobject><filename>{_escaped(text)}</filename>"
            f"<filesize>{digested.size}</filesize>{digests}{exact}</fileobject>\n"
        ).encode()

    def closing(self) -> bytes:
        """Give the end of the document."""
        return b"</dfxml>\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
