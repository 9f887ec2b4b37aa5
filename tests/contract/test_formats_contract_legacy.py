"""Each format of checksum tools, of older forensic tools, of the NSRL and of hashlookup."""

import json
import sqlite3
import struct
from types import MappingProxyType

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import HashRecord, MembershipFilter
from tests.contract.format_contract import (
    Example,
    FormatContract,
    md5,
    pdq,
    read,
    sha1,
    sha256,
)

M = ("76b38aee70875b2c64d6345713694bd6", "f55084bbfd495e65926dfb3ce1a22cec")
S = ("906543b861aba09867863fbd4ac088dcd9147b0a", "b2c758459c1fd23aa9a6a81f065b819c0ba8ac80")
L = (
    "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450",
    "a360f8d71b974fdbb051ee549354483c67fe0322b36c2a18289b44930537df79",
)
PHOTODNA = bytes(range(144))


def database(*statements):
    """Make a small database in memory and give its bytes."""
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA page_size=512")
    for statement in statements:
        sql, *values = (statement,) if isinstance(statement, str) else statement
        connection.execute(sql, values)
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


class TestCertutil(FormatContract):
    name = "certutil"
    opening = f"MD5 hash of a:\r\n{M[0]}\r\n".encode()
    rows = f"MD5 hash of b:\r\n{M[1]}\r\nCertUtil: done\r\n".encode()
    examples = (
        Example(
            f"SHA256 hash of a b.png:\r\n{L[0]}\r\nCertUtil: -hashfile command completed"
            f" successfully.\r\nMD5 hash of file x:\r\n{M[1]}\r\n".encode(),
            [
                HashRecord(
                    1,
                    (sha256(L[0]),),
                    fields={"heading": "SHA256 hash of a b.png:", "name": "a b.png"},
                ),
                HashRecord(
                    4,
                    (md5(M[1]),),
                    fields={"heading": "MD5 hash of file x:", "name": "file x"},
                ),
            ],
        ),
        Example(
            f"SHA1 hash of file x:\r\n{bytes.fromhex(S[0]).hex(' ')}\r\n".encode(),
            [HashRecord(1, (sha1(S[0]),), fields={"heading": "SHA1 hash of file x:", "name": "x"})],
        ),
        Example(
            f"SHA1-Hash von x:\r\n{S[0]}\r\nCertUtil: -hashfile-Befehl ...\r\n".encode(),
            [HashRecord(1, (sha1(S[0]),), fields={"heading": "SHA1-Hash von x:"})],
        ),
    )


def shown(algorithm, value, path):
    return {"Algorithm": algorithm, "Hash": value, "Path": path}


class TestPowershell(FormatContract):
    name = "powershell"
    opening = b"Algorithm       Hash                                Path\n---------       ----"
    opening += b"                                ----\n"
    rows = f"MD5             {M[0].upper()}    C:\\a\n".encode()
    examples = (
        Example(
            opening + rows + f"MD5             {M[1].upper()}    C:\\b  c\n".encode(),
            [
                HashRecord(3, (md5(M[0]),), fields=shown("MD5", M[0].upper(), "C:\\a")),
                HashRecord(4, (md5(M[1]),), fields=shown("MD5", M[1].upper(), "C:\\b  c")),
            ],
        ),
        Example(
            f"\r\nAlgorithm  Hash                 Path\r\n---------  ----                 ----\r\n"
            f"SHA1       {S[0][:20]} C:\\long\r\n           {S[0][20:]} name\r\n\r\n".encode(),
            [HashRecord(4, (sha1(S[0]),), fields=shown("SHA1", S[0], "C:\\longname"))],
        ),
        Example(
            f"\nAlgorithm : SHA256\nHash      : {L[0]}\nPath      : C:\\a\n            b\n\n"
            f"Algorithm : SHA256\nHash      : {L[1]}\nPath      :\n\n".encode(),
            [
                HashRecord(2, (sha256(L[0]),), fields=shown("SHA256", L[0], "C:\\ab")),
                HashRecord(7, (sha256(L[1]),), fields=shown("SHA256", L[1], "")),
            ],
        ),
    )


