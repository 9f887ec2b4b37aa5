"""Writes the entries of an exhibit with fixed times and modes, and notes each as expected."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hashmatch.demo.truth import Expected, ExpectedFile, ExpectedSkip, Likeness, claims
from hashmatch.errors import OutputError, UsageError
from hashmatch.model.outcomes import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hashmatch.demo.truth import Claims, Original
    from hashmatch.model.outcomes import Reason

FIRST_TIME = 1_704_067_200  # seconds: 2024-01-01 00:00:00 UTC
_APART = 60  # seconds between one entry and the next

_NAME_REFUSED = frozenset({errno.EILSEQ, errno.EINVAL, errno.ENAMETOOLONG, errno.EEXIST})
"""How a file system says that it cannot hold such a name; EEXIST for two spellings of one."""

_KIND_REFUSED = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
"""How a file system says that it has no links or no pipes."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a scan must see in the content of a file; see ``ExpectedFile``."""

    is_picture: bool = False
    trouble: Reason | None = None
    partial: bool = False
    featureless: bool = False


NO_PICTURE = Look()
PICTURE = Look(is_picture=True)


@dataclass(slots=True)
class Planter:
    """Fills one new folder, entry by entry, and keeps the truth about it.

    Names are raw bytes below ``root``. Entries that the file system refuses are noted in
    ``left_out`` instead.
    """

    root: Path
    entries: list[Expected] = field(default_factory=list)
    left_out: list[bytes] = field(default_factory=list)
    _times: int = 0

    @classmethod
    def begin(cls, root: Path) -> Planter:
        """Make the folder.

        Raises:
            UsageError: there is something in it already.
            OutputError: it cannot be made.
        """
        with _writing(root):
            root.mkdir(parents=True, exist_ok=True)
            taken = any(root.iterdir())
        if taken:
            msg = f"{root} is not empty; name a new folder for the exhibit"
            raise UsageError(msg)
        return cls(root)

    def file(self, path: bytes, content: bytes, sentence: str, look: Look = NO_PICTURE) -> None:
        """Write a file that agrees with no list."""
        self._write(_expected(path, content, sentence, look), content)

    def copy(self, path: bytes, original: Original) -> None:
        """Write a file with exactly the bytes of an original."""
        look = PICTURE if original.picture else NO_PICTURE
        said = claims(original, Likeness.SAME_BYTES)
        sentence = f"the same bytes as {original.name}"
        self._write(_expected(path, original.content, sentence, look, said), original.content)

    def edited(
        self, path: bytes, content: bytes, sentence: str, original: Original, likeness: Likeness
    ) -> None:
        """Write another file of an original's picture."""
        said = claims(original, likeness)
        self._write(_expected(path, content, sentence, PICTURE, said), content)

    def hard_link(self, path: bytes, target: bytes) -> None:
        """Give a file that was written before another name."""
        known = next(
            one for one in self.entries if isinstance(one, ExpectedFile) and one.path == target
        )
        made = replace(known, path=path, sentence=f"hard link; {known.sentence}")
        self._plant(made, lambda at: at.hardlink_to(self._at(target)), _KIND_REFUSED)

    def symbolic_link(self, path: bytes, target: bytes, sentence: str) -> None:
        """Make a symbolic link; its target need not exist."""
        made = ExpectedSkip(path, Rule.SYMLINK, sentence)
        self._plant(made, lambda at: at.symlink_to(os.fsdecode(target)), _KIND_REFUSED)

    def fifo(self, path: bytes) -> None:
        """Make a named pipe; opening it for reading would wait for ever."""

        def make(at: Path) -> None:
            os.mkfifo(at)
            at.chmod(0o644)

        self._plant(ExpectedSkip(path, Rule.FIFO, "a named pipe"), make, _KIND_REFUSED)

    def folder(self, path: bytes) -> None:
        """Make a folder and those above it."""
        with _writing(self.root):
            self._at(path).mkdir(parents=True, exist_ok=True)

    def finish(self) -> tuple[bytes, ...]:
        """Fix modes and times of all folders, innermost first.

        Returns:
            The folders below the root, in byte order.
        """
        found = sorted(os.fsencode(at.relative_to(self.root)) for at in self._folders())
        with _writing(self.root):
            for path in (*reversed(found), b""):
                at = self._at(path)
                at.chmod(0o755)
                os.utime(at, (FIRST_TIME, FIRST_TIME))
        return tuple(found)

    def _folders(self) -> list[Path]:
        return [at for at in self.root.rglob("*") if at.is_dir() and not at.is_symlink()]

    def _write(self, made: ExpectedFile, content: bytes) -> None:
        def write(at: Path) -> None:
            with at.open("xb") as stream:
                stream.write(content)
            at.chmod(0o644)

        self._plant(made, write)

    def _plant(
        self, made: Expected, make: Callable[[Path], None], refused: frozenset[int] = frozenset()
    ) -> None:
        at = self._at(made.path)
        with _writing(self.root):
            try:
                at.parent.mkdir(parents=True, exist_ok=True)
                make(at)
            except OSError as error:
                if error.errno not in _NAME_REFUSED | refused:
                    raise
                self.left_out.append(made.path)
                return
            self._stamp(at)
        self.entries.append(made)

    def _stamp(self, at: Path) -> None:
        self._times += 1
        when = FIRST_TIME + self._times * _APART
        os.utime(at, (when, when), follow_symlinks=False)

    def _at(self, path: bytes) -> Path:
        return self.root / os.fsdecode(path)


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Give an error of the disk as the one sentence that ends the run."""
    try:
        yield
    except OSError as error:
        msg = f"the exhibit cannot be written to {root}: {error.strerror}; choose another place"
        raise OutputError(msg) from error


def _expected(
    path: bytes,
    content: bytes,
    sentence: str,
    look: Look,
    said: Claims | None = None,
) -> ExpectedFile:
    return ExpectedFile(
        path,
        len(content),
        sentence,
        said or {},
        look.is_picture,
        look.trouble,
        look.partial,
        look.featureless,
    )
