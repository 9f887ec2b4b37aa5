"""Images that misbehave when they are listed, importable by listing processes."""

import os
import time
from dataclasses import dataclass

from hashmatch.evidence.media.interface import MediumError, MediumFacts, Segment
from hashmatch.evidence.stack import Told
from hashmatch.evidence.volumes.interface import Volume
from hashmatch.model import locators
from hashmatch.model.evidence import Folder, Item


class FakeMedium:
    """Zeros."""

    size = 1 << 20
    damage = ()
    facts = MediumFacts("fake", size, (Segment(b"/fake.dd", size),))

    def read_at(self, offset, length):
        return bytes(max(0, min(length, self.size - offset)))

    def close(self):
        pass


@dataclass(frozen=True)
class FakeImage:
    """A volume for each act.

    ``exit``, ``raise``, ``starve`` and ``hang`` happen after the first entry; ``strange`` lists
    an entry of another volume, ``huge`` one whose numbers cannot be, ``many`` a thousand,
    ``working`` reads for a while before it goes on, ``lively`` says five times that it lives.
    """

    acts: tuple[str, ...]
    opening: str = ""
    carve: bool = False
    location: bytes = b"/fake.dd"

    kind = "image"
    readable = ()
    trusted = False

    def watch(self, note):
        object.__setattr__(self, "note", note)

    def medium(self):
        if self.opening == "exit":
            os._exit(1)
        if self.opening == "hang":
            time.sleep(3600)
        if self.opening == "refuse":
            msg = "the image \x1b[31m is\nencrypted"
            raise MediumError(msg)
        return FakeMedium()

    def volumes(self):
        return tuple(volume(number, act) for number, act in enumerate(self.acts))

    def told(self, one):
        return Told("fake", "a kind\nword" if self.acts[one.number] == "plain" else "")

    def entries_of(self, one):
        act = self.acts[one.number]
        yield Folder(one.prefix.rstrip(b"/"))
        yield item(one, b"first")
        yield from getattr(self, f"_{act}", lambda _: ())(one)
        yield item(one, b"last")

    def _exit(self, _one):
        os._exit(1)

    def _raise(self, _one):
        raise OSError

    def _starve(self, _one):
        raise MemoryError

    def _hang(self, _one):
        time.sleep(3600)

    def _lively(self, _one):
        for _ in range(5):
            self.note.__self__._send("busy")
        yield from ()

    def _strange(self, _one):
        yield item(volume(99, "plain"), b"elsewhere")

    def _huge(self, one):
        yield item(one, b"huge", size=1 << 60)

    def _many(self, one):
        yield from (item(one, b"%d" % n) for n in range(1000))

    def _working(self, _one):
        for _ in range(16):
            time.sleep(0.25)
            self.note(4096)
        return ()


def volume(number, act):
    layer = locators.layer("gpt", b"p%d" % number, off=number * 4096)
    return Volume(number, (layer,), b"p%d/" % number, number * 4096, 4096, gap=act == "gap")


def item(one, name, size=3):
    place = f"{locators.place(one.layers)}!{locators.layer('fake', b'/' + name, id=1)}"
    return Item(one.prefix + name, size, 0, 0o100644, (one.number, 7), place)
