"""A hole in a video is told, wherever it is; long times between pictures are no hole."""

import io
import random
import time
from fractions import Fraction
from functools import cache

import pytest

from hashmatch.hashing import sniff_video, video, video_chain, video_file
from tests import clips

av = pytest.importorskip("av")

KINDS = [
    ("matroska", "ffv1"),
    ("matroska", "mpeg4"),
    ("webm", "libvpx"),
    ("avi", "mpeg4"),
    ("mpeg", "mpeg2video"),
    ("mpegts", "mpeg2video"),
    ("mpegts", "libx264"),
    ("flv", "flv1"),
    ("asf", "wmv2"),
    ("ogg", "libvpx"),
    ("mp4", "libx264"),
]
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}


@cache
def whole(form, codec, sound=0):
    return clips.clip(form, codec, frames=96, sound=sound, coding={"g": "12"})


def examine(content):
    kind = sniff_video.video_kind(content[:4096])
    assert kind is not None
    return video.examine(io.BytesIO(content), kind, 10_000_000)


def zeroed(content):
    third, fifth = len(content) // 3, len(content) // 5
    return content[:third] + bytes(fifth) + content[third + fifth :]


@pytest.mark.parametrize(("form", "codec"), KINDS)
def test_a_hole_in_the_middle_is_told_and_nothing_else(form, codec):
    content = whole(form, codec)
    assert not examine(content).partial
    found = examine(zeroed(content))
    assert found.hashes and found.partial and found.frames < 96


@pytest.mark.parametrize(("form", "codec"), KINDS[:-1])
def test_a_part_taken_out_is_told(form, codec):
    content = whole(form, codec)
    third, fifth = len(content) // 3 // 188 * 188, len(content) // 5 // 188 * 188
    found = examine(content[:third] + content[third + fifth :])
    assert found.hashes and found.partial and found.frames < 96


@pytest.mark.parametrize(("form", "codec"), KINDS[:-1])
def test_what_is_cut_off_is_told(form, codec):
    content = whole(form, codec)
    found = examine(content[: len(content) * 2 // 3])
    assert found.hashes and found.partial and found.frames < 96


@pytest.mark.parametrize(
    ("form", "codec"), [("matroska", "mpeg4"), ("avi", "mpeg4"), ("flv", "flv1"), ("mp4", "mpeg4")]
)
def test_damage_with_sound_beside_it_is_told(form, codec):
    content = bytearray(whole(form, codec, 40))
    assert not examine(bytes(content)).partial
    at = len(content) // 3
    content[at : at + 600] = bytes(one ^ 0x55 for one in content[at : at + 600])
    assert examine(bytes(content)).partial


def test_an_avi_cut_off_between_two_frames_is_told():
    content = whole("avi", "mpeg4")
    found = examine(content[: content.index(b"00dc", len(content) * 9 // 10 - 2_000)])
    assert found.hashes and found.partial


def test_a_fragment_that_is_gone_is_told():
    content = clips.clip("mp4", "libx264", options=FRAGMENTS, coding={"g": "12"})
    assert not examine(content + bytes(5)).partial
    second = content.index(b"moof", content.index(b"moof") + 4) - 4
    found = examine(content[:second] + bytes(400) + content[second + 400 :])
    assert found.hashes and found.partial


def slides(form, codec, options=None):
    """Pictures with any times between them, as a recorded screen has them."""
    out = io.BytesIO()
    with av.open(out, "w", format=form, options=options or {}) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *clips.SIZE, "yuv420p"
        for number, at in enumerate((0, 1, 2, 125, 126, 500, 2_000)):
            picture = av.VideoFrame.from_ndarray(clips.frame(number * 8), format="gray")
            picture.pts, picture.time_base = at, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "codec", "options"),
    [
        *((form, codec, None) for form, codec in KINDS if form != "mpeg"),
        ("matroska", "ffv1", {"live": "1"}),
        ("mp4", "libx264", FRAGMENTS),
    ],
)
def test_long_and_uneven_times_between_pictures_are_no_hole(form, codec, options):
    found = examine(slides(form, codec, options))
    assert (found.frames, found.trouble, found.damage) == (7, None, None)
    assert found.hashes[-1].at >= 20_000


@pytest.mark.parametrize(
    ("form", "codec"), [("mpegts", "libx264"), ("mpegts", "mpeg2video"), ("matroska", "ffv1")]
)
def test_two_files_that_are_joined_have_no_hole(form, codec):
    first, second = clips.clip(form, codec, frames=45), clips.clip(form, codec, seed=2)
    found = examine(first + second)
    assert (found.frames, found.damage) == (93, None)


class Pipe(io.RawIOBase):
    """Where a writer cannot go back to fill in what it did not know."""

    def __init__(self):
        self.content = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.content += data
        return len(data)


@pytest.mark.parametrize(
    ("form", "codec"), [("matroska", "ffv1"), ("flv", "flv1"), ("asf", "wmv2"), ("ogg", "libvpx")]
)
def test_lengths_that_a_writer_could_not_know_are_no_hole(form, codec):
    pipe = Pipe()
    with av.open(pipe, "w", format=form) as container:
        stream = container.add_stream(codec, rate=clips.RATE)
        stream.width, stream.height, stream.pix_fmt = *clips.SIZE, "yuv420p"
        for number in range(24):
            picture = av.VideoFrame.from_ndarray(clips.frame(number), format="gray")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    found = examine(bytes(pipe.content))
    assert (found.frames, found.damage) == (24, None)


def test_what_writers_of_avi_get_wrong_is_no_hole():
    content = bytearray(whole("avi", "mpeg4"))
    content[4:8] = bytes(4)  # never finished
    assert not examine(bytes(content)).partial
    content[4:8] = len(content).to_bytes(4, "little")  # counted with its own header
    assert not examine(bytes(content)).partial
    name = b"odd \x03\0\0\0abc"  # not padded to an even length
    at = content.index(b"movi") + 4
    tight = bytes(content[:at]) + name + bytes(content[at:])
    assert not video_chain.broken(reader(tight), sniff_video.AVI)


def reader(content):
    return video_file.Reader(io.BytesIO(content), time.monotonic() + 60)


def test_whatever_follows_a_beginning_the_parts_are_followed_to_an_end():
    chance = random.Random(4)
    for form, codec in KINDS:
        content = whole(form, codec)
        kind = sniff_video.video_kind(content[:4096])
        assert not video_chain.broken(reader(content), kind)
        for _ in range(40):
            changed = bytearray(content[: chance.randrange(24, 6_000)])
            for _ in range(chance.choice((0, 4, 40))):
                changed[chance.randrange(len(changed))] = chance.choice((0, 1, 127, 255))
            assert video_chain.broken(reader(bytes(changed)), kind) in {True, False}
    far = bytearray(whole("asf", "wmv2"))
    far[16:24] = b"\xff" * 8  # further than a system can go
    assert video_chain.broken(reader(bytes(far)), sniff_video.ASF)
