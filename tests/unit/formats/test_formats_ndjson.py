"""Records that hashmatch wrote: whatever is not as it is written is refused in one sentence."""

import json

import pytest

from hashmatch.errors import HashSetError
from tests.contract.format_contract import records

M = "76b38aee70875b2c64d6345713694bd6"
HEADER = '{"format":"hashmatch.records/1","set":"a","version":"1","kind":"illegal"}'


def ndjson(fields="{}", more=""):
    record = f'{{"digests":[["md5","{M}"]],"fields":{fields}{more}}}'
    return "\n".join([HEADER, record, '{"end":true,"records":1}', ""]).encode()


@pytest.mark.parametrize("depth", [65, 200, 300, 900, 100_000])
def test_fields_nested_too_deeply_are_refused(depth):
    with pytest.raises(HashSetError, match="nested too deeply"):
        records("ndjson", ndjson('{"a":' * depth + "1" + "}" * depth))


def test_fields_may_be_nested():
    fields = {"a": [{"b": {"c": [1, "x", None]}}]}
    assert records("ndjson", ndjson(json.dumps(fields)))[0].fields == fields


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "1" * 40])
@pytest.mark.parametrize("key", ["updated", "size"])
def test_a_number_that_is_none_is_refused(number, key):
    with pytest.raises(HashSetError, match="line 2"):
        records("ndjson", ndjson(more=f',"{key}":{number}'))
    with pytest.raises(HashSetError, match="line 2"):
        records("ndjson", ndjson(f'{{"a":{number}}}'))


def test_unpaired_surrogates_are_replaced_since_no_file_can_hold_them():
    (record,) = records("ndjson", ndjson('{"a\\ud800":"\\udfff", "b":"\\ud83d\\ude00"}'))
    assert record.fields == {"a?": "?", "b": "\U0001f600"}


def test_a_key_that_stands_twice_is_refused():
    with pytest.raises(HashSetError, match="line 2"):
        records("ndjson", ndjson('{"a":1,"a":2}'))


def test_a_text_in_place_of_the_name_of_a_kind_stays_out_of_counts():
    (record,) = records("ndjson", ndjson(more=',"other":["tlsh","a name of a person","tmk","x"]'))
    assert record.other == ("tlsh", "unknown", "tmk")
