"""The exhibit is repeatable, and the truth about it is whole and true."""

import hashlib
import io
import os
import stat
import unicodedata

import numpy as np
import pytest
from PIL import Image

from hashmatch.demo import exhibit
from hashmatch.demo.truth import (
    DemoList,
    ExpectedFile,
    ExpectedSkip,
    Likeness,
    Listing,
    Original,
    Value,
    claims,
)
from hashmatch.errors import OutputError, UsageError
from hashmatch.hashing import pictures, sniff
from hashmatch.model.hits import Claim
from hashmatch.model.names import shown
from hashmatch.model.outcomes import Reason, Rule

pdqhash = pytest.importorskip("pdqhash", reason="Meta's PDQ is not built here; see make oracle")

SEED = 20260101


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return exhibit.build(tmp_path_factory.mktemp("exhibit") / "new" / "place", SEED)


@pytest.fixture(scope="module")
def files(built):
    return [entry for entry in built.entries if isinstance(entry, ExpectedFile)]


def content_of(built, path):
    return at(built.folder, path).read_bytes()


def at(folder, path):
    return folder / os.fsdecode(path)


def walk(folder):
    """Every entry below a folder as raw relative paths: folders, and all the rest."""
    inner, rest = [], []
    for path in folder.rglob("*"):
        raw = os.fsencode(path.relative_to(folder))
        (inner if stat.S_ISDIR(path.lstat().st_mode) else rest).append(raw)
    return sorted(inner), sorted(rest)


def tree_digest(folder):
    digest = hashlib.sha256()
    inner, rest = walk(folder)
    for raw in (b"", *inner, *rest):
        path = at(folder, raw)
        status = path.lstat()
        digest.update(repr((raw, status.st_mode, status.st_mtime_ns, status.st_nlink)).encode())
        if stat.S_ISREG(status.st_mode):
            digest.update(path.read_bytes())
        elif stat.S_ISLNK(status.st_mode):
            digest.update(os.fsencode(path.readlink()))
    return digest.hexdigest()


def test_the_truth_names_every_entry_exactly_once(built):
    inner, rest = walk(built.folder)
    assert [entry.path for entry in built.entries] == rest
    assert list(built.folders) == inner
    assert b"Empty folder" in built.folders
    assert len(rest) + len(built.left_out) >= 60


def test_two_builds_are_identical_down_to_modes_and_times(built, tmp_path):
    again = exhibit.build(tmp_path / "again", SEED)
    assert tree_digest(again.folder) == tree_digest(built.folder)
    assert again.entries == built.entries
    assert again.originals == built.originals


def test_another_seed_gives_other_pictures_and_as_many_unrelated_ones_as_asked_for(built, tmp_path):
    other = exhibit.build(tmp_path, SEED + 1, unrelated=2)
    assert tree_digest(other.folder) != tree_digest(built.folder)
    gone = {entry.path for entry in built.entries} - {entry.path for entry in other.entries}
    assert gone == {b"Holiday/%04d.jpg" % number for number in range(102, 106)}


def test_sizes_and_kinds_of_entries_are_as_stated(built):
    for entry in built.entries:
        status = at(built.folder, entry.path).lstat()
        if isinstance(entry, ExpectedFile):
            assert stat.S_ISREG(status.st_mode)
            assert status.st_size == entry.size
        else:
            kinds = {Rule.SYMLINK: stat.S_ISLNK, Rule.FIFO: stat.S_ISFIFO}
            assert kinds[entry.rule](status.st_mode)
        assert entry.sentence


def test_every_case_of_the_matrix_is_there(built):
    paths = {entry.path for entry in built.entries} | set(built.left_out)
    names = {path.split(b"/")[-1] for path in paths}
    assert {len(name) for name in names} >= {255}
    assert any(b"\n" in name for name in names)
    assert any(name.startswith(b".") for name in names)
    assert any(name.startswith(b"-") for name in names)
    assert any(b"[bold]" in name for name in names)
    assert any("\u202e".encode() in name for name in names)
    assert any(path.count(b"/") >= 40 for path in paths)
    assert any("ภาพถ่าย".encode() in path for path in paths)
    assert any(b"/[x]/" in path for path in paths)
    assert any("\\x" in shown(name) for name in names)
    texts = [name.decode("utf-8", "replace") for name in names]
    assert len({unicodedata.normalize("NFC", text) for text in texts}) == len(names) - 1
    rules = {entry.rule for entry in built.entries if isinstance(entry, ExpectedSkip)}
    assert rules == {Rule.SYMLINK, Rule.FIFO}


