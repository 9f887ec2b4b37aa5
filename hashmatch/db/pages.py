"""Page sums: each 64 KiB of an open file is proved once, when it is first looked at.

The sums stand at the file's end; the manifest pins them, so that a damaged page is never taken
for an answer and nothing has to be read before it is needed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from hashmatch.errors import HashSetError

PAGE = 1 << 16
SUM_BYTES = 16


def page_sum(page: bytes | memoryview) -> bytes:
    """Give the sum of a page: the first half of its SHA-256."""
    return hashlib.sha256(page).digest()[:SUM_BYTES]


def count(length: int) -> int:
    """Tell how many pages a length of bytes has; the last may be shorter."""
    return -(-length // PAGE)


class Pages:
    """The pages of one open file and which of them were proved."""

    def __init__(self, data: memoryview, sums: bytes, damaged: Callable[[], HashSetError]) -> None:
        """Take the file without its sums, the sums, and what to raise for a wrong page."""
        self._data, self._sums, self._damaged = data, sums, damaged
        self._proved = bytearray(count(len(data)))

    def prove(self, start: int, end: int) -> None:
        """Prove all pages from one byte up to another.

        Raises:
            HashSetError: a page is not the one that was written.
        """
        for page in range(start // PAGE, count(end)):
            if not self._proved[page]:
                self._prove(page)

    def prove_many(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        """Prove the pages of many stretches of bytes; raises as :meth:`prove`."""
        import numpy as np  # noqa: PLC0415  # a single look-up does without

        full = np.flatnonzero(ends > starts)
        first, last = starts[full] // PAGE, (ends[full] - 1) // PAGE
        touched = np.zeros(len(self._proved) + 1, np.int64)
        np.add.at(touched, first, 1)
        np.add.at(touched, last + 1, -1)
        wanted = (np.cumsum(touched)[:-1] > 0) & (np.frombuffer(self._proved, np.uint8) == 0)
        for page in np.flatnonzero(wanted).tolist():
            self._prove(page)

    def _prove(self, page: int) -> None:
        start = page * PAGE
        expected = self._sums[page * SUM_BYTES : (page + 1) * SUM_BYTES]
        if page_sum(self._data[start : start + PAGE]) != expected:
            raise self._damaged()
        self._proved[page] = 1
