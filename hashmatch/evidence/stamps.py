"""Which files an image is made of, and whether they are still the ones that were named."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from hashmatch.errors import EvidenceError
from hashmatch.evidence.trouble import reason_of
from hashmatch.model import names


@dataclass(frozen=True, slots=True)
class Stamp:
    """One file of an image, or a block device, as it was when the image was named.

    ``size`` in bytes and ``modified_ns`` in nanoseconds since 1970 are 0 for a device: the times
    of its node say nothing of its content.
    """

    path: bytes
    identity: tuple[int, int]
    size: int
    modified_ns: int


def of(path: bytes) -> Stamp:
    """Look at a file or device.

    Raises:
        EvidenceError: it is not there, or neither a file nor a block device.
    """
    try:
        return _of(path)
    except OSError as error:
        msg = f"{names.shown(path)} cannot be examined ({reason_of(error)}); is all of it there?"
        raise EvidenceError(msg) from None


def same(stamps: tuple[Stamp, ...]) -> bool:
    """Tell whether all are as they were: the same files, of the same size and time."""
    try:
        return all(_of(one.path) == one for one in stamps)
    except (OSError, EvidenceError):
        return False


def _of(path: bytes) -> Stamp:
    status = os.stat(path)  # noqa: PTH116  # raw bytes
    if stat.S_ISBLK(status.st_mode):
        return Stamp(path, (status.st_rdev, 0), 0, 0)
    if not stat.S_ISREG(status.st_mode):
        msg = f"{names.shown(path)} is neither a file nor a block device"
        raise EvidenceError(msg)
    return Stamp(path, (status.st_dev, status.st_ino), status.st_size, status.st_mtime_ns)
