"""Decoders are loaded before they are needed, and work with one thread."""

import io
import subprocess
import sys
import types
from pathlib import Path

import pytest
from PIL import AvifImagePlugin, Image

from hashmatch.hashing import preload

# Decodes every picture of the fixtures and tells what had to be loaded for it after all.
LATE = """
import sys
from pathlib import Path
from hashmatch.hashing import pictures, preload, sniff
preload.load()
before = set(sys.modules)
fixtures = [path.read_bytes() for path in sorted(Path("fixtures/images").iterdir())]
for content in fixtures + [bytes.fromhex(line) for line in sys.stdin]:
    for part in (content, content[: len(content) // 2]):
        pictures.examine(part, sniff.picture_kind(part[:4096]), 10_000_000)
print(*sorted(set(sys.modules) - before))
"""

PICTURE = Image.linear_gradient("L").convert("RGB").resize((40, 30))
FORMS = {
    **{form: {"save_all": True} for form in ("GIF", "PNG", "TIFF", "WEBP", "AVIF", "MPO")},
    **{form: {} for form in ("JPEG2000", "ICO", "PPM", "BMP", "JPEG")},
}


def written():
    """A picture in every form there is an encoder for, with frames, EXIF and a deep colour."""
    exif = Image.Exif()
    exif[0x0112] = 6
    more = [PICTURE.rotate(180), PICTURE.convert("RGBA").rotate(90)]
    for form, options in FORMS.items():
        frames = [one.convert("RGB") if form in {"MPO", "AVIF"} else one for one in more]
        several = {"append_images": frames} if options else {}
        if form != "AVIF":  # its encoder crashes over a block with nothing but an orientation
            several["exif"] = exif
        stream = io.BytesIO()
        PICTURE.copy().save(stream, form, **options, **several)
        yield stream.getvalue().hex()
    for mode, compression in (("RGB", "jpeg"), ("LAB", None), ("F", None), ("1", "group4")):
        stream = io.BytesIO()
        image = Image.new("LAB", (40, 30)) if mode == "LAB" else PICTURE.convert(mode)
        image.save(stream, "TIFF", compression=compression)
        yield stream.getvalue().hex()


WITHOUT = """
import sys
from PIL import AvifImagePlugin
from hashmatch.hashing import preload
preload.codecs.codec_of = lambda _: None
preload.load()
print(AvifImagePlugin.DEFAULT_MAX_THREADS, "pillow_heif" in sys.modules)
"""


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    monkeypatch.setattr(AvifImagePlugin, "DEFAULT_MAX_THREADS", 0)


def test_nothing_is_loaded_in_the_middle_of_decoding():
    found = subprocess.run(
        [sys.executable, "-c", LATE],
        input="\n".join(written()),
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert found.stdout.split() == []


def test_decoders_that_use_threads_are_told_to_use_one(monkeypatch):
    optional = types.SimpleNamespace(options=types.SimpleNamespace(DECODE_THREADS=4))
    monkeypatch.setitem(sys.modules, "pillow_heif", optional)
    monkeypatch.setattr(preload.codecs, "codec_of", lambda _: "HEIF")
    preload.load()
    assert AvifImagePlugin.DEFAULT_MAX_THREADS == 1
    assert optional.options.DECODE_THREADS == 1


def test_without_the_optional_decoder_the_others_are_loaded():
    # In a process of its own: other tests may have loaded the optional decoder.
    found = subprocess.run(
        [sys.executable, "-c", WITHOUT], check=True, capture_output=True, text=True
    )
    assert found.stdout.split() == ["1", "False"]


def test_a_system_without_the_library_for_ending_threads_is_no_trouble(monkeypatch):
    monkeypatch.setattr(preload, "_UNWINDER", "is-not-there.so.1")
    preload.load()


def test_what_decodes_videos_is_loaded_where_there_will_be_videos():
    code = "import sys; from hashmatch.hashing import preload; preload.load(videos={}); print({})"
    loaded = "'hashmatch.hashing.video' in sys.modules, 'av' in sys.modules"
    for videos in (False, True):
        words = [sys.executable, "-c", code.format(videos, loaded)]
        told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        assert told.split()[0] == str(videos)
