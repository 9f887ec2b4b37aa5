"""vPDQ, TMK and the files of python-threatexchange, in good shape and in bad."""

import io
import json
import struct

import pytest

from hashmatch.errors import HashSetError
from hashmatch.formats import registry
from hashmatch.formats.hash_text import BY_TYPE, read_hash
from hashmatch.formats.interface import ReadOptions
from hashmatch.model.hashes import Method, PerceptualHash
from hashmatch.model.records import Dropped, HashRecord, ListFacts, Loss
from tests.contract.test_formats_contract_media import SMALL_TMK, M, P, tmk


def read(name, data, **options):
    data = data.encode() if isinstance(data, str) else data
    return list(registry.by_name(name).read(io.BytesIO(data), ReadOptions(**options)))


def spoken(name, data, **options):
    return [one for one in read(name, data, **options) if not isinstance(one, ListFacts)]


GOOD = f"0,100,{P[0]},0.000"


@pytest.mark.parametrize(
    ("line", "reason", "left"),
    [
        (f"1,100,{P[1][:-1]},1.0", Loss.WRONG_LENGTH, 1),
        (f"1,100,{'G' * 64},1.0", Loss.NOT_HEX, 1),
        (f"1,101,{P[1]},1.0", Loss.BAD_VALUE, 2),
        (f"1,-1,{P[1]},1.0", Loss.BAD_VALUE, 2),
        (f"1,50,{P[1]},nan", Loss.BAD_VALUE, 2),
        (f"1,50,{P[1]},1e999", Loss.BAD_VALUE, 2),
        (f"1,50,{P[1]},-1", Loss.BAD_VALUE, 2),
        (f"1,50,{P[1]},word", Loss.BAD_VALUE, 2),
        (f"1,50,{P[1]},", Loss.MALFORMED, 1),
        ("words", Loss.MALFORMED, 1),
        ("x" * 3000, Loss.MALFORMED, 1),
    ],
)
def test_a_bad_frame_is_a_lost_value_of_the_video(line, reason, left):
    lost, record = spoken("vpdq", f"{GOOD}\n\n{line}\n", maximum_line=2000)
    assert lost == Dropped(1, reason, whole=False)
    assert len(record.perceptual) == left


def test_the_same_hash_at_two_times_is_two_frames():
    [record] = spoken("vpdq", f"{GOOD}\n9,100,{P[0]},9.000\n")
    assert [one.at for one in record.perceptual] == [0, 9]


def test_frames_of_low_quality_are_kept_with_their_quality():
    [record] = spoken("vpdq", f"{GOOD}\n9,0,{P[1]},9.000\n")
    assert [one.quality for one in record.perceptual] == [100, 0]


def test_more_than_one_video_can_have_is_refused():
    with pytest.raises(HashSetError, match="more than 1000 bytes"):
        read("vpdq", f"{GOOD}\n" * 100, maximum_record=1000)


@pytest.mark.parametrize("odd", ["5", '"text"', "null", f'"{P[0]},1"', "[]", "{}"])
def test_an_odd_element_of_the_json_list_is_a_lost_value(odd):
    lost, record = spoken("vpdq", f'["{P[0]},100,0.0", {odd}]')
    assert lost == Dropped(1, Loss.MALFORMED, whole=False)
    assert len(record.perceptual) == 1


@pytest.mark.parametrize("odd", [5, None, {}, {"hash": 5}])
def test_an_odd_element_of_the_older_form_is_a_lost_value(odd):
    document = {"0": {"quality": 100, "hash": P[0], "timestamp": 0.0}, "1": odd}
    lost, record = spoken("vpdq", json.dumps(document))
    assert lost == Dropped(1, Loss.MALFORMED, whole=False)
    assert record.fields == {"frames": ["0"]}


def test_a_video_without_a_usable_frame_is_refused():
    with pytest.raises(HashSetError, match="no frame has a usable hash"):
        read("vpdq", '{"0": {"quality": 100, "hash": "abc", "timestamp": 0}}')


def test_a_video_cut_off_in_json_is_refused():
    with pytest.raises(HashSetError):
        read("vpdq", f'["{P[0]},100,0.0", "{P[1]},10')


def test_the_length_of_metas_tmk_is_what_its_header_asks_for():
    data = tmk(15, 4, 32, 256, 105, values=4 + 32 + 256 + 2 * 4 * 32 * 256)
    assert len(data) == 263_344
    [record] = read("tmk", data)
    assert (record.other, record.digests, record.perceptual) == (("tmk",), (), ())
    assert record.fields["length"] == 263_344


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (SMALL_TMK[:20], "does not begin"),
        (b"TMK2" + SMALL_TMK[4:], "does not begin"),
        (SMALL_TMK[:-1], f"{len(SMALL_TMK) - 1} of {len(SMALL_TMK)} bytes"),
        (SMALL_TMK + b"\0", f"more of {len(SMALL_TMK)} bytes"),
        (tmk(15, -1, 1, 1, 1, values=0), "numbers that no TMK hash has"),
        (tmk(15, 1 << 20, 1 << 20, 1 << 10, 1, values=0), "numbers that no TMK hash has"),
        (tmk(15, 1, 1, 1, -1, values=5), "numbers that no TMK hash has"),
    ],
)
def test_a_tmk_of_another_length_or_header_is_refused(data, why):
    with pytest.raises(HashSetError, match=why):
        read("tmk", data)


