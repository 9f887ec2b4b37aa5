"""Load what reading evidence needs, in a process that is about to be confined.

Libraries of the system could not be loaded later. Modules could; but where Python keeps them
compiled may be closed then, so that each process would compile them once more.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import time
from contextlib import suppress

from hashmatch.evidence.media import registry as forms
from hashmatch.evidence.members import libarchive
from hashmatch.evidence.members import registry as containers

MODULES = ("bz2", "ctypes", "lzma", "sqlite3", "zlib")
"""Those that need libraries of the system. What is not installed is said by what would need it."""
_RUNTIME = "libstdc++.so.6"
"""What the library for PDF needs of the system; itself it is loaded only where there is one."""
FILE_SYSTEMS = ("pytsk3",)
"""Those that read file systems, besides."""


def load(*, file_systems: bool = True, members: bool = False) -> None:
    """Load them, and put the process into UTC, as one of them gives times by its zone.

    Args:
        file_systems: whether there are images among the evidence.
        members: whether items are looked into.
    """
    os.environ["TZ"] = "UTC0"  # written out: the file that says what a name means may be closed
    time.tzset()
    for name in (*MODULES, *(FILE_SYSTEMS if file_systems else ())):
        with suppress(ImportError):
            importlib.import_module(name)
    with suppress(OSError):
        ctypes.CDLL(_RUNTIME)
    libarchive.library()
    if members:
        containers.containers()
    if file_systems:
        forms.all_forms()
        from hashmatch.evidence.filesystems import registry as kinds  # noqa: PLC0415  # for images
        from hashmatch.evidence.volumes import finding  # noqa: F401, PLC0415  # for images

        kinds.all_kinds()
