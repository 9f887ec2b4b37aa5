"""Load what reading evidence needs, in a process that is about to be confined.

What Python loads itself could be loaded later; libraries of the system that it needs could not.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import time
from contextlib import suppress

from hashmatch.evidence.members import libarchive

MODULES = ("bz2", "ctypes", "lzma", "sqlite3", "zlib")
"""Those that need libraries of the system. What is not installed is said by what would need it."""
_RUNTIME = "libstdc++.so.6"
"""What the library for PDF needs of the system; itself it is loaded only where there is one."""
FILE_SYSTEMS = ("pytsk3",)
"""Those that read file systems, besides."""


def load(*, file_systems: bool = True) -> None:
    """Load them, and put the process into UTC, as one of them gives times by its zone.

    Args:
        file_systems: whether there are images among the evidence.
    """
    os.environ["TZ"] = "UTC0"  # written out: the file that says what a name means may be closed
    time.tzset()
    for name in (*MODULES, *(FILE_SYSTEMS if file_systems else ())):
        with suppress(ImportError):
            importlib.import_module(name)
    with suppress(OSError):
        ctypes.CDLL(_RUNTIME)
    libarchive.library()
