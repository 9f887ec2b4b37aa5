"""A medium in memory, which can have damaged stretches, and how to mount what it holds."""

from hashmatch.evidence.filesystems import registry
from hashmatch.evidence.media.interface import MediumFacts, Stretch
from hashmatch.evidence.volumes.interface import Opened, Volume
from hashmatch.model.evidence import Item
from hashmatch.model.locators import parse_place
from hashmatch.model.secrets import Secrets


class ByteMedium:
    """Bytes as a medium; ``broken`` are pairs of offset and length that read as zeros."""

    def __init__(self, content, broken=()):
        self._content = bytearray(content)
        self._broken = broken
        self.size = len(content)
        self.facts = MediumFacts("bytes", self.size, ())
        self.damage = []
        for offset, length in broken:
            self._content[offset : offset + length] = bytes(length)

    def read_at(self, offset, length):
        for begin, size in self._broken:
            bad = Stretch(begin, size, "unreadable")
            if begin < offset + length and offset < begin + size and bad not in self.damage:
                self.damage.append(bad)
        return bytes(self._content[offset : offset + length])

    def close(self):
        pass


def mounted(medium):
    """Mount a medium that holds one file system."""
    volume = Volume(0, (), b"", 0, medium.size)
    return registry.mount(Opened(volume, medium, 0), Secrets())


def content(system, item):
    """Read an item to its end through its place, in pieces of an odd size."""
    opened = system.open(parse_place(item.place)[0], item.size)
    pieces = []
    while piece := opened.stream.read(100_003):
        pieces.append(piece)
    return b"".join(pieces), opened.doubt()


def items(system, *, deleted=True):
    """List the items of a file system by path."""
    return {e.path: e for e in system.entries(deleted=deleted) if isinstance(e, Item)}
