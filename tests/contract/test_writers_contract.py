"""Every writer writes what our importer of that format reads back, and counts what it cannot."""

import io

import pytest

from hashmatch.commands.library_export import WRITERS
from hashmatch.errors import UsageError
from hashmatch.formats import registry as formats
from hashmatch.formats.interface import HEAD_SIZE, ReadOptions
from hashmatch.formats.writers import registry
from hashmatch.formats.writers.interface import About, Outgoing, Written
from hashmatch.formats.writers.iped import STATUS
from hashmatch.formats.writers.photodna import without_photodna
from hashmatch.model.hashes import Algorithm, Digest, Method, PerceptualHash
from hashmatch.model.hits import Disposition
from hashmatch.model.records import HashRecord
from tests.library_maker import digests, pdq

ABOUT = About("known", "v1", "illegal")
PHOTODNA = PerceptualHash(Method.PHOTODNA, bytes(range(144)))
ALL = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256)


def outgoing(record, disposition=Disposition.ILLEGAL):
    return Outgoing(record, disposition)


def written(name, records, about=ABOUT):
    told = Written()
    data = b"".join(registry.by_name(name).write(lambda: iter(records), about, told))
    return data, told


def read(name, data, options=None):
    form = formats.by_name(registry.by_name(name).reader)
    events = form.read(io.BytesIO(data), options or ReadOptions())
    return [event for event in events if isinstance(event, HashRecord)]


PLENTY = [
    outgoing(
        HashRecord(
            n + 1,
            digests(n, *ALL),
            (pdq(n),),
            entry=f"e-{n}",
            category=str(n % 3),
            size=n,
            fields={"name": f"file, {n}"},
            flags={"victim_identified": bool(n % 2)},
        )
    )
    for n in range(20)
]


def test_help_names_every_writer():
    assert tuple(one.name for one in registry.all_writers()) == WRITERS


@pytest.mark.parametrize("name", WRITERS)
class TestEveryWriter:
    def test_is_described_and_read_back_by_a_format_that_exists(self, name):
        writer = registry.by_name(name)
        assert writer.title.strip()
        assert formats.by_name(writer.reader).name == writer.reader

    def test_what_is_written_is_recognised_and_gives_the_same_digests(self, name):
        about = About("known", "v1", "illegal", algorithm="sha256")
        data, told = written(name, PLENTY, about)
        head = data[:HEAD_SIZE]
        assert formats.detect(head, "x").name == registry.by_name(name).reader
        options = ReadOptions(algorithm="sha256") if name == "plain" else None
        again = read(name, data, options)
        assert told.records == len(again) == len(PLENTY)
        for one, before in zip(again, PLENTY, strict=True):
            assert one.digests
            assert set(one.digests) <= set(before.record.digests)
            if not registry.by_name(name).chosen:
                assert set(one.digests) == set(before.record.digests)

    def test_a_record_with_nothing_for_it_is_counted_and_the_rest_written(self, name):
        bare = HashRecord(1, other=("tlsh",), fields={"tlsh": "x"})
        records = [outgoing(bare), PLENTY[0]]
        about = About("known", "v1", "illegal", algorithm="md5")
        if name == "hashdeep":
            with pytest.raises(UsageError, match="write the set as csv"):
                written(name, records, about)
            return
        data, told = written(name, records, about)
        assert told.records + told.left_out.total() == 2
        assert told.whole == (name == "ndjson")
        assert digests(0)[0].hex in data.decode().lower()

    def test_photodna_is_in_nothing_that_was_cleaned(self, name):
        value = PHOTODNA.value
        spellings = {
            "PhotoDNA": value.hex(),
            "x": [value.hex().upper(), list(value), ",".join(map(str, value))],
            "AlternativeHashes": [{"HashName": "PhotoDNA", "HashValue": "short"}],
            "y": {"z": __import__("base64").b64encode(value).decode()},
            "name": "kept",
        }
        record = HashRecord(1, digests(1, *ALL), (PHOTODNA,), fields=spellings)
        told = Written()
        clean = list(without_photodna(lambda: [outgoing(record)], told))
        assert told.values.total() == 1
        about = About("known", "v1", "illegal", algorithm="md5", origin=name)
        data, _ = written(name, clean, about)
        for spelling in (value.hex(), value.hex().upper(), "AAECAwQFBgcI", "0,1,2,3", "short"):
            assert spelling.encode() not in data

    def test_a_set_without_records_is_an_empty_list_or_refused(self, name):
        try:
            data, told = written(name, [], About("k", "v", "illegal", algorithm="md5"))
        except UsageError:
            return
        assert told.records == 0
        assert len(data) < 300


def test_an_unknown_writer_names_those_that_there_are():
    with pytest.raises(UsageError, match="csv, hashdeep, iped"):
        registry.by_name("xhd")


