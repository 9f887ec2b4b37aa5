"""XFS: every form of file and folder is read to the byte; what is damaged is said."""

import shutil
import struct
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.evidence.filesystems import xfs, yal_walk
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.evidence.media import raw
from hashmatch.model.evidence import Folder, Item
from hashmatch.model.locators import layer, parse_place
from hashmatch.model.outcomes import Failed, ItemError, Reason, Rule, Skipped
from hashmatch.model.secrets import Secrets
from tests import xfs_maker as maker
from tests.byte_medium import ByteMedium, content, items, mounted

BLOCK = maker.BLOCK


def by_path(system):
    return {one.path: one for one in system.entries(deleted=True)}


def root_with(disk, *names):
    disk.short_folder(list(names), number=maker.ROOT)
    return mounted(ByteMedium(maker.seal(disk.raw)))


def test_every_file_is_read_to_the_byte():
    disk, files = maker.usual()
    system = mounted(ByteMedium(disk.raw))
    assert system.kind == "xfs"
    found = items(system)
    assert {path: content(system, item) for path, item in found.items()} == {
        path: (data, None) for path, data in files.items()
    }
    others = {path: one for path, one in by_path(system).items() if path not in files}
    assert {path: type(one) for path, one in others.items()} == {
        b"": Folder, b"Docs": Folder, b"many": Folder, b"link": Skipped, b"pipe": Skipped,
    }  # fmt: skip
    assert others[b"link"].rule is Rule.SYMLINK
    assert others[b"pipe"].rule is Rule.FIFO
    system.close()


def test_places_times_and_extents_are_as_stored():
    disk, _ = maker.usual()
    found = items(mounted(ByteMedium(disk.raw)))
    one = found[b"big.bin"]
    assert one.place.startswith("xfs:/big.bin;id=")
    assert one.modified_ns == 1_600_000_000_123_456_789
    assert dict(one.facts.times) == {
        "modified": "2020-09-13T12:26:40.123456789Z",
        "accessed": "2020-09-13T12:26:41.000000001Z",
        "changed": "1969-12-31T23:59:59.000000005Z",
        "created": "2020-09-13T12:26:39.000000007Z",
    }
    (where,) = one.facts.extents
    assert one.identity == (0, where[0])
    assert bytes(disk.raw[where[0] : where[0] + 10]) == b"0123456789"
    newer = found[b"many/name 3"]
    assert newer.modified_ns == maker.MADE
    assert (found[b"apart"].facts.fragments, len(found[b"apart"].facts.extents)) == (10, 10)
    assert found[b"hard\xff"].place.endswith(one.place.rpartition(";")[2])


def test_times_that_need_64_bits_are_told_and_their_nanoseconds_are_not():
    disk, _ = maker.usual()
    item = items(mounted(ByteMedium(disk.raw)))[b"many/name 3"]
    number = int(item.place.rpartition("=")[2])
    since = 13_569_465_600 * 10**9 + 3  # 2400-01-01
    for place in (32, 40, 48, 144):
        where = number * maker.INODE + place
        disk.raw[where : where + 8] = (since + (1 << 31) * 10**9).to_bytes(8)
    item = items(mounted(ByteMedium(maker.seal(disk.raw))))[b"many/name 3"]
    names = ("modified", "accessed", "changed", "created")
    assert item.facts.times == tuple((name, "2400-01-01T00:00:00.000000003Z") for name in names)
    assert item.modified_ns == 0


def test_streams_can_be_read_from_anywhere():
    disk, files = maker.usual()
    system = mounted(ByteMedium(disk.raw))
    item = items(system)[b"apart"]
    stream = system.open(parse_place(item.place)[0], item.size).stream
    whole = files[b"apart"]
    for at in (0, 1, BLOCK - 1, BLOCK, 3 * BLOCK + 5, len(whole) - 1, len(whole), len(whole) + 9):
        assert stream.seek(at) == at
        assert stream.read(2000) == whole[at : at + 2000]
    assert stream.seek(-3, 2) == len(whole) - 3
    assert stream.seek(1, 1) == len(whole) - 2
    assert stream.tell() == len(whole) - 2


def test_unallocated_space_is_what_no_file_has():
    disk, _ = maker.usual()
    system = mounted(ByteMedium(disk.raw))
    taken = {at for one in items(system).values() for run in one.facts.extents for at in run[:1]}
    free = list(system.unallocated())
    assert not any(run.offset <= at < run.offset + run.length for at in taken for run in free)
    assert sum(run.length for run in free) > len(disk.raw) // 2
    assert free[-1].offset + free[-1].length == len(disk.raw)


