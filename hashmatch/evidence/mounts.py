"""How a place is mounted: whether reading there can leave traces."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hashmatch.errors import EvidenceError
from hashmatch.evidence.folders import open_quietly
from hashmatch.evidence.trouble import reason_of
from hashmatch.model import names


@dataclass(frozen=True, slots=True)
class Mount:
    """Facts for the run record.

    ``read_only``: the file system is mounted so; it says nothing of a hardware write blocker.
    ``access_times_kept``: reading leaves no access time, because of how it is mounted or because
    this user may read without leaving one. The latter is tried on the place itself: files of
    other owners below a folder can differ unless the user is root. File systems mounted further
    below are not looked at.
    """

    read_only: bool
    access_times_kept: bool


def of(location: bytes) -> Mount:
    """Look at how the file system of a folder or file is mounted.

    Raises:
        EvidenceError: it cannot be opened.
    """
    try:
        descriptor = open_quietly(location, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            flags = os.fstatvfs(descriptor).f_flag
        finally:
            os.close(descriptor)
        read_only = bool(flags & os.ST_RDONLY)
        kept = read_only or bool(flags & os.ST_NOATIME) or _may_read_quietly(location)
    except OSError as error:
        msg = f"{names.shown(location)} cannot be opened ({reason_of(error)}); check the mount"
        raise EvidenceError(msg) from None
    return Mount(read_only, kept)


def _may_read_quietly(location: bytes) -> bool:
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOATIME
    try:
        os.close(os.open(location, flags))
    except PermissionError:
        return False
    return True
