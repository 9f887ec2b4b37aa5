"""Each format of perceptual hashes, of peer-to-peer networks and of their programs."""

import base64
import hashlib
import json
import struct

from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import HashRecord
from tests.contract.format_contract import Example, FormatContract, md5, pdq, sha1

M = ("76b38aee70875b2c64d6345713694bd6", "f55084bbfd495e65926dfb3ce1a22cec")
S = ("906543b861aba09867863fbd4ac088dcd9147b0a", "b2c758459c1fd23aa9a6a81f065b819c0ba8ac80")
E = ("86c447381066a936d5c57456ba9e43b5", "c7e2f5c96b728535094818e217171f31")
T = "8ce75175e2e4a9d3a6673afb24975e0b73c1cc75f0d091e6"
R = "763897a1620f426aa2787cacd2f10d77bd731e4843dd988ec93b9f78f4889267"
P = (
    "d57e01f47ebcda558c9e4aaf7e3b286d693069a309507b8bdb026bbad8620fc7",
    "532f767ddb641a5492a743abfc3391977e269a3d08cd583e56ba14a2c5e9108b",
)


def ed2k(text):
    return Digest.parse(Algorithm.ED2K, text)


def aich(text):
    return Digest.parse(Algorithm.AICH, text)


def other(algorithm, text):
    return Digest.parse(algorithm, text)


def frame(text, quality, at):
    return PerceptualHash(Method.VPDQ, bytes.fromhex(text), quality, at)


def base32(text):
    return base64.b32encode(bytes.fromhex(text)).decode().rstrip("=")


def bencode(value):
    """Write bencoding: dictionaries in the order given."""
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    if isinstance(value, dict):
        pairs = (bencode(key) + bencode(inner) for key, inner in value.items())
        return b"d" + b"".join(pairs) + b"e"
    value = value.encode() if isinstance(value, str) else value
    return b"%d:" % len(value) + value


class TestVpdq(FormatContract):
    name = "vpdq"
    endless = False
    examples = (
        Example(
            f"0,100,{P[0]},0.000\n30,49,{P[1]},1.000\n".encode(),
            [
                HashRecord(
                    1,
                    perceptual=(frame(P[0], 100, 0.0), frame(P[1], 49, 1.0)),
                    fields={"frames": ["0", "30"]},
                )
            ],
        ),
        Example(
            json.dumps([f"{P[0]},100,0.0", f"{P[1]},49,1.23e+03"]).encode(),
            [HashRecord(1, perceptual=(frame(P[0], 100, 0.0), frame(P[1], 49, 1230.0)))],
        ),
        Example(
            json.dumps({"7": {"quality": 88, "hash": P[0], "timestamp": 0.5}}).encode(),
            [HashRecord(1, perceptual=(frame(P[0], 88, 0.5),), fields={"frames": ["7"]})],
        ),
    )


def tmk(*numbers, values):
    return b"TMK1FVECPDQF" + struct.pack("<5i", *numbers) + bytes(4 * values)


SMALL_TMK = tmk(15, 2, 1, 3, 105, values=2 + 1 + 3 + 2 * 2 * 1 * 3)


class TestTmk(FormatContract):
    name = "tmk"
    text = False
    endless = False
    examples = (
        Example(
            SMALL_TMK,
            [
                HashRecord(
                    1,
                    other=("tmk",),
                    fields={
                        "sha256": hashlib.sha256(SMALL_TMK).hexdigest(),
                        "length": len(SMALL_TMK),
                        "frames_per_second": 15,
                        "frames": 105,
                    },
                )
            ],
        ),
    )


class TestTxLocal(FormatContract):
    name = "tx-local"
    rows = f"pdq {P[0]}\nurl https://example.org/x\n".encode()
    examples = (
        Example(
            f"pdq {P[0]}\nvideo_md5 {M[0]}\n\nurl_md5 {M[1]}\nraw_text some words\n".encode(),
            [
                HashRecord(1, perceptual=(pdq(P[0]),), fields={"type": "pdq"}),
                HashRecord(2, (md5(M[0]),), fields={"type": "video_md5"}),
                HashRecord(4, other=("url_md5",), fields={"type": "url_md5", "value": M[1]}),
                HashRecord(
                    5, other=("raw_text",), fields={"type": "raw_text", "value": "some words"}
                ),
            ],
        ),
        Example(
            f'vpdq ["{P[0]},100,0.0", "{P[1]},49,1.0"]\n'.encode(),
            [HashRecord(1, perceptual=(frame(P[0], 100, 0.0), frame(P[1], 49, 1.0)))],
        ),
    )


