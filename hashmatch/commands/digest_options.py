"""Options that ``hash`` and ``audit`` share: what to read, how it is called, with how many."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hashmatch.commands.printing import several, tell
from hashmatch.errors import UsageError
from hashmatch.model.hashes import Algorithm
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from hashmatch.jobs.digest_places import Places

Command = TypeVar("Command", bound="Callable[..., Any]")

PLACE = click.Path(readable=False, path_type=bytes)
"""A file or folder to read. Whether it can be read is found out with the others, and told there."""

_NAMED = (
    *(Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256),
    *(Algorithm.SHA384, Algorithm.SHA512),
)

_OPTIONS = (
    click.option(
        "--workers",
        type=click.IntRange(1, 256),
        default=lambda: len(os.sched_getaffinity(0)),
        show_default="number of cores",
        help="Processes; results do not depend on it.",
    ),
    click.option(
        "--files-from",
        type=click.Path(path_type=bytes, allow_dash=True),
        metavar="FILE",
        help="Read more names from a file, one a line; - is standard input.",
    ),
    click.option(
        "-0", "nul", is_flag=True, help="Names in that file end with NUL, not with a line."
    ),
    click.option(
        "--absolute/--relative",
        default=None,
        help="Call files by absolute paths, or as they were named.",
    ),
)


def digest_options(command: Command) -> Command:
    """Add ``--workers``, ``--files-from``, ``-0``, ``--absolute`` and ``--relative``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def tell_repeated(places: Places) -> None:
    """Say that some files are digested and counted more than once, as they were named so."""
    if places.repeated:
        names = several(places.repeated, "name stands", "names stand")
        tell(f"{names} for what another name covers; it is read and counted each time")


def algorithms_named(words: str | None) -> tuple[Algorithm, ...]:
    """Read names of digests, in any order; none where nothing is stated.

    Raises:
        UsageError: a name is none of those that can be computed here.
    """
    if words is None:
        return ()
    named = {word.strip().lower().replace("-", "") for word in words.split(",")}
    if unknown := named - set(_NAMED):
        msg = f"--digests: {shown(min(unknown)) or 'an empty word'} is none of {', '.join(_NAMED)}"
        raise UsageError(msg)
    return tuple(one for one in _NAMED if one in named)


def names_from(path: bytes | None, *, nul: bool) -> tuple[bytes, ...]:
    """Read the list of names; empty ones are passed over.

    Raises:
        UsageError: the list cannot be read, or ``-0`` was given without one.
    """
    if path is None:
        if nul:
            msg = "-0 says how the names in --files-from end; name that file, or - for the input"
            raise UsageError(msg)
        return ()
    try:
        if path == b"-":
            content = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as stream:  # noqa: PTH123  # raw bytes
                content = stream.read()
    except OSError as error:
        msg = f"the names in {shown(path)} cannot be read: {error.strerror}"
        raise UsageError(msg) from None
    return tuple(name for name in content.split(b"\0" if nul else b"\n") if name)
