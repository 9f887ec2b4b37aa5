"""How much has come out of one item so far, held against its limits. Real bytes are counted."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from hashmatch.model.profile import MemberLimits

_BYTES_PER_SECOND = 1 << 20
_BROKEN_OFF = frozenset({Reason.DAMAGED_CONTAINER, Reason.CHECKSUM, Reason.IO})


class Spent(Exception):  # noqa: N818  # it is an end, not a fault
    """A limit on all that an item holds is reached: nothing more of it is looked at."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Budget:
    """What may still come out of one item.

    Args:
        limits: the limits.
        size: bytes of the item itself.
    """

    def __init__(self, limits: MemberLimits, size: int) -> None:
        self.limits = limits
        self._bytes = max(limits.total, limits.times * size)
        self._members = limits.count
        self._end = time.monotonic() + limits.seconds + size / _BYTES_PER_SECOND

    def begin(self) -> None:
        """Count one member; raises :class:`Spent`."""
        self._members -= 1
        if self._members < 0:
            raise Spent(Reason.LIMIT_COUNT)
        self._look_at_clock()

    def take(self, count: int) -> None:
        """Count bytes that came out; raises :class:`Spent`."""
        self._bytes -= count
        if self._bytes < 0:
            raise Spent(Reason.LIMIT_TOTAL)
        self._look_at_clock()

    def _look_at_clock(self) -> None:
        if time.monotonic() > self._end:
            raise Spent(Reason.LIMIT_TIME)


class Metered(io.RawIOBase):
    """A member's content as it is unpacked: counted, and kept where it is needed again.

    Args:
        content: what the container gives.
        budget: what may still come out of the item.
        packed: bytes of the container it comes from; what comes out is compared with them.
        keep: whether to keep the content, as far as the limits allow.

    ``size`` counts what came out. ``fault`` says that the content ended before its end, or is not
    what its checksum says; a part of a picture can still be compared.
    """

    def __init__(self, content: BinaryIO, budget: Budget, packed: int, *, keep: bool) -> None:
        self._content, self.budget = content, budget
        self._kept = io.BytesIO() if keep else None
        limits = budget.limits
        self._ratio_most = max(limits.free, limits.ratio * packed)
        self.size = 0
        self.fault: Reason | None = None

    def readable(self) -> bool:
        """It is read, and nothing else."""
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401  # as its parent has it
        """Unpack some more; raises :class:`Spent` or ``MemberError``."""
        view = memoryview(buffer)
        try:
            part = self._content.read(len(view))
        except MemberError as error:
            if error.reason not in _BROKEN_OFF or not self.size:
                raise
            self.fault = error.reason
            return 0
        count = len(part)
        self.budget.take(count)
        self.size += count
        self._refuse_too_much()
        view[:count] = part
        if self._kept is not None:
            self._kept.write(part)
        return count

    def _refuse_too_much(self) -> None:
        limits = self.budget.limits
        if self.size > limits.bytes:
            raise MemberError(Reason.LIMIT_SIZE)
        if self.size > self._ratio_most:
            raise MemberError(Reason.LIMIT_RATIO)
        if self._kept is not None and self.size > limits.kept:
            self._kept = None

    def kept(self) -> BinaryIO | None:
        """The whole content at its beginning; None where it was not to be kept, or is too long."""
        if self._kept is not None:
            self._kept.seek(0)
        return cast("BinaryIO | None", self._kept)
