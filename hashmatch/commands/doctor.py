"""``hashmatch doctor``: what is installed, what is missing, and whether it computes right."""

from __future__ import annotations

import importlib.util
import os
from contextlib import closing
from typing import TYPE_CHECKING

import click

from hashmatch.commands.keys import library_key_file, signing_key_file
from hashmatch.commands.options import LIBRARY, LIBRARY_KEY, library_at
from hashmatch.commands.setting import confinement, home, limits, present
from hashmatch.errors import ExitCode, OutputError
from hashmatch.model.names import shown

if TYPE_CHECKING:
    from pathlib import Path

_OPTIONAL = {
    "disk": (("pytsk3", "pyewf", "pyfsapfs", "pybde"), "file systems of images, and some images"),
    "archives": (("py7zr", "inflate64"), "7z archives, and rare methods of others"),
    "documents": (("pikepdf", "pypff"), "PDF documents, Outlook data files"),
    "heif": (("pillow_heif",), "HEIC pictures"),
    "video": (("av",), "videos, compared frame by frame"),
    "compat": (
        ("imagehash",),
        "pHash, dHash, aHash, wHash and block means for lists that carry them",
    ),
}


@click.command("doctor")
@LIBRARY
@LIBRARY_KEY
def command(library_folder: Path | None, library_key: Path | None) -> int:
    """Show what is installed and what is missing, and run the self-test.

    Exit code 1 when the self-test fails: nothing that this installation says can be trusted.
    Exit code 24 when the data folder cannot be used.
    """
    from hashmatch.hashing import known_answers  # noqa: PLC0415  # NumPy takes a while

    setting = present()
    for name, version in setting.tool.items():
        if name != "name":
            _line("hashmatch" if name == "version" else name, version)
    _line("system", setting.system)
    for extra, (modules, purpose) in _OPTIONAL.items():
        found = all(importlib.util.find_spec(module) is not None for module in modules)
        missing = f"missing: {purpose}; pip install 'hashmatch[{extra}]'"
        _line(f"[{extra}]", purpose if found else missing)
    _tell_libarchive()
    _line("data folder", shown(str(home())))
    for name, path in (
        ("library", library_at(library_folder)),
        ("library key", library_key_file(library_key)),
        ("signing key", signing_key_file()),
    ):
        _line(name, shown(str(path)) if _found(path) else f"none yet ({shown(str(path))})")
    _tell_confinement()
    _tell_hashers()
    answers = known_answers.check()
    for name, passed in answers:
        _line(f"test {name}", "passed" if passed else "FAILED")
    if not all(passed for _, passed in answers):
        return ExitCode.CRASH
    if not _usable(home()):
        msg = (
            f"the data folder {home()} cannot be used; "
            "set HASHMATCH_HOME to a folder that you may write to"
        )
        raise OutputError(msg)
    return ExitCode.CLEAR


def _tell_libarchive() -> None:
    """Say whether the system has what unpacks RAR archives."""
    from hashmatch.evidence.members import libarchive  # noqa: PLC0415

    purpose = "RAR archives, LZ4 and .Z files"
    found = libarchive.library() is not None
    _line("libarchive", purpose if found else f"missing: {purpose}; {libarchive.HELP}")


def _tell_confinement() -> None:
    """Start one worker as a scan does, without evidence, and say what it could not do."""
    from hashmatch.jobs.pool import Pool  # noqa: PLC0415
    from hashmatch.jobs.unpacker import offered  # noqa: PLC0415
    from hashmatch.jobs.workers import Order  # noqa: PLC0415
    from hashmatch.model.profile import Profile  # noqa: PLC0415
    from hashmatch.model.wanted import Wanted  # noqa: PLC0415

    mode = confinement()
    order = Order((), Wanted(), limits(), mode.target, unpacker=offered(Profile(), limits()))
    with closing(Pool(order, 1)) as pool:
        report = pool.report()
    _line("workers confined by", f"{report.level} (HASHMATCH_CONFINE={mode})")
    for one in report.trials:
        _line(f"  {one.hindrance}", f"{one.name}: {'refused' if one.refused else 'ALLOWED'}")
    none = "no unrar or unar that can be used: some RAR archives of old versions are not read"
    _line("unpacks RAR beside libarchive", " ".join(report.unpacker) if report.unpacker else none)


def _tell_hashers() -> None:
    """Load and try every hasher as a scan does, and say of which methods there is none."""
    from hashmatch.hashing import hashers  # noqa: PLC0415
    from hashmatch.jobs import choice, hasher_trial  # noqa: PLC0415

    _line("hasher pdq", f"{hashers.PDQ_IMPLEMENTATION}, {hashers.PDQ_DIALECT}")
    offers = tuple(hashers.offers())
    tried = {
        one.method: f"unusable ({one.origin}): {one.trouble}"
        if one.trouble
        else f"{one.implementation}: passed"
        for one in hasher_trial.trials(offers, confinement().target, limits().memory)
    }
    for method in choice.FURTHER:
        _line(f"hasher {method}", tried.get(method, f"none: {hashers.absent(method)}"))
    for name in hashers.misnamed():
        _line("hasher ignored", f"{name}: named after no method that a plug-in can bring")


def _found(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # in a folder that may not be entered
        return False


def _usable(folder: Path) -> bool:
    """Tell whether a folder can be written to, or made where it is not there yet."""
    try:
        there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    except OSError:
        return False


def _line(key: str, value: str) -> None:
    click.echo(f"{key:<31} {value}")
