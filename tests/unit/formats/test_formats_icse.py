import base64

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.model.hashes import Method
from hashmatch.model.records import Dropped, Loss
from tests.contract.format_contract import facts, losses, md5, read, records, sha1

MD5 = "76b38aee70875b2c64d6345713694bd6"
SHA1 = "906543b861aba09867863fbd4ac088dcd9147b0a"
PHOTODNA = bytes(range(144))
HEADER = (
    "MD5;SHA1;ZZ40;PhotoDNA;LACE;Image ID;Is distributed;Victim identified;Offender identified;"
    "Series name;Investigation name;Agency;Number of submissions;File Available;Media Type;Baseline"
)


def export(*rows, header=HEADER):
    return ("\n".join([header, *rows]) + "\n").encode()


def row(*texts, photodna="", baseline="Yes", flag="No", number="3"):
    cells = [MD5, SHA1, "", photodna, "", "17", flag, "n", "", *texts, number, "t", "Image"]
    return ";".join([*cells, baseline])


def one(data):
    (record,) = records("icse", data)
    return record


def test_the_header_decides_in_any_order_and_case():
    header = "Baseline;image id;SHA1;MD5"
    data = export(f"y;9;{SHA1};{MD5.upper()}", header=header)
    assert registry.detect(data, "x.csv").name == "icse"
    record = one(data)
    assert record.digests == (sha1(SHA1), md5(MD5))
    assert (record.entry, record.category) == ("9", "baseline")
    assert facts("icse", data) == {
        "columns": "Baseline, image id, SHA1, MD5",
        "encoding": "utf-8",
    }


@pytest.mark.parametrize(
    "header", ["MD5;SHA1;Image ID", "MD5,SHA1,Image ID,Baseline", "md5;sha1;Bild;Basis", "", "x"]
)
def test_other_headers_are_refused_and_left_to_tables(header):
    data = export(f"{MD5};{SHA1};1;2", header=header)
    assert not registry.by_name("icse").detect(data, "x")
    with pytest.raises(HashSetError, match="ICSE"):
        read("icse", data)


def test_an_export_is_never_taken_for_a_plain_table():
    assert not registry.by_name("csv").detect(export(row("a", "b", "c")), "x.csv")


@pytest.mark.parametrize(
    ("written", "category", "flag"),
    [
        ("Yes", "baseline", True),
        ("t", "baseline", True),
        ("TRUE", "baseline", True),
        ("n", "not-baseline", False),
        ("False", "not-baseline", False),
        ("", None, None),
    ],
)
def test_the_category_is_what_baseline_says(written, category, flag):
    record = one(export(row("a", "b", "c", baseline=written)))
    assert record.category == category
    assert record.flags.get("baseline") is flag


def test_a_word_that_is_neither_yes_nor_no_is_a_lost_value_and_not_a_no():
    data = export(row("a", "b", "c", flag="perhaps"))
    assert losses("icse", data) == [Dropped(2, Loss.BAD_VALUE, whole=False)]
    assert one(data).flags == {
        "victim_identified": False,
        "file_available": True,
        "baseline": True,
    }


def test_semicolons_in_texts_cost_nothing():
    data = export(row("a", "b; and c", "d"), row("", "", ";;", baseline="N"))
    first, second = records("icse", data)
    assert first.fields["Series name;Investigation name;Agency"] == "a;b; and c;d"
    assert first.fields["Media Type"] == "Image"
    assert first.category == "baseline"
    assert second.digests == (md5(MD5), sha1(SHA1))
    assert second.category == "not-baseline"
    assert losses("icse", data) == []


@pytest.mark.parametrize(
    "ragged",
    [
        MD5,
        ";".join([MD5, SHA1]),
        row("a", "b;x", "c", number="many"),
        row("a", "b;x", "c", flag="perhaps"),
        "x;" + row("a", "b", "c"),
        "x" * (1 << 21),
    ],
)
def test_a_row_that_cannot_be_told_apart_is_one_loss_and_the_next_is_read(ragged):
    data = export(ragged, row("a", "b", "c"))
    assert losses("icse", data) == [Dropped(2, Loss.MALFORMED)]
    assert one(data).place == 3


def test_without_columns_of_text_a_ragged_row_is_lost():
    header = "MD5;SHA1;Image ID;Baseline"
    data = export(f"{MD5};{SHA1};1;2;3", f"{MD5};{SHA1};1;y;", header=header)
    assert losses("icse", data) == [Dropped(2, Loss.MALFORMED)]
    assert one(data).category == "baseline"


@pytest.mark.parametrize("text", [PHOTODNA.hex(), base64.b64encode(PHOTODNA).decode()])
def test_photodna_is_read_in_both_spellings(text):
    (value,) = one(export(row("a", "b", "c", photodna=text))).perceptual
    assert (value.method, value.value) == (Method.PHOTODNA, PHOTODNA)


def test_a_photodna_of_a_wrong_length_costs_itself_only():
    short = export(row("a", "b;", "c", photodna="AAAA"))
    assert losses("icse", short) == [Dropped(2, Loss.WRONG_LENGTH, whole=False)]
    assert one(short).digests == (md5(MD5), sha1(SHA1))
    long = export(row("a", "b", "c", photodna="00" * 150))
    assert losses("icse", long) == []
    assert one(long).other == ("photodna-other",)


def test_vendor_columns_and_unknown_ones_are_kept_as_they_stand():
    header = HEADER + ";Later column"
    data = export(f"{row('a', 'b', 'c').replace(';;', ';QUJD;', 1)};later", header=header)
    record = one(data)
    assert record.other == ("zz40",)
    assert (record.fields["ZZ40"], record.fields["Later column"]) == ("QUJD", "later")


def test_a_header_that_repeats_a_name_loses_no_cell():
    data = export(f"{MD5};{SHA1};1;y;a;b", header="MD5;SHA1;Image ID;Baseline;x;x")
    assert one(data).fields["x (6)"] == "b"
