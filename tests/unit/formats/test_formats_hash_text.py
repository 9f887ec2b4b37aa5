import base64

import pytest

from hashmatch.formats.hash_text import (
    BY_TYPE,
    MD5,
    PDQ,
    PHOTODNA,
    SHA1,
    SHA256,
    SHA512,
    Kind,
    kind_named,
    read_hash,
)
from hashmatch.formats.interface import TYPES
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.records import Loss

HEX = "76b38aee70875b2c64d6345713694bd6"
RAW = bytes.fromhex(HEX)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        *((text, "md5") for text in ("MD5", "Md5", "MD-5", "md5sum", "VideoMD5", "HASH_MD5")),
        *((text, "sha1") for text in ("SHA1", "SHA-1", "sha_1", "Sha1Hex", "sha1_base32")),
        *((text, "sha256") for text in ("SHA-256", "SHA2-256", "sha2_256", "Sha 256")),
        *((text, "sha512") for text in ("SHA512", "sha-512")),
        *((text, "pdq") for text in ("pdq", "ImagePDQ", "HASH_PDQ")),
        *((text, "photodna") for text in ("PhotoDNA", "photoDna", "pdna", "PhotoDnaBase64")),
        *((text, "pdq") for text in ("PDQHash", "PDQ Hash", "pdq_hash")),
        *((text, "photodna") for text in ("HASH_PHOTODNA", "PhotoDNA Hash", "photodna_base64")),
        *((f"{text} Base64", text.lower()) for text in ("MD5", "SHA1", "SHA256", "SHA512")),
        *((text, "ed2k") for text in ("EDONKEY", "ed2k hash")),
        ("MD5Base64", "md5"),
        ("MD4", "md4"),
        ("md5_512", "md5_first_512"),
    ],
)
def test_spellings_met_in_lists_are_known(spelling, name):
    assert kind_named(spelling).name == name


@pytest.mark.parametrize("word", ["", "hash", "md55", "MD5 hash of", "name", "m" * 100_000, HEX])
def test_other_words_are_no_hash(word):
    assert kind_named(word) is None


def test_the_stated_types_are_those_that_can_be_compared():
    # Frames of a video have values of their own kind, which no plain list can hold.
    assert set(BY_TYPE) == set(TYPES) == {*Algorithm, *Method} - {Method.VPDQ}
    assert all(kind.size == kind.target.size for kind in BY_TYPE.values())


@pytest.mark.parametrize(
    "text",
    [
        HEX,
        HEX.upper(),
        f"  {HEX}\t",
        f'"{HEX}"',
        f"'{HEX}'",
        f'="{HEX}"',
        f"0x{HEX}",
        f"0X{HEX.upper()}",
        RAW.hex(":"),
        RAW.hex("-"),
        RAW.hex(" "),
        base64.b64encode(RAW).decode(),
    ],
)
def test_one_digest_in_every_spelling(text):
    assert read_hash(MD5, text) == Digest(Algorithm.MD5, RAW)


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (MD5, "", Loss.WRONG_LENGTH),
        (MD5, HEX[:-1], Loss.WRONG_LENGTH),
        (MD5, HEX[:-2], Loss.WRONG_LENGTH),
        (MD5, HEX + "00", Loss.WRONG_LENGTH),
        (MD5, HEX[:-2] + " 0", Loss.NOT_HEX),
        (MD5, "G" * 32, Loss.NOT_HEX),
        (MD5, "0G" * 16, Loss.NOT_HEX),
        (MD5, "Z" * 32, Loss.NOT_HEX),
        (MD5, "1.2E+31", Loss.NOT_HEX),
        (MD5, "０" * 32, Loss.NOT_HEX),
        (MD5, "7" * 30 + "\n7", Loss.NOT_HEX),
        (MD5, "76:b3-8a:ee", Loss.NOT_HEX),
        (SHA1, HEX, Loss.WRONG_LENGTH),
        (PDQ, HEX, Loss.WRONG_LENGTH),
        (PDQ, base64.b64encode(bytes(32)).decode(), Loss.NOT_HEX),
        (PHOTODNA, base64.b64encode(bytes(100)).decode(), Loss.WRONG_LENGTH),
        (PHOTODNA, "not photodna", Loss.NOT_HEX),
    ],
)
def test_what_is_no_such_hash_is_a_loss_by_reason(kind, text, reason):
    assert read_hash(kind, text) is reason


def test_digits_above_f_are_never_hexadecimal():
    for letter in "GHIJKLMNOPQRSTUVWXYZghijklmnopqrstuvwxyz":
        for at in (0, 1, 30, 31):
            assert read_hash(MD5, HEX[:at] + letter + HEX[at + 1 :]) is Loss.NOT_HEX


def test_a_bit_pattern_in_base64_of_each_length():
    for kind in (MD5, SHA1, SHA256, SHA512):
        text = base64.b64encode(bytes(range(kind.size))).decode()
        assert read_hash(kind, text).value == bytes(range(kind.size))


@pytest.mark.parametrize("kind", BY_TYPE.values(), ids=list(BY_TYPE))
@pytest.mark.parametrize("length", [8, 16, 24, 32, 40, 48, 56, 64, 96, 128, 192, 288, 512])
@pytest.mark.parametrize("digits", ["abcdef", "234567", "0123456789abcdefABCDEF"])
def test_nothing_but_digits_is_never_read_as_another_spelling(kind, length, digits):
    text = (digits * length)[:length]
    if length == 2 * kind.size:
        assert read_hash(kind, f" {text}").value == bytes.fromhex(text)
    else:
        assert read_hash(kind, text) is Loss.WRONG_LENGTH
        assert read_hash(kind, f" '{text}' ") is Loss.WRONG_LENGTH


def test_sha1_base32_of_digits_only_is_wrong_length_since_it_may_be_an_md5():
    assert read_hash(kind_named("sha1_base32"), "abcdef234567abcd" * 2) is Loss.WRONG_LENGTH


def test_base32_is_read_only_where_the_column_says_so():
    text = base64.b32encode(bytes(range(20))).decode()
    assert read_hash(kind_named("sha1_base32"), text.lower()).value == bytes(range(20))
    assert read_hash(kind_named("sha1_base32"), "A" * 24) is Loss.WRONG_LENGTH
    assert read_hash(kind_named("sha1_base32"), "1!") is Loss.NOT_HEX
    assert read_hash(SHA1, text) is Loss.NOT_HEX


def test_pdq_keeps_the_quality():
    text = "0f" * 32
    assert read_hash(PDQ, text, 49) == PerceptualHash(Method.PDQ, bytes.fromhex(text), 49)


def test_kinds_that_are_only_stored_are_given_back():
    opaque = Kind("tmk")
    assert read_hash(opaque, "anything") is opaque


def test_photodna_is_read_from_base64_and_from_hexadecimal():
    value = PerceptualHash(Method.PHOTODNA, bytes(range(144)))
    assert read_hash(PHOTODNA, base64.b64encode(value.value).decode()) == value
    assert read_hash(PHOTODNA, value.value.hex()) == value
