"""Digest files and folders and write one form of output; nothing is compared, nothing is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.errors import ExitCode
from hashmatch.jobs.digest_crew import Digested, digest
from hashmatch.model.outcomes import Failed, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from hashmatch.jobs.digest_lines import Lines
    from hashmatch.jobs.digest_places import Places
    from hashmatch.model.hashes import Algorithm

_WRITE_AT = 64 << 10

UNWRITABLE = "its name holds a line break that this format cannot hold"


@dataclass(slots=True)
class Account:
    """Every entry that was met, in one of the counts. ``bytes`` are those of ``files``.

    Something that is no regular file is ``skipped`` below a folder, and ``failed`` where somebody
    named it: a device that was meant to be digested must not pass for done.
    """

    files: int = 0
    bytes: int = 0
    failed: int = 0
    unwritable: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def exit_code(self) -> ExitCode:
        """Tell whether every file stands in the output."""
        return ExitCode.INCOMPLETE if self.failed or self.unwritable else ExitCode.CLEAR


def write(
    places: Places,
    algorithms: tuple[Algorithm, ...],
    lines: Lines,
    workers: int,
    out: Callable[[bytes], object],
    told: Callable[[bytes, str], None],
) -> Account:
    """Digest everything, in the order of the places and by name within each.

    Args:
        places: what to read.
        algorithms: of :data:`hashmatch.hashing.quick.QUICK`, in the order of columns.
        lines: the form.
        workers: processes.
        out: takes stretches of the output.
        told: called with the name of what is missing there, and why.
    """
    account = Account()
    stretch, length = [lines.opening()], 0
    for number, one in digest(places.sources, algorithms, places.entries(), workers):
        if isinstance(one, Digested):
            name = places.name(number, one.item.path)
            line = lines.file(name, one)
            if line is None:
                account.unwritable += 1
                told(name, UNWRITABLE)
                continue
            account.files += 1
            account.bytes += one.size
            stretch.append(line)
            length += len(line)
            if length > _WRITE_AT:
                out(b"".join(stretch))
                stretch, length = [], 0
        elif isinstance(one, Failed):
            account.failed += 1
            told(places.name(number, one.path), places.why(number, one))
        elif isinstance(one, Skipped) and places.is_named(number):
            account.failed += 1
            told(places.name(number, one.path), f"not digested: {one.rule}")
        elif isinstance(one, Skipped):
            account.skipped[str(one.rule)] += 1
    out(b"".join([*stretch, lines.closing()]))
    return account
