"""Refuse to work with an installation that does not compute what it must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.errors import HashmatchError
from hashmatch.hashing import known_answers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hashmatch.model.hashes import Algorithm


def self_test(algorithms: Iterable[Algorithm]) -> list[tuple[str, bool]]:
    """Compute the known answers of the digests that a run needs, and of perceptual hashes.

    Returns:
        Name and result of each, for the run record.

    Raises:
        HashmatchError: one of them is wrong; nothing that this installation says can be trusted.
    """
    answers = [(str(name), bool(passed)) for name, passed in known_answers.check(algorithms)]
    wrong = [name for name, passed in answers if not passed]
    if wrong:
        msg = (
            f"self-test failed for {', '.join(wrong)}: this installation does not compute what "
            "it must; reinstall hashmatch and run 'hashmatch doctor'"
        )
        raise HashmatchError(msg)
    return answers