class TestTxDataset(FormatContract):
    name = "tx-dataset"
    rows = f"{P[0]},12,2024-02-01T00:00:00+0000,a b\n".encode()
    examples = (
        Example(
            (
                f"{P[0]},12,2024-02-01T00:00:00+0000,a b\r\n"
                f"{P[1]},77,13,2024-02-02T00:00:00+0000,\r\n"
            ).encode(),
            [
                HashRecord(
                    1,
                    perceptual=(pdq(P[0]),),
                    entry="12",
                    fields={
                        "added_on": "2024-02-01T00:00:00+0000",
                        "labels": ["a", "b"],
                        "first_descriptor_id": "12",
                    },
                ),
                HashRecord(
                    2,
                    perceptual=(pdq(P[1]),),
                    entry="77",
                    fields={
                        "added_on": "2024-02-02T00:00:00+0000",
                        "labels": [],
                        "indicator_id": "77",
                        "first_descriptor_id": "13",
                    },
                ),
            ],
            ReadOptions(algorithm="pdq"),
        ),
        Example(
            f"{M[0]},12,2024-02-01T00:00:00+0000,\n".encode(),
            [
                HashRecord(
                    1,
                    (md5(M[0]),),
                    entry="12",
                    fields={
                        "added_on": "2024-02-01T00:00:00+0000",
                        "labels": [],
                        "first_descriptor_id": "12",
                    },
                )
            ],
            ReadOptions(algorithm="md5"),
        ),
    )


class TestP2pLinks(FormatContract):
    name = "p2p-links"
    rows = f"magnet:?xt=urn:sha1:{base32(S[0])}\ned2k://|file|a|7|{E[0]}|/\n".encode()
    examples = (
        Example(
            (
                f"# links\nmagnet:?xt=urn:sha1:{base32(S[0])}&xl=7858&dn=a%20b.png\n"
                f"MAGNET:?xt.1=urn:bitprint:{base32(S[0]).lower()}.{base32(T)}&xt.2=urn:md5:{M[0]}"
                f"&tr=x&tr=y\n"
                f"ed2k://|file|%E0%B8%81.png|7858|{E[0].upper()}|h={base32(S[0])}|s=http://x|/\n"
                f"urn:tree:tiger/:{base32(T)}\n"
            ).encode(),
            [
                HashRecord(2, (sha1(S[0]),), size=7858, fields={"xl": "7858", "dn": "a b.png"}),
                HashRecord(
                    3,
                    (sha1(S[0]), other(Algorithm.TTH, T), md5(M[0])),
                    fields={"tr": ["x", "y"]},
                ),
                HashRecord(
                    4,
                    (ed2k(E[0]), aich(S[0])),
                    size=7858,
                    fields={"name": "\u0e01.png", "s": "http://x"},
                ),
                HashRecord(5, (other(Algorithm.TTH, T),)),
            ],
        ),
        Example(
            f"magnet:?xt=urn:btih:{S[0]}&xt=urn:btmh:1220{P[0]}\n".encode(),
            [HashRecord(1, (other(Algorithm.BTIH, S[0]), other(Algorithm.BTMH, P[0])))],
        ),
    )


class TestRhash(FormatContract):
    name = "rhash"
    rows = f"TTH   (a b.png) = {base32(T)}\nED2K  (a b.png) = {E[0]}\n".encode()
    examples = (
        Example(
            (
                f"MD5   (a (1).png) = {M[0]}\nTTH   (a (1).png) = {base32(T).lower()}\n"
                f"GOST12-256 (a (1).png) = {P[0]}\nMD5   (b.png) = {M[1]}\n"
            ).encode(),
            [
                HashRecord(
                    1,
                    (md5(M[0]), other(Algorithm.TTH, T)),
                    other=("gost12-256",),
                    fields={"name": "a (1).png"},
                ),
                HashRecord(4, (md5(M[1]),), fields={"name": "b.png"}),
            ],
        ),
        Example(
            f"{base32(T).lower()}  a  b.png\n".encode(),
            [HashRecord(1, (other(Algorithm.TTH, T),), fields={"name": "a  b.png"})],
        ),
        Example(
            f"{base32(S[0]).lower()}  a.png\n".encode(),
            [HashRecord(1, (aich(S[0]),), fields={"name": "a.png"})],
            ReadOptions(algorithm="aich"),
            recognised=False,
        ),
    )


