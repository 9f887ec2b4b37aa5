"""Walkers follow files to their end, and nothing leads them astray or makes them work for ever."""

from __future__ import annotations

import io
import random
import zlib
from functools import cache
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from hashmatch.evidence.carving import places
from hashmatch.evidence.carving.interface import Carved
from hashmatch.evidence.carving.registry import WALKERS
from hashmatch.evidence.carving.search import SECTOR, Search
from hashmatch.evidence.carving.space import Space
from hashmatch.evidence.filesystems.interface import Run
from hashmatch.model import locators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NOISE = random.Random(7).randbytes(1 << 18)  # the same noise in every run


def search(read: Callable[[int, int], bytes], runs: Iterable[Run], align: int = SECTOR) -> Search:
    """Search runs of a volume."""
    return Search(Space(read, runs), align)


def box(kind: bytes, content: bytes) -> bytes:
    """Build a box of an ISO media file."""
    return (8 + len(content)).to_bytes(4, "big") + kind + content


FTYP = box(b"ftyp", b"isom\0\0\2\0isommp41")
MOOV = box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", NOISE[:900]))
MDAT = box(b"mdat", NOISE[1000:30000])


@cache
def samples() -> dict[str, tuple[str, bytes]]:
    """One file of each kind and layout, with the walker that it is for."""
    picture = Image.frombytes("RGB", (200, 150), NOISE[:90000])
    made: dict[str, tuple[str, bytes]] = {}
    for name, walker, form, options in (
        ("jpeg", "jpeg", "JPEG", {}),
        ("progressive", "jpeg", "JPEG", {"progressive": True}),
        ("restarts", "jpeg", "JPEG", {"restart_marker_blocks": 3}),
        ("png", "png", "PNG", {}),
        ("gif", "gif", "GIF", {}),
        ("webp", "webp", "WEBP", {}),
        ("lossless", "webp", "WEBP", {"lossless": True}),
        ("avif", "isobmff", "AVIF", {"speed": 10}),
    ):
        out = io.BytesIO()
        picture.save(out, form, **options)
        made[name] = walker, out.getvalue()
    out = io.BytesIO()
    picture.save(out, "GIF", save_all=True, append_images=[picture.rotate(90), picture.rotate(180)])
    made["animation"] = "gif", out.getvalue()
    plain = made["jpeg"][1]
    small = io.BytesIO()
    picture.resize((40, 30)).save(small, "JPEG")
    inner = b"Exif\0\0" + bytes(26) + small.getvalue()
    nested = plain[:2] + b"\xff\xe1" + (2 + len(inner)).to_bytes(2, "big") + inner + plain[2:]
    made["thumbnail"] = "jpeg", nested
    made["index first"] = "isobmff", FTYP + MOOV + box(b"free", b"") + MDAT
    made["index last"] = "isobmff", FTYP + MDAT + MOOV
    long = b"\0\0\0\1mdat" + (16 + 5000).to_bytes(8, "big") + NOISE[:5000]
    made["long box"] = "isobmff", FTYP + long + MOOV
    made["old film"] = "quicktime", box(b"wide", b"") + MDAT + MOOV
    return made


def walked(walker: str, data: bytes, start: int = 0) -> tuple[int, bool] | None:
    """Follow a file that begins at a place of some bytes."""
    found = WALKERS[walker].walk(lambda at, n: data[at : at + n], start, len(data))
    return None if found is None else (found.end, found.whole)


@pytest.mark.parametrize("tail", [b"", bytes(5000), NOISE], ids=["nothing", "zeros", "noise"])
def test_each_kind_is_followed_to_its_own_end(tail: bytes) -> None:
    for name, (walker, data) in samples().items():
        assert walked(walker, b"x" * 777 + data + tail, 777) == (777 + len(data), True), name


