"""Deleted files come back to the byte from images made by other tools, and nothing else does."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from hashmatch.evidence.opening import Wishes, source_of
from hashmatch.evidence.within import Within
from hashmatch.model import locators
from hashmatch.model.evidence import Item
from hashmatch.model.facts import Standing

ROOT = Path(__file__).resolve().parents[2]
IMAGES = Path(os.environ.get("HASHMATCH_SAMPLES", ROOT.parent / "shared")) / "images"
THREE = IMAGES / "own-synthetic" / "disk_gpt3.E01"
TOOLS = ("mke2fs", "debugfs")


def digest(source, item):
    """Digest an item as a scan does."""
    with source.open(item) as stream:
        return hashlib.sha256(stream.read()).hexdigest()


@pytest.mark.skipif(not THREE.exists(), reason="the folder of shared images is not there")
def test_every_item_of_three_file_systems_is_found_again_by_its_place_alone():
    pytest.importorskip("pytsk3")
    source = source_of(os.path.realpath(os.fsencode(THREE)), Wishes(carve=True))
    found = {entry.place: entry for entry in source.entries() if isinstance(entry, Item)}
    again = Within(source_of(source.location, Wishes()))
    digests = {}
    for place, item in found.items():
        layers = locators.parse_place(place)
        assert locators.place(layers) == place
        bare = Item(b"", 0, 0, item.mode, (0, 0), place)
        assert again.at(layers).size == item.size
        digests[place] = digest(again, bare)
        assert digests[place] == digest(source, item), place
    deleted = {
        digests[place]
        for place, item in found.items()
        if item.facts.standing is Standing.DELETED and item.path.endswith((b".jpg", b".png"))
    }
    carved = [place for place, item in found.items() if item.facts.standing is Standing.CARVED]
    assert len(deleted) == 3
    assert {digests[place] for place in carved} <= deleted
    listed = {i.facts.extents for i in found.values() if i.facts.standing is Standing.DELETED}
    assert not {found[place].facts.extents for place in carved} & listed, "it is told once"
    assert carved
    in_ext = [place for place in carved if "ext4:/$unalloc" in place]
    assert len(in_ext) == 2, "there the record of a deleted file leads to nothing"


def saved(chance, form, **options):
    """Make a file of noise in a picture format."""
    size = chance.randrange(20, 200), chance.randrange(20, 200)
    picture = Image.frombytes("RGB", size, chance.randbytes(3 * size[0] * size[1]))
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def film(chance):
    """Make a file in the form of MP4 whose index comes first or last."""
    boxes = [(b"moov", b"\0\0\0\x6cmvhd" + bytes(100)), (b"mdat", chance.randbytes(30_000))]
    chance.shuffle(boxes)
    boxes.insert(0, (b"ftyp", b"isom\0\0\2\0isommp41"))
    return b"".join((8 + len(body)).to_bytes(4, "big") + kind + body for kind, body in boxes)


@pytest.mark.skipif(
    any(shutil.which(tool, path="/usr/sbin:/sbin:/usr/bin:/bin") is None for tool in TOOLS),
    reason="mke2fs or debugfs is not installed",
)
def test_what_was_deleted_from_an_ext4_is_carved_to_the_byte_and_no_junk_beside(tmp_path):
    pytest.importorskip("pytsk3")
    chance = random.Random(9)
    tree, image = tmp_path / "tree", tmp_path / "ext4.dd"
    tree.mkdir()
    kinds = [
        *[("jpg", lambda: saved(chance, "JPEG"))] * 10,
        *[("jpg", lambda: saved(chance, "JPEG", progressive=True))] * 4,
        *[("png", lambda: saved(chance, "PNG"))] * 10,
        *[("gif", lambda: saved(chance, "GIF"))] * 4,
        *[("webp", lambda: saved(chance, "WEBP"))] * 4,
        *[("mp4", lambda: film(chance))] * 6,
        *[("bin", lambda: chance.randbytes(9000))] * 6,
    ]
    chance.shuffle(kinds)
    contents = {f"{n:02}.{ending}": make() for n, (ending, make) in enumerate(kinds)}
    for name, content in contents.items():
        (tree / name).write_bytes(content)
    tools = {**os.environ, "PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    made = ["mke2fs", "-q", "-t", "ext4", "-d", tree, image, "16M"]
    subprocess.run(made, check=True, capture_output=True, env=tools, timeout=60)
    gone = [name for name in contents if int(name[:2]) % 2]
    orders = "".join(f"rm {name}\n" for name in gone).encode()
    deleting = ["debugfs", "-w", "-f", "-", image]
    subprocess.run(deleting, input=orders, check=True, capture_output=True, env=tools, timeout=60)
    source = source_of(os.path.realpath(os.fsencode(image)), Wishes(carve=True, deleted=False))
    items = [entry for entry in source.entries() if isinstance(entry, Item)]
    carved = [one for one in items if one.facts.standing is Standing.CARVED]
    found = sorted(digest(source, one) for one in carved)
    expected = [contents[name] for name in gone if not name.endswith("bin")]
    assert found == sorted(hashlib.sha256(one).hexdigest() for one in expected)
