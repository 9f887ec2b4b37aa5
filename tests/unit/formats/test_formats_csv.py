import base64
import io

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import csv_rows, registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.records import Dropped, Loss
from tests.contract.format_contract import (
    facts,
    losses,
    md5,
    pdq,
    read,
    records,
    sha1,
    sha256,
)

MD5 = "76b38aee70875b2c64d6345713694bd6"
ZEROS = "00000000000000000000000000000001"
SHA1 = "906543b861aba09867863fbd4ac088dcd9147b0a"
SHA256 = "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450"
PDQ = "d57e01f47ebcda558c9e4aaf7e3b286d693069a309507b8bdb026bbad8620fc7"
PHOTODNA = base64.b64encode(bytes(range(144))).decode()


def table(*rows):
    return ("\n".join(rows) + "\n").encode()


def mapped(**columns):
    return ReadOptions(columns=columns)


def one(data, options=None):
    (record,) = records("csv", data, options)
    return record


def lost(data, options=None):
    return [(loss.place, loss.reason) for loss in losses("csv", data, options)]


# Finding the columns.


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_the_header_readable(delimiter):
    header = ["a,b;c|d e" if delimiter == "\t" else "note", "MD5", "File Size"]
    data = table(delimiter.join(header), delimiter.join(["x", MD5, "7"]))
    assert registry.detect(data, "x.txt").name == "csv"
    assert one(data).digests == (md5(MD5),)
    assert one(data).size == 7


def test_a_stated_delimiter_is_believed():
    data = table("MD5^category,x", f"{MD5}^1,2")
    assert one(data, ReadOptions(delimiter="^")).fields == {"MD5": MD5, "category,x": "1,2"}


def test_the_line_that_spreadsheets_write_for_the_delimiter_is_read():
    data = table("sep=;", "a,b;md5", f"1,2;{MD5}")
    assert registry.detect(data, "x").name == "csv"
    record = one(data)
    assert (record.place, record.fields["a,b"]) == (3, "1,2")
    with pytest.raises(HashSetError):
        read("csv", b"sep=;\n")


@pytest.mark.parametrize(
    "header", ["md5", "MD5", "Md5", "MD-5", " md5 ", "HASH_MD5", '"MD5"', "md5sum"]
)
def test_headers_are_known_in_every_spelling(header):
    assert one(table(f"x,{header}", f"1,{MD5}")).digests == (md5(MD5),)


def test_other_columns_are_known_by_their_names():
    record = one(
        table(
            "Media ID;SHA-1;Category;File Size;PhotoDNA", f"0007;{SHA1};Comparison;012;{PHOTODNA}"
        )
    )
    assert record.entry == "0007"
    assert record.category == "Comparison"
    assert record.size == 12
    assert [value.value for value in record.perceptual] == [bytes(range(144))]
    assert record.digests == (sha1(SHA1),)


def test_what_was_understood_is_stated():
    data = table("id,MD5,Class,Algorithm,Hash", f"1,{MD5},x,SHA1,{SHA1}")
    assert facts("csv", data) == {
        "columns": "md5=MD5, algorithm=Algorithm, hash=Hash, entry=id",
        "encoding": "utf-8",
    }


def test_a_status_is_not_taken_for_a_category():
    assert one(table("md5,status", f"{MD5},alert")).category is None


def test_columns_of_one_name_are_all_kept():
    record = one(table("md5,note,note,,", f"{MD5},a,b,c,d"))
    assert record.fields == {"md5": MD5, "note": "a", "note (3)": "b", "4": "c", "5": "d"}


@pytest.mark.parametrize("name", ["Algorithm", "HashName", "hash type"])
def test_a_column_may_name_the_algorithm_of_each_row(name):
    data = table(f"{name},Hash,Path", f"SHA256,{SHA256},a", f"MD5,{MD5},b", "SHA-1,,c")
    first, second = records("csv", data)
    assert first.digests == (sha256(SHA256),)
    assert second.digests == (md5(MD5),)
    assert lost(data) == [(4, Loss.NO_HASH)]
    assert lost(table(f"{name},Hash", f"NTLM,{MD5}")) == [(2, Loss.UNKNOWN_ALGORITHM)]


