"""The formats for tables and mapped lists keep the contract."""

from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Method, PerceptualHash
from hashmatch.model.records import HashRecord
from tests.contract.format_contract import Example, FormatContract, md5, sha1

M = ("76b38aee70875b2c64d6345713694bd6", "f55084bbfd495e65926dfb3ce1a22cec")
S = ("906543b861aba09867863fbd4ac088dcd9147b0a", "b2c758459c1fd23aa9a6a81f065b819c0ba8ac80")
PHOTODNA = bytes(range(144))
ICSE_NAMES = ("MD5", "SHA1", "LACE", "PhotoDNA", "Image ID", "Is distributed", "Series name")
ICSE_NAMES += ("Agency", "Baseline")


def icse_fields(*cells):
    return dict(zip(ICSE_NAMES, cells, strict=True))


class TestIcse(FormatContract):
    name = "icse"
    opening = (";".join(ICSE_NAMES) + "\n").encode()
    rows = f"{M[0]};{S[0]};;;17;No;a series;an agency;Yes\n".encode()
    examples = (
        Example(
            (
                ";".join(ICSE_NAMES)
                + f"\r\n{M[0]};{S[0]};xyz;{PHOTODNA.hex()};17;Yes;a;b;Y\r\n"
                + f"{M[1].upper()};;;;18;;;;false\r\n"
                + f"{M[0]};{S[1]};;;19;n;one; two;b;\r\n"
            ).encode(),
            [
                HashRecord(
                    2,
                    (md5(M[0]), sha1(S[0])),
                    (PerceptualHash(Method.PHOTODNA, PHOTODNA),),
                    entry="17",
                    category="baseline",
                    other=("lace",),
                    fields=icse_fields(
                        M[0], S[0], "xyz", PHOTODNA.hex(), "17", "Yes", "a", "b", "Y"
                    ),
                    flags={"is_distributed": True, "baseline": True},
                ),
                HashRecord(
                    3,
                    (md5(M[1]),),
                    entry="18",
                    category="not-baseline",
                    fields=icse_fields(M[1].upper(), "", "", "", "18", "", "", "", "false"),
                    flags={"baseline": False},
                ),
                HashRecord(
                    4,
                    (md5(M[0]), sha1(S[1])),
                    entry="19",
                    fields={
                        **dict(zip(ICSE_NAMES[:6], (M[0], S[1], "", "", "19", "n"), strict=True)),
                        "Series name;Agency": "one; two;b",
                        "Baseline": "",
                    },
                    flags={"is_distributed": False},
                ),
            ],
        ),
    )


class TestMapped(FormatContract):
    name = "mapped"
    opening = b'"MD5","status","name"\n'
    rows = f"{M[0]},alert,a\n".encode()
    examples = (
        Example(
            f"SHA-1,set,MD5,status\r\n{S[0]},x,{M[0]},alert\r\n,y,{M[1]},\r\n".encode(),
            [
                HashRecord(
                    2,
                    (sha1(S[0]), md5(M[0])),
                    category="alert",
                    fields={"SHA-1": S[0], "set": "x", "MD5": M[0], "status": "alert"},
                ),
                HashRecord(
                    3,
                    (md5(M[1]),),
                    fields={"SHA-1": "", "set": "y", "MD5": M[1], "status": ""},
                ),
            ],
            ReadOptions(mapping="iped"),
            recognised=False,
        ),
        Example(
            f"{M[0]},a.png\n{M[1]},b\n".encode(),
            [
                HashRecord(1, (md5(M[0]),), fields={"1": M[0], "2": "a.png"}),
                HashRecord(2, (md5(M[1]),), fields={"1": M[1], "2": "b"}),
            ],
            ReadOptions(mapping="ecapture"),
            recognised=False,
        ),
        Example(
            f'[{{"hashValue": "{M[0]}", "fileSize": 7, "microHash": "{M[1]}"}}]'.encode(),
            [
                HashRecord(
                    1,
                    (md5(M[0]),),
                    size=7,
                    other=("md5_first_64k",),
                    fields={"hashValue": M[0], "fileSize": 7, "microHash": M[1]},
                )
            ],
            ReadOptions(mapping="nuix"),
            recognised=False,
        ),
    )
