"""certutil, PowerShell, HashKeeper, iLook, EnCase, hfind's indexes: their edges."""

import io
import struct

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.both_ends import all_unquoted, split, unquoted
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.records import Loss, RecordBatch
from tests.contract import test_formats_contract_legacy as examples
from tests.contract.format_contract import (
    by_place,
    facts,
    flat,
    losses,
    md5,
    read,
    records,
    sha1,
    sha256,
)
from tests.contract.test_formats_contract_legacy import FILES, HKE, encase

MD5 = "76b38aee70875b2c64d6345713694bd6"
OTHER = "f55084bbfd495e65926dfb3ce1a22cec"
SHA1 = "906543b861aba09867863fbd4ac088dcd9147b0a"
SHA256 = "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450"


def lost(name, data, options=None):
    return [(one.place, one.reason) for one in losses(name, data, options)]


# certutil


def test_a_heading_of_certutil_without_a_hash_is_a_loss():
    data = (
        f"MD5 hash of a:\nMD5 hash of b:\n{MD5}\nSHA1 hash of c:\n{MD5}\nnonsense\n"
        f"MD2 hash of d:\n{MD5}\nMD5 hash of e:\n"
    ).encode()
    assert lost("certutil", data) == [
        (1, Loss.NO_HASH),
        (4, Loss.WRONG_LENGTH),
        (6, Loss.MALFORMED),
        (7, Loss.UNKNOWN_ALGORITHM),
        (9, Loss.NO_HASH),
    ]
    (record,) = records("certutil", data)
    assert (record.place, record.digests) == (2, (md5(MD5),))


def test_an_over_long_line_of_certutil_ends_its_heading():
    options = ReadOptions(maximum_line=60)
    data = f"MD5 hash of a:\n{MD5}\nMD5 hash of b:\n{'x' * 90}\n{MD5}\n".encode()
    assert lost("certutil", data, options) == [
        (3, Loss.NO_HASH),
        (4, Loss.MALFORMED),
        (5, Loss.MALFORMED),
    ]
    assert len(records("certutil", data, options)) == 1


@pytest.mark.parametrize(
    "text",
    [
        f"MD5 hash of a:\n{SHA1}\n",
        "MD5 hash of a:\n",
        f"MD2 hash of a:\n{MD5}\n",
        f"MD4 hash of a:\n{MD5}\n",
        f"MD5SUM of a:\n{MD5}\n",
        f"MD5\n{MD5}\n",
    ],
)
def test_what_is_no_output_of_certutil_is_not_recognised(text):
    assert not registry.by_name("certutil").detect(text.encode(), "x")


# PowerShell


def test_a_hash_that_the_window_cut_off_is_a_loss():
    data = examples.TestPowershell.opening + f"MD5             {MD5[:20]}...\n".encode()
    data += f"SHA1            {SHA1[:32]}    C:\\a\n".encode() + examples.TestPowershell.rows
    assert lost("powershell", data) == [(3, Loss.NOT_HEX), (4, Loss.WRONG_LENGTH)]
    assert len(records("powershell", data)) == 1


def test_rows_of_powershell_that_belong_to_nothing_are_losses():
    opening = examples.TestPowershell.opening.decode()
    data = f"noise\n{opening}                {MD5}\nMACTripleDES    {MD5}    C:\\a\n".encode()
    data += examples.TestPowershell.rows
    assert lost("powershell", data) == [
        (1, Loss.MALFORMED),
        (4, Loss.MALFORMED),
        (5, Loss.UNKNOWN_ALGORITHM),
    ]


def test_properties_that_repeat_begin_the_next_record_even_without_a_blank_line():
    data = f"Algorithm : MD5\nHash : {MD5}\nPath : a\nAlgorithm : MD5\nHash : {OTHER}\n".encode()
    assert [one.digests for one in records("powershell", data)] == [(md5(MD5),), (md5(OTHER),)]


def test_a_row_of_powershell_without_a_hash_is_a_loss():
    data = f"Algorithm : MD5\nPath : a\n\nHash : {MD5}\n\nAlgorithm : MD5\nHash : {MD5}\n".encode()
    assert lost("powershell", data) == [(1, Loss.NO_HASH), (4, Loss.UNKNOWN_ALGORITHM)]


def test_lines_that_go_on_without_end_are_not_kept():
    options = ReadOptions(maximum_line=200)
    row = examples.TestPowershell.rows.decode()
    data = examples.TestPowershell.opening + (row + f"{' ' * 56}{'x' * 100}\n" * 9 + row).encode()
    found = records("powershell", data, options)
    assert [one.place for one in found] == [3, 13]
    assert len(found[0].fields["Path"]) < 400
    assert {reason for _, reason in lost("powershell", data, options)} == {Loss.MALFORMED}
    long = examples.TestPowershell.opening + f"{'x' * 300}\n{row}".encode()
    assert lost("powershell", long, options) == [(3, Loss.MALFORMED)]


