"""What is open of an image in this process: the medium, its volumes, their file systems."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hashmatch.evidence import stamps
from hashmatch.evidence.media import registry as media
from hashmatch.evidence.media import unread
from hashmatch.evidence.media.around import Around
from hashmatch.evidence.media.interface import MediumError
from hashmatch.model import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from hashmatch.evidence.filesystems.interface import FileSystem
    from hashmatch.evidence.media.interface import Medium
    from hashmatch.evidence.stamps import Stamp
    from hashmatch.evidence.volumes.interface import Opened, Volume
    from hashmatch.model.secrets import Secrets

KEPT_OPEN = 8
"""Volumes of an image that are kept open at a time."""

_FRESH = 0.5  # seconds for which files that were looked at count as unchanged


@dataclass(frozen=True, slots=True)
class Told:
    """What was learnt of a volume when it was opened: its file system, and what would help."""

    kind: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Mounted:
    """A volume that is open, with its file system."""

    opened: Opened
    files: FileSystem


class Stack:
    """Opens an image at the first question, and each volume at the first question about it.

    A copy sent to another process starts with nothing open: positions and caches of an open file
    would be shared. Used by one thread at a time.
    """

    def __init__(self, form: str, parts: tuple[Stamp, ...], secrets: Secrets) -> None:
        self._form = form
        self._parts = parts
        self._secrets = secrets
        self._watch: Callable[[int], None] | None = None
        self._medium: Medium | None = None
        self._volumes: tuple[Volume, ...] | None = None
        self._open: OrderedDict[int, Mounted] = OrderedDict()
        self._told: dict[int, Told] = {}
        self._looked = (-_FRESH, False)

    def __reduce__(self) -> tuple[type[Stack], tuple[str, tuple[Stamp, ...], Secrets]]:
        return Stack, (self._form, self._parts, self._secrets)

    def __repr__(self) -> str:
        return f"Stack({self._form!r})"

    def watch(self, note: Callable[[int], None]) -> None:
        """Have each reading of the medium told, with its bytes; before anything is opened."""
        self._watch = note

    def medium(self) -> Medium:
        """Give the medium.

        Raises:
            MediumError: it cannot be opened, or its files are not those that were named.
        """
        if self._medium is None:
            form = media.by_name(self._form)
            if not stamps.same(self._parts):
                msg = f"{names.shown(self._parts[0].path)} changed since it was named"
                raise MediumError(msg)
            try:
                medium = form.open_medium(self._parts[0].path, self._secrets)
            except OSError as error:
                msg = f"{names.shown(self._parts[0].path)} cannot be opened ({error.strerror})"
                raise MediumError(msg) from None
            self._medium = medium if self._watch is None else _Watched(medium, self._watch)
        return self._medium

    def volumes(self) -> tuple[Volume, ...]:
        """Give what the medium is divided into.

        Raises:
            MediumError: as :meth:`medium` has it.
        """
        if self._volumes is None:
            from hashmatch.evidence.volumes import finding  # noqa: PLC0415  # outside libraries

            self._volumes = tuple(finding.volumes(self._counted(), self._secrets))
        return self._volumes

    def _counted(self) -> Medium:
        return unread.counted(self.medium())

    def opened(self, volume: Volume) -> Opened:
        """Give a volume with its content, whether or not there is a file system on it.

        Raises:
            LookupError: it is not there any more.
            MountError: it cannot be looked into.
            MediumError: the medium cannot be opened.
        """
        from hashmatch.evidence.volumes import finding  # noqa: PLC0415  # outside libraries

        if volume.number in self._open:
            return self._open[volume.number].opened
        opened = finding.open_volume(self._counted(), volume.layers, self._secrets)
        return replace(opened, volume=volume)

    def mounted(self, volume: Volume) -> Mounted:
        """Give a volume with its file system.

        Raises:
            MountError: it cannot be read; the volume is told so.
            LookupError or MediumError: as :meth:`opened` has it.
        """
        if volume.number in self._open:
            self._open.move_to_end(volume.number)
            return self._open[volume.number]
        from hashmatch.evidence.filesystems import registry  # noqa: PLC0415  # outside libraries
        from hashmatch.evidence.filesystems.interface import MountError  # noqa: PLC0415

        try:
            opened = self.opened(volume)
            files = registry.mount(opened, self._secrets)
        except MountError as error:
            self._told[volume.number] = Told(advice=error.advice)
            raise
        self._told[volume.number] = Told(files.kind)
        self._open[volume.number] = Mounted(opened, files)
        if len(self._open) > KEPT_OPEN:
            self._open.popitem(last=False)[1].files.close()
        return self._open[volume.number]

    def told(self, volume: Volume) -> Told:
        """What was learnt of a volume so far."""
        return self._told.get(volume.number, Told(advice=volume.advice))

    def unchanged(self) -> bool:
        """Tell whether the files are those that were named, as they were then."""
        now = time.monotonic()
        if now - self._looked[0] >= _FRESH or not self._looked[1]:
            self._looked = (now, stamps.same(self._parts))
        return self._looked[1]

    def close(self) -> None:
        """Let go of everything; the next question opens what it needs again."""
        while self._open:
            self._open.popitem()[1].files.close()
        self._volumes = None
        if self._medium is not None:
            self._medium.close()
            self._medium = None


class _Watched(Around):
    """A medium that tells how much is read of it; it is closed with what it is around."""

    def __init__(self, medium: Medium, note: Callable[[int], None]) -> None:
        super().__init__(medium)
        self._note = note

    def read_at(self, offset: int, length: int) -> bytes:
        content = super().read_at(offset, length)
        self._note(len(content))
        return content

    def close(self) -> None:
        self._medium.close()
