"""The formats of one value a line: plain, sums, hashdeep, pdq."""

import base64
import io

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Algorithm, Digest
from hashmatch.model.records import Dropped, Loss, RecordBatch
from tests.contract.format_contract import (
    by_place,
    facts,
    flat,
    losses,
    md5,
    pdq,
    read,
    records,
    sha1,
    sha256,
)

MD5 = "76b38aee70875b2c64d6345713694bd6"
SHA1 = "906543b861aba09867863fbd4ac088dcd9147b0a"
SHA256 = "ee57e9e93a8ed97e1432bccc16c2df78fa516bf5faf29c59a9cc3eadf9c3a450"
SHA512 = SHA256 * 2
PDQ = "d57e01f47ebcda558c9e4aaf7e3b286d693069a309507b8bdb026bbad8620fc7"


def typed(algorithm):
    return ReadOptions(algorithm=algorithm)


def lost(name, data, options=None):
    return [(loss.place, loss.reason) for loss in losses(name, data, options)]


# plain


@pytest.mark.parametrize("value", [MD5, SHA1, SHA256, SHA512])
def test_a_plain_list_of_any_length_is_recognised_and_refused_without_a_type(value):
    data = f"{value}\n{value}\n".encode()
    assert registry.detect(data, "x").name == "plain"
    with pytest.raises(HashSetError, match="line 1: nothing says which hash") as refused:
        read("plain", data)
    assert value not in str(refused.value)


def test_a_plain_list_of_mixed_lengths_is_refused_without_a_type():
    with pytest.raises(HashSetError, match="line 2: nothing says which hash"):
        read("plain", f"# mixed\n{MD5}\n{SHA256}\n".encode())


@pytest.mark.parametrize(
    ("value", "algorithm"),
    [(MD5, "md5"), (SHA1, "sha1"), (SHA256, "sha256"), (SHA512, "sha512")],
)
@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_a_plain_list_is_read_by_its_stated_type(value, algorithm, change):
    (record,) = records("plain", change(value).encode(), typed(algorithm))
    assert [digest.algorithm for digest in record.digests] == [Algorithm(algorithm)]
    assert record.digests[0].hex == value


def test_64_digits_are_pdq_only_where_the_operator_says_so():
    (record,) = records("plain", PDQ.encode(), typed("pdq"))
    assert record.perceptual == (pdq(PDQ),)
    (record,) = records("plain", PDQ.encode(), typed("sha256"))
    assert record.digests == (sha256(PDQ),)


@pytest.mark.parametrize("header", ["MD5", "md5", "MD-5", "# x\n\nMD5"])
def test_the_first_line_may_name_the_algorithm(header):
    (record,) = records("plain", f"{header}\n{MD5}\n".encode())
    assert record.digests == (md5(MD5),)
    assert record.place == header.count("\n") + 2
    assert len(records("plain", f"{header}\n{MD5}\n".encode(), typed("md5"))) == 1


def test_a_header_further_down_is_no_header():
    assert lost("plain", f"{MD5}\nSHA1\n".encode(), typed("md5")) == [(2, Loss.NOT_HEX)]


def test_a_header_and_a_stated_type_that_disagree_are_refused():
    with pytest.raises(HashSetError, match="line 1 says that the values are md5, --type says sha1"):
        read("plain", f"MD5\n{MD5}\n".encode(), typed("sha1"))


@pytest.mark.parametrize("header", ["MD4", "TLSH", "CRC32"])
def test_a_list_of_hashes_that_cannot_be_compared_is_refused(header):
    with pytest.raises(HashSetError, match="cannot be compared"):
        read("plain", f"{header}\n{MD5}\n".encode(), typed("md5"))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ed2k", MD5),
        ("TTH", "LWPNACQDBZRYXW3VHJVCJ64QBZNGHOHHHZWCLNQ"),
        ("PhotoDNA", base64.b64encode(bytes(range(144))).decode()),
        ("SHA384", "0f" * 48),
    ],
)
def test_every_type_can_be_named_by_the_first_line(header, value):
    data = f"{header}\n{value}\n".encode()
    assert registry.detect(data, "x").name == "plain"
    (record,) = records("plain", data)
    assert len(record.digests) + len(record.perceptual) == 1


