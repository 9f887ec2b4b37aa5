"""Each format of agencies' and exchanges' documents keeps the contract."""

import hashlib
import json
import sqlite3

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Method, PerceptualHash
from hashmatch.model.records import HashRecord
from tests.contract.format_contract import Example, FormatContract, md5, pdq, read, sha1, sha256

M = ("76b38aee70875b2c64d6345713694bd6", "f55084bbfd495e65926dfb3ce1a22cec")
S = "906543b861aba09867863fbd4ac088dcd9147b0a"
L = (
    "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450",
    "a360f8d71b974fdbb051ee549354483c67fe0322b36c2a18289b44930537df79",
)
P = "d57e01f47ebcda558c9e4aaf7e3b286d693069a309507b8bdb026bbad8620fc7"
NCMEC = ReadOptions(environment="industry")


def xml(text):
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


class TestNcmec(FormatContract):
    name = "ncmec"
    opening = b"<queryResult><images>"
    rows = (
        f'<image><member id="1">a</member><id>b</id><timestamp>2024-02-01T00:00:00Z</timestamp>'
        f"<fingerprints><md5>{M[0]}</md5></fingerprints></image>\n"
    ).encode()
    examples = (
        Example(
            xml(
                '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">'
                '<images count="2" maxTimestamp="2024-02-01T00:00:00Z"><image>'
                '<member id="1">One</member><timestamp>2024-02-01T00:00:00Z</timestamp><id>a</id>'
                f"<classification>A1</classification><fingerprints><md5>{M[0]}</md5>"
                f"<pdq>{P}</pdq></fingerprints></image>"
                '<deletedImage><id>b</id><member id="1"/>'
                "<timestamp>2024-02-01T00:00:00Z</timestamp></deletedImage></images>"
                '<videos count="1"><video><member id="2"/><id>c</id><fingerprints>'
                f'<tmk-pdqf rel="self" href="/v2/x"/><sha1>{S}</sha1></fingerprints></video>'
                "</videos></queryResult>"
            ),
            [
                HashRecord(
                    1,
                    (md5(M[0]),),
                    (pdq(P),),
                    entry="1:a",
                    category="A1",
                    fields={
                        "element": "image",
                        "member": {"@id": "1", "#text": "One"},
                        "timestamp": "2024-02-01T00:00:00Z",
                        "id": "a",
                        "classification": "A1",
                        "fingerprints": {"md5": M[0], "pdq": P},
                    },
                    updated=1706745600.0,
                ),
                HashRecord(
                    3,
                    (sha1(S),),
                    entry="2:c",
                    other=("tmk",),
                    fields={
                        "element": "video",
                        "member": {"@id": "2"},
                        "id": "c",
                        "fingerprints": {"tmk-pdqf": {"@rel": "self", "@href": "/v2/x"}, "sha1": S},
                    },
                ),
            ],
            NCMEC,
        ),
    )


class TestCybertip(FormatContract):
    name = "cybertip"
    opening = b"<report><reportId>1</reportId>"
    rows = (
        f'<fileDetails><fileId>1</fileId><originalFileHash hashType="MD5">{M[0]}'
        "</originalFileHash></fileDetails>\n"
    ).encode()
    examples = (
        Example(
            xml(
                "<fileDetails><reportId>7</reportId><fileId>f</fileId>"
                "<fileViewedByEsp>false</fileViewedByEsp>"
                "<industryClassification>B2</industryClassification>"
                f'<originalFileHash hashType="MD5">{M[0]}</originalFileHash>'
                f'<originalFileHash hashType="SHA-256">{L[0]}</originalFileHash>'
                '<details type="HASH"><nameValuePair><name>PDQ</name>'
                f"<value>{P}</value></nameValuePair></details>"
                "<ipCaptureEvent><ipAddress>192.0.2.1</ipAddress></ipCaptureEvent></fileDetails>"
            ),
            [
                HashRecord(
                    1,
                    (md5(M[0]), sha256(L[0])),
                    (pdq(P),),
                    entry="f",
                    category="B2",
                    fields={
                        "origin": "reported-original",
                        "reportId": "7",
                        "fileId": "f",
                        "fileViewedByEsp": "false",
                        "industryClassification": "B2",
                        "hashes": [
                            {"name": "MD5", "value": M[0]},
                            {"name": "SHA-256", "value": L[0]},
                            {"name": "PDQ", "value": P},
                        ],
                    },
                    flags={"viewed_by_esp": False},
                )
            ],
        ),
        Example(
            xml(f"<reportResponse><reportId>7</reportId><hash>{M[1]}</hash></reportResponse>"),
            [
                HashRecord(
                    1,
                    (md5(M[1]),),
                    entry="1",
                    fields={
                        "origin": "as-held",
                        "reportId": "7",
                        "hashes": [{"name": "md5", "value": M[1]}],
                    },
                )
            ],
        ),
    )


