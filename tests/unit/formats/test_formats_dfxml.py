"""DFXML: digests of whole files are compared, those of pieces and images never."""

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.model.records import Dropped, Loss
from tests.contract.format_contract import facts, losses, read, records

M = ("76b38aee70875b2c64d6345713694bd6", "f55084bbfd495e65926dfb3ce1a22cec")
DIGEST = f"<hashdigest type='md5'>{M[0]}</hashdigest>"


def dfxml(inner, root="dfxml"):
    return f"<{root}>{inner}</{root}>".encode()


def file(inner):
    return f"<fileobject>{inner}</fileobject>"


def test_a_digest_of_a_piece_is_carried_and_never_compared():
    piece = (
        f"<byte_runs><byte_run><hashdigest type='md5'>{M[1]}</hashdigest></byte_run></byte_runs>"
    )
    (record,) = records("dfxml", dfxml(file(piece + DIGEST)))
    assert [digest.hex for digest in record.digests] == [M[0]]
    assert record.other == ("of-pieces",)
    assert losses("dfxml", dfxml(file(piece) + file(DIGEST))) == [Dropped(1, Loss.NO_HASH)]


def test_the_digest_of_an_image_is_counted_and_never_compared():
    data = dfxml(f"<source><hashdigest type='md5'>{M[1]}</hashdigest></source>{file(DIGEST)}")
    assert [digest.hex for one in records("dfxml", data) for digest in one.digests] == [M[0]]
    assert facts("dfxml", data)["image_digests"] == "1"


def test_the_file_as_it_was_before_is_not_the_file():
    earlier = (
        f"<original_fileobject><hashdigest type='md5'>{M[1]}</hashdigest></original_fileobject>"
    )
    (record,) = records("dfxml", dfxml(file(earlier + DIGEST)))
    assert [digest.hex for digest in record.digests] == [M[0]]


def test_digest_types_in_any_case_and_unknown_ones():
    inner = (
        f"<hashdigest type='MD5'>{M[0]}</hashdigest><hashdigest type='tiger'>00</hashdigest>"
        "<hashdigest type='sha224'>00</hashdigest><hashdigest type='sha1'/>"
        "<hashdigest>x</hashdigest>"
    )
    (record,) = records("dfxml", dfxml(file(inner)))
    assert ([one.hex for one in record.digests], record.other) == ([M[0]], ("tiger", "unknown"))


@pytest.mark.parametrize(
    ("inner", "flags"),
    [
        ("<alloc>1</alloc>", {"unallocated": False}),
        ("<unalloc>1</unalloc>", {"unallocated": True}),
        ("<alloc/>", {}),
    ],
)
def test_whether_it_was_allocated_is_read_in_both_spellings(inner, flags):
    assert records("dfxml", dfxml(file(inner + DIGEST)))[0].flags == flags


def test_a_flag_that_cannot_be_read_is_a_loss():
    data = dfxml(file("<alloc>perhaps</alloc>" + DIGEST))
    assert losses("dfxml", data) == [Dropped(1, Loss.BAD_VALUE, whole=False)]


def test_directories_are_no_lost_files_but_files_without_digest_are():
    folder = file("<filename>d</filename><name_type>d</name_type>")
    plain = file("<filename>f</filename><name_type>r</name_type>")
    data = dfxml(folder + plain + file(DIGEST))
    assert losses("dfxml", data) == [Dropped(2, Loss.NO_HASH)]
    assert facts("dfxml", data)["entries_that_are_no_files"] == "1"


def test_a_damaged_digest_is_a_loss():
    data = dfxml(file("<hashdigest type='md5'>GG</hashdigest>") + file(DIGEST))
    assert losses("dfxml", data) == [Dropped(1, Loss.NOT_HEX)]


def test_a_document_without_digests_is_refused():
    with pytest.raises(HashSetError, match="no file object has a digest"):
        read("dfxml", dfxml("<metadata/>"))


def test_another_document_is_refused():
    with pytest.raises(HashSetError, match="outermost element is not dfxml"):
        read("dfxml", b"<html><p/></html>")


def test_fiwalks_older_root_and_the_program_are_known():
    data = dfxml("<creator><program>fiwalk</program></creator>" + file(DIGEST), "fiwalk")
    assert registry.detect(data, "x").name == "dfxml"
    assert facts("dfxml", data)["publisher"] == "fiwalk"
