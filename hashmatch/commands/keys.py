"""Which key opens the library, which key signs the ledger: where they lie by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hashmatch.commands.setting import home
from hashmatch.errors import HashSetError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from hashmatch.db.keys import Secret


def library_key_file(stated: Path | None) -> Path:
    """The library's key file: as stated, else one key for all libraries of this user."""
    return stated or home() / "keys" / "library.key"


def library_secret(key_file: Path | None, passphrase_file: Path | None) -> Secret:
    """Give what opens the library.

    Raises:
        HashSetError: the passphrase file cannot be read.
    """
    from hashmatch.db.keys import KeyFile, Passphrase  # noqa: PLC0415  # cryptography takes a while

    if passphrase_file is None:
        return KeyFile(library_key_file(key_file))
    return Passphrase(_first_line(passphrase_file))


def new_passphrase(passphrase_file: Path | None) -> str:
    """Take a new passphrase from a file, else ask for it twice without showing it.

    Raises:
        UsageError: the input ended before it was given.
        HashSetError: the passphrase file cannot be read.
    """
    return _passphrase(passphrase_file, twice=True)


def asked_passphrase(passphrase_file: Path | None) -> str:
    """Take a passphrase that exists from a file, else ask for it once; raises as above."""
    return _passphrase(passphrase_file, twice=False)


def _passphrase(passphrase_file: Path | None, *, twice: bool) -> str:
    if passphrase_file is not None:
        return _first_line(passphrase_file)
    try:
        words: str = click.prompt(
            "Passphrase", hide_input=True, confirmation_prompt=twice, err=True
        )
    except click.Abort as error:
        if not isinstance(error.__context__, EOFError):
            raise
        how = "type it twice" if twice else "type it"
        msg = f"no passphrase was given; {how}, or name a file with --passphrase-file"
        raise UsageError(msg) from None
    return words


def _first_line(path: Path) -> str:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    if not lines:
        msg = f"no passphrase in {path}: its first line must hold it, in UTF-8"
        raise HashSetError(msg)
    return lines[0]


def signing_key_file() -> Path:
    """The key with which this user signs custody ledgers."""
    return home() / "keys" / "signing.pem"