def test_damage_of_the_medium_is_doubt_of_what_lies_there():
    disk, _ = maker.usual()
    where = items(mounted(ByteMedium(disk.raw)))[b"big.bin"].facts.extents[0]
    system = mounted(ByteMedium(disk.raw, broken=((where[0] + 5, 1),)))
    found = items(system)
    assert content(system, found[b"big.bin"])[1] is Reason.DAMAGED_MEDIUM
    assert content(system, found[b"Docs/a.txt"])[1] is None


def test_what_is_damaged_is_a_failure_at_its_path():
    disk, _ = maker.usual()
    fork = maker.extent(0, maker.BLOCKS - 1, 5)
    again = maker.extent(0, 0, 150) + maker.extent(150, 0, 150)
    names = [
        (b"outside", disk.inode(0o100644, 2, fork, size=9, count=1)),
        (b"missing", 63),
        (b"many", disk.inode(0o100644, 2, fork, size=9, count=4000)),
        (b"twice", disk.inode(0o100644, 2, maker.extent(0, 9, 2) * 2, size=9, count=2)),
        (b"odd", disk.inode(0o100644, 1, b"abc", size=3)),
        (b"other", disk.inode(0o100644, 2, maker.extent(0, 9, 1), size=9, count=1, flags=1)),
        (b"same", disk.inode(0o100644, 2, again, size=300 * BLOCK, count=2)),
        (b"names", disk.inode(0o40755, 2, again, size=300 * BLOCK, count=2)),
        (b"vast", disk.inode(0o100644, 2, b"", size=1 << 60)),
        (b"folder", disk.inode(0o40755, 2, maker.extent(0, 3, 1), size=BLOCK, count=1)),
        (b"holey", disk.inode(0o40755, 1, b"\x05\x00\x00\x00\x00\x20\x05", size=7)),
    ]
    system = root_with(disk, *names)
    found = by_path(system)
    for name, _ in names:
        assert isinstance(found[name], Failed), name
        assert found[name].reason is Reason.DAMAGED_FILE_SYSTEM
        assert found[name].place.startswith("xfs:/" + name.decode())
    assert len(found) == len(names) + 1


