"""File systems of real images give what The Sleuth Kit's own programs give, name for name."""

import gzip
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hashmatch.evidence.filesystems import tsk
from hashmatch.evidence.filesystems.interface import MountError
from hashmatch.model.evidence import Folder
from hashmatch.model.facts import Recovery, Standing
from hashmatch.model.locators import parse_place
from hashmatch.model.outcomes import Failed, ItemError, Reason, Rule, Skipped, Stage
from tests.byte_medium import ByteMedium, content, items, mounted

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared"))
SHARED = SHARED.parent if SHARED.name == "samples" else SHARED
IMAGES = SHARED / "images"
OWN = "own-synthetic/{}.raw.gz"
BARE = {
    **{name: OWN.format(name) for name in ("ntfs", "fat16", "fat16_dates", "ext4")},
    "hfs+": "dfvfs/hfsplus.raw",
    "iso9660": "dfvfs/iso9660.raw",
    "ext2": "pytsk/image.raw",
}
PARTS = {  # of disk_gpt3: where partitions begin and end in sectors
    "p1 fat16": ("fat16", 2048, 34816),
    "p2 ntfs": ("ntfs", 34816, 83968),
    "p3 ext4": ("ext4", 83968, 116736),
}

pytestmark = pytest.mark.skipif(
    not IMAGES.is_dir(), reason="the folder of shared images is not there (HASHMATCH_SAMPLES)"
)


def image(name):
    raw = (IMAGES / name).read_bytes()
    return gzip.decompress(raw) if name.endswith(".gz") else raw


@pytest.fixture(scope="module")
def volumes():
    """Every file system: those that fill an image, and the partitions of a disk."""
    found = {name: image(file) for name, file in BARE.items()}
    disk = image(OWN.format("disk_gpt3"))
    for name, (_, first, end) in PARTS.items():
        found[name] = disk[first * 512 : end * 512]
    return found


def sha(data):
    return hashlib.sha256(data).hexdigest()


def program(*words):
    run = subprocess.run(words, capture_output=True, check=True, timeout=60, env={"TZ": "UTC"})
    return run.stdout


def listed_by_fls(path):
    """Yield name, address and whether it is deleted of every file that fls lists."""
    for line in program(shutil.which("fls"), "-r", "-p", str(path)).splitlines():
        head, _, name = line.partition(b"\t")
        kinds, *star, addr = head.split()
        if kinds.endswith(b"/r") and not kinds.startswith(b"v"):
            yield name, addr.rstrip(b":").decode(), bool(star)


@pytest.mark.skipif(not shutil.which("icat"), reason="fls and icat are not installed")
def test_files_and_digests_are_those_of_fls_and_icat(volumes, tmp_path):
    for name, raw in volumes.items():
        path = tmp_path / "volume.raw"
        path.write_bytes(raw)
        system = mounted(ByteMedium(raw))
        entries = list(system.entries(deleted=True))
        own = {e.path for e in entries if isinstance(e, Skipped) and e.rule is Rule.METADATA}
        only = {e.path for e in entries if isinstance(e, Skipped) and e.rule is Rule.NAME_ONLY}
        ours = {p: sha(content(system, i)[0]) for p, i in items(system).items()}
        theirs = {}
        for file, addr, deleted in listed_by_fls(path):
            if file.split(b":")[0] in own or file.startswith(b"$Extend/"):
                continue
            if deleted and (file in only or b"OrphanFile-" in file):
                continue  # nothing is left of it, or it is the name that fls makes for an orphan
            theirs[file] = sha(program(shutil.which("icat"), str(path), addr))
        forks = {p for p in ours if p.endswith(b":RSRC")}  # of HFS+, which fls does not list
        assert {p: d for p, d in ours.items() if p not in forks} == theirs, name
        assert len(theirs) > 2, name
        assert not any(isinstance(e, Failed) for e in entries), name


def test_partitions_hold_what_the_single_images_hold(volumes):
    for part, (whole, _, _) in PARTS.items():
        pairs = []
        for name in (part, whole):
            system = mounted(ByteMedium(volumes[name]))
            assert system.kind == whole
            pairs.append({p: sha(content(system, i)[0]) for p, i in items(system).items()})
        assert pairs[0] == pairs[1]


def test_deleted_files_of_ntfs_come_back_with_their_folder(volumes):
    found = items(mounted(ByteMedium(volumes["ntfs"])))
    gone = {p: i.facts for p, i in found.items() if i.facts.standing is Standing.DELETED}
    assert set(gone) == {b"Pictures/del_me.jpg", b"Pictures/del_me2.png", b"gone/orphan.jpg"}
    assert {facts.recovery for facts in gone.values()} == {Recovery.BY_RECORD}
    place = "ntfs:/Pictures/del_me.jpg;id=75-1;del"
    assert found[b"Pictures/del_me.jpg"].place == place
    stream = found[b"Docs/outer.zip:hidden.jpg"]
    assert stream.place == "ntfs:/Docs/outer.zip;id=65-1;ads=hidden.jpg"
    times = dict(stream.facts.times)
    assert times["modified"] == "2026-11-22T01:28:37.3206842Z"


