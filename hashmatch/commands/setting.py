"""The one place where clock, chance, machine and environment are looked at."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hashmatch import __version__
from hashmatch.errors import UsageError
from hashmatch.model.people import Setting

if TYPE_CHECKING:
    from hashmatch.jobs.confinement.levels import Mode
    from hashmatch.jobs.examine import Limits

_LEAST_MEMORY = 64  # MiB
_LIBRARIES = (
    *("numpy", "pillow", "cryptography", "pillow-heif", "imagehash"),
    *("pycryptodome", "opencv-contrib-python-headless", "av"),
    *("pytsk3", "libewf-python", "libfsapfs-python", "libbde-python", "isal"),
    *("py7zr", "inflate64", "pybcj", "backports.zstd", "pikepdf", "libpff-python"),
)
"""Those on which a result may depend: their versions are part of the record of a run."""


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


def confinement() -> Mode:
    """How far worker processes are to be confined: ``HASHMATCH_CONFINE``, else what there is.

    Raises:
        UsageError: it is no such word.
    """
    from hashmatch.jobs.confinement.levels import Mode  # noqa: PLC0415  # a look-up does without

    stated = os.environ.get("HASHMATCH_CONFINE") or Mode.AUTO
    try:
        return Mode(stated)
    except ValueError:
        msg = f"HASHMATCH_CONFINE is none of {', '.join(Mode)}; set one of them or unset it"
        raise UsageError(msg) from None


def limits() -> Limits:
    """What one item may cost; ``HASHMATCH_WORKER_MEMORY`` states the memory in MiB.

    Raises:
        UsageError: it is no number, or too little for any picture.
    """
    from hashmatch.jobs.examine import Limits  # noqa: PLC0415  # a look-up does without

    stated = os.environ.get("HASHMATCH_WORKER_MEMORY")
    if not stated:
        return Limits()
    if not stated.isascii() or not stated.isdigit() or int(stated) < _LEAST_MEMORY:
        msg = (
            f"HASHMATCH_WORKER_MEMORY is no number of MiB from {_LEAST_MEMORY} on, such as "
            f"{Limits().memory >> 20}; set one or unset it"
        )
        raise UsageError(msg)
    return Limits(memory=int(stated) << 20)


def _tool() -> dict[str, str]:
    versions = {"name": "hashmatch", "version": __version__, "python": platform.python_version()}
    return versions | {name: found for name in _LIBRARIES if (found := _version(name))}


def _version(distribution: str) -> str | None:
    from importlib import metadata  # noqa: PLC0415  # a look-up does without

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
