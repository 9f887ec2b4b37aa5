"""Keep a C library from writing to standard error, which belongs to the people who read it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDERR = 2
# Opened when this module is loaded: later a sandbox may forbid it.
_NOWHERE = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)


@contextmanager
def hushed() -> Iterator[None]:
    """Send the process's standard error to nowhere for a while; does nothing when it is closed.

    Concerns the whole process: what other threads write meanwhile is lost too.
    """
    try:
        before = os.dup(_STDERR)
    except OSError:  # standard error is closed: nothing can be written there
        yield
        return
    os.dup2(_NOWHERE, _STDERR)
    try:
        yield
    finally:
        os.dup2(before, _STDERR)
        os.close(before)
