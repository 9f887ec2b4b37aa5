"""Options that several commands share: where the library is and which key opens it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hashmatch.commands.keys import library_secret
from hashmatch.commands.setting import home
from hashmatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hashmatch.db.library import Library

Command = TypeVar("Command", bound="Callable[..., Any]")


class _Place(click.Path):
    """A path that is at least one character long: an empty one would mean the folder one is in."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Refuse an empty word, such as a shell variable that was not set."""
        if not value:
            self.fail("an empty word was given where a path was expected", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Place(path_type=Path)

SETS = click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="NAME",
    help="Set to match against; may be repeated. [default: all]",
)
THRESHOLD = click.option(
    "--threshold",
    type=click.IntRange(0, 60),
    default=31,
    show_default=True,
    help="Greatest distance in bits at which pictures are near.",
)


LIBRARY = click.option(
    "--library",
    "library_folder",
    envvar="HASHMATCH_LIBRARY",
    type=FOLDER,
    help="Folder of the library. [default: library, in the data folder of hashmatch]",
)
LIBRARY_KEY = click.option(
    "--library-key",
    envvar="HASHMATCH_LIBRARY_KEY",
    type=FOLDER,
    help="Key file of the library. [default: the one made by 'library init']",
)


def workers_option(explained: str) -> Callable[[Command], Command]:
    """Give ``--workers``: as many processes as there are cores, if nothing else is said."""
    return click.option(
        "--workers",
        type=click.IntRange(1, 256),
        default=lambda: len(os.sched_getaffinity(0)),
        show_default="number of cores",
        help=explained,
    )


def library_options(command: Command) -> Command:
    """Add ``--library``, ``--library-key`` and ``--passphrase-file``."""
    for option in (
        click.option(
            "--passphrase-file",
            envvar="HASHMATCH_PASSPHRASE_FILE",
            type=FOLDER,
            help="File whose first line is the library's passphrase, where it has one.",
        ),
        LIBRARY_KEY,
        LIBRARY,
    ):
        command = option(command)
    return command


def library_at(stated: Path | None) -> Path:
    """The folder of the library: as stated, else the default one."""
    return stated or home() / "library"


def open_library(folder: Path | None, key: Path | None, passphrase_file: Path | None) -> Library:
    """Open the library that the options name.

    Raises:
        UsageError: there is none.
        HashSetError: the library or its key cannot be used.
    """
    from hashmatch.db.library import Library  # noqa: PLC0415  # numpy takes a while

    place = library_at(folder)
    if not place.exists():
        msg = f"there is no library at {place}; make one with 'hashmatch library init'"
        raise UsageError(msg)
    return Library.open(place, library_secret(key, passphrase_file))