FILES = [
    "file_id",
    "hashset_id",
    "file_name",
    "directory",
    "hash",
    "file_size",
    "date_modified",
    "time_modified",
]
FILES += ["time_zone", "comments", "date_accessed", "time_accessed"]
HKE = (
    b'"hashset_id","name","vendor","package","version","authenicated_flag","notable_flag",'
    b'"initials","num_of_files","description","date_loaded"\r\n'
    b'999,"Words, made up","V","P","1",1,1,"x",4,"D",2/22/02 13:41:29\r\n'
)
SET = {
    "set_name": "Words, made up",
    "set_vendor": "V",
    "set_package": "P",
    "set_version": "1",
    "set_authenicated_flag": "1",
    "set_notable_flag": "1",
    "set_initials": "x",
    "set_num_of_files": "4",
    "set_description": "D",
    "set_date_loaded": "2/22/02 13:41:29",
}


class TestHashkeeper(FormatContract):
    name = "hashkeeper"
    opening = (",".join(f'"{name}"' for name in FILES) + "\r\n").encode()
    rows = f'1,999,"a, b.png",,"{M[0].upper()}",7858,,,,,,\r\n'.encode()
    cells = ("1", "999", "a, b.png", "", M[0].upper(), "7858", "", "", "", "", "", "")
    fields = MappingProxyType(dict(zip(FILES, cells, strict=True)))
    examples = (
        Example(
            opening + rows,
            [HashRecord(2, (md5(M[0]),), entry="1", size=7858, fields=fields)],
        ),
        Example(
            opening + rows,
            [
                HashRecord(
                    2, (md5(M[0]),), entry="1", category="1", size=7858, fields={**fields, **SET}
                )
            ],
            ReadOptions(beside={"any.hke": HKE}),
        ),
    )


class TestIlook(FormatContract):
    name = "ilook"
    opening = b"V1Hash,HashType,SetDescription,FileName,FilePath,FileSize\r\n"
    rows = f"{M[0].upper()},MD5,Set,a,b.png,\\,7858\r\n".encode()
    later = "V4Hash,HashSHA1,FileName,FilePath,FileSize,HashSHA256,HashSHA384,HashSHA512"
    later += ",CreateTime,ModTime,LastAccessTime"
    cells = (M[0], S[0], "a", "\\", "7", L[0], "", "", "16.4.2008 14:29:24", "16.4.2008", "")
    examples = (
        Example(
            opening + rows,
            [
                HashRecord(
                    2,
                    (md5(M[0]),),
                    size=7858,
                    fields={
                        "V1Hash": M[0].upper(),
                        "HashType": "MD5",
                        "SetDescription": "Set",
                        "FileName": "a,b.png",
                        "FilePath": "\\",
                        "FileSize": "7858",
                    },
                )
            ],
        ),
        Example(
            f"{later}\r\n{','.join(cells)}\r\n".encode(),
            [
                HashRecord(
                    2,
                    (md5(M[0]), sha1(S[0]), sha256(L[0])),
                    size=7,
                    fields=dict(zip(later.split(","), cells, strict=True)),
                )
            ],
        ),
    )


def encase(count, *digests, tail=b"\0\0", name="Set"):
    header = bytearray(1152)
    header[:8] = b"HASH\r\n\xff\0"
    header[8:12] = (2).to_bytes(4, "little")
    header[16:20] = count.to_bytes(4, "little")
    encoded = name.encode("utf-16-le")
    header[1032 : 1032 + len(encoded)] = encoded
    return bytes(header) + b"".join(bytes.fromhex(one) + tail for one in digests)


class TestEncase(FormatContract):
    name = "encase"
    text = False
    endless = False
    examples = (
        Example(encase(2, *M), [HashRecord(1, (md5(M[0]),)), HashRecord(2, (md5(M[1]),))]),
        Example(
            encase(1, M[0], tail=b"\0\x07"),
            [HashRecord(1, (md5(M[0]),), fields={"bytes_17_18": "0007"})],
        ),
    )

    @pytest.mark.parametrize("count", [0, 1, 3, 1 << 31, (1 << 32) - 1])
    def test_a_count_that_is_not_that_of_the_records_is_refused(self, count):
        with pytest.raises(HashSetError, match=f"the header says {count} records"):
            read("encase", encase(count, *M))


