r"""Digests of files as other programs read them: hashdeep, checksum tools, tables, JSON lines.

Names are raw bytes. Each form writes them as its own readers expect, so that what was written
is read back as the same name; a name that a form cannot hold is refused, never altered.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hashmatch.errors import UsageError
from hashmatch.jobs.digest_dfxml import DfxmlLines
from hashmatch.model import names
from hashmatch.model.hashes import Algorithm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hashmatch.jobs.digest_crew import Digested

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TAGS = {Algorithm.SHA1: "SHA1", Algorithm.MD5: "MD5"} | {
    one: f"SHA{8 * one.size}" for one in (Algorithm.SHA256, Algorithm.SHA384, Algorithm.SHA512)
}


@dataclass(frozen=True, slots=True)
class About:
    """What a header says: the digests in their order, the current folder, the command's words."""

    algorithms: tuple[Algorithm, ...]
    folder: bytes
    words: tuple[str, ...]
    version: str


class Lines(Protocol):
    """One form of output."""

    def opening(self) -> bytes:
        """Give what stands before the first file."""

    def file(self, name: bytes, digested: Digested) -> bytes | None:
        """Give what is written for a file; None where this form cannot hold its name."""

    def closing(self) -> bytes:
        """Give what stands after the last file."""


class HashdeepLines:
    """As hashdeep writes: header, then rows whose last column is the bare name."""

    def __init__(self, about: About) -> None:
        known = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256)
        if not set(about.algorithms) <= set(known):
            msg = "hashdeep files hold md5, sha1 and sha256 only; use another --format"
            raise UsageError(msg)
        self._about = about

    def opening(self) -> bytes:
        """Give the header, with the command in comments."""
        about = self._about
        columns = ",".join(about.algorithms)
        return (
            f"%%%% HASHDEEP-1.0\n%%%% size,{columns},filename\n"
            f"## Invoked from: {names.shown(about.folder)}\n"
            f"## $ hashmatch {names.shown(' '.join(about.words))}\n## \n"
        ).encode()

    def file(self, name: bytes, digested: Digested) -> bytes | None:
        """Give a row; no name that holds or ends with what would be read as the row's end."""
        if b"\n" in name or name.endswith(b"\r"):
            return None
        return b"%d,%b,%b\n" % (digested.size, ",".join(digested.digests).encode(), name)

    def closing(self) -> bytes:
        """Nothing."""
        return b""


class SumLines:
    r"""As GNU ``sha256sum`` writes, or with tags as ``cksum`` does for several digests.

    Backslashes and line breaks of a name are escaped, and the line then begins with a backslash.
    """

    def __init__(self, about: About) -> None:
        self._tags = [_TAGS[one] for one in about.algorithms]

    def opening(self) -> bytes:
        """Nothing."""
        return b""

    def file(self, name: bytes, digested: Digested) -> bytes | None:
        """Give a line for each digest."""
        escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        mark = b"\\" if escaped != name else b""
        if len(self._tags) == 1:
            return mark + digested.digests[0].encode() + b"  " + escaped + b"\n"
        return b"".join(
            mark + tag.encode() + b" (" + escaped + b") = " + value.encode() + b"\n"
            for tag, value in zip(self._tags, digested.digests, strict=True)
        )

    def closing(self) -> bytes:
        """Nothing."""
        return b""


class CsvLines:
    """A table for spreadsheets and for :mod:`hashmatch.formats.csv_table`.

    A name is shown without disguise, and never as a formula; where that is not the name itself,
    ``path_hex`` has its bytes.
    """

    def __init__(self, about: About) -> None:
        self._columns = ",".join(about.algorithms)

    def opening(self) -> bytes:
        """Give the header."""
        return f"size,{self._columns},path,path_hex\r\n".encode()

    def file(self, name: bytes, digested: Digested) -> bytes | None:
        """Give a row."""
        text = names.shown(name)
        if text.startswith(_FORMULA):
            text = f"'{text}"
        exact = "" if text.encode() == name else name.hex()
        quoted = text.replace('"', '""')
        return f'{digested.size},{",".join(digested.digests)},"{quoted}",{exact}\r\n'.encode()

    def closing(self) -> bytes:
        """Nothing."""
        return b""


class JsonLines:
    """One JSON object a line; a name that is not UTF-8 stands there as bytes too."""

    def __init__(self, about: About) -> None:
        self._algorithms = about.algorithms

    def opening(self) -> bytes:
        """Nothing."""
        return b""

    def file(self, name: bytes, digested: Digested) -> bytes | None:
        """Give an object."""
        line: dict[str, object] = {"size": digested.size}
        line.update(zip(self._algorithms, digested.digests, strict=True))
        return (json.dumps(line | names.to_json(name), ensure_ascii=False) + "\n").encode()

    def closing(self) -> bytes:
        """Nothing."""
        return b""


FORMS: dict[str, Callable[[About], Lines]] = {
    "hashdeep": HashdeepLines,
    "sum": SumLines,
    "csv": CsvLines,
    "jsonl": JsonLines,
    "dfxml": lambda about: DfxmlLines(about.algorithms, about.words, about.version),
}
"""Every form by its name."""


def usual(form: str) -> Sequence[Algorithm]:
    """Give the digests that a form holds where nobody states others."""
    if form == "sum":
        return (Algorithm.SHA256,)
    return (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256)