def test_a_column_called_hash_asks_for_its_type():
    data = table("Path,Hash", f"a,{PDQ}")
    assert registry.detect(data, "x").name == "csv"
    with pytest.raises(HashSetError, match="--type"):
        read("csv", data)
    assert one(data, ReadOptions(algorithm="pdq")).perceptual == (pdq(PDQ),)
    assert one(data, mapped(pdq="hash")).perceptual == (pdq(PDQ),)


@pytest.mark.parametrize("header", ["a,b,c", "name", "file name;size;note"])
def test_a_table_without_a_hash_column_is_refused(header):
    with pytest.raises(HashSetError, match="none is named after a hash"):
        read("csv", table(header, "1,2,3"))


def test_64_digits_under_a_name_that_says_neither_sha256_nor_pdq_are_refused():
    data = table("md5,value", f"{MD5},", f"{MD5},{PDQ}")
    with pytest.raises(HashSetError, match="line 3, column 2: 64 hexadecimal digits") as refused:
        read("csv", data)
    assert PDQ not in str(refused.value)
    assert len(records("csv", data, mapped(md5="md5"))) == 2
    assert len(records("csv", table("md5,pieces root", f"{MD5},{PDQ}"))) == 1


def test_other_columns_that_seem_to_hold_hashes_are_pointed_out():
    data = table("SHA1,V3Hash,note", f"{SHA1},{MD5},x")
    assert facts("csv", data)["unread_columns"] == "V3Hash"


# Mapping.


def test_columns_are_mapped_by_name_or_number():
    data = table("A,B,C,D,E", f"{MD5},x7,17,{PDQ},88")
    record = one(data, mapped(md5="a", entry="2", category="C", size="c", pdq="4", quality="E"))
    assert record.digests == (md5(MD5),)
    assert record.perceptual == (pdq(PDQ, 88),)
    assert (record.entry, record.category, record.size) == ("x7", "17", 17)
    assert record.fields["A"] == MD5


def test_a_table_without_header_needs_numbers():
    data = table(f"a;{MD5}", f"b;{ZEROS}")
    first, second = records("csv", data, mapped(md5="2"))
    assert (first.place, first.digests) == (1, (md5(MD5),))
    assert first.fields == {"1": "a", "2": MD5}
    assert second.digests == (md5(ZEROS),)
    assert not registry.by_name("csv").detect(data, "x.csv")


@pytest.mark.parametrize("first", ["a,MD5", "a,Hash", "a,checksum"])
def test_a_header_above_columns_mapped_by_number_is_no_record(first):
    record = one(table(first, f"b,{MD5}"), mapped(md5="2"))
    assert record.place == 2
    assert list(record.fields) == first.split(",")


@pytest.mark.parametrize("damaged", ["1.2E+31", MD5[:31], "", "G" * 32, " "])
def test_a_damaged_first_record_is_not_taken_for_a_header(damaged):
    data = table(f"a,{damaged}", f"b,{MD5}")
    (loss,) = losses("csv", data, mapped(md5="2"))
    assert (loss.place, loss.whole) == (1, True)


def test_a_header_that_is_a_number_goes_before_the_number():
    assert one(table("2,1", f"{MD5},x"), mapped(md5="2")).digests == (md5(MD5),)


@pytest.mark.parametrize("column", ["missing", "0", "4", "99999999", "²", "-1", "64"])
def test_a_mapped_column_that_does_not_exist_is_refused(column):
    with pytest.raises(HashSetError, match="--map md5: the table has no such column"):
        read("csv", table("a,b,c", f"{MD5},x,y"), mapped(md5=column))


def test_a_map_without_a_hash_is_refused():
    with pytest.raises(HashSetError, match="names no hash column"):
        read("csv", table("a,md5", f"1,{MD5}"), mapped(entry="a"))


# Rows.


def test_leading_zeros_stay():
    assert one(table("md5,category", f"{ZEROS},007")).digests == (md5(ZEROS),)
    assert one(table("md5,category", f"{ZEROS},007")).category == "007"


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1.2E+31", Loss.NOT_HEX),
        (MD5[1:], Loss.WRONG_LENGTH),
        ("G" * 32, Loss.NOT_HEX),
        (SHA1, Loss.WRONG_LENGTH),
    ],
)
def test_a_damaged_hash_is_a_loss_and_the_rest_of_the_row_survives(cell, reason):
    data = table("md5,sha1", f"{cell},{SHA1}", f"{cell},")
    assert losses("csv", data) == [Dropped(2, reason, whole=False), Dropped(3, reason)]
    assert one(data).digests == (sha1(SHA1),)


