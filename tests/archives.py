"""Archives made byte by byte for tests, of kinds that no library here writes."""

import hashlib
import hmac
import io
import struct
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hashmatch.evidence.members.interface import Inside, LeftOut, MemberError, Trouble
from hashmatch.model.secrets import Secrets


def contents(kind, data, passwords=()):
    """Give what a container yields: name and number, content or reason or rule."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    found = []
    try:
        for given in kind.members(stream, Secrets(tuple(passwords))):
            one = given.name, _what(given)
            found.append(one)
    except MemberError as error:
        found.append((b"", error.reason))
    return found


def _what(given):
    match given:
        case Inside():
            try:
                return given.open().read()
            except MemberError as error:
                return error.reason
        case Trouble():
            return given.reason
        case LeftOut():
            return given.rule


def inside(kind, data, passwords=()):
    """Give the members of a container that have content."""
    stream = io.BytesIO(data)
    return [
        one for one in kind.members(stream, Secrets(tuple(passwords))) if isinstance(one, Inside)
    ]


class Forward(io.RawIOBase):
    """A stream that cannot go back, and gives little at once."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def read(self, size=-1):
        return self._data.read(min(size, 777) if size >= 0 else -1)


def zip_entry(name, packed, plain, method=0, **fields):
    """Describe one entry for :func:`zip_of`."""
    given = {"flags": 0, "crc": zlib.crc32(plain), "size": len(plain), "extra": b"", "mode": 0}
    return {"name": name, "packed": packed, "method": method} | given | fields


def local_entry(one):
    """Write the header before a member, and the member."""
    described = one["flags"] & 8
    sizes = (0, 0, 0) if described else (one["crc"], len(one["packed"]), one["size"])
    moment = one.get("moment", 0)
    head = (20, one["flags"], one["method"], moment, *sizes, len(one["name"]), len(one["extra"]))
    text = b"PK\x03\x04" + struct.pack("<HHHIIIIHH", *head)
    after = b"PK\x07\x08" + struct.pack("<III", one["crc"], len(one["packed"]), one["size"])
    return text + one["name"] + one["extra"] + one["packed"] + (after if described else b"")


def zip_of(entries, before=b"", hidden=(), comment=b""):
    """Write a zip; ``hidden`` entries stand before the directory, which does not name them."""
    body, directory = b"", b""
    for one in entries:
        head = (20 | (3 << 8 if one["mode"] else 0), 20, one["flags"], one["method"])
        rest = (one.get("moment", 0), one["crc"], len(one["packed"]), one["size"])
        lengths = (len(one["name"]), len(one["extra"]), 0, one.get("disk", 0), 0)
        directory += b"PK\x01\x02" + struct.pack("<HHHH", *head) + struct.pack("<IIII", *rest)
        directory += struct.pack("<HHHHH", *lengths)
        directory += struct.pack("<II", one["mode"] << 16, len(body))
        directory += one["name"] + one["extra"]
        body += local_entry(one)
    body += b"".join(map(local_entry, hidden))
    count, size = len(entries), len(directory)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, size, len(body), len(comment))
    return before + body + directory + b"PK\x05\x06" + end + comment


def deflated(plain):
    """Pack as zip does."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(plain) + packer.flush()


def zip_encrypted(plain, password, check):
    """Encrypt the traditional way, with a check byte."""
    table = [zlib.crc32(bytes((n,)), 0xFFFFFFFF) ^ 0xFFFFFFFF for n in range(256)]
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte):
        keys[0] = keys[0] >> 8 ^ table[(keys[0] ^ byte) & 255]
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ table[(keys[2] ^ keys[1] >> 24) & 255]

    for byte in password:
        update(byte)
    result = bytearray()
    for byte in bytes(range(11)) + bytes((check,)) + plain:
        mask = (keys[2] | 2) & 0xFFFF
        result.append(byte ^ (mask * (mask ^ 1) >> 8 & 255))
        update(byte)
    return bytes(result)


def zip_aes(plain, password, strength=3):
    """Encrypt as WinZip does; gives the packed content."""
    salt, key_size = bytes(range(4 + strength * 4)), 8 + strength * 8
    keys = hashlib.pbkdf2_hmac("sha1", password, salt, 1000, key_size * 2 + 2)
    cipher = Cipher(algorithms.AES(keys[:key_size]), modes.ECB()).encryptor()  # noqa: S305
    blocks = -(-len(plain) // 16)
    mask = cipher.update(b"".join(struct.pack("<QQ", n + 1, 0) for n in range(blocks)))
    text = bytes(a ^ b for a, b in zip(plain, mask, strict=False))
    tag = hmac.digest(keys[key_size:-2], text, "sha1")[:10]
    return salt + keys[-2:] + text + tag


def aes_field(method, version=2, strength=3):
    """Write the extra field of a member that :func:`zip_aes` encrypted."""
    return struct.pack("<HHH2sBH", 0x9901, 7, version, b"AE", strength, method)


def number(value):
    """Write a number as RAR 5 does."""
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes((*parts, value))


def rar5_block(fields, data=b"", extra=b"", flags=0):
    """Write one header of RAR 5 and its content; the first field is its kind."""
    kind, *rest = fields
    flags |= (1 if extra else 0) | (2 if data else 0)
    body = number(kind) + number(flags)
    body += number(len(extra)) if extra else b""
    body += number(len(data)) if data else b""
    body += b"".join(number(one) if isinstance(one, int) else one for one in rest) + extra
    sized = number(len(body)) + body
    return struct.pack("<I", zlib.crc32(sized)) + sized + data


def rar5_file(name, data, plain, extra=b"", crc=None, mode=0o100644, flags=0):
    """Write a stored member."""
    crc = zlib.crc32(plain) if crc is None else crc
    fields = (2, 4, len(plain), mode, struct.pack("<I", crc), 0, 1, len(name), name)
    return rar5_block(fields, data, extra, flags)


def rar5_extra(kind, data):
    """Write one further field of a member."""
    return number(len(data) + 1) + number(kind) + data


def rar5_of(*blocks, more=0):
    """Write an archive."""
    parts = (rar5_block((1, 0)), *blocks, rar5_block((5, more)))
    return b"Rar!\x1a\x07\x01\0" + b"".join(parts)


def rar4_block(kind, flags, rest, data=b""):
    """Write one header of RAR 4 and its content."""
    head = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + data


def rar4_file(name, plain, flags=0x8000, data=None, salt=b""):
    """Write a stored member."""
    data = plain if data is None else data
    sizes = (len(data), len(plain), 3, zlib.crc32(plain), 0x5ACB0A00, 29, 0x30, len(name), 0o100644)
    return rar4_block(0x74, flags, struct.pack("<IIBIIBBHI", *sizes) + name + salt, data)


def rar4_of(*blocks, flags=0):
    """Write an archive."""
    parts = (rar4_block(0x73, flags, bytes(6)), *blocks, rar4_block(0x7B, 0x4000, b""))
    return b"Rar!\x1a\x07\0" + b"".join(parts)
