"""Carving and locators hold for any content and any name."""

from __future__ import annotations

import hashlib
import io
import random

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hashmatch.evidence.carving import places
from hashmatch.evidence.carving.registry import WALKERS
from hashmatch.evidence.carving.search import Search
from hashmatch.evidence.carving.space import Space
from hashmatch.evidence.filesystems.interface import Run
from hashmatch.model import locators

NOISE = random.Random(11).randbytes(1 << 17)
SECTOR = 512


def _saved(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (48, 40), NOISE[: 48 * 40 * 3]).save(out, form, **options)
    return out.getvalue()


FILES = (
    _saved("JPEG"),
    _saved("JPEG", progressive=True),
    _saved("PNG"),
    _saved("GIF"),
    _saved("WEBP"),
)
MIXED = b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x18moov\0\0\0\x10mvhd\0\0\0\0\0\0\0\0\0\0\0\x20mdat"
SEEDS = (*FILES, MIXED + bytes(24))


@st.composite
def disks(draw: st.DrawFn) -> tuple[bytes, list[Run], list[bytes]]:
    """Files at sectors of free space, with noise and stretches that are in use between them."""
    data, runs, files = bytearray(), [], []
    for _ in range(draw(st.integers(1, 6))):
        content = draw(st.sampled_from([*FILES, NOISE[: draw(st.integers(1, 4000))]]))
        if content in FILES:
            files.append(content)
        content += bytes(-len(content) % SECTOR)
        while content:
            many = SECTOR * draw(st.integers(1, 40))
            data += NOISE[: SECTOR * draw(st.integers(0, 2))]  # in use
            runs.append(Run(len(data), len(content[:many])))
            data += content[:many]
            content = content[many:]
    return bytes(data), runs, files


@settings(max_examples=40)
@given(disks(), st.sampled_from([512, 256, 1]))
def test_files_in_free_space_are_found_to_the_byte(
    disk: tuple[bytes, list[Run], list[bytes]], align: int
) -> None:
    data, runs, files = disk
    space = Space(lambda at, n: data[at : at + n], runs)
    found = list(Search(space, align))
    assert [space.read(one.offset, one.length) for one in found] == files
    assert all(one.whole for one in found)
    for one in found:
        where = places.layer_of("fat16", space.runs(one.offset, one.length))
        (again,) = locators.parse_place(str(where))
        parts = places.runs_of(again)
        assert b"".join(data[p.offset :][: p.length] for p in parts) in files


@settings(max_examples=150)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=9)), max_size=6),
    st.integers(0, 600),
    st.integers(0, 6000),
)
def test_damaged_files_end_within_the_space(
    seed: bytes, changes: list[tuple[int, bytes]], start: int, cut: int
) -> None:
    content = bytearray(seed)
    for at, new in changes:
        place = at % len(content)
        content[place : place + len(new)] = new
    data = bytes(start) + bytes(content)
    data = data[: max(0, len(data) - cut % 997)]
    for walker in WALKERS.values():
        walked = walker.walk(lambda at, n: data[at : at + n], start, len(data))
        if walked is not None:
            assert start < walked.end <= len(data)
            assert start < walked.body
    space = Space(lambda at, n: data[at : at + n], [Run(0, len(data))])
    last = 0
    for one in Search(space, 1):
        assert last <= one.offset < one.offset + one.length <= len(data)
        last = one.offset


NAMES = st.one_of(
    st.binary(max_size=30),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(["ภาพ-ทดสอบ!;100%.jpg", "a=b;c!d%21", "\ud800x", "\x85\u2028\x7f\n"]).map(
        lambda text: text.encode("utf-8", "surrogatepass")
    ),
)
KINDS = st.from_regex(r"[a-z0-9][a-z0-9+.-]{0,8}", fullmatch=True)
KEYS = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
LAYERS = st.builds(
    locators.Layer,
    KINDS,
    st.none() | NAMES,
    st.dictionaries(KEYS, st.none() | NAMES, max_size=4).map(lambda keys: tuple(keys.items())),
)


@given(st.lists(LAYERS, min_size=1, max_size=5).map(tuple))
def test_any_place_is_read_back_as_it_was_written(layers: tuple[locators.Layer, ...]) -> None:
    written = locators.place(layers)
    assert locators.parse_place(written) == layers
    assert not any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in written)
    label, again = locators.parse(locators.locator("EV01", written))
    assert (label, again) == ("EV01", layers)
    assert locators.place(again) == written
    encoded = written.encode()  # is text that any file takes
    assert locators.item_id(written) == hashlib.sha256(encoded).hexdigest()[:16]


@given(st.text(max_size=60))
def test_what_is_no_locator_is_refused_with_a_reason(text: str) -> None:
    try:
        label, layers = locators.parse(text)
    except ValueError as error:
        assert str(error)
    else:
        again = locators.locator(label, locators.place(layers))
        assert locators.parse(again) == (label, layers)


@given(NAMES)
def test_paths_of_folders_are_places(path: bytes) -> None:
    (layer,) = locators.parse_place(locators.in_folder(path))
    assert layer == locators.Layer("dir", b"/" + path)
