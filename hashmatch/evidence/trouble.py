"""What an error of the operating system means for one entry."""

from __future__ import annotations

import errno

from hashmatch.model.outcomes import Reason

_REASONS: dict[int, Reason] = {
    errno.EACCES: Reason.PERMISSION,
    errno.EPERM: Reason.PERMISSION,
    errno.ENOENT: Reason.VANISHED,
    errno.ESTALE: Reason.VANISHED,
    # Names are opened one by one and no link is followed: these say that the name now belongs to
    # something of another kind than was listed (a link, a file for a folder, a socket).
    errno.ELOOP: Reason.REPLACED,
    errno.ENOTDIR: Reason.REPLACED,
    errno.EISDIR: Reason.REPLACED,
    errno.ENXIO: Reason.REPLACED,
    errno.ENAMETOOLONG: Reason.NAME_TOO_LONG,
    errno.EBUSY: Reason.BUSY,
    errno.EAGAIN: Reason.BUSY,
    errno.ETXTBSY: Reason.BUSY,
    errno.EIO: Reason.IO,
    errno.EREMOTEIO: Reason.IO,
    errno.ETIMEDOUT: Reason.IO,
    # What file systems answer when their own structures are damaged.
    errno.EUCLEAN: Reason.IO,
    errno.EBADMSG: Reason.IO,
    errno.EILSEQ: Reason.IO,
    errno.ENOMEM: Reason.OUT_OF_MEMORY,
}


def reason_of(error: OSError) -> Reason:
    """Name the reason why the operating system refused; never fails, whatever the number."""
    return _REASONS.get(error.errno or 0, Reason.OTHER_OS)
