"""Whether what evidence lies on can be written to, as its mount and its device say."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hashmatch.errors import EvidenceError
from hashmatch.evidence import block_devices
from hashmatch.evidence.trouble import reason_of
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hashmatch.model.records import Json

_MOUNTS = Path("/proc/self/mountinfo")
_LINE = re.compile(
    rb"(\d+) \d+ (\d+):(\d+) \S+ (\S+) (\S+)(?: \S+)*? - (\S+) (\S+) (\S+)",
)
_PLUGGED = ("usb", "mmc", "firewire")
_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Protection:
    """Facts for the record; None where the system does not say.

    ``read_only_mount``: the file system is mounted so; for a device, that neither it nor a part of
    it is mounted for writing. ``device`` is the kernel's name of the device below.
    ``device_read_only`` is what the device itself answers; a hardware write blocker mostly does
    not show there. ``removable``: it can be unplugged, as the system or its bus says, and does
    not hold the running system. ``loop``: a file stands for it.
    """

    read_only_mount: bool | None = None
    mount_point: str = ""
    file_system: str = ""
    options: str = ""
    device: str = ""
    device_read_only: bool | None = None
    removable: bool | None = None
    loop: bool | None = None

    def to_json(self) -> dict[str, Json]:
        """Give what is known under its names."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in found.items() if value not in {None, ""}}


@dataclass(frozen=True, slots=True)
class _Mount:
    number: int
    device: int
    point: bytes
    options: str
    kind: str
    source: bytes
    super_options: str

    @property
    def read_only(self) -> bool:
        return "ro" in self.options.split(",") or "ro" in self.super_options.split(",")


def of(path: bytes) -> Protection:
    """Look at what a folder, file or block device lies on. Nothing is opened for writing.

    Args:
        path: absolute.

    Raises:
        EvidenceError: it cannot be reached.
    """
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            number = _mount_number(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        msg = f"{names.shown(path)} cannot be reached ({reason_of(error)}); check the path"
        raise EvidenceError(msg) from None
    mounts = list(_mounts())
    if stat.S_ISBLK(status.st_mode):
        return _of_device(path, status.st_rdev, mounts)
    mount = next((one for one in mounts if one.number == number), None)
    return Protection() if mount is None else _of_mount(mount, mounts)


def refuse_reason(protection: Protection, path: bytes) -> str | None:
    """Say why a folder should not be read as evidence: it can be unplugged, and written.

    Args:
        protection: of the folder.
        path: of the folder, for the message.

    Returns:
        A sentence for people, or None where there is no such reason.
    """
    if protection.removable and protection.read_only_mount is False:
        return (
            f"{names.shown(path)} lies on the removable device {protection.device}, which is "
            "mounted for writing; mount it read-only or use a write blocker, "
            "or allow it with --allow-rw-mount"
        )
    return None


def warning(protection: Protection, path: bytes) -> str | None:
    """Say of a device that was read, and that somebody may have written to meanwhile.

    Args:
        protection: of the device.
        path: of the device, for the message.
    """
    if protection.read_only_mount is not False:
        return None
    return (
        f"{names.shown(path)} is mounted for writing at {names.shown(protection.mount_point)}; what"
        " was read may change at any time: unmount it, or use a write blocker"
    )


def _of_mount(mount: _Mount, mounts: list[_Mount]) -> Protection:
    below = _below(_device_of(mount), mount.source, mounts)
    return _shown(replace(below, read_only_mount=mount.read_only), mount)


def _of_device(path: bytes, number: int, mounts: list[_Mount]) -> Protection:
    place = block_devices.place(number)
    over = [one for one in mounts if _overlap(place, block_devices.place(_device_of(one)))]
    written = [one for one in over if not one.read_only]
    below = replace(_below(number, path, mounts), read_only_mount=not written)
    return _shown(below, (written or over)[0]) if over else below


def _shown(below: Protection, mount: _Mount) -> Protection:
    point = names.to_text(mount.point)
    return replace(below, mount_point=point, file_system=mount.kind, options=mount.options)


def _below(number: int, node: bytes, mounts: list[_Mount]) -> Protection:
    """Gather what is known of a device; ``node`` is where it may be asked itself."""
    name = block_devices.name_of(number)
    if not name:
        return Protection()
    read_only = block_devices.flag(number, "read_only")
    if _number(node) == number:
        answer = block_devices.refuses_writing(node)
        read_only = read_only if answer is None else answer
    return Protection(
        device=name,
        device_read_only=read_only,
        removable=_unplugs(number, mounts),
        loop=name.startswith("loop"),
    )


def _unplugs(number: int, mounts: list[_Mount]) -> bool | None:
    """Tell whether a device can be unplugged: by its own flag, or by the bus that it hangs on.

    Disks on USB mostly do not call themselves removable. What holds the running system is not.
    """
    place = block_devices.place(number)
    roots = (block_devices.place(_device_of(one)) for one in mounts if one.point == b"/")
    if any(_overlap(place, root) or _overlap(place.parent, root) for root in roots):
        return False
    if any(part.startswith(_PLUGGED) for part in place.parts):
        return True
    return block_devices.flag(number, "removable")


def _overlap(one: Path, other: Path) -> bool:
    """Tell whether two places in the tree of devices are the same, or a disk and a part of it."""
    return one.name != "" and (one == other or one in other.parents or other in one.parents)


def _device_of(mount: _Mount) -> int:
    """Give the device of a mount; for file systems over several, that which they are named by."""
    if os.major(mount.device):
        return mount.device
    return _number(mount.source) if mount.source.startswith(b"/dev/") else 0


def _number(node: bytes) -> int:
    try:
        status = os.stat(node)  # noqa: PTH116  # raw bytes
    except (OSError, ValueError):
        return 0
    return status.st_rdev if stat.S_ISBLK(status.st_mode) else 0


def _mount_number(descriptor: int) -> int:
    """Ask the kernel which mount an open file is on: the path alone does not tell it for sure."""
    try:
        text = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
    except OSError:
        return -1
    found = re.search(r"^mnt_id:\s*(\d+)$", text, re.MULTILINE)
    return int(found[1]) if found else -1


def _mounts() -> Iterator[_Mount]:
    """Read the mounts that this process sees, as proc(5) describes them."""
    try:
        lines = _MOUNTS.read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        number, major, minor, point, options, kind, source, above = found.groups()
        yield _Mount(
            int(number),
            os.makedev(int(major), int(minor)),
            _plain(point),
            options.decode("ascii", "replace"),
            kind.decode("ascii", "replace"),
            _plain(source),
            above.decode("ascii", "replace"),
        )


def _plain(text: bytes) -> bytes:
    """Undo the octal numbers that stand for blanks and backslashes."""
    return _OCTAL.sub(lambda found: bytes((int(found[1], 8) & 0xFF,)), text)
