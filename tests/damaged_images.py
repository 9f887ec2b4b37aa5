"""Images of file systems, each damaged in its own way, as the volumes of one source.

Importable by listing processes. ``bases()`` are the sound images: some are made from bytes, the
others are among the shared images.
"""

import gzip
import os
import random
import struct
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from hashmatch.errors import EvidenceError
from hashmatch.evidence.image import ImageSource
from hashmatch.evidence.stack import Told
from hashmatch.evidence.volumes.interface import Volume
from hashmatch.model import locators
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.outcomes import Failed, ItemError, Reason, Stage
from tests import small_disks, xfs_maker
from tests.byte_medium import ByteMedium
from tests.exfat_maker import ExfatMaker
from tests.fake_images import FakeMedium
from tests.fat_maker import FatMaker

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
SHARED = SHARED.parent if SHARED.name == "samples" else SHARED
SAMPLES = {
    "ext2": "pytsk/image.raw",
    "iso9660": "dfvfs/iso9660.raw",
    "hfs+": "dfvfs/hfsplus.raw",
    "apfs": "dfvfs/apfs.raw",
    "ntfs": "own-synthetic/ntfs.raw.gz",
    "fat16": "own-synthetic/fat16.raw.gz",
    "ext4": "own-synthetic/ext4.raw.gz",
    "lvm": "own-synthetic/lv.raw.gz",
}
LEAKED = b"LEAKED "
"""What the path of an outcome holds that stands for an exception nobody caught."""

MOST_READ = 32 << 20
"""So many bytes of one damaged image are read at most."""

NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def bases():
    """Give the sound images that can be had here, by kind."""
    chance = random.Random(1)
    fat = FatMaker(12)
    folder = fat.folder(b"DCIM")
    deep = fat.folder(b"DEEP", folder)
    fat.file(b"A.BIN", chance.randbytes(3000))
    fat.file(b"B.BIN", chance.randbytes(5000), deep)
    fat.file(b"C.BIN", chance.randbytes(1500), folder, deleted=True)
    exfat = ExfatMaker(2)
    for number in range(8):
        exfat.file(f"picture {number}.jpg", chance.randbytes(6000), deleted=number % 3 == 2)
    found = {
        "fat12": fat.image(),
        "exfat": exfat.image(),
        "xfs": bytes(xfs_maker.usual()[0].raw),
        "mbr": small_disks.disk(),
    }
    for kind, name in SAMPLES.items():
        path = SHARED / "images" / name
        if path.is_file():
            raw = path.read_bytes()
            found[kind] = gzip.decompress(raw) if name.endswith(".gz") else raw
    return found


@dataclass(frozen=True)
class DamagedImages:
    """One volume for each damaged image; ``numbers`` are kind and seed of each.

    The number of a volume is its place in ``numbers``. Nothing of it lies in a file.
    """

    sound: tuple[tuple[str, bytes], ...]
    numbers: tuple[tuple[str, int], ...]
    carve: bool = False
    kind = "image"
    location = b"/damaged"
    readable = ()
    trusted = False
    _kept: dict = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, sound, numbers):
        packed = tuple((kind, zlib.compress(content, 1)) for kind, content in sound.items())
        return cls(packed, tuple((kind, number) for number in numbers for kind in sound))

    def watch(self, note):
        self._kept["note"] = note

    def medium(self):
        return FakeMedium()

    def volumes(self):
        found = []
        for number, (kind, seed) in enumerate(self.numbers):
            name = f"{kind}-{seed}".encode()
            layer = locators.layer("gpt", name, off=number)
            found.append(Volume(number, (layer,), name + b"/", 0, 0))
        return tuple(found)

    def told(self, _volume):
        return Told()

    def entries_of(self, volume):
        kind, seed = self.numbers[volume.number]
        outer = locators.place(volume.layers)
        try:
            content = damaged(*self._base(kind), random.Random(f"{kind} {seed}"), kind)
            medium = Seen(content, self._kept.get("note", lambda _: None))
            yield from _moved(_everything(image_of(medium)), volume, outer)
        except (EvidenceError, OSError):
            yield Failed(volume.prefix.rstrip(b"/"), Stage.LIST, Reason.DAMAGED_VOLUMES, outer)
        except Exception as error:  # noqa: BLE001  # what leaks out is what is looked for
            yield Failed(volume.prefix + leak(error), Stage.LIST, Reason.IO, outer)

    def _base(self, kind):
        if kind not in self._kept:
            content = zlib.decompress(dict(self.sound)[kind])
            medium = Seen(content, lambda _: None)
            for _ in image_of(medium).entries():
                pass
            self._kept[kind] = content, tuple(sorted(medium.places))
        return self._kept[kind]


