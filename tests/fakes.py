"""Sources of evidence that misbehave, importable by worker processes."""

import io
import os
import signal
import time
from dataclasses import dataclass

from hashmatch.model.evidence import Item
from hashmatch.model.outcomes import ItemError, Reason, Stage


def item(path, size=0):
    return Item(path, size, 0, 0o100644, (0, 0))


def first(folder, name):
    """Tell whether no process asked this before."""
    try:
        os.close(os.open(f"{folder}/{name}", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


@dataclass(frozen=True)
class TrickySource:
    """Items whose names say what happens when they are opened.

    ``kill-always`` ends the worker each time, ``kill-once`` the first time only; ``stop-once``
    stops it the first time; ``slow`` takes a while, ``hang`` takes for ever; ``locked`` cannot be
    opened; ``changed`` is not the same after reading. Everything else holds its own name.
    """

    counter: str

    kind = "folder"
    location = b"/tricky"

    def open(self, wanted):
        name = wanted.path
        if name.startswith(b"kill-always"):
            os.kill(os.getpid(), signal.SIGKILL)
        if name.startswith(b"kill-once") and self._first(name):
            os.kill(os.getpid(), signal.SIGKILL)
        if name.startswith(b"stop-once") and self._first(name):
            os.kill(os.getpid(), signal.SIGSTOP)
        if name.startswith(b"slow"):
            time.sleep(0.5)
            if not self._first(name):
                self._first(b"slow twice")
        if name.startswith(b"hang"):
            time.sleep(3600)
        if name.startswith(b"locked"):
            raise ItemError(Stage.OPEN, Reason.PERMISSION)
        return io.BytesIO(name)

    def _first(self, name):
        return first(self.counter, name.decode())

    trusted = True

    @property
    def readable(self):
        return (self.location,)

    def doubt(self, _wanted, _stream):
        return None

    def unchanged(self, wanted, _stream):
        return not wanted.path.startswith(b"changed")


@dataclass(frozen=True)
class ScarceSource:
    """Items of one content; the process that opens the first has memory for one frame only."""

    counter: str
    content: bytes

    kind = "folder"
    location = b"/scarce"

    def open(self, _wanted):
        from hashmatch.hashing import frames  # other sources do without what it loads

        if first(self.counter, "scarce"):
            frames.pixels.plain = _one_only(frames.pixels.plain)
        return io.BytesIO(self.content)

    trusted = True

    @property
    def readable(self):
        return (self.location,)

    def doubt(self, _wanted, _stream):
        return None

    def unchanged(self, _wanted, _stream):
        return True


def _one_only(real):
    calls = []

    def plain(image):
        calls.append(1)
        if len(calls) > 1:
            raise MemoryError
        return real(image)

    return plain


@dataclass(frozen=True)
class PlainSource:
    """What every source has that has nothing to say of its items."""

    kind = "folder"
    location = b"/plain"
    trusted = True

    @property
    def readable(self):
        return (self.location,)

    def unchanged(self, _wanted, _stream):
        return True

    def doubt(self, _wanted, _stream):
        return None
