"""Hash names and hash texts as lists spell them, read into hashes."""

from __future__ import annotations

import base64
import string
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import Loss

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEX = frozenset(string.hexdigits)


@dataclass(frozen=True, slots=True)
class Kind:
    """A hash that lists carry.

    ``target`` is what it is compared as, None for a kind that is only stored. ``size`` in bytes,
    0 where the text is not looked into. ``base64`` and ``base32`` say which spellings besides
    hexadecimal occur; base32 only where the name of the column says so, because some
    hexadecimal texts are base32 too.
    """

    name: str
    target: Algorithm | Method | None = None
    size: int = 0
    base64: bool = False
    base32: bool = False


MD5 = Kind("md5", Algorithm.MD5, 16, base64=True)
SHA1 = Kind("sha1", Algorithm.SHA1, 20, base64=True)
SHA256 = Kind("sha256", Algorithm.SHA256, 32, base64=True)
SHA512 = Kind("sha512", Algorithm.SHA512, 64, base64=True)
PDQ = Kind("pdq", Method.PDQ, 32)
SHA384 = Kind("sha384", Algorithm.SHA384, 48, base64=True)
ED2K = Kind("ed2k", Algorithm.ED2K, 16)
AICH = Kind("aich", Algorithm.AICH, 20, base32=True)
TTH = Kind("tth", Algorithm.TTH, 24, base32=True)
PIECES_ROOT = Kind("pieces-root", Algorithm.PIECES_ROOT, 32)
BTIH = Kind("btih", Algorithm.BTIH, 20, base32=True)
BTMH = Kind("btmh", Algorithm.BTMH, 32)
PHASH = Kind("phash", Method.PHASH, 8)
DHASH = Kind("dhash", Method.DHASH, 8)
AHASH = Kind("ahash", Method.AHASH, 8)
WHASH = Kind("whash", Method.WHASH, 8)
BLOCKMEAN = Kind("blockmean", Method.BLOCKMEAN, 32)
VPDQ = Kind("vpdq", Method.VPDQ, 32)
PHOTODNA = Kind("photodna", Method.PHOTODNA, 144, base64=True)
_SHA1_BASE32 = Kind("sha1", Algorithm.SHA1, 20, base32=True)

BY_TYPE: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        *(MD5, SHA1, SHA256, SHA384, SHA512, ED2K, AICH, TTH, PIECES_ROOT, BTIH, BTMH),
        *(PDQ, PHASH, DHASH, AHASH, WHASH, BLOCKMEAN, PHOTODNA),
    )
}
"""The kinds that ``--type`` and ``--map`` name."""

# Spellings met in lists, lower case, without "-", "_" and blanks.
_SPELLINGS: tuple[tuple[Kind, str], ...] = (
    (MD5, "md5 md5sum md5hex md5hash md5base64 videomd5 hashmd5 hashvideomd5 verificationhash"),
    (SHA1, "sha1 sha1hex sha1sum sha1hash sha1base64 hashsha1"),
    (_SHA1_BASE32, "sha1base32"),
    (
        SHA256,
        "sha256 sha2256 sha256hex sha256sum sha256hash sha256base64 hashsha256 videosha256",
    ),
    (SHA256, "hashvideosha256"),
    (SHA512, "sha512 sha2512 sha512hex sha512sum sha512hash sha512base64 hashsha512"),
    (PDQ, "pdq pdqhash pdqhex imagepdq imagepdqhash hashpdq"),
    (
        PHOTODNA,
        "photodna pdna photodnabase64 photodnahash photodnahashbase64 hashphotodna pdnahash",
    ),
    (SHA384, "sha384 sha2384 sha384hex sha384sum sha384hash sha384base64 hashsha384"),
    (Kind("md4"), "md4"),
    (ED2K, "ed2k edonkey emule ed2khash edonkeyhash"),
    (AICH, "aich aichhash"),
    (TTH, "tth tree:tiger tigertree tthhash"),
    (Kind("tiger"), "tiger"),
    (BTIH, "btih btihv1 infohash infohashv1"),
    (BTMH, "btmh btihv2 infohashv2"),
    (PIECES_ROOT, "btpiecesroot piecesroot"),
    (PHASH, "phash phash64 imagehashphash hashphash"),
    (DHASH, "dhash dhash64 imagehashdhash hashdhash"),
    (AHASH, "ahash ahash64 averagehash imagehashahash hashahash"),
    (WHASH, "whash whash64 wavelethash imagehashwhash hashwhash"),
    (BLOCKMEAN, "blockmean blockmeanhash hashblockmean"),
    (Kind("crc32"), "crc crc32"),
    (Kind("whirlpool"), "whirlpool"),
    (VPDQ, "vpdq"),
    (Kind("tmk"), "tmkpdqf videotmk hashtmk"),
    (Kind("netclean"), "netclean"),
    (Kind("videntifier"), "videntifier"),
    (Kind("ssvh"), "ssvhpdna ssvhsaferhash"),
    (Kind("tlsh"), "tlsh"),
    (Kind("ssdeep"), "ssdeep"),
    (Kind("md5_first_512"), "md5first512 md5512"),
    (Kind("md5_first_64k"), "md5first64k md564k microhash"),
)
KINDS = frozenset(kind for kind, _ in _SPELLINGS)
_KINDS = {spelling: kind for kind, texts in _SPELLINGS for spelling in texts.split()}
_PLAIN = str.maketrans("", "", "-_ \t")


