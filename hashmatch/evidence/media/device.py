"""A block device, read only: a disk behind a write blocker, a card, a mapped volume."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hashmatch.evidence import block_devices
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.joined import Joined
from hashmatch.evidence.media.segments import Segments
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.secrets import Secrets

NAME = "device"
TITLE = "Block device"
CERTAINTY = 0


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:  # noqa: ARG001  # see Form
    """Yes for every block device, whatever it holds: its content is the medium."""
    try:
        return Path(os.fsdecode(path)).is_block_device()
    except OSError:
        return False


def open_medium(path: bytes, secrets: Secrets) -> Medium:  # noqa: ARG001  # see Form
    """Open it for reading, and note what the system says of it.

    Raises:
        MediumError: it cannot be opened, is no block device, or has no medium in it.
    """
    segments = Segments((path,), device=True)
    if not segments.all[0].size:  # a reader without a card, a loop device that has no file
        segments.close()
        msg = f"the device {names.shown(path)} is empty; is a medium in it?"
        raise MediumError(msg)
    return Joined(NAME, segments, block_devices.facts(segments.stored(0).status.st_rdev))


def files(path: bytes) -> tuple[bytes, ...]:
    """The device itself."""
    return (path,)
