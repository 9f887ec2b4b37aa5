import hashlib
import re
from pathlib import Path

import pytest

from hashmatch.errors import HashSetError, UsageError
from hashmatch.formats import mapping
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.records import Dropped, Loss
from tests.contract.format_contract import facts, losses, md5, pdq, read, records, sha1, sha256

MD5 = "76b38aee70875b2c64d6345713694bd6"
SHA1 = "906543b861aba09867863fbd4ac088dcd9147b0a"
SHA256 = "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450"
PDQ = "d57e01f47ebcda558c9e4aaf7e3b286d693069a309507b8bdb026bbad8620fc7"
HEAD = 'name: own\ntitle: "my list"\n'
TABLE = HEAD + "reads: csv\ncolumns: {md5: A, category: B}\n"
NESTED = HEAD + (
    "reads: json\npath: data.items\n"
    "columns: {entry: id, category: labels.grade, size: file.bytes}\n"
    "optional: {pdq: visual.pdq, quality: visual.quality, sha1: file.digests.sha1}\n"
    "pairs: {at: file.hashes, algorithm: type, value: hex}\n"
    "flags: {is_distributed: seen}\n"
    "words: {often: true, Never: false}\n"
    "carried: {vendor-x: vendor.x}\n"
    "categories: {'1': A}\n"
    "category: none\n"
)


@pytest.fixture
def stated(tmp_path):
    def state(text):
        path = tmp_path / "own.yaml"
        path.write_text(text)
        return ReadOptions(mapping=str(path))

    return state


def lost(data, options):
    return [(one.place, one.reason, one.whole) for one in losses("mapped", data, options)]


@pytest.mark.parametrize("name", mapping.names())
def test_every_shipped_profile_is_one(name):
    profile = mapping.load(name)
    assert profile.name == name
    assert profile.title


def test_the_profile_in_the_guide_is_one():
    guide = Path(__file__).parents[3] / "docs" / "mapping.md"
    (text,) = re.findall(r"```yaml\n(.*?)```", guide.read_text("utf-8"), re.DOTALL)
    assert mapping.parse(text.encode(), "the guide").flags == {
        "victim_identified": "Opfer identifiziert"
    }


def test_a_profile_that_is_only_an_example_says_so():
    assert "example to adapt" in mapping.load("iwf-example").title


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UsageError, match="ecapture, griffeye-en, iped, iwf-example, nuix"):
        mapping.load("iwf")


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        mapping.load(str(tmp_path / "missing.yaml"))


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "large.yml"
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(HashSetError, match="larger than"):
        mapping.load(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "expected an object"),
        ("{", "not YAML"),
        ("1: 2", "without quotes"),
        (TABLE + "name: twice\n", "a key twice"),
        (TABLE + "more: 1\n", "unknown keys more"),
        (HEAD + "columns: {md5: A}\n", "reads must be a text"),
        (HEAD + "reads: xml\ncolumns: {md5: A}\n", "reads must be one of"),
        ("reads: csv\ntitle: x\ncolumns: {md5: A}\n", "name must be a text"),
        (HEAD + "reads: csv\ncolumns: {category: A}\n", "at least one of them is a hash"),
        (HEAD + "reads: csv\ncolumns: {md6: A}\n", "an object with the roles"),
        (HEAD + "reads: csv\ncolumns: {md5: [A]}\n", "md5 must be a text or a whole number"),
        (HEAD + "reads: csv\ncolumns: [A]\n", "expected an object"),
        (TABLE + "flags: {wanted: C}\n", "an object with the names"),
        (TABLE + "words: {x: maybe}\n", "x must be true or false"),
        (TABLE + "header: 1\n", "header must be true or false"),
        (TABLE + "delimiter: ';;'\n", "delimiter must be one character"),
        (TABLE + "path: a.b\n", "reads must be json or ndjson"),
        (TABLE + "pairs: {at: a, algorithm: b, value: c}\n", "reads must be json or ndjson"),
        (TABLE + "pairs: {at: a, algorithm: b}\n", "value must be a text"),
        (TABLE + "pairs: {algorithm: b}\n", "unknown keys algorithm"),
        (HEAD + "reads: json\nheader: true\ncolumns: {md5: A}\n", "reads must be csv"),
    ],
)
def test_a_profile_that_is_not_exact_is_refused(text, message):
    with pytest.raises(HashSetError, match=message):
        mapping.parse(text.encode(), "the profile")


