"""Tables read in batches say what single rows say; JSON in any pieces says what it says whole."""

import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.formats.json_stream import Document, whole
from hashmatch.model.records import RecordBatch
from tests.contract.format_contract import by_place, flat, merged_facts

QUICK = settings(deadline=None, max_examples=80)
MD5 = st.binary(min_size=16, max_size=16).map(bytes.hex)
SHA1 = st.binary(min_size=20, max_size=20).map(bytes.hex)
ODD = st.sampled_from(
    [
        "",
        "",
        " ",
        "x",
        "G" * 32,
        "0" * 31,
        "1.2E+31",
        " " * 32,
        "0" * 30 + " 0",
        "Z" * 40,
        '"',
        '""',
    ]
)
CODES = st.sampled_from(["1", "0", "", " ", "A", "007", "two words", "é", "\u2028"])
SIZES = st.sampled_from(["1", "", "0", "7 KB", "9" * 18, "9" * 19, "9" * 25, " 8", "８"])
ROWS = st.tuples(MD5 | ODD, SHA1 | ODD, CODES, SIZES)
ENDS = st.sampled_from(["\n", "\r\n"])
COLUMNS = st.permutations(range(4))
HEADERS = ("MD5", "SHA1", "Category", "Size")
EXTRA = st.sampled_from(
    ["", "\n", ",\n", ",,,\n", " \n", "a\n", "a,b,c,d,e\n", '"a,b\n', ",,,,,\n"]
)


def both(data, options):
    form = registry.by_name("csv")
    try:
        slow = list(form.read(io.BytesIO(data), options))
    except HashSetError as error:
        slow = str(error)
    try:
        fast = list(form.read_batches(io.BytesIO(data), options))
    except HashSetError as error:
        fast = str(error)
    return slow, fast


@QUICK
@given(
    st.lists(st.tuples(ROWS, EXTRA), max_size=12),
    COLUMNS,
    st.sampled_from(",;\t"),
    st.booleans(),
    ENDS,
    st.sampled_from([40, 1 << 20]),
)
def test_batches_and_single_rows_are_the_same(rows, order, delimiter, quoted, end, maximum):
    lines = [HEADERS, *(row for row, _ in rows)]
    after = ["", *(extra for _, extra in rows)]
    text = ""
    for cells, extra in zip(lines, after, strict=True):
        row = [f'"{cells[i]}"' if quoted else cells[i] for i in order]
        text += delimiter.join(row) + end + extra.replace(",", delimiter)
    # The first row is as long as the shortest maximum lets it be.
    slow, fast = both(text.encode(), ReadOptions(maximum_line=maximum))
    if isinstance(slow, str):
        assert fast == slow
        return
    assert by_place(flat(fast)) == by_place(slow)
    assert merged_facts(fast) == merged_facts(slow)


@QUICK
@given(
    st.lists(st.sampled_from(["", " ", "\t", "ab" * 16, f" {'ab' * 16}", '"', '" "', "x"])),
    st.sampled_from([None, ",", "\t"]),
    ENDS,
)
def test_a_table_of_one_column_is_the_same_in_batches(rows, delimiter, end):
    slow, fast = both(end.join(["MD5", *rows]).encode(), ReadOptions(delimiter=delimiter))
    assert isinstance(slow, list)
    assert by_place(flat(fast)) == by_place(slow)


@QUICK
@given(st.lists(st.tuples(MD5, SHA1, CODES), min_size=1, max_size=30), st.booleans())
def test_regular_rows_come_in_batches(rows, quoted):
    mark = '"' if quoted else ""
    between = f"{mark},{mark}"
    lines = [("MD5", "SHA1", "Category"), *rows]
    text = "".join(f"{mark}{between.join(cells)}{mark}\n" for cells in lines)
    _, fast = both(text.encode(), ReadOptions())
    assert sum(len(event) for event in fast if isinstance(event, RecordBatch)) == len(rows)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(0, 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


class Pieces(io.RawIOBase):
    """Gives the bytes in pieces of the given sizes."""

    def __init__(self, data, sizes):
        self._inner = io.BytesIO(data)
        self._sizes = iter(sizes)

    def read(self, size=-1):
        return self._inner.read(min(size, next(self._sizes, 3)))


@QUICK
@given(JSON, st.booleans(), st.sampled_from([None, 2]), st.lists(st.integers(1, 9)))
def test_json_is_read_in_any_pieces_as_the_standard_library_reads_it(value, ascii_, indent, sizes):
    data = json.dumps(value, ensure_ascii=ascii_, indent=indent).encode("utf-8", "replace")
    assert whole(Pieces(data, sizes), ReadOptions()) == json.loads(data)


@QUICK
@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3)), st.lists(st.integers(1, 9)))
def test_the_elements_of_a_document_are_those_of_its_array(elements, sizes):
    data = json.dumps({"a": 1, "value": elements, "b": [None]}).encode()
    document = Document(Pieces(data, sizes), ReadOptions())
    assert list(document.elements("value")) == list(enumerate(json.loads(data)["value"], 1))
    assert document.top == {"a": 1, "b": [None]}


@QUICK
@given(st.dictionaries(st.text(), JSON, min_size=1), st.data())
def test_a_document_that_is_cut_off_is_refused(value, data):
    written = json.dumps(value).encode()
    end = data.draw(st.integers(0, len(written) - 1))
    try:
        whole(io.BytesIO(written[:end]), ReadOptions())
    except HashSetError as error:
        assert "ends too early" in str(error)
    else:
        raise AssertionError(written[:end])
