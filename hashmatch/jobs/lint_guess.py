"""Which line spoilt a list that is not recognised: values or checksums, but for a few lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VALUE = re.compile(r"[0-9A-Fa-f]{32,288}")
_SUM = re.compile(r"\\?[0-9A-Fa-f]{32,128} [ *]\S.*")


@dataclass(frozen=True, slots=True)
class Guess:
    """The format that most lines have, and the first line that has it not."""

    format_name: str
    line: int


def guess(head: bytes) -> Guess | None:
    """Give the format of at least half of the lines; None where most lines are something else.

    It is never taken without the operator's word: 32 digits may be the value of several
    algorithms.
    """
    lines = head.decode("utf-8-sig", "replace").splitlines()
    told = [(at, line.strip()) for at, line in enumerate(lines, 1)]
    told = [(at, line) for at, line in told if line and line[0] not in "#;"]
    for name, form in (("plain", _VALUE), ("sums", _SUM)):
        odd = [at for at, line in told if not form.fullmatch(line)]
        if odd and 2 * len(odd) <= len(told):
            return Guess(name, odd[0])
    return None
