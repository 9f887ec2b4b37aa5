"""``hashmatch verify``: check that a case folder is whole and unaltered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from hashmatch.commands.keys import signing_key_file
from hashmatch.commands.options import FOLDER
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path


@click.command("verify")
@click.argument("case", type=FOLDER)
@click.option(
    "--key",
    type=FOLDER,
    help="Public key (PEM) of the signer you trust. [default: your own signing key]",
)
@click.option("--against", type=FOLDER, help="An older checkpoint of this case that you hold.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(case: Path, key: Path | None, against: Path | None, form: str) -> int:
    """Check every line, digest and signature of a case folder.

    Each check is PASS, FAIL or NOT CHECKED with the reason. Exit code 0: all that is required
    was checked and holds. 22: something was altered. 3: something required could not be checked.

    \b
    Examples:
      hashmatch verify CASE
      hashmatch verify CASE --key examiner.pem --against 00000042.ckpt
    """
    from hashmatch.custody import checks  # noqa: PLC0415  # cryptography takes a while
    from hashmatch.jobs import verify  # noqa: PLC0415

    trusted = verify.trusted_key(key, signing_key_file())
    found = verify.verify_case(case, trusted_key=trusted, against=against)
    if form == "json":
        lines = [
            {"check": c.name, "verdict": str(c.verdict), "detail": c.detail, "required": c.required}
            for c in found
        ]
        click.echo(json.dumps(lines, ensure_ascii=False))
    else:
        for check in found:
            click.echo(shown(f"{check.verdict:<12}{check.name}: {check.detail}"))
    return checks.exit_code(found)
