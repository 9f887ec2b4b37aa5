"""Each list format keeps the contract."""

import json

from hashmatch.formats.interface import ReadOptions
from hashmatch.model.records import HashRecord
from tests.contract.format_contract import Example, FormatContract, md5, pdq, sha1, sha256

M = ("76b38aee70875b2c64d6345713694bd6", "f55084bbfd495e65926dfb3ce1a22cec")
S = ("906543b861aba09867863fbd4ac088dcd9147b0a", "b2c758459c1fd23aa9a6a81f065b819c0ba8ac80")
L = (
    "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450",
    "a360f8d71b974fdbb051ee549354483c67fe0322b36c2a18289b44930537df79",
)
P = (
    "d57e01f47ebcda558c9e4aaf7e3b286d693069a309507b8bdb026bbad8620fc7",
    "532f767ddb641a5492a743abfc3391977e269a3d08cd583e56ba14a2c5e9108b",
)


class TestPlain(FormatContract):
    name = "plain"
    opening = b"MD5\n"
    rows = f"{M[0]}\n{M[1]}\n".encode()
    examples = (
        Example(
            f"MD5\r\n{M[0].upper()}\r\n\r\n# note\r\n{M[1]}\tmore\r\n".encode(),
            [
                HashRecord(2, (md5(M[0]),)),
                HashRecord(5, (md5(M[1]),), fields={"note": "more"}),
            ],
        ),
        Example(
            f"{S[0]}\n{S[1]}".encode(),
            [HashRecord(1, (sha1(S[0]),)), HashRecord(2, (sha1(S[1]),))],
            ReadOptions(algorithm="sha1"),
        ),
        Example(
            f"; list\n{P[0]}\n".encode(),
            [HashRecord(2, perceptual=(pdq(P[0]),))],
            ReadOptions(algorithm="pdq"),
        ),
    )


class TestSums(FormatContract):
    name = "sums"
    rows = f"{M[0]}  name\nSHA256 (b) = {L[1]}\n".encode()
    examples = (
        Example(
            f"{M[0]}  a.png\n{S[1]} *b.bin\n{L[0]}  c  d\n".encode(),
            [
                HashRecord(1, (md5(M[0]),), fields={"name": "a.png"}),
                HashRecord(2, (sha1(S[1]),), fields={"name": "b.bin"}),
                HashRecord(3, (sha256(L[0]),), fields={"name": "c  d"}),
            ],
        ),
        Example(
            f"SHA256 (a) b) = {L[0]}\nMD5(c)= {M[1]}\nSHA2-256(d)= {L[1]}\n".encode(),
            [
                HashRecord(1, (sha256(L[0]),), fields={"name": "a) b"}),
                HashRecord(2, (md5(M[1]),), fields={"name": "c"}),
                HashRecord(3, (sha256(L[1]),), fields={"name": "d"}),
            ],
        ),
        Example(
            f"{M[0]}  a\nb\0{M[1]}  \\n\0".encode(),
            [
                HashRecord(1, (md5(M[0]),), fields={"name": "a\nb"}),
                HashRecord(2, (md5(M[1]),), fields={"name": "\\n"}),
            ],
        ),
        Example(
            f"{M[0]}  ".encode() + b"\xe9\n", [HashRecord(1, (md5(M[0]),), fields={"name": "é"})]
        ),
    )


class TestHashdeep(FormatContract):
    name = "hashdeep"
    opening = b"%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n"
    rows = f"7,{M[0]},name\n".encode()
    examples = (
        Example(
            f"%%%% HASHDEEP-1.0\n%%%% size,md5,tiger,filename\n## note\n7,{M[0]},ab,a,b\n".encode(),
            [
                HashRecord(
                    4,
                    (md5(M[0]),),
                    size=7,
                    other=("tiger",),
                    fields={"name": "a,b", "tiger": "ab"},
                )
            ],
        ),
    )


class TestCsv(FormatContract):
    name = "csv"
    opening = b"md5,category\n"
    rows = f"{M[0]},1\n".encode()
    examples = (
        Example(
            f'MD5,SHA-1,Category,Note\n{M[0]},{S[0]},A,"two\nlines, ""x"""\n,{S[1]},,\n'.encode(),
            [
                HashRecord(
                    2,
                    (md5(M[0]), sha1(S[0])),
                    category="A",
                    fields={
                        "MD5": M[0],
                        "SHA-1": S[0],
                        "Category": "A",
                        "Note": 'two\nlines, "x"',
                    },
                ),
                HashRecord(
                    4,
                    (sha1(S[1]),),
                    fields={"MD5": "", "SHA-1": S[1], "Category": "", "Note": ""},
                ),
            ],
        ),
        Example(
            f'"Id";"pdq";"Quality";"Size"\n"7";"{P[0]}";"99";"3"\n'.encode(),
            [
                HashRecord(
                    2,
                    perceptual=(pdq(P[0], 99),),
                    entry="7",
                    size=3,
                    fields={"Id": "7", "pdq": P[0], "Quality": "99", "Size": "3"},
                )
            ],
        ),
        Example(
            f"a.png|{L[0]}\n".encode(),
            [HashRecord(1, (sha256(L[0]),), fields={"1": "a.png", "2": L[0]})],
            ReadOptions(columns={"sha256": "2"}),
            recognised=False,
        ),
    )


MEDIA = [
    {"MediaID": 1, "Category": 1, "MD5": M[0].upper(), "SHA1": None, "MediaSize": "7"},
    {
        "MD5": M[1],
        "Category": None,
        "AlternativeHashes": [{"HashValue": L[1], "HashName": "SHA256"}],
    },
]
READ = [
    HashRecord(1, (md5(M[0]),), entry="1", category="1", size=7, fields=MEDIA[0]),
    HashRecord(2, (md5(M[1]), sha256(L[1])), fields=MEDIA[1]),
]
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


class TestVics(FormatContract):
    name = "vics"
    opening = b'{"value":['
    rows = f'{{"MD5":"{M[0]}","Category":1}},'.encode()
    examples = (
        Example(json.dumps({"@odata.context": CONTEXT, "value": MEDIA}).encode(), READ),
        Example(json.dumps({"value": MEDIA, "@odata.context": CONTEXT}).encode(), READ),
        Example(
            json.dumps(
                {"odata.metadata": CONTEXT, "value": [{"Media": MEDIA, "CaseID": "1"}]}
            ).encode(),
            READ,
        ),
    )


class TestPdq(FormatContract):
    name = "pdq"
    rows = f"{P[0]}\nhash={P[1]},b\n".encode()
    examples = (
        Example(
            f"{P[0]}\nhash={P[1]},b,c\n".encode(),
            [
                HashRecord(1, perceptual=(pdq(P[0]),)),
                HashRecord(2, perceptual=(pdq(P[1]),), fields={"metadata": "b,c"}),
            ],
        ),
    )
