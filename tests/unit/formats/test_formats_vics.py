import base64
import hashlib
import io
import json

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Method, PerceptualHash
from hashmatch.model.records import Dropped, HashRecord, Loss
from tests.contract.format_contract import facts, losses, md5, pdq, read, records, sha1, sha256

MD5 = "76b38aee70875b2c64d6345713694bd6"
SHA1 = "906543b861aba09867863fbd4ac088dcd9147b0a"
SHA256 = "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450"
OTHER_MD5 = "f55084bbfd495e65926dfb3ce1a22cec"
PHOTODNA = base64.b64encode(bytes(range(144))).decode()
OLD = "http://github.com/ICMEC/ProjectVic/DataModels/{}.xml#{}"
NEW = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#{}"


US = NEW.format("US", "Media")


def vics(*media, context=US, key="@odata.context"):
    return json.dumps({key: context, "value": list(media)}).encode()


def one(media, **more):
    (record,) = records("vics", vics(media, **more))
    return record


def lost(media):
    return [(loss.reason, loss.whole) for loss in losses("vics", vics(media))]


# The faults that other readers of these lists have, one test each.


def test_a_null_sha1_costs_nothing():
    record = one({"MD5": MD5, "SHA1": None, "Category": 1})
    assert record.digests == (md5(MD5),)
    assert lost({"MD5": MD5, "SHA1": None}) == []


def test_an_empty_sha1_costs_nothing():
    assert one({"MD5": MD5, "SHA1": ""}).digests == (md5(MD5),)
    assert one({"MD5": MD5, "SHA1": " "}).digests == (md5(MD5),)
    assert lost({"MD5": MD5, "SHA1": ""}) == []


@pytest.mark.parametrize(
    ("written", "read_as"),
    [(1, "1"), ("1", "1"), (0, "0"), ("0", "0"), ("A", "A"), (None, None), ("", None), (8, "8")],
)
def test_categories_are_kept_as_written_and_0_is_not_absent(written, read_as):
    assert one({"MD5": MD5, "Category": written}).category == read_as


def test_an_absent_category_is_none():
    assert one({"MD5": MD5}).category is None


def test_keys_in_any_order_even_the_context_after_the_records():
    data = json.dumps(
        {
            "Extra": {"before": 1},
            "value": [{"Category": 1, "SHA1": SHA1, "x": {}, "MD5": MD5}],
            "more": [1, [2], {"a": None}],
            "@odata.context": NEW.format("UK", "Media"),
        }
    ).encode()
    (record,) = records("vics", data)
    assert record.digests == (sha1(SHA1), md5(MD5))
    assert facts("vics", data)["context"] == "UK"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_and_utf_16_are_read(encoding):
    data = vics({"MD5": MD5, "Series": "ä𝄞"}).decode().encode(encoding)
    assert registry.detect(data, "x").name == "vics"
    (record,) = records("vics", data)
    assert record.digests == (md5(MD5),)
    assert facts("vics", data)["encoding"].startswith(encoding[:5])


def test_letters_above_f_are_no_hash():
    assert lost({"MD5": "Z" * 32}) == [(Loss.NOT_HEX, True)]


@pytest.mark.parametrize("country", ["US", "UK", "CUSTOM", "UNKNOWN", "Default", "CA"])
@pytest.mark.parametrize("shape", ["Media", "Cases"])
def test_every_country_is_read_and_stated(country, shape):
    data = vics({"MD5": MD5}, context=NEW.format(country, shape))
    assert len(records("vics", data)) == 1
    assert facts("vics", data) == {
        "encoding": "utf-8",
        "format_version": "2.0",
        ("context" if country in {"US", "UK", "CA"} else "no_country"): country,
        "shape": "list",
    }


def test_hashes_that_stand_only_among_the_alternatives_are_read():
    record = one({"AlternativeHashes": [{"HashName": "SHA-256", "HashValue": SHA256}]})
    assert record.digests == (sha256(SHA256),)


# Versions and shapes.


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3"])
def test_old_versions_have_no_country(version):
    data = vics(
        {"MD5": MD5, "Category": 1}, context=OLD.format(version, "Media"), key="odata.metadata"
    )
    assert facts("vics", data) == {
        "encoding": "utf-8",
        "format_version": version,
        "shape": "list",
    }


