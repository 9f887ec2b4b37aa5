"""The same bytes are decoded once; nothing of a result depends on it."""

import os

import pytest
from PIL import Image

from hashmatch.evidence.folder import FolderSource
from hashmatch.hashing import pictures
from hashmatch.jobs.examine import Aids, Limits, examine
from hashmatch.jobs.reuse import Contents
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import ALWAYS, Algorithm, Digest, FrameHash, Method, PictureHash
from hashmatch.model.outcomes import Picture, Reading, Reason, Video
from hashmatch.model.wanted import Wanted


def reading(number=0, picture=None, video=None, algorithm=Algorithm.SHA256):
    value = number.to_bytes(algorithm.size, "big")
    return Reading((Digest(algorithm, value),), picture, video)


def picture(values=1, **changes):
    hashes = (
        PictureHash(Method.PDQ, "stored", 100, (bytes(32),) * values, ("identity",) * values),
    )
    return Picture("image/png", 9, 9, 1, hashes, **changes)


VIDEO = Video("video/mp4", hashes=(FrameHash(0, 100, bytes(32)),))


@pytest.mark.parametrize("decoded", [{"picture": picture()}, {"video": VIDEO}])
def test_what_is_certain_is_found_again(decoded):
    contents = Contents()
    one = reading(**decoded)
    contents.note(one)
    assert contents.find(one.digests) == (one.picture, one.video)
    assert contents.find(reading(1).digests) is None


@pytest.mark.parametrize(
    "one",
    [
        reading(),
        reading(picture=picture(trouble=Reason.OUT_OF_MEMORY)),
        reading(picture=Picture("image/png", trouble=Reason.TIME_LIMIT)),
        reading(picture=picture(damage=Reason.OUT_OF_MEMORY)),
        reading(video=Video("video/mp4", damage=Reason.INCOMPLETE_VIDEO)),
        reading(video=Video("video/mp4", trouble=Reason.OUT_OF_MEMORY)),
        reading(picture=picture(), algorithm=Algorithm.MD5),
    ],
)
def test_what_is_by_chance_or_without_a_strong_digest_is_not(one):
    contents = Contents()
    contents.note(one)
    assert contents.find(one.digests) is None


def test_what_is_kept_is_bounded_and_the_oldest_goes_first():
    contents = Contents(100)
    for number in range(20):
        contents.note(reading(number, picture(15)))
        contents.find(reading(0).digests)
    assert contents.find(reading(0).digests) is not None
    assert contents.find(reading(19).digests) is not None
    assert sum(contents.find(reading(n).digests) is not None for n in range(20)) == 5


def test_copies_are_decoded_once_and_each_has_its_result(tmp_path, monkeypatch):
    drawn = Image.effect_mandelbrot((64, 64), (-2, -1, 1, 1), 50)
    for name in ("a", "b"):
        drawn.save(tmp_path / name, "PNG")
    (tmp_path / "c").write_bytes((tmp_path / "a").read_bytes()[:-20])
    source = FolderSource(os.fsencode(tmp_path))
    items = [entry for entry in source.entries() if isinstance(entry, Item)]
    apart = [examine(source, item, Wanted(), Limits()).result for item in items]
    real, calls = pictures.examine, []
    monkeypatch.setattr(pictures, "examine", lambda *a: calls.append(1) or real(*a))
    aids = Aids(Contents())
    assert [examine(source, item, Wanted(), Limits(), aids=aids).result for item in items] == apart
    assert len(calls) == 2
    digests_only = examine(source, items[0], Wanted(), Limits(), decode=False, aids=aids).result
    assert digests_only.picture == Picture("image/png")
    assert [d.algorithm for d in digests_only.digests] == list(ALWAYS)