def test_a_large_header_of_tmk_does_not_fill_the_memory():
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size):
            self.given += size
            return SMALL_TMK[:size] if self.given == size else bytes(size)

    stream = Endless()
    with pytest.raises(HashSetError, match="more of"):
        list(registry.by_name("tmk").read(stream, ReadOptions()))
    assert stream.given < 200_000


def test_the_md5_of_an_address_is_never_taken_for_that_of_a_file():
    [record] = spoken("tx-local", f"url_md5 {M[0]}\n")
    assert (record.digests, record.other) == ((), ("url_md5",))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"md6 {M[0]}", Loss.UNKNOWN_ALGORITHM),
        ("pdq", Loss.NO_HASH),
        ("vpdq", Loss.UNKNOWN_ALGORITHM),
        (f"pdq {M[0]}", Loss.WRONG_LENGTH),
        (f"video_md5 {'Z' * 32}", Loss.NOT_HEX),
        ("vpdq [1", Loss.MALFORMED),
        ("vpdq {}", Loss.NO_HASH),
        ("x" * 3000, Loss.MALFORMED),
    ],
)
def test_a_bad_signal_is_a_loss_and_the_others_stay(line, reason):
    events = spoken("tx-local", f"{line}\npdq {P[0]}\n", maximum_line=2000)
    assert events[0] == Dropped(1, reason)
    assert isinstance(events[1], HashRecord)


def test_signals_of_video_sha256_and_photodna_are_read():
    hex_144 = bytes(range(144)).hex()
    first, second = spoken("tx-local", f"video_sha256 {P[0]}\nphotodna {hex_144}\n")
    assert [one.hex for one in first.digests] == [P[0]]
    assert [one.method for one in second.perceptual] == [Method.PHOTODNA]


def test_sentences_that_begin_with_a_type_are_not_recognised():
    form = registry.by_name("tx-local")
    assert not form.detect(b"url of the page\npdq is a hash\nurl again\n", "x")


ROW = f"{P[0]},12,2024-02-01T00:00:00+0000,"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{M[0]},12,2024-02-01T00:00:00+0000,", Loss.WRONG_LENGTH),
        (",12,2024-02-01T00:00:00+0000,", Loss.NO_HASH),
        (f"{P[0]},12", Loss.MALFORMED),
        (f'"{P[0]},12,2024-02-01T00:00:00+0000,', Loss.MALFORMED),
        ("x" * 3000, Loss.MALFORMED),
    ],
)
def test_a_bad_row_of_a_dataset_is_a_loss(line, reason):
    events = spoken("tx-dataset", f"{ROW}\n\n{line}\n", algorithm="pdq", maximum_line=2000)
    assert events[1] == Dropped(3, reason)
    assert isinstance(events[0], HashRecord)


def test_a_dataset_of_another_type_than_stated_is_refused():
    with pytest.raises(HashSetError, match="no row has such a hash"):
        read("tx-dataset", ROW, algorithm="md5")


def test_a_dataset_of_64_digits_is_never_guessed_to_be_pdq_or_sha256():
    with pytest.raises(HashSetError, match="--type"):
        read("tx-dataset", ROW)
    [record] = spoken("tx-dataset", ROW, algorithm="sha256")
    assert [one.algorithm.value for one in record.digests] == ["sha256"]


def test_metas_table_of_paths_and_hashes_is_read_with_commas_in_the_path():
    events = spoken("pdq", f"FilePath,Hash\na,b.jpg,{P[0]}\nc.jpg,{M[0]}\n")
    assert events[0].fields == {"path": "a,b.jpg"}
    assert events[1] == Dropped(3, Loss.WRONG_LENGTH)


@pytest.mark.parametrize("name", ["phash", "dhash", "ahash", "whash"])
def test_the_text_of_imagehash_is_read_and_base64_is_not(name):
    found = read_hash(BY_TYPE[name], "ffd7918181c9ffff")
    assert found == PerceptualHash(Method(name), bytes.fromhex("ffd7918181c9ffff"))
    assert read_hash(BY_TYPE[name], "/9eRgYHJ//8=") in {Loss.NOT_HEX, Loss.WRONG_LENGTH}
    assert read_hash(BY_TYPE[name], "ffd7918181c9fff") is Loss.WRONG_LENGTH


def test_the_numbers_of_a_tmk_header_are_little_endian():
    assert SMALL_TMK[12:16] == struct.pack("<i", 15)