def test_records_of_all_cases_are_numbered_through():
    data = vics(
        {"CaseID": "1", "Media": [{"MD5": MD5}, {"MD5": OTHER_MD5}], "TotalMediaFiles": 2},
        {"Media": [], "CaseID": "2"},
        {"CaseID": "3"},
        {"media": [{"MD5": MD5}]},
    )
    assert [record.place for record in records("vics", data)] == [1, 2, 3]
    assert losses("vics", data) == []
    assert facts("vics", data)["shape"] == "case"


def test_the_shape_is_told_by_the_element_not_by_the_context():
    data = vics({"Media": [{"MD5": MD5}]}, context=NEW.format("US", "Media"))
    assert facts("vics", data)["shape"] == "case"
    mixed = vics({"MD5": MD5}, {"CaseID": "1", "Media": [{"MD5": OTHER_MD5}]})
    assert facts("vics", mixed)["shape"] == "case and list"
    assert [record.place for record in records("vics", mixed)] == [1, 2]


def test_a_record_that_has_media_below_it_is_itself_a_record():
    data = vics({"MD5": MD5, "Media": [{"MD5": OTHER_MD5}]}, {"md5": MD5, "Media": []})
    assert [record.digests for record in records("vics", data)] == [
        (md5(OTHER_MD5),),
        (md5(MD5),),
        (md5(MD5),),
    ]


@pytest.mark.parametrize("media", [{"MD5": MD5}, "x", 7])
def test_media_that_are_no_list_are_a_loss(media):
    data = vics({"CaseID": "1", "Media": media}, {"CaseID": "2", "Media": None})
    assert losses("vics", data) == [Dropped(1, Loss.MALFORMED)]


def test_a_record_may_hold_the_id_of_its_case():
    assert one({"CaseID": "1", "md5": MD5}).digests == (md5(MD5),)


def test_the_benign_list_of_nist_is_pointed_out():
    benign = [{"MD5": MD5, "Category": 8}, {"MD5": OTHER_MD5, "Category": "8"}]
    context = OLD.format("1.2", "Media")
    assert facts("vics", vics(*benign, context=context))["looks_benign"] == "nist-caid"


@pytest.mark.parametrize(
    ("media", "version"),
    [
        ([{"MD5": MD5, "Category": 8}, {"MD5": MD5, "Category": 1}], "1.2"),
        ([{"MD5": MD5, "Category": 8}, {"MD5": MD5}], "1.2"),
        ([{"MD5": MD5, "Category": 8}, {"MD5": "bad", "Category": 1}], "1.2"),
        ([{"MD5": MD5, "Category": 1}], "1.2"),
        ([{"MD5": MD5, "Category": 8}], "1.3"),
        ([], "1.2"),
    ],
)
def test_no_other_list_looks_benign(media, version):
    assert "looks_benign" not in facts("vics", vics(*media, context=OLD.format(version, "Media")))


# One record.


def test_a_whole_record_with_every_field_kept():
    media = {
        "odata.id": 'Media("1")',
        "MediaID": 0,
        "Category": "2",
        "MD5": MD5.upper(),
        "SHA1": SHA1.upper(),
        "MediaSize": "7858",
        "DateUpdated": "/Date(1686105109830)/",
        "VictimIdentified": "False",
        "IsDistributed": True,
        "PhotoDNA": PHOTODNA,
        "FutureField": {"x": [1, 2.5, None, {"y": []}]},
        "MediaFiles": [{"MD5": MD5, "FileName": "a", "Created": "0001-01-01"}],
        "AlternativeHashes": [
            {"HashValue": SHA256, "MD5": MD5, "HashName": "sha256"},
            {"HashName": "MD5", "HashValue": MD5},
            {"HashName": "pdna", "HashValue": PHOTODNA},
            {"HashName": "PDQ", "HashValue": "0f" * 32},
        ],
    }
    record = one(media)
    assert record.place == 1
    assert record.entry == "0"
    assert record.category == "2"
    assert record.size == 7858
    assert record.digests == (md5(MD5), sha1(SHA1), sha256(SHA256))
    assert record.perceptual == (
        PerceptualHash(Method.PHOTODNA, bytes(range(144))),
        pdq("0f" * 32),
    )
    assert record.other == ()
    assert record.flags == {"victim_identified": False, "is_distributed": True}
    assert record.fields == media


def test_a_record_with_nothing_but_photodna_is_kept():
    record = one({"PhotoDNA": PHOTODNA})
    assert record.digests == ()
    assert [value.value for value in record.perceptual] == [bytes(range(144))]