@pytest.mark.parametrize("changed", ["level", "sign", "owner", "count", "loop"])
def test_a_tree_of_extents_that_cannot_be_is_damage(changed):
    disk = maker.Xfs()
    number = disk.scattered([b"x" * BLOCK] * 9)
    leaf = disk.raw.index(b"BMA3")
    edits = {
        "level": (leaf + 4, b"\0\7"),
        "sign": (leaf, b"BMAX"),
        "owner": (leaf + 56, b"\7"),
        "count": (leaf + 6, b"\xff\xff"),
    }
    if changed == "loop":
        pointers = number * maker.INODE + 176 + 4 + 8 * ((maker.INODE - 180) // 16)
        disk.raw[pointers + 8 : pointers + 16] = disk.raw[pointers : pointers + 8]
    else:
        at, value = edits[changed]
        disk.raw[at : at + len(value)] = value
    found = by_path(root_with(disk, (b"a", number)))
    assert found[b"a"].reason is Reason.DAMAGED_FILE_SYSTEM


def test_a_folder_within_itself_is_met_once():
    disk = maker.Xfs()
    inner = disk.short_folder([(b"again", maker.ROOT), (b"self", disk.next_inode)])
    found = by_path(root_with(disk, (b"in", inner)))
    assert found[b"in/again"].reason is Reason.DAMAGED_FILE_SYSTEM
    assert found[b"in/self"].reason is Reason.DAMAGED_FILE_SYSTEM


def test_depth_and_number_of_entries_are_bounded(monkeypatch):
    disk, _ = maker.usual()
    monkeypatch.setattr(yal_walk, "DEEPEST", 1)
    found = by_path(mounted(ByteMedium(disk.raw)))
    assert found[b"Docs"].reason is Reason.LIMIT_DEPTH
    node = xfs.Node(xfs.xfs_disk.read(ByteMedium(disk.raw)), maker.ROOT)
    tree = yal_walk.Tree(node, xfs.Node.get_inode_number, xfs._step, -8180)
    last = list(yal_walk.entries(tree))[-1]
    assert last.reason is Reason.LIMIT_COUNT


def test_an_entry_that_is_not_there_or_changed_is_not_opened():
    disk, _ = maker.usual()
    system = mounted(ByteMedium(disk.raw))
    item = items(system)[b"big.bin"]
    for where in (layer("xfs", b"/x", id=63), layer("xfs", b"/x"), layer("xfs", b"/", id=32)):
        with pytest.raises(ItemError) as caught:
            system.open(where, 5)
        assert caught.value.reason is Reason.VANISHED
    with pytest.raises(ItemError) as caught:
        system.open(parse_place(item.place)[0], item.size + 1)
    assert caught.value.reason is Reason.REPLACED


@pytest.mark.parametrize(
    ("disk", "reason"),
    [
        (maker.Xfs(realtime=5).raw, Reason.UNSUPPORTED_FILE_SYSTEM),
        (maker.Xfs(incompatible=0x101).raw, Reason.UNSUPPORTED_FILE_SYSTEM),
        (maker.Xfs().raw, Reason.DAMAGED_FILE_SYSTEM),
        (maker.seal(maker.Xfs().raw), Reason.DAMAGED_FILE_SYSTEM),
        (maker.Xfs().raw[:600], Reason.DAMAGED_FILE_SYSTEM),
        (struct.pack(">4sI", b"XFSB", 4096), Reason.DAMAGED_FILE_SYSTEM),
    ],
)
def test_what_cannot_be_mounted_says_why(disk, reason):
    with pytest.raises(MountError) as caught:
        mounted(ByteMedium(disk))
    assert caught.value.reason is reason
    assert caught.value.advice


_RAW = bytes(maker.usual()[0].raw)
_PLACES = st.one_of(
    st.integers(0, 264), st.integers(32 * 512, 80 * 512), st.integers(64 * BLOCK, len(_RAW) - 1)
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(_PLACES, st.integers(0, 255)), min_size=1, max_size=30),
    st.sampled_from([len(_RAW), len(_RAW) // 2]),
    st.booleans(),
)
def test_whatever_is_on_the_disk_there_is_an_answer(changes, kept, sealed):
    disk = bytearray(_RAW)
    for at, value in changes:
        disk[at] = value
    disk = maker.seal(disk) if sealed else disk
    try:
        system = mounted(ByteMedium(disk[:kept]))
    except MountError:
        return
    for one in system.entries(deleted=True):
        if isinstance(one, Item) and one.size < 1 << 20:
            try:
                opened = system.open(parse_place(one.place)[0], one.size)
                assert len(opened.stream.read()) == one.size
            except (ItemError, OSError):
                continue
    assert all(0 <= run.offset < kept for run in system.unallocated())


@pytest.mark.parametrize(
    ("folder", "field", "value"),
    [
        (b"many", 56, (9 << 40).to_bytes(8)),  # bytes of names that are nowhere
        (b"many", 56, (BLOCK // 2).to_bytes(8)),  # fewer than there are
        (b"short", 56, bytes(8)),  # a folder has at least the number of the one above
        (b"short", 176, b"\0"),  # its record counts fewer than it has
    ],
)
def test_a_folder_that_lacks_names_is_no_shorter_one(folder, field, value):
    disk, _ = maker.usual()
    short = disk.short_folder([(b"inside", disk.file(b"content"))])
    linked = disk.file(b"of nine names")
    names = [(b"many", disk.block_folder([(b"n%d" % n, linked) for n in range(9)]))]
    system = root_with(disk, *names, (b"short", short))
    whole = by_path(system)
    assert not any(isinstance(one, Failed) for one in whole.values())
    number = dict([*names, (b"short", short)])[folder]
    disk.raw[number * maker.INODE + field : number * maker.INODE + field + len(value)] = value
    found = by_path(root_with(disk, *names, (b"short", short)))
    assert isinstance(found[folder], Failed)
    assert found[folder].reason is Reason.DAMAGED_FILE_SYSTEM


@pytest.mark.parametrize("large", [0, 1, 2, 3, 4])
def test_short_folders_give_all_names_however_many_have_large_numbers(large):
    # On volumes of 2 TiB and more; the number of the folder above may be the fourth such one.
    disk, _ = maker.usual()
    below = [(name, disk.file(name)) for name in (b"a", b"b", b"c")]
    folder = disk.short_folder(below, large=large)
    system = root_with(disk, (b"folder", folder))
    found = {path: content(system, one)[0] for path, one in items(system).items()}
    assert found == {b"folder/a": b"a", b"folder/b": b"b", b"folder/c": b"c"}
    assert not any(isinstance(one, Failed) for one in by_path(system).values())


def test_a_block_whose_table_of_names_takes_all_of_it_holds_no_empty_folder():
    disk, _ = maker.usual()
    before = disk.next_block
    folder = disk.block_folder([(b"a", maker.ROOT)])
    end = (before + 1) * BLOCK
    disk.raw[end - 8 : end - 4] = b"\xff" * 4
    found = by_path(root_with(disk, (b"folder", folder)))
    assert isinstance(found[b"folder"], Failed)


def changed(disk, at, value):
    """Change some bytes of a disk and leave its checksums as they were."""
    return bytes(disk[:at]) + value + bytes(disk[at + len(value) :])


def test_what_was_changed_behind_its_checksum_is_never_read():
    disk, files = maker.usual()
    found = items(mounted(ByteMedium(disk.raw)))
    numbers = {path: int(one.place.rpartition("=")[2]) for path, one in found.items()}
    other = found[b"Docs/a.txt"].facts.extents[0][0] // BLOCK
    record = numbers[b"big.bin"] * maker.INODE
    leaf, block = disk.raw.index(b"BMA3"), disk.raw.index(b"XDB3")
    cases = {
        b"big.bin": changed(disk.raw, record + 176, maker.extent(0, other, 4)),
        b"apart": changed(disk.raw, leaf + 72, maker.extent(0, other, 1)),
        b"Docs": changed(disk.raw, block + 64 + 41, b"b"),
    }
    assert disk.raw[block + 64 + 41] == ord("a")  # of a.txt
    for path, altered in cases.items():
        system = mounted(ByteMedium(altered))
        entries = by_path(system)
        assert isinstance(entries[path], Failed), path
        assert entries[path].reason is Reason.DAMAGED_FILE_SYSTEM
        alike = {b"hard\xff"} if path == b"big.bin" else set()
        gone = {one for one in files if one.startswith(path) or one in alike}
        assert set(items(system)) == set(files) - gone
    with pytest.raises(ItemError) as caught:
        mounted(ByteMedium(cases[b"big.bin"])).open(parse_place(found[b"big.bin"].place)[0], 3330)
    assert caught.value.reason is Reason.DAMAGED_FILE_SYSTEM
    with pytest.raises(MountError) as refused:
        mounted(ByteMedium(changed(disk.raw, 40, b"x")))
    assert refused.value.reason is Reason.DAMAGED_FILE_SYSTEM


def test_a_disk_of_the_usual_maker_has_the_checksums_that_are_looked_for(tmp_path):
    program = shutil.which("mkfs.xfs")
    if program is None:
        pytest.skip("mkfs.xfs is not installed")
    inside = tmp_path / "inside"
    inside.write_bytes(b"content")
    many = "\n".join(f"name-{one} ---644 0 0 {inside}" for one in range(90))
    layout = f"x\n0 0\nd--755 0 0\n{many}\n$\n"
    (tmp_path / "layout").write_text(layout)
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(320 << 20)
    made = [program, "-q", "-p", str(tmp_path / "layout"), str(image)]
    subprocess.run(made, check=True, timeout=60)
    medium = raw.open_medium(bytes(image), Secrets())
    system = mounted(medium)
    found = items(system)
    assert set(found) == {b"name-%d" % one for one in range(90)}
    assert {content(system, one) for one in found.values()} == {(b"content", None)}
    medium.close()


def in_log(disk, *records, first=maker.LOG):
    """Write records into the journal, each for its place; tell what is said of the volume."""
    raw = bytearray(disk.raw)
    raw[48:56] = first.to_bytes(8)
    start = maker.LOG * BLOCK
    raw[start : start + maker.LOG_BLOCKS * BLOCK] = bytes(maker.LOG_BLOCKS * BLOCK)
    for place, record in records:
        end = min(len(record), maker.LOG_BLOCKS * BLOCK - place * 512)
        raw[start + place * 512 : start + place * 512 + end] = record[:end]
        raw[start : start + len(record) - end] = record[end:] or raw[start:start]
    system = mounted(ByteMedium(maker.seal(raw)))
    return [one.reason for one in system.entries(deleted=True) if isinstance(one, Failed)]


def test_what_lies_in_a_journal_that_was_not_played_back_is_said():
    disk, _ = maker.usual()
    said = [Reason.DAMAGED_FILE_SYSTEM]
    made = maker.log_record
    closed, other = made(0, flags=0x20), made(2, count=3)
    assert not in_log(disk, (0, closed))
    assert in_log(disk, (0, closed), (2, other)) == said
    assert not in_log(disk, (0, made(0, cycle=2, flags=0x20)), (2, other))  # it went round
    assert in_log(disk, (0, made(0, cycle=1)), (2, made(2, cycle=1))) == said
    assert not in_log(disk, (2, other), (15, made(15, flags=0x20)))  # goes on at the beginning
    assert not in_log(disk, (0, made(0, flags=0x20, size=256 << 10)))
    assert in_log(disk, (0, closed), (4, made(5))) == []  # remains of another place
    assert in_log(disk) == said  # nothing says that it was closed
    assert in_log(disk, (0, closed), first=0) == said  # it is kept elsewhere
    assert in_log(disk, (0, closed), first=maker.BLOCKS - 1) == said
