"""``hashmatch show-info``: what is known of the one thing that a locator names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from hashmatch.commands.evidence_options import secrets_of
from hashmatch.commands.options import FOLDER
from hashmatch.commands.setting import confinement, limits
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hashmatch.jobs.show_info import Shown
    from hashmatch.model.facts import Facts
    from hashmatch.model.locators import Layer


@click.command("show-info")
@click.argument("locator")
@click.option("--case", type=FOLDER, help="Case, a run of which says which source the exhibit is.")
@click.option("--run", help="Which run. [default: the last with a hit there, else the last]")
@click.option("--source", type=FOLDER, help="Where the evidence is now; needs no case.")
@click.option(
    "--as", "form", metavar="FORM", help="What the source is, where its content does not tell."
)
@click.option("--passwords", type=FOLDER, metavar="FILE", help="File with passwords to try.")
@click.option("--ask-password", is_flag=True, help="Ask for a password; it is not shown.")
@click.option("--key-file", "key_files", multiple=True, type=FOLDER, help="Key file for volumes.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text")
def command(
    locator: str,
    case: Path | None,
    run: str | None,
    source: Path | None,
    form: str | None,
    passwords: Path | None,
    ask_password: bool,
    key_files: tuple[Path, ...],
    output: str,
) -> int:
    """Show what is known of the item that LOCATOR names; never its content.

    Opens the evidence by the locator alone, as anybody could who has the report and the evidence:
    size, times as they are stored, where it lies, digests, and kind and size of a picture. With
    a case, also the hits that were recorded and whether it still is what was recorded. Ends with
    0; with 3 where it could not be read or is something else now; with 20 where the locator
    leads nowhere.

    \b
    Examples:
      hashmatch show-info 'EV01!dir:/DCIM/IMG_0001.jpg' --case CASE
      hashmatch show-info 'EV01!ntfs:/Docs/outer.zip;id=65-1!zip:a.jpg;n=0' --source disk.E01
    """
    from hashmatch.jobs import show_info  # noqa: PLC0415  # NumPy takes a while

    secrets = secrets_of(passwords, key_files, ask=ask_password)
    request = show_info.Request(locator, case, run, source, form, secrets, limits(), confinement())
    found = show_info.show(request)
    if output == "json":
        click.echo(json.dumps(found.to_json(), sort_keys=True))
    else:
        for name, text in _rows(found):
            click.echo(f"{name + ':':<11}{shown(text)}" if name else f"{'':<11}{shown(text)}")
    return found.exit_code()


def _rows(found: Shown) -> Iterator[tuple[str, str]]:
    value = found.to_json()
    yield "locator", found.locator
    yield "id", str(value["id"])
    yield from _of_exhibit(found.exhibit)
    yield "path", " > ".join(_named(one) for one in found.layers)
    for name in ("failed", "skipped"):
        if name in value:
            yield name, _words(value[name])
    if "failed" not in value or found.found.size:  # of what cannot be read 0 says nothing
        yield "size", f"{found.found.size:,} bytes"
    if found.modified:
        yield "modified", found.modified
    if found.found.facts is not None:
        yield from of_facts(found.found.facts)
    for name in ("digests", "partial", "picture", "video"):
        if value.get(name):
            yield name, _words(value[name])
    yield from _of_hits(found)


def _of_exhibit(about: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    yield "exhibit", f"{about['label']} = {about['location']} ({about['kind']})"
    if "run" in about:
        yield "run", str(about["run"])


def of_facts(facts: Facts) -> Iterator[tuple[str, str]]:
    """Tell facts in rows of a word and a text; a time of unknown zone says so."""
    how = f", recovered {facts.recovery}" if facts.recovery else ""
    yield "standing", f"{facts.standing}{how}"
    for name, moment in facts.times:
        _, _, clock = moment.partition("T")
        known = clock.endswith("Z") or "+" in clock or "-" in clock
        yield "time", f"{name} {moment}{'' if known else ' (zone not known)'}"
    for offset, length in facts.extents:
        yield "extent", f"{length:,} bytes at {offset:,}"
    if facts.fragments > len(facts.extents):
        yield "extents", f"{facts.fragments:,} in all"
    if facts.extents_on:
        yield "", f"on {facts.extents_on}"
    for name, word in facts.notes:
        yield "note", f"{name}: {word}"


def _of_hits(found: Shown) -> Iterator[tuple[str, str]]:
    for hit in found.hits:
        yield "hit", f"{hit['claim']} in {hit['set']}, record {hit['record']}"
    if found.agrees is not None:
        yield "recorded", "the same digest" if found.agrees else "ANOTHER DIGEST than now"


def _named(layer: Layer) -> str:
    return layer.kind if layer.path is None else f"{layer.kind} {shown(layer.path)}"


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {said}" for key, said in value.items() if said is not None)
    return str(value)
