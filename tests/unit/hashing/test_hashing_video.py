"""Frames of videos: the right hashes at the right times, and an answer for every kind of damage."""

import io
import itertools
import os
import random
import struct

import numpy as np
import pytest

from hashmatch.hashing import sniff_video, video, video_file
from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.pdq import hamming, pdq
from hashmatch.hashing.video_sampling import GAPS, SAME, Sampler
from hashmatch.model.hashes import FrameHash
from hashmatch.model.outcomes import Reason
from hashmatch.model.wanted import Effort
from tests import clips

av = pytest.importorskip("av")
MOST = 10_000_000


def examine(content, **options):
    kind = sniff_video.video_kind(content[:4096])
    assert kind is not None
    return video.examine(io.BytesIO(content), kind, options.pop("pixels", MOST), **options)


@pytest.mark.parametrize(
    ("form", "codec", "name"),
    [
        ("mp4", "libx264", "h264"),
        ("matroska", "ffv1", "ffv1"),
        ("webm", "libvpx-vp9", "vp9"),
        ("mov", "mpeg4", "mpeg4"),
        ("avi", "mpeg4", "mpeg4"),
        ("mpeg", "mpeg1video", "mpeg1video"),
        ("mpegts", "mpeg2video", "mpeg2video"),
        ("flv", "flv1", "flv1"),
        ("asf", "wmv2", "wmv2"),
        ("ogg", "libvpx", "vp8"),
    ],
)
def test_every_container_gives_the_hashes_of_its_frames(form, codec, name):
    found = examine(clips.clip(form, codec))
    assert (found.codec, found.width, found.height) == (name, *clips.SIZE)
    assert (found.frames, found.trouble, found.partial) == (48, None, False)
    assert [one.at for one in found.hashes] == sorted({one.at for one in found.hashes})
    for one in found.hashes:
        own = pdq(Pixels(clips.frame(round(one.at * clips.RATE / 1000))))
        assert hamming(own.value, one.value) <= (4 if codec == "ffv1" else 20)
        assert abs(own.quality - one.quality) <= 2


def test_a_frame_is_hashed_as_the_same_frame_decoded_in_colour():
    content = clips.clip("mp4", "libx264")
    with av.open(io.BytesIO(content)) as container:
        frames = [one.to_ndarray(format="rgb24") for one in container.decode(video=0)]
    for one in examine(content, effort=Effort.THOROUGH).hashes:
        other = pdq(Pixels(frames[round(one.at * clips.RATE / 1000)]))
        assert hamming(other.value, one.value) <= 10
        assert abs(other.quality - one.quality) <= 2


@pytest.mark.parametrize("effort", Effort)
def test_effort_decides_how_densely_frames_are_hashed(effort):
    found = examine(clips.clip("matroska", "ffv1", frames=60), effort=effort)
    moments = [one.at for one in found.hashes]
    assert min(b - a for a, b in itertools.pairwise(moments)) >= GAPS[effort]
    assert len(moments) > {Effort.FAST: 2, Effort.STANDARD: 9, Effort.THOROUGH: 25}[effort]


def test_a_picture_that_stands_still_is_kept_once():
    found = examine(clips.clip(pictures=[clips.frame(3)] * 48))
    assert (found.frames, len(found.hashes), found.length) == (48, 1, 2000)


def test_consecutive_hashes_that_are_kept_differ():
    for effort in (Effort.STANDARD, Effort.THOROUGH):
        pairs = itertools.pairwise(examine(clips.clip(), effort=effort).hashes)
        assert all(
            hamming(a.value, b.value) > SAME[effort] or b.quality > a.quality or b.at < a.at
            for a, b in pairs
        )


def test_frames_are_hashed_without_their_border_too():
    framed = [np.pad(clips.frame(k), ((24, 24), (0, 0)), constant_values=16) for k in range(24)]
    content = clips.clip("matroska", "ffv1", pictures=framed)
    own = pdq(Pixels(clips.frame(0))).value
    plain, fast = examine(content), examine(content, effort=Effort.FAST)
    assert min(hamming(own, one.value) for one in plain.hashes) <= 6
    assert min(hamming(own, one.value) for one in fast.hashes) > 31
    moments = [one.at for one in plain.hashes]
    assert moments.count(0) == 2 and moments != sorted(moments)


def test_a_file_with_sound_alone_is_no_video():
    for form in ("mp4", "matroska", "mpegts"):
        assert examine(clips.only_sound(form)) is None


def test_sound_beside_the_picture_does_not_matter():
    plain, sounding = examine(clips.clip()), examine(clips.clip(sound=8))
    assert [one.value for one in plain.hashes] == [one.value for one in sounding.hashes]
    assert not sounding.partial


