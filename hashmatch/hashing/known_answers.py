"""Known answers: does this installation compute what it must?

Source: RFC 1321 A.5 (MD5); FIPS 180 example vectors (SHA-1, SHA-2); RHash 1.4.3 (ed2k, AICH, TTH);
for PDQ, the values of Meta's C++ over pictures that are drawn from integers alone, so that no
picture file is needed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from hashmatch.hashing import digests, sniff
from hashmatch.hashing.drawn import Drawing, draw
from hashmatch.model.hashes import VARIANTS, Algorithm

if TYPE_CHECKING:
    from collections.abc import Iterable

_MESSAGES = (b"", b"abc", b"a" * 1_000_000)
_PARTS = bytes(9_728_000)
"""One whole part of eDonkey's, for the hashes that depend on it."""

_ANSWERS: dict[Algorithm, tuple[str, ...]] = {
    Algorithm.MD5: (
        "d41d8cd98f00b204e9800998ecf8427e",
        "900150983cd24fb0d6963f7d28e17f72",
        "7707d6ae4e027c70eea2a935c2296f21",
    ),
    Algorithm.SHA1: (
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
    ),
    Algorithm.SHA256: (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    ),
    Algorithm.SHA384: (
        (
            "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
            "274edebfe76f65fbd51ad2f14898b95b"
        ),
        (
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7"
        ),
        (
            "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b"
            "07b8b3dc38ecc4ebae97ddd87f3d8985"
        ),
    ),
    Algorithm.SHA512: (
        (
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
        ),
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
            "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"
        ),
    ),
    Algorithm.ED2K: (
        "31d6cfe0d16ae931b73c59d7e0c089c0",
        "a448017aaf21d8525fc10ae87aa6729d",
        "bbce80cc6bb65e5c6745e30d4eeca9a4",
        "fc21d9af828f92a8df64beac3357425d",
        "d7def262a127cd79096a108e7a9fc138",  # a whole number of parts has a second value
    ),
    Algorithm.AICH: (
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "54b0f04c95da9faf1538a108113d7d5c13d29a8a",
        "e8f6de1e0745190fa29f0760b7ad1e89e56747e1",
    ),
    Algorithm.TTH: (
        "5d9ed00a030e638bdb753a6a24fb900e5a63b8e73e6c25b6",
        "0487ca26443f59cfbc780f3ca0ce509c8c352c27c5dcca20",
        "511f341a7c14145fcba4a55a9ccaf743dac0eef270010973",
    ),
    Algorithm.PIECES_ROOT: (  # none for nothing
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "3a3c0697b86f89cac1d8b1455699a4632279d8c3a54d65a84740d3a4f6893cdc",
    ),
}


_PDQ: tuple[tuple[Drawing, dict[str, str]], ...] = (
    (
        Drawing(64, 64, 9, 7, 1000),
        {
            "identity": "acd498c5a8d5af14533b5d8a80fe4f187b417b4384beb0e67f01a375a8d418cf",
            "rot90": "f236f237b0def326f5cbead719cce233e6331d280a3444d90f210dc80e719732",
            "antitranspose": "a763a762a58ba673a09e3f824c99b766b366487d5f61118c5a74589d5b24c267",
        },
    ),
    (
        Drawing(100, 75, 11, 8, 1003),
        {
            "identity": "fc1a7c3a83ccadc46dbc763783e5cd84c3d4166b7c18a9489663721a7c23a34d",
            "rot90": "319932d9c4373b91d9323bd526cdc46e2b80cd264e4a335be875c07ec44ef9b4",
            "antitranspose": "64cc678c95626ec48c677fc07398913b7ed598731b1f660ebd20952b911bace1",
        },
    ),
    (
        Drawing(333, 500, 13, 17, 1005),
        {
            "identity": "4bc3364948a4f1e9724f4ad10e578dd1b5814bd60f16736ef0794ad1d98873e6",
            "rot90": "338a43a05899b766a766bc5fee756e0cb5c7a4a23019f893d89ed58e8a712073",
            "antitranspose": "44df16f50dcc5231f233e90a9b203b59e09275f7654cadc60dcb80dbdf247526",
        },
    ),
)


def check(algorithms: Iterable[Algorithm] = digests.COMPUTED) -> list[tuple[str, bool]]:
    """Compute the known answers.

    Args:
        algorithms: which digests to try; those of perceptual hashes are always tried.

    Returns:
        Name of the method and whether all its answers came out right: each digest, ``pdq`` over
        pixels, and ``decoding``: the same hashes through a picture file in memory.
    """
    return [(str(algorithm), _digests_right(algorithm)) for algorithm in algorithms] + [
        ("pdq", all(_pdq_right(drawing, answers) for drawing, answers in _PDQ)),
        ("decoding", all(_decoding_right(drawing, answers) for drawing, answers in _PDQ)),
    ]


def _digests_right(algorithm: Algorithm) -> bool:
    in_parts = algorithm in {Algorithm.ED2K, Algorithm.AICH}
    messages = (*_MESSAGES, _PARTS) if in_parts else _MESSAGES
    found = (
        digest.hex
        for message in messages
        for digest in digests.read(io.BytesIO(message), (algorithm,), lambda _: False, 0).digests
    )
    return tuple(found) == _ANSWERS[algorithm]


def _pdq_right(drawing: Drawing, answers: dict[str, str]) -> bool:
    from hashmatch.hashing.grid import Pixels  # noqa: PLC0415
    from hashmatch.hashing.pdq import pdq  # noqa: PLC0415

    return _agree(pdq(Pixels(draw(drawing))).variants, answers)


def _decoding_right(drawing: Drawing, answers: dict[str, str]) -> bool:
    from hashmatch.hashing.pictures import examine  # noqa: PLC0415

    content = b"P6 %d %d 255\n" % (drawing.width, drawing.height) + draw(drawing).tobytes()
    picture = examine(content, sniff.PNM)
    return bool(picture.hashes) and _agree(picture.hashes[0].variants[: len(VARIANTS)], answers)


def _agree(variants: tuple[bytes, ...], answers: dict[str, str]) -> bool:
    found = dict(zip(VARIANTS, variants, strict=True))
    return all(found[name].hex() == value for name, value in answers.items())
