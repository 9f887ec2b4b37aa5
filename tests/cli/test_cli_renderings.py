"""Listed pictures are found as frames, previews and thumbnails, by workers that are confined."""

import io
import json
import struct

import numpy as np
from PIL import Image

from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pdq import pdq

MEASURED = False


def drawn(seed):
    grey = Image.fromarray(draw(Drawing(11, 9, 11, 9, seed)))
    return grey.resize((160, 120), Image.Resampling.BICUBIC)


FRAME, PAGE, PREVIEW, THUMB, OTHER = (drawn(seed) for seed in range(5, 10))


def encode(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def evidence():
    """Each item and the rendering of it that is listed."""
    preview, small = encode(PREVIEW, "JPEG"), encode(THUMB, "JPEG", quality=90)
    raw = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 92, len(preview)) + preview
    rows = struct.pack("<HHHIIHHII", 2, 0x0201, 4, 1, 44, 0x0202, 4, 1, len(small)) + bytes(4)
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\x0e\0\0\0" + rows + small
    broken = encode(OTHER, "JPEG", exif=exif)
    several = {"save_all": True}
    return {
        "animation.png": (encode(OTHER, "PNG", append_images=[FRAME], **several), "frame-2"),
        "pages.tif": (encode(OTHER, "TIFF", append_images=[PAGE], **several), "frame-2"),
        "camera.raf": (raw, "preview"),
        "broken.jpg": (broken[: broken.index(b"\xff\xd9") + 2], "thumbnail"),
    }


def test_a_scan_finds_every_rendering_and_says_which(bench):
    values = [pdq(Pixels(np.asarray(one))).value.hex() for one in (FRAME, PAGE, PREVIEW, THUMB)]
    (bench.root / "near.csv").write_text("pdq,quality\n" + "".join(f"{v},99\n" for v in values))
    bench.ok("library", "import", "near.csv", "--set", "near", "--kind", "illegal")
    items = evidence()
    for name, (content, _) in items.items():
        (bench.evidence / name).write_bytes(content)
    bench.scan("--set", "near", code=13)  # one is compared in part
    run = bench.only_run()
    hits = [json.loads(line) for line in (run / "hits.jsonl").read_text().splitlines()]
    found = {hit["path"]: hit["near"]["rendering"] for hit in hits}
    itself = {"broken.jpg!/thumb": "stored"}  # which is an item of its own, too
    assert found == {name: rendering for name, (_, rendering) in items.items()} | itself
    counts = json.loads((run / "run.json").read_text())["counts"]
    assert counts["not_compared_by"] == {"corrupt-picture": 1}
    assert (counts["pictures"], counts["compared_near"]) == (5, 4)
