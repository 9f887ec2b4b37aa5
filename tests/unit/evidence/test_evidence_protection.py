"""What evidence lies on: mounts and devices, as the system itself says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hashmatch.errors import EvidenceError
from hashmatch.evidence import block_devices, protection
from hashmatch.evidence.media import device, registry
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.media.segments import Segments
from hashmatch.evidence.protection import Protection
from hashmatch.model.secrets import Secrets


def test_the_mount_of_a_path_is_the_one_the_kernel_names(tmp_path):
    found = protection.of(os.fsencode(tmp_path))
    status = os.statvfs(tmp_path)
    assert found.read_only_mount is bool(status.f_flag & os.ST_RDONLY)
    assert str(tmp_path).startswith(found.mount_point)
    assert found.to_json()["file_system"] == found.file_system
    proc = protection.of(b"/proc")
    assert (proc.mount_point, proc.file_system, proc.device) == ("/proc", "proc", "")
    assert proc.to_json().keys() <= {"read_only_mount", "mount_point", "file_system", "options"}
    with pytest.raises(EvidenceError, match="cannot be reached"):
        protection.of(os.fsencode(tmp_path / "missing"))


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Stand in for the files of the kernel: two disks and how they are mounted."""
    devices = tmp_path / "sys" / "dev" / "block"
    devices.mkdir(parents=True)
    usb = tmp_path / "sys" / "devices" / "pci0000:00" / "usb2" / "2-1" / "block" / "sdx"
    inner = tmp_path / "sys" / "devices" / "pci0000:00" / "ata1" / "block" / "sda"
    facts = {
        usb: {"ro": "0", "size": "2048", "removable": "0", "device/model": "Stick  \n"},
        usb / "sdx1": {"ro": "0", "size": "2000", "partition": "1"},
        inner: {"ro": "1", "size": "4096", "removable": "0"},
        inner / "sda1": {"ro": "0", "size": "4000"},
        inner / "sda2": {"ro": "0", "size": "90"},
    }
    for folder, files in facts.items():
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text + "\n")
    (usb / "device" / "vpd_pg80").write_bytes(b"\0\x80\0\x08 1234AB\0")
    for number, folder in zip(("250:0", "250:1", "251:0", "251:1", "251:2"), facts, strict=True):
        (devices / number).symlink_to(folder)
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr(block_devices, "_DEVICES", devices)
    monkeypatch.setattr(protection, "_MOUNTS", mounts)

    def mounted(*lines):
        number = protection._mount_number
        mounts.write_text("\n".join(lines) + "\n")
        monkeypatch.setattr(protection, "_mount_number", lambda _: 7)
        return number

    return mounted


ROOT = "1 0 251:1 / / rw,relatime shared:1 - ext4 /dev/none rw"


def test_a_disk_that_can_be_unplugged_and_written_is_refused(system, tmp_path):
    system(ROOT, r"7 1 250:1 / /media/my\040stick rw,nosuid shared:9 master:1 - vfat /dev/none rw")
    found = protection.of(os.fsencode(tmp_path))
    assert found == Protection(
        read_only_mount=False,
        mount_point="/media/my stick",
        file_system="vfat",
        options="rw,nosuid",
        device="sdx1",
        device_read_only=False,
        removable=True,
        loop=False,
    )
    reason = protection.refuse_reason(found, b"/media/my stick")
    assert "sdx1, which is mounted for writing" in reason
    assert "--allow-rw-mount" in reason


def test_read_only_by_either_options_is_fine(system, tmp_path):
    for own, above in (("ro", "rw"), ("rw", "ro")):
        system(ROOT, f"7 1 250:1 / /mnt {own} - vfat /dev/none {above}")
        found = protection.of(os.fsencode(tmp_path))
        assert (found.read_only_mount, found.removable) == (True, True)
        assert protection.refuse_reason(found, b"/mnt") is None


