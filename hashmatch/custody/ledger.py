"""Writing a custody ledger: a line and the signature over it come into force together.

An append signs the checkpoint for the new size and stores it under a pending name, then writes
the line, then gives the checkpoint its final name; each step is on the disk before the next
begins. Whenever the power goes, the next opening can tell an interrupted append from a change
by somebody else (:mod:`hashmatch.custody.recovery`).
"""

from __future__ import annotations

import copy
import fcntl
import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from hashmatch import durable
from hashmatch.custody import chain, checkpoint, entry, recovery, tail
from hashmatch.custody.chain import Chain
from hashmatch.errors import CaseError, CustodyError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hashmatch.custody.entry import Entry
    from hashmatch.custody.keys import SigningKey
    from hashmatch.model.people import Operator, Setting
    from hashmatch.model.records import Json

LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes to which case, signed with which key, at which machine."""

    case: str
    key: SigningKey
    operator: Operator
    setting: Setting

    @property
    def origin(self) -> str:
        """The name of the case's ledger and of its key in checkpoints."""
        return checkpoint.origin_of(self.case)


class Ledger:
    """A ledger that is open for writing, by this process alone.

    Made by :meth:`create` and :meth:`open`; ``folder`` is the one that holds ``ledger.jsonl``.
    After a failed append it is closed, and must be opened again.
    """

    def __init__(self, folder: Path, author: Author, lock: int, verified: Chain) -> None:
        self._folder = folder
        self._author = author
        self._lock = lock
        self._chain = verified
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND)
        self._length = os.fstat(self._file).st_size

    @classmethod
    def create(cls, folder: Path, author: Author) -> Self:
        """Begin an empty ledger; the first entry is for the caller to append.

        Raises:
            CustodyError: there is one in this folder already.
            CaseError: somebody is writing to it.
            OutputError: the folder cannot be written.
        """
        with _writing_to(folder) as lock:
            try:
                (folder / recovery.CHECKPOINTS).mkdir(mode=0o700)
            except FileExistsError:
                msg = f"there is already a ledger in {folder}; a ledger is begun only once"
                raise CustodyError(msg) from None
            durable.write(folder / recovery.LEDGER, b"")
            durable.sync_folder(folder)
            return cls(folder, author, lock, Chain())

    @classmethod
    def open(cls, folder: Path, author: Author) -> Self:
        """Open an existing ledger, verify it, and settle what an interrupted append left.

        Raises:
            CustodyError: it does not verify, or is signed with another key.
            CaseError: it is being written to, or its first entry was never written.
            OutputError: it cannot be reached or written.
        """
        _check_there(folder)
        with _writing_to(folder) as lock:
            verified, torn = recovery.settle(folder, author.origin, author.key.public)
            if verified.case != author.case:
                msg = f"the ledger in {folder} belongs to another case"
                raise CustodyError(msg)
            ledger = cls(folder, author, lock, verified)
        with ExitStack() as on_failure:
            on_failure.callback(ledger.close)
            for body in torn:
                ledger.append(recovery.RECOVER, body)
            on_failure.pop_all()
        return ledger

    @property
    def path(self) -> Path:
        """The file with the entries."""
        return self._folder / recovery.LEDGER

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._chain.size

    def append(self, kind: str, body: Mapping[str, Json]) -> Entry:
        """Add an entry and sign for it. When this returns, both are on the disk.

        Raises:
            CustodyError: the body holds what a ledger line cannot (a float, a key that is not
                NFC), or the file was changed by somebody else meanwhile. Nothing is written.
            OutputError: the disk does not take it; the ledger stays as it was.
        """
        author, grown = self._author, copy.deepcopy(self._chain)
        try:
            line = entry.write(
                grown.place, kind, body, author.case, author.operator, author.setting
            )
        except ValueError as error:
            msg = f"a {kind} entry cannot be written: {error}"
            raise CustodyError(msg) from None
        added = grown.follow(line + b"\n")
        note = checkpoint.sign(author.origin, grown.size, grown.tree.root(), author.key)
        self._store(line + b"\n", note, grown)
        return added

    def _store(self, line: bytes, note: bytes, grown: Chain) -> None:
        checkpoints = self._folder / recovery.CHECKPOINTS
        pending = tail.file_of(checkpoints, grown.size, pending=True)
        self._check_untouched()
        try:
            durable.write(pending, note)
            durable.sync_folder(checkpoints)
            _write_all(self._file, line)
            os.fsync(self._file)
            pending.rename(tail.file_of(checkpoints, grown.size))
        except OSError as error:
            self._take_back(pending)
            raise _refused(self._folder, error) from None
        self._chain, self._length = grown, self._length + len(line)
        try:
            durable.sync_folder(checkpoints)
        except OSError as error:  # in force, but perhaps not after a power cut
            self.close()
            raise _refused(self._folder, error) from None

    def _check_untouched(self) -> None:
        if self._file < 0:
            msg = f"the ledger in {self._folder} is closed; open it again"
            raise CustodyError(msg)
        if os.fstat(self._file).st_size != self._length:
            msg = f"{self.path} was changed by something else while it was open"
            raise CustodyError(msg)

    def _take_back(self, pending: Path) -> None:
        """Undo a failed append, the line before its checkpoint, or it would look like a change.

        What cannot be undone now is an interrupted append, which the next opening settles.
        """
        with suppress(OSError):
            os.ftruncate(self._file, self._length)
            os.fsync(self._file)
            pending.unlink(missing_ok=True)
            durable.sync_folder(pending.parent)
        self.close()

    def entries(self) -> Iterator[Entry]:
        """Read the entries from the first one, checking each against those before it.

        Raises:
            CustodyError: a line does not follow, or the file cannot be read.
        """
        try:
            yield from chain.read(self.path)
        except OSError as error:
            msg = f"the ledger {self.path} cannot be read: {error.strerror}"
            raise CustodyError(msg) from None

    def close(self) -> None:
        """Let others write. May be called again."""
        for handle in (self._file, self._lock):
            if handle >= 0:
                os.close(handle)
        self._file = self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_there(folder: Path) -> None:
    try:
        there = (folder / recovery.LEDGER).is_file()
    except OSError as error:  # the folder may not be entered
        raise _refused(folder, error) from None
    if not there:
        msg = f"there is no ledger in {folder}; restore the case folder from a copy"
        raise CustodyError(msg)


@contextmanager
def _writing_to(folder: Path) -> Iterator[int]:
    """Hold the lock of a ledger; it stays held after the block unless the block fails."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        with ExitStack() as on_failure:
            on_failure.callback(os.close, handle)
            _acquire(handle, folder)
            yield handle
            on_failure.pop_all()
    except OSError as error:
        raise _refused(folder, error) from None


def _acquire(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        msg = f"another hashmatch command is writing to this case ({folder}); wait for it to end"
        raise CaseError(msg) from None


def _write_all(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]


def _refused(folder: Path, error: OSError) -> OutputError:
    msg = (
        f"the ledger in {folder} could not be written: {error.strerror}; "
        "make room or mend the permissions and run the same command again"
    )
    return OutputError(msg)
