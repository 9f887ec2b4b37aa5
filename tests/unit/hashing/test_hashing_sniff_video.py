"""Videos are recognised by their content, and nothing else is taken for one."""

import io

import pytest

from hashmatch.hashing import sniff, sniff_video, video
from hashmatch.hashing.sniff_video import video_kind
from hashmatch.model.outcomes import Reason
from tests import clips

HEADS = [
    (b"\0\0\0\x20ftypisom", sniff_video.MP4),
    (b"\0\0\0\x20ftypM4A ", sniff_video.MP4),
    (b"\0\0\0\x20ftypM4V ", sniff_video.M4V),
    (b"\0\0\0\x20ftyp3gp4", sniff_video.THREE_GP),
    (b"\0\0\0\x20ftyp3g2a", sniff_video.THREE_G2),
    (b"\0\0\0\x14ftypqt  ", sniff_video.QUICKTIME),
    (b"\0\0\x12\x34moov", sniff_video.QUICKTIME),
    (b"\0\0\0\x01mdat", sniff_video.QUICKTIME),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", sniff_video.WEBM),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", sniff_video.MATROSKA),
    (b"RIFF\0\0\0\0AVI LIST", sniff_video.AVI),
    (b"RIFF\0\0\0\0CDXAfmt ", sniff_video.PROGRAM),
    (b"\0\0\x01\xba\x44", sniff_video.PROGRAM),
    (b"\0\0\x01\xb3\x14", sniff_video.ELEMENTARY),
    (b"FLV\x01\x05", sniff_video.FLV),
    (b"OggS\0\x02", sniff_video.OGG),
    (b"DKIF\0\0\x20\0", sniff_video.IVF),
    (b"YUV4MPEG2 W16", sniff_video.Y4M),
    (b"\0\0\0\x01\x67\x42", sniff_video.H264),
    (b"\0\0\0\x01\x09\x10\0\0\0\x01\x67\x64", sniff_video.H264),
    (b"\0\0\x01\x09\xf0\0\0\x01\x67\x64", sniff_video.H264),
    (b"\0\0\0\x18stypmsdh", sniff_video.SEGMENT),
    (b"\0\0\x01\xe8moof\0\0\0\x10mfhd", sniff_video.SEGMENT),
    (b"\0\0\0\x34sidx\x01", sniff_video.SEGMENT),
    (b"\0\0\0\x18uuid" + bytes(16), sniff_video.QUICKTIME),
    ((b"\x47" + bytes(187)) * 6, sniff_video.TRANSPORT),
    ((bytes(4) + b"\x47" + bytes(187)) * 6, sniff_video.TRANSPORT),
]
OTHERS = [
    *(b"", b"\0", b"G", b"\x47" * 3, b"RIFF\0\0\0\0WAVEfmt ", b"RIFF\0\0\0\0WEBPVP8 ", b"GIF89a"),
    *(b"\0\0\0\x20ftypheic", b"\0\0\0\x20ftypavis", b"\0\0\0\x20ftypcrx ", b"\0\0\0\x20ftypmif1"),
    *(b"\0\0\0\x02moov", b"text that speaks of moov", (b"\x47" + bytes(187)) * 3),
    (b"\x47" + bytes(187)) * 6 + b"\x46" + bytes(187),
    *(b"\0\0\0\x02moof", b"\0\0\0\x01\x09\x10no unit", b"\0\0\0\x01\x09\x11\0\0\0\x01"),
]


@pytest.mark.parametrize(("head", "kind"), HEADS)
def test_a_container_is_recognised_by_its_beginning(head, kind):
    assert video_kind(head) == kind
    assert sniff.picture_kind(head) is None


@pytest.mark.parametrize("head", OTHERS)
def test_nothing_else_is_taken_for_a_video(head):
    assert video_kind(head) is None


@pytest.mark.parametrize(
    ("form", "codec", "kind"),
    [
        ("mov", "mpeg4", sniff_video.QUICKTIME),
        ("asf", "wmv2", sniff_video.ASF),
        ("mpegts", "mpeg2video", sniff_video.TRANSPORT),
        ("mxf", "mpeg2video", sniff_video.MXF),
    ],
)
def test_files_that_a_tool_wrote_are_recognised(form, codec, kind):
    pytest.importorskip("av")
    assert video_kind(clips.clip(form, codec, frames=12)[:4096]) == kind


def test_a_raw_stream_of_delimited_units_is_recognised_and_decoded():
    pytest.importorskip("av")
    content = clips.clip("h264", "libx264", frames=12, coding={"aud": "1"})
    assert content[4:5] == b"\x09"
    assert video_kind(content) == sniff_video.H264
    assert video.examine(io.BytesIO(content), sniff_video.H264, 10**6).hashes


def test_a_segment_without_the_file_that_begins_it_is_named_as_not_compared():
    pytest.importorskip("av")
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    whole = clips.clip("mp4", "libx264", frames=24, options=options)
    segment = whole[whole.index(b"moof") - 4 :]
    assert video_kind(segment[:4096]) == sniff_video.SEGMENT
    found = video.examine(io.BytesIO(segment), sniff_video.SEGMENT, 10**6)
    assert (found.hashes, found.trouble) == ((), Reason.DAMAGED_VIDEO)
