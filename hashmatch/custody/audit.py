"""Everything that can be said about a ledger from its own files and one public key.

Nothing is written, and memory does not grow with the number of entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hashmatch.custody import chain, checks, lines, merkle, recovery, regular, standalone, tail
from hashmatch.custody.chain import BrokenLinkError, MalformedLineError, Walk
from hashmatch.custody.checkpoint import origin_of
from hashmatch.custody.checks import Verdict
from hashmatch.custody.ledger import LOCK
from hashmatch.custody.tail import Ending, Tail
from hashmatch.errors import CustodyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hashmatch.custody.checkpoint import Checkpoint
    from hashmatch.custody.checks import Check
    from hashmatch.custody.entry import Entry
    from hashmatch.custody.keys import PublicKey

FORM, CHAIN, CHECKPOINTS = "ledger form", "ledger chain", "checkpoints"
LEFTOVERS, OLDER = "interrupted writes", "older checkpoint"

_KNOWN = {recovery.LEDGER, recovery.CHECKPOINTS, standalone.NAME, LOCK}
_INTERRUPTED = (
    "a write to the ledger was interrupted; the next command that writes to this case settles it"
)


class Audit:
    """The audit of one ledger.

    Args:
        folder: the folder that holds ``ledger.jsonl``.
        case: the id of the case that the ledger belongs to; None when it is not known.
        key: the key that signed the checkpoints; None when it is not known.
    """

    def __init__(self, folder: Path, case: str | None, key: PublicKey | None) -> None:
        self._folder = folder
        self._ledger = folder / recovery.LEDGER
        self._checkpoints = folder / recovery.CHECKPOINTS
        self._case, self._key = case, key
        self._origin = origin_of(case or "")
        self._recorded: dict[str, object] = {}  # by name: the entry about a torn line
        self._trouble: CustodyError | OSError | None = None  # the first with a checkpoint
        self._ending: Ending | None = None  # None while it is not known
        self._unrecorded = False

    def run(self, visit: Callable[[Entry], None]) -> list[Check]:
        """Read the ledger once and give its checks: form, chain, checkpoints, leftovers.

        Args:
            visit: is shown every entry up to the first that does not follow.
        """
        try:
            with regular.open_regular(self._ledger) as stream:
                return self._read(Walk(stream), tail.names_in(self._checkpoints), visit)
        except OSError as error:
            why = "the ledger and its checkpoints could not be read together"
            others = (CHAIN, CHECKPOINTS, LEFTOVERS)
            return [checks.unreadable(FORM, error), *(checks.not_made(n, why) for n in others)]

    def _read(self, walk: Walk, names: tail.Names, visit: Callable[[Entry], None]) -> list[Check]:
        try:
            for entry in walk:
                self._look_at(entry, walk.chain.tree, names.newest)
                visit(entry)
        except CustodyError as error:
            return _stopped(error, walk.chain.size)
        size = walk.chain.size
        signed = checks.made(CHECKPOINTS, lambda: self._signatures(walk, names))
        if self._key is None:
            signed = checks.not_made(CHECKPOINTS, "the case file names no usable key")
        form = checks.passed(FORM, f"{size} lines, each in canonical form")
        if walk.rest and self._ending is not Ending.TORN:
            form = checks.failed(FORM, chain.no_line_end(size + 1))
        follows = checks.passed(CHAIN, f"{size} entries, each follows from the one before")
        return [form, follows, signed, self._leftovers()]

    def _look_at(self, entry: Entry, tree: merkle.Tree, newest: int) -> None:
        if self._case not in {None, entry.case}:
            msg = f"ledger line {tree.size} belongs to another case than the case file"
            raise BrokenLinkError(msg)
        if entry.type == recovery.RECOVER:
            self._recorded[str(entry.body.get("kept_as"))] = entry.body
        if self._trouble is None and self._key is not None and tree.size <= newest:
            try:
                self._match(tree, self._key)
            except (CustodyError, OSError) as error:
                self._trouble = error

    def _match(self, tree: merkle.Tree, key: PublicKey) -> None:
        path = tail.file_of(self._checkpoints, tree.size)
        if tail.load(path, self._origin, tree.size, key).root != tree.root():
            msg = f"the first {tree.size} ledger lines are not those that were signed for"
            raise CustodyError(msg)

    def _signatures(self, walk: Walk, names: tail.Names) -> str:
        """Raise what was noticed on the way, then judge how the ledger ends."""
        if self._trouble is not None:
            raise self._trouble
        if names.strays:
            msg = f"unknown file {names.strays[0]} among the checkpoints"
            raise CustodyError(msg)
        if self._key is not None:
            tree = walk.chain.tree
            facts = Tail(tree.size, tree.root(), walk.rest, names.newest, names.pending)
            self._ending = tail.judge(facts, self._checkpoints, self._origin, self._key)
        if names.newest == 0 and self._ending is Ending.COVERED:
            msg = "the ledger is empty"
            raise CustodyError(msg)
        return f"{names.newest} signatures, the newest over the first {names.newest} entries"

    def _leftovers(self) -> Check:
        check = checks.made(LEFTOVERS, self._torn_lines)
        interrupted = self._ending not in {None, Ending.COVERED} or self._unrecorded
        if check.verdict is Verdict.PASS and interrupted:
            return checks.not_made(LEFTOVERS, _INTERRUPTED)
        return check

    def _torn_lines(self) -> str:
        found = {str(torn["kept_as"]): torn for torn in recovery.torn_files(self._folder)}
        strays = {path.name for path in self._folder.iterdir()} - _KNOWN - found.keys()
        if strays:
            msg = f"unknown file {min(strays)} beside the ledger"
            raise CustodyError(msg)
        for name, body in self._recorded.items():
            if found.get(name) != body:
                msg = f"{name}, a torn line, is not as the ledger recorded it"
                raise CustodyError(msg)
        self._unrecorded = found.keys() != self._recorded.keys()
        return f"{len(found)} torn lines were set aside and recorded" if found else "none"

    def extends(self, older: Checkpoint) -> Check:
        """Check that the ledger continues an older checkpoint, one that somebody kept elsewhere."""
        return checks.made(OLDER, lambda: self._continued(older))

    def _continued(self, held: Checkpoint) -> str:
        if self._key is None or held.origin != self._origin or not held.signed_by(self._key):
            msg = "the checkpoint you hold is of another case or signed by another key"
            raise CustodyError(msg)
        if not merkle.extends(lines.whole(self._ledger), held.size, held.root):
            msg = f"the ledger does not continue the {held.size} entries of the checkpoint you hold"
            raise CustodyError(msg)
        return f"the ledger continues the {held.size} entries of the checkpoint you hold"


def _stopped(error: CustodyError, size: int) -> list[Check]:
    """Give the checks for a ledger that cannot be read to its end."""
    why = f"reading stopped after line {size}"
    form, follows = checks.not_made(FORM, why), checks.failed(CHAIN, str(error))
    if isinstance(error, MalformedLineError):
        form, follows = checks.failed(FORM, str(error)), checks.not_made(CHAIN, why)
    return [form, follows, checks.not_made(CHECKPOINTS, why), checks.not_made(LEFTOVERS, why)]