class TestTskIndex(FormatContract):
    name = "tsk-index"
    opening = f"{'0' * 41}|md5sum\n{'0' * 40}1|made up\n".encode()
    rows = f"{M[0].upper()}|0000000000000044\n".encode()
    examples = (
        Example(
            opening + rows + f"{M[1].upper()}|0000000000000088\n".encode(),
            [HashRecord(3, (md5(M[0]),)), HashRecord(4, (md5(M[1]),))],
        ),
        Example(
            f"{'0' * 41}|nsrl\n{S[0]}|0000000000000000\n".encode(), [HashRecord(2, (sha1(S[0]),))]
        ),
    )


KDB = (
    "CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT)",
    (
        "CREATE TABLE hashes (id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE,"
        " sha1 BINARY(20), sha2_256 BINARY(32))"
    ),
    (
        "CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER NOT NULL,"
        " PRIMARY KEY(name, hash_id))"
    ),
    (
        "CREATE TABLE comments (comment TEXT NOT NULL, hash_id INTEGER NOT NULL,"
        " PRIMARY KEY(comment, hash_id))"
    ),
    "CREATE INDEX md5_index ON hashes(md5)",
    "INSERT INTO db_properties VALUES ('Schema Version', '1')",
)


class TestAutopsyKdb(FormatContract):
    name = "autopsy-kdb"
    text = False
    endless = False
    examples = (
        Example(
            database(
                *KDB,
                (
                    "INSERT INTO hashes VALUES (3, ?, ?, ?)",
                    *map(bytes.fromhex, (M[0], S[0], L[0])),
                ),
                ("INSERT INTO hashes VALUES (7, ?, NULL, NULL)", bytes.fromhex(M[1])),
                "INSERT INTO file_names VALUES ('late', 7), ('a', 3), ('b', 3)",
                "INSERT INTO comments VALUES ('note', 7)",
            ),
            [
                HashRecord(
                    1,
                    (md5(M[0]), sha1(S[0]), sha256(L[0])),
                    entry="3",
                    fields={"names": ["a", "b"]},
                ),
                HashRecord(
                    2, (md5(M[1]),), entry="7", fields={"names": ["late"], "comments": ["note"]}
                ),
            ],
        ),
    )


IPED = (
    (
        "CREATE TABLE HASHES (HASH_ID INTEGER PRIMARY KEY, MD5 BLOB UNIQUE, SHA1 BLOB UNIQUE,"
        " SHA256 BLOB UNIQUE, SHA512 BLOB UNIQUE, EDONKEY BLOB UNIQUE)"
    ),
    "CREATE TABLE PROPERTIES (PROPERTY_ID INTEGER PRIMARY KEY, PROPERTY_NAME TEXT UNIQUE)",
    (
        "CREATE TABLE HASHES_PROPERTIES (HASH_ID INTEGER, PROPERTY_ID INTEGER, VALUE TEXT,"
        " PRIMARY KEY (HASH_ID, PROPERTY_ID))"
    ),
)


class TestIpedSqlite(FormatContract):
    name = "iped-sqlite"
    text = False
    endless = False
    examples = (
        Example(
            database(
                *IPED,
                "INSERT INTO PROPERTIES VALUES (1, 'status'), (2, 'set'), (3, 'fileLength'),"
                " (4, 'md5_512')",
                (
                    "INSERT INTO HASHES VALUES (1, ?, NULL, ?, NULL, ?)",
                    *map(bytes.fromhex, (M[0], L[0], M[1])),
                ),
                ("INSERT INTO HASHES (HASH_ID, SHA1) VALUES (2, ?)", bytes.fromhex(S[1])),
                (
                    (
                        "INSERT INTO HASHES_PROPERTIES VALUES (2, 1, 'known|alert'),"
                        " (1, 2, 'words'), (1, 3, '20000'), (1, 4, ?), (2, 9, 'x')"
                    ),
                    M[0],
                ),
            ),
            [
                HashRecord(
                    1,
                    (md5(M[0]), sha256(L[0]), Digest.parse(Algorithm.ED2K, M[1])),
                    entry="1",
                    size=20000,
                    other=("md5_first_512",),
                    fields={"set": "words", "fileLength": "20000", "md5_512": M[0]},
                ),
                HashRecord(2, (sha1(S[1]),), entry="2", fields={"status": "known|alert", "9": "x"}),
            ],
        ),
    )