@pytest.mark.parametrize("name", ["plain", "xways"])
def test_one_kind_of_hash_is_taken_where_there_is_only_one_and_asked_for_otherwise(name):
    one = [outgoing(HashRecord(1, digests(1, Algorithm.SHA1)))]
    data, told = written(name, one)
    assert digests(1, Algorithm.SHA1)[0].hex in data.decode().lower()
    assert told.whole
    with pytest.raises(UsageError, match="--algorithm, of md5, "):
        written(name, PLENTY)
    with pytest.raises(UsageError, match="names no kind"):
        written(name, PLENTY, About("k", "v", "illegal", algorithm="vpdq"))


def test_an_xways_list_begins_with_its_algorithm_and_holds_no_perceptual_hash():
    data, told = written("xways", PLENTY, About("k", "v", "illegal", algorithm="sha1"))
    assert data.startswith(b"SHA-1\n")
    assert data.upper() == data
    assert told.values["hashes other than sha1"] == 60
    with pytest.raises(UsageError):
        written("xways", PLENTY, About("k", "v", "illegal", algorithm="pdq"))


def test_every_disposition_has_a_word_for_iped_and_benign_alone_is_known():
    assert set(STATUS) == set(Disposition)
    assert [one for one, word in STATUS.items() if word == "known"] == [Disposition.BENIGN]
    assert {STATUS[one] for one in (Disposition.COMPARISON, Disposition.UNCATEGORIZED)} == {""}
    rows = [outgoing(PLENTY[0].record, one) for one in (Disposition.ILLEGAL, Disposition.BENIGN)]
    data, _ = written("iped", rows)
    header, first, second = data.decode().splitlines()
    assert header == "MD5,SHA-1,SHA-256,SHA-512,EDONKEY,photoDna,category,set,status"
    assert (first.split(",")[-2:], second.split(",")[-1]) == (["known", "pedo"], "known")


def test_a_vics_list_of_another_origin_has_capital_hex_numbers_and_booleans():
    import json

    flags = {"victim_identified": True, "is_distributed": False, "viral": True}
    record = HashRecord(
        1,
        (*digests(1, *ALL), Digest(Algorithm.MD5, bytes(range(16)))),
        (pdq(1, 77), PHOTODNA),
        category="2",
        size=5,
        fields={"MediaFiles": [{"FileName": "a.jpg"}]},
        flags=flags,
        updated=1700000000.25,
    )
    text = HashRecord(2, digests(2, Algorithm.MD5), category="A1")
    none = HashRecord(3, digests(3, Algorithm.SHA1))
    about = About("s", "v", "categorized", context="UK")
    data, told = written("vics", [outgoing(one) for one in (record, text, none)], about)
    document = json.loads(data)
    assert "/UK/" in document["@odata.context"]
    first, second = document["value"]
    assert first["MD5"] == digests(1, Algorithm.MD5)[0].hex.upper()
    assert (first["MediaSize"], first["Category"], first["IsPrecategorized"]) == (5, 2, True)
    assert (first["VictimIdentified"], first["IsDistributed"]) == (True, False)
    assert first["DateUpdated"] == "2023-11-14T22:13:20.250Z"
    assert first["MediaFiles"] == [{"MD5": first["MD5"], "FileName": "a.jpg"}]
    assert first["PrecategorizationSource"] == "s"
    assert second["Category"] == "A1"
    assert "SHA1" not in second
    assert told.left_out == {"no MD5": 1}
    assert told.values == {"flag viral": 1, "quality of pdq": 1}
    again = read("vics", data)
    assert set(again[0].digests) == set(record.digests)
    assert {one.method for one in again[0].perceptual} == {Method.PDQ, Method.PHOTODNA}


def test_a_country_that_could_break_the_context_is_not_written():
    data, _ = written("vics", PLENTY, About("s", "v", "illegal", context='U"S'))
    assert b"/Default/" in data


def test_a_thumbnail_of_a_vics_set_is_not_written_again():
    fields = {"MD5": digests(1)[0].hex, "Miniature": {"sha256": "0", "length": 1}, "x": [{"y": 1}]}
    record = HashRecord(1, digests(1, Algorithm.MD5), fields=fields)
    data, told = written("vics", [outgoing(record)], About("s", "v", "illegal", origin="vics"))
    assert b"Miniature" not in data
    assert told.values == {"embedded thumbnails": 1}


def test_a_hashdeep_file_has_only_columns_that_all_rows_fill():
    less = outgoing(HashRecord(1, digests(99, Algorithm.MD5), (pdq(1),), fields={"name": "a\nb"}))
    data, told = written("hashdeep", [*PLENTY, less])
    assert data.splitlines()[1] == b"%%%% size,md5,filename"
    assert told.records == 21
    assert told.values["sha1"] == told.values["sha256"] == 20
    assert told.values["size (0 was written)"] == 1
    assert told.values["name with a line break (empty)"] == 1
    assert all(b",," not in line for line in data.splitlines()[2:-1])


