"""Partition tables, physical volumes and encrypted volumes, made byte by byte for tests."""

import hashlib
import struct
import uuid
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hashmatch.evidence.media.interface import MediumFacts

LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"


class Bytes:
    """A medium in memory."""

    def __init__(self, content):
        self.content = bytes(content)
        self.size = len(self.content)
        self.facts = MediumFacts("raw", self.size, ())
        self.damage = []
        self.reads = 0

    def read_at(self, offset, length):
        assert offset >= 0
        assert length >= 0
        self.reads += 1
        return self.content[offset : offset + length]

    def close(self):
        pass


def squash(size):
    """Something that is recognised and not read, and needs no library: enough to tell volumes."""
    return b"hsqs" + bytes(size - 4)


def record(*slots):
    """Make a boot record of (flag, type, start, count), places in sectors."""
    raw = bytearray(512)
    for place, (flag, kind, start, count) in enumerate(slots):
        struct.pack_into("<B3xB3xII", raw, 446 + 16 * place, flag, kind, start, count)
    raw[510:] = b"\x55\xaa"
    return bytes(raw)


def put(disk, at, data):
    """Write into a bytearray; ``at`` in sectors."""
    disk[at * 512 : at * 512 + len(data)] = data


def gpt(sectors, parts, *, size=512, both=True):
    """Make a disk with a GUID partition table; parts are (entry, first, last, type) in sectors."""
    disk = bytearray(sectors * size)
    disk[:512] = record((0, 0xEE, 1, min(sectors - 1, 0xFFFFFFFF)))
    entries = bytearray(128 * 128)
    for entry, first, last, kind in parts:
        at = (entry - 1) * 128
        entries[at : at + 16] = uuid.UUID(kind).bytes_le
        entries[at + 16 : at + 32] = uuid.UUID(int=entry).bytes_le
        struct.pack_into("<QQ", entries, at + 32, first, last)
    blocks = -(-len(entries) // size)
    copies = [(1, sectors - 1, 2)]
    if both:
        copies.append((sectors - 1, 1, sectors - 1 - blocks))
    for at, other, place in copies:
        header = gpt_header(at, other, place, sectors, bytes(entries))
        disk[at * size : at * size + len(header)] = header
        disk[place * size : place * size + len(entries)] = entries
    return disk


def gpt_header(at, other, place, sectors, entries, count=128):
    """Make the header of a table that lies at ``at`` and has its entries at ``place``."""
    head = struct.pack(
        "<8sIIII4Q16sQIII",
        *(b"EFI PART", 0x10000, 92, 0, 0, at, other, 34, sectors - 34, bytes(16), place),
        *(count, 128, zlib.crc32(entries)),
    )
    return head[:16] + struct.pack("<I", zlib.crc32(head)) + head[20:]


def apm(blocks, parts, *, size=512):
    """Make a disk with an Apple partition map; parts are (start, count, type) in blocks."""
    disk = bytearray(blocks * size)
    disk[:4] = b"ER" + size.to_bytes(2)
    for place, (start, count, kind) in enumerate(parts, 1):
        entry = struct.pack(">2s2xIII32s32s", b"PM", len(parts), start, count, b"", kind.encode())
        disk[place * size : place * size + len(entry)] = entry
    return disk


_LVM_SEED = 0xF597A6CF


def lvm_sum(data):
    return ~zlib.crc32(data, ~_LVM_SEED & 0xFFFFFFFF) & 0xFFFFFFFF


def lvm(text, size, *, identity="abcdef" + "0" * 26, wrap=0):
    """Make a physical volume with metadata; ``wrap`` is where in the area its text begins."""
    disk = bytearray(size)
    label = bytearray(512)
    label[:8] = b"LABELONE"
    struct.pack_into("<QII8s", label, 8, 1, 0, 32, b"LVM2 001")
    label[32:64] = identity.encode()
    struct.pack_into("<Q4Q4Q", label, 64, size, 1 << 20, 0, 0, 0, 4096, 65536, 0, 0)
    disk[512:1024] = label
    raw = text.encode() + b"\0"
    start = wrap or 512
    first = raw[: 65536 - start]
    head = bytearray(508)
    struct.pack_into("<16sIQQ", head, 0, b" LVM2 x[5A%r0N*>", 1, 4096, 65536)
    struct.pack_into("<QQII", head, 36, start, len(raw), lvm_sum(raw), 0)
    disk[4096 : 4096 + 512] = struct.pack("<I", lvm_sum(bytes(head))) + head
    disk[4096 + start : 4096 + start + len(first)] = first
    disk[4096 + 512 : 4096 + 512 + len(raw) - len(first)] = raw[len(first) :]
    return disk


def group(volumes, *, extents=16, identity="abcdef" + "0" * 26):
    """Write the metadata of a volume group whose extents are of 64 KiB, data from 1 MiB on."""
    dashed = f"{identity[:6]}-{identity[6:]}"
    return f"""vg0 {{
id = "x"
seqno = 2  # "comment" {{
extent_size = 128
physical_volumes {{ pv0 {{ id = "{dashed}"
pe_start = 2048
pe_count = {extents} }} }}
logical_volumes {{ {volumes} }}
}}
version = 1 # the end"""


def logical(name, *segments, status='"READ", "VISIBLE"'):
    """Write a logical volume; segments are (start, count, text of the rest)."""
    written = " ".join(
        f"segment{place} {{ start_extent = {start}\nextent_count = {count}\n{rest} }}"
        for place, (start, count, rest) in enumerate(segments, 1)
    )
    return f"{name} {{ status = [{status}]\nsegment_count = {len(segments)}\n{written} }}\n"


def linear(first, volume="pv0"):
    return f'type = "striped"\nstripe_count = 1\nstripes = ["{volume}", {first}]'


def luks1(content, password, *, mode="xts-plain64", key=bytes(range(64)), digest="sha256"):
    """Encrypt sectors of 512 bytes as LUKS1 does, with one password in the second slot."""
    salt, check_salt, rounds, stripes = b"s" * 32, b"c" * 32, 5, 16
    check = hashlib.pbkdf2_hmac(digest, key, check_salt, rounds, 20)
    length = len(key) * stripes
    place, payload = 8, 8 + -(-length // 512)
    head = bytearray(592)
    head[:8] = b"LUKS\xba\xbe\0\1"
    struct.pack_into(">32s32s32s", head, 8, b"aes", mode.encode(), digest.encode())
    struct.pack_into(">II20s32sI", head, 104, payload, len(key), check, check_salt, rounds)
    head[168:204] = b"6f9ae4c0-52aa-4a55-a1a0-3c0f6a4cbb10"
    for slot in range(8):
        struct.pack_into(">I", head, 208 + 48 * slot, 0x0000DEAD)
    struct.pack_into(">II32sII", head, 256, 0x00AC71F3, rounds, salt, place, stripes)
    opened = hashlib.pbkdf2_hmac(digest, password, salt, rounds, len(key))
    material = split(key, stripes, digest).ljust(-(-length // 512) * 512, b"\0")
    sealed = encrypt(material, mode, opened)
    return bytes(head).ljust(place * 512, b"\0") + sealed + encrypt(content, mode, key)


def split(key, stripes, digest):
    """Split a key over stripes, so that all of them are needed."""
    parts = [hashlib.shake_256(b"%d" % one).digest(len(key)) for one in range(stripes - 1)]
    mixed = bytes(len(key))
    for part in parts:
        mixed = bytes(a ^ b for a, b in zip(mixed, part, strict=True))
        size = hashlib.new(digest).digest_size
        mixed = b"".join(
            hashlib.new(digest, struct.pack(">I", at // size) + mixed[at : at + size]).digest()[
                : len(mixed[at : at + size])
            ]
            for at in range(0, len(mixed), size)
        )
    return b"".join(parts) + bytes(a ^ b for a, b in zip(mixed, key, strict=True))


def encrypt(content, mode, key):
    """Encrypt sector by sector, each with an object of its own."""
    found = []
    for number in range(len(content) // 512):
        vector = struct.pack("<QQ", number, 0)
        if "essiv" in mode:
            salt = algorithms.AES(hashlib.sha256(key).digest())
            vector = Cipher(salt, modes.ECB()).encryptor().update(vector)  # noqa: S305
        chain = modes.XTS(vector) if mode.startswith("xts") else modes.CBC(vector)
        work = Cipher(algorithms.AES(key), chain).encryptor()
        found.append(work.update(content[number * 512 : number * 512 + 512]) + work.finalize())
    return b"".join(found)