def test_an_orphan_of_ntfs_keeps_its_name(volumes):
    """The folder of a deleted file is itself overwritten: the record still has the name."""
    raw = bytearray(volumes["ntfs"])
    system = mounted(ByteMedium(bytes(raw)))
    want = items(system)[b"gone/orphan.jpg"]
    record = raw.find(b"FILE", record_of(raw, 80))
    raw[record : record + 1024] = bytes(1024)
    found = items(mounted(ByteMedium(bytes(raw))))
    assert b"gone/orphan.jpg" not in found
    orphan = found[b"$OrphanFiles/orphan.jpg"]
    assert orphan.facts.standing is Standing.ORPHAN
    assert orphan.place == "ntfs:/$OrphanFiles/orphan.jpg;id=81-2;del"
    assert (orphan.size, orphan.identity) == (want.size, want.identity)
    again = mounted(ByteMedium(bytes(raw)))
    assert content(again, orphan) == content(system, want)


def test_a_deleted_name_gives_no_content_of_a_record_that_was_used_again(volumes):
    """Deleting counts up by one the number that a name has of its record; more is another file."""
    system = mounted(ByteMedium(volumes["ntfs"]))
    size = items(system)[b"Pictures/del_me.jpg"].size
    where = "ntfs:/Pictures/del_me.jpg;id=75-{};del"
    for seq in (1, 2):
        assert system.open(parse_place(where.format(seq))[0], size)
    for seq in (3, 9, 65535):
        with pytest.raises(ItemError) as caught:
            system.open(parse_place(where.format(seq))[0], size)
        assert caught.value.reason is Reason.REPLACED, seq


def record_of(raw, number):
    """Where a record of the MFT of the NTFS image lies: it is in one piece."""
    cluster = int.from_bytes(raw[11:13], "little") * raw[13]
    return int.from_bytes(raw[48:56], "little") * cluster + number * 1024


def attribute_of(raw, number, kind):
    """Where an attribute of a record begins."""
    record = record_of(raw, number)
    place = record + int.from_bytes(raw[record + 20 : record + 22], "little")
    while int.from_bytes(raw[place : place + 4], "little") != kind:
        place += int.from_bytes(raw[place + 4 : place + 8], "little")
    return place


@pytest.mark.parametrize(
    ("name", "place", "where"),
    [
        ("ntfs", 3660 * 4096, {b"Pictures/b.png"}),  # the library asks the records itself
        ("ext4", 1322 * 1024, {b"$OrphanFiles/18"}),
    ],
)
def test_files_that_a_damaged_folder_no_longer_names_are_still_found(volumes, name, place, where):
    raw = bytearray(volumes[name])
    assert b"b.png" in raw[place : place + 1024].replace(b"\0", b"") or name == "ntfs"
    system = mounted(ByteMedium(bytes(raw)))
    before = {i.identity: sha(content(system, i)[0]) for i in items(system, deleted=False).values()}
    raw[place : place + 1024] = bytes(1024)
    system = mounted(ByteMedium(bytes(raw)))
    found = items(system, deleted=False)
    assert {i.identity: sha(content(system, i)[0]) for i in found.values()} == before
    assert where <= set(found)
    lost = {p for p, i in found.items() if i.facts.standing is Standing.ORPHAN}
    assert all(p.startswith(b"$OrphanFiles/") for p in lost)


def test_a_first_folder_that_passes_for_free_is_said(volumes):
    """The map of records in use is overwritten: all names seem to be those of deleted files."""
    raw = bytearray(volumes["ext4"])
    groups = int.from_bytes(raw[1044:1048], "little") + 1
    block = 1024 << int.from_bytes(raw[1048:1052], "little")
    place = int.from_bytes(raw[groups * block + 4 : groups * block + 8], "little") * block
    assert raw[place : place + 2] == b"\xff\xff"
    raw[place : place + 2] = b"\x01\x00"
    for deleted in (True, False):
        entries = list(mounted(ByteMedium(bytes(raw))).entries(deleted=deleted))
        failed = [(e.path, e.reason) for e in entries if isinstance(e, Failed)]
        assert failed == [(b"", Reason.DAMAGED_FILE_SYSTEM)]


def test_encrypted_files_and_such_as_are_kept_elsewhere_are_failures(volumes):
    raw = bytearray(volumes["ntfs"])
    place = attribute_of(raw, 71, 128)
    raw[place + 12 : place + 14] = (0x4000).to_bytes(2, "little")
    place = attribute_of(raw, 72, 80)  # its security descriptor becomes a reparse point of WOF
    raw[place : place + 4] = (192).to_bytes(4, "little")
    start = place + int.from_bytes(raw[place + 20 : place + 22], "little")
    raw[start : start + 4] = (0x80000017).to_bytes(4, "little")
    place = attribute_of(raw, 77, 80)  # and this one a link
    raw[place : place + 4] = (192).to_bytes(4, "little")
    start = place + int.from_bytes(raw[place + 20 : place + 22], "little")
    raw[start : start + 4] = (0xA000000C).to_bytes(4, "little")
    entries = {e.path: e for e in mounted(ByteMedium(bytes(raw))).entries(deleted=True)}
    efs, wof = entries[b"Pictures/a.jpg"], entries[b"Pictures/b.png"]
    assert (efs.stage, efs.reason) == (Stage.OPEN, Reason.KEY_NEEDED)
    assert (wof.stage, wof.reason) == (Stage.OPEN, Reason.UNSUPPORTED_STORAGE)
    assert entries[b"Pictures/g.gif"].rule is Rule.SYMLINK


