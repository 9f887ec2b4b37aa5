"""Digests of bytes, perceptual hashes of pictures."""

from __future__ import annotations

from dataclasses import dataclass

from hashmatch.model.code import Code


class Algorithm(Code):
    """Digests of bytes that hash lists carry and that are compared for equality.

    A BitTorrent info hash names a torrent, not a file: it is looked up, and no scan computes it.
    """

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"
    ED2K = "ed2k"
    """eDonkey: MD4 of the MD4s of 9,728,000-byte parts. Two values exist for some lengths."""
    AICH = "aich"
    """eMule: root of a tree of SHA-1s. For a file of up to 184,320 bytes it is the SHA-1."""
    TTH = "tth"
    """Tiger tree over blocks of 1024 bytes."""
    PIECES_ROOT = "pieces-root"
    """BitTorrent 2, per file: SHA-256 tree over blocks of 16 KiB."""
    BTIH = "btih"
    """BitTorrent 1: SHA-1 of a torrent's info dictionary."""
    BTMH = "btmh"
    """BitTorrent 2: SHA-256 of a torrent's info dictionary."""

    @property
    def size(self) -> int:
        """Length of a digest in bytes."""
        return _SIZES[self]


_SIZES = {
    Algorithm.MD5: 16,
    Algorithm.SHA1: 20,
    Algorithm.SHA256: 32,
    Algorithm.SHA384: 48,
    Algorithm.SHA512: 64,
    Algorithm.ED2K: 16,
    Algorithm.AICH: 20,
    Algorithm.TTH: 24,
    Algorithm.PIECES_ROOT: 32,
    Algorithm.BTIH: 20,
    Algorithm.BTMH: 32,
}

STRONG = frozenset(
    {Algorithm.SHA256, Algorithm.SHA384, Algorithm.SHA512, Algorithm.PIECES_ROOT, Algorithm.BTMH}
)
"""Digests for which no two different inputs with one value are known."""

ALWAYS = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256)
"""What every scan computes; others only when a loaded set needs them."""


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """An algorithm and its value; always of the right length."""

    algorithm: Algorithm
    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != self.algorithm.size:
            msg = f"a {self.algorithm} digest has {self.algorithm.size} bytes"
            raise ValueError(msg)

    @classmethod
    def parse(cls, algorithm: Algorithm, text: str) -> Digest:
        """Read a digest in hexadecimal, any case, surrounding blanks allowed.

        Raises:
            ValueError: not hexadecimal, or the wrong length. The message never holds the text.
        """
        return cls(algorithm, unhex(text))

    @property
    def hex(self) -> str:
        """The value in lower-case hexadecimal."""
        return self.value.hex()


class Method(Code):
    """Perceptual hash methods whose values are compared by distance."""

    PDQ = "pdq"
    """256 bits of a picture, distance in bits."""
    VPDQ = "vpdq"
    """PDQ of one frame of a video; kept apart from pictures."""
    PHASH = "phash"
    """64 bits as imagehash computes ``phash``."""
    DHASH = "dhash"
    """64 bits as imagehash computes ``dhash``."""
    AHASH = "ahash"
    """64 bits as imagehash computes ``average_hash``."""
    WHASH = "whash"
    """64 bits as imagehash computes ``whash``."""
    BLOCKMEAN = "blockmean"
    """256 bits as OpenCV computes ``BlockMeanHash``, mode 0."""
    PHOTODNA = "photodna"
    """144 bytes; distance is the sum of squared differences. Never computed by hashmatch."""

    @property
    def size(self) -> int:
        """Length of a hash in bytes."""
        return _METHOD_SIZES[self]


_METHOD_SIZES = {
    Method.PDQ: 32,
    Method.VPDQ: 32,
    Method.PHASH: 8,
    Method.DHASH: 8,
    Method.AHASH: 8,
    Method.WHASH: 8,
    Method.BLOCKMEAN: 32,
    Method.PHOTODNA: 144,
}


@dataclass(frozen=True, slots=True, order=True)
class PerceptualHash:
    """A similarity hash of decoded pixels, as a list carries it.

    ``quality`` is 0..100, or None where the list does not say. ``at`` is the time of a video's
    frame in seconds, where the list gives one.
    """

    method: Method
    value: bytes
    quality: int | None = None
    at: float | None = None

    def __post_init__(self) -> None:
        if len(self.value) != self.method.size:
            msg = f"a {self.method} hash has {self.method.size} bytes"
            raise ValueError(msg)
        if self.quality is not None and not 0 <= self.quality <= 100:
            msg = "quality is a number from 0 to 100"
            raise ValueError(msg)

    @classmethod
    def parse(cls, method: Method, text: str, quality: int | None = None) -> PerceptualHash:
        """Read a hash in hexadecimal; raises ``ValueError`` as :meth:`Digest.parse` does."""
        return cls(method, unhex(text), quality)


VARIANTS = ("identity", "rot90", "rot180", "rot270", "flipx", "flipy", "transpose", "antitranspose")
"""The eight rotations and flips of a picture, in the order in which their hashes are stored."""


NATIVE = "native"
"""The phase of a hash of the picture as it is; others are of a resampled or trimmed one."""


@dataclass(frozen=True, slots=True)
class PictureHash:
    """The perceptual hashes by one method of one rendering of a picture in the evidence.

    ``variants`` holds one value for each of ``names``, which say how the picture was turned.
    ``rendering`` says how the pixels came about: ``stored``, ``on-white`` for a picture with
    transparency, ``frame-7``, ``thumbnail``. ``phase`` says what was done to them before
    hashing: nothing (``native``), or as what size they were seen, or that a border was trimmed.
    """

    method: Method
    rendering: str
    quality: int
    variants: tuple[bytes, ...]
    names: tuple[str, ...] = VARIANTS
    phase: str = NATIVE


@dataclass(frozen=True, slots=True)
class FrameHash:
    """The PDQ hash of one frame of a video in the evidence, ``at`` milliseconds from its start."""

    at: int
    quality: int
    value: bytes


def unhex(text: str) -> bytes:
    """Read hexadecimal strictly: ``bytes.fromhex`` alone would accept blanks between digits.

    Raises:
        ValueError: something else than an even number of hexadecimal digits.
    """
    text = text.strip()
    if not text.isascii() or not text.isalnum():
        msg = "not hexadecimal"
        raise ValueError(msg)
    try:
        return bytes.fromhex(text)
    except ValueError:
        msg = "not hexadecimal"
        raise ValueError(msg) from None