@pytest.mark.parametrize(
    "text",
    [
        "Algorithm  Hash  Path\n",
        "Algorithm : MD5\nPath : x\n",
        "Algorithm  Hash  Path\nMD5  x  y\n",
    ],
)
def test_what_get_filehash_does_not_show_is_not_recognised(text):
    assert not registry.by_name("powershell").detect(text.encode(), "x")


# HashKeeper


def keeper(*rows):
    return examples.TestHashkeeper.opening + "".join(f"{row}\r\n" for row in rows).encode()


def beside(**files):
    return ReadOptions(beside={f"{name}.hke": data for name, data in files.items()})


def test_rows_of_hashkeeper_that_do_not_fit_are_losses():
    good = f'1,999,"a",,"{MD5}",1,,,,,,'
    data = keeper(good, "1,2,3", '2,999,"b",,"",2,,,,,,', f'3,999,"c",,"{MD5}",x,,,,,,', '"')
    assert lost("hashkeeper", data) == [
        (3, Loss.MALFORMED),
        (4, Loss.NO_HASH),
        (5, Loss.BAD_VALUE),
        (6, Loss.MALFORMED),
    ]


def test_a_set_that_no_hke_describes_has_no_category():
    (record,) = records("hashkeeper", keeper(f'1,7,"a",,"{MD5}",1,,,,,,'), beside(a=HKE))
    assert (record.category, {*record.fields}) == (None, {*FILES})
    said = facts("hashkeeper", keeper(f'1,7,"a",,"{MD5}",1,,,,,,'))
    assert said["sets"].startswith("not described")


def test_a_set_that_is_not_notable_says_so_in_its_own_code():
    other = HKE.replace(b',1,1,"x"', b',1,0,"x"')
    (record,) = records("hashkeeper", keeper(f'1,999,"a",,"{MD5}",1,,,,,,'), beside(a=other))
    assert record.category == "0"


def test_two_descriptions_of_one_set_must_agree(monkeypatch):
    row = keeper(f'1,999,"a",,"{MD5}",1,,,,,,')
    assert len(records("hashkeeper", row, beside(a=HKE, b=HKE))) == 1
    with pytest.raises(HashSetError, match=r"b\.hke describes a set differently"):
        read("hashkeeper", row, beside(a=HKE, b=HKE.replace(b'"V"', b'"W"')))
    monkeypatch.setattr("hashmatch.formats.hashkeeper._SETS_HELD", 0)
    with pytest.raises(HashSetError, match="more than 0 sets"):
        read("hashkeeper", row, beside(a=HKE))


@pytest.mark.parametrize("data", [b"x\n", b'"hashset_id"\n', HKE + b"1,2\n"])
def test_a_damaged_hke_is_refused(data):
    row = keeper(f'1,999,"a",,"{MD5}",1,,,,,,')
    with pytest.raises(HashSetError, match=r"line \d"):
        read("hashkeeper", row, beside(a=data))


def test_other_files_beside_a_list_are_left_alone():
    row = keeper(f'1,999,"a",,"{MD5}",1,,,,,,')
    assert len(records("hashkeeper", row, ReadOptions(beside={"a.txt": b"x"}))) == 1


# iLook


def test_rows_of_ilook_that_do_not_fit_are_losses():
    data = examples.TestIlook.opening + examples.TestIlook.rows
    data += (
        f"{MD5},MD5\r\n{MD5},SHA9,s,a,\\,1\r\n{SHA1},SHA1,s,a,\\,1\r\n,MD5,s,a,\\,1\r\n".encode()
    )
    data += f"\r\n{MD5},,s,a,\\,x\r\n".encode()
    assert lost("ilook", data) == [
        (3, Loss.MALFORMED),
        (4, Loss.UNKNOWN_ALGORITHM),
        (6, Loss.NO_HASH),
        (8, Loss.BAD_VALUE),
    ]
    assert [one.digests for one in records("ilook", data)][1:] == [(sha1(SHA1),), (md5(MD5),)]


def test_version_3_of_ilook_keeps_every_hash_and_an_unknown_column():
    header = "V3Hash,HashSHA1,FileName,FilePath,FileSize,HashSHA256,HashNew,HashSHA512"
    data = f"{header}\n{MD5},{SHA1},a,b,\\c,1,{SHA256},77,{SHA256 * 2}\n".encode()
    (record,) = records("ilook", data)
    assert record.digests[:3] == (md5(MD5), sha1(SHA1), sha256(SHA256))
    assert len(record.digests) == 4
    assert (record.fields["FileName"], record.fields["HashNew"]) == ("a,b", "77")