class TestCybertipJson(FormatContract):
    name = "cybertip-json"
    endless = False
    examples = (
        Example(
            json.dumps(
                {
                    "reportId": 7,
                    "reportedInformation": {
                        "reportedPeople": {"reportedPersons": []},
                        "uploadedFiles": {
                            "uploadedFiles": [
                                {
                                    "filename": "a.png",
                                    "viewedByEsp": "Yes",
                                    "verificationHash": M[0],
                                    "additionalInformations": [{"value": "x"}],
                                }
                            ]
                        },
                    },
                }
            ).encode(),
            [
                HashRecord(
                    1,
                    (md5(M[0]),),
                    entry="1",
                    fields={
                        "origin": "as-held",
                        "filename": "a.png",
                        "viewedByEsp": "Yes",
                        "hashes": [{"name": "md5", "value": M[0]}],
                    },
                    flags={"viewed_by_esp": True},
                )
            ],
        ),
    )


class TestC4all(FormatContract):
    name = "c4all"
    opening = b"<ReportIndex>"
    rows = f"<Image><id>1</id><category>0</category><hash>{M[0]}</hash></Image>\r\n".encode()
    examples = (
        Example(
            xml(
                '<ReportIndex version="2.0"><Image><path><![CDATA[7\\6\\]]></path>'
                f"<category>1</category><id>4</id><hash>{M[0].upper()}</hash><sha1Hash>{S}"
                "</sha1Hash><encaseHash>x</encaseHash><tagged>1</tagged><fileSize>9</fileSize>"
                f"</Image><Movie><id>5</id><hash>{M[1]}</hash></Movie></ReportIndex>"
            ),
            [
                HashRecord(
                    1,
                    (md5(M[0]), sha1(S)),
                    entry="4",
                    category="1",
                    size=9,
                    other=("encase",),
                    fields={
                        "element": "Image",
                        "path": "7\\6\\",
                        "category": "1",
                        "id": "4",
                        "hash": M[0].upper(),
                        "sha1Hash": S,
                        "encaseHash": "x",
                        "tagged": "1",
                        "fileSize": "9",
                    },
                    flags={"tagged": True},
                ),
                HashRecord(
                    2,
                    (md5(M[1]),),
                    entry="5",
                    fields={"element": "Movie", "id": "5", "hash": M[1]},
                ),
            ],
        ),
    )