@pytest.mark.parametrize(
    ("form", "codec"), [("matroska", "ffv1"), ("flv", "flv1"), ("asf", "wmv2"), ("mp4", "mpeg4")]
)
def test_sound_that_goes_on_longer_is_no_sign_of_damage(form, codec):
    content = clips.clip(form, codec, sound=60)
    found = examine(content)
    assert (found.frames, found.partial) == (48, False)
    assert found.length > 7_000
    if form in {"matroska", "flv"}:  # of which a part can be read
        assert examine(content[: len(content) // 2]).partial


def _two_streams():
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        streams = [container.add_stream("ffv1", rate=clips.RATE) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = *clips.SIZE, "yuv420p"
        for number in range(24):
            for seed, stream in enumerate(streams, 1):
                picture = av.VideoFrame.from_ndarray(clips.frame(number, seed), format="gray")
                container.mux(stream.encode(picture))
        for stream in streams:
            container.mux(stream.encode())
    return out.getvalue()


def test_every_stream_of_pictures_is_decoded():
    found = examine(_two_streams())
    values = [one.value for one in found.hashes]
    for seed in (1, 2):
        own = pdq(Pixels(clips.frame(0, seed))).value
        assert min(hamming(own, one) for one in values) <= 4
    assert found.frames == 48


def test_an_edit_list_hides_nothing():
    """The list of edits is made to begin in the last quarter; a player shows only that."""
    content = bytearray(clips.clip("mp4", "mpeg4"))
    at = content.index(b"elst")
    assert struct.unpack_from(">I", content, at + 8) == (1,)
    struct.pack_into(">i", content, at + 16, int(36 / clips.RATE * 12288))
    with av.open(io.BytesIO(bytes(content))) as container:
        assert sum(1 for _ in container.decode(video=0)) < 48
    found = examine(bytes(content))
    assert found.frames == 48
    assert hamming(found.hashes[0].value, pdq(Pixels(clips.frame(0))).value) <= 10


def test_frames_may_be_as_large_as_the_limit_and_not_larger():
    content, pixels = clips.clip(frames=8), clips.SIZE[0] * clips.SIZE[1]
    assert examine(content, pixels=pixels).trouble is None
    assert examine(content, pixels=pixels - 1).trouble is Reason.TOO_MANY_PIXELS


def test_when_the_time_is_over_that_is_said():
    found = examine(clips.clip(), seconds=-1.0)
    assert (found.trouble, found.hashes) == (Reason.TIME_LIMIT, ())


def test_what_was_found_before_the_time_was_over_is_kept(monkeypatch):
    clock = iter(range(1_000_000))
    monkeypatch.setattr(video.time, "monotonic", lambda: next(clock))
    found = examine(clips.clip("matroska", "ffv1"), seconds=40)
    assert found.hashes and found.partial and found.trouble is None
    assert found.frames < 48


def test_a_truncated_file_is_compared_in_part():
    for form, codec in (("matroska", "ffv1"), ("flv", "flv1")):
        content = clips.clip(form, codec, frames=96)
        found = examine(content[: len(content) // 3])
        assert found.hashes and found.partial, form
        assert found.trouble is None and found.frames < 96


def test_a_length_that_is_not_true_is_seen():
    content = bytearray(clips.clip("matroska", "ffv1"))
    at = content.index(b"\x44\x89\x88") + 3
    assert struct.unpack_from(">d", content, at) == (2000.0,)
    struct.pack_into(">d", content, at, 1e15)
    found = examine(bytes(content))
    assert found.frames == 48 and found.partial
    assert 0 < found.length <= 10**12


@pytest.mark.parametrize(
    "content",
    [
        b"\0\0\0\x20ftypisom" + bytes(20),
        b"\0\0\0\x20ftypisom\0\0\0\0isom" + bytes(12) + b"\xff\xff\xff\xffmoov" + bytes(500),
        b"\x1a\x45\xdf\xa3" + b"\xff" * 400,
        b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe" + bytes(400),
        b"RIFF\xff\xff\xff\xffAVI LIST" + b"\xff" * 100,
        b"FLV\x01\x05" + b"\0\0\0\x09" + bytes(300),
        b"OggS\0\x02" + bytes(300),
        b"\0\0\x01\xba" + bytes(3000),
        (b"\x47" + bytes(187)) * 200,
        b"YUV4MPEG2 W99999 H99999 F25:1\nFRAME\n" + bytes(100),
        b"YUV4MPEG2 W4 H4 F25:1 Cmono\nFRAME\n" + bytes(16),
        b"DKIF\0\0\x20\0VP80" + b"\xff" * 40,
    ],
)
def test_a_beginning_without_a_video_behind_it_is_trouble(content):
    found = examine(content)
    assert found.trouble is not None and not found.hashes


def test_a_zero_frame_video_is_trouble():
    content = b"YUV4MPEG2 W16 H16 F25:1 Cmono\n"
    assert examine(content).trouble is Reason.DAMAGED_VIDEO


def test_damage_of_any_kind_is_a_value():
    chance = random.Random(7)
    for form, codec in (("mp4", "libx264"), ("webm", "libvpx"), ("mpegts", "mpeg2video")):
        whole = clips.clip(form, codec, frames=24)
        kind = sniff_video.video_kind(whole[:4096])
        for _ in range(24):
            content = bytearray(whole)
            for _ in range(chance.choice((1, 8, 64))):
                at = chance.randrange(8, len(content))
                content[at] ^= 1 << chance.randrange(8)
            found = video.examine(io.BytesIO(bytes(content)), kind, MOST, seconds=20)
            assert found is None or found.hashes or found.trouble


class Failing(io.BytesIO):
    """A medium that gives its first part and then an error."""

    def read(self, size=-1):
        if self.tell() >= 2000:
            raise OSError(5, os.strerror(5))
        return super().read(min(size, 2000 - self.tell()))


def test_an_error_of_the_medium_is_named():
    content = clips.clip("matroska", "ffv1")
    found = video.examine(Failing(content), sniff_video.MATROSKA, MOST)
    assert found.trouble is Reason.IO or (found.hashes and found.partial)


def test_want_of_memory_is_named(monkeypatch):
    def starve(*_):
        raise MemoryError

    monkeypatch.setattr(video, "pdq", starve)
    assert examine(clips.clip(frames=8)).trouble is Reason.OUT_OF_MEMORY


def test_want_of_memory_on_a_later_frame_is_named(monkeypatch):
    real, calls = video.pdq, []

    def starve(*args):
        calls.append(1)
        if len(calls) > 1:
            raise MemoryError
        return real(*args)

    monkeypatch.setattr(video, "pdq", starve)
    found = examine(clips.clip(frames=48))
    assert found.hashes
    assert (found.trouble, found.damage) == (None, Reason.OUT_OF_MEMORY)


def _subclasses(kind):
    return {kind, *(one for direct in kind.__subclasses__() for one in _subclasses(direct))}


def test_whatever_the_library_raises_is_a_value(monkeypatch):
    content = clips.clip(frames=4)
    for kind in _subclasses(av.error.FFmpegError):

        def fail(*_, kind=kind):
            raise kind(1, "told by the library")

        monkeypatch.setattr(video, "pdq", fail)
        assert examine(content).trouble is not None
        monkeypatch.setattr(video_file, "picture_streams", fail)
        assert examine(content).trouble is not None
        monkeypatch.undo()


def test_a_codec_without_a_decoder_is_unsupported():
    content = clips.clip("matroska", "ffv1", frames=4).replace(b"V_FFV1", b"V_NONE")
    assert examine(content).trouble is Reason.UNSUPPORTED_VIDEO


def test_a_stream_that_cannot_be_decoded_does_not_cost_the_others():
    content = _two_streams()
    at = content.index(b"V_FFV1")
    found = examine(content[:at] + b"V_NONE" + content[at + 6 :])
    assert found.hashes and found.partial
    assert hamming(found.hashes[0].value, pdq(Pixels(clips.frame(0, 2))).value) <= 4


def test_without_the_decoder_that_is_said(monkeypatch):
    monkeypatch.setattr(video_file, "available", lambda: False)
    found = examine(clips.clip(frames=4))
    assert (found.trouble, found.kind) == (Reason.NO_VIDEO_DECODER, "video/mp4")
    video.warm_up()


def test_the_library_says_nothing_on_standard_error(capfd):
    content = clips.clip("mp4", "libx264")
    examine(content[: len(content) * 2 // 3])
    damaged = bytearray(clips.clip("mpegts", "mpeg2video"))
    damaged[6000:7000] = bytes(1000)
    examine(bytes(damaged))
    assert capfd.readouterr().err == ""


def _photograph():
    """Noise with the spectrum of a photograph."""
    rows, columns = np.fft.fftfreq(120)[:, None] * 120, np.fft.fftfreq(160)[None] * 160
    shares = 1 / np.maximum(np.hypot(rows, columns), 1)
    noise = np.random.default_rng(5).normal(size=(120, 160))
    picture = np.fft.ifft2(np.fft.fft2(noise) * shares).real
    return np.clip(110 + 8 * (picture - picture.mean()) / picture.std(), 0, 255)


@pytest.mark.parametrize("effort", Effort)
def test_a_scene_that_fades_in_is_found_by_its_best_frames(effort):
    """Its first frames look the same and have too little structure to be compared."""
    whole = _photograph()
    steps = [min(k, 48) / 48 for k in range(72)]
    pictures = [(whole * step).astype(np.uint8) for step in steps]
    own = pdq(Pixels(pictures[-1]))
    hashes = examine(clips.clip("matroska", "ffv1", pictures=pictures), effort=effort).hashes
    near = [one for one in hashes if hamming(own.value, one.value) <= 10]
    assert near[0].quality < 50 <= own.quality
    assert max(one.quality for one in near) >= own.quality - 10


def frame(at, value, quality=100):
    return FrameHash(at, quality, value)


def test_a_full_sampler_gets_coarser_and_still_reaches_the_end():
    rng = np.random.default_rng(3)
    sampler = Sampler(200, 10, most=64)
    for at in range(0, 10_000_000, 100):
        if sampler.due(at):
            sampler.take(frame(at, rng.bytes(32)))
    moments = [one.at for one in sampler.kept]
    assert 32 <= len(moments) <= 64
    assert moments[0] == 0 and moments[-1] > 9_000_000
    assert moments == sorted(moments)
    assert sampler.thinned


def test_every_frame_is_kept_or_one_that_is_no_worse_stands_for_it():
    chance = random.Random(2)
    for effort in Effort:
        sampler, value = Sampler.of(effort), bytearray(32)
        for at in range(0, 600_000, 1_000):
            for _ in range(chance.randrange(4)):
                value[chance.randrange(32)] ^= 1 << chance.randrange(8)
            one = frame(at, bytes(value), chance.randrange(101))
            sampler.take(one)
            last = sampler.kept[-1]
            assert last.quality >= one.quality
            assert hamming(last.value, one.value) <= SAME[effort]
        assert len(sampler.kept) < 600 and not sampler.thinned


@pytest.mark.parametrize("stated", [[3, 3, 3, 3], [5, 5, 5, 6, 6, 9]])
def test_moments_in_a_stream_go_on_where_time_stands_still(stated):
    """Where they do not go on, another stream is taken to begin."""
    sampler = Sampler(0, 4)
    for at in stated:
        sampler.take(frame(at, random.Random(len(sampler.kept)).randbytes(32)))
    moments = [one.at for one in sampler.kept]
    assert len(set(moments)) == len(stated) and moments == sorted(moments)
    sampler.take(frame(0, bytes(32)))
    assert sampler.kept[-1].at == 0


def test_a_video_with_too_many_frames_to_keep_says_so(monkeypatch):
    whole = examine(clips.clip())
    monkeypatch.setattr(Sampler.__init__, "__defaults__", (5, *Sampler.__init__.__defaults__[1:]))
    found = examine(clips.clip())
    assert 1 < len(found.hashes) < len(whole.hashes)
    assert (whole.damage, found.damage) == (None, Reason.TOO_MANY_FRAMES)
    assert found.partial and found.trouble is None


@pytest.mark.parametrize("moments", [[0] * 500, list(range(500, 0, -1)), [0, 10**12] * 250])
def test_times_that_stand_still_or_run_back_hide_no_frame_for_long(moments):
    sampler = Sampler(200, 10)
    due = [number for number, at in enumerate(moments) if sampler.due(at)]
    assert due[0] == 0 and max(b - a for a, b in itertools.pairwise(due)) <= 61


class Endless(io.RawIOBase):
    """A raw video whose frames never end, and no place of which is the last."""

    head = b"YUV4MPEG2 W16 H16 F25:1 Cmono\n"

    def __init__(self):
        self.at = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, offset, whence=os.SEEK_SET):
        self.at = {os.SEEK_SET: offset, os.SEEK_CUR: self.at + offset, os.SEEK_END: 1 << 50}[whence]
        return self.at

    def read(self, size=-1):
        frame = b"FRAME\n" + bytes(range(256))
        start = self.at - len(self.head)
        self.at += size
        if start < 0:
            return (self.head + frame * (size // len(frame) + 1))[start + len(self.head) :][:size]
        skipped = start % len(frame)
        return (frame * (size // len(frame) + 2))[skipped : skipped + size]


def test_a_video_without_end_is_left_after_its_time():
    found = video.examine(Endless(), sniff_video.Y4M, MOST, seconds=0.3)
    assert found.partial and 1 <= len(found.hashes) <= 2
    assert found.trouble is None and found.frames > 10