def test_two_different_md5s_of_one_record_are_both_kept():
    media = {"MD5": MD5, "AlternativeHashes": [{"hashname": "md5", "HASHVALUE": OTHER_MD5}]}
    assert one(media).digests == (md5(MD5), md5(OTHER_MD5))


def test_an_unknown_hash_name_is_carried_and_not_guessed():
    media = {"MD5": MD5, "AlternativeHashes": [{"HashName": "NewHash", "HashValue": SHA256}]}
    record = one(media)
    assert record.digests == (md5(MD5),)
    assert record.other == ("unknown",)


@pytest.mark.parametrize(
    ("media", "reasons"),
    [
        ({"SHA1": SHA1[:-1]}, [Loss.WRONG_LENGTH]),
        ({"SHA1": 7}, [Loss.BAD_VALUE]),
        ({"PhotoDNA": "?"}, [Loss.NOT_HEX]),
        ({"PhotoDNA": PHOTODNA[:100]}, [Loss.WRONG_LENGTH]),
        ({"Category": True}, [Loss.BAD_VALUE]),
        ({"Category": {"Name": "x"}}, [Loss.BAD_VALUE]),
        ({"MediaID": []}, [Loss.BAD_VALUE]),
        ({"MediaSize": "7 KB"}, [Loss.BAD_VALUE]),
        ({"MediaSize": -1}, [Loss.BAD_VALUE]),
        ({"MediaSize": str(1 << 63)}, [Loss.BAD_VALUE]),
        ({"MediaSize": 7.5}, [Loss.BAD_VALUE]),
        ({"AlternativeHashes": "x"}, [Loss.BAD_VALUE]),
        ({"AlternativeHashes": [1]}, [Loss.BAD_VALUE]),
        ({"AlternativeHashes": [{"HashValue": SHA256}]}, [Loss.BAD_VALUE]),
        ({"AlternativeHashes": [{"HashName": "SHA1", "HashValue": "x"}]}, [Loss.NOT_HEX]),
        ({"AlternativeHashes": [{"HashName": "SHA1", "HashValue": None}]}, []),
        ({"AlternativeHashes": [{"HashName": "New", "HashValue": None}]}, []),
        ({"AlternativeHashes": None}, []),
        ({"MediaSize": None, "MediaID": None, "MediaFiles": None}, []),
        ({"MediaSize": ""}, []),
    ],
)
def test_a_value_is_lost_and_its_record_survives(media, reasons):
    events = read("vics", vics({"MD5": MD5, **media}))
    assert [event for event in events if isinstance(event, Dropped)] == [
        Dropped(1, reason, whole=False) for reason in reasons
    ]
    (record,) = records("vics", vics({"MD5": MD5, **media}))
    assert record.digests == (md5(MD5),)
    assert record.fields == {"MD5": MD5, **media}


@pytest.mark.parametrize(
    ("media", "reason"),
    [
        ({}, Loss.NO_HASH),
        ({"Category": 1}, Loss.NO_HASH),
        ({"MD5": None, "SHA1": ""}, Loss.NO_HASH),
        ({"MD5": MD5[:-1]}, Loss.WRONG_LENGTH),
        ({"MD5": "x", "SHA1": SHA1 + "0"}, Loss.NOT_HEX),
        (7, Loss.MALFORMED),
        ([{"MD5": MD5}], Loss.MALFORMED),
        (None, Loss.MALFORMED),
    ],
)
def test_a_record_without_a_hash_is_one_loss(media, reason):
    data = vics(media, {"MD5": MD5})
    assert losses("vics", data) == [Dropped(1, reason)]
    assert [record.place for record in records("vics", data)] == [2]


def test_what_is_no_record_inside_a_case_is_one_loss():
    data = vics({"CaseID": "1", "Media": [7, {"MD5": MD5}]})
    assert losses("vics", data) == [Dropped(1, Loss.MALFORMED)]
    assert [record.place for record in records("vics", data)] == [2]


def test_thumbnails_leave_a_digest_and_a_length_at_any_depth():
    content = b"\x89PNG synthetic"
    text = base64.b64encode(content).decode()
    media = {
        "MD5": MD5,
        "Miniature": text,
        "MediaFiles": [{"thumbnailData": "no base64!", "FileName": "a"}],
        "Exif": {"Thumbnail": [1, 2], "ThumbnailHeight": None},
    }
    fields = one(media).fields
    assert fields["Miniature"] == {
        "sha256": hashlib.sha256(content).hexdigest(),
        "length": len(content),
    }
    assert fields["MediaFiles"] == [
        {
            "thumbnailData": {
                "sha256": hashlib.sha256(b"no base64!").hexdigest(),
                "length": 10,
            },
            "FileName": "a",
        }
    ]
    assert fields["Exif"]["Thumbnail"]["length"] == len("[1, 2]")
    assert fields["Exif"]["ThumbnailHeight"] is None


