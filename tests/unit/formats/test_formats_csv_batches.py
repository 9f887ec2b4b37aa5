import io

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions, read_fast
from hashmatch.model.hashes import Algorithm
from hashmatch.model.records import Dropped, HashRecord, ListFacts, Loss, RecordBatch
from tests.contract.format_contract import by_place, flat, merged_facts, read

MD5 = "76b38aee70875b2c64d6345713694bd6"
SHA1 = "906543b861aba09867863fbd4ac088dcd9147b0a"
SHA256 = "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450"
REGULAR = f"{MD5},{SHA1},1"


def table(*rows):
    return ("\n".join(["MD5,SHA1,Category", *rows]) + "\n").encode()


def fast(data, options=None):
    """Read in batches, and see that single rows say the same."""
    form = registry.by_name("csv")
    found = list(read_fast(form, io.BytesIO(data), options or ReadOptions()))
    slow = read("csv", data, options)
    assert by_place(flat(found)) == by_place(slow)
    assert merged_facts(found) == merged_facts(slow)
    return [event for event in found if not isinstance(event, ListFacts)]


def test_a_regular_table_is_one_batch_with_every_cell():
    (batch,) = fast(table(REGULAR, f"{MD5.upper()},{SHA1},"))
    assert batch.places == [2, 3]
    assert batch.digests == {
        Algorithm.MD5: bytes.fromhex(MD5 * 2),
        Algorithm.SHA1: bytes.fromhex(SHA1 * 2),
    }
    assert list(batch.categories) == ["1", None]
    assert (batch.entries, batch.sizes) == (None, None)
    assert {name: list(cells) for name, cells in batch.columns.items()} == {
        "MD5": [MD5, MD5.upper()],
        "SHA1": [SHA1, SHA1],
        "Category": ["1", ""],
    }


def test_rows_with_the_same_digests_make_one_batch():
    found = fast(table(REGULAR, f"{MD5},,2", f",{SHA1},3", REGULAR))
    assert [(len(batch), *batch.digests) for batch in found] == [
        (2, Algorithm.MD5, Algorithm.SHA1),
        (1, Algorithm.MD5),
        (1, Algorithm.SHA1),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        f"{MD5[:-1]},{SHA1},x",
        f"{'G' * 32},{SHA1},x",
        f"{MD5[:-2]} 0,{SHA1},x",
        f"{MD5[:-2]}  ,{SHA1},x",
        f" {MD5},,x",
        f'"=""{MD5}""",,x',
        "only,two",
        f"{REGULAR},more",
        f"{REGULAR},,",
        f'"{MD5},{SHA1},x',
        ",,",
        "",
        "  ",
        " , , ",
        f'{MD5},,"two\n\nlines"',
    ],
)
def test_an_irregular_row_is_read_alone_and_its_neighbours_are_not_touched(odd):
    found = fast(table(REGULAR, odd, REGULAR))
    regular = [event for event in found if isinstance(event, HashRecord | RecordBatch)]
    assert regular


def test_rows_that_only_look_regular_leave_no_batch():
    assert fast(table(f"{'G' * 32},,x")) == [Dropped(2, Loss.NOT_HEX)]


def test_digits_in_one_column_do_not_make_up_for_another_row():
    # Together the two cells have the right number of digits.
    found = fast(table(f"{MD5}00,,a", f"{MD5[2:]},,b"))
    assert found == [Dropped(2, Loss.WRONG_LENGTH), Dropped(3, Loss.WRONG_LENGTH)]


def test_cells_in_one_row_do_not_make_up_for_another_row():
    found = fast(table(f"{REGULAR},more", f"{MD5},{SHA1}", REGULAR))
    assert found[1:] == [Dropped(2, Loss.MALFORMED), Dropped(3, Loss.MALFORMED)]
    assert found[0].places == [4]


def test_tables_whose_every_cell_is_quoted_come_in_batches():
    data = (
        "\n".join(f'"{line.replace(",", chr(34) + "," + chr(34))}"' for line in [REGULAR] * 5)
        + "\n"
    )
    (batch,) = fast(b'"MD5","SHA1","Category"\n' + data.encode())
    assert len(batch) == 5


