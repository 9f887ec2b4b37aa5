"""Files that stand beside a list and complete its meaning, as the list's format asks for them."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import Accompanied
from hashmatch.jobs.list_files import ListSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hashmatch.formats.interface import ListFormat

MOST_BYTES = 256 << 20
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Companion:
    """A file beside the lists; ``name`` is its lower-case name without folders."""

    name: str
    content: bytes
    by_stem: bool

    @property
    def described(self) -> str:
        """What a manifest says of it."""
        digest = hashlib.sha256(self.content).hexdigest()
        name = os.fsencode(self.name).decode("utf-8", "backslashreplace")
        return f"{name}, {len(self.content)} bytes, sha256 {digest}"


def is_companion(source: ListSource, form: ListFormat) -> bool:
    """Tell whether the format takes such a file as a companion, not as a list."""
    return _pattern(source, form) is not None


def companions(
    form: ListFormat, lists: Sequence[ListSource], named: Iterable[ListSource]
) -> tuple[Companion, ...]:
    """Read the companions of lists: those that were named, and those in the lists' own folders.

    Raises:
        HashSetError: a companion is longer than is taken into memory.
    """
    if not isinstance(form, Accompanied):
        return ()
    found = {one: _pattern(one, form) for one in (*named, *_near(lists))}
    return tuple(_read(one, pattern) for one, pattern in found.items() if pattern is not None)


def beside(source: ListSource, all_of_them: Sequence[Companion]) -> dict[str, bytes]:
    """Give the companions of one list; where some share its name, no others of such a kind."""
    stem = PurePosixPath(source.base.lower()).stem
    own = [one for one in all_of_them if one.by_stem and PurePosixPath(one.name).stem == stem]
    return {one.name: one.content for one in all_of_them if not (one.by_stem and own) or one in own}


def _pattern(source: ListSource, form: ListFormat) -> str | None:
    name = source.base.lower()
    patterns = form.companions if isinstance(form, Accompanied) else ()
    return next((one for one in patterns if fnmatch.fnmatchcase(name, one)), None)


def _near(lists: Sequence[ListSource]) -> list[ListSource]:
    folders = {one.path.absolute().parent: one.path.parent for one in lists if not one.steps}
    return [
        ListSource(path)
        for folder in folders.values()
        for path in sorted(folder.iterdir())
        if path.is_file()
    ]


def _read(source: ListSource, pattern: str) -> Companion:
    with source.opened() as opened:
        parts, length = [], 0
        while (block := opened.stream.read(_BLOCK)) and length <= MOST_BYTES:
            parts.append(block)
            length += len(block)
    if length > MOST_BYTES:
        msg = f"{source.name}, which completes a list, has more than {MOST_BYTES >> 20} MiB"
        raise HashSetError(msg)
    return Companion(source.base.lower(), b"".join(parts), "*" in pattern)
