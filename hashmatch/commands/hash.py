"""``hashmatch hash``: digests of files and folders, in forms that other programs read."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from hashmatch import __version__
from hashmatch.commands.digest_options import (
    PLACE,
    algorithms_named,
    digest_options,
    names_from,
    tell_repeated,
)
from hashmatch.commands.printing import amount, several, tell
from hashmatch.errors import OutputError
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.jobs.digest_tree import Account

FORMS = ("hashdeep", "sum", "csv", "jsonl", "dfxml")
"""As ``jobs.digest_lines`` has them, stated here so that help needs no import; tested equal."""


@click.command("hash")
@click.argument("paths", nargs=-1, type=PLACE, metavar="PATH...")
@click.option("--format", "form", type=click.Choice(FORMS), default="hashdeep", show_default=True)
@click.option(
    "--digests",
    metavar="NAME,...",
    help="Any of md5, sha1, sha256, sha384, sha512. [default: md5,sha1,sha256; for sum: sha256]",
)
@digest_options
@click.option("--output", type=click.Path(path_type=bytes), help="Write to this new file.")
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
def command(
    paths: tuple[bytes, ...],
    form: str,
    digests: str | None,
    workers: int,
    files_from: bytes | None,
    nul: bool,
    absolute: bool | None,
    output: bytes | None,
    quiet: bool,
) -> int:
    """Print the digests of files, and of everything below folders.

    Nothing is decoded, compared or kept, and nothing that is read is changed; an image of a disk
    is a file like any other. Output is in the order of the words and by name below each, whatever
    the number of workers. Links, pipes and
    devices below a folder are left out and counted. Ends with 0, or with 3 where a file could
    not be read or written down; each is named on standard error.

    \b
    Examples:
      hashmatch hash /mnt/exhibit > exhibit.hashdeep
      hashmatch hash photos --format sum > SHA256SUMS && sha256sum -c SHA256SUMS
      hashmatch hash /mnt/exhibit --format csv --digests md5,sha1 --output list.csv
      find . -name '*.jpg' -print0 | hashmatch hash -0 --files-from - --format jsonl
    """
    from hashmatch.jobs import digest_lines, digest_places, digest_tree  # noqa: PLC0415

    algorithms = algorithms_named(digests) or tuple(digest_lines.usual(form))
    about = digest_lines.About(algorithms, os.getcwdb(), tuple(sys.argv[1:]), __version__)  # noqa: PTH109
    lines = digest_lines.FORMS[form](about)
    listed = names_from(files_from, nul=nul)
    places = digest_places.places_of(paths, listed, absolute=bool(absolute))
    tell_repeated(places)
    if output is not None:
        digest_places.refuse_inside(output, places)
    with _written(output) as out:
        account = digest_tree.write(places, algorithms, lines, workers, out, _missing)
    if not quiet:
        _sum_up(account)
    return account.exit_code()


def _missing(name: bytes, why: str) -> None:
    click.echo(f"{shown(name)}: {why}", err=True)


def _sum_up(account: Account) -> None:
    words = [f"{several(account.files, 'file')}, {amount(account.bytes)}"]
    if missing := account.failed + account.unwritable:
        words.append(f"{missing:,} not digested or not written")
    words += [f"{number:,} {rule} left out" for rule, number in sorted(account.skipped.items())]
    tell("digested: " + "; ".join(words))


@contextmanager
def _written(path: bytes | None) -> Iterator[Callable[[bytes], object]]:
    """Give what writes to a new file, complete or not there at all; without one, to the output."""
    if path is None:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    from pathlib import Path  # noqa: PLC0415

    from hashmatch import durable  # noqa: PLC0415

    try:
        with durable.creating(Path(os.fsdecode(path))) as stream:
            yield stream.write
    except FileExistsError as error:
        there = os.fsencode(error.filename2 or error.filename)
        msg = f"{shown(there)} is there already; name a new file"
        raise OutputError(msg) from None
    except OSError as error:
        msg = f"{shown(path)} could not be written: {error.strerror}"
        raise OutputError(msg) from None