def case_database():
    """Make a C4P case database with two pictures."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE c4p_index(pathId integer, picture text, category integer, id integer,"
        " fileName text, hash text, tagged integer, homePic blob, fileSize integer);"
        "CREATE TABLE fileLookup(pathId integer, path text);"
        "CREATE TABLE case_report(cat1 text, cat2 text, casenum text);"
        "INSERT INTO case_report VALUES('First', '', '1');"
        "INSERT INTO fileLookup VALUES(3, 'some\\folder');"
    )
    rows = [
        (3, "a.PNG", 1, 10, "a.png", M[0].upper(), 1, b"picture", 7),
        (4, "b.PNG", 2, 11, "b.png", M[1], 0, None, None),
    ]
    connection.executemany("INSERT INTO c4p_index VALUES(?,?,?,?,?,?,?,?,?)", rows)
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


class TestC4p5(FormatContract):
    name = "c4p5"
    text = endless = False
    examples = (
        Example(
            case_database(),
            [
                HashRecord(
                    1,
                    (md5(M[0]),),
                    entry="10",
                    category="1",
                    size=7,
                    fields={
                        "pathId": 3,
                        "picture": "a.PNG",
                        "category": 1,
                        "id": 10,
                        "fileName": "a.png",
                        "hash": M[0].upper(),
                        "tagged": 1,
                        "homePic": {
                            "sha256": hashlib.sha256(b"picture".hex().encode()).hexdigest(),
                            "length": 14,
                        },
                        "fileSize": 7,
                        "lookedUpPath": "some\\folder",
                        "category_word": "First",
                    },
                    flags={"tagged": True},
                ),
                HashRecord(
                    2,
                    (md5(M[1]),),
                    entry="11",
                    category="2",
                    fields={
                        "pathId": 4,
                        "picture": "b.PNG",
                        "category": 2,
                        "id": 11,
                        "fileName": "b.png",
                        "hash": M[1],
                        "tagged": 0,
                        "homePic": None,
                        "fileSize": None,
                        "lookedUpPath": None,
                    },
                    flags={"tagged": False},
                ),
            ],
        ),
    )


class TestDfxml(FormatContract):
    name = "dfxml"
    opening = b"<dfxml>"
    rows = f"<fileobject><hashdigest type='MD5'>{M[0]}</hashdigest></fileobject>\n".encode()
    examples = (
        Example(
            xml(
                "<dfxml version='1.0'><deep:configuration><algorithm name=''/>"
                "</deep:configuration><fileobject><filename>a</filename><filesize>7</filesize>"
                f"<alloc>0</alloc><hashdigest type='MD5'>{M[0]}</hashdigest>"
                f"<hashdigest type='sha1'>{S}</hashdigest></fileobject></dfxml>"
            ),
            [
                HashRecord(
                    1,
                    (md5(M[0]), sha1(S)),
                    size=7,
                    fields={
                        "filename": "a",
                        "filesize": "7",
                        "alloc": "0",
                        "hashdigest": [
                            {"@type": "MD5", "#text": M[0]},
                            {"@type": "sha1", "#text": S},
                        ],
                    },
                    flags={"unallocated": True},
                )
            ],
        ),
    )


ATTRIBUTES = [
    {"uuid": "u1", "type": "md5", "value": M[0], "to_ids": True, "timestamp": "1706745600"},
    {"uuid": "u2", "type": "filename|sha256", "value": f"a|b.png|{L[0]}"},
]
FILE = {
    "name": "file",
    "uuid": "u3",
    "Attribute": [
        {"type": "sha1", "value": S},
        {"type": "ssdeep", "value": "3:a:b"},
        {"type": "size-in-bytes", "value": "9"},
    ],
}
MISP = [
    HashRecord(1, (md5(M[0]),), entry="u1", fields=ATTRIBUTES[0], updated=1706745600.0),
    HashRecord(2, (sha256(L[0]),), entry="u2", fields=ATTRIBUTES[1]),
    HashRecord(3, (sha1(S),), entry="u3", size=9, other=("ssdeep",), fields=FILE),
]
EVENT = {"Event": {"info": "x", "Attribute": ATTRIBUTES, "Object": [FILE]}}


class TestMisp(FormatContract):
    name = "misp"
    opening = b'{"Event":{"Attribute":['
    rows = f'{{"type":"md5","value":"{M[0]}"}},\n'.encode()
    examples = (
        Example(json.dumps(EVENT).encode(), MISP),
        Example(json.dumps({"response": [EVENT]}).encode(), MISP),
        Example(json.dumps([EVENT], indent=1).encode(), MISP),
    )


class TestMispCache(FormatContract):
    """It has no records: what it promises is to refuse."""

    name = "misp-cache"
    endless = False
    examples = ()
    cache = f"{M[0]},5a5a5a5a-0000-4000-8000-000000000001\r\n".encode()

    def test_is_recognised_and_refused(self):
        assert self.format.detect(self.cache * 3, "hashes.csv")
        with pytest.raises(HashSetError, match="not of files"):
            read(self.name, self.cache)

    def test_any_bytes_give_events_or_a_refusal_without_list_content(self):
        for data in (b"", self.cache, self.cache[:-20], b"\xff\xfe\x00"):
            self._survives(data, ReadOptions())


class MispCacheSeeds:
    """What fuzzing begins with; the contract's examples would have to be readable."""

    name = "misp-cache"
    examples = (Example(TestMispCache.cache, []),)


FILE_OBJECT = {
    "type": "file",
    "spec_version": "2.1",
    "id": "file--1",
    "hashes": {"MD5": M[0], "SHA-256": L[0], "SSDEEP": "3:a:b"},
    "size": 7,
}
INDICATOR = {
    "type": "indicator",
    "id": "indicator--1",
    "modified": "2024-02-01T00:00:00.000Z",
    "pattern_type": "stix",
    "pattern": f"[file:hashes.'SHA-256' = '{L[1]}' OR file:hashes.MD5 = '{M[1]}']",
}