class TestNsrlText(FormatContract):
    name = "nsrl-text"
    opening = b'"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode",'
    opening += b'"SpecialCode"\r\n'
    rows = (
        f'"{S[0].upper()}","{M[0].upper()}","185192A1","a, "b".png",7858,1,"WIN","M"\r\n'.encode()
    )
    fields = MappingProxyType(
        {
            "CRC32": "185192A1",
            "FileName": 'a, "b".png',
            "FileSize": "7858",
            "ProductCode": "1",
            "OpSystemCode": "WIN",
            "SpecialCode": "M",
        }
    )
    products = (
        b'"ProductCode","ProductName","ProductVersion","OpSystemCode","MfgCode","Language",'
        b'"ApplicationType"\r\n1,"Words","1.0","WIN","X","English","Utility"\r\n'
        b'1,"Words","1.0","WIN","X","Thai","Utility, other"\r\n'
    )
    named = MappingProxyType(
        {
            "ProductName": "Words",
            "ProductVersion": "1.0",
            "ApplicationType": "Utility | Utility, other",
            "MfgName": "Makers",
            "OpSystemName": "",
        }
    )
    examples = (
        Example(
            opening + rows,
            [HashRecord(2, (sha1(S[0]), md5(M[0])), category="M", size=7858, fields=fields)],
        ),
        Example(
            opening + rows,
            [
                HashRecord(
                    2,
                    (sha1(S[0]), md5(M[0])),
                    category="M",
                    size=7858,
                    fields={**fields, **named},
                )
            ],
            ReadOptions(
                beside={
                    "nsrlprod.txt": products,
                    "nsrlmfg.txt": b'"MfgCode","MfgName"\r\n"X","Makers"\r\n',
                }
            ),
        ),
        Example(
            '"SHA-1","FileName","FileSize","ProductCode","OpSystemCode","MD4","MD5","CRC32",'
            f'"SpecialCode"\r\n"{S[1]}","a,"",b",7,2,"WIN","{"0" * 32}","{M[1]}","0","S"\r\n'
            f'"{S[0]}","",0,2,"WIN","","{M[0]}","",""\r\n'.encode(),
            [
                HashRecord(
                    2,
                    (sha1(S[1]), md5(M[1])),
                    category="S",
                    size=7,
                    fields={
                        "FileName": 'a,",b',
                        "FileSize": "7",
                        "ProductCode": "2",
                        "OpSystemCode": "WIN",
                        "MD4": "0" * 32,
                        "CRC32": "0",
                        "SpecialCode": "S",
                    },
                ),
                HashRecord(
                    3,
                    (sha1(S[0]), md5(M[0])),
                    size=0,
                    fields={
                        "FileName": "",
                        "FileSize": "0",
                        "ProductCode": "2",
                        "OpSystemCode": "WIN",
                        "MD4": "",
                        "CRC32": "",
                        "SpecialCode": "",
                    },
                ),
            ],
        ),
    )


RDS = (
    (
        "CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL,"
        " crc32 VARCHAR NOT NULL, file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL,"
        " package_id INTEGER NOT NULL, CONSTRAINT PK_FILE__FILE PRIMARY KEY (sha256, sha1, md5,"
        " file_name, file_size, package_id))"
    ),
    "CREATE TABLE PKG (package_id INTEGER NOT NULL, name VARCHAR NOT NULL)",
    (
        "CREATE TABLE VERSION (version VARCHAR, build_set VARCHAR, build_date TIMESTAMP,"
        " release_date TIMESTAMP, description VARCHAR)"
    ),
    "INSERT INTO VERSION VALUES ('2024.03.1', 'modern minimal', 'a', 'b', 'made up')",
)


def rds_rows(*rows):
    insert = "INSERT INTO FILE VALUES (?, ?, ?, '0', ?, ?, ?)"
    return [
        (insert, L[at].upper(), S[at].upper(), M[at].upper(), name, size, package)
        for at, name, size, package in rows
    ]


