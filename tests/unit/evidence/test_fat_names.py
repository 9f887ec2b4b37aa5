"""Long names of FAT are given to their end, and never put together of pieces of others."""

import shutil
import subprocess

import pytest

from hashmatch.evidence.filesystems import fat_names
from hashmatch.evidence.filesystems.fat_layout import Layout
from tests.byte_medium import ByteMedium, content, items, mounted

CLUSTER, ENTRIES = 512, 4096
LAYOUT = Layout("fat16", 512, CLUSTER, 512, ENTRIES, ENTRIES, 8, 0)
SHORT = b"NNNNNN~1JPG"


def pieces(name, summed):
    """Write the entries of a long name as they lie: the last piece first."""
    units = name.encode("utf-16-le", "surrogatepass")
    if len(units) % 26:
        units = (units + b"\0\0").ljust(-(-len(units) // 26) * 26, b"\xff")
    out, count = b"", len(units) // 26
    for number in range(count, 0, -1):
        part = units[number * 26 - 26 : number * 26]
        first = number | (0x40 if number == count else 0)
        out += bytes((first,)) + part[:10] + b"\x0f\0" + bytes((summed,)) + part[10:22]
        out += b"\0\0" + part[22:]
    return out


def placed(raw, *, table=()):
    """Put entries so that they end with the third cluster; give the medium and the last's place."""
    disk = bytearray(ENTRIES + 8 * CLUSTER)
    end = ENTRIES + 3 * CLUSTER
    disk[end - len(raw) : end] = raw
    for number, following in table:
        disk[512 + 2 * number : 514 + 2 * number] = following.to_bytes(2, "little")
    return ByteMedium(disk), end - 32


def whole(name, *, known, summed=None, table=((2, 3), (3, 4), (4, 0xFFFF))):
    summed = fat_names._sum(SHORT) if summed is None else summed
    medium, place = placed(pieces(name, summed) + SHORT + bytes(21), table=table)
    cut = name.encode("utf-16-le", "surrogatepass")[: 26 * known].decode("utf-16-le", "replace")
    return fat_names.whole(medium, LAYOUT, place, cut.encode()).decode(), cut


@pytest.mark.parametrize("length", [196, 200, 208, 209, 222, 247, 255])
@pytest.mark.parametrize("letter", ["n", "ภ"])
def test_names_of_more_than_195_characters_are_whole(length, letter):
    name = letter * (length - 4) + ".jpg"
    found, cut = whole(name, known=(length - 1) // 13)
    assert len(cut) < length
    assert found == name


def test_pieces_of_other_names_and_of_other_clusters_are_not_taken():
    name = "n" * 200 + ".jpg"
    for more in ({"summed": 1}, {"table": ((2, 3), (3, 5), (5, 4))}):
        found, cut = whole(name, known=15, **more)
        assert found == cut
    found, cut = whole("n" * 190 + "/" * 14, known=15)
    assert found == cut
    medium, place = placed(pieces(name, fat_names._sum(SHORT)) + SHORT + bytes(21))
    for other in (b"o" * 195, b"n" * 194, b"n" * 13):
        assert fat_names.whole(medium, LAYOUT, place, other) == other


@pytest.mark.skipif(not shutil.which("mcopy"), reason="mtools are not installed")
@pytest.mark.parametrize(("bits", "size"), [(12, 2 << 20), (16, 16 << 20)])
def test_long_names_of_a_volume_are_whole(tmp_path, bits, size):
    pytest.importorskip("pytsk3", reason="file systems are read with pytsk3")
    maker = shutil.which("mkfs.vfat", path="/usr/sbin:/sbin")
    if maker is None:
        pytest.skip("mkfs.vfat is not installed")
    image, source = tmp_path / "fat.raw", tmp_path / "source"
    with image.open("wb") as stream:
        stream.truncate(size)
    subprocess.run([maker, "-F", str(bits), str(image)], check=True, capture_output=True)
    source.write_bytes(b"content")
    names = ["a" * 191 + ".jpg", "b" * 192 + ".jpg", "c" * 251 + ".jpg"]
    for name in names:
        copying = ["mcopy", "-i", str(image), str(source), f"::/{name}"]
        subprocess.run(copying, check=True, timeout=60)
    system = mounted(ByteMedium(image.read_bytes()))
    found = {path.decode(): content(system, one)[0] for path, one in items(system).items()}
    assert found == dict.fromkeys(names, b"content")
