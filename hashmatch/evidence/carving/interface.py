"""What carving gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Carved:
    """One file that was found: its place in the space that was searched, in bytes.

    ``kind`` is a word such as ``jpeg``. ``whole`` says that its structure was followed to its end;
    else it ends where something else begins, and only its picture can be compared.
    """

    offset: int
    length: int
    kind: str
    whole: bool