@pytest.mark.parametrize("row", [f"{MD5}", f"{MD5},a,b", f"{MD5},a,,c", f'{MD5},"a",b'])
def test_a_ragged_row_is_one_loss_and_the_next_row_is_read(row):
    data = table("md5,note", row, f"{ZEROS},x")
    assert lost(data) == [(2, Loss.MALFORMED)]
    assert one(data).place == 3


def test_empty_cells_after_the_last_column_are_no_trouble():
    data = table("md5,note", f"{MD5},a,", f'"{ZEROS}","b","",""')
    assert lost(data) == []
    assert [record.fields["note"] for record in records("csv", data)] == ["a", "b"]


def test_rows_that_say_nothing_are_passed_over():
    data = table("md5,note", "", ",", "  ", f"{MD5},", '"",""')
    assert one(data).place == 5
    assert lost(data) == []


def test_a_row_without_a_hash_is_a_loss():
    assert lost(table("md5,note", ",something", f"{MD5},x")) == [(2, Loss.NO_HASH)]


def test_quoted_cells_hold_delimiters_quotes_and_line_ends():
    data = table("note,md5", '"a,""b""\nc",' + MD5, f'"d","{ZEROS}"', f'e "quoted" f,{MD5}')
    assert [(record.place, record.fields["note"]) for record in records("csv", data)] == [
        (2, 'a,"b"\nc'),
        (4, "d"),
        (5, 'e "quoted" f'),
    ]


@pytest.mark.parametrize("opened", ['"', f'"open,{MD5}', f'x,"{MD5}'])
def test_a_quote_that_nothing_closes_costs_its_own_line_only(opened):
    data = table("note,md5", opened, f"a,{MD5}", f"b,{ZEROS}")
    assert lost(data) == [(2, Loss.MALFORMED)]
    assert [record.place for record in records("csv", data)] == [3, 4]


def test_quotes_that_are_not_doubled_cost_nothing_on_one_line():
    data = table("note,md5", f'"a "b" c","{MD5}"', f'"a ""b"" c" d,{ZEROS}')
    assert [record.digests for record in records("csv", data)] == [(md5(MD5),), (md5(ZEROS),)]


def test_a_quote_that_a_later_row_closes_does_not_swallow_the_rows_between():
    data = table("note,md5", f'"open,{MD5}', f"a,{MD5}", f'"b","{ZEROS}"', f"c,{MD5}")
    assert lost(data) == [(2, Loss.MALFORMED)]
    assert [record.place for record in records("csv", data)] == [3, 4, 5]


def test_a_quoted_cell_longer_than_a_line_may_be_costs_its_own_line_only():
    long = [f'"{"x" * 40}', *["y" * 40] * 5, '",']
    data = table("note,md5", *long, f"a,{MD5}")
    assert (2, Loss.MALFORMED) in lost(data, ReadOptions(maximum_line=100))
    assert one(data, ReadOptions(maximum_line=100)).place == 9


def test_a_cell_of_more_than_the_parsers_limit_costs_its_own_line_only():
    data = table("note,md5", f'"{"x" * 140_000}"" y",{MD5}', f"a,{MD5}")
    assert lost(data) == [(2, Loss.MALFORMED)]
    assert one(data).place == 3


def test_an_over_long_line_inside_a_quoted_cell_does_not_hide_the_rows_after_it():
    data = table("note,md5", f'"a,{MD5}', "x" * 200, f"b,{MD5}")
    assert lost(data, ReadOptions(maximum_line=100)) == [(2, Loss.MALFORMED), (3, Loss.MALFORMED)]
    assert one(data, ReadOptions(maximum_line=100)).place == 4


def test_a_lone_carriage_return_costs_its_own_line_only():
    data = table("note,md5", f'"a"\rb,{MD5}', f"c,{MD5}")
    assert lost(data) == [(2, Loss.MALFORMED)]
    assert one(data).place == 3


@pytest.mark.parametrize(("cell", "quality"), [("0", 0), ("100", 100), (" 49 ", 49), ("", None)])
def test_the_quality_of_a_pdq_is_kept(cell, quality):
    assert one(table("pdq,quality", f"{PDQ},{cell}")).perceptual == (pdq(PDQ, quality),)