def plain_name(text: str) -> str:
    """Give a name without case, blanks, hyphens and underscores, to compare it by."""
    return text.translate(_PLAIN).lower()


def kind_named(text: str) -> Kind | None:
    """Give the kind of hash that a column, tag or key names; None for any other word."""
    return _kind_named(text) if len(text) < 64 else None


@lru_cache(maxsize=4096)
def _kind_named(text: str) -> Kind | None:
    return _KINDS.get(plain_name(text))


def read_hash(
    kind: Kind, text: str, quality: int | None = None
) -> Digest | PerceptualHash | Kind | Loss:
    """Read one hash; for a kind that is only stored give back the kind.

    Accepted beside plain hexadecimal: surrounding blanks and quotes, ``0x``, pairs of digits
    separated by ``:``, ``-`` or a blank, and base64 or base32 as the kind allows.

    Args:
        kind: what the list says that the text is.
        text: not empty.
        quality: 0..100, for a perceptual hash.
    """
    if not kind.size:
        return kind
    value = _exact(kind, text) or _tolerant(kind, text)
    if isinstance(value, Loss):
        return value
    target = kind.target
    if isinstance(target, Algorithm):
        return Digest(target, value)
    return kind if target is None else PerceptualHash(target, value, quality)


def _exact(kind: Kind, text: str) -> bytes | None:
    """Read hexadecimal of the right length; blanks between digits make it too short."""
    if len(text) != 2 * kind.size:
        return None
    try:
        value = bytes.fromhex(text)
    except ValueError:
        return None
    return value if len(value) == kind.size else None


def _tolerant(kind: Kind, text: str) -> bytes | Loss:
    # Spreadsheets force text by writing ="...".
    text = text.strip().removeprefix("=").strip("\"' ")
    if _HEX.issuperset(text):
        # As base64 or base32 they would pass for another hash: 64 digits for a SHA-384.
        return _exact(kind, text) or Loss.WRONG_LENGTH
    if kind.base32 and (decoded := _from_base32(text)) is not None:
        return decoded if len(decoded) == kind.size else Loss.WRONG_LENGTH
    digits = _unpaired(text[2:] if text[:2] in {"0x", "0X"} else text)
    if value := _exact(kind, digits):
        return value
    if kind.base64 and (decoded := _from_base64(text)) is not None:
        if len(decoded) == kind.size:
            return decoded
        if kind is PHOTODNA:  # base64 is its usual spelling
            return Loss.WRONG_LENGTH
    return Loss.WRONG_LENGTH if _HEX.issuperset(digits) else Loss.NOT_HEX


def _unpaired(text: str) -> str:
    """Join pairs of digits that one separator keeps apart: ``90:65:43``."""
    separator = text[2:3]
    if separator and separator in ":- " and set(text[2::3]) == {separator}:
        return text.replace(separator, "")
    return text


def _from_base32(text: str) -> bytes | None:
    """Decode base32 in either case, with or without padding."""
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8), casefold=True)
    except ValueError:
        return None


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None