@pytest.mark.parametrize("size", ["7 KB", "-1", "9" * 19, "９", " 8 "])
def test_a_size_that_is_not_plain_is_read_alone(size):
    data = f"md5,size,id\n{MD5},12,a\n{MD5},{size},b\n{MD5},,\n".encode()
    batch = fast(data)[0]
    assert batch.sizes == [12, None]
    assert batch.entries == ["a", None]


def test_a_table_with_pdq_is_regular_where_the_pdq_is_empty():
    data = f"md5,pdq,quality\n{MD5},,\n{MD5},{'0f' * 32},7\n".encode()
    batch, record = fast(data)
    assert len(batch) == 1
    assert record.perceptual[0].quality == 7


@pytest.mark.parametrize(
    "data",
    [
        f"Algorithm,Hash\nMD5,{MD5}\n",
        f"md5,md5sum\n{MD5},{MD5}\n",
        f"pdq,x\n{'0f' * 32},1\n",
        f"photodna,x\n{'0f' * 144},1\n",
    ],
)
def test_tables_without_regular_rows_are_read_row_by_row(data):
    assert [type(event) for event in fast(data.encode())] == [HashRecord]


def test_a_first_row_without_header_is_a_record_of_its_own():
    options = ReadOptions(columns={"md5": "1"})
    first, batch = fast(f"{MD5},a\n{MD5},b\n".encode(), options)
    assert (first.place, batch.places) == (1, [2])


def test_an_over_long_line_between_blocks_costs_itself_only():
    rows = [REGULAR] * 20 + ["x" * 500] + [REGULAR] * 20
    found = fast(table(*rows), ReadOptions(maximum_line=200))
    assert sum(len(event) for event in found if isinstance(event, RecordBatch)) > 20
    assert [event for event in found if isinstance(event, Dropped)] == [Dropped(22, Loss.MALFORMED)]


def test_a_quoted_cell_over_several_blocks_is_one_cell():
    rows = [REGULAR, f'{MD5},,"' + "\n".join(["x"] * 60) + '"', REGULAR, REGULAR]
    found = fast(table(*rows), ReadOptions(maximum_line=90))
    assert any(isinstance(event, RecordBatch) for event in found)


def test_a_quote_that_nothing_closes_over_several_blocks_loses_one_line():
    found = fast(
        table(*[REGULAR] * 9, f'"{REGULAR}', *[REGULAR] * 30), ReadOptions(maximum_line=99)
    )
    assert [event for event in found if isinstance(event, Dropped)] == [Dropped(11, Loss.MALFORMED)]


def test_lines_of_nothing_but_delimiters_that_are_blanks_are_no_rows():
    assert len(fast(f"MD5\tx\n\t\n \t \n{MD5}\t1\n".encode())) == 1


def test_64_digits_under_an_unknown_name_are_refused_in_batches_too():
    data = f"md5,value\n{MD5},\n{MD5},{SHA256}\n".encode()
    with pytest.raises(HashSetError, match="line 3, column 2: 64 hexadecimal digits"):
        list(registry.by_name("csv").read_batches(io.BytesIO(data), ReadOptions()))


def test_columns_that_seem_to_hold_hashes_are_pointed_out_in_batches_too():
    found = registry.by_name("csv").read_batches(
        io.BytesIO(f"SHA1,other\n{SHA1},{MD5}\n".encode()), ReadOptions()
    )
    assert merged_facts(list(found))["unread_columns"] == "other"


def test_a_blank_line_inside_a_quoted_cell_is_kept():
    (record,) = fast(table(f'{MD5},,"a\n\nb"'))
    assert record.fields["Category"] == "a\n\nb"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_every_encoding_comes_in_batches(encoding):
    data = f"MD5;Note\r\n{MD5};é\r\n".encode(encoding)
    (batch,) = fast(data)
    assert batch.columns["Note"] == ["é"]
