"""How long passwords and keys are tried on encrypted volumes: a header may ask for minutes each."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 120
"""After so long no further secret is tried on a volume."""
WHOLE = 1200
"""After so long in all, none is tried on any further volume of a medium."""


class Patience:
    """Counts the time that trying takes, over all volumes of a medium."""

    def __init__(self) -> None:
        self._left = float(WHOLE)
        self._end = 0.0

    @contextmanager
    def of_volume(self) -> Iterator[None]:
        """Count while the secrets are tried on one volume."""
        start = time.monotonic()
        self._end = start + min(SECONDS, self._left)
        try:
            yield
        finally:
            self._left -= time.monotonic() - start

    def check(self, kind: str, else_: str) -> None:
        """Say before each attempt whether there is time for it.

        Args:
            kind: what the volume is encrypted with, for people.
            else_: what else they could do.

        Raises:
            MountError: the time is over.
        """
        if time.monotonic() > self._end:
            advice = (
                f"not all passwords and keys were tried in {SECONDS} seconds, or {WHOLE} for all "
                f"volumes: give those alone that may fit this {kind} volume, or {else_}"
            )
            raise MountError(Reason.LIMIT_TIME, advice)
