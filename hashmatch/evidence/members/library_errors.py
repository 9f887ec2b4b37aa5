"""The seam around libraries that read containers: whatever they raise becomes a reason."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hashmatch.evidence.members.interface import MemberError
from hashmatch.model.outcomes import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def reasons(otherwise: Reason = Reason.DAMAGED_CONTAINER) -> Iterator[None]:
    """Turn any error of what is done inside into a ``MemberError``.

    Args:
        otherwise: the reason where the kind of the error says nothing.
    """
    try:
        yield
    except MemberError:
        raise
    except MemoryError:
        raise MemberError(Reason.OUT_OF_MEMORY) from None
    except ImportError:
        raise MemberError(Reason.NO_BACKEND) from None
    except Exception:  # noqa: BLE001  # hostile input makes a library raise anything
        raise MemberError(otherwise) from None
