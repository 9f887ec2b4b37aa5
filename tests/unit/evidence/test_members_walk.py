"""Members of members come in order, within limits, and are found again by their layers."""

import gzip
import io
import random
import tarfile
import zipfile
from dataclasses import replace

import pytest

from hashmatch.evidence.file import FileSource
from hashmatch.evidence.members import naming, registry, walk
from hashmatch.evidence.members.interface import MemberError
from hashmatch.evidence.within import Within, own_layers
from hashmatch.model import locators
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.locators import Layer, layer
from hashmatch.model.outcomes import Failed, ItemError, Reading, Reason, Skipped
from hashmatch.model.profile import MemberLimits
from hashmatch.model.secrets import Secrets


def packed(*members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


class Reads:
    """Reads everything and remembers how it is asked."""

    def __init__(self, leaves=None, stops=None):
        self.contents = []
        self._leaves, self._stops = leaves or {}, stops or {}

    def begins(self):
        return None

    def keeps(self, head):
        return False

    def __call__(self, content):
        self.contents.append(content.read())
        return Reading((Digest(Algorithm.MD5, bytes(16)),))

    def leaves(self):
        return self._leaves.get(len(self.contents))

    def stops(self):
        return self._stops.get(len(self.contents))


def gone_through(content, name=b"x.zip", look=None, secrets=None, **limits):
    look = look or Reads()
    walking = walk.Walk(look, secrets or Secrets(), replace(MemberLimits(), **limits))
    head = content[: walk.HEAD]
    members = list(walking.members(io.BytesIO(content), head, name, len(content)))
    return members, look.contents


def ends(members):
    return [
        (one.path, one.read.reason if isinstance(one.read, Failed) else None) for one in members
    ]


def test_a_member_comes_before_what_is_inside_it_and_both_have_their_places():
    inner = packed(("deep/d.txt", b"deep"))
    members, contents = gone_through(packed(("inner.zip", inner), ("a.txt", b"after")))
    assert [one.path for one in members] == [
        *(b"!/inner.zip", b"!/inner.zip!/deep/d.txt", b"!/a.txt"),
    ]
    assert [one.place for one in members] == [
        *("zip:inner.zip;n=0", "zip:inner.zip;n=0!zip:deep/d.txt;n=0", "zip:a.txt;n=1"),
    ]
    assert [one.size for one in members] == [len(inner), 4, 5]
    assert contents == [inner, b"deep", b"after"]


def test_what_is_no_container_has_no_members():
    assert gone_through(b"text that is no archive", b"a.zip") == ([], [])


def nested(depth):
    content = b"innermost"
    for level in range(depth):
        content = packed((f"{level}.zip" if level else "end.txt", content))
    return content


def test_containers_deeper_than_the_limit_are_named_and_not_opened():
    members, _ = gone_through(nested(4), depth=2)
    assert ends(members) == [
        (b"!/3.zip", None),
        (b"!/3.zip!/2.zip", None),
        (b"!/3.zip!/2.zip!/", Reason.LIMIT_DEPTH),
    ]


def test_a_picture_that_holds_nothing_is_not_too_deep():
    content = b"\xff\xd8\xff\xda a picture without any thumbnail"
    for level in range(2):
        content = packed((f"{level}", content))
    members, _ = gone_through(content, depth=2)
    assert ends(members) == [(b"!/1", None), (b"!/1!/0", None)]


def test_a_limit_on_all_ends_the_item_and_says_so():
    content = packed(*[(f"{n}", bytes(1000)) for n in range(5)])
    assert ends(gone_through(content, count=3)[0])[3:] == [(b"!/", Reason.LIMIT_COUNT)]
    assert ends(gone_through(content, total=2500, times=0)[0])[2:] == [(b"!/", Reason.LIMIT_TOTAL)]
    late = gone_through(content, seconds=-1000)[0]
    assert ends(late) == [(b"!/", Reason.LIMIT_TIME)]


def test_a_member_over_a_limit_costs_that_member_only():
    content = packed(("big", bytes(5000)), ("small", b"1"))
    assert ends(gone_through(content, bytes=4999)[0]) == [
        (b"!/big", Reason.LIMIT_SIZE),
        (b"!/small", None),
    ]
    bomb = packed(("zeros", bytes(300_000)), ("small", b"1"))
    found, _ = gone_through(bomb, ratio=100, free=1000)
    assert ends(found) == [(b"!/zeros", Reason.LIMIT_RATIO), (b"!/small", None)]
    assert ends(gone_through(bomb, ratio=10_000, free=1000)[0])[0] == (b"!/zeros", None)


def test_a_container_too_long_to_keep_is_digested_and_not_opened():
    inner = packed(("a", bytes(range(256)) * 20), method=zipfile.ZIP_STORED)
    found, _ = gone_through(packed(("i.zip", inner), ("b", b"b")), kept=100)
    assert ends(found) == [
        *[(b"!/i.zip", None), (b"!/i.zip!/", Reason.LIMIT_KEPT), (b"!/b", None)],
    ]


def test_a_packed_stream_longer_than_what_is_kept_is_unpacked_again():
    import gzip
    import tarfile

    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name in ("one", "two"):
            member = tarfile.TarInfo(name)
            member.size = 3000
            archive.addfile(member, io.BytesIO(name.encode() * 1000))
    found, contents = gone_through(gzip.compress(plain.getvalue()), b"t.tar.gz", kept=2000)
    assert [one.path for one in found] == [b"!/content", b"!/content!/one", b"!/content!/two"]
    assert contents == [plain.getvalue(), b"one" * 1000, b"two" * 1000]


def test_a_damaged_member_gives_what_there_is_as_a_part():
    content = bytearray(packed(("a", bytes(range(256)) * 64), method=zipfile.ZIP_STORED))
    content[9000] ^= 1
    (member,), _ = gone_through(bytes(content))
    assert member.read.partial is Reason.CHECKSUM


def test_what_ended_a_worker_is_not_entered_and_then_not_passed():
    inner = packed(("d", b"deep"))
    content = packed(("inner.zip", inner), ("a", b"a"), ("b", b"b"))
    left, _ = gone_through(content, look=Reads(leaves={1: Reason.WORKER_DIED}))
    assert ends(left) == [
        *[(b"!/inner.zip", None), (b"!/inner.zip!/", Reason.WORKER_DIED)],
        *[(b"!/a", None), (b"!/b", None)],
    ]
    stopped, _ = gone_through(content, look=Reads(stops={3: Reason.TIME_LIMIT}))
    assert ends(stopped)[2:] == [(b"!/a", None), (b"!/", Reason.TIME_LIMIT)]


@pytest.fixture
def archive(tmp_path):
    name = "deep/ภาพ!;%.txt"
    with pytest.warns(UserWarning, match="Duplicate name"):
        inner = packed((name, b"deep"), (name, b"second of that name"))
    path = tmp_path / "outer.zip"
    path.write_bytes(packed(("inner.zip", inner), ("a.txt", b"a" * 5000)))
    return path


def test_every_member_is_found_again_by_its_place(archive):
    content = archive.read_bytes()
    members, contents = gone_through(content)
    source = Within(FileSource(str(archive).encode()))
    own = next(FileSource(str(archive).encode()).entries()).place
    assert len(members) == 4
    for member, expected in zip(members, contents, strict=True):
        item = Item(b"", member.size, 0, 0, (0, 0), f"{own}!{member.place}")
        with source.open(item) as stream:
            assert stream.read() == expected
            assert source.unchanged(item, stream)
            assert source.doubt(item, stream) is None


def test_a_place_that_leads_nowhere_is_item_trouble(archive):
    source = Within(FileSource(str(archive).encode()))
    own = "file:outer.zip"
    for wrong in (f"{own}!zip:no;n=0", f"{own}!zip:a.txt;n=1!zip:b;n=0", "file:other", "%%"):
        with pytest.raises(ItemError):
            source.open(Item(b"", 1, 0, 0, (0, 0), wrong))


def test_a_place_is_split_where_members_begin():
    layers = locators.parse_place("gpt:p2;off=1!lvm:data!ext4:/a.zip;id=3!zip:b;n=0")
    assert own_layers(layers) == (layers[:3], layers[3:])
    assert own_layers(layers[:2]) == (layers[:2], ())


def test_links_inside_archives_are_left_out_by_a_rule():
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "target")
    (member,), _ = gone_through(out.getvalue())
    assert isinstance(member.read, Skipped)


