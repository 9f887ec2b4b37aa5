"""A member that ends workers costs that member alone, whatever it does them in with."""

import io
import os
import signal
import zipfile
from dataclasses import dataclass

from hashmatch.jobs.packing import Packing
from hashmatch.jobs.pool import Pool
from hashmatch.jobs.readings import each
from hashmatch.jobs.workers import Limits, Order
from hashmatch.model.evidence import Item
from hashmatch.model.outcomes import Failed, Reading, Reason
from hashmatch.model.profile import ProfileName, profile
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


def entries_of(names, **more):
    size = len(archive(names))
    items = [Item(b"x.zip", size, 0, 0o100644, (0, 0)), Item(b"y.txt", size, 0, 0o100644, (0, 1))]
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


def test_members_are_left_alone_where_the_profile_says_so():
    found = entries_of(("a.txt", "bait.txt"), profile=profile(ProfileName.QUICK))
    assert [one.item.path for one in found] == [b"x.zip", b"y.txt"]
    assert all(isinstance(one.read, Reading) for one in found)