def test_a_list_of_photodna_in_base64_is_recognised_and_needs_its_type():
    data = base64.b64encode(bytes(range(144))) + b"\n"
    assert registry.detect(data, "x").name == "plain"
    assert len(records("plain", data, typed("photodna"))) == 1


def test_notes_are_kept_and_trouble_is_counted_by_line():
    data = f"{MD5}\tseen  twice \n; c\n\n{'G' * 32}\n{SHA1}\n {MD5.upper()} \n".encode()
    first, second = records("plain", data, typed("md5"))
    assert first.fields == {"note": "seen  twice"}
    assert (second.place, second.fields) == (6, {})
    assert lost("plain", data, typed("md5")) == [(4, Loss.NOT_HEX), (5, Loss.WRONG_LENGTH)]


def test_an_over_long_line_of_any_format_is_a_loss():
    options = ReadOptions(algorithm="md5", maximum_line=100)
    long = "x" * 150
    assert lost("plain", f"{MD5}\n{long}\n".encode(), options) == [(2, Loss.MALFORMED)]
    assert lost("sums", f"{MD5}  a\n{long}\n".encode(), options) == [(2, Loss.MALFORMED)]
    assert lost("pdq", f"{PDQ}\n{long}\n".encode(), options) == [(2, Loss.MALFORMED)]
    deep = f"%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n1,{MD5},a\n{long}\n"
    assert lost("hashdeep", deep.encode(), options) == [(4, Loss.MALFORMED)]


def test_a_list_whose_every_line_is_lost_is_refused():
    with pytest.raises(HashSetError, match="no line holds such a value"):
        read("plain", f"{SHA1}\n{SHA1}\n".encode(), typed("md5"))


@pytest.mark.parametrize("line", [f"{MD5}:password", f"user:{MD5}", "x", f"{MD5[:-1]}", "MD5"])
def test_other_lists_are_not_recognised_as_plain(line):
    assert not registry.by_name("plain").detect(f"{line}\n{line}\n".encode(), "x")


# sums


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"{MD5}  a b", "a b"),
        (f"{MD5} *a", "a"),
        (f"{MD5} a", "a"),
        (f"{MD5}   a", " a"),
        (f"{MD5}  *a", "*a"),
        (f"{MD5.upper()}  a", "a"),
        (f"MD5 (a) = {MD5}", "a"),
        (f"MD5 (a (1)) = b) = {MD5}", "a (1)) = b"),
        (f"MD5(a)= {MD5}", "a"),
        (f"MD5(a (1))= {MD5}", "a (1)"),
        (f"MD5 (a) = {base64.b64encode(bytes.fromhex(MD5)).decode()}", "a"),
        (f"\\{MD5}  a\\nb\\\\c\\rd", "a\nb\\c\rd"),
        (f"\\MD5 (a\\nb) = {MD5}", "a\nb"),
        (f"\\{MD5}  a\\tb\\", "a\\tb\\"),
        (f"\\{MD5}  a", "a"),
        (f"{MD5}  a\\nb", "a\\nb"),
    ],
)
def test_every_form_of_a_checksum_line(line, name):
    data = f"{line}\n".encode()
    assert registry.detect(data, "x").name == "sums"
    (record,) = records("sums", data)
    assert record.digests == (md5(MD5),)
    assert record.fields == {"name": name}