def test_every_kind_of_container_is_named_once():
    assert len(set(registry.names())) == len(registry.containers())
    assert all(one.TITLE and isinstance(one.HELP, str) for one in registry.containers())


def test_names_longer_than_any_file_has_are_cut_and_still_found(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for end in ("one", "two"):
            info = tarfile.TarInfo("\u0e01" * 30_000 + end)
            info.size = 3
            archive.addfile(info, io.BytesIO(end.encode()))
    members, contents = gone_through(out.getvalue(), b"x.tar")
    assert contents == [b"one", b"two"]
    places = [one.place for one in members]
    assert all(";n=" in place and ";cut=" in place for place in places)
    assert len(places[0]) < 40_000
    (tmp_path / "x.tar").write_bytes(out.getvalue())
    source = Within(FileSource(bytes(tmp_path / "x.tar")))
    for place, content in zip(places, contents, strict=True):
        item = Item(b"", 0, 0, 0o100644, (0, 0), f"file:x.tar!{place}")
        with source.open(item) as stream:
            assert stream.read() == content
    other = Layer("tar", b"x" * 40_000, (("n", b"0"),))
    assert naming.bounded(other) != naming.bounded(replace(other, keys=(("n", b"1"),)))
    assert naming.bounded(layer("zip", b"x", n=0)) == layer("zip", b"x", n=0)


def test_what_was_read_already_and_the_rest_are_given_as_one():
    for size, wanted in ((-1, b"abcdef"), (2, b"ab"), (9, b"abc")):
        assert walk._Joined(b"abc", io.BytesIO(b"def")).read(size) == wanted
    joined = walk._Joined(b"abc", io.BytesIO(b"def"))
    assert (joined.read(2), joined.read(), joined.read()) == (b"ab", b"cdef", b"")


def test_a_failed_member_ends_the_item_too_if_nothing_behind_it_can_be_read():
    class Refusing(Reads):
        def __call__(self, content):
            super().__call__(content)
            if len(self.contents) == 2:
                raise MemberError(Reason.CHECKSUM)
            return Reading((Digest(Algorithm.MD5, bytes(16)),))

    content = packed(*[(f"{n}", b"x") for n in range(4)])
    members, _ = gone_through(content, look=Refusing(stops={2: Reason.WORKER_DIED}))
    assert ends(members) == [
        *((b"!/0", None), (b"!/1", Reason.CHECKSUM)),
        (b"!/", Reason.WORKER_DIED),
    ]


class Damaged(FileSource):
    """A file on a medium that turns out to be damaged when the second half of it is read."""

    def doubt(self, item, stream):
        late = stream.tell() > 5000
        return Reason.DAMAGED_MEDIUM if late else super().doubt(item, stream)


def test_a_member_is_doubted_by_what_was_met_while_it_was_read(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(packed(("a", bytes(9000)), method=zipfile.ZIP_STORED))
    source = Within(Damaged(bytes(path)))
    item = Item(b"", 0, 0, 0o100644, (0, 0), "file:x.zip!zip:a;n=0")
    with source.open(item) as stream:
        stream.outer.seek(0)
        assert source.doubt(item, stream) is None
        stream.read()
        assert source.doubt(item, stream) is Reason.DAMAGED_MEDIUM


def test_a_member_that_breaks_off_is_doubted_when_it_is_opened_again_too(tmp_path):
    content = gzip.compress(random.Random(1).randbytes(200_000))[:-50_000]
    (tmp_path / "x.gz").write_bytes(content)
    members, _ = gone_through(content, b"x.gz")
    source = Within(FileSource(bytes(tmp_path / "x.gz")))
    item = Item(b"", 0, 0, 0o100644, (0, 0), f"file:x.gz!{members[0].place}")
    with source.open(item) as stream:
        while stream.read(4096):
            continue
        assert source.doubt(item, stream) is members[0].read.partial is Reason.DAMAGED_CONTAINER
