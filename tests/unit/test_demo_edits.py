"""Every edit does to a comparison of pixels what it says."""

import io

import numpy as np
import pytest
from PIL import Image, features

from hashmatch.demo import drawing, edits

pdqhash = pytest.importorskip("pdqhash", reason="Meta's PDQ is not built here; see make oracle")

SEEDS = (1001, 20260101001)


def pixels(content):
    with Image.open(io.BytesIO(content)) as picture:
        if picture.mode.startswith("I;16"):
            return np.repeat((np.asarray(picture) >> 8).astype(np.uint8)[..., None], 3, axis=2)
        return np.asarray(picture.convert("RGB"))


def distance(picture, content):
    """Bits between a picture and the nearest of the eight variants of a file."""
    one = pdqhash.compute(np.asarray(picture))[0]
    return min(int((one != v).sum()) for v in pdqhash.compute_dihedral(pixels(content))[0])


@pytest.mark.parametrize("edit", edits.available(), ids=lambda edit: edit.name)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_an_edit_is_near_exactly_when_it_says_so(edit, seed):
    picture = drawing.scene(seed)
    bits = distance(picture, edit.apply(picture))
    assert bits <= 31 if edit.similar else bits > 40


@pytest.mark.parametrize("edit", edits.available(), ids=lambda edit: edit.name)
def test_an_edit_gives_the_same_bytes_every_time_and_leaves_its_picture_alone(edit):
    picture = drawing.scene(3, (96, 72))
    before = picture.tobytes()
    assert edit.apply(picture) == edit.apply(picture)
    assert picture.tobytes() == before


def test_names_of_edits_are_unique_and_lead_to_them():
    for edit in edits.available():
        assert edits.named(edit.name) is edit
    with pytest.raises(KeyError):
        edits.named("no-such-edit")


@pytest.mark.parametrize(
    ("name", "form", "mode"),
    [
        ("jpeg-q30", "JPEG", "RGB"),
        ("webp", "WEBP", "RGB"),
        ("gif", "GIF", "P"),
        ("bmp", "BMP", "RGB"),
        ("tiff", "TIFF", "RGB"),
        ("cmyk", "JPEG", "CMYK"),
        ("palette", "PNG", "P"),
        ("transparent", "PNG", "RGBA"),
        ("grey-16-bit", "PNG", "I;16"),
    ],
)
def test_an_edit_has_the_format_it_names(name, form, mode):
    content = edits.named(name).apply(drawing.scene(3, (96, 72)))
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.mode) == (form, mode)


def test_special_edits_carry_what_makes_them_special():
    scene = drawing.scene(3, (96, 72))
    with Image.open(io.BytesIO(edits.named("exif-turned").apply(scene))) as picture:
        assert picture.getexif()[0x0112] == 6
        assert picture.size == (72, 96)
    with Image.open(io.BytesIO(edits.named("animated").apply(scene))) as picture:
        assert picture.n_frames == 2
    with Image.open(io.BytesIO(edits.named("transparent").apply(scene))) as picture:
        assert picture.getchannel("A").getextrema() == (0, 255)


def test_avif_is_left_out_where_it_cannot_be_encoded(monkeypatch):
    monkeypatch.setattr(features, "check", lambda _: False)
    without = {edit.name for edit in edits.available()}
    monkeypatch.setattr(features, "check", lambda _: True)
    assert {edit.name for edit in edits.available()} - without == {"avif"}