def test_a_file_cut_anywhere_is_never_whole_unless_nothing_it_needs_is_gone() -> None:
    for name, (walker, data) in samples().items():
        for cut in range(1, len(data), max(1, len(data) // 97)):
            found = walked(walker, data[:cut])
            assert found is None or (not found[1] and found[0] <= cut), (name, cut)


def test_a_cut_picture_keeps_what_there_is() -> None:
    for name in ("jpeg", "progressive", "restarts", "png", "gif", "webp", "avif", "thumbnail"):
        walker, data = samples()[name]
        cut = len(data) * 2 // 3
        found = walked(walker, data[:cut])
        assert found is not None, name
        assert cut - 300 <= found[0] <= cut, name


def test_a_cut_jpeg_before_zeros_ends_where_the_zeros_begin() -> None:
    data = samples()["jpeg"][1][:12000].rstrip(b"\0")
    assert walked("jpeg", data + bytes(1 << 20)) == (len(data), False)
    assert walked("jpeg", data + bytes(1 << 20) + b"\xff\xd8\xff\xe0") == (len(data), False)


def test_a_jpeg_overwritten_by_another_ends_where_that_begins() -> None:
    first, second = samples()["jpeg"][1][:16384], samples()["thumbnail"][1]
    found = list(search(reader(first + second), [Run(0, 16384 + len(second))]))
    assert found == [
        Carved(0, 16384, "jpeg", whole=False),
        Carved(16384, len(second), "jpeg", whole=True),
    ]


def test_a_damaged_chunk_is_the_last_that_is_kept() -> None:
    data = bytearray(samples()["png"][1])
    data[len(data) // 2] ^= 1
    found = walked("png", bytes(data))
    assert found is not None
    assert not found[1]


def test_sizes_beyond_everything_lead_nowhere() -> None:
    top = b"\xff" * 4
    ihdr = box(b"IHDR", bytes(13))[4:]
    png = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + ihdr
    png += zlib.crc32(ihdr).to_bytes(4, "big")
    assert walked("png", png + top + b"IDAT") is None
    assert walked("png", png + b"\x7f\xff\xff\xffIDAT" + NOISE) == (
        len(png) + 8 + len(NOISE),
        False,
    )
    assert walked("webp", b"RIFF" + top + b"WEBPVP8X" + top + bytes(100)) is None
    far = b"\0\0\0\1mdat" + b"\xff" * 8
    assert walked("isobmff", FTYP + far + MOOV) is None
    assert walked("isobmff", FTYP + MOOV + far + NOISE) == (len(FTYP + MOOV + far + NOISE), False)
    assert walked("isobmff", FTYP + MOOV + b"\0\0\0\0mdat" + NOISE[:99]) == (
        len(FTYP + MOOV) + 8 + 99,
        False,
    )
    assert walked("isobmff", FTYP + b"\0\0\0\1mdat" + bytes(8) + MOOV) is None


def test_a_jpeg_needs_a_frame_before_pixels_and_restarts_only_where_announced() -> None:
    scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0"
    frame = b"\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0"
    pixels = b"\x55" * 600
    assert walked("jpeg", b"\xff\xd8" + scan + pixels + b"\xff\xd9") is None
    good = b"\xff\xd8" + frame + scan + pixels
    assert walked("jpeg", good + b"\xff\xd9") == (len(good) + 2, True)
    assert walked("jpeg", good + b"\xff\xd0" + pixels + b"\xff\xd9") == (len(good), False)
    assert walked("jpeg", b"\xff\xd8\xff\xd9") is None
    assert walked("jpeg", good[: len(good) - 200]) is None, "too little to be worth anything"


def reader(data: bytes) -> Callable[[int, int], bytes]:
    """Read bytes as a volume."""
    return lambda at, n: data[at : at + n]


def planted(names: list[str], before: int = 512, between: int = 700) -> tuple[bytes, list[bytes]]:
    """Put files at multiples of 512 among noise that begins no file."""
    data, files = NOISE[:before], []
    for name in names:
        data += samples()[name][1]
        files.append(samples()[name][1])
        data += NOISE[: between + (-len(data) - between) % 512]
    return data, files


@pytest.mark.parametrize("align", [512, 1])
def test_all_that_was_planted_is_found_and_nothing_else(align: int) -> None:
    names = [name for name in samples() if name != "thumbnail"]
    data, files = planted(names)
    space = Space(reader(data), [Run(0, len(data))])
    found = [(space.read(one.offset, one.length), one.whole) for one in Search(space, align)]
    assert found == [(file, True) for file in files]


def test_noise_holds_nothing() -> None:
    assert list(search(reader(NOISE), [Run(0, len(NOISE))], 1)) == []


def test_a_file_goes_on_behind_one_that_stayed() -> None:
    files = [samples()["jpeg"][1], samples()["png"][1]]
    first, second = 512 * 3, 512 * 20
    joined = files[0] + bytes(-len(files[0]) % 512) + files[1]
    data = bytes(1024) + joined[:first] + NOISE[:2048] + joined[first:second] + NOISE[:512]
    again = len(data)
    data += joined[second:]
    runs = [Run(1024, first), Run(1024 + first + 2048, second - first)]
    runs.append(Run(again, len(data) - again))
    space = Space(reader(data), runs)
    found = list(Search(space))
    assert [space.read(one.offset, one.length) for one in found] == files
    where = places.layer_of("ext4", space.runs(found[0].offset, found[0].length))
    (read_back,) = locators.parse_place(locators.place((where,)))
    assert places.is_carved(read_back)
    parts = places.runs_of(read_back)
    assert len(parts) == 3
    assert b"".join(data[run.offset : run.offset + run.length] for run in parts) == files[0]


def test_runs_that_begin_beside_sectors_are_searched_by_places_in_the_volume() -> None:
    jpeg = samples()["jpeg"][1]
    data = bytes(1024) + jpeg + bytes(-len(jpeg) % 512) + bytes(512) + jpeg
    second = data.rindex(jpeg)
    runs = [Run(100, second - 100 - 312), Run(second - 100, len(data) - second + 100)]
    space = Space(reader(data), runs)
    found = list(Search(space))
    assert [space.runs(one.offset, one.length)[0].offset for one in found] == [1024, second]
    assert all(one.whole for one in found)


def test_a_picture_in_the_samples_of_a_video_is_found_too() -> None:
    jpeg = samples()["jpeg"][1]
    lead = FTYP + MOOV
    mdat = bytes(-(len(lead) + 8) % 512) + jpeg + NOISE[:999]
    video = lead + box(b"mdat", mdat)
    found = list(search(reader(video), [Run(0, len(video))]))
    assert [(one.kind, one.whole) for one in found] == [("isobmff", True), ("jpeg", True)]
    assert video[found[1].offset :][: found[1].length] == jpeg


def test_a_video_without_end_ends_where_something_else_begins() -> None:
    jpeg = samples()["jpeg"][1]
    video = FTYP + MOOV + (1 << 30).to_bytes(4, "big") + b"mdat" + NOISE[:9000]
    video += bytes(-len(video) % 512)
    data = video + jpeg
    found = list(search(reader(data), [Run(0, len(data))]))
    assert [(one.offset, one.length, one.whole) for one in found] == [
        (0, len(video), False),
        (len(video), len(jpeg), True),
    ]


def test_a_file_that_lies_in_too_many_runs_ends_with_the_last_that_a_locator_holds() -> None:
    jpeg = samples()["jpeg"][1]
    large = jpeg[:-2] + b"\x55" * (512 * (places.MOST_RUNS + 50)) + b"\xff\xd9"
    data = b"".join(large[at : at + 512] + bytes(512) for at in range(0, len(large), 512))
    runs = [Run(at, 512) for at in range(0, len(data), 1024)]
    (found,) = search(reader(data), runs)
    assert (found.length, found.whole) == (places.MOST_RUNS * 512, False)


def test_beginnings_that_overlap_without_end_cost_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from hashmatch.evidence.carving import search as module

    monkeypatch.setattr(module, "_FREE", 1 << 16)
    one = b"\x89PNG\r\n\x1a\n" + samples()["png"][1][8:33] + b"\0\xff\xff\xffIDA0" + bytes(471)
    data = one[:33] + b"\0\x01\xff\xfftEXt" + bytes(471)
    data = data.ljust(512, b"\0") * 4096
    read = 0

    def count(at: int, n: int) -> bytes:
        nonlocal read
        read += min(n, len(data) - at)
        return data[at : at + n]

    search_ = Search(Space(count, [Run(0, len(data))]))
    assert list(search_) == []
    assert search_.given_up > 0
    assert read < 40 * len(data)


def test_runs_that_overlap_or_are_empty_are_read_once() -> None:
    space = Space(reader(NOISE), [Run(0, 100), Run(50, 100), Run(20, 10), Run(150, 0), Run(400, 7)])
    assert space.size == 157
    assert space.read(0, 1000) == NOISE[:150] + NOISE[400:407]
    assert space.runs(140, 100) == (Run(140, 10), Run(400, 7))
    assert space.read(157, 5) == b""
    assert Space(reader(b"ab"), [Run(0, 4)]).read(1, 9) == b"b\0\0"
    assert list(Search(Space(reader(b""), []))) == []


@pytest.mark.parametrize(
    "text",
    [
        "off=1;len=x",
        "off=1",
        "off=0;len=9;runs=",
        "off=0;len=9;runs=0+9,",
        "off=0;len=9;runs=0+8",
        "off=1;len=9;runs=0+9",
        "off=0;len=9;runs=0%2B9x",
        "off=0;len=9;runs=-1+9",
    ],
)
def test_runs_that_do_not_agree_are_refused(text: str) -> None:
    (where,) = locators.parse_place("ext4:/$unalloc;" + text)
    with pytest.raises(ValueError, match="locator"):
        places.runs_of(where)
