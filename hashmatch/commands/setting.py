"""The one place where clock, chance, machine and environment are looked at."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import sys
from pathlib import Path

from hashmatch import __version__
from hashmatch.errors import UsageError
from hashmatch.model.people import Setting

_LIBRARIES = ("numpy", "pillow", "opencv-python-headless", "cryptography", "ijson", "pillow-heif")


def present() -> Setting:
    """Describe where and with what this command runs."""
    return Setting(
        clock=lambda: datetime.datetime.now(datetime.UTC).astimezone(),  # noqa: TID251
        entropy=os.urandom,
        host=platform.node() or "unnamed",
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        home=str(home()),
        argv=tuple(sys.argv[1:]),
        tool=_tool(),
    )


def home() -> Path:
    """The folder for keys and the default library.

    ``HASHMATCH_HOME``, else ``hashmatch`` in the user's data directory.

    Raises:
        UsageError: nothing says where this user's folders are.
    """
    stated = os.environ.get("HASHMATCH_HOME")
    if stated:
        return Path(stated)
    data = os.environ.get("XDG_DATA_HOME")
    if data:
        return Path(data) / "hashmatch"
    try:
        return Path.home() / ".local" / "share" / "hashmatch"
    except RuntimeError:
        msg = "this user has no home folder; set HASHMATCH_HOME to a folder for keys and library"
        raise UsageError(msg) from None


def _tool() -> dict[str, str]:
    versions = {"name": "hashmatch", "version": __version__, "python": platform.python_version()}
    return versions | {name: found for name in _LIBRARIES if (found := _version(name))}


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