def test_a_hard_link_is_a_second_name_of_the_same_file(built, files):
    first = (built.folder / "DCIM" / "IMG_0001.png").stat()
    assert (built.folder / "Links" / "hard.png").stat().st_ino == first.st_ino
    by_path = {entry.path: entry for entry in files}
    assert by_path[b"Links/hard.png"].claims == by_path[b"DCIM/IMG_0001.png"].claims


def test_an_exact_claim_means_the_same_bytes_as_a_listed_original(built, files):
    originals = {original.content: original for original in built.originals}
    exact = {Claim.EXACT_1, Claim.EXACT_2}
    for entry in files:
        original = originals.get(content_of(built, entry.path))
        if original is None or not original.content:
            assert not exact & set(entry.claims.values()), entry.path
        else:
            assert set(entry.claims) == {listing.list for listing in original.listings}


def test_near_claims_hold_and_all_others_are_far_by_an_independent_hash(built, files):
    """Every comparable picture against every listed hash, over all rotations and flips."""
    listed = [
        (listing.list, _hash(original.content))
        for original in built.originals
        for listing in original.listings
        if Value.PDQ in listing.values
    ]
    for entry in files:
        if entry.is_picture and not (entry.trouble or entry.partial or entry.featureless):
            variants = pdqhash.compute_dihedral(_pixels(content_of(built, entry.path)))[0]
            bits = {}
            for name, one in listed:
                nearest = min(int((one != other).sum()) for other in variants)
                bits[name] = min(nearest, bits.get(name, 256))
            _compare(entry, bits)


def _compare(entry, bits):
    for name, distance in bits.items():
        if entry.claims.get(name) is Claim.NEAR:
            assert distance <= 31, entry.path
        elif name not in entry.claims:
            assert distance > 40, entry.path


def test_listed_pictures_are_rich_and_featureless_ones_are_not(built, files):
    for original in built.originals:
        if original.picture:
            assert pdqhash.compute(_pixels(original.content))[1] >= 80, original.name
    featureless = [entry for entry in files if entry.featureless]
    assert len(featureless) == 2
    for entry in featureless:
        assert pdqhash.compute(_pixels(content_of(built, entry.path)))[1] < 50


def test_content_is_seen_by_our_own_decoder_as_stated(built, files):
    for entry in files:
        content = content_of(built, entry.path)
        kind = sniff.picture_kind(content[:4096])
        assert (kind is not None) == entry.is_picture, entry.path
        if kind is None:
            continue
        found = pictures.examine(content, kind)
        assert (found.trouble, found.partial) == (entry.trouble, entry.partial), entry.path
        if found.trouble is None:
            assert (max(one.quality for one in found.hashes) < 50) == entry.featureless


def test_each_kind_of_trouble_occurs(files):
    troubles = {entry.trouble for entry in files}
    assert troubles == {None, Reason.CORRUPT, Reason.TOO_MANY_PIXELS, Reason.TOO_SMALL}
    assert sum(entry.partial for entry in files) == 1
    assert sum(entry.conflict for entry in files) == 1


def test_each_claim_and_each_list_occurs_and_most_files_agree_with_nothing_twice(files):
    found = {claim for entry in files for claim in entry.claims.values()}
    assert found == set(Claim) - {Claim.LEAD}  # which nobody finds who does not ask for them
    assert {name for entry in files for name in entry.claims} == set(DemoList)


@pytest.mark.parametrize(
    ("values", "same", "similar"),
    [
        ({Value.MD5}, Claim.EXACT_1, None),
        ({Value.SHA1}, Claim.EXACT_1, None),
        ({Value.SHA256}, Claim.EXACT_2, None),
        ({Value.MD5, Value.SHA1}, Claim.EXACT_2, None),
        ({Value.MD5, Value.PDQ}, Claim.EXACT_1, Claim.NEAR),
        ({Value.PDQ}, Claim.NEAR, Claim.NEAR),
    ],
)
def test_claims_follow_from_what_a_list_carries(values, same, similar):
    listing = Listing(DemoList.HOTLINE, frozenset(values))
    original = Original("x", b"x", picture=True, listings=(listing,))
    assert claims(original, Likeness.SAME_BYTES) == {DemoList.HOTLINE: same}
    assert claims(original, Likeness.SIMILAR).get(DemoList.HOTLINE) is similar
    assert claims(original, Likeness.TOO_DIFFERENT) == {}


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path):
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(UsageError, match="not empty"):
        exhibit.build(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_place_that_cannot_be_written_is_said_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another place"):
        exhibit.build(tmp_path / "file" / "below", 1)


def _pixels(content):
    with Image.open(io.BytesIO(content)) as picture:
        if picture.mode.startswith("I;16"):
            return np.repeat((np.asarray(picture) >> 8).astype(np.uint8)[..., None], 3, axis=2)
        return np.asarray(picture.convert("RGB"))


def _hash(content):
    return pdqhash.compute(_pixels(content))[0]
