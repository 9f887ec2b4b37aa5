"""What a file is that is no hash list as it stands, and what to do with it."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError
from hashmatch.formats import csv_columns
from hashmatch.formats.csv_rows import DELIMITERS, split
from hashmatch.formats.hash_text import BY_TYPE, read_hash
from hashmatch.formats.text import opening_lines
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from hashmatch.formats.interface import ReadOptions

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLANK = b" \t\r\n\0\x0b\x0c"
_PACKED = (
    (0, b"\xfd7zXZ\0", "xz", "unxz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x"),
    (0, b"Rar!\x1a\x07", "RAR", "unrar x"),
    (4, b"1AY&SY", "bzip2", "bunzip2"),
    (257, b"ustar", "tar", "tar -xf"),
)
"""Where which bytes stand in a packed file, its name, and the program that unpacks it."""

_LOOKED_AT = 400  # bytes
_ENOUGH = 0.8
_LINES = 20


def refuse(head: bytes, name: str) -> None:
    """Refuse a file that no format can be, and say what it is.

    Args:
        head: its beginning.
        name: what to call it.

    Raises:
        HashSetError: it holds nothing, or is packed in a way that is not read here.
    """
    for mark in _MARKS:
        head = head.removeprefix(mark)
    if not head.strip(_BLANK):
        msg = f"{name} is empty: there is nothing in it but blanks; get the list again"
        raise HashSetError(msg)
    for at, mark, packing, program in _PACKED:
        if head[at : at + len(mark)] == mark:
            msg = f"{name} is packed with {packing}, which is not read here; unpack it first, for "
            msg += f"example with '{program}', or pack it as zip or gzip"
            raise HashSetError(msg)


def refuse_unmarked(head: bytes, name: str) -> None:
    """Refuse UTF-16 without the byte order mark by which it would be read.

    Raises:
        HashSetError: nearly every second byte of its beginning is zero.
    """
    part = head[:_LOOKED_AT]
    for first, order in ((1, "LE"), (0, "BE")):
        zeros, others = part[first::2], part[1 - first :: 2]
        many = _ENOUGH * len(zeros)
        if len(part) > 1 and zeros.count(0) >= many and len(others) - others.count(0) >= many:
            msg = (
                f"{name} looks like UTF-16 without a byte order mark, which is not read; convert "
                f"it first: iconv -f UTF-16{order} -t UTF-8"
            )
            raise HashSetError(msg)


def as_stated(head: bytes, options: ReadOptions) -> str | None:
    """Name the format that a list must have for what was stated about it to mean something.

    Columns that are mapped make it a table, and so does a first line that names a column of
    values; a stated type makes it a list of bare values where some line holds one.
    """
    lines = opening_lines(head)[:_LINES]
    if not lines or b"\0" in head:
        return None
    if options.columns:
        return "csv"
    if options.algorithm is None:
        return None
    if any(
        csv_columns.by_header(split(lines[0], one) or [], options) is not None
        for one in (options.delimiter or DELIMITERS)
    ):
        return "csv"
    kind = BY_TYPE[options.algorithm]
    values = [line.split(None, 1)[0] for line in lines]
    return "plain" if any(not isinstance(read_hash(kind, v), Loss) for v in values) else None