@pytest.mark.parametrize(
    ("value", "algorithm"),
    [(MD5, "md5"), (SHA1, "sha1"), (SHA256, "sha256"), (SHA256 + MD5, "sha384")],
)
def test_without_a_tag_the_length_names_the_algorithm(value, algorithm):
    (record,) = records("sums", f"{value}  a\n".encode())
    assert [digest.algorithm for digest in record.digests] == [Algorithm(algorithm)]


@pytest.mark.parametrize("prefix", ["", "\\", "  12  "])
def test_128_digits_are_sha512_only_where_that_is_said(prefix):
    data = f"{prefix}{SHA512}  a\n".encode()
    assert registry.detect(data, "B2SUMS").name == "sums"
    with pytest.raises(HashSetError, match="--type sha512"):
        read("sums", data)
    with pytest.raises(HashSetError, match="--type sha512"):
        list(registry.by_name("sums").read_batches(io.BytesIO(data), ReadOptions()))
    (record,) = records("sums", data, typed("sha512"))
    assert record.digests == (Digest(Algorithm.SHA512, bytes.fromhex(SHA512)),)
    assert len(records("sums", f"SHA512 (a) = {SHA512}\n".encode())) == 1


@pytest.mark.parametrize("damage", [b"\0\0\0\0", b"\0" + MD5.encode() + b"  f\n"])
def test_nul_at_the_end_of_a_checksum_list_is_one_loss_and_swallows_nothing(damage):
    data = f"{MD5}  good\n{MD5}  b\n{MD5}  c\n".encode()
    assert [one.fields["name"] for one in records("sums", data + damage)] == ["good", "b", "c"]
    assert lost("sums", data + damage) == [(4, Loss.MALFORMED)]


def test_lists_whose_lines_end_with_cr_alone_are_read_in_full():
    assert len(records("plain", f"{MD5}\r{SHA1[:32]}\r{MD5}".encode(), typed("md5"))) == 3
    assert len(records("sums", f"{MD5}  a\r{MD5}  b\r".encode())) == 2
    table = f"MD5,name\r{MD5},a\r{SHA1[:32]},b\r".encode()
    assert registry.detect(table, "x").name == "csv"
    assert len(records("csv", table)) == 2


@pytest.mark.parametrize("between", [" ", "\t", "  *", " ; "])
@pytest.mark.parametrize("second", [MD5, SHA1, SHA256, SHA512])
def test_a_second_hash_on_a_line_is_not_read_as_a_note(between, second):
    data = f"{MD5}{between}{second}\n{MD5} note {second}\n".encode()
    assert len(records("plain", data, typed("md5"))) == 2
    assert lost("plain", data, typed("md5")) == [(1, Loss.MALFORMED)]


def test_the_operator_may_know_better_than_the_length():
    (record,) = records("sums", f"{PDQ}  a\n".encode(), typed("pdq"))
    assert record.perceptual == (pdq(PDQ),)


@pytest.mark.parametrize("tag", ["SHA256", "SHA2-256", "SHA-256", "sha256"])
def test_a_tag_names_the_algorithm(tag):
    (record,) = records("sums", f"{tag} (a) = {SHA256}\n".encode())
    assert record.digests == (sha256(SHA256),)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"BLAKE2b (a) = {SHA512}", Loss.UNKNOWN_ALGORITHM),
        (f"HMAC-SHA256(a)= {SHA256}", Loss.UNKNOWN_ALGORITHM),
        (f"SHA512-256(a)= {SHA256}", Loss.UNKNOWN_ALGORITHM),
        (f"MD5 (a) = {SHA1}", Loss.WRONG_LENGTH),
        (f"{MD5}0  a", Loss.WRONG_LENGTH),
        ("185192a1  a", Loss.WRONG_LENGTH),
        ("Z" * 32 + "  a", Loss.NOT_HEX),
        (MD5, Loss.MALFORMED),
        (f"{MD5} ", Loss.MALFORMED),
        ("md5sum: a: No such file", Loss.WRONG_LENGTH),
        ("(a) = ", Loss.MALFORMED),
        ("\\", Loss.MALFORMED),
    ],
)
def test_a_line_without_a_usable_hash_is_one_loss(line, reason):
    data = f"{MD5}  good\n{line}\n".encode()
    if line.startswith("md5sum:"):
        reason = Loss.MALFORMED
    assert lost("sums", data) == [(2, reason)]
    assert len(records("sums", data)) == 1


