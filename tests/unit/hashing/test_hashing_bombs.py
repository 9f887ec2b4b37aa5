"""Small files that ask for much: each has an answer within bounds of memory and processor time."""

import io
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from struct import pack

import pytest
from PIL import Image

from hashmatch.hashing import sniff
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pictures import examine

RGB = Image.fromarray(draw(Drawing(40, 32, 6, 5, 9)))
MANY = 20_000
PAGES = 4000


def encoded(form, image=RGB, **options):
    stream = io.BytesIO()
    image.copy().save(stream, form, **options)
    return stream.getvalue()


def chunk(name, body):
    return pack(">I", len(body)) + name + body + pack(">I", zlib.crc32(name + body))


def png(*chunks):
    """A picture with chunks before its pixels."""
    whole = encoded("PNG")
    return whole[:33] + b"".join(chunks) + whole[33:]


def gif(frames, side):
    """Frames of one pixel on a canvas."""
    head = b"GIF89a" + pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(3) + b"\xff\xff\xff"
    frame = b"\x2c" + pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def pages(number, last):
    """Directories of one small page each; the last one goes on at a place of the caller's."""
    size = 2 + 12 * 8 + 4
    body = b""
    for page in range(number):
        rows = (
            *((256, 16), (257, 16), (258, 8), (259, 1)),
            *((262, 1), (273, 8 + size * number), (278, 16), (279, 256)),
        )
        following = 8 + size * (page + 1) if page < number - 1 else last
        body += pack("<H", 8) + b"".join(pack("<HHII", tag, 4, 1, one) for tag, one in rows)
        body += pack("<I", following)
    return b"II*\0\x08\0\0\0" + body + bytes(range(256))


def claims(number, each):
    """A directory whose every entry claims the same many bytes."""
    rows = b"".join(pack("<HHII", 1000 + one, 1, each, 8) for one in range(number))
    return b"II*\0\x08\0\0\0" + pack("<H", number) + rows + bytes(4)


def with_exif(block):
    whole = encoded("JPEG")
    return whole[:2] + b"\xff\xe1" + pack(">H", 8 + len(block)) + b"Exif\0\0" + block + whole[2:]


def bombs():
    zeros = zlib.compress(bytes(20_000_000), 1)
    lie = pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, 100, 6 + 16 * 65535)
    wide = pack(">IIBBBBB", 14_000, 14_000, 8, 2, 0, 0, 0)
    canvas = b"VP8X" + pack("<I", 10) + b"\x12\0\0\0\xff\x3f\0\xff\x3f\0"
    return {
        "gif of many frames": gif(MANY, 16),
        "gif of many large frames": gif(MANY, 1500),
        "gif of comments": gif(1, 16)[:-1] + b"\x21\xfe\x00" * 2_200_000,
        "png profile": png(chunk(b"iCCP", b"x\0\0" + zeros)),
        "png text": png(*[chunk(b"zTXt", b"x\0\0" + zeros)] * 3),
        "png pixels": png()[:8] + chunk(b"IHDR", wide) + png()[33:],
        "png chunks": png(chunk(b"teSt", b"") * 20_000),
        "tiff pages": pages(PAGES, 0),
        "tiff circle": pages(3, 8),
        "tiff claims": claims(5000, 2_000_000) + bytes(2_000_000),
        "exif claims": with_exif(claims(5400, 64_000)[:65_000]),
        "icon entries": b"\0\0\1\0\xff\xff" + lie * 65535 + bytes(100),
        "webp canvas": b"RIFF" + pack("<I", 22) + b"WEBP" + canvas,
        "anymap": b"P6 9000 9000 255\n" + bytes(100),
        "bmp": encoded("BMP")[:18] + pack("<ii", 12_000, -12_000) + encoded("BMP")[26:],
        "jpeg": encoded("JPEG").replace(pack(">HH", 32, 40), pack(">HH", 65_000, 65_000), 1),
    }


EXAMINE = """
import json, resource, sys
from hashmatch.hashing import preload, sniff
from hashmatch.hashing.pictures import examine
preload.load()
found = {}
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
for line in sys.stdin:
    name, length = json.loads(line)
    content = bytes.fromhex(sys.stdin.readline())
    picture = examine(content, sniff.picture_kind(content[:4096]), 100_000_000)
    assert len(content) == length
    found[name] = [picture.trouble, picture.partial, picture.frames, len(picture.hashes)]
sys.stderr.flush()
print(json.dumps([found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


@pytest.fixture(scope="module")
def answers():
    made = bombs()
    lines = (f"{json.dumps([name, len(one)])}\n{one.hex()}\n" for name, one in made.items())
    # What measures coverage would write a file, and that is forbidden there.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", EXAMINE],
        input="".join(lines),
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=Path(__file__).parents[3],
    )
    assert done.stderr == ""
    found, most = json.loads(done.stdout)
    assert set(found) == set(made)
    return found, most


def test_every_bomb_has_an_answer_within_bounds(answers):
    found, most = answers
    for name, (trouble, partial, _, hashes) in found.items():
        assert (trouble is None) == (hashes > 0), name
        assert not (trouble and partial), name
    assert most < 1 << 20  # KiB


@pytest.mark.parametrize(
    ("name", "trouble", "partial", "frames"),
    [
        ("gif of many frames", None, True, MANY),
        ("gif of many large frames", None, True, MANY),
        ("tiff pages", None, True, PAGES),
        ("tiff circle", None, False, 3),
        ("exif claims", None, False, 1),
        ("png chunks", None, False, 1),
        ("png text", None, False, 1),
        ("png pixels", "too-many-pixels", False, 1),
        ("jpeg", "too-many-pixels", False, 1),
        ("bmp", "too-many-pixels", False, 1),
        ("webp canvas", "corrupt-picture", False, 0),
        ("tiff claims", "unsupported-picture-format", False, 0),
    ],
)
def test_what_a_bomb_holds_is_told(answers, name, trouble, partial, frames):
    assert answers[0][name][:3] == [trouble, partial, frames]


POLYGLOTS = {
    "png and zip": encoded("PNG") + b"PK\x03\x04" + bytes(60) + b"PK\x05\x06" + bytes(18),
    "jpeg and pdf": encoded("JPEG") + b"\n%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n",
    "gif and script": encoded("GIF") + b"*/=1;alert(1)//",
    "jpeg and jpeg": encoded("JPEG") + encoded("JPEG", RGB.rotate(180)),
    "tiff and text": encoded("TIFF") + b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_what_hangs_on_a_picture_changes_nothing(name):
    kind = sniff.picture_kind(POLYGLOTS[name])
    alone = encoded({"image/jpeg": "JPEG"}.get(kind, kind.removeprefix("image/").upper()))
    assert examine(POLYGLOTS[name], kind) == examine(alone, kind)