def test_what_holds_the_running_system_is_not_removable(system, tmp_path):
    system("7 1 250:1 / / rw - ext4 /dev/none rw")
    found = protection.of(os.fsencode(tmp_path))
    assert (found.device, found.removable) == ("sdx1", False)
    system(ROOT, "7 1 251:2 / /data rw - ext4 /dev/none rw", "a line that means nothing")
    found = protection.of(os.fsencode(tmp_path))
    assert (found.device, found.removable) == ("sda2", False)
    assert protection.refuse_reason(found, b"/data") is None


def test_without_a_word_of_the_system_nothing_is_claimed(system, tmp_path, monkeypatch):
    monkeypatch.setattr(protection, "_MOUNTS", tmp_path / "missing")
    assert protection.of(os.fsencode(tmp_path)) == Protection()
    assert Protection().to_json() == {}
    assert block_devices.facts(os.makedev(9, 9)) == {}
    assert block_devices.refuses_writing(os.fsencode(tmp_path / "missing")) is None
    assert block_devices.refuses_writing(os.fsencode(tmp_path)) is None


def test_a_partition_has_the_facts_of_its_disk(system):
    assert block_devices.facts(os.makedev(250, 1)) == {
        "name": "sdx1",
        "sectors_of_512": 2000,
        "read_only": False,
        "removable": False,
        "model": "Stick",
    }
    whole = block_devices.facts(os.makedev(250, 0))
    assert (whole["serial"], whole["model"]) == ("1234AB", "Stick")
    assert block_devices.facts(os.makedev(251, 0))["read_only"] is True


def test_a_file_is_no_device(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(MediumError, match="not a block device"):
        device.open_medium(os.fsencode(tmp_path / "file"), Secrets())
    assert not device.recognise(b"", b"", os.fsencode(tmp_path / "missing"))


@pytest.fixture
def loop(tmp_path):
    """A read-only loop device over a file, where this machine lets us have one."""
    if os.geteuid() != 0 or shutil.which("losetup") is None:
        pytest.skip("loop devices need root and losetup")
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(range(256)) * 64)
    made = subprocess.run(
        ["losetup", "--read-only", "--show", "--find", image],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("this machine gives no loop device")
    path = made.stdout.strip()
    yield Path(path)
    subprocess.run(["losetup", "--detach", path], check=True)


def test_a_device_is_read_and_says_that_it_refuses_writing(loop):
    path = os.fsencode(loop)
    assert registry.find(path) is device
    assert device.files(path) == (path,)
    medium = device.open_medium(path, Secrets())
    assert medium.size == 256 * 64
    assert medium.read_at(250, 20_000) == (bytes(range(256)) * 64)[250:]
    assert medium.facts.said["read_only"] is True
    assert medium.facts.said["backing_file"].endswith("disk.img")
    medium.close()
    os.close(os.open(path, os.O_RDWR))  # a trial opening would say that it can be written
    assert block_devices.refuses_writing(path) is True
    found = protection.of(path)
    assert (found.device_read_only, found.loop, found.read_only_mount) == (True, True, True)


def test_a_device_that_is_mounted_for_writing_is_warned_of():
    written = protection.Protection(read_only_mount=False, mount_point="/media/a")
    assert "mounted for writing at /media/a" in protection.warning(written, b"/dev/sdx")
    for one in (protection.Protection(), protection.Protection(read_only_mount=True)):
        assert protection.warning(one, b"/dev/sdx") is None


def test_a_device_without_a_medium_is_refused_and_not_taken_for_one_that_is_unknown(
    tmp_path, monkeypatch
):
    """Such is a reader without a card."""
    reader = tmp_path / "sdx"
    reader.touch()
    monkeypatch.setattr(device, "Segments", lambda paths, **_: Segments(paths))
    with pytest.raises(MediumError, match=r"sdx is empty; is a medium in it\?"):
        device.open_medium(os.fsencode(reader), Secrets())
    reader.write_bytes(bytes(512))
    monkeypatch.setattr(block_devices, "facts", lambda _: {})
    assert device.open_medium(os.fsencode(reader), Secrets()).size == 512