# The document.


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ends too early after record 0"),
        (b'{"value": [', "ends too early after record 0"),
        (b'{"value": [{"MD5": "%s"}, {"MD5"' % MD5.encode(), "ends too early after record 1"),
        (b'{"value": [{"MD5": "%s"} {' % MD5.encode(), "is not JSON"),
        (b'{"value": []} x', "is not JSON"),
        (b'{"value": [{"MD5": "\xff"}]}', "is not JSON"),
        (b'{"value": [{"n": 1e99999999999999999999}]}', "is not JSON"),
        (b'{"value": [{"n": ' + b"1" * 5000 + b"}]}", "is not JSON"),
        (b'{"value": [{"n": 9223372036854775808}]}', "number of more than 64 bits"),
        (b'{"value": [{"n": -1e400}]}', "number of more than 64 bits"),
        (b'{"value": [{"n": "\xed\xa0\x80"}]}', "is not JSON"),
        (b"not json", "is not JSON"),
        (b"[]", "not a JSON object"),
        (b'"value"', "not a JSON object"),
        (b"{}", "no list named 'value'"),
        (b'{"value": {}}', "no list named 'value'"),
        (b'{"value": [{"x": ' + b"[" * 100 + b"]" * 100 + b"}]}", "nested more than 64"),
        (b'{"value": [{"x": ' + b'{"x":' * 100 + b"1" + b"}" * 101 + b"]}", "nested more than 64"),
        (b'{"x": ' + b"[" * 100_000, "nested more than 64"),
    ],
)
def test_a_bad_document_is_refused_with_the_place_and_without_its_text(data, message):
    with pytest.raises(HashSetError, match=message) as refused:
        read("vics", data)
    assert MD5 not in str(refused.value)
    assert refused.value.__cause__ is None


def test_every_number_and_text_that_is_kept_can_be_written_again():
    data = b'{"value": [{"MD5": "%s", "n": [1.5, -9223372036854775807, 1e300], "s": "\\ud800x"}]}'
    (record,) = records("vics", data % MD5.encode())
    assert record.fields["n"] == [1.5, 1 - (1 << 63), 1e300]
    assert record.fields["s"] == "?x"
    json.dumps(record.fields, ensure_ascii=False, allow_nan=False).encode()


def test_a_record_longer_than_the_maximum_is_refused_before_it_is_in_memory():
    class Long(io.RawIOBase):
        given = 0
        start = vics({"MD5": MD5})[:-2] + b', {"MD5": "'

        def read(self, size=-1):
            block, self.start = self.start or b"x" * size, b""
            self.given += len(block)
            return block

    stream = Long()
    with pytest.raises(HashSetError, match="a record of more than 100000 bytes after record 1"):
        list(registry.by_name("vics").read(stream, ReadOptions(maximum_record=100_000)))
    assert stream.given < 300_000


def test_long_parts_outside_of_records_are_passed_over():
    data = json.dumps({**{str(n): "x" * 50_000 for n in range(20)}, "value": [{"MD5": MD5}]})
    assert len(records("vics", data.encode(), ReadOptions(maximum_record=200_000))) == 1


def test_cases_with_long_headers_are_not_taken_for_one_record():
    case = {"CaseNumber": "x" * 60_000, "CaseID": "1"}
    data = vics(*[case] * 20, {"MD5": MD5})
    assert len(records("vics", data, ReadOptions(maximum_record=200_000))) == 1


def test_an_empty_list_is_a_list():
    assert facts("vics", vics()) == {"encoding": "utf-8", "format_version": "2.0", "context": "US"}


def test_a_document_without_context_can_be_read_but_states_no_version():
    data = json.dumps({"value": [{"MD5": MD5}], "note": "nothing"}).encode()
    assert registry.detect(data, "x").name == "vics"
    assert facts("vics", data) == {"encoding": "utf-8", "shape": "list"}


@pytest.mark.parametrize(
    "head",
    [b'{"hashRecords": []}', b'[{"MD5": 1}]', b'{"value": []}', b'"DataModels/2.0.xml#Media"', b""],
)
def test_other_json_is_not_recognised(head):
    assert not registry.by_name("vics").detect(head, "x.json")


