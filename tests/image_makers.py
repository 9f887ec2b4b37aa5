"""Makes small images of many forms, byte by byte, so that no other program is needed."""

import bz2
import hashlib
import lzma
import plistlib
import random
import struct
import zlib

from hashmatch.evidence.media.crc32c import crc32c

KIB = 1024
MIB = KIB * KIB


def disk(size=256 * KIB, seed=5):
    """Content of a disk: stretches of noise, text and zeros."""
    chance = random.Random(seed)
    parts, length = [], 0
    while length < size:
        many = 4 * KIB * chance.randint(1, 6)
        kind = chance.randrange(3)
        noise = chance.randbytes(many)
        parts.append((noise, (b"text %d " % length * many)[:many], bytes(many))[kind])
        length += many
    return b"".join(parts)[:size]


def blocks(content, size):
    return [content[place : place + size] for place in range(0, len(content), size)]


def deflated(content, window=15):
    engine = zlib.compressobj(6, zlib.DEFLATED, window)
    return engine.compress(content) + engine.flush()


# QCOW2


def qcow2(content, bits=12, version=3, packed=True, backing=b"", **fields):
    """A QCOW2 image: clusters of zeros are left out, every second of the others is packed.

    With ``backing`` no cluster but those that differ from zeros is its own.
    """
    cluster = 1 << bits
    per_table = cluster // 8
    pieces = blocks(content, cluster)
    tables = -(-len(pieces) // per_table)
    out = bytearray(cluster)  # the header comes last
    first = len(out)
    out += bytes(-(-tables * 8 // cluster) * cluster)
    entries = []
    for number, piece in enumerate(pieces):
        if not any(piece):
            entries.append(1 if fields.get("zero_flags") else 0)
        elif packed and number % 2 and len(deflated(piece.ljust(cluster, b"\0"), -12)) < cluster:
            body = deflated(piece.ljust(cluster, b"\0"), -12)
            place = len(out)
            out += body
            shift = 62 - (bits - 8)
            sectors = (place % 512 + len(body) - 1) // 512
            entries.append(1 << 62 | sectors << shift | place)
        else:
            out += bytes(-len(out) % cluster)
            entries.append(1 << 63 | len(out))
            out += piece.ljust(cluster, b"\0")
    for number in range(tables):
        out += bytes(-len(out) % cluster)
        struct.pack_into(">Q", out, first + number * 8, 1 << 63 | len(out))
        some = entries[number * per_table : (number + 1) * per_table]
        out += struct.pack(f">{len(some)}Q", *some).ljust(cluster, b"\0")
    head = struct.pack(
        ">4sIQIIQIIQQIIQ",
        b"QFI\xfb",
        version,
        600 if backing else 0,
        len(backing),
        fields.get("cluster_bits", bits),
        fields.get("size", len(content)),
        fields.get("crypt", 0),
        fields.get("entries", tables),
        fields.get("table", first),
        0,
        0,
        fields.get("snapshots", 0),
        0,
    )
    if version > 2:
        kind = fields.get("compression", 0)
        head += struct.pack(
            ">QQQIIB7x", fields.get("features", 8 if kind else 0), 0, 0, 4, 112, kind
        )
    if "backing_format" in fields:
        name = fields["backing_format"]
        head += struct.pack(">II8s", 0xE2792ACA, len(name), name)
    out[: len(head)] = head
    out[600 : 600 + len(backing)] = backing
    return bytes(out)


# VMDK


def descriptor(lines, kind="monolithicSparse", cid="00000007", parent="ffffffff", hint=""):
    """The text of a VMware disk; ``lines`` are its extents."""
    text = f'# Disk DescriptorFile\nversion=1\nCID={cid}\nparentCID={parent}\ncreateType="{kind}"\n'
    text += f'parentFileNameHint="{hint}"\n' if hint else ""
    return (text + "# Extent description\n" + "\n".join(lines) + "\n#DDB\n").encode()


def vmdk_sparse(content, text=b"", packed=False, at_end=False, grain=8, **fields):
    """A sparse extent, with the text of a disk inside where there is one."""
    step = grain * 512
    per_table = 16
    pieces = blocks(content, step)
    tables = -(-len(pieces) // per_table)
    out = bytearray(512 * 21)
    out[512 : 512 + len(text)] = text
    entries = []
    for number, piece in enumerate(pieces):
        out += bytes(-len(out) % 512)
        if not any(piece):
            entries.append(0)
            continue
        entries.append(len(out) // 512)
        body = piece.ljust(step, b"\0")
        if packed:
            body = deflated(body)
            out += struct.pack("<QI", number * grain, len(body))
        out += body
    out += bytes(-len(out) % 512)
    places = []
    for number in range(tables):
        places.append(len(out) // 512)
        some = entries[number * per_table : (number + 1) * per_table]
        out += struct.pack(f"<{len(some)}I", *some).ljust(512, b"\0")
    directory = len(out) // 512
    out += struct.pack(f"<{tables}I", *places)
    out += bytes(-len(out) % 512)
    flags = fields.get("flags", 1 | (0x30000 if packed else 0))

    def header(place):
        return struct.pack(
            "<4sIIQQQQIQQQB4sH",
            b"KDMV",
            fields.get("version", 1),
            flags,
            fields.get("capacity", -(-len(content) // 512)),
            fields.get("grain", grain),
            1 if text else 0,
            20 if text else 0,
            fields.get("per_table", per_table),
            0,
            place,
            21,
            fields.get("unclean", 0),
            fields.get("newlines", b"\n \r\n"),
            1 if packed else 0,
        ).ljust(512, b"\0")

    out[:512] = header((1 << 64) - 1 if at_end else directory)
    if at_end:
        out += bytes(512) + header(directory) + bytes(512)
    return bytes(out)


def vmdk(content, **options):
    """A whole VMware disk in one file."""
    names = {key: options.pop(key) for key in ("cid", "parent", "hint") if key in options}
    line = f'RW {-(-len(content) // 512)} SPARSE "another name.vmdk"'
    kind = "streamOptimized" if options.get("packed") else "monolithicSparse"
    return vmdk_sparse(content, descriptor([line], kind, **names), **options)


# VHD


def _summed(raw, place):
    raw = raw[:place] + bytes(4) + raw[place + 4 :]
    return raw[:place] + struct.pack(">I", ~sum(raw) & 0xFFFFFFFF) + raw[place + 4 :]


def vhd_footer(size, kind, identifier=b"A" * 16, header=0xFFFFFFFFFFFFFFFF):
    raw = struct.pack(
        ">8sIIQI4sI4sQQHBBII16sB",
        *(b"conectix", 2, 0x10000, header, 0, b"test", 1, b"Wi2k", size, size),
        *(121, 4, 17, kind, 0, identifier, 0),
    )
    return _summed(raw.ljust(512, b"\0"), 64)


def vhd(content, kind=3, block=8 * KIB, identifier=b"A" * 16, parent=b"", name="", own=None):
    """A VHD: fixed (2), dynamic (3), differencing (4) where ``own`` tells the sectors it has."""
    if kind == 2:
        return content + vhd_footer(len(content), 2, identifier)
    pieces = blocks(content, block)
    table = 512 + 1024
    footer = vhd_footer(len(content), kind, identifier, 512)
    header = struct.pack(
        ">8sQQIIII16sII512s",
        *(b"cxsparse", (1 << 64) - 1, table, 0x10000, len(pieces), block, 0),
        *(parent, 0, 0, name.encode("utf-16-be")),
    )
    out = bytearray(footer + _summed(header.ljust(1024, b"\0"), 36))
    out += b"\xff" * (-(-len(pieces) * 4 // 512) * 512)
    for number, piece in enumerate(pieces):
        per_block = block // 512
        if kind == 4:
            bits = [own(number * per_block + sector) for sector in range(per_block)]
        else:
            bits = [any(piece)] * per_block
        if not any(bits):
            continue
        struct.pack_into(">I", out, table + number * 4, len(out) // 512)
        bitmap = int("".join("01"[bit] for bit in bits).ljust(4096, "0"), 2).to_bytes(512)
        out += bitmap + piece.ljust(block, b"\0")
    return bytes(out) + footer


# VHDX

_GUIDS = {
    "bat": "6677c22d23f600429d64115e9bfd4a08",
    "items": "06a27c8b90479a4bb8fe575f050f886e",
    "file": "3767a1ca36fa434db3b633f0aa44e76b",
    "size": "2442a52f1bcd7648b2115dbed83bf4b8",
    "logical": "1dbf41816fa90947ba47f233a8faab5f",
    "parent": "2d5fd3a80bb34d45abf7d3d84834ab0c",
}


def _guid(name):
    return bytes.fromhex(_GUIDS[name])


def _sealed(raw, length):
    raw = raw.ljust(length, b"\0")
    return raw[:4] + struct.pack("<I", crc32c(raw)) + raw[8:]


def _locator(pairs):
    head, body = b"", b""
    base = 20 + 12 * len(pairs)
    for key, value in pairs.items():
        one, two = key.encode("utf-16-le"), value.encode("utf-16-le")
        place = base + len(body)
        head += struct.pack("<IIHH", place, place + len(one), len(one), len(two))
        body += one + two
    return bytes(18) + struct.pack("<H", len(pairs)) + head + body


def vhdx(content, identifier=b"B" * 16, parent=None, own=None, log=bytes(16), version=1, **fields):
    """A VHDX of blocks of 1 MiB; with a parent, ``own`` tells the sectors that it has itself."""
    block = MIB
    ratio = (512 << 23) // block
    pieces = blocks(content, block)
    head = _sealed(
        struct.pack(
            "<4sIQ16s16s16sHHIQ", b"head", 0, 9, b"C" * 16, identifier, log, 0, version, 0, 0
        ),
        4096,
    )
    older = _sealed(
        struct.pack("<4sIQ16s16s16sHHIQ", b"head", 0, 8, b"C" * 16, b"Z" * 16, log, 0, 1, 0, 0),
        4096,
    )
    extra = fields.get("region")
    regions = [(_guid("bat"), 2 * MIB, MIB, 1), (_guid("items"), MIB, MIB, 1)]
    regions += [(extra, 3 * MIB, MIB, 1)] if extra else []
    table = struct.pack("<4sIII", b"regi", 0, len(regions), 0)
    table = _sealed(table + b"".join(struct.pack("<16sQII", *one) for one in regions), 64 * KIB)
    items = {
        "file": struct.pack("<II", fields.get("block", block), 2 if parent else 0),
        "size": struct.pack("<Q", fields.get("size", len(content))),
        "logical": struct.pack("<I", 512),
    }
    if parent:
        items["parent"] = _locator(parent)
    metadata = struct.pack("<8sHH20x", b"metadata", 0, len(items))
    body, place = b"", 64 * KIB
    for name, value in items.items():
        metadata += struct.pack("<16sIIII", _guid(name), place, len(value), 4, 0)
        body += value
        place += len(value)
    metadata = metadata.ljust(64 * KIB, b"\0") + body
    out = bytearray(b"vhdxfile".ljust(64 * KIB, b"\0"))
    out += older.ljust(64 * KIB, b"\0") + head.ljust(64 * KIB, b"\0") + table + table
    out = bytearray(bytes(out).ljust(MIB, b"\0") + metadata.ljust(MIB, b"\0") + bytes(MIB))
    bitmap = 0
    for number, piece in enumerate(pieces):
        entry = 2 * MIB + (number + number // ratio) * 8
        if parent:
            mine = [own(number * 2048 + sector) for sector in range(2048)]
            bitmap |= sum(1 << (number * 2048 + sector) for sector in range(2048) if mine[sector])
            state = 7 if any(mine) else 0
        else:
            state = 6 if any(piece) else 2
        if state > 2:
            struct.pack_into("<Q", out, entry, len(out) | state)
            out += piece.ljust(block, b"\0")
    if parent:
        struct.pack_into("<Q", out, 2 * MIB + ratio * 8, len(out) | 6)
        out += bitmap.to_bytes(MIB, "little")
    return bytes(out)


# DMG


def dmg(content, run=16 * KIB, wrong=(), crc=None, **fields):
    """An Apple disk image of two tables, packed in the ``ways`` of ``_packed`` in turn."""
    ways = fields.get("ways", range(5))
    half = len(content) // 2 // run * run
    tables, fork = [], b""
    for start, part in ((0, content[:half]), (half, content[half:])):
        runs, covered = b"", 0
        for number, piece in enumerate(blocks(part, run)):
            way = ways[(number + (start > 0)) % len(ways)]
            kind, body = _packed(piece, way)
            if fields.get("ignore") and not any(piece):
                kind = 2
            else:
                covered = zlib.crc32(piece, covered)
            body = bytes(body)
            runs += struct.pack(
                ">IIQQQQ",
                fields.get("kind", kind),
                0,
                number * run // 512,
                len(piece) // 512,
                len(fork),
                len(body),
            )
            fork += body
        runs += struct.pack(">IIQQQQ", 0xFFFFFFFF, 0, len(part) // 512, 0, len(fork), 0)
        raw = struct.pack(">4sIQQQII24x", b"mish", 1, start // 512, len(part) // 512, 0, 0, 0)
        raw += struct.pack(">III124x", 2, 32, covered if crc is None else crc)
        raw += struct.pack(">I", len(runs) // 40)
        tables.append({"Data": raw + runs, "Name": "part", "ID": str(len(tables))})
    text = plistlib.dumps({"resource-fork": {"blkx": tables}})
    trailer = struct.pack(
        ">4sIIIQQQQQII", b"koly", fields.get("version", 4), 512, 1, 0, 0, len(fork), 0, 0, 1, 1
    )
    trailer = trailer.ljust(216, b"\0") + struct.pack(">QQ", len(fork), len(text))
    trailer = trailer.ljust(492, b"\0") + struct.pack(">Q", len(content) // 512)
    return fork + text + trailer.ljust(512, b"\0")


def _packed(piece, way):
    if not any(piece):
        return 0, b""
    if way == 0:
        return 1, piece
    if way == 1:
        return 0x80000005, deflated(piece)
    if way == 2:
        return 0x80000006, bz2.compress(piece)
    if way == 3:
        return 0x80000008, lzma.compress(piece)
    return 0x80000004, b"".join(bytes((0x80 + len(one) - 1,)) + one for one in blocks(piece, 128))


# Ex01


def ex01(content, chunk=32 * KIB, stored=True, **fields):
    """An Ex01 of one segment, as libewf itself writes one: every second chunk is deflated."""
    files = fields.get("files")
    kind = b"EVF2" if files is None else b"LEF2"
    out = bytearray(kind + b"\r\n\x81\0\x02\x01" + struct.pack("<HI16x", 1, 1))
    last = 0

    def section(kind, body=b"", flags=0):
        nonlocal last
        pad = -len(body) % 16
        head = struct.pack("<IIQQII", kind, flags, last, len(body) + pad, 64, pad).ljust(60, b"\0")
        out.extend(body + bytes(pad))
        last = len(out)
        out.extend(head + struct.pack("<I", zlib.adler32(head)))

    def table(names, values):
        rows = ("1", "main", "\t".join(names), "\t".join(values), "", "")
        return deflated("\ufeff".encode("utf-16-le") + "\n".join(rows).encode("utf-16-le"))

    sectors = len(content) // 512
    device = {
        "sn": "",
        "md": "",
        "lb": "",
        "ts": str(sectors),
        "dt": "l" if files else "f",
        "bp": "512",
        "ph": "1",
    }
    case = {"nm": "", "cn": "7", "at": "1", "tb": str(-(-len(content) // chunk)), "cp": "1"}
    case |= {"sb": str(chunk // 512), "gr": "64", "wb": ""}
    section(1, table(device, device.values()))
    section(2, table(case, case.values()))
    if fields.get("encrypted"):
        section(0x0B, bytes(32))
    entries, body, start = b"", b"", len(out)
    for number, piece in enumerate(blocks(content, chunk)):
        raw = deflated(piece) if number % 2 else piece + struct.pack("<I", zlib.adler32(piece))
        entries += struct.pack("<QII", start + len(body), len(raw), 1 if number % 2 else 2)
        body += raw + bytes(-len(raw) % 16)
    section(3, body)
    head = struct.pack("<QII", 0, len(entries) // 16, 0)
    head = (head + struct.pack("<I", zlib.adler32(head))).ljust(32, b"\0")
    section(4, head + entries + struct.pack("<I12x", zlib.adler32(entries)))
    if stored:
        digest = fields.get("digest", hashlib.md5(content).digest())
        section(8, (digest + struct.pack("<I", zlib.adler32(digest))).ljust(32, b"\0"))
    if files is not None:
        section(0x20, files)
    section(fields.get("end", 0x0F))
    return bytes(out)


def lx01(tree):
    """A logical evidence file of a tree: folders are dictionaries, files bytes, or with a digest.

    A file is ``(content, digest)`` where another MD5 than its own is to be stored.
    """
    names = ("p", "n", "id", "ls", "be", "cr", "wr", "ha")
    lines, content = [], b""

    def entry(name, node, number):
        nonlocal content
        inside = node if isinstance(node, dict) else {}
        lines.append(f"{26 if inside else 0}\t{len(inside)}")
        row = {"p": "1" if isinstance(node, dict) else "", "n": name, "id": str(number)}
        if not isinstance(node, dict):
            body, digest = node if isinstance(node, tuple) else (node, None)
            row |= {"ls": str(len(body)), "be": f"1 {len(content):x} {len(body):x}"}
            row |= {"cr": "1000000000", "wr": "1600000000"}
            row["ha"] = hashlib.md5(body).hexdigest() if digest is None else digest
            content += body
        lines.append("\t".join(row.get(name, "") for name in names))
        for below, one in enumerate(inside.items()):
            entry(*one, number * 100 + below + 1)

    entry("", tree, 0)
    content += bytes(-len(content) % 512)
    text = ["5", "rec", "cl\ttb", f"1\t{len(content)}", ""]
    for name, columns in (("perm", "p\tn\ts\tpr"), ("srce", "p\tn\tid"), ("sub", "p\tn\tid")):
        row = "\t\t\t10" if name == "perm" else "\t\t"
        text += [name, "0\t1", columns, "0\t0", row, ""]
    text += ["entry", "0\t1", "\t".join(names)]
    raw = "\n".join([*text, *lines, "", ""])
    raw = raw.replace("\n1\t", "\n" + "1" * (1 + -(len(raw) + 1) % 8) + "\t", 1)
    # No byte may follow the last line: it would be taken for the name of a further part.
    return ex01(content, files=("\ufeff" + raw).encode("utf-16-le"))