def test_a_list_without_a_profile_is_refused():
    with pytest.raises(HashSetError, match="--mapping"):
        read("mapped", b"MD5,a\n")


# Tables.


def test_a_table_by_names_and_numbers(stated):
    text = TABLE + "optional: {size: 3, entry: missing}\nflags: {viral: D}\ndelimiter: '^'\n"
    data = f"A^B^C^D\n{MD5}^x^7^yes\n{MD5}^^^\n".encode()
    first, second = records("mapped", data, stated(text))
    assert (first.digests, first.category, first.size) == ((md5(MD5),), "x", 7)
    assert first.flags == {"viral": True}
    assert first.fields == {"A": MD5, "B": "x", "C": "7", "D": "yes"}
    assert (second.category, second.size, second.flags) == (None, None, {})
    said = facts("mapped", data, stated(text))
    assert said["mapping"] == "own"
    assert said["mapping_sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_codes_and_words_are_replaced_and_others_stay(stated):
    text = TABLE + "categories: {bad: '1'}\ncategory: '9'\nflags: {tagged: C}\nwords: {X: true}\n"
    data = f"A,B,C\n{MD5},bad,x\n{MD5},other,no\n{MD5},,?\n".encode()
    found = records("mapped", data, stated(text))
    assert [record.category for record in found] == ["1", "other", "9"]
    assert [record.flags for record in found] == [{"tagged": True}, {"tagged": False}, {}]
    assert lost(data, stated(text)) == [(4, Loss.BAD_VALUE, False)]


def test_a_table_without_a_column_that_is_not_optional_is_refused(stated):
    with pytest.raises(HashSetError, match="no column for category"):
        read("mapped", f"A,C\n{MD5},x\n".encode(), stated(TABLE))


def test_whether_there_is_a_header_is_what_the_profile_says(stated):
    text = HEAD + "reads: csv\ncolumns: {md5: 1}\nheader: %s\n"
    data = f"{MD5},a\n{MD5},b\n".encode()
    assert [one.place for one in records("mapped", data, stated(text % "true"))] == [2]
    assert [one.place for one in records("mapped", data, stated(text % "false"))] == [1, 2]


def test_hashes_that_a_table_names_itself_are_read_beside_the_mapped_ones(stated):
    text = HEAD + "reads: csv\nnamed_hashes: true\noptional: {sha256: own, md5: MD5}\n"
    data = f"own,MD5,SHA-1,x\n{SHA256},{MD5},{SHA1},1\n".encode()
    (record,) = records("mapped", data, stated(text))
    assert set(record.digests) == {md5(MD5), sha1(SHA1), sha256(SHA256)}
    with pytest.raises(HashSetError, match="no hash column"):
        read("mapped", b"a,b\n1,2\n", stated(text))


def test_carried_columns_are_named_once_and_only_where_filled(stated):
    text = HEAD + "reads: csv\nnamed_hashes: true\ncarried: {vendor: V, tlsh: T}\n"
    data = f"md5,V,T,tlsh\n{MD5},x,,y\n{MD5},,z,\n".encode()
    found = records("mapped", data, stated(text))
    assert [record.other for record in found] == [("tlsh", "vendor"), ("tlsh",)]


def test_a_table_in_which_nothing_is_a_hash_is_refused(stated):
    with pytest.raises(HashSetError, match="no record with a hash"):
        read("mapped", b"A,B\nx,y\n", stated(TABLE))


def test_an_export_with_the_users_own_columns():
    options = ReadOptions(mapping="griffeye-en")
    data = (
        '"MD5";"Category";"Deleted?";"Created Date"\n'
        f'"{MD5}";"Comparison";"True";"01.01.0001 00:00:00"\n'
    ).encode()
    (record,) = records("mapped", data, options)
    assert (record.category, record.flags) == ("Comparison", {"deleted_file": True})
    assert record.fields["Created Date"] == "01.01.0001 00:00:00"


# JSON.

ITEM = (
    '{"id": 7, "labels": {"grade": "1"}, "seen": "Often", "vendor": [{"x": ""}, {"x": 1}],'
    f' "visual": {{"pdq": "{PDQ}", "quality": 88}}, "thumbnail": "QUJD",'
    f' "file": {{"bytes": 12, "digests": {{"sha1": "{SHA1}"}},'
    f' "hashes": [{{"type": "MD5", "hex": "{MD5}"}}, {{"type": "SHA-256", "hex": "{SHA256}"}}]}}}}'
)


def items(*texts):
    return ('{"total": 1, "data": {"items": [' + ",".join(texts) + "]}}").encode()


def test_objects_are_read_at_any_depth(stated):
    (record,) = records("mapped", items(ITEM), stated(NESTED))
    assert (record.place, record.entry, record.category, record.size) == (1, "7", "A", 12)
    assert set(record.digests) == {md5(MD5), sha1(SHA1), sha256(SHA256)}
    assert record.perceptual == (pdq(PDQ, 88),)
    assert record.flags == {"is_distributed": True}
    assert record.other == ("vendor-x",)
    assert record.fields["thumbnail"]["length"] == 3
    assert record.fields["labels"] == {"grade": "1"}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ('"id": {}', Loss.BAD_VALUE),
        ('"id": true', Loss.BAD_VALUE),
        ('"id": ["a", "b"]', Loss.BAD_VALUE),
        ('"visual": {"quality": "good"}', Loss.BAD_VALUE),
        ('"visual": {"quality": 101}', Loss.BAD_VALUE),
        ('"seen": "perhaps"', Loss.BAD_VALUE),
        ('"seen": [2]', Loss.BAD_VALUE),
        ('"visual": {"pdq": 7}', Loss.BAD_VALUE),
        ('"visual": {"pdq": "77"}', Loss.WRONG_LENGTH),
        ('"file": {"hashes": {"type": "NTLM", "hex": "x"}}', Loss.UNKNOWN_ALGORITHM),
        ('"file": {"hashes": {"hex": "x"}}', Loss.UNKNOWN_ALGORITHM),
    ],
)
def test_a_value_that_is_lost_is_counted_and_the_record_stays(stated, item, reason):
    text = NESTED + "named_hashes: false\n"
    text = NESTED.replace("optional: {", "optional: {md5: m, ")
    data = items(f'{{"m": "{MD5}", {item}}}')
    assert lost(data, stated(text)) == [(1, reason, False)]
    assert records("mapped", data, stated(text))[0].digests == (md5(MD5),)


