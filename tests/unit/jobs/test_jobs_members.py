"""A member that ends workers costs that member alone, whatever it does them in with."""

import hashlib
import io
import os
import signal
import struct
import tarfile
import zipfile
from contextlib import closing
from dataclasses import dataclass

import pytest

from hashmatch.evidence.folder import FolderSource
from hashmatch.jobs import shares
from hashmatch.jobs.examine import Aids
from hashmatch.jobs.examine_members import Depth, examine_whole
from hashmatch.jobs.guard import FREE
from hashmatch.jobs.packing import Packing
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.readings import each
from hashmatch.jobs.reuse import Contents
from hashmatch.jobs.workers import Limits, Order
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import ALWAYS
from hashmatch.model.outcomes import Failed, Reading, Reason
from hashmatch.model.profile import ProfileName, profile
from hashmatch.model.secrets import Secrets
from hashmatch.model.wanted import Wanted
from tests import fakes

BAIT = b"here a decoder dies" * 50


def archive(names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, BAIT if "bait" in name else name.encode() * 200)
    return out.getvalue()


class Trap(io.BytesIO):
    """Reading the bait a second time ends the process; digesting the whole item does not."""

    def read(self, size=-1):
        part = super().read(size)
        if BAIT[:20] in part and size < len(self.getvalue()):
            os.kill(os.getpid(), signal.SIGKILL)
        return part


@dataclass(frozen=True)
class Trapped(fakes.PlainSource):
    """Archives in which members with ``bait`` in their names end whoever unpacks them."""

    names: tuple[str, ...]

    def open(self, wanted):
        return Trap(archive(self.names))


def entries_of(names, items=(b"x.zip", b"y.txt"), **more):
    size = len(archive(names))
    items = [Item(name, size, 0, 0o100644, (0, at)) for at, name in enumerate(items)]
    order = Order((Trapped(names),), Wanted(), Limits(), **more)
    pool = Pool(order, 1)
    try:
        reads = [one for got in pool.read((0, item) for item in items) for one in got]
    finally:
        pool.close()
    return list(each(reads, Packing(order.wanted.algorithms)))


def test_one_that_kills_costs_itself_and_nothing_else():
    names = ("a.txt", "bait.txt", "b.txt")
    found = entries_of(names)
    ended = {
        one.item.path if one.item else one.read.path: one.read.reason
        if isinstance(one.read, Failed)
        else None
        for one in found
        if (one.item.path if one.item else one.read.path).startswith(b"x.zip")
    }
    assert ended == {
        b"x.zip": None,
        b"x.zip!/a.txt": None,
        b"x.zip!/bait.txt": Reason.WORKER_DIED,
        b"x.zip!/b.txt": None,
    }


def test_after_many_that_kill_what_was_read_is_kept_and_the_rest_is_said(monkeypatch):
    monkeypatch.setattr(shares, "_MOST_DEATHS", 2)  # each is met once more without decoding it
    found = entries_of(("a.txt", "bait.txt", "b.txt", "bait2.txt", "c.txt"), (b"x.zip",))
    ended = [
        (one.item.path, None) if one.item else (one.read.path, one.read.reason) for one in found
    ]
    assert ended == [
        *((b"x.zip", None), (b"x.zip!/a.txt", None)),
        (b"x.zip!/bait.txt", Reason.WORKER_DIED),
        (b"x.zip!/b.txt", None),
        (b"x.zip!/", Reason.WORKER_DIED),
    ]


def test_members_are_left_alone_where_the_profile_says_so():
    found = entries_of(("a.txt", "bait.txt"), profile=profile(ProfileName.QUICK))
    assert [one.item.path for one in found] == [b"x.zip", b"y.txt"]
    assert all(isinstance(one.read, Reading) for one in found)


class Scratched(io.BytesIO):
    """Knows how far it was read."""

    furthest = 0

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.furthest = max(self.furthest, self.tell())
        return count

    def read(self, size=-1):
        part = super().read(size)
        self.furthest = max(self.furthest, self.tell())
        return part


@dataclass(frozen=True)
class OnDamage(fakes.PlainSource):
    """An archive that lies where the medium is damaged, from its second member on."""

    content: bytes

    def open(self, wanted):
        return Scratched(self.content)

    def doubt(self, _wanted, stream):
        return Reason.DAMAGED_MEDIUM if stream.furthest > 3000 else None


def test_members_that_were_unpacked_from_damage_are_recorded_as_such():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("whole", "scratched"):
            info = tarfile.TarInfo(name)
            info.size = 2000
            archive.addfile(info, io.BytesIO(bytes(2000)))
    content = out.getvalue()
    item = Item(b"x.tar", len(content), 0, 0o100644, (0, 0))
    depth = Depth(Wanted(), Limits(), profile(ProfileName.STANDARD), Secrets())
    found = list(examine_whole(OnDamage(content), item, depth, FREE, Aids(Contents(0))))
    ends = [getattr(one, "read", one).partial for one in found]
    assert ends == [None, Reason.DAMAGED_MEDIUM, Reason.DAMAGED_MEDIUM]


def test_odd_members_cost_no_worker_and_no_other_member(tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        for name, modified in (("before", 0), ("n" * (3 << 20), 0), ("late", 1 << 70), ("z", 0)):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = 3, modified
            archive.addfile(info, io.BytesIO(b"abc"))
    stamp = zipfile.ZipInfo("late")
    stamp.extra = struct.pack("<HHIHHQQQ", 10, 32, 0, 1, 24, *[2**64 - 1] * 3)
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        for one in ("before", stamp, "z"):
            archive.writestr(one, b"abc")
    lost, losing = [], Pool._lost
    monkeypatch.setattr(Pool, "_lost", lambda *a, **k: (lost.append(a), losing(*a, **k)))
    source = FolderSource(bytes(tmp_path))
    order = Order((source,), Wanted(), Limits())
    items = [(0, one) for one in source.entries() if isinstance(one, Item)]
    with closing(Pool(order, 1)) as pool:
        found = [one for reads in pool.read(items) for one in each(reads, Packing(ALWAYS))]
    assert not lost
    assert all(isinstance(one.read, Reading) for one in found)
    names = [one.item.path[-8:] for one in found]
    assert names[:5] == [b"x.tar", b"!/before", b"nnnnnnnn", b"ar!/late", b"x.tar!/z"]
    assert names[5:] == [b"y.zip", b"!/before", b"ip!/late", b"y.zip!/z"]
    assert len({one.item.place for one in found if one.inside}) == 7


def test_a_document_encrypted_with_aes_256_is_read_behind_every_wall(tmp_path):
    pikepdf = pytest.importorskip("pikepdf")
    made = pikepdf.new()
    made.add_blank_page()
    made.attachments["a.txt"] = b"attached"
    made.save(tmp_path / "x.pdf", encryption=pikepdf.Encryption(owner="o", user="u", R=6))
    info = (tmp_path / "x.pdf").stat()
    entry = Item(b"x.pdf", info.st_size, info.st_mtime_ns, info.st_mode, (info.st_dev, info.st_ino))
    source = FolderSource(bytes(tmp_path))
    order = Order((source,), Wanted(), Limits(), secrets=Secrets((b"wrong", b"u")))
    with closing(Pool(order, 1)) as pool:
        found = [one for got in pool.read([(0, entry)]) for one in got]
    found = list(each(found, Packing(order.wanted.algorithms)))
    assert [one.read for one in found if one.item is None] == []
    named = {one.item.path: one.read for one in found}
    digest = hashlib.sha256(b"attached").digest()
    assert digest in {one.value for one in named[b"x.pdf!/a.txt"].digests}
