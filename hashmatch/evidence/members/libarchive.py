"""The system's libarchive, for what nothing else here unpacks. It reads only what it is given.

Its symbols are called directly, since looking for it would start other programs.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.members.unpacked import BLOCK
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HELP = "install libarchive (Debian: libarchive13)"
_NAMES = ("libarchive.so.13", "libarchive.so", "libarchive.13.dylib", "libarchive.dylib")
_OK, _END, _WARN = 0, 1, -20
_LZ4 = 13
"""Demanded by number, to be undone once: left to itself, libarchive undoes none, or several."""
_ONE = 2  # what is counted where one method was undone: that and what reads the source
_READ = ctypes.CFUNCTYPE(
    ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)
)
_POINTERS = {
    "archive_read_new": (),
    "archive_read_support_format_rar": (ctypes.c_void_p,),
    "archive_read_support_format_rar5": (ctypes.c_void_p,),
    "archive_read_support_format_raw": (ctypes.c_void_p,),
    "archive_read_support_format_zip_streamable": (ctypes.c_void_p,),
    "archive_read_set_options": (ctypes.c_void_p, ctypes.c_char_p),
    "archive_read_append_filter": (ctypes.c_void_p, ctypes.c_int),
    "archive_read_support_filter_compress": (ctypes.c_void_p,),
    "archive_filter_count": (ctypes.c_void_p,),
    "archive_read_open": (
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_void_p,
        _READ,
        ctypes.c_void_p,
    ),
    "archive_read_next_header": (ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)),
    "archive_read_data": (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t),
    "archive_read_free": (ctypes.c_void_p,),
}


@cache
def library() -> Any:  # noqa: ANN401  # functions of a library
    """Load it; None where there is none, or one that lacks what is wanted."""
    for name in _NAMES:
        with suppress(OSError, AttributeError):
            found = ctypes.CDLL(name)
            for function, arguments in _POINTERS.items():
                getattr(found, function).argtypes = arguments
                getattr(found, function).restype = ctypes.c_int
            found.archive_read_new.restype = ctypes.c_void_p
            found.archive_read_data.restype = ctypes.c_ssize_t
            return found
    return None


class Reader:
    """Unpacks one archive, entry after entry.

    Args:
        source: the archive's bytes.
        format_: such as ``rar5`` or ``raw``; no other is tried.
        filter_: ``compress`` or ``lz4`` where the whole is packed so.
        options: as libarchive has them, such as ``zip:ignorecrc32=1``.

    Raises:
        MemberError: libarchive is not installed, or refuses.
    """

    def __init__(
        self, source: Iterable[bytes], format_: str, filter_: str = "", options: str = ""
    ) -> None:
        self._handle = None
        self._library = library()
        if self._library is None:
            raise MemberError(Reason.NO_BACKEND)
        self._source = iter(source)
        self._trouble: Exception | None = None
        self._block: Any = None
        self._filtered = bool(filter_)
        self._callback = _READ(self._give)
        self._handle = self._library.archive_read_new()
        if not self._handle:
            raise MemberError(Reason.OUT_OF_MEMORY)
        self._call(f"archive_read_support_format_{format_}")
        if filter_ == "lz4":
            self._call("archive_read_append_filter", _LZ4)
        elif filter_:  # which crashes if demanded
            self._call(f"archive_read_support_filter_{filter_}")
        if options:
            self._call("archive_read_set_options", options.encode())
        self._call("archive_read_open", None, None, self._callback, None)

    def __del__(self) -> None:
        if self._handle:
            self._library.archive_read_free(self._handle)

    def _give(self, _archive: int, _data: int, place: Any) -> int:  # noqa: ANN401  # a pointer
        """Hand over the next block; libarchive uses it until it asks for another."""
        try:
            block = next(self._source, b"")
        except Exception as error:  # noqa: BLE001  # C cannot raise it, and would see an end
            self._trouble = error
            return -1
        self._block = ctypes.create_string_buffer(block, len(block)) if block else None
        place[0] = ctypes.cast(self._block, ctypes.c_void_p) if block else None
        return len(block)

    def _call(self, name: str, *arguments: object) -> int:
        """Call one function; anything but success and the end is an error."""
        result: int = getattr(self._library, name)(self._handle, *arguments)
        if result in {_OK, _END, _WARN}:
            return result
        raise self._trouble or MemberError(Reason.DAMAGED_CONTAINER)

    def go_on(self) -> None:
        """Go to the next entry.

        Raises:
            MemberError: there is none, or it is damaged.
        """
        entry = ctypes.c_void_p()
        if self._call("archive_read_next_header", ctypes.byref(entry)) == _END:
            raise MemberError(Reason.DAMAGED_CONTAINER)
        undone = self._library.archive_filter_count(self._handle)
        if self._filtered and undone != _ONE:
            few = undone < _ONE  # what is packed would be given as it is
            raise MemberError(Reason.DAMAGED_CONTAINER if few else Reason.UNSUPPORTED_CONTAINER)

    def blocks(self, size: int = -1) -> Iterator[bytes]:
        """Give the content of the entry.

        Args:
            size: so many bytes are wanted, all for -1: filling after them can look like damage.

        Raises:
            MemberError: it is damaged.
        """
        buffer = ctypes.create_string_buffer(BLOCK)
        while size:
            wanted = BLOCK if size < 0 else min(BLOCK, size)
            count = self._library.archive_read_data(self._handle, buffer, wanted)
            if count < 0:
                raise self._trouble or MemberError(Reason.DAMAGED_CONTAINER)
            if not count and self._trouble is not None:
                raise self._trouble
            if not count:
                return
            yield buffer.raw[:count]
            size -= count if size > 0 else 0
