"""Memory that belongs to no file, for what may not lie on a disk in the clear."""

from __future__ import annotations

import mmap

_ADVICE = ("MADV_HUGEPAGE", "MADV_DONTDUMP")
"""Large pages make far-flung reading faster; no core dump shall hold the content."""


def memory(size: int) -> memoryview:
    """Give so many zero bytes; they are let go of with the last view of them.

    A kernel built without large pages or without that kind of advice gives the memory as usual.
    """
    area = mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for name in _ADVICE:
        if (advice := getattr(mmap, name, None)) is not None:
            try:
                area.madvise(advice)
            except OSError:
                continue  # it is only advice
    return memoryview(area)[:size]