def test_an_error_in_reading_the_file_is_not_taken_for_bad_json():
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise OSError(5, "synthetic")

    with pytest.raises(OSError, match="synthetic"):
        list(registry.by_name("vics").read(Broken(), ReadOptions()))


# Statements of yes or no.


@pytest.mark.parametrize(
    ("written", "said"),
    [
        *((word, True) for word in (True, 1, "1", "true", "True", "TRUE", "t", "Y", "yes", "ja")),
        *((word, False) for word in (False, 0, "0", "false", "False", "f", "N", "no", "nein")),
        *((word, None) for word in (None, "", " ")),
    ],
)
def test_flags_are_read_in_every_spelling_and_absent_is_not_no(written, said):
    record = one({"MD5": MD5, "VictimIdentified": written})
    assert record.flags == ({} if said is None else {"victim_identified": said})
    assert lost({"MD5": MD5, "VictimIdentified": written}) == []


@pytest.mark.parametrize("written", ["perhaps", 2, -1, 1.0, [], {"x": 1}])
def test_a_flag_that_is_neither_is_a_lost_value_and_stays_unknown(written):
    media = {"MD5": MD5, "IsSuspected": written}
    assert one(media).flags == {}
    assert lost(media) == [(Loss.BAD_VALUE, False)]


def test_every_flag_of_the_model_is_known():
    keys = ("VictimIdentified", "OffenderIdentified", "IsDistributed", "IsSuspected")
    keys += ("SelfGenerated", "IsPrecategorized")
    assert one({"MD5": MD5, **dict.fromkeys(keys, "true")}).flags == dict.fromkeys(
        (
            "victim_identified",
            "offender_identified",
            "is_distributed",
            "is_suspected",
            "self_generated",
            "is_precategorized",
        ),
        True,
    )


# Keys that stand twice, times with two zones, PhotoDNA of other lengths.


def test_a_record_with_a_key_twice_is_lost_instead_of_half_read():
    text = '{"value": [{"MD5": "?", "Category": 1, "Category": 2}, {"MD5": "?"}]}'
    data = text.replace("?", MD5).encode()
    assert losses("vics", data) == [Dropped(1, Loss.MALFORMED)]
    assert [record.place for record in records("vics", data)] == [2]


def test_a_record_with_a_key_twice_costs_the_other_records_of_its_case_nothing():
    text = (
        '{"value": [{"CaseID": "1", "CaseID": "2", "Media": [{"MD5": "?"},'
        ' {"MD5": "?", "x": {"y": 1, "y": 2}}], "Media": [{"MD5": "?"}]}]}'
    )
    data = text.replace("?", MD5).encode()
    assert losses("vics", data) == [Dropped(2, Loss.MALFORMED)]
    assert [record.place for record in records("vics", data)] == [1, 3]


@pytest.mark.parametrize("key", ["value", "@odata.context"])
def test_a_key_twice_at_the_top_refuses_the_document(key):
    data = vics({"MD5": MD5}).decode()[:-1] + f', "{key}": []}}'
    with pytest.raises(HashSetError, match="a key stands twice in one object after record 1"):
        read("vics", data.encode())


def test_a_long_record_with_a_key_twice_is_lost():
    text = '{"value": [{"MD5": "?", "x": "long", "x": 1}, {"MD5": "?"}]}'
    data = text.replace("?", MD5).replace("long", "y" * 200_000).encode()
    assert losses("vics", data) == [Dropped(1, Loss.MALFORMED)]
    assert len(records("vics", data)) == 1


def test_a_long_record_is_read_as_a_short_one_and_keeps_no_picture():
    media = {"MD5": MD5, "x": "y" * 200_000, "Miniature": "QUJD", "z": {"Thumbnail": "QUJD"}}
    record = one(media)
    assert record.digests == (md5(MD5),)
    assert record.fields["x"] == media["x"]
    assert record.fields["Miniature"]["length"] == record.fields["z"]["Thumbnail"]["length"] == 3


def test_a_case_of_any_length_is_read_in_the_memory_of_one_record():
    class Case(io.RawIOBase):
        held = b'{"value": [{"CaseID": "1", "Media": ['
        given = 0

        def read(self, size=-1):
            while len(self.held) < size:
                self.held += b'{"MD5": "%s"},' % MD5.encode()
            block, self.held = self.held[:size], self.held[size:]
            self.given += size
            return block

    stream = Case()
    events = registry.by_name("vics").read(stream, ReadOptions(maximum_record=1000))
    found = [next(events) for _ in range(50_000)]
    assert found[-1].place == 49_999
    assert stream.given < 3_000_000