def test_what_was_never_written_of_an_ntfs_file_reads_as_zeros(volumes):
    raw = bytearray(volumes["ntfs"])
    whole = content(
        mounted(ByteMedium(bytes(raw))), items(mounted(ByteMedium(bytes(raw))))[b"Pictures/a.jpg"]
    )[0]
    place = attribute_of(raw, 71, 128)
    raw[place + 56 : place + 64] = (1000).to_bytes(8, "little")
    system = mounted(ByteMedium(bytes(raw)))
    read, _ = content(system, items(system)[b"Pictures/a.jpg"])
    assert read == whole[:1000] + bytes(len(whole) - 1000)


def test_deleted_files_of_ext4_are_names_without_content(volumes):
    entries = list(mounted(ByteMedium(volumes["ext4"])).entries(deleted=True))
    gone = [e for e in entries if isinstance(e, Skipped) and e.rule is Rule.NAME_ONLY]
    assert {e.path for e in gone} == {b"$OrphanFiles/19", b"$OrphanFiles/20"}


def test_times_of_iso_9660_have_their_offset(volumes):
    item = items(mounted(ByteMedium(volumes["iso9660"])))[b"PASSWORDS.TXT"]
    assert item.facts.times == (("modified", "2021-07-22T16:07:32+02:00"),)
    assert item.modified_ns == 1626962852 * 10**9


def test_dates_of_fat_are_those_that_were_written(volumes):
    """Other libraries are a month off."""
    found = items(mounted(ByteMedium(volumes["fat16_dates"])))
    times = {p.decode(): dict(i.facts.times)["modified"] for p, i in found.items()}
    assert times == {f"f{m:02d}.txt": f"2020-{m:02d}-15T10:20:30" for m in (1, 2, 3, 6, 11, 12)}


def test_forks_of_hfs_are_streams(volumes):
    system = mounted(ByteMedium(volumes["hfs+"]))
    fork = items(system)[b"a_directory/a_resourcefork:RSRC"]
    assert parse_place(fork.place)[0].key("ads") == b"RSRC"
    assert len(content(system, fork)[0]) == 17


def test_a_catalog_of_hfs_that_is_not_in_order_is_said(volumes):
    """The first folder seems to be empty where a key behind its names belongs to another."""
    raw = bytearray(volumes["hfs+"])
    raw[raw.index(bytes.fromhex("001a00000002000a002e00660073")) + 2] = 0xA8
    for deleted in (True, False):
        entries = list(mounted(ByteMedium(bytes(raw))).entries(deleted=deleted))
        failed = [(e.path, e.reason) for e in entries if isinstance(e, Failed)]
        assert (b"", Reason.DAMAGED_FILE_SYSTEM) in failed


def test_free_space_and_files_never_meet(volumes):
    for name, raw in volumes.items():
        system = mounted(ByteMedium(raw))
        free = list(system.unallocated())
        assert free, name
        ends = [0]
        for run in free:
            assert run.offset >= ends[-1], name
            assert run.length > 0, name
            ends.append(run.offset + run.length)
        assert ends[-1] <= len(raw), name
        for item in items(system, deleted=False).values():
            for offset, length in item.facts.extents:
                met = [
                    r for r in free if r.offset < offset + length and offset < r.offset + r.length
                ]
                assert not met, (name, item.path)


def test_every_place_opens_again_and_folders_are_told(volumes):
    for name, raw in volumes.items():
        system = mounted(ByteMedium(raw))
        entries = list(system.entries(deleted=True))
        assert entries[0] == Folder(b""), name
        assert entries == list(mounted(ByteMedium(raw)).entries(deleted=True)), name
        places = [e.place for e in entries if not isinstance(e, Folder) and e.place]
        named = [place for place in places if ";id=0;del" not in place]
        assert len(named) == len(set(named)), name


def test_volumes_cut_short_never_give_shorter_files(volumes):
    for name, raw in volumes.items():
        whole = {
            p: sha(content(mounted(ByteMedium(raw)), i)[0])
            for p, i in items(mounted(ByteMedium(raw))).items()
        }
        medium = ByteMedium(raw[: len(raw) * 2 // 5])
        if not tsk.recognise(medium):
            continue
        try:
            system = mounted(medium)
        except MountError:
            continue
        for path, item in items(system, deleted=False).items():
            try:
                read, doubt = content(system, item)
            except ItemError:
                continue
            assert doubt is None
            assert whole.get(path, sha(read)) == sha(read), (name, path)
