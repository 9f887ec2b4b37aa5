"""Images that are recognised by a sure sign and cannot be read: each is refused with advice.

What is not recognised here is not thereby readable: nothing unknown is ever taken as raw.

Sources of the signatures: the magic numbers of each form as published by its maker, by libyal's
specifications or by QEMU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from hashmatch.evidence.media import signatures
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.stored import Stored
from hashmatch.model import names

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.model.secrets import Secrets

NAME = "refused"
TITLE = "Forms that are recognised and not read"
CERTAINTY = 1

_EXPORT = "export a raw or E01 image of it with {} and scan that"
_DECRYPT = "decrypt it with its password by 'hdiutil convert -format UDTO' and scan that"
_QEMU = "convert it with 'qemu-img convert -O raw' and scan that"
_FTK = _EXPORT.format("FTK Imager")
_HEADS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"ADSEGMENTEDFILE\0", "an AD1 image of AccessData", _FTK),
    (0, b"ADCRYPT\0", "an image encrypted by AccessData", f"with its password {_FTK}"),
    (
        0,
        b"encrcdsa",
        "an encrypted Apple disk image",
        _DECRYPT,
    ),
    (
        0,
        b"sprs\0\0\0",
        "an Apple sparse image",
        "convert it by 'hdiutil convert -format UDTO' and scan that",
    ),
    (0, b"WithoutFreeSpace", "a Parallels disk", _QEMU),
    (0, b"WithouFreSpacExt", "a Parallels disk", _QEMU),
    (64, b"\x7f\x10\xda\xbe", "a VirtualBox disk (VDI)", _QEMU),
    (0, b"MSWIM\0\0\0", "a Windows image (WIM)", "apply it to an empty folder and scan that"),
    (0, b"AFF10\r\n\0", "an AFF image of version 1 to 3", _EXPORT.format("affconvert")),
    (0, b"QED\0", "a QEMU enhanced disk (QED)", _QEMU),
)
_ENCRYPTED_END = b"cdsaencr"
_NEAR = 4096
_ZIP = b"PK\x03\x04"
_AFF4 = b"container.description", b"information.turtle"


def recognise(head: bytes, tail: bytes, path: bytes) -> bool:  # noqa: ARG001
    """Tell by its first or last bytes."""
    return _what(head, tail) is not None


def files(path: bytes) -> tuple[bytes, ...]:
    """Name the file itself."""
    return (path,)


def open_medium(path: bytes, secrets: Secrets) -> Medium:  # noqa: ARG001
    """Refuse it.

    Raises:
        MediumError: always; says what it is and what would help.
    """
    _refuse(path)


def _refuse(path: bytes) -> NoReturn:
    file = Stored(path)
    try:
        what = _what(
            file.header(0, _NEAR), file.header(max(0, file.size - _NEAR), min(_NEAR, file.size))
        )
    finally:
        file.close()
    kind, advice = what or ("no longer what it was", "do not change evidence during a scan")
    msg = f"{names.shown(path)} is {kind}, which is not read; {advice}"
    raise MediumError(msg)


def _what(head: bytes, tail: bytes) -> tuple[str, str] | None:
    for place, magic, kind, advice in _HEADS:
        if head.startswith(magic, place):
            return kind, advice
    if tail.endswith(_ENCRYPTED_END) and signatures.name_of(head) is None:
        return "an encrypted Apple disk image", _DECRYPT
    if head.startswith(_ZIP) and all(name in head[:_NEAR] or name in tail for name in _AFF4):
        return "an AFF4 image", _EXPORT.format("the tool that made it")
    return None