class Seen(ByteMedium):
    """A medium in memory that tells what is read, and where."""

    def __init__(self, content, note):
        super().__init__(content)
        self._note = note
        self.places = set()

    def read_at(self, offset, length):
        self._note(max(0, min(length, self.size - offset)))
        self.places.update(range(offset // 512, -(-min(offset + length, self.size) // 512)))
        return super().read_at(offset, length)


def image_of(medium):
    """Give a source whose medium is in memory."""
    image = ImageSource(b"/damaged", "raw", ())
    image._stack._medium = medium
    return image


def leak(error):
    trace, where = error.__traceback__, ""
    while trace is not None:
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}-{trace.tb_lineno}"
        trace = trace.tb_next
    return LEAKED + f"{type(error).__name__} {error} at {where}".encode().replace(b"/", b"|")


def _everything(image):
    """Yield all entries, and a failure for each that brings an exception when it is read."""
    left = MOST_READ
    for entry in image.entries():
        yield entry
        if isinstance(entry, Item) and left > 0:
            try:
                left -= _read(image, entry, left)
            except (ItemError, OSError):
                continue
            except Exception as error:  # noqa: BLE001  # as above
                yield Failed(entry.path + leak(error), Stage.READ, Reason.IO, entry.place)


def _read(image, item, most):
    done = 0
    with image.open(item) as stream:
        while done < most and (piece := stream.read(min(1 << 20, most - done))):
            done += len(piece)
            if not any(piece):
                done += len(piece) * 3  # holes without end are of no interest
        image.doubt(item, stream)
    assert done <= most * 4
    return done + 4096


def _moved(entries, volume, outer):
    for entry in entries:
        path = volume.prefix + entry.path
        if isinstance(entry, Folder):
            yield Folder(path)
            continue
        place = f"{outer}!{entry.place}" if entry.place else outer
        if isinstance(entry, Item):
            identity = (volume.number, entry.identity[1])
            yield replace(entry, path=path, place=place, identity=identity)
        else:
            yield replace(entry, path=path, place=place)


def damaged(content, places, chance, kind):
    """Damage what is read of an image when it is listed, in a few places; or cut it off."""
    out = bytearray(content)
    full = [place for place in places if any(out[place * 512 : place * 512 + 512])]
    touched = set()
    for _ in range(chance.choice((1, 2, 4, 12, 40))):
        sector = chance.choice(full if chance.random() < 0.9 else places)
        touched.add(sector // 8)
        _damage(out, sector * 512, chance.choice(full) * 512, chance)
    if kind == "apfs" and chance.random() < 0.8:
        for block in touched:
            _sum_apfs(out, block * 4096)
    del out[len(content) :]
    if chance.random() < 0.05:
        del out[chance.randrange(len(out)) :]
    return bytes(out)


def _damage(out, start, other, chance):
    """Change a byte, a bit or a number of a sector, or put another sector in its place."""
    at, way = start + chance.randrange(512), chance.random()
    if way < 0.35:
        out[at] = chance.randrange(256)
    elif way < 0.5:
        out[at] ^= 1 << chance.randrange(8)
    elif way < 0.85:
        size = chance.choice((2, 4, 8))
        number = chance.choice(NUMBERS) & (1 << 8 * size) - 1
        out[at - at % size : at - at % size + size] = number.to_bytes(
            size, chance.choice(("little", "big"))
        )
    elif way < 0.95:
        out[start : start + 512] = out[other : other + 512]
    else:
        out[start : start + 512] = chance.choice((b"\0", b"\xff")) * 512


def _sum_apfs(out, at):
    """Make the checksum of a block right again, so that what it says is looked at."""
    words = struct.unpack("<1022I", out[at + 8 : at + 4096])
    low = high = 0
    for word in words:
        low = (low + word) % 0xFFFFFFFF
        high = (high + low) % 0xFFFFFFFF
    first = 0xFFFFFFFF - (low + high) % 0xFFFFFFFF
    second = 0xFFFFFFFF - (low + first) % 0xFFFFFFFF
    struct.pack_into("<II", out, at, first, second)