class TestStix(FormatContract):
    name = "stix"
    opening = b'{"type":"bundle","id":"bundle--1","objects":['
    rows = json.dumps(FILE_OBJECT).encode() + b",\n"
    examples = (
        Example(
            json.dumps(
                {"type": "bundle", "id": "bundle--1", "objects": [FILE_OBJECT, INDICATOR]}
            ).encode(),
            [
                HashRecord(
                    1,
                    (md5(M[0]), sha256(L[0])),
                    entry="file--1",
                    size=7,
                    other=("ssdeep",),
                    fields=FILE_OBJECT,
                ),
                HashRecord(
                    2,
                    (sha256(L[1]),),
                    entry="indicator--1",
                    fields=INDICATOR,
                    updated=1706745600.0,
                ),
                HashRecord(
                    3,
                    (md5(M[1]),),
                    entry="indicator--1#2",
                    fields={key: INDICATOR[key] for key in INDICATOR if key != "pattern"},
                    updated=1706745600.0,
                ),
            ],
        ),
    )


NCII = {
    "lastModtimestamp": 1706745600,
    "hashValue": P,
    "hashStatus": "Active",
    "caseNumbers": {"27664732-76e1-4a17-8099-455798e67022": "Active"},
    "signalType": "ImagePDQ",
}


class TestStopNcii(FormatContract):
    name = "stopncii"
    opening = b'{"hashRecords":['
    rows = json.dumps(NCII).encode() + b",\n"
    examples = (
        Example(
            json.dumps({"count": 1, "hasMoreRecords": False, "hashRecords": [NCII]}).encode(),
            [
                HashRecord(
                    1,
                    perceptual=(pdq(P),),
                    entry=f"ImagePDQ:{hashlib.sha256(P.encode()).hexdigest()[:32]}",
                    category="Active",
                    fields=NCII,
                    updated=1706745600.0,
                )
            ],
        ),
    )


TERROR = {
    "hash_digest": M[0],
    "algorithm": "MD5",
    "ideology": "far_right",
    "deleted": False,
    "updated_on": 1706745600.25,
    "id": 3,
}


class TestTat(FormatContract):
    name = "tat"
    opening = b'{"results":['
    rows = json.dumps(TERROR).encode() + b",\n"
    examples = (
        Example(
            json.dumps({"count": 1, "next": None, "results": [TERROR]}).encode(),
            [
                HashRecord(
                    1,
                    (md5(M[0]),),
                    entry="3",
                    category="far_right",
                    fields=TERROR,
                    updated=1706745600.25,
                )
            ],
        ),
    )


UPDATES = [
    {
        "id": "1",
        "indicator": P,
        "type": "HASH_PDQ",
        "last_updated": 1706745600,
        "should_delete": False,
        "descriptors": {"data": [{"id": "11", "status": "MALICIOUS", "tags": ["x"]}]},
    },
    {
        "id": "2",
        "indicator": M[0],
        "type": "HASH_MD5",
        "descriptors": {"data": [{"status": "UNKNOWN", "tags": ["media_type_video"]}]},
    },
]


class TestThreatUpdates(FormatContract):
    name = "threat-updates"
    opening = b'{"data":['
    rows = json.dumps(UPDATES[0]).encode() + b",\n"
    examples = (
        Example(
            json.dumps({"data": UPDATES, "paging": {}}).encode(),
            [
                HashRecord(
                    1,
                    perceptual=(pdq(P),),
                    entry="1",
                    category="MALICIOUS",
                    fields=UPDATES[0],
                    updated=1706745600.0,
                ),
                HashRecord(
                    2,
                    (md5(M[0]),),
                    entry="2",
                    category="UNKNOWN",
                    fields={**UPDATES[1], "media_type": "video"},
                ),
            ],
        ),
    )


ANSWER = {
    "size_bytes": 7858,
    "sha1_base32": "SBSUHODBVOQJQZ4GH66UVQEI3TMRI6YK",
    "sha256_hex": L[0].upper(),
    "classification": "csam",
    "match_type": "near",
    "near_match_details": [{"sha256_hex": L[1], "classification": "csam", "timestamp": 0}],
}


class TestArachnid(FormatContract):
    name = "arachnid"
    endless = False
    examples = (
        Example(
            json.dumps(ANSWER).encode(),
            [
                HashRecord(1, (sha1(S), sha256(L[0])), category="csam", size=7858, fields=ANSWER),
                HashRecord(
                    2,
                    (sha256(L[1]),),
                    category="csam",
                    fields={**ANSWER["near_match_details"][0], "near_match": True},
                ),
            ],
        ),
    )


def test_a_photodna_value_of_a_list_keeps_its_bytes():
    value = bytes(range(144))
    data = xml(
        f"<queryResult><images><image><member id='1'/><id>a</id><fingerprints><pdna>{value.hex()}"
        "</pdna></fingerprints></image></images></queryResult>"
    )
    (record,) = (one for one in read("ncmec", data, NCMEC) if isinstance(one, HashRecord))
    assert record.perceptual == (PerceptualHash(Method.PHOTODNA, value),)
