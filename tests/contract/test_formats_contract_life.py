"""The format of whole records keeps the contract, and refuses what nobody wrote."""

import json

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Method, PerceptualHash
from hashmatch.model.records import HashRecord
from tests.contract.format_contract import Example, FormatContract, facts, md5, records, sha256

M, L = "76b38aee70875b2c64d6345713694bd6", "ee57e9e93a8ed97e1432bccc16c2df78" * 2
HEADER = {"format": "hashmatch.records/1", "set": "known", "kind": "illegal"}
FIRST = {"digests": [["md5", M], ["sha256", L]], "category": "1", "size": 7}
SECOND = {
    "perceptual": [["vpdq", L, 80, 1.5]],
    "entry": "e-2",
    "disposition": "illegal",
    "other": ["tlsh"],
    "fields": {"a": [1, None, {"b": "\ud800"}], "thumbnail": {"sha256": L, "length": 3}},
    "flags": {"baseline": True},
    "parts": ["p"],
    "updated": 12.5,
}


def lines(*forms):
    return b"".join(json.dumps(form, separators=(",", ":")).encode() + b"\n" for form in forms)


def whole(*forms):
    return lines(HEADER, *forms, {"end": True, "records": len(forms)})


class TestNdjson(FormatContract):
    name = "ndjson"
    opening = lines(HEADER)
    rows = lines(FIRST, SECOND)
    examples = (
        Example(
            whole(FIRST, SECOND),
            [
                HashRecord(1, (md5(M), sha256(L)), category="1", size=7),
                HashRecord(
                    2,
                    (),
                    (PerceptualHash(Method.VPDQ, bytes.fromhex(L), 80, 1.5),),
                    "e-2",
                    other=("tlsh",),
                    # No file can hold an unpaired surrogate.
                    fields={**SECOND["fields"], "a": [1, None, {"b": "?"}]},
                    flags={"baseline": True},
                    parts=("p",),
                    updated=12.5,
                ),
            ],
        ),
    )


@pytest.mark.parametrize(
    "data",
    [
        lines(HEADER, FIRST),
        lines(HEADER, FIRST, {"end": True, "records": 2}),
        lines(HEADER, FIRST, {"end": 1, "records": 1}),
        whole(FIRST) + lines(FIRST),
        whole({**FIRST, "new": 1}),
        whole({"entry": "x"}),
        whole({"digests": [["md5", M[:-2]]]}),
        whole({"digests": [["tlsh", M]]}),
        whole({"digests": {"md5": M}}),
        whole({**FIRST, "flags": {"unheard_of": True}}),
        whole({**FIRST, "flags": {"baseline": "yes"}}),
        whole({**FIRST, "flags": []}),
        whole({**FIRST, "size": -1}),
        whole({**FIRST, "size": True}),
        whole({**FIRST, "category": 1}),
        whole({**FIRST, "updated": "now"}),
        lines(HEADER, [1]),
        lines({**HEADER, "new": "x"}),
        lines({**HEADER, "set": 1}),
        lines({"format": "other"}),
        lines(HEADER) + b'{"digests":[["md5","' + M.encode() + b'"]],"digests":[]}\n',
        lines(HEADER) + b'{"size":NaN}\n',
        lines(HEADER) + b"[" * 100_000 + b"\n",
    ],
)
def test_what_was_not_written_so_is_refused_without_its_content(data):
    with pytest.raises(HashSetError) as caught:
        records("ndjson", data)
    assert M not in str(caught.value)


def test_a_record_longer_than_allowed_is_refused():
    long = whole({**FIRST, "fields": {"a": "x" * 5000}})
    with pytest.raises(HashSetError, match="line 2 is longer"):
        records("ndjson", long, ReadOptions(maximum_record=1000))
    assert records("ndjson", long, ReadOptions(maximum_line=1000))


def test_a_picture_that_somebody_put_into_a_text_is_only_described():
    form = {**FIRST, "fields": {"x": [{"Miniature": "AAAA"}]}}
    (record,) = records("ndjson", whole(form))
    assert set(record.fields["x"][0]["Miniature"]) == {"sha256", "length"}


def test_a_benign_set_says_that_it_must_not_be_taken_for_notable():
    data = lines({**HEADER, "kind": "benign", "publisher": "P"}, {"end": True, "records": 0})
    assert facts("ndjson", data)["looks_benign"]
    assert facts("ndjson", data)["publisher"] == "P"
    assert "looks_benign" not in facts("ndjson", whole(FIRST))