def test_a_table_of_fixed_columns_holds_one_value_of_each_kind_and_counts_the_others():
    from hashmatch.formats.writers.csv import COLUMNS

    two = (*digests(1, Algorithm.MD5), *digests(2, Algorithm.MD5))
    frames = tuple(PerceptualHash(Method.VPDQ, bytes([n] * 32), at=float(n)) for n in range(2))
    record = HashRecord(1, two, (*frames, pdq(1, 5)), flags={"baseline": True}, category='a"b,c')
    data, told = written("csv", [outgoing(record)])
    header, row = data.decode().splitlines()
    assert header == ",".join(COLUMNS)
    assert '"a""b,c",illegal' in row
    assert row.endswith("baseline=yes")
    assert told.values["further md5 values of one record"] == 1
    assert told.values["vpdq"] == 1
    assert told.values["further vpdq values of one record"] == 1
    (again,) = read("csv", data)
    assert again.category == 'a"b,c'
    assert again.perceptual == (pdq(1, 5),)


def test_a_table_whose_cells_are_mixed_gets_fixed_columns():
    mixed = [outgoing(HashRecord(1, digests(1), fields={"md5": "x", "n": 1}))]
    data, _ = written("csv", mixed, About("s", "v", "illegal", origin="csv"))
    assert data.startswith(b"md5,sha1,sha256,")


def test_photodna_leaves_in_no_spelling_that_an_importer_reads():
    import base64

    value = bytes(range(7, 151))
    digits = value.hex()
    pairs = [digits[at : at + 2] for at in range(0, 288, 2)]
    spellings = {
        "Robust": f"0x{digits}",
        "a": ":".join(pairs),
        "b": " ".join(pairs).upper(),
        "c": "-".join(pairs),
        "d": f'="{digits}"',
        "e": f" {base64.b64encode(value).decode()} ",
        "f": f"seen as {digits} in another list",
        "g": "kept",
    }
    record = HashRecord(
        1, digests(1), (PerceptualHash(Method.PHOTODNA, value),), fields=dict(spellings)
    )
    told = Written()
    (clean,) = without_photodna(lambda: [outgoing(record)], told)
    assert clean.record.fields == {"g": "kept"}
    bare = HashRecord(1, digests(1), fields={"Robust": f"0x{digits}"})
    (clean,) = without_photodna(lambda: [outgoing(bare)], told)
    assert clean.record.fields == {}


def test_a_record_of_nothing_but_photodna_is_left_out_and_counted_once():
    records = [outgoing(HashRecord(1, (), (PHOTODNA,))), PLENTY[0]]
    told = Written()

    def clean():
        return without_photodna(lambda: iter(records), told)

    for _ in range(2):  # some writers look at all records twice
        assert [one.record for one in clean()] == [PLENTY[0].record]
    assert told.left_out == {"nothing but PhotoDNA (--include-photodna was not given)": 1}
    data = b"".join(registry.by_name("ndjson").write(clean, ABOUT, told))
    assert len(read("ndjson", data)) == 1


@pytest.mark.parametrize("updated", [1e300, -1e300, 1e12])
def test_a_time_that_no_calendar_has_is_counted(updated):
    record = HashRecord(1, digests(1), updated=updated)
    data, told = written("vics", [outgoing(record)])
    assert b"DateUpdated" not in data
    assert told.values == {"time of the last change": 1}


def test_a_code_of_any_length_is_written_as_it_is():
    for code in ("1" * 5000, "007", "255", "256", "-1", "١"):
        (again,) = read(
            "vics", written("vics", [outgoing(HashRecord(1, digests(1), category=code))])[0]
        )
        assert again.category == code


SAID = {
    "category": "1",
    "entry": "e",
    "size": 5,
    "flags": {"baseline": True},
    "parts": ("p",),
    "updated": 5.0,
    "other": ("tlsh",),
    "fields": {"Series": "s"},
}
LEFT_OUT = {
    "csv": {"parts", "updated", "other", "fields"},
    "hashdeep": SAID.keys() - {"size"},
    "iped": SAID.keys() - {"category"},
    "ndjson": set(),
    "plain": SAID.keys(),
    "vics": {"entry", "flags", "parts", "other", "fields"},
    "xways": SAID.keys(),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("said", SAID)
def test_whatever_a_writer_leaves_out_is_counted(name, said):
    plain = HashRecord(1, digests(1, Algorithm.MD5))
    more = HashRecord(1, digests(1, Algorithm.MD5), **{said: SAID[said]})
    less, _ = written(name, [outgoing(plain)])
    data, told = written(name, [outgoing(more)])
    without = written(name, [outgoing(plain)])[1]
    assert bool(told.values - without.values) == (said in LEFT_OUT[name])
    if said not in LEFT_OUT[name]:
        assert data != less


def test_cells_that_say_what_is_written_anyway_are_no_loss():
    one = digests(1, Algorithm.MD5)
    fields = {"md5": one[0].hex, "Category": "1", "File Name": "n", "x": ""}
    record = HashRecord(1, one, category="1", fields=fields)
    assert written("csv", [outgoing(record)])[1].whole
    assert not written("plain", [outgoing(record)])[1].whole
