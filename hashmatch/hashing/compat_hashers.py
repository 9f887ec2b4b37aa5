"""Perceptual hashes of other tools, computed by those tools' own packages.

They are for lists that carry such values and nothing better. Values of 64 bits agree by chance at
the size of real lists: thousands of unrelated pictures are within their usual thresholds.

Source: imagehash (``phash``, ``dhash``, ``average_hash``, ``whash``, with their defaults); OpenCV,
module img_hash (``BlockMeanHash``, mode 0).
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from hashmatch.hashing import hashers
from hashmatch.hashing.drawn import draw
from hashmatch.hashing.hashers import HasherError
from hashmatch.model.hashes import Method

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    from numpy.typing import NDArray

_OF_IMAGEHASH = {
    Method.PHASH: "phash",
    Method.DHASH: "dhash",
    Method.AHASH: "average_hash",
    Method.WHASH: "whash",
}

_ANSWERS = {
    Method.PHASH: "b359662ce309ac6b",
    Method.DHASH: "8f9c9bda5aa64dcd",
    Method.AHASH: "03040d0fef170767",
    Method.WHASH: "03440f0fef370767",
    Method.BLOCKMEAN: "04e004e0081c081c00ef00ef087f087f3bf23bf2e0fde0fd00fc00fc3efc3efc",
}
"""Values of the trial picture by imagehash 4.3.2 and OpenCV 5.0.0."""


@dataclass(frozen=True, slots=True)
class Compat:
    """A hasher whose values are those of another package, bit for bit."""

    method: Method
    implementation: str
    compute: Callable[[NDArray[np.uint8]], bytes]

    @property
    def nbytes(self) -> int:
        """Length of a value."""
        return self.method.size

    @property
    def metric(self) -> Literal["hamming", "sql2"]:
        """Bits that differ."""
        return "hamming"

    def selftest(self) -> bool:
        """Compare with what the package gave when this was written."""
        return self.compute(draw(hashers.TRIAL)).hex() == _ANSWERS[self.method]

    def hash(self, pixels: NDArray[np.uint8]) -> bytes | None:
        """Hash a picture; see :class:`hashmatch.hashing.hashers.Hasher`."""
        return self.compute(pixels)

    def derive(self, value: bytes) -> Mapping[str, bytes]:
        """Nothing: such hashes of a turned picture do not follow from that of the picture."""
        del value
        return {}


def make(method: Method) -> Compat:
    """Give the hasher of a method.

    Raises:
        HasherError: the package that is installed lacks it.
        ImportError: it cannot be imported.
    """
    if method is Method.BLOCKMEAN:
        return _blockmean()
    imagehash = importlib.import_module("imagehash")
    function = getattr(imagehash, _OF_IMAGEHASH[method])

    def compute(pixels: NDArray[np.uint8]) -> bytes:
        return np.packbits(function(Image.fromarray(pixels)).hash.ravel()).tobytes()

    return Compat(method, f"imagehash/{metadata.version('imagehash')}", compute)


def _blockmean() -> Compat:
    cv2: Any = importlib.import_module("cv2")
    if not hasattr(cv2, "img_hash"):
        msg = "this OpenCV is without img_hash; install opencv-contrib-python-headless instead"
        raise HasherError(msg)
    cv2.setNumThreads(0)  # the workers are the parallelism
    cv2.ocl.setUseOpenCL(False)  # it would look for a graphics processor
    hasher = cv2.img_hash.BlockMeanHash_create(0)

    def compute(pixels: NDArray[np.uint8]) -> bytes:
        blue_first = np.ascontiguousarray(pixels[..., ::-1])  # as OpenCV reads pictures
        value: bytes = hasher.compute(blue_first).tobytes()
        return value

    return Compat(Method.BLOCKMEAN, f"opencv/{cv2.__version__}", compute)
