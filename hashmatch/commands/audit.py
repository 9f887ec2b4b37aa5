"""``hashmatch audit``: are these files the known ones, all of them and no others?"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import click

from hashmatch.commands.digest_options import PLACE, digest_options, names_from, tell_repeated
from hashmatch.commands.options import FOLDER
from hashmatch.model import names
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hashmatch.jobs.audit import Audit, Class, Line

_QUIET = ("matched", "skipped")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@click.command("audit")
@click.argument("paths", nargs=-1, type=PLACE, metavar="PATH...")
@click.option(
    "-k",
    "--known",
    multiple=True,
    required=True,
    type=FOLDER,
    help="List of the known files with names; may be repeated.",
)
@click.option("--list-format", help="Format of the lists. [default: recognised]")
@click.option("--type", "kind", help="Hash of values that say it nowhere: sha512, ...")
@click.option("--format", "form", type=click.Choice(["text", "json", "jsonl", "csv"]))
@click.option("-v", "--verbose", is_flag=True, help="Name matched and skipped files too.")
@digest_options
def command(
    paths: tuple[bytes, ...],
    known: tuple[Path, ...],
    list_format: str | None,
    kind: str | None,
    form: str | None,
    verbose: bool,
    workers: int,
    files_from: bytes | None,
    nul: bool,
    absolute: bool | None,
) -> int:
    """Compare files with a list of known ones: matched, moved, partial, new, missing, failed.

    A known list is any that can be imported and holds names: hashdeep, sums, CSV, DFXML, or the
    JSON lines of 'hashmatch hash'. Every file and every row of the lists ends in exactly one
    class. Names are compared as they are in the list: absolute where all its names are, and
    './a' is 'a'. A list that lies among the files and is not in a list is left out. An image of
    a disk is a file like any other. Ends with 0 where all agree, 10 for differences, 3 or 13 where
    something could not be read.

    \b
    Examples:
      hashmatch hash photos > before && hashmatch audit -k before photos
      hashmatch audit -k SHA256SUMS -v . --format csv > audit.csv
    """
    from hashmatch.jobs import audit, audit_known, digest_places  # noqa: PLC0415

    rows = audit_known.read(known, list_format, kind)
    plain = rows.absolute if absolute is None else absolute
    places = digest_places.places_of(paths, names_from(files_from, nul=nul), absolute=plain)
    tell_repeated(places)
    found = audit.audit(places, rows, workers)
    lines = [one for one in found.lines if verbose or one.ended not in _QUIET]
    _FORMS[form or "text"](found, lines)
    return found.exit_code()


def _text(found: Audit, lines: Sequence[Line]) -> None:
    for line in lines:
        click.echo(f"{line.ended:<9} {shown(_bytes(line.name))}{_more(line)}")
    files, rows = found.files, found.rows
    click.echo(f"files: {files.total():,} = {_counts(files)}")
    click.echo(f"known: {rows.total():,} = {_counts(rows)}")
    if found.lost:
        click.echo(f"{found.lost:,} rows or values of the lists could not be read")
    click.echo(f"audit {'passed' if found.passed else 'not passed'} ({int(found.exit_code())})")


def _bytes(name: bytes | str) -> bytes:
    return name if isinstance(name, bytes) else names.from_text(name)


def _more(line: Line) -> str:
    if line.ended in {"moved", "partial"} and line.known is not None:
        return f"  (known as {shown(names.from_text(line.known))})"
    if line.of is not None:
        return f"  (in {shown(line.of)})"
    return f"  ({line.why})" if line.why else ""


def _counts(counts: Mapping[Class, int]) -> str:
    return " + ".join(f"{number:,} {name}" for name, number in sorted(counts.items())) or "0"


def _object(line: Line) -> dict[str, object]:
    told: dict[str, object] = {"class": str(line.ended)}
    if isinstance(line.name, bytes):
        told |= names.to_json(line.name)
        if line.known is not None:
            told |= names.to_json(names.from_text(line.known), "known")
    else:
        told |= names.to_json(names.from_text(line.name), "known")
    if line.of is not None:
        told["list"] = line.of
    return told | ({"why": line.why} if line.why else {})


def _summary(found: Audit) -> dict[str, object]:
    return {
        "files": {str(name): number for name, number in sorted(found.files.items())},
        "known": {str(name): number for name, number in sorted(found.rows.items())},
        "lost": found.lost,
        "passed": found.passed,
        "exit_code": int(found.exit_code()),
    }


def _json(found: Audit, lines: Sequence[Line]) -> None:
    click.echo(json.dumps({**_summary(found), "lines": [_object(one) for one in lines]}))


def _jsonl(found: Audit, lines: Sequence[Line]) -> None:
    for line in lines:
        click.echo(json.dumps(_object(line)))
    click.echo(json.dumps({"summary": _summary(found)}))


def _csv(found: Audit, lines: Sequence[Line]) -> None:
    del found  # a table has one kind of rows
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["class", "path", "path_hex", "known", "why", "list"])
    for line in lines:
        path, exact = "", ""
        if isinstance(line.name, bytes):
            path = _cell(shown(line.name))
            exact = "" if path.encode() == line.name else line.name.hex()
        known = line.known if isinstance(line.name, bytes) else line.name
        exact_known = names.from_text(known or "")
        texts = [_cell(shown(one or "")) for one in (exact_known, line.why, line.of)]
        writer.writerow([line.ended, path, exact, *texts])
    click.echo(out.getvalue(), nl=False)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


_FORMS = {"text": _text, "json": _json, "jsonl": _jsonl, "csv": _csv}
