"""``hashmatch library schemes``: what category codes can be taken to mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.errors import ExitCode
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from hashmatch.db.profiles import Profile


@click.command("schemes")
@click.argument("name", required=False)
@click.option("--lang", type=click.Choice(["en", "th"]), default="en", show_default=True)
def command(name: str | None, lang: str) -> int:
    """List the category schemes for --scheme, or show what the codes of one mean.

    NAME may also be a YAML file of your own; copy one that is shipped and change it.

    \b
    Examples:
      hashmatch library schemes
      hashmatch library schemes vic-us --lang th
      hashmatch library schemes our-codes.yaml
    """
    from hashmatch.db import profiles  # noqa: PLC0415

    if name is None:
        for one in profiles.all_profiles():
            click.echo(f"{one.name:<20}{_countries(one):<12}{one.title[lang]}")
        return ExitCode.CLEAR
    profile = profiles.load(name)
    click.echo(
        f"{shown(profile.name)}, version {shown(profile.version)}: {shown(profile.title[lang])}"
    )
    click.echo(f"for lists of {_countries(profile)}; SHA-256 {profile.sha256}")
    for form, versions in profile.versions.items():
        click.echo(f"for {shown(form)} lists of the versions {shown(', '.join(versions))}")
    for code, meaning in profile.categories.items():
        click.echo(f"  {shown(code):<24}{meaning.disposition:<16}{shown(meaning.words[lang])}")
    return ExitCode.CLEAR


def _countries(profile: Profile) -> str:
    return "any" if profile.contexts is None else ",".join(profile.contexts)