class TestNsrlRds3(FormatContract):
    name = "nsrl-rds3"
    text = False
    endless = False
    examples = (
        Example(
            database(*RDS, *rds_rows((0, "a", 7, 1), (1, "b", 9, 3), (0, "b", 7, 2))),
            [
                HashRecord(
                    1,
                    (sha256(L[1]), sha1(S[1]), md5(M[1])),
                    size=9,
                    fields={"file_name": "b"},
                    parts=("3",),
                ),
                HashRecord(
                    2,
                    (sha256(L[0]), sha1(S[0]), md5(M[0])),
                    size=7,
                    fields={"file_name": "a", "file_names": 2},
                    parts=("1", "2"),
                ),
            ],
        ),
    )


class TestNsrlDelta(FormatContract):
    name = "nsrl-delta"
    insert = "INSERT INTO FILE(sha256,sha1,md5,crc32,file_name,file_size,package_id) VALUES("
    opening = b"BEGIN TRANSACTION;\n"
    rows = f"{insert}'{L[0]}','{S[0]}','{M[0]}','0','a',7,1);\n".encode()
    examples = (
        Example(
            opening
            + f"DELETE FROM FILE WHERE sha256='{L[1]}' AND package_id=2;\n".encode()  # noqa: S608
            + f"{insert}'{L[0]}','{S[0]}','{M[0]}','0','it''s\n;',7,1);\nCOMMIT;\n".encode(),
            [
                HashRecord(
                    2,
                    (sha256(L[0]), sha1(S[0]), md5(M[0])),
                    size=7,
                    fields={"file_name": "it's\n;"},
                    parts=("1",),
                )
            ],
        ),
        Example(
            f"-- made up\nINSERT INTO \"FILE\" VALUES ('{L[0]}', '{S[0]}', '{M[0]}', NULL, NULL,"
            " NULL, 4);\n".encode(),
            [
                HashRecord(
                    1,
                    (sha256(L[0]), sha1(S[0]), md5(M[0])),
                    fields={"file_name": None},
                    parts=("4",),
                )
            ],
        ),
    )


class TestHashlookup(FormatContract):
    name = "hashlookup"
    one = MappingProxyType(
        {
            "FileName": "./a",
            "FileSize": "7858",
            "MD5": M[0].upper(),
            "SHA-1": S[0].upper(),
            "TLSH": "T1",
            "parents": [{"SHA-1": S[1]}],
            "KnownMalicious": "somewhere",
        }
    )
    two = MappingProxyType({"SHA-256": L[1], "FileSize": 9, "CRC32": None, "source": "x"})
    rows = (json.dumps(dict(two)) + "\n").encode()
    examples = (
        Example(
            f"{json.dumps(dict(one))}\n\n{json.dumps(dict(two))}\n".encode(),
            [
                HashRecord(
                    1,
                    (md5(M[0]), sha1(S[0])),
                    category="known-malicious",
                    size=7858,
                    other=("tlsh",),
                    fields=one,
                    flags={"known_malicious": True},
                ),
                HashRecord(3, (sha256(L[1]),), size=9, fields=two),
            ],
        ),
    )


def bloom(bits=958505, functions=7, capacity=100000, rate=0.01, flags=1, body=None, after=b"x"):
    header = struct.pack("<QQdQQQ", flags, capacity, rate, functions, bits, 5)
    return header + (b"\0" * ((bits + 63) // 64 * 8) if body is None else body) + after


class TestHashlookupBloom(FormatContract):
    name = "hashlookup-bloom"
    text = False
    endless = False
    examples = (Example(bloom(14377, 10, 1000, 0.001), []),)

    def test_the_filter_is_given_whole(self):
        (_, found) = read("hashlookup-bloom", bloom(14377, 10, 1000, 0.001))
        assert isinstance(found, MembershipFilter)


def test_lists_of_pdq_and_sha256_are_never_guessed_apart():
    for algorithm, kept in (("pdq", {"perceptual": (pdq(L[0]),)}), ("sha256", {})):
        (record, _) = read("plain", L[0].encode(), ReadOptions(algorithm=algorithm))
        assert record == HashRecord(1, **(kept or {"digests": (sha256(L[0]),)}))
