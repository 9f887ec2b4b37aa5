"""Tell what a path given as evidence is: a folder, a file, an image of a disk, a device."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hashmatch.errors import UsageError
from hashmatch.evidence import stamps
from hashmatch.evidence.file import FileSource
from hashmatch.evidence.folder import FolderSource
from hashmatch.evidence.image import ImageSource
from hashmatch.evidence.media import registry
from hashmatch.evidence.media.interface import MediumError
from hashmatch.evidence.trouble import reason_of
from hashmatch.model import names
from hashmatch.model.secrets import Secrets

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Form
    from hashmatch.model.evidence import Source

AUTO, FILE = "auto", "file"
"""Words beside the names of forms: by content, and a plain file whatever it holds."""

_ENDINGS = frozenset(
    b".dd .raw .img .image .bin .000 .001 .aa .iso .dmg .sparseimage .e01 .ex01 .l01 .lx01 .s01"
    b" .ad1 .aff .afd .aff4 .vmdk .vhd .vhdx .vdi .qcow .qcow2 .hdd .hds .wim .gho".split()
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How sources are to be read.

    ``form`` is ``auto``, ``file`` or the name of a form of image, for all of them. ``secrets``,
    ``deleted`` and ``carve`` as :class:`hashmatch.evidence.image.ImageSource` has them.
    """

    form: str = AUTO
    secrets: Secrets = field(default_factory=Secrets)
    deleted: bool = True
    carve: bool = False


def words() -> tuple[str, ...]:
    """Give every word for a form."""
    return AUTO, FILE, *sorted(registry.names())


def source_of(location: bytes, wishes: Wishes) -> Source:
    """Tell what a path is, by its content; never by its name alone.

    A file that is no image known here is a plain file, but for one whose name ends like that of
    an image: a plain reading would find nothing in it, and say so without any doubt.

    Args:
        location: an absolute path without links.
        wishes: how to read it.

    Raises:
        UsageError: it is not there or of no use as evidence, or ``form`` is no word for a form.
        EvidenceError: it is an image of a kind that cannot be read, or may be one.
    """
    try:
        mode = os.stat(location).st_mode  # noqa: PTH116  # raw bytes
    except FileNotFoundError:
        msg = f"{names.shown(location)} does not exist; name a folder, an image or a device"
        raise UsageError(msg) from None
    except (OSError, ValueError) as error:
        why = reason_of(error) if isinstance(error, OSError) else "no file can have that name"
        msg = f"{names.shown(location)} cannot be examined: {why}"
        raise UsageError(msg) from None
    if stat.S_ISDIR(mode):
        _refuse_as(location, wishes.form)
        return FolderSource(location)
    if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
        msg = f"{names.shown(location)} is neither a folder, a file nor a block device"
        raise UsageError(msg)
    return _of_content(location, wishes, device=stat.S_ISBLK(mode))


def _refuse_as(location: bytes, form: str) -> None:
    if form != AUTO:
        msg = f"{names.shown(location)} is a folder, and --as {form} is for files"
        raise UsageError(msg)


def _of_content(location: bytes, wishes: Wishes, *, device: bool) -> Source:
    if wishes.form == FILE and not device:
        return FileSource(location)
    by_content = wishes.form in {AUTO, FILE}
    form = registry.find(location) if by_content else registry.by_name(wishes.form)
    if form is not None:
        return _image(location, form, wishes, device=device)
    if os.path.splitext(location)[1].lower() in _ENDINGS:  # noqa: PTH122  # raw bytes
        msg = (
            f"{names.shown(location)} is not an image that hashmatch knows: if it is a raw copy"
            " without any table of partitions, say --as raw; if it is a plain file, --as file"
        )
        raise MediumError(msg)
    return FileSource(location)


def _image(location: bytes, form: Form, wishes: Wishes, *, device: bool) -> ImageSource:
    files = form.files(location) or (location,)
    if files[0] != location:
        msg = (
            f"{names.shown(location)} is one of several files of an image; "
            f"name the first of them, {names.shown(files[0])}"
        )
        raise UsageError(msg)
    parts = tuple(stamps.of(path) for path in dict.fromkeys(files))
    how = (wishes.secrets, wishes.deleted, wishes.carve, device)
    return ImageSource(location, form.NAME, parts, *how)
