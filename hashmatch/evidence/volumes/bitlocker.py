"""Volumes encrypted with BitLocker, opened through libbde."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.media.as_file import MediumFile
from hashmatch.evidence.volumes.unlocked import Unlocked
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.secrets import Secrets

NAME = "bde"
_SIGN = b"-FVE-FS-"
_TO_GO = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
_RECOVERY = re.compile(rb"\d{6}(?:-\d{6}){7}")
_ERRORS = (OSError, RuntimeError, ValueError, TypeError, MemoryError)


def recognise(content: Medium) -> bool:
    """Tell whether a volume is encrypted with BitLocker, that of removable drives included."""
    head = content.read_at(0, 512)
    return head[3:11] == _SIGN or head[424:440] == _TO_GO


def unlock(content: Medium, secrets: Secrets) -> Medium:
    """Open a volume by the first secret that fits: a password, a recovery password.

    A volume whose protection is suspended has its key beside it, and opens without any. A start-up
    key (.bek) is not tried: the library reads such from a file that it opens itself, which is not
    allowed where evidence is parsed.

    Raises:
        MountError: none fits, it is damaged, or the library is not installed.
    """
    try:
        import pybde  # noqa: PLC0415  # optional
    except ImportError:
        advice = "BitLocker is read by a library that is missing: pip install 'hashmatch[disk]'"
        raise MountError(Reason.NO_BACKEND, advice) from None
    for way, word in _ways(secrets):
        volume: Any = pybde.volume()
        try:
            if way:
                getattr(volume, way)(word)
            volume.open_file_object(MediumFile(content))
            if not volume.is_locked():
                return Unlocked(volume, int(volume.get_size()), content, NAME)
            volume.close()
        except _ERRORS:
            advice = "the BitLocker metadata is damaged, or of a kind that libbde does not read"
            raise MountError(Reason.UNSUPPORTED_STORAGE, advice) from None
    advice = (
        "the volume is encrypted with BitLocker; give its password or recovery password "
        "(--passwords)"
    )
    if secrets.passwords:
        advice = "none of the passwords given opens this BitLocker volume"
    if secrets.keys:
        advice += "; a start-up key (.bek) cannot be used here, the recovery password can"
    raise MountError(Reason.KEY_NEEDED, advice)


def _ways(secrets: Secrets) -> Iterator[tuple[str, str]]:
    """Yield what to set on a volume before it is opened: nothing first, then each secret."""
    yield "", ""
    for secret in secrets.passwords:
        word = secret.decode("utf-8", "replace")
        if _RECOVERY.fullmatch(secret):
            yield "set_recovery_password", word
        yield "set_password", word
