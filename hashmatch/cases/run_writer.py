"""Write the result files of a run so that a kill at any moment leaves it resumable."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from hashmatch import durable
from hashmatch.cases import journal, lines, listing, quick_lines
from hashmatch.cases.journal import Mark
from hashmatch.cases.layout import RESULT_FILES
from hashmatch.custody import canonical
from hashmatch.errors import CustodyError, OutputError
from hashmatch.model.tally import Tally

if TYPE_CHECKING:
    from typing import BinaryIO

    from hashmatch.cases.layout import RunFolder
    from hashmatch.custody.keys import SigningKey
    from hashmatch.model.outcomes import Outcome

PLAN = "plan.json"
_BUFFER = 1 << 20  # bytes


class RunWriter:
    """Appends outcomes in their order; ``sync`` makes what was written so far resumable.

    Args:
        folder: the run's folder; created by :func:`begin`.
        key: signs what can be resumed from.
        near: whether pictures are compared, see :func:`hashmatch.cases.lines.problem_lines`.
        quality_gate: least quality at which a perceptual hash is compared.
        videos: whether videos are compared.

    Raises:
        OutputError: anything that is not taken by the disk, from any method.
        CustodyError: what was written before was changed since.
    """

    def __init__(
        self,
        folder: RunFolder,
        key: SigningKey,
        *,
        near: bool,
        quality_gate: int,
        videos: bool = False,
    ) -> None:
        self.folder = folder
        self._key, self._near, self._gate, self._videos = key, near, quality_gate, videos
        for place in (folder.root, folder.state):
            if place.is_symlink():
                raise journal.altered(folder, place.name)
        point = journal.last(folder, key)
        self.entries = point.entries if point else 0
        self.tally = point.tally if point else Tally()
        self._files: list[BinaryIO] = []
        self._digests = [hashlib.sha256() for _ in self._paths()]
        try:
            for at, path in enumerate(self._paths()):
                handle = durable.open_own(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
                self._files.append(os.fdopen(handle, "a+b", buffering=_BUFFER))
                self._take_up(at, point)
            durable.sync_folder(folder.root)
        except FileExistsError as error:
            self.close()
            raise journal.altered(folder, Path(str(error.filename)).name) from None
        except OSError as error:
            self.close()
            raise _refused(self.folder, error) from None
        except CustodyError:
            self.close()
            raise

    def _take_up(self, at: int, point: Mark | None) -> None:
        """Check what a file holds up to the point, and cut off what came after it."""
        stream, digest = self._files[at], self._digests[at]
        rest = length = point.lengths[at] if point else 0
        stream.seek(0)
        while part := stream.read(min(_BUFFER, rest)):
            digest.update(part)
            rest -= len(part)
        if point and (rest or digest.hexdigest() != point.digests[at]):
            raise journal.altered(self.folder, RESULT_FILES[at])
        stream.truncate(length)
        stream.seek(length)

    def _paths(self) -> tuple[Path, ...]:
        return (self.folder.outcomes, self.folder.hits, self.folder.problems)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files. What was not synced counts as not written."""
        for stream in self._files:
            # A full disk refuses what is still buffered; the journal never counted on it.
            with suppress(OSError):
                stream.close()

    def write(self, source: int, outcome: Outcome, *, inside: bool = False) -> None:
        """Append the lines of one entry and count how it ended.

        Args:
            source: number of the source.
            outcome: how the entry ended.
            inside: it was not listed but found inside an item, which was written before.
        """
        n = self.tally.ended
        self.tally.add(outcome, near=self._near, quality_gate=self._gate, videos=self._videos)
        self.tally.inside += inside
        quick = quick_lines.of(n, source, outcome)
        try:
            if quick is not None:
                self._append(0, quick)
            else:
                self._write_lines(n, source, outcome)
        except OSError as error:
            raise _refused(self.folder, error) from None
        self.entries += not inside

    def _write_lines(self, n: int, source: int, outcome: Outcome) -> None:
        groups = (
            (lines.outcome_line(n, source, outcome),),
            lines.hit_lines(n, source, outcome),
            lines.problem_lines(
                n, source, outcome, near=self._near, quality_gate=self._gate, videos=self._videos
            ),
        )
        for at, group in enumerate(groups):
            for line in group:
                self._append(at, canonical.encode(line))

    def _append(self, at: int, line: bytes) -> None:
        line += b"\n"
        self._files[at].write(line)
        self._digests[at].update(line)

    def sync(self) -> None:
        """Bring everything to the disk, then note in the journal how far that is."""
        try:
            for stream in self._files:
                stream.flush()
                os.fsync(stream.fileno())
            lengths = tuple(stream.tell() for stream in self._files)
            digests = tuple(digest.hexdigest() for digest in self._digests)
            mark = Mark(self.entries, lengths, digests, self.tally)
            journal.append(self.folder, mark, self._key)
        except OSError as error:
            raise _refused(self.folder, error) from None


def begin(folder: RunFolder, plan: bytes) -> None:
    """Make the folder of a new run and keep its plan, so that only the same run resumes it."""
    try:
        folder.root.mkdir(mode=0o700)
        folder.state.mkdir(mode=0o700)
        durable.replace(folder.state / PLAN, plan)
        durable.sync_folder(folder.root)
        durable.sync_folder(folder.root.parent)
    except OSError as error:
        raise _refused(folder, error) from None


def plan_of(folder: RunFolder) -> bytes | None:
    """Read the plan of an unfinished run; None when the run stopped before it had one.

    Raises:
        CustodyError: the run has results and no plan: somebody removed it.
    """
    try:
        return (folder.state / PLAN).read_bytes()
    except FileNotFoundError:
        if folder.outcomes.exists():
            raise journal.altered(folder, PLAN) from None
        return None


def drop_state(folder: RunFolder) -> None:
    """Remove what a run needs only until it is sealed or given up.

    Only what hashmatch puts there is removed, and never through a link: what somebody else put
    in its place stays, and verifying the case names it.
    """
    if folder.root.is_symlink() or folder.state.is_symlink():
        return
    with suppress(OSError):  # already gone, or not ours
        for name in (PLAN, journal.FILE, listing.FILE):
            (folder.state / name).unlink(missing_ok=True)
        folder.state.rmdir()


def _refused(folder: RunFolder, error: OSError) -> OutputError:
    msg = (
        f"the run could not be written to {folder.root}: {error.strerror}; "
        "make room or mend the permissions and run the same command again to resume"
    )
    return OutputError(msg)