def test_blank_values_say_nothing(stated):
    text = NESTED.replace("optional: {", "optional: {md5: m, ")
    data = items(f'{{"m": ["{MD5}", " "], "id": " ", "seen": null, "labels": 7, "file": []}}')
    (record,) = records("mapped", data, stated(text))
    assert (record.entry, record.category, record.flags) == (None, "none", {})
    assert lost(data, stated(text)) == []


def test_what_is_no_object_or_ambiguous_is_one_loss(stated):
    data = items("7", '{"id": 1, "id": 2}', ITEM, "{}")
    assert lost(data, stated(NESTED)) == [
        (1, Loss.MALFORMED, True),
        (2, Loss.MALFORMED, True),
        (4, Loss.NO_HASH, True),
    ]


def test_a_document_without_the_path_is_refused(stated):
    with pytest.raises(HashSetError, match="no list at the stated path"):
        read("mapped", b'{"data": []}', stated(NESTED))


def test_lines_of_json_are_read_line_by_line(stated):
    options = stated(HEAD + "reads: ndjson\ncolumns: {md5: hash}\n")
    data = f'{{"hash": "{MD5}"}}\n\n7\n{{"hash": \n{{"hash": "{MD5}"}}'.encode()
    assert [record.place for record in records("mapped", data, options)] == [1, 5]
    assert losses("mapped", data, options) == [
        Dropped(3, Loss.MALFORMED),
        Dropped(4, Loss.MALFORMED),
    ]


def test_a_line_of_json_that_is_too_long_is_one_loss(stated):
    own = stated(HEAD + "reads: ndjson\ncolumns: {md5: hash}\n").mapping
    options = ReadOptions(mapping=own, maximum_record=100)
    data = f'{{"x": "{"x" * 200}"}}\n{{"hash": "{MD5}"}}\n'.encode()
    assert lost(data, options) == [(1, Loss.MALFORMED, True)]
    assert len(records("mapped", data, options)) == 1