@pytest.mark.parametrize("cell", ["101", "-1", "good", "49.5", "1000"])
def test_a_quality_that_is_none_is_a_loss_and_the_hash_survives(cell):
    data = table("pdq,quality", f"{PDQ},{cell}")
    assert losses("csv", data) == [Dropped(2, Loss.BAD_VALUE, whole=False)]
    assert one(data).perceptual == (pdq(PDQ),)


def test_a_size_that_is_none_is_a_loss_and_the_hash_survives():
    data = table("md5,size", f"{MD5},7 KB")
    assert losses("csv", data) == [Dropped(2, Loss.BAD_VALUE, whole=False)]
    assert one(data).size is None


def test_spreadsheet_formulas_that_force_text_are_read():
    assert one(table("md5,x", f'"=""{MD5}""",1')).digests == (md5(MD5),)


@pytest.mark.parametrize("data", [b"", b"\n \n", b'"md5\nmd5,a\n'])
def test_a_table_without_a_first_row_is_refused(data):
    with pytest.raises(HashSetError, match="first row"):
        read("csv", data)


def test_a_first_row_that_is_too_long_is_refused():
    with pytest.raises(HashSetError, match="first row"):
        read("csv", table("md5," + "x" * 200), ReadOptions(maximum_line=100))


@pytest.mark.parametrize("data", [b"", b"md5\n", b"# only a comment\n", f"{MD5}\n".encode()])
def test_what_is_no_table_is_not_recognised(data):
    assert not registry.by_name("csv").detect(data, "x.csv")


OTHERS = ["0" * 30 + f"{number:02}" for number in range(6)]


def test_stray_quotes_far_apart_do_not_swallow_the_rows_between():
    rows = [f'{MD5},"old', *(f"{one},x" for one in OTHERS), f'{ZEROS},5"', f"{MD5},z"]
    data = table("MD5,note", *rows)
    assert [(one.place, one.reason) for one in losses("csv", data)] == [(2, Loss.MALFORMED)]
    assert len(records("csv", data)) == len(rows) - 1


def test_stray_quotes_before_the_hash_do_not_swallow_a_row():
    data = table("note,MD5", f'"old,{MD5}', f'5",{ZEROS}', f"z,{MD5}")
    assert [one.place for one in losses("csv", data)] == [2]
    assert [one.place for one in records("csv", data)] == [3, 4]


@pytest.mark.parametrize(
    "row",
    [
        f'{MD5},"two\nlines, and ""more"""',
        f'{MD5},"see\n{ZEROS} too"',
        f'"{MD5}","a\n\nb"',
    ],
)
def test_a_note_of_several_lines_is_one_cell(row):
    assert len(records("csv", table("MD5,note", row, f"{ZEROS},x"))) == 2
    assert losses("csv", table("MD5,note", row)) == []


def test_a_note_of_several_lines_may_stand_before_the_hash():
    data = table("note,MD5", f'"two\nlines",{MD5}', f'"a,b\nc",{ZEROS}')
    assert [one.place for one in records("csv", data)] == [2, 4]


def test_a_value_beside_its_algorithm_is_a_row_too():
    data = table("algorithm,hash,note", f'md5,{MD5},"x', f"md5,{ZEROS},y", f'md5,{MD5},5"')
    assert len(records("csv", data)) == 2


@pytest.mark.no_cover  # much of the same: it takes half the time so
def test_quotes_that_nothing_closes_cost_time_by_the_length_of_the_table(monkeypatch):
    fed = 0
    feed = csv_rows.Rows._feed

    def counting(self, line, further):
        nonlocal fed
        for one in feed(self, line, further):
            fed += len(one)
            yield one

    monkeypatch.setattr(csv_rows.Rows, "_feed", counting)
    data = b"MD5,n,b\n" + b'a","b\n' * 8000
    assert len(losses("csv", data)) == 8000
    assert fed < 2000 * len(data)


@pytest.mark.parametrize("name", ["Thumbnail", "miniature_b64"])
def test_a_picture_in_a_column_is_only_described(name):
    data = table(f"MD5,{name}", f"{MD5},/9j/4AAQSkZJRgABAQAAAQ==", f"{ZEROS},")
    first, second = records("csv", data)
    assert first.fields[name]["length"] == 16
    assert second.fields[name] == ""
    fast = list(registry.by_name("csv").read_batches(io.BytesIO(data), ReadOptions()))
    assert "/9j/4AAQ" not in str(fast)