def test_hashes_that_are_only_stored_are_kept():
    data = f"SHA384 (a) = {'0f' * 48}\n{'0f' * 48}  b\nCRC32 (c) = 185192a1\n".encode()
    found = records("sums", data)
    sha384 = Digest.parse(Algorithm.SHA384, "0f" * 48)
    assert [record.digests for record in found] == [(sha384,), (sha384,), ()]
    assert [record.other for record in found] == [(), (), ("crc32",)]


@pytest.mark.parametrize(
    "line", [f"SHA256 (a) = {SHA256}", f"SHA2-256(a)= {SHA256}", f"\\SHA256 (a) = {SHA256}"]
)
def test_a_tag_that_contradicts_the_stated_type_is_refused(line):
    data = f"{MD5}  a\n{line}\n".encode()
    with pytest.raises(HashSetError, match="line 2 says that its value is sha256, --type says md5"):
        read("sums", data, typed("md5"))
    assert len(records("sums", line.encode(), typed("sha256"))) == 1


@pytest.mark.parametrize("size", [0, 7858, 12345678901, (1 << 63) - 1])
def test_md5deep_writes_the_size_before_the_hash(size):
    data = f"{size:>10}  {MD5}  a  b\n".encode()
    assert registry.detect(data, "x").name == "sums"
    (record,) = records("sums", data)
    assert (record.digests, record.size, record.fields) == ((md5(MD5),), size, {"name": "a  b"})


def test_a_digest_of_nothing_but_decimals_is_no_size():
    digits = "1234567890" * 3 + "12"
    (record,) = records("sums", f"{digits}  {MD5}  a\n".encode())
    assert (record.digests, record.fields) == ((md5(digits),), {"name": f"{MD5}  a"})


def test_comments_and_blank_lines_are_passed_over():
    data = f"# md5\n; x\n\n   \n{MD5}  a\r\n".encode()
    (record,) = records("sums", data)
    assert (record.place, record.fields) == (5, {"name": "a"})


def test_a_crc_list_is_recognised_and_refused_with_the_reason():
    data = b"; Generated by a tool\nalpha.png 185192A1\nbravo 69259E96\n"
    assert registry.detect(data, "list").name == "sums"
    with pytest.raises(HashSetError, match="CRC-32, which different files share"):
        read("sums", data)


@pytest.mark.parametrize("line", [f"{MD5}:word", f"user:{MD5}", f"user:1000:{MD5}:{MD5}:::"])
def test_lists_of_cracked_passwords_are_refused_unless_described(line):
    data = f"{line}\n{line}\n".encode()
    assert registry.detect(data, "x") is None
    for name in ("plain", "sums", "hashdeep"):
        with pytest.raises(HashSetError):
            read(name, data, typed("md5"))
    column = str(line.split(":").index(MD5) + 1)
    described = ReadOptions(columns={"md5": column}, delimiter=":")
    assert [one.digests for one in records("csv", data, described)] == [(md5(MD5),)] * 2


@pytest.mark.parametrize(
    "row",
    [
        "MD5 (a) = {0}\n",
        "{0}  a\n" * 100 + "x\n" + "{0} *b\n" * 5000,
        "{0}  a\n" * 40 + "\\{0}  b\\nc\n" + "{0} d\n# x\n\n" + "{0}  \n" * 40,
        "ab " * 10 + "ab  a\n{0}  a\n",
    ],
)
def test_lines_read_at_once_say_the_same_as_one_by_one(row):
    data = row.format(MD5).encode()
    stream = io.BytesIO(data)
    fast = list(flat(registry.by_name("sums").read_batches(stream, ReadOptions())))
    assert by_place(fast) == by_place(read("sums", data))