INFO_1 = {
    "files": [
        {"ed2k": bytes.fromhex(E[0]), "length": 10, "path": ["in", "a.png"], "sha1": S[0]},
        {"attr": "p", "length": 6, "path": [".pad", "6"]},
        {"length": 20, "path": ["no hash.png"]},
    ],
    "name": "set",
    "piece length": 16,
    "pieces": bytes(range(40)),
}
INFO_2 = {
    "file tree": {"a.png": {"": {"length": 10, "pieces root": bytes.fromhex(R)}}},
    "length": 10,
    "md5sum": M[0],
    "meta version": 2,
    "name": "a.png",
    "piece length": 16384,
    "pieces": bytes(20),
}


def btih(info):
    return Digest(Algorithm.BTIH, hashlib.sha1(bencode(info)).digest())


def btmh(info):
    return Digest(Algorithm.BTMH, hashlib.sha256(bencode(info)).digest())


class TestTorrent(FormatContract):
    name = "torrent"
    text = False
    endless = False
    examples = (
        Example(
            bencode({"announce": "http://x", "info": INFO_1}),
            [
                HashRecord(
                    1,
                    (btih(INFO_1),),
                    fields={"announce": "http://x", "info": {"name": "set", "piece length": 16}},
                ),
                HashRecord(
                    2,
                    (sha1(S[0]), ed2k(E[0])),
                    size=10,
                    fields={"path": "in/a.png", "length": 10},
                ),
            ],
        ),
        Example(
            bencode({"info": INFO_2, "piece layers": {}}),
            [
                HashRecord(
                    1,
                    (btih(INFO_2), btmh(INFO_2)),
                    fields={
                        "info": {
                            "length": 10,
                            "md5sum": M[0],
                            "meta version": 2,
                            "name": "a.png",
                            "piece length": 16384,
                        }
                    },
                ),
                HashRecord(
                    2,
                    (md5(M[0]), other(Algorithm.PIECES_ROOT, R)),
                    size=10,
                    fields={"path": "a.png", "length": 10},
                ),
            ],
        ),
    )


class TestResume(FormatContract):
    name = "resume"
    text = False
    endless = False
    examples = (
        Example(
            bencode(
                {
                    ".fileguard": "0" * 40,
                    "a.torrent": {"caption": "a", "info": bytes.fromhex(S[0]), "uploaded": 5},
                    "rec": [],
                }
            ),
            [
                HashRecord(
                    1,
                    (other(Algorithm.BTIH, S[0]),),
                    fields={"torrent": "a.torrent", "caption": "a", "uploaded": 5},
                )
            ],
        ),
    )


def tag(kind, name, value, *, short=False):
    """Write a tag of eMule with a name of one byte, in its old or its short way."""
    head = bytes([kind | 0x80, name]) if short else bytes([kind, 1, 0, name])
    return head + value


def lengthy(value):
    return struct.pack("<H", len(value)) + value


def entry(hexadecimal, *tags, parts=()):
    return (
        struct.pack("<I", 1700000000)
        + bytes.fromhex(hexadecimal)
        + struct.pack("<H", len(parts))
        + b"".join(map(bytes.fromhex, parts))
        + struct.pack("<I", len(tags))
        + b"".join(tags)
    )


NAMED = tag(2, 1, lengthy(b"a.png"))
KNOWN = b"\x0f" + struct.pack("<I", 2) + entry(
    E[0], NAMED, tag(3, 2, struct.pack("<I", 7)), tag(3, 0x3A, struct.pack("<I", 1)),
    tag(2, 0x27, lengthy(base32(S[0]).encode())), parts=[E[1], E[0]],
) + entry(
    E[1],
    tag(0x10 + 9, 1, b"\xef\xbb\xbfb \xc3\xa9.x", short=True),
    tag(9, 0x50, b"\x05", short=True),
    tag(8, 0x51, b"\x02\x00", short=True),
    tag(7, 0x35, struct.pack("<I", 22) + bytes.fromhex(S[1]) + b"\0\0", short=True),
    tag(5, 0x99, b"\x01", short=True),
)  # fmt: skip


