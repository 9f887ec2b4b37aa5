"""The fixtures on disk are what their manifest says and what the seed gives."""

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest

from hashmatch.demo import drawing, edits

FIXTURES = Path(__file__).parents[2] / "fixtures"
TEXTS = {"images/corrupt.png", "images/huge.png"}


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("fixtures_make", FIXTURES / "make.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def entries():
    manifest = json.loads((FIXTURES / "manifest.json").read_bytes())
    return {entry["path"]: entry for entry in manifest["files"]}


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(FIXTURES, tmp_path / "fixtures")
    return tmp_path / "fixtures"


def test_every_fixture_has_an_entry_and_every_entry_a_fixture(entries):
    files = [p for part in ("images", "lists") for p in (FIXTURES / part).rglob("*")]
    assert {p.relative_to(FIXTURES).as_posix() for p in files} == set(entries)


def test_every_digest_and_size_of_the_manifest_holds(entries):
    for path, entry in entries.items():
        content = (FIXTURES / path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], path
        assert len(content) == entry["size"], path
        assert entry["made"], path


def test_all_fixtures_together_stay_small(entries):
    assert sum(entry["size"] for entry in entries.values()) < 300_000


def test_texts_are_compared_by_bytes_and_lossless_pictures_by_exact_pixels(entries):
    for path, entry in entries.items():
        if path.startswith("lists/") or path in TEXTS:
            assert (entry["compare"], entry["tolerance"]) == ("bytes", 0)
        else:
            assert entry["compare"] == "pixels"
        if path.endswith((".bmp", ".tif", "scene.png", "16-bit.png")):
            assert entry["tolerance"] == 0


def test_the_seed_gives_what_lies_on_disk(make):
    assert make.differences(FIXTURES, make.SEED) == []


def test_another_seed_gives_something_else(make):
    found = make.differences(FIXTURES, make.SEED + 1)
    assert "differs: images/scene.png" in found
    assert "differs: manifest.json" in found


def test_writing_again_removes_what_is_no_longer_made(make, copy):
    (copy / "lists" / "stray.txt").write_text("stray")
    assert make.differences(copy, make.SEED) == ["left over: lists/stray.txt"]
    make.write(copy, make.SEED)
    assert make.differences(copy, make.SEED) == []


@pytest.mark.parametrize(
    ("path", "word"), [("images/card.png", "missing"), ("lists/vics-us.json", "differs")]
)
def test_a_lost_fixture_is_named(make, copy, path, word):
    (copy / path).unlink()
    assert make.differences(copy, make.SEED) == [f"{word}: {path}"]


def test_one_changed_byte_of_a_list_is_named(make, copy):
    path = copy / "lists" / "csv-ragged-row.csv"
    path.write_bytes(path.read_bytes().replace(b"extra", b"extrA"))
    assert make.differences(copy, make.SEED) == ["differs: lists/csv-ragged-row.csv"]


def test_a_picture_with_other_bytes_and_the_same_pixels_is_the_same(make):
    picture = next(make.images(make.SEED))
    content = (FIXTURES / picture.path).read_bytes()
    commented = content[:-12] + b"\0\0\0\0tEXt" + b"\x1e\xda\x84\xe4" + content[-12:]
    assert commented != picture.content
    assert make.same(picture, commented)


def test_a_picture_of_another_size_or_with_other_pixels_differs(make):
    made = {one.path: one for one in make.images(make.SEED)}
    scene = made["images/scene.png"]
    assert not make.same(scene, made["images/card.png"].content)
    assert not make.same(scene, made["images/scene-jpeg-q70.jpg"].content)
    lossy = made["images/scene-jpeg-q70.jpg"]
    drawn = drawing.scene(make.SEED, make.SIZE)
    assert make.same(lossy, edits.encoded(drawn, "JPEG", quality=72))
    assert not make.same(lossy, made["images/blank.png"].content)