@pytest.mark.parametrize(
    "odd", ["x", "# y", "", " {0}", "{0} z", "G" * 32, "{1}", " ".join("ab" * 8)]
)
def test_values_read_at_once_say_the_same_as_one_by_one(odd):
    lines = [MD5] * 4500
    lines[4200] = odd.format(MD5, MD5[1:])
    data = "\r\n".join(lines).encode()
    fast = list(registry.by_name("plain").read_batches(io.BytesIO(data), typed("md5")))
    assert by_place(flat(fast)) == by_place(read("plain", data, typed("md5")))
    assert len(fast) < 100


@pytest.mark.parametrize("name", ["plain", "sums", "hashdeep"])
def test_reading_at_once_refuses_what_reading_one_by_one_refuses(name):
    with pytest.raises(HashSetError):
        list(registry.by_name(name).read_batches(io.BytesIO(b"x\n"), typed("md5")))


def test_a_list_ended_by_nul_keeps_line_ends_in_names():
    data = f"{MD5}  a\0{SHA1}  b\nc\0".encode()
    assert registry.detect(data, "x").name == "sums"
    assert [record.fields["name"] for record in records("sums", data)] == ["a", "b\nc"]


# hashdeep


def hashdeep(*rows, columns="size,md5,sha1,filename"):
    return "\n".join(["%%%% HASHDEEP-1.0", f"%%%% {columns}", *rows]).encode()


def test_a_hashdeep_row_keeps_commas_in_the_name():
    (record,) = records("hashdeep", hashdeep("## note", f"5,{MD5},{SHA1},a,b,#c"))
    assert record.digests == (md5(MD5), sha1(SHA1))
    assert (record.place, record.size, record.fields) == (4, 5, {"name": "a,b,#c"})


def test_hashdeep_columns_in_every_spelling_and_unknown_ones_are_carried():
    data = hashdeep(
        f"5,{SHA256},aa,bb,cc,{SHA1},n", columns="size,SHA-256,whirlpool,tiger,new,sha-1,filename"
    )
    (record,) = records("hashdeep", data)
    assert record.digests == (sha256(SHA256), sha1(SHA1))
    assert record.other == ("whirlpool", "tiger", "unknown")
    assert record.fields == {"name": "n", "whirlpool": "aa", "tiger": "bb", "new": "cc"}
    assert facts("hashdeep", data)["columns"] == "size,sha-256,whirlpool,tiger,new,sha-1,filename"
    assert facts("hashdeep", data)["format_version"] == "1.0"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"5,{MD5},n", [Dropped(3, Loss.MALFORMED)]),
        ("nonsense", [Dropped(3, Loss.MALFORMED)]),
        (f"5,{'G' * 32},{SHA1},n", [Dropped(3, Loss.NOT_HEX, whole=False)]),
        (f"5,{MD5},{SHA1}0,n", [Dropped(3, Loss.WRONG_LENGTH, whole=False)]),
        (f"x,{MD5},{SHA1},n", [Dropped(3, Loss.BAD_VALUE, whole=False)]),
        (f"5,{MD5},,n", []),
        ("5,,,n", [Dropped(3, Loss.NO_HASH)]),
        ("5,?,?,n", [Dropped(3, Loss.NOT_HEX)]),
    ],
)
def test_trouble_in_a_hashdeep_row_is_a_loss(row, expected):
    assert losses("hashdeep", hashdeep(row, f"1,{MD5},{SHA1},n")) == expected