def test_a_header_of_ilook_with_a_column_twice_is_refused():
    with pytest.raises(HashSetError, match="names a column twice"):
        read("ilook", b"V1Hash,V1Hash,FileName,FilePath,FileSize\n")
    options = ReadOptions(maximum_line=70)
    data = examples.TestIlook.opening + b"x" * 99 + b"\n" + examples.TestIlook.rows
    assert lost("ilook", data, options) == [(2, Loss.MALFORMED)]


# EnCase


def test_a_set_of_encase_that_is_cut_off_is_refused():
    whole = encase(2, MD5, OTHER)
    for end in (0, 8, 1151, 1152, 1153, 1170, 1187):
        with pytest.raises(HashSetError):
            read("encase", whole[:end])
    with pytest.raises(HashSetError, match="get a good copy"):
        read("encase", whole + b"\0" * 18)


def test_many_records_of_encase_are_read_in_order():
    digests = [f"{number:032x}" for number in range(9000)]
    data = encase(9000, *digests, name="")
    assert [one.digests[0].hex for one in records("encase", data)] == digests
    assert facts("encase", data) == {"format_version": "2"}
    batches = list(registry.by_name("encase").read_batches(io.BytesIO(data), ReadOptions()))
    assert sum(isinstance(one, RecordBatch) for one in batches) == 3


def test_the_name_of_an_encase_set_is_a_fact():
    assert facts("encase", encase(1, MD5, name="ก" * 39))["name"] == "ก" * 39


# indexes of hfind


@pytest.mark.parametrize("kind", ["encase", "hk", "nsrl", "md5sum"])
def test_the_hashes_of_an_index_are_right_whatever_its_offsets(kind):
    # The Sleuth Kit counts the offsets of EnCase and HashKeeper databases from the first record.
    data = f"{'0' * 41}|{kind}\n{'0' * 40}1|x\n{MD5.upper()}|{'9' * 16}\n".encode()
    (record,) = records("tsk-index", data)
    assert (record.digests, record.fields) == ((md5(MD5),), {})
    assert facts("tsk-index", data)["database_type"] == kind


def test_rows_of_an_index_that_do_not_fit_are_losses():
    zeros = "0" * 16
    rows = [f"{MD5}|{zeros}"] * 50 + [
        f"{MD5}|1",
        MD5,
        f"{SHA256}|{zeros}",
        f"{'G' * 32}|{zeros}",
        "",
    ]
    data = examples.TestTskIndex.opening + "\n".join([*rows, f"{SHA1}|{zeros}", ""]).encode()
    assert lost("tsk-index", data) == [
        (53, Loss.MALFORMED),
        (54, Loss.MALFORMED),
        (55, Loss.MALFORMED),
        (56, Loss.NOT_HEX),
    ]
    assert [one.digests for one in records("tsk-index", data)][-1] == (sha1(SHA1),)
    fast = list(registry.by_name("tsk-index").read_batches(io.BytesIO(data), ReadOptions()))
    assert by_place(flat(fast)) == by_place(read("tsk-index", data))


def test_an_idx2_is_recognised_and_refused_with_the_reason():
    table = [(1 << 64) - 1] * 4096
    table[7], table[4000] = 0, 68
    data = struct.pack("=4096Q", *table)
    assert registry.detect(data, "x").name == "tsk-index"
    with pytest.raises(HashSetError, match=r"\.idx2 holds no hashes"):
        read("tsk-index", data)
    assert not registry.by_name("tsk-index").detect(bytes(32768), "x.idx2")
    assert not registry.by_name("tsk-index").detect(b"\xff" * 32768, "x.idx2")


# rows taken apart from both ends


@pytest.mark.parametrize(
    ("line", "before", "after", "cells"),
    [
        ("a,b,c", 1, 1, ["a", "b", "c"]),
        ("a,b,,b,c", 1, 1, ["a", "b,,b", "c"]),
        ("a,c", 1, 1, None),
        ("a", 0, 1, None),
        ("x", 0, 0, ["x"]),
        ("", 1, 0, None),
    ],
)
def test_rows_are_split_from_both_ends(line, before, after, cells):
    assert split(line, before, after) == cells


@pytest.mark.parametrize(
    ("cell", "text"),
    [('"a"', "a"), ('"a""b"', 'a"b'), ('"a"b"', 'a"b'), ('"', '"'), (' "x" ', "x"), ("a", "a")],
)
def test_quotes_are_taken_off(cell, text):
    assert unquoted(cell) == text


@pytest.mark.parametrize(
    "cells",
    [
        ['"a"', '"b"', '""'],
        ['"a"', "b", '"c"'],
        ["1", "22"],
        ["1", " 2 "],
        ['"a"b"', "c", '"d"'],
        ['"a', 'b"'],
        ['"', '"', "x"],
        ['"a""b"', '"c"'],
        [""],
    ],
)
def test_quotes_are_taken_off_a_column_as_off_each_cell(cells):
    assert all_unquoted(cells) == [unquoted(cell) for cell in cells]
