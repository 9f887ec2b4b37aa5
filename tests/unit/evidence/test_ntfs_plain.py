"""Records of plain files of NTFS say the same when they are read here as through the library."""

import random

import pytest

from hashmatch.evidence.filesystems.tsk_family import opened
from hashmatch.model.locators import parse_place
from tests.byte_medium import ByteMedium, content, items, mounted
from tests.ntfs_maker import FIRST, MFT, RECORD, Data, NtfsVolume

pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")

PLAIN = bytes(range(256)) * 300
FILES = {
    "a.bin": [Data(PLAIN)],
    "b.bin": [Data(b"b" * 5000), Data(b"y" * 3000, "beside")],
    "c.bin": [Data(b"ab" * 40_000, compressed=True)],
    "d.bin": [Data(b"d" * 9000, written=4000)],
    "e.txt": [Data(b"in its record")],
}
ODD = (0, 1, 2, 8, 16, 0x20, 0x80, 0xFF)


def both(system, addr):
    """Give what the record says here, and through the library; None where there is nothing."""
    family = system._family
    (run,) = family.record(addr)
    record = family.content.read_at(run.offset, run.length)
    plain = family.plain(addr, int.from_bytes(record[16:18], "little"))
    file = opened(system._mounted, addr)
    known = [] if file is None else [one for one in family.streams(file) if not one.name]
    return plain, known[0] if known else None


def told(stream):
    return stream.size, stream.runs, stream.covered, stream.kind, stream.number, stream.filled


def test_plain_files_are_read_without_the_library_and_others_with_it(monkeypatch):
    system = mounted(ByteMedium(NtfsVolume(FILES).made()))
    found = items(system)
    wanted = {path: content(system, item) for path, item in found.items()}
    assert wanted[b"a.bin"] == (PLAIN, None)
    assert wanted[b"d.bin"] == (b"d" * 4000 + bytes(5000), None)
    asked = []
    monkeypatch.setattr(
        "hashmatch.evidence.filesystems.tsk_system.opened",
        lambda volume, addr: asked.append(addr) or opened(volume, addr),
    )
    assert {path: content(system, item) for path, item in found.items()} == wanted
    by_name = {path: FIRST + number for number, path in enumerate(sorted(FILES))}
    assert sorted(set(asked)) == [by_name[name] for name in ("b.bin", "c.bin", "d.bin", "e.txt")]


def test_what_both_read_is_the_same_whatever_byte_of_a_record_was_changed():
    chance, raw, agreed = random.Random(7), NtfsVolume(FILES).made(), 0
    for _ in range(600):
        number = FIRST + chance.randrange(len(FILES))
        at = MFT * 512 + number * RECORD + chance.randrange(56, 560)
        byte = chance.choice((*ODD, raw[at] ^ 1 << chance.randrange(8)))
        system = mounted(ByteMedium(raw[:at] + bytes([byte]) + raw[at + 1 :]))
        plain, known = both(system, number)
        if plain is not None and known is not None:
            assert told(plain) == told(known)
            assert system._family.obstacle(opened(system._mounted, number), known) is None
            agreed += 1
    assert agreed > 100


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, b"BAAD"), (16, b"\2\0"), (22, b"\3\0"), (22, b"\0\0"), (32, b"\5"), (510, b"??")],
    ids=["mark", "sequence", "folder", "not in use", "goes on another", "sector not written"],
)
def test_a_record_that_is_not_as_it_should_be_is_left_to_the_library(at, value):
    raw = NtfsVolume(FILES).made()
    item = items(mounted(ByteMedium(raw)))[b"a.bin"]
    addr, seq = map(int, parse_place(item.place)[0].key("id").split(b"-"))
    assert mounted(ByteMedium(raw))._family.plain(addr, seq).size == len(PLAIN)
    place = MFT * 512 + addr * RECORD + at
    raw = raw[:place] + value + raw[place + len(value) :]
    assert mounted(ByteMedium(raw))._family.plain(addr, seq) is None