def test_joined_hashdeep_files_are_read_by_their_own_headers():
    first = hashdeep(f"5,{MD5},{SHA1},n")
    second = hashdeep(f"6,{SHA256},m", columns="size,sha256,filename")
    assert [record.size for record in records("hashdeep", first + b"\n" + second)] == [5, 6]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        f"5,{MD5},n".encode(),
        b"%%%% HASHDEEP-1.0\n",
        b"%%%% HASHDEEP-1.0\n%%%% md5,sha1\n",
        b"%%%% HASHDEEP-1.0\n%%%% size,filename\n",
        b"%%%% size,md5,filename\n%%%% HASHDEEP-1.0\n",
        hashdeep("x", columns="filename,md5,size"),
    ],
)
def test_a_hashdeep_file_without_its_header_is_refused(data):
    with pytest.raises(HashSetError, match="expected"):
        read("hashdeep", data)


def test_a_row_before_the_columns_are_named_is_a_loss():
    data = f"%%%% HASHDEEP-1.0\n5,{MD5},a\n%%%% size,md5,filename\n5,{MD5},a\n".encode()
    assert losses("hashdeep", data) == [Dropped(2, Loss.MALFORMED)]
    assert len(records("hashdeep", data)) == 1


@pytest.mark.parametrize(
    "odd",
    [
        f"5,{MD5}",
        f"5,,{SHA1},n",
        f"x,{MD5},{SHA1},n",
        f"{'9' * 19},{MD5},{SHA1},n",
        "# x",
        f"7,{SHA1},{MD5},n",
        f"7, {MD5},{SHA1},n",
        f"%%%% HASHDEEP-1.0\n%%%% size,sha1,filename\n8,{SHA1},m",
    ],
)
def test_hashdeep_rows_read_at_once_say_the_same_as_one_by_one(odd):
    rows = [f"5,{MD5},{SHA1},a,b"] * 300
    data = hashdeep(*rows, odd, *rows)
    fast = list(registry.by_name("hashdeep").read_batches(io.BytesIO(data), ReadOptions()))
    assert by_place(flat(fast)) == by_place(read("hashdeep", data))
    assert sum(isinstance(one, RecordBatch) for one in fast) >= 1


def test_a_hash_that_a_hashdeep_header_names_twice_is_kept_twice():
    data = hashdeep(*[f"5,{MD5},{MD5[::-1]},n"] * 40, columns="size,md5,md5,filename")
    fast = list(registry.by_name("hashdeep").read_batches(io.BytesIO(data), ReadOptions()))
    assert by_place(fast) == by_place(read("hashdeep", data))
    assert fast[2].digests == (md5(MD5), md5(MD5[::-1]))


# pdq


def test_pdq_lines_with_prefix_and_metadata():
    data = f"# c\nhash={PDQ.upper()} \n {PDQ},x,y\nhash={PDQ},\n".encode()
    found = records("pdq", data)
    assert [record.perceptual for record in found] == [(pdq(PDQ),)] * 3
    assert [record.fields for record in found] == [{}, {"metadata": "x,y"}, {"metadata": ""}]


def test_short_and_empty_pdq_values_are_losses_but_not_the_end_of_the_file():
    data = f"{PDQ}\n\n{PDQ[:32]}\nhash=\n,x\n{'G' * 64}\n{PDQ}\n\n\n".encode()
    assert lost("pdq", data) == [
        (2, Loss.WRONG_LENGTH),
        (3, Loss.WRONG_LENGTH),
        (4, Loss.WRONG_LENGTH),
        (5, Loss.WRONG_LENGTH),
        (6, Loss.NOT_HEX),
    ]
    assert [record.place for record in records("pdq", data)] == [1, 7]


def test_bare_values_are_never_recognised_as_pdq():
    assert not registry.by_name("pdq").detect(f"{PDQ}\n{PDQ}\n".encode(), "list.pdq")
    assert registry.by_name("pdq").detect(f"{PDQ}\nhash={PDQ}\nx".encode(), "list.txt")
    assert not registry.by_name("pdq").detect(f"hash={PDQ[:32]}\nhash={PDQ}\n".encode(), "x")
