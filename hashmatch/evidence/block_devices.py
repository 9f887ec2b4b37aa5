"""What the system says of a block device, and whether it lets itself be written."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from hashmatch.evidence.folders import open_quietly

if TYPE_CHECKING:
    from hashmatch.model.records import Json

_DEVICES = Path("/sys/dev/block")
_BLKROGET = 0x125E
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_NUMBERS = {
    "sectors_of_512": "size",
    "logical_sector": "queue/logical_block_size",
    "physical_sector": "queue/physical_block_size",
}
_FLAGGED = {"read_only": "ro", "removable": "removable", "turning": "queue/rotational"}
_TEXTS = {
    "model": "device/model",
    "vendor": "device/vendor",
    "revision": "device/rev",
    "serial": "device/serial",
    "wwid": "device/wwid",
    "backing_file": "loop/backing_file",
    "mapped_as": "dm/name",
}
_MOST = 4096


def facts(number: int) -> dict[str, Json]:
    """Gather what the system says of a device; what it does not say is absent.

    Args:
        number: as ``st_rdev`` of the device, or ``st_dev`` of a file on it, gives it.

    Returns:
        Name, sizes in bytes unless the name says otherwise, model and serial number. A partition
        has those of its disk for what it does not have itself. The serial number is what the disk
        or its adapter says.
    """
    numbers = {name: _text(number, path) for name, path in _NUMBERS.items()}
    flags = {name: flag(number, name) for name in _FLAGGED}
    texts = {name: _text(number, path) for name, path in _TEXTS.items()}
    texts["serial"] = texts["serial"] or _page(number)
    texts["name"] = name_of(number)
    return {
        **{name: int(text) for name, text in numbers.items() if text.isdigit()},
        **{name: value for name, value in flags.items() if value is not None},
        **{name: text for name, text in texts.items() if text},
    }


def place(number: int) -> Path:
    """Give where a device stands in the tree of devices: below its disk, its adapter, its bus.

    An empty path where the system has none.
    """
    try:
        return (_DEVICES / f"{os.major(number)}:{os.minor(number)}").resolve(strict=True)
    except (OSError, RuntimeError):
        return Path()


def name_of(number: int) -> str:
    """Give the kernel's name of a device, such as ``sdb1``; empty where it has none."""
    return place(number).name


def flag(number: int, name: str) -> bool | None:
    """Read a fact of :func:`facts` that is yes or no; None where the system does not say."""
    text = _text(number, _FLAGGED[name])
    return text == "1" if text in {"0", "1"} else None


def refuses_writing(path: bytes) -> bool | None:
    """Ask a device itself whether it is set read-only.

    A trial opening for writing would say yes of a device that is read-only: the kernel refuses
    only the writing. A hardware write blocker mostly does not show here.

    Returns:
        None where it cannot be asked.
    """
    try:
        descriptor = open_quietly(path, _FLAGS)
    except OSError:
        return None
    try:
        answer = fcntl.ioctl(descriptor, _BLKROGET, bytes(4))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return bool(struct.unpack("i", answer)[0])


def _text(number: int, path: str) -> str:
    """Read a file of the device, or of the disk that it is a partition of."""
    own = place(number)
    if not own.name:
        return ""
    for folder in (own,) if path in {"size", "ro"} else (own, own.parent):
        try:
            return (folder / path).read_bytes()[:_MOST].decode("utf-8", "replace").strip()
        except OSError:
            continue
    return ""


def _page(number: int) -> str:
    """Read the serial number of a SCSI disk: page 80 of its product data, after 4 bytes."""
    try:
        data = (place(number) / "device" / "vpd_pg80").read_bytes()[:_MOST]
    except OSError:
        return ""
    return data[4:].decode("ascii", "replace").strip("\0 ")
