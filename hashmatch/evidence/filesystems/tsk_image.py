"""The Sleuth Kit as a library, reading a volume through a medium instead of through a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from hashmatch.evidence.media.interface import Medium

Handle: TypeAlias = Any
"""An object of the library, which says nothing of its types."""

TROUBLES = (
    OSError,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    SystemError,
)
"""What the library may raise for damaged structures; nothing of it may end a listing."""

_MISSING = "this file system is read with pytsk3: pip install 'hashmatch[disk]'"


def library() -> Handle:
    """Give the library.

    Raises:
        MountError: it is not installed.
    """
    try:
        import pytsk3  # noqa: PLC0415  # an optional part, loaded where evidence is parsed
    except ImportError:
        raise MountError(Reason.NO_BACKEND, _MISSING) from None
    return pytsk3


def image(content: Medium) -> Handle:
    """Let the library read a medium; the medium must outlive what is returned.

    Raises:
        MountError: the library is not installed.
    """
    tsk = library()
    base: Handle = tsk.Img_Info

    class Image(base):  # type: ignore[misc]  # a class without types
        """A medium, as the library asks for one."""

        def __init__(self) -> None:
            super().__init__(url="", type=tsk.TSK_IMG_TYPE_EXTERNAL)

        def close(self) -> None:
            """Leave the medium open: it belongs to who opened it."""

        def read(self, offset: int, size: int) -> bytes:
            """Read at a place; fewer bytes only at the end."""
            return content.read_at(offset, size)

        def get_size(self) -> int:
            """Bytes of the medium."""
            return content.size

    return Image()