def test_a_short_case_that_is_longer_than_a_record_may_be_is_walked():
    data = vics({"CaseID": "1", "Media": [{"MD5": MD5}] * 9}, {"MD5": OTHER_MD5})
    found = records("vics", data, ReadOptions(maximum_record=120))
    assert [record.place for record in found] == list(range(1, 11))


def test_the_keys_of_a_case_beside_its_media_have_a_limit():
    case = {f"x{number}": "y" * 90_000 for number in range(3)}
    with pytest.raises(HashSetError, match="a record of more than 200000 bytes"):
        read("vics", vics({"Media": [], **case}), ReadOptions(maximum_record=200_000))


@pytest.mark.parametrize(
    "media",
    [
        {"DateUpdated": "2024-05-01T10:11:12.0000123+01:00Z"},
        {"MediaFiles": [{}, 7, {"Created": None, "Written": "2024-05-01T10:11:12-05:00Z"}]},
    ],
)
def test_times_with_two_zones_are_counted_and_stay_as_written(media):
    data = vics({"MD5": MD5, **media}, {"MD5": MD5, "DateUpdated": "2024-05-01T10:11:12+01:00"})
    assert facts("vics", data)["repaired_times"] == "1"
    assert records("vics", data)[0].fields == {"MD5": MD5, **media}


@pytest.mark.parametrize("time", ["2024-05-01T10:11:12Z", "/Date(1686105109830)/", "", 7])
def test_other_times_are_not_counted(time):
    assert "repaired_times" not in facts("vics", vics({"MD5": MD5, "DateUpdated": time}))


@pytest.mark.parametrize("text", ["00" * 150, base64.b64encode(bytes(200)).decode()])
def test_a_longer_photodna_is_carried_and_not_compared(text):
    record = one({"MD5": MD5, "AlternativeHashes": [{"HashName": "PhotoDNA", "HashValue": text}]})
    assert (record.perceptual, record.other) == ((), ("photodna-other",))


def test_photodna_in_hexadecimal_is_the_same_value():
    (value,) = one({"PhotoDNA": bytes(range(144)).hex().upper()}).perceptual
    assert value == PerceptualHash(Method.PHOTODNA, bytes(range(144)))


def test_keys_without_end_are_passed_over():
    record = one({"MD5": MD5, "k" * 5000: 1, "thumbnail" + "k" * 5000: "QUJD"})
    assert record.fields["k" * 5000] == 1
    assert record.fields["thumbnail" + "k" * 5000]["length"] == 3


@pytest.mark.parametrize(
    "hashes",
    [
        {"SHA1": SHA1},
        {"sha256": SHA256},
        {"PhotoDNA": PHOTODNA},
        {"AlternativeHashes": [{"HashName": "SHA1", "HashValue": SHA1}]},
    ],
)
def test_a_record_that_names_its_case_and_has_no_md5_is_no_case(hashes):
    media = {"MediaID": 1, "CaseID": "c", "Category": 1, **hashes}
    (record,) = records("vics", vics(media))
    assert (record.entry, record.category) == ("1", "1")


@pytest.mark.parametrize(
    "more", [{"category": 2}, {"CATEGORY": 1}, {"media_id": 3}, {"isdistributed": True}]
)
def test_two_spellings_of_one_key_make_a_record_ambiguous(more):
    media = {"MediaID": 1, "Category": 1, "IsDistributed": False, "MD5": MD5, **more}
    assert losses("vics", vics(media)) == [Dropped(1, Loss.MALFORMED)]
    assert len(records("vics", vics(media, {"MD5": OTHER_MD5}))) == 1


def test_a_made_up_record_of_far_too_many_hashes_is_cut_with_a_loss_for_each():
    others = [{"HashName": "MD5", "HashValue": f"{number:032x}"} for number in range(20_000)]
    events = read("vics", vics({"MD5": MD5, "AlternativeHashes": others}))
    (record,) = [event for event in events if isinstance(event, HashRecord)]
    assert len(record.digests) == 1000
    assert sum(isinstance(event, Dropped) for event in events) == 20_001 - 1000


def test_so_many_perceptual_hashes_are_cut_as_well():
    others = [{"HashName": "PDQ", "HashValue": f"{number:064x}"} for number in range(1001)]
    (record,) = records("vics", vics({"MD5": MD5, "AlternativeHashes": others}))
    assert len(record.perceptual) == 1000