class TestKnownMet(FormatContract):
    name = "known-met"
    text = False
    endless = False
    examples = (
        Example(
            KNOWN,
            [
                HashRecord(
                    1,
                    (ed2k(E[0]), aich(S[0])),
                    size=(1 << 32) + 7,
                    fields={
                        "modified": 1700000000,
                        "parts": [E[1], E[0]],
                        "name": "a.png",
                        "size": 7,
                        "size_high": 1,
                        "aich": base32(S[0]),
                    },
                ),
                HashRecord(
                    2,
                    (ed2k(E[1]), aich(S[1])),
                    fields={
                        "modified": 1700000000,
                        "name": "b \u00e9.x",
                        "uploaded": 5,
                        "requests": 2,
                        "aich_hash_set": f"{S[1]}0000",
                        "tag 99": 1,
                    },
                ),
            ],
        ),
    )


PART = b"\xe2" + entry(
    E[0],
    NAMED,
    tag(11, 2, struct.pack("<Q", 1 << 33), short=True),
    b"\x03\x02\x00\x090" + struct.pack("<I", 5),
    b"\x03\x02\x00\x0a0" + struct.pack("<I", 9),
    tag(4, 0x98, struct.pack("<f", 0.5)),
)


class TestPartMet(FormatContract):
    name = "part-met"
    text = False
    endless = False
    examples = (
        Example(
            PART,
            [
                HashRecord(
                    1,
                    (ed2k(E[0]),),
                    size=1 << 33,
                    fields={
                        "modified": 1700000000,
                        "name": "a.png",
                        "size": 1 << 33,
                        "gap_start_0": 5,
                        "gap_end_0": 9,
                        "tag 98": 0.5,
                    },
                )
            ],
        ),
    )


def collected(*tags):
    return struct.pack("<I", len(tags)) + b"".join(tags)


class TestCollection(FormatContract):
    name = "emule-collection"
    text = False
    endless = False
    examples = (
        Example(
            struct.pack("<I", 2)
            + collected(tag(2, 1, lengthy(b"set")), tag(2, 0x31, lengthy(b"someone")))
            + struct.pack("<I", 1)
            + collected(
                tag(1, 0x28, bytes.fromhex(E[0]), short=True),
                tag(8, 2, b"\xb2\x1e", short=True),
                tag(0x15, 1, b"a.png", short=True),
            ),
            [
                HashRecord(
                    1,
                    (ed2k(E[0]),),
                    size=7858,
                    fields={"ed2k": E[0], "size": 7858, "name": "a.png"},
                )
            ],
        ),
    )


def enciphered(plain, key):
    """Ares' cipher, forwards."""
    text = bytearray()
    for byte in plain:
        text.append(byte ^ (key >> 8))
        key = ((key + text[-1]) * 23219 + 36126) & 0xFFFF
    return bytes(text)


def value(kind, content):
    return struct.pack("<BH", kind, len(content)) + content


def share_h(hexadecimal, shared, body):
    head = bytes.fromhex(hexadecimal) + struct.pack("<BH", shared, len(body))
    return enciphered(head, 13871) + enciphered(body, 13872)


def share_l(hexadecimal, mime, size, body):
    head = bytes.fromhex(hexadecimal) + struct.pack("<B4xQ12xH", mime, size, len(body))
    return enciphered(head, 13871) + enciphered(body, 13872)


class TestAres(FormatContract):
    name = "ares"
    text = False
    opening = b"__ARESDB1.02H_"
    rows = share_h(S[0], 1, value(2, b"a.png"))
    examples = (
        Example(
            b"__ARESDB1.02H_"
            + share_h(S[0], 1, value(2, b"a.png") + value(18, bytes(20)))
            + share_h(S[1], 0, b""),
            [
                HashRecord(
                    1,
                    (sha1(S[0]),),
                    other=("ares-partial-hash",),
                    fields={"shared": True, "title": "a.png", "partial_hash": "00" * 20},
                ),
                HashRecord(2, (sha1(S[1]),), fields={"shared": False}),
            ],
        ),
        Example(
            b"__ARESDB1.04L_"
            + share_l(S[0], 5, 7858, value(1, b"C:\\a.png") + value(11, b"\0\1\0\0")),
            [
                HashRecord(
                    1,
                    (sha1(S[0]),),
                    size=7858,
                    fields={
                        "mime": 5,
                        "unnamed": "00" * 16,
                        "path": "C:\\a.png",
                        "date": 256,
                    },
                )
            ],
        ),
    )
