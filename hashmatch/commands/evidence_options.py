"""Options about how evidence is read: its form, its depth, and what opens what is locked."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hashmatch.commands.options import FOLDER
from hashmatch.errors import UsageError
from hashmatch.model.names import shown
from hashmatch.model.profile import Profile, ProfileName, profile
from hashmatch.model.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Command = TypeVar("Command", bound="Callable[..., Any]")

MOST_PASSWORDS = 10_000
LONGEST_PASSWORD = 1024
"""Bytes of a password, and so many passwords: each may take seconds to try on each volume."""
LARGEST_KEY = 1 << 20

_MARK = b"\xef\xbb\xbf"


def evidence_options(command: Command) -> Command:
    """Add the options that say how a scan reads evidence."""
    for option in (
        click.option(
            "--allow-rw-mount",
            is_flag=True,
            help="Read a removable drive although it is mounted for writing.",
        ),
        click.option(
            "--key-file",
            "key_files",
            multiple=True,
            type=FOLDER,
            help="Key file for volumes encrypted with LUKS or BitLocker (.bek); may be repeated.",
        ),
        click.option(
            "--ask-password",
            is_flag=True,
            help="Ask for a password for encrypted volumes and members; it is not shown.",
        ),
        click.option(
            "--passwords",
            type=FOLDER,
            metavar="FILE",
            help="File with passwords to try, UTF-8, one on each line. They are never recorded.",
        ),
        click.option(
            "--verify",
            type=click.Choice(["full", "before", "none"]),
            default="full",
            show_default=True,
            help="When images are digested as a whole and compared with the digests that they and"
            " files beside them state. full: before and after.",
        ),
        click.option(
            "--as",
            "form",
            default="auto",
            show_default=True,
            metavar="FORM",
            help="What SOURCE is where its content does not tell: raw for a copy without any"
            " table, file for a plain file, or the name of a form of image such as e01.",
        ),
        click.option(
            "--carve/--no-carve",
            default=None,
            help="Search space that no file has for pictures and videos, whatever the profile.",
        ),
        click.option(
            "--profile",
            "depth",
            type=click.Choice([str(name) for name in ProfileName]),
            default="standard",
            show_default=True,
            help="quick: what file systems list. standard: also deleted files, and what archives,"
            " documents and mail hold. deep: also carving.",
        ),
    ):
        command = option(command)
    return command


def depth_of(name: str, carve: bool | None) -> Profile:
    """Give the profile of a name, with carving as the operator wants it."""
    from dataclasses import replace  # noqa: PLC0415  # one use

    found = profile(ProfileName(name))
    return found if carve is None else replace(found, carve=carve)


def secrets_of(passwords: Path | None, key_files: tuple[Path, ...], *, ask: bool) -> Secrets:
    """Gather what may open encrypted evidence.

    Args:
        passwords: file with one on each line.
        key_files: contents of these are keys.
        ask: ask for one more on the terminal, without showing it.

    Raises:
        UsageError: a file cannot be read, is too large or not of that form, or nobody answers.
    """
    found = [] if passwords is None else _lines(passwords)
    if ask:
        found.append(_asked())
    keys = tuple(_content(path, LARGEST_KEY) for path in key_files)
    return Secrets(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(keys)))


def _lines(path: Path) -> list[bytes]:
    content = _content(path, MOST_PASSWORDS * (LONGEST_PASSWORD + 2)).removeprefix(_MARK)
    lines = [line.removesuffix(b"\r") for line in content.split(b"\n")]
    found = [line for line in lines if line]
    if len(found) > MOST_PASSWORDS:
        msg = f"{_name(path)} holds more than {MOST_PASSWORDS:,} passwords; give fewer"
        raise UsageError(msg)
    if not found:
        msg = f"{_name(path)} holds no password; write one on each line"
        raise UsageError(msg)
    for number, line in enumerate(lines, start=1):
        _refuse_odd(line, f"line {number} of {_name(path)}")
    return found


def _refuse_odd(line: bytes, where: str) -> None:
    if len(line) > LONGEST_PASSWORD:
        msg = f"{where} is longer than {LONGEST_PASSWORD} bytes; is it a list of passwords?"
        raise UsageError(msg)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        msg = f"{where} is not UTF-8; save the password file in that encoding"
        raise UsageError(msg) from None
    if "\0" in text:
        msg = f"{where} holds a zero byte; is it a list of passwords in UTF-8?"
        raise UsageError(msg)


def _asked() -> bytes:
    try:
        stated = click.prompt("Password for encrypted evidence", hide_input=True, err=True)
    except click.Abort:
        msg = "no password was given; use --passwords FILE where nobody can answer"
        raise UsageError(msg) from None
    password = str(stated).encode("utf-8", "surrogateescape")
    _refuse_odd(password, "the password")
    return password


def _content(path: Path, most: int) -> bytes:
    """Read a small file; never wait for a pipe."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                msg = f"{_name(path)} is no regular file"
                raise UsageError(msg)
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no file can have that name"
        msg = f"{_name(path)} cannot be read: {why}"
        raise UsageError(msg) from None
    if len(content) > most:
        msg = f"{_name(path)} is larger than {most:,} bytes; is it the right file?"
        raise UsageError(msg)
    return content


def _name(path: Path) -> str:
    return shown(str(path))
