"""What other encoders write hashes as another decoder sees it."""

import io

import numpy as np
import pytest
from PIL import Image

from hashmatch.hashing import decode, deep_jpeg2000, sniff
from hashmatch.hashing.grid import Pixels
from hashmatch.hashing.known_answers import Drawing, draw
from hashmatch.hashing.pdq import hamming, pdq
from hashmatch.model.outcomes import Reason

cv2 = pytest.importorskip("cv2", reason="the extra compat is not installed")

RGB = Image.fromarray(draw(Drawing(11, 9, 11, 9, 5))).resize((220, 180), Image.Resampling.BICUBIC)
BGR = np.ascontiguousarray(np.asarray(RGB)[..., ::-1])
GREY = cv2.cvtColor(BGR, cv2.COLOR_BGR2GRAY)
DEEP, DEEP_GREY = BGR.astype(np.uint16) * 257, GREY.astype(np.uint16) * 257


def seen_by_opencv(content):
    """Its pixels in 8 bits, RGB or grey; transparency dropped."""
    array = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if array.dtype == np.uint16:
        array = (array >> 8).astype(np.uint8)
    return array if array.ndim == 2 else np.ascontiguousarray(array[..., 2::-1])


WRITTEN = {
    **{form: (form, BGR) for form in (".jpg", ".png", ".bmp", ".tiff", ".webp", ".jp2", ".ppm")},
    **{f"{form} of grey": (form, GREY) for form in (".jpg", ".png", ".tiff", ".jp2", ".pgm")},
    **{f"{form} of 16 bits": (form, DEEP) for form in (".png", ".tiff", ".jp2", ".ppm")},
    **{f"{form} of 16 grey": (form, DEEP_GREY) for form in (".png", ".tiff", ".jp2", ".pgm")},
    **{f"{form} with alpha": (form, np.dstack([BGR, GREY])) for form in (".png", ".tiff", ".webp")},
    "16 bits with alpha": (".png", np.dstack([DEEP, DEEP_GREY])),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_opencv_and_this_decoder_see_the_same(name):
    form, array = WRITTEN[name]
    written, content = cv2.imencode(form, array)
    assert written
    content = content.tobytes()
    found = decode.decode(content, sniff.picture_kind(content))
    assert (found.trouble, found.damage) == (None, None)
    expected = pdq(Pixels(seen_by_opencv(content)))
    assert hamming(pdq(found.renderings[0]).value, expected.value) <= 4
    assert ("alpha" in name) == (len(found.renderings) == 2)


def inverted(image):
    return image.point(lambda value: 255 - value)


def ycck():
    """Colours as luma and chroma with black beside them, as some Adobe programs write them."""
    luma, blue, red = inverted(RGB).convert("YCbCr").split()
    planes = (inverted(luma), inverted(blue), inverted(red), Image.new("L", RGB.size, 0))
    stream = io.BytesIO()
    Image.merge("CMYK", planes).save(stream, "JPEG", quality=95, subsampling=0)
    content = bytearray(stream.getvalue())
    content[content.index(b"Adobe") + 11] = 2  # says so, in place of CMYK
    return bytes(content)


def test_luma_and_chroma_with_black_are_colours():
    content = ycck()
    found = decode.decode(content, sniff.JPEG)
    value = pdq(found.renderings[0]).value
    assert hamming(value, pdq(Pixels(np.asarray(RGB))).value) <= 6
    assert hamming(value, pdq(Pixels(seen_by_opencv(content))).value) <= 4


@pytest.mark.parametrize(
    ("form", "array"),
    [
        (".hdr", BGR.astype(np.float32) / 255),
        (".pam", BGR),
        (".pfm", BGR.astype(np.float32)),
        (".sr", BGR),
        (".tiff", BGR.astype(np.float32)),
        (".tiff", GREY.astype(np.float64)),
    ],
)
def test_forms_that_are_not_decoded_are_unsupported_and_never_pass_for_no_picture(form, array):
    content = cv2.imencode(form, array)[1].tobytes()
    kind = sniff.picture_kind(content)
    assert kind is not None
    assert decode.decode(content, kind).trouble is Reason.UNSUPPORTED


def test_the_brightest_colours_of_a_deep_jpeg_2000_stay_the_brightest():
    white = np.full((90, 90, 3), 65535, np.uint16)
    white[:, :45] = 0
    found = decode.decode(cv2.imencode(".jp2", white)[1].tobytes(), sniff.JP2)
    pixels = np.asarray(found.renderings[0].image)
    assert (pixels[:, :35].max(), pixels[:, 55:].min()) == (0, 255)


@pytest.mark.parametrize("content", [b"", b"\xff\x4f\xff\x51", b"\xff\x4f\xff\x51" + b"\xff" * 60])
def test_a_codestream_that_does_not_say_its_depths_is_left_as_it_is(content):
    assert deep_jpeg2000.one_bit_more(content) is None
