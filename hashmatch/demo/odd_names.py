"""Names that tools stumble over: bytes that are no text, tricks of display, great depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hashmatch.demo.planting import Planter
    from hashmatch.demo.truth import Original

LONGEST_NAME = 255  # bytes, on nearly every file system
_DEPTH = 40

_COPIES: tuple[tuple[bytes, str], ...] = (
    ("ภาพถ่าย/รูปที่ ๑ น้ำ.jpg".encode(), "two-digests.jpg"),
    (b"Names/[x]/inside.jpg", "two-digests.jpg"),
    (b"Names/.hidden", "hotline.png"),
    (b"Names/latin-1-\xe9.jpg", "digests-and-pdq.jpg"),
    (b"Names/line\nbreak.jpg", "digests-and-pdq.jpg"),
    ("Names/right-to-left-\u202egpj.exe".encode(), "uncategorized.jpg"),
    (b"Names/" + b"long-" * 50 + b"n.jpg", "in-two-lists.jpg"),
    (b"deep/" * _DEPTH + b"bottom.jpg", "two-digests.jpg"),
)
_NOTES: tuple[tuple[bytes, str], ...] = (
    ("Names/caf\u00e9.txt".encode(), "a name with one composed letter"),
    ("Names/cafe\u0301.txt".encode(), "the same name to the eye, with a combining accent"),
    ("Names/zero\u200bwidth.txt".encode(), "a name with an invisible space"),
    (b"Names/[bold]markup[red].txt", "a name with markup"),
    (b"Names/<b>&amp;.txt", "a name with HTML"),
    (b'Names/=1+1,"quoted";.csv', "a name that a spreadsheet takes for a formula"),
    (b"Names/  spaces  ", "a name that begins and ends with blanks"),
    (b"Names/-rf", "a name that looks like an option"),
    (b"Names/\x1b[31mred.txt", "a name with a control sequence of terminals"),
    (b"Names/trailing.", "a name that ends with a dot"),
)


def plant(planter: Planter, known: Mapping[str, Original]) -> None:
    """Write copies of known files under odd names, and notes with content of their own."""
    for path, name in _COPIES:
        planter.copy(path, known[name])
    for number, (path, sentence) in enumerate(_NOTES):
        planter.file(path, b"Benign note %d.\n" % number, sentence)
