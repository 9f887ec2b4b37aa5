"""What a container is: an item that holds others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hashmatch.model.facts import Facts
    from hashmatch.model.locators import Layer
    from hashmatch.model.outcomes import Reason, Rule
    from hashmatch.model.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Inside:
    """One member that is about to be given.

    ``name`` is raw bytes as stored, ``/`` between folders; ``layer`` names it in the container: its
    kind, the name, and ``n=`` with its number in the container's own order, so that two members
    of one name differ. ``size`` is what the container says, -1 where it does not. ``modified_ns``
    is 0 where it is not known. ``doubt`` says why the content is no file that anybody ever had,
    such as the samples of a picture in a document, so that only the picture is compared.
    ``open`` gives the content, unpacked while it is read; the stream is valid until the next
    member is asked for. It raises ``MemberError``, also while it is read.
    """

    name: bytes
    layer: Layer
    size: int
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)
    modified_ns: int = 0
    facts: Facts | None = None
    doubt: Reason | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A member that cannot be given; or, with an empty name, the rest of the container."""

    name: bytes
    layer: Layer
    reason: Reason


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A member that has no content of its own: a link, a device. Folders are not given at all."""

    name: bytes
    layer: Layer
    rule: Rule


Given: TypeAlias = Inside | Trouble | LeftOut


class MemberError(Exception):
    """A member, or what was asked of it, failed; becomes a ``Failed`` and ends nothing else."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Container(Protocol):
    """A module of this package that looks into one kind of container."""

    NAME: str
    """The kind in locators: ``zip``, ``tar``, ``pdf``, ``mime``, ..."""
    TITLE: str
    """As people call it."""
    HELP: str
    """What to install where a library or program is missing; empty where nothing is needed."""

    def recognise(self, head: bytes, name: bytes) -> bool:
        """Tell by the first 4096 bytes whether it is such a container.

        The name may help where content alone cannot tell, and never decides against content.
        """

    def members(self, stream: BinaryIO, secrets: Secrets) -> Iterator[Given]:
        """Yield every member once, in the container's own order, as it is unpacked.

        Args:
            stream: the container, seekable, at 0; nothing is ever written, here or elsewhere.
            secrets: passwords to try.

        Raises:
            MemberError: nothing (more) of it can be read.
        """
