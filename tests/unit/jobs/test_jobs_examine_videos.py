"""Videos on their way through the examination of an item, and into the tally of a run."""

import os

import pytest

from hashmatch.errors import ExitCode
from hashmatch.evidence.folder import FolderSource
from hashmatch.jobs import examine as job
from hashmatch.jobs.examine import Limits, examine, undecoded
from hashmatch.model.evidence import Item
from hashmatch.model.hashes import FrameHash
from hashmatch.model.outcomes import Examined, Failed, Picture, Reading, Reason, Video
from hashmatch.model.tally import Tally
from hashmatch.model.wanted import Wanted
from tests import clips

pytest.importorskip("av")


@pytest.fixture
def read(tmp_path):
    """Examine one file that holds a clip."""
    (tmp_path / "film").write_bytes(clips.clip("matroska", "ffv1", frames=24))
    source = FolderSource(os.fsencode(tmp_path))
    (item,) = (one for one in source.entries() if isinstance(one, Item))

    def run(wanted=None, limits=None, *, decode=True):
        return examine(source, item, wanted or Wanted(), limits or Limits(), decode=decode).result

    return run


def test_one_item_gives_digests_and_frames(read):
    found = read()
    assert len(found.digests) == 3
    assert found.picture is None
    assert (found.video.kind, found.video.frames) == ("video/x-matroska", 24)
    assert found.video.hashes


def test_a_video_is_only_named_where_none_is_asked_for_or_it_must_not_be_decoded(read):
    for found in (read(Wanted(videos=False)), read(decode=False)):
        assert found.video == Video("video/x-matroska")


def test_a_video_beyond_the_limit_of_pixels_is_digested_all_the_same(read):
    found = read(limits=Limits(pixels=100))
    assert found.video.trouble is Reason.TOO_MANY_PIXELS
    assert found.digests == read().digests


def test_want_of_memory_while_digesting_costs_the_video_only(read, monkeypatch):
    def starve(*_):
        raise MemoryError

    named = Video("video/mp4")
    monkeypatch.setattr(job.Reader, "_video", lambda one, *_: starve() if one.decode else named)
    assert read().video == Video("video/mp4", trouble=Reason.OUT_OF_MEMORY)


def test_a_video_that_changed_while_it_was_decoded_is_not_vouched_for(read, monkeypatch):
    monkeypatch.setattr(FolderSource, "unchanged", lambda *_: False)
    found = read()
    assert isinstance(found, Failed) and found.reason is Reason.CHANGED


def test_what_was_not_decoded_says_why():
    whole = Reading((), Picture("image/png", 5), Video("video/mp4", "h264"))
    spared = undecoded(whole, Reason.TIME_LIMIT)
    assert spared.picture == Picture("image/png", trouble=Reason.TIME_LIMIT)
    assert spared.video == Video("video/mp4", trouble=Reason.TIME_LIMIT)
    assert undecoded(Reading(()), Reason.TIME_LIMIT) == Reading(())


def frames(quality):
    return (FrameHash(0, quality, bytes(32)),)


ENDS = [
    (Video("video/mp4", hashes=frames(50)), "videos_compared", ExitCode.CLEAR),
    (Video("video/mp4", hashes=frames(49)), "videos_low_quality", ExitCode.CLEAR),
    (
        Video("video/mp4", hashes=frames(99), damage=Reason.INCOMPLETE_VIDEO),
        "videos_not_compared",
        3,
    ),
    (Video("video/mp4", trouble=Reason.NO_VIDEO_DECODER), "videos_not_compared", 3),
]


@pytest.mark.parametrize(("video", "counted", "code"), ENDS)
def test_every_video_is_counted_in_one_way_and_decides_whether_a_run_is_complete(
    video, counted, code
):
    asked, unasked = Tally(), Tally()
    outcome = Examined(b"film", 1, 0, Reading((), video=video))
    asked.add(outcome, near=False, quality_gate=50, videos=True)
    unasked.add(outcome, near=True, quality_gate=50)
    ways = ("videos_compared", "videos_low_quality", "videos_not_compared")
    assert {way: getattr(asked, way) for way in ways} == {way: way == counted for way in ways}
    assert asked.exit_code() == code
    assert (unasked.videos, unasked.exit_code()) == (1, ExitCode.CLEAR)
    assert not any(getattr(unasked, way) for way in ways)
    assert Tally.from_json(asked.to_json()) == asked
