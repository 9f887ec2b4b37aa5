"""Show how far a scan is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import math
import os
import sys
import time
from typing import TYPE_CHECKING, Self

from hashmatch.commands.printing import amount, span, tell
from hashmatch.errors import UsageError
from hashmatch.jobs.verifying import Checking

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from hashmatch.jobs.ingest import Reached
    from hashmatch.jobs.scan import Progress

_HEARTBEAT = 10.0  # seconds between lines where nobody watches
_FRAME = 0.2  # seconds between frames on a terminal


def heartbeat() -> float:
    """Seconds between two lines about work that goes on, where nobody watches a terminal.

    Raises:
        UsageError: ``HASHMATCH_HEARTBEAT`` is no number of seconds.
    """
    stated = os.environ.get("HASHMATCH_HEARTBEAT")
    if not stated:
        return _HEARTBEAT
    try:
        seconds = float(stated)
    except ValueError:
        seconds = math.nan
    if not seconds >= 0:
        msg = "HASHMATCH_HEARTBEAT is no number of seconds, such as 10; set one or unset it"
        raise UsageError(msg)
    return seconds


class Imported:
    """Tells now and then how far an import is, and how long the rest may take."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._every = heartbeat()

    def __call__(self, now: Reached) -> None:
        """Take note of how far the import is."""
        elapsed = time.monotonic()
        if elapsed - self._last < self._every:
            return
        self._last = elapsed
        tell(
            f"records read: {now.records:,}, {amount(now.done)} of {amount(now.total)}"
            + _left(now.done, now.total, elapsed - self._began)
        )


def _left(done: int, total: int, seconds: float) -> str:
    """The time left as the bytes so far suggest; nothing where they suggest nothing."""
    if not 0 < done <= total:
        return ""
    return f", {span((total - done) * seconds / done)} left"


class Shown:
    """Draws progress on standard error. Names from the evidence are never shown."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._began = self._last = time.monotonic()
        self._every = heartbeat()
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            self._bar = _bar()
            self._bar.start()
            self._bar.add_task("scan", total=None, words="")
            self._every = _FRAME
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, now: Progress | Checking) -> None:
        """Take note of progress; draws only as often as somebody can read it."""
        elapsed = time.monotonic()
        if self._quiet or elapsed - self._last < self._every:
            return
        self._last = elapsed
        if isinstance(now, Checking):
            label, words = "checking", _checked(now)
            done, total = now.done, now.total
        else:
            label, words = "scanning", self._words(now)
            done, total = now.bytes_done, now.bytes_total
        if self._bar is None:
            tell(f"{label}: {words}")
        else:
            words = words if label == "scanning" else f"{label} {words}"
            self._bar.update(self._bar.task_ids[0], completed=done, total=total, words=words)

    def _words(self, now: Progress) -> str:
        """Entries, bytes, hits, failures, and the time left as the bytes so far suggest."""
        parts = [
            f"{now.entries_done:,} of {now.entries_total:,} entries",
            f"{amount(now.bytes_done)} of {amount(now.bytes_total)}",
            f"{now.hits:,} with hits",
        ]
        if now.failed:
            parts.append(f"{now.failed:,} failed")
        before = now.bytes_before
        seconds = time.monotonic() - self._began
        return ", ".join(parts) + _left(now.bytes_done - before, now.bytes_total - before, seconds)


def _checked(now: Checking) -> str:
    """Say how much of an exhibit was digested."""
    share = f"{100 * now.done // now.total} %" if now.total else "0 %"
    again = " once more" if now.again else ""
    return f"{now.label}{again}, {share} of {amount(now.total)}"


def _bar() -> Bar:
    # rich takes a while to import and is wanted on a terminal only
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415
    from rich.table import Column  # noqa: PLC0415

    return Bar(
        TaskProgressColumn(),
        BarColumn(bar_width=10),
        TextColumn("{task.fields[words]}", markup=False, table_column=Column(no_wrap=True)),
        console=Console(stderr=True, markup=False, emoji=False, highlight=False),
        transient=True,
    )
