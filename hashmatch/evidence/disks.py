"""What kind of disk a file lies on."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_DEVICES = Path("/sys/dev/block")


@lru_cache(maxsize=256)
def turns(device: int) -> bool:
    """Tell whether a device is a turning disk, which loses time when it is read at two places.

    False where the system does not say: network file systems and those made by programs. Virtual
    machines often say so of disks that do not turn.

    Args:
        device: as ``st_dev`` of a file gives it.
    """
    place = _DEVICES / f"{os.major(device)}:{os.minor(device)}"
    for folder in (place, place.resolve().parent):  # a partition asks the disk that it is part of
        try:
            return (folder / "queue" / "rotational").read_text() == "1\n"
        except OSError:
            continue
    return False
