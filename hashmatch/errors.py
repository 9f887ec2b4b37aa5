"""How a run can end, and the errors that end one early.

Two kinds of trouble are kept apart. Trouble with one item is a value
(:class:`hashmatch.model.outcomes.Failed`) and the run goes on. Trouble that makes the whole
run worthless is one of the exceptions below, and the run stops with its exit code.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Process exit codes. A code not listed here MUST be read as a failure.

    0, 3, 10 and 13 are results: 10 is added when there are hits, 3 when something could not
    be examined. Python itself exits with 1 on a crash and click with 2 on bad usage, so
    neither number ever means a result.
    """

    CLEAR = 0
    CRASH = 1
    USAGE = 2
    INCOMPLETE = 3
    HITS = 10
    HITS_INCOMPLETE = 13
    EVIDENCE = 20
    HASH_SET = 21
    CUSTODY = 22
    CASE = 23
    OUTPUT = 24
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """One line for help texts and the README; a test compares the three."""
        return _MEANING[self]


_MEANING: dict[ExitCode, str] = {
    ExitCode.CLEAR: "complete, nothing hit / verified",
    ExitCode.CRASH: "a bug in hashmatch; never a result",
    ExitCode.USAGE: "wrong words, missing path, nothing to match against; evidence untouched",
    ExitCode.INCOMPLETE: "no hit, but something could not be examined or checked",
    ExitCode.HITS: "complete, at least one hit",
    ExitCode.HITS_INCOMPLETE: "at least one hit, and something could not be examined",
    ExitCode.EVIDENCE: "stopped: the evidence source cannot be used",
    ExitCode.HASH_SET: "stopped: a hash list or the library was refused",
    ExitCode.CUSTODY: "the custody record was altered or cannot be trusted",
    ExitCode.CASE: "stopped: the case folder cannot be used",
    ExitCode.OUTPUT: "stopped: output could not be written in full",
    ExitCode.INTERRUPTED: "interrupted; run the same command again to resume",
}


class HashmatchError(Exception):
    """The run cannot go on. Subclasses say which part of the work it concerns.

    The message is one human sentence: what was found, what was expected, what to do. It never
    repeats list content or evidence content.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.CRASH


class UsageError(HashmatchError):
    """The words on the command line ask for something that cannot be done."""

    exit_code = ExitCode.USAGE


class EvidenceError(HashmatchError):
    """A source is missing, unreadable as a whole, or not what it was when the run began."""

    exit_code = ExitCode.EVIDENCE


class HashSetError(HashmatchError):
    """A hash list is malformed, or the library cannot answer for it."""

    exit_code = ExitCode.HASH_SET


class CustodyError(HashmatchError):
    """The custody ledger does not verify, or may not be written."""

    exit_code = ExitCode.CUSTODY


class CaseError(HashmatchError):
    """A case folder or its settings are invalid."""

    exit_code = ExitCode.CASE


class OutputError(HashmatchError):
    """A report, run record or ledger could not be written in full."""

    exit_code = ExitCode.OUTPUT
