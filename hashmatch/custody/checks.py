"""What a check found: it holds, it does not, or it could not be made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hashmatch.custody import regular
from hashmatch.errors import CustodyError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Verdict(StrEnum):
    """How a check ended. What was not checked is never shown as passed."""

    PASS = "PASS"  # noqa: S105  # not a password
    FAIL = "FAIL"
    NOT_CHECKED = "NOT CHECKED"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a verification. ``required`` checks must be made for the whole to be sound."""

    name: str
    verdict: Verdict
    detail: str
    required: bool = True


def made(name: str, work: Callable[[], str]) -> Check:
    """Make one required check.

    Args:
        name: what is checked.
        work: returns the detail of a PASS, or raises ``CustodyError`` with that of a FAIL. A
            file that is not there is a FAIL; one that cannot be read makes it NOT CHECKED.
    """
    try:
        return passed(name, work())
    except CustodyError as error:
        return failed(name, str(error))
    except OSError as error:
        return unreadable(name, error)


def passed(name: str, detail: str) -> Check:
    """Say that a required check holds."""
    return Check(name, Verdict.PASS, detail)


def failed(name: str, detail: str) -> Check:
    """Say that a required check does not hold."""
    return Check(name, Verdict.FAIL, detail)


def unreadable(name: str, error: OSError) -> Check:
    """Say that a file is not there, which is a failure, or that it could not be read."""
    if regular.is_missing(error):
        return failed(name, f"{error.filename} is missing or not what it should be")
    return not_made(name, f"{error.filename} cannot be read: {error.strerror}")


def not_made(name: str, why: str, *, required: bool = True) -> Check:
    """Say that a check was not made, and why."""
    return Check(name, Verdict.NOT_CHECKED, why, required)


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """Sum up: 22 if anything fails, 3 if a required check could not be made, else 0."""
    found = {(check.verdict, check.required) for check in checks}
    if {(Verdict.FAIL, True), (Verdict.FAIL, False)} & found:
        return ExitCode.CUSTODY
    return ExitCode.INCOMPLETE if (Verdict.NOT_CHECKED, True) in found else ExitCode.CLEAR
